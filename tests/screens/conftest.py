"""The fixture of the screens' tests."""

from __future__ import annotations

import pytest

from tests.screens.opened import Team, make_team
from tests.world import DeskDatabase, People


@pytest.fixture
async def team(database: DeskDatabase, people: People) -> Team:
    """Two agents of Support, one of Billing, an admin and a customer with six tickets."""
    return await make_team(database, people)
