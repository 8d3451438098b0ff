"""Files that strangers sent, saved on this machine; and files of this machine that are sent."""

from __future__ import annotations

import os
import stat
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from helpdesk_tui.core import attachments
from helpdesk_tui.core.attachments import LIMIT, SaveError, read, safe_name, save
from helpdesk_tui.core.errors import BadInput
from tests.attacks.hostile_text import LINES, NAMES, breaches

EVERY_NAME = [*NAMES, *LINES.values()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where to save, with something beside it that must stay as it is."""
    (tmp_path / "x").write_text("mine")
    (tmp_path / "chosen").mkdir()
    return tmp_path / "chosen"


def everything(folder: Path) -> dict[str, bytes]:
    """What is below a folder, links not followed."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def test_whatever_a_file_is_called_it_lands_in_the_folder_as_a_file_of_its_own(folder: Path) -> None:
    for number, name in enumerate(EVERY_NAME):
        before = everything(folder.parent)
        path = save(name, str(number).encode(), folder)
        assert path.parent == folder, name
        assert path.resolve().parent == folder.resolve(), name
        after = everything(folder.parent)
        assert {key: after[key] for key in before} == before, f"{name!r} wrote over something"
        assert set(after) - set(before) == {f"chosen/{path.name}"}, name
        mode = path.lstat().st_mode
        assert stat.S_ISREG(mode), name
        assert stat.S_IMODE(mode) == 0o600, name
    assert len(everything(folder)) == len(EVERY_NAME)


@pytest.mark.parametrize("name", EVERY_NAME, ids=ascii)
def test_name_is_harmless_on_every_system(name: str) -> None:
    made = safe_name(name)
    assert safe_name(made) == made
    assert not breaches(made, "")
    assert len(made.encode()) <= 255
    assert not set(made) & set('/\\:*?"<>|')
    assert made[0] not in ".-~ $%"
    assert made == made.strip(" .")
    assert made.split(".")[0].strip().casefold() not in ("con", "prn", "aux", "nul", "com1", "com¹", "lpt9", "")


def test_link_in_the_folder_is_not_followed_wherever_it_leads(folder: Path) -> None:
    (folder / "out").symlink_to(folder.parent / "x")
    (folder / "dangling").symlink_to(folder.parent / "made")
    (folder / "up").symlink_to(folder.parent, target_is_directory=True)
    (folder / "loop").symlink_to("loop")
    for name in ("out", "dangling", "up", "loop"):
        assert save(name, b"theirs", folder).name == f"{name} (2)"
        assert (folder / name).is_symlink()
    assert everything(folder.parent)["x"] == b"mine"
    assert not (folder.parent / "made").exists()


def test_folder_that_is_a_link_is_the_one_it_leads_to_when_it_is_opened(folder: Path) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder, target_is_directory=True)
    assert save("a", b"1", link) == link / "a"
    assert everything(folder) == {"a": b"1"}
    for wrong in (folder.parent / "x", folder.parent / "none"):
        link.unlink()
        link.symlink_to(wrong)
        with pytest.raises(SaveError, match="cannot be saved"):
            save("a", b"2", link)
    assert everything(folder.parent) == {"x": b"mine", "chosen/a": b"1"}


def test_folder_exchanged_for_a_link_while_saving_leads_nowhere_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    create = attachments._create

    def exchanged(held: int, name: str) -> tuple[str, int]:
        folder.rename(folder.parent / "moved")
        folder.symlink_to(elsewhere, target_is_directory=True)
        return create(held, name)

    monkeypatch.setattr(attachments, "_create", exchanged)
    save("a", b"1", folder)
    assert everything(elsewhere) == {}
    assert everything(folder.parent / "moved") == {"a": b"1"}


def test_two_who_save_the_same_name_at_once_have_a_file_each(folder: Path) -> None:
    begin = threading.Barrier(8)
    made: list[Path] = []

    def one(number: int) -> None:
        begin.wait()
        made.extend(save("a.txt", f"{number}".encode() * 1000, folder) for _ in range(10))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == len(made) == 80
    assert all(len(set(path.read_bytes())) == 1 and path.stat().st_size == 1000 for path in made)


def test_what_was_there_stays_however_many_there_are(folder: Path) -> None:
    long = "n" * 300 + ".txt"
    paths = [save(long, b"x", folder) for _ in range(12)]
    assert len(set(paths)) == 12
    assert all(path.name.endswith(".txt") and len(path.name.encode()) <= 255 for path in paths)


def test_read_only_folder_is_told_of_and_left_as_it_is() -> None:
    with tempfile.TemporaryDirectory() as made:  # pytest's own folders are closed to the other account
        folder = Path(made) / "chosen"
        folder.mkdir()
        folder.chmod(0o555)
        Path(made).chmod(0o755)
        root = os.geteuid() == 0
        try:
            if root:  # whom no folder is closed to
                os.seteuid(65534)
            with pytest.raises(SaveError, match="cannot be saved: Permission denied"):
                save("a", b"1", folder)
        finally:
            if root:
                os.seteuid(0)
        assert everything(folder) == {}


def test_full_disk_is_told_of_and_leaves_no_half_of_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.fdopen

    def full(handle: int, mode: str = "r", **more: Any) -> Any:
        os.close(handle)
        # A device that has no room, as a disk that is full.
        return opened(os.open("/dev/full", os.O_WRONLY), mode, **more)

    (folder / "a").write_text("mine")
    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(SaveError, match="No space left on device"):
        save("a", b"theirs" * 100_000, folder)
    assert everything(folder) == {"a": b"mine"}


@pytest.mark.parametrize("name", EVERY_NAME, ids=ascii)
def test_error_that_names_a_file_or_a_folder_holds_nothing_hostile(tmp_path: Path, name: str) -> None:
    with pytest.raises(SaveError) as failed:
        save(name, b"", tmp_path / "none" / name.replace("\0", ""))
    assert not breaches(f"{failed.value.message} {failed.value.hint}", "")
    with pytest.raises(BadInput) as refused:
        read(tmp_path / "none" / name.lstrip("/"))
    assert not breaches(f"{refused.value.message} {refused.value.hint}", "")


# -- files that are sent ----------------------------------------------------------------------------------------------


def test_what_is_no_file_is_not_read_and_holds_nothing_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "to a pipe").symlink_to("pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("none")
    for path in ("/dev/zero", "/dev/full", "/dev/null", "/", "/proc/self", str(tmp_path)):
        with pytest.raises(BadInput, match="is no file"):
            read(Path(path))
    for name, words in (
        ("pipe", "is no file"),
        ("to a pipe", "is no file"),
        ("loop", "cannot"),
        ("dangling", "cannot"),
    ):
        with pytest.raises(BadInput, match=words):
            read(tmp_path / name)
    with pytest.raises(BadInput, match="cannot be read"):
        read(tmp_path / "a\0b")


def test_link_that_the_person_names_is_the_file_it_leads_to_under_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("real")
    (tmp_path / ".hidden\x1b[2J.txt").symlink_to("real.txt")
    upload = read(tmp_path / ".hidden\x1b[2J.txt")
    assert upload.data == b"real"
    assert not breaches(upload.name, "")
    assert upload.name == "hidden.txt"


def test_file_that_grows_while_it_is_read_is_refused_and_one_that_goes_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"whole")
    found = os.fstat

    def grow() -> None:
        with path.open("r+b") as file:
            file.truncate(LIMIT + 1)

    change = iter([path.unlink, grow])

    def changing(handle: int) -> os.stat_result:
        told = found(handle)
        next(change)()
        return told

    monkeypatch.setattr(os, "fstat", changing)
    assert read(path).data == b"whole"
    path.write_bytes(b"small")
    with pytest.raises(BadInput, match="is growing"):
        read(path)
