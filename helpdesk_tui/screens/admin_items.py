"""Administration of departments, categories and tags."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any, cast
from uuid import uuid4

from helpdesk_tui.core.administration import Administration
from helpdesk_tui.core.administration_model import Item, PersonRow
from helpdesk_tui.core.model import Department
from helpdesk_tui.screens.admin_doing import Back, Doing
from helpdesk_tui.screens.admin_people import AdminPeople
from helpdesk_tui.screens.admin_sections import Items, counted
from helpdesk_tui.widgets.picker import Choice

__all__ = ["AdminItems"]


class AdminItems(AdminPeople):
    """Acts on what tickets are sorted by."""

    @property
    def _items(self) -> Items | None:
        return self.section if isinstance(self.section, Items) and self.asked is not None else None

    def _item(self) -> tuple[Items, Item] | None:
        section = self._items
        row = section.rows.selected if section else None
        return (section, row) if section is not None and isinstance(row, Item) else None

    def action_new(self) -> None:
        """Add one."""
        section = self._items
        if section is not None:
            self.ask_words(f"new {section.one}", "", lambda name: self._add(section, name))

    def _add(self, section: Items, name: str, item: Item | None = None) -> None:
        """Adds one, or one that was removed again."""
        assert self.admin is not None
        admin = self.admin
        made = item or Item(uuid4(), name, None, None, None, None, False, 0, 0, 0)
        self.do(
            Doing(section, f"{section.one} {name}", {made.id: made}, lambda: self._put(admin, section, made), made.id)
        )

    async def _put(self, admin: Administration, section: Items, item: Item) -> tuple[str, Back]:
        async def back() -> str:
            await admin.remove(section.what, item.id)
            return f"Undone: {section.one} {item.name} removed"

        await admin.add(
            section.what,
            item.name,
            description=item.description,
            department=item.department_id,
            color=item.color,
            item=item.id,
        )
        return f"added the {section.one} {item.name}", Back("", back)

    def action_rename(self) -> None:
        """Another name."""
        found = self._item()
        if found is not None:
            section, item = found
            self.ask_words(f"{item.name}: new name", item.name, lambda name: self._set(section, item, name=name))

    def action_describe(self) -> None:
        """Another description."""
        found = self._item()
        if found is not None:
            section, item = found
            text = item.description or ""
            self.ask_words(f"{item.name}: description", text, lambda new: self._set(section, item, description=new))

    def _set(self, section: Items, item: Item, **fields: Any) -> None:
        before = {name: getattr(item, name) for name in fields}
        if before != fields:
            shown = next(value for value in fields.values()) or "none"
            self._set_now(section, item, replace(item, **fields), fields, before, f"{item.name} → {shown}")

    def _route(self, item: Item, to: Department | None) -> None:
        looks = replace(item, department_id=to.id if to else None, department=to.name if to else None)
        name = to.name if to else "the default department"
        fields, before = {"department_id": looks.department_id}, {"department_id": item.department_id}
        self._set_now(self.categories, item, looks, fields, before, f"{item.name} goes to {name}")

    def _set_now(
        self, section: Items, item: Item, looks: Item, fields: dict[str, Any], before: dict[str, Any], words: str
    ) -> None:
        assert self.admin is not None
        admin = self.admin

        async def back() -> str:
            await admin.set_fields(section.what, item.id, **before)
            return f"Undone: {words}"

        async def run() -> tuple[str, Back]:
            await admin.set_fields(section.what, item.id, **fields)
            return words, Back("", back)

        self.do(Doing(section, words, {item.id: looks}, run))

    def action_merge(self) -> None:
        """Make a department the default; put one tag in the place of another."""
        found = self._item()
        if found is None:
            return
        section, item = found
        if section is self.departments:
            self._make_default(item)
        elif section is self.tags:
            others = [Choice(each, each.name) for each in section.all if each.id != item.id]
            self.ask_for(f"Merge {item.name} into", others, lambda kept: self._merge(item, cast("Item", kept)))

    def _make_default(self, item: Item) -> None:
        was = next((each for each in self.departments.all if each.is_default), None)
        if was is None or was.id == item.id or self.admin is None:
            self.say(f"{item.name} is the default already")
            return
        admin = self.admin

        async def back() -> str:
            await admin.set_default(was.id)
            return f"Undone: {was.name} is the default again"

        async def run() -> tuple[str, Back]:
            await admin.set_default(item.id)
            return f"{item.name} is the default now", Back("", back)

        rows: dict[Hashable, Any] = {
            was.id: replace(was, is_default=False),
            item.id: replace(item, is_default=True),
        }
        self.do(Doing(self.departments, f"{item.name}: the default", rows, run))

    def _merge(self, gone: Item, kept: Item) -> None:
        assert self.admin is not None
        admin = self.admin

        async def run() -> tuple[str, Back | None]:
            number = await admin.merge_tags(gone.id, kept.id)
            return f"merged {gone.name} into {kept.name}, on {counted(number, 'ticket')}", None

        doing = Doing(self.tags, f"{gone.name} into {kept.name}", {gone.id: None}, run)
        notes = ((f"{counted(gone.tickets, 'ticket')} would have “{kept.name}” instead.", "text"),)
        self.ask_first(f"Merge “{gone.name}” into “{kept.name}”?", notes, "merge", doing)

    def action_remove(self) -> None:
        """Remove a department, category or tag; deactivate a person, or activate them."""
        row = self.section.rows.selected
        if self.section is self.people and isinstance(row, PersonRow) and self.asked is not None:
            self.switch(row)
            return
        found = self._item()
        if found is None or self.admin is None:
            return
        section, item = found
        admin = self.admin
        hangs = _hangs(section, item)

        async def again() -> str:
            await self._put(admin, section, item)
            return f"Undone: {section.one} {item.name} is back"

        async def run() -> tuple[str, Back | None]:
            await admin.remove(section.what, item.id)
            return f"removed the {section.one} {item.name}", None if hangs else Back("", again)

        doing = Doing(section, f"{item.name} removed", {item.id: None}, run)
        if hangs:
            self.ask_first(f"Remove the {section.one} “{item.name}”?", ((hangs, "text"),), "remove", doing)
        else:
            self.do(doing)

    def route(self, row: object, choices: list[Choice]) -> None:
        """Where a category's tickets go."""
        if isinstance(row, Item) and self.section is self.categories:
            self.ask_for(f"{row.name}: where its tickets go", choices, lambda to: self._route(row, to))


def _hangs(section: Items, item: Item) -> str | None:
    """What would be let go of, as a sentence; None: nothing."""
    if section.what == "departments":
        if not item.people and not item.categories:
            return None
        people, categories = (
            counted(item.people, "person", "people"),
            counted(item.categories, "category", "categories"),
        )
        return f"{people} and {categories} would have no department."
    words = "have no category" if section.what == "categories" else "lose it"
    return f"{counted(item.tickets, 'ticket')} would {words}." if item.tickets else None
