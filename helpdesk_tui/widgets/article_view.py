"""An article as lines: where the reader is in it, its links, what is found in it.

The widget never asks a database: whoever owns it says :meth:`ArticleView.show_loading`, then
:meth:`~ArticleView.show` or :meth:`~ArticleView.show_failed`.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.actions import SkipAction
from textual.binding import BindingType

from helpdesk_tui.core.text import harmless
from helpdesk_tui.widgets.article_body import ArticleBody, State
from helpdesk_tui.widgets.article_style import COMPONENT_CLASSES, CSS
from helpdesk_tui.widgets.keys import bound, moving
from helpdesk_tui.widgets.thread_links import open_link

__all__ = ["ArticleView", "State"]


class ArticleView(ArticleBody):
    """One article.

    Args:
        zone: where the reader is, for days; None asks the machine.
        staff: whether to tell what only staff need: status, author, votes.
        votes: whether to ask at the end if the article helped.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = COMPONENT_CLASSES
    DEFAULT_CSS = CSS
    BINDINGS: ClassVar[list[BindingType]] = [
        *moving("reader"),
        *bound(
            "reader",
            next_heading="heading(1)",
            previous_heading="heading(-1)",
            next_link="link(1)",
            previous_link="link(-1)",
            open_link="open_link",
            next_match="match(1)",
            previous_match="match(-1)",
            copy="copy",
        ),
    ]

    # Moving

    def action_heading(self, step: int) -> None:
        """To the next heading, or the one before."""
        top = (self._scroll.index, self._scroll.offset)
        starts = [entry for entry, _ in self.contents]
        # A heading is at the top when the empty line above it is scrolled away or just there.
        if step > 0:
            target = next((entry for entry in starts if (entry, 1) > top), None)
        else:
            target = next((entry for entry in reversed(starts) if (entry, 1) < top), 0)
        if target is not None:
            self.go_to_heading(target)

    def go_to_heading(self, entry: int) -> None:
        """Put a heading at the top."""
        self._scroll.to(entry, 1 if entry else 0)
        self._changed()

    # Links

    def _links(self) -> list[tuple[int, int, str]]:
        """The links that are on the screen, else those of the parts that are."""
        entries = sorted({entry for entry, _ in self._rows})
        found = [(entry, line, link) for entry in entries for link, line in self._painter.links(entry)]
        shown = set(self._rows)
        return [one for one in found if one[:2] in shown] or found

    def action_link(self, step: int) -> None:
        """Choose the next link, or the one before: of those on the screen first, then through the article."""
        if self.state != "ready":
            return
        if self._link is None or self._link[:2] not in self._rows:
            here = self._links()
            if here:
                self._choose(here[0 if step > 0 else -1])
                return
            start = self._rows[0][0] if self._rows else 0
        else:
            start = self._link[0]
            same = [(start, line, link) for link, line in self._painter.links(start)]
            place = same.index(self._link) + step if self._link in same else -1
            if 0 <= place < len(same):
                self._choose(same[place])
                return
        entries = self._painter.entries
        for far in range(1, entries + 1):
            entry = (start + far * (1 if step > 0 else -1)) % entries
            links = self._painter.links(entry)
            if links:
                link, line = links[0 if step > 0 else -1]
                self._choose((entry, line, link))
                return
        self.notify("There is no link in this article.")

    def _choose(self, link: tuple[int, int, str]) -> None:
        self._link = link
        self._bring(link[0], link[1])

    def action_open_link(self) -> None:
        """Follow the chosen link, or the only one on the screen."""
        if self._link is None:
            links = self._links()
            if len(links) == 1:
                self.follow(links[0][2])
            elif links:
                self.action_link(1)
            return
        self.follow(self._link[2])

    def follow(self, link: str) -> None:
        """Go where a link leads: to another article, to a heading, into a browser."""
        if link.startswith("#"):
            target = next((entry for entry, heading in self.contents if f"#{heading.name}" == link), None)
            if target is None:
                self.notify("There is no such heading in this article.", severity="warning")
            else:
                self.go_to_heading(target)
        else:
            open_link(self, link)

    def action_copy(self) -> None:
        """Copy the chosen link, or else the whole article as it was written, but for what could do harm in a paste."""
        if self.article is None:
            return
        if self._link is not None and not self._link[2].startswith("#"):
            self.app.copy_to_clipboard(harmless(self._link[2]))
            self.notify("Link copied.")
        else:
            self.app.copy_to_clipboard(harmless(self.article.content))
            self.notify("Article copied.")

    # Finding

    def action_match(self, step: int) -> None:
        """To the next place that was found, or the one before."""
        if self.find is None:
            raise SkipAction  # the key may mean something to whoever holds the reader
        if self.find.step(step):
            self._show_match()

    # Mouse

    def on_click(self, event: events.Click) -> None:
        """A click follows the link under it."""
        if event.style.link:
            self.follow(event.style.link)
