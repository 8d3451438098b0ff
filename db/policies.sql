-- helpdesk-tui: who is asking, what they may see and what they may do. Apply after schema.sql, in one transaction.
-- The promises that these rules keep are written as sentences in SECURITY.md.
--
-- The sections, in this order:
--   Nothing is granted that is not granted below, whatever the database's default privileges were
--   Who is asking
--   Row level security
--   The write matrix
--   What clients call
--   Acts on tickets
--   What tickets say
--   Knowledge base
--   Administration
--   Two factors
--   Why somebody sees a ticket, or does not
--   Queries
--   Since I left
--   Routing
--   Custom fields
--   Relations
--   Tickets written down for others
--   Notifications
--   Saved views
--   SLA
--   Live changes
--   Presence
--   Drafts, for one's other devices
--   Chat
--   Audit
--   The access token hook
--   Sign-ins
--   Macros
--   Who may call what

set client_min_messages = warning;
set search_path = pg_catalog, public;

-- ---------------------------------------------------------------------------------------------------------------
-- Nothing is granted that is not granted below, whatever the database's default privileges were
-- ---------------------------------------------------------------------------------------------------------------

-- The logins of people are members of a role of the helpdesk's own, and not of authenticated. Whoever may act as a role
-- can DROP OWNED BY it, which takes every policy that names it, give it settings that PostgREST applies to everybody's
-- requests, and use whatever else of the database was opened to it, under policies that believe the claims a session
-- sets. Of this one no policy names it, nothing else is opened to it, and nobody logs in as it.
do $$
declare
  item record;
begin
  if not exists (select from pg_roles where rolname = 'helpdesk_member') then
    create role helpdesk_member nologin noinherit;
  end if;

  for item in
    select t.name, t.kind, t.name::text not like 'private.%' as offered
      from (select c.oid::regclass as name, c.relkind as kind from pg_class c
             where c.oid in (select private.tables()) or c.relkind in ('r', 'p', 'v', 'm')
               and c.relnamespace in ('private'::regnamespace, 'helpdesk'::regnamespace)) t
  loop
    if item.kind in ('r', 'p') then
      execute format('alter table %s enable row level security', item.name);
    end if;
    execute format('revoke all on %s from public, anon, authenticated, helpdesk_member', item.name);
    if item.offered then
      execute format('grant all on %s to service_role', item.name);
    end if;
  end loop;
  for item in
    select c.oid::regclass as name from pg_class c
     where c.relkind = 'S' and (c.relnamespace in ('private'::regnamespace, 'helpdesk'::regnamespace)
                                or c.oid = pg_get_serial_sequence('public.tickets', 'number')::regclass)
  loop
    execute format('revoke all on sequence %s from public, anon, authenticated, helpdesk_member', item.name);
    execute format('grant usage on sequence %s to service_role', item.name);
  end loop;

  -- Every policy is made anew below. One that is not made again was somebody else's or an older release's; several
  -- policies add up, so it would open what these rules close.
  perform set_config('helpdesk.policies', coalesce(
    (select jsonb_agg(jsonb_build_array(polrelid::regclass, polname))::text from pg_policy
      where polrelid in (select private.tables())), '[]'), false);
  for item in
    select polname, polrelid::regclass as name from pg_policy where polrelid in (select private.tables())
  loop
    execute format('drop policy %I on %s', item.polname, item.name);
  end loop;

  revoke all on schema private, helpdesk from public, anon, authenticated, helpdesk_member;
  grant usage on schema helpdesk to authenticated, helpdesk_member, service_role, supabase_auth_admin;
  grant usage on schema public to authenticated, helpdesk_member, service_role;
  revoke create on schema public from public;
  -- Temporary tables, types and domains of a hostile session could stand in the way of names that functions use.
  if exists (select from pg_database where datname = current_database() and pg_has_role(datdba, 'usage')) then
    execute format('revoke temporary on database %I from public', current_database());
  else
    raise warning 'TEMPORARY on this database could not be revoked from PUBLIC: its owner has to';
  end if;
  -- Who is asking is read from the sign-in's tables by functions of this owner.
  if row_security_active('auth.sessions') or row_security_active('auth.users') then
    raise exception 'the owner of the helpdesk may not read auth.sessions or auth.users past their row level security'
      using hint = 'On Supabase, apply this as the role postgres.';
  end if;
end
$$;

-- A table or sequence added later by this owner is closed until somebody opens it; a function, which PostgreSQL opens
-- to everybody by itself, has to be closed where it is made.
alter default privileges in schema public revoke all on tables from public, anon, authenticated;
alter default privileges in schema public revoke all on sequences from public, anon, authenticated;
alter default privileges in schema public revoke all on functions from anon, authenticated;

-- ---------------------------------------------------------------------------------------------------------------
-- Who is asking
-- ---------------------------------------------------------------------------------------------------------------

-- A login of ours is believed by its name alone: session_user, which no session can forge. A login that could bypass
-- row security anyway is believed about the claims it sets. Everybody else is nobody, and so is everybody whose session
-- has ended, or whose account is banned or deleted. Role and department are what the profile says at this moment; staff
-- who owe a second factor have no role.

-- What shuts an account out, whatever else it is; null where nothing does.
create or replace function private.shut_out(deactivated timestamptz, banned_until timestamptz, deleted timestamptz)
returns text language sql volatile parallel safe
return case when deactivated is not null then 'deactivated'
            when banned_until > clock_timestamp() then 'banned'
            when deleted is not null then 'deleted' end;

-- The next three are written into the queries of the functions below, who pin what they look up; they are no views, since
-- a view would stand in the way when a release of Supabase Auth changes a column of its tables.

-- What an account is here that signed in this strongly; no row for one that is shut out.
create or replace function private.standing(account uuid, aal text)
returns table (person uuid, department uuid, role text)
language sql stable parallel restricted as $$
select u.id, p.department_id,
       case when p.role = 'customer' or standing.aal in ('aal2', 'aal3')
                 or not (select f.staff_need_two_factors from private.settings f) then p.role end
  from auth.users u left join public.profiles p on p.id = u.id
 where u.id = account and private.shut_out(p.deactivated_at, u.banned_until, u.deleted_at) is null
$$;

-- Whom a login of ours stands for; no row for any other. Every statement looks several times: there is not much in it.
create or replace function private.asked() returns table (person uuid, department uuid, role text)
language sql stable parallel restricted as $$
select w.person, w.department, w.role
  from auth.sessions s cross join lateral private.standing(s.user_id, s.aal::text) w
       -- hd_ and 32 hexadecimal digits, of which d is one.
 where s.id = case when left(session_user::text, 3) = 'hd_' and length(session_user::text) = 35
                        and translate(session_user::text, '0123456789abcdef', '') = 'h_'
                   then substr(session_user::text, 4)::uuid end
   and (s.not_after is null or s.not_after > clock_timestamp())
       -- In an older snapshot nobody has signed out and nobody was demoted yet: it may be read, not written from.
   and (current_setting('transaction_isolation') = 'read committed' or current_setting('transaction_read_only') = 'on')
$$;

-- Whom the claims of a believed login name; no row for any other login.
create or replace function private.claimed() returns table (person uuid, department uuid, role text)
language sql stable parallel restricted as $$
select w.person, w.department, w.role
  from (select nullif(current_setting('request.jwt.claims', true), '')::jsonb as claims
         where pg_has_role(session_user, 'service_role', 'member')) c
 cross join lateral private.standing(auth.uid(), c.claims ->> 'aal') w
 where (c.claims ->> 'session_id' is null
        or exists (select from auth.sessions s where s.id = (c.claims ->> 'session_id')::uuid and s.user_id = w.person
                    and (s.not_after is null or s.not_after > clock_timestamp())))
$$;

-- The departments that somebody works for: an agent for their own, an admin for all.
create or replace function private.reach(role text, department uuid) returns uuid[]
language plpgsql stable security definer parallel restricted set search_path = pg_catalog, pg_temp as $$
begin
  if role = 'agent' then
    return array[department];
  elsif role = 'admin' then
    return array(select d.id from public.departments d);
  end if;
  return null;
end
$$;

-- Everything about who asks.
create or replace function private.asking(
  out person uuid, out role text, out agent uuid, out department uuid, out departments uuid[]
) language plpgsql stable security definer parallel restricted set search_path = pg_catalog, pg_temp as $$
begin
  select a.person, a.role, a.department into person, role, department from private.asked() a;
  if person is null then
    if session_user::text ~ '^hd_[0-9a-f]{32}$' then
      if current_setting('transaction_isolation') <> 'read committed'
         and current_setting('transaction_read_only') = 'off' then
        raise exception 'this isolation level is for reading only' using errcode = 'HD002',
          hint = 'Begin with READ ONLY, or with ISOLATION LEVEL READ COMMITTED.';
      end if;
    else
      select c.person, c.role, c.department into person, role, department from private.claimed() c;
    end if;
  end if;
  if role = 'agent' then
    agent := person;
  end if;
  departments := private.reach(role, department);
end
$$;

-- Its parts, for policies: straight from the login, and the longer way for whoever is not found there.
create or replace function private.uid() returns uuid
language plpgsql stable security definer parallel restricted set search_path = pg_catalog, pg_temp as $$
declare
  found_person uuid;
begin
  select a.person into found_person from private.asked() a;
  if found_person is null then
    return (private.asking()).person;
  end if;
  return found_person;
end
$$;

-- customer, agent or admin; null for nobody.
create or replace function private.role() returns text
language plpgsql stable security definer parallel restricted set search_path = pg_catalog, pg_temp as $$
declare
  found_role text;
begin
  select a.role into found_role from private.asked() a;
  if found_role is null then
    return (private.asking()).role;
  end if;
  return found_role;
end
$$;

-- The person, if an agent.
create or replace function private.agent() returns uuid
language plpgsql stable security definer parallel restricted set search_path = pg_catalog, pg_temp as $$
declare
  found_role text;
  found_person uuid;
begin
  select a.role, a.person into found_role, found_person from private.asked() a;
  if found_role is null then
    return (private.asking()).agent;
  end if;
  return case when found_role = 'agent' then found_person end;
end
$$;

-- The departments the person works for.
create or replace function private.departments() returns uuid[]
language plpgsql stable security definer parallel restricted set search_path = pg_catalog, pg_temp as $$
declare
  found_role text;
  found_department uuid;
begin
  select a.role, a.department into found_role, found_department from private.asked() a;
  if found_role is null then
    return (private.asking()).departments;
  end if;
  return private.reach(found_role, found_department);
end
$$;

create or replace function private.is_admin() returns boolean
language plpgsql stable security definer parallel restricted set search_path = pg_catalog, pg_temp as $$
begin
  return coalesce(private.role() = 'admin', false);
end
$$;

create or replace function private.is_staff() returns boolean
language plpgsql stable security definer parallel restricted set search_path = pg_catalog, pg_temp as $$
begin
  return coalesce(private.role() <> 'customer', false);
end
$$;

-- How strongly they signed in: aal1, or aal2 with a second factor.
create or replace function private.aal() returns text
language plpgsql stable security definer parallel restricted set search_path = pg_catalog, pg_temp as $$
begin
  if session_user::text ~ '^hd_[0-9a-f]{32}$' then
    return (select s.aal::text from auth.sessions s where s.id = substr(session_user::text, 4)::uuid);
  elsif pg_has_role(session_user, 'service_role', 'member') then
    return nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'aal';
  end if;
  return null;
end
$$;

-- A job of the owner's, signed in as nobody: an import, a maintenance script. Never a session of a client.
create or replace function private.is_background() returns boolean
language plpgsql stable security definer parallel restricted set search_path = pg_catalog, pg_temp as $$
begin
  return (private.asking()).person is null and pg_has_role(session_user, 'service_role', 'member')
     and coalesce(current_setting('role', true), 'none') not in ('anon', 'authenticated');
end
$$;

-- Whether such a job asked for nobody to be told. A client who asks for it is not heard; nearly nobody does, so who asks
-- is looked up last.
create or replace function private.muted() returns boolean
language plpgsql stable security definer parallel restricted set search_path = pg_catalog, pg_temp as $$
begin
  if current_setting('helpdesk.mute', true) = 'on' then
    return private.is_background();
  end if;
  return false;
end
$$;

-- The one predicate: whose work a ticket is. It has no subquery and no settings, so the planner writes it into the
-- query, and what it compares reaches the indexes. It answers null rather than false where nothing is assigned. Its
-- operators are looked up here and now, not under the search_path of whoever asks.
create or replace function private.works_on(assignee uuid, department uuid, agent uuid, departments uuid[])
returns boolean language sql immutable parallel safe
return department = any(departments) or assignee = agent;

-- The same for a chat, towards staff: an admin's all; an agent's those they lead, and those that wait for their
-- department or for the whole team. Whoever handed one over sees it no more.
create or replace function private.works_chat(
  status text, leads uuid, department uuid, agent uuid, departments uuid[], admin boolean
) returns boolean language sql immutable parallel safe
return admin or (agent is not null
                 and (leads = agent or (status = 'waiting' and (department is null or department = any(departments)))));

-- How far somebody sees into a ticket: 'team' all of it, 'requester' what is public (also if they work on it: nobody
-- reads the notes about their own request), null not at all. What the policies say, for one ticket.
create or replace function private.sight_of(
  requester uuid, assignee uuid, department uuid, person uuid, agent uuid, departments uuid[]
) returns text language sql immutable parallel safe
return case when requester = person then 'requester'
            when private.works_on(assignee, department, agent, departments) then 'team' end;

-- The same, for whoever asks.
create or replace function private.sight(ticket uuid) returns text
language plpgsql stable security definer parallel restricted set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
begin
  return (select private.sight_of(t.customer_id, t.assignee_id, t.department_id, who.person, who.agent, who.departments)
            from public.tickets t where t.id = ticket);
end
$$;

-- A category is for customers when it, or one below it, holds something published.
create or replace function private.holds_published(category uuid) returns boolean
language plpgsql stable security definer parallel restricted set search_path = pg_catalog, pg_temp as $$
begin
  return exists (
    with recursive below as (
      select category as id
      union
      select c.id from public.kb_categories c join below b on c.parent_id = b.id
    )
    select from public.kb_articles a join below b on a.category_id = b.id where a.status = 'published');
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Row level security. The original policies keep their names; every function stands in (select ...), so that it runs
-- once a statement. As in the original they name no role: whoever may act as a role can DROP OWNED BY it, and with that
-- every policy that names it, though they own no table.
-- ---------------------------------------------------------------------------------------------------------------

create policy "Customers can view own tickets" on public.tickets for select
  using (customer_id = (select private.uid()));
create policy "Agents can view relevant tickets" on public.tickets for select
  using (private.works_on(assignee_id, department_id, (select private.agent()), (select private.departments())));
create policy "Admins can view all tickets" on public.tickets for select
  using ((select private.is_admin()));

create policy "People can send tickets" on public.tickets for insert
  with check (customer_id = (select private.uid()) and (select private.role()) is not null);
create policy "Staff can write down tickets for others" on public.tickets for insert
  with check (private.works_on(assignee_id, department_id, (select private.agent()), (select private.departments())));
create policy "Requesters can close and reopen own tickets" on public.tickets for update
  using (customer_id = (select private.uid())) with check (customer_id = (select private.uid()));
create policy "Staff can change the tickets they work on" on public.tickets for update
  using (private.works_on(assignee_id, department_id, (select private.agent()), (select private.departments())))
  with check (private.works_on(assignee_id, department_id, (select private.agent()), (select private.departments())));

-- Everything that hangs on a ticket asks the ticket. What is for the team alone is not for the requester, whoever
-- that is: an agent does not read the notes about their own request.
create policy "Messages follow their ticket" on public.ticket_messages for select
  using (exists (select from public.tickets t where t.id = ticket_id
                 and (not is_internal or t.customer_id <> (select private.uid()))));
create policy "People write as themselves" on public.ticket_messages for insert
  with check (sender_id = (select private.uid())
              and exists (select from public.tickets t where t.id = ticket_id
                          and (not is_internal or t.customer_id <> (select private.uid()))));

create policy "Attachments follow their message" on public.ticket_attachments for select
  using (case when message_id is null then exists (select from public.tickets t where t.id = ticket_id)
              else exists (select from public.ticket_messages m where m.id = message_id) end);
create policy "Authors attach files to what they send" on public.ticket_attachments for insert
  with check (case when message_id is null then exists (select from public.tickets t where t.id = ticket_id)
                   else exists (select from public.ticket_messages m
                                 where m.id = message_id and m.sender_id = (select private.uid())) end);

create policy "History follows its ticket" on public.ticket_status_history for select
  using (exists (select from public.tickets t where t.id = ticket_id
                 and (note is null or t.customer_id <> (select private.uid()))));
create policy "Events are for the team" on public.ticket_events for select
  using (exists (select from public.tickets t where t.id = ticket_id and t.customer_id <> (select private.uid())));

create policy "Tags are for the team" on public.ticket_tags for select
  using ((select private.is_staff()));
create policy "Staff can name new tags" on public.ticket_tags for insert
  with check ((select private.is_staff()));
create policy "Admins can change tags" on public.ticket_tags for update
  using ((select private.is_admin())) with check ((select private.is_admin()));

create policy "Tags follow their ticket" on public.ticket_tag_relations for select
  using (exists (select from public.tickets t where t.id = ticket_id and t.customer_id <> (select private.uid())));
create policy "Staff can tag" on public.ticket_tag_relations for insert
  with check (exists (select from public.tickets t where t.id = ticket_id and t.customer_id <> (select private.uid())));

create policy "Feedback follows its ticket" on public.ticket_feedback for select
  using (exists (select from public.tickets t where t.id = ticket_id
                 and (t.customer_id <> (select private.uid()) or ticket_feedback.customer_id = (select private.uid()))));
create policy "Requesters can rate what was resolved" on public.ticket_feedback for insert
  with check (customer_id = (select private.uid())
              and exists (select from public.tickets t where t.id = ticket_id
                          and t.customer_id = (select private.uid()) and not t.is_open));
create policy "Requesters can change their rating" on public.ticket_feedback for update
  using (customer_id = (select private.uid()))
  with check (customer_id = (select private.uid())
              and exists (select from public.tickets t
                           where t.id = ticket_id and t.customer_id = (select private.uid())));

-- People: oneself; staff know staff, and the requesters and authors of what they work on.
create policy "People see themselves" on public.profiles for select
  using (id = (select private.uid()));
create policy "Staff see staff" on public.profiles for select
  using (role <> 'customer' and (select private.is_staff()));
create policy "Admins see everybody" on public.profiles for select
  using ((select private.is_admin()));
create policy "Agents see their requesters" on public.profiles for select
  using ((select private.agent()) is not null
         and (exists (select from public.tickets t where t.customer_id = profiles.id)
              or exists (select from public.chat_sessions s where s.customer_id = profiles.id
                         and s.agent_id = (select private.agent()))));
create policy "People change their own profile" on public.profiles for update
  using (id = (select private.uid())) with check (id = (select private.uid()));

create policy "Departments are known to everybody with a profile" on public.departments for select
  using ((select private.role()) is not null);
create policy "Admins can add departments" on public.departments for insert
  with check ((select private.is_admin()));
create policy "Admins can change departments" on public.departments for update
  using ((select private.is_admin())) with check ((select private.is_admin()));

create policy "Categories are known to everybody with a profile" on public.categories for select
  using ((select private.role()) is not null);
create policy "Admins can add categories" on public.categories for insert
  with check ((select private.is_admin()));
create policy "Admins can change categories" on public.categories for update
  using ((select private.is_admin())) with check ((select private.is_admin()));

-- Knowledge base: what is published is for everybody who signed in, anonymously too; the rest is the team's.
create policy "Published articles are for everybody" on public.kb_articles for select
  using (status = 'published' and (select private.uid()) is not null);
create policy "Staff see every article" on public.kb_articles for select
  using ((select private.is_staff()));
create policy "Staff can write articles" on public.kb_articles for insert
  with check ((select private.is_staff()) and author_id = (select private.uid()));
create policy "Staff can change articles" on public.kb_articles for update
  using ((select private.is_staff())) with check ((select private.is_staff()));
create policy "Versions are for the team" on public.kb_article_versions for select
  using ((select private.is_staff()));

-- A category that holds nothing published, here or below, is not for customers: its name alone may say too much.
create policy "Categories with something to read" on public.kb_categories for select
  using ((select private.uid()) is not null and (select private.holds_published(id)));
create policy "Staff see every article category" on public.kb_categories for select
  using ((select private.is_staff()));
create policy "Staff can add article categories" on public.kb_categories for insert
  with check ((select private.is_staff()));
create policy "Staff can change article categories" on public.kb_categories for update
  using ((select private.is_staff())) with check ((select private.is_staff()));

create policy "People see their article feedback, staff all" on public.kb_article_feedback for select
  using (user_id = (select private.uid()) or (select private.is_staff()));
create policy "Readers can give feedback" on public.kb_article_feedback for insert
  with check (user_id = (select private.uid()) and (select private.role()) is not null
              and exists (select from public.kb_articles a where a.id = article_id));
create policy "Readers can change their feedback" on public.kb_article_feedback for update
  using (user_id = (select private.uid())) with check (user_id = (select private.uid()));

-- Chats: the customer's own, and the team's share. Messages ask their chat; who writes what is the guard's to judge.
create policy "Customers see their chats" on public.chat_sessions for select
  using (customer_id = (select private.uid()));
create policy "Staff see who waits and their own chats" on public.chat_sessions for select
  using (private.works_chat(status, agent_id, department_id, (select private.agent()), (select private.departments()),
                            (select private.is_admin())));
create policy "Chat messages follow their session" on public.chat_messages for select
  using (exists (select from public.chat_sessions s where s.id = session_id));
create policy "Both sides of a chat can write" on public.chat_messages for insert
  with check (sender_id = (select private.uid())
              and exists (select from public.chat_sessions s where s.id = session_id
                          and ((select private.uid()) in (s.customer_id, s.agent_id))));

-- One about a ticket that is out of sight by now names its title: it goes out of sight with it. So with chats.
create policy "People see their notifications" on public.notifications for select
  using (user_id = (select private.uid())
         and (ticket_id is null or exists (select from public.tickets t where t.id = ticket_id))
         and (chat_id is null or exists (select from public.chat_sessions s where s.id = chat_id)));
create policy "People mark their notifications" on public.notifications for update
  using (user_id = (select private.uid())) with check (user_id = (select private.uid()));

-- ---------------------------------------------------------------------------------------------------------------
-- The write matrix: column by column. What is absent is not granted; triggers and policies narrow it further. Nobody
-- holds DELETE, which knows no columns: with it, row level security or not, LOCK TABLE would stop the whole desk. What
-- may be removed is removed by helpdesk.untag() and helpdesk.remove().
-- ---------------------------------------------------------------------------------------------------------------

grant select on public.departments, public.categories, public.ticket_messages,
  public.ticket_attachments, public.ticket_status_history, public.ticket_events, public.ticket_tags,
  public.ticket_tag_relations,
  public.kb_categories, public.kb_articles, public.kb_article_versions, public.ticket_feedback,
  public.kb_article_feedback, public.chat_sessions, public.chat_messages, public.notifications
  to authenticated, helpdesk_member;
-- Not the metadata, which holds what the team fills in about a ticket, and its requester sees the row too. Of the fields
-- helpdesk.ticket() tells the team.
grant select (id, number, title, description, status, priority, customer_id, assignee_id, department_id, category_id,
              due_date, created_at, updated_at, first_response_at, resolved_at, closed_at, is_open, status_rank,
              priority_rank, due_sort, waiting_since, ctid)
  on public.tickets to authenticated, helpdesk_member;
-- Not the preferences: whoever sees a profile sees what it says to others. One's own are told by helpdesk.preferences().
grant select (id, email, full_name, avatar_url, role, department_id, created_at, updated_at, deactivated_at)
  on public.profiles to authenticated, helpdesk_member;

grant insert (id, title, description, status, priority, customer_id, assignee_id, department_id, category_id, due_date)
  on public.tickets to authenticated, helpdesk_member;
-- Not the description: what a request began with stays as it was sent, and says who wrote it.
grant update (title, status, priority, category_id, due_date) on public.tickets
  to authenticated, helpdesk_member;
grant insert (id, ticket_id, sender_id, content, is_internal, after_id) on public.ticket_messages
  to authenticated, helpdesk_member;
grant insert (id, ticket_id, message_id, name, sha256, data) on public.ticket_attachments
  to authenticated, helpdesk_member;
grant insert (id, name, description, color), update (name, description, color) on public.ticket_tags
  to authenticated, helpdesk_member;
grant insert (ticket_id, tag_id) on public.ticket_tag_relations to authenticated, helpdesk_member;
grant insert (id, ticket_id, customer_id, rating, comment), update (rating, comment) on public.ticket_feedback
  to authenticated, helpdesk_member;
grant update (full_name, avatar_url, preferences) on public.profiles to authenticated, helpdesk_member;
grant insert (id, name, description), update (name, description) on public.departments
  to authenticated, helpdesk_member;
grant insert (id, name, description, department_id), update (name, description, department_id)
  on public.categories to authenticated, helpdesk_member;
grant insert (id, title, content, category_id, author_id, status, metadata),
  update (title, content, category_id, status, metadata) on public.kb_articles to authenticated, helpdesk_member;
grant insert (id, name, description, parent_id), update (name, description, parent_id)
  on public.kb_categories to authenticated, helpdesk_member;
grant insert (id, article_id, user_id, helpful, comment), update (helpful, comment)
  on public.kb_article_feedback to authenticated, helpdesk_member;
grant insert (id, session_id, sender_id, content) on public.chat_messages to authenticated, helpdesk_member;
grant update (read) on public.notifications to authenticated, helpdesk_member;

-- ---------------------------------------------------------------------------------------------------------------
-- What clients call
-- ---------------------------------------------------------------------------------------------------------------

create or replace function helpdesk.version() returns integer
language sql stable security definer set search_path = pg_catalog, pg_temp as
'select max(v.version) from private.schema_version v';

-- The person signed in, as the database knows them at this moment; no row for somebody without a profile.
create or replace function helpdesk.me()
returns table (id uuid, email text, name text, role text, department_id uuid, department text, aal text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select p.id, p.email, coalesce(p.full_name, p.email), who.role, p.department_id, d.name, private.aal()
    from private.asking() who join public.profiles p on p.id = who.person
    left join public.departments d on d.id = p.department_id
$$;

-- What to call somebody. Staff are known to customers by a display name and nothing else.
create or replace function private.called(full_name text, email text, role text, address_too boolean) returns text
language sql immutable parallel safe
return coalesce(nullif(btrim(full_name), ''), case when address_too then email
                                                   when role = 'customer' then 'Customer' else 'Support' end);

-- Names for the ids that a person's tickets mention; staff learn the names of people in the tickets they work on.
create or replace function helpdesk.names(ids uuid[])
returns table (id uuid, name text, is_staff boolean)
language plpgsql stable security definer rows 20
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  who constant record := private.asking();
begin
  if who.role is null then
    return;
  end if;
  return query
  select p.id, private.called(p.full_name, p.email, p.role, who.role <> 'customer' or p.id = who.person),
         p.role <> 'customer'
    from public.profiles p
   where p.id = any(ids)
     and (p.role <> 'customer' or p.id = who.person or who.role = 'admin'
          or exists (select from public.tickets t where t.customer_id = p.id
                      and private.works_on(t.assignee_id, t.department_id, who.agent, who.departments))
          or exists (select from public.ticket_messages m join public.tickets t on t.id = m.ticket_id
                      where m.sender_id = p.id and not m.is_internal
                        and (t.customer_id = who.person
                             or private.works_on(t.assignee_id, t.department_id, who.agent, who.departments)))
          or exists (select from public.chat_sessions s where s.customer_id = p.id and who.agent is not null
                      and private.works_chat(s.status, s.agent_id, s.department_id, who.agent, who.departments,
                                             false)));
end
$$;

-- The next five read what the policies would show, asking once who asks. The policies ask for every table that a
-- statement mentions, and those on what hangs on a ticket for every row, which costs more than reading the rows.

-- The words around tickets that are on the screen: who asked, who answers, where, and the team's tags. It is told where
-- their rows lie, too (their ctid, read by the same statement): looking them up by id again would cost as much as the
-- guard. Whoever makes places up is told of the tickets there what they may know anyway, or nothing. "more" is what most
-- tickets have nothing of, for those who work on them; nulls are left out.
drop function if exists helpdesk.dressed(uuid[], tid[]);  -- the result of an older release had fewer columns
create or replace function helpdesk.dressed(ids uuid[], places tid[])
returns table (id uuid, requester text, assignee text, department text, tags text[], more jsonb)
language plpgsql stable security definer rows 100
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  who constant record := private.asking();
  staff constant boolean := coalesce(who.role <> 'customer', false);
  tagged constant uuid[] := case when staff then ids end;
begin
  if who.person is null then
    return;
  end if;
  return query
  select t.id, private.called(r.full_name, r.email, r.role, staff or r.id = who.person),
         case when a.id is not null then private.called(a.full_name, a.email, a.role, staff) end, d.name,
         case when t.customer_id = who.person then '{}' else coalesce(g.names, '{}') end,
         jsonb_strip_nulls(jsonb_build_object(
           'merged_into', case when i.customer_id = who.person
             or private.works_on(i.assignee_id, i.department_id, who.agent, who.departments)
             then jsonb_build_array(i.id, i.number) when mg.id is not null then '[null, null]' end))
         || case when t.customer_id = who.person then '{}' else jsonb_strip_nulls(jsonb_build_object(
           'snoozed', (select s.until from private.ticket_snoozes s where s.ticket_id = t.id and s.until > now()),
           'sla', (select nullif(l.told, '{}') from private.ticket_sla l where l.ticket_id = t.id),
           'following', case when exists (select from private.followers f
                                           where f.ticket_id = t.id and f.person = who.person) then true end
         )) end
    from public.tickets t
    join public.profiles r on r.id = t.customer_id
    left join public.profiles a on a.id = t.assignee_id
    left join public.departments d on d.id = t.department_id
    left join private.merges mg on mg.ticket_id = t.id and mg.undone_at is null
    left join public.tickets i on i.id = mg.into_id
    left join (select x.ticket_id, array_agg(n.name order by n.name) as names
                 from public.ticket_tag_relations x join public.ticket_tags n on n.id = x.tag_id
                where x.ticket_id = any(tagged) group by x.ticket_id) g on g.ticket_id = t.id
   where t.ctid = any(places)
     and (t.customer_id = who.person or private.works_on(t.assignee_id, t.department_id, who.agent, who.departments));
end
$$;

-- One ticket with its description, the words around it and what is known of its files; no row where there is none for
-- this person. The files come along, as helpdesk.attachments() tells them, since asking anew who asks costs more.
-- Who sent a ticket: its requester, or somebody of the team who wrote it down for them; null for what was brought in.
create or replace function private.writer_of(ticket uuid) returns uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return (select h.changed_by from public.ticket_status_history h where h.ticket_id = writer_of.ticket
           order by h.created_at, h.id limit 1);
end
$$;

drop function if exists helpdesk.ticket(uuid);  -- the result of an older release had fewer columns
create or replace function helpdesk.ticket(ticket uuid)
returns table (id uuid, number bigint, title text, status public.ticket_status, priority public.ticket_priority,
               customer_id uuid, requester text, assignee_id uuid, assignee text, department_id uuid, department text,
               due_date timestamptz, created_at timestamptz, updated_at timestamptz, tags text[], description text,
               files jsonb, more jsonb)
language plpgsql stable security definer rows 1
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  who constant record := private.asking();
  staff constant boolean := who.role <> 'customer';
begin
  return query
  select t.id, t.number, t.title, t.status, t.priority, t.customer_id,
         private.called(r.full_name, r.email, r.role, staff or r.id = who.person), t.assignee_id,
         case when a.id is not null then private.called(a.full_name, a.email, a.role, staff) end,
         t.department_id, d.name, t.due_date, t.created_at, t.updated_at,
         case when t.customer_id = who.person then '{}' else array(
           select n.name from public.ticket_tag_relations x join public.ticket_tags n on n.id = x.tag_id
            where x.ticket_id = t.id order by n.name) end, t.description,
         (select jsonb_agg(jsonb_build_array(f.id, f.message_id, f.name, f.size, f.content_type, f.sha256)
                           order by f.created_at, f.id)
            from public.ticket_attachments f left join public.ticket_messages m on m.id = f.message_id
           where f.ticket_id = t.id and (t.customer_id <> who.person or m.is_internal is not true)),
         jsonb_strip_nulls(jsonb_build_object(
           'merged_into', case when i.customer_id = who.person
             or private.works_on(i.assignee_id, i.department_id, who.agent, who.departments)
             then jsonb_build_array(i.id, i.number) when mg.id is not null then '[null, null]' end,
           'written_by', (select private.called(w.full_name, w.email, w.role, staff) from public.profiles w
                           where w.id = private.writer_of(t.id) and w.id <> t.customer_id
                             and (t.description <> ''
                                  or exists (select from public.ticket_attachments f
                                              where f.ticket_id = t.id and f.message_id is null)))))
         || case when t.customer_id = who.person then '{}' else jsonb_strip_nulls(jsonb_build_object(
           'snoozed', (select s.until from private.ticket_snoozes s where s.ticket_id = t.id and s.until > now()),
           'sla', (select nullif(l.told, '{}') from private.ticket_sla l where l.ticket_id = t.id),
           'following', case when exists (select from private.followers f
                                           where f.ticket_id = t.id and f.person = who.person) then true end,
           'merged', private.merged_here(t.id, who.person, who.agent, who.departments),
           'links', private.links_of(t.id, who.person, who.agent, who.departments),
           'fields', private.fields_of(t.metadata)
         )) end
    from public.tickets t
    join public.profiles r on r.id = t.customer_id
    left join public.profiles a on a.id = t.assignee_id
    left join public.departments d on d.id = t.department_id
    left join private.merges mg on mg.ticket_id = t.id and mg.undone_at is null
    left join public.tickets i on i.id = mg.into_id
   where t.id = ticket
     and (t.customer_id = who.person or private.works_on(t.assignee_id, t.department_id, who.agent, who.departments));
end
$$;

-- What asks for rows says how many at most, and not fewer than none.
create or replace function private.refuse_negative(wanted integer) returns void
language plpgsql immutable security definer set search_path = pg_catalog, pg_temp as $$
begin
  if wanted < 0 then
    raise exception 'how many rows are wanted, or left out, cannot be negative' using errcode = 'HD002';
  end if;
end
$$;

-- How many tickets each of a person's queues holds, counted up to a number: a larger one costs no more. The order in
-- which a count reads decides nothing but the index.
create or replace function helpdesk.counts(most integer) returns table (queue text, tickets integer)
language plpgsql stable strict security definer rows 8
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  who constant record := private.asking();
  asleep uuid[];
  n record;
  elsewhere record;
begin
  if most < 0 then
    perform private.refuse_negative(most);
  end if;
  if who.role = 'customer' then
    select (select count(*)::integer from (
             select from public.tickets t where t.customer_id = who.person and t.is_open
              order by t.updated_at desc limit most) c) as open,
           (select count(*)::integer from (
             select from public.tickets t where t.customer_id = who.person and not t.is_open
              order by t.updated_at desc limit most) c) as closed into n;
    return query values ('open', n.open), ('closed', n.closed);
  elsif who.role = 'admin' then
    asleep := helpdesk.snoozed();
    select (select count(*)::integer from (
             select from public.tickets t where t.assignee_id = who.person and t.is_open and t.id <> all(asleep)
              order by t.updated_at desc limit most) c) as mine,
           (select count(*)::integer from (
             select from public.tickets t where t.is_open and t.assignee_id is null
                 and t.id <> all(asleep)
              order by t.updated_at desc limit most) c) as unassigned,
           (select count(*)::integer from (
             select from public.tickets t where t.is_open and t.id <> all(asleep)
              order by t.updated_at desc limit most) c) as open,
           (select count(*)::integer from (
             select from public.tickets t where t.status_rank = 2 and t.id <> all(asleep)
              order by t.updated_at desc limit most) c) as waiting,
           (select count(*)::integer from (
             select from public.tickets t where t.is_open and t.due_sort < now() and t.id <> all(asleep)
              order by t.due_sort limit most) c) as overdue,
           (select count(*)::integer from (
             select from public.tickets t where t.id = any(asleep) and t.is_open limit most) c) as snoozed,
           (select count(*)::integer from (
             select from public.tickets t where not t.is_open
              order by t.updated_at desc limit most) c) as closed,
           (select count(*)::integer from (
             select from public.tickets t where t.department_id = who.department and t.is_open and t.id <> all(asleep)
              order by t.updated_at desc limit most) c) as department into n;
    return query values ('mine', n.mine), ('unassigned', n.unassigned), ('open', n.open), ('waiting', n.waiting),
                        ('overdue', n.overdue), ('snoozed', n.snoozed), ('closed', n.closed),
                        ('department', n.department);
  elsif who.role = 'agent' then
    asleep := helpdesk.snoozed();
    select (select count(*)::integer from (
             select from public.tickets t where t.assignee_id = who.person and t.is_open and t.id <> all(asleep)
              order by t.updated_at desc limit most) c) as mine,
           (select count(*)::integer from (
             select from public.tickets t where t.department_id = who.department and t.is_open and t.assignee_id is null
                 and t.id <> all(asleep)
              order by t.updated_at desc limit most) c) as unassigned,
           (select count(*)::integer from (
             select from public.tickets t where t.department_id = who.department and t.is_open and t.id <> all(asleep)
              order by t.updated_at desc limit most) c) as department,
           (select count(*)::integer from (
             select from public.tickets t where t.department_id = who.department and t.status_rank = 2
                 and t.id <> all(asleep)
              order by t.updated_at desc limit most) c) as waiting,
           (select count(*)::integer from (
             select from public.tickets t where t.department_id = who.department and t.is_open and t.due_sort < now()
                 and t.id <> all(asleep)
              order by t.due_sort limit most) c) as overdue,
           (select count(*)::integer from (
             select from public.tickets t where t.id = any(asleep) and t.is_open limit most) c) as snoozed,
           (select count(*)::integer from (
             select from public.tickets t where t.department_id = who.department and not t.is_open
              order by t.updated_at desc limit most) c) as closed into n;
    -- Besides those of the department, all open to an agent is what they hold in others: unless these are enough.
    select count(*)::integer as open, count(*) filter (where t.status_rank = 2)::integer as waiting,
           count(*) filter (where t.due_sort < now())::integer as overdue
      into elsewhere
      from public.tickets t
     where least(n.department, n.waiting, n.overdue) < most
       and t.assignee_id = who.person and t.is_open and t.department_id is distinct from who.department
       and t.id <> all(asleep);
    if n.closed < most then
      n.closed := n.closed + (select count(*)::integer from (
        select from public.tickets t
         where t.assignee_id = who.person and not t.is_open and t.department_id is distinct from who.department
         order by t.updated_at desc limit most - n.closed) c);
    end if;
    return query values ('mine', n.mine), ('unassigned', n.unassigned), ('department', n.department),
                        ('open', least(most, n.department + elsewhere.open)),
                        ('waiting', least(most, n.waiting + elsewhere.waiting)),
                        ('overdue', least(most, n.overdue + elsewhere.overdue)), ('snoozed', n.snoozed),
                        ('closed', n.closed);
  end if;
  if who.role <> 'customer' and exists (select from private.sla_policies) then
    return query
    select l.state, (select count(*)::integer from helpdesk.sla_queue(l.state, null, null, null, false, most))
      from (values ('breached'), ('soon')) l(state);
  end if;
end
$$;

-- The messages of a thread, oldest first, with who wrote them. No rows for a ticket that is not there or not for this
-- person.
create or replace function helpdesk.messages(ticket uuid)
returns table (id uuid, sender_id uuid, sender text, by_staff boolean, is_internal boolean, content text,
               created_at timestamptz)
language plpgsql stable security definer rows 50
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  team constant boolean := private.sight(ticket) = 'team';
begin
  if team is null then
    return;
  end if;
  return query
  -- Each of the few who write in a thread is named once, not with every message.
  select m.id, m.sender_id, p.name, p.staff, m.is_internal, m.content, m.created_at
    from public.ticket_messages m
    join (select w.id, private.called(w.full_name, w.email, w.role, team) as name, w.role <> 'customer' as staff
            from public.profiles w
           where w.id = any(array(select distinct x.sender_id from public.ticket_messages x
                                   where x.ticket_id = messages.ticket))
          offset 0) p on p.id = m.sender_id
   where m.ticket_id = messages.ticket and (team or not m.is_internal)
   order by m.created_at, m.id;
end
$$;

-- The files of a thread without what is in them, in the order they came.
create or replace function helpdesk.attachments(ticket uuid)
returns table (id uuid, message_id uuid, name text, size integer, content_type text, sha256 text)
language plpgsql stable security definer rows 10
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  team constant boolean := private.sight(ticket) = 'team';
begin
  if team is null then
    return;
  end if;
  return query
  select a.id, a.message_id, a.name, a.size, a.content_type, a.sha256
    from public.ticket_attachments a left join public.ticket_messages m on m.id = a.message_id
   where a.ticket_id = attachments.ticket and (team or m.is_internal is not true)
   order by a.created_at, a.id;
end
$$;

-- What became of a ticket, oldest first: its status for everybody who sees it, the rest for the team. What an assignee
-- or a department is called is read now: the history keeps ids, and names change.
drop function if exists helpdesk.history(uuid);  -- the result of an older release had fewer columns
create or replace function helpdesk.history(ticket uuid)
returns table (id uuid, actor text, kind text, old text, new text, created_at timestamptz, field text)
language plpgsql stable security definer rows 20
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  team constant boolean := private.sight(ticket) = 'team';
begin
  if team is null then
    return;
  end if;
  return query
  with h as (
    select s.id, s.changed_by as actor, case when row_number() over w = 1 then 'created' else 'status' end as kind,
           lag(s.status::text) over w as old, s.status::text as new, s.created_at, false as routed, null as field
      from public.ticket_status_history s
     where s.ticket_id = history.ticket and (team or s.note is null)
    window w as (order by s.created_at, s.id)
    union all
    select e.id, e.actor_id, e.kind, e.old_value, e.new_value, e.created_at, e.routed, e.field
      from public.ticket_events e where e.ticket_id = history.ticket and team
    union all
    -- The other ticket's number, where it is theirs to see.
    select m.id, x.actor, x.kind, null, (select '#' || o.number from public.tickets o
                                          where o.id = x.other and private.sight(o.id) = 'team'), x.at, false, null
      from private.merges m
     cross join lateral (values
       (m.actor_id, case m.ticket_id when history.ticket then 'merged' else 'merged in' end, m.at),
       (m.undone_by, case m.ticket_id when history.ticket then 'unmerged' else 'unmerged from' end, m.undone_at)
     ) as y(actor, kind, at)
     cross join lateral (select y.actor, y.kind, y.at,
                                case m.ticket_id when history.ticket then m.into_id else m.ticket_id end as other) x
     where history.ticket in (m.ticket_id, m.into_id) and x.at is not null and team
  )
  select h.id, case when a.id is not null then private.called(a.full_name, a.email, a.role, team)
                    when h.routed then 'Routing' end, h.kind,
         case h.kind
           when 'assignee' then (select private.called(p.full_name, p.email, p.role, team)
                                   from public.profiles p where p.id = h.old::uuid)
           when 'department' then (select d.name from public.departments d where d.id = h.old::uuid)
           when 'category' then (select c.name from public.categories c where c.id = h.old::uuid)
           when 'field' then private.field_words(f.type, h.old)
           else h.old end,
         case h.kind
           when 'assignee' then (select private.called(p.full_name, p.email, p.role, team)
                                   from public.profiles p where p.id = h.new::uuid)
           when 'department' then (select d.name from public.departments d where d.id = h.new::uuid)
           when 'category' then (select c.name from public.categories c where c.id = h.new::uuid)
           when 'field' then private.field_words(f.type, h.new)
           else h.new end, h.created_at, coalesce(f.label, h.field)
    from h left join public.profiles a on a.id = h.actor left join private.fields f on f.key = h.field
   order by h.created_at, h.id;
end
$$;

-- Assignment and the department decide who sees a ticket, so whoever gives one away may no longer see it after: row
-- security alone would refuse that. These two do it, for those who work on the ticket, and say what they did. Giving
-- away can be taken back for an hour, while nobody has given it further.
create or replace function private.gave_away(ticket uuid, what text, given text, was text) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce((
    select last.actor_id = (select private.uid()) and last.new_value is not distinct from given
           and last.old_value is not distinct from was and last.created_at > clock_timestamp() - interval '1 hour'
      from (select e.actor_id, e.old_value, e.new_value, e.created_at from public.ticket_events e
             where e.ticket_id = ticket and e.kind = what order by e.created_at desc, e.id limit 1) last), false)
$$;

create or replace function helpdesk.assign(ids uuid[], assignee uuid)
returns table (id uuid, done boolean, why text)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
  mine uuid[];
begin
  if who.role is null or who.role = 'customer' then
    raise exception 'only agents and admins assign tickets' using errcode = 'HD003';
  end if;
  if assignee is not null and not exists (
    select from public.profiles p
     where p.id = assignee and p.role in ('agent', 'admin') and p.deactivated_at is null) then
    raise exception 'only an agent or an admin can be the assignee of a ticket' using errcode = 'HD002';
  end if;
  -- Locked in one order, so that two such acts over the same tickets wait for each other and not crosswise.
  mine := array(
    select t.id from public.tickets t
     where t.id = any(ids)
       and (private.works_on(t.assignee_id, t.department_id, who.agent, who.departments)
            or private.gave_away(t.id, 'assignee', t.assignee_id::text, assign.assignee::text))
     order by t.id for no key update of t);
  update public.tickets t set assignee_id = assign.assignee where t.id = any(mine);
  return query
  select asked.id, asked.id = any(mine), case when not asked.id = any(mine) then 'there is no such ticket' end
    from (select distinct a.id from unnest(ids) as a(id) where a.id is not null) asked;
end
$$;

create or replace function helpdesk.move(ids uuid[], department uuid)
returns table (id uuid, done boolean, why text)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
  mine uuid[];
begin
  if who.role is null or who.role = 'customer' then
    raise exception 'only agents and admins move tickets' using errcode = 'HD003';
  end if;
  if not exists (select from public.departments d where d.id = department) then
    raise exception 'there is no such department' using errcode = 'HD004';
  end if;
  mine := array(
    select t.id from public.tickets t
     where t.id = any(ids)
       and (private.works_on(t.assignee_id, t.department_id, who.agent, who.departments)
            or private.gave_away(t.id, 'department', t.department_id::text, move.department::text))
     order by t.id for no key update of t);
  update public.tickets t
     set department_id = move.department,
         -- An agent of the old department does not go along; an admin holds tickets anywhere.
         assignee_id = case when exists (select from public.profiles p where p.id = t.assignee_id
                                          and (p.role = 'admin' or p.department_id = move.department))
                            then t.assignee_id end
   where t.id = any(mine) and t.department_id <> move.department;
  return query
  select asked.id, asked.id = any(mine), case when not asked.id = any(mine) then 'there is no such ticket' end
    from (select distinct a.id from unnest(ids) as a(id) where a.id is not null) asked;
end
$$;

-- Takes a tag off tickets, for those who work on them.
create or replace function helpdesk.untag(ids uuid[], tag uuid)
returns table (id uuid, done boolean, why text)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
  mine uuid[];
begin
  mine := array(
    select t.id from public.tickets t
     where t.id = any(ids) and t.customer_id <> who.person
       and private.works_on(t.assignee_id, t.department_id, who.agent, who.departments));
  delete from public.ticket_tag_relations r where r.tag_id = untag.tag and r.ticket_id = any(mine);
  return query
  select asked.id, asked.id = any(mine), case when not asked.id = any(mine) then 'there is no such ticket' end
    from (select distinct a.id from unnest(ids) as a(id) where a.id is not null) asked;
end
$$;

-- Removes what an admin may remove. What hangs on it is let go of, not removed; a department with tickets stays.
create or replace function helpdesk.remove(what text, id uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  found_in constant text := case what when 'department' then 'departments' when 'category' then 'categories'
    when 'tag' then 'ticket_tags' when 'article' then 'kb_articles' when 'article category' then 'kb_categories' end;
  removed integer;
begin
  if not private.is_admin() then
    raise exception 'only admins remove things' using errcode = 'HD003';
  end if;
  if found_in is null then
    raise exception 'there is nothing called % to remove', coalesce(quote_literal(what), 'null')
      using errcode = 'HD002', hint = 'It is one of: department, category, tag, article, article category.';
  end if;
  if what = 'department' and exists (select from public.departments d where d.id = remove.id and d.is_default) then
    raise exception 'tickets that no category sends elsewhere come to this department' using errcode = 'HD002',
      hint = 'Another one has to be the default first.';
  end if;
  execute format('delete from public.%I where id = $1', found_in) using remove.id;
  get diagnostics removed = row_count;
  if removed = 0 then
    raise exception 'there is no such %', what using errcode = 'HD004';
  end if;
exception when foreign_key_violation then
  raise exception 'this % is still in use', what using errcode = 'HD002', hint = 'Move what it holds first.';
end
$$;

-- Roles and departments of people: an admin's to set, and never one's own role.
create or replace function helpdesk.set_person(person uuid, role text, department uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
begin
  if not private.is_admin() then
    raise exception 'only admins change roles and departments' using errcode = 'HD003';
  end if;
  perform private.as_admin(alone => true);
  if person = private.uid() and set_person.role is distinct from 'admin' then
    raise exception 'nobody changes their own role' using errcode = 'HD003', hint = 'Ask another admin.';
  end if;
  if set_person.role is null or set_person.role not in ('customer', 'agent', 'admin') then
    raise exception 'there is no role %', coalesce(quote_literal(set_person.role), 'null') using errcode = 'HD002',
      hint = 'The roles are customer, agent and admin.';
  end if;
  update public.profiles p set role = set_person.role, department_id = set_person.department where p.id = person;
  if not found then
    raise exception 'there is no such person' using errcode = 'HD004';
  end if;
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Acts on tickets: the one door for changing one ticket or many. What a person may do there is what row level security,
-- helpdesk.assign(), helpdesk.move() and helpdesk.untag() allow; what becomes of each ticket is told by ticket. An act is
-- kept with how everything was before, and taken back as far as nobody has changed it since. Its id is drawn by the
-- client, so that one whose answer was lost is sent again and done once.
-- ---------------------------------------------------------------------------------------------------------------

-- Who acts: a record of private.asking(), of somebody with a profile.
create or replace function private.acting(
  out person uuid, out role text, out agent uuid, out department uuid, out departments uuid[]
) language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  select a.* into person, role, agent, department, departments from private.asking() a;
  if role is null then
    raise exception 'this is for people who are signed in' using errcode = 'HD003', hint = 'Sign in.';
  end if;
end
$$;

-- What an act of one of these kinds answered when it was done; null if it was not, or is being done. Another's act under
-- the same id, or one of another kind, is no such case.
drop function if exists private.act_answer(uuid);  -- that of an older release did not ask which kind
create or replace function private.act_answer(act uuid, variadic kinds text[]) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  there record;
begin
  if act is null then
    raise exception 'an act needs an id' using errcode = 'HD002', hint = 'Draw one.';
  end if;
  select a.actor_id, a.kind, a.answer into there from private.ticket_acts a where a.id = act;
  if found and (there.actor_id is distinct from private.uid() or there.kind <> all (kinds)) then
    raise exception 'this id is taken by another act' using errcode = 'HD002', hint = 'Draw a new one.';
  end if;
  return nullif(there.answer, 'null');
end
$$;

-- Keeps an act for thirty days, in the place that it may have taken before it was done. "before" has one object a ticket,
-- each with its "id" and "number"; where it is empty, or null, there is nothing to take back.
create or replace function private.keep_ticket_act(act uuid, kind text, words text, before jsonb, answer jsonb)
returns void language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  delete from private.ticket_acts a where a.id = act and a.answer = 'null' and a.actor_id = private.uid();
  -- Those that somebody's open transaction holds go another time, or it would keep everybody else from acting.
  delete from private.ticket_acts a
   where a.id in (select o.id from private.ticket_acts o where o.at < clock_timestamp() - interval '30 days'
                   order by o.at limit 1000 for update skip locked);
  insert into private.ticket_acts (id, actor_id, kind, words, way, before, answer)
  values (act, private.uid(), kind, left(coalesce(words, ''), 500), left(current_setting('application_name'), 60),
          coalesce(before, '[]'), answer);
end
$$;

-- An array of ids as JSON → ids. Whatever is none is refused.
create or replace function private.ids_of(given jsonb) returns uuid[]
language plpgsql immutable security definer set search_path = pg_catalog, pg_temp as $$
begin
  if jsonb_typeof(given) <> 'array' or jsonb_array_length(given) > 200
     or exists (select from jsonb_array_elements(given) e
                 where jsonb_typeof(e) <> 'string' or e #>> '{}' !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$') then
    raise exception 'this is no list of ids' using errcode = 'HD002', hint = 'At most 200 of them.';
  end if;
  return array(select distinct (e #>> '{}')::uuid from jsonb_array_elements(given) e);
end
$$;

-- A moment as JSON → a moment. null is none.
create or replace function private.moment_of(key text, given jsonb) returns timestamptz
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  found_moment timestamptz;
begin
  if jsonb_typeof(given) = 'null' then
    return null;
  end if;
  begin
    found_moment := case when jsonb_typeof(given) = 'string' then (given #>> '{}')::timestamptz end;
  exception when data_exception then
    found_moment := null;
  end;
  if private.is_plain_moment(found_moment) is not true then
    raise exception 'this is no time: %', left(given #>> '{}', 100) using errcode = 'HD002',
      hint = format('%s takes a date and time, or null.', key);
  end if;
  return found_moment;
end
$$;

-- Refuses a change that no ticket could be given; answers it as it is stored: times in UTC, lists without doubles.
create or replace function private.checked_change(change jsonb, role text) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  known constant text[] := array['status', 'priority', 'assignee', 'department', 'category', 'due_date', 'tags',
                                 'snooze', 'fields'];
  checked jsonb := change;
  unknown text;
  key text;
  adds uuid[];
  removes uuid[];
  moment timestamptz;
begin
  if jsonb_typeof(change) is distinct from 'object' or change = '{}' then
    raise exception 'there is nothing to change' using errcode = 'HD002', hint = 'Name a field and its new value.';
  end if;
  select k into unknown from jsonb_object_keys(change) k where k <> all (known) order by k limit 1;
  if unknown is not null then
    raise exception 'a ticket has no field %', quote_literal(left(unknown, 100)) using errcode = 'HD002',
      hint = 'The fields are ' || array_to_string(known, ', ') || '.';
  elsif role = 'customer' and change - 'status' <> '{}' then
    raise exception 'only the team changes a ticket after it was sent' using errcode = 'HD003',
      hint = 'Write a message in the ticket instead.';
  end if;
  if change ? 'status' and change -> 'status' not in ('"open"', '"pending"', '"resolved"', '"closed"') then
    raise exception 'there is no status %', left(change ->> 'status', 100) using errcode = 'HD002',
      hint = 'The statuses are open, pending, resolved and closed.';
  elsif change ? 'priority' and change -> 'priority' not in ('"low"', '"medium"', '"high"', '"urgent"') then
    raise exception 'there is no priority %', left(change ->> 'priority', 100) using errcode = 'HD002',
      hint = 'The priorities are low, medium, high and urgent.';
  end if;
  foreach key in array array['assignee', 'department', 'category'] loop
    continue when not change ? key or change -> key = 'null' and key <> 'department';
    adds := private.ids_of(jsonb_build_array(change -> key));
    if key = 'assignee' then
      -- Held until the end, and before any ticket is, so that two acts never wait for each other crosswise.
      perform from public.profiles p
        where p.id = adds[1] and p.role in ('agent', 'admin') and p.deactivated_at is null for share;
      if not found then
        raise exception 'only an agent or an admin can be the assignee of a ticket' using errcode = 'HD002';
      end if;
    elsif key = 'department' and not exists (select from public.departments d where d.id = adds[1])
          or key = 'category' and not exists (select from public.categories c where c.id = adds[1]) then
      raise exception 'there is no such %', key using errcode = 'HD004';
    end if;
    checked := checked || jsonb_build_object(key, adds[1]);
  end loop;
  foreach key in array array['due_date', 'snooze'] loop
    continue when not change ? key;
    moment := private.moment_of(key, change -> key);
    if key = 'snooze' and moment <= clock_timestamp() then
      raise exception 'that time is past' using errcode = 'HD002', hint = 'Snooze until a time to come.';
    end if;
    checked := checked || jsonb_build_object(key, moment);
  end loop;
  if change ? 'tags' then
    if jsonb_typeof(change -> 'tags') <> 'object' or (change -> 'tags') - 'add' - 'remove' <> '{}' then
      raise exception 'tags are added and removed' using errcode = 'HD002', hint = '{"add": [ids], "remove": [ids]}';
    end if;
    adds := private.ids_of(coalesce(change #> '{tags,add}', '[]'));
    removes := private.ids_of(coalesce(change #> '{tags,remove}', '[]'));
    if exists (select from unnest(adds || removes) g(id) where not exists (
                 select from public.ticket_tags k where k.id = g.id)) then
      raise exception 'there is no such tag' using errcode = 'HD004';
    elsif adds && removes then
      raise exception 'the same tag cannot be added and removed' using errcode = 'HD002';
    end if;
    checked := checked || jsonb_build_object('tags', jsonb_build_object('add', adds, 'remove', removes));
  end if;
  if change ? 'fields' and (jsonb_typeof(change -> 'fields') <> 'object' or pg_column_size(change -> 'fields') > 20000
                            or exists (select from jsonb_object_keys(change -> 'fields') k where char_length(k) > 100)) then
    raise exception 'fields are names and their values' using errcode = 'HD002', hint = 'At most 20 kB of them.';
  end if;
  return checked;
end
$$;

-- Why a person may not change a ticket so; null where they may. What they gave away within the hour they may take back,
-- and then do the rest of it as far as the ticket is theirs to work on again.
create or replace function private.why_not(t public.tickets, want jsonb, who_asks uuid, who_agent uuid,
                                           who_departments uuid[]) returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  given jsonb := want - 'id' - 'resolved_at' - 'closed_at';
  department uuid := t.department_id;
  assignee uuid := t.assignee_id;
  working boolean := coalesce(private.works_on(t.assignee_id, t.department_id, who_agent, who_departments), false);
begin
  -- Whoever is no more of the team takes nothing back, either.
  if not working and who_departments is not null and given ?| array['department', 'assignee'] then
    if given ->> 'assignee' is not distinct from t.assignee_id::text then
      given := given - 'assignee';
    end if;
    if given ? 'department'
       and private.gave_away(t.id, 'department', t.department_id::text, given ->> 'department') then
      department := (given ->> 'department')::uuid;
      given := given - 'department';
    end if;
    if given ? 'assignee' and private.gave_away(t.id, 'assignee', t.assignee_id::text, given ->> 'assignee') then
      assignee := (given ->> 'assignee')::uuid;
      given := given - 'assignee';
    end if;
    if (assignee, department) is distinct from (t.assignee_id, t.department_id) then
      if given = '{}' then
        return null;
      end if;
      working := coalesce(private.works_on(assignee, department, who_agent, who_departments), false);
    end if;
  end if;
  if working then
    return case when t.customer_id = who_asks and given ?| array['tags', 'snooze', 'fields']
                then 'it is your own request: its tags, snoozes and fields are for others of the team'
                when given ? 'fields' and jsonb_typeof(t.metadata) <> 'object' then 'it can hold no fields' end;
  elsif t.customer_id = who_asks then
    return case when given - 'status' <> '{}' then 'only the team changes a ticket after it was sent'
                when given ->> 'status' not in ('open', 'closed', t.status::text)
                     and not private.takes_back(t.id, who_asks, (given ->> 'status')::public.ticket_status)
                then 'a requester may close a ticket or open it again' end;
  end if;
  return 'there is no such ticket';
end
$$;

-- Locks those tickets that the person may change so, in one order, and answers which; all of them again by who looks
-- after the lock. Those that somebody else's open transaction holds for longer than a moment are left out.
create or replace function private.lock_tickets(wanted jsonb) returns uuid[]
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
declare
  who constant record := private.acting();
  locked uuid[];
begin
  begin
    locked := array(
      select t.id from jsonb_array_elements(wanted) w join public.tickets t on t.id = (w ->> 'id')::uuid
       where private.why_not(t, w, who.person, who.agent, who.departments) is null
       order by t.id for no key update of t);
  exception when lock_not_available or deadlock_detected then
    locked := array(
      select t.id from jsonb_array_elements(wanted) w join public.tickets t on t.id = (w ->> 'id')::uuid
       where private.why_not(t, w, who.person, who.agent, who.departments) is null
       order by t.id for no key update of t skip locked);
  end;
  return array(
    select t.id from jsonb_array_elements(wanted) w join unnest(locked) l on l = (w ->> 'id')::uuid
      join public.tickets t on t.id = l
     where private.why_not(t, w, who.person, who.agent, who.departments) is null);
end
$$;

-- Gives locked tickets what is wanted of each, in one statement a table, announced once, and answers how they were
-- before: see private.ticket_acts. Asks nobody whether they may: private.lock_tickets() did.
create or replace function private.put_tickets(wanted jsonb) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  ids constant uuid[] := array(select (w ->> 'id')::uuid from jsonb_array_elements(wanted) w);
  before jsonb := jsonb '{}';
  touched private.touched[];
  told uuid[] := array[]::uuid[];
  tagged jsonb;
  untagged jsonb;
  slept jsonb;
begin
  perform set_config('helpdesk.telling', private.telling_word(), true);
  if exists (select from jsonb_array_elements(wanted) w where w - 'id' - 'tags' - 'snooze' <> '{}') then
    with w as materialized (select (e ->> 'id')::uuid as id, e as want from jsonb_array_elements(wanted) e),
    was as materialized (select t.* from public.tickets t where t.id = any(ids)),
    will as materialized (
      select o.id,
             case when w.want ? 'status' then (w.want ->> 'status')::public.ticket_status else o.status end as status,
             case when w.want ? 'priority' then (w.want ->> 'priority')::public.ticket_priority
                  else o.priority end as priority,
             case when w.want ? 'assignee' then (w.want ->> 'assignee')::uuid
                  -- An agent of the old department does not go along; an admin holds tickets anywhere.
                  when (w.want ->> 'department')::uuid <> o.department_id
                       and not exists (select from public.profiles p where p.id = o.assignee_id
                                          and (p.role = 'admin' or p.department_id = (w.want ->> 'department')::uuid))
                  then null
                  else o.assignee_id end as assignee_id,
             case when w.want ? 'department' then (w.want ->> 'department')::uuid else o.department_id end
               as department_id,
             case when w.want ? 'category' then (w.want ->> 'category')::uuid else o.category_id end as category_id,
             case when w.want ? 'due_date' then (w.want ->> 'due_date')::timestamptz else o.due_date end as due_date,
             case when w.want ? 'fields'
                  then (coalesce(o.metadata, '{}')
                        - array(select f.key from jsonb_each(w.want -> 'fields') f where f.value = 'null'))
                       || (select coalesce(jsonb_object_agg(f.key, f.value), '{}') from jsonb_each(w.want -> 'fields') f
                            where f.value <> 'null')
                  else o.metadata end as metadata,
             case when w.want ? 'resolved_at' then (w.want ->> 'resolved_at')::timestamptz else o.resolved_at end
               as resolved_at,
             case when w.want ? 'closed_at' then (w.want ->> 'closed_at')::timestamptz else o.closed_at end as closed_at
        from was o join w on w.id = o.id),
    put as (
      update public.tickets t
         set status = n.status, priority = n.priority, assignee_id = n.assignee_id, department_id = n.department_id,
             category_id = n.category_id, due_date = n.due_date, metadata = n.metadata, resolved_at = n.resolved_at,
             closed_at = n.closed_at
        from will n
       where t.id = n.id
         and (t.status, t.priority, t.assignee_id, t.department_id, t.category_id, t.due_date, t.metadata)
             is distinct from
             (n.status, n.priority, n.assignee_id, n.department_id, n.category_id, n.due_date, n.metadata)
      returning t.*),
    -- What the guard made of it, too.
    changed as (
      select o.id, jsonb_strip_nulls(jsonb_build_object(
               'status', case when o.status <> p.status
                              then jsonb_build_array(o.status, p.status, o.resolved_at, o.closed_at) end,
               'priority', case when o.priority <> p.priority then jsonb_build_array(o.priority, p.priority) end,
               'assignee', case when o.assignee_id is distinct from p.assignee_id
                                then jsonb_build_array(o.assignee_id, p.assignee_id) end,
               'department', case when o.department_id <> p.department_id
                                  then jsonb_build_array(o.department_id, p.department_id) end,
               'category', case when o.category_id is distinct from p.category_id
                                then jsonb_build_array(o.category_id, p.category_id) end,
               'due_date', case when o.due_date is distinct from p.due_date
                                then jsonb_build_array(o.due_date, p.due_date) end))
             || case when o.metadata is distinct from p.metadata then jsonb_build_object('fields', (
                  -- A key that is not there is an empty list: it may be there and null.
                  select jsonb_object_agg(k, jsonb_build_array(
                           case when o.metadata ? k then jsonb_build_array(o.metadata -> k) else '[]' end,
                           case when p.metadata ? k then jsonb_build_array(p.metadata -> k) else '[]' end))
                    from jsonb_object_keys(coalesce(o.metadata, '{}') || coalesce(p.metadata, '{}')) k
                   where o.metadata -> k is distinct from p.metadata -> k
                      or coalesce(o.metadata ? k, false) <> coalesce(p.metadata ? k, false))) else '{}' end as how,
             (o.id, o.customer_id, o.assignee_id, o.department_id)::private.touched as one,
             (p.id, p.customer_id, p.assignee_id, p.department_id)::private.touched as other
        from was o join put p on p.id = o.id)
    select coalesce(jsonb_object_agg(c.id, c.how), '{}'), coalesce(array_agg(c.id), '{}'),
           coalesce(array_agg(c.one) || array_agg(c.other), '{}')
      into before, told, touched from changed c;
  end if;
  if exists (select from jsonb_array_elements(wanted) w where w ? 'tags') then
    with gone as (
      delete from public.ticket_tag_relations r
       using jsonb_array_elements(wanted) w, jsonb_array_elements_text(w #> '{tags,remove}') g
       where r.ticket_id = (w ->> 'id')::uuid and r.tag_id = g::uuid
      returning r.ticket_id, r.tag_id)
    select jsonb_object_agg(x.ticket_id, x.tags) into untagged
      from (select g.ticket_id, jsonb_agg(g.tag_id) as tags from gone g group by g.ticket_id) x;
    with added as (
      insert into public.ticket_tag_relations as r (ticket_id, tag_id)
      select (w ->> 'id')::uuid, g::uuid
        from jsonb_array_elements(wanted) w, jsonb_array_elements_text(w #> '{tags,add}') g
       order by 1, 2
      on conflict do nothing returning r.ticket_id, r.tag_id)
    select jsonb_object_agg(x.ticket_id, x.tags) into tagged
      from (select a.ticket_id, jsonb_agg(a.tag_id) as tags from added a group by a.ticket_id) x;
  end if;
  if exists (select from jsonb_array_elements(wanted) w where w ? 'snooze') then
    with w as materialized (
      select (e ->> 'id')::uuid as id, e -> 'snooze' as snooze from jsonb_array_elements(wanted) e where e ? 'snooze'),
    was as materialized (select s.* from private.ticket_snoozes s where s.ticket_id in (select w.id from w)),
    gone as (
      delete from private.ticket_snoozes s using w where s.ticket_id = w.id and w.snooze = 'null' returning s.ticket_id),
    put as (
      insert into private.ticket_snoozes as s (ticket_id, until, by_id, since)
      select w.id, coalesce(w.snooze ->> 'until', w.snooze #>> '{}')::timestamptz,
             -- An undoing puts back who had sent it to sleep, as long as they are there.
             case when jsonb_typeof(w.snooze) = 'object'
                  then (select p.id from public.profiles p where p.id = (w.snooze ->> 'by_id')::uuid)
                  else private.uid() end,
             coalesce((case when jsonb_typeof(w.snooze) = 'object' then w.snooze ->> 'since' end)::timestamptz,
                      clock_timestamp())
        from w where w.snooze <> 'null' order by w.id
      on conflict (ticket_id) do update set until = excluded.until, by_id = excluded.by_id, since = excluded.since
         where s.until <> excluded.until
      returning s.ticket_id, s.until)
    select jsonb_object_agg(c.id, jsonb_build_array(to_jsonb(o) - 'ticket_id', c.until)) into slept
      from (select g.ticket_id as id, null::timestamptz as until from gone g
            union all select p.ticket_id, p.until from put p) c
      left join was o on o.ticket_id = c.id;
  end if;
  perform private.announce_touched(touched || array(
    select (t.id, t.customer_id, t.assignee_id, t.department_id)::private.touched from public.tickets t
     where t.id in (select k::uuid from jsonb_object_keys(coalesce(tagged, '{}') || coalesce(untagged, '{}')
                                                          || coalesce(slept, '{}')) k)), told);
  perform set_config('helpdesk.telling', '', true);
  return (
    select coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'number', t.number) || x.how order by t.number), '[]')
      from public.tickets t
     cross join lateral (
       select coalesce(before -> t.id::text, '{}')
              || case when coalesce(tagged ? t.id::text, false) or coalesce(untagged ? t.id::text, false)
                      then jsonb_build_object('tags', jsonb_build_object(
                             'added', coalesce(tagged -> t.id::text, '[]'),
                             'removed', coalesce(untagged -> t.id::text, '[]'))) else '{}' end
              || case when coalesce(slept ? t.id::text, false)
                      then jsonb_build_object('snooze', slept -> t.id::text) else '{}' end as how) x
     where t.id = any(ids) and x.how <> '{}');
end
$$;

-- Live: who is concerned by these tickets, each audience once; of those in "told" their requesters, too.
create or replace function private.announce_touched(tickets private.touched[], told uuid[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if private.muted() then
    return;
  end if;
  perform pg_notify(private.channel(a.audience),
                    case when count(distinct a.id) > 150 then '*' else jsonb_agg(distinct a.id)::text end)
     from unnest(tickets) t left join (select distinct u from unnest(told) u) p(id) on p.id = t.id
    cross join lateral (values
      ('admins', t.id),
      ('department:' || t.department_id, t.id),
      (case when p.id is not null or t.assignee_id is distinct from t.customer_id
            then 'person:' || t.assignee_id end, t.id),
      (case when p.id is not null then 'person:' || t.customer_id end, t.id)
    ) as a(audience, id)
    where a.audience is not null
    group by a.audience;
end
$$;

-- Changes those of the tickets that the person may change so; of the others it tells why not. Where a rule refuses one of
-- them in the middle of it, the others are done all the same; where it refuses them all, it is the change that is bad.
create or replace function private.change_tickets(wanted jsonb, out before jsonb, out refused jsonb)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.acting();
  mine uuid[] := private.lock_tickets(wanted);
  doing jsonb := (select coalesce(jsonb_agg(w), '[]') from jsonb_array_elements(wanted) w
                  where (w ->> 'id')::uuid in (select m from unnest(mine) m));
  good jsonb := jsonb '[]';
  one jsonb;
begin
  select coalesce(jsonb_object_agg(w ->> 'id', coalesce(
           case when t.id is null then 'there is no such ticket' end,
           private.why_not(t, w, who.person, who.agent, who.departments),
           'somebody else is changing it just now; try again')), '{}')
    into refused
    from jsonb_array_elements(wanted) w left join public.tickets t on t.id = (w ->> 'id')::uuid
   where (w ->> 'id')::uuid not in (select m from unnest(mine) m);
  begin
    before := private.put_tickets(doing);
  exception when sqlstate 'HD002' or sqlstate 'HD003' or sqlstate 'HD004' or check_violation then
    if jsonb_array_length(doing) = 1 and sqlstate = 'HD002' then
      raise;
    end if;
    for one in select w from jsonb_array_elements(doing) w loop
      begin
        perform private.put_tickets(jsonb_build_array(one));
        raise exception 'it can be done' using errcode = 'HD099';
      exception
        when sqlstate 'HD099' then
          good := good || one;
        when sqlstate 'HD002' or sqlstate 'HD003' or sqlstate 'HD004' or check_violation then
          refused := refused || jsonb_build_object(one ->> 'id', case when sqlstate = '23514'
            then 'a rule for tickets forbids it' else sqlerrm end);
      end;
    end loop;
    if good = '[]' and sqlstate = 'HD002' then
      raise;
    end if;
    before := private.put_tickets(good);
  end;
end
$$;

-- Changes tickets: what to change is an object of status, priority, assignee, department, category, due_date, tags
-- ({"add": [ids], "remove": [ids]}), snooze and fields ({name: value}, null removes), each where it is to change. Answers
-- what became of each ticket. The words are what the person calls the act.
create or replace function helpdesk.act(act uuid, ids uuid[], change jsonb, words text)
returns table (id uuid, done boolean, why text)
language plpgsql volatile security definer rows 100 set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  who constant record := private.acting();
  answer jsonb := private.act_answer(act, 'change');
  checked jsonb;
  wanted jsonb;
  outcome record;
begin
  if answer is null then
    if cardinality(ids) > 10000 then
      raise exception 'these are too many tickets at once' using errcode = 'HD002', hint = 'At most 10,000.';
    end if;
    checked := private.checked_change(change, who.role);
    -- Sent again while it is being done, as after a link was lost, the second one waits here. Done to thousands, it takes
    -- longer than one waits for a ticket: that one would answer that none of them could be changed.
    insert into private.ticket_acts (id, actor_id, kind, words, before, answer)
    values (act.act, who.person, 'change', '', '[]', 'null') on conflict on constraint ticket_acts_pkey do nothing;
    answer := private.act_answer(act, 'change');
    if answer is null then
      wanted := (select coalesce(jsonb_agg(jsonb_build_object('id', a.id) || checked), '[]')
                   from (select distinct u as id from unnest(ids) u where u is not null) a);
      select c.before, c.refused into outcome from private.change_tickets(wanted) c;
      answer := jsonb_build_object(
        'done', (select coalesce(jsonb_agg(w -> 'id'), '[]') from jsonb_array_elements(wanted) w
                  where not outcome.refused ? (w ->> 'id')), 'refused', outcome.refused);
      perform private.keep_ticket_act(act, 'change', words, outcome.before, answer);
    end if;
  end if;
  return query
  select d::uuid, true, null::text from jsonb_array_elements_text(answer -> 'done') d
  union all
  select r.key::uuid, false, r.value from jsonb_each_text(answer -> 'refused') r;
end
$$;

-- What takes a change back: of each ticket what it had before, unless somebody has changed it since, which is told; with
-- "force" all the same. "wanted" is for private.change_tickets().
create or replace function private.undoing_change(was private.ticket_acts, force boolean, tickets uuid[],
                                                  out wanted jsonb, out changed jsonb)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  staff constant boolean := private.is_staff();
begin
  with e as materialized (
    select b, t.*, s.until, s.since, s.by_id
      from jsonb_array_elements(was.before) b join unnest(undoing_change.tickets) u on u = (b ->> 'id')::uuid
      join public.tickets t on t.id = u left join private.ticket_snoozes s on s.ticket_id = t.id),
  plain as (
    select e.id, e.number, f.field, e.b -> f.field as kept, f.is_now, e.b -> f.field ->> 0 as before,
           e.b -> f.field ->> 1 as left_as
      from e cross join lateral (values
        ('status', e.status::text), ('priority', e.priority::text), ('assignee', e.assignee_id::text),
        ('department', e.department_id::text), ('category', e.category_id::text),
        ('due_date', to_jsonb(e.due_date) #>> '{}')) f(field, is_now)
     where e.b ? f.field),
  judged as (
    select p.*, case
             when p.is_now is not distinct from p.before then 'as it was'
             when p.field = 'assignee' and p.before is not null and not exists (
                    select from public.profiles h where h.id = p.before::uuid and h.role in ('agent', 'admin')
                                                    and h.deactivated_at is null) then 'who had it has left the team'
             when p.field = 'department' and not exists (
                    select from public.departments d where d.id = p.before::uuid)
                  or p.field = 'category' and p.before is not null and not exists (
                    select from public.categories c where c.id = p.before::uuid) then 'what it had is gone'
             when p.is_now is not distinct from p.left_as or force
                  -- What routing made of it since is nobody's change.
                  or p.field = 'assignee' and p.left_as is null and p.is_now = private.routed_to(p.id, was.at)::text
                  then 'back'
             else 'changed' end as verdict
      from plain p),
  custom as (
    select e.id, e.number, f.key, f.value -> 0 as before, f.value -> 1 as left_as,
           case when coalesce(e.metadata ? f.key, false) then jsonb_build_array(e.metadata -> f.key) else '[]' end as is_now
      from e cross join lateral jsonb_each(e.b -> 'fields') f),
  slept as (
    select e.id, e.number, e.b #> '{snooze,0}' as before, (e.b #>> '{snooze,1}')::timestamptz as left_as, e.until as is_now
      from e where e.b ? 'snooze'),
  tags as (
    select e.id,
           coalesce(jsonb_agg(g.id) filter (where g.was_added and r.tag_id is not null), '[]') as off,
           coalesce(jsonb_agg(g.id) filter (where not g.was_added and r.tag_id is null), '[]') as on_again
      from e
     cross join lateral (
       select a::uuid as id, true as was_added from jsonb_array_elements_text(e.b #> '{tags,added}') a
       union all
       select a::uuid, false from jsonb_array_elements_text(e.b #> '{tags,removed}') a) g
      join public.ticket_tags k on k.id = g.id
      left join public.ticket_tag_relations r on r.ticket_id = e.id and r.tag_id = g.id
     group by e.id),
  -- Key by key, what each ticket is to have.
  wants(id, key, value) as (
    select j.id, j.field, to_jsonb(j.before) from judged j where j.verdict = 'back'
    union all
    select j.id, k.key, k.value
      from judged j cross join lateral (values ('resolved_at', j.kept -> 2), ('closed_at', j.kept -> 3)) k(key, value)
     where j.field = 'status' and j.verdict = 'back'
    union all
    -- Whoever held it then goes back with it, and so does whom the act let keep it; but not to whom routing gave it since.
    select e.id, 'assignee', to_jsonb(nullif(e.assignee_id, private.routed_to(e.id, was.at))) from judged j join e on e.id = j.id
     where j.field = 'department' and j.verdict = 'back' and not e.b ? 'assignee'
    union all
    select c.id, 'fields', jsonb_object_agg(c.key, coalesce(c.before -> 0, 'null'))
      from custom c where c.is_now <> c.before and (force or c.is_now = c.left_as) group by c.id
    union all
    select s.id, 'snooze', s.before from slept s
     where s.is_now is distinct from (s.before ->> 'until')::timestamptz
       and (force or s.is_now is not distinct from s.left_as)
    union all
    select g.id, 'tags', jsonb_build_object('add', g.on_again, 'remove', g.off)
      from tags g where g.on_again || g.off <> '[]')
  select coalesce((
           select jsonb_agg(w.want) from (
             select jsonb_build_object('id', x.id) || jsonb_object_agg(x.key, x.value) as want
               from wants x group by x.id) w), '[]'),
         coalesce((
           select jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                    'id', x.id, 'number', x.number, 'field', x.field, 'is_now', x.is_now, 'by', x.by, 'why', x.why))
                    order by x.number, x.field)
             from (
               select j.id, j.number, j.field,
                      case j.field
                        when 'assignee' then coalesce((select private.called(p.full_name, p.email, p.role, staff)
                                                         from public.profiles p where p.id = j.is_now::uuid), 'nobody')
                        when 'department' then (select d.name from public.departments d where d.id = j.is_now::uuid)
                        when 'category' then coalesce((select c.name from public.categories c
                                                        where c.id = j.is_now::uuid), 'none')
                        else coalesce(j.is_now, 'none') end as is_now,
                      (select private.called(p.full_name, p.email, p.role, staff)
                         from public.profiles p
                        where p.id = case when j.field = 'status' then (
                                select h.changed_by from public.ticket_status_history h where h.ticket_id = j.id
                                 order by h.created_at desc, h.id limit 1)
                              else (
                                select v.actor_id from public.ticket_events v where v.ticket_id = j.id and v.kind = j.field
                                 order by v.created_at desc, v.id limit 1) end) as by,
                      case when j.verdict <> 'changed' then j.verdict end as why
                 from judged j where j.verdict not in ('back', 'as it was')
               union all
               select c.id, c.number, c.key, coalesce(c.is_now ->> 0, 'none'), null, null from custom c
                where c.is_now not in (c.before, c.left_as) and not force
               union all
               select s.id, s.number, 'snooze', coalesce('until ' || to_char(s.is_now, 'YYYY-MM-DD HH24:MI') || ' UTC', 'awake'),
                      (select private.called(p.full_name, p.email, p.role, staff)
                         from private.ticket_snoozes z join public.profiles p on p.id = z.by_id where z.ticket_id = s.id),
                      null
                 from slept s
                where s.is_now is distinct from (s.before ->> 'until')::timestamptz and s.is_now is distinct from s.left_as
                  and not force) x), '[]')
    into wanted, changed;
end
$$;

-- Takes a change back, as far as the person may. Answers {"undone": [numbers], "changed": [what somebody changed since],
-- "refused": [{"number", "why"}], "before": how it was, so that this can be taken back in turn}.
create or replace function private.undo_change(was private.ticket_acts, force boolean) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  plan record;
  outcome record;
  there uuid[];
begin
  -- Looked at under the locks. What is locked is what the person might take back whole.
  select u.wanted into plan from private.undoing_change(was, true, array(
    select (b ->> 'id')::uuid from jsonb_array_elements(was.before) b)) u;
  there := private.lock_tickets(plan.wanted) || array(
    select x.id from (select (b ->> 'id')::uuid as id from jsonb_array_elements(was.before) b
                       where b ->> 'id' not in (select w ->> 'id' from jsonb_array_elements(plan.wanted) w) offset 0) x
     where private.sight(x.id) is not null);
  select u.wanted, u.changed into plan from private.undoing_change(was, force, there) u;
  select c.before, c.refused into outcome from private.change_tickets(plan.wanted) c;
  return jsonb_build_object(
    'undone', (select coalesce(jsonb_agg(b -> 'number' order by (b ->> 'number')::bigint), '[]')
                 from jsonb_array_elements(was.before) b
                where (b ->> 'id')::uuid in (select h from unnest(there) h) and not outcome.refused ? (b ->> 'id')
                  and b ->> 'id' not in (select c ->> 'id' from jsonb_array_elements(plan.changed) c)),
    -- Nothing of those that did not come back into sight.
    'changed', (select coalesce(jsonb_agg(c), '[]') from jsonb_array_elements(plan.changed) c
                 where not outcome.refused ? (c ->> 'id')),
    'refused', (select coalesce(jsonb_agg(jsonb_build_object('number', b -> 'number', 'why', coalesce(
                         outcome.refused ->> (b ->> 'id'), 'there is no such ticket'))
                         order by (b ->> 'number')::bigint), '[]')
                  from jsonb_array_elements(was.before) b
                 where (b ->> 'id')::uuid not in (select h from unnest(there) h) or outcome.refused ? (b ->> 'id')),
    'before', outcome.before);
end
$$;

-- Takes one's own act back (null: the latest that is no undoing itself). "undoing" is this act's own id: an undoing is
-- kept, done once, and taken back in turn by its id. What somebody changed since is left and told; called again with
-- "force" it is taken back all the same. Answers {"act", "of", "words", "undone": [numbers], "changed": [{"id", "number",
-- "field", "is_now", "by"; "why" where it cannot be], "refused": [{"number", "why"}]}.
create or replace function helpdesk.undo_act(act uuid, undoing uuid, force boolean) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  who constant record := private.acting();
  answer jsonb := private.act_answer(undoing, 'undo', 'redo');
  was private.ticket_acts;
  back jsonb;
begin
  if answer is not null then
    return answer;
  end if;
  select a.* into was from private.ticket_acts a
   where a.actor_id = who.person and (a.id = undo_act.act or undo_act.act is null and a.kind <> 'undo'
                                      and a.undone_by is null and a.before <> '[]')
     and a.at > clock_timestamp() - interval '30 days'
   order by a.at desc, a.id limit 1 for no key update;
  if was.id is null or was.before = '[]' then
    raise exception 'there is nothing to take back' using errcode = 'HD004',
      hint = 'One takes back one''s own acts, for thirty days.';
  end if;
  -- The same sent twice at the same moment: the first one is done by now.
  answer := private.act_answer(undoing, 'undo', 'redo');
  if answer is not null then
    return answer;
  elsif was.undone_by is not null and not coalesce(force and (
          select u.answer -> 'changed' <> '[]' from private.ticket_acts u where u.id = was.undone_by), false) then
    raise exception 'this was taken back already: %', was.words using errcode = 'HD002';
  end if;
  case
    when was.kind = 'away' then
      back := private.undo_away(was, coalesce(force, false));
    when was.kind = 'split' then
      back := private.undo_split(was.before);
    when was.kind = 'write' then
      back := private.undo_write(was.before);
    -- An undoing of these has the same ones before it.
    when was.before -> 0 ? 'merge' then
      back := private.undo_merge(was.before);
    when was.before -> 0 ? 'apart' then
      back := private.merge_again(was.before, coalesce(force, false));
    when was.before -> 0 ? 'link' then
      back := private.undo_link(was.before -> 0, coalesce(force, false));
    when was.before -> 0 ? 'followed' then
      back := private.undo_follow(was.before);
    when was.kind in ('change', 'undo', 'redo') then
      back := private.undo_change(was, coalesce(force, false));
    else
      raise exception 'this cannot be taken back: %', was.words using errcode = 'HD002';
  end case;
  answer := back - 'before' || jsonb_build_object('act', undoing, 'of', was.id, 'words', was.words);
  perform private.keep_ticket_act(undoing, case when was.kind = 'undo' then 'redo' else 'undo' end,
    case when was.kind = 'undo' then 'redo: ' else 'undo: ' end || regexp_replace(was.words, '^(undo|redo): ', ''),
    back -> 'before', answer);
  update private.ticket_acts a set undoes = was.id where a.id = undoing;
  update private.ticket_acts a set undone_by = undoing where a.id = was.id;
  return answer;
end
$$;

-- One's own acts that can be taken back, the latest first. "numbers" and "ids" are those of the first twenty tickets.
create or replace function helpdesk.my_acts(most integer)
returns table (act uuid, kind text, words text, tickets integer, numbers bigint[], ids uuid[], at timestamptz, way text)
language plpgsql stable security definer rows 50 set search_path = pg_catalog, pg_temp as $$
begin
  if most < 0 then
    perform private.refuse_negative(most);
  end if;
  return query
  select a.id, a.kind, a.words,
         (select count(*)::integer from jsonb_array_elements(a.before) b where b ? 'id'),
         array(select (b ->> 'number')::bigint from jsonb_array_elements(a.before) with ordinality e(b, n)
                where e.n <= 20 and b ? 'id' order by e.n),
         array(select (b ->> 'id')::uuid from jsonb_array_elements(a.before) with ordinality e(b, n)
                where e.n <= 20 and b ? 'id' order by e.n), a.at, a.way
    from private.ticket_acts a
   where a.actor_id = private.uid() and a.undone_by is null and a.before <> '[]'
     and a.at > clock_timestamp() - interval '30 days'
   order by a.at desc, a.id limit least(most, 1000);
end
$$;

-- The tickets that sleep out of sight at this moment, of those the person works on; of their own request nobody is told.
create or replace function helpdesk.snoozed() returns uuid[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  who record;
begin
  -- Nearly always nothing sleeps, and who asks need not be looked up.
  if not exists (select from private.ticket_snoozes s where s.until > now()) then
    return array[]::uuid[];
  end if;
  who := private.asking();
  return array(
    select s.ticket_id from private.ticket_snoozes s join public.tickets t on t.id = s.ticket_id
     where s.until > now() and t.customer_id <> who.person
       and private.works_on(t.assignee_id, t.department_id, who.agent, who.departments));
end
$$;

-- Of the tickets the person works on: those that came back from a snooze since a moment, a hundred at most, and whether
-- the person sent them to sleep or holds them; in how many seconds the next one is back; and what time it is, which is
-- the moment for the next call.
create or replace function helpdesk.waking(since timestamptz)
returns table (at timestamptz, seconds double precision, back jsonb)
language plpgsql stable security definer rows 1 set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
begin
  if who.role is null or who.role = 'customer' then
    return;
  end if;
  return query
  select now(),
         (select extract(epoch from s.until - now())::double precision
            from private.ticket_snoozes s join public.tickets t on t.id = s.ticket_id
           where s.until > now() and t.customer_id <> who.person
             and private.works_on(t.assignee_id, t.department_id, who.agent, who.departments)
           order by s.until limit 1),
         (select coalesce(jsonb_agg(jsonb_build_array(b.id, b.number, b.title, b.mine) order by b.until, b.number), '[]')
            from (select t.id, t.number, t.title, s.until,
                         t.is_open and who.person in (s.by_id, t.assignee_id) is true as mine
                    from private.ticket_snoozes s join public.tickets t on t.id = s.ticket_id
                   where s.until > waking.since and s.until <= now() and t.customer_id <> who.person
                     and private.works_on(t.assignee_id, t.department_id, who.agent, who.departments)
                   order by s.until, t.number limit 100) b);
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- What tickets say
-- ---------------------------------------------------------------------------------------------------------------

-- What to look for in the words of a text: they must all be there, the last one as a beginning. Of several words, and
-- of what is written without spaces, the folded text must also hold them as they stand ("phrase", a pattern). Both are
-- null where there is no word to look for.
create or replace function private.sought(query text, out terms tsquery, out phrase text)
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  folded constant text := btrim(regexp_replace(private.folded(left(query, 500)), ' +', ' ', 'g'));
  dense constant boolean := folded ~ private.unspaced();
  list text[];
begin
  -- One letter begins too many words to be worth looking for.
  if not dense and char_length(folded) < 2 then
    return;
  end if;
  list := array(select w.word from private.words(folded) w order by w.at);
  -- A word is letters and digits, or folding would have made a space of it: there is nothing in it to be quoted.
  terms := (select string_agg(quote_literal(w.word) || case when w.n = cardinality(list) then ':*' else '' end, ' & ')
              from unnest(list) with ordinality w(word, n))::tsquery;
  phrase := case when dense or cardinality(list) > 1
                 then case when dense then '' else '(^| )' end || replace(folded, ' ', ' +') end;
end
$$;

create or replace function private.holds_phrase(content text, phrase text) returns boolean
language sql immutable parallel safe
return phrase is null or private.folded(content) ~ phrase;

-- The tickets that say something: in their title as it stands, or by its words in the title, the request or a message.
-- Everything of it that whoever asks may read, and nothing else: of a note nothing is found by the requester.
create or replace function helpdesk.tickets_saying(query text) returns setof uuid
language plpgsql stable security definer parallel restricted rows 100 set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
  wanted constant record := private.sought(query);
  pattern constant text := '%' || regexp_replace(left(query, 500), '([\\%_])', '\\\1', 'g') || '%';
begin
  if who.departments is null then
    -- Somebody without a department has few tickets: those are looked through, and nobody else's are so much as found by
    -- their words, whatever plan a session asks for. It could count them. (coalesce: that the plan is not made by how often
    -- a word is said by others, which is counted, too.)
    return query
    with mine as materialized (
      select t.id, t.title, t.description from public.tickets t where t.customer_id = who.person
    ),
    worded as materialized (
      select w.ticket_id, w.words from mine join private.ticket_words w on w.ticket_id = mine.id
    ),
    said as materialized (
      select m.ticket_id, m.content from mine join public.ticket_messages m on m.ticket_id = mine.id
       where not m.is_internal
    )
    select t.id from mine t
     where t.title ilike pattern
        or exists (select from worded w where w.ticket_id = t.id and coalesce(w.words @@ wanted.terms, false)
                    and private.holds_phrase(t.title || ' ' || coalesce(t.description, ''), wanted.phrase))
        or exists (select from said m where m.ticket_id = t.id
                    and coalesce(private.searched(m.content) @@ wanted.terms, false)
                    and private.holds_phrase(m.content, wanted.phrase));
    return;
  end if;
  return query
  select t.id from private.ticket_words w join public.tickets t on t.id = w.ticket_id
   where w.title ilike pattern
     and private.sight_of(t.customer_id, t.assignee_id, t.department_id, who.person, who.agent, who.departments) is not null
  union
  select t.id from private.ticket_words w join public.tickets t on t.id = w.ticket_id
   where w.words @@ wanted.terms
     and private.sight_of(t.customer_id, t.assignee_id, t.department_id, who.person, who.agent, who.departments) is not null
     and private.holds_phrase(t.title || ' ' || coalesce(t.description, ''), wanted.phrase)
  union
  select t.id from public.ticket_messages m join public.tickets t on t.id = m.ticket_id
   where private.searched(m.content) @@ wanted.terms
     and case private.sight_of(t.customer_id, t.assignee_id, t.department_id, who.person, who.agent, who.departments)
           when 'team' then true when 'requester' then not m.is_internal else false end
     and private.holds_phrase(m.content, wanted.phrase);
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Knowledge base: what is published is for everybody who signed in, the rest for the team. Each function asks once who
-- asks, and answers what the policies would show.
-- ---------------------------------------------------------------------------------------------------------------

-- Whether the person who asks may read an article of this status. The one predicate of articles.
create or replace function private.reads(status text, person uuid, role text) returns boolean
language sql immutable parallel safe
return status = 'published' and person is not null or role in ('agent', 'admin');

-- Only the team writes; says so to everybody else.
create or replace function private.require_author() returns uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not private.is_staff() then
    raise exception 'only the team writes articles' using errcode = 'HD003';
  end if;
  return private.uid();
end
$$;

-- An article opened: no row for one that is not there or not for this person.
create or replace function helpdesk.article(article uuid)
returns table (id uuid, title text, content text, category_id uuid, category text, author text, status text,
               created_at timestamptz, updated_at timestamptz, published_at timestamptz,
               helpful integer, not_helpful integer, my_vote boolean, version integer)
language plpgsql stable security definer rows 1 set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
begin
  return query
  select a.id, a.title, a.content, a.category_id, c.name,
         private.called(p.full_name, p.email, p.role, who.role in ('agent', 'admin')), a.status,
         a.created_at, a.updated_at, a.published_at,
         (select count(*)::integer from public.kb_article_feedback f where f.article_id = a.id and f.helpful),
         (select count(*)::integer from public.kb_article_feedback f where f.article_id = a.id and not f.helpful),
         (select f.helpful from public.kb_article_feedback f where f.article_id = a.id and f.user_id = who.person),
         a.version
    from public.kb_articles a
    left join public.kb_categories c on c.id = a.category_id
    left join public.profiles p on p.id = a.author_id
   where a.id = article and private.reads(a.status, who.person, who.role);
end
$$;

-- Articles by title, a page at a time: of a category, or all; those of a status, or all but what is archived.
create or replace function helpdesk.articles(
  in_category uuid, of_status text, most integer, after_title text, after_id uuid)
returns table (id uuid, title text, category_id uuid, status text, updated_at timestamptz, published_at timestamptz,
               author text)
language plpgsql stable security definer rows 200 set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
begin
  if most < 0 then
    perform private.refuse_negative(most);
  end if;
  return query
  select a.id, a.title, a.category_id, a.status, a.updated_at, a.published_at,
         private.called(p.full_name, p.email, p.role, who.role in ('agent', 'admin'))
    from public.kb_articles a left join public.profiles p on p.id = a.author_id
   where private.reads(a.status, who.person, who.role)
     and (in_category is null or a.category_id = in_category)
     and case when of_status is null then a.status <> 'archived' else a.status = of_status end
     and (after_id is null or (lower(a.title), a.id) > (lower(after_title), after_id))
   order by lower(a.title), a.id limit most;
end
$$;

-- The categories that hold something for this person, here or below, and how many articles each holds itself: as many
-- as helpdesk.articles lists. The team sees empty ones too.
create or replace function helpdesk.article_categories()
returns table (id uuid, name text, parent_id uuid, description text, articles integer)
language plpgsql stable security definer rows 50 set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
  staff constant boolean := coalesce(who.role in ('agent', 'admin'), false);
begin
  if who.person is null then
    return;
  end if;
  return query
  with recursive held as (
    select a.category_id as id, count(*)::integer as articles from public.kb_articles a
     where a.category_id is not null and a.status <> 'archived' and private.reads(a.status, who.person, who.role)
     group by a.category_id
  ), shown as (
    select h.id from held h
    union
    select c.parent_id from public.kb_categories c join shown s on s.id = c.id where c.parent_id is not null
  )
  select c.id, c.name, c.parent_id, c.description, coalesce(h.articles, 0)
    from public.kb_categories c left join held h on h.id = c.id
   where staff or exists (select from shown s where s.id = c.id)
   order by lower(c.name), c.id;
end
$$;

-- The versions of an article, newest first; they are the team's.
create or replace function helpdesk.article_versions(article uuid)
returns table (id uuid, number integer, title text, content text, changed_by text, created_at timestamptz)
language plpgsql stable security definer rows 10 set search_path = pg_catalog, pg_temp as $$
begin
  if not private.is_staff() then
    return;
  end if;
  return query
  select v.id, v.number, coalesce(v.title, a.title), v.content,
         case when p.id is not null then private.called(p.full_name, p.email, p.role, true) end, v.created_at
    from public.kb_article_versions v join public.kb_articles a on a.id = v.article_id
    left join public.profiles p on p.id = v.changed_by
   where v.article_id = article order by v.number desc;
end
$$;

-- Saves an article under an id that the client drew: a new one, which is a draft, where base is null, else over the
-- version that its author had before them. Refused where somebody saved since; done once however often it is sent.
create or replace function helpdesk.save_article(article uuid, title text, content text, category uuid, base integer)
returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  person constant uuid := private.require_author();
  there record;
begin
  if article is null then
    raise exception 'an article needs an id' using errcode = 'HD002', hint = 'Draw one.';
  elsif coalesce(save_article.title, '') !~ '\S' then
    raise exception 'an article needs a title' using errcode = 'HD002';
  elsif char_length(save_article.title) > 500 then
    raise exception 'the title is too long: 500 characters at most' using errcode = 'HD002';
  elsif save_article.content is null or char_length(save_article.content) > 1000000 then
    raise exception 'the text is missing or too long: a million characters at most' using errcode = 'HD002';
  elsif category is not null and not exists (select from public.kb_categories c where c.id = category) then
    raise exception 'there is no such category' using errcode = 'HD004';
  end if;
  if base is null then
    insert into public.kb_articles (id, title, content, category_id, author_id, status)
    values (article, save_article.title, save_article.content, category, person, 'draft')
    on conflict (id) do nothing;
    if found then
      return 1;
    end if;
  end if;
  select a.version, a.title, a.content into there from public.kb_articles a where a.id = article for no key update;
  if not found then
    raise exception 'there is no such article' using errcode = 'HD004';
  end if;
  if there.version is distinct from base then
    -- Sent again after a lost answer: it is in, whatever came after.
    if exists (select from public.kb_article_versions v
                where v.article_id = article and v.number = coalesce(base, 0) + 1 and v.changed_by = person
                  and (v.title, v.content) = (save_article.title, save_article.content)) then
      return there.version;
    elsif base is null then
      raise exception 'this id is taken by another article' using errcode = 'HD002', hint = 'Draw a new one.';
    end if;
    raise exception 'somebody saved this article since: version % became %', base, there.version
      using errcode = 'HD001', hint = 'Compare the two; to save all the same, save over the newest version.';
  end if;
  update public.kb_articles a
     set title = save_article.title, content = save_article.content, category_id = category where a.id = article;
  return there.version
         + ((save_article.title, save_article.content) is distinct from (there.title, there.content))::integer;
end
$$;

-- Publishes an article, archives it, or makes it a draft again.
create or replace function helpdesk.set_article_status(article uuid, status text) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.require_author();
  if set_article_status.status is null or set_article_status.status not in ('draft', 'published', 'archived') then
    raise exception 'an article has no status %', coalesce(quote_literal(set_article_status.status), 'null')
      using errcode = 'HD002', hint = 'It is a draft, published or archived.';
  end if;
  update public.kb_articles a set status = set_article_status.status where a.id = article;
  if not found then
    raise exception 'there is no such article' using errcode = 'HD004';
  end if;
end
$$;

-- Makes an old version the newest one; nothing is lost by it.
create or replace function helpdesk.restore_article(article uuid, version integer) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.require_author();
  update public.kb_articles a set title = coalesce(v.title, a.title), content = v.content
    from public.kb_article_versions v
   where a.id = article and v.article_id = article and v.number = restore_article.version;
  if not found then
    raise exception 'there is no such version of this article' using errcode = 'HD004';
  end if;
end
$$;

-- Helpful or not, one vote a person; null takes it back.
create or replace function helpdesk.vote(article uuid, helpful boolean, comment text) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
begin
  if who.role is null or not exists (
    select from public.kb_articles a where a.id = article and private.reads(a.status, who.person, who.role)) then
    raise exception 'there is no such article' using errcode = 'HD004';
  end if;
  if char_length(vote.comment) > 20000 then
    raise exception 'the comment is too long: 20000 characters at most' using errcode = 'HD002';
  end if;
  if vote.helpful is null then
    delete from public.kb_article_feedback f where f.article_id = article and f.user_id = who.person;
  else
    insert into public.kb_article_feedback as f (article_id, user_id, helpful, comment)
    values (article, who.person, vote.helpful, vote.comment)
    on conflict (article_id, user_id) do update set helpful = excluded.helpful,
      comment = coalesce(excluded.comment, f.comment);
  end if;
end
$$;

-- How many steps (a letter more, less, another one, two swapped) lead from one word to the other; most + 1 for more.
create or replace function private.steps_between(one text, other text, most integer) returns integer
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  a constant text[] := string_to_array(one, null);
  b constant text[] := string_to_array(other, null);
  n constant integer := cardinality(a);
  m constant integer := cardinality(b);
  before integer[];
  above integer[] := array(select generate_series(0, m));
  here integer[];
  least_here integer;
begin
  if abs(n - m) > most then
    return most + 1;
  end if;
  for i in 1..n loop
    here := array[i];
    least_here := i;
    for j in 1..m loop
      here[j + 1] := least(above[j + 1] + 1, here[j] + 1, above[j] + (a[i] <> b[j])::integer,
        case when i > 1 and j > 1 and a[i] = b[j - 1] and a[i - 1] = b[j] then before[j - 1] + 1 end);
      least_here := least(least_here, here[j + 1]);
    end loop;
    if least_here > most then
      return most + 1;
    end if;
    before := above;
    above := here;
  end loop;
  return above[m + 1];
end
$$;

-- Words of articles that a word nobody wrote may have been meant to be, the nearest first, and how near (1: the same).
-- One step away is tried without any extension; farther with pg_trgm, wherever it is installed.
create or replace function private.meant(mistyped text, staff boolean)
returns table (term text, nearness double precision)
language plpgsql stable security definer rows 3 set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
declare
  size constant integer := char_length(mistyped);
  farthest constant integer := case when size < 4 then 0 when size < 6 then 1 when size < 10 then 2 else 3 end;
  trigrams constant text := (select quote_ident(n.nspname) from pg_extension e
                               join pg_namespace n on n.oid = e.extnamespace
                              where e.extname = 'pg_trgm' and has_schema_privilege(n.oid, 'usage'));
  letters constant text[] := string_to_array('abcdefghijklmnopqrstuvwxyz0123456789', null);
begin
  if farthest = 0 or size > 40 then
    return;
  end if;
  return query
  with near as materialized (
    select left(mistyped, i - 1) || substr(mistyped, i + 1) as word from generate_series(1, size) i
    union
    select left(mistyped, i - 1) || substr(mistyped, i + 1, 1) || substr(mistyped, i, 1) || substr(mistyped, i + 2)
      from generate_series(1, size - 1) i
    union
    select left(mistyped, i) || l || substr(mistyped, i + 1) from generate_series(0, size) i, unnest(letters) l
    union
    select left(mistyped, i - 1) || l || substr(mistyped, i + 1) from generate_series(1, size) i, unnest(letters) l
  )
  select f.term, 1 - 1::double precision / size
    from (select w.term, count(*) as forms
            from near n join private.article_words w on w.word = n.word collate "C" and (w.published or staff)
           where exists (select from private.article_terms t where t.term = w.term and (t.published or staff))
           group by w.term) f
   order by (select count(*) from (select from private.article_terms t
                                    where t.term = f.term and (t.published or staff) limit 1000) c) desc, f.term
   limit 3;
  if found or farthest = 1 or trigrams is null then
    return;
  end if;
  return query execute format($q$
    select s.term, min(1 - s.steps::double precision / $3)
      from (select c.term, private.steps_between($1, c.word, $4) as steps
              from (select w.word, w.term, %1$s.similarity(w.word, $1) as alike
                      from private.article_words w
                     where w.word operator(%1$s.%%) $1 and (w.published or $2)
                       and exists (select from private.article_terms t where t.term = w.term and (t.published or $2))
                     order by alike desc, w.word limit 12) c) s
     where s.steps <= $4 group by s.term order by 2 desc, 1 limit 3 $q$, trigrams)
  using mistyped, staff, size, farthest;
end
$$;

-- Words of articles that an unknown word stands for: what it may become when it is finished, else what it was meant to
-- be, else two words that were run together.
create or replace function private.guessed(unknown text, typing boolean, staff boolean)
returns table (term text, nearness double precision)
language plpgsql stable security definer rows 5 set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
declare
  size constant integer := char_length(unknown);
begin
  -- Another number is another thing.
  if typing or size > 3 and unknown !~ '\d' then
    return query
    with c as (
      select w.term, w.word
        from private.article_words w
       where w.word > unknown collate "C" and w.word < (unknown || chr(1114111)) collate "C"
         and (w.published or staff)
         and exists (select from private.article_terms t where t.term = w.term and (t.published or staff))
       order by char_length(w.word), w.word limit 80
    ), h as (
      -- What many articles speak of is what it will be, most likely.
      select c.term, (select count(*) from (select from private.article_terms t
                                             where t.term = c.term and (t.published or staff) limit 500) n) as held
        from c group by c.term order by held desc, c.term limit 8
    )
    select h.term, 0.3::double precision + 0.7::double precision * h.held / max(h.held) over () from h;
    if found then
      return;
    end if;
  end if;
  if unknown ~ '\d' then
    return;
  end if;
  return query select m.term, m.nearness from private.meant(unknown, staff) m;
  if found then
    return;
  end if;
  return query
  select p.term, 0.7::double precision
    from (select l.term as one, r.term as other
            from generate_series(3, size - 3) i
            join private.article_words l on l.word = left(unknown, i) collate "C" and (l.published or staff)
            join private.article_words r on r.word = substr(unknown, i + 1) collate "C" and (r.published or staff)
           where exists (select from private.article_terms t where t.term = l.term and (t.published or staff))
             and exists (select from private.article_terms t where t.term = r.term and (t.published or staff))
           order by abs(i - size / 2), l.term, r.term limit 1) s
   cross join lateral (values (s.one), (s.other)) as p(term);
end
$$;

-- What a text asks for: word stems with their weights, those of its first line or sentence counting double. A stem that
-- stands for a word of the text has its place there; what is looked for besides has none.
create or replace function private.asked_for(query text, staff boolean)
returns table (term text, weight double precision, place integer)
language plpgsql stable security definer rows 20 set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
declare
  short constant integer := 12;      -- words; a longer text was not typed into a search line
  guesses_most constant integer := 5;
  cleaned constant text := normalize(regexp_replace(left(query, 20000), 'https?://\S+', ' ', 'g'), nfkc);
  first_end constant integer := regexp_instr(cleaned, '[.!?]+\s+\S|\n\s*\S');
  all_words constant text[] := array(
    select w.word from private.words(private.folded(cleaned)) w order by w.at limit 4000);
  total constant integer := cardinality(all_words);
  first_words constant integer := case when first_end > 0 then
    (select count(*)::integer from private.words(private.folded(left(cleaned, first_end)))) else 0 end;
  dictionaries regdictionary[];
  known_words text[];
  known_terms text[];
  known_first boolean[];
  guess record;
begin
  dictionaries := array(select ('pg_catalog.' || l.language || '_stem')::regdictionary
                          from private.article_languages l where l.published or staff
                         group by l.language order by l.language = 'english' desc, l.language);
  if cardinality(dictionaries) > 1 and total >= 5 then
    -- Where the text says what language it is in, its small words are small words.
    dictionaries := coalesce(nullif(array(
      select d from unnest(dictionaries) d
       where d = ('pg_catalog.' || private.language_of(array(select distinct w from unnest(all_words[:80]) w))
                  || '_stem')::regdictionary), '{}'), dictionaries);
  end if;

  select array_agg(k.word), array_agg(k.term), array_agg(k.n = k.least_n) into known_words, known_terms, known_first
    from (select s.word, s.term, min(s.n) as n, min(min(s.n)) over (partition by s.word) as least_n
            from (select w.word, d.n, (ts_lexize(d.dictionary, w.word))[1] as term
                    from (select distinct a.word from unnest(all_words) as a(word)) w
                   cross join unnest(dictionaries) with ordinality as d(dictionary, n)) s
           where s.term is not null
             and exists (select from private.article_terms t
                          where t.term = s.term collate "C" and (t.published or staff))
           group by s.word, s.term) k;
  return query
  select k.term, case when a.place <= first_words then 2 else 1 end::double precision,
         case when k.first then a.place::integer end
    from unnest(all_words) with ordinality as a(word, place)
    join unnest(known_words, known_terms, known_first) as k(word, term, first) on k.word = a.word;

  -- Unknown words, in their order; the last one of a search line may not be finished.
  for guess in
    select a.word, min(a.place)::integer as place, bool_or(a.place = total and typing) as typing,
           max(case when a.place <= first_words then 2 else 1 end)::double precision as weight
      from unnest(all_words) with ordinality as a(word, place)
     cross join lateral (select total <= short and query ~ '\S$' as typing) t
     where not coalesce(a.word = any(known_words), false)
       and (char_length(a.word) > 3 or a.place = total and typing and char_length(a.word) > 1)
       and (total = 1 or exists (select from unnest(dictionaries) d where ts_lexize(d, a.word) <> '{}'))
     group by a.word order by 2 limit guesses_most
  loop
    return query
    select g.term, 0.8::double precision * g.nearness * guess.weight,
           case when row_number() over (order by g.nearness desc, g.term) = 1 then guess.place end
      from private.guessed(guess.word, guess.typing, staff) g;
  end loop;

  if total <= short then
    -- "add on" may be written "addon".
    return query
    select distinct w.term, 1::double precision, null::integer
      from generate_series(1, total - 1) i
      join private.article_words w
        on w.word = (all_words[i] || all_words[i + 1]) collate "C" and (w.published or staff);
    -- A known last word may still be the beginning of a longer one.
    if all_words[total] = any(known_words) and query ~ '\S$' and char_length(all_words[total]) > 2 then
      return query
      select g.term, 0.3::double precision * g.nearness, null::integer
        from private.guessed(all_words[total], true, staff) g
       where not g.term = any(known_terms);
    end if;
  end if;
end
$$;

-- Where the words of a text stand that have one of these stems: beginning, end, beginning, end …
create or replace function private.marks(shown text, language text, terms text[]) returns integer[]
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  folded constant text := private.folded(shown);
  dictionary constant regdictionary := ('pg_catalog.' || language || '_stem')::regdictionary;
begin
  if char_length(folded) <> char_length(shown) then
    return array[]::integer[];
  end if;
  return array(
    select m.edge
      from (select w.word, (sum(char_length(w.word) + 1) over (order by w.n))::integer - 1 as ends
              from string_to_table(folded, ' ') with ordinality as w(word, n)) p
     cross join lateral (values (p.ends - char_length(p.word)), (p.ends)) as m(edge)
     where p.word <> '' and (ts_lexize(dictionary, p.word))[1] = any(terms)
     order by m.edge);
end
$$;

-- Articles that fit some words, the best first. Words count by how rare they are among the articles that may be read,
-- how often they stand in an article for its length, where (BM25), and more where they stand side by side as asked.
-- Whoever is not of the team finds what is published, and nothing in the order or the score comes from anything else.
create or replace function helpdesk.search_articles(
  query text, most integer default 20, category uuid default null, published_only boolean default false)
returns table (article_id uuid, title text, snippet text, marks integer[], category_name text, status text,
               updated_at timestamptz, score real)
language plpgsql stable security definer rows 20 set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
declare
  saturation constant double precision := double precision '1.4';
  by_length constant double precision := double precision '0.8';
  half constant double precision := double precision '0.5';
  candidates constant integer := 60;
  who constant record := private.asking();
  wanted constant integer := greatest(least(coalesce(most, 20), 200), 0);
  staff constant boolean := coalesce(who.role in ('agent', 'admin'), false) and not coalesce(published_only, false);
  articles integer;
  usual_length double precision;
  shelf integer[];
  terms text[];
  gains double precision[];
  pairs text[];
  pair_gains double precision[];
  typed constant text := lower(btrim(left(query, 500)));
begin
  if who.person is null or coalesce(query, '') !~ '\S' then
    return;
  end if;
  select count(*)::integer, avg(i.length)::double precision into articles, usual_length from private.article_index i where i.published or staff;
  if category is not null then
    shelf := array(
      with recursive below as (
        select category as id
        union
        select c.id from public.kb_categories c join below b on c.parent_id = b.id
      )
      select i.key from public.kb_articles a join below b on a.category_id = b.id
        join private.article_index i on i.article_id = a.id);
  end if;

  with asked as materialized (
    select q.term, q.weight, q.place from private.asked_for(query, staff) q
  ), weighed as materialized (
    select r.term, r.weight, r.rarity
      from (select q.term, 9 * sum(q.weight) / (8 + sum(q.weight)) as weight from asked q group by q.term) a
     cross join lateral (select count(*)::double precision as held from (
             select from private.article_terms t
              where t.term = a.term collate "C" and (t.published or staff) limit 20000) c) h
     cross join lateral (select a.term, a.weight, ln(1 + (articles - h.held + half) / (h.held + half)) as rarity) r
     order by r.weight * r.rarity desc, r.term limit 40
  ), paired as (
    select ' ' || p.one || ' ' || p.other || ' ' as pair, sum(p.weight * (a.rarity + b.rarity) / 2) as gain
      from (select lag(q.term) over (order by q.place) as one, q.term as other, q.weight from asked q
             where q.place is not null) p
      join weighed a on a.term = p.one join weighed b on b.term = p.other
     where p.one <> p.other
     group by 1 order by 2 desc, 1 limit 24
  )
  select (select array_agg(w.term order by w.weight * w.rarity desc, w.term) from weighed w),
         (select array_agg(w.weight * w.rarity order by w.weight * w.rarity desc, w.term) from weighed w),
         (select array_agg(p.pair order by p.pair) from paired p),
         (select array_agg(p.gain order by p.pair) from paired p)
    into terms, gains, pairs, pair_gains;

  if terms is null then
    -- Nothing but words that stand everywhere, or the first letter of one: then it is looked for in the titles.
    return query
    select a.id, a.title, ''::text, '{}'::integer[], c.name, a.status, a.updated_at, 0::real
      from public.kb_articles a left join public.kb_categories c on c.id = a.category_id
     where typed <> '' and strpos(' ' || lower(a.title), ' ' || typed) > 0
       and private.reads(a.status, who.person, who.role) and (a.status = 'published' or staff)
       and (shelf is null
            or exists (select from private.article_index i where i.article_id = a.id and i.key = any(shelf)))
     order by char_length(a.title), a.id limit wanted;
    return;
  end if;

  return query
  with best as materialized (
    select t.article,
           sum(q.gain * (saturation + 1) * t.times
               / (t.times + saturation * (1 - by_length + by_length * t.length / usual_length))) as score
      from unnest(terms, gains) as q(term, gain)
      join private.article_terms t on t.term = q.term collate "C"
     where (t.published or staff) and (shelf is null or t.article = any(shelf))
     group by t.article order by score desc, t.article limit greatest(candidates, wanted)
  ), ranked as materialized (
    select a.id, a.title, a.category_id, a.status, a.updated_at, i.language, i.passages, i.stems,
           (b.score
            + coalesce((select sum(p.gain) from unnest(pairs, pair_gains) as p(pair, gain)
                         where strpos(s.sequence, p.pair) > 0), 0)
            + case when starts_with(lower(a.title), typed) then b.score / 4 else 0 end)::real as score
      from best b join private.article_index i on i.key = b.article join public.kb_articles a on a.id = i.article_id
     cross join lateral (
       select replace(array_to_string(i.stems, ''), '  ', ' ') as sequence offset 0) s
     where private.reads(a.status, who.person, who.role) and (a.status = 'published' or staff)
  ), chosen as materialized (
    select r.* from ranked r order by r.score desc, r.id limit wanted
  ), shown as materialized (
    -- The passage where most of the words stand that count, and the next one where it is short.
    select h.*, coalesce(s.text, '') as snippet
      from chosen h
      left join lateral (
        select ltrim(l.passages[b.n], E'\t')
               || case when char_length(l.passages[b.n]) < 140 and b.n < cardinality(l.passages)
                       then ' ' || ltrim(l.passages[b.n + 1], E'\t') else '' end as text
          from (select p.n
                  from unnest(h.stems) with ordinality as p(stems, n)
                  left join unnest(terms[:16], gains[:16]) as q(term, gain) on strpos(p.stems, ' ' || q.term || ' ') > 0
                 where p.n > 1
                 group by p.n order by sum(q.gain) desc nulls last, p.n limit 1) b
         -- Unpacked once: a part of an array that is stored packed is all of it.
         cross join lateral (select array(select u.t from unnest(h.passages) with ordinality as u(t, n) order by u.n)
                                    as passages offset 0) l
      ) s on true
  )
  select h.id, h.title, h.snippet, private.marks(h.snippet, h.language, terms), c.name, h.status, h.updated_at, h.score
    from shown h left join public.kb_categories c on c.id = h.category_id
   order by h.score desc, h.id;
end
$$;

-- What may help with a ticket: by its title and what its requester wrote last, among what is published.
create or replace function helpdesk.suggest_articles(ticket uuid, most integer default 5)
returns table (article_id uuid, title text, snippet text, marks integer[], category_name text, status text,
               updated_at timestamptz, score real)
language plpgsql stable security definer rows 5 set search_path = pg_catalog, pg_temp as $$
declare
  words text;
begin
  if private.sight(ticket) is null then
    return;
  end if;
  select concat_ws(E'\n', t.title, coalesce(
           (select m.content from public.ticket_messages m
             where m.ticket_id = t.id and m.sender_id = t.customer_id and not m.is_internal
             order by m.created_at desc, m.id desc limit 1), t.description))
    into words from public.tickets t where t.id = ticket;
  return query select * from helpdesk.search_articles(words, most, null, true);
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Administration. What an admin does to people, or to many tickets at once, is an act: done whole or not at all, kept
-- with how it was before, and taken back as far as nobody has changed it since. A client draws an act's id, so that one
-- whose answer was lost can be sent again.
-- ---------------------------------------------------------------------------------------------------------------

-- Only an admin goes on from here. With "alone", one after the other: two admins who take each other's role away at
-- the same moment would both succeed, and whoever waited here has to be an admin still.
create or replace function private.as_admin(alone boolean) returns uuid
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  person uuid;
begin
  if alone and private.is_admin() then
    perform from private.settings for no key update;
  end if;
  select a.person into person from private.asking() a where a.role = 'admin';
  if person is null then
    raise exception 'only admins do this' using errcode = 'HD003', hint = 'Ask an admin.';
  end if;
  return person;
end
$$;

-- Everything about a ticket that people change, in one word: another word tells that somebody has.
create or replace function private.mark_of(t public.tickets) returns text
language sql immutable security definer set search_path = pg_catalog, pg_temp as $$
  select md5(jsonb_build_array(t.title, t.status, t.priority, t.category_id, extract(epoch from t.due_date),
                               t.department_id, t.assignee_id)::text)
$$;

-- Whom routing gave a ticket to since some moment, unless somebody has assigned it after that.
create or replace function private.routed_to(ticket uuid, since timestamptz) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select case when e.routed and e.created_at > since then e.new_value::uuid end from public.ticket_events e
   where e.ticket_id = routed_to.ticket and e.kind = 'assignee' order by e.created_at desc, e.id limit 1
$$;

-- How a ticket was before routing gave it to whoever has it: that is nobody's change. Null where it did not.
create or replace function private.mark_unrouted(t public.tickets) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select private.mark_of(jsonb_populate_record(t, '{"assignee_id": null}'))
   where t.assignee_id = private.routed_to(t.id, '-infinity')
$$;

-- What an act answered when it was done; null if it was not. Another's act under the same id is no such case.
create or replace function private.done_before(act uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  there record;
begin
  if act is null then
    raise exception 'an act needs an id' using errcode = 'HD002', hint = 'Draw one.';
  end if;
  select a.actor_id, a.answer into there from private.acts a where a.id = act;
  if found and there.actor_id is distinct from private.uid() then
    raise exception 'this id is taken by another act' using errcode = 'HD002', hint = 'Draw a new one.';
  end if;
  return there.answer;
end
$$;

-- Keeps an act for ninety days. Answers what the client is answered, with the act's number in it.
create or replace function private.keep_act(act uuid, kind text, words text, before jsonb, answer jsonb) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  kept jsonb;
begin
  delete from private.acts a where a.at < clock_timestamp() - interval '90 days';
  insert into private.acts as a (id, actor_id, kind, words, before, answer)
  values (act, private.uid(), kind, left(words, 500), before, answer)
  returning keep_act.answer || jsonb_build_object('act', a.number, 'words', a.words) into kept;
  update private.acts a set answer = kept where a.id = act;
  return kept;
end
$$;

-- Ends the sign-ins of a person: their rows, where the owner may remove them, their logins and connections. That they
-- have no rights any more does not hang on this: whoever is deactivated is nobody to the policies.
create or replace function private.end_sessions(person uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.end_these(array(select s.id from auth.sessions s where s.user_id = person));
end
$$;

-- Whether the hook has to refuse a sign-in.
create or replace function private.is_deactivated(account uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as
'select exists (select from public.profiles p where p.id = account and p.deactivated_at is not null)';

-- What a person would lose by a change: how many open tickets they see now and would see no more, without those they
-- hold; and how many they hold that they would not come across any more unless they keep them.
create or replace function private.outlook(person uuid, role text, department uuid, active boolean,
                                           out loses integer, out holds integer)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select count(*) filter (where t.assignee_id is distinct from p.id and (p.role = 'admin' or t.department_id = p.department_id)
                                 and not coalesce(active and (outlook.role = 'admin' or outlook.role = 'agent'
                                                              and t.department_id = outlook.department), false))::integer,
         count(*) filter (where t.assignee_id = p.id and not coalesce(
           active and (outlook.role = 'admin' or outlook.role = 'agent' and t.department_id = outlook.department),
           false))::integer
    from public.profiles p
    join public.tickets t on t.is_open and (p.role = 'admin' or p.role = 'agent' and t.department_id = p.department_id
                                            or t.assignee_id = p.id)
   where p.id = person and p.role <> 'customer' and p.deactivated_at is null
$$;

-- Sets what a person is, for an act and for its undoing.
create or replace function private.put_person(person uuid, role text, department uuid, active boolean) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if put_person.role is null or put_person.role not in ('customer', 'agent', 'admin') then
    raise exception 'there is no role %', coalesce(quote_literal(put_person.role), 'null') using errcode = 'HD002',
      hint = 'The roles are customer, agent and admin.';
  end if;
  if department is not null and not exists (select from public.departments d where d.id = department) then
    raise exception 'there is no such department' using errcode = 'HD004';
  end if;
  if person = private.uid() and (put_person.role <> 'admin' or not active) then
    raise exception 'nobody takes away their own role or access' using errcode = 'HD003', hint = 'Ask another admin.';
  end if;
  update public.profiles p
     set role = put_person.role, department_id = put_person.department,
         deactivated_at = case when not active then coalesce(p.deactivated_at, now()) end
   where p.id = person;
end
$$;

-- The change that is asked for, on top of what the person is: {"role", "department", "active"}, each where it changes.
create or replace function private.changed(p public.profiles, change jsonb,
                                           out role text, out department uuid, out active boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select case when change ? 'role' then change ->> 'role' else p.role end,
         case when change ? 'department' then (change ->> 'department')::uuid else p.department_id end,
         case when change ? 'active' then coalesce((change ->> 'active')::boolean, false)
              else p.deactivated_at is null end
$$;

-- What is no change is no deactivation either: {"active": null} would be one that hangs nobody up before.
create or replace function private.check_change(change jsonb) returns void
language plpgsql immutable security definer set search_path = pg_catalog, pg_temp as $$
begin
  if jsonb_typeof(change) is distinct from 'object' or change ? 'active' and jsonb_typeof(change -> 'active') <> 'boolean' then
    raise exception 'this is no change of a person' using errcode = 'HD002',
      hint = 'Somebody is active or not: true or false.';
  elsif change ->> 'department' !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    raise exception 'this is no department' using errcode = 'HD002', hint = 'It is an id, or null for none.';
  end if;
end
$$;

-- What a change would mean for a person, before it is made.
create or replace function helpdesk.foresee(person uuid, change jsonb) returns table (loses integer, holds integer)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.as_admin(alone => false);
  perform private.check_change(change);
  return query
  select o.loses, o.holds
    from public.profiles p cross join private.changed(p, change) c
   cross join private.outlook(p.id, c.role, c.department, c.active) o
   where p.id = person;
end
$$;

-- One try of helpdesk.change_person.
create or replace function private.change_person(act uuid, person uuid, change jsonb, held text, heir uuid)
returns jsonb language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  answer jsonb;
  p public.profiles;
  wants record;
  outlook record;
  leaving boolean;
  given jsonb := jsonb '[]';
  numbers jsonb := jsonb '[]';
  heir_name text;
  name text;
  kind text;
begin
  perform private.as_admin(alone => true);
  answer := private.done_before(act);
  if answer is not null then
    return answer;
  end if;
  -- Held to the end: nobody is given a ticket meanwhile.
  select a.* into p from public.profiles a where a.id = person for no key update;
  if not found then
    raise exception 'there is no such person' using errcode = 'HD004';
  end if;
  if held is null or held not in ('keep', 'hand over') then
    raise exception 'what they hold is kept or handed over' using errcode = 'HD002';
  end if;
  select * into wants from private.changed(p, change);
  if heir is not null then
    select private.called(h.full_name, h.email, h.role, true) into heir_name from public.profiles h
     where h.id = heir and h.id <> person and h.role in ('agent', 'admin') and h.deactivated_at is null;
    if not found then
      raise exception 'what they hold can be handed over to another agent or admin only' using errcode = 'HD002';
    end if;
  end if;
  select * into outlook from private.outlook(person, wants.role, wants.department, wants.active);
  leaving := wants.role = 'customer' and p.role <> 'customer' or not wants.active;
  if leaving or held = 'hand over' then
    with locked as materialized (
      select t.id from public.tickets t
       where t.assignee_id = person and (t.is_open or wants.role = 'customer')
         and (leaving or t.department_id is distinct from wants.department)
       order by t.id for no key update of t),
    moved as (
      update public.tickets t set assignee_id = case when t.is_open then heir end
        from locked l where t.id = l.id
      returning t.id, t.number, t.is_open, t.department_id, private.mark_of(t) as mark)
    select coalesce(jsonb_agg(jsonb_build_array(m.id, m.department_id, person, m.mark)), '[]'),
           coalesce(jsonb_agg(m.number order by m.number) filter (where m.is_open), '[]')
      into given, numbers from moved m;
  end if;
  if (wants.role, wants.department, wants.active) is not distinct from (p.role, p.department_id, p.deactivated_at is null)
     and given = '[]' then
    return jsonb_build_object('act', null, 'words', 'nothing changes', 'loses', 0, 'held', outlook.holds,
                              'handed', numbers);
  end if;
  perform private.put_person(person, wants.role, wants.department, wants.active);

  name := private.called(p.full_name, p.email, p.role, true);
  kind := case when wants.active <> (p.deactivated_at is null)
                    then case when wants.active then 'activate' else 'deactivate' end
               when wants.role <> p.role then 'set'
               when wants.department is distinct from p.department_id then 'move'
               else 'hand over' end;
  return private.keep_act(act, kind, concat_ws(', ',
      case when wants.active <> (p.deactivated_at is null)
           then case when wants.active then 'activated ' else 'deactivated ' end || name end,
      case when wants.role <> p.role then format('%s: %s → %s', name, p.role, wants.role) end,
      case when wants.department is distinct from p.department_id then format('%s: %s → %s', name,
        coalesce((select d.name from public.departments d where d.id = p.department_id), 'no department'),
        coalesce((select d.name from public.departments d where d.id = wants.department), 'no department')) end,
      case when jsonb_array_length(numbers) > 0
           then format('%s open %s of %s to %s', jsonb_array_length(numbers),
                       case jsonb_array_length(numbers) when 1 then 'ticket' else 'tickets' end, name,
                       coalesce(heir_name, 'nobody')) end),
    jsonb_build_object('tickets', given, 'person', jsonb_build_object(
      'id', person, 'role', p.role, 'department', p.department_id, 'active', p.deactivated_at is null,
      'after', jsonb_build_object('role', wants.role, 'department', wants.department, 'active', wants.active))),
    jsonb_build_object('loses', outlook.loses, 'held', outlook.holds, 'handed', numbers));
end
$$;

-- Who of those who signed in, but for admins, has a transaction open that holds rows: login, process and the
-- transaction's own name. The app's own last for milliseconds.
create or replace function private.open_transactions() returns setof text
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  select pg_stat_clear_snapshot();  -- or who is there is told as it was at the transaction's first look
  select distinct concat_ws(' ', a.usename, l.pid, l.virtualtransaction)
    from pg_locks l join pg_stat_activity a on a.pid = l.pid
   where l.locktype = 'relation' and l.mode in ('RowShareLock', 'RowExclusiveLock')
     and l.database = (select d.oid from pg_database d where d.datname = current_database())
     and l.pid <> pg_backend_pid() and a.usename ~ '^hd_[0-9a-f]{32}$'
     and not exists (select from auth.sessions s join public.profiles p on p.id = s.user_id
                      where s.id = substr(a.usename::text, 4)::uuid and p.role = 'admin' and p.deactivated_at is null)
$$;

-- Takes the rows that a change of a person needs, and does not let anybody hold that up. It asks again and again: who
-- waits for a shared lock waits for ever where those who hold it take turns, and no lock_timeout ends that. Half a second
-- long it is patient. Then whoever has held rows for all that time is hung up on; half a second later, whoever holds any.
create or replace function private.make_way(person uuid, heir uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  began constant timestamptz := clock_timestamp();
  before constant text[] := array(select private.open_transactions());
  waited interval;
begin
  loop
    begin
      perform from public.profiles p where p.id = person for no key update nowait;
      perform from public.profiles p where p.id = heir for share nowait;
      perform from public.tickets t where t.assignee_id = person and t.is_open for no key update nowait;
      perform from public.chat_sessions s where s.agent_id = person and s.status = 'active' for no key update nowait;
      return;
    exception when lock_not_available then
      waited := clock_timestamp() - began;
      if waited > interval '2 seconds' then
        raise;
      elsif waited > interval '500 ms' then
        perform private.hang_up(substr(split_part(t, ' ', 1), 4)::uuid)
           from private.open_transactions() t where waited > interval '1 second' or t = any(before);
      end if;
    end;
    perform pg_sleep(0.01);
  end loop;
end
$$;

-- Changes what a person is. "held" says what becomes of the open tickets they hold and would not come across any more:
-- 'keep' them, or 'hand over' to the heir or, without one, to nobody. Whoever leaves the team or is deactivated keeps none.
-- No open transaction of a customer or an agent keeps an admin from it. Another admin's act, or a script of the owner's,
-- is waited for some seconds: then nothing is done, and the next one can act.
create or replace function helpdesk.change_person(act uuid, person uuid, change jsonb, held text, heir uuid)
returns jsonb language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  before text[];
begin
  if private.as_admin(alone => false) is distinct from person and change -> 'active' = 'false' then
    -- First of all: with a transaction left open they could hold what is locked below, and so keep themselves in.
    perform private.hang_up(s.id) from auth.sessions s where s.user_id = person;
  end if;
  perform private.check_change(change);
  perform private.as_admin(alone => true);
  perform set_config('lock_timeout', '500ms', true);
  for try in 1 .. 3 loop
    before := array(select private.open_transactions());
    begin
      perform private.make_way(person, heir);
      return private.change_person(act, person, change, held, heir);
    exception when lock_not_available then
      perform private.hang_up(substr(split_part(t, ' ', 1), 4)::uuid)
         from private.open_transactions() t where t = any(before);
    end;
  end loop;
  raise exception 'somebody''s open transaction is in the way' using errcode = 'lock_not_available',
    hint = 'Try again in a moment.';
end
$$;

-- Sends tickets of one department to another, in one statement. An agent of the old one does not go along; an admin
-- holds tickets anywhere. What has left the department meanwhile stays where it is.
create or replace function helpdesk.reassign(act uuid, ids uuid[], from_department uuid, to_department uuid, query text)
returns jsonb language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  answer jsonb;
  before jsonb;
  numbers jsonb;
  dropped integer;
  source text;
  target text;
begin
  perform private.as_admin(alone => false);
  answer := private.done_before(act);
  if answer is not null then
    return answer;
  end if;
  select d.name into source from public.departments d where d.id = from_department;
  -- Held to the end: it is not removed meanwhile.
  select d.name into target from public.departments d where d.id = to_department for key share;
  if source is null or target is null then
    raise exception 'there is no such department' using errcode = 'HD004';
  end if;
  if from_department = to_department then
    raise exception 'the tickets are in % already', quote_literal(target) using errcode = 'HD002';
  end if;
  with locked as materialized (
    select t.id, t.assignee_id from public.tickets t
     where t.id = any(ids) and t.department_id = from_department order by t.id for no key update of t),
  staying as materialized (
    select p.id from public.profiles p
     where p.deactivated_at is null and (p.role = 'admin' or p.role = 'agent' and p.department_id = to_department)),
  moved as (
    update public.tickets t
       set department_id = to_department,
           assignee_id = case when t.assignee_id in (select s.id from staying s) then t.assignee_id end
      from locked l where t.id = l.id
    returning t.id, t.number, l.assignee_id as held, t.assignee_id, private.mark_of(t) as mark)
  select jsonb_agg(jsonb_build_array(m.id, from_department, m.held, m.mark)), jsonb_agg(m.number order by m.number),
         (count(*) filter (where m.held is not null and m.assignee_id is null))::integer
    into before, numbers, dropped from moved m;
  if before is null then
    return jsonb_build_object('act', null, 'words', 'nothing changes', 'moved', jsonb_build_array(), 'dropped', 0);
  end if;
  return private.keep_act(act, 'reassign',
    format('%s %s: %s → %s%s', jsonb_array_length(numbers),
           case jsonb_array_length(numbers) when 1 then 'ticket' else 'tickets' end, source, target,
           coalesce(' (' || nullif(btrim(query), '') || ')', '')),
    jsonb_build_object('tickets', before), jsonb_build_object('moved', numbers, 'dropped', dropped));
end
$$;

-- Takes an act back: the person and exactly those tickets that nobody has changed since; names the others and why. A
-- number names an act, null is one's own latest. What this did is an act too.
create or replace function helpdesk.undo(act uuid, number bigint) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  who constant uuid := private.as_admin(alone => true);
  answer jsonb := private.done_before(act);
  was private.acts;
  b jsonb;
  p public.profiles;
  person jsonb;
  why text;
  back jsonb := jsonb '[]';
  numbers jsonb := jsonb '[]';
  others jsonb := jsonb '[]';
begin
  if answer is not null then
    return answer;
  end if;
  if number is null then
    select a.* into was from private.acts a
     where a.actor_id = who and a.undone_by is null and a.kind <> 'undo' order by a.number desc limit 1 for update;
  else
    select a.* into was from private.acts a where a.number = undo.number for update;
  end if;
  if was.id is null then
    raise exception 'there is nothing to take back' using errcode = 'HD004',
      hint = 'Acts are kept for ninety days.';
  end if;
  if was.undone_by is not null then
    raise exception 'act % was taken back already', was.number using errcode = 'HD002',
      hint = 'By act ' || (select a.number from private.acts a where a.id = was.undone_by) || '.';
  end if;

  b := was.before -> 'person';
  if b is not null then
    select a.* into p from public.profiles a where a.id = (b ->> 'id')::uuid for no key update;
    why := case
      when p.id is null then 'is no longer there'
      when jsonb_build_object('role', p.role, 'department', p.department_id, 'active', p.deactivated_at is null)
           <> b -> 'after' then 'was changed since'
      when b ->> 'department' is not null
           and not exists (select from public.departments d where d.id = (b ->> 'department')::uuid)
           then 'cannot go back: the department is gone' end;
    person := jsonb_build_object('id', b ->> 'id', 'name', private.called(p.full_name, p.email, p.role, true),
                                 'done', why is null, 'why', why);
    if why is null then
      -- First, since somebody deactivated can hold nothing; whoever is being taken off the team is let go of after.
      perform private.put_person(p.id, b ->> 'role', (b ->> 'department')::uuid, (b ->> 'active')::boolean);
    end if;
  end if;

  with b as materialized (
    select (e ->> 0)::uuid as id, (e ->> 1)::uuid as department, (e ->> 2)::uuid as assignee, e ->> 3 as mark
      from jsonb_array_elements(was.before -> 'tickets') e),
  locked as materialized (
    select t.id, t.number, t.title, t.department_id as department_now, t.assignee_id as assignee_now, b.*,
           exists (select from public.departments d where d.id = b.department) as there
      from public.tickets t join b on b.id = t.id order by t.id for no key update of t),
  put as (
    update public.tickets t
       set department_id = l.department,
           assignee_id = (select h.id from public.profiles h
                           where h.id = l.assignee and h.role in ('agent', 'admin') and h.deactivated_at is null)
      from locked l(id, number, title, department_now, assignee_now, again, department, assignee, mark, there)
     where t.id = l.id and l.there and l.mark in (private.mark_of(t), private.mark_unrouted(t))
    returning t.id, t.number, l.department_now, l.assignee_now, private.mark_of(t) as mark)
  select (select coalesce(jsonb_agg(jsonb_build_array(x.id, x.department_now, x.assignee_now, x.mark)), '[]') from put x),
         (select coalesce(jsonb_agg(x.number order by x.number), '[]') from put x),
         (select coalesce(jsonb_agg(jsonb_build_object('id', b.id, 'number', l.number, 'title', l.title, 'why',
                   case when l.number is null then 'is no longer there' when not l.there then 'its department is gone'
                        else 'was changed since' end) order by l.number), '[]')
            from b left join locked l(id, number, title, department_now, assignee_now, again, department, assignee, mark,
                                      there) on l.id = b.id
           where not exists (select from put x where x.id = b.id))
    into back, numbers, others;

  answer := jsonb_build_object('of', was.number, 'undone', was.words, 'person', person, 'restored', numbers,
                               'others', others);
  if coalesce((person ->> 'done')::boolean, false) or back <> '[]' then
    answer := private.keep_act(act, 'undo', format('took back act %s: %s', was.number, was.words),
      jsonb_strip_nulls(jsonb_build_object('tickets', back)) || case when why is null and b is not null then
        jsonb_build_object('person', (b -> 'after') || jsonb_build_object('id', b ->> 'id', 'after', b - 'after' - 'id'))
        else '{}' end, answer);
    update private.acts a set undone_by = undo.act where a.id = was.id;
  else
    answer := answer || jsonb_build_object('act', null, 'words', 'nothing changes');
  end if;
  return answer;
end
$$;

-- The latest acts that can be taken back, everybody's.
create or replace function helpdesk.acts(most integer)
returns table (number bigint, actor text, kind text, words text, at timestamptz, undone_by bigint)
language plpgsql stable security definer rows 50 set search_path = pg_catalog, pg_temp as $$
begin
  if most < 0 then
    perform private.refuse_negative(most);
  end if;
  perform private.as_admin(alone => false);
  return query
  select a.number, private.called(p.full_name, p.email, p.role, true), a.kind, a.words, a.at, u.number
    from private.acts a left join public.profiles p on p.id = a.actor_id left join private.acts u on u.id = a.undone_by
   order by a.number desc limit least(most, 1000);
end
$$;

-- People for an admin, by name: whose name or address has every word of what is looked for (or whose id that is), of a
-- role ('staff': agents and admins), of a department, active or not; each where it is given. "everybody" is how many there are in all.
create or replace function helpdesk.people(wanted text, of_role text, of_department uuid, active boolean,
                                           skip integer, most integer)
returns table (id uuid, email text, full_name text, role text, department_id uuid, department text,
               deactivated_at timestamptz, created_at timestamptz, holds integer, everybody integer)
language plpgsql stable security definer rows 100 set search_path = pg_catalog, pg_temp as $$
declare
  words constant text[] := array(
    select '%' || regexp_replace(w, '([%_\\])', '\\\1', 'g') || '%'
      from regexp_split_to_table(lower(btrim(coalesce(wanted, ''))), '\s+') w where w <> '');
begin
  if least(skip, most) < 0 then
    perform private.refuse_negative(least(skip, most));
  end if;
  perform private.as_admin(alone => false);
  return query
  with fitting as materialized (
    select p.id, lower(coalesce(p.full_name, p.email)) as sort from public.profiles p
     where (of_role is null or p.role = of_role or of_role = 'staff' and p.role <> 'customer')
       and (of_department is null or p.department_id = of_department)
       and (active is null or active = (p.deactivated_at is null))
       and (lower(concat(p.full_name, ' ', p.email)) like all (words) or p.id::text = lower(btrim(wanted)))),
  page as materialized (select f.id, f.sort from fitting f order by f.sort, f.id offset skip limit least(most, 1000))
  select p.id, p.email, p.full_name, p.role, p.department_id, d.name, p.deactivated_at, p.created_at,
         case when p.role <> 'customer' then
           (select count(*)::integer from public.tickets t where t.assignee_id = p.id and t.is_open) else 0 end,
         (select count(*)::integer from fitting)
    from page g join public.profiles p on p.id = g.id left join public.departments d on d.id = p.department_id
   order by g.sort, g.id;
end
$$;

-- Departments, categories and tags with what hangs on each.
create or replace function helpdesk.structure(what text)
returns table (id uuid, name text, description text, color text, department_id uuid, department text,
               is_default boolean, people integer, tickets integer, categories integer)
language plpgsql stable security definer rows 100 set search_path = pg_catalog, pg_temp as $$
begin
  perform private.as_admin(alone => false);
  if what = 'departments' then
    return query
    select d.id, d.name, d.description, null::text, null::uuid, null::text, d.is_default,
           (select count(*)::integer from public.profiles p where p.department_id = d.id),
           (select count(*)::integer from public.tickets t where t.department_id = d.id and t.is_open),
           (select count(*)::integer from public.categories c where c.department_id = d.id)
      from public.departments d order by lower(d.name), d.id;
  elsif what = 'categories' then
    return query
    select c.id, c.name, c.description, null::text, c.department_id, d.name, false, 0, coalesce(n.tickets, 0), 0
      from public.categories c left join public.departments d on d.id = c.department_id
      left join (select t.category_id, count(*)::integer as tickets from public.tickets t
                  where t.category_id is not null group by t.category_id) n on n.category_id = c.id
     order by lower(c.name), c.id;
  elsif what = 'tags' then
    return query
    select g.id, g.name, g.description, g.color, null::uuid, null::text, false, 0, coalesce(n.tickets, 0), 0
      from public.ticket_tags g
      left join (select r.tag_id, count(*)::integer as tickets from public.ticket_tag_relations r group by r.tag_id) n
        on n.tag_id = g.id
     order by lower(g.name), g.id;
  else
    raise exception 'there is nothing called %', coalesce(quote_literal(what), 'null') using errcode = 'HD002',
      hint = 'It is one of: departments, categories, tags.';
  end if;
end
$$;

-- Where tickets come that no category sends elsewhere.
create or replace function helpdesk.set_default_department(department uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
begin
  perform private.as_admin(alone => true);
  perform from public.departments d where d.id = department for no key update;
  if not found then
    raise exception 'there is no such department' using errcode = 'HD004';
  end if;
  update public.departments d set is_default = false where d.is_default and d.id <> department;
  update public.departments d set is_default = true where d.id = department and not d.is_default;
end
$$;

-- Puts one tag in the place of another, which is no more. Answers how many tickets bore it.
create or replace function helpdesk.merge_tags(gone uuid, kept uuid) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  bearing integer;
begin
  perform private.as_admin(alone => true);
  if gone = kept or (select count(*) from public.ticket_tags g where g.id in (gone, kept)) < 2 then
    raise exception 'that takes two tags' using errcode = 'HD004';
  end if;
  select count(*)::integer into bearing from public.ticket_tag_relations r where r.tag_id = gone;
  insert into public.ticket_tag_relations (ticket_id, tag_id)
  select r.ticket_id, kept from public.ticket_tag_relations r where r.tag_id = gone on conflict do nothing;
  delete from public.ticket_tags g where g.id = gone;
  return bearing;
end
$$;

-- The first admin: named by the owner, as long as there is none. Whoever has confirmed that address is one at once;
-- otherwise whoever confirms it first. Says what became of it.
--   psql -c "select private.first_admin('ann@example.com')"
create or replace function private.first_admin(email text) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  address constant text := lower(btrim(first_admin.email) collate "C");
  account record;
begin
  if address is null or address !~ '^[^@[:space:]]+@[^@[:space:]]+$' then
    raise exception 'that is no e-mail address' using errcode = 'HD002';
  end if;
  perform from private.settings for no key update;
  if exists (select from public.profiles p
              where p.role = 'admin' and p.deactivated_at is null and lower(p.email collate "C") = address) then
    return address || ' is an admin';
  end if;
  if exists (select from public.profiles p where p.role = 'admin' and p.deactivated_at is null) then
    raise exception 'this helpdesk has an admin already' using errcode = 'HD003',
      hint = 'An admin makes others: helpdesk admin people set ' || address || ' --role admin';
  end if;
  update private.settings set first_admin = address;
  select u.id, u.email_confirmed_at into account from auth.users u
   where lower(u.email collate "C") = address and not u.is_anonymous and u.deleted_at is null
     and not coalesce((to_jsonb(u) ->> 'is_sso_user')::boolean, false);
  if account.email_confirmed_at is not null then
    perform private.welcome_first_admin(account.id);
    return address || ' is an admin now';
  elsif account.id is not null then
    return address || ' will be the admin once the address is confirmed; the account is there, and whoever made it knows '
                      'its password: remove it first if that was not you';
  end if;
  return address || ' will be the admin once signed up, with the address confirmed';
end
$$;

create or replace function private.welcome_first_admin(account uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform from private.settings for no key update;
  if not exists (select from public.profiles p where p.role = 'admin' and p.deactivated_at is null) then
    update public.profiles p set role = 'admin', deactivated_at = null where p.id = account;
  end if;
  update private.settings set first_admin = null;
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Two factors: whether the team has to give a second one. Who owes one has no role, see private.asked().
-- ---------------------------------------------------------------------------------------------------------------

-- Whether a second factor is demanded of staff; for admins.
create or replace function helpdesk.two_factors() returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.as_admin(alone => false);
  return (select f.staff_need_two_factors from private.settings f);
end
$$;

-- Demands it from now on, or no more. Answers what it was before. Whoever demands it has given one: they would shut
-- themselves out.
create or replace function helpdesk.demand_two_factors(demanded boolean) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  before boolean;
begin
  perform private.as_admin(alone => true);
  if demanded is null then
    raise exception 'it is demanded or not' using errcode = 'HD002';
  end if;
  if demanded and coalesce(private.aal(), 'aal1') not in ('aal2', 'aal3') then
    raise exception 'you signed in without a second factor, and would shut yourself out' using errcode = 'HD003',
      hint = 'Add one first: helpdesk factors add';
  end if;
  select f.staff_need_two_factors into before from private.settings f;
  update private.settings set staff_need_two_factors = demanded where staff_need_two_factors <> demanded;
  return before;
end
$$;

-- Somebody's authenticator is lost: the owner takes all their second factors away and ends their sign-ins; they sign in
-- with the password and add another. Answers how many there were.
--   psql -c "select private.forget_factors('ann@example.com')"
create or replace function private.forget_factors(email text) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  address constant text := lower(btrim(forget_factors.email) collate "C");
  account uuid;
  gone integer;
begin
  select u.id into account from auth.users u
   where lower(u.email collate "C") = address and not u.is_anonymous and u.deleted_at is null
     and not coalesce((to_jsonb(u) ->> 'is_sso_user')::boolean, false);
  if account is null then
    raise exception 'there is no account with this address' using errcode = 'HD004';
  end if;
  delete from auth.mfa_factors f where f.user_id = account;
  get diagnostics gone = row_count;
  perform private.end_sessions(account);
  return gone;
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Why somebody sees a ticket, or does not: the predicate itself, asked on behalf of another
-- ---------------------------------------------------------------------------------------------------------------

-- For admins: which clause lets the person with an address see a ticket (its number or id), or what keeps it from them.
-- "reason" is the clause that decides, "clauses" all that hold by what their profile says: requester, admin, own
-- department, assigned. What keeps it from them: deactivated, banned, deleted, two factors missing, not the requester,
-- no department, other department. Where two factors are demanded, the strongest of their running sessions counts.
create or replace function helpdesk.why(email text, ticket text)
returns table (sees boolean, notes boolean, reason text, clauses text[],
               person_id uuid, name text, address text, role text, department text,
               ticket_id uuid, number bigint, ticket_department text, requester text, assignee text)
language plpgsql stable security definer rows 1 set search_path = pg_catalog, pg_temp as $$
declare
  reference constant text := lower(btrim(ticket, E' \t\n#'));
  p public.profiles;
  t public.tickets;
  obstacle text;
  standing record;
  sight text;
begin
  perform private.as_admin(alone => false);
  if reference !~ '^([0-9]{1,18}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$' then
    raise exception '% is not a ticket', quote_literal(left(ticket, 100)) using errcode = 'HD002',
      hint = 'Give its number, such as 1042, or its whole id.';
  end if;
  select a.* into p from public.profiles a where lower(a.email) = lower(btrim(why.email))
   order by a.email = btrim(why.email) desc, a.id limit 1;
  if not found then
    raise exception 'nobody has this address' using errcode = 'HD004', hint = 'It is the one they sign in with.';
  end if;
  if reference ~ '^[0-9]+$' then
    select a.* into t from public.tickets a where a.number = reference::bigint;
  else
    select a.* into t from public.tickets a where a.id = reference::uuid;
  end if;
  if not found then
    raise exception 'there is no such ticket' using errcode = 'HD004';
  end if;

  select private.shut_out(p.deactivated_at, u.banned_until, u.deleted_at) into obstacle from auth.users u where u.id = p.id;
  select w.role, case when w.role = 'agent' then w.person end as agent, w.person, w.department into standing
    from private.standing(p.id, (select max(s.aal::text) from auth.sessions s
                                  where s.user_id = p.id and (s.not_after is null or s.not_after > clock_timestamp()))) w;
  sight := private.sight_of(t.customer_id, t.assignee_id, t.department_id, standing.person, standing.agent,
                            private.reach(standing.role, standing.department));
  clauses := array_remove(array[
    case when private.sight_of(t.customer_id, null, null, p.id, null, null) is not null then 'requester' end,
    case when p.role = 'admin' then 'admin'
         when private.works_on(null, t.department_id, null, private.reach(p.role, p.department_id)) then 'own department' end,
    case when p.role = 'agent' and private.works_on(t.assignee_id, null, p.id, null) then 'assigned' end], null);
  return query
  select sight is not null, coalesce(sight = 'team', false),
         case when sight is not null then clauses[1]
              when obstacle is not null then obstacle
              when standing.role is distinct from p.role then 'two factors missing'
              when p.role = 'customer' then 'not the requester'
              when p.department_id is null then 'no department'
              else 'other department' end,
         clauses, p.id, private.called(p.full_name, p.email, p.role, true), p.email, p.role,
         (select d.name from public.departments d where d.id = p.department_id),
         t.id, t.number, (select d.name from public.departments d where d.id = t.department_id),
         (select private.called(r.full_name, r.email, r.role, true) from public.profiles r where r.id = t.customer_id),
         (select private.called(a.full_name, a.email, a.role, true) from public.profiles a where a.id = t.assignee_id);
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Queries: what the filter language looks up. docs/queries.md
-- ---------------------------------------------------------------------------------------------------------------

-- Whom "from:" names, of those whose tickets the person works on, and the person: by a whole address, by a domain ("@"
-- and what follows it), by a part of the name, or by what stands before the @. A name that is nobody's and one that is
-- somebody else's requester's find the same: nobody.
create or replace function helpdesk.requesters(wanted text[]) returns table (id uuid)
language plpgsql stable strict security definer rows 20
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  who constant record := private.asking();
  addresses constant text[] := array(select lower(w) from unnest(wanted) w where w like '_%@%');
  patterns constant text[] := array(select regexp_replace(w, '([%_\\])', '\\\1', 'g') from unnest(wanted) w
                                     where w not like '_%@%');
begin
  if who.role is null then
    return;
  end if;
  if who.departments is null then
    -- They have no requesters but themselves. Nobody else is looked at: by how long that takes it would be told who is here.
    return query
    select p.id from (select a.* from public.profiles a where a.id = who.person offset 0) p
     where lower(p.email) = any(addresses)
        or exists (select from unnest(patterns) d
                    where case when d like '@%' then p.email ilike '%' || d
                               else p.full_name ilike '%' || d || '%' or p.email ilike d || '@%' end);
    return;
  end if;
  return query
  select p.id from (
           select a.id from public.profiles a where lower(a.email) = any(addresses)
           union
           select n.id from (select d from unnest(patterns) d where d like '@%') x
             join public.profiles n on n.email ilike '%' || x.d
           union
           select n.id from (select d from unnest(patterns) d where d not like '@%') x
             join public.profiles n on n.full_name ilike '%' || x.d || '%' or n.email ilike x.d || '@%') p
   where p.id = who.person
      or exists (select from public.tickets t where t.customer_id = p.id
                  and private.works_on(t.assignee_id, t.department_id, who.agent, who.departments));
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Since I left
-- ---------------------------------------------------------------------------------------------------------------

-- Says that somebody of the team is here, with ``begins`` that a session of theirs begins, and answers when they were last
-- here before it; null for the first time, and for whoever is not of the team.
create or replace function helpdesk.here(begins boolean) returns timestamptz
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '1s' as $$
declare
  who constant record := private.asking();
  before timestamptz;
begin
  if who.role is null or who.role = 'customer' then
    return null;
  end if;
  insert into private.last_here as l (person_id, here_at) values (who.person, clock_timestamp())
  on conflict (person_id) do update
     set here_at = excluded.here_at,
         -- Opened again at once, or sent twice, it is the same session.
         left_at = case when begins and l.here_at < excluded.here_at - interval '2 minutes' then l.here_at
                        else l.left_at end
  returning l.left_at into before;
  return before;
end
$$;

-- What became of a person's tickets since a moment, by somebody else, a line a ticket, the latest first: what came into
-- their department, who wrote in what is assigned to them, what was given to them or taken from them, what of theirs
-- somebody resolved, where they were mentioned. Of tickets that they see now. "what" has one entry a kind: the kind, how
-- often, and who it was last.
create or replace function helpdesk.since(moment timestamptz, most integer)
returns table (id uuid, number bigint, title text, at timestamptz, what jsonb)
language plpgsql stable security definer rows 50 set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
  many constant integer := least(most, 500);
begin
  if most < 0 then
    perform private.refuse_negative(most);
  end if;
  if who.role is null or who.role = 'customer' or moment is null then
    return;
  end if;
  return query
  with mine as materialized (
    select t.id from public.tickets t where t.assignee_id = who.person and t.is_open
     order by t.updated_at desc, t.id desc limit 500
  ),
  happened as (
    (select t.id, 'new' as kind, coalesce(private.writer_of(t.id), t.customer_id) as actor, t.created_at as at
       from public.tickets t
      where t.is_open and t.department_id = who.department and t.created_at > moment
      order by t.created_at desc, t.id desc limit many)
    union all
    (select m.ticket_id, case when m.is_internal then 'note' else 'reply' end, m.sender_id, m.created_at
       from mine cross join lateral (
         select x.ticket_id, x.is_internal, x.sender_id, x.created_at from public.ticket_messages x
          where x.ticket_id = mine.id and x.created_at > moment
          order by x.created_at desc, x.id desc limit 20) m)
    union all
    (select e.ticket_id, 'given', e.actor_id, e.created_at from public.ticket_events e
      where e.kind = 'assignee' and e.new_value = who.person::text and e.created_at > moment
      order by e.created_at desc limit many)
    union all
    (select e.ticket_id, 'taken', e.actor_id, e.created_at from public.ticket_events e
      where e.kind = 'assignee' and e.old_value = who.person::text and e.created_at > moment
      order by e.created_at desc limit many)
    union all
    (select t.id, 'resolved', h.changed_by, t.resolved_at
       from (select x.* from public.tickets x
              where x.assignee_id = who.person and not x.is_open and x.updated_at > moment
              order by x.updated_at desc, x.id desc limit many) t
      cross join lateral (
        select s.changed_by from public.ticket_status_history s
         where s.ticket_id = t.id and s.status in ('resolved', 'closed') order by s.created_at desc, s.id limit 1) h
      where t.resolved_at > moment)
    union all
    (select n.ticket_id, 'mention', null, n.updated_at from public.notifications n
      where n.user_id = who.person and n.updated_at > moment and n.ticket_id is not null and n.kinds ? 'mention'
      order by n.updated_at desc, n.id desc limit many)
  ),
  kinds as (
    select h.id, h.kind, count(*) as times, max(h.at) as at, (array_agg(h.actor order by h.at desc))[1] as actor
      from happened h where h.actor is distinct from who.person group by h.id, h.kind
  )
  select t.id, t.number, t.title, l.at, l.what
    from (select k.id, max(k.at) as at,
                 jsonb_agg(jsonb_build_array(k.kind, k.times, (
                   select private.called(p.full_name, p.email, p.role, true) from public.profiles p where p.id = k.actor))
                   order by k.at desc) as what
            from kinds k group by k.id) l
    join public.tickets t on t.id = l.id
   where t.customer_id <> who.person
     and private.works_on(t.assignee_id, t.department_id, who.agent, who.departments)
   order by l.at desc, t.id limit many;
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Routing: who is given what comes in, and who is away. docs/routing.md
-- ---------------------------------------------------------------------------------------------------------------

-- Whether somebody is away at this moment.
create or replace function private.is_away(person uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select exists (select from private.away a
                  where a.person_id = person and (a.until is null or a.until > clock_timestamp()))
$$;

-- Gives out what waits in a department, the most urgent first and of those the oldest, and answers how much that was.
-- To its agents who are not away and hold less than they may: in turn ('round robin'), or to whoever holds least, those
-- whose turn is next first. One after the other: whoever has to wait for longer than others' commits take gives nothing.
create or replace function private.route(department uuid) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp set lock_timeout = '900ms' as $$
declare
  most constant integer := 100;
  how record;
  last uuid;
  tickets uuid[];
  agents uuid[];
  given integer := 0;
begin
  select r.mode, r.capacity into how from private.routing r
   where r.department_id = route.department and r.mode <> 'manual';
  if not found then
    return 0;
  end if;
  select w.last_id into last from private.routing_turns w where w.department_id = route.department for no key update;
  if not found then
    insert into private.routing_turns (department_id) values (route.department) on conflict do nothing;
    select w.last_id into last from private.routing_turns w where w.department_id = route.department for no key update;
  end if;
  while exists (select from private.routing_queue q where q.department_id = route.department) loop
    with pool as materialized (
      -- Held until the end, as whoever assigns holds them. One who is being changed at this moment is passed over.
      select p.id from public.profiles p join auth.users u on u.id = p.id
       where p.role = 'agent' and p.department_id = route.department
         and private.shut_out(p.deactivated_at, u.banned_until, u.deleted_at) is null
         and not exists (select from private.away a
                          where a.person_id = p.id and (a.until is null or a.until > clock_timestamp()))
         for share of p skip locked
    ),
    loads as materialized (
      select p.id, row_number() over (order by p.id <= last, p.id) as turn, h.holds,
             least(coalesce(c.capacity, how.capacity) - h.holds, most) as room
        from pool p left join private.capacities c on c.person_id = p.id
       cross join lateral (
         select count(*)::integer as holds
           from (select from public.tickets t where t.assignee_id = p.id and t.is_open limit 10001) n) h
    ),
    places as materialized (
      select row_number() over (order by s.level, s.turn) as place, s.id
        from (select l.id, l.turn, case how.mode when 'least loaded' then l.holds + k else k end as level
                from loads l cross join generate_series(1, coalesce(l.room, most)) k order by 3, 2 limit most) s
    ),
    next as materialized (
      select q.ticket_id, q.priority_rank, q.created_at
        from private.routing_queue q join public.tickets t on t.id = q.ticket_id
       where q.department_id = route.department and t.department_id = route.department and t.is_open
         and t.assignee_id is null
       order by q.priority_rank desc, q.created_at, q.ticket_id limit (select count(*) from places)
         for no key update of t skip locked
    )
    select array_agg(n.ticket_id order by n.place), array_agg(p.id order by n.place) into tickets, agents
      from (select x.ticket_id, row_number() over (order by x.priority_rank desc, x.created_at, x.ticket_id) as place
              from next x) n join places p on p.place = n.place;
    exit when tickets is null;
    insert into private.routing_now select unnest(tickets);
    update public.tickets t set assignee_id = g.agent
      from unnest(tickets, agents) as g(ticket, agent) where t.id = g.ticket;
    delete from private.routing_now n where n.ticket_id = any(tickets);
    last := agents[cardinality(agents)];
    given := given + cardinality(tickets);
    exit when cardinality(tickets) < most or given >= 20 * most;
  end loop;
  if given > 0 then
    update private.routing_turns w set last_id = last where w.department_id = route.department;
  end if;
  return given;
end
$$;

-- The same for the departments of whoever asks, or all of an admin's or the owner's job: for those who became free by
-- the clock alone, and for what somebody's open transaction kept from being given out. Answers how much that was.
create or replace function helpdesk.route() returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
  everywhere constant boolean := coalesce(who.role = 'admin', false) or private.is_background();
  given integer := 0;
  waiting uuid;
begin
  for waiting in
    select r.department_id from private.routing r
     where r.mode <> 'manual' and (everywhere or r.department_id = any(who.departments))
       and exists (select from private.routing_queue q where q.department_id = r.department_id)
     order by r.department_id
  loop
    begin
      given := given + private.route(waiting);
    exception when lock_not_available or deadlock_detected then
      null;
    end;
  end loop;
  return given;
end
$$;

-- Who of the team is away, and until when; told to the team alone.
create or replace function helpdesk.away()
returns table (person uuid, since timestamptz, until timestamptz, note text)
language plpgsql stable security definer rows 5 set search_path = pg_catalog, pg_temp as $$
begin
  if private.is_staff() then
    return query
    select a.person_id, a.since, a.until, a.note
      from private.away a join public.profiles p on p.id = a.person_id
     where p.role <> 'customer' and p.deactivated_at is null and (a.until is null or a.until > clock_timestamp());
  end if;
end
$$;

-- Of whom an absence is that may be set by whoever asks; null names themselves.
create or replace function private.whose_absence(person uuid) returns uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
begin
  if who.role is null or who.role = 'customer' then
    raise exception 'only agents and admins are away' using errcode = 'HD003';
  elsif whose_absence.person is distinct from who.person and whose_absence.person is not null then
    if who.role <> 'admin' then
      raise exception 'whoever is away says so themselves' using errcode = 'HD003', hint = 'Or ask an admin.';
    elsif not exists (select from public.profiles p
                       where p.id = whose_absence.person and p.role <> 'customer' and p.deactivated_at is null) then
      raise exception 'there is no such person on the team' using errcode = 'HD004';
    end if;
  end if;
  return coalesce(whose_absence.person, who.person);
end
$$;

-- Somebody of the team is away until a moment, or, with none, until they are back: oneself, or for an admin anybody.
create or replace function helpdesk.set_away(person uuid, until timestamptz, note text) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  whose constant uuid := private.whose_absence(person);
begin
  if set_away.until <= clock_timestamp() then
    raise exception 'that is over already' using errcode = 'HD002', hint = 'Say a moment that is still to come.';
  elsif not private.is_plain_moment(set_away.until) then
    raise exception 'that is no time to be back' using errcode = 'HD002', hint = 'Leave it out to be away until you are back.';
  elsif char_length(btrim(set_away.note)) > 200 then
    raise exception 'a note on being away may have 200 characters at most' using errcode = 'HD002';
  end if;
  insert into private.away as a (person_id, until, note)
  values (whose, set_away.until, case when set_away.note ~ '\S' then btrim(set_away.note) end)
  on conflict (person_id) do update
     set until = excluded.until, note = excluded.note,
         since = case when a.until is null or a.until > clock_timestamp() then a.since else excluded.since end;
  perform private.announce_structure();
end
$$;

-- They are back, and are given what waits for somebody.
create or replace function helpdesk.set_back(person uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  whose constant uuid := private.whose_absence(person);
begin
  delete from private.away a where a.person_id = whose;
  if found then
    perform private.announce_structure();
    insert into private.routing_asked (department_id)
    select p.department_id from public.profiles p join private.routing r on r.department_id = p.department_id
     where p.id = whose and p.role = 'agent' and r.mode <> 'manual';
  end if;
end
$$;

-- How many open tickets and running chats somebody of the team would hand over, and whether their department gives
-- tickets out by itself.
create or replace function helpdesk.my_load() returns table (tickets integer, chats integer, routed boolean)
language plpgsql stable security definer rows 1 set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
begin
  if who.role is null or who.role = 'customer' then
    return;
  end if;
  return query
  select (select count(*)::integer from public.tickets t where t.assignee_id = who.person and t.is_open),
         (select count(*)::integer from public.chat_sessions s where s.agent_id = who.person and s.status = 'active'),
         exists (select from private.routing r where r.department_id = who.department and r.mode <> 'manual');
end
$$;

-- Away, and what one holds handed over, as one act that undo_act() takes back: to 'person' (the heir), to the 'next' to
-- whom routing gives it, or to the 'queue', where it is nobody's. Answers {"tickets": [numbers], "chats": how many,
-- "kept": how many tickets and chats could not be handed over, "act"}; without an act where there was nothing to hand over.
create or replace function helpdesk.leave(act uuid, until timestamptz, note text, handing text, heir uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  who constant record := private.acting();
  answer jsonb := private.act_answer(act, 'away');
  told jsonb;
  was constant jsonb := (select to_jsonb(a) - 'person_id' from private.away a where a.person_id = who.person);
  words text;
  given uuid[];
  held jsonb := jsonb '[]';
  chat uuid;
  chats jsonb := jsonb '[]';
  kept integer := 0;
begin
  if answer is not null then
    return answer;
  end if;
  if handing is null or handing not in ('person', 'next', 'queue') or (handing = 'person') <> (heir is not null)
     or heir = who.person then
    raise exception 'what you hold is handed to a colleague, to whoever is next, or to nobody' using errcode = 'HD002';
  elsif handing = 'next' and not exists (
    select from private.routing r where r.department_id = who.department and r.mode <> 'manual') then
    raise exception 'your department gives no tickets out by itself' using errcode = 'HD002',
      hint = 'Hand them to a colleague, or to the queue.';
  end if;
  perform helpdesk.set_away(null, until, note);
  -- The same sent twice at the same moment: the second one waited for the first one's absence, and that is done by now.
  answer := private.act_answer(act, 'away');
  if answer is not null then
    return answer;
  end if;
  words := case when handing = 'person'
                then 'away, to ' || coalesce((select private.called(p.full_name, p.email, p.role, true)
                                                from public.profiles p where p.id = heir), '?')
                else 'away, to ' || case handing when 'next' then 'whoever is next' else 'the queue' end end;
  select coalesce(array_agg(a.id) filter (where a.done), '{}'), (count(*) filter (where not a.done))::integer
    into given, kept
    from helpdesk.act(act, array(select t.id from public.tickets t where t.assignee_id = who.person and t.is_open
                                  order by t.id limit 10000),
                      jsonb_build_object('assignee', heir), words) a;
  if handing = 'next' then
    -- As if they had come in again.
    insert into private.routing_queue (ticket_id, department_id, priority_rank, created_at)
    select t.id, t.department_id, t.priority_rank, t.created_at
      from public.tickets t join private.routing r on r.department_id = t.department_id and r.mode <> 'manual'
     where t.id = any(given) and t.is_open and t.assignee_id is null
    on conflict do nothing;
    insert into private.routing_asked (department_id)
    select distinct t.department_id from public.tickets t where t.id = any(given) order by 1;
  end if;
  for chat in select s.id from public.chat_sessions s where s.agent_id = who.person and s.status = 'active' order by s.id loop
    begin
      perform helpdesk.chat_transfer(chat, heir, null);
      chats := chats || to_jsonb(chat);
    exception when sqlstate 'HD002' or sqlstate 'HD003' or sqlstate 'HD004' or lock_not_available then
      kept := kept + 1;
    end;
  end loop;
  select a.before into held from private.ticket_acts a where a.id = act;
  if held = '[]' and chats = '[]' then
    delete from private.ticket_acts a where a.id = act;
    return jsonb_build_object('act', null, 'tickets', '[]'::jsonb, 'chats', 0, 'kept', kept);
  end if;
  told := jsonb_build_object(
    'act', act, 'chats', jsonb_array_length(chats), 'kept', kept,
    'tickets', (select coalesce(jsonb_agg(b -> 'number'), '[]') from jsonb_array_elements(held) b));
  update private.ticket_acts a
     set kind = 'away', answer = told,
         -- The absence before this one and the chats stand behind the tickets, without a ticket's id.
         before = held || jsonb_build_object('away', was, 'chats', chats)
   where a.id = leave.act;
  return told;
end
$$;

-- Takes that back: the tickets as any change, the chats that nobody has taken or answered since, and the absence.
create or replace function private.undo_away(was private.ticket_acts, force boolean) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  me constant uuid := private.uid();
  more constant jsonb := was.before -> -1;
  back jsonb := jsonb '{"undone": [], "changed": [], "refused": [], "before": []}';
  chat uuid;
begin
  was.before := was.before - -1;
  if was.before <> '[]' then
    back := private.undo_change(was, force);
  end if;
  for chat in select c::uuid from jsonb_array_elements_text(more -> 'chats') c loop
    begin
      perform helpdesk.chat_transfer(chat, me, null);
    exception when sqlstate 'HD002' or sqlstate 'HD003' or sqlstate 'HD004' or lock_not_available then
      back := jsonb_set(back, '{refused}', (back -> 'refused')
                        || jsonb_build_object('number', null, 'why', 'somebody else has the chat by now'));
    end;
  end loop;
  if more -> 'away' = 'null' then
    perform helpdesk.set_back(null);
  else
    insert into private.away as a (person_id, since, until, note)
    values (me, (more #>> '{away,since}')::timestamptz, (more #>> '{away,until}')::timestamptz, more #>> '{away,note}')
    on conflict (person_id) do update set since = excluded.since, until = excluded.until, note = excluded.note;
    perform private.announce_structure();
  end if;
  return back;
end
$$;

-- How a department gives its tickets out: an admin's to say. By hand, what waits to be given out waits for anybody.
create or replace function helpdesk.set_routing(department uuid, mode text, capacity integer) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
begin
  perform private.as_admin(alone => false);
  if set_routing.mode is null or set_routing.mode not in ('manual', 'round robin', 'least loaded') then
    raise exception 'tickets are not given out by %', coalesce(quote_literal(set_routing.mode), 'null')
      using errcode = 'HD002', hint = 'It is one of: manual, round robin, least loaded.';
  elsif set_routing.capacity not between 1 and 10000 then
    raise exception 'a capacity is a number from 1 to 10,000, or none' using errcode = 'HD002';
  elsif not exists (select from public.departments d where d.id = set_routing.department) then
    raise exception 'there is no such department' using errcode = 'HD004';
  end if;
  insert into private.routing as r (department_id, mode, capacity)
  values (set_routing.department, set_routing.mode, set_routing.capacity)
  on conflict (department_id) do update set mode = excluded.mode, capacity = excluded.capacity
     where (r.mode, r.capacity) is distinct from (excluded.mode, excluded.capacity);
  if set_routing.mode = 'manual' then
    delete from private.routing_queue q where q.department_id = set_routing.department;
  else
    insert into private.routing_asked (department_id) values (set_routing.department);
  end if;
end
$$;

-- How many open tickets an agent holds before routing passes them over: an admin's to say. Null: as their department.
create or replace function helpdesk.set_capacity(person uuid, capacity integer) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
begin
  perform private.as_admin(alone => false);
  if set_capacity.capacity not between 0 and 10000 then
    raise exception 'an agent''s capacity is a number from 0 to 10,000, or the department''s' using errcode = 'HD002';
  elsif not exists (select from public.profiles p where p.id = set_capacity.person and p.role <> 'customer') then
    raise exception 'there is no such person on the team' using errcode = 'HD004';
  elsif set_capacity.capacity is null then
    delete from private.capacities c where c.person_id = set_capacity.person;
  else
    insert into private.capacities as c (person_id, capacity) values (set_capacity.person, set_capacity.capacity)
    on conflict (person_id) do update set capacity = excluded.capacity where c.capacity <> excluded.capacity;
  end if;
  insert into private.routing_asked (department_id)
  select p.department_id from public.profiles p join private.routing r on r.department_id = p.department_id
   where p.id = set_capacity.person and p.role = 'agent' and r.mode <> 'manual';
end
$$;

-- How every department gives its tickets out, for an admin: how many wait to be given out, and how many agents there are
-- and are away.
create or replace function helpdesk.routing()
returns table (department uuid, name text, mode text, capacity integer, waiting integer, agents integer, away integer)
language plpgsql stable security definer rows 20 set search_path = pg_catalog, pg_temp as $$
begin
  perform private.as_admin(alone => false);
  return query
  select d.id, d.name, coalesce(r.mode, 'manual'), r.capacity,
         (select count(*)::integer from private.routing_queue q where q.department_id = d.id),
         count(p.id)::integer, (count(p.id) filter (where private.is_away(p.id)))::integer
    from public.departments d left join private.routing r on r.department_id = d.id
    left join public.profiles p on p.department_id = d.id and p.role = 'agent' and p.deactivated_at is null
   group by d.id, r.department_id order by lower(d.name), d.id;
end
$$;

-- The agents of a department as routing sees them, in the order of their turns, for an admin: what they hold, their own
-- capacity and the one that counts.
create or replace function helpdesk.routing_agents(department uuid)
returns table (person uuid, name text, email text, holds integer, own integer, capacity integer, away boolean,
               until timestamptz, note text)
language plpgsql stable security definer rows 20 set search_path = pg_catalog, pg_temp as $$
declare
  last constant uuid := (select w.last_id from private.routing_turns w where w.department_id = routing_agents.department);
begin
  perform private.as_admin(alone => false);
  return query
  select p.id, private.called(p.full_name, p.email, p.role, true), p.email,
         (select count(*)::integer from public.tickets t where t.assignee_id = p.id and t.is_open),
         c.capacity, coalesce(c.capacity, r.capacity), a.person_id is not null, a.until, a.note
    from public.profiles p left join private.capacities c on c.person_id = p.id
    left join private.routing r on r.department_id = p.department_id
    left join private.away a on a.person_id = p.id and (a.until is null or a.until > clock_timestamp())
   where p.department_id = routing_agents.department and p.role = 'agent' and p.deactivated_at is null
   order by p.id <= last, p.id;
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Custom fields: set up by admins, filled in by the team
-- ---------------------------------------------------------------------------------------------------------------

-- The fields that are set up, in their order; for the team.
create or replace function helpdesk.fields()
returns table (key text, label text, type text, choices text[], categories uuid[], "position" integer, active boolean)
language plpgsql stable security definer rows 20 set search_path = pg_catalog, pg_temp as $$
begin
  if not private.is_staff() then
    return;
  end if;
  return query
  select f.key, f.label, f.type, f.choices, f.categories, f.position, f.active
    from private.fields f order by f.position, f.key;
end
$$;

-- Sets a field up, or changes it: {"label", "type", "choices": [text], "categories": [uuid], "position", "active"}, what is
-- not given stays. The type of a field stays what it was: another one is another field.
create or replace function helpdesk.set_field(key text, change jsonb) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  was private.fields;
  put private.fields;
begin
  perform private.as_admin(alone => false);
  if jsonb_typeof(change) is distinct from 'object' then
    raise exception 'this is no change of a field' using errcode = 'HD002';
  end if;
  if key is null or key !~ '^[a-z][a-z0-9_]{0,39}$' then
    raise exception 'a field''s key is a word of small letters, digits and _' using errcode = 'HD002';
  end if;
  -- What imports and chats write there, and what the query language calls its own.
  if key in ('import', 'chat', 'messages', 'subject', 'status', 'priority', 'assignee', 'department', 'category', 'tag',
             'updated', 'created', 'due', 'waiting', 'from', 'snoozed', 'is', 'has', 'number', 'sla', 'or', 'not') then
    raise exception 'the key % means something already', quote_literal(key) using errcode = 'HD002',
      hint = 'Take another one, such as ' || key || '_field.';
  end if;
  select f.* into was from private.fields f where f.key = set_field.key for update;
  if was.key is null then
    put := jsonb_populate_record(
      (set_field.key, set_field.key, 'text', '{}', '{}',
       (select coalesce(max(f.position), 0) + 1 from private.fields f), true)::private.fields,
      jsonb_strip_nulls(change) - 'key');
  else
    put := jsonb_populate_record(was, jsonb_strip_nulls(change) - 'key');
    if put.type <> was.type then
      raise exception 'the type of a field stays' using errcode = 'HD002',
        hint = 'Put this one out of use, and set up another one.';
    end if;
  end if;
  put.label := btrim(put.label);
  if put.type not in ('text', 'number', 'date', 'choice', 'yes/no') then
    raise exception 'there is no type %', quote_literal(put.type) using errcode = 'HD002',
      hint = 'It is one of: text, number, date, choice, yes/no.';
  elsif (put.type = 'choice') <> (coalesce(cardinality(put.choices), 0) > 0) then
    raise exception 'a field of the type choice has choices, and no other has' using errcode = 'HD002';
  elsif exists (select from unnest(put.choices) c where c is null or c !~ '\S' or char_length(c) > 100)
        or (select count(distinct lower(c)) from unnest(put.choices) c) <> cardinality(put.choices) then
    raise exception 'choices are different words of 100 characters at most' using errcode = 'HD002';
  elsif exists (select from unnest(put.categories) c where not exists (select from public.categories k where k.id = c)) then
    raise exception 'there is no such category' using errcode = 'HD004';
  elsif put.label !~ '\S' or char_length(put.label) > 60 then
    raise exception 'a label has 60 characters at most, and some' using errcode = 'HD002';
  end if;
  insert into private.fields as f select (put).*
  on conflict on constraint fields_pkey do update
     set label = excluded.label, choices = excluded.choices, categories = excluded.categories,
         position = excluded.position, active = excluded.active;
  perform private.announce_structure();
exception when invalid_text_representation or numeric_value_out_of_range then
  raise exception 'this is no change of a field' using errcode = 'HD002';
end
$$;

-- For filters: the tickets whose team the person is and whose metadata hold, under a key, what compares so to a value:
-- ':' is as text, whatever the case; 'any' anything at all. The requester is told of none of it, nor by what is not found.
create or replace function helpdesk.with_field(key text, sign text, value text, as_number boolean) returns setof uuid
language plpgsql stable security definer rows 1000 set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
  shape constant text := '^-?[0-9]{1,30}([.][0-9]{1,30})?$';
  bound constant numeric := case when as_number and value ~ shape then value::numeric end;
  everybody constant boolean := private.is_background();
  -- What the index has of whatever may fit; a number is written in more ways than one.
  term constant text := left(key, 100) || case when sign = ':' and not as_number then '=' || left(lower(value), 100) else '' end;
begin
  if not everybody and (who.role is null or who.role = 'customer') then
    return;
  end if;
  return query
  select t.id
    from public.tickets t
   where t.metadata <> '{}' and private.field_terms(t.metadata) @> array[term]
     and (everybody or t.customer_id <> who.person
                       and private.works_on(t.assignee_id, t.department_id, who.agent, who.departments))
     and t.metadata ->> with_field.key is not null
     and case
           when sign = 'any' then true
           when as_number then case when t.metadata ->> with_field.key ~ shape then
             case sign when ':' then (t.metadata ->> with_field.key)::numeric = bound
                       when '<' then (t.metadata ->> with_field.key)::numeric < bound
                       when '<=' then (t.metadata ->> with_field.key)::numeric <= bound
                       when '>' then (t.metadata ->> with_field.key)::numeric > bound
                       when '>=' then (t.metadata ->> with_field.key)::numeric >= bound end end
           when sign = ':' then lower(t.metadata ->> with_field.key) = lower(value)
           -- Days are written so that they compare as text does, byte by byte.
           when sign = '<' then t.metadata ->> with_field.key < value collate "C"
           when sign = '<=' then t.metadata ->> with_field.key <= value collate "C"
           when sign = '>' then t.metadata ->> with_field.key > value collate "C"
           when sign = '>=' then t.metadata ->> with_field.key >= value collate "C" end;
end
$$;

-- The metadata of those of some tickets whose team the person is.
create or replace function helpdesk.metadata_of(ids uuid[]) returns table (id uuid, metadata jsonb)
language plpgsql stable security definer rows 100 set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
begin
  return query
  select t.id, t.metadata from public.tickets t
   where t.id = any(ids) and jsonb_typeof(t.metadata) = 'object' and t.customer_id <> who.person
     and private.works_on(t.assignee_id, t.department_id, who.agent, who.departments);
end
$$;

-- What a field held, for people.
create or replace function private.field_words(field_type text, value text) returns text
language sql immutable parallel safe
return case when field_type = 'yes/no' then case value when 'true' then 'yes' when 'false' then 'no' else value end
            else value end;

-- What the fields of a ticket hold, as [[key, label, type, value], ...] in their order; null for nothing.
create or replace function private.fields_of(ticket_metadata jsonb) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select jsonb_agg(jsonb_build_array(f.key, f.label, f.type, ticket_metadata -> f.key) order by f.position, f.key)
    from private.fields f where f.active and ticket_metadata ? f.key
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Relations: followers, links, tickets merged and split. Whoever does these works on every ticket they are about; of the
-- other end of a link nobody is told who does not.
-- ---------------------------------------------------------------------------------------------------------------

-- Those of some tickets whose team the person is, locked in one order.
create or replace function private.take_tickets(ids uuid[]) returns setof public.tickets
language plpgsql volatile security definer rows 10 set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
begin
  if who.role is null or who.role = 'customer' then
    raise exception 'only agents and admins do this' using errcode = 'HD003';
  end if;
  return query
  select t.* from public.tickets t
   where t.id = any(ids) and t.customer_id <> who.person
     and private.works_on(t.assignee_id, t.department_id, who.agent, who.departments)
   order by t.id for no key update of t;
end
$$;

-- The same for one; its absence is an error.
create or replace function private.take_ticket(ticket uuid) returns public.tickets
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  found_one public.tickets;
begin
  select t.* into found_one from private.take_tickets(array[ticket]) t;
  if not found then
    raise exception 'there is no such ticket' using errcode = 'HD004';
  end if;
  return found_one;
end
$$;

-- Tells the team of tickets, and not the requester, that something about them changed.
create or replace function private.tell_team(ids uuid[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.announce(array(
    select (t.id, t.customer_id, t.assignee_id, t.department_id)::private.touched
      from public.tickets t where t.id = any(ids)), false);
end
$$;

-- Those of some tickets whose team the person is, to follow them. No lock on them: the requester of one would keep others
-- from following the rest.
create or replace function private.to_follow(ids uuid[]) returns uuid[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
begin
  if who.role is null or who.role = 'customer' then
    raise exception 'only agents and admins do this' using errcode = 'HD003';
  end if;
  return array(select t.id from public.tickets t
                where t.id = any(ids) and t.customer_id <> who.person
                  and private.works_on(t.assignee_id, t.department_id, who.agent, who.departments));
end
$$;

-- Follows tickets, or follows them no more.
drop function if exists helpdesk.follow(uuid[], boolean);  -- those of an older release were no acts
create or replace function helpdesk.follow(act uuid, ids uuid[], following boolean)
returns table (id uuid, done boolean, why text)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  me constant uuid := private.uid();
  answer jsonb := private.act_answer(act, 'follow');
  mine uuid[];
  changed uuid[];
begin
  if answer is null then
    mine := private.to_follow(ids);
    -- The same sent twice at the same moment: the second one waits here until the first is done.
    insert into private.ticket_acts (id, actor_id, kind, words, before, answer)
    values (act, me, 'follow', '', '[]', 'null') on conflict on constraint ticket_acts_pkey do nothing;
    answer := private.act_answer(act, 'follow');
  end if;
  if answer is null then
    if following then
      with put as (
        insert into private.followers (ticket_id, person) select m, me from unnest(mine) m
        on conflict do nothing returning ticket_id)
      select array_agg(p.ticket_id) into changed from put p;
    else
      -- Whoever has lost sight of a ticket may stop following it all the same.
      with gone as (
        delete from private.followers f where f.person = me and f.ticket_id = any(ids) returning f.ticket_id)
      select array_agg(g.ticket_id) into changed from gone g;
    end if;
    select coalesce(jsonb_agg(jsonb_build_array(a.id, a.id = any(mine), case
             when not a.id = any(mine) then 'there is no such ticket' end)), '[]') into answer
      from (select distinct u as id from unnest(ids) u where u is not null) a;
    perform private.keep_ticket_act(act, 'follow',
      (select case when following then 'following ' else 'no longer following ' end
              || case when count(*) = 1 then '#' || min(t.number) else count(*) || ' tickets' end
         from public.tickets t where t.id = any(mine)),
      (select jsonb_agg(jsonb_build_object('id', t.id, 'number', t.number, 'followed', not following) order by t.number)
         from public.tickets t where t.id = any(mine) and t.id = any(changed)), answer);
  end if;
  return query select (a ->> 0)::uuid, (a ->> 1)::boolean, a ->> 2 from jsonb_array_elements(answer) a;
end
$$;

-- For helpdesk.undo_act(): tickets are followed again, or no more.
create or replace function private.undo_follow(before jsonb) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  me constant uuid := private.uid();
  mine constant uuid[] := private.to_follow(array(select (b ->> 'id')::uuid from jsonb_array_elements(before) b));
begin
  delete from private.followers f
   using jsonb_array_elements(before) b
   where f.person = me and f.ticket_id = (b ->> 'id')::uuid and not (b -> 'followed')::boolean;
  insert into private.followers (ticket_id, person)
  select m, me from jsonb_array_elements(before) b join unnest(mine) m on m = (b ->> 'id')::uuid
   where (b -> 'followed')::boolean
  on conflict do nothing;
  return (
    select jsonb_build_object(
             'undone', coalesce(jsonb_agg(b -> 'number') filter (where good), '[]'), 'changed', jsonb '[]',
             'refused', coalesce(jsonb_agg(jsonb_build_object(
               'number', b -> 'number', 'why', 'there is no such ticket')) filter (where not good), '[]'),
             'before', coalesce(jsonb_agg(b || jsonb_build_object('followed', not (b -> 'followed')::boolean))
                                filter (where good), '[]'))
      from (select e as b, (e ->> 'id')::uuid = any(mine) or not (e -> 'followed')::boolean as good
              from jsonb_array_elements(before) e) x);
end
$$;

-- The link that is between two tickets, either way, as its row; an empty object for none.
create or replace function private.link_between(ticket uuid, other uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce((select to_jsonb(l) from private.links l
                    where (l.ticket_id, l.other_id) in ((ticket, other), (other, ticket))), '{}')
$$;

-- Puts another link between two tickets that are locked, or none, and answers what keeping it as an act needs: the link
-- as it was, and what it was left as.
create or replace function private.put_link(ticket uuid, other uuid, wanted jsonb) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  was constant jsonb := private.link_between(ticket, other);
begin
  delete from private.links l where (l.ticket_id, l.other_id) in ((ticket, other), (other, ticket));
  insert into private.links (ticket_id, other_id, kind, made_by, made_at)
  select l.ticket_id, l.other_id, l.kind,
         -- An undoing puts back who made it, as long as they are there.
         (select p.id from public.profiles p where p.id = l.made_by), l.made_at
    from jsonb_populate_record(null::private.links, wanted) l where wanted <> '{}';
  perform private.tell_team(array[ticket, other]);
  return (select jsonb_build_array(jsonb_build_object(
            'id', t.id, 'number', t.number, 'other', other, 'link', was, 'left', wanted))
            from public.tickets t where t.id = ticket);
end
$$;

-- Links a ticket to another: it is "duplicate of", "caused by" or "related to" it. A link that is between them already,
-- either way, is another one then. Answers whether that is anything new.
drop function if exists helpdesk.link(uuid, text, uuid);
create or replace function helpdesk.link(act uuid, ticket uuid, kind text, other uuid) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  answer jsonb := private.act_answer(act, 'link');
  before jsonb;
begin
  if answer is not null then
    return answer::boolean;
  elsif link.kind is null or link.kind not in ('duplicate of', 'caused by', 'related to', 'split from') then
    raise exception 'there is no link %', coalesce(quote_literal(link.kind), 'null') using errcode = 'HD002',
      hint = 'It is one of: duplicate of, caused by, related to, split from.';
  elsif ticket = other then
    raise exception 'a ticket is not linked to itself' using errcode = 'HD002';
  elsif (select count(*) from private.take_tickets(array[ticket, other])) < 2 then
    raise exception 'there is no such ticket' using errcode = 'HD004';
  end if;
  -- The same sent twice at the same moment: the first one is done by now.
  answer := private.act_answer(act, 'link');
  if answer is null then
    answer := to_jsonb(private.link_between(ticket, other) - array['made_by', 'made_at']
                       <> jsonb_build_object('ticket_id', ticket, 'other_id', other, 'kind', link.kind));
    if answer::boolean then
      before := private.put_link(ticket, other, jsonb_build_object(
        'ticket_id', ticket, 'other_id', other, 'kind', link.kind, 'made_by', private.uid(), 'made_at', clock_timestamp()));
    end if;
    perform private.keep_ticket_act(act, 'link', private.linked_words(ticket, link.kind, other), before, answer);
  end if;
  return answer::boolean;
end
$$;

-- Such as "#7 is caused by #12". For those who see both.
create or replace function private.linked_words(ticket uuid, kind text, other uuid) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select format('#%s %s #%s', t.number, kind, o.number)
    from public.tickets t join public.tickets o on o.id = other where t.id = ticket
$$;

-- Takes the link between two tickets away.
drop function if exists helpdesk.unlink(uuid, uuid);
create or replace function helpdesk.unlink(act uuid, ticket uuid, other uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  there boolean;
begin
  if private.act_answer(act, 'unlink') is not null then
    return;
  end if;
  there := (select count(*) from private.take_tickets(array[ticket, other])) = 2;
  if private.act_answer(act, 'unlink') is not null then
    return;
  elsif not there or private.link_between(ticket, other) = '{}' then
    raise exception 'there is no such link' using errcode = 'HD004';
  end if;
  perform private.keep_ticket_act(act, 'unlink', private.linked_words(ticket, 'not linked to', other),
                                  private.put_link(ticket, other, '{}'), jsonb 'true');
end
$$;

-- For helpdesk.undo_act(): gives two tickets the link back that was between them, or none.
create or replace function private.undo_link(one jsonb, force boolean) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  ticket constant uuid := (one ->> 'id')::uuid;
  other constant uuid := (one ->> 'other')::uuid;
  marks constant text[] := array['made_by', 'made_at'];
  back jsonb := jsonb_build_object('undone', jsonb_build_array(one -> 'number'), 'changed', jsonb '[]', 'refused', jsonb '[]',
                                   'before', jsonb '[]');
  mine uuid[];
  is_now jsonb;
begin
  mine := array(select t.id from private.take_tickets(array[ticket, other]) t);
  if cardinality(mine) < 2 then
    -- Of one that is out of sight nothing is told, its number neither.
    return back || jsonb_build_object('undone', jsonb '[]', 'refused', jsonb_build_array(jsonb_build_object(
      'number', one -> 'number', 'why', case when ticket = any(mine) then 'there is no such other ticket'
                                             else 'there is no such ticket' end)));
  end if;
  is_now := private.link_between(ticket, other);
  if is_now - marks = (one -> 'link') - marks then
    return back;
  elsif is_now - marks <> (one -> 'left') - marks and not force then
    return back || jsonb_build_object('undone', jsonb '[]', 'changed', (
      select jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
               'id', ticket, 'number', one -> 'number', 'field', 'link',
               'is_now', case when is_now = '{}' then 'none'
                              else private.linked_words((is_now ->> 'ticket_id')::uuid, is_now ->> 'kind',
                                                        (is_now ->> 'other_id')::uuid) end,
               'by', (select private.called(p.full_name, p.email, p.role, true)
                        from public.profiles p where p.id = (is_now ->> 'made_by')::uuid))))));
  end if;
  return back || jsonb_build_object('before', private.put_link(ticket, other, one -> 'link'));
end
$$;

-- The links of a ticket, as [kind, other ticket's id, number, status, title]; what the other one is to this one reads
-- backwards ("caused by" → "cause of"). Only those whose both ends the person works on.
create or replace function private.links_of(ticket uuid, person uuid, agent uuid, departments uuid[]) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select jsonb_agg(jsonb_build_array(l.kind, o.id, o.number, o.status, o.title) order by l.kind, o.number)
    from (select l.kind, l.other_id from private.links l where l.ticket_id = links_of.ticket
          union all
          select case l.kind when 'duplicate of' then 'duplicated by' when 'caused by' then 'cause of'
                             when 'split from' then 'split into' else l.kind end, l.ticket_id
            from private.links l where l.other_id = links_of.ticket) l
    join public.tickets o on o.id = l.other_id
   where o.customer_id <> person and private.works_on(o.assignee_id, o.department_id, agent, departments)
$$;

-- What was merged into a ticket, as [[id, number], ...]; only what the person works on.
create or replace function private.merged_here(ticket uuid, person uuid, agent uuid, departments uuid[]) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select jsonb_agg(jsonb_build_array(s.id, s.number) order by s.number)
    from private.merges m join public.tickets s on s.id = m.ticket_id
   where m.into_id = merged_here.ticket and m.undone_at is null and s.customer_id <> person
     and private.works_on(s.assignee_id, s.department_id, agent, departments)
$$;

-- Merges tickets into another one of the same requester: their messages, files, tags and followers are its own from then
-- on, and they are closed. Says of each what became of it.
create or replace function helpdesk.merge(act uuid, ids uuid[], target uuid, words text)
returns table (id uuid, done boolean, why text)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  answer jsonb := private.act_answer(act, 'merge');
  into_ticket public.tickets;
  taken uuid[];
  fitting uuid[];
begin
  if answer is null then
    -- All of them in one order, the target too, so that two merges crosswise wait for each other.
    taken := array(select t.id from private.take_tickets(array(select i from unnest(ids) i) || target) t);
    -- The same sent twice at the same moment: the first one is done by now.
    answer := private.act_answer(act, 'merge');
  end if;
  if answer is null then
    if not coalesce(target = any(taken), false) then
      raise exception 'there is no such ticket to merge into' using errcode = 'HD004';
    end if;
    if private.merged_into(target) is not null then
      perform private.refuse_merged(private.merged_into(target));
    end if;
    select t.* into into_ticket from public.tickets t where t.id = target;
    fitting := array(select t.id from public.tickets t
                      where t.id = any(taken) and t.id <> target and t.customer_id = into_ticket.customer_id
                        and private.merged_into(t.id) is null order by t.number);
    select coalesce(jsonb_agg(jsonb_build_array(a.id, a.id = any(fitting), case
             when a.id = any(fitting) then null
             when a.id = target then 'it is the one that the others are merged into'
             when not a.id = any(taken) then 'there is no such ticket'
             when t.customer_id <> into_ticket.customer_id
               then 'it is another requester''s: link it as a duplicate instead'
             else 'it was merged already' end)), '[]') into answer
      from (select distinct a.id from unnest(ids) as a(id) where a.id is not null) a
      left join public.tickets t on t.id = a.id;
    perform private.keep_ticket_act(act, 'merge', words, private.merge_into(fitting, into_ticket, '{}'), answer);
  end if;
  return query select (a ->> 0)::uuid, (a ->> 1)::boolean, a ->> 2 from jsonb_array_elements(answer) a;
end
$$;

-- Does it, for tickets that are locked and fit. "again" holds what private.unmerge() answered of those that are merged
-- again, by their ids. Answers what taking it back needs: [{"id", "number", "merge"}, ...].
drop function if exists private.merge_into(uuid[], public.tickets);
create or replace function private.merge_into(sources uuid[], target public.tickets, again jsonb) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  me constant uuid := private.uid();
  -- Where what is said in the target stands: one that is merged again may go into one that is merged itself.
  holds constant uuid := coalesce(private.merged_into(target.id), target.id);
  before jsonb;
begin
  if sources = '{}' then
    return jsonb '[]';
  end if;
  perform set_config('helpdesk.telling', private.telling_word(), true);
  -- The act that merged them first knows it by its id, which stays; what was goes on as history under another.
  update private.merges g set id = gen_random_uuid()
   where g.ticket_id = any(sources) and g.id = (again -> g.ticket_id::text ->> 'apart')::uuid;
  with made as (
    insert into private.merges (id, ticket_id, into_id, actor_id, note, moved)
    select coalesce((again -> s.id::text ->> 'apart')::uuid, gen_random_uuid()), s.id, target.id, me, gen_random_uuid(),
           jsonb_build_object(
             'status', s.status,
             'messages', (select coalesce(jsonb_agg(m.id), '[]') from public.ticket_messages m where m.ticket_id = s.id),
             'files', (select coalesce(jsonb_agg(f.id), '[]') from public.ticket_attachments f where f.ticket_id = s.id),
             -- Of several that bring the same, the first does.
             'tags', (select coalesce(jsonb_agg(r.tag_id), '[]') from public.ticket_tag_relations r
                       where r.ticket_id = s.id and not exists (
                         select from public.ticket_tag_relations o where o.tag_id = r.tag_id
                            and (o.ticket_id = target.id or o.ticket_id = any(sources) and o.ticket_id < s.id))),
             'followers', (select coalesce(jsonb_agg(f.person), '[]') from private.followers f
                            where f.ticket_id = s.id and not exists (
                              select from private.followers o where o.person = f.person
                                 and (o.ticket_id = target.id or o.ticket_id = any(sources) and o.ticket_id < s.id))))
      from public.tickets s where s.id = any(sources)
    returning id, ticket_id)
  select jsonb_agg(jsonb_build_object('id', t.id, 'number', t.number, 'merge', m.id) order by t.number) into before
    from made m join public.tickets t on t.id = m.ticket_id;

  update public.ticket_messages m set ticket_id = holds where m.ticket_id = any(sources);
  update public.ticket_attachments f set ticket_id = holds where f.ticket_id = any(sources);
  insert into public.ticket_tag_relations (ticket_id, tag_id)
  select distinct target.id, r.tag_id from public.ticket_tag_relations r where r.ticket_id = any(sources)
  on conflict do nothing;
  insert into private.followers (ticket_id, person)
  select distinct target.id, f.person from private.followers f where f.ticket_id = any(sources) on conflict do nothing;
  update public.tickets t
     set status = case when t.id = any(sources) then 'closed' else t.status end,
         resolved_at = coalesce((again -> t.id::text #>> '{closed,0}')::timestamptz, t.resolved_at),
         closed_at = coalesce((again -> t.id::text #>> '{closed,1}')::timestamptz, t.closed_at)
   where t.id in (target.id, holds) or t.id = any(sources);
  -- Whoever writes to the target without having seen this has not seen what came with it either, however old that is. And
  -- what the requester asked stands in the row of the ticket and not in a message.
  insert into public.ticket_messages (id, ticket_id, sender_id, content, is_internal)
  select m.note, holds, me, left(concat_ws(E'\n', '#' || s.number || ' was merged in here:', '>',
           regexp_replace(concat_ws(E'\n\n', '**' || s.title || '**', s.description), '^', '> ', 'gn')), 400000), true
    from private.merges m join public.tickets s on s.id = m.ticket_id
   where m.ticket_id = any(sources) and m.undone_at is null order by s.number;
  perform private.tell_at_last(sources || target.id || holds, true);
  return before;
end
$$;

-- Ends the silence of an act that changed several tables, and tells of it once.
create or replace function private.tell_at_last(ids uuid[], requester_too boolean) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform set_config('helpdesk.telling', '', true);
  perform private.announce(array(
    select (t.id, t.customer_id, t.assignee_id, t.department_id)::private.touched
      from public.tickets t where t.id = any(ids)), requester_too);
end
$$;

-- Takes a merge back: what came with it and is still in the other ticket goes where it was. What came after stays. Answers
-- what merging again needs: {"id", "number", "apart": the merge, "closed": when it was resolved and closed}.
drop function if exists private.unmerge(uuid);
create or replace function private.unmerge(merge uuid, out apart jsonb)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  m private.merges;
  now_in uuid;
begin
  select g.* into m from private.merges g where g.id = unmerge.merge and g.undone_at is null;
  if m.id is null then
    return;
  end if;
  now_in := private.merged_into(m.ticket_id);
  apart := (select jsonb_build_object('id', t.id, 'number', t.number, 'apart', m.id,
                                      'closed', jsonb_build_array(t.resolved_at, t.closed_at))
              from public.tickets t where t.id = m.ticket_id);
  perform set_config('helpdesk.telling', private.telling_word(), true);
  update private.merges g set undone_at = now(), undone_by = private.uid() where g.id = m.id;
  delete from public.ticket_messages x where x.id = m.note;
  update public.ticket_messages x set ticket_id = m.ticket_id
   where x.id in (select e::uuid from jsonb_array_elements_text(m.moved -> 'messages') e)
     and x.ticket_id in (m.into_id, now_in);
  update public.ticket_attachments f set ticket_id = m.ticket_id
   where f.id in (select e::uuid from jsonb_array_elements_text(m.moved -> 'files') e)
     and f.ticket_id in (m.into_id, now_in);
  delete from public.ticket_tag_relations r
   where r.ticket_id = m.into_id and r.tag_id in (select e::uuid from jsonb_array_elements_text(m.moved -> 'tags') e);
  delete from private.followers f
   where f.ticket_id = m.into_id and f.person in (select e::uuid from jsonb_array_elements_text(m.moved -> 'followers') e);
  update public.tickets t
     set status = case when t.id = m.ticket_id then (m.moved ->> 'status')::public.ticket_status else t.status end
   where t.id in (m.ticket_id, m.into_id, now_in);
  perform private.tell_at_last(array[m.ticket_id, m.into_id, now_in], true);
end
$$;

-- Whether the person works on both tickets of a merge, and on the one that holds now what came with it; they are locked.
create or replace function private.takes_apart(m private.merges) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  holds uuid;
  concerned uuid[];
begin
  loop
    holds := private.merged_into(m.ticket_id);
    concerned := array(select distinct c from unnest(array[m.ticket_id, m.into_id, holds]) c where c is not null);
    if (select count(*) from private.take_tickets(concerned)) < cardinality(concerned) then
      return false;
    end if;
    -- It may have been merged on while this waited.
    exit when holds is not distinct from private.merged_into(m.ticket_id);
  end loop;
  return true;
end
$$;

-- Takes the merge of a ticket back, whoever did it. Answers the number of the ticket that it was merged into.
drop function if exists helpdesk.unmerge(uuid);
create or replace function helpdesk.unmerge(act uuid, ticket uuid) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  answer jsonb := private.act_answer(act, 'unmerge');
  t public.tickets;
  m private.merges;
begin
  if answer is null then
    t := private.take_ticket(ticket);
    -- The same sent twice at the same moment: the first one is done by now.
    answer := private.act_answer(act, 'unmerge');
  end if;
  if answer is null then
    select g.* into m from private.merges g where g.ticket_id = unmerge.ticket and g.undone_at is null;
    if m.id is null then
      raise exception 'this ticket is not merged' using errcode = 'HD002';
    end if;
    if not private.takes_apart(m) then
      raise exception 'to take a merge back, one works on both tickets' using errcode = 'HD003',
        hint = 'And on the one that both were merged into since.';
    end if;
    answer := (select to_jsonb(o.number) from public.tickets o where o.id = m.into_id);
    perform private.keep_ticket_act(act, 'unmerge', format('#%s taken out of #%s', t.number, answer),
                                    jsonb_build_array(private.unmerge(m.id)), answer);
  end if;
  return answer::bigint;
end
$$;

-- For helpdesk.undo_act(): takes back those merges of an act that still are.
create or replace function private.undo_merge(before jsonb) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  one jsonb;
  m private.merges;
  why text;
  undone jsonb := jsonb '[]';
  refused jsonb := jsonb '[]';
  apart jsonb := jsonb '[]';
begin
  for one in select b from jsonb_array_elements(before) b loop
    select g.* into m from private.merges g where g.id = (one ->> 'merge')::uuid;
    why := case
      when m.id is null or not private.takes_apart(m) then 'there is no such ticket'
      when m.undone_at is not null then 'the merge was taken back already' end;
    if why is null then
      apart := apart || private.unmerge(m.id);
      undone := undone || jsonb_build_array(one -> 'number');
    else
      refused := refused || jsonb_build_array(jsonb_build_object('number', one -> 'number', 'why', why));
    end if;
  end loop;
  return jsonb_build_object('undone', undone, 'changed', jsonb_build_array(), 'refused', refused, 'before', apart);
end
$$;

-- For helpdesk.undo_act(): merges again what was taken apart, all of it out of one ticket, where it may be merged still. What
-- came of such a ticket since is told, and goes along only with "force".
create or replace function private.merge_again(before jsonb, force boolean) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  target constant uuid := (select g.into_id from private.merges g where g.id = (before #>> '{0,apart}')::uuid);
  holds uuid;
  ids uuid[] := array(select (b ->> 'id')::uuid from jsonb_array_elements(before) b) || target;
  mine uuid[];
  into_ticket public.tickets;
  judged jsonb;
begin
  loop
    holds := private.merged_into(target);
    mine := array(select t.id from private.take_tickets(ids || holds) t);
    -- It may have been merged on while this waited.
    exit when holds is not distinct from private.merged_into(target);
  end loop;
  select t.* into into_ticket from public.tickets t where t.id = target;
  -- "why" is given where it cannot be merged, "changed" is what came of it since.
  select coalesce(jsonb_agg(jsonb_build_object('one', x.b, 'there', x.there, 'changed', x.changed, 'why', case
             when x.t_id is null or not target = any(mine) or not coalesce(holds, target) = any(mine)
               then 'there is no such ticket'
             when x.there then null
             when x.now_in is not null or x.t_id = holds then 'it was merged since'
             when x.customer_id <> into_ticket.customer_id then 'it is another requester''s by now'
             -- What came of it since would stay behind where the two are taken apart in the other order.
             when holds is not null and x.changed is not null then 'it has moved on since'
           end) order by x.n), '[]') into judged
    from (select e.b, e.n, t.id as t_id, t.customer_id, m.into_id is not distinct from target as there,
                 private.merged_into(t.id) as now_in,
                 case when t.status::text <> g.moved ->> 'status' then jsonb_build_array('status', t.status, (
                        select h.changed_by from public.ticket_status_history h where h.ticket_id = t.id
                         order by h.created_at desc, h.id limit 1))
                      else (select jsonb_build_array('thread', case count(*) when 1 then 'a message more'
                                                                    else count(*) || ' messages more' end,
                                                     (array_agg(s.sender_id order by s.created_at desc, s.id))[1])
                              from public.ticket_messages s
                             where s.ticket_id = t.id and not g.moved -> 'messages' ? s.id::text
                            having count(*) > 0) end as changed
            from jsonb_array_elements(before) with ordinality e(b, n)
            left join private.merges g on g.id = (e.b ->> 'apart')::uuid
            left join public.tickets t on t.id = g.ticket_id and t.id = any(mine)
            left join private.merges m on m.ticket_id = t.id and m.undone_at is null) x;
  return (
    select jsonb_build_object(
             'undone', coalesce(jsonb_agg(j #> '{one,number}') filter (where v = 'back'), '[]'),
             'refused', coalesce(jsonb_agg(jsonb_build_object('number', j #> '{one,number}', 'why', j -> 'why'))
                                 filter (where v = 'refused'), '[]'),
             'changed', coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                 'id', j #> '{one,id}', 'number', j #> '{one,number}', 'field', j #> '{changed,0}',
                 'is_now', j #> '{changed,1}', 'by', (
                   select private.called(p.full_name, p.email, p.role, p.role <> 'customer' or p.id = into_ticket.customer_id)
                     from public.profiles p where p.id = (j #>> '{changed,2}')::uuid)))) filter (where v = 'changed'), '[]'),
             'before', private.merge_into(
                 coalesce(array_agg((j #>> '{one,id}')::uuid) filter (where v = 'back' and j -> 'there' = 'false'), '{}'),
                 into_ticket,
                 coalesce(jsonb_object_agg(j #>> '{one,id}', j -> 'one') filter (where v = 'back'), '{}')))
      from (select e as j, case when e -> 'why' <> 'null' then 'refused'
                                when e -> 'there' = 'true' or e -> 'changed' = 'null' or force then 'back'
                                else 'changed' end as v
              from jsonb_array_elements(judged) e) x);
end
$$;

-- Makes a new ticket of a message and, if "later", of those after it. It is the same requester's, in the same hands.
-- Answers its number.
create or replace function helpdesk.split(act uuid, ticket uuid, message uuid, later boolean, new_ticket uuid, title text)
returns bigint language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  answer jsonb := private.act_answer(act, 'split');
  t public.tickets;
  first public.ticket_messages;
  moved uuid[];
  made bigint;
begin
  if answer is null then
    t := private.take_ticket(ticket);
    answer := private.act_answer(act, 'split');
  end if;
  if answer is not null then
    return (answer ->> 'number')::bigint;
  end if;
  if private.merged_into(t.id) is not null then
    perform private.refuse_merged(private.merged_into(t.id));
  end if;
  select m.* into first from public.ticket_messages m where m.id = message and m.ticket_id = t.id;
  if first.id is null then
    raise exception 'there is no such message' using errcode = 'HD004';
  end if;
  if exists (select from private.merges g where g.note = message and g.undone_at is null) then
    raise exception 'this note says what was merged in here' using errcode = 'HD002', hint = 'Take the merge back instead.';
  end if;
  if new_ticket is null or exists (select from public.tickets o where o.id = new_ticket) then
    raise exception 'this id is taken by another ticket' using errcode = 'HD002', hint = 'Draw a new one.';
  end if;
  moved := array(select m.id from public.ticket_messages m
                  where m.ticket_id = t.id
                    and (m.id = message or coalesce(later, false) and (m.created_at, m.id) > (first.created_at, first.id))
                    -- The notes about merges stay, and what was merged in goes along or not as any message does.
                    and not exists (select from private.merges g where g.note = m.id and g.undone_at is null));
  perform set_config('helpdesk.telling', private.telling_word(), true);
  insert into public.tickets (id, title, customer_id, assignee_id, department_id, category_id, priority)
  values (new_ticket, left(coalesce(nullif(btrim(split.title), ''), t.title), 500), t.customer_id, t.assignee_id,
          t.department_id, t.category_id, t.priority)
  returning number into made;
  update public.ticket_messages m set ticket_id = new_ticket where m.id = any(moved);
  update public.ticket_attachments f set ticket_id = new_ticket where f.message_id = any(moved);
  update public.tickets o
     set first_response_at = case when o.id = t.id then o.first_response_at else (
           select min(m.created_at) from public.ticket_messages m join public.profiles p on p.id = m.sender_id
            where m.ticket_id = new_ticket and not m.is_internal and p.role <> 'customer' and p.id <> t.customer_id) end
   where o.id in (new_ticket, t.id);
  insert into private.links (ticket_id, other_id, kind, made_by) values (new_ticket, t.id, 'split from', private.uid());
  perform private.tell_at_last(array[new_ticket, t.id], true);
  perform private.keep_ticket_act(act, 'split', format('#%s split off #%s', made, t.number),
    jsonb_build_array(jsonb_build_object('id', t.id, 'number', t.number, 'made', new_ticket, 'messages', to_jsonb(moved))),
    jsonb_build_object('number', made));
  return made;
end
$$;

-- Whether anything has come of a ticket since it was made, but for the messages that it was made of and its link to
-- where these came from.
create or replace function private.moved_on(made uuid, origin uuid, messages jsonb) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return exists (select from public.ticket_messages m where m.ticket_id = made and not messages ? m.id::text)
      or exists (select from private.merges g where made in (g.ticket_id, g.into_id) and g.undone_at is null)
      or exists (select from public.ticket_feedback f where f.ticket_id = made)
      -- To whom routing gives it, nobody has done.
      or exists (select from public.ticket_events e where e.ticket_id = made and not e.routed)
      or exists (select from public.ticket_tag_relations g where g.ticket_id = made)
      or exists (select from private.ticket_snoozes s where s.ticket_id = made)
      or exists (select from private.followers f where f.ticket_id = made)
      or exists (select from private.links l where made in (l.ticket_id, l.other_id)
                                               and origin is distinct from l.ticket_id
                                               and origin is distinct from l.other_id)
      or (select count(*) from public.ticket_status_history h where h.ticket_id = made) > 1;
end
$$;

-- For helpdesk.undo_act(): puts the messages back and removes the ticket that was made, unless more has come of it.
create or replace function private.undo_split(before jsonb) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  one constant jsonb := before -> 0;
  origin constant uuid := (one ->> 'id')::uuid;
  made constant uuid := (one ->> 'made')::uuid;
  why text;
  n record;
begin
  if (select count(*) from private.take_tickets(array[origin, made])) < 2 then
    why := 'there is no such ticket';
  else
    select t.number, t.customer_id,
           private.moved_on(made, origin, one -> 'messages') or t.description is not null as moved_on,
           private.merged_into(origin) is not null as origin_merged
      into n from public.tickets t where t.id = made;
    why := case when n.moved_on then format('#%s has moved on since: merge it in instead', n.number)
                when n.origin_merged then 'it was merged since' end;
  end if;
  if why is not null then
    return jsonb_build_object('undone', jsonb_build_array(), 'changed', jsonb_build_array(), 'before', jsonb_build_array(),
      'refused', jsonb_build_array(jsonb_build_object('number', one -> 'number', 'why', why)));
  end if;
  perform set_config('helpdesk.telling', private.telling_word(), true);
  update public.ticket_attachments f set ticket_id = origin where f.ticket_id = made;
  update public.ticket_messages m set ticket_id = origin where m.ticket_id = made;
  -- What somebody began to write there, too.
  update private.drafts d set ticket_id = origin where d.ticket_id = made;
  perform private.tell_at_last(array[origin, made], true);
  perform set_config('helpdesk.telling', private.telling_word(), true);
  delete from public.tickets t where t.id = made;
  update public.tickets t set status = t.status where t.id = origin;
  perform set_config('helpdesk.telling', '', true);
  return jsonb_build_object('undone', jsonb_build_array(one -> 'number'), 'changed', jsonb_build_array(),
                            'refused', jsonb_build_array(), 'before', jsonb_build_array());
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Tickets written down for others: a customer rings up, and somebody of the team writes
-- ---------------------------------------------------------------------------------------------------------------

-- Whom a ticket can be written down for, as their name or address is typed: the first of those whose address the person
-- knows anyway, who bear such a name or whose address begins so, by name; those first whose name has a word that begins
-- so. Whoever is not among them is found by helpdesk.write_ticket(), by their whole address.
create or replace function helpdesk.known_people(begun text, most integer)
returns table (id uuid, name text, email text)
language plpgsql stable security definer rows 20
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  who constant record := private.asking();
  part constant text := regexp_replace(btrim(begun), '([%_\\])', '\\\1', 'g');
begin
  if most < 0 then
    perform private.refuse_negative(most);
  end if;
  if who.role is null or who.role = 'customer' or part is null or part = '' then
    return;
  end if;
  return query
  select p.id, coalesce(nullif(btrim(p.full_name), ''), p.email), p.email
    from public.profiles p
   where (p.full_name ilike '%' || part || '%' or p.email ilike part || '%')
     and p.deactivated_at is null and p.id <> who.person
     and (who.role = 'admin' or p.role <> 'customer'
          or exists (select from public.tickets t where t.customer_id = p.id
                      and private.works_on(t.assignee_id, t.department_id, who.agent, who.departments))
          or exists (select from public.chat_sessions s where s.customer_id = p.id and s.agent_id = who.agent))
   order by ' ' || coalesce(p.full_name, '') not ilike '% ' || part || '%' and p.email not ilike part || '%',
            lower(coalesce(p.full_name, p.email)), p.id limit least(most, 50);
end
$$;

-- Writes a ticket down for whoever bears this address. It is theirs, as if they had sent it, and its history says who
-- did; it goes to the department that is named, else for an agent to their own, else where its category belongs. An agent
-- keeps it in a department of theirs, or gives it to themselves. Sent again under the same id it is there once: "same" is
-- false where it was there with other words, which were kept.
create or replace function helpdesk.write_ticket(
  ticket uuid, requester text, title text, description text, priority public.ticket_priority, category uuid,
  department uuid, assignee uuid
) returns table (number bigint, name text, same boolean)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  who constant record := private.acting();
  answer jsonb := private.act_answer(ticket, 'write');
  person record;
  made record;
begin
  if who.role = 'customer' then
    raise exception 'only the team writes tickets down for others' using errcode = 'HD003',
      hint = 'Send a request of your own.';
  end if;
  if answer is null then
    select p.id, coalesce(nullif(btrim(p.full_name), ''), p.email) as called into person from public.profiles p
     where lower(p.email) = lower(btrim(write_ticket.requester)) and p.deactivated_at is null
     order by p.email <> btrim(write_ticket.requester), p.id limit 1;
    if person.id is null then
      raise exception 'nobody here has the address %', left(coalesce(btrim(write_ticket.requester), ''), 200)
        using errcode = 'HD004', hint = 'They sign up first; an admin can see who has.';
    elsif person.id = who.person then
      raise exception 'this is your own address' using errcode = 'HD002', hint = 'Send a request of your own.';
    elsif write_ticket.department <> all (who.departments) and write_ticket.assignee is distinct from who.person then
      raise exception 'a ticket is written down for a department of one''s own' using errcode = 'HD003',
        hint = 'Leave the department out and move the ticket then, or assign it to yourself.';
    end if;
    insert into public.tickets as t (id, title, description, priority, customer_id, category_id, department_id, assignee_id)
    values (write_ticket.ticket, write_ticket.title, write_ticket.description,
            coalesce(write_ticket.priority, 'medium'), person.id, write_ticket.category, write_ticket.department,
            write_ticket.assignee)
    on conflict (id) do nothing
    returning t.id, t.number, t.assignee_id, t.department_id into made;
    if made.id is null then
      -- Sent twice at the same moment, the first one is done by now.
      answer := private.act_answer(write_ticket.ticket, 'write');
      if answer is null then
        raise exception 'this id is taken by another ticket' using errcode = 'HD002', hint = 'Draw a new one.';
      end if;
    elsif private.works_on(made.assignee_id, made.department_id, who.agent, who.departments) is not true then
      raise exception 'a ticket is written down for a department of one''s own' using errcode = 'HD003',
        hint = 'You are in none: assign the ticket to yourself.';
    else
      answer := jsonb_build_object('number', made.number, 'name', person.called);
      perform private.keep_ticket_act(write_ticket.ticket, 'write',
        format('#%s written for %s', made.number, person.called),
        jsonb_build_array(jsonb_build_object('id', made.id, 'number', made.number)), answer);
    end if;
  end if;
  -- Of a ticket that has gone out of sight since, nothing is told but what was told already.
  return query
  select (answer ->> 'number')::bigint, answer ->> 'name',
         not exists (select from public.tickets t
                      where t.id = write_ticket.ticket and private.sight(t.id) is not null
                        and (t.title, coalesce(t.description, ''))
                            is distinct from (write_ticket.title, coalesce(write_ticket.description, '')));
end
$$;

-- For helpdesk.undo_act(): removes the ticket, unless anything has come of it.
create or replace function private.undo_write(before jsonb) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  one constant jsonb := before -> 0;
  made constant uuid := (one ->> 'id')::uuid;
  why text;
begin
  if not exists (select from private.take_tickets(array[made])) then
    why := 'there is no such ticket';
  elsif private.moved_on(made, null, '[]')
        or exists (select from private.drafts d where d.ticket_id = made and d.person_id <> private.uid()) then
    why := format('#%s has moved on since: close it instead', one ->> 'number');
  end if;
  if why is not null then
    return jsonb_build_object('undone', jsonb_build_array(), 'changed', jsonb_build_array(), 'before', jsonb_build_array(),
      'refused', jsonb_build_array(jsonb_build_object('number', one -> 'number', 'why', why)));
  end if;
  delete from public.tickets t where t.id = made;
  return jsonb_build_object('undone', jsonb_build_array(one -> 'number'), 'changed', jsonb_build_array(),
                            'refused', jsonb_build_array(), 'before', jsonb_build_array());
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Notifications
-- ---------------------------------------------------------------------------------------------------------------

-- The lines of a person's inbox that are in sight: what the policies show, asking once who asks.
create or replace function private.inbox(who_asks uuid, who_role text, who_agent uuid, who_departments uuid[],
                                         unread_only boolean, before timestamptz, before_id uuid, most integer)
returns table (id uuid, type text, kinds jsonb, title text, ticket_id uuid, ticket_title text, number bigint,
               status public.ticket_status, due_date timestamptz, is_requester boolean, chat_id uuid, other_side uuid,
               times integer, read boolean, created_at timestamptz, updated_at timestamptz)
language plpgsql stable security definer rows 50 set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan as $$
begin
  return query
  select n.id, n.type, n.kinds, n.title, n.ticket_id, t.title, t.number, t.status, t.due_date,
         t.customer_id = who_asks, n.chat_id,
         case when s.customer_id = who_asks then s.agent_id else s.customer_id end,
         n.times, n.read, n.created_at, n.updated_at
    from public.notifications n
    left join public.tickets t on t.id = n.ticket_id
    left join public.chat_sessions s on s.id = n.chat_id
   where n.user_id = who_asks and (not unread_only or not n.read)
     and (before is null or (n.updated_at, n.id) < (before, before_id))
     and (n.ticket_id is null or t.customer_id = who_asks
          or private.works_on(t.assignee_id, t.department_id, who_agent, who_departments))
     and (n.chat_id is null or s.customer_id = who_asks
          or private.works_chat(s.status, s.agent_id, s.department_id, who_agent, who_departments, who_role = 'admin'))
   order by n.updated_at desc, n.id desc limit most;
end
$$;

-- A page of the inbox, the latest first, with the words that a line needs: what the ticket is called now, who is on the
-- other side of a chat, and how the newest message begins that somebody else wrote and this person may read.
create or replace function helpdesk.notices(unread_only boolean, most integer, before timestamptz default null,
                                            before_id uuid default null)
returns table (id uuid, type text, kinds jsonb, title text, ticket_id uuid, number bigint,
               status public.ticket_status, due_date timestamptz, chat_id uuid, other_side text, excerpt text,
               times integer, read boolean, created_at timestamptz, updated_at timestamptz)
language plpgsql stable security definer rows 50 set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
begin
  if most < 0 then
    perform private.refuse_negative(most);
  end if;
  if who.person is null then
    return;
  end if;
  return query
  select i.id, i.type, i.kinds, coalesce(i.ticket_title, i.title), i.ticket_id, i.number, i.status, i.due_date, i.chat_id,
         (select private.called(o.full_name, o.email, o.role, who.role <> 'customer') from public.profiles o
           where o.id = i.other_side),
         coalesce(m.content, c.content), i.times, i.read, i.created_at, i.updated_at
    from private.inbox(who.person, who.role, who.agent, who.departments, unread_only, before, before_id,
                       least(most, 500)) i
    left join lateral (
      select left(x.content, 200) as content from public.ticket_messages x
       where x.ticket_id = i.ticket_id and i.kinds ?| array['reply', 'note', 'mention'] and x.sender_id <> who.person
         and (not x.is_internal or not i.is_requester)
       order by x.created_at desc, x.id desc limit 1) m on true
    left join lateral (
      select left(x.content, 200) as content from public.chat_messages x
       where x.session_id = i.chat_id and x.sender_id <> who.person
       order by x.created_at desc, x.id desc limit 1) c on true
   order by i.updated_at desc, i.id desc;
end
$$;

-- What the status line says, in one question: how many lines are unread (at most 100), and of which tickets; how many
-- chats wait that this person may take, and since when; what came after ``since``, for a bell; their settings; and
-- whether they are away, and until when.
drop function if exists helpdesk.badges(timestamptz);  -- the result of an older release had fewer columns
create or replace function helpdesk.badges(since timestamptz default null)
returns table (unread integer, tickets uuid[], chats uuid[], newest timestamptz, news jsonb, waiting integer,
               waiting_since timestamptz, settings jsonb, away boolean, until timestamptz)
language plpgsql stable security definer rows 1 set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
begin
  if who.person is null then
    return;
  end if;
  return query
  with u as materialized (
    select * from private.inbox(who.person, who.role, who.agent, who.departments, true, null, null, 100)
  ),
  w as materialized (
    select s.waiting_since from public.chat_sessions s
     where s.status = 'waiting' and s.customer_id <> who.person
       and private.works_chat(s.status, s.agent_id, s.department_id, who.agent, who.departments, who.role = 'admin')
     order by s.created_at limit 100
  )
  select (select count(*)::integer from u), array(select u.ticket_id from u where u.ticket_id is not null),
         array(select u.chat_id from u where u.chat_id is not null), (select max(u.updated_at) from u),
         (select jsonb_agg(jsonb_build_array(x.type, x.title) order by x.updated_at desc)
            from (select * from u where u.updated_at > badges.since order by u.updated_at desc limit 10) x),
         (select count(*)::integer from w), (select min(w.waiting_since) from w),
         (select case when jsonb_typeof(p.preferences -> 'notices') = 'object' then p.preferences -> 'notices' end
            from public.profiles p where p.id = who.person), a.person_id is not null, a.until
    from (select) here left join private.away a on a.person_id = who.person and who.role <> 'customer'
                                                   and (a.until is null or a.until > clock_timestamp());
end
$$;

-- One's own preferences, whole; no row of the table shows them, since colleagues see the row. Null for nobody.
create or replace function helpdesk.preferences() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as
'select p.preferences from public.profiles p where p.id = (select private.uid())';

-- Whether to be told of a kind, and by a bell; everything else in the preferences stays as it is, whatever it is.
create or replace function helpdesk.prefer(kind text, shown boolean, bell boolean) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if prefer.kind is null
     or prefer.kind not in ('mention', 'assigned', 'reply', 'note', 'status', 'due', 'sla', 'back', 'chat') then
    raise exception 'nobody is told of %', coalesce(quote_literal(prefer.kind), 'null') using errcode = 'HD002',
      hint = 'It is one of: mention, assigned, reply, note, status, due, sla, back, chat.';
  elsif shown is null or bell is null then
    raise exception 'say true or false' using errcode = 'HD002';
  end if;
  update public.profiles p
     set preferences = case when jsonb_typeof(p.preferences) = 'object' then p.preferences else '{}' end
         || jsonb_build_object('notices',
              case when jsonb_typeof(p.preferences -> 'notices') = 'object' then p.preferences -> 'notices' else '{}' end
              || jsonb_build_object(prefer.kind, jsonb_build_object('on', shown, 'bell', prefer.bell)))
   where p.id = private.uid();
  if not found then
    raise exception 'only somebody with a profile has preferences' using errcode = 'HD003';
  end if;
end
$$;

-- When a bell may ring: quiet hours {"from": "22:00", "to": "07:00", "days": [0, …]} (0: Monday), or null; and for how
-- many minutes it is held so that many things are told at once, 0 for not at all. The inbox fills all the same.
create or replace function helpdesk.prefer_bell(quiet jsonb, digest integer) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  a_time constant text := '^([01][0-9]|2[0-3]):[0-5][0-9]$';
begin
  if digest is null or digest not between 0 and 240 then
    raise exception 'a bell is held for 0 to 240 minutes' using errcode = 'HD002';
  elsif quiet is not null and not (case
      when jsonb_typeof(quiet) <> 'object' or coalesce(jsonb_typeof(quiet -> 'days'), '') <> 'array' then false
      else coalesce(quiet ->> 'from' ~ a_time and quiet ->> 'to' ~ a_time and quiet - array['from', 'to', 'days'] = '{}'
                    and quiet -> 'days' <@ '[0, 1, 2, 3, 4, 5, 6]'
                    and jsonb_array_length(quiet -> 'days') between 1 and 7, false) end) then
    raise exception 'these are no quiet hours' using errcode = 'HD002',
      hint = 'They have a time they begin, a time they end, and days, 0 for Monday.';
  end if;
  update public.profiles p
     set preferences = case when jsonb_typeof(p.preferences) = 'object' then p.preferences else '{}' end
         || jsonb_build_object('notices',
              (case when jsonb_typeof(p.preferences -> 'notices') = 'object' then p.preferences -> 'notices' else '{}' end
               - array['quiet', 'digest'])
              || jsonb_strip_nulls(jsonb_build_object('quiet', prefer_bell.quiet,
                                                      'digest', nullif(prefer_bell.digest, 0))))
   where p.id = private.uid();
  if not found then
    raise exception 'only somebody with a profile has preferences' using errcode = 'HD003';
  end if;
end
$$;

-- The tickets that somebody follows and sees all of at this moment.
create or replace function private.followed(whose uuid) returns uuid[]
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select array(select f.ticket_id from private.followers f join public.tickets t on t.id = f.ticket_id
                 join public.profiles p on p.id = f.person
                where f.person = whose and t.customer_id <> whose
                  and (p.role = 'admin' or p.role = 'agent' and (p.department_id = t.department_id or t.assignee_id = whose)))
$$;

-- One's own, for queries.
create or replace function helpdesk.followed() returns uuid[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
begin
  -- Whoever was of the team once may follow still what they see no more.
  return case when who.role = 'customer' or who.role is null then array[]::uuid[] else private.followed(who.person) end;
end
$$;

-- Tells people of their tickets that are due soon or overdue, each of each due date once: the person who asks of theirs;
-- a job of the owner's (pg_cron), everybody. Answers how many tickets that were.
create or replace function helpdesk.notice_due() returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '500ms' as $$
declare
  who constant record := private.asking();
  everybody constant boolean := private.is_background();
  until timestamptz;
  whose uuid;
  events private.event[];
  told integer := 0;
begin
  if not everybody and (who.role is null or who.role = 'customer') then
    return 0;
  end if;
  select now() + s.due_soon into until from private.settings s;
  for whose in
    select p.id from public.profiles p
     where (p.id = who.person or everybody and p.role <> 'customer') and private.wants(p.preferences, 'due')
  loop
    begin
      with near as materialized (
        select t.id, t.title, t.due_date from public.tickets t
         where (t.assignee_id = whose or t.id = any(private.followed(whose))) and t.is_open and t.due_sort <= until
           and not exists (select from private.due_told d
                            where d.ticket_id = t.id and d.person = whose and d.due_date = t.due_date)
         order by t.id
      ),
      told_now as (
        insert into private.due_told as d (ticket_id, person, due_date)
        select n.id, whose, n.due_date from near n
        on conflict on constraint due_told_pkey do update set due_date = excluded.due_date
           where d.due_date <> excluded.due_date
        returning d.ticket_id
      )
      select array_agg((whose, 'due', n.id, n.title,
                        case when n.due_date < now() then 'Overdue: ' else 'Due soon: ' end)::private.event)
        into events from near n join told_now d on d.ticket_id = n.id;
      perform private.deliver(events, null);
      told := told + coalesce(cardinality(events), 0);
    exception when lock_not_available then
      -- Somebody's open transaction stands in the way of this person's lines: the next time, then.
      null;
    end;
  end loop;
  -- Not for an agent: it holds rows of other departments' tickets until the end of the transaction.
  if everybody or who.role = 'admin' then
    begin
      perform private.sla_go_on(500);
    exception when lock_not_available then
      null;  -- The next time, then.
    end;
  end if;
  return told + private.notice_sla(who.person, everybody) + private.notice_back(who.person, everybody);
end
$$;

-- Tells whoever sent a ticket to sleep, and whoever holds it, that it is back, each of each snooze once, as long as they
-- work on it: the person who asks of theirs, a job of the owner's everybody. What came back a week ago is no news. Answers
-- how many that were.
create or replace function private.notice_back(person uuid, everybody boolean) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  whose uuid;
  events private.event[];
  told integer := 0;
begin
  if not exists (select from private.ticket_snoozes s where s.until <= now() and s.until > now() - interval '7 days') then
    return 0;
  end if;
  for whose in
    select p.id from public.profiles p where p.id = notice_back.person or everybody and p.role <> 'customer'
  loop
    begin
      with told_now as (
        insert into private.back_told as d (ticket_id, person, until)
        select s.ticket_id, whose, s.until
          from private.ticket_snoozes s join public.tickets t on t.id = s.ticket_id join public.profiles p on p.id = whose
         where s.until <= now() and s.until > now() - interval '7 days'
           and whose in (s.by_id, t.assignee_id) and t.customer_id <> whose
           and (p.role = 'admin' or p.role = 'agent' and (p.department_id = t.department_id or t.assignee_id = whose))
           and not exists (select from private.back_told b
                            where b.ticket_id = s.ticket_id and b.person = whose and b.until = s.until)
         order by s.ticket_id
        on conflict on constraint back_told_pkey do update set until = excluded.until where d.until <> excluded.until
        returning d.ticket_id
      )
      select array_agg((whose, 'back', t.id, t.title, 'Back: ')::private.event)
        into events from told_now d join public.tickets t on t.id = d.ticket_id where t.is_open;
      perform private.deliver(events, null);
      told := told + coalesce(cardinality(events), 0);
    exception when lock_not_available then
      -- Somebody's open transaction stands in the way of this person's lines: the next time, then.
      null;
    end;
  end loop;
  return told;
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Saved views
-- ---------------------------------------------------------------------------------------------------------------

-- Whose a view is to use: its author's, and of whom it is shared with. Admins work for every department.
create or replace function private.uses_view(
  owner uuid, audience text, department uuid, person uuid, departments uuid[]
) returns boolean language sql immutable parallel safe
return coalesce(owner = person or audience = 'team' or (audience = 'department' and department = any(departments)), false);

-- The views that whoever asks may use, the oldest first. The author is named as long as they are of the team.
create or replace function helpdesk.views()
returns table (id uuid, name text, query text, sort text, audience text, department_id uuid, department text,
               author text, mine boolean, changeable boolean)
language plpgsql stable security definer rows 20 set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
begin
  if who.role is null or who.role = 'customer' then
    return;
  end if;
  return query
  select v.id, v.name, v.query, v.sort, v.audience, v.department_id, d.name,
         case when p.role <> 'customer' then private.called(p.full_name, p.email, p.role, true) end,
         v.owner_id = who.person, v.owner_id = who.person or who.role = 'admin'
    from private.saved_views v join public.profiles p on p.id = v.owner_id
    left join public.departments d on d.id = v.department_id
   where v.removed_at is null
     and private.uses_view(v.owner_id, v.audience, v.department_id, who.person, who.departments)
   order by v.owner_id = who.person desc, v.created_at, v.id limit 300;
end
$$;

-- Who used a view and who uses it now hear of it, and nobody else.
create or replace function private.announce_view(owner uuid, shared boolean) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if shared then
    perform private.announce_structure();
  else
    perform private.announce_to('person:' || owner, '{"people": []}');
  end if;
end
$$;

-- Saves a view under an id that the client draws: a new one, or in place of what is there under it, for its author and
-- admins. "audience" is me, department (that one; an agent's own) or team. One that was removed is back with this.
create or replace function helpdesk.save_view(
  view uuid, name text, query text, sort text, audience text, department uuid
) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  who constant record := private.asking();
  old record;
  target constant uuid := case when save_view.audience = 'department' then save_view.department end;
  title constant text := btrim(save_view.name);
begin
  if who.role is null or who.role = 'customer' then
    raise exception 'only the team saves views' using errcode = 'HD003';
  elsif view is null then
    raise exception 'a view needs an id' using errcode = 'HD002';
  elsif title is null or title !~ '\S' or char_length(title) > 60 then
    raise exception 'a view needs a name of 60 characters at most' using errcode = 'HD002';
  elsif save_view.query is null or char_length(save_view.query) > 2000 then
    raise exception 'a query has 2000 characters at most' using errcode = 'HD002';
  elsif save_view.sort is null or save_view.sort not in ('updated', 'due', 'priority', 'age', 'left') then
    raise exception 'there is no such order' using errcode = 'HD002',
      hint = 'It is one of: updated, due, priority, age, left.';
  elsif save_view.audience is null or save_view.audience not in ('me', 'department', 'team')
        or (save_view.audience = 'department' and target is null) then
    raise exception 'say for whom the view is' using errcode = 'HD002', hint = 'It is one of: me, department, team.';
  end if;
  select v.owner_id, v.audience, v.department_id into old from private.saved_views v where v.id = view for update;
  if old.owner_id is not null
     and not private.uses_view(old.owner_id, old.audience, old.department_id, who.person, who.departments) then
    raise exception 'this id is taken' using errcode = 'HD002', hint = 'Draw a new one.';
  elsif old.owner_id <> who.person and who.role <> 'admin' then
    raise exception 'only its author and admins change a shared view' using errcode = 'HD003',
      hint = 'Save it under another name.';
  elsif target is distinct from old.department_id and not coalesce(target = any(who.departments), target is null) then
    raise exception 'a view is shared with one''s own department, or with everybody' using errcode = 'HD003';
  end if;
  if save_view.audience <> 'me' and old.audience is distinct from save_view.audience
     and (select count(*) from private.saved_views v
           where v.audience = save_view.audience and v.department_id is not distinct from target
             and v.removed_at is null) >= 100 then
    raise exception 'there are 100 views shared with them already' using errcode = 'HD002', hint = 'Remove one first.';
  end if;
  if old.owner_id is not null then
    update private.saved_views v
       set name = title, query = save_view.query, sort = save_view.sort, audience = save_view.audience,
           department_id = target, removed_at = null
     where v.id = view;
  else
    if (select count(*) from private.saved_views v where v.owner_id = who.person) >= 50 then
      delete from private.saved_views v where v.owner_id = who.person and v.removed_at is not null;
    end if;
    -- Somebody who saves many at the same moment has a few more: that is all that comes of it.
    if (select count(*) from private.saved_views v where v.owner_id = who.person) >= 50 then
      raise exception 'you have 50 saved views already' using errcode = 'HD002', hint = 'Remove one first.';
    end if;
    insert into private.saved_views (id, owner_id, audience, department_id, name, query, sort)
    values (view, who.person, save_view.audience, target, title, save_view.query, save_view.sort)
    on conflict do nothing;
    if not found then
      raise exception 'this id is taken' using errcode = 'HD002', hint = 'Draw a new one.';
    end if;
  end if;
  perform private.announce_view(coalesce(old.owner_id, who.person), 'me' <> any(array[save_view.audience, old.audience]));
end
$$;

-- Removes a view: its author, or an admin one that is shared.
create or replace function helpdesk.remove_view(view uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  who constant record := private.asking();
  old record;
begin
  if who.role is null or who.role = 'customer' then
    raise exception 'only the team has views' using errcode = 'HD003';
  end if;
  select v.owner_id, v.audience into old from private.saved_views v
   where v.id = view and v.removed_at is null
     and private.uses_view(v.owner_id, v.audience, v.department_id, who.person, who.departments) for update;
  if old.owner_id is null then
    raise exception 'there is no such view' using errcode = 'HD004';
  elsif old.owner_id <> who.person and who.role <> 'admin' then
    raise exception 'only its author and admins remove a shared view' using errcode = 'HD003',
      hint = 'You can hide it from yourself.';
  end if;
  update private.saved_views v set removed_at = clock_timestamp() where v.id = view;
  perform private.announce_view(old.owner_id, old.audience <> 'me');
end
$$;

-- In which order a person has their views, built-in ones by name and saved ones by id, and which they hide. What is not
-- named comes last, in its own order.
create or replace function helpdesk.order_views(wanted jsonb) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
begin
  if who.role is null or who.role = 'customer' then
    raise exception 'only the team has views' using errcode = 'HD003';
  end if;
  if jsonb_typeof(wanted -> 'order') is distinct from 'array' or jsonb_typeof(wanted -> 'hidden') is distinct from 'array'
     or jsonb_array_length(wanted -> 'order') > 400 or jsonb_array_length(wanted -> 'hidden') > 400
     or exists (select from jsonb_array_elements((wanted -> 'order') || (wanted -> 'hidden')) e
                 where jsonb_typeof(e) <> 'string' or char_length(e #>> '{}') > 36) then
    raise exception 'an order is two short lists of names' using errcode = 'HD002';
  end if;
  update public.profiles p
     set preferences = case when jsonb_typeof(p.preferences) = 'object' then p.preferences else '{}' end
         || jsonb_build_object('views', jsonb_build_object('order', wanted -> 'order', 'hidden', wanted -> 'hidden'))
   where p.id = who.person;
  perform private.announce_view(who.person, false);
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- SLA
-- ---------------------------------------------------------------------------------------------------------------

-- Saves a calendar under its name, whatever its capitals, for whoever may: see helpdesk.set_sla_calendar().
create or replace function private.put_sla_calendar(called text, zone text, hours jsonb, holidays jsonb) returns uuid
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  known_zone text;
  day text;
  saved uuid;
begin
  if called !~ '\S' or char_length(called) > 100 or called is null then
    raise exception 'a calendar needs a name of a hundred characters at most' using errcode = 'HD002';
  end if;
  select z.name into known_zone from pg_timezone_names z where lower(z.name) = lower(zone) and z.name ~ '/|^UTC$';
  if known_zone is null then
    raise exception 'there is no time zone %', coalesce(quote_literal(left(zone, 60)), 'null') using errcode = 'HD002',
      hint = 'Such as Europe/Berlin, America/New_York or UTC.';
  end if;
  if isempty(private.sla_week(hours)) then
    raise exception 'the calendar % is never open', quote_literal(called) using errcode = 'HD002',
      hint = 'Give the hours of a day, such as mon=09:00-17:00.';
  end if;
  if jsonb_typeof(holidays) is distinct from 'object' then
    raise exception 'the holidays are no object of days' using errcode = 'HD002', hint = 'Such as {"2026-12-25": []}.';
  elsif (select count(*) from jsonb_object_keys(holidays)) > 2000 then
    raise exception 'the calendar % has more than two thousand holidays', quote_literal(called) using errcode = 'HD002';
  end if;
  for day in select jsonb_object_keys(holidays) loop
    if not private.is_day(day) then
      raise exception '% is no day', quote_literal(left(day, 40)) using errcode = 'HD002', hint = 'Such as 2026-12-25.';
    end if;
    perform private.sla_day(holidays -> day, day, false);
  end loop;
  insert into private.sla_calendars as c (name, zone, hours, holidays)
  values (btrim(called), known_zone, put_sla_calendar.hours, put_sla_calendar.holidays)
  on conflict (lower(name)) do update
     set name = excluded.name, zone = excluded.zone, hours = excluded.hours, holidays = excluded.holidays
  returning c.id into saved;
  perform private.sla_prepare(saved);
  return saved;
end
$$;

-- Whether a text is a day of the calendar, written as 2026-12-25.
create or replace function private.is_day(day text) returns boolean
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  return day ~ '^\d{4}-\d\d-\d\d$' and to_char(make_date(left(day, 4)::integer, substr(day, 6, 2)::integer,
                                                         right(day, 2)::integer), 'YYYY-MM-DD') = day;
exception when datetime_field_overflow then
  return false;
end
$$;

-- Saves a policy under its name. "rule" holds "priority", "category", "department" and "calendar" by name, and the minutes
-- "first", "next" and "resolution", each where there is any.
create or replace function private.put_sla_policy(called text, rule jsonb) returns uuid
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  key text;
  term text;
  found_id uuid;
  named jsonb := jsonb '{}';
  saved uuid;
begin
  if called !~ '\S' or char_length(called) > 100 or called is null then
    raise exception 'a policy needs a name of a hundred characters at most' using errcode = 'HD002';
  end if;
  if jsonb_typeof(rule) is distinct from 'object' then
    raise exception 'a policy is an object' using errcode = 'HD002';
  end if;
  for key in select jsonb_object_keys(rule) loop
    term := rule ->> key;
    if key in ('first', 'next', 'resolution') then
      if term is not null and (term !~ '^\d{1,6}$' or term::integer not between 1 and 525600) then
        raise exception '%: % is no number of minutes from 1 to 525600', key, quote_literal(left(term, 40))
          using errcode = 'HD002';
      end if;
    elsif key = 'priority' then
      if term is not null and term not in ('low', 'medium', 'high', 'urgent') then
        raise exception 'there is no priority %', quote_literal(left(term, 40)) using errcode = 'HD002',
          hint = 'The priorities are low, medium, high, urgent.';
      end if;
    elsif key in ('category', 'department', 'calendar') then
      if term is not null then
        found_id := case key
          when 'category' then (select c.id from public.categories c where lower(c.name) = lower(btrim(term)))
          when 'department' then (select d.id from public.departments d where lower(d.name) = lower(btrim(term)))
          else (select c.id from private.sla_calendars c where lower(c.name) = lower(btrim(term))) end;
        if found_id is null then
          raise exception 'there is no % %', key, quote_literal(left(term, 100)) using errcode = 'HD004';
        end if;
        named := named || jsonb_build_object(key, found_id);
      end if;
    else
      raise exception 'a policy has no %', quote_literal(left(key, 40)) using errcode = 'HD002',
        hint = 'It has priority, category, department, calendar, first, next and resolution.';
    end if;
  end loop;
  if coalesce(rule ->> 'first', rule ->> 'next', rule ->> 'resolution') is null then
    raise exception 'the policy % promises nothing', quote_literal(called) using errcode = 'HD002',
      hint = 'Give it a first response, a next response or a resolution.';
  end if;
  insert into private.sla_policies as p (name, priority, category_id, department_id, calendar_id, first_response,
                                         next_response, resolution)
  values (btrim(called), (rule ->> 'priority')::public.ticket_priority, (named ->> 'category')::uuid,
          (named ->> 'department')::uuid, (named ->> 'calendar')::uuid, (rule ->> 'first')::integer,
          (rule ->> 'next')::integer, (rule ->> 'resolution')::integer)
  on conflict (lower(name)) do update
     set name = excluded.name, priority = excluded.priority, category_id = excluded.category_id,
         department_id = excluded.department_id, calendar_id = excluded.calendar_id,
         first_response = excluded.first_response, next_response = excluded.next_response, resolution = excluded.resolution
  returning p.id into saved;
  return saved;
exception when unique_violation then
  raise exception 'another policy is for the same tickets already' using errcode = 'HD002',
    hint = 'Change that one, or remove it first.';
end
$$;

create or replace function helpdesk.set_sla_calendar(called text, zone text, hours jsonb, holidays jsonb) returns uuid
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
begin
  perform private.as_admin(alone => true);
  return private.put_sla_calendar(called, zone, hours, holidays);
end
$$;

create or replace function helpdesk.set_sla_policy(called text, rule jsonb) returns uuid
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
begin
  perform private.as_admin(alone => true);
  return private.put_sla_policy(called, rule);
end
$$;

-- Removes an SLA 'policy' or 'calendar' by its name. A calendar that a policy counts by stays.
create or replace function helpdesk.remove_sla(what text, called text) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
begin
  perform private.as_admin(alone => true);
  if what = 'policy' then
    delete from private.sla_policies p where lower(p.name) = lower(btrim(called));
  elsif what = 'calendar' then
    delete from private.sla_calendars c where lower(c.name) = lower(btrim(called));
  else
    raise exception 'there is nothing called % to remove', coalesce(quote_literal(left(what, 40)), 'null')
      using errcode = 'HD002', hint = 'It is one of: policy, calendar.';
  end if;
  if not found then
    raise exception 'there is no % %', what, coalesce(quote_literal(left(called, 100)), 'null') using errcode = 'HD004';
  end if;
exception when foreign_key_violation then
  raise exception 'a policy counts by the calendar %', quote_literal(left(called, 100)) using errcode = 'HD002',
    hint = 'Give the policy another one first.';
end
$$;

create or replace function helpdesk.sla_calendars()
returns table (name text, zone text, hours jsonb, holidays jsonb, policies integer)
language plpgsql stable security definer rows 10 set search_path = pg_catalog, pg_temp as $$
begin
  perform private.as_admin(alone => false);
  return query
  select c.name, c.zone, c.hours, c.holidays,
         (select count(*)::integer from private.sla_policies p where p.calendar_id = c.id)
    from private.sla_calendars c order by lower(c.name);
end
$$;

create or replace function helpdesk.sla_policies()
returns table (name text, priority text, category text, department text, calendar text, first_response integer,
               next_response integer, resolution integer, tickets integer)
language plpgsql stable security definer rows 10 set search_path = pg_catalog, pg_temp as $$
begin
  perform private.as_admin(alone => false);
  return query
  select p.name, p.priority::text, c.name, d.name, k.name, p.first_response, p.next_response, p.resolution,
         (select count(*)::integer from private.ticket_sla s where s.policy_id = p.id and s.is_open)
    from private.sla_policies p left join public.categories c on c.id = p.category_id
    left join public.departments d on d.id = p.department_id left join private.sla_calendars k on k.id = p.calendar_id
   order by lower(p.name);
end
$$;

-- Works the next open tickets out anew after a policy or a calendar changed, without telling anybody of any of them: so
-- many at most. Answers whether that was all; the team is told once, at the end.
create or replace function private.sla_go_on(most integer) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  r private.sla_refresh;
  ids uuid[];
  free uuid[];
begin
  select * into r from private.sla_refresh f where f.after_id is not null or f.skipped <> '{}' for update skip locked;
  if not found then
    return true;
  end if;
  ids := case when r.after_id is null then '{}' else array(
    select t.id from public.tickets t where t.is_open and t.id > r.after_id order by t.id limit most) end;
  r.after_id := case when cardinality(ids) = most then ids[most] end;
  ids := ids || r.skipped;
  -- Whoever is changing one of them holds its row, and may hold it for long: that one comes later.
  free := array(
    select s.ticket_id from private.ticket_sla s where s.ticket_id = any(ids) order by s.ticket_id for update skip locked)
    || array(select i from unnest(ids) i where not exists (select from private.ticket_sla s where s.ticket_id = i));
  update private.sla_refresh f
     set after_id = r.after_id, skipped = array(select unnest(ids) except select unnest(free));
  perform private.sla_keep(free);
  -- What is late by another rule than yesterday's is no news.
  insert into private.sla_told as d (ticket_id, person, target, over, due_at)
  select s.ticket_id, s.assignee_id, g.target, o.over, g.due
    from private.ticket_sla s
   cross join lateral (values ('first', s.first_due), ('next', s.next_due), ('resolution', s.resolution_due)) g(target, due)
   cross join (values (false), (true)) o(over)
   where s.ticket_id = any(free) and s.assignee_id is not null
     and case when o.over then g.due < now() else g.due <= now() + (select f.sla_soon from private.settings f) end
  on conflict on constraint sla_told_pkey do update set due_at = excluded.due_at where d.due_at <> excluded.due_at;
  if r.after_id is null then
    perform private.announce_structure();
  end if;
  return r.after_id is null;
end
$$;

-- An admin's next step of it, or a job's of the owner's: whether it is done.
create or replace function helpdesk.sla_refresh() returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not (private.is_admin() or private.is_background()) then
    raise exception 'only admins do this' using errcode = 'HD003', hint = 'Ask an admin.';
  end if;
  return private.sla_go_on(1000);
end
$$;

-- Tells assignees of promises that are due soon and of those that are over, each once: the person who asks of theirs, a
-- job of the owner's everybody. What nobody holds is told to nobody: the view "Breaching soon" has it. Answers how many.
create or replace function private.notice_sla(person uuid, everybody boolean) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  soon constant timestamptz := now() + (select s.sla_soon from private.settings s);
  whose uuid;
  events private.event[];
  told integer := 0;
begin
  for whose in
    select p.id from public.profiles p
     where (p.id = notice_sla.person or everybody and p.role <> 'customer') and private.wants(p.preferences, 'sla')
  loop
    begin
      with told_now as (
        insert into private.sla_told as d (ticket_id, person, target, over, due_at)
        select n.ticket_id, whose, n.target, n.over, n.due_at
          from private.ticket_sla s
         cross join lateral (values ('first', s.first_due), ('next', s.next_due), ('resolution', s.resolution_due)) g(target, due)
         cross join lateral (select s.ticket_id, g.target, g.due < now() as over, g.due as due_at) n
         where s.assignee_id = whose and s.customer_id <> whose and s.is_open and s.due_at <= soon and n.due_at <= soon
         order by n.ticket_id
        on conflict on constraint sla_told_pkey do update set due_at = excluded.due_at
         where d.due_at <> excluded.due_at
        returning d.ticket_id, d.target, d.over
      )
      select array_agg((whose, 'sla', t.id, t.title,
               case d.target when 'resolution' then 'Resolution ' else 'Reply ' end
               || case when d.over then 'overdue: ' else 'due soon: ' end)::private.event)
        into events from told_now d join public.tickets t on t.id = d.ticket_id;
      perform private.deliver(events, null);
      told := told + coalesce(cardinality(events), 0);
    exception when lock_not_available then
      -- Somebody's open transaction stands in the way of this person's lines: the next time, then.
      null;
    end;
  end loop;
  return told;
end
$$;

-- Those of the tickets somebody works on of which a promise is broken ('breached'), or will be within the hour ('soon'),
-- or has an end at all ('any'): the soonest first, behind one of them, or ahead of it from there backwards. Not one's own
-- requests.
create or replace function helpdesk.sla_queue(state text, until timestamptz, at_due timestamptz, at_id uuid,
                                              backwards boolean, most integer)
returns table (id uuid, due timestamptz)
language plpgsql stable security definer rows 100
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  who constant record := private.asking();
  nil constant uuid := uuid '00000000-0000-0000-0000-000000000000';
  soon constant timestamptz := now() + (select s.sla_soon from private.settings s);
  low timestamptz := case state when 'soon' then now() else timestamptz '-infinity' end;
  low_id uuid := nil;
  high timestamptz := case state when 'breached' then now() when 'soon' then soon else coalesce(until, timestamptz 'infinity') end;
  high_id uuid := nil;
begin
  if most < 0 then
    perform private.refuse_negative(most);
  end if;
  if state is null or state not in ('breached', 'soon', 'any') then
    raise exception 'there is no such list' using errcode = 'HD002', hint = 'It is one of: breached, soon, any.';
  end if;
  if at_due is not null and backwards then
    high := least(high, at_due);
    high_id := case when high = at_due then at_id else nil end;
  elsif at_due is not null and at_due >= low then
    low := at_due;
    low_id := at_id;
  end if;
  if who.role = 'admin' then
    if backwards then
      return query
      select s.ticket_id, s.due_at from private.ticket_sla s
       where (s.due_at, s.ticket_id) < (high, high_id) and (s.due_at, s.ticket_id) > (low, low_id)
         and s.due_at is not null and s.customer_id <> who.person
       order by s.due_at desc, s.ticket_id desc limit most;
    else
      return query
      select s.ticket_id, s.due_at from private.ticket_sla s
       where (s.due_at, s.ticket_id) > (low, low_id) and (s.due_at, s.ticket_id) < (high, high_id)
         and s.due_at is not null and s.customer_id <> who.person
       order by s.due_at, s.ticket_id limit most;
    end if;
  elsif who.agent is not null then
    if backwards then
      return query
      select q.ticket_id, q.due_at from (
        (select s.ticket_id, s.due_at from private.ticket_sla s
          where s.department_id = who.department
            and (s.due_at, s.ticket_id) < (high, high_id) and (s.due_at, s.ticket_id) > (low, low_id)
            and s.due_at is not null and s.customer_id <> who.person
          order by s.due_at desc, s.ticket_id desc limit most)
        union all
        (select s.ticket_id, s.due_at from private.ticket_sla s
          where s.assignee_id = who.person and s.department_id is distinct from who.department
            and (s.due_at, s.ticket_id) < (high, high_id) and (s.due_at, s.ticket_id) > (low, low_id)
            and s.due_at is not null and s.customer_id <> who.person
          order by s.due_at desc, s.ticket_id desc limit most)) q
       order by q.due_at desc, q.ticket_id desc limit most;
    else
      return query
      select q.ticket_id, q.due_at from (
        (select s.ticket_id, s.due_at from private.ticket_sla s
          where s.department_id = who.department
            and (s.due_at, s.ticket_id) > (low, low_id) and (s.due_at, s.ticket_id) < (high, high_id)
            and s.due_at is not null and s.customer_id <> who.person
          order by s.due_at, s.ticket_id limit most)
        union all
        (select s.ticket_id, s.due_at from private.ticket_sla s
          where s.assignee_id = who.person and s.department_id is distinct from who.department
            and (s.due_at, s.ticket_id) > (low, low_id) and (s.due_at, s.ticket_id) < (high, high_id)
            and s.due_at is not null and s.customer_id <> who.person
          order by s.due_at, s.ticket_id limit most)) q
       order by q.due_at, q.ticket_id limit most;
    end if;
  end if;
end
$$;

-- Promises over a time, by who had them: met in time, met late, and broken and not met yet. Of the tickets that the person
-- works on; what nobody has met counts where it fell due.
create or replace function helpdesk.sla_report(since timestamptz, until timestamptz)
returns table (department text, assignee text, target text, in_time integer, late integer, broken integer)
language plpgsql stable security definer rows 50 set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
begin
  if who.role is null or who.role = 'customer' then
    raise exception 'only agents and admins do this' using errcode = 'HD003';
  end if;
  if since is null or until is null or since >= until then
    raise exception 'a report is from one time to a later one' using errcode = 'HD002';
  end if;
  return query
  with n as (
    select r.department_id, r.assignee_id, r.target, r.met_at is not null as met, coalesce(r.due_at < r.met_at, false) as late
      from private.sla_results r join public.tickets t on t.id = r.ticket_id
     where r.met_at >= since and r.met_at < sla_report.until and t.customer_id <> who.person
       and private.works_on(t.assignee_id, t.department_id, who.agent, who.departments)
    union all
    select s.department_id, s.assignee_id, g.target, false, true
      from private.ticket_sla s
     cross join lateral (values ('first', s.first_due), ('next', s.next_due), ('resolution', s.resolution_due)) g(target, due)
     where s.due_at < least(sla_report.until, now()) and g.due >= since and g.due < least(sla_report.until, now())
       and s.customer_id <> who.person
       and private.works_on(s.assignee_id, s.department_id, who.agent, who.departments)
  )
  select d.name, private.called(p.full_name, p.email, p.role, true), n.target,
         (count(*) filter (where n.met and not n.late))::integer, (count(*) filter (where n.met and n.late))::integer,
         (count(*) filter (where not n.met))::integer
    from n left join public.departments d on d.id = n.department_id left join public.profiles p on p.id = n.assignee_id
   group by d.name, p.id, n.target order by d.name, 2, n.target;
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Live changes: channels that cannot be guessed, ids and nothing else
-- ---------------------------------------------------------------------------------------------------------------

create or replace function private.channel(audience text) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select 'hd_' || left(encode(sha256(s.value || convert_to(
           audience || ' ' || coalesce((select a.epoch from private.audiences a where a.audience = channel.audience), 0),
           'UTF8')), 'hex'), 40)
    from private.secrets s where s.name = 'channel'
$$;

-- Somebody left: tell those who listen to look their channels up again, and go on under a new name.
create or replace function private.rename_channel(left_audience text) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_notify(private.channel(left_audience), '!');
  insert into private.audiences as a (audience, epoch) values (left_audience, 1)
  on conflict (audience) do update set epoch = a.epoch + 1;
end
$$;

-- A person stops being what they were: nothing they listened to is told them any more.
create or replace function private.rename_channels_of(person uuid, was text, department uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.rename_channel('person:' || person);
  if was = 'agent' and department is not null then
    perform private.rename_channel('department:' || department);
  elsif was = 'admin' then
    perform private.rename_channel('admins');
  end if;
  if was <> 'customer' and not exists (
    select from public.profiles p join auth.users u on u.id = p.id
     where p.id = person and p.role <> 'customer' and p.deactivated_at is null and u.deleted_at is null
       and (u.banned_until is null or u.banned_until <= clock_timestamp())) then
    perform private.rename_channel('staff');
  end if;
end
$$;

-- Something else than tickets changed: {"chats": [ids]} and the like, to one audience.
create or replace function private.announce_to(audience text, payload jsonb) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as
'select pg_notify(private.channel(audience), payload::text)';

-- Not to the requester means: not on their own channel, whether it is told as the requester's or as the assignee's.
-- A channel of many has no way to leave one of them out.
create or replace function private.announce(tickets private.touched[], to_requester boolean) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  select pg_notify(private.channel(a.audience),
                   case when count(distinct a.id) > 150 then '*' else jsonb_agg(distinct a.id)::text end)
    from unnest(tickets) as t
   cross join lateral (values
     ('admins', t.id),
     ('department:' || t.department_id, t.id),
     (case when to_requester or t.assignee_id is distinct from t.customer_id then 'person:' || t.assignee_id end, t.id),
     (case when to_requester then 'person:' || t.customer_id end, t.id)
   ) as a(audience, id)
   where a.audience is not null
   group by a.audience
$$;

-- Who works here, in which departments, and what tickets are sorted by: a hint to the team to read again.
create or replace function private.announce_structure() returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not private.muted() then
    perform private.announce_to('staff', '{"people": []}');
  end if;
end
$$;

create or replace function helpdesk.channels() returns table (channel text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
begin
  return query
  select private.channel(a.audience)
    from (values (case when who.role is not null then 'person:' || who.person end),
                 (case when who.role = 'agent' then 'department:' || who.department end),
                 (case when who.role = 'admin' then 'admins' end),
                 (case when who.role <> 'customer' then 'staff' end)) as a(audience)
   where a.audience is not null;
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Presence: which of the team has a ticket open, and writes to it. For the team alone; advice, never a lock
-- ---------------------------------------------------------------------------------------------------------------

-- Those who may be shown who is there are told to look; never the requester, whatever else they are to the ticket.
create or replace function private.announce_presence(tickets uuid[]) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  select private.announce_to(a.audience, jsonb_build_object('presence', jsonb_agg(distinct t.id)))
    from public.tickets t
   cross join lateral (values
     ('admins'), ('department:' || t.department_id),
     (case when t.assignee_id <> t.customer_id then 'person:' || t.assignee_id end)) as a(audience)
   where t.id = any(tickets) and a.audience is not null
   group by a.audience
$$;

-- This sign-in has a ticket open, writing to it or not; null: none any more. Said again every few seconds, which tells
-- nobody; only what changes is told. Whoever does not see all of a ticket is not there.
create or replace function helpdesk.be_present(ticket uuid, writing boolean) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '1s' as $$
declare
  session constant uuid := private.session_id();
  person constant uuid := private.uid();
  here constant boolean := coalesce(private.sight(ticket) = 'team', false);
  was record;
begin
  -- In an older snapshot it may be a ticket of theirs yet.
  if session is null or person is null or current_setting('transaction_isolation') <> 'read committed' then
    return;
  end if;
  select p.ticket_id, p.writing, p.seen_at > clock_timestamp() - interval '25 seconds' as there into was
    from private.presence p where p.session_id = session for no key update;
  if here then
    insert into private.presence as p (session_id, person_id, ticket_id, writing, seen_at)
    values (session, person, ticket, coalesce(writing, false), clock_timestamp())
    on conflict (session_id) do update
       set person_id = excluded.person_id, ticket_id = excluded.ticket_id, writing = excluded.writing,
           seen_at = excluded.seen_at;
  else
    delete from private.presence p where p.session_id = session;
  end if;
  if (coalesce(was.there, false), was.ticket_id, was.writing)
     is distinct from (here, case when here then ticket end, case when here then coalesce(writing, false) end) then
    perform private.announce_presence(array[was.ticket_id, case when here then ticket end]);
    delete from private.presence p where p.session_id in (
      select o.session_id from private.presence o where o.seen_at < clock_timestamp() - interval '10 minutes'
       limit 20 for update skip locked);
  end if;
end
$$;

-- Who else has these tickets open, or any (null), as far as all of a ticket is shown to who asks and to whom it is told
-- of; and for how many seconds that is believed unless it is said again. Of the team alone, to the team alone.
create or replace function helpdesk.presence(ids uuid[])
returns table (ticket_id uuid, person_id uuid, name text, writing boolean, ends_in double precision)
language plpgsql stable security definer rows 10 set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
begin
  if coalesce(who.role, 'customer') = 'customer' then
    return;
  end if;
  return query
  select p.ticket_id, p.person_id, private.called(n.full_name, n.email, n.role, true), bool_or(p.writing),
         extract(epoch from max(p.seen_at) + interval '25 seconds' - clock_timestamp())::double precision
    from private.presence p
    join public.tickets t on t.id = p.ticket_id
    join auth.sessions s on s.id = p.session_id and s.user_id = p.person_id
         and (s.not_after is null or s.not_after > clock_timestamp())
   cross join lateral private.standing(p.person_id, s.aal::text) w
    join public.profiles n on n.id = p.person_id
   where p.seen_at > clock_timestamp() - interval '25 seconds' and p.person_id <> who.person
     and (ids is null or p.ticket_id = any(ids))
     and private.sight_of(t.customer_id, t.assignee_id, t.department_id, who.person, who.agent, who.departments) = 'team'
     and private.sight_of(t.customer_id, t.assignee_id, t.department_id, p.person_id,
                          case when w.role = 'agent' then w.person end, private.reach(w.role, w.department)) = 'team'
   group by p.ticket_id, p.person_id, n.full_name, n.email, n.role
   order by 1, 4 desc, 3;
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Drafts, for one's other devices: nobody reads or writes another's, whatever they are
-- ---------------------------------------------------------------------------------------------------------------

-- What the person who asks is writing, the latest first: to one ticket, or to any (null). One's own words stay one's own,
-- also where the ticket is out of sight by now.
create or replace function helpdesk.drafts(ticket uuid)
returns table (message_id uuid, ticket_id uuid, kind text, content text, after_id uuid, revision integer,
               updated_at timestamptz)
language plpgsql stable security definer rows 10 set search_path = pg_catalog, pg_temp as $$
declare
  person constant uuid := private.uid();
begin
  return query
  select d.message_id, d.ticket_id, d.kind, d.content, d.after_id, d.revision, d.updated_at
    from private.drafts d where d.person_id = person and (ticket is null or d.ticket_id = ticket)
   order by d.updated_at desc, d.message_id;
end
$$;

-- Keeps what somebody is writing, over the revision that it goes on from (0: over none). Answers the new revision; null
-- where that is not the one that is kept, so that nothing is written over; 0 where it was sent already.
create or replace function helpdesk.save_draft(
  message uuid, ticket uuid, kind text, content text, after_id uuid, base integer
) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  person constant uuid := private.uid();
  sight constant text := private.sight(ticket);
  kept integer;
begin
  if sight is null then
    raise exception 'there is no such ticket' using errcode = 'HD004';
  elsif message is null or base is null or content is null or coalesce(kind, '') not in ('reply', 'note') then
    raise exception 'a draft is of a reply or a note, with a text and a revision' using errcode = 'HD002';
  elsif kind = 'note' and sight <> 'team' then
    raise exception 'only the team writes notes' using errcode = 'HD003';
  elsif length(content) > 100000 then
    raise exception 'this is too long to be kept for other devices' using errcode = 'HD002',
      hint = 'At most 100,000 characters; it stays on this one.';
  elsif (select count(*) >= 200 or sum(length(d.content)) + length(save_draft.content) > 2000000
           from private.drafts d where d.person_id = person and d.message_id <> message) then
    raise exception 'these are too many drafts to be kept for other devices' using errcode = 'HD002',
      hint = 'Send some, or throw some away.';
  end if;
  if exists (select from public.ticket_messages m where m.id = message and m.sender_id = person) then
    return 0;
  end if;
  if base = 0 then
    insert into private.drafts as d (person_id, message_id, ticket_id, kind, content, after_id, revision)
    values (person, message, ticket, save_draft.kind, save_draft.content, save_draft.after_id, 1)
    on conflict (person_id, message_id) do nothing returning d.revision into kept;
  else
    update private.drafts d
       set content = save_draft.content, after_id = save_draft.after_id, revision = d.revision + 1,
           updated_at = clock_timestamp()
     where d.person_id = person and d.message_id = message and d.revision = base
       and (d.ticket_id, d.kind) = (ticket, save_draft.kind)
    returning d.revision into kept;
  end if;
  return kept;
end
$$;

-- Forgets drafts of one's own that nobody has gone on with: each as it was known.
create or replace function helpdesk.drop_drafts(messages uuid[], revisions integer[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  person constant uuid := private.uid();
begin
  delete from private.drafts d using unnest(messages, revisions) as g(message_id, revision)
   where d.person_id = person and d.message_id = g.message_id and d.revision = g.revision;
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Chat
-- ---------------------------------------------------------------------------------------------------------------

-- What the person who asks is to a chat: its 'customer', the 'agent' who leads it, one of the 'team' to whom it is
-- shown besides, or nothing.
create or replace function private.chat_sight(chat uuid, who record) returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return (select case when s.customer_id = who.person then 'customer'
                      when s.agent_id = who.person and who.role in ('agent', 'admin') then 'agent'
                      when private.works_chat(s.status, s.agent_id, s.department_id, who.agent, who.departments,
                                              coalesce(who.role = 'admin', false)) then 'team' end
            from public.chat_sessions s where s.id = chat);
end
$$;

create or replace function private.chat_sight(chat uuid) returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
begin
  return private.chat_sight(chat, who);
end
$$;

-- The same, or an error that does not tell what is not there from what is not theirs.
create or replace function private.chat_sight_or_fail(chat uuid) returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  sight constant text := private.chat_sight(chat);
begin
  if sight is null then
    raise exception 'there is no such chat' using errcode = 'HD004', hint = 'It may have been handed to somebody else.';
  end if;
  return sight;
end
$$;

-- Whether a person's message is in a chat already. Another one under the same id is no such case: taking it for one
-- would lose this text without a word.
create or replace function private.chat_holds(message uuid, chat uuid, person uuid) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  there record;
begin
  select m.session_id, m.sender_id into there from public.chat_messages m where m.id = message;
  if found and (there.session_id, there.sender_id) is distinct from (chat, person) then
    if private.chat_sight(chat) is null then
      return false;  -- whom the chat is not shown is told that, and nothing of ids
    end if;
    raise exception 'this id is taken by another message' using errcode = 'HD002', hint = 'Draw a new one.';
  end if;
  return there.session_id is not null;
end
$$;

-- Both sides hear of a chat, the team to whom it waits, and the admins. More than can be named: an empty list.
create or replace function private.tell_of_chats(chats private.touched_chat[]) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  select private.announce_to(a.audience, jsonb_build_object(
           'chats', case when count(distinct a.id) > 150 then '[]'::jsonb else jsonb_agg(distinct a.id) end))
    from unnest(chats) as c
   cross join lateral (values
     ('person:' || c.customer_id, c.id),
     -- Whoever led it to the end and is of the team no more sees it no more.
     (case when exists (select from public.profiles p where p.id = c.agent_id and p.role <> 'customer')
           then 'person:' || c.agent_id end, c.id),
     (case when c.status = 'waiting' then coalesce('department:' || c.department_id, 'staff') end, c.id),
     (case when c.status <> 'waiting' or c.department_id is not null then 'admins' end, c.id)
   ) as a(audience, id)
   where a.audience is not null
   group by a.audience
$$;

-- The waiting list has moved: those further back have another place in it. The first of them; the rest will see.
create or replace function private.tell_those_behind(since timestamptz) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  select private.announce_to('person:' || w.customer_id, jsonb_build_object('chats', jsonb_build_array(w.id)))
    from (select s.id, s.customer_id from public.chat_sessions s
           where s.status = 'waiting' and s.created_at > since order by s.created_at limit 50) w
$$;

-- Chats with what a list shows of them. Without ids: the person's own that go on, as many of those that are over as
-- asked, those that wait for them, and for an admin those that others lead. With ids: these, as far as they may be seen.
-- A place in the waiting list is told to whoever waits there, and counts those whom the same people could take first.
create or replace function helpdesk.chats(ids uuid[], past integer)
returns table (list text, id uuid, customer_id uuid, customer text, agent_id uuid, agent text, status text,
               department_id uuid, department text, topic text, created_at timestamptz, accepted_at timestamptz,
               ended_at timestamptz, last_message_at timestamptz, last_words text, unread integer, place integer,
               rating integer, ticket_id uuid, ticket_number bigint, waiting_since timestamptz, last_by_staff boolean,
               rating_comment text)
language plpgsql stable security definer rows 20
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  who constant record := private.asking();
  staff constant boolean := coalesce(who.role in ('agent', 'admin'), false);
  admin constant boolean := coalesce(who.role = 'admin', false);
  wanted uuid[] := ids;
begin
  if past < 0 then
    perform private.refuse_negative(past);
  end if;
  if who.person is null then
    return;
  end if;
  if wanted is null then
    wanted := array(
      select s.id from public.chat_sessions s where s.customer_id = who.person and s.status <> 'ended'
      union all
      (select s.id from public.chat_sessions s where s.customer_id = who.person and s.status = 'ended'
        order by s.ended_at desc limit past));
    if staff then
      wanted := wanted || array(
        select s.id from public.chat_sessions s where s.agent_id = who.person and s.status = 'active'
        union all
        (select s.id from public.chat_sessions s where s.agent_id = who.person and s.status = 'ended'
          order by s.ended_at desc limit past)
        union all
        (select s.id from public.chat_sessions s
          where s.status = 'waiting' and s.customer_id <> who.person
            and private.works_chat(s.status, s.agent_id, s.department_id, who.agent, who.departments, admin)
          order by s.created_at limit 500)
        union all
        (select s.id from public.chat_sessions s where admin and s.status = 'active' and s.agent_id is distinct from who.person
          order by s.created_at limit 500));
    end if;
  end if;
  return query
  select case when who.person in (s.customer_id, s.agent_id) then 'mine' when s.status = 'waiting' then 'waiting'
              else 'others' end,
         s.id, s.customer_id, private.called(c.full_name, c.email, c.role, staff or c.id = who.person),
         s.agent_id, case when a.id is not null then private.called(a.full_name, a.email, a.role, staff) end,
         s.status, s.department_id, d.name, s.topic, s.created_at, s.accepted_at, s.ended_at, s.last_message_at,
         left(w.content, 300), u.messages, p.place, s.rating::integer, t.id, t.number, s.waiting_since,
         w.sender_id <> s.customer_id, s.rating_comment
    from public.chat_sessions s
    join public.profiles c on c.id = s.customer_id
    left join public.profiles a on a.id = s.agent_id
    left join public.departments d on d.id = s.department_id
    left join public.tickets t on t.id = s.ticket_id
         and (t.customer_id = who.person or private.works_on(t.assignee_id, t.department_id, who.agent, who.departments))
    left join lateral (
      select m.content, m.sender_id from public.chat_messages m where m.session_id = s.id
       order by m.created_at desc limit 1) w on true
   cross join lateral (
      select count(*)::integer as messages from (
        select from public.chat_messages m
         where m.session_id = s.id and m.sender_id <> who.person
           and (s.status = 'waiting' or who.person in (s.customer_id, s.agent_id))
           and m.created_at > coalesce((select n.seen_at from private.chat_seen n
                                         where n.session_id = s.id and n.person_id = who.person), '-infinity')
         limit 100) unseen) u
    left join lateral (
      select 1 + count(*)::integer as place from public.chat_sessions o
       where o.status = 'waiting' and (o.created_at, o.id) < (s.created_at, s.id)
         and (o.department_id is null or s.department_id is null or o.department_id = s.department_id)
    ) p on s.status = 'waiting' and s.customer_id = who.person
   where s.id = any(wanted)
     and (s.customer_id = who.person
          or private.works_chat(s.status, s.agent_id, s.department_id, who.agent, who.departments, admin)
          or (staff and s.agent_id = who.person))
   order by s.created_at, s.id;
end
$$;

-- What was said in a chat, oldest first: all of it, or what came after a message. Names and no addresses, to anybody: it
-- is what a transcript is made of.
create or replace function helpdesk.chat_messages(chat uuid, after uuid)
returns table (id uuid, session_id uuid, sender_id uuid, sender text, by_staff boolean, content text,
               created_at timestamptz)
language plpgsql stable security definer rows 30
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  sight constant text := private.chat_sight(chat);
begin
  if sight is null then
    return;
  end if;
  return query
  select m.id, m.session_id, m.sender_id,
         coalesce(nullif(btrim(p.full_name), ''), case when m.sender_id = s.customer_id then 'Customer' else 'Support' end),
         m.sender_id <> s.customer_id, m.content, m.created_at
    from public.chat_messages m
    join public.chat_sessions s on s.id = m.session_id
    join public.profiles p on p.id = m.sender_id
   where m.session_id = chat
     and not exists (select from public.chat_messages a
                      where a.id = after and a.session_id = chat and (m.created_at, m.id) <= (a.created_at, a.id))
   order by m.created_at, m.id;
end
$$;

-- Opens a chat with its first words, or goes on in the one that is open already. The ids are the client's, so that
-- asking again opens nothing twice and says nothing twice.
create or replace function helpdesk.chat_open(chat uuid, topic text, message uuid, words text) returns uuid
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
  subject constant text := nullif(btrim(topic), '');
  opened uuid;
begin
  if who.role is distinct from 'customer' then
    raise exception 'only customers open chats' using errcode = 'HD003';
  end if;
  if chat is null or message is null and words ~ '\S' then
    raise exception 'a chat and its first message need an id' using errcode = 'HD002', hint = 'Draw one.';
  end if;
  if char_length(subject) > 200 then
    raise exception 'a topic may have 200 characters at most, this one has %', char_length(subject)
      using errcode = 'HD002', hint = 'Say the rest in the first message.';
  end if;
  insert into public.chat_sessions (id, customer_id, status, topic, created_at)
  select chat, who.person, 'waiting', subject, clock_timestamp()
   where not exists (select from public.chat_sessions s where s.id = chat)
  on conflict do nothing;
  select s.id into opened from public.chat_sessions s where s.id = chat and s.customer_id = who.person;
  if opened is null then
    select s.id into opened from public.chat_sessions s where s.customer_id = who.person and s.status <> 'ended';
  end if;
  if opened is null then
    raise exception 'the chat could not be opened' using errcode = 'HD002', hint = 'Try again under a new id.';
  end if;
  if words ~ '\S' then
    insert into public.chat_messages (id, session_id, sender_id, content)
    values (message, opened, who.person, words);
  end if;
  return opened;
end
$$;

-- Takes a chat that waits. Of several who try, one gets it; the others are told who has it, nobody if it is over.
create or replace function helpdesk.chat_accept(chat uuid) returns table (done boolean, by_name text)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
  taken boolean;
begin
  if who.role is null or who.role = 'customer' then
    raise exception 'only agents and admins take chats' using errcode = 'HD003';
  end if;
  -- Shown to them, or shown to them a moment ago.
  if not exists (
    select from public.chat_sessions s
     where s.id = chat and s.customer_id <> who.person
       and (s.department_id is null or s.department_id = any(who.departments) or s.agent_id = who.person)) then
    raise exception 'there is no such chat' using errcode = 'HD004', hint = 'It may have been sent to another department.';
  end if;
  -- Held until the end: whoever is taken off the team at this moment must not be left with a chat.
  perform from public.profiles p
    where p.id = who.person and p.role in ('agent', 'admin') and p.deactivated_at is null for share;
  if not found then
    raise exception 'only agents and admins take chats' using errcode = 'HD003';
  end if;
  -- Whoever comes second waits for the first one's commit, and looks again.
  update public.chat_sessions s set status = 'active', agent_id = who.person
   where s.id = chat and s.status = 'waiting'
     and (s.department_id is null or s.department_id = any(who.departments));
  taken := found;
  return query
  select taken or s.agent_id is not distinct from who.person and s.status = 'active',
         case when s.status = 'active' then private.called(p.full_name, p.email, p.role, true) end
    from public.chat_sessions s left join public.profiles p on p.id = s.agent_id where s.id = chat;
end
$$;

-- Hands a chat to a person, or to a department, where it waits again; to neither: where it waited before. By whoever leads it, an admin, or for one that
-- waits, whoever sees it wait; and for an hour by whoever handed it over last, as long as nobody has taken it or answered:
-- once more the same, which changes nothing, or back to themselves.
create or replace function helpdesk.chat_transfer(chat uuid, person uuid, department uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
  sight text := private.chat_sight(chat);
  s record;
  last record;
  target uuid;
begin
  if sight = 'customer' or who.role is null or who.role = 'customer' then
    raise exception 'only agents and admins hand chats over' using errcode = 'HD003';
  end if;
  if person is not null and department is not null then
    raise exception 'a chat is handed to a person or to a department' using errcode = 'HD002';
  end if;
  if sight is null and not exists (select from private.chat_handovers h where h.session_id = chat
                                    and h.by_id = who.person and h.created_at > clock_timestamp() - interval '1 hour') then
    raise exception 'there is no such chat' using errcode = 'HD004', hint = 'It may have been handed to somebody else.';
  end if;
  if person is not null then
    -- Held until the end, so that nobody is taken off the team between this look and the commit; and before the chat, as
    -- it is done where somebody leaves.
    perform from public.profiles p join auth.users u on u.id = p.id
      where p.id = person and p.role in ('agent', 'admin') and p.deactivated_at is null and u.deleted_at is null
        and (u.banned_until is null or u.banned_until <= clock_timestamp())
        and not exists (select from public.chat_sessions c where c.id = chat and c.customer_id = p.id)
        for share of p;
    if not found then
      raise exception 'only an agent or an admin can take a chat' using errcode = 'HD002';
    end if;
  end if;
  select c.* into s from public.chat_sessions c where c.id = chat for no key update;
  sight := private.chat_sight(chat);
  if sight is null then
    select h.* into last from private.chat_handovers h where h.session_id = chat order by h.id desc limit 1;
    if last.by_id is distinct from who.person or last.created_at < clock_timestamp() - interval '1 hour'
       or (s.status, s.agent_id, case when last.department_id is not null then s.department_id end) is distinct from
          (case when last.person_id is null then 'waiting' else 'active' end, last.person_id, last.department_id)
       or (person is distinct from who.person
           and (person, case when person is null then coalesce(department, s.department_id) end)
               is distinct from (last.person_id, last.department_id))
       -- Whoever answers has taken it.
       or (person = who.person and exists (select from public.chat_messages m where m.session_id = chat
                                            and m.sender_id = last.person_id and m.created_at > last.created_at))
    then
      raise exception 'there is no such chat' using errcode = 'HD004', hint = 'It may have been handed to somebody else.';
    end if;
  end if;
  if s.status = 'ended' then
    raise exception 'this chat has ended' using errcode = 'HD002';
  end if;
  if person is not null then
    update public.chat_sessions c set status = 'active', agent_id = person
     where c.id = chat and (c.status, c.agent_id) is distinct from ('active', person);
  else
    if department is not null and not exists (select from public.departments d where d.id = department) then
      raise exception 'there is no such department' using errcode = 'HD004';
    end if;
    target := coalesce(department, s.department_id);
    update public.chat_sessions c set status = 'waiting', agent_id = null, department_id = target
     where c.id = chat and (c.status, c.department_id) is distinct from ('waiting', target);
  end if;
  if found then
    insert into private.chat_handovers (session_id, by_id, person_id, department_id)
    values (chat, who.person, person, target);
  end if;
end
$$;

-- Ends a chat: its customer, whoever leads it, an admin. What was said stays.
create or replace function helpdesk.chat_end(chat uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  sight text := private.chat_sight_or_fail(chat);
begin
  if sight = 'team' and not private.is_admin() then
    raise exception 'whoever leads a chat ends it' using errcode = 'HD003', hint = 'Take it first.';
  end if;
  perform from public.chat_sessions s where s.id = chat for no key update;
  sight := private.chat_sight_or_fail(chat);
  update public.chat_sessions s set status = 'ended', ended_by = private.uid() where s.id = chat and s.status <> 'ended';
end
$$;

-- Goes on with a chat that was ended by mistake: whoever ended it, for ten minutes, as long as its customer has not opened
-- another one. It is led by whom it was led, or waits as it did.
create or replace function helpdesk.chat_reopen(chat uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
  s record;
begin
  perform private.chat_sight_or_fail(chat);
  select c.status, c.ended_by, c.ended_at, c.agent_id into s
    from public.chat_sessions c where c.id = chat for no key update;
  if s.status <> 'ended' then
    return;
  end if;
  if s.ended_by is distinct from who.person or s.ended_at < clock_timestamp() - interval '10 minutes' then
    raise exception 'only whoever ended a chat goes on with it, for ten minutes' using errcode = 'HD003',
      hint = 'Open a new one.';
  end if;
  update public.chat_sessions c
     set status = case when exists (select from public.profiles p where p.id = s.agent_id and p.role in ('agent', 'admin')
                                     and p.deactivated_at is null) then 'active' else 'waiting' end,
         agent_id = case when exists (select from public.profiles p where p.id = s.agent_id
                                       and p.role in ('agent', 'admin') and p.deactivated_at is null) then c.agent_id end
   where c.id = chat;
exception when unique_violation then
  raise exception 'its customer has opened another chat since' using errcode = 'HD002';
end
$$;

-- What its customer thinks of a chat that is over, once; it can be changed.
create or replace function helpdesk.chat_rate(chat uuid, rating integer, comment text) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if private.chat_sight_or_fail(chat) <> 'customer' then
    raise exception 'only its customer rates a chat' using errcode = 'HD003';
  end if;
  if chat_rate.rating is null or chat_rate.rating not between 1 and 5 then
    raise exception 'a rating is a number from 1 to 5' using errcode = 'HD002';
  end if;
  if char_length(comment) > 20000 then
    raise exception 'a comment may have 20,000 characters at most' using errcode = 'HD002';
  end if;
  update public.chat_sessions s
     set rating = chat_rate.rating, rating_comment = nullif(btrim(comment), ''), rated_at = clock_timestamp()
   where s.id = chat and s.status = 'ended';
  if not found then
    raise exception 'a chat is rated when it is over' using errcode = 'HD002', hint = 'End it first.';
  end if;
end
$$;

-- Whoever leaves the team, or is shut out, leaves nobody waiting for an answer: their chats wait for another.
create or replace function private.give_chats_back(person uuid) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  update public.chat_sessions s set status = 'waiting', agent_id = null
   where s.agent_id = person and s.status = 'active'
$$;

-- How far the person has read. Nobody else is told.
create or replace function helpdesk.chat_seen(chat uuid, message uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  person constant uuid := private.uid();
begin
  if private.chat_sight_or_fail(chat) = 'team' then
    return;
  end if;
  insert into private.chat_seen as n (session_id, person_id, seen_at)
  select chat, person, m.created_at from public.chat_messages m where m.id = message and m.session_id = chat
  on conflict (session_id, person_id) do update set seen_at = excluded.seen_at where n.seen_at < excluded.seen_at;
end
$$;

-- Tells the other side, and nobody else, that this one is typing, here or away. Nothing is written down.
create or replace function private.tell_other_side(chat uuid, what text) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  person constant uuid := private.uid();
begin
  -- In an older snapshot it may be a chat of theirs yet.
  if private.chat_sight_or_fail(chat) = 'team' or current_setting('transaction_isolation') <> 'read committed' then
    return;
  end if;
  perform private.announce_to('person:' || case when person = s.customer_id then s.agent_id else s.customer_id end,
                              jsonb_build_object(what, jsonb_build_object('chat', chat, 'by', person)))
     from public.chat_sessions s where s.id = chat and s.status = 'active' and s.agent_id is not null;
end
$$;

create or replace function helpdesk.chat_typing(chat uuid) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as
'select private.tell_other_side(chat, ''typing'')';

create or replace function helpdesk.chat_present(chat uuid, here boolean) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as
'select private.tell_other_side(chat, case when here then ''here'' else ''away'' end)';

-- A chat becomes a ticket of its customer's, which holds what was said as public messages, by whom and when it was.
-- Once more gives the same ticket, and brings what was said since.
create or replace function helpdesk.chat_to_ticket(chat uuid) returns table (id uuid, number bigint)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  sight text := private.chat_sight_or_fail(chat);
  s record;
  title text;
begin
  if not (sight = 'agent' or private.is_admin()) then
    raise exception 'only whoever leads a chat makes a ticket of it' using errcode = 'HD003';
  end if;
  select c.* into s from public.chat_sessions c where c.id = chat for no key update;
  sight := private.chat_sight_or_fail(chat);
  if s.ticket_id is null then
    title := coalesce(
      s.topic,
      (select nullif(btrim(left(regexp_replace(m.content, '\s+', ' ', 'g'), 100)), '') from public.chat_messages m
        where m.session_id = chat and m.sender_id = s.customer_id order by m.created_at limit 1),
      'A chat');
    s.ticket_id := gen_random_uuid();
    insert into public.tickets (id, title, customer_id, assignee_id, department_id, metadata)
    select s.ticket_id, title, s.customer_id,
           case when p.role in ('agent', 'admin') and p.deactivated_at is null then p.id end,
           coalesce(s.department_id, p.department_id, (select d.id from public.departments d where d.is_default)),
           jsonb_build_object('chat', chat)
      from (select 1) one left join public.profiles p on p.id = s.agent_id;
    -- The request began with the chat: the time of the first response counts from there.
    update public.tickets t set created_at = s.created_at where t.id = s.ticket_id;
    update public.ticket_status_history h set created_at = s.created_at where h.ticket_id = s.ticket_id;
    update public.chat_sessions c set ticket_id = s.ticket_id where c.id = chat;
  elsif private.sight(s.ticket_id) is null then
    raise exception 'the ticket that was made of this chat is in other hands by now' using errcode = 'HD003';
  end if;
  -- The guard of the messages knows them again.
  insert into public.ticket_messages (id, ticket_id, sender_id, content, created_at)
  select case when exists (select from public.ticket_messages n where n.id = m.id) then gen_random_uuid() else m.id end,
         s.ticket_id, m.sender_id, m.content, m.created_at
    from public.chat_messages m
   where m.session_id = chat
     and not exists (select from public.ticket_messages n
                      where n.ticket_id = s.ticket_id and n.created_at = m.created_at
                        and n.sender_id = m.sender_id and n.content = m.content)
   order by m.created_at;
  return query select t.id, t.number from public.tickets t where t.id = s.ticket_id;
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Audit: read by admins, sealed and verified by the owner. The rows are written by triggers (schema.sql).
-- ---------------------------------------------------------------------------------------------------------------

-- What changed about a ticket, oldest first, from behind a row on; of ids that name somebody or something, the names.
create or replace function helpdesk.audit_of(ticket uuid, after_at timestamptz, after_chain bigint, after_seq bigint,
                                             most integer)
returns table (at timestamptz, chain bigint, seq bigint, actor uuid, name text, session uuid, login text, op text,
               table_name text, row_key text, old jsonb, new jsonb, names jsonb)
language plpgsql stable security definer rows 50
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
begin
  if most < 0 then
    perform private.refuse_negative(most);
  end if;
  perform private.as_admin(alone => false);
  return query
  with page as materialized (
    select a.* from private.audit a
     where a.ticket_id = audit_of.ticket
       and (a.at, a.chain, a.seq) > (coalesce(after_at, '-infinity'), coalesce(after_chain, 0), coalesce(after_seq, 0))
     order by a.at, a.chain, a.seq limit least(most, 1000)),
  named as materialized (
    select distinct e.value::uuid as id
      from page p cross join lateral (select * from jsonb_each_text(p.old) union all select * from jsonb_each_text(p.new)) e
     where e.key like '%\_id' and e.value ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
  names as materialized (
    select n.id, coalesce((select private.called(p.full_name, p.email, p.role, true) from public.profiles p where p.id = n.id),
                          (select d.name from public.departments d where d.id = n.id),
                          (select c.name from public.categories c where c.id = n.id),
                          (select t.name from public.ticket_tags t where t.id = n.id)) as name
      from named n)
  select p.at, p.chain, p.seq, p.actor, case when w.id is not null then private.called(w.full_name, w.email, w.role, true) end,
         p.session, p.login, p.op, p.table_name, p.row_key, p.old, p.new,
         (select jsonb_object_agg(n.id, n.name) from names n
           where n.name is not null and (position(n.id::text in p.old::text) > 0 or position(n.id::text in p.new::text) > 0))
    from page p left join public.profiles w on w.id = p.actor
   order by p.at, p.chain, p.seq;
end
$$;

-- What is hashed of a seal.
create or replace function private.audit_seal_hash(before bytea, seal bigint, at timestamptz, sealed text) returns bytea
language sql stable parallel safe
return sha256(before || convert_to(concat_ws(' ', seal, extract(epoch from at), sealed), 'UTF8'));

-- Seals what has been written since the last seal and is committed. Answers the newest seal; nothing new, no new one.
-- One after the other; only the owner comes here, and waits for nobody else.
create or replace function private.audit_seal() returns table (seal bigint, at timestamptz, hash bytea)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  last record;
  next constant timestamptz := clock_timestamp();
begin
  perform from private.turns t where t.what = 'audit seal' for update;
  select s.seal, s.hash into last from private.audit_seals s order by s.seal desc limit 1;
  insert into private.audit_sealed (chain, seq, seal, hash)
  select c.chain, c.seq, coalesce(last.seal, 0) + 1, c.hash from private.audit_chains c
   where c.seq > coalesce((select s.seq from private.audit_sealed s where s.chain = c.chain order by s.seq desc limit 1), 0);
  if found then
    insert into private.audit_seals (seal, at, hash)
    select coalesce(last.seal, 0) + 1, next, private.audit_seal_hash(coalesce(last.hash, ''), coalesce(last.seal, 0) + 1, next,
             string_agg(concat_ws(':', s.chain, s.seq, encode(s.hash, 'hex')), ' ' order by s.chain))
      from private.audit_sealed s where s.seal = coalesce(last.seal, 0) + 1;
  end if;
  return query select s.seal, s.at, s.hash from private.audit_seals s order by s.seal desc limit 1;
end
$$;

-- What is not recorded, because a trigger that would is not there or is not on.
create or replace function private.audit_gaps() returns table (table_name text, trigger_name text, state text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select t.name::text, w.name,
         case g.tgenabled when 'O' then 'asleep where changes are replayed' when 'D' then 'switched off'
                          when 'R' then 'switched off' else 'missing' end
    from private.audited() as t(name)
   cross join unnest(array['audit_insert', 'audit_update', 'audit_delete', 'audit_truncate']) as w(name)
    left join pg_trigger g on g.tgrelid = t.name and g.tgname = w.name
     and g.tgfoid in ('private.audit_rows()'::regprocedure, 'private.audit_updates()'::regprocedure)
   where g.tgenabled is distinct from 'A'
   order by t.name::text, w.name
$$;

-- Everything that is wrong with the audit; no row where it is whole. Goes through all of it once.
create or replace function private.audit_verify()
returns table (wrong text, chain bigint, seq bigint, table_name text, row_key text, at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return query
  select case when a.seq = a.before + 1 then 'this row is not what was written'
              when a.seq = a.before + 2 then 'the row before this one is missing'
              else format('the %s rows before this one are missing', a.seq - a.before - 1) end,
         a.chain, a.seq, a.table_name, a.row_key, a.at
    from (select r.*, lag(r.seq, 1, 0::bigint) over w as before, lag(r.hash, 1, ''::bytea) over w as hash_before
            from private.audit r window w as (partition by r.chain order by r.seq)) a
   where a.seq <> a.before + 1
      or a.hash <> private.audit_link(a.hash_before, private.audit_text(
           a.chain, a.seq, a.at, a.txid, a.actor, a.session, a.login, a.op, a.table_name, a.row_key, a.ticket_id, a.old, a.new))
   order by a.chain, a.seq;

  return query
  with ends as (select r.chain, max(r.seq) as seq from private.audit r group by r.chain)
  select case when c.chain is null then 'this chain has no end'
              when e.seq is null or e.seq < c.seq then format('the last rows of this chain are missing: it had %s', c.seq)
              else 'this chain does not end as it was written' end,
         coalesce(e.chain, c.chain), e.seq, l.table_name, l.row_key, l.at
    from ends e full join private.audit_chains c on c.chain = e.chain
    left join private.audit l on l.chain = e.chain and l.seq = e.seq
   where (coalesce(e.seq, 0), coalesce(l.hash, '')) is distinct from (c.seq, c.hash)
   order by 2;

  return query
  select case when s.seal is null then format('seal %s is missing', g.seal)
              when s.seal <> s.before + 1 then format('seals before seal %s are missing', s.seal)
              else format('seal %s is not what was written', s.seal) end,
         null::bigint, null::bigint, null::text, null::text, s.at
    from (select x.*, lag(x.seal, 1, 0::bigint) over (order by x.seal) as before,
                 lag(x.hash, 1, ''::bytea) over (order by x.seal) as hash_before from private.audit_seals x) s
    full join (select x.seal, string_agg(concat_ws(':', x.chain, x.seq, encode(x.hash, 'hex')), ' ' order by x.chain) as sealed
                 from private.audit_sealed x group by x.seal) g on g.seal = s.seal
   where s.seal is null or s.seal <> s.before + 1
      or s.hash is distinct from private.audit_seal_hash(s.hash_before, s.seal, s.at, g.sealed)
   order by coalesce(s.seal, g.seal);

  return query
  select case when a.chain is null then format('what seal %s sealed is missing', s.seal)
              else format('this row is another than seal %s sealed', s.seal) end,
         s.chain, s.seq, a.table_name, a.row_key, a.at
    from private.audit_sealed s left join private.audit a on a.chain = s.chain and a.seq = s.seq
   where a.hash is distinct from s.hash
   order by s.seal, s.chain;

  return query
  select format('changes of %s are not recorded: its trigger %s is %s', g.table_name, g.trigger_name, g.state),
         null::bigint, null::bigint, g.table_name, null::text, null::timestamptz
    from private.audit_gaps() g where g.state in ('missing', 'switched off');
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- The access token hook: every sign-in gets a login of its own, as long as its token lives
-- ---------------------------------------------------------------------------------------------------------------

do $$
declare
  since_16 constant boolean := current_setting('server_version_num')::integer >= 160000;
  superuser constant boolean := (select rolsuper from pg_roles where rolname = current_user);
begin
  if not exists (select from pg_roles where rolname = 'helpdesk_keeper') then
    create role helpdesk_keeper nologin noinherit createrole;
  end if;
  if since_16 then
    if not exists (select from pg_auth_members where roleid = 'helpdesk_member'::regrole
                     and member = 'helpdesk_keeper'::regrole and admin_option) then
      execute 'grant helpdesk_member to helpdesk_keeper with admin true, inherit false, set false';
    end if;
    if not superuser then
      execute 'grant helpdesk_keeper to current_user with inherit true, set true';
    end if;
  else
    -- There, only a role that inherits may end the connections of the logins it is given.
    execute 'alter role helpdesk_keeper inherit';
    execute 'grant helpdesk_member to helpdesk_keeper with admin option';
    if not superuser then
      execute 'grant helpdesk_keeper to current_user';
    end if;
  end if;
end
$$;

create or replace function private.session_ends(session uuid) returns timestamptz
language sql stable security definer set search_path = pg_catalog, pg_temp as
'select coalesce(s.not_after, ''infinity'') from auth.sessions s where s.id = session';

-- Ends the connections of a login, if they can be ended, but for the one that asks.
create or replace function private.hang_up(session uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '100ms' as $$
declare
  login constant text := 'hd_' || replace(session::text, '-', '');
begin
  perform pg_stat_clear_snapshot();  -- who connected since this transaction last looked is there too
  if exists (select from pg_stat_activity a where a.usename = login and a.pid <> pg_backend_pid()) then
    begin
      if current_setting('server_version_num')::integer >= 160000 then
        execute format('grant %I to helpdesk_keeper with inherit true, set false', login);
      else
        execute format('grant %I to helpdesk_keeper', login);
      end if;
    exception when lock_not_available or unique_violation or internal_error then
      null;  -- two who hang up on one login at once: one of them may
    end;
    perform pg_terminate_backend(a.pid) from pg_stat_activity a where a.usename = login and a.pid <> pg_backend_pid();
  end if;
exception when insufficient_privilege or undefined_object then
  null;  -- it has no rights any more, whether its connections end or not
end
$$;

-- Takes a login out of use and ends its connections. Until this is committed it may connect once more; whoever does is
-- hung up on later (helpdesk.hang_up, the hook, the watchdog), which is why a login that still works is not dropped.
create or replace function private.lock_out(session uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '100ms' as $$
declare
  login constant text := 'hd_' || replace(session::text, '-', '');
begin
  for try in 1 .. 5 loop
    -- First: a transaction left open in which it changes its own password would hold the login.
    perform private.hang_up(session);
    begin
      if exists (select from pg_roles r where r.rolname = login and r.rolcanlogin) then
        execute format('alter role %I nologin', login);
        perform private.hang_up(session);
      end if;
      return;
    exception when lock_not_available or internal_error then
      null;  -- held still, or changed by another at this moment
    end;
  end loop;
exception when insufficient_privilege or undefined_object then
  null;  -- none of ours; it has no rights any more
end
$$;

-- Clears a login away: ends its connections, which would go on listening, and drops it. Its rights it has lost before:
-- private.uid() knows nobody without a session. One that owns something or is held in a lock stays, and is left alone
-- for a day. A sign-in is waiting: nothing here fails it or keeps it long.
create or replace function private.clear_away(session uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '100ms' as $$
declare
  login constant text := 'hd_' || replace(session::text, '-', '');
begin
  if exists (select from pg_roles where rolname = login) then
    perform private.hang_up(session);
    execute format('drop role %I', login);
  end if;
  delete from private.logins l where l.session_id = session;
exception when others then
  update private.logins l set checked_at = clock_timestamp() + interval '1 day' where l.session_id = session;
end
$$;

create or replace function helpdesk.access_token_hook(event jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp set password_encryption = 'scram-sha-256' set lock_timeout = '1s' as $$
declare
  session constant uuid := (event #>> '{claims,session_id}')::uuid;
  expires constant timestamptz := to_timestamp((event #>> '{claims,exp}')::double precision);
  login constant text := 'hd_' || replace(session::text, '-', '');
  key text;
  known boolean;
  gone record;
begin
  -- An anonymous visitor gets no login: making them costs nothing, and each would be a role.
  if session is null or expires is null or coalesce((event #>> '{claims,is_anonymous}')::boolean, false) then
    return event;
  end if;
  if private.is_deactivated((event #>> '{claims,sub}')::uuid) then
    return jsonb_build_object('error', jsonb_build_object('http_code', 403,
      'message', 'This account was deactivated in the helpdesk.'));
  end if;
  select encode(sha256(s.value || uuid_send(session)), 'hex') into strict key
    from private.secrets s where s.name = 'login';

  -- Two tokens of one session at once: the row lets one through after the other. (Not an advisory lock, which any
  -- session could hold against another.)
  insert into private.logins (session_id, valid_until) values (session, expires) on conflict do nothing;
  known := not found;
  update private.logins l set valid_until = expires, checked_at = clock_timestamp() where l.session_id = session;
  if not known then
    perform private.retire_sessions(session);
  end if;

  -- A failure is told without its statement, which holds the password, and which the server would log.
  begin
    if exists (select from pg_roles where rolname = login)
       and not (known and pg_has_role(login, 'helpdesk_member', 'member')) then
      -- Left over from another database of this server, or somebody else's: not to be trusted with a session's name.
      execute format('drop role %I', login);
    end if;
    if exists (select from pg_roles where rolname = login) then
      execute format('alter role %I login valid until %L', login, expires);
    else
      execute format('create role %I login noinherit connection limit 8 password %L valid until %L'
                     ' in role helpdesk_member', login, key, expires);
    end if;
  exception when others then
    raise exception 'the login of session % cannot be made: %', session, sqlerrm using errcode = sqlstate;
  end;

  -- Logins of sessions that ended, and those that nobody used for a month, are cleared away, a few at every sign-in.
  for gone in
    select l.session_id, l.valid_until from private.logins l
     where l.session_id <> session and l.checked_at < clock_timestamp() - interval '1 minute'
     order by l.checked_at limit 4 for update skip locked
  loop
    if private.session_ends(gone.session_id) > clock_timestamp()
       and gone.valid_until > clock_timestamp() - interval '30 days' then
      update private.logins l set checked_at = clock_timestamp() where l.session_id = gone.session_id;
    elsif gone.valid_until > clock_timestamp()
          and exists (select from pg_roles r where r.rolcanlogin
                       and r.rolname = 'hd_' || replace(gone.session_id::text, '-', '')) then
      -- It works still: taken out of use now, dropped a minute later.
      perform private.lock_out(gone.session_id);
      update private.logins l set checked_at = clock_timestamp() where l.session_id = gone.session_id;
    else
      perform private.clear_away(gone.session_id);
    end if;
  end loop;
  return jsonb_set(event, '{claims,helpdesk_key}', to_jsonb(key));
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Sign-ins: each person sees their own and ends them, an admin anybody's. That another's is there is told to nobody else
-- ---------------------------------------------------------------------------------------------------------------

-- The sign-in that this connection belongs to; null for none.
create or replace function private.session_id() returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select case
    when session_user ~ '^hd_[0-9a-f]{32}$' then substr(session_user::text, 4)::uuid
    when pg_has_role(session_user, 'service_role', 'member')
      then (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'session_id')::uuid end
$$;

-- Ends sign-ins: their rows, where the owner may remove them, so that no token is renewed, then their logins.
create or replace function private.end_these(ended uuid[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  each uuid;
begin
  if has_table_privilege('auth.sessions', 'delete') then
    delete from auth.sessions s where s.id = any(ended);
  end if;
  foreach each in array ended loop
    perform private.lock_out(each);
  end loop;
end
$$;

-- The sign-ins of a person that have not ended, the latest first: one's own, or for an admin anybody's. "ip" and
-- "user_agent" are what the sign-in server saw, "connections" how many are open at this moment.
create or replace function helpdesk.sessions(person uuid default null)
returns table (id uuid, signed_in_at timestamptz, refreshed_at timestamptz, ip text, user_agent text, aal text,
               this boolean, connections integer)
language plpgsql stable security definer rows 10 set search_path = pg_catalog, pg_temp as $$
declare
  who record;
begin
  select a.person, a.role into who from private.asking() a where a.role is not null;
  if who.person is null then
    raise exception 'this is for people who are signed in' using errcode = 'HD003', hint = 'Sign in.';
  end if;
  if person <> who.person and (who.role <> 'admin' or not exists (select from public.profiles p where p.id = person)) then
    raise exception 'there is no such person' using errcode = 'HD004';
  end if;
  return query
  select s.id, s.created_at, coalesce(s.refreshed_at at time zone 'utc', s.created_at), host(s.ip),
         left(s.user_agent, 500), s.aal::text, s.id is not distinct from private.session_id(), coalesce(c.many, 0)
    from auth.sessions s
    left join (select a.usename::text as login, count(*)::integer as many from pg_stat_activity a group by 1) c
           on c.login = 'hd_' || replace(s.id::text, '-', '')
   where s.user_id = coalesce(person, who.person) and (s.not_after is null or s.not_after > clock_timestamp())
   order by 3 desc, s.id;
end
$$;

-- Ends a sign-in: one's own, or for an admin anybody's. Its access ends with this, its connections are closed (but for
-- the one that asks), and its token is not renewed. Answers how many connections that were.
create or replace function helpdesk.end_session(session uuid) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  who record;
  closed integer;
begin
  select a.person, a.role into who from private.asking() a where a.role is not null;
  if who.person is null then
    raise exception 'this is for people who are signed in' using errcode = 'HD003', hint = 'Sign in.';
  end if;
  perform from auth.sessions s where s.id = session and (s.user_id = who.person or who.role = 'admin');
  if not found then
    raise exception 'there is no such sign-in' using errcode = 'HD004';
  end if;
  perform private.require_ending();
  select count(*)::integer into closed from pg_stat_activity a
   where a.usename = 'hd_' || replace(session::text, '-', '') and a.pid <> pg_backend_pid();
  perform private.end_these(array[session]);
  return closed;
end
$$;

-- Ends every sign-in of a person, or all but the one that asks: one's own (null), or for an admin anybody's. Answers how
-- many that were.
create or replace function helpdesk.end_sessions(person uuid, but_this boolean) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  ending uuid[] := array(select s.id from helpdesk.sessions(person) s where not (s.this and coalesce(but_this, true)));
begin
  perform private.require_ending();
  perform private.end_these(ending);
  return cardinality(ending);
end
$$;

-- Where the owner may not remove a sign-in, its token would be renewed: then it is not said to have ended.
create or replace function private.require_ending() returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not has_table_privilege('auth.sessions', 'delete') then
    raise exception 'the helpdesk may not end sign-ins in this database' using errcode = 'HD003',
      hint = 'Its owner needs DELETE on auth.sessions.';
  end if;
end
$$;

-- Hangs up once more on whoever connected at the very moment in which their sign-in was ended: before that was committed
-- their login still worked. Called after it; anybody may, since it touches nobody who is signed in.
create or replace function helpdesk.hang_up() returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if private.uid() is not null then
    perform private.hang_up(l.session_id)
       from private.logins l join pg_roles r on r.rolname = 'hd_' || replace(l.session_id::text, '-', '')
      where not r.rolcanlogin and coalesce(private.session_ends(l.session_id), '-infinity') <= clock_timestamp();
  end if;
end
$$;

-- A person has ten sign-ins at most (private.settings): the eleventh ends those that nobody is connected with, then those
-- that were not used for longest. The hook calls this for a new one; nothing here fails it.
create or replace function private.retire_sessions(session uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '100ms' as $$
declare
  others uuid[] := array(select s.id from auth.sessions s join private.logins l on l.session_id = s.id
                          where s.user_id = (select o.user_id from auth.sessions o where o.id = session) and s.id <> session);
  many constant integer := (select f.sessions_per_person from private.settings f);
  used text[];
begin
  if cardinality(others) < many or not has_table_privilege('auth.sessions', 'delete') then
    return;
  end if;
  used := array(select distinct a.usename::text from pg_stat_activity a where a.usename like 'hd\_%');
  perform private.end_these(array(
    select s.id from auth.sessions s
     where s.id in (select o.id from auth.sessions o where o.id = any(others)
                     order by 'hd_' || replace(o.id::text, '-', '') = any(used) desc,
                              coalesce(o.refreshed_at at time zone 'utc', o.created_at) desc nulls last, o.id
                    offset many - 1 limit 20)
       for update skip locked));
exception when lock_not_available or insufficient_privilege then
  null;
end
$$;

-- What the watchdog (helpdesk db watch) asks of logins that are connected: whose each is, whether the sign-in goes on,
-- and how many connections a person may have. No row for a login of which this database knows nothing. For the owner, and
-- whoever the owner grants it to.
create or replace function private.watched(logins text[])
returns table (login text, session uuid, person uuid, email text, signed_in boolean, most integer)
language sql stable security definer rows 100 set search_path = pg_catalog, pg_temp as $$
  select n.login, n.session, s.user_id, p.email,
         s.id is not null and (s.not_after is null or s.not_after > clock_timestamp()),
         (select f.connections_per_person from private.settings f)
    from (select l, substr(l, 4)::uuid from unnest(logins) l where l ~ '^hd_[0-9a-f]{32}$') n(login, session)
    left join private.logins k on k.session_id = n.session
    left join auth.sessions s on s.id = n.session left join public.profiles p on p.id = s.user_id
   where k.session_id is not null or s.id is not null
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Macros. One is its author's alone, a department's or the whole team's; its author and admins change it. It is filled in
-- by the client, from what the client may read anyway: here it is kept, and refused where it could never be filled in.
-- ---------------------------------------------------------------------------------------------------------------

-- What a text may hold in double braces.
create or replace function private.macro_variables() returns text[]
language sql immutable parallel safe
return array['requester.name', 'requester.first_name', 'ticket.number', 'ticket.title', 'ticket.status',
             'ticket.priority', 'me.name', 'me.first_name', 'department', 'cursor'];

-- Whether a macro is for somebody of the team.
create or replace function private.sees_macro(shared text, author uuid, of_department uuid, person uuid,
                                              departments uuid[]) returns boolean
language sql immutable parallel safe
return shared = 'all' or author = person or of_department = any(departments);

-- Refuses a text with a variable that there is none of, naming the nearest one.
create or replace function private.check_macro_body(body text) returns void
language plpgsql immutable security definer set search_path = pg_catalog, pg_temp as $$
declare
  wrong text;
begin
  select v.name into wrong
    from (select btrim(m.found[1]) as name from regexp_matches(body, '\{\{([^{}]*)\}\}', 'g') as m(found)) v
   where v.name <> all(private.macro_variables()) limit 1;
  if found then
    raise exception 'there is no variable %', quote_literal(left(wrong, 40)) using errcode = 'HD002',
      -- Part of a name is nearer than any other that is as short.
      hint = (select 'Did you mean {{' || k.name || '}}?' from unnest(private.macro_variables()) as k(name)
               order by wrong = '' or position(lower(wrong) in k.name) = 0,
                        private.steps_between(lower(left(wrong, 40)), k.name, 99), k.name limit 1);
  elsif regexp_replace(body, '\{\{[^{}]*\}\}', '', 'g') like '%{{%' then
    raise exception 'a variable is not closed' using errcode = 'HD002', hint = 'It is written {{ticket.number}}.';
  end if;
end
$$;

-- Refuses a change that nobody could make.
create or replace function private.check_macro_change(change jsonb) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  wrong text;
  an_id constant text := '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
  each record;
begin
  if jsonb_typeof(change) is distinct from 'object' then
    raise exception 'what a macro sets is an object' using errcode = 'HD002';
  elsif pg_column_size(change) > 8192 then
    raise exception 'that is more than a macro sets' using errcode = 'HD002';
  end if;
  for each in select c.key, c.value, jsonb_typeof(c.value) as kind, c.value #>> '{}' as word
                from jsonb_each(change) c order by c.key loop
    wrong := case each.key
      when 'status' then
        case when each.word = any(array['open', 'pending', 'resolved', 'closed']) then '' end
      when 'priority' then
        case when each.word = any(array['low', 'medium', 'high', 'urgent']) then '' end
      when 'assignee' then
        case when each.kind = 'null' or each.word = '@me' or exists (
          select from public.profiles p where p.id::text = each.word and p.role in ('agent', 'admin')) then '' end
      when 'department' then
        case when exists (select from public.departments d where d.id::text = each.word) then '' end
      when 'category' then
        case when each.kind = 'null' or exists (
          select from public.categories c where c.id::text = each.word) then '' end
      when 'due_date' then
        -- Words such as "fri 9:00": whoever runs it says which moment that is.
        case when each.kind = 'null' or each.kind = 'string' and each.word ~* '^[a-z0-9][a-z0-9 :.,-]{0,59}$' then '' end
      when 'snooze' then
        case when each.kind = 'string' and each.word ~ '^[1-9][0-9]{0,2} (minute|hour|day|week)s?$' then '' end
      when 'fields' then
        case when each.kind = 'object' and not exists (
          select from jsonb_each(case when each.kind = 'object' then each.value else '{}' end) f
           where jsonb_typeof(f.value) in ('object', 'array')
                 or jsonb_typeof(f.value) = 'number' and not private.is_plain_number(f.value)) then '' end
      when 'tags' then
        case when each.kind = 'object'
                  and not exists (select from jsonb_each(case when each.kind = 'object' then each.value else '{}' end) t
                                   where t.key not in ('add', 'remove') or jsonb_typeof(t.value) <> 'array')
                  and not exists (
                    select from jsonb_each(case when each.kind = 'object' then each.value else '{}' end) t
                     cross join lateral jsonb_array_elements_text(
                       case when jsonb_typeof(t.value) = 'array' then t.value else '[]' end) as g(id)
                     where g.id is null or g.id !~ an_id
                           or not exists (select from public.ticket_tags n where n.id::text = g.id)) then '' end
      else 'key' end;
    if wrong = 'key' then
      raise exception 'a macro sets no %', quote_literal(left(each.key, 40)) using errcode = 'HD002',
        hint = 'It sets status, priority, assignee, department, category, due_date, tags, fields and snooze.';
    elsif wrong is null then
      raise exception 'a macro cannot set % to %', each.key, left(each.value::text, 60) using errcode = 'HD002';
    end if;
  end loop;
  perform private.check_field(f.key, f.value) from jsonb_each(coalesce(change -> 'fields', '{}')) f;
end
$$;

-- Why what a macro sets cannot be set any more, as a field was changed since; null where it can.
create or replace function private.macro_trouble(change jsonb) returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  if change ? 'fields' then
    perform private.check_field(f.key, f.value) from jsonb_each(change -> 'fields') f;
  end if;
  return null;
exception when sqlstate 'HD002' then
  return sqlerrm;
end
$$;

-- What the ids in a change are called: people of the team, departments, categories and tags, all known to the team.
create or replace function private.macro_names(change jsonb) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce(jsonb_object_agg(n.id, n.name), '{}') from (
    select p.id, private.called(p.full_name, p.email, p.role, true) as name from public.profiles p
     where p.id = nullif(change ->> 'assignee', '@me')::uuid and p.role in ('agent', 'admin')
    union all
    select d.id, d.name from public.departments d where d.id = (change ->> 'department')::uuid
    union all
    select c.id, c.name from public.categories c where c.id = (change ->> 'category')::uuid
    union all
    select g.id, g.name from public.ticket_tags g
     where g.id in (select e::uuid from jsonb_array_elements_text(
       coalesce(change #> '{tags,add}', '[]') || coalesce(change #> '{tags,remove}', '[]')) e)) n
$$;

-- Those of whoever asks, what they use most first. The author is named as long as they are of the team.
drop function if exists helpdesk.macros();  -- the result of an older release had fewer columns
create or replace function helpdesk.macros()
returns table (id uuid, name text, body text, internal boolean, change jsonb, shared text, department_id uuid,
               department text, author text, mine boolean, uses integer, trouble text, names jsonb)
language plpgsql stable security definer rows 50 set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
begin
  if who.role is null or who.role = 'customer' then
    return;
  end if;
  return query
  select m.id, m.name, m.body, m.internal, m.change, m.shared, m.department_id, d.name,
         case when p.role <> 'customer' then private.called(p.full_name, p.email, p.role, true) end,
         coalesce(m.author_id = who.person, false) or who.role = 'admin', coalesce(u.uses, 0), private.macro_trouble(m.change),
         private.macro_names(m.change)
    from private.macros m
    left join public.departments d on d.id = m.department_id
    left join public.profiles p on p.id = m.author_id
    left join private.macro_uses u on u.macro_id = m.id and u.person_id = who.person
   where private.sees_macro(m.shared, m.author_id, m.department_id, who.person, who.departments)
   order by coalesce(u.uses, 0) desc, lower(m.name), m.id;
end
$$;

-- Keeps a macro, new or as it is now. Who wrote it first stays its author.
create or replace function helpdesk.save_macro(macro uuid, name text, body text, internal boolean, change jsonb,
                                               shared text, department uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  who constant record := private.asking();
  called constant text := btrim(regexp_replace(save_macro.name, '\s+', ' ', 'g'));
  there record;
begin
  if who.role is null or who.role = 'customer' then
    raise exception 'only the team has macros' using errcode = 'HD003';
  elsif macro is null then
    raise exception 'a macro needs an id' using errcode = 'HD002', hint = 'Draw one.';
  elsif called is null or char_length(called) not between 1 and 80 then
    raise exception 'a macro has a name of 80 characters at most' using errcode = 'HD002';
  elsif char_length(coalesce(body, '')) > 20000 then
    raise exception 'a macro is 20000 characters long at most' using errcode = 'HD002';
  elsif internal is null then
    raise exception 'say whether it is a note' using errcode = 'HD002';
  elsif shared is null or shared not in ('me', 'department', 'all') then
    raise exception 'a macro is for me, a department or all' using errcode = 'HD002';
  elsif (shared = 'department') <> (department is not null) then
    raise exception 'say which department it is for' using errcode = 'HD002';
  elsif department is not null and not department = any(coalesce(who.departments, '{}')) is true then
    raise exception 'that is not your department' using errcode = 'HD003', hint = 'Share it with yours, or with all.';
  end if;
  perform private.check_macro_body(coalesce(body, ''));
  perform private.check_macro_change(coalesce(change, '{}'));
  if btrim(coalesce(body, '')) = '' and coalesce(change, '{}') = '{}' then
    raise exception 'a macro says something or sets something' using errcode = 'HD002';
  end if;
  -- Everybody reads the whole list of what is shared: nobody floods it.
  if (select count(*) from private.macros m where m.author_id = who.person) >= 200
     and not exists (select from private.macros m where m.id = macro) then
    raise exception 'you have 200 macros already' using errcode = 'HD002', hint = 'Remove one first.';
  end if;
  insert into private.macros as m (id, name, body, internal, change, author_id, shared, department_id)
  values (macro, called, coalesce(body, ''), internal, coalesce(change, '{}'), who.person, shared, department)
  on conflict (id) do nothing;
  if found then
    return;
  end if;
  select m.author_id, private.sees_macro(m.shared, m.author_id, m.department_id, who.person, who.departments) as seen
    into there from private.macros m where m.id = macro for no key update;
  if there.seen is not true then
    raise exception 'this id is taken' using errcode = 'HD002', hint = 'Draw a new one.';
  elsif there.author_id is distinct from who.person and who.role <> 'admin' then
    raise exception 'only its author and admins change a macro' using errcode = 'HD003',
      hint = 'Save it as one of your own.';
  end if;
  update private.macros m
     set name = called, body = coalesce(save_macro.body, ''), internal = save_macro.internal,
         change = coalesce(save_macro.change, '{}'), shared = save_macro.shared, department_id = department,
         updated_at = clock_timestamp()
   where m.id = macro;
end
$$;

create or replace function helpdesk.remove_macro(macro uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  who constant record := private.asking();
  there record;
begin
  select m.author_id into there from private.macros m
   where m.id = macro and who.role in ('agent', 'admin')
     and private.sees_macro(m.shared, m.author_id, m.department_id, who.person, who.departments);
  if not found then
    raise exception 'there is no such macro' using errcode = 'HD004';
  elsif there.author_id is distinct from who.person and who.role <> 'admin' then
    raise exception 'only its author and admins remove a macro' using errcode = 'HD003';
  end if;
  delete from private.macros m where m.id = macro;
end
$$;

-- Sends a reply or a note to each of several tickets: what is told of each is a ticket, a message's id, its text and the
-- newest message that its author saw. Each is sent or refused by itself, as if it had been sent alone; what was sent to
-- is changed then, in one act. Sent again under the same ids, it is there once.
create or replace function helpdesk.send_each(act uuid, messages jsonb, internal boolean, change jsonb, words text)
returns table (id uuid, done boolean, why text)
language plpgsql volatile security definer rows 20 set search_path = pg_catalog, pg_temp set lock_timeout = '3s' as $$
declare
  who constant record := private.asking();
  an_id constant text := '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
  each record;
  sent uuid[] := array[]::uuid[];
  refused jsonb := jsonb_build_object();
begin
  if who.role is null or who.role = 'customer' then
    raise exception 'only the team answers many at once' using errcode = 'HD003';
  elsif internal is null or jsonb_typeof(messages) is distinct from 'array' then
    raise exception 'say what is sent to whom' using errcode = 'HD002';
  elsif jsonb_array_length(messages) > 200 then
    raise exception 'these are too many tickets at once' using errcode = 'HD002', hint = 'At most 200.';
  elsif exists (select from jsonb_array_elements(messages) m
                 where jsonb_typeof(m) <> 'object' or (m ->> 'ticket' ~ an_id) is not true
                       or (m ->> 'message' ~ an_id) is not true or m ->> 'after' !~ an_id
                       or btrim(coalesce(m ->> 'content', '')) = '') then
    raise exception 'each message needs a ticket, an id and a text' using errcode = 'HD002';
  end if;
  -- In one order, so that two who do this wait for each other and not crosswise.
  for each in select (m ->> 'ticket')::uuid as ticket, (m ->> 'message')::uuid as message, m ->> 'content' as content,
                     (m ->> 'after')::uuid as after
                from jsonb_array_elements(messages) m order by 1, 2 loop
    begin
      if private.sight(each.ticket) is distinct from 'team' then
        raise exception 'there is no such ticket' using errcode = 'HD004';
      end if;
      insert into public.ticket_messages as w (id, ticket_id, content, is_internal, after_id)
      values (each.message, each.ticket, each.content, internal, each.after) on conflict do nothing;
      sent := sent || each.ticket;
    exception
      when sqlstate 'HD001' or sqlstate 'HD002' or sqlstate 'HD004' then
        refused := refused || jsonb_build_object(each.ticket, sqlerrm);
      when check_violation then
        refused := refused || jsonb_build_object(each.ticket, 'this text is too long');
      when lock_not_available or deadlock_detected then
        refused := refused || jsonb_build_object(each.ticket, 'somebody else is changing it just now; try again');
        perform set_config('lock_timeout', '50ms', true);  -- of the function: it was patient once
    end;
  end loop;
  if coalesce(change, '{}') <> '{}' and cardinality(sent) > 0 then
    refused := refused || coalesce((
      select jsonb_object_agg(a.id, 'sent, but not changed: ' || a.why)
        from helpdesk.act(send_each.act, sent, send_each.change, send_each.words) a where not a.done), '{}');
  end if;
  return query
  select distinct (m ->> 'ticket')::uuid, not refused ? (m ->> 'ticket'), refused ->> (m ->> 'ticket')
    from jsonb_array_elements(messages) m;
end
$$;

-- Counts that somebody used one. One that is gone by now is no reason not to answer.
create or replace function helpdesk.macro_used(macro uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
begin
  if who.role in ('agent', 'admin') then
    insert into private.macro_uses as u (macro_id, person_id, uses)
    select m.id, who.person, 1 from private.macros m
     where m.id = macro
       and private.sees_macro(m.shared, m.author_id, m.department_id, who.person, who.departments)
    on conflict (macro_id, person_id) do update set uses = least(u.uses + 1, 1000000);
  end if;
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Who may call what
-- ---------------------------------------------------------------------------------------------------------------

revoke all on all functions in schema private, helpdesk from public, anon, authenticated, helpdesk_member;
revoke all on function public.update_ticket_updated_at(), public.log_ticket_status_change()
  from public, anon, authenticated, helpdesk_member;

-- Called by policies on behalf of whoever asks; the schema itself stays closed, so nobody names them.
grant execute on function private.uid(), private.role(), private.agent(), private.departments(),
  private.is_admin(), private.is_staff(), private.holds_published(uuid),
  private.works_on(uuid, uuid, uuid, uuid[]), private.works_chat(text, uuid, uuid, uuid, uuid[], boolean),
  -- Whoever writes a message or a ticket works out for the index what it holds.
  private.searched(text), private.field_terms(jsonb)
  to authenticated, helpdesk_member, service_role;
grant execute on function helpdesk.version(), helpdesk.me(), helpdesk.names(uuid[]), helpdesk.messages(uuid),
  helpdesk.attachments(uuid), helpdesk.history(uuid), helpdesk.dressed(uuid[], tid[]), helpdesk.ticket(uuid),
  helpdesk.counts(integer), helpdesk.tickets_saying(text), helpdesk.assign(uuid[], uuid),
  helpdesk.move(uuid[], uuid), helpdesk.untag(uuid[], uuid), helpdesk.remove(text, uuid),
  helpdesk.foresee(uuid, jsonb), helpdesk.change_person(uuid, uuid, jsonb, text, uuid),
  helpdesk.reassign(uuid, uuid[], uuid, uuid, text), helpdesk.undo(uuid, bigint), helpdesk.acts(integer),
  helpdesk.people(text, text, uuid, boolean, integer, integer), helpdesk.structure(text),
  helpdesk.set_default_department(uuid), helpdesk.merge_tags(uuid, uuid),
  helpdesk.two_factors(), helpdesk.demand_two_factors(boolean),
  helpdesk.set_person(uuid, text, uuid), helpdesk.channels(), helpdesk.chats(uuid[], integer),
  helpdesk.chat_messages(uuid, uuid), helpdesk.chat_open(uuid, text, uuid, text), helpdesk.chat_accept(uuid),
  helpdesk.chat_transfer(uuid, uuid, uuid), helpdesk.chat_end(uuid), helpdesk.chat_reopen(uuid),
  helpdesk.chat_rate(uuid, integer, text), helpdesk.chat_seen(uuid, uuid), helpdesk.chat_typing(uuid),
  helpdesk.chat_present(uuid, boolean), helpdesk.chat_to_ticket(uuid)
  to authenticated, helpdesk_member, service_role;

grant execute on function helpdesk.article(uuid), helpdesk.articles(uuid, text, integer, text, uuid),
  helpdesk.article_categories(), helpdesk.article_versions(uuid),
  helpdesk.save_article(uuid, text, text, uuid, integer), helpdesk.set_article_status(uuid, text),
  helpdesk.restore_article(uuid, integer), helpdesk.vote(uuid, boolean, text),
  helpdesk.search_articles(text, integer, uuid, boolean), helpdesk.suggest_articles(uuid, integer)
  to authenticated, helpdesk_member, service_role;

grant execute on function helpdesk.requesters(text[]) to authenticated, helpdesk_member, service_role;

grant execute on function helpdesk.why(text, text) to authenticated, helpdesk_member, service_role;

grant execute on function helpdesk.fields(), helpdesk.set_field(text, jsonb),
  helpdesk.with_field(text, text, text, boolean), helpdesk.metadata_of(uuid[]), helpdesk.follow(uuid, uuid[], boolean),
  helpdesk.followed(), helpdesk.link(uuid, uuid, text, uuid), helpdesk.unlink(uuid, uuid, uuid),
  helpdesk.merge(uuid, uuid[], uuid, text), helpdesk.unmerge(uuid, uuid), helpdesk.split(uuid, uuid, uuid, boolean, uuid, text),
  helpdesk.known_people(text, integer),
  helpdesk.write_ticket(uuid, text, text, text, public.ticket_priority, uuid, uuid, uuid)
  to authenticated, helpdesk_member, service_role;

grant execute on function helpdesk.notices(boolean, integer, timestamptz, uuid), helpdesk.badges(timestamptz),
  helpdesk.notice_due(), helpdesk.preferences(), helpdesk.prefer(text, boolean, boolean),
  helpdesk.prefer_bell(jsonb, integer)
  to authenticated, helpdesk_member, service_role;

grant execute on function helpdesk.here(boolean), helpdesk.since(timestamptz, integer), helpdesk.route(), helpdesk.away(), helpdesk.set_away(uuid, timestamptz, text),
  helpdesk.set_back(uuid), helpdesk.my_load(), helpdesk.leave(uuid, timestamptz, text, text, uuid),
  helpdesk.set_routing(uuid, text, integer), helpdesk.set_capacity(uuid, integer),
  helpdesk.routing(), helpdesk.routing_agents(uuid) to authenticated, helpdesk_member, service_role;

grant execute on function helpdesk.be_present(uuid, boolean), helpdesk.presence(uuid[]), helpdesk.drafts(uuid),
  helpdesk.save_draft(uuid, uuid, text, text, uuid, integer), helpdesk.drop_drafts(uuid[], integer[])
  to authenticated, helpdesk_member, service_role;

grant execute on function helpdesk.set_sla_calendar(text, text, jsonb, jsonb), helpdesk.set_sla_policy(text, jsonb),
  helpdesk.remove_sla(text, text), helpdesk.sla_calendars(), helpdesk.sla_policies(), helpdesk.sla_refresh(),
  helpdesk.sla_queue(text, timestamptz, timestamptz, uuid, boolean, integer),
  helpdesk.sla_report(timestamptz, timestamptz) to authenticated, helpdesk_member, service_role;

grant execute on function helpdesk.sessions(uuid), helpdesk.end_session(uuid), helpdesk.end_sessions(uuid, boolean),
  helpdesk.hang_up() to authenticated, helpdesk_member, service_role;
grant execute on function helpdesk.audit_of(uuid, timestamptz, bigint, bigint, integer)
  to authenticated, helpdesk_member, service_role;

grant execute on function helpdesk.views(), helpdesk.save_view(uuid, text, text, text, text, uuid),
  helpdesk.remove_view(uuid), helpdesk.order_views(jsonb) to authenticated, helpdesk_member, service_role;
grant execute on function helpdesk.send_each(uuid, jsonb, boolean, jsonb, text),
  helpdesk.macros(), helpdesk.macro_used(uuid), helpdesk.remove_macro(uuid),
  helpdesk.save_macro(uuid, text, text, boolean, jsonb, text, uuid) to authenticated, helpdesk_member, service_role;

grant execute on function helpdesk.act(uuid, uuid[], jsonb, text), helpdesk.undo_act(uuid, uuid, boolean),
  helpdesk.my_acts(integer), helpdesk.snoozed(), helpdesk.waking(timestamptz) to authenticated, helpdesk_member, service_role;

grant usage on schema private, helpdesk to helpdesk_keeper;
grant create on schema private, helpdesk to helpdesk_keeper;
alter function helpdesk.access_token_hook(jsonb) owner to helpdesk_keeper;
alter function private.clear_away(uuid) owner to helpdesk_keeper;
alter function private.hang_up(uuid) owner to helpdesk_keeper;
alter function private.lock_out(uuid) owner to helpdesk_keeper;
revoke create on schema private, helpdesk from helpdesk_keeper;
revoke all on function helpdesk.access_token_hook(jsonb) from public, anon, authenticated, helpdesk_member;
grant execute on function helpdesk.access_token_hook(jsonb) to supabase_auth_admin;
grant execute on function private.session_ends(uuid), private.is_deactivated(uuid), private.retire_sessions(uuid)
  to helpdesk_keeper;
grant select on private.secrets to helpdesk_keeper;
grant select, insert, update, delete on private.logins to helpdesk_keeper;

drop policy if exists "The keeper reads its secret" on private.secrets;
create policy "The keeper reads its secret" on private.secrets for select to helpdesk_keeper using (name = 'login');
drop policy if exists "The keeper keeps its logins" on private.logins;
create policy "The keeper keeps its logins" on private.logins for all to helpdesk_keeper using (true) with check (true);

do $$
declare
  item record;
begin
  for item in
    select e ->> 0 as name, e ->> 1 as policy from jsonb_array_elements(current_setting('helpdesk.policies')::jsonb) e
     where not exists (select from pg_policy where polrelid = (e ->> 0)::regclass and polname = e ->> 1)
  loop
    raise warning 'the policy "%" on % is none of the helpdesk''s and was dropped', item.policy, item.name;
  end loop;
end
$$;

reset helpdesk.policies;
reset search_path;
reset client_min_messages;
