"""Keys that arrive in one read go where they were meant to, as if they had come one by one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual import events

from helpdesk_tui import actions
from helpdesk_tui.escape import Escaped, Parser
from tests.screens.opened import Opened, Team, opened, ticket_id

KEYS = {
    " ": "space", "#": "number_sign", "/": "slash", ":": "colon", "\r": "enter", "\x06": "ctrl+f", "\x13": "ctrl+s",
}  # fmt: skip


def burst(seen: Opened, keys: str) -> None:
    """Send keys as a paste, a macro or a slow link does: all at once, before the first is dealt with."""
    for character in keys:
        key = KEYS.get(character, character)
        seen.app.post_message(events.Key(key, character))


def parsed(data: str) -> list[events.Key]:
    """What is read of the bytes that a terminal sends in one go."""
    parser = Parser()
    return [event for event in (*parser.feed(data), *parser.feed("")) if isinstance(event, events.Key)]


@pytest.mark.parametrize("piece", [1, 2, 5, 7, 1000])
def test_what_is_pasted_is_text_and_no_keys_whatever_stands_in_it(piece: int) -> None:
    sent = "k\x1b[200~on\x1bq and\x1b[A off\x1b\x1b\x07\x9b\r\n\tAgain\x1b[201~j\x1b[200~\x1b\x1b[201~\x1b[B"
    parser = Parser()
    found = [event for at in range(0, len(sent), piece) for event in parser.feed(sent[at : at + piece])]
    told = [event.text if isinstance(event, events.Paste) else getattr(event, "key", "") for event in found]
    assert [each for each in told if each] == ["k", "onq and[A off\r\n\tAgain", "j", "down"]


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        ("\x1bq", "alt+q|q"),
        ("\x1bU", "alt+shift+u|U"),
        ("\x1b:", "alt+colon|colon"),
        ("\x1b\r", "alt+enter|enter"),
        ("\x1b\x13", "alt+ctrl+s|ctrl+s"),
        ("\x1b[", "alt+left_square_bracket|left_square_bracket"),
        # What Textual makes of two: a sign, keys that move by words.
        ("\x1b1", "inverted_exclamation_mark|1"),
        ("\x1bf", "ctrl+right|f"),
        ("\x1bqx", "alt+q|q x"),
        # And what is nothing else than it is.
        ("q", "q"),
        ("\x1b", "escape"),
        ("\x1b\x1b", "escape escape"),
        ("\x1b[A", "up"),
        ("\x1bOP", "f1"),
        ("\x1b[1;3C", "alt+right"),
        ("\x1b[113;3u", "alt+q"),
    ],
)
def test_escape_and_a_key_in_one_read_are_told_from_keys_that_are_one(sent: str, keys: str) -> None:
    told = [f"{key.key}|{key.behind.key}" if isinstance(key, Escaped) else key.key for key in parsed(sent)]
    assert " ".join(told) == keys


async def test_escape_and_the_key_behind_it_in_one_read_are_both_taken(team: Team, tmp_path: Path) -> None:
    own = {"desk.acts": ("alt+q",)}
    settings = replace(team.database.settings, keys=own)
    async with opened(team.database, team.agent, tmp_path, settings=settings) as seen:

        def typed(data: str) -> None:
            for event in parsed(data):
                seen.app.post_message(event)

        try:
            # Out of one question into the next: Alt+M is a key of the queue, and none of a question.
            typed("s\x1bm")
            await seen.until(lambda: seen.desk.choosing and not seen.desk.picker.asking, "the macros")
            await seen.press("escape")
            await seen.until(lambda: seen.desk.queue.has_focus, "the queue")
            typed("s\x1bp")
            typed("u")
            await seen.until(lambda: seen.shows("#1001 priority → urgent"), "asked for and answered")
            await seen.until(lambda: not seen.desk.triage.flying(ticket_id(1001)), "confirmed")
            assert await team.value("select status::text from tickets where number = 1001") == "open"
            # A key with Alt that somebody has given to an action is that.
            typed("\x1bq")
            await seen.until(lambda: seen.shows("Undo which"), "what can be undone")
            typed("\x1b2")
            await seen.until(lambda: not seen.desk.picker.asking and seen.shows("1 of 2"), "left, for another queue")
            # Out of the composer, and by number to another ticket: nothing of that is text.
            seen.desk.queue.select(ticket_id(1001))
            typed("r")
            await seen.until(lambda: seen.desk.pane.composer_has_focus, "the composer")
            composer = seen.desk.pane.composer
            typed("half\x1b1")
            await seen.until(lambda: composer.text.text == "half¡", "a sign, as ever")
            # Its own keys with Alt are its own.
            typed("\x1bm")
            await seen.until(lambda: seen.desk.choosing, "the macros")
            await seen.press("escape")
            await seen.until(lambda: seen.desk.pane.composer_has_focus, "the composer")
            typed("\x1b#1004\r")
            await seen.until(lambda: seen.shows("Please help with: How to reset"), "the other ticket")
            assert composer.text.text in ("half¡", "")
        finally:
            actions.remap({})


async def test_two_keys_in_one_read_are_one_act(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        burst(seen, "sppu")
        await seen.until(lambda: not seen.desk.picker.asking and seen.desk.triage.echoes(ticket_id(1002)), "both acts")
        await seen.until(lambda: not seen.desk.triage.flying(ticket_id(1002)), "confirmed")
        assert await team.value("select status::text from tickets where number = 1001") == "pending"
        assert await team.value("select priority::text from tickets where number = 1002") == "urgent"


async def test_text_behind_r_is_text_and_no_command(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        burst(seen, "rquick answer, sorry: pause if unsure")
        await seen.until(lambda: seen.shows("quick answer, sorry: pause if unsure"), "the text in the composer")
        assert seen.shows("REPLY TO CUSTOMER")
        assert seen.app.is_running
        burst(seen, " and on")
        await seen.until(lambda: seen.shows("if unsure and on"), "the rest")


async def test_a_number_in_one_read_opens_its_ticket(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        burst(seen, "#1004\r")
        await seen.until(lambda: seen.shows("Please help with: How to reset"), "the thread")


async def test_a_path_typed_behind_the_key_is_no_part_of_the_message_and_no_file_is_forgotten(
    team: Team, tmp_path: Path
) -> None:
    (tmp_path / "photo.txt").write_text("photo")
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("r")
        await seen.until(lambda: seen.shows("Please help with: Lamp flickers"), "the thread")
        burst(seen, f"See\x06{tmp_path}/photo.txt\x13")
        await seen.until(lambda: seen.shows("not attached yet: Enter attaches it"), "why it is not sent")
        assert seen.desk.pane.composer.text.text == "See"
        await seen.press("enter")
        await seen.until(lambda: seen.shows("▤ photo.txt"), "the file")
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.shows("Reply sent"), "the confirmation")
        rows = await team.database.run(
            "select m.content, a.name from ticket_attachments a join ticket_messages m on m.id = a.message_id"
        )
        assert rows == [("See", "photo.txt")]


async def test_what_is_sent_and_taken_back_in_one_read_is_in_the_composer_again(team: Team, tmp_path: Path) -> None:
    """The key behind the one that sends is no letter of another answer."""
    settings = replace(team.database.settings, send_delay=60)
    async with opened(team.database, team.agent, tmp_path, settings=settings) as seen:
        await seen.press("r")
        await seen.until(lambda: seen.shows("Please help with: Lamp flickers"), "the thread")
        for text in ("On and off?", " Again?"):
            burst(seen, f"{text}\x13u")
            await seen.until(lambda: seen.shows("Taken back: nothing was sent"), "taken back")
            await seen.until(lambda: seen.desk.pane.composer_has_focus, "to go on with")
            seen.desk.say("")
        assert seen.desk.pane.composer.text.text == "On and off? Again?"
        assert not seen.desk.pane.composer.holding.waiting


async def test_words_behind_two_keys_in_one_read_are_words_and_no_commands(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        burst(seen, "Dwfriday 9:00\r")
        await seen.until(lambda: seen.shows("#1001 due → Fri"), "what was set")
        await seen.until(lambda: not seen.desk.triage.flying(ticket_id(1001)), "confirmed")
        assert await team.value("select due_date is not null from tickets where number = 1001")
