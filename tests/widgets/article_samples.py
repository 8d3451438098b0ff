"""Articles with a bit of everything, and an app that shows nothing but a reader."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from textual.app import App, ComposeResult

from helpdesk_tui.core.knowledge import Article
from helpdesk_tui.themes import DARK, LIGHT
from helpdesk_tui.widgets.article_reader import ArticleReader
from helpdesk_tui.widgets.article_view import ArticleView

NOW = datetime(2026, 3, 5, 16, 0, tzinfo=UTC)
OTHER = UUID(int=7002)

TEXT = f"""Lamps talk to the hub by radio. See [pairing a lamp](article:{OTHER}), or go to [the table](#the-table).

> [!NOTE]
> A hub in a metal cabinet hears nothing.

## What you need

1. A hub, **switched on**
2. A lamp within ten metres

### Tools

A pin, and [a manual](https://help.example.org/very/long/path/to/the/manual.html).

## The table

| Light | Means |
|-------|-------|
| green | all is well |
| red | no hub<br>in reach |

## Resetting by script

```python
def reset(lamp: str) -> int:
    # not a heading
    return send(lamp, "reset")
```

Press reset until the lamp blinks. After the reset, pair the lamp again.
"""

HOSTILE = (
    "# \x1b[2JHeading \u202egpj\u202c [bold]x[/]\n\n\x1b]52;c;aGk=\x07 &#x202e;&#27; 日本語 👨\u200d👩\u200d👧 z"
    + "\u0301" * 50
    + " [https://bank.com](http://evil.example/x) [run](javascript:alert(1)) [none](article:../../etc) "
    + "w" * 300
    + '\n\n## \u200b\n\n<a href="http://evil.example">here</a>'
)


def article(content: str = TEXT, **values: Any) -> Article:
    """A published article."""
    made = Article(
        id=UUID(int=7001),
        title="When a lamp is offline",
        content=content,
        category_id=None,
        category="Lamps",
        author="Mara Lindt",
        status="published",
        created_at=NOW,
        updated_at=NOW,
        published_at=NOW,
        helpful=3,
        not_helpful=1,
        my_vote=None,
        version=2,
    )
    return replace(made, **values)


def long_article(chapters: int) -> Article:
    """Chapters with a table and code each."""
    return article("\n\n".join(f"# Chapter {n}\n\n{TEXT.replace('<br>', ' ')}" for n in range(chapters)))


class ReaderApp(App[None]):
    """A reader alone."""

    def __init__(self, shown: Article | None = None, theme: str = DARK.name, **reader: Any) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = theme
        self.shown = shown
        self.reader = ArticleReader(zone=UTC, **reader)
        self.told: list[object] = []

    def compose(self) -> ComposeResult:
        yield self.reader

    def on_mount(self) -> None:
        if self.shown is not None:
            self.reader.show(self.shown)
        self.reader.focus_text()

    @property
    def view(self) -> ArticleView:
        return self.reader.view

    def lines(self) -> list[str]:
        """What is on the screen."""
        return [self.view.render_line(y).text.rstrip(" │█") for y in range(self.view.size.height)]

    def on_article_reader_wanted(self, event: ArticleReader.Wanted) -> None:
        self.told.append(event)

    def on_article_reader_returned(self, event: ArticleReader.Returned) -> None:
        self.told.append(event)

    def on_article_reader_voted(self, event: ArticleReader.Voted) -> None:
        self.told.append(event)
