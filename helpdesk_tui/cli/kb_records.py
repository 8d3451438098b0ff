"""Articles as JSON (see docs/cli.md)."""

from __future__ import annotations

from typing import Any

from helpdesk_tui.core.knowledge import Article, ArticleRow, Hit, Version
from helpdesk_tui.core.records import time_json


def hit_json(hit: Hit) -> dict[str, Any]:
    """An article that was found."""
    return {
        "id": str(hit.article_id),
        "title": hit.title,
        "snippet": hit.snippet,
        "spans": [list(span) for span in hit.spans],
        "category": hit.category,
        "status": hit.status,
        "updated_at": time_json(hit.updated_at),
        "score": round(hit.score, 4),
    }


def row_json(row: ArticleRow) -> dict[str, Any]:
    """A line of the list."""
    return {
        "id": str(row.id),
        "title": row.title,
        "category_id": str(row.category_id) if row.category_id else None,
        "status": row.status,
        "author": row.author,
        "updated_at": time_json(row.updated_at),
        "published_at": time_json(row.published_at),
    }


def article_json(article: Article) -> dict[str, Any]:
    """An article with its text."""
    return {
        "id": str(article.id),
        "title": article.title,
        "content": article.content,
        "category_id": str(article.category_id) if article.category_id else None,
        "category": article.category,
        "status": article.status,
        "author": article.author,
        "helpful": article.helpful,
        "not_helpful": article.not_helpful,
        "my_vote": article.my_vote,
        "version": article.version,
        "created_at": time_json(article.created_at),
        "updated_at": time_json(article.updated_at),
        "published_at": time_json(article.published_at),
    }


def version_json(version: Version) -> dict[str, Any]:
    """One version with its text."""
    return {
        "id": str(version.id),
        "number": version.number,
        "title": version.title,
        "content": version.content,
        "changed_by": version.changed_by,
        "created_at": time_json(version.created_at),
    }
