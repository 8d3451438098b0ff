"""Where one reply to many tickets is written. What it will be for each is shown before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Final
from uuid import UUID

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Static

from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.journal import Draft, Journal, JournalError
from helpdesk_tui.widgets.composer_text import ComposerText
from helpdesk_tui.widgets.keys import bound
from helpdesk_tui.widgets.writing import Writing

__all__ = ["MANY", "BulkWriter"]

#: What the journal takes a draft to many for: the id of no ticket.
MANY: Final = UUID(int=0)


class BulkWriter(Writing):
    """Writes to many. Hidden until :meth:`open`.

    Args:
        journal: keeps what is written; None: it lives as long as this window.
        owner: whose it is, as the journal has it.
    """

    DEFAULT_CSS = """
    BulkWriter {
        display: none;
        height: auto;
        max-height: 60%;
        background: $panel;
        &.writing { display: block; }
        & #bulk-head { height: 1; background: $success; color: auto; text-style: bold; padding: 0 1; }
        & #bulk-keys { height: 1; padding: 0 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; }
        & ComposerText {
            height: auto; min-height: 4; max-height: 12; border: none; padding: 0 1;
            background: $background; color: $foreground;
        }
        & ComposerText:focus { border: none; }
        & ComposerText .text-area--cursor-line { background: transparent; }
        &:nocolor #bulk-head { background: $panel; color: $foreground; text-style: bold reverse; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = bound("composer", send="look", leave="leave")

    class Written(Message):
        """This is to be sent to each, once that was seen."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Wrong(Message):
        """It cannot be sent like this; the writer stays."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    class Left(Message):
        """Not now; what is written is kept."""

    def __init__(self, journal: Journal | None, owner: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._journal = journal
        self._draft = Draft(owner, MANY, "reply")
        self.text = ComposerText(id="bulk-text")
        self._head = Static("", id="bulk-head", markup=False)
        if journal is not None:
            try:
                self._draft = journal.load(owner, MANY, "reply") or self._draft
            except JournalError as error:
                self.notify(str(error), severity="warning", markup=False)

    def compose(self) -> ComposeResult:
        """To how many; the text; the keys."""
        yield self._head
        yield self.text
        yield Static(
            "^S shows what each gets   {{requester.first_name}} …   ^E editor   Esc leave", id="bulk-keys", markup=False
        )

    def on_mount(self) -> None:
        """What was kept."""
        self.text.load_text(self._draft.content)
        self.text.move_cursor(self.text.document.end)

    def open(self, number: int) -> None:
        """Write to so many."""
        self._head.update(f"REPLY TO {number} TICKETS")
        self.add_class("writing")
        self.text.focus()

    def sent(self) -> None:
        """It is sent: nothing is left of it."""
        self.text.load_text("")
        self.flush()

    def action_look(self) -> None:
        """See what each gets."""
        from helpdesk_tui.core.macros import check

        self.flush()
        if not self.text.text.strip():
            self.notify("There is nothing to send yet.")
            return
        try:
            check(self.text.text)
        except BadInput as error:
            self.post_message(self.Wrong(str(error)))
            return
        self.remove_class("writing")
        self.post_message(self.Written(self.text.text))

    @on(ComposerText.Changed)
    def _changed(self, message: ComposerText.Changed) -> None:
        message.stop()
        self.keep_soon()

    @on(ComposerText.Request)
    def _request(self, message: ComposerText.Request) -> None:
        message.stop()
        if message.what == "editor":
            self.edit_outside(self.text.text, self.text.put_all)

    # Keeping

    def flush(self) -> None:
        """Keep what is written."""
        if self._journal is None or self.text.text == self._draft.content:
            return
        try:
            self._draft = self._journal.save(replace(self._draft, content=self.text.text))
        except JournalError as error:
            self.notify(str(error), severity="warning", markup=False)

    def close(self) -> None:
        """Keep what is written, and nothing after this: the journal is closed."""
        self.flush()
        self._journal = None

    def settle(self) -> None:
        """Ask the disk to hold it."""
        if self._journal is not None:
            self._journal.settle()

    def repaint(self) -> None:
        """Nothing else is shown of it."""

    def left(self) -> Left:
        """The author is done for now."""
        self.remove_class("writing")
        return self.Left()
