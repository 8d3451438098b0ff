"""Administration of custom fields: added, changed, put in order, out of use and in use again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final
from uuid import UUID

from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.fields import CustomField, FieldType, choice_words, choices_from, difference, key_for, set_up
from helpdesk_tui.screens.admin_doing import Back, Doing
from helpdesk_tui.screens.admin_routing import AdminRouting
from helpdesk_tui.widgets.picker import Choice

__all__ = ["AdminFields"]

_TYPES: Final[dict[FieldType, tuple[str, str]]] = {
    "text": ("t", "text"),
    "number": ("n", "number"),
    "date": ("d", "date: a day"),
    "choice": ("c", "choice: one of some words"),
    "yes/no": ("y", "yes/no"),
}


class AdminFields(AdminRouting):
    """Acts on custom fields."""

    def _field(self) -> CustomField | None:
        row = self.fields.rows.selected
        return row if self.section is self.fields and isinstance(row, CustomField) and self.asked is not None else None

    # A new one

    def action_new(self) -> None:
        """Add one."""
        if self.section is not self.fields:
            super().action_new()
        elif self.asked is not None:
            self.ask_words("new field: what people call it", "", self._ask_key)

    def _ask_key(self, label: str, key: str = "") -> None:
        key = key or key_for(label, {each.key for each in self.fields.all})
        self.ask_words(f"{label}: what filters and scripts call it", key, lambda key: self._ask_type(label, key))

    def _ask_type(self, label: str, key: str) -> None:
        if self.fields.known(key) is not None:
            self.say(f"There is a field {key} already", alarm=True)
            self._ask_key(label, key)
            return
        choices = [Choice(kind, words, letter) for kind, (letter, words) in _TYPES.items()]
        self.ask_for(f"{label}: what it holds", choices, lambda kind: self._typed_so(label, key, kind))

    def _typed_so(self, label: str, key: str, kind: FieldType) -> None:
        position = max((each.position for each in self.fields.all), default=0) + 1
        made = CustomField(key, label, kind, position=position)
        if kind == "choice":
            self._ask_choices(made, "", self._add_field)
        else:
            self._add_field(made)

    def _ask_choices(self, field: CustomField, text: str, then: Callable[[CustomField], None]) -> None:
        def given(words: str) -> None:
            try:
                then(replace(field, choices=choices_from(words)))
            except HelpdeskError as error:
                self.say(str(error), alarm=True)
                self._ask_choices(field, words, then)

        self.ask_words(f"{field.label}: choices, with commas between", text, given)

    def _add_field(self, made: CustomField) -> None:
        assert self.admin is not None
        admin = self.admin

        async def back() -> str:
            await admin.database.fetch(set_up(made.key, {"active": False}))
            return f"Undone: {made.label} is out of use (a field is not removed)"

        async def run() -> tuple[str, Back]:
            change = {"type": made.type, **difference(CustomField(made.key, "", made.type), made)}
            await admin.database.fetch(set_up(made.key, change))
            return f"added the field {made.label}", Back("", back)

        doing = Doing(self.fields, f"field {made.label}", {made.key: made}, run, made.key)
        self.do_or_again(doing, lambda: self._ask_key(made.label, made.key))

    # Another look of one

    def _set_fields(self, after: list[CustomField], words: str, again: Callable[[], None] | None = None) -> None:
        """Changes fields, all of them or none."""
        assert self.admin is not None
        admin = self.admin
        before = {each.key: each for each in self.fields.lay_over(self.fields.all)}
        changed = [each for each in after if each != before[each.key]]
        if not changed:
            return

        async def back() -> str:
            old = [before[each.key] for each in changed]
            put = (set_up(was.key, difference(now, was)) for was, now in zip(old, changed, strict=True))
            await admin.database.run(*put, idempotent=True)
            return f"Undone: {words}"

        async def run() -> tuple[str, Back]:
            put = (set_up(each.key, difference(before[each.key], each)) for each in changed)
            await admin.database.run(*put, idempotent=True)
            return words, Back("", back)

        doing = Doing(self.fields, words, {each.key: each for each in changed}, run)
        self.do_or_again(doing, again or (lambda: None))

    def action_rename(self) -> None:
        """Another label."""
        field = self._field()
        if field is None:
            super().action_rename()
        else:
            self._rename(field, field.label)

    def _rename(self, field: CustomField, text: str) -> None:
        def given(label: str) -> None:
            self._set_fields(
                [replace(field, label=label)], f"{field.label} → {label}", lambda: self._rename(field, label)
            )

        self.ask_words(f"{field.label}: what people call it", text, given)

    def action_capacity(self) -> None:
        """Other choices."""
        field = self._field()
        if field is None:
            super().action_capacity()
        elif field.type != "choice":
            self.say(f"{field.label} is a {field.type} and has no choices; its type stays")
        else:
            self._ask_choices(
                field,
                choice_words(field.choices),
                lambda after: self._set_fields([after], f"{field.label}: {choice_words(after.choices)}"),
            )

    def action_which(self) -> None:
        """For which tickets: those of one category more, or of one less; all."""
        field = self._field()
        if field is None:
            super().action_which()
            return
        choices = [Choice(None, "all tickets", "0", not field.categories)]
        for each in self.fields.categories:
            there = each.id in field.categories
            choices.append(Choice(each.id, f"not those of {each.name} any more" if there else f"those of {each.name}"))
        self.ask_for(f"{field.label}: for which tickets", choices, lambda category: self._for(field, category))

    def _for(self, field: CustomField, category: UUID | None) -> None:
        known = {each.id for each in self.fields.categories}  # one that is no more would be refused
        kept = tuple(each for each in field.categories if each != category and each in known)
        if category is None:
            kept = ()
        elif category not in field.categories:
            kept = (*kept, category)
        after = replace(field, categories=kept)
        self._set_fields([after], f"{field.label}: for {self.fields.whose(after)}")

    def action_target(self) -> None:
        """Where it stands among the others."""
        field = self._field()
        if field is not None:
            others = [each for each in self.fields.in_order if each.key != field.key]
            choices = [Choice(0, "first", "0")]
            choices += [Choice(n, f"after {each.label}") for n, each in enumerate(others, 1)]
            self.ask_for(f"{field.label}: where it stands", choices, lambda place: self._stand(field, others, place))

    def _stand(self, field: CustomField, others: list[CustomField], place: int) -> None:
        order = [*others[:place], field, *others[place:]]
        words = f"{field.label}: {f'after {others[place - 1].label}' if place else 'first'}"
        self._set_fields([replace(each, position=n) for n, each in enumerate(order, 1)], words)

    def action_remove(self) -> None:
        """Out of use, or in use again."""
        field = self._field()
        if field is None:
            super().action_remove()
        else:
            words = f"{field.label} is {'out of' if field.active else 'in'} use"
            self._set_fields([replace(field, active=not field.active)], words)

    def action_role(self) -> None:
        """Nothing: the type of a field stays."""
        field = self._field()
        if field is None:
            super().action_role()
        else:
            self.say(f"The type of a field stays: x puts {field.label} out of use, n adds another")
