"""The colours: one dark theme, one light. Every text colour keeps 4.5:1 against the ground it stands on."""

from __future__ import annotations

from textual.theme import Theme

__all__ = ["DARK", "LIGHT"]

DARK = Theme(
    name="helpdesk-dark",
    primary="#5b9bd5",
    secondary="#8fa8c8",
    accent="#e5b567",
    warning="#e5b567",
    error="#f0717a",
    success="#8cc98a",
    foreground="#d7dce2",
    background="#14181d",
    surface="#191e24",
    panel="#20272f",
    dark=True,
    variables={"block-cursor-text-style": "bold", "footer-key-foreground": "#e5b567"},
)

LIGHT = Theme(
    name="helpdesk-light",
    primary="#1f5f99",
    secondary="#44607e",
    accent="#8a4b00",
    warning="#8a4b00",
    error="#b3202c",
    success="#1f6b2c",
    foreground="#1d232a",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#e8e5dd",
    dark=False,
    variables={"block-cursor-text-style": "bold"},
)
