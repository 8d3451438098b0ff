"""An answer that was sent can be taken back for some seconds; nothing that somebody sent stays unsent in silence."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from tests.screens.opened import Opened, Team, opened, ticket_id
from tests.screens.test_answering import colleague_answers, reply_to_first


async def messages(team: Team, words: str) -> list[tuple[bool]]:
    """Whether each message with these words is a note."""
    return await team.database.run("select is_internal from ticket_messages where content = %s", [words])


async def send_first(seen: Opened, words: str) -> None:
    """Send a reply to 1001, which is held then."""
    await reply_to_first(seen, words)
    await seen.press("ctrl+s")
    await seen.until(lambda: seen.shows("#1001 reply: sending in "), "what is held")
    assert not seen.desk.pane.writing


async def test_what_was_sent_is_taken_back_with_u_exactly_as_it_was(team: Team, tmp_path: Path) -> None:
    settings = replace(team.database.settings, send_delay=60)
    async with opened(team.database, team.agent, tmp_path, settings=settings) as seen:
        await send_first(seen, "Hold it, so")
        assert seen.shows("u takes it back")
        assert not seen.shows("Reply sent")
        # A note after it; the last one is taken back first, as a note, and neither becomes the other.
        await seen.press("i")
        await seen.until(lambda: seen.shows("INTERNAL NOTE"), "the note")
        await seen.press(*"for us", "ctrl+s")
        await seen.until(lambda: seen.shows("#1001 note: sending in "), "both")
        assert seen.shows("1 more before it")
        await seen.press("u")
        await seen.until(lambda: seen.shows("INTERNAL NOTE") and seen.shows("for us"), "the note again")
        assert seen.shows("Taken back: nothing was sent")
        await seen.press("escape", "u")
        await seen.until(lambda: seen.shows("REPLY TO CUSTOMER") and seen.shows("Hold it, so"), "the reply again")
        assert seen.desk.pane.composer.text.text == "Hold it, so"
        await seen.until(lambda: not seen.shows("sending in"), "nothing is on its way")
        # An act that was done after it is what u takes back first.
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.shows("#1001 reply: sending in "), "sent again")
        await seen.press("s", "p")
        await seen.until(lambda: seen.shows("status → pending"), "the act")
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone: #1001"), "the act is undone")
        assert seen.shows("#1001 reply: sending in ")
        assert await messages(team, "Hold it, so") == []
        # Leaving the program is sending.
        await seen.app.leave()
    assert seen.app.parting == []
    assert await messages(team, "Hold it, so") == [(False,)]
    assert await messages(team, "for us") == []


async def test_it_goes_out_by_itself_and_is_judged_then(team: Team, tmp_path: Path) -> None:
    settings = replace(team.database.settings, send_delay=1)
    async with opened(team.database, team.agent, tmp_path, settings=settings) as seen:
        await reply_to_first(seen, "In a second")
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.shows("Reply sent"), "sent by itself")
        await seen.until(lambda: seen.shows("In a second"), "in the thread, which is not read again after this")
        assert await messages(team, "In a second") == [(False,)]
        # Somebody has answered by the time it goes out: the database refuses, and it is said where the person is then.
        seen.desk.link.deafen()
        await seen.press("r")
        await seen.until(lambda: seen.shows("REPLY TO CUSTOMER"), "the composer")
        await seen.press(*"Too late")
        await colleague_answers(team, "I was quicker")
        await seen.press("ctrl+s", "escape", "j")
        await seen.until(lambda: seen.shows("NOT sent: The thread has moved on"), "the refusal")
        told = [each.message for each in seen.app._notifications]
        assert any("#1001 reply NOT sent" in each and "kept: r on it shows them" in each for each in told), told
        assert await messages(team, "Too late") == []
        await seen.press("k", "r")
        await seen.until(lambda: seen.shows("Too late") and seen.shows("1 new message"), "the words, and why")
        await seen.press("ctrl+y")
        await seen.until(lambda: seen.shows("sending in"), "held again")
        await seen.until(lambda: seen.shows("Reply sent"), "sent all the same")
    assert await messages(team, "Too late") == [(False,)]


async def test_a_program_that_is_killed_while_it_holds_an_answer_sends_it_when_started_again(
    team: Team, tmp_path: Path
) -> None:
    """Its author sent it. The database refuses it if somebody has answered meanwhile."""
    settings = replace(team.database.settings, send_delay=60)
    (tmp_path / "killed").mkdir()
    async with opened(team.database, team.agent, tmp_path, settings=settings) as seen:
        await send_first(seen, "Before the crash")
        for file in tmp_path.glob("drafts.sqlite3*"):  # what kill -9 leaves
            shutil.copy(file, tmp_path / "killed")
        await seen.press("u")
        await seen.until(lambda: seen.shows("Taken back"), "not sent by this one")
    import sqlite3

    with sqlite3.connect(tmp_path / "killed" / "drafts.sqlite3") as journal:
        journal.execute("update held set due = '2026-01-01T00:00:00+00:00'")
    async with opened(team.database, team.agent, tmp_path / "killed", settings=settings) as again:
        await again.until(lambda: again.shows("Before the crash"), "sent now, and in the thread")
        await again.until(lambda: not again.desk.pane.kept_drafts(), "no draft besides")
    assert await messages(team, "Before the crash") == [(False,)]


async def test_what_is_refused_while_leaving_is_told_at_the_end(team: Team, tmp_path: Path) -> None:
    settings = replace(team.database.settings, send_delay=60)
    async with opened(team.database, team.agent, tmp_path, settings=settings) as seen:
        await send_first(seen, "Goodbye")
        seen.desk.link.deafen()
        await colleague_answers(team)
        await seen.app.leave()
        told = " ".join(seen.app.parting)
        assert "#1001 reply NOT sent: The thread has moved on" in told
        assert "Its words are kept as a draft." in told
    assert await messages(team, "Goodbye") == []
    async with opened(team.database, team.agent, tmp_path) as again:
        await again.until(lambda: ticket_id(1001) in again.desk.pane.kept_drafts(), "the draft")
