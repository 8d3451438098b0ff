"""Two keys a ticket over a slow link: nothing waits for it, and no act is lost. How fast it goes with sixty tickets a
minute, ``benchmarks/bench_triage.py`` measures."""

from __future__ import annotations

from pathlib import Path

from tests.live.outboxing import done_in
from tests.opened import proxied, through, until
from tests.screens.opened import Team, opened
from tests.triaging import keys, tickets_to_triage, wanted

TICKETS = 12


async def test_tickets_triaged_on_the_screen_in_two_keys_each_over_a_slow_link_lose_no_act(
    team: Team, tmp_path: Path
) -> None:
    tickets = await tickets_to_triage(team.database, team.customer, TICKETS)
    async with (
        proxied(team.database) as proxy,
        opened(team.database, team.agent, tmp_path, (80, 24), settings=through(team.database.settings, proxy)) as seen,
    ):
        queue = seen.desk.queue
        assert [ticket.id for ticket in queue.on_screen][:TICKETS] == tickets
        proxy.delay = 0.075  # there and back: 150 ms
        await seen.press(*keys(TICKETS))
        acts = "select count(*) from private.ticket_acts"
        await until(lambda: _is(team, acts, TICKETS), 60)
        await seen.until(lambda: not seen.desk.triage.busy and not seen.shows("waiting"), "every answer")
        assert await done_in(team.database, team.agent, tickets) == wanted(tickets, team.agent)
        # The next one is selected, and nothing was refused aloud.
        assert queue.selected is not None
        assert queue.selected.number == 1001
        assert not seen.app._notifications


async def _is(team: Team, query: str, number: int) -> bool:
    return bool(await team.value(query) == number)
