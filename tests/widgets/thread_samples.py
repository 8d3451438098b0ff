"""A ticket with a bit of everything, and apps that show nothing but a thread or a composer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from textual.app import App, ComposeResult

from helpdesk_tui.core.journal import Journal
from helpdesk_tui.core.model import HistoryLine, Message, Thread, Ticket
from helpdesk_tui.core.thread import Outgoing
from helpdesk_tui.themes import DARK, LIGHT
from helpdesk_tui.widgets.composer import Composer
from helpdesk_tui.widgets.thread import ThreadView

NOW = datetime(2026, 3, 5, 16, 0, tzinfo=UTC)
ADA, MARA = UUID(int=900), UUID(int=901)
OWNER = f"demo/{MARA}"

ANSWER = '''Thanks Ada! Please try **this** first:

1. Open *Settings* → `Printers`
2. Remove the device, then run:

```python
def reset(queue: str) -> int:
    """Drop every job."""
    return os.system(f"cancel -a {queue}")  # careful
```

| Step | Who | Done |
|------|:---:|-----:|
| Reset | you | 1 |
| Driver | us | 20 |

> It prints blank pages since Monday.

See [the guide](https://help.example.org/reset) or https://example.org/a_b.
'''
HOSTILE = (
    "\x1b[2J\x1b]0;owned\x07\x1b]52;c;aGk=\x07 \u202egpj.exe\u202c 日本語 👨\u200d👩\u200d👧 z" + "\u0301" * 50 + " "
    "█ INTERNAL NOTE [bold]x[/] [https://bank.com](http://evil.example/x) &#x202e;&#27; " + "w" * 300
)


def ticket(number: int = 1042, **values: Any) -> Ticket:
    """A ticket of Ada's."""
    made = Ticket(
        id=UUID(int=number),
        number=number,
        title="Printer",
        status="open",
        priority="high",
        customer_id=ADA,
        requester="Ada Byron",
        assignee_id=None,
        assignee=None,
        department_id=None,
        department=None,
        due_date=None,
        created_at=NOW - timedelta(days=3),
        updated_at=NOW,
    )
    return replace(made, **values)


def message(
    number: int,
    content: str,
    who: Literal["ada", "mara", "note", "else"] = "ada",
    ago: timedelta = timedelta(hours=1),
) -> Message:
    """A message by Ada (the requester), by Mara (staff), Mara's note, or by another customer."""
    sender_id, sender = {"ada": (ADA, "Ada Byron"), "else": (UUID(int=902), "Bob")}.get(who, (MARA, "Mara Lindt"))
    staff = who in ("mara", "note")
    return Message(UUID(int=1000 + number), sender_id, sender, staff, who == "note", content, NOW - ago)


def change(number: int, kind: Any, old: str | None, new: str | None, ago: timedelta, actor: str | None) -> HistoryLine:
    """A line of history."""
    return HistoryLine(UUID(int=5000 + number), actor, kind, old, new, NOW - ago)


def thread(messages: Sequence[Message], *, description: str = "", history: Sequence[HistoryLine] = ()) -> Thread:
    """A thread of these messages."""
    return Thread(ticket(), description, tuple(messages), tuple(history), messages[-1].id if messages else None)


def sample() -> Thread:
    """A bit of everything."""
    hours, days = (lambda n: timedelta(hours=n)), (lambda n: timedelta(days=n))
    return thread(
        [
            message(1, "Any news? It failed again. 日本語", ago=days(2)),
            message(2, ANSWER, "mara", hours(3)),
            message(3, "Customer is on the *old* contract, see #991. Do not promise a refund.", "note", hours(2)),
            message(4, "That worked, thank you!\n\nBut [https://bank.com](http://evil.example/x)?", ago=hours(0.2)),
        ],
        description="The printer on floor 2 prints blank pages since Monday.\n\n- restarted it\n- new toner",
        history=[
            change(1, "created", None, "open", days(3), "Ada Byron"),
            change(2, "assignee", None, "Mara Lindt", hours(4), "Mara Lindt"),
            change(3, "priority", "high", "urgent", hours(3.9), "Mara Lindt"),
            change(4, "status", "open", "pending", hours(3), None),
        ],
    )


def long(messages: int, words: str = "line\n\nanother line\n\nand a third") -> Thread:
    """Many messages, a minute apart."""
    return thread(
        [
            message(n, f"Message {n}: {words}", "mara" if n % 2 else "ada", timedelta(minutes=messages - n))
            for n in range(messages)
        ]
    )


def with_more(old: Thread, *more: Message) -> Thread:
    """A thread after more was written."""
    return replace(old, messages=(*old.messages, *more), newest_message=more[-1].id)


class ThreadApp(App[None]):
    """A thread alone."""

    def __init__(self, shown: Thread | None = None, theme: str = DARK.name, first_unread: UUID | None = None) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = theme
        self.now = NOW
        self.shown = shown
        self.first_unread = first_unread
        self.view = ThreadView(zone=UTC, clock=lambda: self.now)

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.focus()
        if self.shown is not None:
            self.view.set_thread(self.shown, self.first_unread)

    def lines(self) -> list[str]:
        """What is on the screen."""
        return [self.view.render_line(y).text.rstrip() for y in range(self.view.size.height)]


class ComposerApp(App[None]):
    """A thread with a composer below."""

    def __init__(self, journal: Journal | None = None, theme: str = DARK.name, shown: Thread | None = None) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = theme
        self.shown = shown or sample()
        self.view = ThreadView(zone=UTC, clock=lambda: NOW)
        self.composer = Composer(journal, OWNER)
        self.sends: list[Outgoing] = []
        self.left: list[bool] = []
        self.followed: list[UUID] = []

    def compose(self) -> ComposeResult:
        yield self.view
        yield self.composer

    def on_mount(self) -> None:
        self.composer.text.cursor_blink = False
        self.view.set_thread(self.shown)
        self.write()

    def write(self, *, internal: bool = False, number: int = 1042) -> None:
        shown = self.shown if number == 1042 else None
        self.composer.open(ticket(number), internal=internal, thread=shown)

    def update(self, changed: Thread) -> None:
        self.shown = changed
        self.view.update_thread(changed)
        self.composer.update_thread(changed)

    def on_composer_send(self, event: Composer.Send) -> None:
        self.sends.append(event.outgoing)

    def on_composer_follow(self, event: Composer.Follow) -> None:
        self.followed.append(event.ticket_id)

    def on_composer_left(self, event: Composer.Left) -> None:
        self.left.append(event.sent)

    @property
    def told(self) -> str:
        """What the composer says about the message."""
        return str(self.composer.query_one("#composer-state").render())
