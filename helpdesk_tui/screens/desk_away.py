"""Going away from the desk: until when, and what becomes of what one holds; and coming back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal
from uuid import UUID, uuid4

from helpdesk_tui.core import routing, when
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.routing import Load, until_words
from helpdesk_tui.widgets.picker import Choice

if TYPE_CHECKING:
    from helpdesk_tui.screens.desk import DeskScreen

__all__ = ["Away"]

BACK = "back"


@dataclass(frozen=True, slots=True)
class _Handing:
    how: routing.Handing | Literal["keep"]
    heir: UUID | None = None
    name: str = ""


class Away:
    """Asks a person at the desk, and does what they choose.

    Args:
        screen: where they are.
    """

    def __init__(self, screen: DeskScreen) -> None:
        self._screen = screen
        self._load: Load | None = None
        self._until: datetime | None = None

    def ask(self) -> None:
        """Until when? Meanwhile the database is asked what would have to be handed over."""
        link = self._screen.link
        if self._screen.desk is None:
            self._screen.say("Not connected yet", alarm=True)
            return
        self._load = None
        choices = [Choice(moment, words, key) for key, words, moment in routing.presets(link.clock(), link.zone)]
        if link.away:
            choices.insert(0, Choice(BACK, "I am back", "b"))
        title = f"You are {link.away}" if link.away else "Away until when? You are given nothing meanwhile"
        self._screen.picker.ask(title, choices, self._take_until, written=self._written)
        self._screen.spawn(self._look())

    def _written(self, text: str) -> Choice:
        link = self._screen.link
        until = when.parse(text, link.clock(), link.zone)
        return Choice(until, until_words(until, link.clock(), link.zone))

    async def _look(self) -> None:
        try:
            self._load = await routing.my_load(self._screen.asked.database)
        except HelpdeskError:
            self._load = None  # asked again when it is needed, which tells why it cannot be had

    def _take_until(self, value: datetime | str | None) -> None:
        if isinstance(value, str):
            self._screen.spawn(self._back())
            return
        self._until = value
        if self._load is not None and self._load.anything:
            self._ask_handing(self._load)
        else:
            self._screen.spawn(self._then())

    async def _then(self) -> None:
        """What is held was not known yet, or is nothing."""
        if self._load is None:
            try:
                self._load = await routing.my_load(self._screen.asked.database)
            except HelpdeskError as error:
                self._screen.say(f"You are NOT away: {error}", alarm=True)
                return
        if self._load.anything:
            self._ask_handing(self._load)
        else:
            await self._go(_Handing("keep"))

    def _ask_handing(self, load: Load) -> None:
        desk, link = self._screen.asked, self._screen.link
        choices = [Choice(_Handing("keep"), "keep them", "k")]
        if load.routed:
            choices.append(Choice(_Handing("next", None, "whoever is next"), "whoever is next", "n"))
        choices.append(Choice(_Handing("queue", None, "the queue"), "back to the queue, nobody's", "q"))
        mine = desk.me.department_id
        colleagues = sorted(desk.staff, key=lambda p: (p.away, p.department_id != mine, p.name.casefold()))
        for person in colleagues:
            if person.id != desk.me.id:
                gone = f" · {until_words(person.until, link.clock(), link.zone)}" if person.away else ""
                choices.append(Choice(_Handing("person", person.id, person.name), f"{person.name}{gone}"))
        self._screen.picker.ask(
            f"You hold {_held(load)}. Who gets them?", choices, lambda handing: self._screen.spawn(self._go(handing))
        )

    async def _go(self, handing: _Handing) -> None:
        screen, link = self._screen, self._screen.link
        before, words = link.away, until_words(self._until, link.clock(), link.zone)
        link.set_away(words)
        act = uuid4()
        try:
            if handing.how == "keep":
                await routing.set_away(screen.asked.database, self._until, None)
                screen.say(f"You are {words} · Z: you are back")
                return
            left = await routing.leave(screen.asked.database, self._until, None, handing.how, handing.heir, act=act)
        except HelpdeskError as error:
            link.set_away(before)
            screen.say(f"You are NOT away: {error}", alarm=True)
            return
        said = f"{words}{left.words} to {handing.name}"
        if left.act is None:
            screen.say(f"You are {words} · nothing was handed over", alarm=bool(left.kept))
            return
        screen.triage.did(left.act, said)
        kept = f" · {counted(left.kept, 'thing')} could not be handed over" if left.kept else ""
        screen.say(f"You are {said} · u undoes{kept}", alarm=bool(left.kept))
        link.mark(None)

    async def _back(self) -> None:
        screen, link = self._screen, self._screen.link
        before = link.away
        link.set_away("")
        try:
            await routing.set_back(screen.asked.database)
        except HelpdeskError as error:
            link.set_away(before)
            screen.say(f"You are NOT back: {error}", alarm=True)
        else:
            screen.say("You are back")


def counted(number: int, thing: str) -> str:
    """``1 chat``, ``2 chats``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _held(load: Load) -> str:
    parts = [counted(load.tickets, "open ticket")] if load.tickets else []
    parts += [counted(load.chats, "chat")] if load.chats else []
    return " and ".join(parts)
