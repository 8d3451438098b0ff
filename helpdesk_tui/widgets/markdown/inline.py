"""What stands inside a paragraph: emphasis, code, links. Markdown tokens → styled spans."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote, urlsplit
from uuid import UUID

from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from rich.style import Style

from helpdesk_tui.core.text import safe_block, safe_line
from helpdesk_tui.widgets.markdown.palette import Palette
from helpdesk_tui.widgets.markdown.wrap import Span

__all__ = ["ARTICLE", "bare_url", "inline_spans", "inside", "opens", "plain_spans"]

#: Where a hyperlink may lead. Anything else is shown and never opened.
SCHEMES: Final = ("http", "https", "mailto")
#: What a link to another article of the knowledge base begins with; its id follows.
ARTICLE: Final = "article:"

_URL: Final = re.compile(r"(?:https?://|www\.)[^\s<>\"`|\\^{}]+", re.IGNORECASE)
_URL_HERE: Final = re.compile(r"://[^\s<>\"`|\\^{}]+")
_UNSAFE: Final = re.compile(r"[^\x21-\x7e]|[\"<>\\^`{|}]")
#: HTML that says nothing more than its text does, in articles that were written for the web.
_BREAK: Final = re.compile(r"</?br\s{0,9}/?>", re.IGNORECASE)
_ITEM: Final = re.compile(r"<li\s{0,9}>", re.IGNORECASE)
_TAGS: Final = re.compile(
    r"<a\s+(?:name|id)=[^<>]{0,200}>|</?(?:a|b|center|details|div|em|font|i|kbd|p|li|ol|small|span|strong|sub|summary|sup|u|ul)"
    r"(?:\s+(?!href|src)[a-z-]+=[^<>]{0,200})?\s{0,9}/?>",
    re.IGNORECASE,
)
# What a reader takes for an address: with a scheme or "www.", or with an ending that file names do not have.
_LOOKS_LIKE_HOST: Final = re.compile(
    r"(?:(?:https?://|www\.)(?P<plain>[a-z0-9.-]+)"
    r"|(?P<bare>(?:[a-z0-9-]+\.)+(?:com|org|net|edu|gov|info|io|co|us|uk|de|fr|eu|ch|bank)))(?=[/:?#]|$)",
    re.IGNORECASE,
)


def _trimmed(url: str) -> str:
    """A bare URL without the punctuation of the sentence around it."""
    while url:
        last = url[-1]
        if (
            last in ".,;:!?'*_~"
            or (last == ")" and url.count(")") > url.count("("))
            or (last == "]" and "[" not in url)
        ):
            url = url[:-1]
        else:
            break
    return url


def bare_url(state: StateInline, silent: bool) -> bool:
    """A rule for the parser: a URL in plain text is a link, and what is in it is no Markdown."""
    if state.linkLevel or state.src[state.pos] != ":":
        return False
    scheme = next((one for one in ("https", "http") if state.pending.lower().endswith(one)), "")
    if not scheme or state.pending[-len(scheme) - 1 : -len(scheme)].isalnum():
        return False
    match = _URL_HERE.match(state.src, state.pos, state.posMax)
    rest = _trimmed(match.group()) if match else ""
    if len(rest) <= len("://"):
        return False
    if not silent:
        url = state.pending[-len(scheme) :] + rest
        state.pending = state.pending[: -len(scheme)]
        opening = state.push("link_open", "a", 1)
        opening.attrs = {"href": url}
        opening.markup = "bare"
        state.push("text", "", 0).content = url
        state.push("link_close", "a", -1)
    state.pos += len(rest)
    return True


def opens(url: str) -> str | None:
    """A URL in the form that a terminal or a browser may be given, or None where it may not be opened."""
    scheme, separator, rest = url.partition(":")
    if not separator or scheme.lower() not in SCHEMES or not rest.strip("/"):
        return None
    return _UNSAFE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match.group().encode("utf-8", "replace")), url)


def inside(url: str, *, reading: bool = False) -> str | None:
    """Where a link leads that stays in the helpdesk, in one form for each place; None for any other.

    Args:
        url: ``article:`` and an id, or ``#`` and the name of a heading of the same text.
        reading: whether it stands in an article, where headings can be gone to.
    """
    if reading and url.startswith("#") and len(url) > 1:
        return "#" + safe_line(unquote(url[1:]), 200).casefold()
    if not url.lower().startswith(ARTICLE):
        return None
    try:
        return f"{ARTICLE}{UUID(url[len(ARTICLE) :].strip('/ '))}"
    except ValueError:
        return None


def plain_spans(text: str, palette: Palette, base: Style | None = None) -> list[Span]:
    """Text that is not Markdown: only bare URLs in it are marked."""
    style = palette.text if base is None else base
    spans: list[Span] = []
    start = 0
    for match in _URL.finditer(text):
        shown = _trimmed(match.group())
        target = opens(shown if "://" in shown[:8] else f"http://{shown}")
        if not target:
            continue
        if match.start() > start:
            spans.append((text[start : match.start()], style))
        spans.append((shown, style + palette.link + Style(link=target)))
        start = match.start() + len(shown)
    if start < len(text) or not spans:
        spans.append((text[start:], style))
    return spans


def inline_spans(
    tokens: Sequence[Token], palette: Palette, base: Style | None = None, *, reading: bool = False
) -> list[Span]:
    """The children of an inline token as styled spans; line breaks are newlines in them.

    Every text is made safe here again: Markdown decodes entities, and ``&#x202e;`` was harmless before.

    Args:
        tokens: as parsed.
        palette: the styles.
        base: the style of what has none of its own.
        reading: whether they stand in an article: then a link's target is told when the link is chosen, headings can be
            linked to, and the HTML that articles are sprinkled with leaves no trace.
    """
    return _Inline(palette, palette.text if base is None else base, reading).run(tokens)


class _Inline:
    def __init__(self, palette: Palette, base: Style, reading: bool) -> None:
        self._palette = palette
        self._reading = reading
        self._styles = [base]
        self._spans: list[Span] = []
        self._links: list[tuple[str, int]] = []

    def run(self, tokens: Sequence[Token]) -> list[Span]:
        palette = self._palette
        for token in tokens:
            match token.type:
                case "text" | "text_special" | "html_inline":
                    self._text(token.content)
                case "softbreak" | "hardbreak":
                    self._spans.append(("\n", self._styles[-1]))
                case "code_inline":
                    self._spans.append((safe_block(token.content), self._styles[-1] + palette.code))
                case "em_open":
                    self._styles.append(self._styles[-1] + palette.emphasis)
                case "strong_open":
                    self._styles.append(self._styles[-1] + palette.strong)
                case "s_open":
                    self._styles.append(self._styles[-1] + palette.strike)
                case "em_close" | "strong_close" | "s_close":
                    self._styles.pop()
                case "link_open":
                    self._open_link(str(token.attrs.get("href", "")))
                case "link_close":
                    self._close_link()
                case "image":
                    alt = safe_line(token.content) or "image"
                    self._open_link(str(token.attrs.get("src", "")))
                    self._spans.append((f"[image: {alt}]", self._styles[-1]))
                    self._close_link()
                case _:
                    self._text(token.content)
        return self._spans

    def _text(self, content: str) -> None:
        text = safe_block(content)
        if self._reading and "<" in text:
            text = _TAGS.sub("", _BREAK.sub("\n", _ITEM.sub("\n• ", text)))
            text = text if self._spans else text.lstrip("\n")
        if not text:
            return
        if not self._links and "www." in text:
            self._spans += plain_spans(text, self._palette, self._styles[-1])
        else:
            self._spans.append((text, self._styles[-1]))

    def _open_link(self, url: str) -> None:
        self._links.append((url, len(self._spans)))
        target = opens(url) or inside(url, reading=self._reading)
        style = self._styles[-1] + self._palette.link
        self._styles.append(style + Style(link=target) if target else style)

    def _close_link(self) -> None:
        """Say where the link leads, unless its text said so already."""
        url, first = self._links.pop()
        style = self._styles.pop()
        shown = "".join(text for text, _ in self._spans[first:]).strip()
        where = safe_line(url, 2000)
        if not where or _same(shown, url):
            return
        base = self._styles[-1]
        note = _named_host(shown)
        if not note and shown and style.link and (self._reading or inside(url)):
            return  # it is told when the link is chosen; and an id says nothing to people
        if note and note != _host(url):
            self._spans.append((" ⚠ leads to", base + self._palette.warning))
        link = Style(link=style.link) if style.link else Style.null()
        self._spans += ((" ", base), (f"({where})", base + self._palette.url + link))


def _same(shown: str, url: str) -> bool:
    """Whether a link's text is its target, so that showing both would only be noise."""
    plain = unquote(url).removeprefix("mailto:").rstrip("/")
    return unquote(shown).rstrip("/") in (plain, plain.partition("://")[2], url.rstrip("/"))


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _named_host(shown: str) -> str | None:
    """The host that a link's text seems to promise, or None."""
    match = _LOOKS_LIKE_HOST.match(shown)
    return (match["plain"] or match["bare"]).lower().removeprefix("www.") if match else None
