"""What an admin does: on the screen at once, then in the database, one after the other, and taken back with u."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from helpdesk_tui.core.administration_model import Undone
from helpdesk_tui.core.errors import HelpdeskError, Unreachable
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.screens.admin_sections import Section, Whole

__all__ = ["Back", "Doing", "Ledger", "undone_words"]

#: So many characters of what was done are said, so that what comes after them has room too.
SAID = 40
Tell = Callable[[str, bool], None]


@dataclass(frozen=True, slots=True)
class Back:
    """How something is taken back: its words, and what does it and says what became of it."""

    words: str
    run: Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Doing:
    """Something that is done.

    Args:
        section: the list that shows it.
        words: what is done.
        rows: how rows look at once, by key; None: one that is no more.
        run: does it. Returns what was done in words, and how it is taken back, if it can be.
        select: the row to put the cursor on.
    """

    section: Section
    words: str
    rows: Mapping[Hashable, Any]
    run: Callable[[], Awaitable[tuple[str, Back | None]]]
    select: Hashable = None


class Ledger:
    """Does one thing after the other, and knows how to take them back.

    Args:
        tell: says what became of something; True: something is wrong.
        changed: a section's rows look another way, or have to be read again (True).
    """

    def __init__(self, tell: Tell, changed: Callable[[Section, bool], None]) -> None:
        self._tell, self._changed = tell, changed
        self._turn = asyncio.Lock()
        self._done: list[Back] = []

    async def do(self, doing: Doing) -> bool:
        """Does something: on the screen before the first await, then in the database.

        Returns:
            Whether it was done. If not, the screen is as it was, and the reason was said.
        """
        section = doing.section
        before = {key: section.known(key) for key in doing.rows}
        section.overlay.update(doing.rows)
        self._show(section)
        if doing.select is not None:
            section.rows.select(doing.select)
        self._tell(f"{doing.words} …", False)
        why: str | None = None
        words, back = doing.words, None
        async with self._turn:
            try:
                words, back = await doing.run()
            except HelpdeskError as error:
                why = str(error)
        for key, row in doing.rows.items():
            section.overlay.pop(key, None)
            section.settle(key, before.get(key) if why is not None else row)
        self._show(section, again=True)
        if why is not None:
            self._tell(f"NOT done: {doing.words}: {why}", True)
            return False
        if back is not None:
            self._done.append(back)
        self._tell(f"{safe_line(words, SAID)} · u undoes" if back is not None else words, False)
        return True

    async def undo(self) -> bool:
        """Takes back what was done last here. Returns whether anything was."""
        async with self._turn:  # what is under way is done first
            if not self._done:
                self._tell("Nothing to undo in this session", False)
                return False
            back = self._done.pop()
            try:
                said = await back.run()
            except HelpdeskError as error:
                if isinstance(error, Unreachable):
                    self._done.append(back)  # to be tried again
                self._tell(f"Not undone: {error}", True)
                return False
        self._tell(said, False)
        return True

    def _show(self, section: Section, *, again: bool = False) -> None:
        section.rows.set_pending(section.overlay)
        if isinstance(section, Whole):
            section.refilter()
        else:
            for row in section.overlay.values():
                if row is not None:
                    section.rows.put(row)
        self._changed(section, again)


def undone_words(undone: Undone) -> str:
    """What taking an act back did, and what it left alone."""
    others = [f"#{each.number}" if each.number else each.title or "a ticket" for each in undone.left]
    left = f"{', '.join(others[:5])}{' …' if len(others) > 5 else ''}"
    if undone.act is None:
        return f"Nothing put back, all was changed since: {undone.words}"
    # What was left alone comes first: a narrow terminal has no room for all of it.
    return f"Undone, but not {left} (changed since): {undone.words}" if others else f"Undone: {undone.words}"
