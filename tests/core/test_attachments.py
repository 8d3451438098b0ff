"""Files on this machine: read whole or refused, named harmlessly, saved over nothing and nowhere else."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from helpdesk_tui.core.attachments import LIMIT, SaveError, patience, read, safe_name, save, size_words
from helpdesk_tui.core.errors import BadInput


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("invoice 7.pdf", "invoice 7.pdf"),
        ("Überweisung.pdf", "Überweisung.pdf"),
        ("../../.ssh/authorized_keys", "_.._.ssh_authorized_keys"),
        ("/etc/passwd", "_etc_passwd"),
        ("C:\\boot.ini", "C__boot.ini"),
        (".bashrc", "bashrc"),
        ("..", "file"),
        ("", "file"),
        ("-rf", "_rf"),
        ("~root", "_root"),
        ("a\nb.txt", "a b.txt"),
        ("a\x1b]0;owned\x07.txt", "a␛]0;owned.txt"),
        ("exe\u202efdp.txt", "exefdp.txt"),
        ("a\u200bb.txt", "ab.txt"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1 .log", "_com1.log"),
        ("what?*.txt", "what__.txt"),
        ("trailing. . ", "trailing"),
    ],
)
def test_name_names_a_file_in_a_folder_and_does_nothing_else(name: str, safe: str) -> None:
    made = safe_name(name)
    assert made == safe or (name.startswith("a\x1b") and "\x1b" not in made and "\x07" not in made)
    assert safe_name(made) == made


def test_long_name_keeps_its_ending() -> None:
    name = safe_name("ü" * 300 + ".tar.gz")
    assert name.endswith(".gz")
    assert len(name.encode()) <= 200


def test_every_name_that_is_made_is_one_that_the_database_takes() -> None:
    for code in [*range(0x3100), *range(0xE000, 0xE010), *range(0xFE00, 0x10000)]:
        name = safe_name(f"a{chr(code)}b" if not 0xD800 <= code < 0xE000 else "a")
        assert not any(
            char in "/\\"
            or ord(char) < 32
            or 0x7F <= ord(char) <= 0x9F
            or 0x200B <= ord(char) <= 0x200F
            or 0x2028 <= ord(char) <= 0x202E
            or 0x2060 <= ord(char) <= 0x206F
            or char == "\ufeff"
            for char in name
        ), hex(code)


def test_nothing_is_written_over_and_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("mine")
    paths = [save("a.txt", b"theirs", tmp_path) for _ in range(2)]
    assert [path.name for path in paths] == ["a (2).txt", "a (3).txt"]
    assert (tmp_path / "a.txt").read_text() == "mine"
    assert paths[0].read_bytes() == b"theirs"
    assert stat.S_IMODE(paths[0].stat().st_mode) == 0o600


def test_nothing_is_saved_outside_the_folder_nor_through_a_link(tmp_path: Path) -> None:
    folder, outside = tmp_path / "folder", tmp_path / "outside"
    folder.mkdir()
    outside.write_text("mine")
    (folder / "link.txt").symlink_to(outside)
    assert save("link.txt", b"theirs", folder).name == "link (2).txt"
    for name in ("../outside", "/outside", str(outside)):
        assert save(name, b"theirs", folder).parent == folder
    assert outside.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "outside"]


def test_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    for folder in (tmp_path / "none", tmp_path / "a\0b"):
        with pytest.raises(SaveError, match="cannot be saved"):
            save("a", b"", folder)
    assert not list(tmp_path.iterdir())


def test_file_is_read_whole_under_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "-report.txt"
    path.write_bytes(b"\x00\xff")
    upload = read(path)
    assert (upload.name, upload.data, upload.size) == ("_report.txt", b"\x00\xff", 2)
    assert "\\xff" not in repr(upload)


def test_what_is_no_file_or_too_large_is_refused_in_words(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "large").open("wb") as large:
        large.truncate(LIMIT + 1)
    for name, words in (("pipe", "is no file"), ("", "is no file"), ("none", "cannot be read"), ("large", "10 MB")):
        with pytest.raises(BadInput, match=words):
            read(tmp_path / name)


def test_sizes_and_patience_are_for_people() -> None:
    assert [size_words(n) for n in (0, 1, 999, 1000, 120_000, 10 * 1024 * 1024, 3_500_000)] == [
        "0 bytes",
        "1 byte",
        "999 bytes",
        "1 kB",
        "117 kB",
        "10 MB",
        "3.3 MB",
    ]
    assert patience([]) is None
