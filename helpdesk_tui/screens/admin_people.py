"""Administration of people: roles, departments, who may come in. What it means is shown before it is done."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import cast
from uuid import UUID, uuid4

from helpdesk_tui.core.administration import Administration
from helpdesk_tui.core.administration_model import Held, Item, Outlook, PersonChange, PersonRow
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.model import Department, Role
from helpdesk_tui.screens.admin_asking import AdminAsking
from helpdesk_tui.screens.admin_doing import Back, Doing
from helpdesk_tui.screens.admin_sections import WHO, counted
from helpdesk_tui.widgets.picker import Choice
from helpdesk_tui.widgets.proposal import Note, Proposal

__all__ = ["AdminPeople"]

_ROLE_KEYS = {"customer": "c", "agent": "a", "admin": "m"}
_WITH_ARTICLE = {"customer": "a customer", "agent": "an agent", "admin": "an admin"}


class AdminPeople(AdminAsking):
    """Acts on people."""

    def action_role(self) -> None:
        """Another role."""
        person = self._person()
        if person is None:
            return
        roles: tuple[Role, ...] = ("customer", "agent", "admin")
        self.ask_for(
            f"{person.name}: role",
            [Choice(role, role, _ROLE_KEYS[role], role == person.role) for role in roles],
            lambda role: self._change(
                person, PersonChange(role=cast("Role", role)), f"Make {person.name} {_WITH_ARTICLE[role]}"
            ),
        )

    def action_department(self) -> None:
        """Another department: of a person, or of what a category sends."""
        asked = self.asked
        row = self.section.rows.selected
        if asked is None or not isinstance(row, PersonRow | Item):
            return  # an act has none
        _, desk = asked
        choices = [Choice(d, d.name, "", d.id == row.department_id) for d in desk.departments]
        choices.append(Choice(None, "none", "0", row.department_id is None))
        if isinstance(row, PersonRow) and self.section is self.people:
            if row.active:
                self.ask_for(f"{row.name}: department", choices, lambda to: self._move(row, to))
            else:
                self.say(f"{row.name} is deactivated")
        else:
            self.route(row, choices)

    def route(self, row: object, choices: list[Choice]) -> None:
        """Where a category's tickets go."""

    def _person(self) -> PersonRow | None:
        row = self.section.rows.selected
        if self.section is not self.people or not isinstance(row, PersonRow) or self.asked is None:
            return None
        if not row.active:
            self.say(f"{row.name} is deactivated: x lets them in again")
            return None
        return row

    def _move(self, person: PersonRow, to: Department | None) -> None:
        if (to.id if to else None) == person.department_id:
            self.say(f"{person.name} is in {to.name if to else 'no department'} already")
            return
        name = to.name if to else "no department"
        self._change(person, PersonChange(department=to.id if to else None), f"Move {person.name} to {name}", to=to)

    def _change(self, person: PersonRow, change: PersonChange, words: str, *, to: Department | str | None = "") -> None:
        """Changes a person: at once where nothing goes out of sight by it, else with what it means shown before."""
        leaving = change.active is False or (change.role == "customer" and person.role != "customer")
        if change.role == person.role:
            self.say(f"{person.name} is {change.role} already")
            return
        if person.role == "customer" or (person.role == "agent" and change.role == "admin"):
            self._change_now(person, change, words, "keep", None, to=to)
            return
        self.propose(
            _proposal(person, change, words, None, leaving=leaving),
            lambda key: self._answered_for(key, person, change, words, leaving, to),
        )
        self.spawn(self._count_for(person, change, words, leaving))

    async def _count_for(self, person: PersonRow, change: PersonChange, words: str, leaving: bool) -> None:
        assert self.admin is not None
        try:
            outlook = await self.admin.outlook(person.id, change)
        except HelpdeskError as error:
            self.say(f"What it means could not be counted: {error}", alarm=True)
            return
        now = self.pane.proposal
        if now is not None and now.title == f"{words}?":
            self.pane.amend(_proposal(person, change, words, outlook, leaving=leaving))

    def _answered_for(
        self, key: str, person: PersonRow, change: PersonChange, words: str, leaving: bool, to: Department | str | None
    ) -> None:
        if key == "h":
            asked = self.asked
            if asked is not None:
                heirs = [Choice(p.id, p.name) for p in asked[1].staff if p.id != person.id]
                self.ask_for(
                    f"Who gets what {person.name} holds",
                    heirs,
                    lambda heir: self._change_now(person, change, words, "hand over", heir, to=to),
                )
            return
        held: Held = "hand over" if leaving or key == "0" else "keep"
        self._change_now(person, change, words, held, None, to=to)

    def _change_now(
        self,
        person: PersonRow,
        change: PersonChange,
        words: str,
        held: Held,
        heir: UUID | None,
        *,
        to: Department | str | None = "",
    ) -> None:
        asked = self.asked
        if asked is None:
            return
        admin, _ = asked
        looks = replace(person, role=change.role or person.role)
        if not isinstance(to, str):
            looks = replace(looks, department_id=to.id if to else None, department=to.name if to else None)
        if change.active is not None:
            looks = replace(looks, deactivated_at=None if change.active else datetime.now(UTC))
        if held == "hand over":
            looks = replace(looks, holds=0)
        act = uuid4()

        async def run() -> tuple[str, Back | None]:
            done = await admin.change(person.id, change, held=held, heir=heir, act=act)
            return done.words, self.back(admin, done.act)

        self.do(Doing(self.people, words, {person.id: looks}, run))

    def switch(self, person: PersonRow) -> None:
        """Deactivate somebody, or let them in again."""
        if person.active:
            self._change(person, PersonChange(active=False), f"Deactivate {person.name}")
        else:
            self._change_now(person, PersonChange(active=True), f"Activate {person.name}", "keep", None)

    # Two factors, of everybody in the team

    def action_two_factors(self) -> None:
        """Demand a second factor of the team, or no more: what is so is asked first."""
        if self.asked is not None:
            self.spawn(self._ask_two_factors(self.asked[0]))

    async def _ask_two_factors(self, admin: Administration) -> None:
        try:
            demanded = await admin.two_factors()
        except HelpdeskError as error:
            self.say(str(error), alarm=True)
            return
        notes: tuple[Note, ...] = (
            (
                ("A second factor is demanded of agents and admins now.", "text"),
                ("A password alone would do again.", "warn"),
            )
            if demanded
            else (
                ("Agents and admins sign in with a password alone now.", "text"),
                ("Whoever did is led to adding a second factor, and has no access as staff until then.", "warn"),
            )
        )
        title = "Demand a second factor no more?" if demanded else "Demand a second factor of agents and admins?"
        self.propose(Proposal(title, notes, (("y", "do it"),)), lambda _: self._demand(admin, not demanded))

    def _demand(self, admin: Administration, demanded: bool) -> None:
        words = f"a second factor is demanded{'' if demanded else ' no more'}"

        async def back() -> str:
            await admin.demand_two_factors(not demanded)
            return f"Undone: {words}"

        async def run() -> tuple[str, Back]:
            await admin.demand_two_factors(demanded)
            return words, Back("", back)

        self.do(Doing(self.people, words, {}, run))

    def action_which(self) -> None:
        """Which people are listed; or from where tickets go."""
        if self.section is self.people:
            choices = [Choice(who, words, key, who == self.people.who) for who, (key, words, *_) in WHO.items()]
            self.ask_for("Show", choices, self._show_who)
        else:
            self.ask_source()

    def ask_source(self) -> None:
        """From where tickets go."""

    def _show_who(self, who: str) -> None:
        self.people.who = who
        self.people.rows.begin()
        self._show_words()
        self.read()


def _proposal(
    person: PersonRow, change: PersonChange, words: str, outlook: Outlook | None, *, leaving: bool
) -> Proposal:
    """What a change would mean, as far as it is known."""
    notes: list[Note] = []
    if change.active is False:
        notes.append(("Ends their access at once. What they wrote stays; x or u lets them in again.", "text"))
    of = f" of {person.department}" if person.role == "agent" and person.department else ""
    tickets = "what they hold"
    if outlook is None:
        notes.append(("Counting what goes out of their sight …", "muted"))
    else:
        if outlook.loses and change.active is not False:
            notes.append((f"Loses sight of {counted(outlook.loses, 'open ticket')}{of}.", "warn"))
        elif change.active is not False:
            notes.append(("Loses sight of nothing.", "text"))
        held = counted(outlook.holds, "open ticket")
        where = "" if leaving else " there"
        notes.append((f"Holds {held}{where}.", "warn") if outlook.holds else (f"Holds nothing{where}.", "text"))
        tickets = f"the {held}"
    verb = "deactivate" if change.active is False else "do it"
    if outlook is not None and not outlook.holds:
        keys = [("y", verb)]
    elif leaving:
        keys = [("y", f"{verb}; {tickets} go to nobody"), ("h", "hand them over to somebody")]
    else:
        keys = [("y", f"{verb}; {tickets} stay with them"), ("h", "hand them over"), ("0", "give them to nobody")]
    return Proposal(f"{words}?", tuple(notes), tuple(keys))
