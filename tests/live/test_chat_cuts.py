"""Nothing is doubled or lost when either connection drops in the middle of a message."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from random import Random
from uuid import uuid4

import pytest

from tests.chatting import Screen, at_a_screen, insist, say
from tests.live.cutting_proxy import CuttingProxy
from tests.world import DeskDatabase, People

MESSAGES, ROUNDS = 40, 3


@pytest.mark.parametrize("seed", [1, 2])
async def test_nothing_is_doubled_or_lost_when_either_connection_drops_mid_send(
    database: DeskDatabase, people: People, seed: int
) -> None:
    """Two people talk at once through a network that cuts every few messages, before, within and after a commit."""
    cora, ada = (
        await people.sign_up("cora@desk.test", "Cora"),
        await people.sign_up("ada@desk.test", "Ada", "agent", "Support"),
    )
    async with AsyncExitStack() as stack:
        proxies, screens = [], []
        for number, person in enumerate((cora, ada)):
            proxy = await stack.enter_async_context(
                CuttingProxy(f"{database.server.host}/.s.PGSQL.5432", Random(seed * 10 + number), chance=0.0)
            )
            settings = replace(database.settings, db_host=proxy.host, db_port=proxy.port)
            proxies.append(proxy)
            screens.append(await stack.enter_async_context(at_a_screen(settings, person)))
        customer, agent = screens
        for proxy in proxies:
            proxy.chance, proxy.unanswered = 0.03, 0.15
        chat = uuid4()
        for _ in range(3):
            assert (await insist(lambda: customer.chats.open(chat, "Printer", ""))).id == chat
            assert (await insist(lambda: agent.chats.accept(chat))).done
        for screen in screens:
            screen.show(chat)

        said = [[f"{name} {number}" for number in range(MESSAGES)] for name in ("Cora", "Ada")]

        async def talk(screen: Screen, own: list[str]) -> int:
            return sum([await say(screen.chats, chat, content) for content in own])

        async with asyncio.timeout(60):
            sent = await asyncio.gather(*(talk(screen, own) for screen, own in zip(screens, said, strict=True)))
        for proxy in proxies:
            proxy.rest()
        # What is said while nobody listens is there once they do again.
        for number in range(ROUNDS):
            proxies[1].cut()
            said[0].append(f"unheard {number}")
            await say(customer.chats, chat, said[0][-1])
        for screen in screens:
            await screen.holds(2 * MESSAGES + ROUNDS, 10)

        for proxy in proxies:
            proxy.chance, proxy.unanswered = 0.03, 0.3
        async with asyncio.timeout(60):
            # What is done once is done once, however often it is asked for.
            tickets = [await insist(lambda: agent.chats.to_ticket(chat)) for _ in range(5)]
            for side in (customer, agent):
                await insist(lambda side=side: side.chats.end(chat))  # type: ignore[misc]
            await insist(lambda: customer.chats.rate(chat, 5))
        for proxy in proxies:
            proxy.rest()

        there = await database.run("select id, sender_id, content from public.chat_messages order by created_at")
        for screen in screens:
            assert [(each.id, each.sender_id, each.content) for each in screen.messages] == there
        for person, own in zip((cora, ada), said, strict=True):
            assert [content for _, sender, content in there if sender == person.id] == own
        assert await database.run("select id, number from public.tickets") == [tickets[0]] == [*set(tickets)]
        assert await database.run("select count(*) from public.ticket_messages") == [(2 * MESSAGES + ROUNDS,)]
        cuts = sum((proxy.cuts for proxy in proxies), start=type(proxies[0].cuts)())
        print(f"seed {seed}: {2 * MESSAGES} messages in {sum(sent)} sendings, cuts: {dict(cuts)}")
        assert cuts["unanswered"] >= 5
        assert cuts["half sent"] + cuts["half answered"] >= 5
