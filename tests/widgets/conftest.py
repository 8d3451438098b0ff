"""What all tests of widgets share."""

from __future__ import annotations

import pytest

from helpdesk_tui.cascade import Cascade


@pytest.fixture(autouse=True)
def styled_as_in_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small apps that widgets are tested in have the app's style sheet."""
    monkeypatch.setattr("textual.app.Stylesheet", Cascade)
