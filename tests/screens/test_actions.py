"""One table of actions: what widgets bind, what the help says and what the palette offers come from it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import get_args

import pytest
from textual.binding import Binding
from textual.widget import Widget

from helpdesk_tui.actions import ACTIONS, BY_ID, Context, key_words
from helpdesk_tui.screens.admin import AdminScreen
from helpdesk_tui.screens.chats import ChatsScreen
from helpdesk_tui.screens.customer import CustomerScreen
from helpdesk_tui.screens.customer_new import NewRequest
from helpdesk_tui.screens.desk import DeskScreen
from helpdesk_tui.screens.inbox import InboxScreen
from helpdesk_tui.screens.knowledge import KnowledgeScreen
from helpdesk_tui.screens.my_chat import MyChatScreen
from helpdesk_tui.screens.new_ticket import NewTicket
from helpdesk_tui.screens.place import Place
from helpdesk_tui.screens.places import offered
from helpdesk_tui.widgets.admin_list import AdminList
from helpdesk_tui.widgets.article_diff import DiffView
from helpdesk_tui.widgets.article_editor import ArticleEditor
from helpdesk_tui.widgets.article_finder import ArticleFinder
from helpdesk_tui.widgets.article_hints import ArticleHints
from helpdesk_tui.widgets.article_list import ArticleList
from helpdesk_tui.widgets.article_reader import ArticleReader, FindField
from helpdesk_tui.widgets.article_search import SearchField
from helpdesk_tui.widgets.article_versions import ArticleVersions, VersionList
from helpdesk_tui.widgets.article_view import ArticleView
from helpdesk_tui.widgets.bulk_writer import BulkWriter
from helpdesk_tui.widgets.category_tree import CategoryTree
from helpdesk_tui.widgets.chat_field import ChatField
from helpdesk_tui.widgets.chat_list import ChatList
from helpdesk_tui.widgets.composer import Composer
from helpdesk_tui.widgets.composer_preview import ComposerPreview
from helpdesk_tui.widgets.composer_text import ComposerText
from helpdesk_tui.widgets.filter_line import FilterField
from helpdesk_tui.widgets.inbox_list import InboxList
from helpdesk_tui.widgets.queue import Queue
from helpdesk_tui.widgets.queue_marks import QueueMarks
from helpdesk_tui.widgets.request_list import RequestList
from helpdesk_tui.widgets.thread import ThreadView
from tests.screens.opened import Team, opened

#: Every widget whose keys are in the table.
WIDGETS: tuple[type[Widget], ...] = (
    Queue,
    QueueMarks,
    ThreadView,
    Composer,
    ComposerPreview,
    BulkWriter,
    ComposerText,
    ArticleView,
    ArticleReader,
    ArticleList,
    SearchField,
    FindField,
    CategoryTree,
    VersionList,
    DiffView,
    ArticleVersions,
    ArticleEditor,
    RequestList,
    InboxList,
    ArticleHints,
    ArticleFinder,
    AdminList,
    ChatList,
    ChatField,
    FilterField,
)
SCREENS: tuple[type[Widget], ...] = (
    AdminScreen,
    DeskScreen,
    KnowledgeScreen,
    InboxScreen,
    CustomerScreen,
    NewRequest,
    NewTicket,
    ChatsScreen,
    MyChatScreen,
    Place,
)


@pytest.mark.parametrize("widget", WIDGETS)
def test_widgets_bind_what_the_table_says(widget: type[Widget]) -> None:
    for binding in widget.BINDINGS:
        assert isinstance(binding, Binding)
        assert binding.id in BY_ID, f"{widget.__name__} binds {binding.key} outside the table"
        assert tuple(binding.key.split(",")) == BY_ID[binding.id].keys, binding.id


def test_every_action_of_a_widget_is_bound() -> None:
    bound = {
        binding.id for widget in (*WIDGETS, *SCREENS) for binding in widget.BINDINGS if isinstance(binding, Binding)
    }
    for action in ACTIONS:
        if action.context != "anywhere" and action.keys:
            assert action.id in bound, action.id


#: Whose bindings are asked one after the other, the nearest first, where the focus is in a widget of a screen.
#: A context without a widget of its own is the screen's.
NEAREST: dict[str, tuple[Context, ...]] = {
    "queue": ("queue", "thread", "anywhere"),
    "thread": ("thread", "queue", "anywhere"),
    "composer": ("composer", "queue", "thread", "anywhere"),
    "finder": ("finder", "queue", "thread", "anywhere"),
    "articles": ("articles", "knowledge", "place", "anywhere"),
    "categories": ("categories", "knowledge", "place", "anywhere"),
    "article": ("article", "knowledge", "place", "anywhere"),
    "versions": ("versions", "knowledge", "place", "anywhere"),
    "customer": ("customer", "anywhere"),
    "request": ("request", "place", "anywhere"),
    "inbox": ("inbox", "place", "anywhere"),
    "chats": ("chats", "place", "anywhere"),
    "my chat": ("my chat", "place", "anywhere"),
    "chat field": ("chat field", "chats", "place", "anywhere"),
}
#: Meant: the nearer one is what the key does there.
SHADOWED = {
    ("queue", "r"): ("desk.reply", "queue.retry"),  # which is there after a failure alone
    ("queue", "escape"): ("queue.unmark", "desk.back"),  # which is there while something is marked alone
    ("composer", "ctrl+g"): ("composer.next_version", "desk.goto"),
    ("composer", "escape"): ("composer.leave", "desk.back"),
    ("finder", "escape"): ("finder.back", "desk.back"),
    ("finder", "slash"): ("finder.search", "desk.filter"),
    ("finder", "t"): ("finder.text", "desk.tags"),
    ("finder", "tab"): ("finder.other_pane", "desk.other_pane"),
    ("article", "N"): ("reader.previous_match", "knowledge.new"),
    ("article", "escape"): ("reader.stop_finding", "place.home"),
    ("article", "slash"): ("reader.find", "knowledge.search"),
    ("versions", "escape"): ("versions.leave", "place.home"),
    ("versions", "shift+tab"): ("versions.other", "knowledge.previous_pane"),
    ("versions", "tab"): ("versions.other", "knowledge.other_pane"),
    ("versions", "v"): ("versions.leave", "knowledge.versions"),
    ("chats", "escape"): ("chats.back", "place.home"),
    ("chat field", "escape"): ("chat_field.leave", "chats.back", "place.home"),
}


@pytest.mark.parametrize("place", NEAREST)
def test_no_key_does_two_things_in_one_place(place: str) -> None:
    widget, *outer = NEAREST[place]
    bound: dict[str, list[str]] = {}
    for context in (widget, *outer):
        for action in ACTIONS:
            # A widget's own keys work in that widget alone; those of the screen and the app everywhere in it.
            if action.context == context and (context == widget or action.action):
                for key in action.keys:
                    bound.setdefault(key, []).append(action.id)
    twice = {(place, key): tuple(ids) for key, ids in bound.items() if len(ids) > 1}
    assert twice == {where: ids for where, ids in SHADOWED.items() if where[0] == place}


@pytest.mark.parametrize("context", ["chats", "my chat"])
def test_what_is_said_in_a_chat_takes_no_key_of_its_screen(context: Context) -> None:
    keys = {key for binding in ThreadView.BINDINGS if isinstance(binding, Binding) for key in binding.key.split(",")}
    taken = {key for action in ACTIONS if action.context == context and action.action for key in action.keys}
    assert not keys & taken


@pytest.mark.parametrize("context", get_args(Context))
def test_no_key_is_given_twice_in_a_context(context: Context) -> None:
    keys = Counter(
        key for action in ACTIONS if action.context == context and action.id != "queue.retry" for key in action.keys
    )
    assert [key for key, number in keys.items() if number > 1] == []


async def test_the_help_lists_every_action_with_its_key(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path, size=(110, 300)) as seen:
        await seen.press("question_mark")
        await seen.until(lambda: seen.shows("Show every key"), "the help")
        shown = seen.text()
        for action in ACTIONS:
            if action.listed and action.context != "place" and offered(action, "agent"):
                assert action.words in shown, action.id
                assert all(key_words(key) in shown for key in action.keys), action.id
        await seen.press("escape")


async def test_the_palette_runs_an_action(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("ctrl+p", *"set the priority")
        await seen.until(lambda: seen.shows("Set the priority"), "the command")
        await seen.pilot.pause(0.3)
        await seen.press("enter")
        await seen.until(lambda: seen.desk.picker.asking, "the question")


async def test_at_most_eight_hints(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path, size=(240, 40)) as seen:
        last = seen.text().splitlines()[-1]
        words = {f"{key_words(action.keys[0])} {action.hint}" for action in ACTIONS if action.hint}
        hints = [one for one in words if one in last]
        assert 3 <= len(hints) <= 8
