"""The desk's tickets beside each other: merged, split, linked, followed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from helpdesk_tui.core import relations
from helpdesk_tui.core import tickets as statements
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.model import Ticket
from helpdesk_tui.screens.triage import reasons
from helpdesk_tui.widgets.picker import Choice, do_it

if TYPE_CHECKING:
    from helpdesk_tui.screens.desk import DeskScreen

__all__ = ["Relations"]

#: So many other tickets of the requester are offered to merge into.
OTHERS = 8


class Relations:
    """Asks a person at the desk, and does what they choose.

    Args:
        screen: where they are.
    """

    def __init__(self, screen: DeskScreen) -> None:
        self._screen = screen

    # Merging

    def merge(self) -> None:
        """Ask which ticket to merge into."""
        tickets = self._screen.about()
        if tickets:
            self._screen.asked_about = tickets
            self._screen.spawn(self._ask_target(tickets))

    async def _ask_target(self, tickets: tuple[Ticket, ...]) -> None:
        first, merged = tickets[0], tickets[0].more.merged_into
        if merged is not None and len(tickets) == 1:
            where = f"#{merged.number}" if merged.number else "another ticket"
            offered = [Choice(lambda: self._screen.run_act(self._unmerge(first)), f"take it out of {where} again", "u")]
            self._screen.picker.ask(f"#{first.number} is merged into {where}", offered, do_it)
            return
        self._screen.say(f"Reading the other tickets of {first.requester}…")
        try:
            others = await self._screen.asked.database.fetch(
                statements.of_requester(first.customer_id, limit=OTHERS + len(tickets))
            )
        except HelpdeskError as error:
            self._screen.say(str(error), alarm=True)
            return
        if not self._screen.still_asked(tickets):
            return
        self._screen.say("")
        mine = {ticket.id for ticket in tickets}
        offered = [
            Choice(self._merging(tickets, other), f"#{other.number} {other.status} {other.title}")
            for other in others
            if other.id not in mine and other.more.merged_into is None
        ][:OTHERS]

        def use(text: str) -> None:
            self._screen.spawn(self._merge_by_number(tickets, text))

        def ask() -> None:
            self._screen.ask_words("Merge into ticket", use, placeholder="its number")

        offered.append(Choice(ask, "another one, by its number …", "n"))
        self._screen.picker.ask(self._screen.asked_of("merge into"), offered, do_it)

    async def _merge_by_number(self, tickets: tuple[Ticket, ...], text: str) -> None:
        target = await self._ticket_named(text)
        if target is not None:
            self._merging(tickets, target)()

    async def _ticket_named(self, text: str) -> Ticket | None:
        """The ticket that was named; None where there is none, and that was said."""
        try:
            found = await self._screen.asked.ticket(text)
        except HelpdeskError as error:
            self._screen.say(str(error), alarm=True)
            return None
        if found is None:
            self._screen.say(f"There is no ticket {text.strip()} for you", alarm=True)
        return found

    def _merging(self, tickets: tuple[Ticket, ...], target: Ticket) -> Callable[[], None]:
        return lambda: self._screen.run_act(self._merge(tickets, target))

    async def _merge(self, tickets: tuple[Ticket, ...], target: Ticket) -> None:
        ids = [ticket.id for ticket in tickets if ticket.id != target.id]
        named = ", ".join(f"#{ticket.number}" for ticket in tickets if ticket.id != target.id)
        words = f"{named} merged into #{target.number}"
        act = uuid4()
        answers = await self._screen.asked.database.fetch(relations.merge(act, ids, target.id, words), idempotent=True)
        if any(answer.done for answer in answers):
            self._screen.triage.did(act, words, [*ids, target.id])
        numbers = {ticket.id: ticket.number for ticket in tickets}
        refused = [(each.why or "it was refused", numbers.get(each.id)) for each in answers if not each.done]
        self._screen.queue.unmark()
        self._screen.link.mark(None)
        if refused:
            done = f"{len(answers) - len(refused)} of {len(answers)} merged into #{target.number}"
            told = f"{done}. Refused: {reasons(refused)}"
            if len(answers) == 1:
                told = f"{named} NOT merged into #{target.number}: {refused[0][0]}"
            self._screen.say(told, alarm=True)
            return
        self._screen.say(f"{words} · u undoes")
        self._screen.queue.select(target.id)
        self._screen.open_ticket(target)

    async def _unmerge(self, ticket: Ticket) -> None:
        act = uuid4()
        (number,) = await self._screen.asked.database.fetch(relations.unmerge(act, ticket.id), idempotent=True)
        words = f"#{ticket.number} is no longer merged into #{number}"
        self._screen.triage.did(act, words, [ticket.id])
        self._screen.link.mark(None)
        self._screen.say(f"{words} · u undoes")

    # Splitting

    def split(self) -> None:
        """Ask how much of the thread becomes a ticket of its own."""
        ticket, message = self._screen.pane.ticket, self._screen.pane.thread.current_message
        if ticket is None or message is None or self._screen.desk is None:
            self._screen.say("No message is chosen: n goes from one to the next")
            return
        thread = self._screen.pane.thread.thread
        messages = thread.messages if thread is not None else ()
        after = sum(each.created_at > message.created_at for each in messages)

        def split(later: bool) -> Callable[[], None]:
            return lambda: self._screen.run_act(self._split(ticket, message.id, later))

        offered = [Choice(split(False), "this message alone", "o")]
        if after:
            offered.insert(0, Choice(split(True), f"this message and the {after} after it", "a"))
        self._screen.picker.ask(f"A new ticket of {message.sender}'s message", offered, do_it)

    async def _split(self, ticket: Ticket, message: Any, later: bool) -> None:
        act = uuid4()
        statement = relations.split(act, ticket.id, message, uuid4(), "", later=later)
        (number,) = await self._screen.asked.database.fetch(statement, idempotent=True)
        words = f"#{number} split off #{ticket.number}"
        self._screen.triage.did(act, words, [ticket.id])
        self._screen.link.mark(None)
        self._screen.say(f"{words} · u undoes")

    # Links

    def links(self) -> None:
        """Ask what the ticket is to which other one."""
        tickets = self._screen.about()
        if not tickets:
            return
        ticket = tickets[0]

        def kind(which: Any) -> Callable[[], None]:
            return lambda: self._screen.ask_words(
                f"#{ticket.number} is {which}",
                lambda text: self._screen.spawn(self._link_named(ticket, which, text)),
                placeholder="the other ticket's number",
            )

        offered = [Choice(kind(which), f"{which} …", which[0]) for which in relations.LINKS]
        for link in ticket.more.links:
            offered += [
                Choice(lambda link=link: self._screen.show(link.id), f"go to #{link.number} {link.title}"),
                Choice(
                    lambda link=link: self._screen.run_act(self._unlink(ticket, link)),
                    f"not {link.kind} #{link.number} any more",
                ),
            ]
        self._screen.picker.ask(f"#{ticket.number} is", offered, do_it)

    async def _link_named(self, ticket: Ticket, kind: Any, text: str) -> None:
        other = await self._ticket_named(text)
        if other is not None:
            await self._screen.attempt(self._link(ticket, kind, other))

    async def _link(self, ticket: Ticket, kind: Any, other: Ticket) -> None:
        act, words = uuid4(), f"#{ticket.number} is {kind} #{other.number}"
        statement = relations.link(act, ticket.id, kind, other.id)
        (new,) = await self._screen.asked.database.fetch(statement, idempotent=True)
        if new:
            self._did(act, f"{words} now", [ticket.id])
        else:
            self._screen.say(f"{words} already")

    async def _unlink(self, ticket: Ticket, link: Any) -> None:
        act = uuid4()
        await self._screen.asked.database.fetch(relations.unlink(act, ticket.id, link.id), idempotent=True)
        self._did(act, f"#{ticket.number} and #{link.number} are not linked any more", [ticket.id])

    def _did(self, act: UUID, words: str, ids: list[UUID]) -> None:
        self._screen.triage.did(act, words, ids)
        self._screen.link.mark(frozenset(ids))
        self._screen.say(f"{words} · u undoes")

    # Following

    def follow(self) -> None:
        """Follow the tickets, or follow them no more where all are followed."""
        tickets = self._screen.about()
        if tickets:
            self._screen.run_act(self._follow(tickets, not all(ticket.more.following for ticket in tickets)))

    async def _follow(self, tickets: tuple[Ticket, ...], following: bool) -> None:
        ids = [ticket.id for ticket in tickets]
        act = uuid4()
        statement = relations.follow(act, ids, following)
        answers = await self._screen.asked.database.fetch(statement, idempotent=True)
        refused = [answer.why for answer in answers if not answer.done]
        named = f"#{tickets[0].number}" if len(tickets) == 1 else f"{len(tickets)} tickets"
        if len(refused) < len(answers):
            self._did(act, f"You follow {named} {'now' if following else 'no more'}", ids)
        if refused and following:
            self._screen.say(f"{len(refused)} of {len(answers)} not followed: {refused[0]}", alarm=True)
