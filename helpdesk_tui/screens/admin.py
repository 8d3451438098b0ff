"""Administration: departments, people, categories, tags, fields, promises, hours, many tickets, what was done."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar
from uuid import uuid4

from textual.binding import BindingType

from helpdesk_tui.core.administration_model import ActRow
from helpdesk_tui.core.model import Department
from helpdesk_tui.screens.admin_calendar_acts import AdminCalendars
from helpdesk_tui.screens.admin_doing import Back, Doing, undone_words
from helpdesk_tui.screens.admin_sections import counted
from helpdesk_tui.screens.bindings import bindings
from helpdesk_tui.widgets.picker import Choice

__all__ = ["AdminScreen"]


class AdminScreen(AdminCalendars):
    """Where an admin works: sections, acts in two keys, each shown before it matters and taken back with u.

    Args:
        link: the person's link to the database.
    """

    CSS_PATH = "admin.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("admin")

    def ask_source(self) -> None:
        """From where tickets go."""
        if self.section is self.moving:
            self._ask_department("From", self.moving.source, self._set_source)

    def action_target(self) -> None:
        """To where tickets go."""
        if self.section is self.moving:
            self._ask_department("To", self.moving.target, self._set_target)
        else:
            super().action_target()

    def _ask_department(self, title: str, now: Department | None, chosen: Callable[[Department], None]) -> None:
        asked = self.asked
        if asked is not None:
            choices = [Choice(d, d.name, "", now is not None and d.id == now.id) for d in asked[1].departments]
            self.ask_for(title, choices, chosen)

    def _set_source(self, department: Department) -> None:
        self.moving.source = department
        self._look_again()

    def _set_target(self, department: Department) -> None:
        self.moving.target = department
        self._look_again()

    def _look_again(self) -> None:
        self.moving.preview = None
        self.moving.rows.begin("Looking what would go …")
        self._show_words()
        self.read()

    def action_go(self) -> None:
        """Move the tickets; take the chosen act back; change the chosen policy or calendar."""
        if self.section is self.moving:
            self._move_tickets()
        elif self.section is self.acts:
            self._take_back()
        else:
            super().action_go()

    def _move_tickets(self) -> None:
        moving, asked = self.moving, self.asked
        wanted = moving.wanted
        if asked is None or moving.source is None or moving.target is None or wanted is None:
            self.say("Say from where (f), to where (t) and which (/)")
            return
        if moving.source.id == moving.target.id:
            self.say(f"The tickets are in {moving.target.name} already")
            return
        if moving.preview is None or not moving.preview.total:
            self.say("There is nothing to move")
            return
        admin, source, target, query, act = asked[0], moving.source, moving.target, moving.search, uuid4()

        async def run() -> tuple[str, Back | None]:
            moved = await admin.reassign(source.id, target.id, wanted, query=query, act=act)
            return moved.words, self.back(admin, moved.act)

        words = f"{counted(moving.preview.total, 'ticket')}: {source.name} → {target.name}"
        moving.preview = None
        moving.rows.begin("Moving …")
        self.do(Doing(moving, words, {}, run))

    def _take_back(self) -> None:
        row, asked = self.acts.rows.selected, self.asked
        if asked is None or not isinstance(row, ActRow):
            return
        if row.undone_by is not None:
            self.say(f"Act {row.number} was taken back already")
            return
        admin, act = asked[0], uuid4()

        async def run() -> tuple[str, Back | None]:
            undone = await admin.undo(row.number, act=act)
            return undone_words(undone), self.back(admin, undone.act)

        self.do(Doing(self.acts, f"Taking back act {row.number}", {}, run))
