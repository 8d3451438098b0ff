"""What the Makefile would run."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from tests.parts import REPOSITORY

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def would_run(*words: str, **environment: str) -> str:
    """The last line that ``make`` with these words would run."""
    env = {key: value for key, value in os.environ.items() if key not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
    done = subprocess.run(
        ["make", "--dry-run", *words],
        cwd=REPOSITORY,
        env=env | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip().splitlines()[-1].strip()


def test_make_demo_takes_nobody_for_an_assembler():
    """AS has a value in every make, and in the environment that comes with some compilers."""
    assert would_run("demo") == ".venv/bin/helpdesk demo"
    assert would_run("demo", AS="/usr/bin/x86_64-linux-gnu-as") == ".venv/bin/helpdesk demo"


@pytest.mark.parametrize("role", ["agent", "admin", "customer"])
def test_make_demo_as_somebody(role):
    assert would_run("demo", f"AS={role}") == f".venv/bin/helpdesk demo --as {role}"
