"""Read: the ways around a plain SELECT. Each way is tried by everybody; what comes back holds nothing of others'."""

from __future__ import annotations

import re
from typing import Final

import pytest

from tests.attacks.stage import ACTIVE, ATTACKERS, EVERYBODY, Stage
from tests.db.sessions import with_people
from tests.world import People, Person

TEXTS: Final = """
  select format('%I.%I', n.nspname, c.relname), quote_ident(a.attname)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
   where n.nspname in ('public', 'helpdesk') and c.relkind in ('r', 'v', 'm', 'p') and a.attnum > 0
     and not a.attisdropped and has_column_privilege('helpdesk_member', c.oid, a.attnum, 'select') order by 1, 2"""

WAYS: Final = {
    "copy a table": "copy public.tickets to stdout",
    "copy messages as binary": "copy public.ticket_messages to stdout (format binary)",
    "copy what files hold": "copy (select data, name from public.ticket_attachments) to stdout",
    "copy with returning": "copy (update public.tickets set status = status returning *) to stdout",
    "explain with what ran": "explain (analyze, verbose, buffers, settings, wal) select t, m from public.tickets t"
    " join public.ticket_messages m on m.ticket_id = t.id where t.title || m.content ~ 'zq'",
    "explain as data": "explain (analyze, verbose, format json) select * from public.ticket_attachments",
    "explain a write": "explain (analyze, verbose) update public.tickets set status = status where title ~ 'zq'",
    "trees of plans in functions": "set local client_min_messages = log; set local debug_print_plan = on;"
    " set local debug_pretty_print = off; select * from helpdesk.search_articles('printer zq');"
    " select * from helpdesk.names(array[%(otto)s])",
    "no row security": "set local row_security = off; select * from public.tickets",
    "no row security in a function": "set local row_security = off; select * from helpdesk.messages(%(ticket)s)",
    "cheap leaks first": "set local enable_indexscan = off; set local enable_bitmapscan = off;"
    " select * from public.tickets where title::integer = 1 and id = %(ticket)s",
    "whole rows": "select t, t.*::text, to_jsonb(t), row_to_json(t) from public.tickets t",
    "by its place": "select * from public.tickets where ctid = any(array['(0,1)', '(0,2)', '(0,3)', '(1,1)']::tid[])",
    "a sample": "select * from public.ticket_messages tablesample system (100)",
    "every version": "select xmin, xmax, cmin, t from public.tickets t",
    "the parent alone": "select * from only public.tickets",
    "lock others' rows": "select * from public.tickets for update",
    "lock others' rows weakly": "select id, title from public.tickets for key share skip locked",
    "lock others' messages": "select * from public.ticket_messages for no key update nowait",
    "update returning": "update public.tickets set status = status returning tickets",
    "update returning old and new": "update public.tickets set priority = priority returning old, new",
    "update from": "update public.ticket_feedback f set rating = 1 from public.tickets t returning f, t",
    "merge returning": "merge into public.tickets t using (select 1) s on true"
    " when matched then update set status = t.status returning merge_action(), t.*",
    "merge what is not there": "merge into public.ticket_feedback f using public.tickets t on f.ticket_id = t.id"
    " when matched then update set rating = 1 when not matched then do nothing returning f.*",
    "insert over": "insert into public.ticket_feedback as f (ticket_id, customer_id, rating) values"
    " (%(ticket)s, %(me)s, 1) on conflict (ticket_id, customer_id) do update set rating = f.rating returning f.*",
    "insert over an article": "insert into public.kb_articles as a (id, title, content, author_id, status) values"
    " (%(draft)s, 'x', 'x', %(me)s, 'draft') on conflict (id) do update set title = a.title returning a.*",
    "insert over a tag": "insert into public.ticket_tags as g (id, name) values (%(tag)s, 'x')"
    " on conflict (id) do update set name = g.name returning g.*",
    "as xml": "select query_to_xml('select * from public.tickets', true, false, '')",
    "everything as xml": "select schema_to_xml('public', true, false, '')",
    "the database as xml": "select database_to_xml(true, false, '')",
    "words by ts_stat": "select * from ts_stat('select to_tsvector(content) from public.kb_articles')",
    "rewritten by a query": "select ts_rewrite('a'::tsquery,"
    " 'select ''a''::tsquery, plainto_tsquery(title) from public.tickets')",
    "a cursor": "declare c scroll cursor for select * from public.ticket_messages; fetch all from c; fetch 1 from c",
    "a cursor to update": "declare c cursor for select * from public.tickets for update; fetch all from c",
    "a prepared statement": "prepare p as select * from public.tickets where title ~ $1; execute p('zq'); deallocate p",
    "words raised": "do $$ declare r record; begin for r in select * from public.tickets t join public.ticket_messages"
    " m on m.ticket_id = t.id loop raise notice '%%', r; end loop; end $$",
    "words raised as an error": "do $$ begin raise exception '%%',"
    " (select string_agg(t::text, '') from public.tickets t); end $$",
    "a setting keeps it": "select 1 from public.tickets where set_config('zz.leak', title, true) is null;"
    " select current_setting('zz.leak', true)",
    "rung out": "listen zz; select 1 from public.tickets where pg_notify('zz', title) is null",
    "a large object keeps it": "select lo_get(lo_from_bytea(0, title::bytea)) from public.tickets",
    "a lock tells": "select pg_advisory_xact_lock(hashtext(title)) from public.tickets where status = 'closed'",
    "by a division": "select 1 from public.tickets where 1 / (case when title ~ 'zq' then 0 else 1 end) = 1",
    "by a regular expression": "select 1 from public.tickets where 'a' ~ ('(' || title)",
    "by a join that fails": "select 1 from public.tickets t join public.ticket_messages m on m.content::int = 1",
    "by grouping sets": "select title, count(*) from public.tickets group by cube (title, customer_id)",
    "by a window": "select first_value(title) over (order by created_at rows unbounded preceding) from public.tickets",
    "by recursion": "with recursive r as (select id, title from public.tickets union select t.id, t.title from"
    " public.tickets t join r on true) select * from r",
    "by a lateral function": "select t.* from unnest(array[%(ticket)s, %(own)s]) i, lateral helpdesk.ticket(i) t",
    "history of what is closed": "select * from public.ticket_status_history where note is not null",
    "who asks, of functions": "select private.uid(), private.departments()",
    "secrets": "select * from private.secrets",
    "accounts": "select * from auth.users",
    "sign-ins": "select * from auth.sessions",
    "passwords": "select * from pg_authid",
    "passwords of users": "select * from pg_shadow",
    "statistics": "select * from pg_statistic",
    "statistics of columns together": "select * from pg_statistic_ext_data",
    "large objects": "select * from pg_largeobject",
    "mappings of users": "select * from pg_user_mapping",
    "a file": "select pg_read_file('PG_VERSION')",
    "a file's bytes": "select pg_read_binary_file(pg_relation_filepath('public.tickets'))",
    "a directory": "select pg_ls_dir('.')",
    "a log": "select * from pg_ls_logdir()",
    "a file as a large object": "select lo_import('/etc/passwd')",
    "a large object as a file": "select lo_export(1, '/tmp/x')",
    "a program": "copy (select 1) to program 'true'",
    "a file written": "copy public.tickets to '/tmp/x'",
    "a file read": "copy public.ticket_tags (name) from '/etc/passwd'",
    "a slot of replication": "select pg_create_logical_replication_slot('zz', 'pgoutput')",
    "its changes": "select * from pg_logical_slot_get_changes('zz', null, null)",
    "a library": "load 'auto_explain'",
    "a library of another place": "load '/tmp/x.so'",
    "what others said": "set local log_statement = 'all'",
    "the owner's eyes": "set local role postgres; select * from public.tickets",
    "the service's eyes": "set local role service_role; select * from public.tickets",
    "the keeper's eyes": "set local role helpdesk_keeper; select * from private.secrets",
    "the sign-in's eyes": "set local role supabase_auth_admin; select * from auth.users",
    "pages of the disk": "select * from page_header(get_raw_page('public.tickets', 0))",
    "another database": "select * from dblink('dbname=postgres', 'select 1') as t(a int)",
    "a view that asks as its owner": "create view public.zz as select * from public.tickets",
    "a view of one's own": "create temporary view zz as select * from public.tickets",
}
"""Name → what is run, undone after."""


@pytest.mark.parametrize("way", WAYS)
def test_no_way_around_shows_what_one_may_not_read(stage: Stage, way: str) -> None:
    for who in ATTACKERS:
        told = stage.attack(who, WAYS[way])
        assert told.code != "XX000", (who, told.error)
        # Constants in trees of plans are bytes in figures.
        figures = " ".join(re.findall(r"\[ [0-9 -]+ \]", str(told)))
        assert figures or "trees" not in way or told.code == "42501"
        for mark, canary in stage.forbidden(who).items():
            if mark.startswith("zq"):
                assert " ".join(str(byte) for byte in mark.encode()) not in figures, (who, canary.what)


CLOSED: Final = (
    *("who asks, of functions", "secrets", "passwords", "passwords of users", "statistics", "a file", "a directory"),
    *("a file's bytes", "a log", "a file as a large object", "a large object as a file", "a program", "a file written"),
    *("a file read", "a library", "what others said", "the owner's eyes", "the keeper's eyes", "the sign-in's eyes"),
    *("statistics of columns together", "large objects", "a slot of replication", "a view of one's own"),
    *("accounts", "sign-ins", "a view that asks as its owner", "a library of another place", "its changes"),
)


def test_what_is_closed_says_so_and_nothing_else(stage: Stage) -> None:
    """Refused for want of a right, and not for want of something that may be there tomorrow."""
    for way in CLOSED:
        for who in ATTACKERS:
            # The roles of Supabase's gateway are its own business: it may become the service that sees everything.
            assert stage.attack(who, WAYS[way]).code == "42501", (way, who)
    for who in ("cora", "ada", "ann", "sid"):
        assert stage.attack(who, WAYS["the service's eyes"]).code == "42501"


def test_every_text_under_a_condition_that_fails_on_it(stage: Stage) -> None:
    """A cast that fails quotes what it failed on: for every column, what one may not read is not even asked."""
    columns = stage.run(TEXTS)
    assert len(columns) > 120
    script = "".join(
        f"begin perform 1 from {table} where {column}::text::integer = {number} or set_config('zz.a', {column}::text,"
        " true) is null; exception when others then raise notice '%%', sqlerrm; end; "
        for number, (table, column) in enumerate(columns)
    )
    for who in ("cora", "ada", "sid"):
        told = stage.attack(who, f"do $$ begin {script} end $$; select current_setting('zz.a', true)")
        assert told.error is None
        assert any("zq" in message for message in told.messages) is (who != "sid"), "one's own fails"


def test_catalogs_and_statistics_tell_no_text(stage: Stage) -> None:
    """Every catalog of the server, while somebody else works: activity, statements, cursors, locks, statistics."""
    working = stage.raw("bo")
    title = stage.named("title")
    try:
        working.execute(f"prepare zz as select '{title}'".encode())
        working.execute("begin")
        working.execute("set local role helpdesk_member")
        working.execute(f"declare zz cursor for select 1 from public.tickets where title = '{title}'".encode())
        working.execute("select pg_advisory_xact_lock(42)")
        working.execute(f"select 1 from public.tickets where title = '{title}' for update".encode())
        catalogs = stage.run(
            "select relname::text from pg_class"
            " where relnamespace = 'pg_catalog'::regnamespace and relkind in ('r', 'v') order by 1"
        )
        assert len(catalogs) > 120
        script = "".join(
            f"begin for line in select t::text from pg_catalog.{name} t where t::text like '%%z' || 'q%%'"
            f" loop raise notice '{name}: %%', line; end loop;"
            " exception when insufficient_privilege or feature_not_supported then null; end; "
            for (name,) in catalogs
        )
        for who in ("cora", "sid", "anon"):
            told = stage.attack(who, f"deallocate all; do $$ declare line text; begin {script} end $$")
            assert told.error is None
            assert told.messages == []
            common = stage.attack(who, "select most_common_vals::text, histogram_bounds::text from pg_stats"
                                       " where schemaname in ('public', 'private', 'auth')")  # fmt: skip
            assert common.rows == []
        working.execute("rollback")
        own = f"select query from pg_stat_activity where pid = pg_backend_pid() and '{title}' <> ''"
        assert working.execute(own.encode()).fetchall() == [(own,)]
        assert stage.run("select 1 from pg_stats where schemaname = 'public' and most_common_vals is not null")
    finally:
        working.close()


def test_sequences_are_neither_read_nor_moved(stage: Stage) -> None:
    sequences = stage.run("select oid::regclass::text from pg_class where relkind = 'S'")
    assert len(sequences) >= 3
    for who in ATTACKERS:
        for (name,) in sequences:
            for use in (
                f"select * from {name}",
                f"select nextval('{name}')",
                f"select setval('{name}', 1)",
                f"select currval('{name}')",
            ):
                assert stage.attack(who, use).code == "42501", (who, use)
    made = "insert into public.tickets (title, customer_id) values ('mine', %(me)s) returning number"
    assert stage.attack("cora", made).code is None


# -- answers that differ ----------------------------------------------------------------------------------------------

ORACLES: Final = {
    "a ticket's message": ("insert into public.ticket_messages (ticket_id, content) values (%(it)s, 'x')", ("ticket",)),
    "a ticket's note": (
        "insert into public.ticket_messages (ticket_id, content, is_internal) values (%(it)s, 'x', true)",
        ("ticket",),
    ),
    "what an answer answers": (
        "insert into public.ticket_messages (ticket_id, content, after_id) values (%(own)s, 'x', %(it)s)",
        ("message", "note", "own_note", "said"),
    ),
    "a file of a ticket": (
        (
            "insert into public.ticket_attachments (ticket_id, name, sha256, data)"
            " values (%(it)s, 'x', encode(sha256('x'), 'hex'), 'x')"
        ),
        ("ticket",),
    ),
    "a file of a message": (
        (
            "insert into public.ticket_attachments (ticket_id, message_id, name, sha256, data)"
            " values (%(own)s, %(it)s, 'x', encode(sha256('x'), 'hex'), 'x')"
        ),
        ("message", "note", "own_note"),
    ),
    "a tag of a ticket": ("insert into public.ticket_tag_relations values (%(it)s, %(tag)s)", ("ticket",)),
    "a tag": ("insert into public.ticket_tag_relations values (%(own)s, %(it)s)", ("tag",)),
    "a tag, unless it is there": (
        "insert into public.ticket_tag_relations values (%(ticket)s, %(it)s) on conflict do nothing",
        ("tag",),
    ),
    "a rating": (
        "insert into public.ticket_feedback (ticket_id, customer_id, rating) values (%(it)s, %(me)s, 1)",
        ("ticket",),
    ),
    "a rating, over the old one": (
        (
            "insert into public.ticket_feedback (ticket_id, customer_id, rating) values (%(it)s, %(otto)s, 1)"
            " on conflict (ticket_id, customer_id) do nothing"
        ),
        ("ticket",),
    ),
    "an article's rating": (
        "insert into public.kb_article_feedback (article_id, user_id, helpful) values (%(it)s, %(me)s, true)",
        ("draft", "archived"),
    ),
    "a chat message": (
        "insert into public.chat_messages (session_id, content) values (%(it)s, 'x')",
        ("chat", "waiting"),
    ),
    "a requester": (
        "insert into public.tickets (title, customer_id) values ('x', %(it)s)",
        ("cora", "olga"),
    ),
    "an article's category": (
        (
            "insert into public.kb_articles (title, content, author_id, status, category_id)"
            " values ('x', 'x', %(me)s, 'draft', %(it)s)"
        ),
        ("empty_category",),
    ),
    "a category above": (
        "insert into public.kb_categories (name, parent_id) values ('x', %(it)s)",
        ("empty_category",),
    ),
    "a number": ("select from public.tickets where number = (select %(number)s) and id = %(it)s", ("ticket",)),
    "a lock": ("select from public.tickets where id = %(it)s for update nowait", ("ticket",)),
    "a lock on a chat": ("select from public.chat_sessions where id = %(it)s for update", ("chat", "waiting")),
}
"""Answers to naming something that one may not see: what is run, and which ids it is run about."""


@pytest.mark.parametrize("oracle", ORACLES)
def test_what_is_not_ones_own_answers_as_what_is_not_there(stage: Stage, oracle: str) -> None:
    script, hidden = ORACLES[oracle]
    for who in ATTACKERS:
        # Staff write tickets down for anybody whose id they know.
        if oracle == "a requester" and who in ("ada", "ann"):
            continue
        for name in hidden:
            if who in stage.canaries[str(stage.ids[name])].readers:
                continue
            there, nowhere = (
                str(stage.attack(who, script, it=it)).replace(str(it), "IT") for it in (stage.ids[name], stage.nothing)
            )
            assert there == nowhere, (who, name)


# -- what was begun before --------------------------------------------------------------------------------------------


def test_what_was_begun_before_a_demotion_reads_nothing_new(stage: Stage) -> None:
    """Prepared statements and new cursors show nothing; an older snapshot shows what there was, and nothing after."""

    async def sign_up(people: People) -> Person:
        return await people.sign_up("dan@desk.test", "Dan", "agent", "Billing")

    stage.people["dan"] = with_people(stage.database, sign_up)
    old, late = stage.named("title"), "zq999x"
    prepared, held, snapshot = (stage.fresh("dan") for _ in range(3))
    read = "select title from public.tickets"
    prepared.execute("set plan_cache_mode = force_generic_plan")
    prepared.execute(f"prepare p as {read}")
    assert old in str(prepared.execute("execute p").fetchall())
    held.execute("begin")
    held.execute(f"declare c cursor with hold for {read}")
    held.execute("commit")
    snapshot.execute("begin isolation level repeatable read, read only")
    assert old in str(snapshot.execute(read).fetchall())

    stage.run("update public.profiles set role = 'customer' where email = 'dan@desk.test'")
    stage.run(
        "insert into public.tickets (title, customer_id, department_id) values (%s, %s, %s)",
        [late, stage.ids["otto"], stage.ids["billing"]],
    )
    assert prepared.execute("execute p").fetchall() == []
    assert prepared.execute("select * from helpdesk.ticket(%s)", [stage.ids["ticket"]]).fetchall() == []
    for connection, again in ((held, "fetch all from c"), (snapshot, read)):
        assert late not in str(connection.execute(again.encode()).fetchall())
    snapshot.execute("rollback")
    assert snapshot.execute(read.encode()).fetchall() == []
    assert late in str(stage.attack("bo", read).rows), "colleagues read it"
    stage.run("delete from public.tickets where title = %s", [late])
    del stage.people["dan"]


# -- large objects, channels ------------------------------------------------------------------------------------------


def test_large_objects_are_their_makers(stage: Stage) -> None:
    """Of the login that made them, as psql does. (Made under the role that logins share, they would be shared.)"""
    mine = stage.raw("bo")
    ((number,),) = mine.execute(f"select lo_from_bytea(0, '{stage.named('note')}')".encode()).fetchall()
    try:
        for who in ATTACKERS:
            for use in ("lo_get(%(lo)s)", "lo_open(%(lo)s, 262144)", "lo_put(%(lo)s, 0, 'x')", "lo_unlink(%(lo)s)"):
                assert stage.attack(who, f"select {use}", lo=number).code == "42501", (who, use)
            # The setting that would open them all.
            assert stage.attack(who, "set lo_compat_privileges = on").code == "42501"
        assert stage.named("note") in str(mine.execute("select lo_get(%s)", [number]).fetchall())
    finally:
        mine.execute("select lo_unlink(%s)", [number])


def test_guessed_channels_are_silent_and_heard_ones_carry_no_words(stage: Stage) -> None:
    """The counterpart: whose work it is hears of it, by an id."""
    guesses = ["*", "%", "helpdesk", "tickets", "public", "staff", "admins", "everybody", "notifications", "pgrst"]
    for name in ("otto", "bo", "ann", "billing", "ticket", "chat"):
        guesses += [str(stage.ids[name]), f"person:{stage.ids[name]}", f"department:{stage.ids[name]}"]
    listening = {who: stage.fresh(who) for who in ("cora", "ada", "visitor", "bo", "otto")}
    for who, connection in listening.items():
        channels = guesses
        if who != "visitor":
            channels = guesses + [row[0] for row in connection.execute("select channel from helpdesk.channels()")]
        for channel in channels:
            connection.execute(f'listen "{channel}"'.encode())
    words = stage.word("what bo writes now", "otto", "bo", "ann")
    stage.fresh("bo").execute(
        "insert into public.ticket_messages (ticket_id, content, after_id) values (%s, %s, %s)",
        [stage.ids["ticket"], words, stage.ids["message"]],
    )
    heard = {}
    for who in ("bo", "otto", "cora", "ada", "visitor"):  # by then the others would have heard, too
        connection = listening[who]
        connection.execute("select 1")
        waits = {"timeout": 30, "stop_after": 1} if who in ("bo", "otto") else {"timeout": 0.05}
        heard[who] = [(note.channel, note.payload) for note in connection.notifies(**waits)]
        stage.finds_nothing(who, str(heard[who]))
        assert "zq" not in str(heard[who])
    assert str(stage.ids["ticket"]) in str(heard["bo"])
    assert str(stage.ids["ticket"]) in str(heard["otto"])
    assert [heard[who] for who in ("cora", "ada", "visitor")] == [[], [], []]
    names = [stage.attack(who, "select channel from helpdesk.channels()").rows for who in ACTIVE]
    assert len({str(channels) for channels in names}) == len(ACTIVE)


@pytest.mark.parametrize("who", EVERYBODY)
def test_searches_of_articles_and_their_words(stage: Stage, who: str) -> None:
    """By every word that is hidden, whole, begun and mistyped; the visitor by way of the gateway."""
    words = [word for word in stage.forbidden(who) if word.startswith("zq")]
    known = {"visitor", *ACTIVE}
    script = "; ".join(
        f"select * from helpdesk.search_articles('{asked}', 50)"
        for word in words[:: 4 if who in ("cora", "visitor") else 20]
        for asked in (word, f"{word[:5]} printer")
    )
    told = stage.attack(who, script)
    stage.finds_nothing(who, str(told))
    assert told.code == ("42501" if who == "anon" else None)
    found = stage.attack(who, "select title from helpdesk.search_articles('printer')")
    assert (("Printer",) in found.rows) is (who in known)
