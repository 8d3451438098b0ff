"""Screens beside the home screen: opened with a key, kept as they were left, closed to whom they are not for."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar
from uuid import UUID

import pytest
from textual.app import ComposeResult
from textual.widgets import Input, Static

from helpdesk_tui.actions import Context
from helpdesk_tui.core.desk import Desk
from helpdesk_tui.core.dirty import Ids
from helpdesk_tui.core.exchange import Exchange, Job
from helpdesk_tui.core.live import Typing
from helpdesk_tui.core.pool import Line
from helpdesk_tui.core.session import Session
from helpdesk_tui.screens.desk import DeskScreen
from helpdesk_tui.screens.place import Place
from helpdesk_tui.screens.places import HOMES, PLACES, Entry
from tests.screens.opened import Opened, Team, opened, ticket_id


class Library(Place):
    """A place for tests: reads tickets, and has a text field."""

    CONTEXTS: ClassVar[tuple[Context, ...]] = ("knowledge",)

    readings: list[Ids]
    about: UUID | None = None

    def body(self) -> ComposeResult:
        yield Static("The library", markup=False)
        yield Input(id="field")

    def hints(self) -> tuple[str, ...]:
        return ("place.home", "app.help")

    def opened(self, desk: Desk) -> None:
        self.readings = []
        self.follow("tickets", self._read)

    async def _read(self, ids: Ids) -> None:
        self.readings.append(ids)

    def show(self, about: UUID) -> None:
        self.about = about


@pytest.fixture(autouse=True)
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    """K opens the library for everybody, A for admins."""
    monkeypatch.setitem(PLACES, "knowledge", Entry(Library))
    monkeypatch.setitem(PLACES, "admin", Entry(Library, ("admin",)))


def in_library(seen: Opened) -> bool:
    return isinstance(seen.app.screen, Library)


async def test_a_key_opens_a_place_and_esc_leads_home_and_never_out(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path, size=(80, 24)) as seen:
        await seen.press("K")
        await seen.until(lambda: seen.shows("The library"), "the place")
        assert seen.shows("● live")
        assert seen.shows("Esc back")
        place = seen.app.screen
        await seen.press(*"Keep this", "escape")
        await seen.until(lambda: isinstance(seen.app.screen, DeskScreen), "home")
        await seen.press("escape", "escape", "K")
        await seen.until(lambda: in_library(seen), "the place again")
        assert seen.app.screen is place
        assert seen.shows("Keep this")
        assert len(seen.app.screen_stack) == 3
        # In a text field a letter is a letter.
        await seen.press("K")
        assert place.query_one(Input).value == "Keep thisK"


async def test_what_changes_under_another_screen_is_read_once_on_return(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    send = Exchange.send

    async def noted(self: Exchange, line: Line, job: Job, session: Session) -> None:
        asked.append("; ".join(str(statement.sql) for statement in job.statements))
        await send(self, line, job, session)

    monkeypatch.setattr(Exchange, "send", noted)
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("K")
        await seen.until(lambda: in_library(seen), "the place")
        before = -1
        while before != len(asked):  # what the start asks for has come
            before = len(asked)
            await seen.pilot.pause(0.3)
        for title in ("One", "Two", "Three"):
            await team.database.run("update tickets set title = %s where number = 1001", [title])
        place = seen.app.screen
        assert isinstance(place, Library)
        await seen.until(lambda: place.readings, "the library heard of it")
        await seen.pilot.pause(0.3)
        # How many notices there are stands on every screen; when the next ticket wakes is asked for wherever one is.
        everywhere = ("helpdesk.badge", "helpdesk.waking")
        queue = [what for what in asked[before:] if not any(name in what for name in everywhere)]
        assert queue == [], "nobody sees the queue"
        await seen.press("escape")
        await seen.until(lambda: seen.shows("Three"), "the change")


async def test_a_place_is_opened_with_one_thing_in_it_and_so_is_the_desk(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        seen.desk.link.open("knowledge", ticket_id(1001))
        await seen.until(lambda: in_library(seen), "the place")
        place = seen.app.screen
        assert isinstance(place, Library)
        await seen.until(lambda: place.about == ticket_id(1001), "the thing")
        place.link.open("home", ticket_id(1004))
        await seen.until(lambda: seen.shows("Please help with: How to reset"), "the ticket at the desk")


async def test_a_place_is_offered_to_whom_it_is_for_alone(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path / "agent", size=(100, 200)) as seen:
        await seen.press("A")
        await seen.pilot.pause(0.2)
        assert isinstance(seen.app.screen, DeskScreen)
        await seen.press("question_mark")
        await seen.until(lambda: seen.shows("Every key"), "the help")
        assert seen.shows("The knowledge base")
        assert not seen.shows("departments, categories, tags"), "not for agents"
        assert not seen.shows("Chat with us"), "for customers"
    await team.people.sign_up("rhea@example.com", "Rhea Solano", "admin")
    async with opened(team.database, team.admin, tmp_path / "admin") as seen:
        await seen.press("A")
        await seen.until(lambda: in_library(seen), "the admin's place")
        # Demoted, they are out of it at once.
        await team.database.run("update profiles set role = 'agent' where id = %s", [team.admin.id])
        await seen.until(lambda: isinstance(seen.app.screen, DeskScreen), "home")
        await seen.until(lambda: seen.shows("agent"), "who I am now")


async def test_another_role_has_another_home(team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helpdesk_tui.screens.places.HOMES", {**HOMES, "customer": Library})
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("r", *"half a sentence")
        await team.database.run("update profiles set role = 'customer' where id = %s", [team.agent.id])
        await seen.until(lambda: in_library(seen), "a customer's home")
        assert len(seen.app.screen_stack) == 2
        await team.database.run("update profiles set role = 'agent' where id = %s", [team.agent.id])
        await seen.until(lambda: isinstance(seen.app.screen, DeskScreen), "the desk again")
        await seen.until(lambda: seen.shows("Lamp flickers"), "its queue")
        seen.desk.queue.select(ticket_id(1001))
        await seen.press("r")
        await seen.until(lambda: seen.shows("half a sentence"), "the draft")


async def test_who_types_is_heard_while_one_listens(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        heard: list[Typing] = []
        end = seen.desk.link.hearing.on_typing(heard.append)
        typing = "select private.announce_to('person:' || %s::text, jsonb_build_object('typing', jsonb_build_object("
        typing += "'chat', %s::text, 'by', %s::text)))"
        await team.database.run(typing, [team.agent.id, ticket_id(1001), team.customer.id])
        await seen.until(lambda: heard, "who types")
        assert heard == [Typing(chat=ticket_id(1001), by=team.customer.id)]
        end()
        await team.database.run(typing, [team.agent.id, ticket_id(1002), team.customer.id])
        await seen.pilot.pause(0.3)
        assert len(heard) == 1


async def test_a_new_colleague_can_be_assigned_to_without_a_new_start(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await team.people.sign_up("pia@example.com", "Pia Sand", "agent", "Support")
        await team.database.run("select private.announce_to('staff', '{\"people\": []}')")
        await seen.until(lambda: any(each.name == "Pia Sand" for each in seen.desk.asked.staff), "the colleague")
        await seen.press("a", *"pia", "enter")
        await seen.until(lambda: not seen.desk.triage.flying(ticket_id(1001)), "done")
        query = "select full_name from tickets t join profiles p on p.id = t.assignee_id where number = 1001"
        assert await team.value(query) == "Pia Sand"


async def test_badges_are_on_every_status_line(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path, size=(80, 24)) as seen:
        assert not seen.shows("new")
        link = seen.desk.link
        await seen.until(lambda: link.attention is not None and link.attention.looked, "the first look")
        link.set_badges(3, 1)
        await seen.until(lambda: seen.shows("3 new") and seen.shows("1 chat "), "the badges")
        await seen.press("K")
        await seen.until(lambda: in_library(seen) and seen.shows("3 new"), "here too")
        seen.desk.link.set_badges(0, 0)
        await seen.until(lambda: not seen.shows("new"), "none")
