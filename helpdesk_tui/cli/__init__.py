"""The command line: ``helpdesk`` alone opens the desk, ``helpdesk COMMAND`` does one thing and ends.

A second front end on the same core. stdout is data, stderr is narration, and exit codes are part of the contract
(docs/cli.md). Only the module of the command that was given is imported, and never Textual but to open the desk.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, NoReturn

from helpdesk_tui import __version__, collecting
from helpdesk_tui.core.errors import BadInput, HelpdeskError

if TYPE_CHECKING:
    from helpdesk_tui.core.session import Session, SignIn

INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141

#: name → what it does, and the module whose ``register(commands)`` adds its parser. A parser sets ``handler``, which
#: takes the parsed arguments and returns the exit code.
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "login": ("sign in with e-mail address and password", "helpdesk_tui.cli.account"),
    "logout": ("sign out on this machine", "helpdesk_tui.cli.account"),
    "whoami": ("show who is signed in, and where", "helpdesk_tui.cli.account"),
    "factors": ("your second factors: authenticators whose codes you sign in with", "helpdesk_tui.cli.factors"),
    "sessions": ("where one is signed in, and end that", "helpdesk_tui.cli.sessions"),
    "tickets": ("list, show, answer and change tickets", "helpdesk_tui.cli.tickets"),
    "tail": ("what happens to the tickets of a query, as JSON lines, as it happens", "helpdesk_tui.cli.tail"),
    "acts": ("what you did to tickets, and can take back", "helpdesk_tui.cli.apply"),
    "undo": ("take back what you did to tickets", "helpdesk_tui.cli.apply"),
    "outbox": ("what you did in the app on this machine and waits to be sent", "helpdesk_tui.cli.outbox"),
    "macros": ("answers and changes that are written once", "helpdesk_tui.cli.macros"),
    "views": ("queries with a name, your own and shared ones", "helpdesk_tui.cli.views"),
    "chats": ("list chats, and read what was said in one", "helpdesk_tui.cli.chats"),
    "away": ("you are away: routing gives you nothing", "helpdesk_tui.cli.away"),
    "back": ("you are back", "helpdesk_tui.cli.away"),
    "notices": ("what happened while you looked elsewhere", "helpdesk_tui.cli.notices"),
    "sla": ("how what was promised to requesters was kept", "helpdesk_tui.cli.sla"),
    "admin": ("as an admin: departments, people, categories, tags, many tickets at once", "helpdesk_tui.cli.admin"),
    "why": ("as an admin: why somebody sees a ticket, or does not", "helpdesk_tui.cli.why"),
    "kb": ("search, read and write the knowledge base", "helpdesk_tui.cli.kb"),
    "demo": ("open a helpdesk with demo people on this machine", "helpdesk_tui.cli.demo"),
    "keys": ("every action with its keys", "helpdesk_tui.cli.keys"),
    "config": ("show and check the settings", "helpdesk_tui.cli.config"),
    "db": ("set up, check and watch the database, as its owner", "helpdesk_tui.cli.db"),
    "audit": ("who changed what, and whether the record of it is whole", "helpdesk_tui.cli.audit"),
    "import": ("bring in tickets, articles and chats from files", "helpdesk_tui.cli.import_"),
}
_TAKES_VALUE: Final = ("--profile", "--config", "--set")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line.

    Args:
        argv: the arguments without the program's name; those of this process if None.
    Returns: the exit code. Wrong usage exits with 2, as argparse does.
    """
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            # A character that a Windows code page lacks must not end the command.
            reconfigure(errors="replace")
    try:
        args = _parse(list(sys.argv[1:] if argv is None else argv))
        handler: Callable[[argparse.Namespace], int] = args.handler
        code = handler(args)
        sys.stdout.flush()
    except HelpdeskError as error:
        from helpdesk_tui.cli.output import report

        return report(error)
    except UnicodeEncodeError:
        # Bytes that are no UTF-8 may name a file; the database takes text alone.
        from helpdesk_tui.cli.output import report

        return report(BadInput("Some of what was given is no text in UTF-8, so nothing was sent."))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left. Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return code


class _Parser(argparse.ArgumentParser):
    """One whose complaints quote what was given harmlessly: it may have come from anywhere, as a file's name does."""

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """End with a code, and with words."""
        from helpdesk_tui.core.text import safe_block

        super().exit(status, safe_block(message) if message else None)


def _parse(argv: list[str]) -> argparse.Namespace:
    from helpdesk_tui.cli.options import add_common

    parser = _Parser(
        prog="helpdesk",
        description="A helpdesk in the terminal, straight on the team's own Postgres. Alone it opens the desk.",
        epilog="`helpdesk COMMAND --help` tells more. Exit codes: docs/cli.md.",
    )
    parser.add_argument("--version", action="version", version=f"helpdesk {__version__}")
    add_common(parser)
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting for this run alone, before the command (may be given several times)",
    )
    # A local profile's desk is the demo's: its server must be there before, and stay as long as the desk.
    parser.set_defaults(handler=_open_desk, demo=lambda: _parse([*argv, "demo"]))
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    chosen = _command(argv)
    registered: set[str] = set()
    for name, (summary, module) in COMMANDS.items():
        if chosen in COMMANDS and COMMANDS[chosen][1] == module:
            if module not in registered:
                importlib.import_module(module).register(commands)
                registered.add(module)
        else:
            commands.add_parser(name, help=summary, add_help=False)
    return parser.parse_args(argv)


def _command(argv: list[str]) -> str:
    """The command's name: the first word that is neither an option nor an option's value; "" where there is none."""
    words = iter(argv)
    for word in words:
        if not word.startswith("-"):
            return word
        if word in _TAKES_VALUE:
            next(words, None)
    return ""


def _open_desk(args: argparse.Namespace) -> int:
    from helpdesk_tui.cli.connection import door, run
    from helpdesk_tui.cli.options import settings_of

    settings = settings_of(args)
    if settings.local:
        demo = args.demo()
        code: int = demo.handler(demo)
        return code

    async def enter() -> tuple[SignIn, Session | None]:
        async with door(args) as entrance:
            return entrance.sign_in, await entrance.sign_in.restore()

    collecting.pause()
    try:
        sign_in, session = run(enter())
        sign_in.notice = lambda _: None  # the screen is the app's now
        # Here alone, and only now: Textual costs more than everything else together.
        from helpdesk_tui.app import run as open_app

        return open_app(settings, sign_in, session)
    finally:
        collecting.resume()
