"""``helpdesk tail`` as a program of its own: what it tells, what it never does, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.parts import REPOSITORY

PATIENCE = 30.0


class Tail:
    """One that runs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def told(self) -> tuple[str, Any]:
        """The next line: what happened, and the ticket."""
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
        assert line, await self.said()
        told = json.loads(line)
        return told["event"], told["ticket"]

    async def said(self) -> str:
        """All of stderr, once it has ended."""
        assert self.process.stderr is not None
        return (await asyncio.wait_for(self.process.stderr.read(), PATIENCE)).decode()


@asynccontextmanager
async def tailing(cli: Any, person: Any, *words: str) -> AsyncIterator[Tail]:
    """Runs it, and stops it in the end."""
    program = "import sys; from helpdesk_tui.cli import main; sys.exit(main())"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, "tail", *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=REPOSITORY,
        env={**os.environ, **cli.use(person)},
    )  # fmt: skip
    try:
        yield Tail(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_what_comes_in_changes_and_leaves_is_told_and_nothing_that_is_not_theirs(cli, desk):
    there = await desk.ticket("There already", priority="high")
    async with tailing(cli, desk.agent, "--all-first", "is:open priority>=high") as tail:
        event, first = await tail.told()
        assert (event, first["title"], first["id"]) == ("in", "There already", str(there))
        # None of these may be told: out of sight, not in the query; and one that comes later shows that they were not.
        await desk.ticket("Theirs", priority="urgent", department=desk.support)
        await desk.ticket("Low", priority="low")
        comes = await desk.ticket("Comes", priority="urgent", category_id=None)
        event, ticket = await tail.told()
        assert (event, ticket["title"], ticket["category"]) == ("in", "Comes", None)
        await desk.database.run("update public.tickets set title = 'Changed' where id = %s", [comes])
        assert [(await tail.told())[0]] == ["changed"]
        await desk.database.run("update public.tickets set department_id = %s where id = %s", [desk.support, comes])
        assert await tail.told() == ("out", {"id": str(comes), "number": ticket["number"]})
        await desk.database.run("update public.tickets set title = 'Secret now' where id = %s", [comes])
        await desk.database.run("update public.tickets set status = 'closed' where id = %s", [there])
        assert await tail.told() == ("out", {"id": str(there), "number": first["number"]})
        # A server that ends its connections: told aloud, made again, and what happened since is told.
        await desk.database.run(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename like 'hd\\_%%' and datname = %s",
            [desk.database.name],
        )
        await desk.ticket("Came after", priority="high")
        assert (await tail.told())[1]["title"] == "Came after"
        tail.process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(tail.process.wait(), PATIENCE) == 130
        said = await tail.said()
        assert "Out of touch since" in said
        assert "In touch again." in said
        assert "Traceback" not in said


async def test_since_now_by_default_and_it_ends_when_nobody_reads(cli, desk):
    await desk.ticket("There already")
    async with tailing(cli, desk.customer) as tail:
        # Until it listens, nothing is told: tickets come until it does.
        telling = asyncio.create_task(tail.told())
        while not telling.done():
            await desk.ticket("Comes")
            await asyncio.wait({telling}, timeout=0.3)
        assert (await telling)[1]["title"] == "Comes"
        assert tail.process.stdout is not None
        tail.process.stdout._transport.close()  # type: ignore[attr-defined]
        while tail.process.returncode is None:
            await desk.ticket("Unread")
            await asyncio.sleep(0.2)
        assert await asyncio.wait_for(tail.process.wait(), PATIENCE) == 141
        assert "Traceback" not in await tail.said()


async def test_query_that_cannot_be_understood_is_refused_before_anything_is_told(cli, desk):
    refused = await cli.run(desk.agent, "tail", "stats:open")
    assert (refused.code, refused.out) == (2, "")
    assert "^^^^^" in refused.err
