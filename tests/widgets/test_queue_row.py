"""One line of the queue: exactly as wide as asked, whatever is in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from unicodedata import category

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from benchmarks.synthetic import NOW, ticket
from helpdesk_tui.core.model import PRIORITIES, STATUSES, More, Priority, Status
from helpdesk_tui.widgets.queue_row import (
    PRIORITY_GLYPHS,
    STATUS_GLYPHS,
    Mark,
    columns,
    due_words,
    fit,
    headings,
    plain,
    row_parts,
)

HOSTILE = {
    "title sequence": "\x1b]0;owned\x07title",
    "cursor movement": "\x1b[2J\x1b[1;1Hgone",
    "controls": "a\rb\nc\td\x00e\x7f\x9b31m",
    "bidi override": "\u202egnp.exe",
    "wide": "漢字" * 40,
    "joined emoji": "\U0001f469\u200d\U0001f469\u200d\U0001f467 family \u2764\ufe0f \U0001f44d\U0001f3fd",
    "flag": "\U0001f1e9\U0001f1ea",
    "tagged flag": "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "marks": "e" + "\u0301" * 50,
    "empty": "",
    "spaces": "   ",
    "markup": "[bold red]markup[/] and [link=https://x]y",
    "surrogate": "\ud800 lone",
}


def text(width: int, **changes: object) -> str:
    row = replace(ticket(0), **changes)  # type: ignore[arg-type]
    return "".join(part for part, _ in row_parts(row, columns(width, 8), NOW))


@given(
    title=st.text(max_size=120),
    requester=st.text(max_size=40),
    assignee=st.none() | st.text(max_size=40),
    tags=st.lists(st.text(max_size=12), max_size=4),
    width=st.integers(0, 200),
    number=st.integers(1, 10**12),
    status=st.sampled_from(STATUSES),
    priority=st.sampled_from(PRIORITIES),
    mark=st.builds(Mark, st.booleans(), st.booleans(), st.booleans()),
    hours=st.none() | st.integers(-(10**5), 10**5),
)
def test_line_is_exactly_as_wide_as_asked_whatever_the_texts(
    title: str,
    requester: str,
    assignee: str | None,
    tags: list[str],
    width: int,
    number: int,
    status: Status,
    priority: Priority,
    mark: Mark,
    hours: int | None,
) -> None:
    row = replace(
        ticket(0),
        title=title,
        requester=requester,
        assignee=assignee,
        tags=tuple(tags),
        number=number,
        status=status,
        priority=priority,
        due_date=None if hours is None else NOW + timedelta(hours=hours),
    )
    layout = columns(width, len(str(number)) + 1)
    parts = row_parts(row, layout, NOW, mark=mark)
    line = "".join(part for part, _ in parts)
    assert cell_len(line) == width
    assert not any(category(char) == "Cc" for char in line)
    assert cell_len(headings(layout, "due")) == width


@pytest.mark.parametrize("width", [33, 58, 79, 99, 159])
@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_and_wide_text_does_not_move_the_columns_behind_it_in_a_terminal(width: int, hostile: str) -> None:
    screen = pyte.Screen(width + 4, 3)
    stream = pyte.Stream(screen)
    stream.feed(text(width, title=hostile, requester=hostile, assignee=hostile, tags=(hostile,)) + "|\r\n")
    stream.feed(text(width, title="plain", requester="plain", assignee="plain", tags=()) + "|")
    cells = [[screen.buffer[y][x].data[:1] or " " for x in range(width + 4)] for y in (0, 1)]
    assert "".join(cells[0]).index("now") == "".join(cells[1]).index("now")
    assert cells[0][width] == cells[1][width] == "|"
    assert screen.title == ""


def test_plain_keeps_words_and_drops_what_terminals_measure_differently() -> None:
    assert plain("Grüße aus 大阪 \U0001f44d\U0001f3fd!") == "Grüße aus 大阪 👍!"
    assert plain("\U0001f469\u200d\U0001f469\u200d\U0001f467") == "👩👩👧"


@pytest.mark.parametrize(
    "given_text, cells, expected",
    [
        ("abc", 5, "abc  "),
        ("abcdef", 4, "abc…"),
        ("漢字漢字", 5, "漢字…"),
        ("漢字漢字", 4, "漢… "),
        ("漢", 1, "…"),
        ("a b c", 3, "a… "),
        ("abc", 0, ""),
    ],
)
def test_fit_cuts_with_an_ellipsis_and_never_half_a_character(given_text: str, cells: int, expected: str) -> None:
    assert fit(given_text, cells) == expected


def test_what_sleeps_says_when_it_is_back() -> None:
    asleep = More(snoozed=NOW + timedelta(hours=2, minutes=20))
    for width, words in (
        (159, "back in 2h Lamp"),
        (79, "back in 2h Lamp"),
        (40, "◷ 2h Lamp"),
        (22, "◷ 2h Lamp"),
        (14, "Lamp"),
    ):
        assert words in text(width, title="Lamp", due_date=None, more=asleep), width
    assert "back" not in text(79, more=More(snoozed=NOW))
    assert "back in 5d" in text(79, more=More(snoozed=NOW + timedelta(days=5)))


def test_overdue_is_said_in_words_and_only_of_tickets_that_are_not_done() -> None:
    late = replace(ticket(0), due_date=NOW - timedelta(days=3), status="open")
    assert due_words(late, NOW) == ("overdue 3d", "overdue")
    assert due_words(replace(late, status="resolved"), NOW)[0] == ""
    assert due_words(replace(late, due_date=NOW + timedelta(hours=5)), NOW) == ("in 5h", "soon")
    assert due_words(replace(late, due_date=NOW + timedelta(days=5)), NOW) == ("in 5d", "muted")
    for width in (79, 99, 159):
        assert "overdue" in text(width, due_date=late.due_date, status="open")
    assert "! " in text(20, due_date=late.due_date, status="open")


@pytest.mark.parametrize("width", [60, 79, 99, 159])
def test_status_and_priority_are_glyph_and_word_and_colour(width: int) -> None:
    for status in STATUSES:
        for priority in PRIORITIES:
            row = replace(ticket(0), status=status, priority=priority)
            parts = row_parts(row, columns(width, 8), NOW)
            named = {style: part for part, style in parts}
            assert f"{STATUS_GLYPHS[status]} {status}" in named[f"status-{status}"]
            assert f"{PRIORITY_GLYPHS[priority]} {priority}" in named[f"priority-{priority}"]


def test_glyphs_differ_and_take_one_cell() -> None:
    glyphs = [*STATUS_GLYPHS.values(), *PRIORITY_GLYPHS.values()]
    assert len(set(glyphs)) == len(glyphs)
    assert all(cell_len(glyph) == 1 for glyph in glyphs)


def test_wide_line_has_every_column_and_a_narrow_one_the_ones_that_matter() -> None:
    wide = text(159, assignee="Noor Haddad", tags=("billing",), due_date=NOW + timedelta(days=2))
    for words in ("#1000000", "Cannot print", "Ada Okafor", "Noor Haddad", "in 2d", "now", "#billing"):
        assert words in wide
    middle = text(79)
    for words in ("#1000000", "Cannot print", "Ada Okafor", "now"):
        assert words in middle
    narrow = text(45)
    for words in ("○", "▽", "#1000000", "Cannot print", "now"):
        assert words in narrow
    assert "Cann" in text(16)


def test_cursor_shows_without_colour() -> None:
    row, layout = ticket(0), columns(79, 8)
    assert row_parts(row, layout, NOW, mark=Mark(cursor=True))[0][0].startswith("▌")
    assert not row_parts(row, layout, NOW)[0][0].startswith("▌")


def test_marks_of_changed_and_pending_rows_show_without_colour() -> None:
    row, layout = ticket(0), columns(79, 8)
    assert "".join(part for part, _ in row_parts(row, layout, NOW, mark=Mark(fresh=True)))[1] == "•"
    pending = row_parts(row, layout, NOW, mark=Mark(pending=True))
    assert "".join(part for part, _ in pending)[1] == "…"
    assert {style for _, style in pending[1:]} == {"pending"}


def test_assigned_to_me_says_you() -> None:
    row = ticket(1)
    assert row.assignee_id is not None
    parts = row_parts(row, columns(159, 8), NOW, me=row.assignee_id)
    assert ("you" in [part.strip() for part, style in parts if style == "you"]) is True


@pytest.mark.parametrize("width", [44, 52, 59])
def test_where_there_is_little_room_status_and_priority_keep_short_words(width: int) -> None:
    for status in STATUSES:
        for priority in PRIORITIES:
            row = replace(ticket(0), status=status, priority=priority)
            named = {style: part.strip() for part, style in row_parts(row, columns(width, 8), NOW)}
            assert named[f"status-{status}"] == f"{STATUS_GLYPHS[status]} {status[:4]}"
            assert named[f"priority-{priority}"].startswith(f"{PRIORITY_GLYPHS[priority]} {priority[:3]}")


def test_a_draft_is_marked_with_a_word_where_there_is_room() -> None:
    for width, words in ((159, "✎ draft Cannot print"), (79, "✎ "), (30, "✎ ")):
        assert words in "".join(part for part, _ in row_parts(ticket(0), columns(width, 8), NOW, mark=Mark(draft=True)))
