"""A customer's new request: what it is about, with articles that may answer it before it is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.timer import Timer

from helpdesk_tui.actions import Context
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.knowledge import Knowledge
from helpdesk_tui.core.requests import Requests
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.screens.bindings import bindings
from helpdesk_tui.screens.request_form import RequestForm
from helpdesk_tui.widgets.article_hints import ArticleHints
from helpdesk_tui.widgets.picker import Choice

if TYPE_CHECKING:
    from uuid import UUID

    from helpdesk_tui.core.attachments import Upload
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.journal import Request
    from helpdesk_tui.core.requests import Sent, Topic
    from helpdesk_tui.core.written_down import Written
    from helpdesk_tui.screens.link import Link

__all__ = ["NewRequest"]

#: So long after a key articles are looked for, in seconds.
SUGGEST_SECONDS: Final = 0.5
SUGGESTED: Final = 4
#: Columns from which the articles are beside what is written.
WIDE: Final = 120


class NewRequest(RequestForm):
    """Writes one request of one's own.

    Args:
        link: the person's link to the database.
    """

    CONTEXTS: ClassVar[tuple[Context, ...]] = ("request",)
    BINDINGS: ClassVar[list[BindingType]] = bindings("request")

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self.hints_list = ArticleHints(id="new-hints")
        self._topics: list[Topic] = []
        self._suggesting: Timer | None = None
        self._asked = 0

    def beside(self) -> ComposeResult:
        """The articles."""
        with Vertical(id="new-side"):
            yield self.hints_list

    def opened(self, desk: Desk) -> None:  # noqa: ARG002  (what is asked is made of the link)
        """The database can be asked: what there is to choose from, and what fits what was written."""
        self.spawn(self._load_topics())
        self._suggest_soon()

    def _requests(self) -> Requests:
        if self.link.me is None:
            raise RuntimeError("the database has not answered yet")
        return Requests(self.link.database, self.link.me)

    async def _load_topics(self) -> None:
        try:
            self._topics = await self._requests().topics()
        except HelpdeskError as error:
            self.say(f"The topics could not be read: {error}", alarm=True)
        self.show_rest()

    def on_resize(self, event: events.Resize) -> None:
        """Articles beside or below."""
        self.set_class(event.size.width < WIDE, "narrow")

    def about_words(self) -> str:
        """What is chosen for it, in a line."""
        topic = next((each for each in self._topics if each.id == self.request.category), None)
        return f"Topic: {safe_line(topic.name, 60) if topic else 'not chosen, we find the right people'}"

    async def line_up(self, request: Request, files: tuple[Upload, ...]) -> Sent | Written:
        """Send it, by way of the outbox if there is one."""
        outbox = self.link.keeping.outbox if self.link.keeping is not None else None
        return await self._requests().line_up(
            outbox, request.id, request.title, request.content, request.category, files
        )

    def changed(self) -> None:
        """Other articles may fit."""
        self._suggest_soon()

    # Articles

    def _suggest_soon(self) -> None:
        if self._suggesting is not None:
            self._suggesting.stop()
        self._suggesting = self.set_timer(SUGGEST_SECONDS, self._suggest)

    def _suggest(self) -> None:
        words = f"{self.request.title}\n{self.request.content}".strip()
        self._asked += 1
        if self.link.desk is None:
            return
        if len(words) < 3:
            self.hints_list.show_nothing()
            return
        self.hints_list.show_looking()
        self.spawn(self._look_for(words, self._asked))

    async def _look_for(self, words: str, asked: int) -> None:
        """What is found later than a newer question was put is of no interest any more."""
        assert self.link.me is not None
        try:
            found = await Knowledge(self.link.database, self.link.me).suggest_for(words, SUGGESTED)
        except HelpdeskError as error:
            if asked == self._asked:
                self.hints_list.show_failed(str(error))
            return
        if asked == self._asked:
            self.hints_list.show(found)

    @on(ArticleHints.Chosen)
    def _read(self, message: ArticleHints.Chosen) -> None:
        from helpdesk_tui.screens.reading_over import ReadingOver

        self.app.push_screen(ReadingOver(self.link, message.hit.article_id, message.hit.title))

    # Topic

    def action_topic(self) -> None:
        """Ask what it is about."""
        if not self._topics:
            self.say("There are no topics to choose from")
            return
        chosen = self.request.category
        choices = [Choice(None, "I do not know", current=chosen is None)]
        choices += [
            Choice(
                each.id, f"{each.name}{f': {each.description}' if each.description else ''}", current=each.id == chosen
            )
            for each in self._topics
        ]
        self.picker.ask("What is it about?", choices, self._take_topic)

    def _take_topic(self, topic: UUID | None) -> None:
        self.request = replace(self.request, category=topic)
        self.save()
        self.show_rest()

    # Words

    def on_screen_resume(self) -> None:
        """Back here: go on in the form."""
        if self.focused is self.hints_list:
            self.first.focus()

    def hints(self) -> tuple[str, ...]:
        """Sending, and what may go with it."""
        return ("request.send", "request.topic", "request.file", "place.home")
