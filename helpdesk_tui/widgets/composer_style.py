"""The composer's colours: a reply and a note look different in words, in colour and in shape."""

from __future__ import annotations

from typing import Final

__all__ = ["CSS"]

CSS: Final = """
Composer {
    height: auto;
    max-height: 60%;
    background: $panel;
    & #composer-head { height: 1; background: $panel; }
    & #composer-mode { width: auto; text-style: bold; }
    & #composer-to { width: 1fr; padding: 0 1; color: $text; text-wrap: nowrap; text-overflow: ellipsis; }
    & FilterOffers { overlay: none; constrain: none none; }
    & #composer-merge { height: auto; max-height: 2; padding: 0 1; display: none; color: $text-accent; }
    & #composer-state { height: auto; max-height: 3; padding: 0 1; display: none; }
    & #composer-keys { height: 1; padding: 0 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; }
    &.-told #composer-state { display: block; }
    & #composer-body { height: auto; }
    &.-preview ComposerPreview { display: block; }
    &.-preview ComposerText { display: none; }
    &.-preview.-beside ComposerText { display: block; }
    & ComposerText {
        width: 1fr;
        height: auto;
        min-height: 4;
        max-height: 14;
        border: none;
        padding: 0 1;
        background: $background;
        color: $foreground;
        scrollbar-size-vertical: 1;
    }
    & ComposerText:focus { border: none; }
    .-compact & ComposerText { min-height: 2; }
    & ComposerText .text-area--cursor-line { background: transparent; }

    &.-reply {
        & #composer-mode { background: $success; color: auto; }
        & ComposerText { border-left: outer $success; }
        & ComposerText:focus { border-left: outer $success; }
    }
    &.-note {
        & #composer-mode { background: $warning; color: auto; }
        & ComposerText { border-left: thick $warning; background: $warning 12%; }
        & ComposerText:focus { border-left: thick $warning; background: $warning 12%; }
    }
    &.-sending #composer-state { color: $text-muted; text-style: italic; }
    &.-failed #composer-state { color: $text-error; text-style: bold; }
    &.-stale #composer-state { color: $text-warning; text-style: bold; }
    &.-sending ComposerText { color: $text-muted; }
    &:ansi.-note ComposerText { background: ansi_default; }
    &:ansi.-note ComposerText:focus { background: ansi_default; }
    &:nocolor.-reply #composer-mode { background: $panel; color: $foreground; text-style: bold reverse; }
    &:nocolor.-note #composer-mode { background: $panel; color: $foreground; text-style: bold reverse; }
}
"""
