"""A request being written, one's own or somebody else's: kept until the database has it, and sent once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Input, Static

from helpdesk_tui.core.attachments import MOST, Upload
from helpdesk_tui.core.errors import HelpdeskError, Queued
from helpdesk_tui.core.journal import Draft, DraftFile, Journal, JournalError, Kind, Request
from helpdesk_tui.core.requests import LONGEST_TITLE
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.screens.place import Place
from helpdesk_tui.widgets.composer_text import ComposerText
from helpdesk_tui.widgets.file_bar import FileBar
from helpdesk_tui.widgets.picker import Picker

if TYPE_CHECKING:
    from textual.widget import Widget

    from helpdesk_tui.core.requests import Sent
    from helpdesk_tui.core.written_down import Written
    from helpdesk_tui.screens.link import Link

__all__ = ["RequestForm"]

#: So long after a key what is written is kept, in seconds.
SAVE_SECONDS: Final = 0.4


class TitleField(Input):
    """What a request is about, in a line."""

    async def action_submit(self) -> None:
        """To the text: at once, so that no key that is on its way already ends up here."""
        self.screen.focus_next()


class RequestForm(Place):
    """Writes one request. What is written stays in the journal until the database has it.

    Args:
        link: the person's link to the database.
    """

    CSS_PATH = "request_form.tcss"
    HEAD: ClassVar[str] = "A new request"
    #: What it is called to its author.
    CALLED: ClassVar[str] = "your request"
    #: What becomes of words that were changed while an earlier text of them had arrived unanswered.
    LATE: ClassVar[Kind] = "reply"

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self.title_field = TitleField(placeholder="What is it about?", max_length=LONGEST_TITLE, id="new-title")
        self.text = ComposerText(id="new-text")
        self.text.ask_file = self.action_file
        self.files = FileBar(id="new-files")
        self.about = Static("", id="new-topic", markup=False)
        self.told = Static("", id="new-told", markup=False)
        self.picker = Picker(id="new-picker")
        self._journal: Journal | None = None
        self.request = self.blank()
        self.sending = False
        self._saving: Timer | None = None

    def body(self) -> ComposeResult:
        """Title, text, files, what is chosen, what is wrong; what stands beside it."""
        yield Static(f" {self.HEAD}", id="new-head", markup=False)
        with Horizontal(id="new-panes"):
            with Vertical(id="new-form"):
                yield from self.above()
                yield self.title_field
                yield self.text
                yield self.files
                yield self.about
                yield self.told
            yield from self.beside()
        yield self.picker

    # What another form has otherwise

    def blank(self) -> Request:
        """One with nothing in it."""
        return Request(self.link.drafts_owner)

    def kept(self, journal: Journal) -> tuple[Request, ...]:
        """Those that were not sent, the newest first."""
        return journal.requests(self.link.drafts_owner)

    def above(self) -> ComposeResult:
        """What stands above the title."""
        return iter(())

    def beside(self) -> ComposeResult:
        """What stands beside the form, or below it."""
        return iter(())

    def show_request(self) -> None:
        """Show what else of it is known than title and text."""

    @property
    def first(self) -> Widget:
        """Where one goes on writing: a request begins with what it is about."""
        return self.text if self.title_field.value.strip() else self.title_field

    def about_words(self) -> str:
        """What is chosen for it, in a line."""
        raise NotImplementedError

    async def line_up(self, request: Request, files: tuple[Upload, ...]) -> Sent | Written:
        """Send it, by way of the outbox if there is one."""
        raise NotImplementedError

    def changed(self) -> None:
        """Something was written, or everything taken away."""

    def was_sent(self, request: Request, sent: Sent | Written | None) -> None:
        """The database has it, or (None) the outbox."""

    # Being there

    def on_mount(self) -> None:
        """Go on with what was written before."""
        self.status.plain = not self.link.me or self.link.me.role == "customer"
        self.title_field.cursor_blink = False
        if self.link.drafts is not None:
            try:
                self._journal = Journal.open(self.link.drafts)
            except JournalError as error:
                self.tell(str(error), failed=True)
        self._take_up()

    def _take_up(self) -> None:
        """Show the newest request that was not sent, or an empty one."""
        kept: tuple[Request, ...] = ()
        if self._journal is not None:
            try:
                kept = self.kept(self._journal)
            except JournalError as error:
                self.tell(str(error), failed=True)
        self.request = kept[0] if kept else self.blank()
        self.title_field.value = self.request.title
        self.text.load_text(self.request.content)
        self.text.move_cursor(self.text.document.end)
        self.show_request()
        self.show_rest()
        if kept:
            why = self._refused(kept[0])
            self.tell(f"✗ Not sent: {why}" if why else "This is what you had not sent yet.", failed=bool(why))
        self.first.focus()

    def _refused(self, request: Request) -> str:
        """Why it was not taken when it was sent; "" where it never was."""
        if self.link.keeping is None:
            return ""
        entries = self.link.keeping.outbox.entries()
        return next((each.refused or "" for each in entries if each.id == request.id), "")

    async def leave(self) -> None:
        """Keep what was written."""
        self.save()
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    # Writing

    @on(Input.Changed, "#new-title")
    def _title_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._changed()

    @on(ComposerText.Changed)
    def _text_changed(self, event: ComposerText.Changed) -> None:
        event.stop()
        self._changed()

    def _changed(self) -> None:
        if self.sending or not self.is_mounted:
            return
        if (self.title_field.value, self.text.text) == (self.request.title, self.request.content):
            return
        self.request = replace(self.request, title=self.title_field.value, content=self.text.text)
        self.tell("")
        self.save_soon()
        self.changed()

    def save_soon(self) -> None:
        """Keep what is written, before long."""
        if self._saving is None:
            self._saving = self.set_timer(SAVE_SECONDS, self.save)

    def save(self) -> None:
        """Keep what is written."""
        self._saving = None
        if self._journal is None or self.sending:
            return
        try:
            self.request = self._journal.save_request(self.request)
        except JournalError as error:
            self.tell(str(error), failed=True)

    def show_rest(self) -> None:
        """Files and topic."""
        self.files.list_files(self.request.files)
        self.about.update(self.about_words())

    def tell(self, words: str, *, failed: bool = False) -> None:
        """Say below the form how it stands."""
        self.told.set_class(failed, "failed")
        self.told.display = bool(words)
        self.told.update(safe_line(words, 400))

    # Choosing, and files

    @on(Picker.Chosen)
    def _chosen(self, message: Picker.Chosen) -> None:
        # First: what is chosen may ask more.
        self.write_on()
        message.answer()

    @on(Picker.Dismissed)
    def _dismissed(self, message: Picker.Dismissed) -> None:
        if message.by_key:
            self.write_on()

    def write_on(self) -> None:
        """To what is still to be written."""
        self.first.focus()

    async def action_file(self) -> None:
        """Ask for a file to go with it."""
        if not self.sending:
            await self.files.ask()

    @on(FileBar.Attached)
    def _attached(self, message: FileBar.Attached) -> None:
        if len(self.request.files) >= MOST:
            self.tell(f"A request has {MOST} files at most; send the rest with an answer.", failed=True)
            return
        self.request = replace(self.request, files=(*self.request.files, DraftFile.of(message.upload)))
        self.save()
        self.show_rest()

    @on(FileBar.TakenOff)
    def _taken_off(self) -> None:
        self.request = replace(self.request, files=self.request.files[:-1])
        self.save()
        self.show_rest()

    @on(FileBar.Done)
    def _files_done(self) -> None:
        self.write_on()

    @on(ComposerText.Request)
    def _key_passed_on(self, message: ComposerText.Request) -> None:
        if message.what == "editor":
            self.say("Write here; your own editor is for answers")
        else:
            self.text.action_redo()

    # Sending

    def action_send(self) -> None:
        """Send it."""
        if self.sending or self.files.unfinished():
            return
        if self.link.desk is None:
            self.tell("Not connected yet: nothing is lost, ^S tries again.", failed=True)
            return
        self.save()
        try:
            files = tuple(Upload(each.name, self._content(each), each.id) for each in self.request.files)
        except JournalError as error:
            self.tell(str(error), failed=True)
            return
        self.sending = True
        self.freeze(True)
        self.tell("Sending …")
        self.spawn(self._send(self.request, files))

    def _content(self, file: DraftFile) -> bytes:
        if file.data is not None:
            return file.data
        if self._journal is None:
            raise JournalError(f"The file {safe_line(file.name, 100)} is not kept here any more.", "Attach it again.")
        return self._journal.content(file)

    async def _send(self, request: Request, files: tuple[Upload, ...]) -> None:
        try:
            sent = await self.line_up(request, files)
        except Queued:
            # It is the outbox's now, and goes out by itself; what waits is listed at home.
            self._begin_anew()
            self.link.open("home")
            self.was_sent(request, None)
            self.link.say(f"No answer yet: {self.CALLED} is kept, and sent as soon as we can be reached")
            return
        except HelpdeskError as error:
            self.sending = False
            self.freeze(False)
            self.tell(f"✗ Not sent: {error} Nothing is lost, ^S tries again.", failed=True)
            self.first.focus()
            return
        await asyncio.shield(self._sent(request, sent))

    async def _sent(self, request: Request, sent: Sent | Written) -> None:
        """The database has it: forget the draft and show the request."""
        if self._journal is not None:
            try:
                if not sent.same:
                    # An earlier text had arrived, its answer had not: what was changed since becomes an answer.
                    words = f"{request.title}\n\n{request.content}"
                    self._journal.save(Draft(request.owner, request.id, self.LATE, words))
                    what = "an answer" if self.LATE == "reply" else "a note"
                    self.say(f"It had reached us before; what you changed since is a draft of {what}")
                self._journal.drop_request(request.id)
            except JournalError as error:
                self.say(str(error), alarm=True)
        self._begin_anew()
        self.link.open("home", request.id)
        self.was_sent(request, sent)

    def _begin_anew(self) -> None:
        """The next request is another."""
        self.sending = False
        self.freeze(False)
        self.request = self.blank()
        self.title_field.value = ""
        self.text.load_text("")
        self.show_request()
        self.changed()
        self.tell("")
        self.show_rest()

    def freeze(self, frozen: bool) -> None:
        """Nothing is written while it is on its way."""
        self.title_field.disabled = frozen
        self.text.read_only = frozen

    # Words

    def on_screen_resume(self) -> None:
        """Back here: go on where one was."""
        super().on_screen_resume()
        if self.focused is None:
            self.first.focus()

    def on_descendant_focus(self) -> None:
        """Other keys matter now."""
        self.refresh_hints()

    def action_home(self) -> None:
        """Back to the requests; what is written is kept."""
        self.save()
        super().action_home()
