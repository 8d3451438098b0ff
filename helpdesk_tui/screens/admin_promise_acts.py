"""Administration of SLA policies: made, changed a part at a time, removed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.model import PRIORITIES
from helpdesk_tui.core.sla_rules import Policy, Rules, minutes, named
from helpdesk_tui.screens.admin_doing import Back, Doing
from helpdesk_tui.screens.admin_field_acts import AdminFields
from helpdesk_tui.screens.admin_promises import PROMISED, within
from helpdesk_tui.widgets.picker import Choice

__all__ = ["AdminPromises"]

#: What of a policy can be changed: by its name the key, and words.
_PARTS: Final[dict[str, tuple[str, str]]] = {
    "first": ("f", PROMISED["first"]),
    "next": ("n", PROMISED["next"]),
    "resolution": ("r", PROMISED["resolution"]),
    "priority": ("p", "priority"),
    "category": ("c", "category"),
    "department": ("d", "department"),
    "calendar": ("h", "hours"),
}
_TIME: Final = "30m, 4h, 1h30m, or none"


class AdminPromises(AdminFields):
    """Acts on SLA policies."""

    def _policy(self) -> Policy | None:
        row = self.promises.rows.selected
        return row if self.section is self.promises and isinstance(row, Policy) and self.asked is not None else None

    def action_new(self) -> None:
        """Make one."""
        if self.section is not self.promises:
            super().action_new()
        elif self.asked is not None:
            self._ask_name("")

    def _ask_name(self, text: str) -> None:
        def given(name: str) -> None:
            if named(self.promises.all, name) is not None:
                self.say(f"There is a policy {name} already", alarm=True)
                self._ask_name(name)
            else:
                self._ask_time(Policy(name), "first", "4h", lambda made: self._save_policy(None, made))

        self.ask_words("new policy: its name", text, given)

    def _ask_time(self, policy: Policy, part: str, text: str, then: Callable[[Policy], None]) -> None:
        def given(words: str) -> None:
            try:
                then(_with(policy, part, minutes(words)))
            except HelpdeskError as error:
                self.say(str(error), alarm=True)
                self._ask_time(policy, part, words, then)

        self.ask_words(f"{policy.name}: {PROMISED[part]} within ({_TIME})", text, given)

    def action_rename(self) -> None:
        """Change a policy."""
        if self.section is self.promises:
            self._change_policy()
        else:
            super().action_rename()

    def action_go(self) -> None:
        """Change a policy."""
        self._change_policy()

    def _change_policy(self) -> None:
        policy = self._policy()
        if policy is None:
            return
        choices = []
        for part, (key, words) in _PARTS.items():
            value = getattr(policy, part)
            if part in PROMISED:
                shown = within(value)
            else:
                shown = value or ("around the clock" if part == "calendar" else "any")
            choices.append(Choice(part, f"{words}: {shown}", key))
        self.ask_for(f"{policy.name}: what to change", choices, lambda part: self._change_part(policy, part))

    def _change_part(self, policy: Policy, part: str) -> None:
        asked = self.asked
        if asked is None:
            return
        now: str | None = getattr(policy, part)
        if part in PROMISED:
            self._ask_time(policy, part, within(getattr(policy, part)), lambda after: self._save_policy(policy, after))
            return
        if part == "calendar" and not self.promises.calendars:
            self.say("There are no hours yet: 9, then n makes some")
            return
        names: dict[str, list[str]] = {
            "priority": list(PRIORITIES),
            "category": [each.name for each in self.promises.categories],
            "department": [each.name for each in asked[1].departments],
            "calendar": [each.name for each in self.promises.calendars],
        }
        any_ = "around the clock" if part == "calendar" else "any"
        choices = [Choice(None, any_, "0", now is None), *(Choice(name, name, "", name == now) for name in names[part])]
        self.ask_for(
            f"{policy.name}: {_PARTS[part][1]}",
            choices,
            lambda name: self._save_policy(policy, _with(policy, part, name)),
        )

    def _save_policy(self, before: Policy | None, after: Policy) -> None:
        """Saves a policy, at once on the screen."""
        if after == before or self.admin is None:
            return
        rules = Rules(self.admin.database)
        words = f"policy {after.name}" if before is None else f"{after.name}: {_difference(before, after)}"

        async def back() -> str:
            if before is None:
                await rules.remove("policy", after.name)
                return f"Undone: policy {after.name} removed"
            await rules.set_policy(before)
            return f"Undone: {words}"

        async def run() -> tuple[str, Back]:
            await rules.set_policy(after)
            return f"made the policy {after.name}" if before is None else words, Back("", back)

        doing = Doing(self.promises, words, {after.name: after}, run, after.name)
        self.do_or_again(doing, lambda: self._ask_name(after.name) if before is None else None)

    def action_remove(self) -> None:
        """Remove a policy: its tickets are promised what the next one that fits says."""
        policy = self._policy()
        if policy is None or self.admin is None:
            super().action_remove()
            return
        rules = Rules(self.admin.database)

        async def back() -> str:
            await rules.set_policy(policy)
            return f"Undone: policy {policy.name} is back"

        async def run() -> tuple[str, Back]:
            await rules.remove("policy", policy.name)
            return f"removed the policy {policy.name}", Back("", back)

        self.do(Doing(self.promises, f"policy {policy.name} removed", {policy.name: None}, run))


def _with(policy: Policy, part: str, value: object) -> Policy:
    changed: dict[str, Any] = {part: value}
    return replace(policy, **changed)


def _difference(before: Policy, after: Policy) -> str:
    """What is another way, in words."""
    part = next(part for part in _PARTS if getattr(before, part) != getattr(after, part))
    value = getattr(after, part)
    if part in PROMISED:
        return f"{PROMISED[part]} {f'within {within(value)}' if value else 'not promised'}"
    return f"{_PARTS[part][1]} {value or ('around the clock' if part == 'calendar' else 'any')}"
