"""The outbox under injected faults, as a state machine: whatever is done, lost, cut, killed and begun again, in the end
everything is in the database once and in order, or is explained, or is a draft.

``HELPDESK_OUTBOX_EXAMPLES`` says how many sessions are drawn.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import ClassVar, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from helpdesk_tui.core.journal import Journal
from helpdesk_tui.core.outbox import Entry
from tests.db.sessions import with_people
from tests.live.outboxing import OWNER, BadLink, Model, Window, done_in, tickets_of, window
from tests.opened import until
from tests.world import DeskDatabase, People, Person

T = TypeVar("T")
EXAMPLES = int(os.environ.get("HELPDESK_OUTBOX_EXAMPLES", "4"))
TICKETS = 2


class Sessions(RuleBasedStateMachine):
    """An agent with two windows on a link that fails, and a customer who writes meanwhile."""

    database: ClassVar[DeskDatabase]
    ana: ClassVar[Person]
    cora: ClassVar[Person]
    seeds: ClassVar[Iterator[int]] = iter(range(10**6))

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="outbox-"))
        self.model = Model()
        self.entries: dict[UUID, Entry] = {}
        self.doing: list[tuple[Entry, asyncio.Task[str]]] = []
        self.windows: list[Window] = []
        self.link: BadLink

    def run(self, what: Callable[[], Awaitable[T]]) -> T:
        async def call() -> T:
            return await what()

        return self.runner.run(call())

    @initialize()
    def begin(self) -> None:
        async def begun() -> None:
            self.tickets = await tickets_of(self.database, self.cora, TICKETS)
            self.model.begin(self.tickets)
            self.link = await BadLink(self.database, next(self.seeds)).__aenter__()
            self.windows = [await self._window(), await self._window()]

        self.run(begun)

    async def _window(self) -> Window:
        return await window(self.link, self.ana, self.folder / "drafts.sqlite3")

    @rule(
        which=st.integers(0, 1),
        ticket=st.integers(0, TICKETS - 1),
        kind=st.sampled_from(["priority", "status", "note", "reply"]),
        wait=st.booleans(),
    )
    def does(self, which: int, ticket: int, kind: str, wait: bool) -> None:
        """Something is done in a window, waiting for what becomes of it or not."""
        about = self.tickets[ticket]
        entry = (
            self.model.act(about, kind)
            if kind in ("priority", "status")
            else self.model.message(about, internal=kind == "note")
        )
        self.entries[entry.id] = entry

        async def done() -> None:
            task = asyncio.create_task(self.windows[which].try_(entry))
            self.doing.append((entry, task))
            await (task if wait else asyncio.sleep(0.001))

        self.run(done)

    @rule(how=st.sampled_from(["up", "down", "cuts", "unanswered", "freeze", "thaw"]))
    def link_becomes(self, how: str) -> None:
        """The link gets better or worse."""

        async def becomes() -> None:
            match how:
                case "up":
                    await self.link.up()
                case "down":
                    self.link.down()
                case "cuts":
                    self.link.cuts(0.2, 0.0)
                case "unanswered":
                    self.link.cuts(0.0, 0.7)
                case "freeze":
                    self.link.proxy.freeze()
                case "thaw":
                    self.link.proxy.thaw()
            await asyncio.sleep(0.01)

        self.run(becomes)

    @rule(which=st.integers(0, 1))
    def dies(self, which: int) -> None:
        """A window is killed and opened again."""

        async def again() -> None:
            await self.windows[which].end()
            self.windows[which] = await self._window()

        self.run(again)

    @rule(ticket=st.integers(0, TICKETS - 1))
    def customer_writes(self, ticket: int) -> None:
        """So that a reply that is on its way is not sent over what its author has not seen."""
        self.run(
            lambda: self.database.run(
                "insert into public.ticket_messages (ticket_id, sender_id, content) values (%s, %s, '?')",
                [self.tickets[ticket], self.cora.id],
            )
        )

    def teardown(self) -> None:
        try:
            if self.windows:
                self.run(self._in_the_end)
        finally:
            if self.windows:
                self.run(self._close)
            self.runner.close()
            shutil.rmtree(self.folder)

    async def _in_the_end(self) -> None:
        await self.link.up()
        outbox = self.windows[0].outbox

        def settled() -> bool:
            """Whether nothing waits but behind a reply that was refused."""
            outbox.try_now()
            kept: set[UUID] = set()
            for entry in outbox.entries():
                if entry.refused is not None and entry.is_message:
                    kept.update(entry.tickets)
                elif entry.refused is None and kept.isdisjoint(entry.tickets):
                    return False
            return all(task.done() for _, task in self.doing)

        await until(settled)
        left = {entry.id: entry for entry in outbox.entries()}
        # Whoever waited for the answer was told: it is the composer's again, and no longer in line.
        told = {entry.id for entry, task in self.doing if not task.cancelled() and task.result() == "refused"}
        journal = Journal.open(self.folder / "drafts.sqlite3")
        drafts = {draft.message_id for draft in journal.list(OWNER)}
        journal.close()
        found = await done_in(self.database, self.ana, self.tickets)
        wanted: dict[UUID, list[tuple[str, str]]] = {ticket: [] for ticket in self.tickets}
        for entry in self.entries.values():
            if entry.id in left:
                assert left[entry.id].refused is None or not entry.is_message or entry.id in drafts
            elif entry.id not in told:
                wanted[entry.tickets[0]].append(_said(entry))
        assert found == wanted

    async def _close(self) -> None:
        for each in self.windows:
            await each.end()
        await asyncio.gather(*(task for _, task in self.doing), return_exceptions=True)
        await self.link.__aexit__()


def _said(entry: Entry) -> tuple[str, str]:
    if entry.is_message:
        return entry.kind, entry.payload["content"]
    ((name, value),) = entry.payload["change"].items()
    return name, value


@pytest.mark.timeout(240)
def test_whatever_fails_everything_is_done_once_in_order_or_explained(module_database: DeskDatabase) -> None:
    async def people(people: People) -> tuple[Person, Person]:
        return (
            await people.sign_up("ana@desk.test", "Ana", "agent", "Support"),
            await people.sign_up("cora@desk.test", "Cora"),
        )

    Sessions.database = module_database
    Sessions.ana, Sessions.cora = with_people(module_database, people)
    run_state_machine_as_test(
        Sessions,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=14,
            deadline=None,
            derandomize="HELPDESK_OUTBOX_EXAMPLES" not in os.environ,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate],
            database=None,
        ),
    )
