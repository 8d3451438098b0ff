"""Administration of routing: how a department gives out what comes in, and how much an agent holds."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from helpdesk_tui.core import routing
from helpdesk_tui.core.administration import Administration
from helpdesk_tui.core.administration_model import Item, PersonRow
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.routing import Mode, Routing
from helpdesk_tui.screens.admin_doing import Back, Doing
from helpdesk_tui.screens.admin_items import AdminItems
from helpdesk_tui.screens.admin_sections import counted
from helpdesk_tui.widgets.picker import Choice

__all__ = ["AdminRouting"]

_KEYS: dict[Mode, str] = {"manual": "m", "round robin": "r", "least loaded": "l"}
_ANY = ("any", "none", "-")


class AdminRouting(AdminItems):
    """Acts on how tickets are given out."""

    def _department(self) -> tuple[Item, Routing] | None:
        row = self.departments.rows.selected
        if self.section is not self.departments or not isinstance(row, Item) or self.asked is None:
            return None
        known = self.departments.routing.get(row.id)
        return (row, known or Routing(row.id, row.name, "manual", None, 0, 0, 0))

    def action_role(self) -> None:
        """Another role for a person; how a department gives tickets out."""
        found = self._department()
        if found is None:
            super().action_role()
            return
        item, now = found
        choices = [Choice(mode, f"{mode}: {routing.WORDS[mode]}", _KEYS[mode], mode == now.mode) for mode in _KEYS]
        self.ask_for(
            f"{item.name}: who is given what comes in",
            choices,
            lambda mode: self._give_out(item, now, mode, now.capacity),
        )

    def action_capacity(self) -> None:
        """How many open tickets an agent of a department, or this one, holds before they are passed over."""
        found = self._department()
        if found is not None:
            item, now = found
            text = "any" if now.capacity is None else str(now.capacity)
            self.ask_words(
                f"{item.name}: tickets an agent may hold (a number, or any)",
                text,
                lambda words: self._limit(item, now, words),
            )
            return
        row = self.people.rows.selected
        if self.section is self.people and isinstance(row, PersonRow) and self.asked is not None:
            if row.role != "agent" or row.department_id is None:
                self.say(f"{row.name} is no agent of a department: routing gives them nothing")
            else:
                self.spawn(self._ask_capacity(self.asked[0], row, row.department_id))

    def _limit(self, item: Item, now: Routing, words: str) -> None:
        known, capacity = _number(words)
        if known:
            self._give_out(item, now, now.mode, capacity)
        else:
            self.say(f"“{words}” is no number, and not any", alarm=True)

    def _give_out(self, item: Item, before: Routing, mode: Mode, capacity: int | None) -> None:
        """Gives out another way, at once on the screen."""
        assert self.admin is not None
        admin = self.admin
        if (before.mode, before.capacity) == (mode, capacity):
            self.say(f"{item.name} gives tickets out so already: {before.words}")
            return
        after = replace(before, mode=mode, capacity=capacity)

        async def put(what: Routing, otherwise: Routing) -> None:
            self.departments.routing[item.id] = what
            try:
                await routing.set_routing(admin.database, item.id, what.mode, what.capacity)
            except HelpdeskError:
                self.departments.routing[item.id] = otherwise
                raise

        async def back() -> str:
            await put(before, after)
            return f"Undone: {item.name} gives tickets out {before.words}"

        async def run() -> tuple[str, Back]:
            await put(after, before)
            return f"{item.name}: {after.words}", Back("", back)

        self.departments.routing[item.id] = after
        self.do(Doing(self.departments, f"{item.name}: {after.words}", {item.id: item}, run))

    async def _ask_capacity(self, admin: Administration, row: PersonRow, department: UUID) -> None:
        try:
            agents = await admin.database.fetch(routing.agents(department))
        except HelpdeskError as error:
            self.say(str(error), alarm=True)
            return
        agent = next((agent for agent in agents if agent.id == row.id), None)
        if agent is None:
            self.say(f"{row.name} is no agent of that department any more")
            return
        self.ask_words(
            f"{row.name}: tickets they may hold (a number, or any: as the department)",
            "any" if agent.own is None else str(agent.own),
            lambda words: self._limit_agent(admin, row, agent.own, words),
        )

    def _limit_agent(self, admin: Administration, row: PersonRow, before: int | None, words: str) -> None:
        known, capacity = _number(words)
        if not known:
            self.say(f"“{words}” is no number, and not any", alarm=True)
            return

        async def back() -> str:
            await routing.set_capacity(admin.database, row.id, before)
            return f"Undone: {row.name} holds {_limit_words(before)}"

        async def run() -> tuple[str, Back]:
            await routing.set_capacity(admin.database, row.id, capacity)
            return f"{row.name} holds {_limit_words(capacity)}", Back("", back)

        self.do(Doing(self.people, f"{row.name}: {_limit_words(capacity)}", {row.id: row}, run))


def _number(words: str) -> tuple[bool, int | None]:
    if words.casefold() in _ANY:
        return True, None
    if words.isascii() and words.isdigit() and len(words) < 6:
        return True, int(words)
    return False, None


def _limit_words(capacity: int | None) -> str:
    return "as many as the department says" if capacity is None else f"{counted(capacity, 'ticket')} at most"
