"""The editor that somebody uses."""

from __future__ import annotations

import pytest

from helpdesk_tui.core.editor import editor_command
from helpdesk_tui.core.errors import BadInput


def test_visual_comes_before_editor_and_both_may_have_arguments() -> None:
    assert editor_command({"VISUAL": "code --wait", "EDITOR": "nano"}) == ["code", "--wait"]
    assert editor_command({"VISUAL": " ", "EDITOR": "'/opt/my editor' -f"}) == ["/opt/my editor", "-f"]


def test_without_either_there_is_an_editor_all_the_same() -> None:
    assert editor_command({}) in (["vi"], ["notepad"])


def test_a_variable_that_is_no_command_is_told() -> None:
    with pytest.raises(BadInput, match="EDITOR is no command"):
        editor_command({"EDITOR": "'nano"})
