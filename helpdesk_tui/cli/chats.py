"""``helpdesk chats list|show|transcript``."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from helpdesk_tui.cli.connection import desk, run
from helpdesk_tui.cli.given import a_number
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Column, Output, say
from helpdesk_tui.core.chat_model import Chat, ChatMessage, ChatThread
from helpdesk_tui.core.chats import Chats
from helpdesk_tui.core.errors import BadInput, NotFound
from helpdesk_tui.core.records import time_json
from helpdesk_tui.core.wording import ago, stamp

MOST = 500
_SHORTEST = 4
_COLOURS = {"waiting": "yellow", "active": "green", "ended": "dim"}


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""
    words = "list chats, and read what was said in one"
    parser = commands.add_parser("chats", help=words, description=f"{words.capitalize()}.")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    listing = actions.add_parser(
        "list",
        help="your chats, and those that wait",
        description="Your chats, those that wait for you or a colleague and, for an admin, those that others lead.",
    )
    listing.add_argument("--waiting", action="store_true", help="those alone that wait")
    listing.add_argument(
        "--over",
        type=a_number(MOST, least=0),
        default=20,
        metavar="N",
        help=f"so many of yours that are over (default: 20; {MOST})",
    )
    add_common(listing, json=True)
    listing.set_defaults(handler=lambda args: run(_list(args)))

    for name, help_ in (
        ("show", "one chat, and what was said in it"),
        ("transcript", "what was said in a chat, and nothing else, to be kept elsewhere"),
    ):
        one = actions.add_parser(name, help=help_, description=f"{help_[0].upper()}{help_[1:]}.")
        one.add_argument("chat", metavar="CHAT", help="its id, or how that begins, as `list` shows it")
        add_common(one, json=True)
        one.set_defaults(handler=lambda args, name=name: run(_one(args, whole=name == "show")))


async def _list(args: argparse.Namespace) -> int:
    out = Output(args)
    async with desk(args) as here:
        lists = await Chats(here.database, here.me).look(past=0 if args.waiting else args.over)
    if args.waiting:
        found = [chat for chat in (*lists.mine, *lists.waiting) if chat.status == "waiting"]
    else:
        found = [*lists.mine, *lists.waiting, *lists.others]
    if args.json:
        out.json([chat_json(chat) for chat in found])
    elif found:
        _table(out, found, customer=here.me.role == "customer")
    else:
        say("Nobody waits." if args.waiting else "There is no chat.")
    return 0


async def _one(args: argparse.Namespace, *, whole: bool) -> int:
    out = Output(args)
    async with desk(args) as here:
        chats = Chats(here.database, here.me)
        thread = await chats.thread(await _named(chats, args.chat))
    if args.json:
        said = [message_json(message) for message in thread.messages]
        out.json({**chat_json(thread.chat), "messages": said} if whole else said)
    elif whole:
        _show(out, thread)
    else:
        _transcript(out, thread.messages)
    return 0


async def _named(chats: Chats, given: str) -> UUID:
    """The chat whose id this is, or begins like this.

    Raises:
        BadInput: it is no id, or several begin like this.
        NotFound: none does.
    """
    try:
        return UUID(given)
    except ValueError:
        begins = given.strip().lower()
    if len(begins) < _SHORTEST or set(begins) - set("0123456789abcdef-"):
        raise BadInput(f"{given!r} is no id of a chat.", "`helpdesk chats list` shows them.")
    lists = await chats.look(past=MOST)
    fits = {chat.id for chat in (*lists.mine, *lists.waiting, *lists.others) if str(chat.id).startswith(begins)}
    if len(fits) > 1:
        raise BadInput(f"Several chats begin with “{begins}”.", "Give more of the id.")
    if not fits:
        raise NotFound("There is no such chat.", "It may have been handed to somebody else.")
    return fits.pop()


def chat_json(chat: Chat) -> dict[str, Any]:
    """One chat."""
    return {
        "id": str(chat.id),
        "status": chat.status,
        "topic": chat.topic,
        "customer": {"id": str(chat.customer_id), "name": chat.customer},
        "agent": {"id": str(chat.agent_id), "name": chat.agent} if chat.agent_id else None,
        "department": {"id": str(chat.department_id), "name": chat.department} if chat.department_id else None,
        "position": chat.position,
        "unread": chat.unread,
        "last_words": chat.last_words,
        "rating": chat.rating,
        "comment": chat.rating_comment,
        "ticket": {"id": str(chat.ticket_id), "number": chat.ticket_number} if chat.ticket_id else None,
        "created_at": time_json(chat.created_at),
        "waiting_since": time_json(chat.waiting_since),
        "accepted_at": time_json(chat.accepted_at),
        "last_message_at": time_json(chat.last_message_at),
        "ended_at": time_json(chat.ended_at),
    }


def message_json(message: ChatMessage) -> dict[str, Any]:
    """One message."""
    return {
        "id": str(message.id),
        "sender": {"id": str(message.sender_id), "name": message.sender, "staff": message.by_staff},
        "content": message.content,
        "created_at": time_json(message.created_at),
    }


def _table(out: Output, chats: Sequence[Chat], *, customer: bool) -> None:
    columns = [
        Column("id", least=8, worth=0.5),
        Column("status", colours=_COLOURS),
        Column("since", right=True),
        Column("with", least=8),
        Column("unread", right=True),
        Column("about", least=20, worth=3),
    ]
    rows = [
        [
            str(chat.id),
            chat.status,
            out.when(chat.ended_at or chat.accepted_at or chat.waiting_since or chat.created_at),
            _other(chat, customer=customer),
            str(chat.unread) if chat.unread else "",
            chat.topic or chat.last_words or "-",
        ]
        for chat in chats
    ]
    out.table(columns, rows)


def _other(chat: Chat, *, customer: bool) -> str:
    if not customer:
        return chat.customer
    return chat.agent or (f"nobody yet ({chat.position}.)" if chat.position else "nobody yet")


def _show(out: Output, thread: ChatThread) -> None:
    chat = thread.chat
    out.line(chat.topic or "A chat", "bold")
    pairs = [
        ("status", chat.status),
        ("customer", chat.customer),
        ("agent", chat.agent or "nobody yet"),
        ("department", chat.department or "any"),
        ("opened", stamp(chat.created_at)),
        ("id", str(chat.id)),
    ]
    if chat.waiting_since:
        pairs.insert(1, ("waits for", ago(datetime.now(UTC) - chat.waiting_since)))
    if chat.position:
        pairs.insert(2, ("place", str(chat.position)))
    if chat.ended_at:
        pairs.insert(-1, ("ended", stamp(chat.ended_at)))
    if chat.rating:
        pairs.insert(-1, ("rating", f"{chat.rating} of 5{f': {chat.rating_comment}' if chat.rating_comment else ''}"))
    if chat.ticket_number:
        pairs.insert(-1, ("ticket", f"#{chat.ticket_number}"))
    out.pairs(pairs)
    for message in thread.messages:
        out.line()
        out.line(f"— {stamp(message.created_at)} {message.sender}", "cyan" if message.by_staff else "green")
        out.block(message.content, "  ")


def _transcript(out: Output, messages: Iterable[ChatMessage]) -> None:
    for message in messages:
        out.line(f"[{stamp(message.created_at)}] {message.sender}:")
        out.block(message.content, "  ")
