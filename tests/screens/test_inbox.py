"""The inbox, its keys, the badges on every status line, and the bell."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from textual import events

from helpdesk_tui import bell
from helpdesk_tui.app import HelpdeskApp
from helpdesk_tui.core.errors import Unreachable
from helpdesk_tui.core.notices import Notices
from helpdesk_tui.core.session import SignIn
from helpdesk_tui.core.tokens import MemoryStore
from helpdesk_tui.screens import attention
from helpdesk_tui.screens.chats import ChatsScreen
from helpdesk_tui.screens.inbox import InboxScreen
from tests.db.noticing import say
from tests.screens.opened import Opened, Team, ticket_id
from tests.screens.talking import begun, chats_of
from tests.screens.test_customer import check
from tests.world import Person


class Seen(Opened):
    """The app as a person sees it, whichever home screen they have."""

    @property
    def inbox(self) -> InboxScreen:
        """The inbox, which is on top."""
        assert isinstance(self.app.screen, InboxScreen)
        return self.app.screen

    async def enter_inbox(self) -> InboxScreen:
        """Press I and wait for the lines."""
        await self.press("I")
        await self.until(lambda: isinstance(self.app.screen, InboxScreen), "the inbox")
        await self.until(lambda: self.inbox.list.state != "loading", "its lines")
        return self.inbox

    def unread(self) -> int:
        """What the badge says."""
        assert self.app.link is not None
        return self.app.link.badges[0]


@asynccontextmanager
async def opened(
    team: Team, person: Person, tmp_path: Path, size: tuple[int, int] = (80, 24), **settings: Any
) -> AsyncIterator[Seen]:
    chosen = replace(team.database.settings, **settings)
    sign_in = SignIn(chosen, MemoryStore())
    sign_in.session = person.session
    app = HelpdeskApp(chosen, sign_in, person.session, drafts=tmp_path / "drafts.sqlite3")
    async with app.run_test(size=size) as pilot:
        seen = Seen(app, pilot)
        await seen.until(lambda: app.link is not None and app.link.state[0] == "live", "live")
        await seen.until(lambda: app.link is not None and app.link.attention is not None, "attention")
        yield seen
        await app.leave()


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Badges follow at once: nothing here is about how seldom they do."""
    monkeypatch.setattr(attention, "GAP", 0.05)
    monkeypatch.setattr(attention, "JITTER", 0.0)


async def written(team: Team, *numbers: int, words: str = "Any news?") -> None:
    """The customer writes in tickets, as the last thing that happened in the order given."""
    connection = await team.people.connect_as(team.customer)
    for number in numbers:
        await say(connection, ticket_id(number), words)


async def reads(team: Team, person: Person) -> dict[UUID, bool]:
    """By ticket, whether its line is read."""
    rows = await team.database.run("select ticket_id, read from public.notifications where user_id = %s", [person.id])
    return {ticket: read for ticket, read in rows if ticket}


async def test_unread_count_stands_in_every_status_line_and_follows(team: Team, tmp_path: Path) -> None:
    async with opened(team, team.agent, tmp_path) as seen:
        assert seen.unread() == 0
        await written(team, 1003, 1004, 1004)
        await seen.until(lambda: seen.shows("2 new"), "the badge on the desk")
        await seen.enter_inbox()
        assert seen.shows("2 new")
        # Read on another device.
        other = await team.people.connect_as(team.agent)
        await other.execute("update public.notifications set read = true where ticket_id = %s", [ticket_id(1003)])
        await seen.until(lambda: seen.shows("1 new") and len(seen.inbox.list.items) == 1, "the badge and the line go")


async def test_one_ticket_is_one_line_with_words_for_what_happened(team: Team, tmp_path: Path) -> None:
    await written(team, 1004, 1004)
    colleague = await team.people.connect_as(team.colleague)
    await say(colleague, ticket_id(1004), "@mira, \x1b[31mlook\x1b]0;owned\x07 [b]here[/b]", note=True)
    async with opened(team, team.agent, tmp_path) as seen:
        inbox = await seen.enter_inbox()
        assert len(inbox.list.items) == 1
        assert seen.shows("@ #1004 How to reset")
        assert seen.shows("1 mention, 2 replies · “@mira, look")
        assert seen.shows("[b]here[/b]")
        assert "\x1b" not in seen.text()


async def test_moving_over_lines_reads_none_and_marking_goes_on_to_the_next(team: Team, tmp_path: Path) -> None:
    await team.database.run("update public.tickets set assignee_id = %s where number = 1002", [team.agent.id])
    await written(team, 1002, 1003, 1004)
    async with opened(team, team.agent, tmp_path) as seen:
        inbox = await seen.enter_inbox()
        await seen.press("j", "k", "G", "g", "down")
        assert set((await reads(team, team.agent)).values()) == {False}
        assert inbox.list.selected is not None
        assert inbox.list.selected.ticket_id == ticket_id(1003)
        await seen.press("e")
        # At once, before the database has answered.
        assert [each.ticket_id for each in inbox.list.items] == [ticket_id(1004), ticket_id(1002)]
        assert inbox.list.selected is not None
        assert inbox.list.selected.ticket_id == ticket_id(1002)
        await seen.press("space")
        await seen.until(lambda: seen.unread() == 1, "two are read")
        assert await reads(team, team.agent) == {ticket_id(1002): True, ticket_id(1003): True, ticket_id(1004): False}
        await seen.press("u")
        await seen.until(lambda: inbox.list.selected and inbox.list.selected.ticket_id == ticket_id(1002), "undone")
        await seen.press("u")
        await seen.until(lambda: len(inbox.list.items) == 3 and seen.unread() == 3, "all undone")
        assert set((await reads(team, team.agent)).values()) == {False}
        await seen.press("u")
        await seen.until(lambda: seen.shows("Nothing to undo"), "nothing left")


async def test_everything_is_marked_at_once_and_shown_with_f_and_undone(team: Team, tmp_path: Path) -> None:
    await written(team, 1003, 1004)
    async with opened(team, team.agent, tmp_path) as seen:
        inbox = await seen.enter_inbox()
        await seen.press("asterisk")
        assert seen.inbox.list.state == "empty"
        await seen.until(lambda: seen.shows("Nothing unread.") and seen.unread() == 0, "nothing unread")
        await seen.press("f")
        await seen.until(lambda: len(inbox.list.items) == 2, "all of them")
        assert seen.shows("Inbox: all, 0 unread")
        assert all(each.read for each in inbox.list.items)
        await seen.press("u")
        await seen.until(lambda: not any(each.read for each in inbox.list.items), "unread again")
        await seen.press("E")
        await seen.until(lambda: seen.unread() == 0, "read once more")
        assert set((await reads(team, team.agent)).values()) == {True}


async def test_enter_opens_the_ticket_and_that_reads_it(team: Team, tmp_path: Path) -> None:
    await written(team, 1003, 1004)
    async with opened(team, team.agent, tmp_path) as seen:
        await seen.enter_inbox()
        await seen.press("j", "enter")
        await seen.until(lambda: seen.shows("Please help with: Loom arrived broken"), "the ticket")
        await seen.until(lambda: seen.unread() == 1, "its line is read")
        assert await reads(team, team.agent) == {ticket_id(1003): True, ticket_id(1004): False}
        # Opened from the queue it is read too; and so is what comes while it is before one's eyes.
        await seen.press("escape", "number_sign", *"1004", "enter")
        await seen.until(lambda: seen.shows("Please help with: How to reset"), "the other ticket")
        await seen.until(lambda: seen.unread() == 0, "read")
        await written(team, 1004)
        await seen.until(lambda: seen.shows("Any news?"), "the message")
        await seen.pilot.pause(0.5)
        assert seen.unread() == 0
        assert (await reads(team, team.agent))[ticket_id(1004)]


async def test_what_came_after_a_line_was_shown_is_not_marked_with_it(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await written(team, 1004)
    async with opened(team, team.agent, tmp_path) as seen:
        await seen.enter_inbox()
        assert seen.app.link is not None
        seen.app.link.deafen()
        await written(team, 1004)
        await seen.press("e")
        await seen.until(lambda: seen.shows("it stays unread"), "said")
        await seen.until(lambda: seen.shows("2 replies"), "it is back")


async def test_mark_that_fails_is_taken_back_aloud(team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await written(team, 1004)

    async def fails(*_: object) -> list[UUID]:
        raise Unreachable("The database does not answer.")

    async with opened(team, team.agent, tmp_path) as seen:
        inbox = await seen.enter_inbox()
        monkeypatch.setattr(Notices, "mark", fails)
        await seen.press("e")
        await seen.until(lambda: seen.shows("NOT marked: The database does not answer."), "said")
        await seen.until(lambda: len(inbox.list.items) == 1, "it is back")


async def test_loading_empty_and_failed_do_not_look_alike(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> object:
        raise Unreachable("The database does not answer.")

    async with opened(team, team.agent, tmp_path) as seen:
        with monkeypatch.context() as broken:
            broken.setattr(Notices, "look", fails)
            await seen.press("I")
            await seen.until(lambda: seen.shows("✗ The database does not answer."), "failed")
            assert seen.inbox.list.state == "failed"
        await seen.press("r")
        await seen.until(lambda: seen.shows("Nothing unread."), "empty")
        await seen.press("f")
        await seen.until(lambda: seen.shows("Nothing has happened yet."), "empty too")
        assert seen.shows("Inbox: all, 0 unread")


async def test_long_inbox_is_read_on_as_one_goes_down(team: Team, tmp_path: Path) -> None:
    await team.database.run(
        """insert into public.notifications (user_id, type, title, kinds, updated_at)
           select %s, 'news', 'Line ' || n, '{"news": 1}', now() - n * interval '1 minute'
             from generate_series(1, 120) n""",
        [team.agent.id],
    )
    async with opened(team, team.agent, tmp_path) as seen:
        inbox = await seen.enter_inbox()
        assert len(inbox.list.items) == 50
        assert seen.shows("99 new")
        await seen.press("G")
        await seen.until(lambda: len(inbox.list.items) == 100, "the next page")
        await seen.press("G")
        await seen.until(lambda: len(inbox.list.items) == 120, "the last page")
        await seen.press("G")
        await seen.until(lambda: seen.shows("Line 120"), "the last line")
        assert [each.title for each in inbox.list.items] == [f"Line {n}" for n in range(1, 121)]
        # Everything is also what is further down than was read.
        await team.database.run("update public.notifications set read = updated_at > now() - interval '1 hour'")
        await seen.press("f")
        await seen.until(lambda: seen.shows("Inbox: all, 61 unread") or seen.shows("Inbox: all, 60 unread"), "all")
        await seen.press("asterisk")
        await seen.until(lambda: seen.unread() == 0, "everything is read")


async def test_waiting_chats_are_counted_for_whoever_may_take_them(team: Team, tmp_path: Path) -> None:
    customer = await team.people.connect_as(team.customer)
    async with opened(team, team.agent, tmp_path, size=(120, 24)) as seen:
        await customer.execute("select helpdesk.chat_open(%s, 'Help', %s, 'hello')", [uuid4(), uuid4()])
        await seen.until(lambda: seen.shows("1 waiting chat"), "the badge")
        await seen.enter_inbox()
        assert seen.shows("A chat is waiting")
        assert seen.shows("Nothing unread.")
    async with opened(team, team.customer, tmp_path, size=(120, 24)) as seen:
        await seen.enter_inbox()
        assert not seen.shows("waiting")


async def test_a_line_about_a_chat_opens_that_chat_and_is_read(team: Team, tmp_path: Path) -> None:
    others = [await team.people.sign_up(f"asker{n}@example.com", f"Asker {n}") for n in range(2)]
    chats = [await begun(team, f"Question {n}", other) for n, other in enumerate(others)]
    async with chats_of(team, team.agent, "agent") as mine:
        for chat, other in zip(chats, others, strict=True):
            await mine.accept(chat)
            async with chats_of(team, other, "customer") as theirs:
                await theirs.send(chat, uuid4(), f"Anybody, {chats.index(chat)}?")
    async with opened(team, team.agent, tmp_path) as seen:
        inbox = await seen.enter_inbox()
        await seen.until(lambda: len(inbox.list.items) == 2, "a line for each chat")
        # The older of the two, which the chats would not open by themselves.
        await seen.press("G", "enter")
        await seen.until(lambda: isinstance(seen.app.screen, ChatsScreen), "the chats")
        screen = seen.app.screen
        assert isinstance(screen, ChatsScreen)
        await seen.until(lambda: seen.shows("Anybody, 0?") and seen.shows("Write here"), "what was said in it")
        assert screen.conversation.chat is not None
        assert screen.conversation.chat.id == chats[0]
        await seen.until(lambda: seen.unread() == 1, "its line is read, the other is not")


async def test_settings_turn_a_kind_and_its_bell_off_for_every_device(team: Team, tmp_path: Path) -> None:
    async with opened(team, team.agent, tmp_path) as seen:
        await seen.enter_inbox()
        await seen.press("comma")
        await seen.until(lambda: seen.inbox.settings.preferences is not None, "the settings")
        assert seen.shows("A ticket is assigned to you")
        await seen.press("j", "space", "j", "b", "escape")
        stored = "select preferences from public.profiles where id = %s"
        kept = {"reply": {"on": False, "bell": True}, "mention": {"on": True, "bell": False}}
        for _ in range(100):
            if await team.value(stored, team.agent.id) == {"notices": kept}:
                break
            await seen.pilot.pause(0.05)
        assert await team.value(stored, team.agent.id) == {"notices": kept}
        assert seen.inbox.list.has_focus
        await written(team, 1003)
        assert await reads(team, team.agent) == {}
        await seen.press("comma")
        await seen.until(lambda: seen.shows("– off"), "as it was left")
        # Quiet hours and a digest, in words.
        settings, inbox = seen.inbox.settings, seen.inbox
        settings.action_by(99)
        settings.action_by(-1)

        async def write(words: str) -> None:
            await seen.press("enter")
            await seen.until(lambda: inbox.prompt.asking and inbox.prompt.field.has_focus, "the question")
            inbox.prompt.field.value = words
            await seen.press("enter")

        async def kept_now() -> object:
            return await team.value("select preferences -> 'notices' from public.profiles where id = %s", team.agent.id)

        await write("22:00-7:65")
        await seen.until(lambda: seen.shows("“7:65” is no time of day. Such as 22:00-07:00, or off."), "what is wrong")
        await seen.until(lambda: inbox.prompt.asking and inbox.prompt.field.value == "22:00-7:65", "asked again")
        inbox.prompt.field.value = "22:00-7:00 mon-fri"
        await seen.press("enter")
        await seen.until(lambda: seen.shows("Quiet hours: 22:00 to 07:00, mon tue wed thu fri"), "kept")
        assert seen.shows("Quiet hours, in which nothing rings")
        settings.action_by(1)
        await write("15 min")
        await seen.until(lambda: seen.shows("Bells are held: 15 min"), "kept")
        quiet = {"from": "22:00", "to": "07:00", "days": [0, 1, 2, 3, 4]}
        assert await kept_now() == {**kept, "quiet": quiet, "digest": 15}
        link = seen.app.link
        assert link is not None
        attention = link.attention
        assert attention is not None
        await seen.until(lambda: attention.badges.quiet and attention.badges.digest == 15, "heeded at once")
        await write("off")
        await seen.until(lambda: seen.shows("Bells are held: not at all"), "rings at once")
        settings.action_by(-1)
        await write("off")
        await seen.until(lambda: seen.shows("Quiet hours: off"), "none any more")
        assert await kept_now() == kept
        # Esc leaves what is written, and once more the settings.
        await seen.press("enter", "escape")
        assert settings.has_focus
        await seen.press("escape")
        assert inbox.list.has_focus


async def test_customers_inbox_speaks_plain_words_and_shows_no_note(team: Team, tmp_path: Path) -> None:
    agent = await team.people.connect_as(team.agent)
    await say(agent, ticket_id(1004), "Hold it for ten seconds.")
    await say(agent, ticket_id(1004), "SECRET", note=True)
    await agent.execute("update public.tickets set status = 'resolved' where number = 1004")
    async with opened(team, team.customer, tmp_path) as seen:
        await seen.enter_inbox()
        assert seen.shows("✓ #1004 How to reset")
        assert seen.shows("1 answer, solved · “Hold it for ten seconds.”")
        check(seen)
        await seen.press("comma")
        await seen.until(lambda: seen.shows("We answer one of your requests"), "plain words")
        check(seen)
        await seen.press("escape", "enter")
        await seen.until(lambda: seen.shows("Hold it for ten seconds.") and seen.unread() == 0, "the request, read")
        await say(agent, ticket_id(1004), "And once more.")
        await seen.until(lambda: seen.shows("And once more."), "an answer before one's eyes")
        await seen.pilot.pause(0.4)
        assert await reads(team, team.customer) == {ticket_id(1004): True}
        await seen.press("I", "f")
        await seen.until(lambda: isinstance(seen.app.screen, InboxScreen) and len(seen.inbox.list.items) == 1, "all")
        check(seen)


# -- the bell ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was sent to the terminal past Textual's drawing."""
    found: list[str] = []
    make = bell.sequence

    def sequence(how: str, words: str) -> str:
        if text := make(how, words):
            found.append(text)
        return text

    monkeypatch.setattr(bell, "sequence", sequence)
    return found


async def test_bell_rings_only_while_the_window_is_not_in_front_and_not_twice_in_a_moment(
    team: Team, tmp_path: Path, sent: list[str]
) -> None:
    async with opened(team, team.agent, tmp_path) as seen:
        await written(team, 1003)
        await seen.until(lambda: seen.unread() == 1, "a line")
        await seen.pilot.pause(0.2)
        assert sent == []
        seen.app.post_message(events.AppBlur())
        await seen.until(lambda: not seen.app.app_focus, "not in front")
        # One's own act, from another device.
        own = await team.people.connect_as(team.agent)
        await own.execute("select helpdesk.assign(array[%s::uuid], %s)", [ticket_id(1001), team.agent.id])
        await seen.pilot.pause(0.3)
        assert sent == []
        await written(team, 1004)
        await seen.until(lambda: sent, "the bell")
        await written(team, 1003, 1004)
        await seen.pilot.pause(0.5)
        assert sent == ["\a"]


async def test_kind_without_a_bell_is_told_silently(team: Team, tmp_path: Path, sent: list[str]) -> None:
    await team.database.run(
        """update public.profiles set preferences = '{"notices": {"reply": {"bell": false}}}' where id = %s""",
        [team.agent.id],
    )
    async with opened(team, team.agent, tmp_path, notify="osc9") as seen:
        await seen.until(
            lambda: seen.app.link and seen.app.link.attention and seen.app.link.attention.badges.preferences
        )
        seen.app.post_message(events.AppBlur())
        await seen.until(lambda: not seen.app.app_focus, "not in front")
        await written(team, 1003)
        await seen.until(lambda: seen.unread() == 1, "a line")
        await seen.pilot.pause(0.2)
        assert sent == []
        colleague = await team.people.connect_as(team.colleague)
        await team.database.run("update public.tickets set title = %s where number = 1004", ["\x1b]0;owned\x07 \x9c x"])
        await say(colleague, ticket_id(1004), "@mira", note=True)
        await seen.until(lambda: sent, "the notification")
        (told,) = sent
        assert told.startswith("\x1b]9;Helpdesk: You were mentioned in: ")
        assert told.endswith("x\x1b\\")
        assert not any(ord(each) < 32 or 127 <= ord(each) < 160 for each in told[2:-2])


async def test_chat_that_waits_rings_for_whoever_may_take_it(team: Team, tmp_path: Path, sent: list[str]) -> None:
    customer = await team.people.connect_as(team.customer)
    async with opened(team, team.agent, tmp_path, notify="osc9") as seen:
        seen.app.post_message(events.AppBlur())
        await seen.until(lambda: not seen.app.app_focus, "not in front")
        await customer.execute("select helpdesk.chat_open(%s, 'Help', %s, 'hello')", [uuid4(), uuid4()])
        await seen.until(lambda: sent, "the notification")
        assert sent == ["\x1b]9;Helpdesk: A chat is waiting\x1b\\"]


async def test_quiet_hours_ring_nothing_and_a_digest_tells_once_how_much_happened(
    team: Team, tmp_path: Path, sent: list[str]
) -> None:
    prefer = "update public.profiles set preferences = jsonb_build_object('notices', %s::jsonb) where id = %s"
    quiet = '{"quiet": {"from": "00:00", "to": "00:00", "days": [0, 1, 2, 3, 4, 5, 6]}}'
    await team.database.run(prefer, [quiet, team.agent.id])
    async with opened(team, team.agent, tmp_path, notify="osc9") as seen:
        await seen.until(lambda: seen.app.link and seen.app.link.attention and seen.app.link.attention.badges.quiet)
        link = seen.app.link
        assert link is not None
        watched = link.attention
        assert watched is not None
        seen.app.post_message(events.AppBlur())
        await seen.until(lambda: not seen.app.app_focus, "not in front")
        await written(team, 1003)
        await seen.until(lambda: seen.unread() == 1, "the inbox fills")
        assert sent == []
        await team.database.run(prefer, ['{"digest": 15}', team.agent.id])
        await written(team, 1004)
        await seen.until(lambda: len(watched._held) == 1, "held")
        await written(team, 1003)
        await seen.until(lambda: len(watched._held) == 2, "held, too")
        assert sent == []
        watched._tell_held()  # a quarter of an hour later
        (told,) = sent
        assert told.startswith("\x1b]9;Helpdesk: 2 things happened: Reply on: ")
        assert watched._held == []


async def test_a_program_of_ones_own_is_told_and_that_it_fails_is_said_once(team: Team, tmp_path: Path) -> None:
    told = tmp_path / "told"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ncat > {told}\nexit 1\n")
    program.chmod(0o755)
    async with opened(team, team.agent, tmp_path, notify="command", notify_command=str(program)) as seen:
        await seen.until(lambda: seen.app.link and seen.app.link.attention and seen.app.link.attention.looked)
        seen.app.post_message(events.AppBlur())
        await seen.until(lambda: not seen.app.app_focus, "not in front")
        await written(team, 1003)
        await seen.until(lambda: told.exists() and told.read_text().endswith("\n"), "told")
        event = json.loads(told.read_text())
        assert event["events"] == [{"kind": "reply", "title": event["words"]}]
        await seen.until(lambda: seen.shows("program ended with 1"), "said")


def test_nothing_is_sent_where_it_is_off() -> None:
    assert bell.sequence("off", "words") == ""


# -- since I left -----------------------------------------------------------------------------------------------------


async def test_what_changed_since_one_left_is_told_at_the_start_and_listed_with_one_key(
    team: Team, tmp_path: Path
) -> None:
    await team.database.run(
        "insert into private.last_here (person_id, here_at) values (%s, now() - interval '2 hours')", [team.agent.id]
    )
    colleague = await team.people.connect_as(team.colleague)
    await colleague.execute("select helpdesk.assign(array[%s], %s)", [ticket_id(1001), team.agent.id])
    await colleague.execute(
        "insert into public.ticket_messages (ticket_id, sender_id, content, is_internal) values (%s, %s, 'look', true)",
        [ticket_id(1001), team.colleague.id],
    )
    async with opened(team, team.agent, tmp_path) as seen:
        await seen.until(lambda: seen.shows("changed since you left · S"), "told at the start")
        await seen.press("S")
        await seen.until(lambda: seen.shows("changed since you left, 2h ago"), "the list")
        assert seen.shows("#1001 Tomás Vega wrote a note, given to you by Tomás Vega")
        await seen.press("enter")
        await seen.until(lambda: seen.desk.pane.ticket is not None and seen.desk.pane.ticket.number == 1001, "opened")
