"""What the stage holds of an agent's day: promises, routing, what is shared and what each keeps for themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.attacks.stage import Stage

HOSTILE: Final = "''); drop table public.tickets; -- {{{{cursor}} {{me.name}} is:open or from:"
"""What a shared query, and a shared macro's text, say beside their canary, as part of a literal of SQL."""

_TEAM: Final = ("ada", "bo", "ida", "ann")

HIDDEN_IDS: Final = {
    "team_view": _TEAM,
    "hostile_macro": _TEAM,
    "bos_draft": ("bo",),
    "ottos_draft": ("otto",),
    "policy": (),
    "calendar": (),
}
"""Ids that are canaries, and who may be told of them."""


def day_rows(made: Stage) -> dict[str, str]:
    """The statements that make it, as those of the stage; they come after its own."""

    def w(what: str, *readers: str) -> str:
        return made.word(what, *readers, shown=False)

    calendar = w("name of a calendar", "ann")
    draft = (
        "insert into private.drafts (person_id, message_id, ticket_id, kind, content, revision)"
        " values (%({who})s, gen_random_uuid(), %(ticket)s, 'reply', '{text}', 1) returning message_id"
    )
    return {
        "team_view": "insert into private.saved_views (id, owner_id, name, query, audience, sort) values"
        f" (gen_random_uuid(), %(bo)s, '{w('name of the team view', *_TEAM)}',"
        f" '{w('query of the team view', *_TEAM)} {HOSTILE}', 'team', 'due') returning id",
        "hostile_macro": "insert into private.macros (id, name, body, internal, change, author_id, shared) values"
        f" (gen_random_uuid(), '{w('name of the shared macro', *_TEAM)}', '{w('shared macro', *_TEAM)} {HOSTILE}',"
        f' false, \'{{"fields": {{"a": "{w("what the shared macro sets", *_TEAM)}"}}}}\', %(bo)s, \'all\')'
        " returning id",
        "bos_draft": draft.format(who="bo", text=w("draft of bo", "bo")),
        "ottos_draft": draft.format(who="otto", text=w("draft of otto", "otto")),
        "field": "insert into private.fields (key, label, type) values"
        f" ('a', '{w('label of a field', *_TEAM)}', 'text') returning key",
        "away": "insert into private.away (person_id, until, note) values"
        f" (%(ida)s, '2099-01-01', '{w('why ida is away', *_TEAM)}') returning person_id",
        "linked": "insert into private.links (ticket_id, other_id, kind, made_by)"
        " values (%(ticket)s, %(own)s, 'caused by', %(ann)s) returning ticket_id",
        "followed": "insert into private.followers (ticket_id, person) values"
        " (%(ticket)s, %(bo)s), (%(ticket)s, %(ada)s) returning ticket_id",
        "calendar": f"select private.put_sla_calendar('{calendar}', 'UTC', '{{\"mon\": [\"00:00-24:00\"]}}', '{{}}')",
        "policy": f"select private.put_sla_policy('{w('name of a policy', 'ann')}',"
        ' \'{"first": 1, "resolution": 30}\')',
        "another policy": f"select private.put_sla_policy('{w('name of another policy', 'ann')}',"
        f' \'{{"priority": "low", "next": 5, "calendar": "{calendar}"}}\')',
        "promised": "select helpdesk.sla_refresh()",
        # What comes in at Billing is given to Bo, the only one there who is somebody.
        "routed": "insert into private.routing (department_id, mode, capacity) values (%(billing)s, 'round robin', 100)"
        " returning department_id",
    }
