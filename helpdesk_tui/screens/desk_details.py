"""The desk's acts that need words: a time (snooze, due date), what custom fields hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from textual import on

from helpdesk_tui.core.acts import Change
from helpdesk_tui.core.errors import BadInput, HelpdeskError
from helpdesk_tui.core.model import Ticket
from helpdesk_tui.screens.desk_acts import DeskActs
from helpdesk_tui.widgets.picker import Choice, do_it
from helpdesk_tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from helpdesk_tui.core.fields import CustomField
    from helpdesk_tui.screens.link import Link

__all__ = ["DeskDetails"]

WORDS = "words"
"""That of the line to write in."""


@dataclass(frozen=True, slots=True)
class _Written:
    """What is to be done with what is written; it may refuse it."""

    words: str
    use: Callable[[str], None]
    means: Callable[[str], str] | None = None
    """What a text is taken for, while it is being typed."""


class DeskDetails(DeskActs):
    """What is done to tickets in words.

    Args:
        link: the person's link to the database.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._written: _Written | None = None
        self._fields: tuple[CustomField, ...] = ()

    def _focus_back(self) -> None:
        """The keys go where they were before a question."""
        if self.has_class("reading"):
            self.pane.focus_thread()
        else:
            self.queue.focus()

    # Asking for words

    async def complete(self) -> None:
        """Make what the first picture does not show."""
        await super().complete()
        await self._late(self.prompt)

    def ask_words(
        self,
        words: str,
        use: Callable[[str], None],
        text: str = "",
        placeholder: str = "",
        means: Callable[[str], str] | None = None,
    ) -> None:
        """Ask for some words. Where ``use`` refuses them, they are asked for again; ``means`` tells what they are taken
        for while they are typed."""
        if self.prompt.is_attached:
            self._written = _Written(words, use, means)
            self.prompt.ask(WORDS, words, text, placeholder=placeholder)
            self._tell_meaning(text)
        else:
            self.say("Still starting: try again")

    @on(Prompt.Typed)
    def _is_written(self, message: Prompt.Typed) -> None:
        if message.question == WORDS:
            self._tell_meaning(message.text)

    def _tell_meaning(self, text: str) -> None:
        means = self._written.means if self._written is not None else None
        if means is None or not text.strip():
            self.prompt.tell("")
            return
        try:
            self.prompt.tell(means(text))
        except BadInput as error:
            self.prompt.tell(error.message, wrong=True)

    @on(Prompt.Answered)
    def _was_written(self, message: Prompt.Answered) -> None:
        if message.question != WORDS:
            return
        written, self._written = self._written, None
        if written is not None and message.text is not None:
            try:
                written.use(message.text)
            except HelpdeskError as error:
                # The focus stays where it is: what leaves the field closes it.
                self.say(str(error), alarm=True)
                self.ask_words(written.words, written.use, message.text, means=written.means)
                return
        if message.by_key:
            self._focus_back()

    # Times

    def action_snooze(self) -> None:
        """Ask until when the ticket is to sleep."""
        tickets = self.about()
        awake = Choice(Change(snooze=None), "wake up now", "n")
        asleep = any(ticket.more.snoozed for ticket in tickets)
        self._ask_when(tickets, "snooze until", lambda found: Change(snooze=found), [awake] if asleep else [])

    def action_due(self) -> None:
        """Ask by when the ticket is due."""
        from helpdesk_tui.widgets.queue_row import due_date_words

        tickets = self.about()
        now, dates = self.link.clock(), {ticket.due_date for ticket in tickets}
        held = (
            f" (now {due_date_words(tickets[0], now, self.link.zone)[0]})"
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
        zone, now = self.link.zone, self.link.clock()

        def doing(what: Change) -> Callable[[], None]:
            return lambda: self.do(what, tickets)

        def parse(text: str) -> datetime:
            return when.parse(text, self.link.clock(), zone)

        def means(text: str) -> str:
            found = parse(text)
            return f"{moment(found, zone, year=now.year)}, in {when.time_left(found, self.link.clock())}"

        def ask() -> None:
            words = self.asked_of(asked.partition(" (")[0])
            self.ask_words(words, lambda text: doing(change(parse(text)))(), placeholder=when.EXAMPLES, means=means)

        self.asked_about = tickets
        offered = [
            Choice(doing(change(found)), f"{label} · {moment(found, zone, year=now.year)}")
            for label, found in when.presets(now, zone)
        ]
        offered.append(Choice(ask, "write when …", "w"))
        offered += [Choice(doing(other.value), other.label, other.key, other.current) for other in others]
        self.picker.ask(
            self.asked_of(asked), offered, do_it, written=lambda text: Choice(doing(change(parse(text))), means(text))
        )

    # Custom fields

    def action_fields(self) -> None:
        """Ask which custom field to fill in."""
        tickets = self.about()
        if tickets:
            self.asked_about = tickets
            self.spawn(self._ask_field(tickets))

    async def _ask_field(self, tickets: tuple[Ticket, ...]) -> None:
        from helpdesk_tui.core import fields

        if not self._fields:
            self.say("Reading the fields…")
        try:
            known = await self.asked.database.fetch(fields.every())
        except HelpdeskError as error:
            self.say(str(error), alarm=True)
            return
        self._fields = tuple(field for field in known if field.active)
        if not self._fields:
            self.say("There are no custom fields: an admin sets them up (helpdesk admin fields)")
            return
        if tickets is not self.asked_about:
            return
        self.say("")
        held = {each.key: fields.words_of(each.value) for each in tickets[0].more.fields} if len(tickets) == 1 else {}

        def ask(field: CustomField) -> Callable[[], None]:
            return lambda: self._ask_value(field, tickets, held.get(field.key, ""))

        offered = [
            Choice(ask(field), " · ".join(filter(None, (field.label, held.get(field.key))))) for field in self._fields
        ]
        self.picker.ask(self.asked_of("field"), offered, do_it)

    def _ask_value(self, field: CustomField, tickets: tuple[Ticket, ...], text: str) -> None:
        from helpdesk_tui.core import fields

        def fill(value: fields.Value | None) -> None:
            self.do(Change(fields={field.key: value}), tickets)

        if field.type not in ("choice", "yes/no"):
            shape = {"number": "a number", "date": "a day, such as 2026-12-24"}.get(field.type, "")
            use: Callable[[str], None] = lambda text: fill(fields.value_of(field, text))  # noqa: E731
            self.ask_words(field.label, use, text, f"{shape}; nothing takes it away".lstrip("; "))
            return
        # A choice is one as it stands, whatever spaces it begins with.
        values = {each: each for each in field.choices} if field.type == "choice" else {"yes": True, "no": False}
        offered = [Choice(_with(fill, value), word, "", word == text) for word, value in values.items()]
        offered.append(Choice(_with(fill, None), "nothing", "0", not text))
        self.picker.ask(self.asked_of(field.label), offered, do_it)


def _with(use: Callable[[Any], None], value: object) -> Callable[[], None]:
    return lambda: use(value)
