"""Write: UPDATE and DELETE with no WHERE and no RETURNING, so that no policy for reading is asked, on every column.

They change the rows that this person may change and no other: the whole database is read before and after.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import psycopg
import pytest

from tests.attacks.fuzz_model import Model
from tests.attacks.fuzz_state import State
from tests.attacks.stage import ACTIVE, Stage

HANDS: Final = {
    "otto": "customer",
    "cora": "customer",
    "bo": "agent",
    "ada": "agent",
    "ida": "agent",
    "visitor": "anonymous",
    "anon": "anonymous",
    "sid": "signed out",
    "dora": "deactivated",
}

# The rows that a person may change, by what may be changed of them. Everything that is absent is not theirs to change.
_TICKETS: Final = {"otto": ("ticket",), "cora": ("own",), "bo": ("ticket", "sids_ticket"), "ada": ("own",)}
_ARTICLES: Final = dict.fromkeys(("bo", "ada", "ida"), ("article", "draft", "archived"))
_SHELVES: Final = dict.fromkeys(("bo", "ada", "ida"), ("published_category", "empty_category"))
_THEMSELVES: Final = {who: (who,) for who in HANDS if who in ACTIVE}
_LINES: Final = {
    who: (f"notice of {who}", *([f"late notice of {who}"] if who in ("cora", "ada", "ida") else []))
    for who in HANDS
    if who in ACTIVE
}
_STAFF: Final = ("bo", "ada")
MAY: Final[dict[str, Mapping[str, tuple[str, ...]]]] = {
    "public.tickets.status": _TICKETS,
    **{
        f"public.tickets.{column}": {who: rows for who, rows in _TICKETS.items() if who in _STAFF}
        for column in ("title", "priority", "category_id", "due_date")
    },
    **dict.fromkeys(
        (f"public.profiles.{column}" for column in ("full_name", "avatar_url", "preferences")), _THEMSELVES
    ),
    **dict.fromkeys(
        (f"public.kb_articles.{column}" for column in ("title", "content", "category_id", "status", "metadata")),
        _ARTICLES,
    ),
    **dict.fromkeys((f"public.kb_categories.{column}" for column in ("name", "description")), _SHELVES),
    **{f"public.ticket_feedback.{column}": {"otto": ("rating",)} for column in ("rating", "comment")},
    **{f"public.kb_article_feedback.{column}": {"otto": ("vote",)} for column in ("helpful", "comment")},
    "public.notifications.read": _LINES,
}

_VALUES: Final = {
    "text": "'evil'",
    "uuid": "%(me)s",
    "boolean": "true",
    "jsonb": '\'{"a": "evil"}\'',
    "bytea": "'evil'",
    "integer": "5",
    "bigint": "5",
    "smallint": "5",
    "timestamp with time zone": "'2020-01-01'",
    "ticket_status": "%(status)s",  # another one than those that they see have
    "ticket_priority": "'low'",
}
_SPECIAL: Final = {
    "public.tickets.category_id": "%(other_category)s",
    "public.kb_articles.category_id": "%(published_category)s",
    "public.kb_categories.parent_id": "%(published_category)s",
    "public.kb_articles.status": "'archived'",
    "public.profiles.role": "'admin'",
}


@pytest.fixture(scope="module")
def state(stage: Stage) -> Iterator[State]:
    """Everything that is in the stage's database."""
    for who in HANDS:
        stage.as_(who)  # the gateway's login gets its password with the first connection
    ((stage.ids["other_category"],),) = stage.run("insert into public.categories (name) values ('Other') returning id")
    with stage.owner() as connection:
        yield State(stage.people, connection)


def blind(stage: Stage, who: str, statement: str) -> int | str | None:
    """How many rows a statement changed for good, or the SQLSTATE that it failed with."""
    status = "closed" if who in ("cora", "ada") else "open"
    try:
        return stage.as_(who).execute(statement.encode(), stage.known(who, status=status)).rowcount
    except psycopg.Error as error:
        return error.sqlstate


@pytest.mark.parametrize("who", HANDS)
def test_blind_update_and_delete_of_every_column_change_what_may_be_changed(
    stage: Stage, state: State, who: str
) -> None:
    begun, changed_something = state.now(), False
    for table, columns in columns_of_everything(stage):
        since, done, columns_done = state.now(), set[str](), set[str]()
        for column, kind in columns:
            name = f"{table}.{column}"
            value = _SPECIAL.get(name, _VALUES.get(kind.removeprefix("public."), "null"))
            rows = MAY.get(name, {}).get(who, ())
            got = blind(stage, who, f'update {table} set "{column}" = {value}')
            # Refused, or nobody's: neither changes anything.
            assert got == len(rows) if rows else got in ("42501", "HD003", "HD002", 0), (name, got)
            done |= {str(stage.ids[row]) for row in rows}
            columns_done |= {column} if rows else set()
        assert blind(stage, who, f"delete from {table}") == "42501"
        assert blind(stage, who, f"truncate {table} cascade") == "42501"
        if done:
            changed_something = True
            here = [change for change in look(stage, state, who, since) if change.table == table]
            assert {change.row["id"] for change in here} == done, table
            for column in columns_done:
                assert any(change.old[column] != change.new[column] for change in here), (table, column)
    assert changed_something is (who in ACTIVE)
    assert look(stage, state, who, begun) == []


def look(stage: Stage, state: State, who: str, since: str) -> list[Any]:
    """What changed since, all of it allowed by the model; and puts it back."""
    after = state.read()
    if after == state.saved:
        return []
    person = stage.people.get(who)
    department = str(person.department_id) if person and person.department_id else None
    model = Model(state, HANDS[who], str(stage.known(who)["me"]), set(), department, 100)
    changes, bad = model.complaints(state.saved, after, since, state.now())
    state.restore(changes)
    assert not bad, "\n".join(map(str, bad))
    return changes


def columns_of_everything(stage: Stage) -> list[tuple[str, list[tuple[str, str]]]]:
    """Every table of ours and of the sign-in, with its columns and their types; generated ones can be set by nobody."""
    found: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in stage.run(
        """select format('%I.%I', nspname, relname), attname::text, format_type(atttypid, null)
             from pg_class c join pg_namespace n on n.oid = relnamespace
             join pg_attribute a on attrelid = c.oid and attnum > 0 and not attisdropped
            where relkind in ('r', 'p') and nspname in ('public', 'private', 'helpdesk', 'auth') and attgenerated = ''
              and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e') order by 1, attnum"""
    ):
        found.setdefault(table, []).append((column, kind))
    assert len(found) > 35
    return list(found.items())
