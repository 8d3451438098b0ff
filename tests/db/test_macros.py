"""Macros: who sees, writes and removes which, as a table like the write matrix; what is refused, in which words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

import psycopg
import pytest

from helpdesk_tui.core.macros import VARIABLES
from tests.db.matrix_desk import PEOPLE, Desk
from tests.db.sessions import owner
from tests.world import DeskDatabase

MACROS: Final = {
    "mine": "(gen_random_uuid(), 'mine', 'SECRET of Ada', false, '{}', %(agent)s, 'me', null)",
    "ours": "(gen_random_uuid(), 'ours', 'Support', false, '{}', %(agent)s, 'department', %(support)s)",
    "theirs": "(gen_random_uuid(), 'theirs', 'SECRET of Billing', true, '{}', %(other_agent)s, 'department',"
    " %(billing)s)",
    "shared": "(gen_random_uuid(), 'shared', 'all', false, '{}', %(other_agent)s, 'all', null)",
    "left": "(gen_random_uuid(), 'left', 'whose author is gone', false, '{}', null, 'all', null)",
}
READ: Final = "select from helpdesk.macros() where id = %({})s"
SAVE: Final = "select helpdesk.save_macro({}, 'n', 'b', {}, '{}', '{}', {})"
REMOVE: Final = "select helpdesk.remove_macro(%({})s)"

# What is done; then what comes of it for the customer, own agent (Support), other agent (Billing), admin, anonymous.
MATRIX: Final[dict[str, tuple[str, str]]] = {
    "read Ada's own": (READ.format("mine"), "- yes - - -"),
    "read Support's": (READ.format("ours"), "- yes - yes -"),
    "read Billing's": (READ.format("theirs"), "- - yes yes -"),
    "read everybody's": (READ.format("shared"), "- yes yes yes -"),
    "write one's own": (SAVE.format("gen_random_uuid()", "false", "{}", "me", "null"), "HD003 yes yes yes HD003"),
    "write a department's": (
        SAVE.format("gen_random_uuid()", "true", "{}", "department", "%(support)s"),
        "HD003 yes HD003 yes HD003",
    ),
    "write everybody's": (SAVE.format("gen_random_uuid()", "true", "{}", "all", "null"), "HD003 yes yes yes HD003"),
    "change Ada's own": (SAVE.format("%(mine)s", "false", "{}", "me", "null"), "HD003 yes HD002 HD002 HD003"),
    "change Support's": (SAVE.format("%(ours)s", "false", "{}", "all", "null"), "HD003 yes HD002 yes HD003"),
    "change Billing's": (SAVE.format("%(theirs)s", "false", "{}", "all", "null"), "HD003 HD002 yes yes HD003"),
    "change everybody's": (SAVE.format("%(shared)s", "false", "{}", "all", "null"), "HD003 HD003 yes yes HD003"),
    "change nobody's": (SAVE.format("%(left)s", "false", "{}", "all", "null"), "HD003 HD003 HD003 yes HD003"),
    "remove Ada's own": (REMOVE.format("mine"), "HD004 yes HD004 HD004 HD004"),
    "remove Support's": (REMOVE.format("ours"), "HD004 yes HD004 yes HD004"),
    "remove Billing's": (REMOVE.format("theirs"), "HD004 HD004 yes yes HD004"),
    "remove everybody's": (REMOVE.format("shared"), "HD004 HD003 yes yes HD004"),
    "remove what is not there": ("select helpdesk.remove_macro(gen_random_uuid())", "HD004 HD004 HD004 HD004 HD004"),
    "the table": ("select from private.macros", "no no no no no"),
    "the table, written": ("update private.macros set shared = 'all'", "no no no no no"),
    "the uses": ("select from private.macro_uses", "no no no no no"),
}  # fmt: skip
CELLS: Final = [
    (what, person, sql, expected)
    for what, (sql, outcomes) in MATRIX.items()
    for person, expected in zip(PEOPLE, outcomes.split(), strict=True)
]


@pytest.fixture(scope="module")
def desk(module_database: DeskDatabase) -> Iterator[Desk]:
    """The desk of the write matrix, with macros of every kind."""
    made = Desk(module_database)
    with owner(module_database) as connection:
        for name, values in MACROS.items():
            row = connection.execute(
                "insert into private.macros (id, name, body, internal, change, author_id, shared, department_id)"
                f" values {values} returning id".encode(),
                made.ids,
            ).fetchone()
            assert row is not None
            made.ids[name] = row[0]
    yield made
    made.close()


@pytest.mark.parametrize(("what", "person", "sql", "expected"), CELLS, ids=[f"{c[0]} {c[1]}" for c in CELLS])
def test_who_may_do_what_with_macros(desk: Desk, what: str, person: str, sql: str, expected: str) -> None:
    assert desk.outcome(person, sql) == expected


def save(desk: Desk, body: str, change: Any = None, person: str = "own agent") -> str:
    """What is said to a macro: "" where it is kept, else the error with its hint."""
    connection = desk.connections[person]
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(
                "select helpdesk.save_macro(gen_random_uuid(), 'n', %s, false, %s, 'me', null)",
                [body, json.dumps(change or {})],
            )
    except psycopg.Error as error:
        if error.sqlstate != "HD002":
            raise
        return f"{error.diag.message_primary} {error.diag.message_hint or ''}".strip()
    return ""


def test_nobody_floods_the_list_of_macros(module_database: DeskDatabase, desk: Desk) -> None:
    save = "select helpdesk.save_macro(%(id)s, 'n', 'b', false, '{}', 'me', null)"
    mine = uuid4()
    with owner(module_database) as run:
        run.execute(
            "insert into private.macros (id, name, body, internal, change, author_id, shared)"
            " select case n when 1 then %s else gen_random_uuid() end, 'many', 'b', false, '{}', %s, 'me'"
            " from generate_series(1, 200) n",
            [mine, desk.ids["agent"]],
        )
    try:
        with pytest.raises(psycopg.Error, match="you have 200 macros already") as refused:
            desk.connections["own agent"].execute(save, {"id": uuid4()})
        assert refused.value.sqlstate == "HD002"
        desk.connections["own agent"].execute(save, {"id": mine})
    finally:
        with owner(module_database) as run:
            run.execute(
                "delete from private.macros where author_id = %s and name in ('many', 'n')", [desk.ids["agent"]]
            )


def test_an_unknown_variable_is_refused_with_the_nearest(desk: Desk) -> None:
    assert save(desk, "Hello {{ requester.frist_name }}") == (
        "there is no variable 'requester.frist_name' Did you mean {{requester.first_name}}?"
    )
    assert save(desk, "{{number}}").endswith("Did you mean {{ticket.number}}?")
    assert save(desk, "Hello {{requester.name") == "a variable is not closed It is written {{ticket.number}}."
    assert save(desk, "Hello {{ requester.first_name }}, {{cursor}} {x} }}") == ""
    for name in VARIABLES:  # the client fills in what the database lets pass, and nothing else
        assert save(desk, f"{{{{{name}}}}}") == "", name


def test_the_client_and_the_database_know_the_same_variables(module_database: DeskDatabase, desk: Desk) -> None:
    with owner(module_database) as connection:
        row = connection.execute("select private.macro_variables()").fetchone()
    assert row is not None
    assert set(row[0]) == set(VARIABLES)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": "done"}, 'a macro cannot set status to "done"'),
        ({"status": None}, "a macro cannot set status to null"),
        ({"priority": 3}, "a macro cannot set priority to 3"),
        ({"assignee": "@you"}, 'a macro cannot set assignee to "@you"'),
        ({"department": "Support"}, 'a macro cannot set department to "Support"'),
        ({"snooze": "0 days"}, 'a macro cannot set snooze to "0 days"'),
        ({"snooze": "3 days; drop table"}, 'a macro cannot set snooze to "3 days; drop table"'),
        ({"tags": ["x"]}, 'a macro cannot set tags to ["x"]'),
        ({"tags": {"add": "x"}}, 'a macro cannot set tags to {"add": "x"}'),
        ({"tags": {"add": [None]}}, 'a macro cannot set tags to {"add": [null]}'),
        ({"tags": {"add": [["x"]]}}, 'a macro cannot set tags to {"add": [["x"]]}'),
        ({"tags": {"toggle": []}}, 'a macro cannot set tags to {"toggle": []}'),
        ({"fields": []}, "a macro cannot set fields to []"),
        ({"fields": {"serail": "1"}}, "there is no field 'serail' Did you mean serial?"),
        ({"fields": {"serial": 1}}, "1 is none for 'Serial' It is a text of 2000 characters at most."),
        ({"due_date": ""}, 'a macro cannot set due_date to ""'),
        ({"due_date": 3}, "a macro cannot set due_date to 3"),
        ({"due_date": "2d\u001b[2J"}, 'a macro cannot set due_date to "2d\\u001b[2J"'),
        ({"metadata": 1}, "a macro sets no 'metadata' It sets status, priority, assignee, department, category, due_date, tags, fields and snooze."),  # noqa: E501
        ([], "what a macro sets is an object"),
        ("x", "what a macro sets is an object"),
    ],
)  # fmt: skip
def test_a_change_that_nobody_could_make_is_refused(desk: Desk, change: Any, said: str) -> None:
    if change == []:
        with pytest.raises(psycopg.Error, match=said), desk.connections["own agent"].transaction(force_rollback=True):
            desk.connections["own agent"].execute(
                "select helpdesk.save_macro(gen_random_uuid(), 'n', 'b', false, '[]', 'me', null)"
            )
    else:
        assert save(desk, "b", change) == said


def test_a_change_that_can_be_made_is_kept(desk: Desk) -> None:
    change = {
        "status": "pending", "priority": "low", "assignee": "@me", "department": str(desk.ids["support"]),
        "category": None, "tags": {"add": [str(desk.ids["tag"])], "remove": []}, "snooze": "3 days",
        "due_date": "fri 9:00", "fields": {"serial": "A-1"},
    }  # fmt: skip
    assert save(desk, "", change) == ""
    assert save(desk, "", {"assignee": str(desk.ids["agent"]), "category": str(desk.ids["category"])}) == ""
    assert save(desk, "", {"assignee": str(desk.ids["customer"])}).startswith("a macro cannot set assignee")
    assert save(desk, "", {"due_date": None, "fields": {"serial": None}}) == ""
    assert save(desk, " ") == "a macro says something or sets something"


def test_a_macro_with_a_field_that_is_out_of_use_by_now_says_so_and_sets_nothing_half(
    module_database: DeskDatabase, desk: Desk
) -> None:
    own = desk.connections["own agent"]
    change = json.dumps({"status": "pending", "fields": {"serial": "A-1"}})
    with owner(module_database) as boss, own.transaction(force_rollback=True):
        macro = uuid4()
        own.execute("select helpdesk.save_macro(%s, 'n', 'b', false, %s, 'me', null)", [macro, change])
        trouble = "select trouble from helpdesk.macros() where id = %s"
        assert own.execute(trouble, [macro]).fetchone() == (None,)
        boss.execute("update private.fields set active = false where key = 'serial'")
        try:
            why = "the field 'Serial' is not in use any more"
            assert own.execute(trouble, [macro]).fetchone() == (why,)
            message = "jsonb_build_object('ticket', %(ticket)s, 'message', gen_random_uuid(), 'content', 'Sent')"
            for doing in (
                "select helpdesk.act(gen_random_uuid(), array[%(ticket)s, %(closed)s]::uuid[], %(change)s, 'x')",
                f"select helpdesk.send_each(gen_random_uuid(), jsonb_build_array({message}), true, %(change)s, 'x')",
            ):
                with pytest.raises(psycopg.Error, match=why), own.transaction():
                    own.execute(doing.encode(), {**desk.ids, "change": change})
            assert own.execute("select from tickets where status = 'pending' and id = any(%s)",
                               [[desk.ids["ticket"], desk.ids["closed"]]]).fetchall() == []  # fmt: skip
            assert own.execute("select from ticket_messages where content = 'Sent'").fetchall() == []
        finally:
            boss.execute("update private.fields set active = true where key = 'serial'")


def test_what_somebody_uses_comes_first_for_them_alone(module_database: DeskDatabase, desk: Desk) -> None:
    own, other = desk.connections["own agent"], desk.connections["other agent"]

    def first(connection: Any) -> tuple[Any, ...]:
        row = connection.execute("select name, uses from helpdesk.macros() limit 1").fetchone()
        assert row is not None
        return tuple(row)

    with own.transaction(force_rollback=True):
        own.execute("select helpdesk.macro_used(%(shared)s), helpdesk.macro_used(%(shared)s)", desk.ids)
        # One that is not theirs counts for nothing, and stops nobody from answering.
        own.execute("select helpdesk.macro_used(%(theirs)s)", desk.ids)
        assert first(own) == ("shared", 2)
        assert first(other) == ("left", 0)
    customer = desk.connections["customer"]
    customer.execute("select helpdesk.macro_used(%(shared)s)", desk.ids)
    with owner(module_database) as connection:
        assert connection.execute("select count(*) from private.macro_uses").fetchone() == (0,)


def test_many_are_answered_each_by_itself_and_who_may_not_is_refused(desk: Desk) -> None:
    """One that is the person's to answer; one over unseen messages; one of another department; twice under one id."""
    own = desk.connections["own agent"]
    ids = {name: str(desk.ids[name]) for name in ("ticket", "closed", "foreign_ticket", "message")}

    def told(ticket: str, after: str | None = None, content: str = "Hello") -> dict[str, Any]:
        return {"ticket": ids[ticket], "message": str(uuid4()), "content": content, "after": after}

    messages = [told("ticket"), told("closed"), told("foreign_ticket")]
    send = "select id::text, done, why from helpdesk.send_each(%s, %s, %s, %s, 'all')"
    act = uuid4()
    change = json.dumps({"status": "pending"})
    with own.transaction(force_rollback=True):
        for _ in range(2):  # the same again is there once
            found = {row[0]: row[1:] for row in own.execute(send, [act, json.dumps(messages), False, change])}
            assert found == {
                ids["ticket"]: (False, "the thread has moved on: one message not seen yet"),
                ids["closed"]: (True, None),
                ids["foreign_ticket"]: (False, "there is no such ticket"),
            }
        said = "select count(*) from ticket_messages where sender_id = %s and content = 'Hello' and not is_internal"
        assert own.execute(said, [desk.ids["agent"]]).fetchone() == (1,)
        status = "select status::text from tickets where id = any(%s) order by status"
        where = [[ids["ticket"], ids["closed"]]]
        assert [row[0] for row in own.execute(status, where)] == ["open", "pending"]
        # A note needs to have seen nothing, and an answer that saw the newest message goes out.
        row = own.execute(send, [uuid4(), json.dumps([told("ticket")]), True, "{}"]).fetchone()
        assert row == (ids["ticket"], True, None)
    for person, state in (("customer", "HD003"), ("anonymous", "HD003"), ("admin", "yes"), ("other agent", "-")):
        one = json.dumps([told("ticket", ids["message"])]).replace("'", "''")
        call = f"select from helpdesk.send_each(gen_random_uuid(), '{one}', false, '{{}}', '') where done"
        assert desk.outcome(person, call) == state, person
    for wrong in ('{"a": 1}', "[1]", '[{"ticket": "x"}]', json.dumps([told("ticket", content=" ")]), "null"):
        assert desk.outcome("own agent", f"select helpdesk.send_each(null, '{wrong}', true, null, null)") == "HD002"
