"""``helpdesk tail``: what happens to the tickets that a query holds, as it happens, as JSON lines."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from helpdesk_tui.cli.connection import Desk, desk, run
from helpdesk_tui.cli.listing import PAGE, listed_as_json, meant
from helpdesk_tui.cli.options import add_common
from helpdesk_tui.cli.output import Output, say
from helpdesk_tui.core import people, tickets
from helpdesk_tui.core.errors import HelpdeskError, SignInError
from helpdesk_tui.core.records import time_json

if TYPE_CHECKING:
    from helpdesk_tui.core.live import Event

Kind = Literal["in", "changed", "out"]


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of this module's command."""
    words = "what happens to the tickets of a query, as JSON lines, as it happens"
    parser = commands.add_parser("tail", help=words, description=f"{words[0].upper()}{words[1:]}. Ends with Ctrl-C.")
    parser.add_argument("query", nargs="*", metavar="QUERY", help="a query or a queue (default: all in your queues)")
    first = parser.add_mutually_exclusive_group()
    first.add_argument("--since-now", action="store_true", help="only what happens from now on (default)")
    first.add_argument("--all-first", action="store_true", help="first what is there already")
    add_common(parser)
    parser.set_defaults(handler=lambda args: run(_tail(args)))


async def _tail(args: argparse.Namespace) -> int:
    from helpdesk_tui.core.dirty import Dirty
    from helpdesk_tui.core.live import Changed, Live, State

    async with desk(args) as here:
        following = Following(here, Output(args), args.query, told=args.all_first)
        await following.understand()
        over: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def failed(error: BaseException) -> None:
            # What is merely out of reach comes back, and is read again then.
            if not over.done() and (not isinstance(error, HelpdeskError) or isinstance(error, SignInError)):
                over.set_exception(error)

        dirty = Dirty(following.look, failed=failed, crashed=failed)
        heard = _Narrator()

        def listen(event: Event) -> None:
            if isinstance(event, State):
                heard.state(event)
            elif isinstance(event, Changed) and event.about("tickets"):
                dirty.mark(event.tickets)

        live = Live(here.settings, lambda: here.sign_in.session or here.session, renew=here.sign_in.refresh)
        live.subscribe(listen)
        tasks = [asyncio.create_task(live.run()), asyncio.create_task(here.sign_in.keep_fresh())]
        try:
            ends: list[asyncio.Future[Any]] = [over, *tasks]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for ended in ends:
                if ended.done():
                    ended.result()
        finally:
            dirty.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return 0


class _Narrator:
    """Says on stderr when one is not told any more, and when one is again."""

    def __init__(self) -> None:
        self.lost = False

    def state(self, state: Any) -> None:
        """What becomes of the connection."""
        if state.name in ("stale", "down"):
            if not self.lost:
                say(f"Out of touch since {time_json(datetime.fromtimestamp(state.since, UTC))}: {state.why}")
            self.lost = True
        elif state.name == "polling":
            say(f"{state.why} Asking every few seconds instead.")
            self.lost = False
        elif self.lost:
            say("In touch again.")
            self.lost = False


class Following:
    """The tickets of a query, as they were told last.

    Args:
        here: who asks, and where.
        out: where the lines go.
        words: the query, or a queue's key.
        told: whether what is there at first is told.
    """

    def __init__(self, here: Desk, out: Output, words: list[str], *, told: bool) -> None:
        self.here, self.out, self.words, self.told = here, out, words, told
        self.me = here.me
        self.known: dict[UUID, tuple[int, datetime]] | None = None

    async def understand(self) -> None:
        """Looks up what the query means, for who one is now.

        Raises:
            BadInput: it cannot be understood.
        """
        self.view, self.where, _ = await meant(self.here, self.words, default="", me=self.me)

    async def look(self, ids: Iterable[UUID] | None) -> None:
        """Reads some tickets again, or all that fit (None), and tells what became of them."""
        if ids is not None and self.known is not None:
            await self._told(list(ids))
            return
        ((me,), *_, rows) = await self.here.database.run(
            people.me(), tickets.ALONG, tickets.marks(self.me, self.where, self.view)
        )
        if me != self.me:
            # In another department now, or of another role: other queues, and another language.
            self.me = me
            await self.understand()
            rows = await self.here.database.fetch(tickets.marks(me, self.where, self.view))
        there = {identity: (number, changed) for identity, number, changed in rows}
        before, self.known = self.known, self.known if self.known is not None else {}
        if before is None and not self.told:
            self.known = there
            return
        await self._told([each for each in self.known if each not in there])
        await self._told([each for each, mark in there.items() if self.known.get(each) != mark])

    async def _told(self, ids: list[UUID]) -> None:
        assert self.known is not None
        for start in range(0, len(ids), PAGE):
            some = ids[start : start + PAGE]
            found = await self.here.database.fetch(tickets.in_view(self.me, self.view, some, self.where))
            told = {UUID(each["id"]): each for each in await listed_as_json(self.here, found)} if found else {}
            changed = {each.id: (each.number, each.updated_at) for each in found}
            for each in some:
                if each in told:
                    self._line("changed" if each in self.known else "in", told[each])
                    self.known[each] = changed[each]
                elif each in self.known:
                    # What it is now may not be theirs to know; what it was called they were told.
                    self._line("out", {"id": str(each), "number": self.known.pop(each)[0]})

    def _line(self, event: Kind, ticket: dict[str, Any]) -> None:
        self.out.json_line({"event": event, "at": time_json(datetime.now(UTC)), "ticket": ticket})
