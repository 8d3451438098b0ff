"""Generated statements change and reveal nothing outside the model; and the generator finds holes where there are some.

``HELPDESK_FUZZ`` is how many statements each role runs, ``HELPDESK_FUZZ_SEED`` what they follow from: ``make fuzz``
runs more, and other ones. What is found is told with its seed and number, and runs again with them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import pytest

from tests.attacks.fuzz import Generator
from tests.attacks.fuzz_catalogue import Catalogue, catalogue
from tests.attacks.fuzz_run import BATCH, Report, Runner, mentioned
from tests.attacks.fuzz_scene import FUZZERS, HIDDEN, FuzzScene, fuzz_scene
from tests.attacks.fuzz_state import State
from tests.db.sessions import Sync, owner
from tests.world import DeskDatabase

STATEMENTS: Final = int(os.environ.get("HELPDESK_FUZZ", "10000"))
SEED: Final = int(os.environ.get("HELPDESK_FUZZ_SEED", "1"))


@dataclass
class Ground:
    """What the fuzz runs on."""

    scene: FuzzScene
    connection: Sync
    state: State
    known: Catalogue
    runner: Callable[[str], Runner]


@pytest.fixture(scope="module")
def ground(module_database: DeskDatabase) -> Iterator[Ground]:
    """One desk for all; it is put back after every batch."""
    scene = fuzz_scene(module_database)
    runners: dict[str, Runner] = {}
    with owner(module_database) as connection:
        state = State(scene.people, connection)
        known = catalogue(connection, [each for each in scene.ids.values() if not str(each).startswith(HIDDEN)])

        def runner(fuzzer: str) -> Runner:
            if fuzzer not in runners:
                runners[fuzzer] = Runner(scene, state, known, fuzzer)
                state.saved = state.read()
            return runners[fuzzer]

        yield Ground(scene, connection, state, known, runner)
    for each in runners.values():
        each.close()


@pytest.mark.slow
@pytest.mark.timeout(120 + STATEMENTS // 20)
@pytest.mark.parametrize("fuzzer", FUZZERS)
def test_generated_statements_change_and_reveal_nothing_outside_the_model(ground: Ground, fuzzer: str) -> None:
    report = ground.runner(fuzzer).run(SEED, STATEMENTS, Report())
    assert not report.findings, "\n".join(map(str, report.findings))
    assert report.ran >= STATEMENTS
    # Not all of it was refused for being no SQL, and everything was come by.
    assert report.states[""] > 0.25 * report.ran
    assert report.states["42601"] < 0.1 * report.ran
    done = "\n".join(report.done)
    if STATEMENTS >= 2500:
        for table in ground.known.tables:
            if table.name.startswith("public.") and fuzzer != "signed out":
                assert f"from {table.name} " in done, table.name
        untried = [each.name for each in ground.known.offered if f"{each.name}(" not in done]
        assert len(untried) < len(ground.known.offered) * (0.5 if fuzzer == "agent" else 0.9), untried
    if fuzzer in ("customer", "agent"):
        assert report.changes > STATEMENTS / 250, "whoever may do things did nearly none"


HOLES: Final = {
    "row level security off for one table": (
        "agent",
        "alter table public.ticket_messages disable row level security",
        "alter table public.ticket_messages enable row level security",
    ),
    "a using that is always true": (
        "customer",
        "create policy evil on public.ticket_events for select using (true)",
        "drop policy evil on public.ticket_events",
    ),
    "a with check that is always true": (
        "customer",
        "create policy evil on public.ticket_messages for insert with check (true)",
        "drop policy evil on public.ticket_messages",
    ),
    "an update without its using": (
        "agent",
        "create policy evil on public.profiles for update using (true) with check (true)",
        "drop policy evil on public.profiles",
    ),
    "a column that may be updated": (
        "agent",
        "grant update (customer_id) on public.tickets to helpdesk_member",
        "revoke update (customer_id) on public.tickets from helpdesk_member",
    ),
    "a table that may be emptied": (
        "customer",
        "grant truncate on public.ticket_status_history to helpdesk_member",
        "revoke truncate on public.ticket_status_history from helpdesk_member",
    ),
    "a trigger that does not fire": (
        "customer",
        "alter table public.tickets disable trigger tickets_guard",
        "alter table public.tickets enable trigger tickets_guard",
    ),
    "a function that forgets to ask": (
        "anonymous",
        """create function helpdesk.evil(ticket uuid) returns setof text language sql security definer as
             'select m.content from public.ticket_messages m where m.ticket_id = ticket';
           revoke all on function helpdesk.evil(uuid) from public;
           grant execute on function helpdesk.evil(uuid) to authenticated, helpdesk_member""",
        "drop function helpdesk.evil(uuid)",
    ),
}  # fmt: skip


@pytest.mark.timeout(240)
@pytest.mark.parametrize("hole", HOLES)
def test_generator_finds_a_hole_that_was_made(ground: Ground, hole: str) -> None:
    fuzzer, make, mend = HOLES[hole]
    runner = ground.runner(fuzzer)
    ground.connection.execute(make.encode())
    try:
        ground.state.saved = ground.state.read()
        runner.known = catalogue(ground.connection, ground.known.ids)
        report = runner.run(SEED, 20_000, Report())
    finally:
        ground.connection.execute(mend.encode())
        runner.known = ground.known
        ground.state.restore(ground.state.changes(ground.state.saved, ground.state.read()))
        ground.state.saved = ground.state.read()
    assert report.findings, f"{report.ran} statements went by {hole}"
    found = report.findings[0]
    assert re.search(rf"{fuzzer}, seed {SEED}, statement {found.number}: .+\n    \S", str(found))


def test_seed_gives_the_same_statements(ground: Ground) -> None:
    """So that what was found is found again; another seed gives others."""
    person = ground.scene.ids["cora"]

    def drawn(seed: int) -> list[list[str]]:
        generator = Generator(seed, ground.known, person)
        return [generator.chunk() for _ in range(BATCH)]

    assert drawn(SEED) == drawn(SEED) != drawn(SEED + 1)


def test_statements_know_no_canary_and_no_hidden_id(ground: Ground) -> None:
    """Else they would be told by their own echo."""
    generator = Generator(SEED, ground.known, ground.scene.ids["ada"])
    drawn = "\n".join(statement for _ in range(4 * BATCH) for statement in generator.chunk())
    assert mentioned(drawn.encode()) == set()


@pytest.mark.parametrize(
    "told", [b"a zq123zq b", b"ZQ123ZQ", b"qz321qz", b"\\x7a713132337a71", b"zq123zqzq"], ids=range(5)
)
def test_canary_is_known_in_disguise(told: bytes) -> None:
    assert mentioned(told) == {123}


@pytest.mark.parametrize("fuzzer", FUZZERS)
def test_canaries_stand_where_those_may_read_them_who_may(ground: Ground, fuzzer: str) -> None:
    """A desk that nobody may read would leak nothing either: all that somebody may read of it is found by reading."""
    runner = ground.runner(fuzzer)
    readings = [
        f'select "{name}"::text from {table.name}'
        for table in ground.known.tables
        for name, _ in table.columns
        if table.name.startswith("public.")
    ]
    readings += [
        "select helpdesk.preferences()",
        "select * from helpdesk.macros()",
        "select * from helpdesk.views()",
        "select * from helpdesk.drafts(null)",
        "select * from helpdesk.away()",
        "select * from helpdesk.fields()",
        "select * from helpdesk.my_acts(100)",
        f"select * from helpdesk.metadata_of(array[{', '.join(repr(str(each)) for each in ground.known.ids)}]::uuid[])",
        f"select * from helpdesk.names(array[{', '.join(repr(str(each)) for each in ground.known.ids)}]::uuid[])",
        f"select * from helpdesk.article('{ground.scene.ids['article']}')",
    ]
    seen = {each for _, told in runner.chunk(readings) for each in mentioned(told)}
    may = {number for number, (_, readers) in ground.scene.canaries.items() if fuzzer in readers}
    missing = {ground.scene.canaries[number][0].lower() for number in may - seen}
    # Theo's address becomes the agent's to know once she takes his chat; names are told by other ways than tables.
    missing = {what for what in missing if not what.startswith("user agent")}
    assert missing <= {"theo"} | ({"ada", "ann", "bo", "gus"} if fuzzer == "anonymous" else set())
    assert not (seen & runner.forbidden)
