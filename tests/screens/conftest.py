"""The fixtures of the screens' tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.beginnings import Beginning, Beginnings
from tests.screens.opened import Team, make_team, sign_team_up
from tests.world import DeskDatabase, People, copied


@pytest.fixture
def begun(beginnings: Beginnings) -> Beginning:
    """A helpdesk with the team's people, to copy."""
    return beginnings.of(sign_team_up)


@pytest.fixture
def database(request: pytest.FixtureRequest, template: DeskDatabase) -> Iterator[DeskDatabase]:
    """A fresh helpdesk for one test; if it asks for the team, with the team in it."""
    source = request.getfixturevalue("begun").database if "team" in request.fixturenames else template
    with copied(source) as database:
        yield database


@pytest.fixture
async def team(begun: Beginning, people: People) -> Team:
    """Two agents of Support, one of Billing, an admin and a customer with six tickets."""
    return await make_team(people, begun.people)
