"""Reading an article: the text, its contents, what is looked for in it, and the way back from links.

For staff and customers alike. The reader asks nobody for anything: it says :class:`ArticleReader.Wanted` when a link to
another article was followed, and whoever owns it brings that one with :meth:`ArticleReader.show`.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from helpdesk_tui.widgets.article_view import ArticleView
from helpdesk_tui.widgets.hidden_field import HiddenField
from helpdesk_tui.widgets.keys import bound
from helpdesk_tui.widgets.picker import Choice, Picker
from helpdesk_tui.widgets.thread_links import ArticleLink

if TYPE_CHECKING:
    from helpdesk_tui.core.knowledge import Article

__all__ = ["ArticleReader", "FindField"]

#: So many articles can be gone back to.
TRAIL = 50


class FindField(HiddenField):
    """Where one types what to find in an article. Hidden until it is asked for."""

    BINDINGS: ClassVar[list[BindingType]] = bound("search", leave="leave", down="step(1)", up="step(-1)")

    class Left(Message):
        """Nothing is to be found any more."""

    class Step(Message):
        """To the next place, or the one before, without leaving the field."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__("Find in this article · Enter keeps, Esc leaves", id=id)

    def action_leave(self) -> None:
        """Stop."""
        self.post_message(self.Left())

    def action_step(self, by: int) -> None:
        """Go on."""
        self.post_message(self.Step(by))


class ArticleReader(Vertical):
    """Shows one article at a time, and remembers those that links were followed from.

    Args:
        zone: where the reader is, for days; None asks the machine.
        staff: whether to tell what only staff need: status, author, version, votes.
        votes: whether ``+`` and ``-`` say if the article helped, see :class:`Voted`.
    """

    DEFAULT_CSS = """
    ArticleReader {
        height: 1fr;
        background: $background;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = bound(
        "reader",
        find="find",
        contents="contents",
        back="back",
        helpful="vote(True)",
        not_helpful="vote(False)",
        stop_finding="leave_find",
    )

    class Wanted(Message):
        """Another article is to be read: a link to it was followed."""

        def __init__(self, article_id: UUID) -> None:
            super().__init__()
            self.article_id = article_id

    class Returned(Message):
        """The reader went back to an article, which is shown as it was when it was left."""

        def __init__(self, article: Article) -> None:
            super().__init__()
            self.article = article

    class Voted(Message):
        """The reader says whether the article helped; ``helpful`` is what they say now."""

        def __init__(self, article: Article, helpful: bool) -> None:
            super().__init__()
            self.article = article
            self.helpful = helpful

    def __init__(
        self,
        *,
        zone: tzinfo | None = None,
        staff: bool = True,
        votes: bool = True,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self.view = ArticleView(zone=zone, staff=staff, votes=votes)
        self.field = FindField()
        self.picker = Picker()
        self._votes = votes
        self._trail: list[tuple[Article, tuple[int, int]]] = []
        self._found_from = (0, 0)

    def compose(self) -> ComposeResult:
        """The text, the contents when asked for, the field to find with."""
        yield self.view
        yield self.picker
        yield self.field

    # What comes in

    @property
    def article(self) -> Article | None:
        """The article that is shown."""
        return self.view.article

    def show(self, article: Article) -> None:
        """Show an article from its beginning; the one that is open already is updated where the reader is."""
        self.view.show(article)

    def show_nothing(self, words: str = "No article is open.") -> None:
        """Show that no article is chosen."""
        self.view.show_nothing(words)

    def show_loading(self, what: str = "the article") -> None:
        """Show that an article is on its way."""
        self.view.show_loading(what)

    def show_failed(self, message: str, hint: str | None = None) -> None:
        """Show that an article could not be read, why, and the way out."""
        if hint is None and self._trail:
            hint = "Backspace goes back to the article before."
        self.view.show_failed(message, hint)

    def forget_trail(self) -> None:
        """From here on there is nothing to go back to: another article was chosen, not followed to."""
        self._trail.clear()

    @property
    def can_go_back(self) -> bool:
        """Whether a link was followed to come here."""
        return bool(self._trail)

    def focus_text(self) -> None:
        """The keys are the text's."""
        self.view.focus()

    # Keys

    def action_find(self) -> None:
        """Ask what to find."""
        if self.view.state != "ready":
            return
        self._found_from = self.view.place
        self.field.value = self.view.find.words if self.view.find is not None else ""
        self.field.add_class("asking")
        self.field.focus()
        self.field.action_select_all()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if not self.field.has_class("asking"):
            return
        if self.view.find is not None and self.view.find.words == event.value:
            return
        self.view.look_for(event.value, start=self._found_from)

    @on(Input.Submitted)
    def _keep(self, event: Input.Submitted) -> None:
        event.stop()
        self._close_field()

    @on(FindField.Step)
    def _step(self, message: FindField.Step) -> None:
        message.stop()
        if self.view.find is not None:
            self.view.action_match(message.by)

    @on(FindField.Left)
    def _left(self, message: FindField.Left) -> None:
        message.stop()
        self.view.stop_finding()
        self._close_field()

    @on(Input.Blurred)
    def _blurred(self, event: Input.Blurred) -> None:
        event.stop()
        if self.app.app_focus:  # from another window the focus comes back
            self.field.remove_class("asking")

    def _close_field(self) -> None:
        self.field.remove_class("asking")
        self.view.focus()

    def action_leave_find(self) -> None:
        """Unmark what was found; with nothing marked, the key is not the reader's."""
        if self.view.find is None:
            raise SkipAction
        self.view.stop_finding()

    def action_contents(self) -> None:
        """Ask which heading to go to."""
        headings = self.view.contents
        if not headings:
            if self.view.state == "ready":
                self.notify("This article has no headings.")
            return
        top = min(heading.level for _, heading in headings)
        here = self.view.current_heading
        self.picker.ask(
            "Contents",
            [
                Choice(entry, "· " * (heading.level - top) + heading.words, current=entry == here)
                for entry, heading in headings
            ],
            self.view.go_to_heading,
        )

    @on(Picker.Chosen)
    def _chosen(self, message: Picker.Chosen) -> None:
        message.stop()
        self.view.focus()
        message.answer()

    @on(Picker.Dismissed)
    def _dismissed(self, message: Picker.Dismissed) -> None:
        message.stop()
        if message.by_key:
            self.view.focus()

    @on(ArticleLink)
    def _follow(self, message: ArticleLink) -> None:
        message.stop()
        article = self.view.article
        if article is not None:
            self._trail = [*self._trail[-TRAIL:], (article, self.view.place)]
        self.post_message(self.Wanted(message.article_id))

    def action_back(self) -> None:
        """Back to the article that a link was followed from."""
        if not self._trail:
            raise SkipAction
        article, place = self._trail.pop()
        self.view.show(article, place)
        self.post_message(self.Returned(article))

    def action_vote(self, helpful: bool) -> None:
        """Say whether the article helped."""
        article = self.view.article
        if not self._votes or article is None:
            raise SkipAction
        self.post_message(self.Voted(article, helpful))
