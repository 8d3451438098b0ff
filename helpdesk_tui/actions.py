"""One table of what can be done: id, words, keys and where. Bindings, the palette, the help and the docs come from it.

Nothing here imports Textual, so that ``helpdesk keys`` and the docs can read it without starting a terminal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from helpdesk_tui.action import Action, Context
from helpdesk_tui.actions_chats import CHATS
from helpdesk_tui.actions_knowledge import KNOWLEDGE
from helpdesk_tui.key_words import key_words

__all__ = ["ACTIONS", "BY_ID", "Action", "Context", "key_of", "key_words", "keys_of", "remap"]

ACTIONS: Final[tuple[Action, ...]] = (
    # anywhere
    Action("app.help", "Show every key", ("question_mark", "f1"), "anywhere", "app.help", "help"),
    Action("app.palette", "Find a command", ("ctrl+p", "colon"), "anywhere", "app.command_palette", palette=False),
    Action("app.dark", "Switch between dark and light", ("ctrl+t", "comma d"), "anywhere", "app.toggle_dark"),
    Action(
        "app.spacing",
        "Switch between standard and compact spacing",
        ("ctrl+l", "comma s"),
        "anywhere",
        "app.toggle_spacing",
    ),
    Action("app.wider", "Make the list wider", ("alt+right",), "anywhere", "app.widen_list(1)"),
    Action("app.narrower", "Make the list narrower", ("alt+left",), "anywhere", "app.widen_list(-1)"),
    Action("app.jump", "Jump to a place on the screen by its letter", ("semicolon",), "anywhere", "app.jump"),
    Action("app.second_factor", "Add a second factor to your account", (), "anywhere", "app.second_factor"),
    Action("app.sign_ins", "Where you are signed in; end that", (), "anywhere", "app.sign_ins"),
    Action("app.sign_out", "Sign out on this device", (), "anywhere", "app.sign_out"),
    Action("app.quit", "Leave the program", ("ctrl+q", "q"), "anywhere", "app.quit", palette=True),
    Action("place.knowledge", "The knowledge base", ("K",), "anywhere", "app.open('knowledge')", "knowledge"),
    Action("place.chats", "Chats", ("C",), "anywhere", "app.open('chats')", "chats"),
    Action("place.inbox", "What happened: the inbox", ("I",), "anywhere", "app.open('inbox')", "inbox"),
    Action("place.admin", "People, departments, categories, tags", ("A",), "anywhere", "app.open('admin')", "admin"),
    # any screen that was opened from the home screen
    Action("place.home", "Back to the home screen", ("escape",), "place", "screen.home", "back", palette=False),
    # the desk, whichever pane
    Action("desk.status", "Set the status", ("s",), "queue", "screen.pick('status')", "status"),
    Action("desk.priority", "Set the priority", ("p",), "queue", "screen.pick('priority')", "priority"),
    Action("desk.assign", "Assign to somebody", ("a",), "queue", "screen.pick('assignee')", "assign"),
    Action("desk.move", "Move to a department", ("d",), "queue", "screen.pick('department')", "department"),
    Action("desk.tags", "Put a tag on, or take one off", ("t",), "queue", "screen.pick('tags')", "tags"),
    Action("desk.category", "Set the category", ("c",), "queue", "screen.pick('category')"),
    Action("desk.reply", "Reply to the requester", ("r",), "queue", "screen.compose(False)", "reply"),
    Action("desk.note", "Write an internal note", ("i",), "queue", "screen.compose(True)", "note"),
    Action("desk.reply_to_many", "Reply to all that are marked", ("B",), "queue", "screen.reply_to_many"),
    Action("place.ticket", "Write a ticket for somebody who rang", ("T", "ctrl+n"), "queue", "app.open('ticket')"),
    Action("desk.macro", "Answer or change it by a macro, seen before", ("m", "alt+m"), "queue", "screen.macro"),
    Action(
        "desk.quote",
        "Reply with the chosen message quoted",
        ("greater_than_sign",),
        "queue",
        "screen.compose(False, True)",
    ),
    Action(
        "desk.find_article",
        "Find an article for the ticket",
        ("f", "alt+a", "f4"),
        "queue",
        "screen.find_article",
        "article",
    ),
    Action("desk.undo", "Undo the last act", ("u",), "queue", "screen.undo", "undo"),
    Action("desk.acts", "What can be undone, the latest first", ("U",), "queue", "screen.acts"),
    Action("desk.away", "Away, and hand over what you hold; or back", ("Z",), "queue", "screen.away"),
    Action("desk.since", "What changed since you left", ("S",), "queue", "screen.since"),
    Action("desk.unsent", "What waits to be sent, or was refused", ("O",), "queue", "screen.unsent"),
    Action("desk.snooze", "Snooze: out of sight until a time", ("z",), "queue", "screen.snooze", "snooze"),
    Action("desk.due", "Set the due date", ("D",), "queue", "screen.due", "due"),
    Action("desk.fields", "Fill in a custom field", ("e",), "queue", "screen.fields", "field"),
    Action("desk.merge", "Merge into another ticket; take that back", ("M",), "queue", "screen.merge", "merge"),
    Action("desk.split", "Split off: a new ticket of the chosen message", ("X",), "thread", "screen.split", team=True),
    Action("desk.links", "Link to another ticket", ("equals_sign",), "queue", "screen.links", "link"),
    Action("desk.follow", "Follow the ticket, or no more", ("F",), "queue", "screen.follow", "follow"),
    Action("desk.view_next", "Next queue", ("right_square_bracket", "ctrl+right"), "queue", "screen.view_step(1)"),
    Action(
        "desk.view_previous", "Previous queue", ("left_square_bracket", "ctrl+left"), "queue", "screen.view_step(-1)"
    ),
    Action("desk.view_1", "The first queue; 2 to 9: the others", ("1",), "queue", "screen.view(0)", palette=False),
    *(
        Action(f"desk.view_{n}", f"Queue {n}", (str(n),), "queue", f"screen.view({n - 1})", palette=False, listed=False)
        for n in range(2, 10)
    ),
    Action("desk.filter", "Ask for tickets by a query", ("slash",), "queue", "screen.filter", "filter"),
    Action("desk.views", "Save, share and arrange views", ("V",), "queue", "screen.views", "views"),
    Action("desk.sort", "Sort the queue", ("o",), "queue", "screen.pick('sort')", "sort"),
    Action("desk.wider", "Make the queue wider", ("plus",), "queue", "app.widen_list(1)", palette=False),
    Action("desk.narrower", "Make the queue narrower", ("minus",), "queue", "app.widen_list(-1)", palette=False),
    Action("desk.pipe", "Pipe the ticket to a command", ("vertical_line",), "queue", "screen.pipe"),
    Action("desk.commands", "Your own commands", ("exclamation_mark",), "queue", "screen.commands"),
    Action("desk.goto", "Go to a ticket by number", ("number_sign", "ctrl+g"), "queue", "screen.goto"),
    Action("desk.refresh", "Read everything anew", ("ctrl+r",), "queue", "screen.reread"),
    Action("desk.other_pane", "Other pane", ("tab",), "queue", "screen.other_pane", palette=False),
    Action(
        "desk.back", "Back to the queue", ("escape", "h"), "thread", "screen.back", "back", palette=False, team=True
    ),
    # a customer's requests
    Action("customer.new", "Write a new request", ("n", "ctrl+n"), "customer", "app.open('request')", "ask"),
    Action("requests.open", "Open the request", ("enter",), "customer", hint="open", palette=False),
    Action("customer.answer", "Write to us about the request", ("r",), "customer", "screen.answer", "answer"),
    Action(
        "customer.quote",
        "Answer with the chosen message quoted",
        ("greater_than_sign",),
        "customer",
        "screen.answer(True)",
    ),
    Action("customer.solved", "It is solved: close the request", ("x",), "customer", "screen.solved", "solved"),
    Action(
        "customer.reopen", "It is not solved: open the request again", ("o",), "customer", "screen.reopen", "reopen"
    ),
    Action("customer.undo", "Take the last of these two back", ("u",), "customer", "screen.undo"),
    Action(
        "customer.merged", "Go to the request that it was merged into", ("m",), "customer", "screen.merged", "go there"
    ),
    Action(
        "customer.rate", "Say how we did, from 1 (bad) to 5 (good)", ("1",), "customer", "screen.rate(1)", "to 5 rate"
    ),
    *(
        Action(
            f"customer.rate_{n}", f"Rate {n}", (str(n),), "customer", f"screen.rate({n})", palette=False, listed=False
        )
        for n in range(2, 6)
    ),
    Action("customer.refresh", "Read everything anew", ("ctrl+r",), "customer", "screen.reread"),
    Action("customer.other_pane", "List or request", ("tab",), "customer", "screen.other_pane", palette=False),
    Action("customer.back", "Back to the list", ("escape", "h"), "customer", "screen.back", "back", palette=False),
    Action("requests.down", "Next request", ("j", "down"), "customer", palette=False),
    Action("requests.up", "Request before", ("k", "up"), "customer", palette=False),
    Action("requests.page_down", "Page down", ("ctrl+d", "pagedown", "space"), "customer", palette=False),
    Action("requests.page_up", "Page up", ("ctrl+u", "pageup", "b"), "customer", palette=False),
    Action("requests.first", "First request", ("g", "home"), "customer", palette=False),
    Action("requests.last", "Last request", ("G", "end"), "customer", palette=False),
    # a new request
    Action("request.send", "Send the request", ("ctrl+s", "ctrl+enter", "alt+enter"), "request", "screen.send", "send"),
    Action("request.topic", "Choose what it is about", ("ctrl+o",), "request", "screen.topic", "topic"),
    Action("request.file", "Attach a file", ("ctrl+f",), "request", "screen.file", "file"),
    Action("hints.down", "Next article that may help", ("j", "down"), "request", palette=False),
    Action("hints.up", "Article before", ("k", "up"), "request", palette=False),
    Action("hints.read", "Read the article", ("enter",), "request", palette=False),
    # a ticket for somebody
    Action(
        "ticket.send", "Send the ticket", ("ctrl+s", "ctrl+enter", "alt+enter"), "new ticket", "screen.send", "send"
    ),
    Action(
        "ticket.details",
        "Priority, category, department, assignee",
        ("ctrl+o",),
        "new ticket",
        "screen.topic",
        "priority …",
    ),
    Action("ticket.file", "Attach a file", ("ctrl+f",), "new ticket", "screen.file", "file"),
    # the queue widget's own
    Action("queue.down", "Next ticket", ("j", "down"), "queue", palette=False),
    Action("queue.up", "Ticket before", ("k", "up"), "queue", palette=False),
    Action("queue.half_down", "Half a page down", ("ctrl+d",), "queue", palette=False),
    Action("queue.half_up", "Half a page up", ("ctrl+u",), "queue", palette=False),
    Action("queue.page_down", "Page down", ("pagedown", "ctrl+f"), "queue", palette=False),
    Action("queue.page_up", "Page up", ("pageup", "ctrl+b"), "queue", palette=False),
    Action("queue.first", "First ticket", ("g", "home"), "queue", palette=False),
    Action("queue.last", "Last ticket", ("G", "end"), "queue", palette=False),
    Action("queue.open", "Open the ticket", ("enter",), "queue", hint="open", palette=False),
    Action("queue.mark", "Mark the ticket for the next act, and on", ("space",), "queue", palette=False),
    Action("queue.range", "Mark from here on, until pressed again", ("v",), "queue", palette=False),
    Action("queue.mark_all", "Mark all that the queue holds", ("asterisk",), "queue", palette=False),
    Action("queue.unmark", "Mark nothing; close the query", ("escape",), "queue", palette=False),
    Action("queue.retry", "Try again after a failure", ("r", "f5"), "queue", palette=False),
    # the filter line
    Action("filter.apply", "Show the tickets; take what is chosen", ("enter",), "filter", hint="show", palette=False),
    Action("filter.take", "Take what is offered", ("tab",), "filter", hint="take", palette=False),
    Action("filter.down", "Next of what is offered", ("down", "ctrl+n"), "filter", hint="next", palette=False),
    Action(
        "filter.up",
        "The one before; in an empty line an older query",
        ("up", "ctrl+p"),
        "filter",
        hint="before",
        palette=False,
    ),
    Action("filter.leave", "Back to where one was", ("escape",), "filter", hint="back", palette=False),
    # the thread widget's own
    Action("thread.down", "A line down", ("j", "down"), "thread", palette=False),
    Action("thread.up", "A line up", ("k", "up"), "thread", palette=False),
    Action("thread.half_down", "Half a page down", ("ctrl+d",), "thread", palette=False),
    Action("thread.half_up", "Half a page up", ("ctrl+u",), "thread", palette=False),
    Action("thread.page_down", "Page down", ("space", "pagedown", "ctrl+f"), "thread", palette=False),
    Action("thread.page_up", "Page up", ("b", "pageup", "ctrl+b"), "thread", palette=False),
    Action("thread.first", "The beginning", ("g", "home"), "thread", palette=False),
    Action("thread.last", "The newest message", ("G", "end"), "thread", palette=False),
    Action("thread.next", "Next message", ("n",), "thread", hint="next", palette=False),
    Action("thread.previous", "Message before", ("N",), "thread", palette=False),
    Action("thread.next_link", "Next link", ("l",), "thread", palette=False),
    Action("thread.previous_link", "Link before", ("L",), "thread", palette=False),
    Action("thread.open_link", "Open the link", ("enter",), "thread", palette=False),
    Action("thread.copy", "Copy the link or the message", ("y",), "thread", palette=False),
    Action("thread.save_files", "Save the files of the message", ("w",), "thread", palette=False),
    # the inbox, and its list's own
    Action("inbox.down", "Next line", ("j", "down"), "inbox", palette=False),
    Action("inbox.up", "Line before", ("k", "up"), "inbox", palette=False),
    Action("inbox.half_down", "Half a page down", ("ctrl+d",), "inbox", palette=False),
    Action("inbox.half_up", "Half a page up", ("ctrl+u",), "inbox", palette=False),
    Action("inbox.page_down", "Page down", ("pagedown", "ctrl+f"), "inbox", palette=False),
    Action("inbox.page_up", "Page up", ("pageup", "ctrl+b"), "inbox", palette=False),
    Action("inbox.first", "The latest", ("g", "home"), "inbox", palette=False),
    Action("inbox.last", "The last", ("G", "end"), "inbox", palette=False),
    Action("inbox.open", "Open what it is about", ("enter",), "inbox", hint="open", palette=False),
    Action("inbox.read", "Mark as read, and on to the next", ("e", "space"), "inbox", "screen.read", "read"),
    Action("inbox.all", "Mark everything as read", ("asterisk", "E"), "inbox", "screen.all", "all read"),
    Action("inbox.undo", "Undo: unread again", ("u",), "inbox", "screen.undo", "undo"),
    Action("inbox.filter", "What is unread, or all", ("f",), "inbox", "screen.filter", "unread/all"),
    Action("inbox.settings", "What I am told of, and with a bell", ("comma",), "inbox", "screen.settings", "settings"),
    Action("inbox.refresh", "Read the inbox anew", ("ctrl+r", "r"), "inbox", "screen.refresh"),
    # administration
    Action("admin.next", "Next section", ("right_square_bracket", "ctrl+right"), "admin", "screen.section_step(1)"),
    Action(
        "admin.previous", "Section before", ("left_square_bracket", "ctrl+left"), "admin", "screen.section_step(-1)"
    ),
    Action(
        "admin.section_1", "The first section; 2 to 9: the others", ("1",), "admin", "screen.section(0)", palette=False
    ),
    *(
        Action(f"admin.section_{n}", f"Section {n}", (str(n),), "admin", f"screen.section({n - 1})", "", False, False)
        for n in range(2, 10)
    ),
    Action("admin.search", "Search, or change the filter", ("slash",), "admin", "screen.search", "search"),
    Action(
        "admin.which",
        "Other people; where tickets come from; a field's tickets",
        ("f",),
        "admin",
        "screen.which",
        "from",
    ),
    Action("admin.two_factors", "Demand two factors of the team, or no more", (), "admin", "screen.two_factors"),
    Action("admin.target", "Where tickets go; where a field stands", ("t",), "admin", "screen.target", "to"),
    Action(
        "admin.go",
        "Move the tickets; take the act back; change the policy or the hours",
        ("enter",),
        "admin",
        "screen.go",
        "do it",
        palette=False,
    ),
    Action(
        "admin.role",
        "Another role for a person; who is given what comes into a department",
        ("r",),
        "admin",
        "screen.role",
        "role",
    ),
    Action(
        "admin.capacity",
        "How many an agent may hold; a field's choices",
        ("c",),
        "admin",
        "screen.capacity",
    ),
    Action("admin.department", "Another department", ("d",), "admin", "screen.department", "department"),
    Action(
        "admin.new", "Add a department, category, tag, field, policy or calendar", ("n",), "admin", "screen.new", "new"
    ),
    Action("admin.rename", "Another name; change the policy or the hours", ("e",), "admin", "screen.rename", "rename"),
    Action("admin.describe", "Another description", ("i",), "admin", "screen.describe", "describe"),
    Action("admin.merge", "Make the default department; merge a tag", ("m",), "admin", "screen.merge"),
    Action(
        "admin.remove",
        "Remove; a person out or in; a field out of or in use",
        ("x",),
        "admin",
        "screen.remove",
        "deactivate",
    ),
    Action("admin.undo", "Undo what was done last here", ("u",), "admin", "screen.undo", "undo"),
    Action("admin.refresh", "Read everything anew", ("ctrl+r",), "admin", "screen.reread"),
    Action("admin.down", "Next row", ("j", "down"), "admin", palette=False),
    Action("admin.up", "Row before", ("k", "up"), "admin", palette=False),
    Action("admin.half_down", "Half a page down", ("ctrl+d",), "admin", palette=False),
    Action("admin.half_up", "Half a page up", ("ctrl+u",), "admin", palette=False),
    Action("admin.page_down", "Page down", ("pagedown", "ctrl+f", "space"), "admin", palette=False),
    Action("admin.page_up", "Page up", ("pageup", "ctrl+b", "b"), "admin", palette=False),
    Action("admin.first", "First row", ("g", "home"), "admin", palette=False),
    Action("admin.last", "Last row", ("G", "end"), "admin", palette=False),
    # the composer's own. Ctrl+Enter and Alt+Enter arrive as such only from terminals that speak the kitty protocol;
    # elsewhere they are a plain Enter, so they may not be the only keys.
    Action("composer.send", "Send", ("ctrl+s", "ctrl+enter", "alt+enter"), "composer", palette=False),
    Action("composer.send_pending", "Send and set the status to pending", ("alt+p",), "composer", palette=False),
    Action("composer.send_resolved", "Send and set the status to resolved", ("alt+r",), "composer", palette=False),
    Action("composer.send_anyway", "Send over new messages", ("ctrl+y",), "composer", palette=False),
    Action("composer.switch", "Reply instead of note, or back", ("ctrl+o", "f2"), "composer", palette=False),
    Action("composer.preview", "See how it will look, or see it no more", ("alt+v",), "composer", palette=False),
    Action("preview.down", "A line down in the preview", ("j", "down"), "composer", palette=False, listed=False),
    Action("preview.up", "A line up in the preview", ("k", "up"), "composer", palette=False, listed=False),
    Action("composer.leave_fields", "Set nothing of what a macro sets", ("alt+x",), "composer", palette=False),
    Action("composer.file", "Attach a file", ("ctrl+f",), "composer", palette=False),
    Action("composer.editor", "Write in your own editor", ("ctrl+e",), "composer", palette=False),
    Action("composer.next_version", "Another draft of this message", ("ctrl+g",), "composer", palette=False),
    Action("composer.redo", "Redo", ("ctrl+shift+z",), "composer", palette=False),
    Action("composer.leave", "Leave; the draft is kept", ("escape",), "composer", palette=False),
    # articles beside a ticket
    Action("finder.link", "Put a link to the article into the answer", ("l",), "finder", hint="link", palette=False),
    Action("finder.text", "Put the article's text into the answer", ("t",), "finder", hint="text", palette=False),
    Action("finder.search", "Search all articles", ("slash",), "finder", hint="search", palette=False),
    Action("finder.other_pane", "To the ticket", ("tab",), "finder", palette=False),
    Action("finder.back", "From the article to the list, and out", ("escape",), "finder", hint="back", palette=False),
    *CHATS,
    *KNOWLEDGE,
)

BY_ID: Final = {action.id: action for action in ACTIONS}

_own: dict[str, tuple[str, ...]] = {}


def remap(keys: Mapping[str, tuple[str, ...]]) -> None:
    """Take the person's own keys, by action id, in place of those taken before; what is shown follows from then on."""
    _own.clear()
    _own.update(keys)


def keys_of(name: str) -> tuple[str, ...]:
    """The keys that run an action now, the one to show first."""
    return _own.get(name) or BY_ID[name].keys


def key_of(name: str) -> str:
    """The key of an action to show, as people write it; empty where there is none."""
    return next(map(key_words, keys_of(name)), "")
