"""One thing that a person can do: a row of the table in ``actions``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Action", "Context"]

Context = Literal[
    "anywhere",
    "place",
    "queue",
    "filter",
    "thread",
    "composer",
    "finder",
    "knowledge",
    "article",
    "articles",
    "search",
    "categories",
    "versions",
    "editor",
    "chats",
    "my chat",
    "chat field",
    "inbox",
    "admin",
    "customer",
    "request",
    "new ticket",
    "sign in",
]
"""Where an action can be had; in this order the help lists them."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person can do.

    Args:
        id: stable; what a keymap names.
        words: what it does, as a phrase for help and palette.
        keys: every key that does it, in Textual's names, the one to show first.
        context: where it works.
        action: the Textual action it runs; empty where a widget binds it itself.
        hint: a word or two for the footer; empty: not shown there.
        palette: whether the command palette offers it.
    """

    id: str
    words: str
    keys: tuple[str, ...]
    context: Context
    action: str = ""
    hint: str = ""
    palette: bool = True
    listed: bool = True
    """Whether the help has a line of its own for it."""
    team: bool = False
    """Whether it is the team's alone, not for customers."""
