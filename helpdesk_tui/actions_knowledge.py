"""What can be done with articles: found, read, written, compared. Part of the table in ``actions``."""

from __future__ import annotations

from typing import Final

from helpdesk_tui.action import Action

__all__ = ["KNOWLEDGE"]

KNOWLEDGE: Final[tuple[Action, ...]] = (
    # the knowledge base, whichever pane
    Action("knowledge.search", "Search articles", ("slash", "s"), "knowledge", "screen.search", "search"),
    Action("knowledge.other_pane", "Next pane", ("tab",), "knowledge", "screen.step(1)", "panes", palette=False),
    Action("knowledge.previous_pane", "Pane before", ("shift+tab",), "knowledge", "screen.step(-1)", palette=False),
    Action("knowledge.edit", "Edit the article", ("e",), "knowledge", "screen.edit", "edit", team=True),
    Action("knowledge.edit_outside", "Edit it in your own editor", ("E",), "knowledge", "screen.edit(True)", team=True),
    Action("knowledge.new", "Write a new article", ("N", "ctrl+n"), "knowledge", "screen.new", "new", team=True),
    Action(
        "knowledge.versions", "Versions of the article", ("v",), "knowledge", "screen.versions", "versions", team=True
    ),
    Action(
        "knowledge.publish",
        "Publish the article",
        ("P",),
        "knowledge",
        "screen.set_status('published')",
        "publish",
        team=True,
    ),
    Action("knowledge.archive", "Archive the article", ("X",), "knowledge", "screen.set_status('archived')", team=True),
    Action("knowledge.undo", "Undo the last act", ("u",), "knowledge", "screen.undo", "undo"),
    Action("knowledge.refresh", "Read everything anew", ("ctrl+r",), "knowledge", "screen.reread"),
    # the reader's own
    Action("reader.down", "A line down", ("j", "down"), "article", palette=False),
    Action("reader.up", "A line up", ("k", "up"), "article", palette=False),
    Action("reader.half_down", "Half a page down", ("ctrl+d",), "article", palette=False),
    Action("reader.half_up", "Half a page up", ("ctrl+u",), "article", palette=False),
    Action("reader.page_down", "Page down", ("space", "pagedown", "ctrl+f"), "article", palette=False),
    Action("reader.page_up", "Page up", ("b", "pageup", "ctrl+b"), "article", palette=False),
    Action("reader.first", "The beginning", ("g", "home"), "article", palette=False),
    Action("reader.last", "The end", ("G", "end"), "article", palette=False),
    Action("reader.contents", "Contents: go to a heading", ("o",), "article", hint="contents", palette=False),
    Action("reader.next_heading", "Next heading", ("right_curly_bracket",), "article", palette=False),
    Action("reader.previous_heading", "Heading before", ("left_curly_bracket",), "article", palette=False),
    Action("reader.find", "Find in the article", ("slash",), "article", hint="find", palette=False),
    Action("reader.next_match", "Next place that was found", ("n",), "article", palette=False),
    Action("reader.previous_match", "Place before that was found", ("N",), "article", palette=False),
    Action("reader.stop_finding", "Unmark what was found", ("escape",), "article", palette=False),
    Action("reader.next_link", "Next link", ("l", "right_square_bracket"), "article", hint="link", palette=False),
    Action("reader.previous_link", "Link before", ("L", "left_square_bracket"), "article", palette=False),
    Action("reader.open_link", "Follow the link", ("enter",), "article", palette=False),
    Action("reader.back", "Back to where a link was followed", ("backspace", "ctrl+o"), "article", palette=False),
    Action("reader.helpful", "The article helped", ("plus",), "article", palette=False),
    Action("reader.not_helpful", "The article did not help", ("minus",), "article", palette=False),
    Action("reader.copy", "Copy the link or the article", ("y",), "article", palette=False),
    # lists of articles
    Action("articles.down", "Next article", ("j", "down"), "articles", palette=False),
    Action("articles.up", "Article before", ("k", "up"), "articles", palette=False),
    Action("articles.half_down", "Half a page down", ("ctrl+d",), "articles", palette=False),
    Action("articles.half_up", "Half a page up", ("ctrl+u",), "articles", palette=False),
    Action("articles.page_down", "Page down", ("pagedown", "ctrl+f", "space"), "articles", palette=False),
    Action("articles.page_up", "Page up", ("pageup", "ctrl+b", "b"), "articles", palette=False),
    Action("articles.first", "First article", ("g", "home"), "articles", palette=False),
    Action("articles.last", "Last article", ("G", "end"), "articles", palette=False),
    Action("articles.open", "Read the article", ("enter",), "articles", hint="read", palette=False),
    # the fields that articles are searched with
    Action("search.down", "Next of what was found", ("down", "ctrl+n"), "search", palette=False),
    Action("search.up", "The one before", ("up", "ctrl+p"), "search", palette=False),
    Action("search.page_down", "Page down in what was found", ("pagedown",), "search", palette=False),
    Action("search.page_up", "Page up in what was found", ("pageup",), "search", palette=False),
    Action("search.leave", "Leave the field", ("escape",), "search", palette=False),
    # the categories
    Action("categories.down", "Next category", ("j", "down"), "categories", palette=False),
    Action("categories.up", "Category before", ("k", "up"), "categories", palette=False),
    Action("categories.page_down", "Page down", ("ctrl+d", "pagedown", "ctrl+f"), "categories", palette=False),
    Action("categories.page_up", "Page up", ("ctrl+u", "pageup", "ctrl+b"), "categories", palette=False),
    Action("categories.first", "All articles", ("g", "home"), "categories", palette=False),
    Action("categories.last", "Last category", ("G", "end"), "categories", palette=False),
    Action("categories.open", "Show the categories below", ("l", "right"), "categories", palette=False),
    Action("categories.close", "Hide the categories below", ("h", "left"), "categories", palette=False),
    Action("categories.pick", "Its articles", ("enter", "space"), "categories", hint="articles", palette=False),
    # versions
    Action("versions.down", "Older version; a line down", ("j", "down"), "versions", palette=False),
    Action("versions.up", "Newer version; a line up", ("k", "up"), "versions", palette=False),
    Action("versions.first", "The newest; the beginning", ("g", "home"), "versions", palette=False),
    Action("versions.last", "The oldest; the end", ("G", "end"), "versions", palette=False),
    Action(
        "versions.page_down",
        "Page down",
        ("space", "pagedown", "ctrl+f", "ctrl+d"),
        "versions",
        palette=False,
    ),
    Action("versions.page_up", "Page up", ("b", "pageup", "ctrl+b", "ctrl+u"), "versions", palette=False),
    Action(
        "versions.other",
        "List or difference",
        ("enter", "tab", "shift+tab"),
        "versions",
        hint="list/diff",
        palette=False,
    ),
    Action(
        "versions.against", "What restoring would change", ("c",), "versions", hint="compare", palette=False, team=True
    ),
    Action("versions.restore", "Restore the version", ("R",), "versions", hint="restore", palette=False),
    Action("versions.leave", "Back to the article", ("escape", "v"), "versions", hint="back", palette=False),
    # the editor of articles
    Action(
        "editor.save",
        "Save as a new version",
        ("ctrl+s", "ctrl+enter", "alt+enter"),
        "editor",
        palette=False,
    ),
    Action("editor.category", "Choose the category", ("ctrl+o", "f2"), "editor", palette=False),
    Action(
        "editor.another",
        "Another new article; the text as it is saved",
        ("ctrl+g",),
        "editor",
        palette=False,
    ),
    Action("editor.leave", "Leave; the draft of the article is kept", ("escape",), "editor", palette=False),
)
