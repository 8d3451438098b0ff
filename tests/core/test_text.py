"""Hostile text is made harmless, and honest text is left alone."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from wcwidth import wcswidth

from helpdesk_tui.core.text import MAX_MARKS, clip, safe_block, safe_line

NASTY = [
    *"\x00\x07\x08\t\n\r\x0b\x0c\x1b\x7f\x85\x9b\x9d\x9c[]();mHJ0128 ax\\",
    *"\u00ad\u034f\u061c\u115f\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e",
    *"\u2060\u2064\u2066\u2067\u2068\u2069\u3164\ufeff\ufe0e\ufe0f\uffa0\ufff9\ud800\udfff\ufffe\U000e0001\U000e0067",
    *"\u0301\u0336\u20e3\u093f\u094d\u1160\u11a8",
    *"👨👩🏽🏿❤☁🏳🏴♀🇬é한כם\u3000\u06cc\u062e",
    "\x1b[31m",
    "\x1b]52;c;aGVsbG8=\x07",
    "\x1b]8;;https://example.org\x1b\\",
    "\x1b]0;title\x07",
    "\x1bPq#0\x1b\\",
]
hostile = st.one_of(st.text(), st.lists(st.sampled_from(NASTY), max_size=40).map("".join))

FORBIDDEN = {
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    0x200B,
    0x200E,
    0x200F,
    0x061C,
    0x2028,
    0x2029,
    0xFEFF,
    0x2060,
    0x00AD,
    0x3164,
}


@given(hostile)
@settings(max_examples=400, deadline=None)
def test_a_block_never_holds_a_control_a_reordering_or_an_invisible_character(text: str) -> None:
    safe = safe_block(text)
    for char in safe:
        assert char == "\n" or unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp")
        assert ord(char) not in FORBIDDEN
    safe.encode("utf-8")


def unsettled(char: str) -> bool:
    """Whether terminals do not agree how wide a character is and it is needed to spell all the same: marks of Indic
    scripts that stand beside their letter or join two, and Korean that is written part by part."""
    return unicodedata.category(char) == "Mc" or unicodedata.combining(char) == 9 or "\u1100" <= char <= "\u11ff"


@given(hostile)
@settings(max_examples=400, deadline=None)
def test_rich_and_terminals_agree_how_wide_it_is(text: str) -> None:
    for line in safe_block(text).split("\n"):
        if not any(map(unsettled, line)):
            assert cell_len(line) == wcswidth(line), ascii(line)


@given(hostile)
@settings(max_examples=400, deadline=None)
def test_doing_it_twice_changes_nothing(text: str) -> None:
    assert safe_block(safe_block(text)) == safe_block(text)
    assert safe_line(safe_line(text)) == safe_line(text)


@given(hostile, st.integers(1, 60))
@settings(max_examples=400, deadline=None)
def test_a_line_is_one_line_and_no_longer_than_asked(text: str, limit: int) -> None:
    safe = safe_line(text, limit)
    assert len(safe) <= limit
    assert len(safe.splitlines()) <= 1
    assert safe == safe.strip()


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_plain_text_is_left_alone(text: str) -> None:
    assert safe_block(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "שלום עולם",
        "مرحبا بالعالم",
        "می\u200cخواهم",
        "नमस्ते दुनिया",
        "한국어 日本語 中文",
        "Zürich, Ærø, façade",
        "👍🏽 👨\u200d👩\u200d👧 ❤\ufe0f\u200d🔥 🏳\ufe0f\u200d🌈 👩🏻\u200d❤\ufe0f\u200d💋\u200d👨🏼 🏃\u200d♀\ufe0f",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "• – — “quoted” … ½ ™ €",
        "e\u0301 a\u0302\u0323",
    ],
)
def test_honest_text_in_any_script_is_left_alone(text: str) -> None:
    assert safe_block(text) == text


@pytest.mark.parametrize(
    ("hostile_text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[H gone", " gone"),
        ("\x1b(Bplain", "plain"),
        ("\x1b]8;;http://evil.example\x1b\\bank.example\x1b]8;;\x1b\\", "bank.example"),
        ("\x1b]52;c;cm0gLXJm\x07", "␛]52;c;cm0gLXJm␇"),
        ("\x1b]0;owned\x07", "␛]0;owned␇"),
        ("\x1bP$q\x1b\\", "␛P$q␛\\"),
        ("\x1b\x1b[31m[2J", "␛[2J"),
        ("\x9b31mC1", "\ufffd31mC1"),
        ("bell\x07 nul\x00 del\x7f", "bell␇ nul␀ del␡"),
        ("photo_\u202egpj.exe", "photo_gpj.exe"),
        ("\u2066\u202eadmin\u2069", "admin"),
        ("pay\u200bpal\u00ad.com\ufeff", "paypal.com"),
        ("a\r\nb\rc\u2028d\u2029e\x85f\x0bg", "a\nb\nc\nd\ne\nf\ng"),
        ("a\tb", "a   b"),
        ("half \ud83d", "half \ufffd"),
        ("\u0301first", "◌\u0301first"),
        ("☁\ufe0f", "☁"),
        ("x\u200dy", "xy"),
        ("❤\u200d🔥", "❤🔥"),
        ("🏽", ""),
        ("🇬🇧🇩", "GBD"),
        ("\ufdd0\u0378", "\ufffd\ufffd"),
    ],
)
def test_what_is_hostile_is_shown_or_gone(hostile_text: str, shown: str) -> None:
    assert safe_block(hostile_text) == shown


def test_a_flood_of_combining_marks_is_capped() -> None:
    assert safe_block("z" + "\u0301" * 10_000 + "!") == "z" + "\u0301" * MAX_MARKS + "!"


def test_a_flood_of_joined_emoji_is_capped() -> None:
    assert safe_block("👨\u200d" * 50 + "👨").count("\u200d") < 50


def test_a_line_of_ten_thousand_characters_is_cut() -> None:
    line = safe_line("x" * 10_000)
    assert len(line) == 500
    assert line.endswith("…")
    assert safe_line("x" * 500) == "x" * 500
    assert safe_line("abc", 1) == "…"
    assert safe_line("a\n\n b\t c ") == "a b c"


def test_a_cut_does_not_tear_a_character_apart() -> None:
    assert safe_line("ab👨\u200d👩\u200d👧cd", 5) == "ab…"
    assert clip("ae\u0301", 2) == "a"


def test_markup_of_our_own_libraries_means_nothing() -> None:
    assert safe_block("[bold]x[/bold] [@click=quit]y[/]") == "[bold]x[/bold] [@click=quit]y[/]"


LONG = {"x": "x" * 2_000_000, "OSC": "\x1b]8;;" * 20_000, "marks": "\u0301" * 300_000, "CSI": "\x1b[" * 100_000}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_no_input_is_slow(text: str) -> None:
    started = time.process_time()
    safe_line(text)
    safe_block(text)
    assert time.process_time() - started < 3
