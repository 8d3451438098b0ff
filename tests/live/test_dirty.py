"""core/dirty.py: at once, then not too often, and never lost. Time is made up where it matters."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from helpdesk_tui.core.dirty import COUNTERS, PANE, Dirty, Tickets
from helpdesk_tui.core.errors import HelpdeskError, Unreachable
from tests.listening import listening, open_ticket
from tests.world import DeskDatabase, Person


class Time:
    """A clock that stands still until somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.now += seconds


class Pane:
    """Counts how it is read again, and when."""

    def __init__(self, time: Time | None = None, takes: float = 0.0) -> None:
        self.time, self.takes = time, takes
        self.reads: list[Tickets] = []
        self.times: list[float] = []
        self.error: Exception | None = None

    async def refresh(self, tickets: Tickets) -> None:
        if self.time is not None:
            self.times.append(self.time())
            if self.takes:
                await self.time.sleep(self.takes)
        if self.error is not None:
            raise self.error
        self.reads.append(tickets)

    def dirty(self, **more: object) -> Dirty:
        if self.time is None:
            return Dirty(self.refresh, **more)  # type: ignore[arg-type]
        return Dirty(self.refresh, clock=self.time, sleep=self.time.sleep, **more)  # type: ignore[arg-type]


def some(number: int = 1) -> frozenset[UUID]:
    return frozenset(uuid4() for _ in range(number))


async def test_the_first_mark_is_acted_on_at_once() -> None:
    time = Time()
    pane = Pane(time)
    dirty = pane.dirty()
    ticket = some()
    dirty.mark(ticket)
    await dirty.settled()
    assert (pane.reads, pane.times) == ([ticket], [1000.0])
    assert not dirty.pending


async def test_marks_that_come_together_are_read_together_a_gap_later() -> None:
    time = Time()
    pane = Pane(time)
    dirty = pane.dirty(gap=0.1)
    first, second, third = some(), some(), some(2)
    dirty.mark(first)
    await asyncio.sleep(0)  # the first reading has begun
    dirty.mark(second)
    dirty.mark(third)
    await dirty.settled()
    assert pane.reads == [first, second | third]
    assert pane.times == [1000.0, pytest.approx(1000.1)]


async def test_readings_are_never_closer_than_the_gap_and_nothing_is_lost() -> None:
    time = Time()
    pane = Pane(time)
    dirty = pane.dirty(gap=0.1)
    marked: set[UUID] = set()
    for _ in range(200):
        ids = some()
        marked |= ids
        dirty.mark(ids)
        await asyncio.sleep(0)
        time.now += 0.007
    await dirty.settled()
    assert {each for read in pane.reads for each in read or ()} == marked
    assert all(later - earlier >= 0.1 - 1e-9 for earlier, later in zip(pane.times, pane.times[1:], strict=False))


async def test_readings_do_not_overlap() -> None:
    time = Time()
    pane = Pane(time, takes=0.5)
    dirty = pane.dirty(gap=0.1)
    dirty.mark(None)
    await asyncio.sleep(0)
    dirty.mark(None)
    await dirty.settled()
    assert pane.times == [1000.0, 1000.5]


async def test_everything_is_more_than_any_ids() -> None:
    pane = Pane(Time())
    dirty = pane.dirty()
    with dirty.muted():
        dirty.mark(some())
        dirty.mark(None)
        dirty.mark(some())
    await dirty.settled()
    assert pane.reads == [None]


async def test_marking_nothing_reads_nothing() -> None:
    pane = Pane(Time())
    dirty = pane.dirty()
    dirty.mark(frozenset())
    await dirty.settled()
    assert pane.reads == []


async def test_muted_marks_are_acted_on_once_at_the_end() -> None:
    pane = Pane(Time())
    dirty = pane.dirty()
    ids = some(50)
    with dirty.muted(), dirty.muted():
        for each in ids:
            dirty.mark(frozenset({each}))
            await asyncio.sleep(0)
        assert pane.reads == []
    await dirty.settled()
    assert pane.reads == [ids]


async def test_what_could_not_be_read_stays_marked() -> None:
    pane = Pane(Time())
    told: list[HelpdeskError] = []
    dirty = pane.dirty(failed=told.append)
    pane.error = Unreachable("gone")
    lost, more = some(), some()
    dirty.mark(lost)
    await dirty.settled()
    assert (told, dirty.pending) == ([pane.error], True)
    pane.error = None
    dirty.mark(more)
    await dirty.settled()
    assert pane.reads == [lost | more]


async def test_a_fault_in_a_reading_is_told_and_what_it_should_have_read_stays_marked() -> None:
    pane = Pane(Time())
    told: list[BaseException] = []
    dirty = pane.dirty(crashed=told.append)
    pane.error = ZeroDivisionError("a fault of the program")
    lost, more = some(), some()
    dirty.mark(lost)
    await dirty.settled()
    assert (told, dirty.pending) == ([pane.error], True)
    pane.error = None
    dirty.mark(more)
    await dirty.settled()
    assert pane.reads == [lost | more]


async def test_a_fault_in_a_reading_that_nobody_is_told_of_reaches_the_loop() -> None:
    pane = Pane(Time())
    pane.error = ZeroDivisionError("a fault of the program")
    heard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context["exception"]))
    dirty = pane.dirty()
    dirty.mark(None)
    await dirty.settled()
    assert (heard, dirty.pending) == ([pane.error], True)


async def test_counters_are_two_seconds_apart_with_jitter() -> None:
    time = Time()
    pane = Pane(time)
    dirty = pane.dirty(gap=COUNTERS, jitter=0.5)
    for _ in range(20):
        dirty.mark(None)
        await asyncio.sleep(0)
        dirty.mark(None)
        await dirty.settled()
    gaps = [later - earlier for earlier, later in zip(pane.times, pane.times[1:], strict=False)]
    assert all(2.0 <= gap <= 2.5 for gap in gaps)
    assert len(set(gaps)) > 1


async def test_closed_it_reads_no_more() -> None:
    pane = Pane(Time())
    dirty = pane.dirty()
    dirty.mark(some())
    dirty.close()
    dirty.mark(some())
    await dirty.settled()
    await asyncio.sleep(0)
    assert pane.reads == []


async def test_a_burst_of_twenty_commits_is_at_most_three_repaints(
    database: DeskDatabase, ana: Person, cora: Person
) -> None:
    """In real time, over a real connection."""
    tickets = [await open_ticket(database, cora) for _ in range(20)]
    pane = Pane()
    dirty = pane.dirty(gap=PANE)
    async with listening(database.settings, ana) as heard, await database.connect() as owner:
        heard.live.subscribe(lambda event: dirty.mark(event.tickets) if hasattr(event, "tickets") else None)
        for ticket in tickets:
            await owner.execute("update public.tickets set priority = 'high' where id = %s", [ticket])
        await heard.ticket(tickets[-1])
        await asyncio.sleep(PANE)
        await dirty.settled()
    assert {each for read in pane.reads for each in read or ()} == set(tickets)
    assert len(pane.reads) <= 3
