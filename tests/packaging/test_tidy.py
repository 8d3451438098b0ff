"""Nothing that was committed names a registry's host, a machine's path or somebody's home."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from tests.parts import REPOSITORY

# Written in pieces, so that this file does not name them either.
FORBIDDEN = re.compile(
    "|".join(
        (
            "--" + "(?:extra-)?index-" + "url",
            "files\\.python" + "hosted",
            "pypi\\." + "org",
            "registry\\." + "npmjs",
            "deb\\." + "debian\\.org",
            "//[^/ ]*/simp" + "le/",
            "(?<![\\w.])/wo" + "rk/(?:main|shared|venv|notes|\\.)",
            "(?<![\\w.])/ho" + "me/[a-z]",
            "(?<![\\w.])/Us" + "ers/[a-z]",
            "find-" + "links *[=:/]",
        )
    )
)
# The one switch that keeps hosts out of the pins.
ALLOWED = {"scripts/compile-requirements"}


def committed() -> list[str]:
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    if listing.returncode != 0 and not os.environ.get("HELPDESK_CI"):
        pytest.skip("not a git clone")
    assert listing.returncode == 0, listing.stderr
    return [path for path in listing.stdout.split("\0") if path]


def test_nothing_committed_names_a_registry_host_or_a_machine_path():
    found = []
    for path in committed():
        file = REPOSITORY / path
        if path in ALLOWED or not file.is_file():
            continue
        data = file.read_bytes()
        if b"\0" in data:
            continue
        for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
            if FORBIDDEN.search(line):
                found.append(f"{path}:{number}: {line.strip()[:120]}")
    assert not found, "\n".join(found)


def test_the_check_would_find_them():
    home = "/ho" + "me/ada/x"
    assert FORBIDDEN.search(home)
    assert FORBIDDEN.search("https://" + "pypi." + "org/x")
    assert not FORBIDDEN.search("docs/home.md is fine, and so is ~/x")
