"""The versions of an article: who saved what when, what each changed, and restoring one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message

from helpdesk_tui.core.text import safe_line
from helpdesk_tui.core.wording import moment
from helpdesk_tui.widgets.article_diff import DiffView, unified
from helpdesk_tui.widgets.keys import bound
from helpdesk_tui.widgets.lines import LineStrip
from helpdesk_tui.widgets.queue_row import fit, plain
from helpdesk_tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from helpdesk_tui.core.knowledge import Version

__all__ = ["ArticleVersions", "VersionList"]


class VersionList(RowList):
    """The versions, the newest first."""

    STYLE_PREFIX = "versions--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "versions--row",
        "versions--cursor",
        "versions--cursor-blurred",
        "versions--head",
        "versions--about",
        "versions--failed",
    }
    DEFAULT_CSS = """
    VersionList {
        height: 8;
        background: $background;
        & > .versions--row { color: $foreground; background: $background; }
        & > .versions--cursor { color: $foreground; background: $primary 30%; }
        & > .versions--cursor-blurred { color: $foreground; background: $panel; }
        & > .versions--head { color: $foreground; background: $panel; text-style: bold; }
        & > .versions--about { color: $text-muted; }
        & > .versions--failed { color: $text-error; text-style: bold; }
        &:nocolor > .versions--cursor { text-style: reverse; }
        &:ansi > .versions--cursor { background: ansi_default; text-style: reverse; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = bound("versions", down="by(1)", up="by(-1)", first="first", last="last")

    class Moved(Message):
        """Another version is chosen."""

    def __init__(self, zone: tzinfo | None, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self._zone = zone
        self._clock = clock
        self.versions: Sequence[Version] = ()
        self.head = ""
        self.words = ("", "")

    @property
    def chosen(self) -> Version | None:
        """The version that the cursor is on."""
        return self.versions[self.cursor] if self.cursor < len(self.versions) else None

    @property
    def count(self) -> int:
        """How many versions are here."""
        return len(self.versions)

    def action_open(self) -> None:
        """Nothing: what the version changed is shown already."""

    def moved(self, elsewhere: bool) -> None:
        """Another version is to be shown."""
        if elsewhere:
            self.post_message(self.Moved())

    def render_line(self, y: int) -> LineStrip:
        """A heading, then a version a line."""
        width = self.size.width
        if y == 0:
            return self.strip([(fit(f" {self.head}", width), "")], "head")
        index = self.top + y - 1
        if index >= len(self.versions):
            words, name = self.words if not self.versions and y == 1 else ("", "")
            return self.strip([(fit(f"  {words}", width), name or "about")], "row")
        version = self.versions[index]
        ground = self.cursor_ground if index == self.cursor else "row"
        when = moment(version.created_at, self._zone, year=self._clock().astimezone(self._zone).year)
        who = plain(version.changed_by or "an import or a script")
        now = "  (as it is)" if index == 0 else ""
        text = f"{'▌' if index == self.cursor else ' '} {version.number:>3}  {when}  {who}{now}"
        older = self.versions[index + 1] if index + 1 < len(self.versions) else None
        if older is not None and older.title != version.title:
            text += f"  title: {plain(version.title)}"
        return self.strip([(fit(text, width), "")], ground)


class ArticleVersions(Vertical):
    """The list, and below it what the chosen version changed.

    Args:
        zone: where the reader is; None: where this machine is.
        clock: tells the time.
    """

    DEFAULT_CSS = """
    ArticleVersions { height: 1fr; background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bound(
        "versions", against="against", restore="restore", other="other", leave="leave"
    )

    class Restore(Message):
        """This version is to be the newest again."""

        def __init__(self, article_id: UUID, version: Version) -> None:
            super().__init__()
            self.article_id = article_id
            self.version = version

    class Left(Message):
        """Back to the article."""

    def __init__(
        self,
        *,
        zone: tzinfo | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self.list = VersionList(zone, clock)
        self.diff = DiffView()
        self.article_id: UUID | None = None
        self._newest = False

    def compose(self) -> ComposeResult:
        """List and difference."""
        yield self.list
        yield self.diff

    def show_loading(self, article_id: UUID, title: str) -> None:
        """Show that the versions of an article are on their way."""
        self.article_id = article_id
        self.list.versions, self.list.cursor = (), 0
        self.list.head = f"Versions of “{safe_line(title, 200)}”"
        self.list.words = ("Loading …", "about")
        self.diff.show_words("", "")
        self.list.refresh()

    def show(self, article_id: UUID, versions: Sequence[Version]) -> None:
        """Show the versions, newest first; those of another article than was asked for are ignored."""
        if article_id != self.article_id:
            return
        chosen = self.list.chosen
        self.list.versions = versions
        number = chosen.number if chosen else None
        self.list.cursor = next((n for n, one in enumerate(versions) if one.number == number), 0)
        self.list.keep_in_sight()
        self._compare()

    def show_failed(self, article_id: UUID, message: str) -> None:
        """The versions could not be read."""
        if article_id == self.article_id and not self.list.versions:
            self.list.words = (f"✗ {safe_line(message, 300)} Esc goes back.", "failed")
            self.list.refresh()

    @on(VersionList.Moved)
    def _compare(self) -> None:
        chosen = self.list.chosen
        if chosen is None:
            return
        versions = self.list.versions
        if self._newest:
            other = versions[0]
            head = f"What restoring version {chosen.number} would change"
            self.diff.show(head, unified(_whole(other), _whole(chosen)))
            return
        older = versions[self.list.cursor + 1] if self.list.cursor + 1 < len(versions) else None
        if older is None:
            self.diff.show(f"Version {chosen.number}, the first", unified("", _whole(chosen)))
        else:
            self.diff.show(f"What version {chosen.number} changed", unified(_whole(older), _whole(chosen)))

    def action_against(self) -> None:
        """What the version changed, or what restoring it would."""
        self._newest = not self._newest
        self._compare()

    def action_restore(self) -> None:
        """Restore the version."""
        chosen = self.list.chosen
        if chosen is None or self.article_id is None:
            return
        if chosen == self.list.versions[0]:
            self.diff.show_words(f"Version {chosen.number}", "This is the newest version: there is nothing to restore.")
            return
        self.post_message(self.Restore(self.article_id, chosen))

    def action_other(self) -> None:
        """From the list to the difference and back."""
        (self.diff if self.list.has_focus else self.list).focus()

    def action_leave(self) -> None:
        """Back to the article."""
        self.post_message(self.Left())


def _whole(version: Version) -> str:
    """Title and text as one, so that both are compared."""
    return f"# {version.title}\n\n{version.content}"
