"""Administration, the part that asks: a choice, some words, what an act would mean before it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual import on

from helpdesk_tui.core.administration import Administration
from helpdesk_tui.screens.admin_base import AdminBase
from helpdesk_tui.screens.admin_doing import Back, Doing, undone_words
from helpdesk_tui.widgets.picker import Choice, Picker
from helpdesk_tui.widgets.prompt import Prompt
from helpdesk_tui.widgets.proposal import Note, Proposal, ProposalPane

if TYPE_CHECKING:
    from helpdesk_tui.core.desk import Desk

__all__ = ["AdminAsking"]

Answer = Callable[[str], None]


class AdminAsking(AdminBase):
    """Questions, each with what is done at the answer."""

    _answer: Answer | None = None
    _given: Callable[[str], None] | None = None

    # Asking

    def ask_for(self, title: str, choices: list[Choice], chosen: Callable[[Any], None]) -> None:
        """Have something chosen."""
        self.picker.ask(title, choices, chosen)

    def ask_words(self, words: str, text: str, given: Callable[[str], None]) -> None:
        """Have something written."""
        self._given = given
        self.prompt.ask("words", words, text, placeholder="then Enter (Esc leaves)")

    def propose(self, proposal: Proposal, answer: Answer) -> None:
        """Show what an act would mean, and do it at one key."""
        self._answer = answer
        self.add_class("asking")
        self.pane.propose(proposal)
        self.refresh_hints()

    @on(Picker.Chosen)
    def _picked(self, message: Picker.Chosen) -> None:
        self.focus_list()
        message.answer()

    @on(Picker.Dismissed)
    def _not_picked(self, message: Picker.Dismissed) -> None:
        if message.by_key:
            self.focus_list()

    @on(Prompt.Answered)
    def _written(self, message: Prompt.Answered) -> None:
        if message.by_key:
            self.focus_list()
        if message.question == "search":
            if message.text is None and message.by_key and self.section is not self.moving:
                self._seek("")
            return
        given, self._given = self._given, None
        if given is not None and message.text is not None and message.text.strip():
            given(message.text.strip())

    @on(ProposalPane.Answered)
    def _answered(self, message: ProposalPane.Answered) -> None:
        answer, self._answer = self._answer, None
        self.remove_class("asking")
        if message.by_key:
            self.focus_list()
        self.pane.show(self.section.notes())
        self.refresh_hints()
        if answer is not None and message.key:
            answer(message.key)

    @property
    def asked(self) -> tuple[Administration, Desk] | None:
        """What is asked, if it can be by now; says so if not."""
        if self.admin is None or self.link.desk is None:
            self.say("Not connected yet")
            return None
        return self.admin, self.link.desk

    def do(self, doing: Doing) -> None:
        """Do something, on the screen at once."""
        self.spawn(self.ledger.do(doing))

    def do_or_again(self, doing: Doing, again: Callable[[], None]) -> None:
        """Do something; where it is refused, ask again what was asked, unless the person is elsewhere by then."""

        async def run() -> None:
            free = not (self.prompt.asking or self.picker.asking or self.pane.proposal)
            if not await self.ledger.do(doing) and free and self.section is doing.section:
                again()

        self.spawn(run())

    def back(self, admin: Administration, act: int | None) -> Back | None:
        """How an act with this number is taken back."""

        async def run() -> str:
            assert act is not None
            return undone_words(await admin.undo(act))

        return Back("", run) if act is not None else None

    def action_undo(self) -> None:
        """Take back what was done last here."""
        self.spawn(self._undo())

    async def _undo(self) -> None:
        if await self.ledger.undo():
            self._section_changed(self.section, True)

    def ask_first(self, title: str, notes: tuple[Note, ...], verb: str, doing: Doing) -> None:
        """What cannot be taken back is asked before."""
        said = (*notes, ("That cannot be taken back.", "warn"))
        self.propose(Proposal(title, said, (("y", f"{verb} it"),), needs_key=True), lambda _: self.do(doing))
