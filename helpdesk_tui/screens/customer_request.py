"""A customer's one request: looked at, opened, answered, its files saved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from textual import events, on

from helpdesk_tui import collecting
from helpdesk_tui.actions import key_of
from helpdesk_tui.core.errors import HelpdeskError, NotFound, Queued, Stale
from helpdesk_tui.core.model import Other, Ticket
from helpdesk_tui.core.requests import Requests
from helpdesk_tui.screens.place import Place
from helpdesk_tui.widgets.request_list import RequestList
from helpdesk_tui.widgets.request_pane import RequestPane
from helpdesk_tui.widgets.thread_links import ArticleLink

if TYPE_CHECKING:
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.dirty import Ids
    from helpdesk_tui.core.outbox import Outbox
    from helpdesk_tui.core.requests import Listed
    from helpdesk_tui.core.thread import Outgoing
    from helpdesk_tui.screens.link import Link
    from helpdesk_tui.widgets.composer import Composer
    from helpdesk_tui.widgets.status_line import Connection
    from helpdesk_tui.widgets.thread import ThreadView

__all__ = ["WIDE", "CustomerRequest"]

#: Columns from which the request is shown beside the list.
WIDE = 120
#: So long the cursor rests on a request before it is read.
PREVIEW_SECONDS = 0.08


class CustomerRequest(Place):
    """The list of requests, and one of them beside it or instead of it.

    Args:
        link: the person's link to the database.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self.requests = RequestList(clock=link.clock, zone=link.zone, id="requests")
        self.pane = RequestPane(link.drafts, link.drafts_owner, clock=link.clock, zone=link.zone, id="request")
        self.pane.unsent = lambda ticket_id: link.keeping.unsent(ticket_id) if link.keeping is not None else ()
        self._reading = 0
        self._flying: set[UUID] = set()
        self._wanted: UUID | None = None
        self._complete = False

    @property
    def asked(self) -> Requests:
        """What is asked, where the database is known to be there.

        Raises:
            RuntimeError: it has not answered yet.
        """
        if self.link.me is None:
            raise RuntimeError("the database has not answered yet")
        return Requests(self.link.database, self.link.me)

    @property
    def _outbox(self) -> Outbox | None:
        return self.link.keeping.outbox if self.link.keeping is not None else None

    def _as_done(self, ticket: Ticket) -> Ticket:
        """A request as it will be, once what waits in line has been done to it."""
        return self.link.keeping.as_done(ticket) if self.link.keeping is not None else ticket

    # What the link tells

    def opened(self, desk: Desk) -> None:  # noqa: ARG002  (what is asked is made of the link)
        """The database can be asked."""
        self.follow("tickets", self._changed).mark()
        self.link.looking = self._looking

    def _looking(self) -> UUID | None:
        """The request that is open before the person's eyes."""
        here = self.is_current and self.app.app_focus and self.has_class("reading")
        return self.pane.ticket.id if here and self.pane.ticket is not None else None

    def connection_changed(self, name: Connection, why: str) -> None:
        """While there is nothing to show yet, waiting must not look like loading."""
        if name == "down" and self.link.desk is None:
            self.requests.show_failed(f"{why} Trying again …")

    def show(self, about: UUID) -> None:
        """Somebody came here for this request."""
        self._wanted = about
        self.spawn(self._changed(None))

    async def leave(self) -> None:
        """Keep what was written."""
        self.pane.keep_draft()

    def link_unsent(self, waiting: int, refused: int) -> None:
        """What waits is another: in the thread, too."""
        super().link_unsent(waiting, refused)
        self.pane.show_unsent()

    # Reading

    async def _changed(self, ids: Ids) -> None:
        """Read again what changed: the list, and the open request."""
        shown = self.pane.ticket
        if ids is None:
            try:
                self._show_list(await self.asked.listed())
            except HelpdeskError as error:
                self.requests.show_failed(str(error))
                raise
        else:
            found = await self.asked.look_again([one for one in ids if one not in self._flying])
            for ticket in found.values():
                self.requests.looks(self._as_done(ticket))
                self.pane.learn(self._as_done(ticket))
        if shown is not None and (ids is None or shown.id in ids):
            await self.load(shown.id)
        if not self._complete:
            self._complete = True
            await self.complete()

    async def complete(self) -> None:
        """Hear of changes, and make what the first picture does not show."""
        self.link.listen()
        await self.pane.prepare()
        collecting.resume()

    def _show_list(self, listed: Listed) -> None:
        held = {each.id: self._as_done(each) for each in (*listed.open, *listed.ended)}
        for each in held.values():
            self.pane.learn(each)
        for flying in self._flying:
            ticket = self.requests.find(flying)
            if ticket is not None:
                held[flying] = ticket
        both = held.values()
        opened = [each for each in both if each.status in ("open", "pending")]
        ended = [each for each in both if each.status not in ("open", "pending")]
        self.requests.show(opened, ended, more=listed.more)
        if self._wanted is not None:
            wanted, self._wanted = self._wanted, None
            ticket = self.requests.find(wanted)
            if ticket is None:
                self.say("There is no such request", alarm=True)
            else:
                self.requests.choose(wanted)
                self.open_request(ticket)

    async def load(self, ticket_id: UUID) -> None:
        """Read a request's thread, and show it if that is still the one."""
        self._reading = reading = self._reading + 1
        try:
            found = await self.asked.opened(ticket_id)
        except NotFound as error:
            self.pane.show_failed(ticket_id, str(error))
            return
        except HelpdeskError as error:
            self.pane.show_failed(ticket_id, f"{error} ^R reads again.")
            return
        if reading < self._reading or ticket_id in self._flying:
            return  # a later reading is on its way, or what was done just now is not in this one yet
        if self.link.keeping is not None:
            self.link.keeping.seen(found.thread)
        self.pane.show_thread(replace(found.thread, ticket=self._as_done(found.thread.ticket)))
        if self.pane.ticket is not None and self.pane.ticket.id == ticket_id:
            self.pane.about.show_rating(found.rating)

    # Looking

    @property
    def narrow(self) -> bool:
        """Whether one of the two is shown at a time."""
        return self.size.width < WIDE

    def on_resize(self, event: events.Resize) -> None:
        """Side by side where there is room."""
        self.set_class(event.size.width < WIDE, "narrow")

    @property
    def subject(self) -> Ticket | None:
        """The request that keys are about: the open one while it has the focus, else the chosen one."""
        if (self.pane.has_focus_within or self.has_class("reading")) and self.pane.ticket is not None:
            return self.pane.ticket
        return self.requests.selected

    @on(RequestList.Highlighted)
    def _highlighted(self, message: RequestList.Highlighted) -> None:
        self.status.hush()
        if self.narrow or self.has_class("reading") or self.pane.writing:
            shown = self.pane.ticket
            if message.ticket is not None and shown is not None and shown.id == message.ticket.id:
                self.pane.show_ticket(message.ticket)
        elif message.ticket is None:
            self.pane.clear()
        else:
            self.set_timer(PREVIEW_SECONDS, self._preview)
        self.refresh_hints()

    def _preview(self) -> None:
        chosen = self.requests.selected
        if chosen is not None and not (self.narrow or self.has_class("reading") or self.pane.writing):
            self._look_at(chosen)

    def _look_at(self, ticket: Ticket) -> None:
        shown = self.pane.ticket
        if shown is None or shown.id != ticket.id:
            self.pane.show_loading(ticket)
            self.spawn(self.load(ticket.id))
        else:
            self.pane.show_ticket(ticket)

    @on(RequestList.Opened)
    def _opened(self, message: RequestList.Opened) -> None:
        if message.ticket is None:
            self.link.open("request")
        else:
            self.open_request(message.ticket)

    def open_request(self, ticket: Ticket) -> None:
        """Open a request: the keys are its thread's."""
        self.add_class("reading")
        if self.pane.ticket is not None and self.pane.ticket.id != ticket.id:
            self.pane.stop_writing()
        self._look_at(ticket)
        self.pane.focus_thread()
        self.refresh_hints()
        if self.link.attention is not None:
            self.link.attention.opened(ticket.id)

    def action_merged(self) -> None:
        """Go to the request that this one was merged into."""
        ticket = self.subject
        into = ticket.more.merged_into if ticket is not None else None
        if into is None:
            self.say("Choose a request that was merged into another one")
        else:
            self.spawn(self._go_to(into))

    async def _go_to(self, into: Other) -> Ticket | None:
        """Open another request; None where there is none for this person, and that was said."""
        found = self.requests.find(into.id) if into.id is not None else None
        if found is None and into.id is not None and self.link.desk is not None:
            # An old one is not in the list.
            try:
                found = (await self.asked.opened(into.id)).thread.ticket
            except HelpdeskError as error:
                self.say(str(error), alarm=True)
                return None
        if found is None:
            self.say("There is no such request", alarm=True)
            return None
        self.requests.choose(found.id)
        self.open_request(found)
        return found

    def action_back(self) -> None:
        """Back to the list. A draft stays where it is."""
        self.remove_class("reading")
        self.requests.focus()
        self.refresh_hints()

    def action_other_pane(self) -> None:
        """List to request and back."""
        if self.requests.has_focus:
            self.requests.action_open()
        else:
            self.action_back()

    def action_reread(self) -> None:
        """Read everything anew."""
        self.link.read_everything()

    @staticmethod
    def _called(into: Other) -> str:
        return f"#{into.number}" if into.number is not None else "another one"

    # Writing

    async def action_answer(self, quote: bool = False) -> None:
        """Write to the team about the request at hand, if asked with the chosen message quoted."""
        ticket = self.subject
        if ticket is None:
            self.say("Choose a request first; n writes a new one")
            return
        into = ticket.more.merged_into
        if into is not None:
            self.say(f"It was merged into {self._called(into)}, and goes on here")
            ticket = await self._go_to(into)
            if ticket is None:
                return
        self.open_request(ticket)
        await self.pane.write(ticket, internal=False, quote=quote)
        self.refresh_hints()

    def on_composer_send(self, message: Composer.Send) -> None:
        """Send what was written."""
        self.spawn(self._deliver(message.outgoing))

    async def _deliver(self, message: Outgoing) -> None:
        desk = self.link.desk
        if desk is None:
            self.pane.composer.failed(message.message_id, "Not connected yet.")
            return
        try:
            await desk.send(message, "your answer")
        except Queued:
            self.pane.composer.sent(message.message_id)
            self.say("No answer yet: it is kept, and sent as soon as we can be reached")
            return
        except Stale as error:
            await self.load(message.ticket_id)
            self.pane.composer.refused_stale(message.message_id, error.unseen)
            return
        except HelpdeskError as error:
            self.pane.composer.failed(message.message_id, str(error))
            self.say(f"Not sent: {error.message}", alarm=True)
            self.link.look_at_myself()
            return
        self.pane.composer.sent(message.message_id)
        shown = self.pane.ticket
        into = shown.more.merged_into if shown is not None and shown.id == message.ticket_id else None
        if into is None:
            self.say("Sent. We will answer here")
        else:
            self.say(f"Sent. We will answer in {self._called(into)}: {key_of('customer.merged')} opens it")
        await self.load(message.ticket_id)
        self.link.mark(frozenset([message.ticket_id]))

    def on_composer_left(self) -> None:
        """Writing is over; the focus goes to the thread, unless the person has gone elsewhere meanwhile."""
        here = self.pane.composer_has_focus
        self.pane.stop_writing()
        if here:
            self.pane.focus_thread()
        self.refresh_hints()

    @on(ArticleLink)
    def _article_linked(self, message: ArticleLink) -> None:
        """A link to an article in an answer: it is read over the request."""
        from helpdesk_tui.screens.reading_over import ReadingOver

        if self.link.desk is not None:
            self.app.push_screen(ReadingOver(self.link, message.article_id, "the article"))

    def on_thread_view_save_files(self, message: ThreadView.SaveFiles) -> None:
        """Ask where to, and save."""
        from helpdesk_tui.screens.saving import save_files

        save_files(self, message.files)
