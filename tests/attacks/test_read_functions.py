"""Read: every function of the database, called by everybody with every id there is. A new one is attacked by itself.

All calls of a function are one block of PL/pgSQL, as an attacker would write it: each is undone, and tells what it
answered or failed with by a notice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest

from tests.attacks.stage import ATTACKERS, Stage
from tests.attacks.telling import Told

FUNCTIONS: Final = """
  select p.oid::regprocedure::text, format('%I.%I', n.nspname, p.proname),
         array(select format_type(t, null) from unnest(p.proargtypes::oid[]) with ordinality as a(t, n) order by n),
         has_schema_privilege('helpdesk_member', n.oid, 'usage')
           and has_function_privilege('helpdesk_member', p.oid, 'execute')
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
   where n.nspname !~ '^(pg_|information_schema$|auth$)' and p.prokind <> 'a'
     and not exists (select from pg_depend d
                      where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
   order by 1"""

BLOCK: Final = """
do $block$
declare
  calls constant text[] := %(calls)s;
  answer text;
  state text;
  detail text;
  hint text;
  about text;
begin
  for i in 1 .. cardinality(calls) loop
    begin
      execute calls[i] into answer;
      raise exception using errcode = 'ZZ000', message = coalesce(answer, '');
    exception when others then
      get stacked diagnostics state = returned_sqlstate, answer = message_text, detail = pg_exception_detail,
        hint = pg_exception_hint, about = constraint_name;
      raise notice '%%', jsonb_build_array(i - 1, state, answer, detail, hint, about);
    end;
  end loop;
end
$block$"""

NULL: Final = "null"
OTHERS: Final[dict[str, tuple[str, ...]]] = {
    "text": (
        *("''", "'zq'", "'tags'", "'draft'", "'staff'", "'article'", "'agent'", "'x'' or true'", "'%_\\'"),
        *("repeat('zq ', 20000)", "E'\\u202e\\x01'", "' '", "'00000000-0000-0000-0000-000000000000'", NULL),
    ),
    "integer": ("-1", "0", "1", "2147483647", "-2147483647", NULL),
    "boolean": ("true", "false", NULL),
    "timestamp with time zone": ("now()", "'-infinity'::timestamptz", "'infinity'::timestamptz", NULL),
    "jsonb": (
        *("'{}'::jsonb", '\'{"role": "admin", "active": true}\'::jsonb', "'[]'::jsonb", "'3'::jsonb", "'null'::jsonb"),
        *("'{\"role\": 3}'::jsonb", '\'{"department": "x"}\'::jsonb', '\'{"active": "x"}\'::jsonb', NULL),
        *("'{\"role\": null}'::jsonb", "'{\"department\": {}}'::jsonb", "'{\"zz\": 1}'::jsonb", "'\"x\"'::jsonb"),
    ),
    "tid[]": (
        "array(select format('(%s,%s)', page, line)::tid from generate_series(0, 9) page, generate_series(1, 90) line)",
        NULL,
    ),
    "integer[]": ("array[1]", "array[]::integer[]", "array[null]::integer[]", NULL),
    "text[]": (
        *("array['zq', '%', '@']", "array['otto@desk.test', '@desk.test']", "array['', '_', '\\']", "'{}'::text[]"),
        *("array[null]::text[]", "array[['a'], ['b']]", NULL),
    ),
    "ticket_priority": ("'urgent'", NULL),
    "bigint": ("-1", "1", "9223372036854775807", NULL),
}
"""What is tried for arguments that are no ids."""

NAMED: Final = (
    *("ticket", "note", "file", "own", "own_note", "chat", "waiting", "said", "draft", "archived", "empty_category"),
    *("tag", "otto", "bo", "billing", "act", "late notice of cora", "bos_view", "billings_view"),
    *("macro", "own_macro"),
)
"""Whose ids are asked about."""

TAKEN: Final = ("Draw a new one.", "Try again under a new id.")
"""Clients draw the ids of what they make. That one is taken can be found out, and nothing else of it."""


def outcomes(told: Told) -> list[list[Any]]:
    """What the block told of each call: its number, SQLSTATE, answer or message, and further fields of an error. Beside
    that the server may note something, as that a role is granted already to whoever hangs up on it twice."""
    return [json.loads(message) for message in told.messages if message.startswith("[")]


@dataclass(frozen=True)
class Call:
    """One call; those of a ``kind`` differ in nothing but the id they ask about."""

    sql: str
    kind: tuple[int, int] | None = None
    about: str = ""


def calls_of(stage: Stage, who: str, name: str, types: list[str]) -> Iterator[Call]:
    """Whatever is tried with a function."""
    known = stage.known(who)
    me = f"'{known['me']}'::uuid"
    ids = {str(known[each]): f"'{known[each]}'::uuid" for each in (*NAMED, "nothing")}

    def call(turn: int, rest: str, place: int = -1, id_: str = "") -> str:
        values = []
        for at, kind in enumerate(types):
            value = id_ if at == place else rest
            if kind == "uuid[]":
                value = f"array[{value}]"
            elif kind != "uuid":
                value = OTHERS[kind][turn % len(OTHERS[kind])]
            values.append(f"{value}::{kind}")
        return f"select string_agg(f::text, ' ') from {name}({', '.join(values)}) f"

    for turn in range(max((len(OTHERS[kind]) for kind in types if kind in OTHERS), default=1)):
        yield Call(call(turn, NULL))
        yield Call(call(turn, me))
    for strange in ("array[]::uuid[]", "array[null]::uuid[]", f"array[[{me}], [{me}]]", NULL):
        if "uuid[]" in types:
            yield Call(call(0, me).replace(f"array[{me}]", strange))
    for place, kind in enumerate(types):
        if kind in ("uuid", "uuid[]"):
            for turn, rest in enumerate((NULL, me)[: len(types)]):
                for about, id_ in ids.items():
                    yield Call(call(turn, rest, place, id_), (place, turn), about)


@pytest.mark.parametrize("who", [who for who in ATTACKERS if who != "ida"])
def test_no_function_tells_what_one_may_not_read_nor_that_it_is_there(stage: Stage, who: str) -> None:
    """An id that is not for this person answers as one that nobody drew, and every error is one with words."""
    nothing = str(stage.known(who)["nothing"])
    for _, name, types, is_open in stage.run(FUNCTIONS):
        if not is_open or not name.startswith("helpdesk."):
            continue
        calls = list(calls_of(stage, who, name, types))
        told = stage.attack(who, BLOCK, calls=[call.sql for call in calls])
        assert told.error is None, (name, told.error)
        found = outcomes(told)
        assert [number for number, *_ in found] == list(range(len(calls))), name
        answers: dict[tuple[tuple[int, int] | None, str], tuple[Any, ...]] = {}
        for call, (_, state, *said) in zip(calls, found, strict=True):
            if who == "anon":
                assert state == "42501", call.sql
            assert state.startswith("HD") or state in ("ZZ000", "42501"), (who, call.sql, state, said)
            answer = str((state, said))
            stage.finds_nothing(who, answer, given=call.sql)
            answers[call.kind, call.about] = (answer.replace(call.about, "ID") if call.about else answer, call.sql)
        for (kind, about), (answer, sql) in answers.items():
            hidden = stage.canaries.get(about)
            if (
                kind is not None
                and hidden is not None
                and who not in hidden.readers
                and not any(w in answer for w in TAKEN)
            ):
                assert answer == answers[kind, nothing][0], (who, sql)


@pytest.mark.parametrize("who", ATTACKERS)
def test_closed_functions_are_closed_to_everybody(stage: Stage, who: str) -> None:
    """Triggers' functions, those of the schema private, the hook."""
    calls = [
        f"select {name}({', '.join(f'null::{kind}' for kind in types)})"
        for _, name, types, is_open in stage.run(FUNCTIONS)
        if not is_open and "trigger" not in types
    ]
    assert len(calls) > 60
    told = stage.attack(who, BLOCK, calls=calls)
    refused = [state for _, state, *_ in outcomes(told)]
    assert refused == ["42501"] * len(calls)
