"""Articles being written: what a draft holds, in memory and in the journal of this machine."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from helpdesk_tui.core.journal import Draft, Journal, JournalError
from helpdesk_tui.core.text import harmless, safe_line

if TYPE_CHECKING:
    from helpdesk_tui.core.knowledge import Article

__all__ = ["ArticleDrafts", "Written"]


@dataclass(frozen=True, slots=True)
class Written:
    """An article as its author has it.

    ``base`` is the version that they began from, None for a new article.
    """

    title: str = ""
    content: str = ""
    category_id: UUID | None = None
    base: int | None = None

    @classmethod
    def of(cls, article: Article) -> Written:
        """An article as it is, but for what no field may hold: the editor shows what it is given as it stands."""
        return cls(safe_line(article.title), harmless(article.content), article.category_id, article.version)

    def says(self, other: Written) -> bool:
        """Whether the other says the same, whatever they began from."""
        return replace(self, base=None) == replace(other, base=None)

    def packed(self) -> str:
        """As the journal keeps it; "" for what is empty."""
        if not (self.title.strip() or self.content.strip()):
            return ""
        category = str(self.category_id) if self.category_id else None
        return json.dumps({**asdict(self), "category_id": category}, ensure_ascii=False)

    @classmethod
    def unpacked(cls, kept: str) -> Written | None:
        """What :meth:`packed` made; None if it is something else."""
        try:
            values = json.loads(kept)
            category = values["category_id"]
            return cls(
                safe_line(str(values["title"])),
                harmless(str(values["content"])),
                UUID(category) if category else None,
                None if values["base"] is None else int(values["base"]),
            )
        except (ValueError, KeyError, TypeError):
            return None


class ArticleDrafts:
    """The drafts of one person.

    Args:
        journal: keeps them on this machine; None: they live as long as this window.
        owner: whose they are, as the journal has it.
    """

    def __init__(self, journal: Journal | None, owner: str) -> None:
        self._journal = journal
        self._owner = owner
        self._drafts: dict[UUID, Draft] = {}
        self._kept: dict[UUID, Written] = {}
        #: Why the journal could not keep the last text; None while it does.
        self.problem: JournalError | None = None

    def load(self, article_id: UUID) -> tuple[Written, Draft] | None:
        """What is written on an article and was not saved, in this window or, newest first, in the journal."""
        if article_id in self._drafts and article_id in self._kept:
            return self._kept[article_id], self._drafts[article_id]
        if self._journal is None:
            return None
        try:
            found = self._journal.load(self._owner, article_id, "article")
        except JournalError as error:
            self.problem = error
            return None
        written = Written.unpacked(found.content) if found else None
        if found is None or written is None:
            return None
        self._drafts[article_id], self._kept[article_id] = found, written
        return written, found

    def unfinished(self) -> list[tuple[UUID, Written]]:
        """New articles that were never saved, the last written first."""
        found: dict[UUID, Written] = {}
        if self._journal is not None:
            try:
                kept = self._journal.list(self._owner)
            except JournalError as error:
                self.problem = error
                kept = ()
            for draft in kept:
                written = Written.unpacked(draft.content) if draft.kind == "article" else None
                if written is not None and written.base is None:
                    found.setdefault(draft.ticket, written)
        for article_id, written in self._kept.items():
            if written.base is None:
                found.setdefault(article_id, written)
        return list(found.items())

    def keep(self, article_id: UUID, written: Written) -> None:
        """Keep what is written now."""
        draft = self._drafts.get(article_id) or Draft(self._owner, article_id, "article")
        draft = replace(draft, content=written.packed())
        if self._journal is not None:
            try:
                draft = self._journal.save(draft)
                self.problem = None
            except JournalError as error:
                self.problem = error
        self._drafts[article_id], self._kept[article_id] = draft, written

    def drop(self, article_id: UUID) -> None:
        """Forget it: it was saved, or says what the article says."""
        self._kept.pop(article_id, None)
        draft = self._drafts.pop(article_id, None)
        if draft is not None and self._journal is not None:
            try:
                self._journal.drop(draft.message_id)
            except JournalError as error:
                self.problem = error

    def settle(self) -> None:
        """Ask the disk to hold what was kept. Slow; may be called from any thread.

        Raises:
            JournalError: it does not.
        """
        if self._journal is not None:
            self._journal.settle()
