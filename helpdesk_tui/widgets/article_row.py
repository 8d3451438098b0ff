"""What one article says in a list, at any width: pure text and the names of styles, free of Textual."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from uuid import UUID

from rich.cells import cell_len, set_cell_size

from helpdesk_tui.core.text import safe_block
from helpdesk_tui.core.wording import ago
from helpdesk_tui.widgets.article_style import STATUS_GLYPHS
from helpdesk_tui.widgets.queue_row import Part, fit, plain

if TYPE_CHECKING:
    from helpdesk_tui.core.knowledge import Article, ArticleRow, ArticleStatus, Hit

__all__ = ["Item", "of_article", "of_hit", "of_row", "row_lines", "title_pattern"]

#: So much of a passage may stand before the first word that was found.
LEAD: Final = 24


@dataclass(frozen=True, slots=True)
class Item:
    """An article in a list. ``snippet`` and ``spans`` are what a search found, both empty in a plain list."""

    id: UUID
    title: str
    status: ArticleStatus
    category: str | None
    updated_at: datetime
    author: str | None = None
    snippet: str = ""
    spans: tuple[tuple[int, int], ...] = ()


def of_hit(hit: Hit) -> Item:
    """What a search found."""
    return Item(
        hit.article_id, hit.title, hit.status, hit.category, hit.updated_at, snippet=hit.snippet, spans=hit.spans
    )


def of_article(article: Article) -> Item:
    """An article that is open."""
    return Item(article.id, article.title, article.status, article.category, article.updated_at, article.author)


def of_row(row: ArticleRow, category: str | None) -> Item:
    """An article of a list; ``category`` is its category's name."""
    return Item(row.id, row.title, row.status, category, row.updated_at, row.author)


@lru_cache(16)
def title_pattern(words: str) -> re.Pattern[str] | None:
    """What is marked in a title: the beginnings of words that were typed."""
    typed = sorted(re.findall(r"\w{2,}", words), key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(map(re.escape, typed)) + ")", re.IGNORECASE) if typed else None


def row_lines(
    item: Item, width: int, now: datetime, *, staff: bool, passages: bool, words: str = "", cursor: bool = False
) -> list[list[Part]]:
    """An article's one or two lines.

    Args:
        item: which.
        width: cells, at least 10.
        now: what ages are counted from.
        staff: whether drafts and archived articles are told from others, and who wrote them.
        passages: whether a second line shows what was found.
        words: what was searched for, to be marked in the title.
        cursor: whether the list's cursor is on it.

    Returns:
        For each line its text and the names of the styles; each takes exactly ``width`` cells.
    """
    marker: Part = ("▌ " if cursor else "  ", "")
    when = ago(now - item.updated_at).rjust(4)
    facts = ""
    if not passages and width >= 60:
        names = [plain(item.category or ""), plain(item.author or "") if staff and width >= 100 else ""]
        facts = "  " + " · ".join(filter(None, names))
        facts = facts if cell_len(facts) <= width // 3 else fit(facts, width // 3)
    label: list[Part] = []
    if staff and item.status != "published":
        label = [(f"{STATUS_GLYPHS.get(item.status, '?')} {item.status}", item.status), (" ", "")]
    taken = 2 + sum(cell_len(text) for text, _ in label) + cell_len(facts) + len(when) + 1
    title = fit(plain(item.title) or "(no title)", max(width - taken, 4))
    first = [marker, *label, *_titled(title, words), (facts, "about"), (f" {when}", "about")]
    lines = [_exactly(first, width)]
    if passages:
        category = plain(item.category or "")
        lead: list[Part] = [("  ", "")]
        if category:
            lead += [(fit(category, min(cell_len(category), max(width // 4, 8))), "category"), (" · ", "about")]
        room = width - sum(cell_len(text) for text, _ in lead)
        lines.append(_exactly([*lead, *_passage(item, room)], width))
    return lines


def _titled(title: str, words: str) -> list[Part]:
    pattern = title_pattern(words) if words else None
    if pattern is None:
        return [(title, "title")]
    parts: list[Part] = []
    at = 0
    for match in pattern.finditer(title):
        parts += [(title[at : match.start()], "title"), (match.group(), "match")]
        at = match.end()
    return [*parts, (title[at:], "title")]


def _passage(item: Item, room: int) -> list[Part]:
    """The passage, begun late enough that the first word that was found is in it."""
    pieces: list[tuple[str, bool]] = []
    at = 0
    for start, end in sorted(item.spans):
        if not at <= start < end <= len(item.snippet):
            continue  # a span that does not fit is no reason to show nothing
        pieces += [(item.snippet[at:start], False), (item.snippet[start:end], True)]
        at = end
    pieces.append((item.snippet[at:], False))
    shown = [(" ".join(safe_block(text).split("\n")), found) for text, found in pieces if text]
    if shown and not shown[0][1] and len(shown) > 1 and cell_len(shown[0][0]) > max(room // 2, LEAD):
        tail = shown[0][0][-LEAD:]
        shown[0] = ("…" + tail[tail.find(" ") + 1 if " " in tail else 0 :], False)
    return [(text, "match" if found else "about") for text, found in shown]


def _exactly(parts: Iterable[Part], width: int) -> list[Part]:
    """Parts cut with "…" or filled up to a width."""
    out: list[Part] = []
    left = width
    for text, style in parts:
        size = cell_len(text)
        if size > left:
            if left > 0:
                out.append(("…" if left == 1 else set_cell_size(text, left - 1).rstrip() + "…", style))
                out[-1] = (fit(out[-1][0], left), style)
            return out
        if text:
            out.append((text, style))
            left -= size
    return [*out, (" " * left, "")] if left else out
