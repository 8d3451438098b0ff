"""An agent and a customer."""

from __future__ import annotations

import pytest

from tests.world import People, Person


@pytest.fixture
async def ana(people: People) -> Person:
    return await people.sign_up("ana@desk.test", "Ana", "agent", "Support")


@pytest.fixture
async def cora(people: People) -> Person:
    return await people.sign_up("cora@shop.test", "Cora")
