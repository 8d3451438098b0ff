"""Articles → the knowledge base, with their categories. See docs/import.md for the fields."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Final, Literal
from uuid import UUID

from helpdesk_tui.importers import people
from helpdesk_tui.importers.fields import Fields, Ids
from helpdesk_tui.importers.staging import Rows, Stage, Step, as_jsonb
from helpdesk_tui.importers.titles import title

ArticleStatus = Literal["draft", "published", "archived"]
ARTICLE_STATUSES: Final[tuple[ArticleStatus, ...]] = ("draft", "published", "archived")
NOBODY: Final = "Imported articles"
"""The name of the author where neither the file nor ``--author`` names one; not staff, nobody's to assign to."""


class Articles:
    """Reads articles.

    Args:
        now: the moment of the import, the date of an article that brings none.
        status: gives every article this one; None asks the file, and publishes where that is silent.
    """

    stages: ClassVar[Sequence[Stage]] = (
        Stage(
            "import_articles",
            {
                "id": "uuid",
                "title": "text",
                "content": "text",
                "category_id": "uuid",
                "author_id": "uuid",
                "status": "text",
                "metadata": "jsonb",
                "created_at": "timestamptz",
                "updated_at": "timestamptz",
                "published_at": "timestamptz",
            },
        ),
        Stage("import_categories", {"id": "uuid", "name": "text", "parent_id": "uuid", "depth": "integer"}),
    )

    steps: ClassVar[Sequence[Step]] = (
        # An article that is in already belongs to those who keep it, and so do its categories.
        Step("delete from import_articles s using public.kb_articles a where a.id = s.id"),
        Step(
            "delete from import_articles s using import_articles earlier"
            " where earlier.id = s.id and earlier.line < s.line"
        ),
        Step("delete from import_categories c where not exists (select from import_articles a where a.line = c.line)"),
        Step(
            """
            insert into public.kb_categories (id, name, parent_id)
            select c.id, c.name, c.parent_id
              from (select distinct on (id) * from import_categories order by id, line) c
             where not exists (select from public.kb_categories k where k.id = c.id)
             order by c.depth, c.line
            on conflict do nothing
            """,
            counts="categories",
        ),
        Step(
            """
            insert into public.kb_articles
                   (id, title, content, category_id, author_id, status, metadata, created_at, updated_at, published_at)
            select id, title, content, category_id, coalesce(author_id, %(author_id)s), status, metadata,
                   created_at, updated_at, published_at
              from import_articles order by line
            """,
            counts="articles",
        ),
    )

    tables: ClassVar[Sequence[str]] = ("public.kb_articles", "public.kb_categories", "public.kb_article_versions")

    def __init__(self, *, now: datetime, status: ArticleStatus | None = None, author: bool = False) -> None:
        self._now = now
        self._status = status
        self._author_is_given = author

    def rows(self, record: Fields, ids: Ids) -> Rows:
        """An article, its categories and its author."""
        name = record.name("id")
        shown, whole_title = title(record, "title")
        content = record.text("content")
        updated = record.optional_time("updated") or record.optional_time("updated_at")
        created_at = record.optional_time("created_at") or updated or self._now
        updated_at = updated or created_at
        status = self._status or record.choice("status", ARTICLE_STATUSES) or "published"
        published_at = record.optional_time("published_at") or (created_at if status == "published" else None)

        rows = Rows()
        rows.counts.update(articles=1)
        author_name = record.optional_name("author")
        author_id: UUID | None = None
        if author_name is not None or not self._author_is_given:
            author = people.author(ids, author_name or NOBODY, role=None, seen=created_at)
            author_id = author.id
            rows.staged[people.STAGE.name].append(author.row())
        category_id = self._categories(record, ids, rows)
        metadata: dict[str, Any] = {"import": {"source": ids.source, "id": name}} | record.rest()
        if whole_title is not None:
            metadata["title"] = whole_title
        rows.staged["import_articles"].append(
            (
                ids.of("article", name),
                shown,
                content,
                category_id,
                author_id,
                status,
                as_jsonb(metadata),
                created_at,
                updated_at,
                published_at,
            )
        )
        return rows

    def _categories(self, record: Fields, ids: Ids, rows: Rows) -> UUID | None:
        """The category and, below it, the section; the lowest there is holds the article."""
        path: list[str] = []
        parent: UUID | None = None
        for level in ("category", "section"):
            name = " ".join((record.optional_text(level) or "").split())
            if name:
                path.append(name)
                own = ids.of("kb_category", *path)
                rows.staged["import_categories"].append((own, name, parent, len(path)))
                parent = own
        return parent
