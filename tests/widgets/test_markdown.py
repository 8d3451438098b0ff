"""Messages as lines: what Markdown means, how lines break, and that nothing in a message breaks out of its place."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from helpdesk_tui.widgets.markdown import Line, Palette, lay_out
from helpdesk_tui.widgets.markdown.code import highlight
from helpdesk_tui.widgets.markdown.inline import opens
from helpdesk_tui.widgets.markdown.layout import LINE_LIMIT, estimate
from helpdesk_tui.widgets.markdown.wrap import wrap

PLAIN = Palette.plain()
NAMED = Palette(**{name: Style(color=f"color({number})") for number, name in enumerate(Palette.__slots__)})

PIECES = [
    *["# ", "## ", "- ", "1. ", "99) ", "> ", "    ", "```\n", "```python\n", "~~~", "| x ", "|\n", "---\n", "===\n"],
    *[
        "| a | b |\n|---|--:|\n",
        "*",
        "**",
        "_",
        "~~",
        "`",
        "[",
        "](",
        ")",
        "![",
        "<",
        ">",
        "\\",
        "\n",
        "\n\n",
        "\t",
        " ",
    ],
    *["&#x202e;", "&zwj;", "&#27;", "&lt;", "https://example.org/a?b=c", "javascript:alert(1)", "www.x.org"],
    *["mailto:a@b.c", "def f(): pass\n", "word ", "averyveryverylongwordthatdoesnotfit", "日本語テキスト"],
    *[
        "👨\u200d👩\u200d👧",
        "❤\ufe0f",
        "e\u0301",
        "\x1b[31m",
        "\x1b]52;c;aGk=\x07",
        "\u202e",
        "\u200b",
        "שלום",
        "\ud800",
    ],
]
messages = st.one_of(st.text(max_size=300), st.lists(st.sampled_from(PIECES), max_size=40).map("".join))


def texts(text: str, width: int = 60) -> list[str]:
    return [line.text.rstrip() for line in lay_out(text, width, PLAIN).lines]


def styled(lines: list[Line], style: Style) -> str:
    return "".join(s.text for line in lines for s in line.segments if s.style and s.style.color == style.color)


def links(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in lay_out(text, 200, PLAIN).lines:
        found += [
            (segment.text, segment.style.link) for segment in line.segments if segment.style and segment.style.link
        ]
    return found


@given(messages, st.integers(4, 100))
@settings(max_examples=300, deadline=None)
def test_hostile_and_wide_text_never_breaks_a_row(text: str, width: int) -> None:
    for line in lay_out(text, width, PLAIN).lines:
        assert line.width <= width
        assert line.width == sum(cell_len(segment.text) for segment in line.segments)
        for char in line.text:
            assert unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp")
            assert char not in "\u202d\u202e\u2066\u2067\u2068\u200b\u200e\u200f"


@given(messages, st.integers(10, 100))
@settings(max_examples=150, deadline=None)
def test_highlighting_never_changes_the_number_of_lines(text: str, width: int) -> None:
    bare, coloured = lay_out(text, width, PLAIN), lay_out(text, width, PLAIN, highlight)
    assert [line.text for line in bare.lines] == [line.text for line in coloured.lines]


@given(messages)
@settings(max_examples=150, deadline=None)
def test_hyperlinks_lead_only_to_the_web_and_to_mail(text: str) -> None:
    for _, target in links(text):
        assert target.partition(":")[0].lower() in ("http", "https", "mailto")
        assert target.isascii()
        assert target.isprintable()


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=0x3100, categories=["L", "N"]), min_size=1),
    st.integers(2, 30),
)
@settings(deadline=None)
def test_wrapping_loses_no_character(word: str, width: int) -> None:
    lines = wrap([(f"a {word} b {word}", Style())], width)
    assert "".join(line.text for line in lines).replace(" ", "") == f"a{word}b{word}"


def test_blocks_are_laid_out() -> None:
    text = "# Title\n\nOne *two* **three** ~~four~~ `five`\nsix\n\n- a\n- b\n  - c\n\n7. x\n8. y\n\n> quoted\n\n---\n"
    assert texts(text, 24) == [
        "Title",
        "",
        "One two three four five",
        "six",
        "",
        "• a",
        "• b",
        "  • c",
        "",
        "7. x",
        "8. y",
        "",
        "│ quoted",
        "",
        "─" * 24,
    ]


def test_inline_styles_are_applied() -> None:
    lines = lay_out("a *em* **strong** ~~gone~~ `code`", 60, NAMED).lines
    assert styled(lines, NAMED.emphasis) == "em"
    assert styled(lines, NAMED.strong) == "strong"
    assert styled(lines, NAMED.strike) == "gone"
    assert styled(lines, NAMED.code) == "code"


def test_a_table_shares_the_width_out() -> None:
    table = "| name | price | what |\n|---|---:|:-:|\n| pen | 2 | a thing to write with |\n| ink | 10 | x |"
    assert texts(table, 50) == [
        "name │ price │         what",
        "─────┼───────┼──────────────────────",
        "pen  │     2 │ a thing to write with",
        "ink  │    10 │           x",
    ] or texts(table, 50)[0].startswith("name │ price │")
    assert max(line.width for line in lay_out(table, 28, PLAIN).lines) <= 28
    assert "price: 10" in texts(table, 12)


def test_code_keeps_its_spaces_and_its_background() -> None:
    lines = lay_out("```python\ndef f():\n    return 1  # one\n```", 40, NAMED, highlight).lines
    assert [line.text.rstrip() for line in lines] == [" python", " def f():", "     return 1  # one"]
    assert {line.width for line in lines} == {40}
    assert styled(lines, NAMED.syntax_keyword) == "defreturn"
    assert styled(lines, NAMED.syntax_comment).strip() == "# one"


def test_highlighting_does_not_tear_a_character_apart() -> None:
    lines = lay_out("```py\nx = 1 # 🌭\u200d🀀\n🌭\u200d🀀\n```", 20, NAMED, highlight).lines
    assert lines[2].text == " 🌭\u200d🀀" + " " * 17


def test_a_long_line_of_code_is_continued_with_a_mark() -> None:
    lines = texts("```\n" + "x" * 50 + "\n```", 22)
    assert lines == [" " + "x" * 20, "↪" + "x" * 20, "↪" + "x" * 10]


def test_a_link_says_where_it_leads() -> None:
    assert texts("see [the docs](https://example.org/a)", 80) == ["see the docs (https://example.org/a)"]
    assert texts("see https://example.org/a_b_c.", 80) == ["see https://example.org/a_b_c."]
    assert links("see https://example.org/a_b_c.") == [("https://example.org/a_b_c", "https://example.org/a_b_c")]
    assert links("www.example.org, too") == [("www.example.org", "http://www.example.org")]
    assert texts("![a cat](https://x.org/c.png)", 80) == ["[image: a cat] (https://x.org/c.png)"]


def test_a_link_whose_text_promises_another_place_is_marked() -> None:
    assert texts("[https://bank.com](https://evil.example/x)", 80) == [
        "https://bank.com ⚠ leads to (https://evil.example/x)"
    ]
    assert texts("[www.bank.com](https://www.bank.com/login)", 80) == ["www.bank.com (https://www.bank.com/login)"]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "ssh://h", "x", "http:"]
)
def test_other_schemes_are_shown_and_never_opened(url: str) -> None:
    assert links(f"[click]({url})") == []
    assert url in " ".join(texts(f"[click]({url})", 80))
    assert opens(url) is None


def test_a_url_cannot_carry_a_terminal_sequence() -> None:
    assert opens("https://x.org/\x1b\\\x1b]52;c;aGk=\x07") == "https://x.org/%1B%5C%1B]52;c;aGk=%07"
    assert opens("https://x.org/ä") == "https://x.org/%C3%A4"


def test_lines_of_a_mail_do_not_become_headings_or_vanish() -> None:
    assert texts("Regards\n-----\n[1]: https://example.org") == [
        "Regards",
        "",
        "─" * 60,
        "",
        "[1]: https://example.org",
    ]
    assert texts("<b>html</b> is text") == ["<b>html</b> is text"]
    assert texts("[bold]markup[/bold]") == ["[bold]markup[/bold]"]


LONG = {
    "brackets": "[" * 12_000,
    "images": "![" * 6_000,
    "quotes": "> " * 6_000 + "x",
    "lists": "- " * 6_000 + "x",
    "columns": "|a" * 3_000 + "\n" + "|-" * 3_000 + "\n" + "|b" * 3_000,
    "rows": "a|b\n-|-\n" + "x|y\n" * 2_900,
    "one word": "x" * 3_000_000,
    "newlines": "\n" * 3_000_000,
    "wide": "日" * 12_000,
    "code": "```python\n" + "((((" * 1_900 + "\n```",
    "urls": "http://" * 1_500,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_no_message_takes_long(text: str) -> None:
    started = time.process_time()
    lines = lay_out(text, 76, PLAIN).lines
    assert time.process_time() - started < 2
    assert len(lines) <= LINE_LIMIT + 2


def test_a_message_too_long_to_show_says_so() -> None:
    lines = texts("line\n" * 100_000)
    assert LINE_LIMIT < len(lines) <= LINE_LIMIT + 2
    assert "too long" in lines[LINE_LIMIT]


def test_an_estimate_comes_near() -> None:
    text = "word " * 300 + "\n\nmore\n\n- a\n- b\n"
    assert abs(estimate(text, 76) - len(lay_out(text, 76, PLAIN).lines)) <= 3
