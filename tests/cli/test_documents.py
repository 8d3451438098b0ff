"""What the documents tell people to type can be typed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest

import helpdesk_tui.cli as package
from tests.parts import REPOSITORY

DOCUMENTS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]


def commands() -> Iterator[str]:
    """Every call of the program in a fenced block, without what the shell does around it."""
    for document in DOCUMENTS:
        for block in re.findall(r"```(?:console|sh)\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL):
            for line in block.splitlines():
                for part in line.strip().removeprefix("$ ").split(" | "):
                    if part.removeprefix("xargs ").startswith("helpdesk"):
                        yield part.removeprefix("xargs ")


def test_there_are_commands_to_look_at() -> None:
    assert len(set(commands())) > 10


@pytest.mark.parametrize("line", sorted(set(commands())))
def test_a_command_of_the_documents_is_understood(line: str) -> None:
    words = [word if word not in ("FILE", "TICKET") else "1" for word in shlex.split(line, comments=True)]
    if words[1:3] == ["tickets", "set"] and words[3].startswith("-"):
        words.insert(3, "1")  # from xargs
    args = package._parse(words[1:])
    if words[1:3] == ["tickets", "reply"]:
        assert args.message or args.file, "there is no terminal in a script"
        assert args.seen or args.to_newest, "staff say what they have read"
