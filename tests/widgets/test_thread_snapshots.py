"""What a thread and a composer look like: small and large, dark, light, and without colours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from textual.pilot import Pilot

from tests.widgets.thread_samples import ComposerApp, ThreadApp, message, sample, with_more

SIZES = {"80x24": (80, 24), "160x48": (160, 48)}
LOOKS = {"dark": "helpdesk-dark", "light": "helpdesk-light", "nocolor": "helpdesk-dark"}
Compare = Callable[..., bool]


@pytest.fixture(params=list(SIZES))
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    return SIZES[request.param]


@pytest.fixture(params=list(LOOKS))
def theme(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if request.param == "nocolor":
        monkeypatch.setenv("NO_COLOR", "1")
    return LOOKS[request.param]


async def prepared(pilot: Pilot[None]) -> None:
    """Until nothing is left to prepare, code has its colours."""
    app = pilot.app
    assert isinstance(app, ThreadApp | ComposerApp)
    for _ in range(300):
        await pilot.pause(0.01)
        if not app.view._work_left():
            break


def test_a_thread(snap_compare: Compare, size: tuple[int, int], theme: str) -> None:
    assert snap_compare(ThreadApp(sample(), theme), terminal_size=size, run_before=prepared)


def test_the_beginning_of_a_thread_with_something_new(snap_compare: Compare, theme: str) -> None:
    app = ThreadApp(sample(), theme)

    async def scrolled_up(pilot: Pilot[None]) -> None:
        await pilot.press("g")
        app.view.update_thread(with_more(sample(), message(9, "And another thing", ago=timedelta(0))))
        await prepared(pilot)

    assert snap_compare(app, terminal_size=(80, 24), run_before=scrolled_up)


@pytest.mark.parametrize("state", ["none", "loading", "failed", "not up to date"])
def test_a_thread_that_is_not_there(snap_compare: Compare, state: str) -> None:
    app = ThreadApp(sample() if state == "not up to date" else None)

    async def show(pilot: Pilot[None]) -> None:
        if state == "loading":
            app.view.show_loading("#1042 Printer")
        elif state != "none":
            app.view.show_failed("The database does not answer.", "Press ^R to try again.")
        await prepared(pilot)

    assert snap_compare(app, terminal_size=(80, 24), run_before=show)


@pytest.mark.parametrize("kind", ["reply", "note"])
def test_a_composer(snap_compare: Compare, size: tuple[int, int], theme: str, kind: str) -> None:
    app = ComposerApp(theme=theme)

    async def write(pilot: Pilot[None]) -> None:
        app.write(internal=kind == "note")
        app.composer.insert_quote(app.view.quote_text())
        await pilot.press(*"Hello Ada,")
        await prepared(pilot)

    assert snap_compare(app, terminal_size=size, run_before=write)


@pytest.mark.parametrize("state", ["sending", "failed", "stale"])
def test_a_composer_whose_message_is_not_sent(snap_compare: Compare, state: str) -> None:
    app = ComposerApp()

    async def send(pilot: Pilot[None]) -> None:
        await pilot.press(*"Hello Ada,", "ctrl+s")
        await pilot.pause()
        if state == "failed":
            app.composer.failed(app.sends[0].message_id, "The database does not answer.")
        elif state == "stale":
            app.update(with_more(sample(), message(9, "Never mind!", ago=timedelta(0))))
            app.composer.refused_stale(app.sends[0].message_id, [message(9, "").id])
        await prepared(pilot)

    assert snap_compare(app, terminal_size=(80, 24), run_before=send)


def test_a_note_in_the_terminal_s_own_colours(snap_compare: Compare) -> None:
    app = ComposerApp(theme="ansi-dark")

    async def write(pilot: Pilot[None]) -> None:
        app.write(internal=True)
        await pilot.press(*"psst")
        await prepared(pilot)

    assert snap_compare(app, terminal_size=(80, 24), run_before=write)
