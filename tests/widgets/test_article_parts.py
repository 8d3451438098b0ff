"""An article in parts: where headings are and are not, the names that links call them by, hostile texts."""

from __future__ import annotations

import time

import pytest

from helpdesk_tui.widgets.article_parts import contents, parts, slug
from helpdesk_tui.widgets.markdown import Palette, lay_out
from helpdesk_tui.widgets.markdown.layout import MARKDOWN_LIMIT
from tests.widgets.article_samples import HOSTILE, TEXT


def test_every_heading_begins_a_part_and_nothing_is_lost() -> None:
    found = parts(TEXT)
    assert [(h.level, h.words, h.name) for _, h in contents(found)] == [
        (2, "What you need", "what-you-need"),
        (3, "Tools", "tools"),
        (2, "The table", "the-table"),
        (2, "Resetting by script", "resetting-by-script"),
    ]
    assert "\n".join(part.text for part in found).split() == TEXT.split()


@pytest.mark.parametrize(
    "text",
    [
        "```\n# no heading\n```",
        "~~~~\n# no\n~~~\n# no\n~~~~",
        "    # code",
        "#hashtag",
        "- a\n  # nested",
        "```\n# open",
    ],
)
def test_what_is_no_heading(text: str) -> None:
    assert contents(parts(text)) == []


def test_headings_are_read_without_their_markup_and_named_once_each() -> None:
    found = contents(parts("# **Bold** `code` [link](http://x) ##\n\n# Same\n\n# Same\n\n#\n"))
    assert [(heading.words, heading.name) for _, heading in found] == [
        ("Bold code link", "bold-code-link"),
        ("Same", "same"),
        ("Same", "same-1"),
    ]
    assert slug("Method 1: reset!") == "method-1-reset"


def test_a_long_text_is_torn_between_paragraphs_and_never_inside_a_block() -> None:
    code = "```\n" + "a = 1\n\n" * 1000 + "```"
    items = "\n\n".join(f"{n}. item" for n in range(1, 900))
    found = parts("\n\n".join([*["A paragraph. " * 20] * 200, code, items]))
    assert len(found) > 10
    assert all(part.text.count("```") in (0, 2) for part in found)
    assert all(len(part.text) <= MARKDOWN_LIMIT for part in found if "```" not in part.text and "item" not in part.text)
    assert sum("item" in part.text for part in found) == 1, "a list that goes on after an empty line stays one"


def test_hostile_texts_take_no_time() -> None:
    began = time.perf_counter()
    for text in (
        HOSTILE,
        "#" * 200_000,
        "# " + "[" * 200_000,
        "# " + "*_`" * 100_000,
        "`" * 200_000 + "\n# a",
        "\n" * 200_000,
    ):
        parts(text)
    assert time.perf_counter() - began < 20, "squares of that take minutes"


def test_html_that_only_dresses_words_leaves_no_trace_in_an_article_and_the_rest_stays_text() -> None:
    def lines(text: str, *, reading: bool) -> list[str]:
        return [line.text.rstrip() for line in lay_out(text, 60, Palette.plain(), reading=reading).lines]

    text = 'a<br>b <b>c</b> <a name="x"></a><user> `<br>` <a href="http://evil.example">d</a>\n\n<details>\n\nend'
    assert lines(text, reading=True) == ["a", 'b c <user> <br> <a href="http://evil.example">d', "", "end"]
    assert "<br>b <b>c</b>" in lines(text, reading=False)[0]
    table = "| A | B |\n|---|---|\n| x | <ul><li>one</li><li>two</li></ul> |"
    assert lines(table, reading=True)[2:] == ["x │ • one", "  │ • two"]
