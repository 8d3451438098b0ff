"""A new request: what it is about, what happened, with articles that may answer it before it is sent."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Input, Static

from helpdesk_tui.actions import Context
from helpdesk_tui.core.attachments import MOST, Upload
from helpdesk_tui.core.errors import HelpdeskError, Queued
from helpdesk_tui.core.journal import Draft, DraftFile, Journal, JournalError, Request
from helpdesk_tui.core.knowledge import Knowledge
from helpdesk_tui.core.requests import LONGEST_TITLE, Requests, Topic
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.screens.bindings import bindings
from helpdesk_tui.screens.place import Place
from helpdesk_tui.widgets.article_hints import ArticleHints
from helpdesk_tui.widgets.composer_text import ComposerText
from helpdesk_tui.widgets.file_bar import FileBar
from helpdesk_tui.widgets.picker import Choice, Picker

if TYPE_CHECKING:
    from uuid import UUID

    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.screens.link import Link

__all__ = ["NewRequest"]

#: So long after a key what is written is kept, and articles are looked for; in seconds.
SAVE_SECONDS: Final = 0.4
SUGGEST_SECONDS: Final = 0.5
SUGGESTED: Final = 4
#: Columns from which the articles are beside what is written.
WIDE: Final = 120


class TitleField(Input):
    """What a request is about, in a line."""

    async def action_submit(self) -> None:
        """To the text: at once, so that no key that is on its way already ends up here."""
        self.screen.focus_next()


class NewRequest(Place):
    """Writes one request. What is written stays in the journal until the database has it.

    Args:
        link: the person's link to the database.
    """

    CSS_PATH = "customer_new.tcss"
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("request",)
    BINDINGS: ClassVar[list[BindingType]] = bindings("request")

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self.title_field = TitleField(placeholder="What is it about?", max_length=LONGEST_TITLE, id="new-title")
        self.text = ComposerText(id="new-text")
        self.text.ask_file = self.action_file
        self.files = FileBar(id="new-files")
        self.about = Static("", id="new-topic", markup=False)
        self.told = Static("", id="new-told", markup=False)
        self.hints_list = ArticleHints(id="new-hints")
        self.picker = Picker(id="new-picker")
        self._journal: Journal | None = None
        self._request = Request(link.drafts_owner)
        self._topics: list[Topic] = []
        self._sending = False
        self._saving: Timer | None = None
        self._suggesting: Timer | None = None
        self._asked = 0

    def body(self) -> ComposeResult:
        """Title, text, files, topic; the articles; what is wrong."""
        yield Static(" A new request", id="new-head", markup=False)
        with Horizontal(id="new-panes"):
            with Vertical(id="new-form"):
                yield self.title_field
                yield self.text
                yield self.files
                yield self.about
                yield self.told
            with Vertical(id="new-side"):
                yield self.hints_list
        yield self.picker

    def on_mount(self) -> None:
        """Go on with what was written before."""
        self.status.plain = True
        self.title_field.cursor_blink = False
        if self.link.drafts is not None:
            try:
                self._journal = Journal.open(self.link.drafts)
            except JournalError as error:
                self._tell(str(error), failed=True)
        self._take_up()

    def _take_up(self) -> None:
        """Show the newest request that was not sent, or an empty one."""
        kept: tuple[Request, ...] = ()
        if self._journal is not None:
            try:
                kept = self._journal.requests(self.link.drafts_owner)
            except JournalError as error:
                self._tell(str(error), failed=True)
        self._request = kept[0] if kept else Request(self.link.drafts_owner)
        self.title_field.value = self._request.title
        self.text.load_text(self._request.content)
        self.text.move_cursor(self.text.document.end)
        self._show_rest()
        if kept:
            why = self._refused(kept[0])
            self._tell(f"✗ Not sent: {why}" if why else "This is what you had not sent yet.", failed=bool(why))
        (self.text if self._request.title else self.title_field).focus()

    def _refused(self, request: Request) -> str:
        """Why it was not taken when it was sent; "" where it never was."""
        if self.link.keeping is None:
            return ""
        entries = self.link.keeping.outbox.entries()
        return next((each.refused or "" for each in entries if each.id == request.id), "")

    def opened(self, desk: Desk) -> None:  # noqa: ARG002  (what is asked is made of the link)
        """The database can be asked: what there is to choose from, and what fits what was written."""
        self.spawn(self._load_topics())
        self._suggest_soon()

    async def _load_topics(self) -> None:
        try:
            self._topics = await self._requests().topics()
        except HelpdeskError as error:
            self.say(f"The topics could not be read: {error}", alarm=True)
        self._show_rest()

    def _requests(self) -> Requests:
        if self.link.me is None:
            raise RuntimeError("the database has not answered yet")
        return Requests(self.link.database, self.link.me)

    def on_resize(self, event: events.Resize) -> None:
        """Articles beside or below."""
        self.set_class(event.size.width < WIDE, "narrow")

    async def leave(self) -> None:
        """Keep what was written."""
        self._save()
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
        if self._sending or not self.is_mounted:
            return
        if (self.title_field.value, self.text.text) == (self._request.title, self._request.content):
            return
        self._request = replace(self._request, title=self.title_field.value, content=self.text.text)
        self._tell("")
        if self._saving is None:
            self._saving = self.set_timer(SAVE_SECONDS, self._save)
        self._suggest_soon()

    def _save(self) -> None:
        """Keep what is written."""
        self._saving = None
        if self._journal is None or self._sending:
            return
        try:
            self._request = self._journal.save_request(self._request)
        except JournalError as error:
            self._tell(str(error), failed=True)

    def _show_rest(self) -> None:
        """Files and topic."""
        self.files.list_files(self._request.files)
        topic = next((each for each in self._topics if each.id == self._request.category), None)
        name = safe_line(topic.name, 60) if topic else "not chosen, we find the right people"
        self.about.update(f"Topic: {name}")

    def _tell(self, words: str, *, failed: bool = False) -> None:
        self.told.set_class(failed, "failed")
        self.told.display = bool(words)
        self.told.update(safe_line(words, 400))

    # Articles

    def _suggest_soon(self) -> None:
        if self._suggesting is not None:
            self._suggesting.stop()
        self._suggesting = self.set_timer(SUGGEST_SECONDS, self._suggest)

    def _suggest(self) -> None:
        words = f"{self._request.title}\n{self._request.content}".strip()
        self._asked += 1
        if self.link.desk is None:
            return
        if len(words) < 3:
            self.hints_list.show_nothing()
            return
        self.hints_list.show_looking()
        self.spawn(self._look_for(words, self._asked))

    async def _look_for(self, words: str, asked: int) -> None:
        """What is found later than a newer question was put is of no interest any more."""
        assert self.link.me is not None
        try:
            found = await Knowledge(self.link.database, self.link.me).suggest_for(words, SUGGESTED)
        except HelpdeskError as error:
            if asked == self._asked:
                self.hints_list.show_failed(str(error))
            return
        if asked == self._asked:
            self.hints_list.show(found)

    @on(ArticleHints.Chosen)
    def _read(self, message: ArticleHints.Chosen) -> None:
        from helpdesk_tui.screens.reading_over import ReadingOver

        self.app.push_screen(ReadingOver(self.link, message.hit.article_id, message.hit.title))

    # Topic and files

    def action_topic(self) -> None:
        """Ask what it is about."""
        if not self._topics:
            self.say("There are no topics to choose from")
            return
        chosen = self._request.category
        choices = [Choice(None, "I do not know", current=chosen is None)]
        choices += [
            Choice(
                each.id, f"{each.name}{f': {each.description}' if each.description else ''}", current=each.id == chosen
            )
            for each in self._topics
        ]
        self.picker.ask("What is it about?", choices, self._take_topic)

    @on(Picker.Chosen)
    def _topic_chosen(self, message: Picker.Chosen) -> None:
        message.answer()
        self._write_on()

    def _take_topic(self, topic: UUID | None) -> None:
        self._request = replace(self._request, category=topic)
        self._save()
        self._show_rest()

    @on(Picker.Dismissed)
    def _topic_dismissed(self, message: Picker.Dismissed) -> None:
        if message.by_key:
            self._write_on()

    def _write_on(self) -> None:
        """To what is still to be written: a request begins with what it is about."""
        (self.text if self.title_field.value.strip() else self.title_field).focus()

    async def action_file(self) -> None:
        """Ask for a file to go with it."""
        if not self._sending:
            await self.files.ask()

    @on(FileBar.Attached)
    def _attached(self, message: FileBar.Attached) -> None:
        if len(self._request.files) >= MOST:
            self._tell(f"A request has {MOST} files at most; send the rest with an answer.", failed=True)
            return
        self._request = replace(self._request, files=(*self._request.files, DraftFile.of(message.upload)))
        self._save()
        self._show_rest()

    @on(FileBar.TakenOff)
    def _taken_off(self) -> None:
        self._request = replace(self._request, files=self._request.files[:-1])
        self._save()
        self._show_rest()

    @on(FileBar.Done)
    def _files_done(self) -> None:
        self._write_on()

    @on(ComposerText.Request)
    def _key_passed_on(self, message: ComposerText.Request) -> None:
        if message.what == "editor":
            self.say("Write here; your own editor is for answers")
        else:
            self.text.action_redo()

    # Sending

    def action_send(self) -> None:
        """Send it."""
        if self._sending or self.files.unfinished():
            return
        if self.link.desk is None:
            self._tell("Not connected yet: nothing is lost, ^S tries again.", failed=True)
            return
        self._save()
        try:
            files = tuple(Upload(each.name, self._content(each), each.id) for each in self._request.files)
        except JournalError as error:
            self._tell(str(error), failed=True)
            return
        self._sending = True
        self._lock(True)
        self._tell("Sending …")
        self.spawn(self._send(self._request, files))

    def _content(self, file: DraftFile) -> bytes:
        if file.data is not None:
            return file.data
        if self._journal is None:
            raise JournalError(f"The file {safe_line(file.name, 100)} is not kept here any more.", "Attach it again.")
        return self._journal.content(file)

    async def _send(self, request: Request, files: tuple[Upload, ...]) -> None:
        outbox = self.link.keeping.outbox if self.link.keeping is not None else None
        try:
            sent = await self._requests().line_up(
                outbox, request.id, request.title, request.content, request.category, files
            )
        except Queued:
            # It is the outbox's now, and goes out by itself; the list of requests shows it so.
            self._begin_anew()
            self.link.open("home")
            self.link.say("Not connected: your request is kept, and sent as soon as we can be reached")
            return
        except HelpdeskError as error:
            self._sending = False
            self._lock(False)
            self._tell(f"✗ Not sent: {error} Nothing is lost, ^S tries again.", failed=True)
            (self.text if request.title.strip() else self.title_field).focus()
            return
        await asyncio.shield(self._sent(request, same=sent.same))

    async def _sent(self, request: Request, *, same: bool) -> None:
        """The database has it: forget the draft and show the request."""
        if self._journal is not None:
            try:
                if not same:
                    # An earlier text had arrived, its answer had not: what was changed since becomes an answer.
                    words = f"{request.title}\n\n{request.content}"
                    self._journal.save(Draft(request.owner, request.id, "reply", words))
                    self.say("It had reached us before; what you changed since is a draft of an answer")
                self._journal.drop_request(request.id)
            except JournalError as error:
                self.say(str(error), alarm=True)
        self._begin_anew()
        self.link.open("home", request.id)

    def _begin_anew(self) -> None:
        """The next request is another."""
        self._sending = False
        self._lock(False)
        self._request = Request(self.link.drafts_owner)
        self.title_field.value = ""
        self.text.load_text("")
        self.hints_list.show_nothing()
        self._tell("")
        self._show_rest()

    def _lock(self, locked: bool) -> None:
        self.title_field.disabled = locked
        self.text.read_only = locked

    # Words

    def on_screen_resume(self) -> None:
        """Back here: go on where one was."""
        super().on_screen_resume()
        if self.focused is None or self.focused is self.hints_list:
            (self.text if self._request.title else self.title_field).focus()

    def on_descendant_focus(self) -> None:
        """Other keys matter now."""
        self.refresh_hints()

    def hints(self) -> tuple[str, ...]:
        """Sending, and what may go with it."""
        return ("request.send", "request.topic", "request.file", "place.home")

    def action_home(self) -> None:
        """Back to the requests; what is written is kept."""
        self._save()
        super().action_home()
