"""Holds chats of a file again, between a customer and an agent with a live screen each."""

from __future__ import annotations

import gzip
import itertools
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.chatting import Screen, at_a_screen
from tests.parts import require
from tests.world import DeskDatabase, People


@dataclass
class Replay:
    """What came of it. ``seconds``: of each message, from its sending to the other's screen."""

    chats: int = 0
    messages: int = 0
    differences: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list, repr=False)


def real_chats(number: int | None) -> list[dict[str, Any]]:
    """So many of the shared chats, spread over the file; None: all of them."""
    with gzip.open(require("data") / "chats.jsonl.gz", "rt", encoding="utf-8") as lines:
        chats = [json.loads(line) for line in lines]
    return chats if number is None else list(itertools.islice(chats, 0, None, max(1, len(chats) // number)))[:number]


async def replayed(
    database: DeskDatabase,
    chats: Sequence[dict[str, Any]],
    *,
    after_each: Callable[[int], Awaitable[None]] | None = None,
) -> Replay:
    """Holds the chats one after the other. Whoever answers has read what the other said, as people do.

    Of each chat the screens of both and what the database holds are compared with the file: number, order, authors and
    text of the messages, and that their times rise.

    Args:
        after_each: awaited after each chat, with its number.
    """
    people, done = People(database), Replay()
    try:
        cora = await people.sign_up("cora@replay.test", "Cora")
        ada = await people.sign_up("ada@replay.test", "Ada", "agent", "Support")
    finally:
        await people.close()
    async with (
        at_a_screen(database.settings, cora) as customer,
        at_a_screen(database.settings, ada) as agent,
    ):
        sides = {"customer": customer, "agent": agent}
        for number, chat in enumerate(chats):
            await _hold(done, f"chat {chat.get('id', number)}", chat["messages"], sides)
            done.chats += 1
            if after_each is not None:
                await after_each(number)
    return done


async def _hold(done: Replay, name: str, said: Sequence[dict[str, Any]], sides: dict[str, Screen]) -> None:
    customer, agent = sides["customer"], sides["agent"]
    chat = (await customer.chats.open(uuid4(), name, "")).id
    customer.show(chat)
    assert (await agent.chats.accept(chat)).done
    agent.show(chat)
    for count, message in enumerate(said):
        speaker = sides[message["role"]]
        listener = agent if speaker is customer else customer
        await speaker.holds(count)
        began = time.perf_counter()
        await speaker.chats.send(chat, uuid4(), message["text"])
        await listener.holds(count + 1)
        done.seconds.append(time.perf_counter() - began)
        done.messages += 1
    for screen in sides.values():
        await screen.holds(len(said))
    await agent.chats.end(chat)

    expected = [(sides[message["role"]].chats.me.id, message["text"]) for message in said]
    stored = await customer.chats.messages(chat)
    for whose, found in (("customer", customer.messages), ("agent", agent.messages), ("database", stored)):
        if [(message.sender_id, message.content) for message in found] != expected:
            done.differences.append(f"{name}: {whose}")
        if any(one.created_at >= other.created_at for one, other in itertools.pairwise(found)):
            done.differences.append(f"{name}: times of {whose}")
