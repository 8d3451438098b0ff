"""Checks that the demo's records fit together: references, times, and the state of each ticket against its thread."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import get_args

from helpdesk_tui.core.model import Priority, Status
from helpdesk_tui.local.content.model import Article, Chat, ContentError, DemoContent, Message, Person, Rating, Ticket

KB_LINK = re.compile(r"\(kb:([^)]*)\)")
COLOR = re.compile(r"#[0-9a-f]{6}")


def check(content: DemoContent) -> None:
    """Raise ContentError at the first thing that does not fit."""
    Checker(content).run()


class Checker:
    """Holds the lookups that the checks share."""

    def __init__(self, content: DemoContent) -> None:
        self.content = content
        self.people = {person.key: person for person in content.people}
        self.departments = {department.key for department in content.departments}
        self.categories = {category.key: category for category in content.categories}
        self.tags = {tag.name for tag in content.tags}
        self.shelves = {shelf.key: shelf for shelf in content.kb_categories}
        self.slugs = {article.slug for article in content.articles}

    def run(self) -> None:
        """All checks, cheapest first."""
        self._company()
        for person in self.content.people:
            self._person(person)
        for ticket in self.content.tickets:
            self._ticket(ticket)
        for article in self.content.articles:
            self._article(article)
        for chat in self.content.chats:
            self._chat(chat)

    def _company(self) -> None:
        content = self.content
        unique("department", (department.key for department in content.departments))
        unique("category", (category.key for category in content.categories))
        unique("tag", (tag.name for tag in content.tags))
        unique("person", (person.key for person in content.people))
        unique("e-mail address", (person.email.lower() for person in content.people))
        unique("knowledge base category", (shelf.key for shelf in content.kb_categories))
        for category in content.categories:
            known(category.department, self.departments, "department", f"category '{category.key}'")
        for tag in content.tags:
            if not COLOR.fullmatch(tag.color):
                raise ContentError(f"tag '{tag.name}': '{tag.color}' is not a colour like #88aa00.")
        for shelf in content.kb_categories:
            if shelf.parent is not None:
                known(shelf.parent, self.shelves, "parent", f"knowledge base category '{shelf.key}'")
                if self.shelves[shelf.parent].parent is not None:
                    raise ContentError(f"knowledge base category '{shelf.key}': the tree has two levels only.")

    def _person(self, person: Person) -> None:
        where = f"person '{person.key}'"
        if (person.role == "agent") != (person.department is not None):
            raise ContentError(f"{where}: agents, and only agents, have a department.")
        if person.department is not None:
            known(person.department, self.departments, "department", where)

    def _ticket(self, ticket: Ticket) -> None:
        where = f"ticket '{ticket.subject}'"
        self._customer(ticket.requester, where)
        if ticket.assignee is not None:
            assignee = self._staff(ticket.assignee, where)
            if assignee.department not in (None, ticket.department):
                raise ContentError(f"{where}: the assignee '{assignee.key}' works in {assignee.department}.")
        if ticket.category is not None:
            known(ticket.category, self.categories, "category", where)
            if self.categories[ticket.category].department != ticket.department:
                raise ContentError(f"{where}: the category '{ticket.category}' belongs to another department.")
        for tag in ticket.tags:
            known(tag, self.tags, "tag", where)
        unique(f"tag of {where}", ticket.tags)
        if ticket.age_min > self.people[ticket.requester].age_min:
            raise ContentError(f"{where}: older than its requester's account.")
        self._messages(ticket.messages, ticket.requester, ticket.age_min, where)
        self._changes(ticket, where)
        settled = ticket.status in ("resolved", "closed")
        self._rating(ticket.rating, settled, where)
        public = [message for message in ticket.messages if not message.internal]
        if ticket.status == "pending" and (not public or public[-1].by == ticket.requester):
            raise ContentError(f"{where}: pending waits for the customer, but the customer wrote last.")

    def _changes(self, ticket: Ticket, where: str) -> None:
        ordered((change.after_min for change in ticket.changes), ticket.age_min, where)
        now: dict[str, str | None] = {"status": "open"}
        for change in ticket.changes:
            if change.by != ticket.requester:
                self._staff(change.by, where)
            if change.kind == "status":
                known(change.to, get_args(Status), "status", where)
            elif change.kind == "priority":
                known(change.to, get_args(Priority), "priority", where)
            elif change.kind == "department":
                known(change.to, self.departments, "department", where)
            elif change.to is not None:
                self._staff(change.to, where)
            now[change.kind] = change.to
        for kind, value in now.items():
            if getattr(ticket, kind) != value:
                raise ContentError(f"{where}: its changes end with {kind} {value}, the ticket says otherwise.")

    def _article(self, article: Article) -> None:
        where = f"article '{article.slug}'"
        known(article.category, self.shelves, "category", where)
        self._staff(article.author, where)
        if not 0 <= article.updated_min <= article.age_min:
            raise ContentError(f"{where}: changed before it was written.")
        for slug in KB_LINK.findall(article.body):
            known(slug, self.slugs, "article", where)

    def _chat(self, chat: Chat) -> None:
        where = f"chat '{chat.topic}'"
        self._customer(chat.customer, where)
        if (chat.agent is None) != (chat.status == "waiting"):
            raise ContentError(f"{where}: a waiting chat has no agent, any other has one.")
        if chat.agent is not None:
            self._staff(chat.agent, where)
        if (chat.ended_after_min is None) == (chat.status == "ended"):
            raise ContentError(f"{where}: 'ended_after_min' belongs to ended chats, and to each of them.")
        end = chat.age_min if chat.ended_after_min is None else chat.ended_after_min
        if not 0 <= end <= chat.age_min:
            raise ContentError(f"{where}: ends in the future.")
        self._messages(chat.messages, chat.customer, end, where)
        for message in chat.messages:
            if message.internal or message.by not in (chat.customer, chat.agent):
                raise ContentError(f"{where}: '{message.by}' is not part of this chat.")
        self._rating(chat.rating, chat.status == "ended", where)

    def _messages(self, messages: tuple[Message, ...], requester: str, age_min: int, where: str) -> None:
        ordered((message.after_min for message in messages), age_min, where)
        for message in messages:
            for slug in KB_LINK.findall(message.text):
                known(slug, self.slugs, "article", where)
            if message.by != requester:
                self._staff(message.by, where)
            elif message.internal:
                raise ContentError(f"{where}: an internal note is written by staff, not by '{requester}'.")

    def _rating(self, rating: Rating | None, settled: bool, where: str) -> None:
        if rating is not None and (not settled or not 1 <= rating.stars <= 5):
            raise ContentError(f"{where}: a rating has 1 to 5 stars and comes at the end.")

    def _customer(self, key: str, where: str) -> None:
        known(key, self.people, "person", where)
        if self.people[key].role != "customer":
            raise ContentError(f"{where}: '{key}' is not a customer.")

    def _staff(self, key: str, where: str) -> Person:
        known(key, self.people, "person", where)
        person = self.people[key]
        if person.role == "customer":
            raise ContentError(f"{where}: '{key}' is a customer, staff is needed here.")
        return person


def known(key: str | None, choices: Collection[object], kind: str, where: str) -> None:
    """Raise where ``key`` is not among ``choices``."""
    if key not in choices:
        raise ContentError(f"{where}: there is no {kind} '{key}'.")


def unique(kind: str, keys: Iterable[str]) -> None:
    """Raise where a key comes twice."""
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise ContentError(f"The {kind} '{key}' exists twice.")
        seen.add(key)


def ordered(minutes: Iterable[int], age_min: int, where: str) -> None:
    """Raise where minutes since creation run backwards, start below zero or lie in the future."""
    last = 0
    for minute in minutes:
        if minute < last:
            raise ContentError(f"{where}: minute {minute} comes after minute {last}.")
        last = minute
    if last > age_min:
        raise ContentError(f"{where}: minute {last} lies in the future, it was created {age_min} minutes ago.")
