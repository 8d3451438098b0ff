"""The demo's content: a fictional company, Lumen & Loom, with its people, tickets, articles and chats.

The files next to this module are the source: ``company.json``, ``people.json``, one ``tickets_….json`` per department,
``articles/*.md`` and ``chats.json``. A long text may be written as a list of its lines. Times are minutes: ``age_min``
before now, ``after_min`` since the creation of the ticket or chat, ``due_in_min`` from now.
"""

from __future__ import annotations

from importlib.resources import files

from helpdesk_tui.local.content import reader
from helpdesk_tui.local.content.checks import check
from helpdesk_tui.local.content.model import (
    Article,
    Category,
    Change,
    Chat,
    ContentError,
    DemoContent,
    Department,
    KbCategory,
    Message,
    Person,
    Rating,
    Tag,
    Ticket,
)

__all__ = [
    "Article",
    "Category",
    "Change",
    "Chat",
    "ContentError",
    "DemoContent",
    "Department",
    "KbCategory",
    "Message",
    "Person",
    "Rating",
    "Tag",
    "Ticket",
    "load",
]


def load() -> DemoContent:
    """Read and check the demo content.

    Returns:
        All records; keys (of people, departments, categories, articles) are how they refer to each other. Tickets are
        ordered oldest first, so that numbers given in this order look natural.

    Raises:
        ContentError: a file is malformed or a reference leads nowhere; the message says where.
    """
    folder = files(__package__)
    company = reader.read_json(folder, "company.json")
    departments = tuple(reader.department(node) for node in company.nodes("departments"))
    tickets: list[Ticket] = []
    for department in departments:
        file = reader.read_json(folder, f"tickets_{department.key}.json")
        tickets += (reader.ticket(node, department.key) for node in file.nodes("tickets"))
        file.done()
    articles = folder.joinpath("articles")
    people = reader.read_json(folder, "people.json")
    chats = reader.read_json(folder, "chats.json")
    content = DemoContent(
        departments=departments,
        categories=tuple(reader.category(node) for node in company.nodes("categories")),
        tags=tuple(reader.tag(node) for node in company.nodes("tags")),
        people=tuple(reader.person(node) for node in people.nodes("people")),
        tickets=tuple(sorted(tickets, key=lambda ticket: -ticket.age_min)),
        kb_categories=tuple(reader.kb_category(node) for node in company.nodes("kb_categories")),
        articles=tuple(
            reader.article(entry.name.removesuffix(".md"), entry.read_text(encoding="utf-8"))
            for entry in sorted(articles.iterdir(), key=lambda entry: entry.name)
            if entry.name.endswith(".md")
        ),
        chats=tuple(reader.chat(node) for node in chats.nodes("chats")),
    )
    for node in (company, people, chats):
        node.done()
    check(content)
    return content
