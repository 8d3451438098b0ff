"""Twenty thousand tickets in a few seconds: enough for the planner to mean it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from tests.db.sessions import owner, with_people
from tests.world import DeskDatabase, People, Person

TICKETS: Final = 20_000
LONG_THREAD: Final = UUID("00000000-0000-4000-8000-000000000200")

# A fifth is open, a third of it waits, a third of it is nobody's. Drawn from the number: the same each time.
_FILL: Final = """
create function pg_temp.draw(what text, n bigint) returns double precision language sql immutable as
  'select (hashtextextended(what, n) & 4294967295) / 4294967296.0';
insert into departments (name) select 'Department ' || n from generate_series(1, 4) n;
insert into auth.users (id, email) select gen_random_uuid(), 'c' || n || '@many.test' from generate_series(1, 2000) n;
insert into ticket_tags (name) select 'tag ' || n from generate_series(1, 20) n;

alter table tickets disable trigger user;
alter table ticket_messages disable trigger user;
with d as (select array_agg(id order by name) as ids from departments),
     c as (select array_agg(id order by email) as ids from profiles where role = 'customer')
insert into tickets (title, status, priority, customer_id, assignee_id, department_id, due_date, created_at, updated_at,
                     waiting_since, metadata)
select 'Ticket ' || n,
       (case when pg_temp.draw('open', n) > 0.2
             then case when pg_temp.draw('closed', n) < 0.7 then 'closed' else 'resolved' end
             when pg_temp.draw('waits', n) < 0.33 then 'pending' else 'open' end)::ticket_status,
       (array['medium', 'low', 'high', 'urgent'])[1 + floor(4 * pg_temp.draw('priority', n))::integer]::ticket_priority,
       case when pg_temp.draw('busy', n) < 0.01 then '{customer}'
            else c.ids[1 + floor(array_length(c.ids, 1) * pg_temp.draw('customer', n))::integer] end,
       case when pg_temp.draw('open', n) < 0.2 and pg_temp.draw('nobody', n) < 0.33 then null
            when pg_temp.draw('assignee', n) < 0.02 then '{agent}'::uuid else '{colleague}'::uuid end,
       d.ids[1 + floor(array_length(d.ids, 1) * pg_temp.draw('department', n))::integer],
       case when pg_temp.draw('due', n) < 0.3
            then now() + (400 * pg_temp.draw('date', n) - 200) * interval '1 hour' end,
       now() - n * interval '1 hour', now() - {tickets} * pg_temp.draw('updated', n) * interval '1 minute',
       case when pg_temp.draw('asked', n) < 0.4 then now() - n * interval '1 hour' * pg_temp.draw('since', n) end,
       (case when n % 200 = 0 then '{{"plan": "Gold"}}' when n % 2 = 0 then '{{"plan": "Silver"}}' else '{{}}' end)
         ::jsonb
  from generate_series(1, {tickets}) n, d, c;
insert into tickets (id, title, customer_id, department_id)
select '{thread}', 'Long', '{customer}', department_id from profiles where id = '{agent}';
insert into ticket_messages (ticket_id, sender_id, content, is_internal, created_at)
select t.id, case n when 1 then t.customer_id else '{colleague}'::uuid end, 'Some words about it', n = 3,
       t.created_at + n * interval '1 hour'
  from tickets t, generate_series(1, 3) n;
insert into ticket_messages (ticket_id, sender_id, content, is_internal, created_at)
select '{thread}', case n % 2 when 0 then '{agent}' else '{customer}' end::uuid, repeat('words ', 60), n % 5 = 0,
       now() + n * interval '1 minute'
  from generate_series(1, 197) n;
alter table tickets enable trigger user;
alter table ticket_messages enable trigger user;
select private.index_tickets();

insert into private.sla_policies (name, first_response) values ('All', 60);
update private.sla_refresh set after_id = null;
insert into private.ticket_sla (ticket_id, customer_id, department_id, assignee_id, is_open, first_due, told)
select id, customer_id, department_id, assignee_id, is_open, due,
       jsonb_build_object('due', due, 'first', jsonb_build_object('due', due))
  from (select t.*, now() + 200 * (pg_temp.draw('promised', number) - 0.5) * interval '1 hour' as due from tickets t) t;

alter table ticket_status_history disable trigger user;
alter table ticket_events disable trigger user;
alter table ticket_tag_relations disable trigger user;
alter table notifications disable trigger user;
insert into ticket_status_history (ticket_id, status, created_at) select id, 'open', created_at from tickets;
insert into ticket_events (ticket_id, kind, old_value, new_value) select id, 'priority', 'low', 'medium' from tickets;
insert into ticket_tag_relations (ticket_id, tag_id)
select t.id, g.id from (select id, row_number() over () as n from tickets) t
  join (select id, row_number() over () as n from ticket_tags) g on t.n % 20 = g.n;
insert into notifications (user_id, type, title, ticket_id)
select '{agent}', 'reply', 'Reply', id from tickets where assignee_id = '{agent}' and is_open;
insert into notifications (user_id, type, title, ticket_id) select customer_id, 'reply', 'Reply', id from tickets;
alter table ticket_status_history enable trigger user;
alter table ticket_events enable trigger user;
alter table ticket_tag_relations enable trigger user;
alter table notifications enable trigger user;

alter table chat_sessions disable trigger user;
alter table chat_messages disable trigger user;
with d as (select array_agg(id order by name) as ids from departments),
     c as (select array_agg(id order by email) as ids from profiles where role = 'customer' and id <> '{customer}')
insert into chat_sessions (customer_id, agent_id, status, department_id, created_at, waiting_since, ended_at)
select case when n % 50 = 0 then '{customer}' else c.ids[n] end,
       case when n <= 60 then null when n % 40 = 1 then '{agent}'::uuid else '{colleague}'::uuid end,
       case when n <= 60 then 'waiting' when n <= 120 then 'active' else 'ended' end,
       case when n % 3 = 0 then d.ids[1 + n % 4] end, now() - n * interval '1 hour',
       case when n <= 60 then now() end, case when n > 120 then now() - n * interval '50 minutes' end
  from (select n from generate_series(1, 1900) n where n % 50 <> 0 or n > 120) n, d, c;
insert into chat_sessions (customer_id, agent_id, status, created_at, ended_at)
select customer_id, agent_id, status, created_at - y * interval '80 days', ended_at - y * interval '80 days'
  from chat_sessions, generate_series(1, 4) y where status = 'ended';
insert into chat_messages (session_id, sender_id, content, created_at)
select id, case n % 2 when 1 then customer_id else coalesce(agent_id, customer_id) end, 'Some words',
       created_at + n * interval '1 minute' from chat_sessions, generate_series(1, 4) n;
alter table chat_sessions enable trigger user;
alter table chat_messages enable trigger user;
"""


@dataclass(frozen=True)
class Many:
    """Who looks at them: an agent with tickets in every department, an admin, and a customer with a long thread."""

    database: DeskDatabase
    agent: Person
    admin: Person
    customer: Person


def many(database: DeskDatabase) -> Many:
    """Fills a new helpdesk."""

    async def sign_up(people: People) -> list[Person]:
        return [
            await people.sign_up("agent@many.test", "Agent", "agent", "Support"),
            await people.sign_up("admin@many.test", "Admin", "admin"),
            await people.sign_up("customer@many.test", "Customer"),
            await people.add("colleague@many.test", "Colleague", "agent", "Support"),
        ]

    agent, admin, customer, colleague = with_people(database, sign_up)
    with owner(database) as connection:
        connection.execute("set search_path = public")
        filled = _FILL.format(
            agent=agent.id, colleague=colleague.id, customer=customer.id, thread=LONG_THREAD, tickets=TICKETS
        )
        with connection.transaction():
            connection.execute(filled.encode())
        connection.execute("vacuum analyze")
    return Many(database, agent, admin, customer)
