"""The knowledge base: categories, search, articles, and for the team writing them."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from helpdesk_tui.actions import Context
from helpdesk_tui.screens.bindings import bindings
from helpdesk_tui.screens.knowledge_writing import KnowledgeWriting

__all__ = ["KnowledgeScreen"]

#: The keys worth knowing, the first ones where there is little room.
TREE_HINTS = ("place.home", "app.help", "categories.pick", "knowledge.search", "knowledge.other_pane", "knowledge.new")
LIST_HINTS = (
    "place.home",
    "app.help",
    "knowledge.search",
    "articles.open",
    "knowledge.other_pane",
    "knowledge.edit",
    "knowledge.new",
    "knowledge.undo",
)
READING_HINTS = (
    "place.home",
    "app.help",
    "reader.find",
    "reader.contents",
    "reader.next_link",
    "knowledge.edit",
    "knowledge.versions",
    "knowledge.publish",
)
VERSIONS_HINTS = ("versions.leave", "app.help", "versions.restore", "versions.against", "versions.other")


class KnowledgeScreen(KnowledgeWriting):
    """Finds, reads and writes articles; whoever is not of the team finds and reads what is published.

    Args:
        link: the person's link to the database.
    """

    CSS_PATH = "knowledge.tcss"
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("knowledge", "articles", "categories", "article", "versions", "editor")
    BINDINGS: ClassVar[list[BindingType]] = bindings("knowledge")

    def contexts(self) -> tuple[Context, ...]:
        """The nearest first."""
        if self.has_class("editing") and self.pane == "page":
            return ("editor", "knowledge")
        if self.has_class("comparing") and self.pane == "page":
            return ("versions", "knowledge")
        nearest: Context = {"tree": "categories", "list": "articles", "page": "article"}[self.pane]  # type: ignore[assignment]
        return (nearest, "knowledge")

    def hints(self) -> tuple[str, ...]:
        """Of the pane that has the keys."""
        if self.pane == "page" and self.has_class("editing"):
            return ()  # it names its keys itself
        if self.pane == "page" and self.has_class("comparing"):
            return VERSIONS_HINTS
        wanted = {"tree": TREE_HINTS, "list": LIST_HINTS, "page": READING_HINTS}[self.pane]
        if not self.staff:
            return tuple(name for name in wanted if name not in TEAM_ACTIONS)
        return wanted


#: What only the team can do.
TEAM_ACTIONS = ("knowledge.edit", "knowledge.new", "knowledge.versions", "knowledge.publish", "knowledge.archive")
