"""What every place to write in has: what is written is kept soon after the first key, and one's own editor can go on.

The composer and the article editor are such places. What they write, and what becomes of it, is their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual import work
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer

from helpdesk_tui.widgets.composer_text import ComposerText
from helpdesk_tui.widgets.outside import written_outside

__all__ = ["Writing"]

#: A text is kept this long after the first key that changed it, in seconds, however fast the next ones come.
SAVE_SECONDS: Final = 0.4
#: After the journal has failed, the next try waits this long: it may take a while to fail.
AGAIN_SECONDS: Final = 5.0
#: The disk is asked to hold the drafts this long after a save.
SETTLE_SECONDS: Final = 3.0


class Writing(Vertical):
    """A place to write in.

    Subclasses say how to :meth:`flush`, :meth:`settle`, :meth:`repaint`, and give :attr:`text` and :meth:`left`.
    """

    text: ComposerText

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._saving: Timer | None = None
        self._settling: Timer | None = None
        self._editing = False
        self._released: Callable[[], None] | None = None

    # For the subclass to say

    def flush(self) -> None:
        """Keep everything in the journal now."""
        raise NotImplementedError

    def settle(self) -> None:
        """Ask the disk to hold what was kept. Slow; called from a thread of its own."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Show what is so now."""
        raise NotImplementedError

    def left(self) -> Message:
        """What to post when the author is done here."""
        raise NotImplementedError

    # Keeping

    def keep_soon(self, *, failing: bool = False) -> None:
        """Something was written: keep it before long; ``failing``: the journal has failed lately."""
        if self._saving is None:
            self._saving = self.set_timer(AGAIN_SECONDS if failing else SAVE_SECONDS, self._save)

    def _save(self) -> None:
        self._saving = None
        self.flush()
        self.repaint()
        if self._settling is None:
            self._settling = self.set_timer(SETTLE_SECONDS, self._settle)

    @work(thread=True, exclusive=True, group="settle", exit_on_error=False)
    def _settle(self) -> None:
        self._settling = None
        self.settle()

    def on_unmount(self) -> None:
        """The window closes."""
        self.flush()

    def action_leave(self) -> None:
        """Leave; what was not sent or saved is kept."""
        self.flush()
        self._settle()
        self.post_message(self.left())

    # One's own editor

    def edit_outside(self, before: str, done: Callable[[str], None]) -> None:
        """Let the author go on with a text in their editor, and give back what they saved, unless it is the same."""
        self.flush()
        # The app's worker: were it this widget's, a sign-in that ends would take the terminal from under the editor.
        self._editing = True
        self.app.run_worker(self._edit(before, done), name="editor", group="editor", exclusive=True)

    async def _edit(self, before: str, done: Callable[[str], None]) -> None:
        """Let the author write elsewhere, while queries, the heartbeat and the listener go on."""
        try:
            text = await written_outside(self.app, before)
            if text is not None and text != before:
                done(text)
            self.app.refresh(layout=True)
        finally:
            self._editing = False
            if self._released is not None:
                self._released()

    def release(self, done: Callable[[], None]) -> None:
        """The window closes: call this when the journal is needed no more, which may be after an editor is left."""
        if self._editing:
            self._released = done
        else:
            done()
