"""Files over bad lines: a slow one is waited for, a cut one sends nothing twice and nothing half."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import uuid4

import pytest

from helpdesk_tui.core import attachments, people
from helpdesk_tui.core.attachments import Upload
from helpdesk_tui.core.database import Database, Limits
from helpdesk_tui.core.errors import Refused, Unreachable
from helpdesk_tui.core.requests import Rating, Requests, Sent
from tests.opened import opened, proxied, until
from tests.world import DeskDatabase, People, Person

LARGE = b"\xff\x00" * 2_000_000
SHORT = Limits(answer=0.6, statement=0.4)


@pytest.fixture
async def customer(people: People) -> Person:
    return await people.sign_up("cora@shop.test", "Cora")


async def requests(database: Database) -> Requests:
    (me,) = await database.fetch(people.me())
    return Requests(database, me)


async def test_slow_line_is_waited_for_as_long_as_its_files_may_take(database: DeskDatabase, customer: Person) -> None:
    async with proxied(database) as proxy, opened(database, customer, proxy=proxy, limits=SHORT) as desk:
        mine = await requests(desk)

        async def hold() -> None:
            start = proxy.bytes["up"]
            await until(lambda: proxy.bytes["up"] > start + 500_000)
            proxy.freeze()
            await asyncio.sleep(1.2)
            proxy.thaw()

        holding = asyncio.create_task(hold())
        sent = await mine.send(uuid4(), "Lamp", "dark", None, [Upload("a.bin", LARGE)])
        assert sent.same
        await holding
        # Anything else is given up on as before.
        proxy.freeze()
        with pytest.raises(Unreachable):
            await mine.topics()
        proxy.thaw()


async def test_request_cut_off_in_the_middle_is_there_once_with_its_file(
    database: DeskDatabase, customer: Person
) -> None:
    async with proxied(database) as proxy, opened(database, customer, proxy=proxy) as desk:
        mine = await requests(desk)
        request, file = uuid4(), Upload("a.bin", LARGE)

        async def cut() -> None:
            start = proxy.bytes["up"]
            await until(lambda: proxy.bytes["up"] > start + 500_000)
            proxy.cut()

        cutting = asyncio.create_task(cut())
        with suppress(Unreachable):  # the person presses the key again
            await mine.send(request, "Lamp", "dark", None, [file])
        await cutting
        again = await mine.send(request, "Lamp", "dark", None, [file])
        other = await mine.send(request, "Lamp", "darker", None, [file])
        assert (again, other) == (Sent(again.number, True), Sent(again.number, False))
        assert await database.run("select count(*) from tickets") == [(1,)]
        (attachment,) = (await mine.opened(request)).thread.attachments
        assert (attachment.name, attachment.size, attachment.content_type) == (
            "a.bin",
            len(LARGE),
            "application/octet-stream",
        )
        assert await attachments.fetch(desk, attachment) == LARGE


async def test_what_is_listed_and_looked_at_again_is_ones_own(database: DeskDatabase, people: People) -> None:
    cora, otto = await people.sign_up("cora@shop.test", "Cora"), await people.sign_up("otto@shop.test", "Otto")
    rows = await database.run(
        "insert into tickets (title, customer_id, status) values ('a', %s, 'open'), ('b', %s, 'closed'),"
        " ('c', %s, 'open') returning id",
        [cora.id, cora.id, otto.id],
    )
    desk = await Database.connect(database.settings, cora.session)
    mine = await requests(desk)
    before = desk.round_trips
    listed = await mine.listed()
    found = await mine.look_again([row[0] for row in rows])
    assert desk.round_trips == before + 2
    assert [ticket.title for ticket in (*listed.open, *listed.ended)] == ["a", "b"]
    assert sorted(ticket.title for ticket in found.values()) == ["a", "b"]
    assert not listed.more
    with pytest.raises(Refused):
        await mine.rate(rows[0][0], 5)
    await mine.rate(rows[1][0], 5, "good")
    await mine.rate(rows[1][0], 4)
    assert (await mine.opened(rows[1][0])).rating == Rating(4, "good")
    await mine.rate(rows[1][0], 4, "")
    assert (await mine.opened(rows[1][0])).rating == Rating(4, None)
    await desk.close()
