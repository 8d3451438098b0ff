"""What the fuzzed desk holds of an agent's day: promises, routing, views, macros, drafts, absences, relations, acts.

As in the rest of the scene each text is a canary; what a person keeps in a query or a macro tries to be more than text.
"""

from __future__ import annotations

from typing import Final

from psycopg.types.json import Jsonb

from tests.attacks.fuzz_scene import NOBODY, REQUESTER, TEAM, FuzzScene, hidden, known
from tests.db.sessions import Sync

#: What a query or a macro's text says beside its canary.
_HOSTILE: Final = "'); drop table public.tickets; -- $1 %s %(x)s {{me.name}} {{{{cursor}} is:open or from:"

_VIEWS: Final = (
    ("team_view", "bo", "team", None, TEAM, True),
    ("support_view", "gus", "department", "Support", TEAM, True),
    ("billing_view", "bo", "department", "Billing", NOBODY, False),
    ("bos_view", "bo", "me", None, NOBODY, False),
    ("adas_view", "ada", "me", None, TEAM, True),
)
_DRAFTS: Final = (
    ("cora", "own", "reply", REQUESTER),
    ("ada", "own", "note", TEAM),
    ("gus", "own", "reply", NOBODY),
    ("bo", "foreign", "note", NOBODY),
    ("otto", "queue", "reply", NOBODY),
)


def add_day(scene: FuzzScene, connection: Sync) -> None:
    """Puts it in, as the owner; every ticket and person is there already."""
    ids, run = scene.ids, connection.execute
    for number, (name, owner, audience, department, readers, shown) in enumerate(_VIEWS):
        ids[name] = (known if shown else hidden)(0x300 + number)
        run(
            "insert into private.saved_views (id, owner_id, audience, department_id, name, query, sort)"
            " values (%s, %s, %s, %s, %s, %s, 'due')",
            [ids[name], ids[owner], audience, ids[department] if department else None,
             scene.text(f"name of {name}", readers), scene.text(f"query of {name} {_HOSTILE}", readers)],
        )  # fmt: skip
    ids["hostile_macro"] = known(0x310)
    run(
        "insert into private.macros (id, name, body, internal, change, author_id, shared)"
        " values (%s, %s, %s, false, %s, %s, 'all')",
        [ids["hostile_macro"], scene.text("name of the hostile macro", TEAM),
         scene.text(f"text of the hostile macro {_HOSTILE}", TEAM),
         Jsonb({"assignee": "@me", "fields": {"a": scene.text("what the hostile macro sets", TEAM)}}), ids["bo"]],
    )  # fmt: skip
    for number, (who, ticket, kind, readers) in enumerate(_DRAFTS):
        run(
            "insert into private.drafts (person_id, message_id, ticket_id, kind, content, revision)"
            " values (%s, %s, %s, %s, %s, 1)",
            [ids[who], known(0x320 + number), ids[ticket], kind, scene.text(f"draft of {who} on {ticket}", readers)],
        )
    run("insert into private.away (person_id, note) values (%s, %s)", [ids["bo"], scene.text("why bo is away", TEAM)])
    run(
        "insert into private.fields (key, label, type) values ('a', %s, 'text')", [scene.text("label of a field", TEAM)]
    )
    for number, (who, readers) in enumerate((("ada", TEAM), ("bo", NOBODY))):
        ids[f"{who}s_act"] = (known if who == "ada" else hidden)(0x330 + number)
        about = ids["own" if who == "ada" else "foreign"]
        run(
            "insert into private.ticket_acts (id, actor_id, kind, words, before, answer)"
            " select %s, %s, 'change', %s, jsonb_build_array(jsonb_build_object('id', t.id, 'number', t.number,"
            " 'priority', jsonb_build_array('low', 'high'))), %s from public.tickets t where t.id = %s",
            [ids[f"{who}s_act"], ids[who], scene.text(f"words of {who}'s act", readers),
             Jsonb({"done": [str(about)], "refused": {}, "a": scene.text(f"answer of {who}'s act", NOBODY)}), about],
        )  # fmt: skip
    for ticket, who in (("own", "gus"), ("foreign", "bo"), ("lent", "ada"), ("hidden", "bo")):
        run("insert into private.followers (ticket_id, person) values (%s, %s)", [ids[ticket], ids[who]])
    for one, other in (("own", "queue"), ("own", "elsewhere"), ("lent", "hidden")):
        run("insert into private.links (ticket_id, other_id, kind, made_by) values (%s, %s, 'caused by', %s)",
            [ids[one], ids[other], ids["ann"]])  # fmt: skip
    for ticket in ("queue", "foreign"):
        run("insert into private.ticket_snoozes (ticket_id, until, by_id) values (%s, '2099-01-01', %s)",
            [ids[ticket], ids["gus"]])  # fmt: skip
    # Promises: one is broken from the beginning, one will be within the hour.
    calendar = scene.text("name of a calendar", NOBODY)
    run("select private.put_sla_calendar(%s, 'UTC', '{\"mon\": [\"00:00-24:00\"]}', '{}')", [calendar])
    for rule in ({"first": 1, "resolution": 30}, {"priority": "low", "next": 5, "calendar": calendar}):
        run("select private.put_sla_policy(%s, %s)", [scene.text("name of a policy", NOBODY), Jsonb(rule)])
    while run("select helpdesk.sla_refresh()").fetchone() != (True,):
        pass
    # What comes in is given out: in Support in turn, in Billing to whoever holds least, but that nobody is there.
    for department, mode in (("Support", "round robin"), ("Billing", "least loaded")):
        run("insert into private.routing (department_id, mode, capacity) values (%s, %s, 5)", [ids[department], mode])
    run("insert into private.capacities (person_id, capacity) values (%s, 3)", [ids["gus"]])
    for department in ("Support", "Billing"):
        run("insert into private.routing_turns (department_id) values (%s)", [ids[department]])
