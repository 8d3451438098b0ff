"""Macros on the desk: found by typing, seen filled in before they act, put into the answer or done in one."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.model import Ticket
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.screens.desk_writing import DeskWriting

if TYPE_CHECKING:
    from helpdesk_tui.core.macros import Filled, Macro
    from helpdesk_tui.core.thread import Also
    from helpdesk_tui.screens.link import Link
    from helpdesk_tui.widgets.preview_picker import Item, PreviewPicker

__all__ = ["DeskMacros"]

MACROS = "macros"
#: What chooses, in Textual's names, and the words for it.
KEYS = (
    ("enter", "Enter into the answer"),
    ("ctrl+s", "^S send now"),
    ("ctrl+e", "^E edit"),
    ("ctrl+t", "^T new"),
    ("ctrl+x", "^X remove"),
)


class DeskMacros(DeskWriting):
    """A ticket, and macros for it.

    Args:
        link: the person's link to the database.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._previews: PreviewPicker | None = None
        self._macros: tuple[Macro, ...] | None = None
        self._for: Ticket | None = None
        self._in_queue = False
        self._showing = asyncio.Lock()

    @property
    def choosing(self) -> bool:
        """Whether the keys are those of a list with previews, which names them itself."""
        return self._previews is not None and self._previews.asking

    async def preview_picker(self) -> PreviewPicker:
        """The list, made when it is needed first."""
        from helpdesk_tui.widgets.preview_picker import PreviewPicker

        async with self._showing:
            if self._previews is None:
                self._previews = PreviewPicker(id="previews")
                await self.mount(self._previews, before=self.status)
            return self._previews

    async def action_macro(self) -> None:
        """Ask for a macro for the ticket at hand."""
        ticket, desk = self.subject, self.desk
        if ticket is None or desk is None:
            self.say("No ticket is selected")
            return
        if desk.me.id == ticket.customer_id:
            self.say("This ticket is your own request: macros are for those of others")
            return
        self._in_queue = self.queue.has_focus
        if not self.pane.composer_has_focus:
            # What is answered is read, too: the thread is above the list, and counts as seen.
            self.open_ticket(ticket)
        await self.ask_macro(ticket, f"Macro for #{ticket.number}")

    async def ask_macro(self, ticket: Ticket, title: str) -> None:
        """Ask for a macro, each filled in for this ticket."""
        self._for = ticket
        picker = await self.preview_picker()
        if self._macros is None:
            picker.wait(MACROS, title, "Reading the macros …")
        else:
            self._show_macros(ticket, title)
        self.spawn(self._read_macros(ticket, title))

    async def _read_macros(self, ticket: Ticket, title: str) -> None:
        picker = await self.preview_picker()
        try:
            self._macros = await self.asked.macros()
        except HelpdeskError as error:
            if self._macros is None and picker.asking:
                picker.wait(MACROS, title, f"✗ {error}")
            return
        if picker.asking and self._for is ticket:
            self._show_macros(ticket, title)

    def _show_macros(self, ticket: Ticket, title: str) -> None:
        assert self._previews is not None
        items = [self._item(macro, ticket) for macro in self._macros or ()]
        if items:
            self._previews.ask(MACROS, title, items, KEYS)
        else:
            self._previews.ask(MACROS, "There are no macros yet", (), (("ctrl+t", "^T writes the first one"),))

    def _item(self, macro: Macro, ticket: Ticket) -> Item:
        from helpdesk_tui.core.macros import fill
        from helpdesk_tui.widgets.preview_picker import Item

        text = fill(macro.body, ticket, self.asked.me).text
        what = "" if not macro.body.strip() else "Internal note" if macro.internal else f"Reply to {ticket.requester}"
        sets = macro.preview(datetime.now(UTC))
        label = macro.name + (" · note" if macro.internal and macro.body.strip() else "")
        return Item(macro, label, " · ".join(filter(None, (what, sets))), text, macro.internal)

    # What was chosen; named here, since the list's module is imported when it is needed

    def on_preview_picker_chosen(self, message: PreviewPicker.Chosen) -> None:
        """A key was pressed over a choice."""
        self.preview_chosen(message)

    def preview_chosen(self, message: PreviewPicker.Chosen) -> None:
        """A key was pressed over a choice: of a macro, or of what a subclass asked."""
        self.focus_where_one_was()
        self._macro_chosen(message.key, message.value)

    def on_preview_picker_dismissed(self, message: PreviewPicker.Dismissed) -> None:
        """Nothing was chosen."""
        self.preview_dismissed(message)

    def preview_dismissed(self, message: PreviewPicker.Dismissed) -> None:
        """Nothing was chosen: the ticket that was opened for it is left again."""
        if message.by_key and self._in_queue:
            self.action_back()
        elif message.by_key:
            self.focus_where_one_was()

    def _macro_chosen(self, key: str, macro: Macro | None) -> None:
        ticket = self._for
        if key == "ctrl+t":
            self._write_macro(None)
        elif macro is None or ticket is None:
            return
        elif key == "ctrl+e":
            self._write_macro(macro)
        elif key == "ctrl+x":
            self.spawn(self._remove_macro(macro))
        else:
            self.spawn(self.use_macro(macro, ticket, at_once=key == "ctrl+s"))

    def focus_where_one_was(self) -> None:
        """The keys are again whose they were."""
        if self.pane.writing:
            self.pane.composer.text.focus()
        elif self.has_class("reading"):
            self.pane.focus_thread()
        else:
            self.queue.focus()
        self.refresh_hints()

    def filled(self, macro: Macro, ticket: Ticket) -> tuple[Filled, Also]:
        """What a macro says and does on a ticket, as of now.

        Raises:
            BadInput: what it sets cannot be understood.
        """
        from helpdesk_tui.core.macros import fill, for_ticket
        from helpdesk_tui.core.thread import Also

        me = self.asked.me
        change = for_ticket(macro, me, datetime.now(UTC))
        return fill(macro.body, ticket, me), Also(uuid4(), change, macro.sets or macro.name, macro.id)

    async def use_macro(self, macro: Macro, ticket: Ticket, *, at_once: bool) -> None:
        """Put a macro into the answer; or send it with all that it sets, where nothing was written yet."""
        name = safe_line(macro.name, 80)
        try:
            filled, also = self.filled(macro, ticket)
        except HelpdeskError as error:
            self.say(str(error), alarm=True)
            return
        if not macro.body.strip():
            await self.change_by(macro, (ticket,))
            return
        shown = self.pane.ticket
        if shown is None or shown.id != ticket.id:
            self.say("Another ticket is open by now: nothing was done", alarm=True)
            return
        # A note goes where notes are written, and a reply where replies are, whatever was open.
        if not (self.pane.writing and self.pane.composer.internal == macro.internal):
            await self.pane.write(ticket, internal=macro.internal)
            self.refresh_hints()
        if not self.pane.writing:
            return
        alone = self.pane.composer.insert_macro(filled, also)
        if not at_once:
            self.say(f"{name}: in your {'note' if macro.internal else 'reply'}, nothing is sent yet")
        elif not alone:
            self.say(f"{name} is at the cursor of what you have written: nothing was sent", alarm=True)
        elif filled.cursor is not None:
            self.say(f"{name} wants something written at the cursor: nothing was sent", alarm=True)
        else:
            if self.pane.thread.state != "ready":
                await self._load_thread(ticket.id)
            self.pane.composer.action_send()

    async def change_by(self, macro: Macro, tickets: tuple[Ticket, ...]) -> None:
        """Do what a macro without words sets: one act, taken back with ``u``."""
        from helpdesk_tui.core.acts import Change
        from helpdesk_tui.core.macros import for_ticket

        try:
            names = {**macro.names, self.asked.me.id: self.asked.me.name}
            change = Change.of(for_ticket(macro, self.asked.me, datetime.now(UTC)), names)
        except HelpdeskError as error:
            self.say(str(error), alarm=True)
            return
        if not await self.triage.do(self.asked, change, tickets):
            self.link.look_at_myself()
        self.link.mark(frozenset(ticket.id for ticket in tickets))
        try:
            await self.asked.used_macro(macro.id)
        except HelpdeskError:
            return  # it is counted for the order of the list alone

    # Writing them

    def _write_macro(self, macro: Macro | None) -> None:
        """Write a macro in one's own editor: a new one, or one that there is; another's becomes one's own."""
        from helpdesk_tui.core import macro_text

        text = macro_text.EMPTY if macro is None else macro_text.write(macro)
        self._edit_macro(text, text, macro.id if macro is not None and macro.mine else uuid4())

    def _edit_macro(self, text: str, before: str, macro_id: UUID) -> None:
        # The app's worker: were it the screen's, a sign-in that ends would take the terminal from under the editor.
        work = self._written_macro(text, before, macro_id)
        self.app.run_worker(work, name="editor", group="editor", exclusive=True)

    async def _written_macro(self, text: str, before: str, macro_id: UUID) -> None:
        from helpdesk_tui.core import fields, macro_text
        from helpdesk_tui.widgets.outside import written_outside

        written = await written_outside(self.app, text)
        self.app.refresh(layout=True)
        if written is None or written.strip() in ("", before.strip()):
            self.say("No macro was changed")
            return
        try:
            known = await self.asked.database.fetch(fields.every()) if macro_text.names_fields(written) else []
            macro = macro_text.read(written, macro_id, self.asked.departments, known, datetime.now(UTC))
            await self.asked.save_macro(macro)
        except HelpdeskError as error:
            self.say(f"Not kept: {error}", alarm=True)
            if written != text:
                # Whoever wrote much goes on from there; saved as it is, it is given up.
                self.notify(safe_line(f"{error} The editor opens again.", 300), severity="error", markup=False)
                self.set_timer(2.0, lambda: self._edit_macro(written, before, macro_id))
            return
        self._macros = None
        self.say(f"Macro kept: {safe_line(macro.name, 80)}")

    async def _remove_macro(self, macro: Macro) -> None:
        try:
            await self.asked.remove_macro(macro.id)
        except HelpdeskError as error:
            self.say(f"Not removed: {error}", alarm=True)
            return
        self._macros = None
        self.say(f"Macro removed: {safe_line(macro.name, 80)}")
