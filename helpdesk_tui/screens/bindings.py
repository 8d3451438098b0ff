"""Textual bindings from the one table of actions."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from helpdesk_tui.actions import ACTIONS, Context

__all__ = ["bindings"]


def bindings(*contexts: Context) -> list[BindingType]:
    """The bindings of some contexts, for a screen's or the app's ``BINDINGS``; widgets bind their own keys."""
    return [
        Binding(",".join(action.keys), action.action, action.words, show=bool(action.hint), id=action.id)
        for action in ACTIONS
        if action.context in contexts and action.action and action.keys
    ]
