"""Macros filled in: by one pass, harmlessly, with the cursor's place; and as text in an editor."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from helpdesk_tui.core import macro_text
from helpdesk_tui.core.errors import BadInput, NotFound
from helpdesk_tui.core.fields import CustomField
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
    assert for_ticket(macro_of(change), ME, NOW) == {
        "status": "pending", "assignee": str(ME.id), "snooze": "2026-03-07T12:00:00+00:00",
    }  # fmt: skip
    with pytest.raises(BadInput, match="no span of time"):
        for_ticket(macro_of({"snooze": "for ever"}), ME, NOW)


def macro_of(change: dict[str, Any], **more: Any) -> Macro:
    """One that sets this and says nothing."""
    return Macro(uuid4(), "m", "", False, change, **more)


def test_a_due_date_in_words_is_that_moment_when_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    try:
        for words, moment in (("2d", "2026-03-06T12:00:00+00:00"), ("fri 9:00", "2026-03-06T09:00:00+00:00")):
            macro = macro_of({"due_date": words, "fields": {"vip": True, "plan": None}})
            assert for_ticket(macro, ME, NOW)["due_date"] == moment
            assert macro.sets == f"due → {words}, vip → yes, plan → none"
            shown = macro.preview(NOW)
            assert shown.startswith(f"sets due → {words} (Fri 6 Mar 2026 {moment[11:16]}), vip")
        later = macro_of({"due_date": "2026-03-05"})
        assert for_ticket(later, ME, NOW)["due_date"] == "2026-03-05T09:00:00+00:00"
        # One that is past by then, and one of which a field is gone, set nothing at all.
        with pytest.raises(BadInput, match="is past"):
            for_ticket(later, ME, NOW + timedelta(days=3))
        assert "is past" in later.preview(NOW + timedelta(days=3))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert for_ticket(macro_of({"due_date": None}), ME, NOW) == {"due_date": None}
    gone = macro_of({"status": "open", "fields": {"plan": "pro"}}, trouble="the field 'Plan' is not in use any more")
    with pytest.raises(BadInput, match="the field 'Plan' is not in use any more"):
        for_ticket(gone, ME, NOW)
    assert gone.preview(NOW).startswith("✗ This macro cannot be used: the field 'Plan' is not in use any more")


def test_a_macro_as_text_is_read_as_it_was_written() -> None:
    support = Department(UUID(int=7), "Support")
    known = [
        CustomField("k", "K", "text"), CustomField("plan", "Plan", "choice", ("Free", "Pro")),
        CustomField("size", "Size", "number"), CustomField("vip", "VIP", "yes/no"), CustomField("day", "Day", "date"),
        CustomField("old", "Old", "text", active=False),
    ]  # fmt: skip
    change = {
        "status": "open", "category": None, "tags": {"add": [str(UUID(int=8))]}, "due_date": "fri 9:00",
        "fields": {"k": 'a"b', "size": 2.5, "vip": False, "plan": None},
    }  # fmt: skip
    macro = Macro(
        uuid4(), 'A "name"', "Hello,\n\nname = 1\n", True, change, "department", support.id, "Support",
        names={UUID(int=8): "vip"},
    )  # fmt: skip
    written = macro_text.write(macro)
    assert macro_text.names_fields(written)
    assert """due = "fri 9:00", field.k = "a\\"b", field.size = 2.5, field.vip = false, field.plan = "" }""" in written
    read = macro_text.read(written, macro.id, [support], known, NOW)
    assert read == replace(macro, names={})
    new = macro_text.read(macro_text.EMPTY.replace('name = ""', 'name = "n"'), macro.id, [], [], NOW)
    assert (new.name, new.internal, new.shared, dict(new.change)) == ("n", False, "me", {})
    check(new.body)
    with pytest.raises(BadInput, match="needs a name"):
        macro_text.read(macro_text.EMPTY, macro.id, [], [], NOW)

    def sets(change: str) -> dict[str, Any]:
        text = f'+++\nname = "n"\nchange = {{ {change} }}\n+++\n'
        return dict(macro_text.read(text, macro.id, [], known, NOW).change)

    # As people write it; what a field is called will do, too.
    assert sets('due = "2d", field.plan = "pro", field.size = "17", field.Vip = "yes", field.day = 2026-12-24') == {
        "due_date": "2d", "fields": {"plan": "Pro", "size": 17, "vip": True, "day": "2026-12-24"},
    }  # fmt: skip
    assert sets('due = "none", fields = { old = "" }') == {"due_date": None, "fields": {"old": None}}
    for wrong, why in (
        ('due = "soon"', "“soon” is no time"),
        ('due = "2020-01-01"', "is past"),
        ("due = 7", "“7” is no time"),
        ('field.paln = "pro"', "Did you mean plan?"),
        ('field.plan = "gold"', "none of the choices of Plan"),
        ('field.size = "many"', "is no number"),
        ('field.old = "x"', "The field Old is not in use any more"),
        ('field = "x"', "one by one"),
    ):
        with pytest.raises((BadInput, NotFound)) as refused:
            sets(wrong)
        assert why in str(refused.value)
