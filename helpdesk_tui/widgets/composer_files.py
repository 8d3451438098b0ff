"""The files that go with a message: chosen in the composer, taken off again."""

from __future__ import annotations

from uuid import UUID

from textual import on
from textual.timer import Timer

from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.widgets.composer_drafts import Slot
from helpdesk_tui.widgets.composer_sending import Sending
from helpdesk_tui.widgets.file_bar import FileBar

__all__ = ["Attaching"]


class Attaching(Sending):
    """A composer to whose message files can be attached. Subclasses say what is written now."""

    files: FileBar
    _slot: Slot | None
    _waiting: Timer | None = None

    def _take(self) -> bool:
        raise NotImplementedError

    async def action_file(self) -> None:
        """Ask for a file to go with it."""
        if self._slot is not None and not self._slot.on_its_way:
            await self.files.ask()

    @on(FileBar.Attached)
    def _attached(self, message: FileBar.Attached) -> None:
        message.stop()
        if self._slot is None:
            return
        self._take()
        try:
            self._drafts.attach(self._slot, message.upload)
        except BadInput as error:
            self.notify(str(error), severity="warning", markup=False)
        self.repaint()

    @on(FileBar.TakenOff)
    def _taken_off(self, message: FileBar.TakenOff) -> None:
        message.stop()
        if self._slot is not None:
            self._drafts.detach_last(self._slot)
            self.repaint()

    @on(FileBar.Done)
    def _files_done(self, message: FileBar.Done) -> None:
        message.stop()
        self.text.focus()

    def _wait(self, message_id: UUID, seconds: float) -> None:
        """Give up on an answer some time; it may still come."""

        def give_up() -> None:
            slot = self._slot
            if slot is not None and slot.draft.message_id == message_id and slot.status == "sending":
                self.failed(message_id, "no answer came.")

        if self._waiting is not None:
            self._waiting.stop()
        self._waiting = self.set_timer(seconds, give_up)
