"""The fixtures of the screens' tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from textual.app import App

from helpdesk_tui.app import HelpdeskApp
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


@pytest.fixture
def snap_compare(snap_compare: Callable[..., bool]) -> Callable[..., bool]:
    """Compares the picture of an app, and lets go of its connections.

    They would stay open until the dead app is found to be garbage, and a sign-in has only eight: the next apps of the
    same person then found none left.
    """

    def compare(app: App[Any], **more: Any) -> bool:
        if not isinstance(app, HelpdeskApp):
            return snap_compare(app, **more)
        shut_down = app._shutdown

        async def leave_and_shut_down() -> None:
            await app.leave()
            await shut_down()

        setattr(app, "_shutdown", leave_and_shut_down)  # noqa: B010
        return snap_compare(app, **more)

    return compare
