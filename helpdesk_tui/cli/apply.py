"""``helpdesk tickets apply``, ``acts`` and ``undo``: many tickets changed from a pipe, and what takes it back."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4, uuid5

from helpdesk_tui.cli.connection import desk, run
from helpdesk_tui.cli.given import file_text
from helpdesk_tui.cli.options import add_common, an_id
from helpdesk_tui.cli.output import Column, Output, say
from helpdesk_tui.core import acts, tickets
from helpdesk_tui.core.acts import KEEP, Change, Undone
from helpdesk_tui.core.errors import BadInput, NotFound, PartlyDone, Refused, Stale, Unreachable
from helpdesk_tui.core.model import Ticket
from helpdesk_tui.core.records import time_json

if TYPE_CHECKING:
    from helpdesk_tui.cli.connection import Desk
    from helpdesk_tui.core.filters import Vocabulary

#: What a record may hold besides what is wanted: a listed ticket, changed or not, is one.
_TOLD: Final = frozenset(
    {"id", "number", "title", "requester", "created_at", "updated_at", "description", "newest_message", "messages",
     "history", "attachments", "more", "done", "why", "change", "act"}
)  # fmt: skip
_SET: Final = ("status", "priority", "assignee", "department", "category", "due_date")
_WANTED: Final = ("status", "priority", "assignee", "department", "category", "due_date", "tags", "snooze", "fields")


def register_apply(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``apply`` to the actions of ``tickets``."""
    parser = actions.add_parser(
        "apply",
        help="change tickets as records from a pipe say",
        description="Change tickets: reads records as `tickets list --json` prints them, an array or one a line, with "
        "what is wanted in them, or changes all of them as the options say. Prints a JSON line a ticket; exits with 8 "
        "if some were refused. What a record says of a ticket that was changed since it was listed is refused.",
    )
    parser.add_argument("file", nargs="?", default="-", metavar="FILE", help="the records; - is stdin (default)")
    words = "status, priority, assignee, department, category or due_date of every ticket read"
    parser.add_argument("--set", action="append", default=[], dest="wishes", metavar="FIELD=VALUE", help=words)
    parser.add_argument("--tag", action="append", default=[], metavar="NAME", help="put this tag on every ticket read")
    parser.add_argument("--untag", action="append", default=[], metavar="NAME", help="take it off every ticket read")
    parser.add_argument("--assign", metavar="WHO", help="an e-mail address, a name, an id, me, or none")
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    parser.add_argument("--anyway", action="store_true", help="also what was changed since it was listed")
    parser.add_argument(
        "--act", type=an_id, metavar="UUID", help="an id for all of it: run again under the same, nothing is done twice"
    )
    add_common(parser)
    parser.set_defaults(handler=lambda args: run(_apply(args)))


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""
    listing = commands.add_parser(
        "acts",
        help="what you did to tickets, and can take back",
        description="What you did to tickets in the last thirty days and can take back, the latest first.",
    )
    listing.add_argument("--limit", type=int, default=20, metavar="N", help="how many at most (default: 20)")
    add_common(listing, json=True)
    listing.set_defaults(handler=lambda args: run(_acts(args)))

    undo = commands.add_parser(
        "undo",
        help="take back what you did to tickets",
        description="Take an act on tickets back: the last one, or one of `helpdesk acts` by its id or the first "
        "characters of it. What somebody changed since is named and left.",
    )
    undo.add_argument("act", nargs="?", metavar="ACT", help="which; the last one if not given")
    undo.add_argument("--force", action="store_true", help="also what somebody changed since")
    add_common(undo, json=True)
    undo.set_defaults(handler=lambda args: run(_undo(args)))


@dataclass(frozen=True, slots=True)
class _Record:
    """A ticket by its number or id, what is wanted of it, and when it was last changed as far as the record knows."""

    reference: int | UUID
    wanted: Mapping[str, Any]
    updated_at: datetime | None


def _read(args: argparse.Namespace) -> list[_Record]:
    text = file_text(args.file)
    try:
        if text.lstrip().startswith("["):
            found = json.loads(text)
        else:
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise BadInput(f"This is no JSON: {error}.", "Give an array of records, or one record a line.") from None
    return [_record(each, place) for place, each in enumerate(found, 1)]


def _record(told: Any, place: int) -> _Record:
    if not isinstance(told, dict):
        raise BadInput(f"Record {place} is no object.", 'It looks like {"number": 1042, "status": "pending"}.')
    unknown = set(told) - _TOLD - set(_WANTED)
    if unknown:
        raise BadInput(
            f"Record {place} says “{min(unknown)}”, which a ticket has not.", f"One of: {', '.join(_WANTED)}."
        )
    try:
        reference: int | UUID = UUID(told["id"]) if told.get("id") is not None else int(told["number"])
        updated = told.get("updated_at")
        known = None if updated is None else datetime.fromisoformat(updated)
    except (KeyError, ValueError, TypeError, AttributeError):
        raise BadInput(f"Record {place} names no ticket.", "It needs its number or its id.") from None
    return _Record(reference, {key: told[key] for key in _WANTED if key in told}, known)


class _Names:
    """Looks names up for changes."""

    def __init__(self, names: Vocabulary) -> None:
        self._names = names
        self.called: dict[UUID, str] = {
            each.id: each.name
            for kind in (names.staff, names.departments, names.categories, names.tags)
            for each in kind
        }

    def _one(self, given: Any, what: str) -> UUID:
        from helpdesk_tui.cli.tickets import one_of

        if isinstance(given, dict):
            given = given.get("id")
        if not isinstance(given, str):
            raise BadInput(f"This is no {what}: {json.dumps(given)}.")
        known: dict[str, Sequence[Any]] = {
            "assignee": self._names.staff, "department": self._names.departments,
            "category": self._names.categories, "tag": self._names.tags,
        }  # fmt: skip
        rows = [(each.id, each.name, getattr(each, "email", None)) for each in known[what]]
        return one_of(given, rows, what)[0]

    def change(
        self, wanted: Mapping[str, Any], ticket: Ticket, category: UUID | None, fields: Mapping[str, Any]
    ) -> Change:
        """What a record wants, of this ticket: without what is so already."""
        plain = ("status", "priority", "due_date", "snooze", "fields")
        told: dict[str, Any] = {key: wanted[key] for key in plain if key in wanted}
        for key in ("assignee", "department", "category"):
            if key in wanted:
                value = wanted[key]
                nobody = value is None or (value == "none" and key != "department")
                mine = key == "assignee" and value == "me"
                told[key] = None if nobody else str(self._names.me.id if mine else self._one(value, key))
        if isinstance(tags := wanted.get("tags"), dict):
            if set(tags) - {"add", "remove"}:
                raise BadInput('Tags are a list, or {"add": [...], "remove": [...]}.')
            told["tags"] = {way: [str(self._one(tag, "tag")) for tag in given] for way, given in tags.items()}
        elif tags is not None:
            told["tags"] = {
                "add": [str(self._one(tag, "tag")) for tag in tags if tag not in ticket.tags],
                "remove": [str(self._one(tag, "tag")) for tag in ticket.tags if tag not in tags],
            }
        change = Change.of(told, self.called)
        same: dict[str, Any] = {}
        if change.status == ticket.status:
            same["status"] = None
        if change.priority == ticket.priority:
            same["priority"] = None
        if change.department == ticket.department_id:
            same["department"] = None
        if (
            change.assignee is not KEEP
            and change.assignee == ticket.assignee_id
            and change.department in (None, ticket.department_id)
        ):
            same["assignee"] = KEEP
        if change.due_date is not KEEP and change.due_date == ticket.due_date:
            same["due_date"] = KEEP
        if change.category is not KEEP and change.category == category:
            same["category"] = KEEP
        same["fields"] = {
            key: value
            for key, value in change.fields.items()
            if (key in fields and fields[key] != value) or (key not in fields and value is not None)
        }
        on = {each.id for each in self._names.tags if each.name in ticket.tags}
        same["add"] = tuple(tag for tag in change.add if tag not in on)
        same["remove"] = tuple(tag for tag in change.remove if tag in on)
        return replace(change, **same)


def _wishes(args: argparse.Namespace) -> dict[str, Any]:
    """What the options want of every ticket."""
    wanted: dict[str, Any] = {}
    for wish in args.wishes:
        key, equals, value = wish.partition("=")
        if not equals or key not in _SET:
            raise BadInput(f"--set takes FIELD=VALUE, not “{wish}”.", f"FIELD is one of {', '.join(_SET)}.")
        wanted[key] = None if value in ("", "none") and key in ("category", "due_date") else value
    if args.assign:
        wanted["assignee"] = args.assign
    if args.tag or args.untag:
        wanted["tags"] = {"add": args.tag, "remove": args.untag}
    return wanted


async def _apply(args: argparse.Namespace) -> int:
    from helpdesk_tui.core.filters.reading import answered, asked

    wishes = _wishes(args)
    records = _read(args)
    if len(records) > acts.MOST:
        raise BadInput(f"{len(records):,} tickets are too many at once.", f"At most {acts.MOST:,}.")
    async with desk(args) as here:
        ids = [each.reference for each in records if isinstance(each.reference, UUID)]
        numbers = [each.reference for each in records if isinstance(each.reference, int)]
        found, more, *rows = await here.database.run(
            tickets.several(ids, numbers), tickets.details(ids, numbers), *asked()
        )
        besides = {each[0]: each[1:] for each in more}
        names = _Names(answered(here.me, rows))
        known: dict[int | UUID, Ticket] = {each.id: each for each in found} | {each.number: each for each in found}
        lines: list[dict[str, Any]] = []
        groups: dict[str, tuple[Change, list[int]]] = {}
        for record in records:
            ticket = known.get(record.reference)
            line: dict[str, Any] = {"number": None, "id": None, "change": {}, "done": False, "why": None}
            lines.append(line)
            if ticket is None:
                line["number" if isinstance(record.reference, int) else "id"] = str(record.reference)
                line["why"] = "there is no such ticket"
                continue
            line |= {"number": ticket.number, "id": str(ticket.id)}
            change = names.change(wishes or record.wanted, ticket, *besides.get(ticket.id, (None, {})))
            line["change"] = change.json()
            since = record.updated_at if args.act is not None or not wishes else None
            moved_on = since is not None and since < ticket.updated_at
            if moved_on and line["change"] and not args.anyway:
                line["why"] = "was changed since it was listed"
            elif line["change"]:
                groups.setdefault(json.dumps(line["change"], sort_keys=True), (change, []))[1].append(len(lines) - 1)
            else:
                line["done"] = True
        base, lost = args.act or uuid4(), None
        if not args.dry_run:
            lost = await _do(here, base, list(groups.items()), lines)
    for line in lines:
        if args.dry_run:
            line["done"] = None if line["why"] is None else False
        sys.stdout.write(json.dumps(line) + "\n")
    if lost is not None:
        sys.stdout.flush()
        say(f"Some of it may have been done or not. With --act {base} the same command does nothing twice.")
        raise lost
    return _verdict(lines)


async def _do(
    here: Desk, base: UUID, groups: list[tuple[str, tuple[Change, list[int]]]], lines: list[dict[str, Any]]
) -> Unreachable | None:
    """Each change that several tickets share is one act, under an id that follows from ``base``.

    Returns:
        Why the database did not answer, and nothing was tried after that; None: it has answered all.
    """
    for at, (key, (change, places)) in enumerate(groups):
        act_id = uuid5(base, key)
        ids = list({UUID(lines[place]["id"]) for place in places})
        name = f"#{lines[places[0]]['number']}" if len(ids) == 1 else f"{len(ids):,} tickets"
        doing = acts.act(act_id, ids, change, f"{name} {change.words}")
        try:
            (outcomes,) = await here.database.run(doing, idempotent=True, patience=acts.patience(len(ids)))
        except Unreachable as error:
            for _, (_, untried) in groups[at + 1 :]:
                for place in untried:
                    lines[place]["why"] = "not tried: the database did not answer"
            for place in places:
                lines[place] |= {"done": None, "why": "the database did not answer", "act": str(act_id)}
            return error
        became = {outcome.id: outcome for outcome in outcomes}
        for place in places:
            outcome = became.get(UUID(lines[place]["id"]))
            # Sent again under an id, an act is about the tickets that it was about.
            why = outcome.why if outcome is not None else "it was not among them when this was done"
            lines[place] |= {"done": outcome is not None and outcome.done, "why": why, "act": str(act_id)}
    return None


def _verdict(lines: Sequence[Mapping[str, Any]]) -> int:
    refused = sum(line["why"] is not None for line in lines)
    if not refused:
        return 0
    if refused < len(lines):
        say(f"{refused} of {len(lines)} tickets refused.")
        return PartlyDone.exit_code
    say("Nothing can be changed." if lines[0]["done"] is None else "Nothing was changed.")
    unknown = all(line["why"] == "there is no such ticket" for line in lines)
    return NotFound.exit_code if unknown else Refused.exit_code


async def _acts(args: argparse.Namespace) -> int:
    out = Output(args)
    async with desk(args) as here:
        found = await here.database.fetch(acts.my_acts(max(0, args.limit)))
    if args.json:
        out.json([
            {"id": str(each.id), "kind": each.kind, "words": each.words, "tickets": each.tickets,
             "numbers": list(each.numbers), "at": time_json(each.at), "way": each.way}
            for each in found
        ])  # fmt: skip
    elif found:
        columns = [
            Column("Act"),
            Column("When"),
            Column("What", least=20),
            Column("Tickets", right=True),
            Column("By way of"),
        ]
        out.table(
            columns, [[str(each.id)[:8], out.when(each.at), each.words, str(each.tickets), each.way] for each in found]
        )
    else:
        say("There is nothing to take back.")
    return 0


async def _undo(args: argparse.Namespace) -> int:
    out = Output(args)
    async with desk(args) as here:
        act_id: UUID | None = None
        if args.act:
            listed = await here.database.fetch(acts.my_acts(1000))
            fits = [each.id for each in listed if str(each.id).startswith(args.act.strip().lower())]
            if len(fits) != 1 or len(args.act) < 4:
                raise NotFound(
                    f"There is no act “{args.act}” of yours that can be taken back.", "`helpdesk acts` lists them."
                )
            (act_id,) = fits
        undone = (await here.database.fetch(acts.undo(act_id, uuid4(), force=args.force), idempotent=True))[0]
    _show(out, undone, as_json=args.json)
    left = len(undone.left) + len(undone.refused)
    if not left:
        return 0
    return PartlyDone.exit_code if undone.numbers else Stale.exit_code if undone.left else Refused.exit_code


def _show(out: Output, undone: Undone, *, as_json: bool) -> None:
    if as_json:
        out.json({
            "act": str(undone.act), "of": str(undone.of), "words": undone.words, "undone": list(undone.numbers),
            "changed": [{"number": each.number, "field": each.field, "is_now": each.is_now, "by": each.by,
                         "why": each.why} for each in undone.left],
            "refused": [{"number": number, "why": why} for number, why in undone.refused],
        })  # fmt: skip
        return
    out.line(f"{'Undone' if undone.numbers else 'Not undone'}: {undone.words}")
    for each in undone.left:
        out.line(each.words, "red")
    for number, why in undone.refused:
        out.line(f"#{number}: {why}", "red")
