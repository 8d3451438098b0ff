"""A desk of any size, made inside the database: people, tickets and threads whose numbers fall as they do in life.

The same size gives the same desk. It is written by the owner with the triggers off, so that history and times are as
made here, and with the indexes built afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg import sql

DEPARTMENTS: Final = 3
AGENTS: Final = 40
ADMINS: Final = 2

# Everything is drawn from the number of what is made: the same in every run, whatever order the rows come in.
_DRAW: Final = """
create or replace function pg_temp.draw(what text, n bigint) returns double precision language sql immutable as
$f$ select (hashtextextended(what, n) & 4294967295) / 4294967296.0 $f$;
create or replace function pg_temp.key(what text, n bigint) returns uuid language sql immutable as
$f$ select overlay(md5(what || n) placing '4' from 13)::uuid $f$;
create or replace function pg_temp.words(what text, n bigint, size double precision) returns text
language sql immutable as
$f$ select rtrim(left(substr(repeat(
  'I opened the invoice on the third floor and the printer says the update failed again, so could you please look at '
  'the account before Thursday? The log shows nothing after the restart but the mailbox is still missing and two of '
  'my colleagues see the same page. Thank you for your patience, we have found the cause and the fix goes out today. ',
  1 + (size / 200)::integer), 1 + (pg_temp.draw(what, n) * 200)::integer), greatest(20, size)::integer)) $f$;
"""

_PEOPLE: Final = """
create temporary table made_people on commit drop as
  select pg_temp.key('person', n) as id, 'person' || n || '@desk.example' as email, 'Person ' || n as full_name,
         case when n <= %(admins)s then 'admin' when n <= %(staff)s then 'agent' else 'customer' end as role,
         case when n between %(admins)s + 1 and %(staff)s
              then pg_temp.key('department', n %% %(departments)s) end as department_id, n
    from generate_series(1, %(staff)s + %(customers)s) as n;
insert into auth.users (id, aud, role, email, email_confirmed_at)
  select id, 'authenticated', 'authenticated', email, now() from made_people;
insert into public.profiles (id, email, full_name, role, department_id)
  select id, email, full_name, role, department_id from made_people;
"""

# A tenth is open or pending, more of the new than of the old; few customers have many tickets, and one has far more
# than anybody (a desk has its partner, its monitoring robot). One open ticket in three is nobody's yet.
_TICKETS: Final = """
create temporary table made_tickets on commit drop as
select pg_temp.key('ticket', n) as id, n, n as number, status, is_open,
       (array['low', 'medium', 'high', 'urgent'])[1 + (pg_temp.draw('priority', n) ^ 2 * 4)::integer %% 4] as priority,
       case when n %% 100 = 0 then %(staff)s + 1
            else %(staff)s + 2 + floor((%(customers)s - 1) * pg_temp.draw('customer', n) ^ 1.6)::bigint end as customer,
       case when is_open and pg_temp.draw('assigned', n) < 0.33 then null
            when pg_temp.draw('elsewhere', n) < 0.02
            then %(admins)s + 1 + floor(pg_temp.draw('agent', n) * %(agents)s)::bigint
            -- Agents of the ticket's own department: every third one.
            else %(admins)s + 1 + (department - %(admins)s - 1 + %(departments)s * 2) %% %(departments)s
                 + %(departments)s * floor(pg_temp.draw('agent', n) * (%(agents)s / %(departments)s))::bigint
            end as agent,
       pg_temp.key('department', department) as department_id, created_at,
       case when n %% 4000 = 7 then 200
            else 1 + floor(-ln(1 - pg_temp.draw('length', n)) * 3.2)::integer end as messages
  from (select n, floor(pg_temp.draw('department', n) * %(departments)s)::bigint as department,
               timestamptz '2026-03-01'
                 - make_interval(secs => ((%(tickets)s - n) * 157680000.0 / %(tickets)s)) as created_at,
               pg_temp.draw('open', n) < 0.02 + 0.8 * exp((n - %(tickets)s) * 10.0 / %(tickets)s) as is_open,
               case when pg_temp.draw('open', n) < 0.02 + 0.8 * exp((n - %(tickets)s) * 10.0 / %(tickets)s)
                    then case when pg_temp.draw('pending', n) < 0.35 then 'pending' else 'open' end
                    else case when pg_temp.draw('closed', n) < 0.7 then 'closed' else 'resolved' end end as status
          from generate_series(1, %(tickets)s) as n) as drawn
 order by n;

insert into public.tickets (id, number, title, description, status, priority, customer_id, assignee_id, department_id,
                            due_date, created_at, updated_at, first_response_at, resolved_at, closed_at, waiting_since)
select id, number, pg_temp.words('title', n, 20 + 60 * pg_temp.draw('title size', n)),
       pg_temp.words('description', n, 60 + 500 * pg_temp.draw('description size', n) ^ 2),
       status::public.ticket_status, priority::public.ticket_priority, pg_temp.key('person', customer),
       pg_temp.key('person', agent), department_id,
       case when pg_temp.draw('due', n) < 0.3
            then created_at + make_interval(hours => (pg_temp.draw('due', n) * 2000)::integer) end,
       created_at, created_at + make_interval(hours => messages * 3),
       case when messages > 1 then created_at + interval '1 hour' end,
       case when not is_open then created_at + make_interval(hours => messages * 3) end,
       case when status = 'closed' then created_at + make_interval(hours => messages * 3) end,
       -- The requester's are the odd ones.
       case when messages = 1 then created_at
            when messages %% 2 = 1 then created_at + make_interval(hours => messages * 3) end
  from made_tickets order by n;

insert into public.ticket_messages (id, ticket_id, sender_id, content, is_internal, created_at)
select pg_temp.key('message', t.n * 1000 + m), t.id,
       -- Long threads have several people of the team in them.
       pg_temp.key('person', case when m %% 2 = 1 then t.customer
                                  when m %% 7 = 0 then %(admins)s + 1 + (t.n + m) %% %(agents)s
                                  else coalesce(t.agent, %(admins)s + 1 + t.n %% %(agents)s) end),
       pg_temp.words('message', t.n * 1000 + m, 60 + 500 * pg_temp.draw('message size', t.n * 1000 + m) ^ 2),
       m %% 2 = 0 and pg_temp.draw('internal', t.n * 1000 + m) < 0.25,
       t.created_at + make_interval(hours => m * 3)
  from made_tickets t cross join lateral generate_series(1, t.messages) as m;

insert into public.ticket_status_history (id, ticket_id, status, changed_by, created_at)
select pg_temp.key('history', t.n * 10 + s.step), t.id, s.status::public.ticket_status,
       pg_temp.key('person', case when s.step = 1 then t.customer else coalesce(t.agent, %(admins)s + 1) end),
       t.created_at + make_interval(hours => s.step - 1)
  from made_tickets t
 cross join lateral (values (1, 'open'), (2, case when t.status <> 'open' and t.n %% 3 = 0 then 'pending' end),
                            (3, case when not t.is_open then 'resolved' end),
                            (4, case when t.status = 'closed' then 'closed' end)) as s(step, status)
 where s.status is not null;

insert into public.ticket_events (id, ticket_id, actor_id, kind, old_value, new_value, created_at)
select pg_temp.key('event', t.n), t.id, pg_temp.key('person', t.agent), 'assignee', null,
       pg_temp.key('person', t.agent)::text, t.created_at + interval '30 minutes'
  from made_tickets t where t.agent is not null;

insert into public.ticket_tags (id, name) select pg_temp.key('tag', n), 'tag-' || n from generate_series(1, 60) as n;
insert into public.ticket_tag_relations (ticket_id, tag_id)
select t.id, pg_temp.key('tag', 1 + floor(60 * pg_temp.draw('tag' || k, t.n) ^ 2)::bigint)
  from made_tickets t cross join generate_series(1, 3) as k
 where pg_temp.draw('tagged' || k, t.n) < 0.4
on conflict do nothing;
"""


@dataclass(frozen=True)
class Sample:
    """Ids of who and what to ask about."""

    admin: UUID
    agent: UUID
    department: UUID
    customer: UUID
    """Somebody with an ordinary number of tickets."""
    busy_customer: UUID
    """The one with the most."""


def fill(owner_dsn: str, tickets: int, *, customers: int = 5000, schema: Path) -> Sample:
    """Fills a helpdesk that holds nothing yet.

    Args:
        owner_dsn: an empty helpdesk, its triggers and policies in place.
        tickets: how many; their messages come to four times as many.
        customers: how many people ask.
        schema: ``db/schema.sql``, which builds the indexes anew once the rows are there.
    """
    numbers = {
        "tickets": tickets,
        "customers": customers,
        "agents": AGENTS,
        "admins": ADMINS,
        "staff": ADMINS + AGENTS,
        "departments": DEPARTMENTS,
    }
    with psycopg.connect(owner_dsn) as owner:
        owner.execute("set session_replication_role = replica; set synchronous_commit = off; set work_mem = '128MB'")
        owner.execute("set maintenance_work_mem = '256MB'")
        # The audit's fire all the same; applying the schema below turns them on again.
        owner.execute(
            "do $$ declare tab regclass; begin for tab in select private.audited() loop"
            " execute format('alter table %s disable trigger user', tab); end loop; end $$"
        )
        _drop_indexes(owner)
        for part in _DRAW.split(";\n"):
            if part.strip():
                owner.execute(part.encode())
        owner.execute(
            "insert into public.departments (id, name, is_default) "
            "select pg_temp.key('department', n), 'Department ' || n, false from generate_series(0, %s - 1) as n",
            [DEPARTMENTS],
        )
        for text in (_PEOPLE, _TICKETS):
            for part in text.split(";\n"):
                if part.strip():
                    cursor = psycopg.ClientCursor(owner)
                    cursor.execute(part.encode(), numbers)
        owner.execute("select setval(pg_get_serial_sequence('public.tickets', 'number'), %s)", [tickets])
        owner.execute("reset session_replication_role")
        owner.execute(schema.read_bytes())
        people = {
            name: owner.execute("select pg_temp.key('person', %s)", [number]).fetchone()
            for name, number in {
                "admin": 1,
                "agent": ADMINS + 4,
                "busy_customer": ADMINS + AGENTS + 1,
                "customer": ADMINS + AGENTS + customers // 3,
            }.items()
        }
        found: dict[str, Any] = {name: row[0] for name, row in people.items() if row is not None}
        (department,) = owner.execute(
            "select department_id from public.profiles where id = %s", [found["agent"]]
        ).fetchone() or (None,)
        owner.commit()
        # On this connection: one that is just leaving would still count as somebody who may see older rows.
        owner.autocommit = True
        owner.execute("vacuum analyze")
        # A morning's work since then: of what is open, some pages are no longer known to be seen by all.
        owner.execute("set session_replication_role = replica")
        owner.execute("update public.tickets set metadata = '{}' where is_open and number % 20 = 0")
    return Sample(department=department, **found)


def _drop_indexes(owner: psycopg.Connection[Any]) -> None:
    """Indexes that no constraint stands on: building them once is several times quicker than keeping them."""
    rows = owner.execute(
        """select i.indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indrelid
            where c.relnamespace = 'public'::regnamespace and not i.indisunique and c.relkind = 'r'"""
    ).fetchall()
    for (name,) in rows:
        owner.execute(sql.SQL("drop index {}").format(sql.SQL(name)))
