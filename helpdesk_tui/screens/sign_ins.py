"""Where a person is signed in, and ending that: one, or all but the one they look from."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from helpdesk_tui.core import sign_ins
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.sign_ins import SignedIn
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.core.wording import ago
from helpdesk_tui.widgets.admin_list import AdminList
from helpdesk_tui.widgets.admin_row import Cells, Column, Look

if TYPE_CHECKING:
    from helpdesk_tui.core.database import Database
    from helpdesk_tui.screens.link import Link

__all__ = ["SignIns"]

_KEYS: Final = "x end it · o end all others · ^R read anew · Esc close"


def _cells(row: SignedIn, now: datetime) -> Cells:
    def when(moment: datetime | None) -> str:
        return ago(now - moment) if moment is not None else "-"

    return (
        (when(row.signed_in_at), ""),
        (when(row.refreshed_at), "muted"),
        (row.ip or "-", ""),
        (row.program or "-", "title"),
        ("this one" if row.this else "", "agent"),
    )


_LOOK: Final = Look(
    (
        Column("since", 5, right=True),
        Column("used", 5, right=True),
        Column("from", 15, 1),
        Column("program", 12, 3),
        Column("", 8),
    ),
    _cells,
)


class SignIns(ModalScreen[None]):
    """One's own sign-ins, the latest used first. What is ended cannot be taken back, so it is asked before.

    Args:
        link: the person's link to the database.
    """

    CSS = """
    SignIns {
        align: center middle;
        background: $background 60%;
        & > Vertical {
            width: 96%;
            max-width: 110;
            height: 14;
            background: $panel;
            border: round $primary;
            border-title-color: $text-accent;
            border-subtitle-color: $text;
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", show=False),
        Binding("x", "end", show=False),
        Binding("o", "end_others", show=False),
        Binding("y", "yes", show=False),
        Binding("ctrl+r", "reread", show=False),
    ]

    def __init__(self, link: Link) -> None:
        super().__init__()
        self._link = link
        self.rows = AdminList(_LOOK, lambda row: row.id, clock=link.clock)
        self._ending: list[SignedIn] = []

    def compose(self) -> ComposeResult:
        """One box."""
        with Vertical() as box:
            box.border_title = "Where you are signed in"
            yield self.rows

    def on_mount(self) -> None:
        """Read it."""
        self.rows.focus()
        self._say(_KEYS)
        self.action_reread()

    def _say(self, words: str) -> None:
        self.query_one(Vertical).border_subtitle = safe_line(words, 200).replace("[", r"\[")

    def action_reread(self) -> None:
        """As it is now."""
        if self._link.desk is None:
            self.rows.fail("Not connected yet")
        else:
            self.run_worker(self._read(self._link.database))

    async def _read(self, database: Database) -> None:
        try:
            found = await sign_ins.listed(database)
        except HelpdeskError as error:
            self.rows.fail(str(error))
            return
        self.rows.show(found, empty=("You are signed in nowhere.",))

    # Ending

    def action_end(self) -> None:
        """Ask whether this one is to be ended."""
        row = self.rows.selected
        if not isinstance(row, SignedIn):
            return
        if row.this:
            self._say("You look from this one: sign out to end it (^P) · Esc close")
            return
        self._ask([row], "End this one?")

    def action_end_others(self) -> None:
        """Ask whether all others are to be ended."""
        others = [row for row in self.rows.all_rows if not row.this]
        if others:
            self._ask(others, f"End {len(others)} other{'s' * (len(others) > 1)}?")
        else:
            self._say(f"There is no other · {_KEYS}")

    def _ask(self, rows: list[SignedIn], words: str) -> None:
        self._ending = rows
        self._say(f"{words} That cannot be taken back · y end · Esc leave it")

    def action_yes(self) -> None:
        """End what was asked about."""
        ending, self._ending = self._ending, []
        if ending and self._link.desk is not None:
            self.rows.set_pending(row.id for row in ending)
            self._say("Ending …")
            self.run_worker(self._end(self._link.database, ending))

    async def _end(self, database: Database, ending: list[SignedIn]) -> None:
        try:
            for row in ending:
                await sign_ins.end(database, row)
        except HelpdeskError as error:
            self._say(f"NOT ended: {error} · {_KEYS}")
        else:
            self._say(f"Ended {len(ending)} · {_KEYS}")
        self.rows.set_pending(())
        await self._read(database)

    def action_leave(self) -> None:
        """Leave it as it is; close."""
        if self._ending:
            self._ending = []
            self._say(_KEYS)
        else:
            self.dismiss(None)
