"""Writing with keys: modes, sending and what comes back, drafts, the editor, hostile clipboards."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from helpdesk_tui.core.journal import Journal
from tests.widgets.thread_samples import OWNER, ComposerApp, message, sample, ticket, with_more

TICKET = ticket().id


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.open(tmp_path / "drafts.sqlite3")
    yield journal
    journal.close()


async def keys(pilot: Pilot[None], text: str, *keys: str) -> None:
    """Write a text (all but its last character at once: a pilot's key takes a while), then press keys."""
    app = pilot.app
    assert isinstance(app, ComposerApp)
    app.composer.text.insert(text[:-1])
    await pilot.press(text[-1], *keys)


async def kept(pilot: Pilot[None], journal: Journal, text: str, within: float = 10.0) -> bool:
    """Whether the journal gets a reply of these words while nothing else happens."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        draft = journal.load(OWNER, TICKET, "reply")
        if draft is not None and draft.content == text:
            return True
        await pilot.pause(0.05)
    return False


# Modes


async def test_the_mode_is_unmistakable_and_the_recipient_is_named() -> None:
    app = ComposerApp()
    async with app.run_test(size=(100, 24)) as pilot:

        def head() -> str:
            return " ".join(str(app.composer.query_one(name).render()) for name in ("#composer-mode", "#composer-to"))

        assert head() == " REPLY TO CUSTOMER  to Ada Byron · #1042"
        reply = app.composer.query_one("#composer-mode").styles.background, app.composer.text.styles.background
        await pilot.press("ctrl+o")
        assert head() == " INTERNAL NOTE  for staff only, Ada Byron never sees it · #1042"
        note = app.composer.query_one("#composer-mode").styles.background, app.composer.text.styles.background
        assert reply[0] != note[0]
        assert reply[1] != note[1]


async def test_switching_keeps_separate_drafts() -> None:
    app = ComposerApp()
    async with app.run_test() as pilot:
        await keys(pilot, "dear", "ctrl+o")
        await keys(pilot, "psst", "ctrl+o")
        assert (app.composer.internal, app.composer.text.text) == (False, "dear")
        await pilot.press("ctrl+z", "ctrl+z", "ctrl+z")  # undo does not reach into the other text
        assert "psst" not in app.composer.text.text
        await pilot.press("f2")
        assert (app.composer.internal, app.composer.text.text) == (True, "psst")
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert [(send.internal, send.content) for send in app.sends] == [(True, "psst")]


async def test_drafts_do_not_cross_tickets() -> None:
    app = ComposerApp()
    async with app.run_test() as pilot:
        await keys(pilot, "for one")
        app.write(number=7)
        await keys(pilot, "for seven")
        app.write()
        assert app.composer.text.text == "for one"
        app.write(number=7)
        assert app.composer.text.text == "for seven"
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert [(send.ticket_id, send.content) for send in app.sends] == [(ticket(7).id, "for seven")]


# Sending


@pytest.mark.parametrize("key", ["ctrl+s", "ctrl+enter", "alt+enter"])
async def test_every_send_key_sends(key: str) -> None:
    app = ComposerApp()
    async with app.run_test() as pilot:
        await keys(pilot, "hi\nthere", key)
        await pilot.pause()
        send = app.sends[0]
        assert (send.ticket_id, send.content, send.internal, send.then_status) == (TICKET, "hi\nthere", False, None)
        assert send.after_id == sample().newest_message
        assert app.told == "Sending …"
        await pilot.press(key, *"x")
        await pilot.pause()
        assert len(app.sends) == 1  # not twice, and not changed on its way
        app.composer.sent(send.message_id)
        await pilot.pause()
        assert app.left == [True]
        assert app.composer.is_empty


@pytest.mark.parametrize("key,status", [("alt+r", "resolved"), ("alt+p", "pending")])
async def test_sending_can_set_the_status(key: str, status: str) -> None:
    app = ComposerApp()
    async with app.run_test() as pilot:
        await keys(pilot, "hi", key)
        await pilot.pause()
        assert [send.then_status for send in app.sends] == [status]
        assert app.sends[0].content == "hi"


async def test_alt_and_a_letter_is_not_the_letter() -> None:
    """A terminal sends Esc and the letter; Textual makes one key of it that would also be printable."""
    app = ComposerApp()
    async with app.run_test() as pilot:
        await keys(pilot, "hi")
        app.post_message(events.Key("alt+r", "r"))
        await pilot.pause()
        await pilot.pause()
        assert [send.content for send in app.sends] == ["hi"]
        assert app.sends[0].then_status == "resolved"


async def test_a_failed_send_puts_everything_back() -> None:
    app = ComposerApp()
    async with app.run_test() as pilot:
        await keys(pilot, "half an hour of work", "ctrl+s")
        await pilot.pause()
        app.composer.failed(app.sends[0].message_id, "The database does not answer.")
        await pilot.pause()
        assert app.composer.text.text == "half an hour of work"
        assert app.told == "✗ Not sent: The database does not answer. Nothing is lost, ^S tries again"
        assert not app.composer.text.read_only
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert app.sends[0].message_id == app.sends[1].message_id
        assert app.sends[0].content == app.sends[1].content


async def test_a_stale_reply_is_told_and_one_key_sends_it_anyway() -> None:
    app = ComposerApp()
    async with app.run_test() as pilot:
        await keys(pilot, "hi", "alt+r")
        await pilot.pause()
        news = message(9, "Never mind!", ago=timedelta(0))
        app.update(with_more(sample(), news))
        app.composer.refused_stale(app.sends[0].message_id, [news.id])
        await pilot.pause()
        assert app.told == "⚠ Not sent: 1 new message since you began, shown above. ^Y sends anyway"
        assert app.composer.text.text == "hi"
        await pilot.press("ctrl+y")
        await pilot.pause()
        again = app.sends[1]
        assert (again.message_id, again.content) == (app.sends[0].message_id, "hi")
        assert (again.after_id, again.then_status) == (news.id, "resolved")


async def test_a_message_that_came_while_writing_holds_the_reply_before_it_is_sent() -> None:
    app = ComposerApp()
    async with app.run_test() as pilot:
        await keys(pilot, "hi")
        app.update(with_more(sample(), message(9, "one", ago=timedelta(0)), message(10, "two", ago=timedelta(0))))
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert app.sends == []
        assert "2 new messages since you began, shown above" in app.told


async def test_ctrl_y_sends_nothing_when_nothing_is_stale() -> None:
    app = ComposerApp()
    async with app.run_test() as pilot:
        await keys(pilot, "hi", "ctrl+z", "ctrl+y")
        await pilot.pause()
        assert app.sends == []
        assert app.composer.text.text == "hi"


async def test_an_answer_for_a_message_no_longer_on_the_screen_is_taken() -> None:
    app = ComposerApp()
    async with app.run_test() as pilot:
        await keys(pilot, "first", "ctrl+s")
        await pilot.pause()
        app.write(number=7)
        await keys(pilot, "second")
        app.composer.sent(app.sends[0].message_id)
        await pilot.pause()
        assert app.composer.text.text == "second"
        assert app.left == []
        app.write()
        assert app.composer.is_empty


async def test_an_answer_that_never_comes_gives_the_text_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helpdesk_tui.widgets.composer.ANSWER_SECONDS", 0.05)
    app = ComposerApp()
    async with app.run_test() as pilot:
        await keys(pilot, "hi", "ctrl+s")
        await pilot.pause(0.2)
        assert "no answer came" in app.told
        app.composer.sent(app.sends[0].message_id)  # it does come, late
        await pilot.pause()
        assert app.composer.is_empty


# Keeping


async def test_a_draft_is_kept_within_a_second_of_a_key(journal: Journal) -> None:
    app = ComposerApp(journal)
    async with app.run_test() as pilot:
        await pilot.press("a")
        assert await kept(pilot, journal, "a")


async def test_a_draft_is_kept_while_typing_goes_on(journal: Journal) -> None:
    app = ComposerApp(journal)
    async with app.run_test() as pilot:
        end = time.monotonic() + 20
        draft = None
        while (draft is None or len(draft.content) < 2) and time.monotonic() < end:
            await pilot.press("a")
            draft = journal.load(OWNER, TICKET, "reply")
        assert draft is not None
        assert len(draft.content) >= 2


async def test_escape_leaves_and_keeps_the_draft(journal: Journal) -> None:
    app = ComposerApp(journal)
    async with app.run_test() as pilot:
        await keys(pilot, "kept", "escape")
        await pilot.pause()
        assert app.left == [False]
        assert app.composer.text.text == "kept"
        draft = journal.load(OWNER, TICKET, "reply")
        assert draft is not None
        assert draft.content == "kept"


async def test_a_draft_is_there_again_in_the_next_window(journal: Journal) -> None:
    first = ComposerApp(journal)
    async with first.run_test() as pilot:
        await keys(pilot, "carried over")
    second = ComposerApp(journal)
    async with second.run_test() as pilot:
        assert second.composer.text.text == "carried over"
        assert second.told.startswith("Your draft of ")
        await pilot.press("ctrl+s")
        await pilot.pause()
        draft = journal.load(OWNER, TICKET, "reply")
        assert draft is not None
        assert second.sends[0].message_id == draft.message_id


async def test_a_journal_that_fails_is_told_and_the_text_stays(journal: Journal) -> None:
    journal._connection.execute("pragma query_only = on")
    app = ComposerApp(journal)
    async with app.run_test() as pilot:
        await keys(pilot, "precious")
        await pilot.pause(0.6)
        assert app.told.startswith("⚠ Drafts cannot be written to")
        assert app.composer.text.text == "precious"
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert [send.content for send in app.sends] == ["precious"]


WRITER = """
import asyncio, sys
from pathlib import Path
from helpdesk_tui.core.journal import Journal
from tests.widgets.thread_samples import ComposerApp

async def main():
    app = ComposerApp(Journal.open(Path(sys.argv[1])))
    async with app.run_test() as pilot:
        await pilot.press(*"written before the end")
        await pilot.pause(1.0)
        sys.__stdout__.write("typed\\n")
        sys.__stdout__.flush()
        await asyncio.sleep(60)

asyncio.run(main())
"""


def test_what_was_written_a_second_ago_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "drafts.sqlite3"
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root}
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True, env=environment, cwd=root
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "typed\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    journal = Journal.open(path)
    draft = journal.load(OWNER, TICKET, "reply")
    journal.close()
    assert draft is not None
    assert draft.content == "written before the end"


# Editor, quotation, clipboard


@contextlib.contextmanager
def lent() -> Iterator[None]:
    """A terminal that is lent to an editor."""
    yield


def editor(tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "my editor.py"
    path.write_text(script)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f"'{sys.executable}' '{path}'")
    monkeypatch.setattr(ComposerApp, "suspend", lambda self: lent())


async def test_the_editor_goes_on_with_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = """
import os, pathlib, stat, sys
path = pathlib.Path(sys.argv[1])
assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
path.write_text(path.read_text() + " and more\\x1b[31m \\u202e\\n")
"""
    editor(tmp_path, script, monkeypatch)
    app = ComposerApp()
    async with app.run_test() as pilot:
        await keys(pilot, "some", "ctrl+e")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.composer.text.text == "some and more "
        await pilot.press("ctrl+z")
        assert app.composer.text.text == "some"


async def test_the_desk_lives_on_while_the_editor_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closing = tmp_path / "close"
    script = f"""
import pathlib, sys, time
while not pathlib.Path({str(closing)!r}).exists():
    time.sleep(0.01)
pathlib.Path(sys.argv[1]).write_text("written there")
"""
    editor(tmp_path, script, monkeypatch)
    app = ComposerApp()
    async with app.run_test() as pilot:
        await keys(pilot, "some", "ctrl+e")
        app.update(with_more(sample(), message(9, "wait", ago=timedelta(0))))  # heard while it is open
        await asyncio.sleep(0.05)
        assert app.composer.text.text == "some"
        closing.touch()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.composer.text.text == "written there"
        assert "1 new message since you began" in app.told


async def test_an_editor_that_fails_gives_the_terminal_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(tmp_path, "import sys; sys.exit(1)", monkeypatch)
    given_back = []

    @contextlib.contextmanager
    def as_textual_does() -> Iterator[None]:
        yield
        given_back.append(True)

    monkeypatch.setattr(ComposerApp, "suspend", lambda self: as_textual_does())
    app = ComposerApp()
    async with app.run_test() as pilot:
        await keys(pilot, "some", "ctrl+e")
        await app.workers.wait_for_complete()
        assert given_back == [True]


async def test_an_editor_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(tmp_path, "import sys; open(sys.argv[1], 'w').close(); sys.exit(1)", monkeypatch)
    app = ComposerApp()
    async with app.run_test() as pilot:
        await keys(pilot, "some", "ctrl+e")
        await app.workers.wait_for_complete()
        assert app.composer.text.text == "some"
        monkeypatch.setenv("EDITOR", "/no/such/editor")
        await pilot.press("ctrl+e")
        await app.workers.wait_for_complete()
        assert app.composer.text.text == "some"


async def test_a_quotation_of_a_note_goes_into_no_reply() -> None:
    app = ComposerApp()
    async with app.run_test():
        app.composer.insert_quote("> secret\n", internal=True)
        assert app.composer.is_empty
        app.composer.insert_quote("> public\n")
        assert app.composer.text.text == "> public\n"
        app.write(internal=True)
        app.composer.insert_quote("> secret\n", internal=True)
        assert app.composer.text.text == "> secret\n"


async def test_a_hostile_clipboard_brings_no_control_characters() -> None:
    app = ComposerApp()
    async with app.run_test() as pilot:
        app.composer.text.post_message(events.Paste("a\tb\r\n\x1b[31mred\x1b]52;c;aGk=\x07 \u202egpj.exe"))
        await pilot.pause()
        assert app.composer.text.text == "a\tb\nred␛]52;c;aGk=␇ gpj.exe"


async def test_an_empty_message_is_not_sent() -> None:
    app = ComposerApp()
    async with app.run_test() as pilot:
        await pilot.press("enter", "ctrl+s")
        await pilot.pause()
        assert app.sends == []


@pytest.mark.parametrize("width", [80, 160])
async def test_the_preview_shows_how_it_will_look_beside_the_text_or_in_its_place(width: int) -> None:
    app = ComposerApp()
    async with app.run_test(size=(width, 30)) as pilot:
        composer = app.composer
        await keys(pilot, "It is **important**", "alt+v")
        await pilot.pause()

        def drawn() -> str:
            return "".join(composer.preview.render_line(0).text).rstrip()

        assert drawn() == "┊ It is important"
        assert composer.text.display is (width == 160 or composer.has_class("-beside"))
        assert composer.has_class("-beside") is (composer.size.width >= 76)
        if composer.text.has_focus:
            await keys(pilot, " now", "a")
            await pilot.pause()
            assert "now" in drawn()
        await pilot.press("alt+v")
        await pilot.pause()
        assert not composer.preview.display
        assert composer.text.has_focus
