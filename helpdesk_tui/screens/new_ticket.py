"""A ticket that somebody of the team writes down for whoever rang up: for whom, what about, and how urgent it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from helpdesk_tui.actions import Context, key_of
from helpdesk_tui.core import people, written_down
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.journal import Request
from helpdesk_tui.core.journal_requests import Caller
from helpdesk_tui.core.model import PRIORITIES
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.screens.bindings import bindings
from helpdesk_tui.screens.request_form import RequestForm
from helpdesk_tui.widgets.caller_field import CallerField
from helpdesk_tui.widgets.picker import Choice, do_it

if TYPE_CHECKING:
    from uuid import UUID

    from textual.widget import Widget

    from helpdesk_tui.core.attachments import Upload
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.journal import Journal, Kind
    from helpdesk_tui.core.model import Department
    from helpdesk_tui.core.requests import Sent
    from helpdesk_tui.core.written_down import Written
    from helpdesk_tui.screens.link import Link

__all__ = ["NewTicket"]


class NewTicket(RequestForm):
    """Writes one ticket for somebody else.

    Args:
        link: the person's link to the database.
    """

    HEAD = "A ticket for somebody"
    CALLED = "the ticket"
    LATE: ClassVar[Kind] = "note"
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("new ticket",)
    BINDINGS: ClassVar[list[BindingType]] = bindings("new ticket")

    def __init__(self, link: Link) -> None:
        self.caller = CallerField(id="new-caller")
        self._categories: list[Department] = []
        super().__init__(link)

    def blank(self) -> Request:
        """For nobody yet."""
        return Request(self.link.drafts_owner, caller=Caller())

    def kept(self, journal: Journal) -> tuple[Request, ...]:
        """Those for others."""
        return journal.requests(self.link.drafts_owner, for_others=True)

    def above(self) -> ComposeResult:
        """For whom it is."""
        yield self.caller

    @property
    def for_whom(self) -> Caller:
        """Whom it is for, and what is set with it."""
        return self.request.caller or Caller()

    def show_request(self) -> None:
        """Whom it is for."""
        self.caller.put(self.for_whom.address, self.for_whom.name)

    @property
    def first(self) -> Widget:
        """It begins with whom it is for."""
        return super().first if self.for_whom.address.strip() else self.caller.field

    def freeze(self, frozen: bool) -> None:
        """The other fields' as well."""
        super().freeze(frozen)
        self.caller.field.disabled = frozen

    # For whom

    @on(CallerField.Typed)
    def _caller_typed(self, message: CallerField.Typed) -> None:
        if self.link.desk is None:
            self.caller.refuse(message.begun, "not connected yet: give the whole address")
        else:
            self.spawn(self._look_for(message.begun))

    async def _look_for(self, begun: str) -> None:
        try:
            found = await self.link.database.fetch(written_down.known(begun))
        except HelpdeskError as error:
            self.caller.refuse(begun, f"not looked for: {error.message}")
        else:
            self.caller.offer(begun, found)

    @on(CallerField.Changed)
    def _caller_changed(self, message: CallerField.Changed) -> None:
        if not self.sending:
            caller = replace(self.for_whom, address=message.address, name=message.name)
            self.request = replace(self.request, caller=caller)
            self.save_soon()

    @on(CallerField.Done)
    def _caller_done(self) -> None:
        self.title_field.focus()

    @on(CallerField.Left)
    def _caller_left(self) -> None:
        self.action_home()

    # What is set with it

    def opened(self, desk: Desk) -> None:  # noqa: ARG002  (what is asked is made of the link)
        """The database can be asked: what it can be about."""
        self.spawn(self._load_categories())

    async def _load_categories(self) -> None:
        try:
            self._categories = await self.link.database.fetch(people.categories())
        except HelpdeskError as error:
            self.say(f"The categories could not be read: {error}", alarm=True)
        self.show_rest()

    def about_words(self) -> str:
        """Priority, category, department and assignee."""
        caller, desk = self.for_whom, self.link.desk
        departments = {str(each.id): each.name for each in (desk.departments if desk is not None else ())}
        staff = {str(each.id): each.name for each in (desk.staff if desk is not None else ())}
        category = next((each.name for each in self._categories if each.id == self.request.category), "none")
        own = desk is not None and desk.me.role == "agent" and desk.me.department
        usual = desk.me.department if own and desk is not None else "by its category"
        said = (
            f"Priority: {caller.priority}",
            f"Category: {safe_line(category, 40)}",
            f"Department: {safe_line(departments.get(caller.department) or usual or '', 40)}",
            f"Assignee: {safe_line(staff.get(caller.assignee) or 'nobody yet', 40)}",
        )
        return " · ".join(said)

    def action_topic(self) -> None:
        """Ask what to set."""
        desk = self.link.desk
        if desk is None:
            self.say("Not connected yet")
            return
        caller, mine = self.for_whom, desk.me
        named = [Choice("", "nobody: as the department gives tickets out")]
        named += [
            Choice(str(each.id), f"{each.name}{' (me)' if each.id == mine.id else ''}{' · away' if each.away else ''}")
            for each in sorted(desk.staff, key=lambda each: each.id != mine.id)
        ]
        usual = "my own" if mine.role == "agent" and mine.department_id else "by its category"
        departments = [Choice("", usual), *(Choice(str(each.id), each.name) for each in desk.departments)]
        priorities = [Choice(each, each, each[0]) for each in PRIORITIES]
        categories = [Choice(None, "none"), *(Choice(each.id, each.name) for each in self._categories)]
        asked: list[tuple[str, str, list[Choice], Callable[[Any], object], object]] = [
            ("Priority", "p", priorities, lambda to: self._set(priority=to), caller.priority),
            ("Category", "c", categories, self._set_category, self.request.category),
            ("Department", "d", departments, lambda to: self._set(department=to), caller.department),
            ("Assignee", "a", named, lambda to: self._set(assignee=to), caller.assignee),
        ]

        def ask(what: str, choices: list[Choice], then: Callable[[Any], object], now: object) -> Callable[[], None]:
            marked = [replace(each, current=each.value == now) for each in choices]
            return lambda: self.picker.ask(what, marked, then)

        offered = [Choice(ask(what, choices, then, now), f"{what} …", key) for what, key, choices, then, now in asked]
        self.picker.ask("Set", offered, do_it)

    def _set(self, **given: str) -> None:
        self.request = replace(self.request, caller=replace(self.for_whom, **given))
        self.save()
        self.show_rest()

    def _set_category(self, category: UUID | None) -> None:
        self.request = replace(self.request, category=category)
        self.save()
        self.show_rest()

    # Sending

    async def line_up(self, request: Request, files: tuple[Upload, ...]) -> Sent | Written:
        """Send it, by way of the outbox if there is one."""
        outbox = self.link.keeping.outbox if self.link.keeping is not None else None
        return await written_down.line_up(self.link.database, outbox, request, files)

    def was_sent(self, request: Request, sent: Sent | Written | None) -> None:
        """The desk's undo key takes it back."""
        whom = safe_line(request.caller.words if request.caller else "", 60)
        self.link.did(request.id, f"the ticket for {whom}")
        if sent is not None:
            self.link.say(f"#{sent.number} written for {whom} · {key_of('desk.undo')} takes it back")

    def action_home(self) -> None:
        """Back to the desk; what is written is kept, and that is said."""
        super().action_home()
        if not self.request.is_empty:
            self.link.say(f"The ticket is kept: {key_of('place.ticket')} goes on with it")

    def hints(self) -> tuple[str, ...]:
        """Sending, and what may go with it."""
        return ("ticket.send", "ticket.details", "ticket.file", "place.home")
