"""Hostile text through every screen: an agent's in a narrow terminal and a wide one, an admin's and a customer's.

Each look holds that the terminal was sent nothing but what drawing needs, that each row is exactly as wide as the
terminal, and that what stands in it, cell by cell, is what was drawn: no row breaks, no neighbour is pushed aside.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from textual.events import Paste
from textual.widgets import Input, TextArea

from helpdesk_tui.core import journal_outbox
from helpdesk_tui.core.journal import Journal
from helpdesk_tui.core.journal_outbox import Entry
from helpdesk_tui.screens.admin import AdminScreen
from helpdesk_tui.screens.chats import ChatsScreen
from helpdesk_tui.screens.customer import CustomerScreen
from helpdesk_tui.screens.customer_new import NewRequest
from helpdesk_tui.screens.desk import DeskScreen
from helpdesk_tui.screens.inbox import InboxScreen
from helpdesk_tui.screens.knowledge import KnowledgeScreen
from helpdesk_tui.screens.my_chat import MyChatScreen
from helpdesk_tui.screens.new_ticket import NewTicket
from tests.attacks.hostile_text import HOSTILE, LINES, breaches, mark
from tests.attacks.hostile_world import HostileWorld, hostile_world
from tests.attacks.wired import Wired, wired
from tests.world import DeskDatabase

SIZES = [(80, 24), (160, 48)]
#: An agent's screens are walked in the narrow terminal, where rows break first; HELPDESK_WALK=1 walks the wide one too.
WALKED = 2 if os.environ.get("HELPDESK_WALK") else 1
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def world(module_database: DeskDatabase) -> HostileWorld:
    """One for all: nothing here changes it."""
    return hostile_world(module_database)


@pytest.fixture(autouse=True)
def no_browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What would be opened, and is not."""
    asked: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url, *_, **__: asked.append(url))
    yield
    for url in asked:
        assert url.startswith(("https://", "http://", "mailto:")), url
        assert url.isascii(), url
        assert url.isprintable(), url


async def at(seen: Wired, name: str, kind: type[Any]) -> Any:
    """Go to a place, wherever the keys are, and give its screen."""
    seen.app.open_place(name)
    await seen.until(lambda: isinstance(seen.app.screen, kind), kind.__name__)
    return seen.app.screen


def hold(seen: Wired, texts: dict[str, str], what: str) -> None:
    """Hold that every one of the texts has been on the screen, so that what was held of it means something.

    In the narrow terminal; in the wide one, whose pictures take four times as long, the first pages are looked at.
    """
    if seen.wide:
        return
    missing = {mark(number) for number in range(len(texts))} - seen.marks()
    assert not missing, f"{what}: not shown {sorted(missing)}\n" + "\n".join(seen.terminal.lines())
    seen.shown.clear()


def copied(seen: Wired) -> list[str]:
    """What was put into the clipboard, which is the one thing that is sent beside the drawing."""
    found = []
    for told in seen.terminal.told:
        kind, where, text = told.split(";")
        assert (kind, where) == ("52", "c"), told
        found.append(base64.b64decode(text, validate=True).decode())
    seen.terminal.told.clear()
    return found


async def copy(seen: Wired, key: str = "y") -> str:
    """Copy, and give what was copied."""
    await seen.tap(key)
    await seen.until(lambda: seen.terminal.told, "the clipboard")
    (text,) = copied(seen)
    assert not breaches(text, "\n\t"), ascii(text)
    await seen.whole("copied")
    return text


async def there_and_back(seen: Wired, down: str = "pagedown", up: str = "pageup") -> None:
    """Through a list and back: what was not read yet on the way down is on the way up."""
    await seen.page(down)
    await seen.page(up)


async def the_thread(seen: Wired, screen: DeskScreen | CustomerScreen, world: HostileWorld) -> None:
    """Wait for the ticket in which everything stands."""
    view = screen.pane.thread
    await seen.until(lambda: (read := view.thread) is not None and read.ticket.id == world.ticket, "the thread")
    await seen.until(lambda: view.has_focus, "the thread's focus")


async def the_desk(seen: Wired, world: HostileWorld) -> None:
    """Queues, questions, the ticket, its thread, what is copied of it and written over it, articles for it."""
    desk = seen.app.screen
    assert isinstance(desk, DeskScreen)
    await seen.until(lambda: desk.queue.state == "ready", "the queue")
    await there_and_back(seen)
    hold(seen, LINES, "the queue")
    for key in "2345671":
        await seen.press(key)
        await seen.until(lambda: desk.queue.state != "loading", "the queue")
        await seen.whole("another queue")
    for key in "asdpo":
        await seen.press(key)
        await seen.page("pagedown", 8)
        await seen.press("escape")
        desk.queue.focus()
    await seen.press("number_sign", *str(world.number), "enter")
    await the_thread(seen, desk, world)
    await seen.press("g")
    await seen.page("space", 400)
    hold(seen, HOSTILE, "the thread")
    await seen.press("g", *"nnnnlllll", "enter")
    for _ in range(3):
        await seen.press(*"NN")
        await copy(seen)
    await seen.press("l")
    await copy(seen)
    # What becomes a ticket of its own, of whose message.
    await seen.press(*"Gn")
    await asked(seen, desk, "X")
    await seen.press("escape")
    await seen.until(lambda: desk.pane.thread.has_focus, "the thread's focus")
    await seen.press("greater_than_sign")
    await seen.until(lambda: desk.pane.composer_has_focus, "the composer")
    await seen.page("pageup", 5)
    await seen.press("escape", "escape")
    await seen.press("f")
    await seen.until(lambda: desk.finding, "articles")
    await seen.page("j", 8)
    await seen.press("enter")
    await seen.page("space", 5)
    await seen.press(*["escape"] * 4)


async def asked(seen: Wired, desk: DeskScreen, *keys: str) -> None:
    """Press keys that put a question, and wait until it is put."""
    await seen.press(*keys)
    await seen.until(lambda: desk.picker.asking or desk.prompt.asking, f"the question of {keys}")
    await seen.whole(f"the question of {keys}")


async def the_day(seen: Wired, world: HostileWorld) -> None:
    """Tabs, what is saved and shared, what fills in, hands over, takes back and completes."""
    desk = seen.app.screen
    assert isinstance(desk, DeskScreen)
    desk.queue.focus()
    for _ in range(5 if seen.wide else len(LINES) + 8):
        await seen.press("right_square_bracket")
    hold(seen, LINES, "the tabs")
    await asked(seen, desk, "V")
    await seen.press("escape", "1")
    await seen.until(lambda: desk.queue.state == "ready", "the queue")
    # Each macro is shown as it would be sent.
    await seen.press("m")
    await seen.see("Macro for")
    await seen.page("down", 2 * len(HOSTILE))
    hold(seen, LINES, "the macros")
    await seen.press("enter")
    await seen.until(lambda: desk.pane.composer_has_focus, "the composer")
    await seen.page("pageup", 5)
    await seen.press("escape", "escape")
    desk.queue.focus()
    for key in ("U", "e", "S", "Z", "O", "z", "D", "M", "equals_sign", "t", "c"):
        seen.shown.clear()
        await asked(seen, desk, key)
        await seen.page("down", 2 * len(LINES) if key == "U" else 4)
        if key == "U":
            hold(seen, LINES, f"what {key} asks")
        await seen.press("escape", "escape", "escape")
        desk.queue.focus()
    # Who is to have what one holds.
    await asked(seen, desk, "Z")
    await seen.press("enter")
    await seen.see("Who gets them?")
    await seen.page("down", 4)
    await seen.press("escape", "escape")
    desk.queue.focus()
    # A field's choices.
    await asked(seen, desk, "e")
    await seen.press("enter")
    await seen.page("down", 4)
    await seen.press("escape", "escape")
    desk.queue.focus()
    # Completion, and a query that is none.
    for begun in ("tag:", "department:", "assignee:", "category:", "field."):
        await seen.press("slash")
        await seen.until(lambda: desk.filtering, "the filter line")
        await seen.press(*[f"ctrl+{each}" for each in "eu"], *(key if key.isalpha() else KEYS[key] for key in begun))
        await seen.press(*["down"] * 4)
        await seen.press("escape", "escape")
    await seen.press("slash")
    await seen.until(lambda: desk.filtering, "the filter line")
    for number, text in enumerate(LINES.values()):
        desk.line.field.clear()
        seen.app.post_message(Paste(text))
        await seen.until(partial(shows, desk.line.field, mark(number)), text)
        await seen.whole(text)
    await seen.press("enter")
    await seen.press("escape", "escape")


def left_unsent(folder: Path, world: HostileWorld) -> None:
    """What was refused the last time, and why, in hostile words."""
    journal = Journal.open(folder / "drafts.sqlite3")
    with journal.writing() as connection:
        for text in LINES.values():
            entry = Entry(uuid4(), f"test/{world.agent.id}", "act", (world.ticket,), text.replace("\ud800", ""))
            journal_outbox.refuse(connection, journal_outbox.put(connection, entry), entry.words)
    journal.close()


KEYS = {":": "colon", ".": "full_stop"}


async def the_knowledge_base(seen: Wired, world: HostileWorld) -> None:
    """The list, the categories, what a search finds, the article, its headings and links."""
    screen = await at(seen, "knowledge", KnowledgeScreen)
    await seen.until(lambda: screen.search.list.state == "ready", "the list")
    await seen.until(lambda: screen.shelves.categories, "the categories")
    screen.search.list.focus()
    await there_and_back(seen)
    screen.shelves.focus()
    await there_and_back(seen)
    hold(seen, LINES, "the lists of the knowledge base")
    await seen.press("slash", *"bank")
    await seen.until(lambda: screen.search.list.state == "ready", "what was found")
    await seen.press("down", "down", "escape")
    await open_article(seen, screen, world.article)
    # Its top is on the screen; until then the list is, and the first page would be passed over.
    await seen.see("q00")
    await seen.page("space", 200)
    # It has no headings to list: Esc would leave it.
    await seen.press("o", "slash", *"evil", "enter", "n", "escape", *"lll")
    await seen.until(lambda: screen.reader.view.has_focus, "the article, read on")
    # Where a link leads outside, it is copied.
    await copy(seen, "enter")
    await copy(seen)
    hold(seen, LINES, "the article")


async def open_article(seen: Wired, screen: KnowledgeScreen, article: Any) -> None:
    """Read an article."""
    screen.show(article)
    await seen.until(lambda: (found := screen.reader.article) is not None and found.id == article, "the article")
    screen.reader.view.focus()
    await seen.whole("the article")


async def writing(seen: Wired, world: HostileWorld) -> None:
    """Versions and what they changed, the editor."""
    screen = seen.app.screen
    assert isinstance(screen, KnowledgeScreen)
    await open_article(seen, screen, world.article)
    await seen.press("v")
    await seen.see("ersion")
    for _ in range(12):
        await seen.press("j")
    await seen.press("c", "tab")
    await seen.page("space", 20)
    await seen.press("escape", "escape")
    await open_article(seen, screen, world.article)
    await seen.press("e")
    await seen.see("EDITING")
    await seen.press("ctrl+home")
    await seen.page("pagedown", 60)
    await seen.press("shift+tab", "end", "home", "ctrl+o")
    await seen.page("pagedown", 5)
    await seen.press("escape", "escape", "escape")


async def the_talk(seen: Wired, screen: ChatsScreen | MyChatScreen) -> None:
    """Wait for the chat in which everything was said, and go to its beginning."""
    talk = screen.conversation
    await seen.until(lambda: talk.log_view.state == "ready" and talk.field.has_focus, "the chat")
    talk.log_view.focus()
    await seen.until(lambda: talk.log_view.has_focus, "the keys")
    await seen.press("g")


async def the_chats(seen: Wired, world: HostileWorld) -> None:
    """Who waits, what was said, whom to hand a chat to."""
    screen = await at(seen, "chats", ChatsScreen)
    await seen.until(lambda: screen.list.state == "ready", "the chats")
    await there_and_back(seen)
    hold(seen, LINES, "the chats")
    screen.show(world.chat)
    await the_talk(seen, screen)
    await seen.page("space", 400)
    hold(seen, HOSTILE, "the chat")
    await seen.press("t")
    await seen.page("pagedown", 8)
    await seen.press("escape", "escape")


async def the_inbox(seen: Wired) -> None:
    """Lines about everything."""
    screen = await at(seen, "inbox", InboxScreen)
    await seen.until(lambda: screen.list.state == "ready", "the inbox")
    await there_and_back(seen)
    await seen.press("f")
    await there_and_back(seen)
    hold(seen, LINES, "the inbox")
    await seen.press("comma")
    await seen.press("escape", "escape")


async def the_caller(seen: Wired) -> None:
    """Whom a ticket may be for, and what is set with it."""
    form = await at(seen, "ticket", NewTicket)
    await seen.press(*"customer")
    await seen.until(lambda: form.caller.offered, "who it may be")
    await seen.whole("who it may be")
    await seen.press("tab")
    for key in "cda":
        await seen.press("ctrl+o", key)
        await seen.page("pagedown", 3)
        await seen.press("escape", "escape")
    await seen.press("escape")


async def what_lies_over(seen: Wired) -> None:
    """Help, palette, errors that quote, toasts."""
    await seen.press("question_mark", "pagedown", "escape", "ctrl+p", *"theme", "escape")
    screen = seen.app.screen
    for number, text in enumerate([*HOSTILE.values()][::2]):
        screen.say(text, alarm=bool(number % 2))  # type: ignore[attr-defined]
        await seen.whole(ascii(text))


@pytest.mark.parametrize("size", SIZES[:WALKED], ids=["80x24", "160x48"][:WALKED])
async def test_nothing_hostile_leaves_through_an_agents_screens(
    world: HostileWorld, tmp_path: Path, size: tuple[int, int]
) -> None:
    left_unsent(tmp_path, world)
    async with wired(world.database, world.agent, "agent", tmp_path, size) as seen:
        await the_desk(seen, world)
        await the_day(seen, world)
        await the_knowledge_base(seen, world)
        await writing(seen, world)
        await the_chats(seen, world)
        if not seen.wide:
            await the_inbox(seen)
            await the_caller(seen)
            await what_lies_over(seen)


async def test_what_is_pasted_into_a_field_is_drawn_harmlessly(world: HostileWorld, tmp_path: Path) -> None:
    async with wired(world.database, world.customer, "customer", tmp_path, SIZES[0]) as seen:
        form = await at(seen, "request", NewRequest)
        for field in (form.title_field, form.text):
            field.focus()
            await seen.until(partial(getattr, field, "has_focus"), "the keys")
            for number, text in enumerate(LINES.values()):
                field.clear()
                seen.app.post_message(Paste(text))
                await seen.until(partial(shows, field, mark(number)), text)
                assert not breaches(words_of(field), "\n\t"), text
            await seen.whole("what was pasted")
            await seen.press("home")


def shows(field: Input | TextArea, word: str) -> bool:
    """Whether it stands in a field."""
    return word in words_of(field)


def words_of(field: Input | TextArea) -> str:
    """What stands in a field."""
    return field.value if isinstance(field, Input) else field.text


@pytest.mark.parametrize("size", SIZES[1:], ids=["160x48"])
async def test_nothing_hostile_leaves_through_an_admins_screens(
    world: HostileWorld, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with wired(world.database, world.admin, "admin", tmp_path, size) as seen:
        screen = await at(seen, "admin", AdminScreen)
        for number in (1, 2, 3, 4, 6, 7, 8, 9):
            await seen.press(str(number))
            await seen.until(lambda: screen.section.rows.state == "ready", "the section")
            await there_and_back(seen)
            if number != 2:
                hold(seen, LINES, f"section {number}")
            # What may be done with the row, and what it would mean.
            for key in "erdimx":
                await seen.press(key)
                if screen.picker.asking or screen.prompt.asking or screen.pane.proposal is not None:
                    await seen.press("escape")
                screen.section.rows.focus()
                await seen.press("j")
        await seen.press("5", "f", "2", "t", "3")
        await seen.press("slash", *"q1")
        await seen.press("escape")


@pytest.mark.parametrize("size", SIZES[:1], ids=["80x24"])
async def test_nothing_hostile_leaves_through_a_customers_screens(
    world: HostileWorld, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with wired(world.database, world.customer, "customer", tmp_path, size) as seen:
        mine = seen.app.screen
        assert isinstance(mine, CustomerScreen)
        await seen.until(lambda: mine.requests.state == "ready", "the requests")
        await there_and_back(seen)
        hold(seen, LINES, "the requests")
        mine.requests.choose(world.ticket)
        await seen.press("enter")
        await the_thread(seen, mine, world)
        await seen.press("g")
        await seen.page("space", 400)
        seen.shown.clear()
        await copy(seen)
        await seen.press("greater_than_sign")
        await seen.until(lambda: mine.pane.composer_has_focus, "the composer")
        await seen.press("pageup")
        form = await at(seen, "request", NewRequest)
        form.title_field.insert("bank link evil", 0)
        form.text.insert("open the example")
        await seen.see("q")
        await seen.press("ctrl+o")
        await seen.page("pagedown", 5)
        await at(seen, "chats", MyChatScreen)
        chat = seen.app.screen
        assert isinstance(chat, MyChatScreen)
        await the_talk(seen, chat)
        await seen.page("space", 400)
        hold(seen, HOSTILE, "the chat")
        await seen.press("p", "enter")
        await seen.page("pageup", 60)
        await seen.press("1")
        await the_knowledge_base(seen, world)
        await the_inbox(seen)
