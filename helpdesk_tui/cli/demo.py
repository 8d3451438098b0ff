"""``helpdesk demo``: a helpdesk with demo people, on this machine alone."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from helpdesk_tui import collecting
from helpdesk_tui.cli.connection import run
from helpdesk_tui.cli.options import add_common, flags_of, path_of
from helpdesk_tui.cli.output import say
from helpdesk_tui.core.settings import DEMO, Settings, load

if TYPE_CHECKING:
    from helpdesk_tui.core.session import Session, SignIn
    from helpdesk_tui.local.desk import LocalDesk

ROLES = ("agent", "admin", "customer")


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of this module's command."""
    demo = commands.add_parser(
        "demo",
        help="open a helpdesk with demo people on this machine",
        description="Open a helpdesk with demo people on this machine: a Postgres for you alone, which stops by "
        "itself, and nothing over the network. Several may be open at once and see each other's changes.",
    )
    demo.add_argument(
        "--as", dest="role", choices=ROLES, help="who to be; otherwise whoever was signed in last, at first the agent"
    )
    demo.add_argument("--reset", action="store_true", help="throw away what was done in the demo and start over")
    demo.add_argument("--data-dir", type=Path, metavar="DIR", help="keep the demo here, not in your data directory")
    add_common(demo)
    demo.set_defaults(handler=_demo)


def _demo(args: argparse.Namespace) -> int:
    settings = _settings(args)
    if args.reset:
        from helpdesk_tui.local.server import LocalServer

        LocalServer(args.data_dir, postgres=settings.postgres).erase()
    collecting.pause()
    try:
        return _open(args, settings)
    finally:
        collecting.resume()


def _open(args: argparse.Namespace, settings: Settings) -> int:
    desk, sign_in, session = run(_enter(args, settings))
    try:
        sign_in.notice = lambda _: None  # the screen is the app's now
        from helpdesk_tui.app import run as open_app

        return open_app(desk.settings, sign_in, session, role=args.role)
    finally:
        run(_leave(desk, sign_in, ours=args.role is not None))


def _settings(args: argparse.Namespace) -> Settings:
    """Those of the profile ``demo``, or of another local one that was asked for."""
    flags = flags_of(args)
    if flags.get("profile") is not None:
        asked = load(flags, path=path_of(args))
        if asked.local:
            return asked
    return load({**flags, "profile": DEMO}, path=path_of(args))


async def _enter(args: argparse.Namespace, settings: Settings) -> tuple[LocalDesk, SignIn, Session | None]:
    """The desk with somebody signed in; with nobody where that takes the code of a second factor."""
    from helpdesk_tui.core.session import SecondFactor, SignIn
    from helpdesk_tui.core.tokens import MemoryStore, open_store
    from helpdesk_tui.local.accounts import ACCOUNTS, DEMO_PASSWORD
    from helpdesk_tui.local.desk import open_local

    desk = await open_local(args.data_dir, settings=settings)
    # Whoever was asked for exists for this one window: two windows may be two people.
    store = MemoryStore() if args.role else open_store(desk.settings)
    sign_in = SignIn(desk.settings, store, transport=desk.transport, notice=say)
    session = await sign_in.restore()
    if session is None:
        entered = await sign_in.password(ACCOUNTS[args.role or "agent"], DEMO_PASSWORD)
        if isinstance(entered, SecondFactor):
            await sign_in.abandon()
            return desk, sign_in, None
        session = entered
    people = ", ".join(f"{email} ({role})" for role, email in ACCOUNTS.items() if email != session.email)
    say(f"You are {session.email}. Others: {people}. The password of all: {DEMO_PASSWORD}")
    return desk, sign_in, session


async def _leave(desk: LocalDesk, sign_in: SignIn, *, ours: bool) -> None:
    if ours:
        await sign_in.sign_out()
    await desk.close()
