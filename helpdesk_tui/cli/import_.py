"""``helpdesk import``: tickets, articles and chats from JSON Lines, as the owner of the database."""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from helpdesk_tui.cli import INTERRUPTED
from helpdesk_tui.cli.options import add_common, settings_of
from helpdesk_tui.cli.output import Column, Output, say
from helpdesk_tui.core.errors import BadInput, HelpdeskError, PartlyDone
from helpdesk_tui.core.model import STATUSES
from helpdesk_tui.core.settings import DEMO, Settings

if TYPE_CHECKING:
    from helpdesk_tui.importers.pipeline import Tally

ENVIRONMENT_DSN = "HELPDESK_OWNER_DSN"

_WHAT = {
    "tickets": "threads, each a ticket with its messages",
    "kb": "articles of the knowledge base",
    "chats": "chats that are over",
}
_MORE = """\
The file holds one JSON object on each line, as it is or gzipped; - reads it from stdin. docs/import.md names the
fields. Running the same file again changes nothing, so an import that was interrupted goes on by running it again.
Nobody is notified. The counts go to stdout, everything else to stderr. Exit codes: 0 all
in, 8 some lines left out, 11 stopped at a line.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds ``import`` and what it can import to the command line."""
    words = "bring in tickets, articles and chats from files"
    group = subparsers.add_parser("import", help=words, description=f"{words.capitalize()}.")
    kinds = group.add_subparsers(dest="what", metavar="WHAT", required=True)
    for what, meaning in _WHAT.items():
        parser = kinds.add_parser(
            what, help=meaning, description=_MORE, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        _options(parser, what)
        parser.set_defaults(handler=run)


def _options(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("file", metavar="FILE", help="JSON Lines, may be gzipped; - for stdin")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--dsn",
        metavar="DSN",
        help=f"the database, as its owner, not through a transaction pooler; {ENVIRONMENT_DSN} keeps it out of `ps`",
    )
    where.add_argument("--local", action="store_true", help="into the demo's database on this machine")
    parser.add_argument(
        "--on-error",
        choices=("stop", "skip"),
        default="stop",
        help="at a broken line stop, with everything before it in (default), or leave it out and go on",
    )
    parser.add_argument(
        "--source",
        metavar="NAME",
        default="import",
        help="where the file comes from; files whose ids may be the same need different names (default: import)",
    )
    parser.add_argument("--from-line", metavar="N", type=_line_number, default=1, help="pass over the lines before N")
    parser.add_argument("--check", action="store_true", help="only read the file and say what is broken")
    if what in ("tickets", "chats"):
        parser.add_argument(
            "--department",
            metavar="NAME",
            help="where tickets and agents belong, made if new (default: the default one)",
        )
    if what == "tickets":
        parser.add_argument(
            "--status",
            choices=STATUSES,
            help="give every ticket this status (default: the file's, else by whose turn it is)",
        )
    if what == "kb":
        parser.add_argument(
            "--status", choices=("draft", "published", "archived"), help="give every article this status"
        )
        parser.add_argument("--author", metavar="ADDRESS", help="a colleague, author of articles that name none")
    add_common(parser, json=True)


def _line_number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("lines are counted from 1")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Imports, or checks, what the arguments say.

    Returns:
        The exit code: 0, 8 if lines were left out, 130 if it was interrupted.

    Raises:
        HelpdeskError: it was not all taken in.
    """
    from helpdesk_tui.importers.pipeline import Import

    with _opened(args.file) as stream, _dsn(args) as dsn, _progress(stream, args.file) as progress:
        job = Import(
            _form(args),
            source=args.source,
            on_error=args.on_error,
            department=getattr(args, "department", None),
            author=getattr(args, "author", None),
            from_line=args.from_line,
            progress=lambda tally: progress(tally.found),
        )
        interrupted = False
        failure: HelpdeskError | None = None
        try:
            if dsn is None:
                job.check(stream)
            else:
                job.run(stream, dsn)
        except KeyboardInterrupt:
            interrupted = True
        except HelpdeskError as error:
            failure = error
    if failure is None or job.tally.found or job.tally.left_out:
        _report(job.tally, args)
    for problem in job.tally.problems:
        say(f"Line {problem.line} was left out: {problem.why}.")
    if job.tally.left_out > len(job.tally.problems):
        say(f"And {job.tally.left_out - len(job.tally.problems)} more lines were left out.")
    if interrupted:
        say(f"Interrupted; nothing is half in. {job.go_on()}")
        return INTERRUPTED
    if failure is not None:
        raise failure
    return PartlyDone.exit_code if job.tally.left_out else 0


def _form(args: argparse.Namespace) -> Any:
    now = datetime.now(UTC)
    if args.what == "tickets":
        from helpdesk_tui.importers.tickets import Tickets

        return Tickets(now=now, status=args.status)
    if args.what == "kb":
        from helpdesk_tui.importers.kb import Articles

        return Articles(now=now, status=args.status, author=args.author is not None)
    from helpdesk_tui.importers.chats import Chats

    return Chats()


@contextmanager
def _opened(name: str) -> Iterator[io.BufferedReader]:
    if name == "-":
        if sys.stdin.isatty():
            raise BadInput("There is nothing on stdin.", "Pipe the file in, or name it.")
        yield cast("io.BufferedReader", sys.stdin.buffer)
        return
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(Path(name).open("rb"))
        except OSError as error:
            raise BadInput(f"{name} cannot be read: {error.strerror or error}.") from error
        yield stream


@contextmanager
def _dsn(args: argparse.Namespace) -> Iterator[str | None]:
    """The owner's address of the database, which stays up as long as this lasts; None if none is needed."""
    if args.check:
        yield None
    elif args.dsn:
        yield args.dsn
    elif (settings := _local(args)) is not None:
        from helpdesk_tui.local.desk import open_local

        # Not one asyncio.run around the import: it would keep Ctrl-C from it.
        with asyncio.Runner() as runner:
            desk = runner.run(open_local(settings=settings))
            try:
                yield desk.owner_dsn
            finally:
                runner.run(desk.close())
    elif from_environment := os.environ.get(ENVIRONMENT_DSN):
        yield from_environment
    else:
        raise BadInput(
            "An import runs as the owner of the database, and none is named.",
            f"Give --dsn, set {ENVIRONMENT_DSN}, or --local for the demo's database.",
        )


def _local(args: argparse.Namespace) -> Settings | None:
    """The settings of the local helpdesk if that is where to import: by ``--local``, or by naming a local profile."""
    if args.local:
        args.profile = DEMO
    settings = settings_of(args) if hasattr(args, "profile") else None
    return settings if settings is not None and settings.local else None


@contextmanager
def _progress(stream: io.BufferedReader, name: str) -> Iterator[Callable[[Counter[str]], None]]:
    """A bar on stderr while people watch; nothing where a program does."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    total = None if name == "-" else os.fstat(stream.fileno()).st_size
    with Progress(
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.description}", markup=False),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("", total=total)

        def show(found: Counter[str]) -> None:
            words = ", ".join(f"{count:,} {noun}" for noun, count in found.items())
            bar.update(task, description=words, completed=stream.tell() if total else None)

        yield show


def _report(tally: Tally, args: argparse.Namespace) -> None:
    """The counts: of what the file holds, and of what is new by it."""
    out = Output(args)
    if args.json:
        counts = {"line": tally.line, "found": tally.found, "added": tally.added, "left_out": tally.left_out}
        out.json(counts)
        return
    titles = [Column(""), Column("in the file", right=True), Column("new", right=True)]
    rows = [
        [noun, f"{tally.found[noun]:,}" if noun in tally.found else "", f"{tally.added[noun]:,}"]
        for noun in dict.fromkeys((*tally.found, *tally.added))
    ]
    if tally.left_out:
        rows.append(["left out", f"{tally.left_out:,}", ""])
    if args.check:
        titles, rows = titles[:2], [row[:2] for row in rows]
    out.table(titles, rows)
