"""The files that go with a message being written: which ones, and the field to add one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from helpdesk_tui.core.attachments import Upload, read, safe_name, size_words
from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.journal import DraftFile
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.path_field import PathField

__all__ = ["FileBar"]

KEYS = "Enter attaches · Tab completes · Backspace takes the last one off · Esc back"


class FileBar(Vertical):
    """Lists files, and asks for one more. Takes no room while there is nothing to show."""

    DEFAULT_CSS = """
    FileBar {
        height: auto;
        display: none;
        background: $panel;
        &.-listing, &.-asking { display: block; }
        & #files-names { height: auto; max-height: 3; padding: 0 1; color: $text; display: none; }
        & #files-told { height: auto; max-height: 2; padding: 0 1; color: $text-muted; display: none; }
        & #files-told.failed { color: $text-error; text-style: bold; }
        & PathField { height: 1; padding: 0 1; display: none; background: $background; }
        &.-listing #files-names { display: block; }
        &.-asking #files-told { display: block; }
        &.-asking PathField { display: block; }
    }
    """

    class Attached(Message):
        """A file was chosen and read."""

        def __init__(self, upload: Upload) -> None:
            super().__init__()
            self.upload = upload

    class TakenOff(Message):
        """The last file shall not go after all."""

    class Done(Message):
        """The field is closed: the keys go elsewhere."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._names = Static("", id="files-names", markup=False)
        self._told = Static(KEYS, id="files-told", markup=False)
        self._field: PathField | None = None

    def compose(self) -> ComposeResult:
        """The names; what is said of the field, which comes when it is asked for."""
        yield self._names
        yield self._told

    @property
    def asking(self) -> bool:
        """Whether the field is open."""
        return self.has_class("-asking")

    def unfinished(self) -> bool:
        """Whether a path stands in the field that is not attached; says so, and leaves the keys there."""
        if self._field is None or not self.asking or not self._field.value.strip():
            return False
        self.tell("This file is not attached yet: Enter attaches it, Esc leaves it out.", failed=True)
        self._field.focus()
        return True

    def list_files(self, files: Sequence[DraftFile]) -> None:
        """These files go with the message."""
        self.set_class(bool(files), "-listing")
        self._names.update("   ".join(f"▤ {safe_name(each.name)} ({size_words(each.size)})" for each in files))

    async def ask(self) -> None:
        """Ask for a file."""
        if self._field is None:
            self._field = PathField(placeholder="Which file? ~/…", id="files-path")
            await self.mount(self._field, before=self._told)
        self._field.value = ""
        self.tell(KEYS)
        self.add_class("-asking")
        self._field.focus()

    def tell(self, words: str, *, failed: bool = False) -> None:
        """Say something below the field."""
        self._told.set_class(failed, "failed")
        self._told.update(safe_line(words, 400))

    def close(self) -> None:
        """Ask no more."""
        self.remove_class("-asking")

    @on(PathField.GivenUp)
    def _given_up(self, message: PathField.GivenUp) -> None:
        message.stop()
        self.close()
        self.post_message(self.Done())

    @on(PathField.Emptied)
    def _emptied(self, message: PathField.Emptied) -> None:
        message.stop()
        self.post_message(self.TakenOff())

    @on(PathField.Given)
    def _given(self, message: PathField.Given) -> None:
        message.stop()
        self._read(message)

    @work(exclusive=True)
    async def _read(self, message: PathField.Given) -> None:
        """Read it, beside everything else: it may lie on a slow disk."""
        try:
            upload = await asyncio.to_thread(read, message.path)
        except BadInput as error:
            self.tell(str(error), failed=True)
            return
        self.close()
        self.post_message(self.Attached(upload))
        self.post_message(self.Done())
