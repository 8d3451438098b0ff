"""The knowledge base as one signed-in person sees it: searched, read, written, voted on, each in one round trip.

What may be read is decided by the database: whoever is not of the team finds what is published and nothing else, in
results, lists, counts and versions alike. "There is no such article" means not there or not for this person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar
from uuid import UUID

from helpdesk_tui.core.errors import NotFound
from helpdesk_tui.core.model import Me
from helpdesk_tui.core.statement import Statement, only, positional
from helpdesk_tui.core.text import safe_block

if TYPE_CHECKING:
    from helpdesk_tui.core.database import Database

T = TypeVar("T")
ArticleStatus = Literal["draft", "published", "archived"]
ARTICLE_STATUSES: Final[tuple[ArticleStatus, ...]] = ("draft", "published", "archived")

Span = tuple[int, int]
"""Where a matched word begins and ends, in characters."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An article that a search found.

    Attributes:
        snippet: a passage of its text without markup, one line, where most of the words stand; safe to show.
        spans: the matched words in the snippet.
        category: its category's name, None where it has none.
        score: for ordering alone; comparable within one search.
    """

    article_id: UUID
    title: str
    snippet: str
    spans: tuple[Span, ...]
    category: str | None
    status: ArticleStatus
    updated_at: datetime
    score: float


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """One line of a list of articles."""

    id: UUID
    title: str
    category_id: UUID | None
    status: ArticleStatus
    updated_at: datetime
    published_at: datetime | None
    author: str | None


@dataclass(frozen=True, slots=True)
class Category:
    """A category of articles. ``articles``: how many it holds itself, as many as ``listed`` gives."""

    id: UUID
    name: str
    parent_id: UUID | None
    description: str | None
    articles: int


@dataclass(frozen=True, slots=True)
class Article:
    """An article opened. ``content`` is Markdown. ``version``: the number of the newest version."""

    id: UUID
    title: str
    content: str
    category_id: UUID | None
    category: str | None
    author: str | None
    status: ArticleStatus
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    helpful: int
    not_helpful: int
    my_vote: bool | None
    version: int


@dataclass(frozen=True, slots=True)
class Version:
    """An article as it once was. ``number`` counts from 1. ``changed_by`` is None for an import or a script."""

    id: UUID
    number: int
    title: str
    content: str
    changed_by: str | None
    created_at: datetime


def _hit(
    article_id: UUID,
    title: str,
    snippet: str,
    marks: list[int],
    category: str | None,
    status: ArticleStatus,
    updated_at: datetime,
    score: float,
) -> Hit:
    # What is shown is made safe piece by piece, so that the words are where the spans say.
    shown, spans = "", []
    for number, (start, end) in enumerate(pairwise([0, *marks, len(snippet)])):
        began = len(shown)
        shown += safe_block(snippet[start:end]).replace("\n", " ")
        if number % 2 and len(shown) > began:
            spans.append((began, len(shown)))
    return Hit(article_id, title, shown, tuple(spans), category, status, updated_at, score)


_SEARCH: Final = """
select article_id, title, snippet, marks, category_name, status, updated_at, score
  from helpdesk.search_articles(%(query)s, %(limit)s, %(category)s, %(published_only)s)
"""
_SUGGEST: Final = """
select article_id, title, snippet, marks, category_name, status, updated_at, score
  from helpdesk.suggest_articles(%(ticket)s, %(limit)s)
"""


def search(
    query: str, *, limit: int = 20, category: UUID | None = None, published_only: bool = False
) -> Statement[Hit]:
    """The articles that fit some words, the best first."""
    return Statement(
        _SEARCH,
        {"query": query, "limit": limit, "category": category, "published_only": published_only},
        positional(_hit),
        writes=False,
    )


def _article(article_id: UUID) -> Statement[Article]:
    return Statement(
        "select id, title, content, category_id, category, author, status, created_at, updated_at, published_at, "
        "helpful, not_helpful, my_vote, version from helpdesk.article(%(article)s)",
        {"article": article_id},
        positional(Article),
        writes=False,
    )


def _call(function: str, **params: Any) -> Statement[Any]:
    """A function of the database that writes."""
    named = ", ".join(f"%({name})s" for name in params)
    return Statement(f"select {function}({named})", params, only(object), writes=True)


class Knowledge:
    """The knowledge base, for one person.

    Every method is one round trip, and raises what ``Database.run`` raises: ``Unreachable``, ``Refused`` and so on.
    """

    def __init__(self, database: Database, me: Me) -> None:
        self.database = database
        self.me = me

    async def search(self, query: str, *, limit: int = 20, category: UUID | None = None) -> list[Hit]:
        """Articles that fit any of the words, the best first.

        Words may be incomplete (the one that is being typed) or mistyped; of several, those that fit most and say
        most count most. The team finds drafts and archived articles too.

        Args:
            query: as typed. Blank: nothing is found.
            limit: how many at most.
            category: only articles of this category or one below it.
        """
        return await self.database.fetch(search(query, limit=limit, category=category))

    async def tree(self) -> list[Category]:
        """All categories that hold something for this person, here or below, by name; for the team empty ones too."""
        return await self.database.fetch(
            Statement(
                "select id, name, parent_id, description, articles from helpdesk.article_categories()",
                (),
                positional(Category),
                writes=False,
            )
        )

    async def listed(
        self,
        category: UUID | None = None,
        status: ArticleStatus | None = None,
        limit: int = 200,
        after: ArticleRow | None = None,
    ) -> list[ArticleRow]:
        """Articles by title, a page at a time.

        Args:
            category: only those that this category holds itself.
            status: only those of this status; None: all but the archived ones.
            limit: the size of a page.
            after: the last row of the page before.
        """
        return await self.database.fetch(
            Statement(
                "select id, title, category_id, status, updated_at, published_at, author from "
                "helpdesk.articles(%(category)s, %(status)s, %(limit)s, %(title)s, %(id)s)",
                {
                    "category": category,
                    "status": status,
                    "limit": limit,
                    "title": after.title if after else None,
                    "id": after.id if after else None,
                },
                positional(ArticleRow),
                writes=False,
            )
        )

    async def titled(self, title: str) -> list[UUID]:
        """The articles of this title, whatever the case of its letters; two are enough to know that it is not one."""
        return await self.database.fetch(
            Statement(
                "select id from public.kb_articles where lower(title) = lower(%s) order by id limit 2",
                [title],
                only(UUID),
                writes=False,
            )
        )

    async def article(self, article_id: UUID) -> Article:
        """An article, to be read.

        Raises:
            NotFound: there is none, or not for this person.
        """
        return _one(await self.database.fetch(_article(article_id)))

    async def save(
        self,
        *,
        id: UUID,  # noqa: A002  (what the records call it)
        title: str,
        content: str,
        category_id: UUID | None,
        base_version: int | None,
    ) -> Article:
        """Saves an article: where title or text differ, as a new version. Sent again, it is saved once.

        Args:
            id: drawn by the author's program, before the first save; kept for sending again.
            base_version: the version that its author had before them; None for a new article, which is a draft.

        Raises:
            Stale: somebody saved it since; nothing was saved.
            BadInput: no title, or too long.
            Refused: not of the team.
            NotFound: there is no such article or category.
        """
        found: list[Article]
        _, found = await self.database.run(
            _call(
                "helpdesk.save_article", id=id, title=title, content=content, category=category_id, base=base_version
            ),
            _article(id),
            idempotent=True,
        )
        return _one(found)

    async def set_status(self, article_id: UUID, status: ArticleStatus) -> Article:
        """Publishes an article, archives it, or makes it a draft again.

        Raises:
            NotFound: there is none.
            Refused: not of the team.
        """
        found: list[Article]
        _, found = await self.database.run(
            _call("helpdesk.set_article_status", id=article_id, status=status), _article(article_id), idempotent=True
        )
        return _one(found)

    async def versions(self, article_id: UUID) -> list[Version]:
        """All versions of an article, newest first.

        Raises:
            NotFound: there is no such article, or its versions are not for this person.
        """
        found = await self.database.fetch(
            Statement(
                "select id, number, title, content, changed_by, created_at from helpdesk.article_versions(%(article)s)",
                {"article": article_id},
                positional(Version),
                writes=False,
            )
        )
        _one(found)
        return found

    async def restore(self, article_id: UUID, version: int) -> Article:
        """Makes an old version the newest one, which is a new version where it differs.

        Raises:
            NotFound: there is no such article or version.
            Refused: not of the team.
        """
        found: list[Article]
        _, found = await self.database.run(
            _call("helpdesk.restore_article", id=article_id, version=version), _article(article_id), idempotent=True
        )
        return _one(found)

    async def vote(self, article_id: UUID, helpful: bool | None, comment: str | None = None) -> Article:
        """Says whether an article helped; None takes it back. One vote a person, the last one counts.

        Raises:
            NotFound: there is no such article, or not for this person.
        """
        found: list[Article]
        _, found = await self.database.run(
            _call("helpdesk.vote", id=article_id, helpful=helpful, comment=comment),
            _article(article_id),
            idempotent=True,
        )
        return _one(found)

    async def suggest(self, ticket_id: UUID, limit: int = 5) -> list[Hit]:
        """Published articles that may help with a ticket, by its title and what its requester wrote last.

        Nothing for a ticket that is not there or not for this person.
        """
        return await self.database.fetch(
            Statement(
                _SUGGEST,
                {"ticket": ticket_id, "limit": limit},
                positional(_hit),
                writes=False,
            )
        )

    async def suggest_for(self, text: str, limit: int = 5) -> list[Hit]:
        """Published articles that may help with a text of any length, before it is sent."""
        return await self.database.fetch(search(text, limit=limit, published_only=True))


def _one(found: list[T]) -> T:
    if not found:
        raise NotFound("There is no such article.", "It may have been archived, or made a draft again.")
    return found[0]
