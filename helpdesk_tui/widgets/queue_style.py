"""The queue's colours: what can be styled, and how it is unless a theme or a screen says otherwise."""

from __future__ import annotations

from typing import Final

__all__ = ["COMPONENT_CLASSES", "CSS"]

COMPONENT_CLASSES: Final = {
    "queue--row",
    "queue--cursor",
    "queue--cursor-blurred",
    "queue--heading",
    "queue--foot",
    "queue--marker",
    "queue--fresh",
    "queue--draft",
    "queue--there",
    "queue--marked",
    "queue--pending",
    "queue--muted",
    "queue--tag",
    "queue--you",
    "queue--overdue",
    "queue--soon",
    "queue--thumb",
    "queue--news",
    "queue--loading",
    "queue--empty",
    "queue--failed",
    *(f"queue--status-{status}" for status in ("open", "pending", "resolved", "closed")),
    *(f"queue--priority-{priority}" for priority in ("low", "medium", "high", "urgent")),
}
CSS: Final = """
Queue {
    height: 1fr;
    background: $background;
    & > .queue--row { color: $text; }
    & > .queue--cursor { color: $text; background: $primary 40%; text-style: bold; }
    & > .queue--cursor-blurred { color: $text; background: $primary 20%; }
    & > .queue--heading { color: $text-muted; background: $panel; }
    & > .queue--foot { color: $text-muted; background: $panel; }
    & > .queue--marker { color: $accent; }
    & > .queue--fresh { color: $text-accent; text-style: bold; }
    & > .queue--draft { color: $text-accent; }
    & > .queue--there { color: $text-warning; }
    & > .queue--marked { color: $text-warning; text-style: bold; }
    & > .queue--pending { color: $text-muted; text-style: italic; }
    & > .queue--muted { color: $text-muted; }
    & > .queue--tag { color: $text-secondary; }
    & > .queue--you { color: $text-primary; text-style: bold; }
    & > .queue--overdue { color: $text-error; text-style: bold; }
    & > .queue--soon { color: $text-warning; }
    & > .queue--thumb { color: $primary; }
    & > .queue--news { color: $text-accent; text-style: bold; }
    & > .queue--loading { color: $text-muted; text-style: italic; }
    & > .queue--empty { color: $text-success; }
    & > .queue--failed { color: $text-error; text-style: bold; }
    & > .queue--status-pending { color: $text-warning; }
    & > .queue--status-resolved { color: $text-success; }
    & > .queue--status-closed { color: $text-muted; }
    & > .queue--priority-low { color: $text-muted; }
    & > .queue--priority-high { color: $text-warning; }
    & > .queue--priority-urgent { color: $text-error; text-style: bold; }
    &:nocolor > .queue--cursor { text-style: reverse; }
    &:nocolor > .queue--cursor-blurred { text-style: underline; }
    &:nocolor > .queue--priority-urgent { color: $text; }
    &:nocolor > .queue--overdue { color: $text; }
}
"""
