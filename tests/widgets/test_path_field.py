"""A path completes to what is there, one part at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpdesk_tui.widgets.path_field import completed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("Alpha.txt", "alpine.txt", ".hidden", "ev\x1bil"):
        (tmp_path / name).touch()
    (tmp_path / "album").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("al", "album/"),
        ("alp", "alpine.txt"),
        ("A", "Alpha.txt"),
        ("", "album/"),
        (".h", ".hidden"),
        ("ev", None),
        ("zz", None),
        ("none/x", None),
    ],
)
def test_path_becomes_what_is_there(folder: Path, typed: str, becomes: str | None) -> None:
    made = completed(f"{folder}/{typed}")
    assert made == (f"{folder}/{becomes}" if becomes else None)


def test_home_is_the_persons_and_folders_alone_can_be_asked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert completed("~/alp") == "~/alpine.txt"
    assert completed("~/a", folders=True) == "~/album/"
    assert completed("~/A", folders=True) is None
    assert completed("a\0b") is None
