"""What can be done in chats, on the team's side and on the customer's. Part of the table in ``actions``."""

from __future__ import annotations

from typing import Final

from helpdesk_tui.action import Action

__all__ = ["CHATS"]

CHATS: Final[tuple[Action, ...]] = (
    # the team's chats
    Action(
        "chats.accept",
        "Take the chat that has waited longest, or this one",
        ("a",),
        "chats",
        "screen.accept",
        "take",
    ),
    Action("chats.open", "Open the chat; take it, if it waits", ("enter",), "chats", hint="open", palette=False),
    Action("chats.write", "Write in the chat", ("r", "i"), "chats", "screen.write", "write"),
    Action("chats.other_pane", "List or conversation", ("tab",), "chats", "screen.other_pane", "panes", palette=False),
    Action(
        "chats.next_chat",
        "The next of my chats, one with news first",
        ("right_square_bracket", "ctrl+right", "alt+n"),
        "chats",
        "screen.next_chat",
        "next chat",
    ),
    Action(
        "chats.first_mine",
        "The first of my chats; 2 to 9: the others",
        ("1",),
        "chats",
        "screen.nth(1)",
        "to 9 mine",
        palette=False,
    ),
    *(
        Action(
            f"chats.mine_{n}", f"Chat {n} of mine", (str(n),), "chats", f"screen.nth({n})", palette=False, listed=False
        )
        for n in range(2, 10)
    ),
    Action(
        "chats.transfer", "Hand the chat to a person or a department", ("t",), "chats", "screen.transfer", "hand over"
    ),
    Action(
        "chats.ticket", "Make a ticket of the chat, with what was said", ("T",), "chats", "screen.ticket", "make ticket"
    ),
    Action("chats.open_ticket", "Go to the ticket that was made of it", ("o",), "chats", "screen.open_ticket"),
    Action("chats.end", "End the chat", ("x",), "chats", "screen.end", "end"),
    Action("chats.undo", "Undo: taken, handed over or ended", ("u",), "chats", "screen.undo", "undo"),
    Action("chats.refresh", "Read everything anew", ("ctrl+r",), "chats", "screen.reread"),
    Action("chats.back", "Back to the list", ("escape",), "chats", "screen.back", "back", palette=False),
    Action("chats.down", "Next chat in the list", ("j", "down"), "chats", palette=False),
    Action("chats.up", "Chat before", ("k", "up"), "chats", palette=False),
    Action("chats.page_down", "Page down", ("ctrl+d", "pagedown", "space"), "chats", palette=False),
    Action("chats.page_up", "Page up", ("ctrl+u", "pageup", "b"), "chats", palette=False),
    Action("chats.first", "First chat", ("g", "home"), "chats", palette=False),
    Action("chats.last", "Last chat", ("G", "end"), "chats", palette=False),
    # a customer's chat
    Action("my_chat.write", "Write", ("r", "i"), "my chat", "screen.write", "write"),
    Action("my_chat.end", "End the chat", ("x",), "my chat", "screen.end", "end"),
    Action("my_chat.undo", "Go on with the chat that was ended", ("u",), "my chat", "screen.undo"),
    Action("my_chat.new", "Begin another chat", ("c", "ctrl+n"), "my chat", "screen.new", "new chat"),
    Action("my_chat.past", "Read an earlier chat", ("p",), "my chat", "screen.past", "earlier chats"),
    Action(
        "my_chat.rate",
        "Say how the chat was, from 1 (bad) to 5 (good)",
        ("1",),
        "my chat",
        "screen.rate(1)",
        "to 5 rate",
    ),
    *(
        Action(f"my_chat.rate_{n}", f"Rate {n}", (str(n),), "my chat", f"screen.rate({n})", palette=False, listed=False)
        for n in range(2, 6)
    ),
    Action("my_chat.refresh", "Read everything anew", ("ctrl+r",), "my chat", "screen.reread"),
    # the field of either
    Action("chat_field.send", "Send", ("enter",), "chat field", hint="send", palette=False),
    Action(
        "chat_field.line",
        "A new line",
        ("alt+enter", "ctrl+j", "shift+enter"),
        "chat field",
        hint="new line",
        palette=False,
    ),
    Action(
        "chat_field.leave",
        "Leave the field; the text is kept",
        ("escape",),
        "chat field",
        hint="to the chat",
        palette=False,
    ),
)
