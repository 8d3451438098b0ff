"""Moving many tickets: from where, to where, which ones; the list is what would go."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from helpdesk_tui.core.administration_model import Candidate, Preview
from helpdesk_tui.core.filters import Condition, FilterError, Vocabulary, condition
from helpdesk_tui.core.model import Department
from helpdesk_tui.screens.admin_sections import Section, counted
from helpdesk_tui.widgets.proposal import Note
from helpdesk_tui.widgets.ticket_header import Clock

if TYPE_CHECKING:
    from helpdesk_tui.core.administration import Administration

__all__ = ["Moving"]


class Moving(Section):
    """A move of many tickets that is being put together.

    Attributes:
        search: the filter.
    """

    HINTS = ("place.home", "app.help", "admin.which", "admin.target", "admin.search", "admin.go", "admin.undo")
    LIMIT = 200

    def __init__(self, clock: Clock) -> None:
        super().__init__("move", "Move tickets", clock)
        self.search = "status:open|pending"
        self.source: Department | None = None
        self.target: Department | None = None
        self.names: Vocabulary | None = None
        self.preview: Preview | None = None
        self.wrong: FilterError | None = None

    def key(self, row: Candidate) -> Hashable:
        """Its number."""
        return row.number

    @property
    def scope(self) -> str:
        """What would go where."""
        source = self.source.name if self.source else "…"
        target = self.target.name if self.target else "…"
        return f"{source} → {target} · {self.search or 'all tickets'}"

    @property
    def wanted(self) -> Condition | None:
        """What the filter asks; None where it cannot be understood (see ``wrong``)."""
        self.wrong = None
        if self.names is None:
            return None
        try:
            return condition(self.search, self.names)
        except FilterError as error:
            self.wrong = error
            return None

    async def read(self, admin: Administration) -> None:
        """Look what would go."""
        turn = self.turn()
        if self.names is None or self.stale:
            self.names = await admin.vocabulary()
            self.stale = False
        wanted = self.wanted
        if self.source is None or self.target is None or wanted is None:
            self.preview = None
            words = "The filter cannot be understood." if self.wrong else "From where, and where to?"
            if not self.outdated(turn):
                self.rows.show([], empty=(words, "f from · t to · / which tickets"))
            return
        found = await admin.preview(self.source.id, self.target.id, wanted, limit=self.LIMIT)
        if not self.outdated(turn):
            self.preview = found
            self.rows.show(found.first, empty=(f"No ticket of {self.source.name} fits.", "/ which tickets"))

    def notes(self) -> list[Note]:
        """What would go, and what is wrong with the filter."""
        if self.wrong is not None:
            under = self.wrong.message.split("\n")[-1].removeprefix("  ")
            wrong: list[Note] = [(self.wrong.what, "failed"), (f"{self.wrong.query}\n{under}", "caret")]
            return [*wrong, (self.wrong.hint, "muted")] if self.wrong.hint else wrong
        said: list[Note] = [
            (f"f  from   {self.source.name if self.source else '…'}", "text"),
            (f"t  to     {self.target.name if self.target else '…'}", "text"),
            (f"/  which  {self.search or 'all tickets'}", "text"),
            ("", "muted"),
        ]
        if self.preview is not None and self.preview.total:
            said.append((f"{counted(self.preview.total, 'ticket')} would go.", "title"))
            if self.preview.dropped:
                said.append((f"{self.preview.dropped:,} of them would lose their assignee.", "warn"))
            if self.preview.total > len(self.preview.first):
                said.append((f"The first {len(self.preview.first)} are listed.", "muted"))
            said.append(("Enter moves them; u takes it back.", "muted"))
        return said
