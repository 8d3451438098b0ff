"""Saving files of a ticket: the question where to, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from helpdesk_tui.core import attachments
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.model import Attachment
from helpdesk_tui.screens.place import Place
from helpdesk_tui.widgets.path_field import PathField

__all__ = ["SavingScreen", "save_files"]


class SavingScreen(ModalScreen[Path | None]):
    """Asks for a folder.

    Args:
        files: what will be saved there.
        folder: what is proposed.
    """

    DEFAULT_CSS = """
    SavingScreen {
        align: center middle;
        & > Vertical {
            width: 70;
            max-width: 100%;
            height: auto;
            padding: 1 2;
            background: $panel;
            border: round $primary;
        }
        & Static { height: auto; }
        & #saving-keys { color: $text-muted; margin-top: 1; }
        & PathField { margin-top: 1; background: $background; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", show=False)]

    def __init__(self, files: Sequence[Attachment], folder: Path) -> None:
        super().__init__()
        self._files = files
        self._folder = folder

    def compose(self) -> ComposeResult:
        """The files, the folder, the keys."""
        with Vertical():
            yield Static(
                "\n".join(
                    f"▤ {attachments.safe_name(each.name)}  {attachments.size_words(each.size)}"
                    for each in self._files[:8]
                )
                + (f"\n… and {len(self._files) - 8} more" if len(self._files) > 8 else ""),
                markup=False,
            )
            yield PathField(folders=True, value=f"{self._folder}/", placeholder="Which folder?", id="saving-path")
            yield Static("Enter saves · Tab completes · Esc leaves", id="saving-keys", markup=False)

    @on(PathField.Given)
    def _given(self, message: PathField.Given) -> None:
        self.dismiss(message.path)

    @on(PathField.GivenUp)
    def _given_up(self) -> None:
        self.dismiss(None)


def downloads() -> Path:
    """Where files are put as a rule: the person's downloads, else their home."""
    folder = Path("~/Downloads").expanduser()
    return folder if folder.is_dir() else Path("~").expanduser()


def save_files(place: Place, files: Sequence[Attachment]) -> None:
    """Ask where to save files, save them beside everything else, and say where they are."""

    def chosen(folder: Path | None) -> None:
        if folder is not None:
            place.link.saved_in = folder
            place.spawn(_save(place, files, folder))

    place.app.push_screen(SavingScreen(files, place.link.saved_in or downloads()), chosen)


async def _save(place: Place, files: Sequence[Attachment], folder: Path) -> None:
    desk = place.link.desk
    if desk is None:
        return
    place.say("Saving …")
    saved: list[Path] = []
    try:
        for each in files:
            data = await desk.file(each)
            saved.append(await asyncio.to_thread(attachments.save, each.name, data, folder))
    except HelpdeskError as error:
        place.say(str(error), alarm=True)
        return
    place.say(f"Saved: {saved[0]}" if len(saved) == 1 else f"{len(saved)} files saved in {folder}")
