"""The desk's reads in plain SQL, as an owner would write them whom no policy holds: the references of ``bench_sql``.

They bring the rows that a person is allowed, no more: what a policy or a function keeps from a customer (notes, events,
tags), these leave out by not asking for it, which is the cheapest way there is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from helpdesk_tui.core import queues, tickets
from helpdesk_tui.core.model import Me
from helpdesk_tui.core.statement import Statement

_NAME: Final = "coalesce(nullif(btrim({0}.full_name), ''), {0}.email)"
# The rows of a page and their order: what a page of tickets.py has around them is left out.
_PAGE: Final = re.compile(
    r"with page as materialized \((?P<rows>.*?)\)(?:,\nwho as|\nselect t\.id).* order by (?P<order>[^()]+)$", re.DOTALL
)
_TAGS: Final = """
  left join (select x.ticket_id, array_agg(g.name order by g.name) as tags
               from public.ticket_tag_relations x join public.ticket_tags g on g.id = x.tag_id
              where x.ticket_id = any(array(select id from page)) group by x.ticket_id) x on x.ticket_id = t.id"""

_MERGED: Final = """
  left join private.merges mg on mg.ticket_id = t.id and mg.undone_at is null
  left join public.tickets i on i.id = mg.into_id"""


def _more(me: Me, *besides: str) -> str:
    """What few tickets have."""
    merged = "'merged_into', case when mg.id is not null then jsonb_build_array(i.id, i.number) end"
    team = (
        "'snoozed', (select s.until from private.ticket_snoozes s where s.ticket_id = t.id and s.until > now())",
        "'sla', (select nullif(l.told, '{}') from private.ticket_sla l where l.ticket_id = t.id)",
        "'following', (select true from private.followers f where f.ticket_id = t.id and f.person = %(me)s)",
        *besides,
    )
    return (
        f"jsonb_strip_nulls(jsonb_build_object({', '.join((merged, *team) if me.role != 'customer' else (merged,))}))"
    )


def page(statement: Statement[Any], me: Me) -> Statement[Any]:
    """A page of a queue: the same rows of tickets, with joins for the names and tags."""
    found = _PAGE.search(statement.sql)
    assert found, "a page is no longer written as it was"
    team = me.role != "customer"
    sql = f"""
with page as materialized ({found["rows"]})
select t.id, t.number, t.title, t.status, t.priority, t.customer_id, {_NAME.format("r")}, t.assignee_id,
       case when a.id is not null then {_NAME.format("a")} end, t.department_id, d.name, t.due_date, t.created_at,
       t.updated_at, {"coalesce(x.tags, '{}')" if team else "'{}'::text[]"}, {_more(me)}
  from page t
  join public.profiles r on r.id = t.customer_id
  left join public.profiles a on a.id = t.assignee_id
  join public.departments d on d.id = t.department_id{_MERGED}{_TAGS if team else ""}
 order by {found["order"]}"""
    assert isinstance(statement.params, Mapping)
    return Statement(sql, {**statement.params, "me": me.id}, statement.row, writes=False)


def ticket(ticket: UUID, me: Me) -> Statement[Any]:
    """A ticket with its description, the names, the tags and its files."""
    tags = """array(select g.name from public.ticket_tag_relations x join public.ticket_tags g on g.id = x.tag_id
              where x.ticket_id = t.id order by g.name)"""
    notes = "and m.is_internal is not true" if me.role == "customer" else ""
    # Made up desks have none of these.
    besides = () if me.role == "customer" else (
        "'merged', (select jsonb_agg(o.at) from private.merges o where o.into_id = t.id and o.undone_at is null)",
        "'links', (select jsonb_agg(l.kind) from private.links l where t.id in (l.ticket_id, l.other_id))",
        "'fields', (select jsonb_agg(f.key) from private.fields f where f.active and t.metadata ? f.key)",
    )  # fmt: skip
    join = "left join public.ticket_messages m on m.id = f.message_id" if notes else ""
    sql = f"""
select t.id, t.number, t.title, t.status, t.priority, t.customer_id, {_NAME.format("r")}, t.assignee_id,
       case when a.id is not null then {_NAME.format("a")} end, t.department_id, d.name, t.due_date, t.created_at,
       t.updated_at, {tags if me.role != "customer" else "'{}'::text[]"}, {_more(me, *besides)},
       coalesce(t.description, ''),
       coalesce((select jsonb_agg(jsonb_build_array(f.id, f.message_id, f.name, f.size, f.content_type, f.sha256)
                                  order by f.created_at, f.id)
                   from public.ticket_attachments f {join} where f.ticket_id = t.id {notes}), '[]')
  from public.tickets t
  join public.profiles r on r.id = t.customer_id
  left join public.profiles a on a.id = t.assignee_id
  join public.departments d on d.id = t.department_id{_MERGED}
 where t.id = %(ticket)s"""
    return Statement(sql, {"ticket": ticket, "me": me.id} if besides else {"ticket": ticket})


def messages(ticket: UUID, me: Me) -> Statement[Any]:
    """The messages of a thread with the names of their senders, each of whom is looked up once."""
    sql = f"""
select m.id, m.sender_id, s.name, s.from_staff, m.is_internal, m.content, m.created_at
  from public.ticket_messages m
  left join (select p.id, p.role <> 'customer' as from_staff, {_NAME.format("p")} as name from public.profiles p
              where p.id = any(array(
                select distinct sender_id from public.ticket_messages where ticket_id = %(ticket)s))
             offset 0) s on s.id = m.sender_id
 where m.ticket_id = %(ticket)s {"and not m.is_internal" if me.role == "customer" else ""}
 order by m.created_at, m.id"""
    return Statement(sql, {"ticket": ticket})


def history(ticket: UUID, me: Me) -> Statement[Any]:
    """The history of a ticket in words."""
    events = "union all select id, actor_id, kind, old_value, new_value, created_at, field from public.ticket_events"
    merges = """union all select id, actor_id, 'merged', null, null, at, null from private.merges
              where %(ticket)s in (ticket_id, into_id)"""
    called = f"""case h.kind
         when 'assignee' then (select {_NAME.format("p")} from public.profiles p where p.id = h.{{0}}::uuid)
         when 'department' then (select d.name from public.departments d where d.id = h.{{0}}::uuid)
         when 'category' then (select c.name from public.categories c where c.id = h.{{0}}::uuid)
         else h.{{0}} end"""
    sql = f"""
with h as (
  select id, changed_by as actor_id, case when row_number() over w = 1 then 'created' else 'status' end as kind,
         lag(status::text) over w as old, status::text as new, created_at, null as field
    from public.ticket_status_history where ticket_id = %(ticket)s
  window w as (order by created_at, id)
  {f"{events} where ticket_id = %(ticket)s {merges}" if me.role != "customer" else ""}
)
select h.id, {_NAME.format("p")}, h.kind, {called.format("old")}, {called.format("new")}, h.created_at,
       coalesce(f.label, h.field)
  from h left join public.profiles p on p.id = h.actor_id left join private.fields f on f.key = h.field
 order by h.created_at, h.id"""
    return Statement(sql, {"ticket": ticket})


THREAD: Final = (ticket, messages, history)
"""What opening a ticket asks for, in the order of ``thread.opened``."""


def counts(me: Me) -> Statement[Any]:
    """How many tickets each view holds: a subquery for each, along an index; what suffices is not counted further."""
    state = {
        "mine": "t.is_open",
        "unassigned": "t.is_open and t.assignee_id is null",
        "department": "t.is_open",
        "open": "t.is_open",
        "waiting": "t.status_rank = 2",
        "overdue": "t.is_open and t.due_sort < now()",
        "closed": "not t.is_open",
    }
    cap = tickets.COUNT_CAP

    def count(scope: str, view: str) -> str:
        order = "t.due_sort, t.id" if view == "overdue" else "t.updated_at desc, t.id desc"
        return (
            f"(select count(*) from (select from public.tickets t where {scope} and {state[view]} "
            f"order by {order} limit {cap}) c)"
        )

    named = []
    columns = []
    aside = {
        "snoozed": "public.tickets t join private.ticket_snoozes s on s.ticket_id = t.id and s.until > now()",
        "breached": "private.ticket_sla t where t.due_at < now()",
        "soon": "private.ticket_sla t where t.due_at >= now() and t.due_at < now() + interval '1 hour'",
    }
    for view in (view.key for view in queues.views_for(me)):
        if view in aside:
            # Made up desks have none of these.
            columns.append(f"(select count(*) from (select from {aside[view]} limit {cap}) c)")
            continue
        own = me.role == "customer" or view == "mine"
        scope = "t.department_id = %(department)s"
        if own:
            scope = "t.customer_id = %(me)s" if me.role == "customer" else "t.assignee_id = %(me)s"
        elif me.role == "admin":
            scope = "true"
        if view == "open" and me.role == "agent":
            counted = "n.department"
        else:
            named.append(f"{count(scope, view)} as {view}")
            counted = f"n.{view}"
        if me.role == "agent" and view in ("open", "waiting", "overdue", "closed"):
            foreign = "t.assignee_id = %(me)s and t.department_id <> %(department)s"
            counted = (
                f"case when {counted} >= {cap} then {cap} else least({counted} + {count(foreign, view)}, {cap}) end"
            )
        columns.append(counted)
    sql = f"with n as materialized (select {', '.join(named)}) select {', '.join(columns)} from n"
    return Statement(sql, {"me": me.id, "department": me.department_id})
