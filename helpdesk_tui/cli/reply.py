"""``helpdesk tickets reply`` and ``note``: sent once however often they are run, and never over an unseen message."""

from __future__ import annotations

import argparse
import codecs
import contextlib
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4, uuid5

from helpdesk_tui.cli import drafts
from helpdesk_tui.cli.connection import Desk, desk, on_interrupt, run
from helpdesk_tui.cli.given import add_message, message_text
from helpdesk_tui.cli.options import add_common, an_id
from helpdesk_tui.cli.output import Output, say
from helpdesk_tui.cli.records import show_message
from helpdesk_tui.core import attachments, thread, tickets
from helpdesk_tui.core.editor import editor_command
from helpdesk_tui.core.errors import BadInput, NotFound, SettingsError, Stale, Unreachable
from helpdesk_tui.core.model import STATUSES, Thread, Ticket
from helpdesk_tui.core.records import message_json
from helpdesk_tui.core.statement import Statement
from helpdesk_tui.core.text import safe_block, safe_line
from helpdesk_tui.core.wording import stamp

SCISSORS = "# ---- Everything from this line on is not sent. ----"


def register(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""
    for name, words in (("reply", "answer the requester"), ("note", "write an internal note")):
        parser = actions.add_parser(
            name,
            help=words,
            description=f"{words.capitalize()}. Without --message and --file your editor opens, with the thread below.",
        )
        parser.add_argument("ticket", metavar="TICKET", help="its number or its id")
        add_message(parser)
        parser.add_argument("--status", choices=STATUSES, help="set the status with it, in the same transaction")
        parser.add_argument(
            "--id", type=an_id, metavar="UUID", help="the message's id: sent again under the same id it is there once"
        )
        if name == "reply":
            parser.add_argument("--note", action="store_true", help="an internal note instead")
            seen = parser.add_mutually_exclusive_group()
            seen.add_argument(
                "--seen",
                type=_seen,
                metavar="MESSAGE",
                help="the newest message you have read (`seen` of `tickets show`), or none; newer ones stop the reply",
            )
            seen.add_argument("--to-newest", action="store_true", help="send whatever has been written meanwhile")
        add_common(parser, json=True)
        parser.set_defaults(handler=lambda args: run(_send(args)), note=name == "note", seen=None, to_newest=False)


async def one(here: Desk, reference: str) -> Ticket:
    """The ticket by its number or id. Raises NotFound."""
    found = await here.database.fetch(tickets.find(reference))
    if not found:
        raise NotFound(f"There is no ticket {reference}.", "It may be in another department.")
    return found[0]


@dataclass(frozen=True, slots=True)
class _Text:
    """What is to be sent, where it is kept until it is, and what its author had before their eyes."""

    content: str
    kept: Path | None = None
    seen: UUID | None = None
    shown: bool = False


async def _send(args: argparse.Namespace) -> int:
    out = Output(args)
    if args.message is None and args.file is None and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise BadInput("There is no text, and no terminal to open an editor on.", "Give --message or --file.")
    # Before the connection is made: a text from stdin may take its time.
    with on_interrupt():
        given = _given(args)
        files = [attachments.read(path) for path in args.attach]
    async with desk(args) as here:
        ticket = await one(here, args.ticket)
        opened = thread.assemble(await here.database.run(*thread.opened(ticket.id)))
        text = given if given is not None else _edited(opened, here, note=args.note)
        after = _after(args, text, opened, here)
        message_id = args.id or uuid4()
        try:
            # Sent again with the same --id, a file has the same id too.
            named = [replace(each, id=uuid5(message_id, f"{n} {each.sha256}")) for n, each in enumerate(files)]
            await _deliver(here, ticket, message_id, text, args, after, named)
        except Stale as stale:
            await _show_unseen(here, ticket, stale, out, json=args.json)
            _say_kept(text)
            raise Stale(stale.message, _again(stale), unseen=stale.unseen) from stale
        except Unreachable:
            say(f"It may have arrived or not; with --id {message_id} the same command cannot send it twice.")
            _say_kept(text)
            raise
        except BaseException:
            _say_kept(text)
            raise
        if text.kept:
            text.kept.unlink(missing_ok=True)
    what = "Noted in" if args.note else "Sent to"
    say(f"{what} #{ticket.number}." + (f" It is {args.status} now." if args.status else ""))
    if args.json:
        out.json(
            {
                "ticket": {"id": str(ticket.id), "number": ticket.number},
                "message": str(message_id),
                "internal": args.note,
                "status": args.status or ticket.status,
                "attachments": [str(each.id) for each in named],
            }
        )
    else:
        out.line(str(message_id))
    return 0


async def _deliver(
    here: Desk,
    ticket: Ticket,
    message_id: UUID,
    text: _Text,
    args: argparse.Namespace,
    after: UUID | None,
    files: Sequence[attachments.Upload],
) -> None:
    statements = thread.send(
        thread.Outgoing(ticket.id, message_id, text.content, args.note, after, args.status, tuple(files))
    )
    # An id that is taken sends nothing: what is there must be this very message.
    check: Statement[tuple[bool]] = Statement(
        "select ticket_id = %s and content = %s and is_internal = %s from public.ticket_messages where id = %s",
        (ticket.id, text.content, args.note, message_id),
        writes=False,
    )
    patience = attachments.patience(files)
    *_, arrived = await here.database.run(*statements, check, idempotent=True, patience=patience)
    if arrived != [(True,)]:
        raise BadInput(f"The id {message_id} is that of another message.", "Leave --id out to send a new one.")


def _after(args: argparse.Namespace, text: _Text, opened: Thread, here: Desk) -> UUID | None:
    """The newest message that the author has seen, as the database wants to know it."""
    if args.seen is not None:
        if args.seen != "none" and all(message.id != args.seen for message in opened.messages):
            raise BadInput(f"#{opened.ticket.number} has no message {args.seen}.", "See `seen` of `tickets show`.")
        return None if args.seen == "none" else args.seen
    if text.shown:
        return text.seen
    if args.note or args.to_newest or here.me.role == "customer":
        return opened.newest_message
    raise BadInput(
        "Say what you have read, so that nobody is answered over a message you have not seen.",
        f"Give --seen ID (`seen` of `helpdesk tickets show {opened.ticket.number}`), or --to-newest.",
    )


def _again(stale: Stale) -> str:
    newest = stale.unseen[-1] if stale.unseen else None
    return (
        f"Having read them, send with --seen {newest}." if newest else "Read the thread again, then send with --seen."
    )


async def _show_unseen(here: Desk, ticket: Ticket, stale: Stale, out: Output, *, json: bool) -> None:
    """The messages that stopped the reply: to stderr for people, to stdout for programs."""
    messages = await here.database.fetch(thread.messages(ticket.id))
    unseen = [message for message in messages if message.id in stale.unseen]
    if json:
        out.json({"refused": "stale", "unseen": [message_json(message) for message in unseen]})
        return
    narration = Output(stream=sys.stderr)
    for message in unseen:
        show_message(narration, message)


def _given(args: argparse.Namespace) -> _Text | None:
    content = given_text(args)
    return _Text(content) if content is not None else None


def given_text(args: argparse.Namespace) -> str | None:
    """The text of ``--message`` or ``--file``; None where neither was given.

    Raises:
        BadInput: it cannot be read, or is none.
    """
    content = message_text(args.message, args.file)
    if content is None:
        return None
    content = content.rstrip("\r\n")
    if not content.strip():
        raise BadInput("The message is empty.")
    return content


def _edited(opened: Thread, here: Desk, *, note: bool) -> _Text:
    """What the author wrote in their editor, the thread below it. It stays in a file until it has been sent."""
    path = drafts.place(here.settings.profile, here.me.id, "note" if note else "reply", opened.ticket.id)
    earlier = _above_scissors(drafts.read(path))
    comment = _as_comment(opened)
    drafts.keep(path, earlier + f"\n\n{SCISSORS}\n{comment}".encode())
    command = editor_command()
    try:
        with on_interrupt(lambda *_: None):  # Ctrl-C is the editor's while it runs
            code = subprocess.run([*command, str(path)], check=False).returncode
    except OSError as error:
        raise BadInput(f"The editor {command[0]!r} cannot be started: {error.strerror}.", "Set EDITOR.") from error
    saved = drafts.read(path)
    if SCISSORS.encode() not in saved and (own := _without(saved, comment)) != saved:
        drafts.keep(path, own)
        raise BadInput(
            "Nothing was sent: the line that keeps the thread and its notes out of your text is gone.",
            "Run the command again: your text is kept, without the thread.",
        )
    written = _above_scissors(saved)
    if not written:
        path.unlink(missing_ok=True)
    if code != 0 or not written:
        raise BadInput("Nothing was sent: " + ("the editor failed." if code else "the text is empty."))
    with contextlib.suppress(SettingsError):  # what the editor saved is still there, with the thread below it
        drafts.keep(path, written + b"\n")
    try:
        content = written.decode()
    except UnicodeDecodeError as error:
        raise BadInput(
            f"Nothing was sent: the text in {path} is not UTF-8.", "Run the command again and have it saved as UTF-8."
        ) from error
    if "\0" in content:
        raise BadInput(f"Nothing was sent: the text in {path} holds a NUL character, which no text does.")
    return _Text(content.replace("\r\n", "\n"), kept=path, seen=opened.newest_message, shown=True)


def _above_scissors(saved: bytes) -> bytes:
    """The text that is to be sent, in whatever encoding an editor saved it."""
    return saved.removeprefix(codecs.BOM_UTF8).partition(SCISSORS.encode())[0].strip()


def _without(saved: bytes, comment: str) -> bytes:
    """What was saved, without the lines of the thread."""
    shown = {line.strip() for line in comment.encode().splitlines()} - {b""}
    return b"".join(line for line in saved.splitlines(keepends=True) if line.strip() not in shown)


def _as_comment(opened: Thread) -> str:
    lines = [f"#{opened.ticket.number} {safe_line(opened.ticket.title)}", ""]
    for message in reversed(opened.messages):
        kind = "internal note of" if message.internal else "message of"
        lines += [f"{stamp(message.created_at)} {kind} {safe_line(message.sender)}", ""]
        lines += [f"    {line}" for line in safe_block(message.content).split("\n")] + [""]
    if opened.ticket.more.written_by is not None:
        lines += [f"written by {safe_line(opened.ticket.more.written_by)} for the requester", ""]
    lines += [f"    {line}" for line in safe_block(opened.description).split("\n")]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _say_kept(text: _Text) -> None:
    if text.kept:
        say(f"Your text is kept in {text.kept}; run the command again to go on with it.")


def _seen(text: str) -> UUID | str:
    return "none" if text == "none" else an_id(text)
