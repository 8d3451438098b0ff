"""The section of custom fields: what the team fills in about a ticket besides, in its order."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from helpdesk_tui.core.administration import items
from helpdesk_tui.core.administration_model import Item
from helpdesk_tui.core.fields import CustomField, choice_words, every
from helpdesk_tui.screens.admin_sections import Whole
from helpdesk_tui.widgets.proposal import Note
from helpdesk_tui.widgets.ticket_header import Clock

if TYPE_CHECKING:
    from helpdesk_tui.core.administration import Administration

__all__ = ["Fields"]


class Fields(Whole):
    """The custom fields, in their order."""

    one, many = "field", "fields"
    ADDING = "n adds one: what the team fills in about tickets besides."
    HINTS = ("place.home", "app.help", "admin.new", "admin.rename", "admin.search", "admin.undo")

    def __init__(self, clock: Clock) -> None:
        super().__init__("fields", "Fields", clock)
        self.categories: list[Item] = []

    def key(self, row: CustomField) -> Hashable:
        """Its key."""
        return row.key

    def searched(self, row: CustomField) -> str:
        """All that it is called, and what it may hold."""
        return f"{row.label} {row.key} {row.type} {' '.join(row.choices)}"

    def order(self, row: CustomField) -> tuple[int, str]:
        """As the team sees them."""
        return row.position, row.key

    @property
    def in_order(self) -> list[CustomField]:
        """All of them, with what was done and is not confirmed yet."""
        return sorted(self.lay_over(self.all), key=self.order)

    async def read(self, admin: Administration) -> None:
        """Read them all again."""
        turn = self.turn()
        found, categories = await admin.database.run(every(), items("categories"))
        if not self.outdated(turn):
            self.stale = False
            self.all, self.categories = found, categories
            self.refilter()

    def whose(self, row: CustomField) -> str:
        """For which tickets it is."""
        names = [each.name for each in self.categories if each.id in row.categories]
        if not row.categories:
            return "all tickets"
        return f"tickets of {', '.join(names)}" if names else "tickets of a category that is no more"

    def notes(self) -> list[Note]:
        """What it is, and for which tickets."""
        row = self.rows.selected
        if not isinstance(row, CustomField):
            return []
        said: list[Note] = [(row.label, "title"), (f"{row.type} · field.{row.key}: in filters", "text")]
        if row.choices:
            said.append((f"one of {choice_words(row.choices)}", "text"))
        said.append((f"for {self.whose(row)}; requesters are told nothing of it", "text"))
        if not row.active:
            said.append(("out of use: not filled in any more; what tickets hold stays", "warn"))
        keys = "n new · e rename · t where it stands · f for which tickets"
        choices = " · c choices" if row.type == "choice" else ""
        return [*said, ("", "muted"), (f"{keys}{choices} · x {'out of' if row.active else 'in'} use", "muted")]
