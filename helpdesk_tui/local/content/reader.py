"""Turns the content files into records; every value is checked for its kind, and an unknown key is an error."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib.resources.abc import Traversable
from typing import cast, get_args

from helpdesk_tui.core.model import Priority, Role, Status
from helpdesk_tui.local.content.model import (
    Article,
    ArticleStatus,
    Category,
    Change,
    ChangeKind,
    Chat,
    ChatStatus,
    ContentError,
    Department,
    KbCategory,
    Message,
    Person,
    Rating,
    Tag,
    Ticket,
)


class Node:
    """One JSON object on its way to a record: typed getters, and a complaint about keys that nobody asked for.

    Args:
        value: the parsed JSON.
        where: what to call it in an error, such as ``tickets_support.json: 'Lamp flickers'``.
    """

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise ContentError(f"{where}: expected an object.")
        self._values = cast("dict[str, object]", value)
        self._asked: set[str] = set()
        self.where = where

    def get(self, key: str) -> object:
        """The raw value, None where absent."""
        self._asked.add(key)
        return self._values.get(key)

    def optional_text(self, key: str) -> str | None:
        """A text, or None. A long text may be written as a list of its lines."""
        value = self.get(key)
        if value is None:
            return None
        if isinstance(value, list) and all(isinstance(line, str) for line in value):
            value = "\n".join(cast("list[str]", value))
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, "a text")
        return value

    def text(self, key: str) -> str:
        """A text that must be there."""
        value = self.optional_text(key)
        if value is None:
            raise self.wrong(key, "a text")
        return value

    def optional_minutes(self, key: str) -> int | None:
        """A whole number of minutes, or None."""
        value = self.get(key)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise self.wrong(key, "a whole number")
        return value

    def minutes(self, key: str) -> int:
        """A whole number that must be there."""
        value = self.optional_minutes(key)
        if value is None:
            raise self.wrong(key, "a whole number")
        return value

    def flag(self, key: str) -> bool:
        """True or false; absent is false."""
        value = self.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return bool(value)

    def one_of(self, key: str, choices: Sequence[str]) -> str:
        """One of the given words."""
        value = self.text(key)
        if value not in choices:
            raise self.wrong(key, f"one of {', '.join(choices)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; absent is empty."""
        value = self.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(key, "a list of texts")
        return tuple(cast("list[str]", value))

    def nodes(self, key: str) -> Iterator[Node]:
        """The objects of a list; absent is empty."""
        value = self.get(key)
        if value is None:
            return
        if not isinstance(value, list):
            raise self.wrong(key, "a list")
        for place, item in enumerate(value, start=1):
            yield Node(item, f"{self.where}, {key} {place}")

    def optional_node(self, key: str) -> Node | None:
        """A nested object, or None."""
        value = self.get(key)
        return None if value is None else Node(value, f"{self.where}, {key}")

    def wrong(self, key: str, wanted: str) -> ContentError:
        """The error for a value of the wrong kind."""
        return ContentError(f"{self.where}: '{key}' must be {wanted}.")

    def done(self) -> None:
        """Refuse keys that were never read: they are misspelt, and the demo would quietly miss something."""
        unknown = sorted(set(self._values) - self._asked)
        if unknown:
            raise ContentError(f"{self.where}: unknown {', '.join(map(repr, unknown))}.")


def read_json(folder: Traversable, name: str) -> Node:
    """The object in a JSON file of ``folder``."""
    try:
        return Node(json.loads(folder.joinpath(name).read_text(encoding="utf-8")), name)
    except json.JSONDecodeError as error:
        raise ContentError(f"{name}, line {error.lineno}: {error.msg}.") from error


def department(node: Node) -> Department:
    """A department from ``company.json``."""
    record = Department(node.text("key"), node.text("name"), node.text("description"))
    node.done()
    return record


def category(node: Node) -> Category:
    """A ticket category from ``company.json``."""
    record = Category(node.text("key"), node.text("name"), node.text("department"), node.text("description"))
    node.done()
    return record


def tag(node: Node) -> Tag:
    """A ticket tag from ``company.json``."""
    record = Tag(node.text("name"), node.text("color"), node.text("description"))
    node.done()
    return record


def kb_category(node: Node) -> KbCategory:
    """A knowledge base shelf from ``company.json``."""
    record = KbCategory(node.text("key"), node.text("name"), node.text("description"), node.optional_text("parent"))
    node.done()
    return record


def person(node: Node) -> Person:
    """Somebody from ``people.json``."""
    record = Person(
        key=node.text("key"),
        name=node.text("name"),
        email=node.text("email"),
        role=cast("Role", node.one_of("role", get_args(Role))),
        department=node.optional_text("department"),
        locale=node.text("locale"),
        age_min=node.minutes("age_min"),
    )
    node.done()
    return record


def message(node: Node) -> Message:
    """A message of a ticket or chat."""
    record = Message(node.text("by"), node.minutes("after_min"), node.text("text"), node.flag("note"))
    node.done()
    return record


def change(node: Node) -> Change:
    """A step of a ticket's history."""
    record = Change(
        after_min=node.minutes("after_min"),
        by=node.text("by"),
        kind=cast("ChangeKind", node.one_of("kind", get_args(ChangeKind))),
        to=node.optional_text("to"),
    )
    node.done()
    return record


def rating(node: Node | None) -> Rating | None:
    """The customer's rating, where there is one."""
    if node is None:
        return None
    record = Rating(node.minutes("stars"), node.optional_text("comment"))
    node.done()
    return record


def ticket(node: Node, department_key: str) -> Ticket:
    """A ticket of a ``tickets_….json`` file; the file names the department."""
    subject = node.text("subject")
    node.where = f"{node.where.partition(',')[0]}: '{subject}'"
    record = Ticket(
        subject=subject,
        description=node.text("text"),
        requester=node.text("from"),
        assignee=node.optional_text("assignee"),
        department=department_key,
        category=node.optional_text("category"),
        status=cast("Status", node.one_of("status", get_args(Status))),
        priority=cast("Priority", node.one_of("priority", get_args(Priority))),
        tags=node.texts("tags"),
        age_min=node.minutes("age_min"),
        due_in_min=node.optional_minutes("due_in_min"),
        messages=tuple(message(item) for item in node.nodes("messages")),
        changes=tuple(change(item) for item in node.nodes("changes")),
        rating=rating(node.optional_node("rating")),
    )
    node.done()
    return record


def chat(node: Node) -> Chat:
    """A chat of ``chats.json``."""
    topic = node.text("topic")
    node.where = f"{node.where.partition(',')[0]}: '{topic}'"
    record = Chat(
        topic=topic,
        customer=node.text("customer"),
        agent=node.optional_text("agent"),
        status=cast("ChatStatus", node.one_of("status", get_args(ChatStatus))),
        age_min=node.minutes("age_min"),
        ended_after_min=node.optional_minutes("ended_after_min"),
        messages=tuple(message(item) for item in node.nodes("messages")),
        rating=rating(node.optional_node("rating")),
    )
    node.done()
    return record


def article(slug: str, source: str) -> Article:
    """An article file: ``key: value`` lines between two ``---`` lines, then Markdown."""
    where = f"articles/{slug}.md"
    opening, _, rest = source.partition("---\n")
    head, fence, body = rest.partition("\n---\n")
    if opening or not fence:
        raise ContentError(f"{where}: must begin with its front matter between two '---' lines.")
    values: dict[str, object] = {}
    for line in head.splitlines():
        key, colon, value = line.partition(":")
        if not colon:
            raise ContentError(f"{where}: '{line}' is not 'key: value'.")
        values[key.strip()] = int(value) if value.strip().isdecimal() else value.strip()
    node = Node(values, where)
    record = Article(
        slug=slug,
        title=node.text("title"),
        category=node.text("category"),
        author=node.text("author"),
        status=cast("ArticleStatus", node.one_of("status", get_args(ArticleStatus))),
        age_min=node.minutes("age_min"),
        updated_min=node.minutes("updated_min"),
        body=body.strip(),
    )
    node.done()
    if not record.body:
        raise ContentError(f"{where}: the article is empty.")
    return record
