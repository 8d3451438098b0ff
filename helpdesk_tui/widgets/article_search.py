"""Searching for articles as one types: the field, and what was found below it.

Nothing waits for an answer: what is typed is asked for at once, at most a few times at a time, and each question has a
number. An answer is shown if it is to a later question than the one that is on the screen, whatever order they come in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input

from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.article_list import ArticleList
from helpdesk_tui.widgets.article_row import of_hit
from helpdesk_tui.widgets.keys import bound

if TYPE_CHECKING:
    from helpdesk_tui.core.knowledge import Hit

__all__ = ["ArticleSearch", "Questions", "SearchField"]

#: Keys that follow each other faster than this, in seconds, are asked for together.
GAP_SECONDS: Final = 0.06
#: So many questions may be on their way; what is typed meanwhile waits for the first answer.
AT_A_TIME: Final = 2


class Questions:
    """Numbers questions, and tells which answers are still worth something."""

    def __init__(self) -> None:
        self.asked = 0
        self._shown = 0
        self._waiting: set[int] = set()

    def ask(self) -> int:
        """The number of a new question."""
        self.asked += 1
        self._waiting.add(self.asked)
        return self.asked

    def take(self, number: int) -> bool:
        """An answer has come; whether it is newer than what is shown, and so to be shown."""
        self._waiting.discard(number)
        if number <= self._shown:
            return False
        self._shown = number
        return True

    def forget(self) -> None:
        """No answer to what was asked so far is wanted any more."""
        self._shown = self.asked
        self._waiting.clear()

    @property
    def waiting(self) -> int:
        """How many answers are still to come."""
        return len(self._waiting)

    @property
    def answered(self) -> bool:
        """Whether what is shown answers the last question."""
        return self._shown == self.asked


class SearchField(Input):
    """Where one types. The arrows move in the list below; the field keeps the focus."""

    DEFAULT_CSS = """
    SearchField {
        height: 1;
        border: none;
        padding: 0 1;
        background: $surface;
        &:focus { border: none; background: $panel; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = bound(
        "search",
        down="pass('by', 1)",
        up="pass('by', -1)",
        page_down="pass('page', 1)",
        page_up="pass('page', -1)",
        leave="leave",
    )

    class Pass(Message):
        """A key that is the list's business."""

        def __init__(self, what: str, number: float) -> None:
            super().__init__()
            self.what = what
            self.number = number

    class Left(Message):
        """Nothing more is typed."""

    def __init__(self, placeholder: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(placeholder=placeholder, id=id)
        self.cursor_blink = False

    def action_pass(self, what: str, number: float) -> None:
        """Pass a key on."""
        self.post_message(self.Pass(what, number))

    def action_leave(self) -> None:
        """Leave."""
        self.post_message(self.Left())


class ArticleSearch(Vertical):
    """The field and the list. For staff and customers alike.

    Args:
        staff: whether drafts and archived articles are told from others.
        clock: tells the time that ages are counted from.
        placeholder: what stands in the empty field.
        way_on: what to do where nothing was found, as a sentence.
    """

    DEFAULT_CSS = """
    ArticleSearch { height: 1fr; }
    """

    class Asked(Message):
        """Find these words. Answer with :meth:`ArticleSearch.answer` or :meth:`~ArticleSearch.failed`, and the number.
        No words: whatever is to stand in the list without a search, see :attr:`ArticleSearch.list`."""

        def __init__(self, number: int, words: str) -> None:
            super().__init__()
            self.number = number
            self.words = words

    class Left(Message):
        """Esc in the field: ``empty`` if nothing is typed."""

        def __init__(self, empty: bool) -> None:
            super().__init__()
            self.empty = empty

    def __init__(
        self,
        *,
        staff: bool = True,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        placeholder: str = "Search articles",
        way_on: str = "Other or fewer words may find it.",
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self.field = SearchField(placeholder)
        self.list = ArticleList(staff=staff, clock=clock)
        self.list.field = self.field
        self._way_on = way_on
        self._questions = Questions()
        self._last = ""
        self._words_of: dict[int, str] = {}
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Field and list."""
        yield self.field
        yield self.list

    # What comes in

    @property
    def words(self) -> str:
        """What is typed."""
        return self.field.value.strip()

    @property
    def searching(self) -> bool:
        """Whether the list shows what was found, or will."""
        return bool(self.words)

    def answer(self, number: int, hits: Sequence[Hit]) -> bool:
        """What was found; False where it is outdated and was not shown."""
        words = self._words_of.pop(number, "")
        shown = self._questions.take(number) and self.searching
        if shown and hits:
            count = "1 article" if len(hits) == 1 else f"{len(hits)} articles"
            self.list.show([of_hit(hit) for hit in hits], f"{count} for “{safe_line(words, 60)}”", words=words)
        elif shown:
            self.list.show_empty("Nothing found", f"No article fits “{safe_line(words, 60)}”.", self._way_on)
        self._after_answer()
        return shown

    def failed(self, number: int, message: str) -> None:
        """The search failed."""
        self._words_of.pop(number, None)
        if self._questions.take(number) and self.searching:
            self.list.show_failed("Search failed", message, "Enter asks again.")
        self._after_answer()

    def ask_again(self) -> None:
        """Ask for the same words again: something has changed, or it failed."""
        if self.searching:
            self._last = ""
            self._ask()

    def clear(self) -> None:
        """Type nothing."""
        self.field.value = ""

    # Asking

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.words == self._last:
            return
        if not self.words:
            self._last = ""
            self._questions.forget()
            self._words_of.clear()
            self.post_message(self.Asked(self._questions.asked, ""))
        elif self._timer is None:
            # The first key is asked for at once, those that follow quickly together.
            self._ask()
            self._timer = self.set_timer(GAP_SECONDS, self._next)

    def _next(self) -> None:
        self._timer = None
        if self.searching and self.words != self._last:
            self._ask()
            self._timer = self.set_timer(GAP_SECONDS, self._next)

    def _ask(self) -> None:
        if self._questions.waiting >= AT_A_TIME:
            return  # an answer brings us back here
        self._last = self.words
        number = self._questions.ask()
        self._words_of[number] = self._last
        self.list.show_loading(f"Searching for “{safe_line(self._last, 60)}” …", keep=True)
        self.post_message(self.Asked(number, self._last))

    def _after_answer(self) -> None:
        if self.searching and self.words != self._last:
            self._ask()
        elif self._questions.waiting and not self._questions.answered:
            self.list.show_loading(f"Searching for “{safe_line(self._last, 60)}” …", keep=True)

    # Keys

    def on_descendant_focus(self) -> None:
        """The list's cursor looks another way."""
        self.list.refresh()

    def on_descendant_blur(self) -> None:
        """The list's cursor looks another way."""
        self.list.refresh()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if self.list.state == "failed":
            self.ask_again()
        else:
            self.list.action_open()

    @on(SearchField.Pass)
    def _pass(self, message: SearchField.Pass) -> None:
        message.stop()
        if message.what == "by":
            self.list.action_by(int(message.number))
        else:
            self.list.action_page(message.number)

    @on(SearchField.Left)
    def _left(self, message: SearchField.Left) -> None:
        message.stop()
        self.post_message(self.Left(not self.words))
