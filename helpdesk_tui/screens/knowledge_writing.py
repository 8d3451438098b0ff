"""Writing articles: the editor, the versions, restoring one; nothing saved over what somebody else saved unseen."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from textual import on

from helpdesk_tui.core.errors import HelpdeskError, Stale
from helpdesk_tui.screens.knowledge_acts import Done, KnowledgeActs, named
from helpdesk_tui.widgets.article_drafts import Written
from helpdesk_tui.widgets.article_editor import ArticleEditor
from helpdesk_tui.widgets.article_versions import ArticleVersions

if TYPE_CHECKING:
    from helpdesk_tui.core.journal import Journal
    from helpdesk_tui.core.knowledge import Article, Category, Version
    from helpdesk_tui.screens.link import Link

__all__ = ["KnowledgeWriting"]


class KnowledgeWriting(KnowledgeActs):
    """Editing and versions, in place of the article on the page.

    Args:
        link: the person's link to the database.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._editor: ArticleEditor | None = None
        self._journal: Journal | None = None
        self._versions: ArticleVersions | None = None
        self._preparing = asyncio.Lock()

    # Coming and going

    async def _prepare(self) -> ArticleEditor:
        """The editor, made when it is needed first: text fields cost 40 ms."""
        from helpdesk_tui.core.journal import Journal, JournalError

        async with self._preparing:
            if self._editor is None:
                problem = None
                try:
                    self._journal = Journal.open(self.link.drafts) if self.link.drafts is not None else None
                except JournalError as error:
                    problem = str(error)
                editor = ArticleEditor(self._journal, self.link.drafts_owner, journal_problem=problem)
                await self.page.mount(editor)
                editor.show_categories(self._categories())
                self._editor = editor
            return self._editor

    def _categories(self) -> list[Category]:
        return list(self.shelves.categories)

    def categories_read(self) -> None:
        """The editor offers those that there are."""
        if self._editor is not None:
            self._editor.show_categories(self._categories())

    async def leave(self) -> None:
        """Keep what was written."""
        if self._editor is not None:
            self._editor.flush()

    def on_unmount(self) -> None:
        """The editor has kept its last words by now; the journal is needed no more."""
        if self._editor is not None and self._journal is not None:
            self._editor.release(self._journal.close)

    def leave_page(self) -> None:
        """Close editor and versions; what was written is kept."""
        if self._editor is not None:
            self._editor.flush()
        self.remove_class("editing", "comparing")

    def focus_page(self) -> None:
        """The keys are those of whatever is on the page."""
        if self.has_class("editing") and self._editor is not None:
            self._editor.text.focus()
        elif self.has_class("comparing") and self._versions is not None:
            self._versions.list.focus()
        else:
            super().focus_page()

    # Editing

    def action_edit(self, outside: bool = False) -> None:
        """Change the article at hand, if asked in the person's own editor."""
        if not self.refuses():
            self.spawn(self._edit(outside))

    async def _edit(self, outside: bool) -> None:
        article = await self.at_hand()
        if article is None:
            return
        editor = await self._prepare()
        self._want(article.id, article.title)
        self._open_editor()
        editor.edit(article)
        if outside:
            editor.action_editor()

    def action_new(self) -> None:
        """Write a new article, or go on with an unfinished one."""
        if not self.refuses():
            self.spawn(self._new())

    async def _new(self) -> None:
        editor = await self._prepare()
        self._open_editor()
        editor.begin(uuid4(), self.lists.shelf.category)

    def _open_editor(self) -> None:
        self.remove_class("comparing")
        self.add_class("editing")
        self._turn_to("page")
        self.refresh_hints()

    @on(ArticleEditor.Left)
    def _left_editor(self) -> None:
        editor = self._editor
        self.remove_class("editing")
        if editor is not None and editor.changed:
            self.say("Not saved; your draft is kept on this machine")
        self.go("page" if self.reader.article is not None else "list")

    @on(ArticleEditor.Save)
    def _save_asked(self, message: ArticleEditor.Save) -> None:
        self.spawn(self._save(message.article_id, message.written))

    async def _save(self, article_id: UUID, written: Written) -> None:
        editor = await self._prepare()
        before = self._held.get(article_id) if written.base is not None else None
        if self.knowledge is None:
            editor.failed(article_id, "Not connected yet.")
            return
        try:
            article = await self._saved(article_id, written)
        except Stale:
            await self._show_stale(editor, article_id, written)
            return
        except HelpdeskError as error:
            editor.failed(article_id, str(error))
            self.alarm(f"Not saved: {error}")
            return
        editor.saved(article)
        self.hold(article)
        new = written.base is None
        if self.has_class("editing") and editor.article_id == article_id:
            self.remove_class("editing")
            self._want(article.id, article.title)
            self.reader.show(article)
            self.go("page")
        else:
            self.looks(article)
        where = "a draft · P publishes it" if new else f"version {article.version} · u undoes"
        self.say(f"Saved as {where}: {named(article)}")
        if before is not None and before.version == written.base:
            self._undoable(f"the change of {named(article)}", before, article)
        self.link.mark(frozenset([article.id]), "articles")

    async def _saved(self, article_id: UUID, written: Written) -> Article:
        return await self.asked.save(
            id=article_id,
            title=written.title.strip(),
            content=written.content,
            category_id=written.category_id,
            base_version=written.base,
        )

    def _undoable(self, words: str, before: Article, after: Article) -> None:
        """A save can be taken back by saving what was there, unless somebody has saved since."""

        async def undo() -> bool:
            written = Written(before.title, before.content, before.category_id, after.version)
            self.looks(await self._saved(before.id, written))
            return True

        self.did(Done(words, undo))

    async def _show_stale(self, editor: ArticleEditor, article_id: UUID, written: Written) -> None:
        """Somebody saved it since: show what."""
        theirs: Version | None = None
        base: Version | None = None
        try:
            versions = await self.asked.versions(article_id)
            theirs = versions[0]
            base = next((one for one in versions if one.number == written.base), None)
        except HelpdeskError as error:
            self.say(str(error), alarm=True)
        editor.refused_stale(article_id, theirs, base)
        self.say("Not saved: somebody saved it since", alarm=True)

    # Versions

    def action_versions(self) -> None:
        """Show the versions of the article at hand."""
        if not self.refuses():
            self.spawn(self._show_versions())

    async def _show_versions(self) -> None:
        article = await self.at_hand()
        if article is None:
            return
        if self._versions is None:
            self._versions = ArticleVersions(zone=self.link.zone, clock=self.link.clock)
            await self.page.mount(self._versions)
        pane = self._versions
        pane.show_loading(article.id, article.title)
        self.remove_class("editing")
        self.add_class("comparing")
        self._want(article.id, article.title)
        self.go("page")
        await self._read_versions(article.id)

    async def _read_versions(self, article_id: UUID) -> None:
        pane = self._versions
        if pane is None or pane.article_id != article_id:
            return
        try:
            pane.show(article_id, await self.asked.versions(article_id))
        except HelpdeskError as error:
            pane.show_failed(article_id, str(error))

    def article_shown(self, article: Article) -> None:
        """There may be another version."""
        if self.has_class("editing") and self._editor is not None:
            self._editor.renew(article)
        newest = self._versions.list.versions[0] if self._versions and self._versions.list.versions else None
        if self.has_class("comparing") and newest is not None and newest.number != article.version:
            self.spawn(self._read_versions(article.id))

    @on(ArticleVersions.Left)
    def _left_versions(self) -> None:
        self.remove_class("comparing")
        self.go("page")

    @on(ArticleVersions.Restore)
    def _restore_asked(self, message: ArticleVersions.Restore) -> None:
        self.spawn(self._restore(message.article_id, message.version))

    async def _restore(self, article_id: UUID, version: Version) -> None:
        try:
            before = await self.asked.article(article_id)
            article = await self.asked.restore(article_id, version.number)
        except HelpdeskError as error:
            self.alarm(f"Not restored: {error}")
            return
        self.looks(article)
        self._undoable(f"restoring version {version.number} of {named(article)}", before, article)
        self.say(f"Version {version.number} is the newest again · u undoes: {named(article)}")
        await self._read_versions(article_id)
