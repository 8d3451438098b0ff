"""Articles for the tests of the search: who wrote them, in which states, and how to ask for them as anybody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from tests.db.sessions import Sync, anonymous_claims, anonymous_visitor, connect_as, gateway, owner, with_people
from tests.world import DeskDatabase, People, Person

READERS: Final = ("cora", "ada", "ann", "visitor")
"""A customer, an agent, an admin, and somebody signed in anonymously."""
STAFF: Final = ("ada", "ann")


@dataclass
class Library:
    """A knowledge base, and connections of everybody who reads it."""

    database: DeskDatabase
    people: dict[str, Person]
    connections: dict[str, Sync]
    owner: Sync
    ids: dict[str, UUID] = field(default_factory=dict)

    def write(
        self, title: str, content: str = "", status: str = "published", category: UUID | None = None, **metadata: Any
    ) -> UUID:
        """An article, known by its title."""
        made = self.ids[title] = uuid4()
        self.owner.execute(
            "insert into public.kb_articles (id, title, content, status, category_id, author_id, metadata)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            [made, title, content or title, status, category, self.people["ann"].id, Jsonb(metadata)],
        )
        return made

    def shelf(self, name: str, parent: UUID | None = None) -> UUID:
        """A category."""
        made = uuid4()
        self.owner.execute(
            "insert into public.kb_categories (id, name, parent_id) values (%s, %s, %s)", [made, name, parent]
        )
        return made

    def search(self, reader: str, query: str | None, most: int = 200, **more: Any) -> list[tuple[Any, ...]]:
        """Everything that the search answers."""
        named = "".join(f", {name} => %({name})s" for name in more)
        return (
            self.connections[reader]
            .execute(
                f"select * from helpdesk.search_articles(%(query)s, %(most)s{named})".encode(),
                {"query": query, "most": most, **more},
            )
            .fetchall()
        )

    def titles(self, reader: str, query: str, most: int = 200, **more: Any) -> list[str]:
        """The titles found, the best first."""
        return [row[1] for row in self.search(reader, query, most, **more)]

    def clear(self) -> None:
        """Without articles."""
        self.owner.execute("delete from public.kb_articles")
        self.owner.execute("delete from public.kb_categories")
        self.ids.clear()

    def close(self) -> None:
        """Hangs up."""
        for each in self._all():
            with suppress(OSError):
                each.close()

    def _all(self) -> Iterable[Sync]:
        return (*self.connections.values(), self.owner)


def library(database: DeskDatabase) -> Library:
    """Opens one without articles."""

    async def people(people: People) -> Sequence[Person]:
        return [
            await people.sign_up("cora@library.test", "Cora"),
            await people.sign_up("ada@library.test", "Ada", "agent", "Support"),
            await people.sign_up("ann@library.test", "Ann", "admin"),
        ]

    signed_in = dict(zip(("cora", "ada", "ann"), with_people(database, people), strict=True))
    connections = {name: connect_as(database, person) for name, person in signed_in.items()}
    connections["visitor"] = gateway(database, anonymous_claims(anonymous_visitor(database)))
    return Library(database, signed_in, connections, owner(database))
