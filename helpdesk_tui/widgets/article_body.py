"""The body of an open article: its parts as lines, the place in it, and what is prepared while nobody presses a key."""

from __future__ import annotations

from datetime import tzinfo
from time import perf_counter
from typing import TYPE_CHECKING, Final, Literal

from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.article_find import Find
from helpdesk_tui.widgets.article_paint import ArticlePainter
from helpdesk_tui.widgets.article_parts import Heading, Part, contents, parts
from helpdesk_tui.widgets.lines import LineStrip
from helpdesk_tui.widgets.scrolled import ScrolledView
from helpdesk_tui.widgets.thread_scroll import Scroll

if TYPE_CHECKING:
    from helpdesk_tui.core.knowledge import Article

__all__ = ["ArticleBody", "State"]

State = Literal["none", "loading", "failed", "ready"]

#: Laying out what is not in view takes so long at a time, in seconds, with a pause between for keys.
SLICE_SECONDS: Final = 0.006


class ArticleBody(ScrolledView):
    """What an article looks like and where the reader is in it; :class:`~helpdesk_tui.widgets.article_view.ArticleView`
    adds the keys and the mouse.

    Args:
        zone: where the reader is, for days; None asks the machine.
        staff: whether to tell what only staff need: status, author, votes.
        votes: whether to ask at the end if the article helped.
    """

    HEAD = 1  # the line that says how far

    def __init__(
        self,
        *,
        zone: tzinfo | None = None,
        staff: bool = True,
        votes: bool = True,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._painter = ArticlePainter(self, zone, staff=staff, votes=votes)
        self.state: State = "none"
        self._words: tuple[str, ...] = ()
        self._alarm = ""
        self.article: Article | None = None
        self._parts: list[Part] = []
        #: The current link: the entry, the line it begins in, where it leads.
        self._link: tuple[int, int, str] | None = None
        self.find: Find | None = None
        self._start: tuple[int, int] | None = None

    # What comes in

    def show_nothing(self, words: str = "No article is open.") -> None:
        """Show that no article is chosen, in these words."""
        self._leave("none", words)

    def show_loading(self, what: str = "the article") -> None:
        """Show that an article is on its way; ``what`` names it."""
        self._leave("loading", f"Loading {safe_line(what, 200)} …")

    def show_failed(self, message: str, hint: str | None = None) -> None:
        """Show that an article could not be read, why, and the way out. What has been read before stays readable."""
        if self.state == "ready":
            self._alarm = f"✗ Not up to date: {safe_line(message)} {safe_line(hint or '')}".rstrip()
            self.refresh()
            return
        self._leave("failed", f"✗ {safe_line(message)}", *([safe_line(hint)] if hint else []))

    def show(self, article: Article, place: tuple[int, int] = (0, 0)) -> None:
        """Show an article from a place on, see :attr:`place`. The one that is open already is updated instead, and the
        reader stays where they are."""
        same = self.state == "ready" and self.article is not None and self.article.id == article.id
        if same and place == (0, 0):
            place = self.place
        found = parts(article.content)
        self.article, self.state, self._words, self._alarm = article, "ready", (), ""
        self._parts = found
        self._painter.adopt(article, found)
        self._link = None
        self.find = self.find.again(self._texts()) if self.find is not None and same else None
        self._start = place
        self._adopt()

    # What is there

    @property
    def place(self) -> tuple[int, int]:
        """Where the reader is: what :meth:`show` takes to come back."""
        return self._start or (self._scroll.index, self._scroll.offset)

    @property
    def contents(self) -> list[tuple[int, Heading]]:
        """The headings, each with what :meth:`go_to_heading` takes."""
        return [(part.number + 1, heading) for part, heading in contents(self._parts)]

    @property
    def current_heading(self) -> int | None:
        """The heading that what is at the top of the view stands under."""
        top = self._scroll.index
        return next((entry for entry, _ in reversed(self.contents) if entry <= top), None)

    @property
    def words(self) -> tuple[str, ...]:
        """What stands in place of an article."""
        return self._words

    # The place

    def _bring(self, entry: int, line: int) -> None:
        """Bring a line into view, with some lines around it."""
        if (entry, line) not in self._rows:
            self._scroll.to(entry, line)
            self._scroll.by(-(self._scroll.height // 3))
        self._changed()

    # Finding

    def look_for(self, words: str, start: tuple[int, int] | None = None) -> None:
        """Mark every place where some words stand, and go to the first from ``start`` on, or from here; no words: mark
        nothing."""
        if self.state != "ready":
            return
        if not words.strip():
            self.stop_finding()
            return
        self.find = Find(words, self._texts(), self._painter.lines)
        if self.find.begin(*(start or self.place)):
            self._show_match()
        else:
            self._changed()

    def _texts(self) -> list[str]:
        """What there is to find, as it was written: the head is always looked at."""
        return ["", *(part.text for part in self._parts)]

    def stop_finding(self) -> None:
        """Mark nothing any more."""
        self.find = None
        self._changed()

    def _show_match(self) -> None:
        if self.find is not None and self.find.current is not None:
            entry, place = self.find.found[self.find.current]
            self._bring(entry, place[0][0])

    # Painting

    def render_line(self, y: int) -> LineStrip:
        """The line above the text, then the text. Another width is taken by :meth:`on_resize` alone: what is painted
        before it is laid out as it was."""
        if self.state != "ready":
            self._painter.fit()
            first = max(self.size.height // 3, 0)
            shown = self._words[y - first] if first <= y < first + len(self._words) else ""
            name = {"loading": "loading", "failed": "failed"}.get(self.state, "empty")
            return self._painter.words(f"  {shown}" if shown else "", name if y == first else "empty")
        if y == 0:
            return self._painter.words(f" {self._alarm}", "failed") if self._alarm else self._top()
        if y - self.HEAD >= len(self._rows):
            return self._painter.words("", "empty")
        entry, row = self._rows[y - self.HEAD]
        marks = self.find.marks(entry, row) if self.find is not None else ()
        chosen = self._link
        near = chosen is not None and chosen[0] == entry and chosen[1] <= row <= chosen[1] + 3
        bar = self._bars[y - self.HEAD] if y - self.HEAD < len(self._bars) else " "
        return self._painter.strip(entry, row, marks, chosen[2] if near and chosen else None, bar)

    def _top(self) -> LineStrip:
        """Which article, under which heading, how far; or what is looked for."""
        article = self.article
        right = ""
        if self.find is not None:
            right = f" “{safe_line(self.find.words, 20)}” {self.find.count_words} "
        elif self._scroll.total > self._scroll.height > 0:
            most = max(self._scroll.total - self._scroll.height, 1)
            right = f" {100 if self._scroll.at_end else min(99, round(100 * self._scroll.top / most))}% "
        left = ""
        if self._link is not None and not self._link[2].startswith(("article:", "#")):
            left = f"→ {safe_line(self._link[2], 400)}"
        elif article is not None and (self._scroll.index, self._scroll.offset) != (0, 0):
            left = safe_line(article.title, 200)
            heading = self.current_heading
            if heading is not None:
                left += " › " + next(one.words for entry, one in self.contents if entry == heading)
        return self._painter.bar(left, right)

    # The inside

    def _leave(self, state: State, *words: str) -> None:
        self.state, self._words, self._alarm, self.article = state, words, "", None
        self._parts, self._rows, self._bars = [], [], ""
        self._scroll = Scroll([], lambda _: 1)
        self._painter.adopt(None, [])
        self._link = self._start = self.find = None
        self.refresh()

    def _adopt(self) -> None:
        """Take what there is now in the width there is now, and go to where it starts."""
        painter = self._painter
        painter.fit()
        self._scroll = Scroll([painter.about(entry) for entry in range(painter.entries)], painter.height)
        self._scroll.height = max(self.size.height - self.HEAD, 0)
        if self._start is None or not self._scroll.height:
            self._rows, self._bars = [], ""  # of what was open before
            return  # the first size brings us back here
        for entry in range(painter.entries):
            if painter.known(entry):
                self._scroll.set_exact(entry, painter.height(entry))
        entry, line = self._start
        self._start = None
        self._scroll.to(min(entry, painter.entries - 1), line)
        self._changed()

    def on_resize(self) -> None:
        """Another width breaks every line anew: the reader stays in the same part, about as far down in it."""
        painter = self._painter
        if self.state != "ready" or self._start is not None:
            painter.fit()
            self._adopt()
        elif painter.fits:
            self._scroll.height = max(self.size.height - self.HEAD, 0)
            self._scroll.to(self._scroll.index, self._scroll.offset)
            self._changed()
        else:
            entry, line = self.place
            share = line / self._scroll.exact(entry)
            painter.fit()
            self._start = (entry, round(share * painter.height(entry)))
            self._link = None
            self.find = None if self.find is None else self.find.again(self._texts())
            self._adopt()

    def on_mount(self) -> None:
        """Nothing is open yet."""
        if self.state == "none" and not self._words:
            self.show_nothing()

    # In idle time

    @property
    def prepared(self) -> bool:
        """Whether nothing is left to do in idle time."""
        return not self._work_left()

    def _work_left(self) -> bool:
        if self.state != "ready" or not self._scroll.height:
            return False
        finding = self.find is not None and not self.find.done
        return finding or self._uncoloured() is not None or self._scroll.nearest_estimate() is not None

    def _uncoloured(self) -> int | None:
        """A part on the screen that shows code without its colours."""
        return next((entry for entry, _ in self._rows if self._painter.wants_colour(entry)), None)

    def _slice(self) -> None:
        """A few milliseconds' worth of what is left to do, what is on the screen first."""
        self._idle = None
        if self.state != "ready":
            return
        began = perf_counter()
        entry = self._uncoloured()
        if entry is not None:
            from helpdesk_tui.widgets.markdown.code import highlight

            self._painter.recolour(entry, highlight)
            self.refresh()
        if self.find is not None and not self.find.done:
            self.find.look(SLICE_SECONDS)
            self.refresh()
        while perf_counter() - began < SLICE_SECONDS and (entry := self._scroll.nearest_estimate()) is not None:
            self._scroll.set_exact(entry, self._painter.height(entry))
        if self._work_left():
            self._prepare()
        elif self._bars != self._bar():
            self._bars = self._bar()
            self.refresh()
