"""Names offered behind an "@" in a note: of those of the team who see the ticket. Nothing is asked for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from textual import events, on

from helpdesk_tui.actions import keys_of
from helpdesk_tui.core import mentions
from helpdesk_tui.core.model import Person, Ticket
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.composer_merged import Merging
from helpdesk_tui.widgets.composer_text import ComposerText
from helpdesk_tui.widgets.filter_offers import FilterOffers, Offered

__all__ = ["Mentioning"]

#: Names that are offered at once; so many leave room for the text on a small screen.
MOST: Final = 4
_TYPED: Final = re.compile(r"(?<![\w.%+@/-])@([^\n@]{0,80})$")


class Mentioning(Merging):
    """A composer that offers names."""

    ticket: Ticket | None
    _me: UUID | None
    #: Those who work here, as they were read when the desk was opened.
    staff: Callable[[], Sequence[Person]] = staticmethod(lambda: ())

    def _offer_by(self) -> FilterOffers:
        """What shows the names; call it once."""
        self.names = FilterOffers()
        self._handles: list[str] = []
        self._place = 0
        self._left_alone: tuple[int, int] | None = None  # the "@" that Esc was pressed at
        self.text.on_offer_key = self._offer_key
        return self.names

    @property
    def internal(self) -> bool:
        """Whether a note is being written."""
        raise NotImplementedError

    def _at(self) -> tuple[int, int, str] | None:
        """Row and column of the "@" that is being written behind, and what stands between it and the cursor."""
        row, column = self.text.cursor_location
        line = self.text.document.get_line(row)
        found = _TYPED.search(line[:column])
        if found is None or line.lstrip().startswith(">") or not self.internal or self.text.read_only:
            return None
        return row, found.start(), found[1]

    @on(ComposerText.SelectionChanged)
    def _moved(self, message: ComposerText.SelectionChanged) -> None:
        message.stop()
        self.offer_names()

    def offer_names(self) -> None:
        """Offer whom what is being typed may mean."""
        place, ticket = self._at(), self.ticket
        offered: list[Offered] = []
        if place is None or place[:2] != self._left_alone:
            self._left_alone = None
        handles: list[str] = []
        if place is not None and ticket is not None and self._left_alone is None and self.text.selection.is_empty:
            team = mentions.team_of(ticket, self.staff())
            for person in mentions.fitting(place[2], team):
                name = mentions.handle(person, team) if person.id != self._me else None
                # A name that would not look like what it is cannot be written.
                if name is not None and safe_line(name) == name and len(handles) < MOST:
                    about = (person.email or "") if name == person.name else person.name
                    handles.append(name)
                    offered.append(Offered(f"@{name}", f"{about} · away" if person.away else about))
        self._place = self._place if handles == self._handles else 0
        self._handles = handles
        self.names.show(offered, self._place if offered else None, indent=2)

    def _offer_key(self, event: events.Key) -> bool:
        """Whether a key was for what is offered: the keys are those of the filter line."""
        key = event.key
        take, leave = (*keys_of("filter.take"), *keys_of("filter.apply")), keys_of("filter.leave")
        down, up = keys_of("filter.down"), keys_of("filter.up")
        if key not in (*take, *leave, *down, *up):
            return False
        self.offer_names()  # what was typed right before it counts
        if not self._handles:
            return False
        if key in take:
            self._take_name(self._place)
        elif key in leave:
            place = self._at()
            self._left_alone = place[:2] if place is not None else None
            self.offer_names()
        else:
            self._choose_name(1 if key in down else -1)
        return True

    def _choose_name(self, step: int) -> None:
        self._place = (self._place + step) % len(self._handles)
        self.names.choose(self._place)

    def _take_name(self, index: int) -> None:
        place = self._at()
        if place is None:
            return
        row, column, typed = place
        end = (row, column + 1 + len(typed))
        space = "" if self.text.document.get_line(row)[end[1] : end[1] + 1] == " " else " "
        result = self.text.replace(
            f"@{self._handles[index]}{space}", (row, column), end, maintain_selection_offset=False
        )
        self.text.move_cursor(result.end_location)
        self.offer_names()

    @on(FilterOffers.Picked)
    def _picked(self, message: FilterOffers.Picked) -> None:
        message.stop()
        self._take_name(message.index)

    def _unheard(self) -> str:
        """What to tell of a mention that reaches nobody, as far as is known here."""
        text, staff = self.text.text, self.staff()
        if self.ticket is None or not self.internal or not staff or "@" not in text:
            return ""
        words = mentions.unheard(text, mentions.team_of(self.ticket, staff), staff)
        return f"⚠ {safe_line(words, 200)}" if words else ""
