"""An article read over another screen, which is as it was when one comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.knowledge import Knowledge
from helpdesk_tui.widgets.article_reader import ArticleReader

if TYPE_CHECKING:
    from helpdesk_tui.screens.link import Link
from helpdesk_tui.working import Work

__all__ = ["ReadingOver"]


class ReadingOver(ModalScreen[None]):
    """Shows an article; Esc goes back.

    Args:
        link: the person's link to the database.
        article_id: which.
        title: what is said while it is on its way.
    """

    DEFAULT_CSS = """
    ReadingOver {
        align: center middle;
        & > Vertical {
            width: 100;
            max-width: 100%;
            height: 90%;
            background: $background;
            border: round $primary;
        }
        & #reading-keys { height: 1; padding: 0 1; color: $text-muted; background: $panel; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", show=False)]

    def __init__(self, link: Link, article_id: UUID, title: str) -> None:
        super().__init__()
        self._link = link
        self._article_id = article_id
        self._title = title
        self.reader = ArticleReader(zone=link.zone, staff=False)

    def compose(self) -> ComposeResult:
        """The article and the keys."""
        with Vertical():
            yield self.reader
            yield Static(
                "Esc goes back · + it helped · - it did not · / finds",
                id="reading-keys",
                markup=False,
            )

    def on_mount(self) -> None:
        """Read it."""
        self.reader.show_loading(self._title)
        self.reader.focus_text()
        self.run_worker(Work(self._load(self._article_id)))

    async def _load(self, article_id: UUID) -> None:
        knowledge = self._knowledge()
        try:
            self.reader.show(await knowledge.article(article_id))
        except HelpdeskError as error:
            self.reader.show_failed(str(error))

    def _knowledge(self) -> Knowledge:
        me = self._link.me
        if me is None:
            raise RuntimeError("the database has not answered yet")
        return Knowledge(self._link.database, me)

    @on(ArticleReader.Wanted)
    def _wanted(self, message: ArticleReader.Wanted) -> None:
        self.run_worker(Work(self._load(message.article_id)))

    @on(ArticleReader.Voted)
    def _voted(self, message: ArticleReader.Voted) -> None:
        self.run_worker(Work(self._vote(message.article.id, message.helpful)))

    async def _vote(self, article_id: UUID, helpful: bool) -> None:
        try:
            self.reader.show(await self._knowledge().vote(article_id, helpful))
        except HelpdeskError as error:
            self.notify(f"Your answer was not kept: {error}", severity="error", markup=False)
