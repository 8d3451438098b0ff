"""What the queue looks like: 80×24 and 160×48, dark, light and without colours, and where there is no ticket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from textual.pilot import Pilot

from benchmarks.synthetic import NOW, Endless, ticket
from tests.widgets.queue_desk import QueueDesk

Compare = Callable[..., bool]
SIZES = [(80, 24), (160, 48)]


def named(size: tuple[int, int]) -> str:
    """A size as it stands in a file name."""
    return "x".join(map(str, size))


async def _lived_in(pilot: Pilot[None]) -> None:
    """Some rows down, with a change, a row that waits for the server, and news above."""
    await pilot.pause()
    app = pilot.app
    assert isinstance(app, QueueDesk)
    app.queue.set_total(1024)
    app.queue.move(30)
    await pilot.pause()
    new = replace(ticket(0), id=UUID(int=1), updated_at=NOW + timedelta(seconds=1))
    app.queue.apply_changes({new.id: new, ticket(27).id: replace(ticket(27), status="resolved")})
    app.queue.set_pending([ticket(25).id])
    await pilot.pause()


def desk() -> QueueDesk:
    return QueueDesk(Endless(1024), me=ticket(1).assignee_id)


@pytest.mark.parametrize("size", SIZES, ids=named)
@pytest.mark.parametrize("theme", ["textual-dark", "textual-light"])
def test_queue(snap_compare: Compare, size: tuple[int, int], theme: str) -> None:
    app = desk()
    app.theme = theme
    assert snap_compare(app, terminal_size=size, run_before=_lived_in)


@pytest.mark.parametrize("size", SIZES, ids=named)
def test_queue_without_colours(snap_compare: Compare, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(desk(), terminal_size=size, run_before=_lived_in)


@pytest.mark.parametrize("size", [(100, 12), (58, 12), (30, 8)], ids=named)
def test_queue_of_other_widths(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(desk(), terminal_size=size, run_before=_lived_in)


def test_queue_loading(snap_compare: Compare) -> None:
    assert snap_compare(QueueDesk(hold=True))


def test_queue_failed(snap_compare: Compare) -> None:
    async def fail(pilot: Pilot[None]) -> None:
        await pilot.pause()
        app = pilot.app
        assert isinstance(app, QueueDesk)
        app.queue.fail(app.asked[-1], "The server cannot be reached: connection refused. Is the network up?")

    assert snap_compare(QueueDesk(hold=True), run_before=fail)


def test_queue_empty(snap_compare: Compare) -> None:
    app = QueueDesk(Endless(0), empty="Every open ticket has an assignee. Press v for another view.")
    assert snap_compare(app)
