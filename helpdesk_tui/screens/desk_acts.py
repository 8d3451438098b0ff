"""The desk's acts: asked for with a second key, done to the selected ticket or to all that are marked, taken back."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from textual import on

from helpdesk_tui.core.acts import MOST, Change, Kept, Undone
from helpdesk_tui.core.errors import BadInput, HelpdeskError
from helpdesk_tui.core.model import Ticket
from helpdesk_tui.screens.choices import act_choices, category_choices, choices, tag_choices
from helpdesk_tui.screens.desk_many import DeskMany
from helpdesk_tui.widgets.picker import Choice, do_it
from helpdesk_tui.widgets.queue import Queue

if TYPE_CHECKING:
    from textual.widget import Widget

    from helpdesk_tui.core.filters import Vocabulary
    from helpdesk_tui.screens.link import Link

__all__ = ["DeskActs"]

#: So many tickets are read at a time, to be marked.
PORTION = 1_000
#: Acts that are listed.
LISTED = 50


class DeskActs(DeskMany):
    """What can be done to tickets.

    Args:
        link: the person's link to the database.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._asked_about: tuple[Ticket, ...] = ()
        self._asked_from: Widget | None = None
        self._names: Vocabulary | None = None

    @property
    def asked_about(self) -> tuple[Ticket, ...]:
        """The tickets that the question is about."""
        return self._asked_about

    @asked_about.setter
    def asked_about(self, tickets: tuple[Ticket, ...]) -> None:
        self._asked_about, self._asked_from = tickets, self.focused

    def still_asked(self, tickets: tuple[Ticket, ...]) -> bool:
        """Whether a question for which something had to be read is still wanted: nothing else was asked meanwhile, and
        the person has not gone elsewhere, as to write."""
        return tickets is self._asked_about and self.focused is self._asked_from

    @property
    def subjects(self) -> tuple[Ticket, ...]:
        """The tickets that acts are about: those that are marked, as long as the keys are the queue's; else the one."""
        if self.queue.marked and not self.pane.has_focus_within:
            return self.queue.marked
        return () if self.subject is None else (self.subject,)

    def about(self) -> tuple[Ticket, ...]:
        """The tickets that are at hand; none, and that was said, where there is none or no database."""
        tickets = self.subjects
        if not tickets or self.desk is None:
            self.say("No ticket is selected")
            return ()
        return tickets

    # Asking

    def ask_of(self, question: str) -> None:
        """Ask for the second key of an act."""
        tickets, desk = self.about(), self.desk
        if not tickets or desk is None:
            return
        self.asked_about = tickets
        if question == "tags":
            self.spawn(self._ask_tag(tickets))
        elif question == "category":
            self.spawn(self._ask_category(tickets))
        else:
            self._ask(question, choices(question, tickets, desk))

    def _ask(self, question: str, offered: Sequence[Choice]) -> None:
        """Ask for a change of the subjects."""
        tickets = self.asked_about
        self.picker.ask(self.asked_of(question), offered, lambda change: self.do(change, tickets))

    def asked_of(self, question: str) -> str:
        """What a question about them is called: "#1042 status", "3 tickets status"."""
        first, *others = self.asked_about
        return f"{len(self.asked_about)} tickets {question}" if others else f"#{first.number} {question}"

    async def _ask_tag(self, tickets: tuple[Ticket, ...]) -> None:
        """Ask at once where the tags were read before, and read them again behind that."""
        known = self._names is not None
        if self._names is not None:
            self._show_tags(self._names, tickets)
        else:
            self.say("Reading the tags…")
        try:
            self._names = await self.asked.vocabulary()
        except HelpdeskError as error:
            self.say(str(error), alarm=True)
            return
        if not known and self.still_asked(tickets):
            self.say("")
            self._show_tags(self._names, tickets)

    def _show_tags(self, names: Vocabulary, tickets: tuple[Ticket, ...]) -> None:
        known = {tag.name.casefold() for tag in names.tags}

        def named(words: str) -> Choice | None:
            name = " ".join(words.split())
            return None if name.casefold() in known else Choice(name, f"+ a new tag: {name}")

        title, offered = self.asked_of("tags"), tag_choices(tickets, names.tags)
        self.picker.ask(title, offered, lambda chosen: self._tag(chosen, tickets), named=named)

    def _tag(self, chosen: Change | str, tickets: tuple[Ticket, ...]) -> None:
        """Put a tag on or take it off, or name a new one and put that on."""
        if isinstance(chosen, Change):
            self.do(chosen, tickets)
        else:
            self.run_act(self._tag_anew(chosen, tickets))

    async def _tag_anew(self, name: str, tickets: tuple[Ticket, ...]) -> None:
        tag = await self.asked.name_tag(name)
        self._names = None
        self.do(Change(add=(tag.id,), names={tag.id: tag.name}), tickets)

    async def _ask_category(self, tickets: tuple[Ticket, ...]) -> None:
        self.say("Reading the categories…")
        try:
            categories, current = await self.asked.categories([ticket.id for ticket in tickets])
        except HelpdeskError as error:
            self.say(str(error), alarm=True)
            return
        if self.still_asked(tickets):
            self.say("")
            self._ask("category", category_choices(categories, current))

    # Doing

    def do(self, change: Change, tickets: tuple[Ticket, ...]) -> None:
        """Change tickets, and select the next one."""
        if not tickets:
            return
        self.spawn(self._act(change, tickets))
        if len(tickets) > 1 or self.queue.marked:
            self.queue.unmark()
            return
        in_queue = self.queue.selected
        if not self.pane.has_focus_within and in_queue is not None and in_queue.id == tickets[0].id:
            self.queue.move(1)

    async def _act(self, change: Change, tickets: tuple[Ticket, ...]) -> None:
        if not await self.triage.do(self.asked, change, tickets):
            self.link.look_at_myself()
        self.link.mark(frozenset(ticket.id for ticket in tickets))

    def run_act(self, doing: Coroutine[Any, Any, None]) -> None:
        """Do something beside the interface, and say why it was not done."""
        self.spawn(self.attempt(doing))

    async def attempt(self, doing: Coroutine[Any, Any, None]) -> None:
        """Does something, and says why it was not done."""
        try:
            await doing
        except BadInput as error:
            self.say(str(error), alarm=True)
        except HelpdeskError as error:
            self.say(f"Not done: {error}", alarm=True)

    # Taking back

    def action_undo(self) -> None:
        """Take back what was done last: an answer that has not gone out yet, or an act, whatever it was."""
        if self.desk is not None and not self.undo_view() and not self.take_back_sent():
            self.spawn(self._undo(None))

    async def _undo(self, act: Kept | Undone | None, *, force: bool = False) -> None:
        act_id = None if act is None else act.of if isinstance(act, Undone) else act.id
        undone = await self.triage.undo(self.asked, act_id, force=force, select=not self.pane.has_focus_within)
        if undone is None:
            return
        shown = self.pane.ticket
        if shown is not None and undone.leaves_no(shown.number):
            self.pane.stop_writing()
            self.pane.clear()
            self.action_back()
        if undone.forceable and not force:
            more = f" and {len(undone.left) - 1} more" if len(undone.left) > 1 else ""
            others = [
                Choice(lambda: self.spawn(self._undo(undone, force=True)), "undo it all the same", "u"),
                Choice(lambda: None, "leave it as it is", "l"),
            ]
            self.picker.ask(f"{undone.left[0].words}{more}", others, do_it, leaving=True)
        self.link.mark(None)

    def action_acts(self) -> None:
        """List what can be undone."""
        if self.desk is not None:
            self.say("Looking up what can be undone…")
            self.spawn(self._list_acts())

    async def _list_acts(self) -> None:
        try:
            acts = await self.asked.my_acts(LISTED)
        except HelpdeskError as error:
            self.say(f"What can be undone is not known: {error}", alarm=True)
            return
        if acts:
            self.say("")
            self.picker.ask("Undo which", act_choices(acts, self.link.clock()), lambda act: self.spawn(self._undo(act)))
        else:
            self.say("Nothing can be undone: you have done nothing in thirty days, or took it all back")

    # Marks

    @on(Queue.AllWanted)
    def _mark_all(self) -> None:
        if self.desk is not None:
            self.say("Marking all of them…")
            self.spawn(self._read_marks())

    async def _read_marks(self) -> None:
        """Mark what the queue holds, as the database knows it; in portions, so that no key waits for thousands."""
        tab, rows, more = self.tab, dict[UUID, Ticket](), True
        last: Ticket | None = None
        try:
            while more and len(rows) < MOST:
                read, more = await self.read_rows(tab, min(PORTION, MOST - len(rows)), last)
                if tab != self.tab:
                    return
                rows |= {ticket.id: ticket for ticket in read}
                last = read[-1] if read else last
                if more:
                    self.say(f"Marking all of them: {len(rows):,} so far…")
        except HelpdeskError as error:
            self.say(f"Nothing was marked: {error}", alarm=True)
            return
        self.queue.mark(list(rows.values()))
        if rows:
            self.say(f"The first {len(rows):,} are marked, and no more" if more else f"All {len(rows):,} are marked")
        else:
            self.say("There is nothing to mark")
