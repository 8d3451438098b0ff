"""A field for the path of a file or a folder of this machine, that completes as one types."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input

__all__ = ["PathField", "completed"]

#: So many entries of a folder are looked at, at most.
MOST_ENTRIES = 5_000


def completed(value: str, *, folders: bool = False) -> str | None:
    """What a path that was begun most likely becomes: the first entry that goes on with it, by name.

    Args:
        value: what was typed; ``~`` is the person's home.
        folders: folders alone.

    Returns:
        The path, a folder's with a ``/`` at its end; None where nothing goes on with it, or the folder is not there.
    """
    head, slash, begun = value.rpartition("/")
    try:
        folder = Path(f"{head}{slash}" or ".").expanduser()
        found: list[tuple[bool, str, bool]] = []
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries):
                if number >= MOST_ENTRIES:
                    break
                name = entry.name
                hidden = name.startswith(".") and not begun.startswith(".")
                if not name.startswith(begun) or hidden or not name.isprintable():
                    continue
                is_folder = entry.is_dir()
                if is_folder or not folders:
                    found.append((is_folder, name, is_folder))
    except (OSError, RuntimeError, ValueError):
        return None
    if not found:
        return None
    _, name, is_folder = min(found, key=lambda each: (each[1] != begun, each[1].casefold(), each[1]))
    return f"{head}{slash}{name}{'/' if is_folder else ''}"


class _Paths(Suggester):
    def __init__(self, *, folders: bool) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._folders = folders

    async def get_suggestion(self, value: str) -> str | None:
        """In a thread: a folder may be far away."""
        return await asyncio.to_thread(completed, value, folders=self._folders) if value else None


class PathField(Input):
    """Asks for a path. Tab or → takes what is proposed, Enter is the answer, Esc none.

    Args:
        folders: for a folder rather than a file.
        value: what stands in it at first.
        placeholder: what it is for.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", show=False),
        Binding("escape", "give_up", "Leave", show=False),
    ]

    class Given(Message):
        """This path, as it was typed."""

        def __init__(self, field: PathField, path: Path) -> None:
            super().__init__()
            self.field = field
            self.path = path

    class GivenUp(Message):
        """No path after all."""

        def __init__(self, field: PathField) -> None:
            super().__init__()
            self.field = field

    class Emptied(Message):
        """Backspace in the empty field."""

    def __init__(
        self,
        *,
        folders: bool = False,
        value: str = "",
        placeholder: str = "",
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(value, placeholder=placeholder, suggester=_Paths(folders=folders), compact=True, id=id)
        self.cursor_blink = False

    def action_complete(self) -> None:
        """Take what is proposed; the focus stays."""
        self.action_end()
        self.action_cursor_right()

    def action_give_up(self) -> None:
        """Leave."""
        self.post_message(self.GivenUp(self))

    async def action_submit(self) -> None:
        """The answer."""
        if self.value.strip():
            self.post_message(self.Given(self, Path(self.value.strip())))
        else:
            self.post_message(self.GivenUp(self))

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "backspace" and not self.value:
            event.stop()
            event.prevent_default()
            self.post_message(self.Emptied())
            return
        await super()._on_key(event)
