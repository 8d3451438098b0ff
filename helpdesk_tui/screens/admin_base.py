"""Administration, the part that shows: sections as tabs, a list, a pane beside it; read again when people change."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import ContentSwitcher, Static

from helpdesk_tui.actions import Context
from helpdesk_tui.core.administration import Administration
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.text import safe_line
from helpdesk_tui.screens.admin_calendars import Calendars
from helpdesk_tui.screens.admin_doing import Ledger
from helpdesk_tui.screens.admin_fields import Fields
from helpdesk_tui.screens.admin_moving import Moving
from helpdesk_tui.screens.admin_promises import Promises
from helpdesk_tui.screens.admin_sections import Acts, Items, People, Section, Whole
from helpdesk_tui.screens.place import Place
from helpdesk_tui.widgets.admin_list import AdminList
from helpdesk_tui.widgets.picker import Picker
from helpdesk_tui.widgets.prompt import Prompt
from helpdesk_tui.widgets.proposal import ProposalPane
from helpdesk_tui.widgets.status_line import Connection
from helpdesk_tui.widgets.tabs import Tabs

if TYPE_CHECKING:
    from helpdesk_tui.core.desk import Desk
    from helpdesk_tui.core.dirty import Ids
    from helpdesk_tui.screens.link import Link

__all__ = ["AdminBase"]

#: From this width on the pane stands beside the list, below it otherwise.
WIDE = 110
#: Seconds after the last letter until a search is asked for.
TYPED_SECONDS = 0.15


class AdminBase(Place):
    """Sections, and what is chosen in them.

    Args:
        link: the person's link to the database.
    """

    CONTEXTS: ClassVar[tuple[Context, ...]] = ("admin",)

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self.people = People(link.clock, link.zone)
        self.departments = Items("departments", "Departments", link.clock)
        self.categories = Items("categories", "Categories", link.clock)
        self.tags = Items("tags", "Tags", link.clock)
        self.fields = Fields(link.clock)
        self.promises = Promises(link.clock)
        self.calendars = Calendars(link.clock)
        self.moving = Moving(link.clock)
        self.acts = Acts(link.clock, link.zone)
        self.sections: tuple[Section, ...] = (
            self.departments,
            self.people,
            self.categories,
            self.tags,
            self.moving,
            self.acts,
            self.fields,
            self.promises,
            self.calendars,
        )
        self.section: Section = self.people
        self.admin: Administration | None = None
        self.tabs = Tabs(id="tabs")
        self.pane = ProposalPane(id="pane")
        self.prompt = Prompt(id="prompt")
        self.picker = Picker(id="picker")
        self.ledger = Ledger(self.tell, self._section_changed)

    def body(self) -> ComposeResult:
        """Tabs, what is listed, the list and the pane, questions."""
        yield self.tabs
        with Horizontal(id="panes"):
            with Vertical(id="side"):
                yield Static("", id="scope", markup=False)
                with ContentSwitcher(id="lists", initial=self.section.rows.id):
                    for section in self.sections:
                        yield section.rows
            with Vertical(id="beside"):
                yield self.pane
        yield self.prompt
        yield self.picker

    def on_mount(self) -> None:
        """The keys are the list's."""
        self.section.rows.focus()
        self._show_words()

    def on_resize(self, event: events.Resize) -> None:
        """Beside each other, or below."""
        self.set_class(event.size.width < WIDE, "narrow")

    # What the link tells

    def opened(self, desk: Desk) -> None:
        """Now it can be read."""
        self.admin = Administration(desk.database, desk.me)
        self.follow("people", self._people_changed, gap=0.3)
        self.read()

    def connection_changed(self, name: Connection, why: str) -> None:
        """While there is nothing to show yet, waiting must not look like loading."""
        if name == "down" and self.admin is None:
            self.section.rows.fail(why)

    async def _people_changed(self, ids: Ids) -> None:  # noqa: ARG002  (nobody is named)
        for section in self.sections:
            section.stale = True
        await self._read(self.section)

    # Sections

    def show_section(self, section: Section) -> None:
        """Show another one; what was read of it before is there at once."""
        self.section = section
        self.query_one(ContentSwitcher).current = section.rows.id
        section.rows.focus()
        self._show_words()
        if section.stale:
            self.read()

    def action_section(self, index: int) -> None:
        """One of the sections."""
        if index < len(self.sections):
            self.show_section(self.sections[index])

    def action_section_step(self, step: int) -> None:
        """The next section, or the one before."""
        self.action_section((self.sections.index(self.section) + step) % len(self.sections))

    @on(Tabs.Picked)
    def _tab_picked(self, message: Tabs.Picked) -> None:
        self.action_section(message.index)

    def read(self) -> None:
        """Read the section in sight."""
        if self.admin is not None:
            self.spawn(self._read(self.section))

    async def _read(self, section: Section) -> None:
        if self.admin is None:
            return
        try:
            await section.read(self.admin)
        except HelpdeskError as error:
            section.rows.fail(str(error))
            return
        self._show_words()

    @on(AdminList.Need)
    def _rows_missing(self, message: AdminList.Need) -> None:
        section = next(section for section in self.sections if section.rows is message.shown)
        self.spawn(self._more(section, message.skip, message.limit))

    async def _more(self, section: Section, skip: int, limit: int) -> None:
        if self.admin is not None:
            try:
                await section.more(self.admin, skip, limit)
            except HelpdeskError as error:
                section.rows.fail(str(error))

    def action_reread(self) -> None:
        """Read everything anew."""
        for section in self.sections:
            section.stale = True
        self.link.read_everything()
        self.read()

    # Words

    @on(AdminList.Highlighted)
    def _highlighted(self, message: AdminList.Highlighted) -> None:
        if message.shown is self.section.rows:
            self.pane.show(self.section.notes())

    def _section_changed(self, section: Section, again: bool) -> None:
        if again:
            for each in self.sections:
                each.stale = True
            if section is self.section:
                self.read()
        if section is self.section:
            self._show_words()

    def _show_words(self) -> None:
        counts = {n: f"{each.rows.total:,}" for n, each in enumerate(self.sections) if each.rows.state == "ready"}
        counts.pop(self.sections.index(self.moving), None)
        counts.pop(self.sections.index(self.acts), None)
        self.tabs.show([each.label for each in self.sections], counts, self.sections.index(self.section))
        self.query_one("#scope", Static).update(f" {safe_line(self.section.scope, 200)}")
        self.pane.show(self.section.notes())
        self.refresh_hints()

    def hints(self) -> tuple[str, ...]:
        """Of the section; a question names its keys itself."""
        return () if self.pane.proposal is not None else self.section.hints

    def tell(self, words: str, alarm: bool) -> None:
        """Say what became of something; what was refused also where the next word does not replace it."""
        self.say(words, alarm)
        if alarm:
            self.notify(safe_line(words, 300), severity="error", markup=False)

    # Searching

    def action_search(self) -> None:
        """Search, or change the filter."""
        if self.section is self.acts:
            self.say("Acts are not searched")
            return
        words = "filter /" if self.section is self.moving else f"{self.section.label.lower()} /"
        self.prompt.ask("search", words, self.section.search, placeholder="words, then Enter (Esc: all of them)")

    @on(Prompt.Typed)
    def _typed(self, message: Prompt.Typed) -> None:
        if message.question == "search":
            self._seek(message.text)

    def _seek(self, text: str) -> None:
        """Show what fits: what is here already at once, what has to be asked for when typing pauses."""
        section = self.section
        section.search = text if section is self.moving else text.strip()
        section.turn()
        if isinstance(section, Whole):
            section.refilter()
            self._show_words()
        elif self.admin is not None:
            self.set_timer(TYPED_SECONDS, lambda: self._typing_paused(section, text))

    def _typing_paused(self, section: Section, text: str) -> None:
        if section.search in (text, text.strip()):
            self.spawn(self._read(section))

    def focus_list(self) -> None:
        """Back to the list."""
        self.section.rows.focus()
