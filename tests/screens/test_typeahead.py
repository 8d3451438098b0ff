"""Keys that arrive in one read go where they were meant to, as if they had come one by one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from textual import events

from tests.screens.opened import Opened, Team, opened, ticket_id

KEYS = {
    " ": "space", "#": "number_sign", "/": "slash", ":": "colon", "\r": "enter", "\x06": "ctrl+f", "\x13": "ctrl+s",
}  # fmt: skip


def burst(seen: Opened, keys: str) -> None:
    """Send keys as a paste, a macro or a slow link does: all at once, before the first is dealt with."""
    for character in keys:
        key = KEYS.get(character, character)
        seen.app.post_message(events.Key(key, character))


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
