"""Articles beside a ticket: suggested from what it says, read, and put into the answer as a link or as text."""

from __future__ import annotations

from pathlib import Path

from helpdesk_tui.core.journal import Journal
from tests.screens.opened import Opened, Team, opened, ticket_id
from tests.screens.shelves import article_id, fill


async def ask_for_articles(seen: Opened) -> None:
    """Open the first ticket, about a lamp, and the articles for it."""
    await seen.press("enter")
    await seen.until(lambda: seen.shows("Please help with: Lamp flickers"), "the thread")
    await seen.press("f")
    await seen.until(lambda: seen.shows("Suggested for #1001"), "the suggestions")
    await seen.until(lambda: seen.shows("Pairing a lamp") or seen.shows("Lamp offline"), "an article about lamps")


def answer(seen: Opened) -> str:
    return seen.desk.pane.composer.text.text


async def test_articles_are_suggested_beside_the_ticket_and_go_into_the_answer_as_a_link(
    team: Team, tmp_path: Path
) -> None:
    await fill(team.database, team.agent)
    async with opened(team.database, team.agent, tmp_path) as seen:
        await ask_for_articles(seen)
        assert seen.shows("Please help with: Lamp flickers"), "the ticket stays in sight"
        assert not seen.shows("Goodwill limits"), "drafts are not suggested"
        finder = seen.desk.articles.finder
        assert finder is not None
        item = finder.item
        assert item is not None
        await seen.press("l")
        await seen.until(lambda: seen.shows("REPLY TO CUSTOMER"), "the composer")
        await seen.until(lambda: answer(seen) == f"[{item.title}](article:{item.id}) ", "the link, and a space")
        assert seen.desk.pane.composer_has_focus
        assert not seen.shows("Suggested for"), "the articles have gone"
        await seen.until(lambda: kept(tmp_path, team) == answer(seen), "in the journal")
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.shows("Reply sent"), "sent")
        # Whoever reads the answer follows the link from the thread.
        await seen.until(lambda: not seen.desk.pane.writing, "the composer is gone")
        await seen.press("n", "l", "enter")
        await seen.until(lambda: seen.shows("updated 3 Mar 2026") and finder.reading, "the article")


def kept(tmp_path: Path, team: Team) -> str | None:
    journal = Journal.open(tmp_path / "drafts.sqlite3")
    try:
        draft = journal.load(f"{team.database.settings.profile}/{team.agent.id}", ticket_id(1001), "reply")
    finally:
        journal.close()
    return draft.content if draft else None


async def test_at_80_columns_they_lie_over_the_ticket_and_text_goes_where_the_cursor_is(
    team: Team, tmp_path: Path
) -> None:
    await fill(team.database, team.agent)
    async with opened(team.database, team.agent, tmp_path, size=(80, 24)) as seen:
        await seen.press("enter", "r", *"Hello ")
        await seen.until(lambda: seen.shows("REPLY TO CUSTOMER"), "the composer")
        await seen.press("alt+a")
        await seen.until(lambda: seen.shows("Suggested for #1001"), "the suggestions")
        assert not seen.shows("REPLY TO CUSTOMER")
        await seen.press("slash", *"pairing")
        await seen.until(lambda: seen.shows("for “pairing”"), "the answer")
        await seen.press("enter")
        await seen.until(lambda: seen.shows("Hold the button"), "the article")
        await seen.press("t")
        await seen.until(lambda: "Hold the button until it blinks." in answer(seen), "its text")
        assert answer(seen).startswith("Hello ")
        assert seen.desk.pane.composer_has_focus


async def test_what_requesters_cannot_read_goes_into_no_reply_but_into_a_note(team: Team, tmp_path: Path) -> None:
    await fill(team.database, team.agent)
    async with opened(team.database, team.agent, tmp_path) as seen:
        await ask_for_articles(seen)
        await seen.press("slash", *"goodwill", "enter")
        await seen.until(lambda: seen.shows("Up to a month"), "the draft")
        await seen.press("l")
        await seen.until(lambda: seen.shows("This article is a draft: requesters cannot read it."), "why not")
        assert not seen.desk.pane.writing
        await seen.press("escape", "escape", "escape", "i", "alt+a", "slash", *"goodwill")
        await seen.until(lambda: seen.shows("for “goodwill”"), "the answer")
        await seen.press("escape", "l")
        await seen.until(lambda: answer(seen) == f"[Goodwill limits](article:{article_id(4)}) ", "in the note")


async def test_a_ticket_that_no_article_fits_names_the_way_on_and_esc_leads_back(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("f")
        await seen.until(lambda: seen.shows("No article fits this ticket."), "nothing")
        assert seen.shows("/ searches all.")
        await seen.press("escape")
        await seen.until(lambda: seen.desk.pane.thread.has_focus, "the ticket")
        await seen.press("escape")
        assert seen.desk.queue.has_focus
