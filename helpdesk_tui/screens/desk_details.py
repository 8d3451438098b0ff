"""The desk's acts that need words: a time (snooze, due date), what custom fields hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from helpdesk_tui.core.acts import Change
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.model import Ticket
from helpdesk_tui.widgets.picker import Choice, do_it

if TYPE_CHECKING:
    from helpdesk_tui.core.fields import CustomField
    from helpdesk_tui.screens.at_desk import AtDesk

__all__ = ["Details"]


class Details:
    """Asks a person at the desk, and does what they say.

    Args:
        desk: where they are.
    """

    def __init__(self, desk: AtDesk) -> None:
        self._desk = desk
        self._fields: tuple[CustomField, ...] = ()

    # Times

    def snooze(self) -> None:
        """Ask until when the ticket is to sleep."""
        tickets = self._desk.about()
        awake = Choice(Change(snooze=None), "wake up now", "n")
        asleep = any(ticket.more.snoozed for ticket in tickets)
        self._ask_when(tickets, "snooze until", lambda found: Change(snooze=found), [awake] if asleep else [])

    def due(self) -> None:
        """Ask by when the ticket is due."""
        from helpdesk_tui.widgets.queue_row import due_date_words

        tickets = self._desk.about()
        now, dates = self._desk.link.clock(), {ticket.due_date for ticket in tickets}
        held = (
            f" (now {due_date_words(tickets[0], now, self._desk.link.zone)[0]})"
            if len(dates) == 1 and dates != {None}
            else ""
        )
        none = Choice(Change(due_date=None), "no due date", "0", dates == {None})
        self._ask_when(tickets, f"due{held}", lambda found: Change(due_date=found), [none])

    def _ask_when(
        self, tickets: tuple[Ticket, ...], asked: str, change: Callable[[datetime], Change], others: Sequence[Choice]
    ) -> None:
        """Ask for a time: one that is often meant, or in words; ``others`` are the changes that need none."""
        from helpdesk_tui.core import when
        from helpdesk_tui.core.wording import moment

        if not tickets:
            return
        zone, now = self._desk.link.zone, self._desk.link.clock()

        def doing(what: Change) -> Callable[[], None]:
            return lambda: self._desk.do(what, tickets)

        def parse(text: str) -> datetime:
            return when.parse(text, self._desk.link.clock(), zone)

        def means(text: str) -> str:
            found = parse(text)
            return f"{moment(found, zone, year=now.year)}, in {when.time_left(found, self._desk.link.clock())}"

        def read(text: str) -> Choice:
            return Choice(doing(change(parse(text))), means(text))

        def ask() -> None:
            words = self._desk.asked_of(asked.partition(" (")[0])
            self._desk.ask_words(
                words, lambda text: doing(change(parse(text)))(), placeholder=when.EXAMPLES, means=means
            )

        self._desk.asked_about = tickets
        offered = [
            Choice(doing(change(found)), f"{label} · {moment(found, zone, year=now.year)}")
            for label, found in when.presets(now, zone)
        ]
        offered.append(Choice(ask, "write when …", "w"))
        offered += [Choice(doing(other.value), other.label, other.key, other.current) for other in others]
        self._desk.picker.ask(
            self._desk.asked_of(asked),
            offered,
            do_it,
            written=lambda text: Choice(doing(change(parse(text))), means(text)),
        )

    # Custom fields

    def fields(self) -> None:
        """Ask which custom field to fill in."""
        tickets = self._desk.about()
        if tickets:
            self._desk.asked_about = tickets
            self._desk.spawn(self._ask_field(tickets))

    async def _ask_field(self, tickets: tuple[Ticket, ...]) -> None:
        from helpdesk_tui.core import fields

        if not self._fields:
            self._desk.say("Reading the fields…")
        try:
            known = await self._desk.asked.database.fetch(fields.every())
        except HelpdeskError as error:
            self._desk.say(str(error), alarm=True)
            return
        self._fields = tuple(field for field in known if field.active)
        if not self._fields:
            self._desk.say("There are no custom fields: an admin sets them up (helpdesk admin fields)")
            return
        if not self._desk.still_asked(tickets):
            return
        self._desk.say("")
        held = {each.key: fields.words_of(each.value) for each in tickets[0].more.fields} if len(tickets) == 1 else {}

        def ask(field: CustomField) -> Callable[[], None]:
            return lambda: self._ask_value(field, tickets, held.get(field.key, ""))

        offered = [
            Choice(ask(field), " · ".join(filter(None, (field.label, held.get(field.key))))) for field in self._fields
        ]
        self._desk.picker.ask(self._desk.asked_of("field"), offered, do_it)

    def _ask_value(self, field: CustomField, tickets: tuple[Ticket, ...], text: str) -> None:
        from helpdesk_tui.core import fields

        def fill(value: fields.Value | None) -> None:
            self._desk.do(Change(fields={field.key: value}), tickets)

        if field.type not in ("choice", "yes/no"):
            shape = {"number": "a number", "date": "a day, such as 2026-12-24"}.get(field.type, "")
            use: Callable[[str], None] = lambda text: fill(fields.value_of(field, text))  # noqa: E731
            self._desk.ask_words(field.label, use, text, f"{shape}; nothing takes it away".lstrip("; "))
            return
        # A choice is one as it stands, whatever spaces it begins with.
        values = {each: each for each in field.choices} if field.type == "choice" else {"yes": True, "no": False}
        offered = [Choice(_with(fill, value), word, "", word == text) for word, value in values.items()]
        offered.append(Choice(_with(fill, None), "nothing", "0", not text))
        self._desk.picker.ask(self._desk.asked_of(field.label), offered, do_it)


def _with(use: Callable[[Any], None], value: object) -> Callable[[], None]:
    return lambda: use(value)
