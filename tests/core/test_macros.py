"""Macros filled in: by one pass, harmlessly, with the cursor's place; and as text in an editor."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from helpdesk_tui.core import macro_text
from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.macros import Macro, check, fill, for_ticket
from helpdesk_tui.core.model import Department, Me, Ticket

ME = Me(uuid4(), "mira@example.com", "Mira Okonkwo", "agent", None, None, "aal1")
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
TICKET = Ticket(
    uuid4(), 1042, "Lamp", "open", "high", uuid4(), "Noor van Dijk", None, None, None, "Support", None, NOW, NOW
)  # fmt: skip


def test_variables_are_filled_in_by_one_pass_and_harmlessly() -> None:
    body = "Hi {{ requester.first_name }} ({{requester.name}}), #{{ticket.number}} {{ticket.title}} {{department}}"
    assert fill(body, TICKET, ME).text == "Hi Noor (Noor van Dijk), #1042 Lamp Support"
    # A title is no macro, and steers no terminal.
    sly = replace(TICKET, title="{{me.name}} {{cursor}}\x1b[2J\u202e", requester="noor@example.com")
    filled = fill("{{ticket.title}}|{{requester.first_name}}", sly, ME)
    assert filled.text.startswith("{{me.name}} {{cursor}}")
    assert filled.text.endswith("|noor")
    assert filled.cursor is None
    assert not any(mark in filled.text for mark in "\x1b\u202e")
    assert fill("{{unknown}}", TICKET, ME).text == "{{unknown}}"


def test_the_cursor_is_where_it_was_asked_for() -> None:
    filled = fill("Hello {{me.first_name}}, {{cursor}}!{{cursor}}", TICKET, ME)
    assert (filled.text, filled.cursor) == ("Hello Mira, !", len("Hello Mira, "))


def test_an_unknown_variable_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadInput, match=r"Did you mean \{\{requester\.first_name\}\}"):
        check("{{requester.frist_name}}")
    with pytest.raises(BadInput, match="not closed"):
        check("{{requester.name")


def test_what_it_sets_is_counted_from_now_and_me_is_whoever_uses_it() -> None:
    change = {"status": "pending", "assignee": "@me", "snooze": "3 days"}
    assert for_ticket(change, ME, NOW) == {
        "status": "pending", "assignee": str(ME.id), "snooze": "2026-03-07T12:00:00+00:00",
    }  # fmt: skip
    with pytest.raises(BadInput, match="no span of time"):
        for_ticket({"snooze": "for ever"}, ME, NOW)


def test_a_macro_as_text_is_read_as_it_was_written() -> None:
    support = Department(UUID(int=7), "Support")
    change = {"status": "open", "category": None, "tags": {"add": [str(UUID(int=8))]}, "fields": {"k": 'a"b'}}
    macro = Macro(
        uuid4(), 'A "name"', "Hello,\n\nname = 1\n", True, change, "department", support.id, "Support",
        names={UUID(int=8): "vip"},
    )  # fmt: skip
    read = macro_text.read(macro_text.write(macro), macro.id, [support])
    assert read == replace(macro, names={})
    new = macro_text.read(macro_text.EMPTY.replace('name = ""', 'name = "n"'), macro.id, [])
    assert (new.name, new.internal, new.shared, dict(new.change)) == ("n", False, "me", {})
    check(new.body)
    with pytest.raises(BadInput, match="needs a name"):
        macro_text.read(macro_text.EMPTY, macro.id, [])
