"""From the command line's arguments to a database that knows who is asking."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from helpdesk_tui.cli.options import settings_of
from helpdesk_tui.cli.output import say
from helpdesk_tui.core.errors import SignInError

if TYPE_CHECKING:
    import httpx

    from helpdesk_tui.core.database import Database
    from helpdesk_tui.core.model import Me
    from helpdesk_tui.core.session import Session, SignIn
    from helpdesk_tui.core.settings import Settings
    from helpdesk_tui.core.tokens import TokenStore

T = TypeVar("T")


def run(task: Coroutine[Any, Any, T]) -> T:
    """Run one command's coroutine to its end."""
    # The database driver cannot use the event loop that Windows has by default.
    factory = asyncio.SelectorEventLoop if sys.platform == "win32" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(task)


@contextlib.contextmanager
def on_interrupt(handler: Callable[..., Any] = signal.default_int_handler) -> Iterator[None]:
    """What Ctrl-C does while something is waited for that the event loop knows nothing of: a person, an editor.

    The loop's own handler only cancels the command, which a blocking read would not notice.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@dataclass(frozen=True)
class Door:
    """Where to sign in: settings that are complete, the store, and the sign-in itself."""

    settings: Settings
    store: TokenStore
    sign_in: SignIn


@dataclass(frozen=True)
class Desk:
    """Signed in and connected."""

    settings: Settings
    store: TokenStore
    session: Session
    database: Database
    me: Me
    sign_in: SignIn


@contextlib.asynccontextmanager
async def door(args: argparse.Namespace) -> AsyncIterator[Door]:
    """The way in. In a local profile the local Postgres and sign-in are started, and stop afterwards by themselves."""
    from helpdesk_tui.core.session import SignIn
    from helpdesk_tui.core.tokens import open_store

    settings = settings_of(args)
    transport: httpx.AsyncBaseTransport | None = None
    async with contextlib.AsyncExitStack() as stack:
        if settings.local:
            from helpdesk_tui.local.desk import open_local

            local = await open_local(settings=settings)
            stack.push_async_callback(local.close)
            settings, transport = local.settings, local.transport
        store = open_store(settings)
        yield Door(settings, store, SignIn(settings, store, transport=transport, notice=say))


def login(profile: str) -> str:
    """The command that signs in to a profile, wherever the default one leads."""
    return "helpdesk login" if profile == "default" else f"helpdesk --profile {profile} login"


@contextlib.asynccontextmanager
async def desk(args: argparse.Namespace, *, patience: float | None = None, owing: bool = False) -> AsyncIterator[Desk]:
    """Signed in and connected, for as long as the context lasts.

    Args:
        patience: how many seconds a statement may take; None: as long as the desk waits.
        owing: also for staff who owe a second factor, and see next to nothing.

    Raises: SignInError where nobody is signed in; Unreachable and others.
    """
    async with door(args) as entrance:
        session = await entrance.sign_in.restore()
        if session is None:
            name = entrance.settings.profile
            raise SignInError(
                f"Nobody is signed in to the profile “{name}”.", f"Sign in with `{login(name)}`.", kind="signed_out"
            )
        async with connected(entrance, session, patience, owing=owing) as (database, me):
            yield Desk(entrance.settings, entrance.store, session, database, me, entrance.sign_in)


@contextlib.asynccontextmanager
async def connected(
    entrance: Door, session: Session, patience: float | None = None, *, owing: bool = False
) -> AsyncIterator[tuple[Database, Me]]:
    """The database, and who the session is to it. ``patience`` and ``owing`` as for ``desk``."""
    from helpdesk_tui.core import people
    from helpdesk_tui.core.database import Database, Limits

    limits = Limits() if patience is None else Limits(statement=patience, answer=patience + 5)
    database = await Database.connect(entrance.settings, session, renew=entrance.sign_in.refresh, limits=limits)
    try:
        found = await database.fetch(people.me())
        if not found:
            raise SignInError(
                f"{session.email or 'This account'} is nobody in this helpdesk: the sign-in has ended, or the account "
                "was removed.",
                f"Sign in again with `{login(entrance.settings.profile)}`.",
                kind="signed_out",
            )
        if found[0].owes_factor and not owing:
            # Empty lists would look as if there were nothing to do.
            raise SignInError(
                "This helpdesk asks its staff for a second factor, and you signed in without one.",
                f"`{login(entrance.settings.profile)}` leads you through it.",
                kind="second_factor",
            )
        yield database, found[0]
    finally:
        await database.close()
