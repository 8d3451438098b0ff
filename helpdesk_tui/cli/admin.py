"""``helpdesk admin``: departments, people, categories, tags, and many tickets at once. For admins."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from helpdesk_tui.cli.connection import desk, on_interrupt
from helpdesk_tui.cli.output import say
from helpdesk_tui.core.errors import BadInput, Refused
from helpdesk_tui.core.text import safe_block

if TYPE_CHECKING:
    from helpdesk_tui.core.administration import Administration

#: Seconds that an act may take: tens of thousands of tickets are moved in half a minute.
PATIENCE = 300.0
WORDS = "departments, people, categories, tags, and many tickets at once"


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of ``helpdesk admin``."""
    from helpdesk_tui.cli import (
        admin_bulk,
        admin_factors,
        admin_fields,
        admin_items,
        admin_people,
        admin_routing,
        admin_sla,
    )

    parser = commands.add_parser("admin", help=f"as an admin: {WORDS}", description=f"For admins: {WORDS}.")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    admin_people.register(actions)
    admin_items.register(actions)
    admin_bulk.register(actions)
    admin_fields.register(actions)
    admin_factors.register(actions)
    admin_routing.register(actions)
    admin_sla.register(actions)


@contextlib.asynccontextmanager
async def office(args: argparse.Namespace) -> AsyncIterator[Administration]:
    """Signed in as an admin, and connected.

    Raises: Refused for anybody else; what ``desk`` raises.
    """
    from helpdesk_tui.core.administration import Administration

    async with desk(args, patience=PATIENCE) as here:
        if here.me.role != "admin":
            raise Refused("Only admins do this.", f"You are signed in as {here.me.email}, {here.me.role}.")
        yield Administration(here.database, here.me)


def back(*words: str) -> str:
    """The command that takes something back."""
    return shlex.join(("helpdesk", "admin", *words))


def tell_back(command: str | None) -> None:
    """How to take it back, aside."""
    if command:
        say(f"To take it back: {command}")


def undo_of(act: int | None) -> str | None:
    """The command that takes an act back; None where nothing was done."""
    return None if act is None else back("undo", str(act))


def interactive() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str) -> str:
    """One line from a person. The question may hold anybody's words."""
    sys.stderr.write(safe_block(question))
    sys.stderr.flush()
    with on_interrupt():
        return sys.stdin.readline().strip()


def sure(args: argparse.Namespace, question: str) -> bool:
    """Whether what cannot be taken back is wanted: ``--yes``, or a person says so.

    Raises: BadInput where nobody can be asked.
    """
    if args.yes:
        return True
    if not interactive():
        raise BadInput(f"{question} That cannot be taken back; nothing was changed.", "Give --yes if it is wanted.")
    if ask(f"{question} That cannot be taken back. Go on? [y/N] ").lower() in ("y", "yes"):
        return True
    say("Nothing was changed.")
    return False


def counted(number: int, thing: str, things: str | None = None) -> str:
    """``1 ticket``, ``2 tickets``."""
    return f"{number} {thing if number == 1 else things or f'{thing}s'}"


def as_json(act: int | None, words: str, **more: Any) -> dict[str, Any]:
    """What every act answers."""
    return {"act": act, "words": words, "undo": undo_of(act), **more}
