"""Opening a link from a message: in a browser where there is a screen for one, else by way of the clipboard."""

from __future__ import annotations

import os
import sys
from uuid import UUID

from textual.message import Message
from textual.widget import Widget

from helpdesk_tui.core.text import safe_line

__all__ = ["ArticleLink", "has_browser", "open_link"]


class ArticleLink(Message):
    """A link to an article of the knowledge base was followed."""

    def __init__(self, article_id: UUID) -> None:
        super().__init__()
        self.article_id = article_id


def has_browser() -> bool:
    """Whether a browser would open in a window of its own. Over SSH it would take over the terminal instead."""
    if sys.platform in ("darwin", "win32"):
        return "SSH_CONNECTION" not in os.environ
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def open_link(widget: Widget, url: str) -> None:
    """Open a link, or copy it where it cannot be opened, and say which. Only web and mail addresses are touched; one
    to an article becomes an :class:`ArticleLink` of the widget's."""
    from helpdesk_tui.widgets.markdown.inline import ARTICLE, inside, opens

    article = inside(url)
    if article is not None:
        widget.post_message(ArticleLink(UUID(article.removeprefix(ARTICLE))))
        return
    target = opens(url)
    if target is None:
        widget.notify(f"Not opened: {safe_line(url, 200)}", severity="warning", markup=False)
    elif has_browser():
        widget.app.open_url(target)
        widget.notify(f"Opening {safe_line(target, 200)}", markup=False)
    else:
        widget.app.copy_to_clipboard(target)
        widget.notify(f"Link copied: {safe_line(target, 200)}", markup=False)
