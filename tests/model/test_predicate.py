"""The predicate: in random helpdesks everybody sees, by every path, what SECURITY.md says and nothing else.

``HELPDESK_MODEL_EXAMPLES`` gives the number of helpdesks; with another one than the usual they are drawn anew each run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from helpdesk_tui.core.why import CLAUSES, OBSTACLES
from tests.model import expected, live, paths, rules
from tests.model.drawing import worlds
from tests.model.loading import Stage, load, stage
from tests.model.rules import Viewer
from tests.model.world import CAST, CHIEF, World
from tests.world import DeskDatabase

USUAL: Final = 12
EXAMPLES: Final = int(os.environ.get("HELPDESK_MODEL_EXAMPLES", USUAL))
PATIENCE: Final = 300 + 20 * EXAMPLES
"""Seconds a test, on a machine that is busy with much else."""
MODEL: Final = settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES == USUAL,
    deadline=None,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def desk(module_database: DeskDatabase) -> Iterator[Stage]:
    """The cast, signed in; each world is put in the place of the one before."""
    made = stage(module_database)
    yield made
    made.close()


def viewers(desk: Stage, world: World) -> Iterator[tuple[Any, Viewer]]:
    """Everybody who has a connection, and whom it stands for."""
    for person in world.people:
        if person.id in desk.connections:
            yield person.id, rules.viewer(world, person)
    yield desk.visitor, rules.visitor(world, desk.visitor)


def differences(seen: paths.Seen, right: paths.Seen) -> list[str]:
    """What a person sees and should not, or does not see and should."""
    said = []
    for path in sorted({*seen, *right}):
        one, other = seen.get(path), right.get(path)
        if one != other:
            more = [row for row in one if row not in other] if one is not None and other is not None else one
            less = [row for row in other if row not in one] if one is not None and other is not None else other
            said.append(f"{path}: sees {more or ''}; should see {less or ''}; {one if not (more or less) else ''}")
    return said


@pytest.mark.timeout(PATIENCE)
@MODEL
@given(world=worlds())
def test_everybody_sees_by_every_path_what_the_model_says(desk: Stage, world: World) -> None:
    load(desk, world)
    for identity, who in viewers(desk, world):
        wrong = differences(paths.look(desk.connections[identity], world), expected.everything(who))
        assert not wrong, (who.person, who.role, wrong)
    for person in world.people[: CAST + 1]:
        who = rules.viewer(world, person)
        wrong = differences(
            paths.look_through_gateway(desk.gateway, desk.claims(person)), expected.through_gateway(who)
        )
        assert not wrong, (who.person, who.role, wrong)


@pytest.mark.timeout(PATIENCE)
@MODEL
@given(world=worlds())
def test_live_changes_arrive_at_those_who_see_what_changed_and_at_nobody_else(desk: Stage, world: World) -> None:
    load(desk, world)
    everybody = dict(viewers(desk, world))
    told = {identity: live.listen(desk.connections[identity]) for identity in everybody}
    audiences = {identity: live.audiences(who) for identity, who in everybody.items()}
    # Nobody knows the channels' names: those who share an audience share a channel, and nobody else does.
    assert shared(told) == shared(audiences)
    beginning = live.change(desk)
    for identity, who in everybody.items():
        assert live.hear(desk.connections[identity], beginning) == live.expected(who), (who.person, who.role)


def shared(told: dict[Any, set[str]]) -> list[list[Any]]:
    """Who shares each channel, without its name."""
    return sorted(sorted(each for each in told if name in told[each]) for name in {n for m in told.values() for n in m})


@pytest.mark.timeout(PATIENCE)
@MODEL
@given(world=worlds())
def test_why_agrees_with_the_persons_own_session_and_with_the_model(desk: Stage, world: World) -> None:
    """For every person and ticket, also those who are not signed in."""
    load(desk, world)
    asked = [(person.email, str(ticket.number)) for person in world.people for ticket in world.tickets]
    rows = paths.ask(
        desk.connections[world.people[CHIEF].id],
        "select address, w.ticket_id, w.sees, w.notes, w.reason, w.clauses"
        " from unnest(%(who)s::text[], %(what)s::text[]) a(who, what) cross join lateral helpdesk.why(a.who, a.what) w",
        who=[who for who, _ in asked],
        what=[what for _, what in asked],
    )
    answers = {(email, ticket): tuple(answer) for email, ticket, *answer in rows}
    assert len(answers) == len(asked)
    assert {answer[2] for answer in answers.values()} <= {*CLAUSES, *OBSTACLES}
    for person in world.people:
        # Where two factors are demanded, a session that runs counts; who has none has no second factor.
        runs = person.id in desk.sessions and not person.gone
        judged = replace(person, gone=False, factors=person.factors and runs)
        who = rules.viewer(world, judged)
        as_told = Viewer(world, person.id, person.role, person.department)
        for ticket in world.tickets:
            sight = rules.sight(who, ticket)
            assert answers[person.email, ticket.id] == (
                sight is not None,
                sight == "team",
                rules.reason(world, judged, ticket),
                rules.clauses(as_told, ticket),
            ), (person, ticket)
        if runs:
            connection = desk.connections[person.id]
            seen = set(paths.ask(connection, "select id from public.tickets"))
            assert seen == {ticket.id for ticket in world.tickets if answers[person.email, ticket.id][0]}
            notes = set(paths.ask(connection, "select id from public.ticket_messages where is_internal"))
            assert notes == {m.id for m in world.messages if m.internal and answers[person.email, m.ticket][1]}
