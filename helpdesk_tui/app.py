"""The Textual app: composition, themes, the palette. What the screens do is theirs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

# Both are read when Textual is imported: a local terminal takes frames as fast as they come, and animated scrolling
# costs more than it shows.
os.environ.setdefault("TEXTUAL_FPS", "60" if os.environ.get("SSH_CONNECTION") else "240")
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType

from helpdesk_tui import collecting
from helpdesk_tui.actions import remap
from helpdesk_tui.chords import Chords
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.text import harmless, safe_block
from helpdesk_tui.crash import Crashing
from helpdesk_tui.hosting import LINK_WORKERS, Hosting
from helpdesk_tui.looks import Looking
from helpdesk_tui.screens.bindings import bindings
from helpdesk_tui.widgets.ticket_header import Clock, utc_now
from helpdesk_tui.working import Work

if TYPE_CHECKING:
    from textual.command import Provider

    from helpdesk_tui.bell import Bell
    from helpdesk_tui.core.commands import Command
    from helpdesk_tui.core.credential import Session
    from helpdesk_tui.core.model import Role
    from helpdesk_tui.core.notices import News
    from helpdesk_tui.core.session import SignIn
    from helpdesk_tui.core.settings import Settings
    from helpdesk_tui.screens.link import Link

__all__ = ["HelpdeskApp", "run", "try_keys"]

#: Garbage is collected again after this, however far the start has come.
RESUME_SECONDS = 5.0


def _palette() -> type[Provider]:
    from helpdesk_tui.screens.palette import Commands

    return Commands


class HelpdeskApp(Chords, Crashing, Hosting, Looking):
    """The helpdesk.

    Args:
        settings: which helpdesk, and how it looks.
        sign_in: signs people in and keeps them so.
        session: who is signed in already, if anybody.
        drafts: the file that drafts rest in; None: nowhere but on the screen.
        clock: tells the time that ages are counted from.
        zone: where the person is; None: where this machine is.

    Raises:
        SettingsError: there is no theme of the name in the settings.
    """

    TITLE = "helpdesk"
    # Below, toasts would lie over what is being written and its keys.
    CSS = "ToastRack { dock: top; align: right top; }"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_palette}
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("anywhere"),
        # Textual leaves on ^C by telling how to leave; here it does nothing, as Esc does.
        Binding("ctrl+c", "nothing", show=False, priority=False),
    ]

    def __init__(
        self,
        settings: Settings,
        sign_in: SignIn,
        session: Session | None = None,
        *,
        drafts: Path | None = None,
        clock: Clock = utc_now,
        zone: tzinfo | None = None,
    ) -> None:
        # Asked for while Textual makes its own part.
        self._settings, self._drafts = settings, drafts
        super().__init__()
        self._sign_in = sign_in
        self._session = session
        self._clock = clock
        self._zone = zone
        self._signing_out = False
        self._bell: Bell | None = None
        remap(settings.keys)
        self.set_keymap({name: ",".join(keys) for name, keys in settings.keys.items()})

    async def on_event(self, event: events.Event) -> None:
        """What is pasted comes from anywhere: no field is given what it could not show."""
        if isinstance(event, events.Paste) and not event.is_forwarded:
            from textual.widgets import TextArea

            several = isinstance(self.focused, TextArea)
            event = events.Paste(harmless(event.text) if several else safe_block(event.text))
        await super().on_event(event)

    def on_mount(self) -> None:
        """The home screen, or the way in."""
        # The desk resumes it when it is complete; whoever is still signing in by then starts nothing any more.
        self.set_timer(RESUME_SECONDS, collecting.resume)
        if self._session is not None:
            self._enter(self._session)
        else:
            self.sign_in_again()

    def ring(self, words: str, news: Sequence[News] = ()) -> None:
        """Something happened that the person wants to hear of where they do not look."""
        if self._bell is None:
            from helpdesk_tui.bell import Bell

            self._bell = Bell(self, self._settings.notify, self._settings.notify_command, self._bell_failed)
        self._bell.ring(words, news)

    def _bell_failed(self, words: str) -> None:
        if self.link is not None:
            self.link.say(words, alarm=True)

    @property
    def role(self) -> Role | None:
        """Of the person signed in, as far as it is known."""
        return self.link.me.role if self.link is not None and self.link.me is not None else None

    def signed_out(self, link: Link, why: str) -> None:
        """Nobody can go on without a sign-in."""
        if link is self.link and not self._signing_out:
            self.sign_in_again(why)

    def factor_owed(self, link: Link) -> None:
        """Staff go on with a second factor; what they wrote stays in the journal."""
        if link is self.link and not self._signing_out:
            self._ask_for_factor(
                "owed", "This helpdesk asks its staff for a second factor: you sign in with a code, too, from now on."
            )

    def action_second_factor(self) -> None:
        """Add a second factor to one's account, and come back."""
        if self.link is not None:
            self._ask_for_factor("wanted", "From now on you sign in with a code, too.")

    def action_sign_ins(self) -> None:
        """Where one is signed in, and ending that."""
        if self.link is not None:
            from helpdesk_tui.screens.sign_ins import SignIns

            self.push_screen(SignIns(self.link))

    def _ask_for_factor(self, factor: Literal["owed", "wanted"], reason: str) -> None:
        self.run_worker(self._ask_for_sign_in(reason, factor), group="door", exclusive=True)

    def sign_in_again(self, reason: str = "") -> None:
        """Ask for a sign-in, saying why; then the home screen. What was written stays in the journal."""
        self.run_worker(self._ask_for_sign_in(reason), group="door", exclusive=True)

    async def _ask_for_sign_in(self, reason: str, factor: Literal["", "owed", "wanted"] = "") -> None:
        from helpdesk_tui.screens.sign_in import SignInScreen

        await self.leave()
        reason = " ".join(filter(None, (reason, self._told_at_parting())))
        await self.clear()
        email = self._sign_in.session.email if self._sign_in.session is not None else ""
        where = self._settings.auth_url or self._settings.profile
        if self._settings.local:
            from helpdesk_tui.local.accounts import ACCOUNTS, DEMO_PASSWORD

            where = "the demo on this machine"
            people = f"The demo's people are {', '.join(ACCOUNTS.values())}; all have the password {DEMO_PASSWORD}."
            reason = reason if factor else f"{reason} {people}".strip()
        mail = str(self._sign_in.mailbox or "")
        await self.push_screen(
            SignInScreen(
                self._sign_in, where, reason=reason, email=email, mail=mail, newcomer=self._greet, factor=factor
            ),
            self._signed_in,
        )

    def _greet(self, session: Session) -> None:
        """Somebody has just signed up: a customer, whatever they say of themselves."""
        from helpdesk_tui.core.homes import remember

        if self._drafts is not None:
            remember(self._drafts.parent, session.user_id, "customer")

    def _signed_in(self, session: object) -> None:
        from helpdesk_tui.core.credential import Session

        if isinstance(session, Session):
            self._enter(session)
        else:
            self.exit(0)

    def _enter(self, session: Session) -> None:
        from helpdesk_tui.screens.link import Link

        link = Link(
            self._settings,
            self._sign_in,
            session,
            self,
            spawn=lambda work: self.run_worker(Work(work), group=LINK_WORKERS),
            later=self.set_timer,
            drafts=self._drafts,
            clock=self._clock,
            zone=self._zone,
        )
        self.run_worker(Work(self.come_in(link)))

    def action_help(self) -> None:
        """Every key."""
        from helpdesk_tui.screens.help import HelpScreen
        from helpdesk_tui.screens.place import Place

        if not isinstance(self.screen, HelpScreen):
            contexts = self.screen.contexts() if isinstance(self.screen, Place) else ()
            self.push_screen(HelpScreen(contexts, self.role))

    def action_nothing(self) -> None:
        """A key that must not do what Textual would."""

    def action_sign_out(self) -> None:
        """Sign out on this device and ask for the next sign-in."""
        self.run_worker(self._sign_out(), group="door", exclusive=True)

    async def _sign_out(self) -> None:
        said = ["You are signed out on this device."]
        self._signing_out = True
        self._sign_in.notice = said.append
        if self.link is not None:
            await self.link.take_leave()
        try:
            await self._sign_in.sign_out()
        except HelpdeskError as error:
            said.append(str(error))
        self._sign_in.notice = lambda _: None
        await self.leave()
        self._signing_out = False
        await self._ask_for_sign_in(" ".join(said))

    def _told_at_parting(self) -> str:
        """What whoever left has to know, told once."""
        words, self.parting = "\n".join(self.parting), []
        return words

    async def action_quit(self) -> None:
        """Leave; drafts are kept."""
        await self.leave()
        words = self._told_at_parting()
        self.exit(0, message=Text(safe_block(words)) if words else None)


def try_keys(commands: Sequence[Command] = ()) -> int:
    """Show what keys this terminal sends, until Ctrl-C. The keymap is as `remap` was told.

    Args:
        commands: the person's own.

    Returns:
        An exit code.
    """
    from helpdesk_tui.keys_test import KeysTest

    return KeysTest(commands).run() or 0


def run(settings: Settings, sign_in: SignIn, session: Session | None = None, *, role: Role | None = None) -> int:
    """Open the program on this terminal and stay until it is left.

    Args:
        settings: which helpdesk.
        sign_in: signs people in.
        session: who is signed in already, if anybody.
        role: theirs, where it is known: the first picture is of their home screen then.

    Returns:
        An exit code.
    """
    from helpdesk_tui.core.homes import remember
    from helpdesk_tui.core.settings import state_dir

    if session is not None and role is not None:
        remember(state_dir(), session.user_id, role)
    app = HelpdeskApp(settings, sign_in, session, drafts=state_dir() / "drafts.sqlite3")
    code = app.run()
    return app.return_code or 0 if code is None else code
