"""Every change is recorded: by whom, from which sign-in, what it was and is. Nobody skips it, edits it or reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from tests.db.matrix_desk import Desk
from tests.db.sessions import Sync, connect_as, gateway, owner, with_people
from tests.world import DeskDatabase, People, Person, apply_files

AUDIT: Final = ("private.audit", "private.audit_chains", "private.audit_seals", "private.audit_sealed")
NOT_RECORDED: Final = {
    "article_index": "made of the articles",
    "article_languages": "made of the articles",
    "article_terms": "made of the articles",
    "article_words": "made of the articles",
    "ticket_words": "made of the tickets",
    "audiences": "names of channels",
    "audit": "the audit",
    "audit_chains": "the audit",
    "audit_sealed": "the audit",
    "audit_seals": "the audit",
    "chat_seen": "how far somebody has read",
    "drafts": "nobody else's to read",
    "due_told": "whom was told of a due date",
    "back_told": "whom was told that a ticket is back",
    "last_here": "when somebody was last here",
    "logins": "the hook's: which logins there are",
    "macro_uses": "how often somebody used what",
    "routing_asked": "departments to look at before a transaction ends",
    "routing_now": "what is being given out at this moment",
    "routing_queue": "follows from the tickets",
    "routing_turns": "follows from what was given out",
    "presence": "who is where at this moment",
    "sla_refresh": "how far tickets have been worked out anew",
    "sla_results": "follows from tickets and messages",
    "sla_spans": "made of the calendars",
    "sla_told": "whom was told of a promise",
    "ticket_sla": "follows from tickets and messages",
    "schema_version": "when the files were applied",
    "secrets": "values that nothing may keep a copy of",
    "set_aside": "rows of a database from before",
    "turns": "rows to wait for each other by",
}
"""The tables of the schema private whose changes are not recorded, and why. A new one belongs here, or is recorded."""
ONE_CHANGE: Final = {
    "public.departments": "description = 'now'",
    "public.profiles": "full_name = 'Now'",
    "public.categories": "description = 'now'",
    "public.tickets": "title = 'Now'",
    "public.ticket_messages": "content = 'now'",
    "public.ticket_attachments": "name = 'now.txt'",
    "public.ticket_status_history": "note = 'now'",
    "public.ticket_events": "new_value = 'now'",
    "public.ticket_tags": "color = 'now'",
    "public.ticket_tag_relations": "tag_id = %(other_tag)s",
    "public.kb_categories": "description = 'now'",
    "public.kb_articles": "title = 'Now'",
    "public.kb_article_versions": "title = 'Now'",
    "public.ticket_feedback": "comment = 'now'",
    "public.kb_article_feedback": "comment = 'now'",
    "public.chat_sessions": "topic = 'now'",
    "public.chat_messages": "content = 'now'",
    "public.notifications": "title = 'Now'",
    "private.settings": "due_soon = '3 hours'",
    "private.acts": "words = 'now'",
    "private.chat_handovers": "created_at = '2026-01-01'",
    "private.saved_views": "name = 'Now'",
    "private.macros": "name = 'Now'",
    "private.routing": "capacity = 7",
    "private.capacities": "capacity = 7",
    "private.away": "note = 'now'",
    "private.ticket_acts": "words = 'now'",
    "private.ticket_snoozes": "until = '2026-01-01'",
    "private.sla_calendars": "holidays = '{\"2026-12-25\": []}'",
    "private.sla_policies": "first_response = 7",
    "private.fields": "label = 'Now'",
    "private.followers": "since = '2026-01-01'",
    "private.links": "kind = 'related to'",
    "private.merges": "moved = '{\"a\": 1}'",
}
"""A change of each table."""


@pytest.fixture(scope="module")
def desk(module_database: DeskDatabase) -> Iterator[Desk]:
    """The desk of the write matrix: something in every table."""
    desk = Desk(module_database)
    with owner(module_database) as connection:
        connection.execute(
            "insert into private.chat_handovers (session_id, by_id) values (%(taken)s, %(agent)s)", desk.ids
        )
        connection.execute(
            "insert into private.macros (id, name, body, internal, change, shared)"
            " values (gen_random_uuid(), 'n', '', false, '{}', 'all')"
        )
        connection.execute("insert into private.routing values (%(empty_department)s, 'round robin', 5)", desk.ids)
        connection.execute("insert into private.capacities values (%(agent)s, 5)", desk.ids)
        connection.execute(
            "insert into private.ticket_snoozes (ticket_id, until) values (%(ticket)s, now() + interval '1 day')",
            desk.ids,
        )
        connection.execute(
            "insert into private.followers (ticket_id, person) values (%(ticket)s, %(agent)s) on conflict do nothing",
            desk.ids,
        )
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def signed_in(desk: Desk, module_database: DeskDatabase) -> dict[str, Person]:
    """Persons of the desk with a new sign-in, whose session is known here."""

    async def sign_in(people: People) -> dict[str, Person]:
        return {
            name: await people.sign_in(Person(desk.me[name], "", name, role, None))
            for name, role in (("customer", "customer"), ("own agent", "agent"), ("admin", "admin"))
        }

    return with_people(module_database, sign_in)


@pytest.fixture
def free(module_database: DeskDatabase) -> Iterator[Sync]:
    """The owner, who looks into the audit."""
    with owner(module_database) as connection:
        connection.execute("set search_path = pg_catalog")  # so that tables are told with their schema
        yield connection


def now(free: Sync) -> datetime:
    """By the server's clock."""
    row = free.execute("select clock_timestamp()").fetchone()
    assert row is not None
    found = row[0]
    assert isinstance(found, datetime)
    return found


def recorded(free: Sync, since: datetime) -> list[dict[str, Any]]:
    """What was recorded since then, as it came."""
    cursor = free.execute("select * from private.audit where at > %s order by at, chain, seq", [since])
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def wrong(free: Sync) -> list[tuple[Any, ...]]:
    """What the audit finds wrong with itself."""
    return free.execute("select wrong, chain, seq, table_name from private.audit_verify()").fetchall()


def code(connection: Sync, statement: str, parameters: Any = None) -> str | None:
    """The SQLSTATE that a statement fails with; nothing of it stays."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement.encode(), parameters)
    except psycopg.Error as error:
        return error.sqlstate
    return None


# -- every change -----------------------------------------------------------------------------------------------------


def test_every_table_is_recorded_or_named_here_with_a_reason(free: Sync) -> None:
    recorded = {row[0] for row in free.execute("select t::text from private.audited() t").fetchall()}
    assert recorded == set(ONE_CHANGE)
    everything = free.execute(
        "select c.oid::regclass::text from pg_class c where c.relkind in ('r', 'p')"
        " and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace, 'helpdesk'::regnamespace)"
    ).fetchall()
    assert {row[0] for row in everything} - recorded == {f"private.{name}" for name in NOT_RECORDED}
    triggers = free.execute(
        "select t::text, tgname::text from private.audited() t join pg_trigger on tgrelid = t and tgname like 'audit_%'"
        # Always: also for a session that replays changes, which other triggers sleep through.
        " and tgenabled = 'A' and tgfoid::regproc::text in ('private.audit_rows', 'private.audit_updates')"
    ).fetchall()
    assert set(triggers) == {
        (table, f"audit_{op}") for table in recorded for op in ("insert", "update", "delete", "truncate")
    }


@pytest.mark.parametrize("table", ONE_CHANGE)
def test_insert_update_delete_and_truncate_of_every_table_are_recorded(desk: Desk, free: Sync, table: str) -> None:
    """By the owner, who asks for silence and puts all other triggers to sleep."""
    name = table.partition(".")[2]
    columns = free.execute(
        "select string_agg(quote_ident(attname), ', '),"
        " array_agg(attname::text) filter (where atttypid = 'bytea'::regtype)"
        " from pg_attribute where attrelid = %s::regclass and attnum > 0 and attgenerated = '' and not attisdropped",
        [table],
    ).fetchone()
    assert columns is not None
    with free.transaction(force_rollback=True):
        free.execute("set local session_replication_role = replica; set local helpdesk.mute = 'on'")
        since = now(free)
        free.execute(
            f"create temporary table copied on commit drop as select * from {table} order by ctid limit 1".encode()
        )
        (before,) = free.execute("select to_jsonb(c) from copied c").fetchone() or (None,)
        first = f"(select ctid from {table} order by ctid limit 1)"
        free.execute(f"update {table} set {ONE_CHANGE[table]} where ctid = {first}".encode(), desk.ids)
        free.execute(f"delete from {table}".encode())
        free.execute(
            f"insert into {table} ({columns[0]}) overriding system value select {columns[0]} from copied".encode()
        )
        free.execute(f"truncate {table} cascade".encode())
        mine = [row for row in recorded(free, since) if row["table_name"] == table]
        assert wrong(free) == []
    update, *deletes, insert, truncate = mine
    assert (update["op"], insert["op"], truncate["op"]) == ("update", "insert", "truncate")
    assert deletes
    assert {row["op"] for row in deletes} == {"delete"}
    changed = ONE_CHANGE[table].partition(" ")[0]
    assert set(update["old"]) == set(update["new"]) == {changed}
    assert update["old"] != update["new"]
    assert update["old"][changed] == before[changed]
    kept = set(columns[0].replace('"', "").split(", ")) - set(columns[1] or ())
    assert all(set(row["old"]) == kept and row["new"] is None for row in deletes)
    assert insert["old"] is None
    assert insert["new"] == {column: before[column] for column in kept}
    assert len({row["row_key"] for row in deletes}) == len(deletes)
    for row in (update, *deletes, insert):
        assert (row["actor"], row["session"], row["login"]) == (None, None, "postgres")
        assert row["row_key"]
        if name in ("tickets", "ticket_messages", "ticket_events", "ticket_attachments"):
            assert isinstance(row["ticket_id"], UUID)


def test_inserts_hold_all_values_but_bytes_and_what_is_very_long(desk: Desk, free: Sync) -> None:
    with free.transaction(force_rollback=True):
        since = now(free)
        free.execute(
            "insert into public.ticket_messages (ticket_id, sender_id, content)"
            " values (%(ticket)s, %(customer)s, %(long)s)",
            {**desk.ids, "long": "long words " * 900},
        )
        free.execute(
            "insert into public.ticket_attachments (ticket_id, name, sha256, data)"
            " values (%(ticket)s, 'a.txt', encode(sha256('bytes'), 'hex'), 'bytes')",
            desk.ids,
        )
        rows = {row["table_name"]: row for row in recorded(free, since) if row["op"] == "insert"}
    message, file = rows["public.ticket_messages"], rows["public.ticket_attachments"]
    assert message["new"]["content"]["length"] == 9900
    assert len(message["new"]["content"]["sha256"]) == 64
    assert message["new"]["sender_id"] == str(desk.ids["customer"])
    assert message["row_key"] == message["new"]["id"]
    assert message["ticket_id"] == desk.ids["ticket"]
    assert "data" not in file["new"]
    assert file["new"]["sha256"] == "277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9"


def test_statement_over_many_rows_is_recorded_row_by_row_in_one_chain(desk: Desk, free: Sync) -> None:
    with free.transaction(force_rollback=True):
        since = now(free)
        free.execute(
            "insert into public.tickets (title, customer_id)"
            " select 'Many ' || n, %(customer)s from generate_series(1, 300) n",
            desk.ids,
        )
        free.execute("update public.tickets set title = title || '!', priority = 'low' where title like 'Many %'")
        # Nothing is another than before: nothing to record.
        free.execute("update public.tickets set title = title where title like 'Many %'")
        free.execute("update public.tickets set title = title where title like 'None %'")
        rows = [row for row in recorded(free, since) if row["table_name"] == "public.tickets"]
        assert wrong(free) == []
    inserted, updated = rows[:300], rows[300:]
    assert {row["op"] for row in inserted} == {"insert"}
    assert len({row["row_key"] for row in inserted}) == len({row["seq"] for row in inserted}) == 300
    assert [(row["row_key"], row["old"]["title"]) for row in updated] == [
        (row["row_key"], row["new"]["title"]) for row in inserted
    ]
    assert all(row["new"] == {"title": f"{row['old']['title']}!", "priority": "low"} for row in updated)
    assert len({row["chain"] for row in rows}) == 1


def test_what_goes_with_something_removed_is_recorded_too(desk: Desk, free: Sync) -> None:
    with free.transaction(force_rollback=True):
        since = now(free)
        free.execute("delete from public.tickets where id = %(ticket)s", desk.ids)
        rows = recorded(free, since)
        assert wrong(free) == []
    gone = {row["table_name"] for row in rows if row["op"] == "delete"}
    assert {f"public.{name}" for name in ("tickets", "ticket_messages", "ticket_attachments", "ticket_events")} <= gone
    assert {row["ticket_id"] for row in rows if row["table_name"] == "public.ticket_messages"} == {desk.ids["ticket"]}


def test_what_triggers_write_as_the_record_of_a_change_is_not_recorded_twice(desk: Desk, free: Sync) -> None:
    agent = desk.connections["own agent"]
    since = now(free)
    with agent.transaction():
        agent.execute("update public.tickets set status = 'pending', priority = 'low' where id = %(ticket)s", desk.ids)
    (row,) = recorded(free, since)
    assert (row["table_name"], row["old"]) == ("public.tickets", {"status": "open", "priority": "high"})
    agent.execute("update public.tickets set status = 'open', priority = 'high' where id = %(ticket)s", desk.ids)


# -- who, from which session ------------------------------------------------------------------------------------------


def test_person_and_session_are_recorded_whatever_the_session_claims(
    desk: Desk, signed_in: dict[str, Person], free: Sync, module_database: DeskDatabase
) -> None:
    """A customer, an agent and an admin, each of whom claims to be somebody else and hides what can be hidden."""
    acts = {
        "customer": "insert into public.ticket_messages (ticket_id, content) values (%(ticket)s, 'me')",
        "own agent": "update public.tickets set title = 'Agent was here' where id = %(ticket)s",
        "admin": "update public.departments set description = 'Admin was here' where id = %(support)s",
    }
    for name, act in acts.items():
        person = signed_in[name]
        with connect_as(module_database, person) as connection:
            connection.execute(
                "select set_config('request.jwt.claims', %s, false), set_config('request.jwt.claim.sub', %s, false),"
                " set_config('helpdesk.mute', 'on', false), set_config('search_path', 'pg_temp', false),"
                " set_config('timezone', 'Asia/Tokyo', false), set_config('row_security', 'on', false),"
                " set_config('application_name', 'postgres', false)",
                [json.dumps({"sub": str(desk.me["anonymous"]), "session_id": str(uuid4())}), str(desk.me["anonymous"])],
            )
            since = now(free)
            connection.execute(act.encode(), desk.ids)
            assert code(connection, "set session_replication_role = replica") == "42501"
            assert code(connection, "alter table public.tickets disable trigger audit_update") == "42501"
            assert code(connection, "drop trigger audit_update on public.tickets") == "42501"
            assert code(connection, "set session authorization postgres") == "42501"
        rows = recorded(free, since)
        assert rows
        assert {(row["actor"], row["session"], row["login"]) for row in rows} == {(person.id, person.session_id, None)}
    assert wrong(free) == []


def test_changes_through_a_gateway_are_recorded_under_the_person_and_the_session_that_it_verified(
    desk: Desk, signed_in: dict[str, Person], free: Sync, module_database: DeskDatabase
) -> None:
    person = signed_in["own agent"]
    claims = {"sub": str(person.id), "session_id": str(person.session_id), "aal": "aal1", "role": "authenticated"}
    with gateway(module_database, claims) as connection:
        since = now(free)
        connection.execute("update public.tickets set title = 'By way of it' where id = %(ticket)s", desk.ids)
        # The next person over the same connection.
        other = signed_in["customer"]
        claims |= {"sub": str(other.id), "session_id": str(other.session_id)}
        connection.execute("select set_config('request.jwt.claims', %s, false)", [json.dumps(claims)])
        connection.execute(
            "insert into public.ticket_messages (ticket_id, content) values (%(ticket)s, 'me')", desk.ids
        )
    who = [(row["actor"], row["session"], row["login"]) for row in recorded(free, since)]
    assert who[0] == (person.id, person.session_id, "authenticator")
    assert set(who[1:]) == {(other.id, other.session_id, "authenticator")}


def test_another_login_in_the_same_chain_is_recorded_as_itself(desk: Desk, free: Sync) -> None:
    """A process number comes again, and with it a chain: whoever is at it now counts."""
    with free.transaction(force_rollback=True):
        free.execute("update public.tickets set title = 'x' where id = %(ticket)s", desk.ids)
        free.execute(
            "update private.audit_chains set login = 'hd_' || repeat('0', 32), actor = %(customer)s"
            " where pid = pg_backend_pid()",
            desk.ids,
        )
        since = now(free)
        free.execute("update public.tickets set title = 'y' where id = %(ticket)s", desk.ids)
        (row,) = recorded(free, since)
    assert (row["actor"], row["session"], row["login"]) == (None, None, "postgres")


# -- nobody else ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["customer", "own agent", "other agent", "admin", "anonymous"])
def test_nobody_reads_writes_seals_or_locks_the_audit(desk: Desk, name: str) -> None:
    connection = desk.connections[name]
    for table in AUDIT:
        for statement in (
            f"select from {table}",
            f"insert into {table} select * from {table}",
            f"update {table} set hash = ''",
            f"delete from {table}",
            f"truncate {table}",
            f"lock table {table} in access share mode",
            f"copy {table} to stdout",
        ):
            assert code(connection, statement) == "42501", statement
    for call in ("audit_seal()", "audit_verify()", "audit_head()", "audit_one('', '', '', null, null, null)"):
        assert code(connection, f"select private.{call}") == "42501"
    expected = None if name == "admin" else "HD003"
    asked = "select * from helpdesk.audit_of(%(ticket)s, null, null, null, 10)"
    assert code(connection, asked, desk.ids) == expected


def test_not_even_the_owner_changes_the_audit_in_passing(desk: Desk, free: Sync) -> None:
    for role in ("origin", "replica"):
        free.execute(sql.SQL("set session_replication_role = {}").format(role))
        for table in AUDIT:
            if table != "private.audit_chains":
                assert code(free, f"update {table} set hash = '' where false") == "HD003"
            assert code(free, f"delete from {table} where false") == "HD003"
            assert code(free, f"truncate {table}") == "HD003"


# -- the chains -------------------------------------------------------------------------------------------------------


def test_open_transactions_do_not_wait_for_each_other_nor_sealing_for_them(
    desk: Desk, signed_in: dict[str, Person], free: Sync, module_database: DeskDatabase
) -> None:
    """Somebody who leaves a transaction open holds up nobody's changes, nor the sealing of what others did."""
    with (
        connect_as(module_database, signed_in["customer"]) as one,
        connect_as(module_database, signed_in["own agent"]) as two,
        connect_as(module_database, signed_in["admin"]) as three,
    ):
        for connection in (one, two, three, free):
            connection.execute("set lock_timeout = '5s'")
        with one.transaction(), two.transaction():
            one.execute("update public.profiles set full_name = 'One' where id = %(customer)s", desk.ids)
            two.execute("update public.tickets set title = 'Two' where id = %(foreign_ticket)s", desk.ids)
            two.execute("update public.tickets set title = 'Two' where id = %(ticket)s", desk.ids)
            three.execute("update public.departments set description = 'Three' where id = %(billing)s", desk.ids)
            free.execute("select * from private.audit_seal()")
            assert wrong(free) == []
        assert wrong(free) == []
        free.execute("select * from private.audit_seal()")
    assert wrong(free) == []
    newest = free.execute("select * from private.audit_seal()").fetchone()
    assert free.execute("select * from private.audit_seal()").fetchone() == newest


def test_what_was_taken_back_leaves_no_gap(desk: Desk, free: Sync, module_database: DeskDatabase) -> None:
    with owner(module_database) as connection:
        for keep in (True, False, True):
            with connection.transaction(force_rollback=not keep):
                connection.execute("update public.tickets set title = title || '.' where id = %(ticket)s", desk.ids)
                with connection.transaction(force_rollback=True):
                    connection.execute("update public.tickets set title = title || '-' where id = %(ticket)s", desk.ids)
        rows = connection.execute(
            "select a.new ->> 'title', a.seq - c.seq from private.audit a join private.audit_chains c using (chain)"
            " where c.pid = pg_backend_pid() order by a.seq desc limit 2"
        ).fetchall()
    assert [(title[-2:], behind) for title, behind in rows] == [("..", 0), (rows[1][0][-2:], -1)]
    assert wrong(free) == []


MEDDLING: Final[dict[str, tuple[str, set[tuple[str, int | None]]]]] = {
    "a value": (
        'update private.audit set new = \'{"title": "forged"}\' where (chain, seq) = (%(chain)s, 2)',
        {("this row is not what was written", 2)},
    ),
    "who it was": (
        "update private.audit set actor = gen_random_uuid() where (chain, seq) = (%(chain)s, 2)",
        {("this row is not what was written", 2)},
    ),
    "when it was": (
        "update private.audit set at = at - interval '1 microsecond' where (chain, seq) = (%(chain)s, 2)",
        {("this row is not what was written", 2)},
    ),
    "a value and its hash": (
        (
            "update private.audit a set new = '{}', hash = private.audit_link((select hash from private.audit b"
            " where b.chain = a.chain and b.seq = 1), private.audit_text(a.chain, a.seq, a.at, a.txid, a.actor,"
            " a.session, a.login, a.op, a.table_name, a.row_key, a.ticket_id, a.old, '{}'))"
            " where (chain, seq) = (%(chain)s, 2)"
        ),
        {("this row is not what was written", 3)},
    ),
    "a row in the middle": (
        "delete from private.audit where (chain, seq) = (%(chain)s, 2)",
        {("the row before this one is missing", 3)},
    ),
    "the first rows": (
        "delete from private.audit where chain = %(chain)s and seq < 3",
        {("the 2 rows before this one are missing", 3)},
    ),
    "the last row": (
        "delete from private.audit where (chain, seq) = (%(chain)s, 4)",
        {("the last rows of this chain are missing: it had 4", 3), ("what seal %(seal)s sealed is missing", 4)},
    ),
    "the last row, and the chain's end": (
        (
            "delete from private.audit where (chain, seq) = (%(chain)s, 4);"
            " update private.audit_chains c set seq = 3, hash = a.hash from private.audit a"
            " where c.chain = %(chain)s and (a.chain, a.seq) = (%(chain)s, 3)"
        ),
        {("what seal %(seal)s sealed is missing", 4)},
    ),
    "a whole chain": (
        "delete from private.audit where chain = %(chain)s; delete from private.audit_chains where chain = %(chain)s",
        {("what seal %(seal)s sealed is missing", 4)},
    ),
    "a chain but for its name": (
        "delete from private.audit where chain = %(chain)s",
        {("the last rows of this chain are missing: it had 4", None), ("what seal %(seal)s sealed is missing", 4)},
    ),
    "two rows swapped": (
        (
            "update private.audit set seq = case seq when 2 then -3 else -2 end where chain = %(chain)s"
            " and seq in (2, 3);"
            " update private.audit set seq = -seq where chain = %(chain)s and seq < 0"
        ),
        {("this row is not what was written", number) for number in (2, 3, 4)},
    ),
    "a row added at the end": (
        (
            "insert into private.audit select chain, 5, at, txid, actor, session, login, op, table_name, row_key,"
            " ticket_id, old, new, hash from private.audit where (chain, seq) = (%(chain)s, 4)"
        ),
        {("this row is not what was written", 5), ("this chain does not end as it was written", 5)},
    ),
    "the time of a seal": (
        "update private.audit_seals set at = at - interval '1 day' where seal = %(seal)s",
        {("seal %(seal)s is not what was written", None)},
    ),
    "a seal": (
        "delete from private.audit_seals where seal = %(seal)s",
        {("seal %(seal)s is missing", None)},
    ),
    "what a seal sealed": (
        "delete from private.audit_sealed where seal = %(seal)s and chain = %(chain)s",
        {("seal %(seal)s is not what was written", None)},
    ),
    "the triggers": (
        "alter table public.tickets disable trigger audit_update; drop trigger audit_delete on public.profiles",
        {
            ("changes of public.tickets are not recorded: its trigger audit_update is switched off", None),
            ("changes of public.profiles are not recorded: its trigger audit_delete is missing", None),
        },
    ),
}
"""What an owner who knows how could do, and what verifying finds: the words and the row's number in its chain."""


@pytest.fixture(scope="module")
def chain(desk: Desk, module_database: DeskDatabase) -> dict[str, int]:
    """A chain of four rows that is sealed, and the number of the seal."""
    with owner(module_database) as connection:
        # Its number is nobody's again.
        connection.execute("insert into private.audit_chains (pid) values (pg_backend_pid())")
        connection.execute("update private.audit_chains set pid = -chain where pid = pg_backend_pid() and seq > 0")
        for title in "abcd":
            connection.execute(
                "update public.tickets set title = %(t)s where id = %(closed)s", {**desk.ids, "t": title}
            )
        row = connection.execute(
            "select c.chain, c.seq, s.seal from private.audit_chains c, private.audit_seal() s"
            " where c.pid = pg_backend_pid() and c.seq > 0"
        ).fetchone()
        connection.execute("update private.audit_chains set pid = -chain where pid = pg_backend_pid()")
    assert row is not None
    assert row[1] == 4
    return {"chain": row[0], "seal": row[2]}


@pytest.mark.parametrize("what", MEDDLING)
def test_verifying_finds_what_was_meddled_with(free: Sync, chain: dict[str, int], what: str) -> None:
    assert wrong(free) == []
    statements, expected = MEDDLING[what]
    with free.transaction(force_rollback=True):
        for table in AUDIT:
            free.execute(f"alter table {table} disable trigger audit_stays".encode())
        for statement in statements.split(";"):
            free.execute(statement.encode(), chain if "%(" in statement else None)
        found = wrong(free)
    assert {(words, seq) for words, _, seq, _ in found} == {(words % chain, seq) for words, seq in expected}
    assert {number for _, number, _, _ in found} <= {chain["chain"], None}


# -- older databases, reading -----------------------------------------------------------------------------------------


def test_yesterdays_database_is_brought_forward_with_its_data(database: DeskDatabase) -> None:
    """What happened before the audit was there is not in it, and nothing is wrong with that."""
    with owner(database) as connection:
        connection.execute(
            "drop table private.audit, private.audit_chains, private.audit_seals, private.audit_sealed cascade;"
            " drop function private.audit_rows, private.audit_updates, private.audit_stays cascade"
        )
        connection.execute("insert into auth.users (id, email) values (gen_random_uuid(), 'cora@desk.test')")
        connection.execute("insert into public.tickets (title, customer_id) select 'Old', id from public.profiles")
    for _ in range(2):
        apply_files(database.owner_dsn)
    with owner(database) as connection:
        assert connection.execute("select count(*) from private.audit").fetchone() == (0,)
        connection.execute("update public.tickets set title = 'New'")
        assert connection.execute("select old, new from private.audit").fetchall() == [
            ({"title": "Old"}, {"title": "New"})
        ]
        assert wrong(connection) == []


def test_admin_reads_who_changed_what_of_a_ticket_from_which_session_page_by_page(
    desk: Desk, signed_in: dict[str, Person], free: Sync, module_database: DeskDatabase
) -> None:
    ticket = desk.ids["rated"]
    agent, admin = (connect_as(module_database, signed_in[name]) for name in ("own agent", "admin"))
    with agent, admin:
        agent.execute("select * from helpdesk.assign(array[%(rated)s]::uuid[], %(agent)s)", desk.ids)
        agent.execute("update public.tickets set status = 'open' where id = %(rated)s", desk.ids)
        page: list[Any] = []
        mark: list[Any] = [None, None, None]
        while True:
            more = admin.execute("select * from helpdesk.audit_of(%s, %s, %s, %s, 2)", [ticket, *mark]).fetchall()
            if not more:
                break
            page += more
            mark = list(more[-1][:3])
        at_once = admin.execute("select * from helpdesk.audit_of(%s, null, null, null, 1000)", [ticket]).fetchall()
    assert page == at_once
    assert len(page) >= 4
    assert page[0][7:9] == ("insert", "public.tickets")
    assigned = page[-2]
    assert assigned[3:7] == (desk.ids["agent"], "Ada", signed_in["own agent"].session_id, None)
    assert assigned[10:] == (
        {"assignee_id": None},
        {"assignee_id": str(desk.ids["agent"])},
        {str(desk.ids["agent"]): "Ada"},
    )
    reopened = page[-1][10]
    assert reopened["status"] == "closed"
    assert page[-1][0] <= datetime.now(UTC)


def test_audit_of_a_ticket_is_read_along_its_index(
    desk: Desk, signed_in: dict[str, Person], module_database: DeskDatabase
) -> None:
    """The server's own counter tells: EXPLAIN does not look into functions."""
    counters = "select seq_scan, idx_scan from pg_stat_xact_user_tables where relname = 'audit'"
    with connect_as(module_database, signed_in["admin"]) as admin, admin.transaction():
        # There is not much in it here. Where an index can serve, it does then.
        admin.execute("set local enable_seqscan = off")
        before = admin.execute(counters).fetchone()
        admin.execute("select * from helpdesk.audit_of(%(ticket)s, null, null, null, 100)", desk.ids)
        after = admin.execute(counters).fetchone()
    assert before is not None
    assert after is not None
    assert (after[0] - before[0], after[1] - before[1]) == (0, 1)
