"""Where an article is written: title, category, text.

The editor saves nothing itself: it posts :class:`ArticleEditor.Save`, and whoever owns it answers with
:meth:`ArticleEditor.saved`, :meth:`~ArticleEditor.failed` or :meth:`~ArticleEditor.refused_stale`. What is written
rests in the journal from the first key on, and leaves it only when the server has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal
from uuid import UUID

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from helpdesk_tui.core.journal import Journal
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.widgets.article_diff import DiffView, unified
from helpdesk_tui.widgets.article_drafts import ArticleDrafts, Written
from helpdesk_tui.widgets.article_style import EDITOR_CSS
from helpdesk_tui.widgets.article_title import TitleField
from helpdesk_tui.widgets.composer_text import ComposerText
from helpdesk_tui.widgets.keys import bound
from helpdesk_tui.widgets.picker import Choice, Picker
from helpdesk_tui.widgets.writing import Writing

if TYPE_CHECKING:
    from helpdesk_tui.core.knowledge import Article, Category, Version

__all__ = ["ArticleEditor"]

State = Literal["writing", "saving", "failed", "stale"]


class ArticleEditor(Writing):
    """Writes an article.

    Args:
        journal: keeps drafts on this machine; None: they live as long as this window.
        owner: whose drafts, as the journal has it.
        journal_problem: why there is no journal, to be told.
    """

    DEFAULT_CSS = EDITOR_CSS
    BINDINGS: ClassVar[list[BindingType]] = bound(
        "editor", save="save", category="category", another="another", leave="leave"
    )

    class Save(Message):
        """Save this. Sent again under the same id and base it is saved once."""

        def __init__(self, article_id: UUID, written: Written) -> None:
            super().__init__()
            self.article_id = article_id
            self.written = written

    class Left(Message):
        """The author is done here; what was not saved is kept."""

    def __init__(
        self,
        journal: Journal | None,
        owner: str,
        *,
        journal_problem: str | None = None,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self.drafts = ArticleDrafts(journal, owner)
        self._journal_problem = journal_problem
        self.title_field = TitleField(placeholder="Title")
        self.title_field.cursor_blink = False
        self.text = ComposerText(id="article-text")
        self.picker = Picker()
        self.diff = DiffView()
        self._mode = Static("", id="article-mode", markup=False)
        self._category = Static("", id="article-category", markup=False)
        self._told = Static("", id="article-state", markup=False)
        self._keys = Static("", id="article-keys", markup=False)
        self._categories: Sequence[Category] = ()
        self.article_id: UUID | None = None
        #: The article as it was when writing began; None for a new one, or where only the draft is known.
        self._article: Article | None = None
        self._written = Written()
        self._theirs: Version | None = None
        self.state: State = "writing"
        self._words = ""
        self._notice = ""

    def compose(self) -> ComposeResult:
        """What is written where; title; text; what somebody else changed; what became of it; the keys."""
        with Horizontal(id="article-head"):
            yield self._mode
            yield self._category
        yield self.title_field
        yield self.text
        yield self.diff
        yield self.picker
        yield self._told
        yield self._keys

    # What comes in

    def show_categories(self, categories: Sequence[Category]) -> None:
        """Where an article may stand."""
        self._categories = categories
        self._refresh()

    def edit(self, article: Article) -> None:
        """Begin to change an article, or go on with it."""
        self.flush()
        kept = self.drafts.load(article.id)
        self.article_id, self._article = article.id, article
        if kept is not None and not kept[0].says(Written.of(article)):
            self._begin(
                kept[0], f"Your draft of {kept[1].updated_at.astimezone():%d %b %H:%M}. ^G: as it is published."
            )
            if kept[0].base != article.version:
                self._notice = f"⚠ Your draft began from version {kept[0].base}; it is version {article.version} now."
                self._refresh()
        else:
            self._begin(Written.of(article), "")
        self.text.focus()

    def renew(self, article: Article) -> None:
        """The article is like this now. Where nothing was written yet, that is edited; else its author is told."""
        if self._article is None or article.id != self.article_id or self.state in ("saving", "stale"):
            return
        if self._written.base is None or article.version <= self._written.base:
            return
        if not self.changed:
            self._article = article
            self._begin(Written.of(article), f"It is version {article.version} now: somebody has saved it.")
        else:
            self._say(f"⚠ Somebody has saved version {article.version} meanwhile: ^S shows what they changed.")

    def begin(self, article_id: UUID, category_id: UUID | None, *, go_on: bool = True) -> None:
        """Begin a new article, or go on with the last one that was never saved.

        Args:
            article_id: of the new one, drawn for it.
            category_id: where it is to stand.
            go_on: whether to look for an unfinished one.
        """
        self.flush()
        unfinished = self.drafts.unfinished() if go_on else []
        self._article = None
        if unfinished:
            self.article_id, written = unfinished[0]
            self.drafts.load(self.article_id)
            self._begin(written, "Your unfinished article. ^G begins another one.")
        else:
            self.article_id = article_id
            self._begin(Written(category_id=category_id), "")
        self.title_field.focus()

    def saved(self, article: Article) -> None:
        """The server has it. Whoever has written on since goes on from there."""
        if article.id != self.article_id:
            self.drafts.drop(article.id)
            return
        self._article, self._theirs = article, None
        self.drafts.drop(article.id)
        self.state, self._words, self._notice = "writing", "", ""
        self._written = replace(self._written, base=article.version)
        self.text.read_only = False
        self._refresh()

    def failed(self, article_id: UUID, why: str) -> None:
        """It was not saved, or nobody knows."""
        if article_id == self.article_id:
            self.state, self._words = "failed", safe_line(why, 300)
            self._refresh()

    def refused_stale(self, article_id: UUID, theirs: Version | None, base: Version | None) -> None:
        """It was not saved: somebody else saved it since.

        Args:
            article_id: which.
            theirs: the newest version; None where it could not be read.
            base: the version that the author began from.
        """
        if article_id != self.article_id:
            return
        self.state, self._theirs = "stale", theirs
        if theirs is not None:
            who = safe_line(theirs.changed_by or "somebody", 60)
            before = f"# {base.title}\n\n{base.content}" if base is not None else ""
            self.diff.show(
                f"What {who} changed in version {theirs.number}",
                unified(before, f"# {theirs.title}\n\n{theirs.content}"),
            )
            self._words = f"⚠ Not saved: {who} saved version {theirs.number} since, see below. ^Y saves yours over it"
        else:
            self._words = "⚠ Not saved: somebody saved it since. ^S looks again"
        self._refresh()

    def flush(self) -> None:
        """Keep in the journal what is written."""
        if self.article_id is None:
            return
        written = self._now()
        if self._article is not None and written.says(Written.of(self._article)):
            self.drafts.drop(self.article_id)
        elif written.packed() or self.drafts.load(self.article_id):
            self.drafts.keep(self.article_id, written)

    def settle(self) -> None:
        """Ask the disk to hold the drafts."""
        self.drafts.settle()

    def repaint(self) -> None:
        """Show what became of it."""
        self._refresh()

    def left(self) -> Left:
        """The author is done here."""
        return self.Left()

    # What is there

    @property
    def changed(self) -> bool:
        """Whether there is something that was not saved."""
        if self._article is not None:
            return not self._now().says(Written.of(self._article))
        return bool(self._now().packed())

    def _now(self) -> Written:
        return replace(self._written, title=self.title_field.value, content=self.text.text)

    # Keys

    def action_save(self) -> None:
        """Save what is written."""
        if self.state == "saving" or self.article_id is None:
            return
        written = self._now()
        if not written.title.strip():
            self._say("⚠ An article needs a title.")
            self.title_field.focus()
            return
        if not self.changed:
            self._say("Nothing has changed since it was saved.")
            return
        self._written = written
        self.flush()
        self.state, self._words, self._notice = "saving", "", ""
        self._refresh()
        self.post_message(self.Save(self.article_id, written))

    def action_save_anyway(self) -> None:
        """Save over what somebody else saved; with nothing to decide, redo what was undone."""
        if self.state != "stale" or self._theirs is None:
            self.text.action_redo()
            return
        self._written = replace(self._written, base=self._theirs.number)
        self.state = "writing"
        self.action_save()

    def action_another(self) -> None:
        """Of a new article: begin another one. Of one that there is: forget the draft, and begin from it as it is."""
        if self.state == "saving" or self.article_id is None:
            return
        if self._article is None:
            from uuid import uuid4

            self.begin(uuid4(), self._written.category_id, go_on=False)
        else:
            # Not thrown away: one step back in the field brings it back.
            as_it_is = Written.of(self._article)
            self._written = as_it_is
            self.title_field.value = as_it_is.title
            self.text.put_all(as_it_is.content)
            self.state, self._notice = "writing", "As it is saved now; ^Z brings your text back."
            self._refresh()

    def action_category(self) -> None:
        """Choose the category."""
        current = self._written.category_id
        choices = [Choice(None, "no category", "0", current is None)]
        choices += [Choice(one.id, self._path(one), "", one.id == current) for one in self._categories]
        self.picker.ask("Category", choices, self._take_category)

    @on(Picker.Chosen)
    def _chosen(self, message: Picker.Chosen) -> None:
        message.stop()
        message.answer()
        self.text.focus()

    def _take_category(self, category: UUID | None) -> None:
        self._written = replace(self._written, category_id=category)
        self._typed()

    @on(Picker.Dismissed)
    def _dismissed(self, message: Picker.Dismissed) -> None:
        message.stop()
        if message.by_key:
            self.text.focus()

    def action_editor(self) -> None:
        """Go on in the author's own editor."""
        article_id, written = self.article_id, self._now()
        if article_id is None or self.state == "saving":
            return

        def done(text: str) -> None:
            if article_id == self.article_id and self.is_attached:
                self.text.put_all(text)
                self.flush()
            else:
                self.drafts.keep(article_id, replace(written, content=text))

        self.edit_outside(written.content, done)

    @on(ComposerText.Request)
    def _request(self, message: ComposerText.Request) -> None:
        message.stop()
        if message.what == "editor":
            self.action_editor()
        else:
            self.action_save_anyway()

    @on(Input.Submitted)
    def _title_done(self, event: Input.Submitted) -> None:
        event.stop()
        self.text.focus()

    # Keeping

    @on(Input.Changed)
    @on(ComposerText.Changed)
    def _typed_in(self, event: Input.Changed | ComposerText.Changed) -> None:
        event.stop()
        self._typed()

    def _typed(self) -> None:
        """Something may have changed: keep it soon."""
        if self.article_id is None:
            return
        if self._now() != self._written:
            self._notice = ""
            if self.state == "failed":
                self.state, self._words = "writing", ""
        self.keep_soon()
        self._refresh()

    # Showing

    def _say(self, notice: str) -> None:
        """Tell something until the next key."""
        self._notice = notice
        self._refresh()

    def _begin(self, written: Written, notice: str) -> None:
        self._written, self._notice = written, notice
        self.state, self._words, self._theirs = "writing", "", None
        with self.prevent(Input.Changed, ComposerText.Changed):
            self.title_field.value = written.title
            self.text.load_text(written.content)
        self._refresh()

    def _path(self, category: Category) -> str:
        """A category's name behind those of what it is below of."""
        known = {one.id: one for one in self._categories}
        names: list[str] = []
        at: Category | None = category
        while at is not None and len(names) < 9:
            names.append(at.name)
            at = known.get(at.parent_id) if at.parent_id else None
        return " › ".join(reversed(names))

    def _refresh(self) -> None:
        new = self._article is None and self._written.base is None
        self._mode.update(" NEW ARTICLE " if new else " EDITING ")
        category = next((one for one in self._categories if one.id == self._written.category_id), None)
        where = self._path(category) if category else "no category"
        changed = " · changed, not saved" if self.changed and self.state != "saving" else ""
        status = "" if self._article is None else f" · {self._article.status}, version {self._article.version}"
        self._category.update(f"in {safe_line(where, 120)}{status}{changed}")
        self.text.read_only = self.state == "saving"
        problem = str(self.drafts.problem) if self.drafts.problem else self._journal_problem
        words = {
            "saving": "Saving …",
            "failed": f"✗ Not saved: {self._words} Nothing is lost, ^S tries again",
            "stale": self._words,
            "writing": f"⚠ {safe_line(problem, 300)}" if problem else self._notice,
        }[self.state]
        for name in ("saving", "failed", "stale"):
            self.set_class(name == self.state or (name == "failed" and bool(problem)), f"-{name}")
        self.set_class(bool(words), "-told")
        self._told.update(words)
        self._keys.update("^S save   ^O category   ^E editor   Esc keep and leave")
