"""The reader's colours and words: what can be styled, and how it is unless a theme or a screen says otherwise."""

from __future__ import annotations

from typing import Final

from helpdesk_tui.widgets.markdown import palette

__all__ = ["COMPONENT_CLASSES", "CSS", "EDITOR_CSS", "STATUS_GLYPHS"]

#: What an article's status is shown with, beside its word.
STATUS_GLYPHS: Final = {"draft": "○", "published": "●", "archived": "■"}

COMPONENT_CLASSES: Final = {
    *palette.COMPONENT_CLASSES,
    "reader--bar",
    "reader--bar-words",
    "reader--place",
    "reader--title",
    "reader--about",
    "reader--draft",
    "reader--archived",
    "reader--published",
    "reader--heading-bar",
    "reader--match",
    "reader--current-match",
    "reader--chosen-link",
    "reader--thumb",
    "reader--track",
    "reader--loading",
    "reader--empty",
    "reader--failed",
}

CSS: Final = f"""
ArticleView {{
    height: 1fr;
    background: $background;
    color: $foreground;
    & > .reader--bar {{ background: $panel; color: $text-muted; }}
    & > .reader--bar-words {{ background: $panel; color: $foreground; text-style: bold; }}
    & > .reader--place {{ background: $panel; color: $text-accent; }}
    & > .reader--title {{ color: $text-primary; text-style: bold; }}
    & > .reader--about {{ color: $text-muted; }}
    & > .reader--draft {{ color: auto; background: $warning; text-style: bold; }}
    & > .reader--archived {{ color: auto; background: $secondary; text-style: bold; }}
    & > .reader--published {{ color: $text-success; }}
    & > .reader--heading-bar {{ color: $primary; text-style: bold; }}
    & > .reader--match {{ color: auto; background: $accent 40%; text-style: underline; }}
    & > .reader--current-match {{ color: auto; background: $accent; text-style: bold; }}
    & > .reader--chosen-link {{ text-style: reverse; }}
    & > .reader--thumb {{ color: $primary; }}
    & > .reader--track {{ color: $foreground 15%; }}
    & > .reader--loading {{ color: $text-muted; text-style: italic; }}
    & > .reader--empty {{ color: $text-muted; }}
    & > .reader--failed {{ color: $text-error; text-style: bold; }}
    &:nocolor > .reader--bar-words {{ text-style: bold; }}
    &:nocolor > .reader--draft {{ color: $foreground; background: transparent; text-style: bold reverse; }}
    &:nocolor > .reader--archived {{ color: $foreground; background: transparent; text-style: bold reverse; }}
    &:nocolor > .reader--match {{ color: $foreground; background: transparent; text-style: bold underline; }}
    &:nocolor > .reader--current-match {{ color: $foreground; background: transparent; text-style: bold reverse; }}
    &:ansi > .reader--match {{ color: ansi_default; background: ansi_default; text-style: bold underline; }}
    &:ansi > .reader--current-match {{ color: ansi_default; background: ansi_default; text-style: bold reverse; }}
{palette.CSS}
}}
"""

EDITOR_CSS: Final = """
ArticleEditor {
    height: 1fr;
    background: $background;
    & #article-head { height: 1; background: $panel; }
    & #article-mode { width: auto; background: $primary; color: auto; text-style: bold; }
    & #article-category { width: 1fr; padding: 0 1; color: $text; text-wrap: nowrap; text-overflow: ellipsis; }
    & ComposerText { height: 1fr; border: none; padding: 0 1; background: $background; color: $foreground;
        scrollbar-size-vertical: 1; }
    & ComposerText:focus { border: none; }
    & ComposerText .text-area--cursor-line { background: transparent; }
    & DiffView { display: none; height: 40%; }
    & #article-state { height: auto; max-height: 3; padding: 0 1; display: none; background: $panel; }
    & #article-keys { height: 1; padding: 0 1; background: $panel; color: $text-muted; text-wrap: nowrap;
        text-overflow: ellipsis; }
    &.-told #article-state { display: block; }
    &.-saving #article-state { color: $text-muted; text-style: italic; }
    &.-failed #article-state { color: $text-error; text-style: bold; }
    &.-stale #article-state { color: $text-warning; text-style: bold; }
    &.-stale DiffView { display: block; }
    &:nocolor #article-mode { background: $panel; color: $foreground; text-style: bold reverse; }
}
"""
