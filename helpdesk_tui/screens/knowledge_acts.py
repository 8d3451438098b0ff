"""Acts on articles: shown at once, sent, confirmed or rolled back aloud, and taken back with ``u``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from textual import on

from helpdesk_tui.core.errors import HelpdeskError, Stale
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.screens.knowledge_reading import KnowledgeReading
from helpdesk_tui.widgets.article_reader import ArticleReader

if TYPE_CHECKING:
    from helpdesk_tui.core.knowledge import Article, ArticleStatus
    from helpdesk_tui.screens.link import Link

__all__ = ["Done", "KnowledgeActs", "named"]

_DONE_WORDS: Final = {"published": "published", "archived": "archived", "draft": "made a draft again"}


@dataclass(frozen=True, slots=True)
class Done:
    """An act that the database confirmed: what it was, and what takes it back. That returns whether it did, and has
    said why not."""

    words: str
    undo: Callable[[], Awaitable[bool]]


def named(article: Article) -> str:
    """An article's title for the status line."""
    return f"“{safe_line(article.title, 40)}”"


class KnowledgeActs(KnowledgeReading):
    """Publishing, archiving, saying whether an article helped, and undoing.

    Args:
        link: the person's link to the database.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._done: list[Done] = []

    def refuses(self) -> bool:
        """Whether this person may not write, which is said then."""
        if not self.staff:
            self.say("Articles are the team's to write")
        return not self.staff

    # Status

    def action_set_status(self, status: ArticleStatus) -> None:
        """Publish, or archive, the article at hand."""
        if not self.refuses():
            self.spawn(self._act_on_status(status))

    async def _act_on_status(self, status: ArticleStatus) -> None:
        article = await self.at_hand()
        if article is None:
            return
        if article.status == status:
            self.say(f"Already {status}: {named(article)}")
            return
        before = article.status
        if await self._set_status(article, status):

            async def undo() -> bool:
                now = await self.asked.article(article.id)
                if now.status != status:
                    self.say(f"Not undone, it is {now.status} by now: {named(now)}", alarm=True)
                    return False
                return await self._set_status(now, before, undoing=True)

            self._done.append(Done(f"{_DONE_WORDS[status]} {named(article)}", undo))

    async def _set_status(self, article: Article, status: ArticleStatus, *, undoing: bool = False) -> bool:
        self.looks(replace(article, status=status))
        if not undoing:
            self.say(f"{_DONE_WORDS[status].capitalize()} · u undoes: {named(article)}")
        return await self._confirm(
            article, f"NOT {_DONE_WORDS[status]}, {named(article)}", self.asked.set_status(article.id, status)
        )

    async def _confirm(self, before: Article, failed: str, act: Awaitable[Article]) -> bool:
        """Wait for the database's word; if it is no, all is as before, and why is said. While a later act on the same
        article waits for its word, the screen shows that one's."""
        self._flying[before.id] += 1
        now: Article | None = None
        why = ""
        try:
            now = await act
        except HelpdeskError as error:
            why = str(error)
        finally:
            self._flying[before.id] -= 1
            self._flying += Counter()
        if not self._flying[before.id]:
            self.looks(now or before)
        if now is None:
            self.alarm(f"{failed}: {why}")
            self.link.look_at_myself()
        return now is not None

    def alarm(self, words: str) -> None:
        """Say that something went wrong, also where the next word does not replace it."""
        self.say(words, alarm=True)
        self.notify(safe_line(words, 300), severity="error", markup=False)

    # Votes

    @on(ArticleReader.Voted)
    def _voted(self, message: ArticleReader.Voted) -> None:
        self.spawn(self._vote(message.article, message.helpful))

    async def _vote(self, article: Article, helpful: bool) -> None:
        if self.knowledge is None:
            return
        if article.my_vote is helpful:
            self.say("You have said so already · u takes it back")
            return
        before = article.my_vote
        if await self._set_vote(article, helpful):

            async def undo() -> bool:
                return await self._set_vote(await self.asked.article(article.id), before, undoing=True)

            self._done.append(Done("your word on " + named(article), undo))

    async def _set_vote(self, article: Article, vote: bool | None, *, undoing: bool = False) -> bool:
        counts = {True: article.helpful, False: article.not_helpful, None: 0}
        for answer, step in ((article.my_vote, -1), (vote, 1)):
            counts[answer] += step
        self.looks(replace(article, my_vote=vote, helpful=counts[True], not_helpful=counts[False]))
        if not undoing:
            self.say(f"You found it {'helpful' if vote else 'not helpful'}: thank you · u takes it back")
        return await self._confirm(article, "Your word was NOT taken", self.asked.vote(article.id, vote))

    # Undoing

    def did(self, done: Done) -> None:
        """Something was done that can be taken back."""
        self._done.append(done)

    def action_undo(self) -> None:
        """Take the last act back."""
        if not self._done:
            self.say("Nothing to undo in this session")
        elif self.knowledge is not None:
            self.spawn(self._undo(self._done.pop()))

    async def _undo(self, done: Done) -> None:
        try:
            undone = await done.undo()
        except Stale:
            self.say("Not undone: somebody has saved it since", alarm=True)
            return
        except HelpdeskError as error:
            self._done.append(done)
            self.say(f"Not undone: {error}", alarm=True)
            return
        if undone:
            self.say(f"Undone: {done.words}")
