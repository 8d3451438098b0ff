"""A message begun and not sent is seen: in the queue, above the ticket, when it is left and when the program starts."""

from __future__ import annotations

from pathlib import Path

from helpdesk_tui.core.journal import Journal
from tests.screens.opened import Opened, Team, opened


def row(seen: Opened, number: int) -> str:
    """The queue's line of a ticket."""
    return next(line for line in seen.text().splitlines() if f"#{number} " in line and "Upd" not in line)


async def begin(seen: Opened, key: str, words: str) -> None:
    """Write something to the first ticket and leave it."""
    await seen.press(key)
    await seen.until(lambda: seen.desk.pane.composer_has_focus, "the composer")
    await seen.press(*words, "escape")
    await seen.until(lambda: not seen.desk.pane.writing, "left")


async def test_a_draft_is_said_to_be_kept_and_marked_until_it_is_sent(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path, size=(200, 40)) as seen:
        assert "✎" not in seen.text()
        await begin(seen, "r", "Half")
        await seen.until(lambda: seen.shows("Draft kept · r goes on with it"), "what became of it")
        assert seen.shows("✎ draft kept"), "above the thread"
        await seen.press("escape")
        await seen.until(lambda: "✎ draft" in row(seen, 1001), "the mark in the queue")
        assert "✎" not in row(seen, 1002)
        await seen.press("r")
        await seen.until(lambda: seen.shows("Half"), "the draft")
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.shows("Reply sent"), "sent")
        await seen.until(lambda: "✎" not in seen.text(), "no mark any more")


async def test_a_start_tells_how_many_drafts_are_kept(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path, size=(80, 24)) as seen:
        await begin(seen, "i", "To myself")
        await seen.until(lambda: seen.shows("Draft kept · i goes on with it"), "what became of it")
    async with opened(team.database, team.agent, tmp_path, size=(80, 24)) as again:
        await again.until(lambda: again.shows("1 draft kept, marked ✎ in the queue"), "how many")
        assert "✎" in row(again, 1001)
    async with opened(team.database, team.colleague, tmp_path, size=(80, 24)) as other:
        await other.until(lambda: other.desk.pane._composer is not None, "complete")
        assert "✎" not in other.text(), "nobody else's"


async def test_leaving_an_empty_composer_leaves_no_draft(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await begin(seen, "r", "")
        assert "raft kept" not in seen.text()


async def test_the_journal_is_closed_with_the_desk(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.until(lambda: seen.desk.pane._journal is not None, "the journal")
        journal = seen.desk.pane._journal
        await begin(seen, "r", "Kept to the last")
        await seen.press("r", *" word")
        await seen.app.leave()
        await seen.app.clear()
        assert isinstance(journal, Journal)
        assert closed(journal)
    kept = Journal.open(tmp_path / "drafts.sqlite3")
    assert [each.content for each in kept.list(f"{team.database.settings.profile}/{team.agent.id}")] == [
        "Kept to the last word"
    ]
    kept.close()


def closed(journal: Journal) -> bool:
    """Whether its connection is closed."""
    import sqlite3

    try:
        journal._connection.execute("select 1")
    except sqlite3.ProgrammingError:
        return True
    return False


async def test_what_is_written_on_one_device_is_there_on_the_next(team: Team, tmp_path: Path) -> None:
    for name in ("desktop", "laptop"):
        (tmp_path / name).mkdir()
    async with opened(team.database, team.agent, tmp_path / "desktop") as seen:
        await seen.press("r")
        await seen.until(lambda: seen.desk.pane.composer_has_focus, "the composer")
        await seen.press(*"half", "escape")
    # Leaving has sent it.
    assert await team.value("select content from private.drafts") == "half"
    elsewhere = await team.people.sign_in(team.agent)
    async with opened(team.database, elsewhere, tmp_path / "laptop") as seen:
        await seen.until(lambda: seen.shows("✎ draft Lamp flickers"), "its mark")
        await seen.press("r")
        await seen.until(lambda: seen.desk.pane.composer_has_focus and seen.shows("half"), "its words")
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.shows("Reply sent"), "sent")
    assert await team.value("select count(*) from private.drafts") == 0
