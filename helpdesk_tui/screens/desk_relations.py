"""The desk's acts that need words, a time, another ticket or a message: snooze, due date, custom fields, merging,
splitting, links, following."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from textual import on

from helpdesk_tui.core.acts import Change
from helpdesk_tui.core.errors import BadInput, HelpdeskError
from helpdesk_tui.core.model import Ticket
from helpdesk_tui.screens.desk_acts import DeskActs
from helpdesk_tui.widgets.picker import Choice, do_it
from helpdesk_tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from helpdesk_tui.core.fields import CustomField
    from helpdesk_tui.core.statement import Statement
    from helpdesk_tui.screens.link import Link

__all__ = ["DeskRelations"]

WORDS = "words"
"""That of the line to write in."""
OTHERS = 8
"""So many other tickets of the requester are offered to merge into."""


@dataclass(frozen=True, slots=True)
class _Written:
    """What is to be done with what is written; it may refuse it."""

    words: str
    use: Callable[[str], None]
    means: Callable[[str], str] | None = None
    """What a text is taken for, while it is being typed."""


class DeskRelations(DeskActs):
    """More that can be done to tickets.

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

    def _about(self) -> tuple[Ticket, ...]:
        """The tickets that are at hand; none, and that was said, where there is none or no database."""
        tickets = self.subjects
        if not tickets or self.desk is None:
            self.say("No ticket is selected")
            return ()
        return tickets

    # Asking for words

    async def complete(self) -> None:
        """Make what the first picture does not show."""
        await super().complete()
        await self._late(self.prompt)

    def _write(
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
                self._write(written.words, written.use, message.text, means=written.means)
                return
        if message.by_key:
            self._focus_back()

    # Times

    def action_snooze(self) -> None:
        """Ask until when the ticket is to sleep."""
        tickets = self._about()
        awake = Choice(Change(snooze=None), "wake up now", "n")
        asleep = any(ticket.more.snoozed for ticket in tickets)
        self._ask_when(tickets, "snooze until", lambda found: Change(snooze=found), [awake] if asleep else [])

    def action_due(self) -> None:
        """Ask by when the ticket is due."""
        from helpdesk_tui.widgets.queue_row import due_date_words

        tickets = self._about()
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
            words = self._asked_of(asked.partition(" (")[0])
            self._write(words, lambda text: doing(change(parse(text)))(), placeholder=when.EXAMPLES, means=means)

        self._subjects = tickets
        offered = [
            Choice(doing(change(found)), f"{label} · {moment(found, zone, year=now.year)}")
            for label, found in when.presets(now, zone)
        ]
        offered.append(Choice(ask, "write when …", "w"))
        offered += [Choice(doing(other.value), other.label, other.key, other.current) for other in others]
        self.picker.ask(self._asked_of(asked), offered, do_it)

    # Custom fields

    def action_fields(self) -> None:
        """Ask which custom field to fill in."""
        tickets = self._about()
        if tickets:
            self._subjects = tickets
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
        if tickets is not self._subjects:
            return
        self.say("")
        held = {each.key: fields.words_of(each.value) for each in tickets[0].more.fields} if len(tickets) == 1 else {}

        def ask(field: CustomField) -> Callable[[], None]:
            return lambda: self._ask_value(field, tickets, held.get(field.key, ""))

        offered = [
            Choice(ask(field), " · ".join(filter(None, (field.label, held.get(field.key))))) for field in self._fields
        ]
        self.picker.ask(self._asked_of("field"), offered, do_it)

    def _ask_value(self, field: CustomField, tickets: tuple[Ticket, ...], text: str) -> None:
        from helpdesk_tui.core import fields

        def fill(value: fields.Value | None) -> None:
            self.do(Change(fields={field.key: value}), tickets)

        if field.type not in ("choice", "yes/no"):
            shape = {"number": "a number", "date": "a day, such as 2026-12-24"}.get(field.type, "")
            use: Callable[[str], None] = lambda text: fill(fields.value_of(field, text))  # noqa: E731
            self._write(field.label, use, text, f"{shape}; nothing takes it away".lstrip("; "))
            return
        words = field.choices if field.type == "choice" else ("yes", "no")
        offered = [Choice(_with(fill, fields.value_of(field, word)), word, "", word == text) for word in words]
        offered.append(Choice(_with(fill, None), "nothing", "0", not text))
        self.picker.ask(self._asked_of(field.label), offered, do_it)

    # Merging

    def action_merge(self) -> None:
        """Ask which ticket to merge into."""
        tickets = self._about()
        if tickets:
            self._subjects = tickets
            self.spawn(self._ask_target(tickets))

    async def _ask_target(self, tickets: tuple[Ticket, ...]) -> None:
        from helpdesk_tui.core import tickets as statements

        first, merged = tickets[0], tickets[0].more.merged_into
        if merged is not None and len(tickets) == 1:
            where = f"#{merged.number}" if merged.number else "another ticket"
            offered = [Choice(lambda: self._run(self._unmerge(first)), f"take it out of {where} again", "u")]
            self.picker.ask(f"#{first.number} is merged into {where}", offered, do_it)
            return
        self.say(f"Reading the other tickets of {first.requester}…")
        try:
            others = await self.asked.database.fetch(
                statements.of_requester(first.customer_id, limit=OTHERS + len(tickets))
            )
        except HelpdeskError as error:
            self.say(str(error), alarm=True)
            return
        if tickets is not self._subjects:
            return
        self.say("")
        mine = {ticket.id for ticket in tickets}
        offered = [
            Choice(self._merging(tickets, other), f"#{other.number} {other.status} {other.title}")
            for other in others
            if other.id not in mine and other.more.merged_into is None
        ][:OTHERS]

        def use(text: str) -> None:
            self.spawn(self._merge_by_number(tickets, text))

        def ask() -> None:
            self._write("Merge into ticket", use, placeholder="its number")

        offered.append(Choice(ask, "another one, by its number …", "n"))
        self.picker.ask(self._asked_of("merge into"), offered, do_it)

    async def _merge_by_number(self, tickets: tuple[Ticket, ...], text: str) -> None:
        target = await self._ticket_named(text)
        if target is not None:
            self._merging(tickets, target)()

    async def _ticket_named(self, text: str) -> Ticket | None:
        """The ticket that was named; None where there is none, and that was said."""
        try:
            found = await self.asked.ticket(text)
        except HelpdeskError as error:
            self.say(str(error), alarm=True)
            return None
        if found is None:
            self.say(f"There is no ticket {text.strip()} for you", alarm=True)
        return found

    def _merging(self, tickets: tuple[Ticket, ...], target: Ticket) -> Callable[[], None]:
        return lambda: self._run(self._merge(tickets, target))

    async def _merge(self, tickets: tuple[Ticket, ...], target: Ticket) -> None:
        from helpdesk_tui.core import relations

        ids = [ticket.id for ticket in tickets if ticket.id != target.id]
        named = ", ".join(f"#{ticket.number}" for ticket in tickets if ticket.id != target.id)
        words = f"{named} merged into #{target.number}"
        act = uuid4()
        answers = await self.asked.database.fetch(relations.merge(act, ids, target.id, words), idempotent=True)
        if any(answer.done for answer in answers):
            self.triage.did(act, words, [*ids, target.id])
        refused = [answer.why for answer in answers if not answer.done]
        self.queue.unmark()
        self.link.mark(None)
        if refused:
            done = len(answers) - len(refused)
            self.say(f"{done} of {len(answers)} merged into #{target.number}: {refused[0]}", alarm=True)
            return
        self.say(f"{words} · u undoes")
        self.queue.select(target.id)
        self.open_ticket(target)

    async def _unmerge(self, ticket: Ticket) -> None:
        from helpdesk_tui.core import relations

        (number,) = await self.asked.database.fetch(relations.unmerge(ticket.id))
        self.link.mark(None)
        self.say(f"#{ticket.number} is no longer merged into #{number}")

    # Splitting

    def action_split(self) -> None:
        """Ask how much of the thread becomes a ticket of its own."""
        ticket, message = self.pane.ticket, self.pane.thread.current_message
        if ticket is None or message is None or self.desk is None:
            self.say("No message is chosen: n goes from one to the next")
            return
        thread = self.pane.thread.thread
        messages = thread.messages if thread is not None else ()
        after = sum(each.created_at > message.created_at for each in messages)

        def split(later: bool) -> Callable[[], None]:
            return lambda: self._run(self._split(ticket, message.id, later))

        offered = [Choice(split(False), "this message alone", "o")]
        if after:
            offered.insert(0, Choice(split(True), f"this message and the {after} after it", "a"))
        self.picker.ask(f"A new ticket of {message.sender}'s message", offered, do_it)

    async def _split(self, ticket: Ticket, message: Any, later: bool) -> None:
        from helpdesk_tui.core import relations

        act = uuid4()
        statement = relations.split(act, ticket.id, message, uuid4(), "", later=later)
        (number,) = await self.asked.database.fetch(statement, idempotent=True)
        words = f"#{number} split off #{ticket.number}"
        self.triage.did(act, words, [ticket.id])
        self.link.mark(None)
        self.say(f"{words} · u undoes")

    # Links

    def action_links(self) -> None:
        """Ask what the ticket is to which other one."""
        from helpdesk_tui.core.relations import LINKS

        tickets = self._about()
        if not tickets:
            return
        ticket = tickets[0]

        def kind(which: Any) -> Callable[[], None]:
            return lambda: self._write(
                f"#{ticket.number} is {which}",
                lambda text: self.spawn(self._link_named(ticket, which, text)),
                placeholder="the other ticket's number",
            )

        offered = [Choice(kind(which), f"{which} …", which[0]) for which in LINKS]
        for link in ticket.more.links:
            offered += [
                Choice(lambda link=link: self.spawn(self._find(str(link.id))), f"go to #{link.number} {link.title}"),
                Choice(
                    lambda link=link: self._run(self._unlink(ticket, link)), f"not {link.kind} #{link.number} any more"
                ),
            ]
        self.picker.ask(f"#{ticket.number} is", offered, do_it)

    async def _link_named(self, ticket: Ticket, kind: Any, text: str) -> None:
        from helpdesk_tui.core import relations

        other = await self._ticket_named(text)
        if other is not None:
            words = f"#{ticket.number} is {kind} #{other.number} now"
            await self._attempt(self._relate(relations.link(ticket.id, kind, other.id), ticket, words))

    async def _unlink(self, ticket: Ticket, link: Any) -> None:
        from helpdesk_tui.core import relations

        words = f"#{ticket.number} and #{link.number} are not linked any more"
        await self._relate(relations.unlink(ticket.id, link.id), ticket, words)

    async def _relate(self, statement: Statement[object], ticket: Ticket, words: str) -> None:
        await self.asked.database.fetch(statement)
        self.link.mark(frozenset([ticket.id]))
        self.say(words)

    # Following

    def action_follow(self) -> None:
        """Follow the tickets, or follow them no more where all are followed."""
        tickets = self._about()
        if tickets:
            self._run(self._follow(tickets, not all(ticket.more.following for ticket in tickets)))

    async def _follow(self, tickets: tuple[Ticket, ...], following: bool) -> None:
        from helpdesk_tui.core import relations

        ids = [ticket.id for ticket in tickets]
        answers = await self.asked.database.fetch(relations.follow(ids, following), idempotent=True)
        refused = [answer.why for answer in answers if not answer.done]
        self.link.mark(frozenset(ids))
        named = f"#{tickets[0].number}" if len(tickets) == 1 else f"{len(tickets)} tickets"
        if refused and following:
            self.say(f"{len(refused)} of {len(answers)} not followed: {refused[0]}", alarm=True)
        else:
            self.say(f"You follow {named} now" if following else f"You follow {named} no more")

    # Doing

    def _run(self, doing: Coroutine[Any, Any, None]) -> None:
        self.spawn(self._attempt(doing))

    async def _attempt(self, doing: Coroutine[Any, Any, None]) -> None:
        """Does something, and says why it was not done."""
        try:
            await doing
        except BadInput as error:
            self.say(str(error), alarm=True)
        except HelpdeskError as error:
            self.say(f"Not done: {error}", alarm=True)


def _with(use: Callable[[Any], None], value: object) -> Callable[[], None]:
    return lambda: use(value)
