"""How the app looks, and what of it a person changes with a key: theme, spacing, the width of the list, motion."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual import events
from textual.app import App

from helpdesk_tui.cascade import Cascade
from helpdesk_tui.core.errors import SettingsError
from helpdesk_tui.core.looks import WIDTHS, remember, remembered
from helpdesk_tui.themes import DARK, LIGHT, OURS, readable

if TYPE_CHECKING:
    from textual.driver import Driver
    from textual.theme import Theme

    from helpdesk_tui.core.settings import Settings

__all__ = ["Looking"]

#: How much wider or narrower at a press of the key, in per cent of the screen.
STEP: Final = 5
#: The width of a list beside what is read that no one has changed.
USUAL: Final = 45


class Looking(App[int]):
    """An app that people make look as they like it: as in the settings, where nothing else was chosen.

    Raises:
        SettingsError: there is no theme of the name in the settings.
    """

    _settings: Settings
    #: Beside it is written down what was chosen; None: nowhere.
    _drafts: Path | None

    def __init__(self) -> None:
        self._readable: dict[str, Theme] = {}
        super().__init__()
        self.stylesheet = Cascade(variables=self.get_css_variables())
        settings = self._settings
        for theme in OURS:
            self.register_theme(theme)
        # Of sixteen colours ours would come out grey: there the terminal's own are used.
        few = self.console.color_system == "standard"
        if settings.theme is not None and settings.theme not in self.available_themes:
            known = ", ".join(sorted(self.available_themes))
            raise SettingsError(f"There is no theme “{settings.theme}”.", f"The themes are {known}.")
        chosen = remembered(self._looks_folder)
        named = chosen.theme if chosen.theme in self.available_themes else settings.theme
        self.theme = named or ("ansi-dark" if few else DARK.name)
        self.compact = (chosen.spacing or settings.spacing) == "compact"
        self.list_width = chosen.list_width
        self.set_class(self.compact, "-compact")
        self._still = settings.motion == "reduced"

    def get_theme(self, theme_name: str) -> Theme | None:
        """A theme by name, made readable; made when it is asked for, since there are many and one is used."""
        if theme_name not in self._readable and (theme := super().get_theme(theme_name)) is not None:
            self._readable[theme_name] = readable(theme)
        return self._readable.get(theme_name)

    def get_driver_class(self) -> type[Driver]:
        """What writes to the terminal: in ASCII where it knows nothing else."""
        from helpdesk_tui.ascii import ascii_driver, wanted

        driver = super().get_driver_class()
        return ascii_driver(driver) if wanted(self._settings.glyphs, os.environ) else driver

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Nothing moves by itself for whoever does not want that, the cursor of a field neither."""
        if self._still and hasattr(event.widget, "cursor_blink"):
            event.widget.cursor_blink = False

    @property
    def _looks_folder(self) -> Path | None:
        return self._drafts.parent if self._drafts is not None else None

    def choose_theme(self, name: str) -> None:
        """Look like this, now and the next time."""
        self.theme = name
        remember(self._looks_folder, theme=name)

    def action_toggle_dark(self) -> None:
        """Dark and light."""
        dark, light = ("ansi-dark", "ansi-light") if self.theme.startswith("ansi") else (DARK.name, LIGHT.name)
        self.choose_theme(light if self.current_theme.dark else dark)

    def action_toggle_spacing(self) -> None:
        """Standard and compact."""
        self.compact = not self.compact
        self.set_class(self.compact, "-compact")
        remember(self._looks_folder, spacing="compact" if self.compact else "standard")
        self._refit()

    def action_widen_list(self, steps: int) -> None:
        """Give the list beside what is read more of the screen, or less."""
        self.choose_list_width((self.list_width or USUAL) + steps * STEP)

    def choose_list_width(self, width: int, *, keep: bool = True) -> None:
        """Give it so many per cent of the screen, or as near to that as it may be; the next time too, unless it is not
        to be kept."""
        width = max(WIDTHS[0], min(width, WIDTHS[1]))
        if width != self.list_width:
            self.list_width = width
            self._refit()
        if keep:
            remember(self._looks_folder, list_width=width)

    def _refit(self) -> None:
        from helpdesk_tui.screens.place import Place

        for screen in self.screen_stack:
            if isinstance(screen, Place):
                screen.refit()
