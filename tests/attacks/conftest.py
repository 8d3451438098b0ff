"""One desk a module to attack, and the connections to do it with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.attacks import stage as stages
from tests.attacks.stage import Stage
from tests.world import DeskDatabase


@pytest.fixture(scope="module")
def stage(module_database: DeskDatabase) -> Iterator[Stage]:
    """The desk with its canaries, shared: what is tried on it is rolled back, or is about rows of its own."""
    made = stages.stage(module_database)
    yield made
    made.close()
