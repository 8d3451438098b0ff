"""What is promised, on a line of the queue and above a thread: a sign, a word and the time left, as time passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from textual.app import App, ComposeResult

from benchmarks.synthetic import NOW, ticket
from helpdesk_tui.ascii import to_ascii
from helpdesk_tui.core.model import More, Ticket
from helpdesk_tui.core.sla import GLYPHS, Promise, Sla
from helpdesk_tui.widgets.queue_row import columns, due_words, row_parts
from helpdesk_tui.widgets.ticket_header import TicketHeader

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def promised(*promises: Promise, **changes: object) -> Ticket:
    """An open ticket to whose requester this is promised."""
    open_one = replace(ticket(0), status="open", due_date=None, tags=(), title="Printer on fire")
    return replace(open_one, more=More(sla=Sla(promises)), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("promise", "short", "words", "style"),
    [
        (Promise("first", NOW + 42 * MINUTE), "◕ reply 42m", "◕ first reply in 42m", "soon"),
        (Promise("next", NOW + 5 * HOUR), "◔ reply 5h", "◔ next reply in 5h", "muted"),
        (Promise("first", NOW - 3 * HOUR), "✖ reply -3h", "✖ first reply 3h overdue", "overdue"),
        (Promise("next", NOW - MINUTE / 2), "✖ reply -1m", "✖ next reply 1m overdue", "overdue"),
        (Promise("resolution", NOW - 12 * HOUR), "✖ solve -12h", "✖ resolution 12h overdue", "overdue"),
        (Promise("resolution", left=5 * HOUR), "‖ solve 5h", "‖ resolution paused, 5h left", "muted"),
    ],
)
def test_time_left_stands_with_sign_and_word(promise: Promise, short: str, words: str, style: str) -> None:
    assert due_words(promised(promise), NOW) == (short, style)
    assert len(short) <= 12
    assert promise.words(NOW) == words
    # Nothing hangs on a colour, and in ASCII the signs differ still.
    assert len({to_ascii(glyph) for glyph in GLYPHS.values()}) == len(GLYPHS)
    assert "?" not in to_ascii(short)


def test_soonest_promise_counts_and_a_sooner_due_date_before_it() -> None:
    both = promised(Promise("first", NOW - 2 * HOUR, met=NOW - 3 * HOUR), Promise("next", NOW + 2 * HOUR),
                    Promise("resolution", NOW + 9 * HOUR))  # fmt: skip
    assert due_words(both, NOW)[0] == "◔ reply 2h"
    assert due_words(replace(both, due_date=NOW + HOUR), NOW)[0] == "in 1h"
    assert due_words(replace(both, due_date=NOW + 3 * HOUR), NOW)[0] == "◔ reply 2h"
    assert due_words(replace(both, status="resolved"), NOW) == ("", "muted")
    assert due_words(promised(Promise("first", NOW, met=NOW - HOUR)), NOW) == ("", "muted")


@pytest.mark.parametrize(
    ("width", "shown"), [(160, "✖ reply -3h "), (80, " ✖ reply -3h Printer on fire"), (50, " ✖ Printer on fire")]
)
def test_late_promise_shows_at_any_width(width: int, shown: str) -> None:
    row = promised(Promise("first", NOW - 3 * HOUR))
    line = "".join(part for part, _ in row_parts(row, columns(width, 5), NOW))
    assert shown in line
    assert len(line) == width


async def test_header_tells_all_promises_in_words_and_repaints_only_what_time_changed() -> None:
    now = NOW

    class Screen(App[None]):
        def compose(self) -> ComposeResult:
            yield TicketHeader(clock=clock)

    def clock() -> datetime:
        return now

    app = Screen()
    async with app.run_test(size=(100, 10)) as pilot:
        header = app.query_one(TicketHeader)
        header.show(ticket(0))
        await pilot.pause()
        assert header.size.height == 3
        header.show(
            promised(
                Promise("first", NOW, met=NOW - HOUR), Promise("next", NOW + 2 * HOUR), Promise("resolution", left=HOUR)
            )
        )
        await pilot.pause()
        assert header.size.height == 4
        assert header.render_line(3).text.split("  ")[:4] == [
            " ✓ first reply met", " ◔ next reply in 2h", " ‖ resolution paused, 1h left", ""
        ]  # fmt: skip
        painted = 0
        refresh = header.refresh

        def counted(*args: object, **how: object) -> TicketHeader:
            nonlocal painted
            painted += 1
            return refresh(*args, **how)  # type: ignore[arg-type]

        header.refresh = counted  # type: ignore[method-assign]
        now = NOW + timedelta(seconds=0)
        header._tick()
        assert painted == 0
        now = NOW + 61 * MINUTE
        header._tick()
        assert painted == 1
        assert "◕ next reply in 59m" in header.render_line(3).text
