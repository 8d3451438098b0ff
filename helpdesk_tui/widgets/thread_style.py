"""The thread's colours: what can be styled, and how it is unless a theme or a screen says otherwise."""

from __future__ import annotations

from typing import Final

from helpdesk_tui.widgets.markdown import palette

__all__ = ["COMPONENT_CLASSES", "CSS"]

_KINDS: Final = ("requester", "customer", "staff", "note")

COMPONENT_CLASSES: Final = {
    *palette.COMPONENT_CLASSES,
    *(f"thread--{kind}" for kind in _KINDS),
    *(f"thread--{kind}-bar" for kind in _KINDS),
    *(f"thread--{kind}-name" for kind in _KINDS),
    "thread--note-label",
    "thread--about",
    "thread--chosen-bar",
    "thread--chosen-bar-blurred",
    "thread--chosen-link",
    "thread--day",
    "thread--history",
    "thread--unread",
    "thread--unsent",
    "thread--news",
    "thread--thumb",
    "thread--track",
    "thread--loading",
    "thread--empty",
    "thread--failed",
}

CSS: Final = f"""
ThreadView {{
    height: 1fr;
    background: $background;
    color: $foreground;
    & > .thread--note {{ background: $warning 12%; }}
    & > .thread--requester-bar {{ color: $primary; }}
    & > .thread--customer-bar {{ color: $primary; }}
    & > .thread--staff-bar {{ color: $success; }}
    & > .thread--note-bar {{ color: $warning; }}
    & > .thread--requester-name {{ color: $text-primary; text-style: bold; }}
    & > .thread--customer-name {{ color: $text-primary; text-style: bold; }}
    & > .thread--staff-name {{ color: $text-success; text-style: bold; }}
    & > .thread--note-name {{ color: $text-warning; text-style: bold; }}
    & > .thread--note-label {{ color: auto; background: $warning; text-style: bold; }}
    & > .thread--about {{ color: $text-muted; }}
    & > .thread--chosen-bar {{ color: $text-accent; text-style: bold; }}
    & > .thread--chosen-bar-blurred {{ color: $text-muted; text-style: bold; }}
    & > .thread--chosen-link {{ text-style: reverse; }}
    & > .thread--day {{ color: $text-muted; }}
    & > .thread--history {{ color: $text-muted; text-style: italic; }}
    & > .thread--unread {{ color: $text-accent; text-style: bold; }}
    & > .thread--unsent {{ color: $text-warning; text-style: italic; }}
    & > .thread--news {{ color: auto; background: $accent; text-style: bold; }}
    & > .thread--thumb {{ color: $primary; }}
    & > .thread--track {{ color: $foreground 15%; }}
    & > .thread--loading {{ color: $text-muted; text-style: italic; }}
    & > .thread--empty {{ color: $text-muted; }}
    & > .thread--failed {{ color: $text-error; text-style: bold; }}
    &:ansi > .thread--note {{ background: ansi_default; }}
    &:nocolor > .thread--note-label {{ color: $foreground; background: transparent; text-style: bold reverse; }}
    &:nocolor > .thread--news {{ color: $foreground; background: transparent; text-style: bold reverse; }}
{palette.CSS}
}}
"""
