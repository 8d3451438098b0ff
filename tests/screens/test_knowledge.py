"""The knowledge base on a real database: found, read, written, published, taken back; small and large."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from helpdesk_tui.core.journal import Journal
from helpdesk_tui.screens.desk import DeskScreen
from helpdesk_tui.widgets.article_drafts import Written
from helpdesk_tui.widgets.article_list import ArticleList
from tests.screens.opened import Opened, Team
from tests.screens.shelves import article_id, in_knowledge_base, read_first, screen


async def colleague_saves(team: Team, number: int, content: str) -> None:
    """Somebody else saves an article, as their program would."""
    connection = await team.people.connect_as(team.colleague)
    await connection.execute(
        "select helpdesk.save_article(a.id, a.title, %s, a.category_id, "
        "(select version from helpdesk.article(a.id))) from kb_articles a where a.id = %s",
        [content, article_id(number)],
    )


def text_of(seen: Opened) -> str:
    editor = screen(seen)._editor
    assert editor is not None
    return editor.text.text


async def edit(seen: Opened, number: int, words: str) -> None:
    """Open the editor on an article and write something before its text."""
    await read_first(seen, number)
    await seen.press("e")
    await seen.until(lambda: seen.shows("EDITING"), "the editor")
    await seen.press("ctrl+home", *words)


# Finding and reading


async def test_search_as_one_types_then_read_then_back(team: Team, tmp_path: Path) -> None:
    async with in_knowledge_base(team, team.agent, tmp_path) as seen:
        await seen.press("slash", *"pairing")
        await seen.until(lambda: seen.shows("for “pairing”"), "the answer")
        await seen.press("enter")
        await seen.until(lambda: seen.shows("Hold the button until it blinks."), "the article")
        assert screen(seen).reader.has_focus_within
        await seen.press("escape", "escape")
        await seen.until(lambda: seen.shows("All articles · 4"), "the whole list again")
        await seen.press("escape")
        await seen.until(lambda: isinstance(seen.app.screen, DeskScreen), "home")
        await seen.press("K")
        await seen.until(lambda: seen.shows("Hold the button until it blinks."), "as it was left")


async def test_links_between_articles_are_followed_and_come_back(team: Team, tmp_path: Path) -> None:
    async with in_knowledge_base(team, team.agent, tmp_path, (80, 24)) as seen:
        await read_first(seen, 1)
        await seen.press("l", "enter")
        await seen.until(lambda: seen.shows("Hold the button"), "the other article")
        await seen.press("backspace")
        await seen.until(lambda: seen.shows("Lamps talk by radio."), "the first one")


async def test_at_80_columns_one_pane_is_shown_at_a_time(team: Team, tmp_path: Path) -> None:
    async with in_knowledge_base(team, team.agent, tmp_path, (80, 24)) as seen:
        await seen.until(lambda: not seen.shows("Categories"), "the list alone")
        await seen.press("tab")
        await seen.until(lambda: seen.shows("Choose an article"), "the article's place")
        await seen.press("tab")
        await seen.until(lambda: seen.shows("Categories"), "the categories")
        await seen.press("j", "j", "j", "j", "j", "enter")
        await seen.until(lambda: seen.shows("Lamps · 2"), "the articles of a category")
        assert not seen.shows("Old lamps"), "archived articles are not among them"
        await seen.press("enter")
        await seen.until(lambda: seen.shows("Lamps talk by radio."), "the article")
        await seen.press("escape")
        await seen.until(lambda: seen.shows("Pairing a lamp"), "the list")


async def test_drafts_and_archived_articles_have_their_shelves(team: Team, tmp_path: Path) -> None:
    async with in_knowledge_base(team, team.agent, tmp_path) as seen:
        assert seen.shows("○ draft Goodwill")
        await seen.press("shift+tab")
        await seen.until(lambda: screen(seen).pane == "tree", "the categories")
        await seen.press("j", "j")
        await seen.until(lambda: seen.shows("■ Archived · 1"), "what is archived")
        assert seen.shows("■ archived Old lamps")
        # What comes into the list before the cursor has rested leaves the category to be looked at.
        screen(seen).shelves.go_to(1)
        screen(seen).search.list.post_message(ArticleList.Highlighted(None))
        await seen.until(lambda: seen.shows("○ Drafts · 1"), "the drafts")


async def test_a_customer_finds_and_reads_what_is_published_and_can_write_nothing(team: Team, tmp_path: Path) -> None:
    async with in_knowledge_base(team, team.customer, tmp_path) as seen:
        for word in ("Goodwill", "Drafts", "Archived", "Old lamps", "edit", "draft"):
            assert not seen.shows(word), word
        await seen.press("slash", *"goodwill")
        await seen.until(lambda: seen.shows("No article fits “goodwill”."), "nothing")
        assert not seen.shows("N writes")
        await seen.press("escape", "escape")
        await seen.until(lambda: seen.shows("All articles · 3"), "the list")
        await read_first(seen, 3)
        for key in ("e", "N", "v", "P", "X"):
            await seen.press(key)
            await seen.until(lambda: seen.shows("Articles are the team's to write"), key)
        await seen.press("plus")
        await seen.until(lambda: seen.shows("✓ You found it helpful."), "the vote")
        assert await team.value("select helpful from kb_article_feedback where user_id = %s", team.customer.id) is True


async def test_what_others_change_is_shown_where_the_reader_is(team: Team, tmp_path: Path) -> None:
    async with in_knowledge_base(team, team.agent, tmp_path) as seen:
        await read_first(seen, 4)
        await colleague_saves(team, 4, "Up to two months may be promised.")
        await seen.until(lambda: seen.shows("Up to two months"), "their version")


# Acts


async def test_publish_and_archive_are_shown_at_once_and_undone(team: Team, tmp_path: Path) -> None:
    status = "select status from kb_articles where id = %s"
    async with in_knowledge_base(team, team.agent, tmp_path) as seen:
        await read_first(seen, 4)
        await seen.press("P")
        await seen.until(lambda: seen.shows("Published · u undoes: “Goodwill limits”"), "what was done")
        assert seen.shows("● published")
        await seen.until(lambda: not screen(seen)._flying, "the database's word")
        assert await team.value(status, article_id(4)) == "published"
        await seen.press("X")
        await seen.until(lambda: seen.shows("■ ARCHIVED"), "archived")
        await seen.until(lambda: not screen(seen)._flying, "the database's word")
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone: archived “Goodwill limits”"), "undone")
        assert await team.value(status, article_id(4)) == "published"
        await seen.press("u")
        await seen.until(lambda: seen.shows("○ DRAFT"), "undone")
        await seen.until(lambda: seen.shows("Undone: published “Goodwill limits”"), "undone")
        assert await team.value(status, article_id(4)) == "draft"


async def test_an_act_that_the_database_refuses_is_rolled_back_aloud(team: Team, tmp_path: Path) -> None:
    async with in_knowledge_base(team, team.agent, tmp_path) as seen:
        await read_first(seen, 4)
        async with await team.database.connect() as owner:
            await owner.execute("revoke execute on function helpdesk.set_article_status from helpdesk_member")
        await seen.press("P")
        await seen.until(lambda: seen.shows("NOT published"), "the refusal")
        assert await team.value("select status from kb_articles where id = %s", article_id(4)) == "draft"


async def test_helpful_not_helpful_and_taking_it_back(team: Team, tmp_path: Path) -> None:
    vote = "select helpful from kb_article_feedback where user_id = %s"
    async with in_knowledge_base(team, team.agent, tmp_path) as seen:
        await read_first(seen, 2)
        await seen.press("minus")
        await seen.until(lambda: seen.shows("✗ You found it not helpful."), "said")
        await seen.press("plus")
        await seen.until(lambda: seen.shows("✓ You found it helpful."), "said otherwise")
        assert seen.shows("(1 of 1")
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone"), "taken back")
        assert await team.value(vote, team.agent.id) is False
        await seen.press("u")
        await seen.until(lambda: seen.shows("Did this help?"), "as it was")
        assert await team.value(vote, team.agent.id) is None


# Writing


async def test_an_edit_is_a_version_and_can_be_taken_back(team: Team, tmp_path: Path) -> None:
    async with in_knowledge_base(team, team.agent, tmp_path) as seen:
        await edit(seen, 4, "Note: ")
        await seen.until(lambda: seen.shows("changed, not saved"), "it says that it is not saved")
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.shows("Saved as version 2 · u undoes"), "saved")
        assert seen.shows("Note: Up to a month")
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone: the change"), "undone")
        assert await team.value("select content from kb_articles where id = %s", article_id(4)) == (
            "Up to a month may be promised."
        )
        assert await team.value("select count(*) from kb_article_versions where article_id = %s", article_id(4)) == 3


async def test_versions_are_listed_diffed_and_restored(team: Team, tmp_path: Path) -> None:
    async with in_knowledge_base(team, team.agent, tmp_path, (80, 24)) as seen:
        await colleague_saves(team, 4, "Up to two months may be promised.")
        await read_first(seen, 4)
        await seen.press("v")
        await seen.until(lambda: seen.shows("What version 2 changed"), "the versions")
        assert seen.shows("Tomás Vega")
        assert seen.shows("- Up to a month may be promised.")
        assert seen.shows("+ Up to two months may be promised.")
        await seen.press("j", "c")
        await seen.until(lambda: seen.shows("What restoring version 1 would change"), "the comparison")
        await seen.press("R")
        await seen.until(lambda: seen.shows("Version 1 is the newest again"), "restored")
        await seen.until(lambda: seen.shows("  3  "), "as a third version")
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone: restoring version 1"), "undone")
        assert "two months" in await team.value("select content from kb_articles where id = %s", article_id(4))


async def test_a_stale_save_shows_theirs_keeps_the_text_and_one_key_saves_it(team: Team, tmp_path: Path) -> None:
    async with in_knowledge_base(team, team.agent, tmp_path) as seen:
        await edit(seen, 4, "Mine. ")
        screen(seen).link.deafen()
        await colleague_saves(team, 4, "Up to two months may be promised.")
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.shows("Not saved: Tomás Vega saved version 2 since"), "the refusal")
        assert seen.shows("+ Up to two months may be promised.")
        assert text_of(seen) == "Mine. Up to a month may be promised."
        assert "Mine" not in await team.value("select content from kb_articles where id = %s", article_id(4))
        await seen.press("ctrl+y")
        await seen.until(lambda: seen.shows("Saved as version 3"), "saved all the same")
        assert await team.value("select content from kb_articles where id = %s", article_id(4)) == (
            "Mine. Up to a month may be promised."
        )


async def test_who_edits_is_told_at_once_when_somebody_else_saves(team: Team, tmp_path: Path) -> None:
    async with in_knowledge_base(team, team.agent, tmp_path) as seen:
        await edit(seen, 4, "")
        await colleague_saves(team, 4, "Up to two months may be promised.")
        await seen.until(lambda: "two months" in text_of(seen), "nothing was written yet: theirs is edited")
        await seen.press(*"Mine. ")
        await colleague_saves(team, 4, "Up to three months may be promised.")
        await seen.until(lambda: seen.shows("Somebody has saved version 3 meanwhile"), "told")
        assert text_of(seen) == "Mine. Up to two months may be promised."


async def test_a_new_article_is_a_draft_in_the_category_at_hand_until_it_is_published(
    team: Team, tmp_path: Path
) -> None:
    async with in_knowledge_base(team, team.agent, tmp_path) as seen:
        await seen.press("N")
        await seen.until(lambda: seen.shows("NEW ARTICLE"), "the editor")
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.shows("An article needs a title."), "no article without a title")
        await seen.press(*"Knots", "enter", *"Pull gently", "ctrl+o")
        await seen.until(lambda: seen.shows("Devices › Lamps"), "the categories")
        await seen.press("3")
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.shows("Saved as a draft · P publishes it"), "saved")
        await seen.press("P")
        await seen.until(lambda: seen.shows("Published · u undoes: “Knots”"), "published")
        await seen.until(lambda: not screen(seen)._flying, "the database's word")
        assert await team.value(
            "select c.name || a.content || a.status from kb_articles a join kb_categories c on c.id = a.category_id "
            "where a.title = 'Knots'"
        ) in ("LampsPull gentlypublished", "DevicesPull gentlypublished")


async def test_what_was_not_saved_is_there_again(team: Team, tmp_path: Path) -> None:
    async with in_knowledge_base(team, team.agent, tmp_path) as seen:
        await edit(seen, 4, "Half a ")
        await seen.press("escape")
        await seen.until(lambda: seen.shows("your draft is kept on this machine"), "kept")
        await seen.press("N")
        await seen.until(lambda: seen.shows("NEW ARTICLE"), "another one")
        await seen.press(*"Unfinished")
    async with in_knowledge_base(team, team.agent, tmp_path) as seen:
        # Leaving goes to the article beside the list, and only where there is none yet to the list.
        await seen.until(lambda: screen(seen).reader.article is not None, "the first article beside the list")
        await seen.press("N")
        await seen.until(lambda: seen.shows("Your unfinished article."), "it goes on")
        await seen.press("escape")
        await seen.until(lambda: screen(seen).pane == "page", "the article")
        await seen.press("escape")
        await seen.until(lambda: screen(seen).pane == "list", "the list")
        await read_first(seen, 4)
        await seen.press("e")
        await seen.until(lambda: seen.shows("Your draft of"), "the draft")
        assert text_of(seen).startswith("Half a ")
        await seen.press("ctrl+g")
        assert text_of(seen) == "Up to a month may be promised."


def test_kill_9_loses_no_word(tmp_path: Path) -> None:
    """A window that is killed while somebody writes: what they wrote half a second ago is in the journal."""
    script = f"""
import asyncio, os, signal
from pathlib import Path
from uuid import UUID
from textual.app import App
from helpdesk_tui.core.journal import Journal
from helpdesk_tui.widgets.article_editor import ArticleEditor

class Writing(App):
    def compose(self):
        self.editor = ArticleEditor(Journal.open(Path(
            {str(tmp_path / "drafts.sqlite3")!r})), "demo/me")
        yield self.editor

async def main():
    app = Writing()
    async with app.run_test() as pilot:
        app.editor.begin(UUID(int=7), UUID(int=8))
        await pilot.press(*"Knots", "enter", *"Pull")
        await pilot.pause(0.8)
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", script], check=False, env={**os.environ}, timeout=60)
    assert done.returncode == -signal.SIGKILL
    journal = Journal.open(tmp_path / "drafts.sqlite3")
    kept = [Written.unpacked(draft.content) for draft in journal.list("demo/me") if draft.kind == "article"]
    journal.close()
    assert [(one.title, one.content, one.base) for one in kept if one] == [("Knots", "Pull", None)]


async def test_the_editor_of_the_person_takes_the_text(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import contextlib

    from helpdesk_tui.app import HelpdeskApp

    script = tmp_path / "editor.py"
    script.write_text(
        "import pathlib, sys\npath = pathlib.Path(sys.argv[1])\npath.write_text(path.read_text() + ' And more.')\n"
    )
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f"'{sys.executable}' '{script}'")
    monkeypatch.setattr(HelpdeskApp, "suspend", lambda self: contextlib.nullcontext())
    async with in_knowledge_base(team, team.agent, tmp_path) as seen:
        await read_first(seen, 4)
        await seen.press("E")
        await seen.until(lambda: seen.shows("And more."), "the text from there")
        assert text_of(seen) == "Up to a month may be promised. And more."


# States


async def test_an_empty_knowledge_base_names_the_way_on(team: Team, tmp_path: Path) -> None:
    from tests.screens.opened import opened

    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("K")
        await seen.until(lambda: seen.shows("There are no articles yet."), "empty")
        assert seen.shows("N writes one.")
        await seen.until(lambda: seen.shows("There are no categories yet."), "that there are none")


async def test_a_reading_that_fails_says_so_and_keeps_what_is_there(team: Team, tmp_path: Path) -> None:
    async with in_knowledge_base(team, team.agent, tmp_path) as seen:
        await read_first(seen, 1)
        async with await team.database.connect() as owner:
            await owner.execute("revoke execute on all functions in schema helpdesk from helpdesk_member")
        await seen.press("ctrl+r")
        await seen.until(lambda: seen.shows("✗ not up to date"), "said")
        assert seen.shows("Lamps talk by radio.")
        await seen.press("slash", *"x")
        await seen.until(lambda: "not up to date" in seen.text() or seen.shows("Search failed"), "the search too")
