"""An open ticket: what was written and what happened, oldest first, in one widget that draws lines.

The widget never asks a database: whoever owns it says :meth:`ThreadView.show_loading`, then
:meth:`~ThreadView.set_thread` or :meth:`~ThreadView.show_failed`, and :meth:`~ThreadView.update_thread` when something
has changed.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from textual import events
from textual.binding import BindingType
from textual.message import Message as TextualMessage

from helpdesk_tui.core.model import Attachment, Message
from helpdesk_tui.core.text import harmless
from helpdesk_tui.widgets.keys import bound, moving
from helpdesk_tui.widgets.thread_body import State, ThreadBody
from helpdesk_tui.widgets.thread_entries import Entry
from helpdesk_tui.widgets.thread_links import open_link
from helpdesk_tui.widgets.thread_quote import quoted
from helpdesk_tui.widgets.thread_style import COMPONENT_CLASSES, CSS

__all__ = ["State", "ThreadView"]


class ThreadView(ThreadBody):
    """A thread.

    Args:
        zone: where the reader is, for days and times; None asks the machine.
        clock: tells the time.
        plain: for the requester: words without a trade's.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = COMPONENT_CLASSES
    DEFAULT_CSS = CSS
    BINDINGS: ClassVar[list[BindingType]] = [
        *moving("thread"),
        *bound(
            "thread",
            next="message(1)",
            previous="message(-1)",
            next_link="link(1)",
            previous_link="link(-1)",
            open_link="open_link",
            copy="copy",
            save_files="save_files",
        ),
    ]

    class SaveFiles(TextualMessage):
        """These files are to be saved on this machine."""

        def __init__(self, files: tuple[Attachment, ...]) -> None:
            super().__init__()
            self.files = files

    # What is there

    @property
    def current_message(self) -> Message | None:
        """The message that would be quoted or copied; None where it is the opening description or there is none."""
        entry = self._current
        return entry.message if entry else None

    @property
    def at_end(self) -> bool:
        """Whether the newest line is on the screen."""
        return self._scroll.at_end

    @property
    def new_count(self) -> int:
        """How many messages have come that were not on the screen yet."""
        return len(self._news)

    def quote_text(self) -> str:
        """The current message as a quotation, ready to be answered below; empty if there is none."""
        entry = self._current
        return quoted(entry, self._zone) if entry else ""

    def show_message(self, message_id: UUID) -> bool:
        """Choose a message and bring it into view; False if it is not in the thread."""
        index = next((i for i, entry in enumerate(self._entries) if entry.key == str(message_id)), None)
        if index is None:
            return False
        self._choose(index)
        return True

    @property
    def _current(self) -> Entry | None:
        return next((entry for entry in self._entries if entry.key == self._chosen), None)

    # Keys

    def action_last(self) -> None:
        """To the end: the newest."""
        self._news.clear()
        super().action_last()

    def action_message(self, step: int) -> None:
        """Choose the next message, or the one before."""
        messages = [index for index, entry in enumerate(self._entries) if entry.is_message]
        if not messages:
            return
        place = next((i for i, index in enumerate(messages) if self._entries[index].key == self._chosen), len(messages))
        self._choose(messages[min(max(place + step, 0), len(messages) - 1)])

    def action_link(self, step: int) -> None:
        """Choose the next link of the message, or the one before."""
        entry = self._current
        links = self._painter.links(entry) if entry else []
        if entry is None or not links:
            self.notify("There is no link in this message.")
            return
        urls = [url for url, _ in links]
        place = urls.index(self._link) + step if self._link in urls else (0 if step > 0 else -1)
        self._link, row = links[place % len(links)]
        index = self._entries.index(entry)
        if (index, row) not in self._rows:
            self._scroll.to(index, max(row - self.size.height // 2, 0))
        self._changed()

    def action_open_link(self) -> None:
        """Open the chosen link, or the message's only one."""
        entry = self._current
        links = [url for url, _ in self._painter.links(entry)] if entry else []
        if self._link in links:
            open_link(self, self._link)
        elif len(links) == 1:
            open_link(self, links[0])
        elif links:
            self.action_link(1)

    def action_copy(self) -> None:
        """Copy the chosen link, or else the whole message as it was written, but for what could do harm in a paste."""
        entry = self._current
        if entry is None:
            return
        if self._link is not None:
            self.app.copy_to_clipboard(self._link)
            self.notify("Link copied.")
        else:
            self.app.copy_to_clipboard(harmless(entry.words))
            self.notify("Message copied.")

    def action_save_files(self) -> None:
        """Save the files of the message; of the whole thread where the message has none."""
        entry = self._current
        if entry is not None and entry.unsent is not None and entry.files:
            self.notify("This is not sent yet: its files are on this machine.")
            return
        files = entry.files if entry is not None else ()
        if not files and self.thread is not None:
            files = self.thread.attachments
        if files:
            self.post_message(self.SaveFiles(files))
        else:
            self.notify("There is no file here to save.")

    # Mouse

    def on_click(self, event: events.Click) -> None:
        """Choose the message under the mouse; open the link under it."""
        if self._news and event.y == self.size.height - 1 and event.x >= self.size.width - 1 - len(self._news_words()):
            self.action_last()
            return
        if event.x >= self.size.width - 1 or event.y >= len(self._rows):
            return
        entry = self._entries[self._rows[event.y][0]]
        if entry.is_message:
            self._chosen, self._link = entry.key, None
            self._changed()
        if event.style.link:
            open_link(self, event.style.link)
