"""The filter line: a query typed over the queue, with what could stand there, how many tickets it holds, what is wrong.

It asks nobody. It posts what it wants to know and is told; what comes late, to an older question, is not shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from helpdesk_tui.core.filters import FilterError, Suggestion, Unfinished, Vocabulary, complete, condition, parse
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.filter_offers import FilterOffers, Offered
from helpdesk_tui.widgets.keys import bound

__all__ = ["FilterField", "FilterLine"]

#: What the language takes at most, and a little more, so that it can say so.
LONGEST: Final = 2100
#: Parentheses and quotation marks that are closed for the count, and a few more than can be open.
MOST_CLOSED: Final = 40
HINT: Final = 'status:open priority>=high assignee:@me -tag:vip "refund"'


class FilterField(Input):
    """Where the query is typed."""

    BINDINGS: ClassVar[list[BindingType]] = bound(
        "filter",
        take="pass('take')",
        down="pass('down')",
        up="pass('up')",
        apply="pass('enter')",
        leave="pass('leave')",
    )

    class Pass(Message):
        """A key that is the line's business."""

        def __init__(self, what: str) -> None:
            super().__init__()
            self.what = what

    def __init__(self) -> None:
        super().__init__(placeholder=HINT, max_length=LONGEST)
        self.cursor_blink = False
        self.select_on_focus = False

    def action_pass(self, what: str) -> None:
        """Pass a key on: at once, so that a key behind it finds what it did."""
        self.post_message(self.Pass(what))

    def _on_paste(self, event: events.Paste) -> None:
        """What is pasted is made harmless."""
        event.text = safe_line(event.text, LONGEST)
        super()._on_paste(event)


class FilterLine(Vertical):
    """Hidden until :meth:`ask`; goes away with Enter, Esc, or when the focus leaves it."""

    DEFAULT_CSS = """
    FilterLine {
        display: none;
        height: 1;
        background: $panel;
        &.asking { display: block; }
        & > Horizontal { height: 1; }
        & Static { width: auto; height: 1; padding: 0 1; color: $text-accent; text-style: bold; }
        & .count { color: $text; }
        & .count.bad { color: $text-error; }
        & FilterField { width: 1fr; height: 1; border: none; padding: 0; background: $panel; }
        & FilterField:focus { border: none; }
    }
    """

    class Typed(Message):
        """How many tickets does this query hold? Answer with :meth:`FilterLine.show_count`."""

        def __init__(self, query: str) -> None:
            super().__init__()
            self.query = query

    class Applied(Message):
        """The tickets of this query are to be shown; an empty one: those of none."""

        def __init__(self, query: str) -> None:
            super().__init__()
            self.query = query

    class Left(Message):
        """Nothing is wanted any more; ``by_key`` is False where the focus was taken elsewhere."""

        def __init__(self, by_key: bool) -> None:
            super().__init__()
            self.by_key = by_key

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._names: Vocabulary | None = None
        self._history: Sequence[str] = ()
        self._at: int | None = None  # which of the history stands there
        self._typed = ""  # what stood there before the history was looked through
        self._untouched = ""  # as it was put there
        self._suggestions: list[Suggestion] = []
        self._chosen: int | None = None
        self._error: FilterError | None = None
        self._counted = ""

    def compose(self) -> ComposeResult:
        """The field, how many tickets, and what hangs below."""
        with Horizontal():
            yield Static("/", markup=False)
            yield FilterField()
            yield Static("", classes="count", markup=False)
        yield FilterOffers()

    @property
    def asking(self) -> bool:
        """Whether the line is on the screen."""
        return self.has_class("asking")

    @property
    def field(self) -> FilterField:
        """Where the query is typed."""
        return self.query_one(FilterField)

    @property
    def names(self) -> Vocabulary | None:
        """What can be named; None: not known yet, so nothing of it is offered nor missed."""
        return self._names

    @names.setter
    def names(self, names: Vocabulary | None) -> None:
        self._names = names
        if self.asking:
            self._look(ask=True)

    def ask(self, query: str = "", history: Sequence[str] = ()) -> None:
        """Open the line.

        Args:
            query: what stands there, selected, so that typing replaces it; made safe here.
            history: what was asked for before, the latest first.
        """
        self._history, self._at = history, None
        self._untouched = query = safe_line(query, LONGEST)
        with self.field.prevent(Input.Changed):
            self.field.value = query
        self.add_class("asking")
        self.field.focus()
        if query:
            self.field.action_select_all()
        else:
            self.field.cursor_position = 0
        self._look(ask=True)

    def show_count(self, query: str, words: str, *, bad: bool = False) -> None:
        """Say how many tickets a query holds, in words; not shown if another one stands there by now."""
        if self.asking and query == self._counted:
            self._say(words, bad)

    def refuse(self, words: str) -> None:
        """Say why the tickets cannot be shown now; the query stays."""
        self._say(words, True)

    def close(self) -> None:
        """Take the line away."""
        self.remove_class("asking")
        self._error, self._suggestions = None, []
        self._offer()

    # What is typed

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.asking:
            if self._at is not None and event.value != self._history[self._at]:
                self._at = None
            self._look(ask=True)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()

    def _look(self, *, ask: bool = False, insist: bool = False) -> None:
        """Offer what could stand at the caret, say what is wrong, and ask how many tickets there are.

        What is wrong with the word that is being typed is not said before it is done, unless it is insisted upon.
        """
        query, caret = self.field.value, self.field.cursor_position
        self._chosen = None
        asked, error = query, self._judged(query)
        while not insist and isinstance(error, Unfinished) and error.closes and len(asked) < len(query) + MOST_CLOSED:
            # It is not closed yet, that is all: it is looked at, and counted, as if it were.
            asked += error.closes
            error = self._judged(asked)
        self._suggestions = []
        if self._names is not None:
            offered = complete(query, caret, self._names)
            # A name that would not look like what it is cannot be typed either.
            self._suggestions = [each for each in offered if safe_line(each.text) == each.text]
        unfinished = isinstance(error, Unfinished) or (error is not None and error.start <= caret <= error.end)
        self._error = error if insist or not unfinished else None
        if ask:
            self._counted = asked
            if error is None and asked.strip():
                self._say("…")
                self.post_message(self.Typed(asked))
            else:
                self._say("")
        self._offer()

    def _judged(self, query: str) -> FilterError | None:
        try:
            if self._names is None:
                parse(query)
            else:
                condition(query, self._names)
        except FilterError as error:
            return error
        return None

    def _say(self, words: str, bad: bool = False) -> None:
        count = self.query_one(".count", Static)
        count.set_class(bad, "bad")
        count.update(safe_line(words, 60))

    def _offer(self) -> None:
        scrolled = round(self.field.scroll_offset.x)
        at = cell_len(self.field.value[: self._suggestions[0].start]) if self._suggestions else 0
        error = self._error
        self.query_one(FilterOffers).show(
            [Offered(each.text, each.about) for each in self._suggestions] if self.asking else [],
            self._chosen,
            indent=3 + at - scrolled,
            wrong=None if error is None else (error.what, error.caret, error.hint or ""),
            caret=3 - scrolled,
            width=self.size.width,
        )

    # Keys

    @on(FilterField.Pass)
    def _passed(self, event: FilterField.Pass) -> None:
        event.stop()
        getattr(self, f"_{event.what}")()

    def _take(self) -> None:
        if not self._suggestions:
            return
        suggestion = self._suggestions[self._chosen or 0]
        query, caret = suggestion.applied(self.field.value)
        if suggestion.kind != "field" and caret == len(query):
            query, caret = f"{query} ", caret + 1
        self._put(query, caret)

    def _down(self) -> None:
        if self._chosen is None and self._at is not None:
            self._recall(self._at - 1)
        elif self._suggestions:
            self._choose(0 if self._chosen is None else (self._chosen + 1) % len(self._suggestions))

    def _up(self) -> None:
        if self._chosen is not None:
            self._choose(self._chosen - 1 if self._chosen else None)
        elif self._at is not None:
            self._recall(self._at + 1)
        elif self.field.value in ("", self._untouched):
            self._typed = self.field.value
            self._recall(next((n for n, each in enumerate(self._history) if each != self.field.value), 0))

    def _enter(self) -> None:
        if self._chosen is not None:
            self._take()
            return
        query = self.field.value.strip()
        if self._judged(query) is not None:
            self._look(insist=True)
            assert self._error is not None
            self.field.cursor_position = min(self._error.end, len(self.field.value))
        else:
            self.post_message(self.Applied(query))

    def _leave(self) -> None:
        self.close()
        self.post_message(self.Left(by_key=True))

    def _choose(self, index: int | None) -> None:
        self._chosen = index
        self._offer()

    def _recall(self, index: int) -> None:
        if index >= len(self._history):
            return
        self._at = index if index >= 0 else None
        query = safe_line(self._history[index], LONGEST) if index >= 0 else self._typed
        self._put(query, len(query))

    def _put(self, query: str, caret: int) -> None:
        with self.field.prevent(Input.Changed):
            self.field.value = query
        self.field.cursor_position = caret
        self._look(ask=True)

    @on(FilterOffers.Picked)
    def _picked(self, event: FilterOffers.Picked) -> None:
        event.stop()
        self._chosen = event.index
        self._take()

    @on(Input.Blurred)
    def _blurred(self, event: Input.Blurred) -> None:
        event.stop()
        # Another window of the terminal is no other place: the focus comes back with this one.
        if self.asking and self.app.app_focus:
            self.close()
            self.post_message(self.Left(by_key=False))
