"""Files on the screen: attached in the composer, shown in the thread, saved with a key."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.screens.opened import Team, opened, ticket_id


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with something to send in it."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "report.txt").write_text("It began at noon.")
    monkeypatch.setenv("HOME", str(home))
    return home


async def test_a_file_goes_with_a_reply_is_shown_and_saved(team: Team, tmp_path: Path, home: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("r")
        await seen.until(lambda: seen.shows("REPLY TO CUSTOMER"), "the composer")
        await seen.until(lambda: seen.shows("Please help with: Lamp flickers"), "the thread")
        await seen.press(*"See", "ctrl+f")
        await seen.until(lambda: seen.shows("Enter attaches"), "the field")
        await seen.press(*"~/none", "enter")
        await seen.until(lambda: seen.shows("cannot be read"), "that there is no such file")
        await seen.press("ctrl+u", *"~/re")
        await seen.until(lambda: seen.shows("~/report.txt"), "the proposal")
        await seen.press("tab", "enter")
        await seen.until(lambda: seen.shows("▤ report.txt (17 bytes)"), "the file")
        assert not seen.shows("Enter attaches")
        # The keys are the text's again, and what was attached is attached, whatever becomes of it on the disk.
        (home / "report.txt").write_text("changed")
        await seen.press(*" it", "ctrl+s")
        await seen.until(lambda: seen.shows("Reply sent"), "the confirmation")
        await seen.until(lambda: seen.shows("▤ report.txt  17 bytes"), "the file in the thread")
        rows = await team.database.run(
            "select m.content, a.data from ticket_attachments a join ticket_messages m on m.id = a.message_id"
        )
        assert rows == [("See it", b"It began at noon.")]

        await seen.press("w")
        await seen.until(lambda: seen.shows("Enter saves"), "the question where to")
        await seen.press("enter")
        await seen.until(lambda: seen.shows("Saved:"), "that it is saved")
        assert (home / "report (2).txt").read_text() == "It began at noon."
        assert (home / "report.txt").read_text() == "changed"


async def test_a_file_is_taken_off_again_and_a_draft_keeps_its_files(team: Team, tmp_path: Path, home: Path) -> None:
    (home / "b.txt").write_text("b")
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("r")
        await seen.until(lambda: seen.shows("Please help with: Lamp flickers"), "the thread")
        for name in ("report.txt", "b.txt"):
            await seen.press("ctrl+f", *f"~/{name}", "enter")
            await seen.until(lambda name=name: seen.shows(f"▤ {name}"), name)  # type: ignore[misc]
        await seen.press("ctrl+f", "backspace", "escape")
        await seen.until(lambda: not seen.shows("▤ b.txt"), "taken off")
        assert seen.desk.pane.composer_has_focus
    # Another program, as after a crash: the draft is of a file alone.
    async with opened(team.database, team.agent, tmp_path) as seen:
        seen.desk.queue.select(ticket_id(1001))
        await seen.press("r")
        await seen.until(lambda: seen.shows("▤ report.txt (17 bytes)"), "the draft")
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.shows("Reply sent"), "the confirmation")
        assert await team.value("select count(*) from ticket_attachments") == 1


async def test_a_hostile_name_neither_reaches_the_screen_nor_the_disk(team: Team, tmp_path: Path, home: Path) -> None:
    async with await team.database.connect() as owner:
        # Past the rule for names, as a database of somebody else's might be.
        await owner.execute("alter table ticket_attachments drop constraint ticket_attachments_name")
        await owner.execute(
            "insert into ticket_attachments (ticket_id, message_id, name, sha256, data)"
            " select ticket_id, id, E'../../.ssh/\\x1b]0;x\\x07auth\\u202Etxt.exe', encode(sha256('x'), 'hex'), 'x'"
            "   from ticket_messages where ticket_id = %s",
            [ticket_id(1001)],
        )
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("enter")
        await seen.until(lambda: seen.shows("▤ _.._.ssh_"), "the file")
        assert not {"\x1b", "\u202e"} & set(seen.text())
        await seen.press("w", "enter")
        await seen.until(lambda: seen.shows("Saved:"), "that it is saved")
        (made,) = (path for path in home.iterdir() if path.name != "report.txt")
        assert made.name.isprintable()
        assert "/" not in made.name
    ours = ("home", "homes.json", "left_off.json")
    assert not [path for path in home.parent.iterdir() if path.name not in ours and "drafts" not in path.name]
