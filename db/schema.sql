-- helpdesk-tui: types, tables, constraints, indexes, triggers.
--
--   psql -1 -v ON_ERROR_STOP=1 -f db/schema.sql -f db/policies.sql "$OWNER_DSN"
--
-- Runs on PostgreSQL 15 and later, on plain Postgres and over Supabase, as often as one likes: what is there stays,
-- with its rows; what is missing is added. Apply policies.sql in the same transaction: without it the tables are open
-- to whomever the database's default privileges name.
--
-- The tables, columns, types, constraints, indexes, policies and triggers of the original design keep their names.
-- They are created first, as they were written; what a helpdesk needs beyond them is added after, table by table.
--
-- The sections, in this order:
--   A database newer than these files is left alone
--   What Supabase brings and plain Postgres lacks
--   The original tables
--   What is added to them
--   Constraints
--   Indexes
--   Statistics
--   Triggers
--   The search's index of articles
--   The search's index of tickets
--   Attachments
--   Presence at tickets, and drafts for one's other devices
--   Chat
--   Administration
--   Acts on tickets
--   Notifications
--   Queries
--   Since I left
--   Routing
--   SLA
--   Custom fields
--   Relations
--   Two factors
--   Saved views
--   Macros
--   Audit

set client_min_messages = warning;
-- Whatever the owner's own search_path is, names here mean the same.
set search_path = pg_catalog, public;

-- ---------------------------------------------------------------------------------------------------------------
-- A database newer than these files is left alone
-- ---------------------------------------------------------------------------------------------------------------

create schema if not exists private;
create schema if not exists helpdesk;

create table if not exists private.schema_version (
  version integer primary key,
  applied_at timestamptz not null default now()
);

do $$
declare
  here constant integer := 1;
  there integer;
begin
  select max(version) into there from private.schema_version;
  if there > here then
    raise exception 'this database is at version % of the helpdesk, these files are at version %', there, here
      using hint = 'Upgrade helpdesk-tui and apply again; nothing was changed.', errcode = 'HD009';
  end if;
  insert into private.schema_version (version) values (here) on conflict do nothing;
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- What Supabase brings and plain Postgres lacks: roles, the auth schema, uuid_generate_v4()
-- ---------------------------------------------------------------------------------------------------------------

do $$
declare
  missing text;
begin
  foreach missing in array array['anon', 'authenticated', 'service_role', 'authenticator', 'supabase_auth_admin'] loop
    if not exists (select from pg_roles where rolname = missing) then
      execute format('create role %I nologin noinherit', missing);
      if missing = 'service_role' then
        -- Only a superuser may give BYPASSRLS away; without it the role is still known by its name.
        if (select rolsuper from pg_roles where rolname = current_user) then
          alter role service_role bypassrls;
        end if;
        -- The owner belongs to it as on Supabase, and so is known for who it is.
        if not pg_has_role('service_role', 'member') then
          grant service_role to current_user;
        end if;
      elsif missing = 'authenticator' then
        grant anon, authenticated, service_role to authenticator;
      end if;
    end if;
  end loop;

  if to_regnamespace('auth') is null then
    create schema auth;
    -- As GoTrue's own migrations name them; the local sign-in adds the tables that only it needs.
    create table auth.users (
      instance_id uuid,
      id uuid primary key,
      aud varchar(255),
      role varchar(255),
      email varchar(255) unique,
      encrypted_password varchar(255),
      email_confirmed_at timestamptz,
      invited_at timestamptz,
      recovery_token varchar(255),
      recovery_sent_at timestamptz,
      last_sign_in_at timestamptz,
      raw_app_meta_data jsonb,
      raw_user_meta_data jsonb,
      created_at timestamptz default now(),
      updated_at timestamptz default now(),
      phone text unique,
      confirmed_at timestamptz generated always as (email_confirmed_at) stored,
      banned_until timestamptz,
      deleted_at timestamptz,
      is_anonymous boolean not null default false
    );
    create table auth.sessions (
      id uuid primary key,
      user_id uuid not null references auth.users on delete cascade,
      created_at timestamptz,
      updated_at timestamptz,
      factor_id uuid,
      aal text check (aal in ('aal1', 'aal2', 'aal3')),
      not_after timestamptz,
      refreshed_at timestamp,
      user_agent text,
      ip inet,
      tag text
    );
    create index sessions_user_id_idx on auth.sessions (user_id);

    create function auth.uid() returns uuid language sql stable as $f$
      select coalesce(
        nullif(current_setting('request.jwt.claim.sub', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
      )::uuid
    $f$;
    create function auth.role() returns text language sql stable as $f$
      select coalesce(
        nullif(current_setting('request.jwt.claim.role', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
      )
    $f$;
    create function auth.jwt() returns jsonb language sql stable as $f$
      select coalesce(
        nullif(current_setting('request.jwt.claim', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')
      )::jsonb
    $f$;
    grant usage on schema auth to anon, authenticated, service_role, supabase_auth_admin;
    grant create on schema auth to supabase_auth_admin;
    grant all on all tables in schema auth to supabase_auth_admin;
    grant select on auth.users, auth.sessions to service_role;
  end if;

  -- The original schema's defaults call uuid_generate_v4(); keep that name working without the extension.
  if to_regprocedure('public.uuid_generate_v4()') is null and to_regprocedure('extensions.uuid_generate_v4()') is null then
    if exists (select from pg_available_extensions where name = 'uuid-ossp')
       and (select rolsuper from pg_roles where rolname = current_user) then
      create extension if not exists "uuid-ossp" schema public;
    else
      create function public.uuid_generate_v4() returns uuid language sql volatile parallel safe as
        'select pg_catalog.gen_random_uuid()';
    end if;
  end if;

  if not exists (select from pg_extension where extname = 'pg_trgm')
     and exists (select from pg_available_extensions where name = 'pg_trgm') then
    begin
      if to_regnamespace('extensions') is not null then
        create extension pg_trgm schema extensions;
      else
        create extension pg_trgm schema public;
      end if;
    exception when insufficient_privilege then
      raise warning 'pg_trgm could not be installed: an administrator has to; the search will forgive one slip in a word';
    end;
  end if;
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- The original tables
-- ---------------------------------------------------------------------------------------------------------------

do $$
begin
  if to_regtype('public.ticket_status') is null then
    create type public.ticket_status as enum ('open', 'pending', 'resolved', 'closed');
  end if;
  if to_regtype('public.ticket_priority') is null then
    create type public.ticket_priority as enum ('low', 'medium', 'high', 'urgent');
  end if;
end
$$;

create table if not exists public.departments (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  description text,
  created_at timestamptz default now()
);

create table if not exists public.profiles (
  id uuid references auth.users primary key,
  email text unique not null,
  full_name text,
  avatar_url text,
  role text not null check (role in ('customer', 'agent', 'admin')),
  department_id uuid references public.departments,
  preferences jsonb default '{}',
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);

-- The original refers to it and never defines it.
create table if not exists public.categories (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  description text,
  created_at timestamptz default now()
);

create table if not exists public.tickets (
  id uuid primary key default gen_random_uuid(),
  title text not null,
  description text,
  status public.ticket_status default 'open',
  priority public.ticket_priority default 'medium',
  customer_id uuid references public.profiles not null,
  assignee_id uuid references public.profiles,
  department_id uuid references public.departments,
  category_id uuid references public.categories,
  due_date timestamptz,
  metadata jsonb default '{}',
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);

create table if not exists public.ticket_messages (
  id uuid primary key default gen_random_uuid(),
  ticket_id uuid references public.tickets not null,
  sender_id uuid references public.profiles not null,
  content text not null,
  is_internal boolean default false,
  attachments jsonb default '[]',
  created_at timestamptz default now()
);

create table if not exists public.ticket_status_history (
  id uuid primary key default gen_random_uuid(),
  ticket_id uuid references public.tickets not null,
  status public.ticket_status not null,
  changed_by uuid references public.profiles not null,
  note text,
  created_at timestamptz default now()
);

create table if not exists public.ticket_tags (
  id uuid primary key default gen_random_uuid(),
  name text unique not null,
  description text,
  color text,
  created_at timestamptz default now()
);

create table if not exists public.ticket_tag_relations (
  ticket_id uuid references public.tickets not null,
  tag_id uuid references public.ticket_tags not null,
  primary key (ticket_id, tag_id)
);

create table if not exists public.kb_categories (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  description text,
  parent_id uuid references public.kb_categories,
  created_at timestamptz default now()
);

create table if not exists public.kb_articles (
  id uuid primary key default gen_random_uuid(),
  title text not null,
  content text not null,
  category_id uuid references public.kb_categories,
  author_id uuid references public.profiles not null,
  status text not null check (status in ('draft', 'published', 'archived')),
  metadata jsonb default '{}',
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  published_at timestamptz
);

create table if not exists public.kb_article_versions (
  id uuid primary key default gen_random_uuid(),
  article_id uuid references public.kb_articles not null,
  content text not null,
  changed_by uuid references public.profiles not null,
  created_at timestamptz default now()
);

create table if not exists public.ticket_feedback (
  id uuid primary key default gen_random_uuid(),
  ticket_id uuid references public.tickets not null,
  customer_id uuid references public.profiles not null,
  rating integer check (rating between 1 and 5),
  comment text,
  created_at timestamptz default now()
);

create table if not exists public.kb_article_feedback (
  id uuid primary key default gen_random_uuid(),
  article_id uuid references public.kb_articles not null,
  user_id uuid references public.profiles not null,
  helpful boolean not null,
  comment text,
  created_at timestamptz default now()
);

create table if not exists public.chat_sessions (
  id uuid primary key default gen_random_uuid(),
  customer_id uuid references public.profiles not null,
  agent_id uuid references public.profiles,
  status text not null check (status in ('waiting', 'active', 'ended')),
  metadata jsonb default '{}',
  created_at timestamptz default now(),
  ended_at timestamptz
);

create table if not exists public.chat_messages (
  id uuid primary key default gen_random_uuid(),
  session_id uuid references public.chat_sessions not null,
  sender_id uuid references public.profiles not null,
  content text not null,
  attachments jsonb default '[]',
  created_at timestamptz default now()
);

create table if not exists public.notifications (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references public.profiles not null,
  type text not null,
  title text not null,
  content text,
  read boolean default false,
  metadata jsonb default '{}',
  created_at timestamptz default now()
);

-- The helpdesk's tables in public, for what is done to each of them; whatever else lives there is not touched.
create or replace function private.tables() returns setof regclass language sql stable
set search_path = pg_catalog, pg_temp as $$
  select to_regclass('public.' || name) from unnest(array[
    'departments', 'profiles', 'categories', 'tickets', 'ticket_messages', 'ticket_attachments',
    'ticket_status_history', 'ticket_events',
    'ticket_tags', 'ticket_tag_relations', 'kb_categories', 'kb_articles', 'kb_article_versions', 'ticket_feedback',
    'kb_article_feedback', 'chat_sessions', 'chat_messages', 'notifications']) as name
   where to_regclass('public.' || name) is not null
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- What is added to them
-- ---------------------------------------------------------------------------------------------------------------

-- A change that no signed-in person made has nobody to name.
alter table public.ticket_status_history alter column changed_by drop not null;
alter table public.kb_article_versions
  alter column changed_by drop not null,
  add column if not exists title text,
  -- Counted from 1 in each article.
  add column if not exists number integer;
-- The number of the newest version: whoever saves says which one they had before them.
alter table public.kb_articles add column if not exists version integer not null default 1;

alter table public.departments add column if not exists is_default boolean not null default false;
alter table public.profiles add column if not exists deactivated_at timestamptz;
alter table public.categories
  add column if not exists description text,
  add column if not exists created_at timestamptz default now(),
  add column if not exists department_id uuid references public.departments on delete set null;
alter table public.tickets
  add column if not exists number bigint generated by default as identity,
  add column if not exists first_response_at timestamptz,
  add column if not exists resolved_at timestamptz,
  add column if not exists closed_at timestamptz;
alter table public.ticket_messages
  -- The newest message its author had on the screen: a reply that would go out over unread ones is refused. It is
  -- compared and not kept, since it may be a note, of which the requester must not learn even that there is one.
  add column if not exists after_id uuid,
  -- What an import brought beside the text; never drawn, kept for export.
  add column if not exists html text;
alter table public.notifications
  add column if not exists ticket_id uuid references public.tickets on delete cascade,
  add column if not exists times integer not null default 1,
  add column if not exists updated_at timestamptz not null default now();

-- What an older database held that the rules below refuse, and that could not be put right: kept here, row by row.
create table if not exists private.set_aside (
  table_name text not null,
  content jsonb not null,
  why text not null,
  set_aside_at timestamptz not null default now()
);

-- The first time over a database that holds data already: put right what the original design let through, and fill in
-- what its triggers did not write. Without triggers: none of this is an event, nor moves a ticket up in its queue.
do $$
declare
  dated record;
begin
  if exists (select from pg_trigger where tgrelid = 'public.tickets'::regclass and tgname = 'tickets_guard') then
    return;
  end if;
  alter table public.tickets disable trigger user;

  -- Routing needs somewhere to send a ticket from the first moment on.
  insert into public.departments (name, description, is_default)
  select 'Support', 'Where tickets go that no category sends elsewhere', true
  where not exists (select from public.departments);
  update public.departments set is_default = true
  where id = (select id from public.departments order by created_at, id limit 1)
    and not exists (select from public.departments where is_default);

  -- Rows without a date would be skipped by every page that is read in the order of one.
  for dated in
    select t as name, a.attname as col from private.tables() t join pg_attribute a on a.attrelid = t
     where a.attname in ('created_at', 'updated_at') and not a.attnotnull order by a.attname, t::text
  loop
    if dated.col = 'updated_at' then
      execute format('update %s set updated_at = coalesce(created_at, now()) where updated_at is null', dated.name);
    else
      execute format('update %s set created_at = now() where created_at is null', dated.name);
    end if;
  end loop;

  update public.departments set name = '(no name)' where name !~ '\S';
  update public.categories set name = '(no name)' where name !~ '\S';
  update public.kb_categories set name = '(no name)' where name !~ '\S';
  update public.ticket_tags set name = '(no name) ' || id where name !~ '\S';
  update public.profiles set full_name = null where full_name !~ '\S';
  update public.kb_articles set title = '(no title)' where title !~ '\S';
  -- Two of one name become two names, the older one keeps it.
  update public.departments d set name = d.name || ' (' || d.id || ')'
  where exists (select from public.departments o where lower(o.name) = lower(d.name)
                 and (o.created_at, o.id) < (d.created_at, d.id));
  update public.categories c set name = c.name || ' (' || c.id || ')'
  where exists (select from public.categories o where lower(o.name) = lower(c.name)
                 and (o.created_at, o.id) < (c.created_at, c.id));

  update public.tickets set status = 'open' where status is null;
  update public.tickets set priority = 'medium' where priority is null;
  update public.tickets set department_id = (select id from public.departments where is_default)
  where department_id is null;
  update public.tickets set title = '(no title)' where title !~ '\S';
  update public.tickets set description = concat_ws(E'\n\n', title, description), title = left(title, 499) || '…'
  where char_length(title) > 500;
  update public.kb_articles set content = concat_ws(E'\n\n', title, content), title = left(title, 499) || '…'
  where char_length(title) > 500;
  update public.ticket_messages set is_internal = false where is_internal is null;
  update public.notifications set read = false where read is null;

  with gone as (delete from public.ticket_feedback f where f.rating is null returning f.*)
  insert into private.set_aside (table_name, content, why)
  select 'ticket_feedback', to_jsonb(gone), 'no rating' from gone;
  with gone as (
    delete from public.ticket_feedback f
     where exists (select from public.ticket_feedback o where o.ticket_id = f.ticket_id
                    and o.customer_id = f.customer_id and (o.created_at, o.id) > (f.created_at, f.id))
    returning f.*)
  insert into private.set_aside (table_name, content, why)
  select 'ticket_feedback', to_jsonb(gone), 'a later one by the same person about the same ticket' from gone;
  with gone as (
    delete from public.kb_article_feedback f
     where exists (select from public.kb_article_feedback o where o.article_id = f.article_id
                    and o.user_id = f.user_id and (o.created_at, o.id) > (f.created_at, f.id))
    returning f.*)
  insert into private.set_aside (table_name, content, why)
  select 'kb_article_feedback', to_jsonb(gone), 'a later one by the same person about the same article' from gone;

  -- History, versions and times from before there were triggers for them, as far as they can be known.
  insert into public.ticket_status_history (ticket_id, status, created_at)
  select t.id, t.status, t.created_at from public.tickets t
  where not exists (select from public.ticket_status_history h where h.ticket_id = t.id);
  insert into public.kb_article_versions (article_id, title, content, changed_by, created_at)
  select a.id, a.title, a.content, a.author_id, a.created_at from public.kb_articles a
  where not exists (select from public.kb_article_versions v where v.article_id = a.id);
  update public.kb_articles set published_at = updated_at where status = 'published' and published_at is null;
  update public.tickets t
     set resolved_at = coalesce((select max(h.created_at) from public.ticket_status_history h
                                  where h.ticket_id = t.id and h.status in ('resolved', 'closed')), t.updated_at)
   where t.status in ('resolved', 'closed');
  update public.tickets t
     set closed_at = coalesce((select max(h.created_at) from public.ticket_status_history h
                                where h.ticket_id = t.id and h.status = 'closed'), t.updated_at)
   where t.status = 'closed';
  update public.tickets t set first_response_at = f.at
    from (select m.ticket_id, min(m.created_at) as at
            from public.ticket_messages m
            join public.profiles p on p.id = m.sender_id
            join public.tickets o on o.id = m.ticket_id and o.customer_id <> m.sender_id
           where not m.is_internal and p.role <> 'customer' group by m.ticket_id) f
   where f.ticket_id = t.id;

  alter table public.tickets enable trigger user;
end
$$;

do $$
declare
  dated record;
begin
  for dated in
    select t as name, a.attname as col from private.tables() t join pg_attribute a on a.attrelid = t
     where a.attname in ('created_at', 'updated_at') and not a.attnotnull
  loop
    execute format('alter table %s alter column %I set not null', dated.name, dated.col);
  end loop;
end
$$;

create unique index if not exists departments_one_default on public.departments (is_default) where is_default;
create unique index if not exists departments_name_key on public.departments (lower(name));
create unique index if not exists categories_name_key on public.categories (lower(name));

alter table public.tickets
  alter column status set not null,
  alter column priority set not null,
  alter column department_id set not null,
  -- Under row security only leakproof operators reach an index, and an enum's are not: hence these shadows.
  add column if not exists is_open boolean generated always as (status in ('open', 'pending')) stored,
  add column if not exists status_rank smallint generated always as (
    case status when 'open' then 1 when 'pending' then 2 when 'resolved' then 3 else 4 end) stored,
  add column if not exists priority_rank smallint generated always as (
    case priority when 'low' then 1 when 'medium' then 2 when 'high' then 3 else 4 end) stored,
  add column if not exists due_sort timestamptz generated always as (coalesce(due_date, 'infinity')) stored;
create unique index if not exists tickets_number_key on public.tickets (number);

alter table public.ticket_messages alter column is_internal set not null;
alter table public.ticket_feedback alter column rating set not null;
create unique index if not exists ticket_feedback_once on public.ticket_feedback (ticket_id, customer_id);
create unique index if not exists kb_article_feedback_once on public.kb_article_feedback (article_id, user_id);

-- Versions that were kept before they had numbers.
do $$
begin
  if exists (select from public.kb_article_versions where number is null) then
    update public.kb_article_versions v set number = n.number
      from (select id, row_number() over (partition by article_id order by created_at, id) as number
              from public.kb_article_versions) n
     where n.id = v.id;
    alter table public.kb_articles disable trigger user;
    update public.kb_articles a set version = v.number
      from (select article_id, max(number) as number from public.kb_article_versions group by article_id) v
     where v.article_id = a.id and a.version <> v.number;
    alter table public.kb_articles enable trigger user;
  end if;
end
$$;
alter table public.kb_article_versions alter column number set not null;
create unique index if not exists kb_article_versions_number_key on public.kb_article_versions (article_id, number);

alter table public.notifications alter column read set not null;
create index if not exists notifications_user_id_idx on public.notifications (user_id, updated_at desc) where not read;
create index if not exists notifications_ticket_id_idx on public.notifications (ticket_id);

-- Every change of a ticket but its status, which the original history keeps.
create table if not exists public.ticket_events (
  id uuid primary key default gen_random_uuid(),
  ticket_id uuid not null references public.tickets on delete cascade,
  actor_id uuid references public.profiles,
  kind text not null check (kind in ('title', 'priority', 'assignee', 'department', 'category', 'due_date')),
  old_value text,
  new_value text,
  created_at timestamptz not null default clock_timestamp()
);
create index if not exists ticket_events_ticket_id_idx on public.ticket_events (ticket_id, created_at);

-- Secrets and settings that no client reads. To draw new logins for everybody: give the row 'login' another value and
-- empty private.logins; each login is made anew at its next token.
create table if not exists private.secrets (name text primary key, value bytea not null);
insert into private.secrets (name, value)
select name, decode(replace(gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex')
from unnest(array['login', 'channel']) as name
on conflict do nothing;

create table if not exists private.settings (
  only_row boolean primary key default true check (only_row),
  staff_need_two_factors boolean not null default false
);
insert into private.settings default values on conflict do nothing;

-- A new sign-in beyond the first number ends the person's least used one (the hook does it); connections beyond the second,
-- over all sign-ins of a person, are ended by `helpdesk db watch`, since PostgreSQL cannot refuse them.
alter table private.settings
  add column if not exists sessions_per_person integer not null default 10 check (sessions_per_person > 0),
  add column if not exists connections_per_person integer not null default 24 check (connections_per_person > 0);

-- One row per login that the access token hook made; checked_at spreads the clearing-up over later sign-ins, and lies
-- in the future for one that could not be cleared away and is left alone for a while.
create table if not exists private.logins (
  session_id uuid primary key,
  valid_until timestamptz not null,
  checked_at timestamptz not null default now()
);
create index if not exists logins_checked_at_idx on private.logins (checked_at);

-- Raised when somebody leaves an audience: its channel then has another name.
create table if not exists private.audiences (audience text primary key, epoch integer not null default 0);

-- ---------------------------------------------------------------------------------------------------------------
-- Constraints: added once each; what an older database holds is left alone, what comes new is checked
-- ---------------------------------------------------------------------------------------------------------------

do $$
declare
  rule record;
begin
  for rule in
    select * from (values
      ('tickets', 'tickets_title_not_blank', $c$check (title ~ '\S')$c$),
      ('tickets', 'tickets_title_length', 'check (char_length(title) <= 500)'),
      ('tickets', 'tickets_description_length', 'check (char_length(description) <= 500000)'),
      ('ticket_messages', 'ticket_messages_content_length', 'check (char_length(content) <= 500000)'),
      ('kb_articles', 'kb_articles_title_not_blank', $c$check (title ~ '\S')$c$),
      ('kb_articles', 'kb_articles_title_length', 'check (char_length(title) <= 500)'),
      ('kb_categories', 'kb_categories_name_not_blank', $c$check (name ~ '\S')$c$),
      ('categories', 'categories_name_not_blank', $c$check (name ~ '\S')$c$),
      ('departments', 'departments_name_not_blank', $c$check (name ~ '\S')$c$),
      ('ticket_tags', 'ticket_tags_name_not_blank', $c$check (name ~ '\S')$c$),
      ('chat_messages', 'chat_messages_content_length', 'check (char_length(content) <= 100000)'),
      ('profiles', 'profiles_full_name_not_blank', $c$check (full_name ~ '\S')$c$),
      ('profiles', 'profiles_full_name_length', 'check (char_length(full_name) <= 200)'),
      ('profiles', 'profiles_avatar_url_length', 'check (char_length(avatar_url) <= 2000)'),
      ('ticket_feedback', 'ticket_feedback_comment_length', 'check (char_length(comment) <= 20000)'),
      ('kb_article_feedback', 'kb_article_feedback_comment_length', 'check (char_length(comment) <= 20000)'),
      ('profiles', 'profiles_preferences_size', 'check (pg_column_size(preferences) <= 100000)')
    ) as r(tab, name, body)
  loop
    if not exists (select from pg_constraint
                   where conname = rule.name and conrelid = format('public.%I', rule.tab)::regclass) then
      execute format('alter table public.%I add constraint %I %s not valid', rule.tab, rule.name, rule.body);
    end if;
  end loop;

  -- When somebody leaves: a customer's account goes with their tickets; staff who wrote or acted stay on record
  -- (the delete is refused; deactivate them instead), and lose only what is theirs alone.
  for rule in
    select * from (values
      ('profiles', 'id', 'auth.users', 'cascade'),
      ('profiles', 'department_id', 'public.departments', 'set null'),
      ('tickets', 'customer_id', 'public.profiles', 'cascade'),
      ('tickets', 'assignee_id', 'public.profiles', 'set null'),
      ('tickets', 'category_id', 'public.categories', 'set null'),
      ('ticket_messages', 'ticket_id', 'public.tickets', 'cascade'),
      ('ticket_status_history', 'ticket_id', 'public.tickets', 'cascade'),
      ('ticket_tag_relations', 'ticket_id', 'public.tickets', 'cascade'),
      ('ticket_tag_relations', 'tag_id', 'public.ticket_tags', 'cascade'),
      ('ticket_feedback', 'ticket_id', 'public.tickets', 'cascade'),
      ('ticket_feedback', 'customer_id', 'public.profiles', 'cascade'),
      ('kb_articles', 'category_id', 'public.kb_categories', 'set null'),
      ('kb_article_versions', 'article_id', 'public.kb_articles', 'cascade'),
      ('kb_article_feedback', 'article_id', 'public.kb_articles', 'cascade'),
      ('kb_article_feedback', 'user_id', 'public.profiles', 'cascade'),
      ('chat_sessions', 'customer_id', 'public.profiles', 'cascade'),
      ('chat_messages', 'session_id', 'public.chat_sessions', 'cascade'),
      ('notifications', 'user_id', 'public.profiles', 'cascade')
    ) as r(tab, col, target, action)
  loop
    if not exists (select from pg_constraint
                   where conname = format('%s_%s_fkey', rule.tab, rule.col)
                     and conrelid = format('public.%I', rule.tab)::regclass
                     and confdeltype = case rule.action when 'cascade' then 'c'::"char" else 'n'::"char" end) then
      execute format('alter table public.%I drop constraint if exists %I', rule.tab, rule.tab || '_' || rule.col || '_fkey');
      execute format('alter table public.%I add constraint %I foreign key (%I) references %s on delete %s',
                     rule.tab, rule.tab || '_' || rule.col || '_fkey', rule.col, rule.target, rule.action);
    end if;
  end loop;
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Indexes
-- ---------------------------------------------------------------------------------------------------------------

create index if not exists tickets_customer_id_idx on public.tickets (customer_id);
create index if not exists tickets_assignee_id_idx on public.tickets (assignee_id);
create index if not exists tickets_status_idx on public.tickets (status);
create index if not exists tickets_created_at_idx on public.tickets (created_at);
create index if not exists ticket_messages_ticket_id_idx on public.ticket_messages (ticket_id);
create index if not exists ticket_messages_created_at_idx on public.ticket_messages (created_at);
create index if not exists kb_articles_category_id_idx on public.kb_articles (category_id);
create index if not exists kb_articles_status_idx on public.kb_articles (status);

-- A page of a queue is read in the order of one index, whatever the order: a department's, everybody's, one's own.
create index if not exists tickets_queue_updated_idx
  on public.tickets (department_id, updated_at desc, id desc) where is_open;
create index if not exists tickets_queue_due_idx on public.tickets (department_id, due_sort, id) where is_open;
create index if not exists tickets_queue_priority_idx
  on public.tickets (department_id, priority_rank desc, updated_at desc, id desc) where is_open;
create index if not exists tickets_queue_age_idx on public.tickets (department_id, created_at, id) where is_open;
create index if not exists tickets_queue_unassigned_idx
  on public.tickets (department_id, updated_at desc, id desc) where is_open and assignee_id is null;
create index if not exists tickets_queue_pending_idx
  on public.tickets (department_id, updated_at desc, id desc) where status_rank = 2;
create index if not exists tickets_queue_ended_idx
  on public.tickets (department_id, updated_at desc, id desc) where not is_open;
create index if not exists tickets_all_updated_idx on public.tickets (updated_at desc, id desc) where is_open;
create index if not exists tickets_all_due_idx on public.tickets (due_sort, id) where is_open;
create index if not exists tickets_all_priority_idx
  on public.tickets (priority_rank desc, updated_at desc, id desc) where is_open;
create index if not exists tickets_all_age_idx on public.tickets (created_at, id) where is_open;
create index if not exists tickets_all_ended_idx on public.tickets (updated_at desc, id desc) where not is_open;
create index if not exists tickets_all_unassigned_idx
  on public.tickets (updated_at desc, id desc) where is_open and assignee_id is null;
create index if not exists tickets_all_pending_idx on public.tickets (updated_at desc, id desc) where status_rank = 2;
create index if not exists tickets_assigned_idx on public.tickets (assignee_id, updated_at desc, id desc) where is_open;
-- What an agent finished, above all what of it lies in other departments: read without looking at the tickets.
create index if not exists tickets_assigned_ended_idx
  on public.tickets (assignee_id, updated_at desc, id desc) include (department_id) where not is_open;
create index if not exists tickets_requested_idx on public.tickets (customer_id, updated_at desc, id desc);
create index if not exists tickets_requested_open_idx
  on public.tickets (customer_id, updated_at desc, id desc) where is_open;

-- What is nobody's is open: not knowing that, the planner expects a handful and sorts them all.
create statistics if not exists public.tickets_open_assignee_stats (mcv) on is_open, assignee_id from public.tickets;

create index if not exists ticket_messages_thread_idx on public.ticket_messages (ticket_id, created_at, id);
create index if not exists ticket_messages_sender_id_idx on public.ticket_messages (sender_id);
create index if not exists ticket_status_history_ticket_id_idx on public.ticket_status_history (ticket_id, created_at);
create index if not exists ticket_status_history_changed_by_idx on public.ticket_status_history (changed_by);
create index if not exists ticket_tag_relations_tag_id_idx on public.ticket_tag_relations (tag_id);
create index if not exists profiles_department_id_idx on public.profiles (department_id);
create index if not exists chat_sessions_customer_id_idx on public.chat_sessions (customer_id);
create index if not exists chat_sessions_agent_id_idx on public.chat_sessions (agent_id);
create index if not exists chat_sessions_waiting_idx on public.chat_sessions (created_at) where status = 'waiting';
create index if not exists chat_messages_session_id_idx on public.chat_messages (session_id, created_at);
create index if not exists kb_article_versions_article_id_idx on public.kb_article_versions (article_id, created_at);

-- ---------------------------------------------------------------------------------------------------------------
-- Statistics: of what people write, none. Whoever may ask about a table at all may ask the planner how many rows it expects
-- below a text, whosever they are (EXPLAIN; and comparing texts is leakproof). Asked often enough, it spells out each of the
-- hundred texts that it remembers: titles, messages, notes. No plan needs them.
-- ---------------------------------------------------------------------------------------------------------------

-- "early": the triggers of ours are still to be made, and may be dropped.
create or replace procedure private.forget_texts(early boolean) language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  item record;
  trig text;
begin
  for item in
    -- A column of a table, or what an index works out of one.
    select distinct c.oid::regclass as name, format('%I.%I', 'public', c.relname) as called, c.relname, a.attname,
           c.relkind = 'i' as of_index, a.attnum, format_type(a.atttypid, a.atttypmod) as type,
           coalesce(to_jsonb(a) ->> 'attstattarget', '') <> '0' as counted,
           exists (select from pg_stats s where s.schemaname = 'public' and s.tablename = c.relname
                                            and s.attname = a.attname) as remembered
      from private.tables() t(oid) left join pg_index i on i.indrelid = t.oid and i.indexprs is not null
      join pg_class c on c.oid in (t.oid, i.indexrelid)
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                             and a.atttypid = any ('{text, varchar, bytea}'::regtype[])
     where (c.relkind <> 'i' or i.indkey[a.attnum - 1] = 0 and exists (
             select from pg_am m where m.oid = c.relam and m.amname = 'btree'))
           -- Words of ours, a few each.
       and (c.relname, a.attname) not in (('chat_sessions', 'status'), ('kb_articles', 'status'), ('notifications', 'type'),
                                          ('profiles', 'role'), ('ticket_attachments', 'content_type'), ('ticket_events', 'kind'))
  loop
    if item.counted then
      execute format(case when item.of_index then 'alter index %1$s alter column %2$s set statistics 0'
                          else 'alter table %1$s alter column %3$I set statistics 0' end,
                     item.called, item.attnum, item.attname);
    end if;
    -- What was remembered before would stay for good.
    continue when not item.remembered;
    begin
      if to_regprocedure('pg_catalog.pg_clear_attribute_stats(text,text,text,boolean)') is not null then
        execute format('do $x$ begin perform pg_clear_attribute_stats(''public'', %L, %L, false); end $x$',
                       item.relname, item.attname);
      elsif current_setting('is_superuser') = 'on' then
        delete from pg_statistic s where s.starelid = item.name and s.staattnum = item.attnum;
      elsif item.of_index then
        execute format('drop index %s; %s', item.called, pg_get_indexdef(item.name));
        execute format('alter index %s alter column %s set statistics 0', item.called, item.attnum);
      else
        for trig in select g.tgname from pg_trigger g join pg_proc f on f.oid = g.tgfoid
                     where early and g.tgrelid = item.name and item.attnum = any (g.tgattr::smallint[])
                       and f.pronamespace = 'private'::regnamespace loop
          execute format('drop trigger %I on %s', trig, item.called);
        end loop;
        -- To the type that it has: that costs a look, and forgets.
        execute format('alter table %s alter column %I type %s', item.called, item.attname, item.type);
      end if;
    exception when feature_not_supported or insufficient_privilege then
      raise warning 'whoever signs in can ask for what the planner remembers of %.%', item.called, item.attname
        using hint = format('As a superuser: delete from pg_statistic where starelid = %L::regclass', item.called);
    end;
  end loop;
end
$$;

call private.forget_texts(true);

-- ---------------------------------------------------------------------------------------------------------------
-- Triggers. Those that keep history run as the tables' owner, so that nobody needs, or has, the right to write it.
-- private.uid(), private.role() and their like are in policies.sql.
-- ---------------------------------------------------------------------------------------------------------------

create or replace function public.update_ticket_updated_at() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  new.updated_at = now();
  return new;
end
$$;

create or replace trigger tickets_updated_at
  before update on public.tickets
  for each row execute function public.update_ticket_updated_at();

create or replace trigger profiles_updated_at
  before update on public.profiles
  for each row execute function public.update_ticket_updated_at();

create or replace trigger kb_articles_updated_at
  before update on public.kb_articles
  for each row execute function public.update_ticket_updated_at();

-- The first row of the history at creation, one more at every change of the status.
create or replace function public.log_ticket_status_change() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    insert into public.ticket_status_history (ticket_id, status, changed_by, created_at)
    values (new.id, new.status, private.uid(), coalesce(new.created_at, now()));
  elsif old.status is distinct from new.status then
    insert into public.ticket_status_history (ticket_id, status, changed_by)
    values (new.id, new.status, private.uid());
  end if;
  return new;
end
$$;

create or replace trigger log_ticket_status
  after update on public.tickets
  for each row execute function public.log_ticket_status_change();

create or replace trigger log_ticket_created
  after insert on public.tickets
  for each row execute function public.log_ticket_status_change();

-- Whether a status is the one before this person's own last change, within the hour: a requester who closed or opened
-- a ticket by mistake takes that back, though the status it had is the team's to give.
create or replace function private.takes_back(ticket uuid, person uuid, given public.ticket_status) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  last record;
begin
  select h.changed_by, h.created_at, lead(h.status) over w as before into last
    from public.ticket_status_history h where h.ticket_id = takes_back.ticket
  window w as (order by h.created_at desc, h.id) order by h.created_at desc, h.id limit 1;
  return coalesce(last.changed_by = person and last.before = given
                  and last.created_at > clock_timestamp() - interval '1 hour', false);
end
$$;

-- Whether a moment can be shown in any time zone and any program. PostgreSQL knows of infinity, and of years that few do.
create or replace function private.is_plain_moment(moment timestamptz) returns boolean
language sql immutable parallel safe
return moment between timestamptz '0001-01-02 00:00+00' and timestamptz '9999-12-30 00:00+00';

-- What a ticket may look like, whoever writes it; and what its requester may do to it.
create or replace function private.guard_ticket() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  who constant record := private.asking();
  named_department constant boolean := new.department_id is not null;
  category_department uuid;
  working boolean;
begin
  -- Routing: where its category belongs, else the default. Staff who write a ticket down for somebody keep it in their
  -- own department, or they would send it out of their own sight.
  if new.department_id is null then
    select c.department_id into category_department from public.categories c where c.id = new.category_id;
    new.department_id := coalesce(
      case when tg_op = 'INSERT' and who.role = 'agent' and new.customer_id <> who.person then who.department end,
      category_department,
      (select d.id from public.departments d where d.is_default));
    if new.department_id is null then
      raise exception 'there is no default department to send this ticket to' using errcode = 'HD002',
        hint = 'Mark one: update departments set is_default = true where name = ...';
    end if;
  end if;

  if who.person is not null then
    if tg_op = 'INSERT' then
      new.created_at := now();
      new.updated_at := now();
      working := coalesce(private.works_on(new.assignee_id, new.department_id, who.agent, who.departments), false);
      if not working and (new.status is distinct from 'open' or new.priority is distinct from 'medium'
                          or new.assignee_id is not null or new.due_date is not null or named_department) then
        raise exception 'status, priority, assignee, department and due date are set by the team'
          using errcode = 'HD003', hint = 'Leave them out; the ticket finds its department by its category.';
      end if;
    else
      -- Or will be: helpdesk.act() takes back what one gave away, together with the rest of that act. By SQL nobody
      -- changes assignee or department.
      working := coalesce(private.works_on(old.assignee_id, old.department_id, who.agent, who.departments)
                          or private.works_on(new.assignee_id, new.department_id, who.agent, who.departments), false);
      if not working then
        if (new.title, new.description, new.priority, new.category_id, new.due_date, new.metadata)
           is distinct from (old.title, old.description, old.priority, old.category_id, old.due_date, old.metadata) then
          raise exception 'only the team changes a ticket after it was sent' using errcode = 'HD003',
            hint = 'Write a message in the ticket instead.';
        end if;
        if old.status is distinct from new.status and coalesce(new.status not in ('open', 'closed'), true)
           and not private.takes_back(old.id, who.person, new.status) then
          raise exception 'a requester may close a ticket or open it again' using errcode = 'HD003';
        end if;
      end if;
    end if;
  end if;

  if new.assignee_id is not null and (tg_op = 'INSERT' or new.assignee_id is distinct from old.assignee_id) then
    -- Held until the end, so that nobody is taken off the team between this look and the commit.
    perform from public.profiles p
      where p.id = new.assignee_id and p.role in ('agent', 'admin') and p.deactivated_at is null for share;
    if not found then
      raise exception 'only an agent or an admin can be the assignee of a ticket' using errcode = 'HD002';
    end if;
  elsif tg_op = 'UPDATE' and new.assignee_id is not null and not old.is_open and new.status in ('open', 'pending')
        and exists (select from public.profiles p where p.id = new.assignee_id and p.deactivated_at is not null) then
    -- Opened again, while who had it has left meanwhile.
    new.assignee_id := null;
  end if;

  if (tg_op = 'INSERT' or new.due_date is distinct from old.due_date) and not private.is_plain_moment(new.due_date) then
    raise exception 'this is no due date' using errcode = 'HD002', hint = 'It is in a year from 1 to 9999.';
  end if;

  if tg_op = 'INSERT' and not private.muted() then
    -- Whoever has just come waits; what is brought in from elsewhere knows since when.
    new.waiting_since := new.created_at;
  end if;

  if new.status in ('resolved', 'closed') then
    new.resolved_at := coalesce(new.resolved_at, now());
  else
    new.resolved_at := null;
  end if;
  if new.status = 'closed' then
    new.closed_at := coalesce(new.closed_at, now());
  else
    new.closed_at := null;
  end if;
  return new;
end
$$;

create or replace trigger tickets_guard
  before insert or update on public.tickets
  for each row execute function private.guard_ticket();

-- Whether a message is one of the chat that became its ticket.
create or replace function private.said_in_chat(m public.ticket_messages) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return not m.is_internal and exists (
    select from public.chat_sessions s join public.chat_messages c on c.session_id = s.id and c.created_at = m.created_at
     where s.ticket_id = m.ticket_id and c.sender_id = m.sender_id and c.content = m.content);
end
$$;

-- A message takes its place in the thread under the ticket's lock, so that "the newest one" means the same to
-- everybody, and a reply over messages its author has not seen is refused.
create or replace function private.guard_message() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  person constant uuid := private.uid();
  sight text;
  there record;
  seen record;
  unseen jsonb;
  newest timestamptz;
begin
  if person is null then
    return new;
  end if;
  new.sender_id := coalesce(new.sender_id, person);
  -- A true copy of what was said in the chat that became this ticket keeps its author and its time, which no client can
  -- set. Its id says nothing: both sides of the chat know it, and may have used it elsewhere.
  if private.said_in_chat(new) then
    new.after_id := null;
    return new;
  end if;
  sight := private.sight(new.ticket_id);
  if sight is null then
    raise exception 'there is no such ticket' using errcode = 'HD004';
  end if;

  -- Sent again after a lost answer: the primary key settles it, the guard below must not. Another message under the
  -- same id is no such case, and taking it for one would lose this text without a word.
  select m.ticket_id, m.sender_id into there from public.ticket_messages m where m.id = new.id;
  if found then
    if (there.ticket_id, there.sender_id) is distinct from (new.ticket_id, person) then
      raise exception 'this id is taken by another message' using errcode = 'HD002', hint = 'Draw a new one.';
    end if;
    new.after_id := null;
    return new;
  end if;
  perform from public.tickets t where t.id = new.ticket_id for no key update;
  -- Merged while this waited.
  if private.merged_into(new.ticket_id) is not null then
    perform private.refuse_merged(private.merged_into(new.ticket_id));
  end if;

  if sight = 'team' and not new.is_internal then
    select s.created_at, s.id into seen
      from public.ticket_messages s where s.id = new.after_id and s.ticket_id = new.ticket_id;
    select jsonb_agg(m.id order by m.created_at, m.id) into unseen
      from public.ticket_messages m
     where m.ticket_id = new.ticket_id and m.sender_id <> person
       and (seen.id is null or (m.created_at, m.id) > (seen.created_at, seen.id));
    if unseen is not null then
      raise exception 'the thread has moved on: % not seen yet',
        case jsonb_array_length(unseen) when 1 then 'one message' else jsonb_array_length(unseen) || ' messages' end
        using errcode = 'HD001', detail = unseen::text,
              hint = 'Read them; to send all the same, send with after_id set to the newest one.';
    end if;
  end if;
  new.after_id := null;

  select max(m.created_at) into newest from public.ticket_messages m where m.ticket_id = new.ticket_id;
  new.created_at := greatest(clock_timestamp(), newest + interval '1 microsecond');
  return new;
end
$$;

create or replace trigger ticket_messages_guard
  before insert on public.ticket_messages
  for each row execute function private.guard_message();

-- A public message moves its ticket: first response, who waits, opened again by the requester, sorted up. A note leaves the
-- ticket's row alone, or its requester could tell from updated_at that one was written.
create or replace function private.message_moves_ticket() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if new.is_internal or private.muted() then
    return null;
  end if;
  update public.tickets t
     set first_response_at = case when t.customer_id <> new.sender_id and p.role <> 'customer'
                                  then coalesce(t.first_response_at, new.created_at) else t.first_response_at end,
         waiting_since = case when t.customer_id = new.sender_id then coalesce(t.waiting_since, new.created_at) end,
         status = case when t.customer_id = new.sender_id and not t.is_open or t.customer_id = new.sender_id
                       and t.status = 'pending' then 'open' else t.status end
    from public.profiles p
   where t.id = new.ticket_id and p.id = new.sender_id;
  return null;
end
$$;

create or replace trigger ticket_messages_move_ticket
  after insert on public.ticket_messages
  for each row execute function private.message_moves_ticket();

-- History of everything but the status: one row per field that changed, whatever statement changed it.
create or replace function private.record_ticket_events() returns trigger
-- Dates are written one way, whatever the session prefers.
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' set datestyle = 'ISO' as $$
begin
  insert into public.ticket_events (ticket_id, actor_id, kind, old_value, new_value, routed)
  select n.id, case when not f.routed then private.uid() end, f.kind, f.old_value, f.new_value, f.routed
    from old_rows o join new_rows n on n.id = o.id
   cross join lateral (values
     ('title', o.title, n.title, false),
     ('priority', o.priority::text, n.priority::text, false),
     ('assignee', o.assignee_id::text, n.assignee_id::text,
      exists (select from private.routing_now r where r.ticket_id = n.id)),
     ('department', o.department_id::text, n.department_id::text, false),
     ('category', o.category_id::text, n.category_id::text, false),
     ('due_date', o.due_date::text, n.due_date::text, false)
   ) as f(kind, old_value, new_value, routed)
   where f.old_value is distinct from f.new_value;
  return null;
end
$$;

create or replace trigger tickets_record_events
  after update on public.tickets
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.record_ticket_events();

do $$
begin
  if to_regtype('private.touched') is null then
    create type private.touched as (id uuid, customer_id uuid, assignee_id uuid, department_id uuid);
  end if;
end
$$;

-- Live changes: ids only, one notification per audience and statement; equal ones of a transaction are folded by
-- the server. A note is told to the staff alone.
create or replace function private.announce_tickets() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if private.muted() or private.told_at_once() then
    return null;
  end if;
  if tg_op = 'INSERT' then
    perform private.announce(array(select distinct (id, customer_id, assignee_id, department_id)::private.touched
                                     from new_rows), true);
  elsif tg_op = 'UPDATE' then
    perform private.announce(array(select (id, customer_id, assignee_id, department_id)::private.touched from new_rows
                                   union
                                   select (id, customer_id, assignee_id, department_id)::private.touched from old_rows), true);
  else
    perform private.announce(array(select distinct (id, customer_id, assignee_id, department_id)::private.touched
                                     from old_rows), true);
  end if;
  return null;
end
$$;

create or replace trigger tickets_announce_insert
  after insert on public.tickets referencing new table as new_rows
  for each statement execute function private.announce_tickets();
create or replace trigger tickets_announce_update
  after update on public.tickets referencing old table as old_rows new table as new_rows
  for each statement execute function private.announce_tickets();
create or replace trigger tickets_announce_delete
  after delete on public.tickets referencing old table as old_rows
  for each statement execute function private.announce_tickets();

create or replace function private.announce_messages() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if private.muted() or private.told_at_once() then
    return null;
  end if;
  perform private.announce(array(
    select distinct (t.id, t.customer_id, t.assignee_id, t.department_id)::private.touched
      from new_rows m join public.tickets t on t.id = m.ticket_id where not m.is_internal), true);
  perform private.announce(array(
    select distinct (t.id, t.customer_id, t.assignee_id, t.department_id)::private.touched
      from new_rows m join public.tickets t on t.id = m.ticket_id where m.is_internal), false);
  return null;
end
$$;

create or replace trigger ticket_messages_announce
  after insert on public.ticket_messages referencing new table as new_rows
  for each statement execute function private.announce_messages();

-- Whatever hangs at a ticket by its ticket_id and is the team's alone: its requester is not told.
create or replace function private.announce_to_staff() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if private.muted() or private.told_at_once() then
    return null;
  end if;
  perform private.announce(array(
    select distinct (t.id, t.customer_id, t.assignee_id, t.department_id)::private.touched
      from changed_rows r join public.tickets t on t.id = r.ticket_id), false);
  return null;
end
$$;

create or replace trigger ticket_tag_relations_announce_insert
  after insert on public.ticket_tag_relations referencing new table as changed_rows
  for each statement execute function private.announce_to_staff();
create or replace trigger ticket_tag_relations_announce_delete
  after delete on public.ticket_tag_relations referencing old table as changed_rows
  for each statement execute function private.announce_to_staff();

-- Articles: a version at creation and at every change of what is read, numbered from 1; the day of publication.
create or replace function private.guard_article() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if private.uid() is not null then
    if tg_op = 'INSERT' then
      new.author_id := coalesce(new.author_id, private.uid());
      new.created_at := now();
    else
      new.author_id := old.author_id;
    end if;
    new.published_at := case when tg_op = 'UPDATE' then old.published_at end;
  end if;
  new.version := case when tg_op = 'INSERT' then 1
                      else old.version + ((new.title, new.content) is distinct from (old.title, old.content))::integer end;
  if new.status = 'published' then
    new.published_at := coalesce(new.published_at, now());
  end if;
  return new;
end
$$;

create or replace trigger kb_articles_guard
  before insert or update on public.kb_articles
  for each row execute function private.guard_article();

create or replace function private.keep_article_version() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    insert into public.kb_article_versions (article_id, number, title, content, changed_by, created_at)
    values (new.id, new.version, new.title, new.content, coalesce(private.uid(), new.author_id),
            coalesce(new.created_at, now()));
  elsif new.version <> old.version then
    insert into public.kb_article_versions (article_id, number, title, content, changed_by)
    values (new.id, new.version, new.title, new.content, private.uid());
  end if;
  return null;
end
$$;

create or replace trigger kb_articles_keep_version
  after insert or update on public.kb_articles
  for each row execute function private.keep_article_version();

-- Whoever has to do something one after the other holds its row.
create table if not exists private.turns (what text primary key);
insert into private.turns values ('article categories') on conflict do nothing;

create or replace function private.refuse_category_cycle() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if new.parent_id is null then
    return new;
  end if;
  -- Two moves that are each harmless can close a circle together: one after the other, then. Not by an advisory lock,
  -- which any session could hold, nor by locking the table, which both writers have locked already. Nor by what admins
  -- wait for one after the other.
  perform from private.turns t where t.what = 'article categories' for no key update;
  if exists (
    with recursive above as (
      select new.parent_id as id
      union
      select c.parent_id from public.kb_categories c join above a on c.id = a.id where c.parent_id is not null
    )
    select from above where id = new.id
  ) then
    raise exception 'the category % cannot be below itself', quote_literal(new.name) using errcode = 'HD002',
      hint = 'Choose a parent that is not one of its own subcategories.';
  end if;
  return new;
end
$$;

create or replace trigger kb_categories_no_cycle
  before insert or update of parent_id on public.kb_categories
  for each row execute function private.refuse_category_cycle();

-- ---------------------------------------------------------------------------------------------------------------
-- The search's index of articles. ts_rank knows nothing of how rare a word is, so words and their numbers are kept here
-- and weighed by helpdesk.search_articles(). Nothing is counted ahead: how many articles hold a word is counted among
-- those that may be read by whoever asks, so that nobody learns by an order or a score what drafts hold.
-- ---------------------------------------------------------------------------------------------------------------

-- One row an article: its text without markup in passages of a line or two, and the same as word stems.
create table if not exists private.article_index (
  article_id uuid primary key,
  key integer generated by default as identity unique,
  published boolean not null,
  language text not null,
  length integer not null,
  passages text[] not null,
  stems text[] not null,
  -- Which release of these functions made it: another one makes it anew.
  made_by integer not null
);
create index if not exists article_index_length_idx on private.article_index (published) include (length);

-- One row a word stem and article: how often, a title's words counting more.
create table if not exists private.article_terms (
  term text collate "C" not null,
  article integer not null,
  published boolean not null,
  times real not null,
  length integer not null
);
create index if not exists article_terms_term_idx on private.article_terms (term, article)
  include (published, times, length);
create index if not exists article_terms_article_idx on private.article_terms (article);

-- Every word that ever stood in an article, as written, for words that are not finished or mistyped; and every language.
-- Only added to, so that nobody who saves waits for somebody else.
create table if not exists private.article_words (
  word text collate "C" not null,
  term text collate "C" not null,
  published boolean not null
);
create index if not exists article_words_word_idx on private.article_words (word, published, term);
create table if not exists private.article_languages (language text not null, published boolean not null);

-- Text as it is compared: without accents and capitals, and every character that is no part of a word a space. As long
-- as it was, where it was in composed form, so that a place in the one is the place in the other.
create or replace function private.folded(content text) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  t text := content;
begin
  -- What is no letter is named, rather than what is one: that would be another thing in every locale.
  if t ~ '[^\x01-\x7f]' then
    t := regexp_replace(
      normalize(regexp_replace(normalize(t, nfkd), '[\u0300-\u036f]', '', 'g'), nfc),
      '[\x80-\xbf\xd7\xf7\u2000-\u206f\u20a0-\u2bff\u2e00-\u2e7f\u3000-\u303f\ufe10-\ufe6f\uff00-\uff0f\uff1a-\uff20'
      '\uff3b-\uff40\uff5b-\uff65\ufff0-\uffff]', ' ', 'g');
  end if;
  return translate(lower(t), E'\t\n\r\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x1b!"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~\x7f',
                   repeat(' ', 47));
end
$$;

-- What is written without spaces between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese.
create or replace function private.unspaced() returns text
language sql immutable parallel safe
return '[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]';

-- The words of folded text in their order. What is written without spaces is taken in pairs of characters.
create or replace function private.words(folded text) returns table (at bigint, word text)
language plpgsql immutable parallel safe rows 200 set search_path = pg_catalog, pg_temp as $$
declare
  unspaced constant text := private.unspaced();
begin
  if folded !~ unspaced then
    return query select w.n, left(w.word, 64) from string_to_table(folded, ' ') with ordinality as w(word, n) where w.word <> '';
  else
    return query
    select row_number() over (order by w.n, p.n), left(p.word, 64)
      from string_to_table(folded, ' ') with ordinality as w(word, n)
     cross join lateral (
       select w.word, 0 where w.word !~ unspaced
       union all
       select substr(w.word, s, 2), s from generate_series(1, greatest(char_length(w.word) - 1, 1)) s
        where w.word ~ unspaced
     ) p(word, n)
     where w.word <> '';
  end if;
end
$$;

-- Markdown or HTML → what a reader sees, each heading between two tabs.
create or replace function private.plain_text(content text) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  t text := regexp_replace(content, '\r\n?', E'\n', 'g');
begin
  t := translate(t, E'\x01\x02\x03\x04\x05\x06\x07\x08\t\x0b\x0c\x1b', repeat(' ', 12));
  if t like '%<%' then
    t := regexp_replace(t, '<!--.*?-->|<(script|style)\M.*?</\1>', ' ', 'gi');
    t := regexp_replace(t, '<h[1-6]\M[^<>]*>', E'\n\n# ', 'gi');
    t := regexp_replace(t, '</?(p|div|br|li|ul|ol|tr|table|h[1-6]|blockquote|pre|section|article)\M[^<>]*>', E'\n\n', 'gi');
    t := regexp_replace(t, '</?[a-z][^<>]*>', ' ', 'gi');
  end if;
  if t like '%&%' then
    t := replace(replace(replace(replace(replace(replace(t, '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&#39;', ''''),
                         '&nbsp;', ' '), '&amp;', '&');
  end if;
  if t like '%](%' then
    t := regexp_replace(t, '!?\[([^][]*)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+"[^"]*")?\)', '\1', 'g');
  end if;
  t := regexp_replace(t, '^\s{0,3}\[[^]\n]{1,200}\]:\s.*$', '', 'gn');
  -- An address is no words; whoever asks with one is not asked about its parts either.
  t := regexp_replace(t, 'https?://[^\s<>]+', '', 'gi');
  t := regexp_replace(t, '\[![A-Za-z]+\]', '', 'g');
  t := regexp_replace(t, '^[ >]*(```|~~~).*$', '', 'gn');
  t := regexp_replace(t, '^[ >]*#{1,6}\s+(.*)$', E'\t\\1\t', 'gn');
  t := regexp_replace(t, '^[ >]*(?:[-*+]|\d{1,3}[.)])\s+', E'\n\n', 'gn');
  t := regexp_replace(t, '^[ >]*[-=*_|: ]{3,}$', E'\n', 'gn');
  t := regexp_replace(t, '^[ >]+', '', 'gn');
  t := regexp_replace(translate(t, '|', ' '), '\*{1,3}|`+|~~', '', 'g');
  t := regexp_replace(t, '(^|\s)_{1,2}|_{1,2}($|[\s.,;:!?])', '\1\2', 'g');
  t := normalize(t, nfkc);
  return regexp_replace(t, '[ \u00a0]+', ' ', 'g');
end
$$;

-- The language of some words: the one of whose smallest words they hold most. English where they hold none.
create or replace function private.language_of(words text[]) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  found_language text;
begin
  -- Nearly always, and then nothing else need be asked.
  if (select count(*) from unnest(words) w where ts_lexize('pg_catalog.english_stem', w) = '{}')
     > 0.15 * cardinality(words) then
    return 'english';
  end if;
  select l.name into found_language
    from unnest(array['english', 'danish', 'dutch', 'finnish', 'french', 'german', 'hungarian', 'italian', 'norwegian',
                      'portuguese', 'russian', 'spanish', 'swedish', 'turkish']) with ordinality as l(name, n)
   cross join lateral (select count(*) as hits from unnest(words) w
                        where ts_lexize(('pg_catalog.' || l.name || '_stem')::regdictionary, w) = '{}') c
   where c.hits >= 2 order by c.hits desc, l.n limit 1;
  return coalesce(found_language, 'english');
end
$$;

-- The language that an article says it is in, by its two letters; null where it says none or an unknown one.
create or replace function private.language_named(metadata jsonb) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select l.name from (values
    ('da', 'danish'), ('nl', 'dutch'), ('en', 'english'), ('fi', 'finnish'), ('fr', 'french'), ('de', 'german'),
    ('hu', 'hungarian'), ('it', 'italian'), ('no', 'norwegian'), ('nb', 'norwegian'), ('nn', 'norwegian'),
    ('pt', 'portuguese'), ('ro', 'romanian'), ('ru', 'russian'), ('es', 'spanish'), ('sv', 'swedish'),
    ('tr', 'turkish'), ('ar', 'arabic'), ('el', 'greek'), ('id', 'indonesian'), ('ca', 'catalan'), ('lt', 'lithuanian')
  ) as l(code, name)
   where l.code = lower(left(coalesce(metadata ->> 'language', metadata ->> 'locale', metadata ->> 'lang'), 2))
$$;

-- Makes the index of one article anew.
create or replace function private.index_article(
  article uuid, title text, content text, status text, metadata jsonb) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
-- An import plans this once, when there is nothing in the tables yet.
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  title_weight constant real := real '4';
  heading_weight constant real := real '1.5';
  shown constant boolean := status = 'published';
  spoken text;
  dictionary regdictionary;
  own_key integer;
  whole text;
  found_passages text[];
  found_stems text[];
  words_there integer;
begin
  perform private.unindex_article(article);

  -- The title is the first passage; a heading is one of its own and begins with a tab. A mark that folding leaves alone
  -- stands between them.
  select string_agg(p.passage, E'\x1f' order by p.block, p.n) into whole
    from (select 0 as block, 0 as n, E'\t' || left(translate(normalize(title, nfkc), E'\t\n\x1f', '   '), 500) as passage
          union all
          select w.block, w.n, case when w.heading then E'\t' else '' end || string_agg(w.word, ' ' order by w.at)
            from (select b.block, b.block % 2 = 0 as heading, x.at, left(x.word, 220) as word,
                         sum(least(char_length(x.word), 220) + 1) over (partition by b.block order by x.at) / 220 as n
                         -- Between the tabs that plain_text() put around them are the headings.
                    from string_to_table(left(private.plain_text(content), 300000), E'\t') with ordinality as b(text, block)
                   cross join lateral string_to_table(translate(b.text, E'\n\x1f', '  '), ' ') with ordinality as x(word, at)
                   where x.word <> '') w
           group by w.block, w.heading, w.n
         ) p;
  found_passages := string_to_array(whole, E'\x1f');
  spoken := coalesce(private.language_named(metadata), private.language_of(array(
    select distinct w.word from private.words(private.folded(left(whole, 600))) w)));
  dictionary := ('pg_catalog.' || spoken || '_stem')::regdictionary;
  own_key := nextval(pg_get_serial_sequence('private.article_index', 'key'))::integer;

  with passage as materialized (
    select p.n, found_passages[p.n] like E'\t%' as heading, w.at, w.word, (ts_lexize(dictionary, w.word))[1] as term
      from string_to_table(private.folded(whole), E'\x1f') with ordinality as p(folded, n)
     cross join lateral private.words(p.folded) w
  ), joined as (
    -- "add-on" is looked for as "addon" too.
    select p.n, j.word, (ts_lexize(dictionary, j.word))[1] as term
      from unnest(found_passages) with ordinality as p(text, n)
     cross join lateral regexp_matches(p.text, '[^\s[:punct:]]+(?:-[^\s[:punct:]]+)+', 'g') as m(part)
     cross join lateral (select private.folded(replace(m.part[1], '-', '')) as word) j
     where p.text like '%-%' and j.word not like '% %' and char_length(j.word) <= 64
  ), kept as (
    select count(*)::integer as length from passage where term is not null
  ), term_rows as (
    insert into private.article_terms (term, article, published, times, length)
    select t.term, own_key, shown, sum(t.weight), (select k.length from kept k)
      from (select p.term, case when p.n = 1 then title_weight when p.heading then heading_weight else 1 end as weight
              from passage p where p.term is not null
            union all
            select j.term, 1 from joined j where j.term is not null) t
     group by t.term
  ), word_rows as (
    insert into private.article_words (word, term, published)
    select distinct w.word, w.term, shown
      from (select p.word, p.term from passage p union select j.word, j.term from joined j) w
     where w.term is not null and char_length(w.word) > 1
       and not exists (select from private.article_words o where o.word = w.word collate "C" and o.term = w.term collate "C"
                        and o.published = shown)
  )
  select array_agg(coalesce(s.stems, ' ') order by q.n), (select k.length from kept k) into found_stems, words_there
    from generate_series(1, cardinality(found_passages)) as q(n)
    left join (select p.n, ' ' || string_agg(p.term, ' ' order by p.at) || ' ' as stems
                 from passage p where p.term is not null group by p.n) s on s.n = q.n;

  insert into private.article_index (article_id, key, published, language, length, passages, stems, made_by)
  values (article, own_key, shown, spoken, words_there, found_passages, found_stems, private.index_release());
  insert into private.article_languages (language, published)
  select spoken, shown
   where not exists (select from private.article_languages l where l.language = spoken and l.published = shown);
end
$$;

-- Raised by whoever changes what the functions above make.
create or replace function private.index_release() returns integer
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as 'select 2';

create or replace function private.unindex_article(article uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  old_key integer;
begin
  delete from private.article_index i where i.article_id = article returning i.key into old_key;
  if old_key is not null then
    delete from private.article_terms t where t.article = old_key;
  end if;
end
$$;

create or replace function private.index_changed_article() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'DELETE' then
    perform private.unindex_article(old.id);
  elsif tg_op = 'INSERT' or (new.id, new.title, new.content, new.status, private.language_named(new.metadata))
        is distinct from (old.id, old.title, old.content, old.status, private.language_named(old.metadata)) then
    perform private.index_article(new.id, new.title, new.content, new.status, new.metadata);
  end if;
  return null;
end
$$;

create or replace trigger kb_articles_index
  after insert or update or delete on public.kb_articles
  for each row execute function private.index_changed_article();

-- Told to the team alone: customers read articles when they open them.
create or replace function private.announce_articles() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  ids uuid[];
begin
  if private.is_background() and current_setting('helpdesk.mute', true) = 'on' then
    return null;
  end if;
  ids := array(select distinct c.id from changed_rows c limit 151);
  if cardinality(ids) > 0 then
    -- Too many to name are any.
    perform private.announce_to('staff', jsonb_build_object('articles', case when cardinality(ids) > 150 then '[]'::jsonb
                                                                             else to_jsonb(ids) end));
  end if;
  return null;
end
$$;

create or replace trigger kb_articles_announce_insert
  after insert on public.kb_articles referencing new table as changed_rows
  for each statement execute function private.announce_articles();
create or replace trigger kb_articles_announce_update
  after update on public.kb_articles referencing new table as changed_rows
  for each statement execute function private.announce_articles();
create or replace trigger kb_articles_announce_delete
  after delete on public.kb_articles referencing old table as changed_rows
  for each statement execute function private.announce_articles();

-- What is not in the index yet, or was put in by an older release.
do $$
begin
  delete from private.article_index i where not exists (select from public.kb_articles a where a.id = i.article_id);
  delete from private.article_terms t where not exists (select from private.article_index i where i.key = t.article);
  if exists (select from private.article_index i where i.made_by <> private.index_release()) then
    truncate private.article_index, private.article_terms, private.article_words, private.article_languages;
  end if;
  perform private.index_article(a.id, a.title, a.content, a.status, a.metadata)
    from public.kb_articles a
   where not exists (select from private.article_index i where i.article_id = a.id);
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- The search's index of tickets: which words a request and its messages hold, for helpdesk.tickets_saying(). In the
-- same writing as the articles' words.
-- ---------------------------------------------------------------------------------------------------------------

-- The words of a text, to be looked for. Of a very long one those at its beginning: an index entry has an end. Whoever
-- writes a message runs it, who may not look into this schema.
create or replace function private.searched(content text) returns tsvector
language plpgsql immutable parallel safe security definer set search_path = pg_catalog, pg_temp as $$
declare
  t text := private.folded(left(content, 100000));
begin
  if t ~ private.unspaced() then
    return array_to_tsvector(array(select distinct w.word from private.words(t) w));
  end if;
  if t ~ '[^ ]{65}' then
    t := regexp_replace(t, '([^ ]{64})[^ ]+', '\1', 'g');
  end if;
  return array_to_tsvector(array_remove(string_to_array(t, ' '), ''));
end
$$;

-- Messages do not change, so the index itself works their words out. Analysing would work them out once more for every
-- message it looks at, to learn nothing that a plan needs.
do $$
begin
  if to_regclass('public.ticket_messages_searched_idx') is null then
    create index ticket_messages_searched_idx on public.ticket_messages using gin (private.searched(content));
    alter index public.ticket_messages_searched_idx alter column 1 set statistics 0;
  end if;
end
$$;

-- A ticket changes all the time and its own text hardly ever: its words are kept beside it, or each change of a status
-- would be an entry more in the index of words.
create table if not exists private.ticket_words (
  ticket_id uuid primary key references public.tickets on delete cascade,
  title text not null,
  words tsvector not null
);
create index if not exists ticket_words_words_idx on private.ticket_words using gin (words);

create or replace function private.index_ticket() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into private.ticket_words (ticket_id, title, words)
  values (new.id, new.title, private.searched(new.title || ' ' || coalesce(new.description, '')))
  on conflict (ticket_id) do update set title = excluded.title, words = excluded.words;
  return null;
end
$$;

create or replace trigger tickets_index
  after insert or update of title, description on public.tickets
  for each row execute function private.index_ticket();

-- For what came in past the trigger, or before there was one.
create or replace function private.index_tickets() returns void
language sql set search_path = pg_catalog, pg_temp as $$
insert into private.ticket_words (ticket_id, title, words)
select t.id, t.title, private.searched(t.title || ' ' || coalesce(t.description, ''))
  from public.tickets t where not exists (select from private.ticket_words w where w.ticket_id = t.id)
$$;
select private.index_tickets();

-- ---------------------------------------------------------------------------------------------------------------
-- Attachments: files that came with a message, or with the request itself (then message_id is null). Whoever reads the
-- one reads the other.
-- ---------------------------------------------------------------------------------------------------------------

create table if not exists public.ticket_attachments (
  id uuid primary key default gen_random_uuid(),
  ticket_id uuid not null references public.tickets on delete cascade,
  message_id uuid references public.ticket_messages on delete cascade,
  name text not null,
  -- What the bytes say it is, found by a trigger; what its sender says is not asked.
  content_type text not null,
  size integer not null generated always as (octet_length(data)) stored,
  sha256 text not null,
  data bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  -- A name and nothing else: no path, nothing invisible, nothing that turns the line around.
  constraint ticket_attachments_name check (
    char_length(name) between 1 and 255 and name ~ '\S' and name not in ('.', '..')
    and name !~ '[/\\[:cntrl:]\u0080-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]'),
  constraint ticket_attachments_size check (octet_length(data) <= 10485760),
  constraint ticket_attachments_sha256 check (sha256 = encode(sha256(data), 'hex'))
);
-- Most files are packed already; and what is not packed again can be read in pieces.
alter table public.ticket_attachments alter column data set storage external;
create index if not exists ticket_attachments_ticket_id_idx on public.ticket_attachments (ticket_id, created_at);
create index if not exists ticket_attachments_message_id_idx on public.ticket_attachments (message_id);

-- What a file is, by its first bytes. HTML and the like are text here: nobody's program shall run them.
create or replace function private.content_type(data bytea) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  head constant text := encode(substring(data for 16), 'hex');
  found_type text;
begin
  select m.type into found_type
    from (values
      ('^89504e470d0a1a0a', 'image/png'),
      ('^ffd8ff', 'image/jpeg'),
      ('^474946383[79]61', 'image/gif'),
      ('^52494646.{8}57454250', 'image/webp'),
      ('^49492a00|^4d4d002a', 'image/tiff'),
      ('^424d.{8}00000000', 'image/bmp'),
      ('^.{8}66747970(68656963|68656978|6d696631)', 'image/heic'),
      ('^255044462d', 'application/pdf'),
      ('^504b(0304|0506|0708)', 'application/zip'),
      ('^1f8b', 'application/gzip'),
      ('^425a68', 'application/x-bzip2'),
      ('^fd377a585a00', 'application/x-xz'),
      ('^28b52ffd', 'application/zstd'),
      ('^377abcaf271c', 'application/x-7z-compressed'),
      ('^526172211a07', 'application/vnd.rar'),
      ('^d0cf11e0a1b11ae1', 'application/x-ole-storage'),
      ('^.{8}66747970', 'video/mp4'),
      ('^1a45dfa3', 'video/webm'),
      ('^494433|^fff[b3a2]', 'audio/mpeg'),
      ('^4f676753', 'audio/ogg'),
      ('^52494646.{8}57415645', 'audio/wav'),
      ('^4d5a', 'application/vnd.microsoft.portable-executable'),
      ('^7f454c46', 'application/x-elf'),
      ('^(feedface|feedfacf|cefaedfe|cffaedfe|cafebabe)', 'application/x-mach-binary')
    ) as m(pattern, type)
   where head ~ m.pattern limit 1;
  if found_type is not null then
    return found_type;
  end if;
  begin
    perform convert_from(data, 'UTF8');
    return 'text/plain';
  exception when others then
    return 'application/octet-stream';
  end;
end
$$;

-- A file is sent by the author of its message, together with it and never after: what was written stays what it was.
create or replace function private.guard_attachment() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  person constant uuid := private.uid();
  sight text;
  with_what record;
  there record;
begin
  if octet_length(new.data) > 10485760 then
    raise exception 'a file may have 10 MB at most' using errcode = 'HD002', hint = 'Pack it, or send a part of it.';
  end if;
  if new.sha256 is distinct from encode(sha256(new.data), 'hex') then
    raise exception 'the file did not arrive whole' using errcode = 'HD002', hint = 'Send it again.';
  end if;
  new.content_type := private.content_type(new.data);
  if person is null then
    return new;
  end if;

  sight := private.sight(new.ticket_id);
  if new.message_id is null then
    select h.changed_by as author, t.created_at into with_what
      from public.tickets t left join public.ticket_status_history h
        on h.ticket_id = t.id and h.created_at = t.created_at and h.changed_by = person
     where t.id = new.ticket_id and sight is not null;
  else
    select m.sender_id as author, m.created_at into with_what
      from public.ticket_messages m
     where m.id = new.message_id and m.ticket_id = new.ticket_id
       and (sight = 'team' or sight = 'requester' and not m.is_internal);
  end if;
  if not found then
    raise exception 'there is no such message' using errcode = 'HD004';
  end if;
  if with_what.author is distinct from person then
    raise exception 'only the author of a message attaches files to it' using errcode = 'HD003';
  end if;

  -- Sent again after a lost answer: the primary key settles it.
  select a.ticket_id, a.message_id, a.sha256 into there from public.ticket_attachments a where a.id = new.id;
  if found then
    if (there.ticket_id, there.message_id, there.sha256) is distinct from (new.ticket_id, new.message_id, new.sha256) then
      raise exception 'this id is taken by another file' using errcode = 'HD002', hint = 'Draw a new one.';
    end if;
    return new;
  end if;
  -- What this transaction wrote is no older than its beginning.
  if with_what.created_at < now() then
    raise exception 'a file is sent together with its message' using errcode = 'HD003',
      hint = 'Write another message and attach it there.';
  end if;
  if (select count(*) from public.ticket_attachments a
       where a.ticket_id = new.ticket_id and a.message_id is not distinct from new.message_id) >= 10 then
    raise exception 'a message has ten files at most' using errcode = 'HD002', hint = 'Send the rest with another one.';
  end if;
  return new;
end
$$;

create or replace trigger ticket_attachments_guard
  before insert on public.ticket_attachments
  for each row execute function private.guard_attachment();

-- The column of the original design says what there is, for clients that read messages alone.
create or replace function private.list_attachments() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.ticket_messages m
     set attachments = case when jsonb_typeof(m.attachments) = 'array' then m.attachments else '[]' end || f.files
    from (select n.message_id,
                 jsonb_agg(jsonb_build_object('id', n.id, 'name', n.name, 'size', n.size, 'content_type', n.content_type)
                           order by n.created_at, n.id) as files
            from new_rows n where n.message_id is not null group by n.message_id) f
   where m.id = f.message_id;
  return null;
end
$$;

create or replace trigger ticket_attachments_list
  after insert on public.ticket_attachments
  referencing new table as new_rows
  for each statement execute function private.list_attachments();

-- People: an account becomes a profile, always a customer's, whatever its metadata says.
create or replace function private.profile_from_account() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'UPDATE' and (new.banned_until, new.deleted_at) is distinct from (old.banned_until, old.deleted_at) then
    -- The policies see this at once; those who only listen must not hear on.
    perform private.rename_channels_of(p.id, p.role, p.department_id) from public.profiles p where p.id = new.id;
    if new.banned_until > clock_timestamp() or new.deleted_at is not null then
      perform private.give_chats_back(new.id);
    end if;
  end if;
  if new.is_anonymous or new.email is null then
    return null;
  end if;
  insert into public.profiles as p (id, email, full_name, role)
  values (new.id, new.email, nullif(left(btrim(new.raw_user_meta_data ->> 'full_name'), 200), ''), 'customer')
  on conflict (id) do update set email = excluded.email where p.email <> excluded.email;
  -- Whoever merely says that an address is theirs is not the admin who was named by it, nor is whoever another
  -- organisation's sign-in says so of. Of capitals only ASCII's are the same letter: in Unicode the Kelvin sign is a k.
  if new.email_confirmed_at is not null and not coalesce((to_jsonb(new) ->> 'is_sso_user')::boolean, false)
     and exists (select from private.settings s where s.first_admin = lower(new.email collate "C")) then
    perform private.welcome_first_admin(new.id);
  end if;
  return null;
end
$$;

create or replace trigger helpdesk_profile_from_account
  after insert or update of email, email_confirmed_at, is_anonymous, banned_until, deleted_at on auth.users
  for each row execute function private.profile_from_account();

insert into public.profiles (id, email, full_name, role)
select id, email, nullif(left(btrim(raw_user_meta_data ->> 'full_name'), 200), ''), 'customer'
from auth.users where email is not null and not is_anonymous
on conflict (id) do nothing;

-- Whoever is taken off the team holds no tickets any more; whoever leaves an audience stops hearing of its tickets.
create or replace function private.staff_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'DELETE' then
    perform private.rename_channels_of(old.id, old.role, old.department_id);
    return null;
  end if;
  if old.role = 'admin' and old.deactivated_at is null and not (new.role = 'admin' and new.deactivated_at is null) then
    -- Two admins who demote each other at the same moment: one after the other, so that one of them is left.
    perform from private.settings for no key update;
    if not exists (select from public.profiles p where p.role = 'admin' and p.deactivated_at is null) then
      raise exception 'this is the only admin' using errcode = 'HD003', hint = 'Make somebody else an admin first.';
    end if;
  end if;
  if old.role <> 'customer' and new.role = 'customer' then
    update public.tickets set assignee_id = null where assignee_id = new.id;
    perform private.give_chats_back(new.id);
  elsif old.deactivated_at is null and new.deactivated_at is not null then
    update public.tickets set assignee_id = null where assignee_id = new.id and is_open;
    perform private.give_chats_back(new.id);
  end if;
  if (new.role, new.department_id) is distinct from (old.role, old.department_id)
     or old.deactivated_at is null and new.deactivated_at is not null then
    perform private.rename_channels_of(old.id, old.role, old.department_id);
  end if;
  if old.deactivated_at is null and new.deactivated_at is not null then
    perform private.end_sessions(new.id);
  end if;
  perform private.announce_structure();
  return null;
end
$$;

create or replace trigger profiles_staff_changed
  after update of role, department_id, deactivated_at on public.profiles
  for each row execute function private.staff_changed();
create or replace trigger profiles_staff_left
  after delete on public.profiles
  for each row execute function private.staff_changed();

-- A customer's own requests and chats go with them: first, because what they wrote there names them too. Staff who
-- wrote or acted in other people's tickets stay on record: the foreign keys refuse; take their role away instead.
create or replace function private.person_leaves() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  delete from public.tickets where customer_id = old.id;
  delete from public.chat_sessions where customer_id = old.id;
  return old;
end
$$;

create or replace trigger profiles_take_their_own_along
  before delete on public.profiles
  for each row execute function private.person_leaves();

-- ---------------------------------------------------------------------------------------------------------------
-- Presence at tickets, and drafts for one's other devices. Neither is audited: the one is about this moment, the other is
-- nobody else's to read.
-- ---------------------------------------------------------------------------------------------------------------

-- A row for each sign-in that has a ticket open; what was not said again for a while is no longer so. Not logged: after a
-- crash of the server nobody is there. It refers to nothing, so that saying so waits for nobody; who reads it looks.
create unlogged table if not exists private.presence (
  session_id uuid primary key,
  person_id uuid not null,
  ticket_id uuid not null,
  writing boolean not null,
  seen_at timestamptz not null
) with (fillfactor = 50);

-- What somebody is writing to a ticket, under the id that the message will have. A revision tells who goes on with what.
create table if not exists private.drafts (
  person_id uuid not null references public.profiles (id) on delete cascade,
  message_id uuid not null,
  ticket_id uuid not null references public.tickets (id) on delete cascade,
  kind text not null check (kind in ('reply', 'note')),
  content text not null,
  after_id uuid,
  revision integer not null,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (person_id, message_id)
);
create index if not exists drafts_ticket_id_idx on private.drafts (ticket_id);

-- What was sent is no draft any more, on no device; but for words that were changed elsewhere meanwhile.
create or replace function private.drop_sent_drafts() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  delete from private.drafts d using new_rows m
   where d.person_id = m.sender_id and d.message_id = m.id and btrim(d.content) = btrim(m.content);
  return null;
end
$$;

create or replace trigger ticket_messages_drop_drafts
  after insert on public.ticket_messages referencing new table as new_rows
  for each statement execute function private.drop_sent_drafts();

-- ---------------------------------------------------------------------------------------------------------------
-- Chat. Sessions are changed by the helpdesk.chat_ functions of policies.sql alone. Whoever wants to act on what
-- happens in a chat hangs a trigger on public.chat_sessions (opened, taken, handed over, ended, rated) or on
-- public.chat_messages (said).
-- ---------------------------------------------------------------------------------------------------------------

-- How far a person has read in a chat: the time of the newest message they saw. Times differ within a chat.
create table if not exists private.chat_seen (
  session_id uuid references public.chat_sessions on delete cascade,
  person_id uuid references public.profiles on delete cascade,
  seen_at timestamptz not null,
  primary key (session_id, person_id)
);
create index if not exists chat_seen_person_id_idx on private.chat_seen (person_id);

-- Whether this is the first time that these files are applied over its rows.
do $$
begin
  perform set_config('helpdesk.chats_as_they_were', (not exists (
    select from pg_attribute
     where attrelid = 'public.chat_sessions'::regclass and attname = 'waiting_since' and not attisdropped))::text, false);
end
$$;
alter table public.chat_sessions
  -- Where it waits. None: for the whole team.
  add column if not exists department_id uuid references public.departments on delete set null,
  add column if not exists topic text,
  add column if not exists waiting_since timestamptz,
  add column if not exists accepted_at timestamptz,
  add column if not exists last_message_at timestamptz,
  add column if not exists ended_by uuid references public.profiles on delete set null,
  add column if not exists rating smallint check (rating between 1 and 5),
  add column if not exists rating_comment text,
  add column if not exists rated_at timestamptz,
  add column if not exists ticket_id uuid references public.tickets on delete set null;

do $$
begin
  if current_setting('helpdesk.chats_as_they_were') <> 'true' then
    return;
  end if;
  -- One that nobody leads waits.
  update public.chat_sessions s set status = 'waiting' where s.status = 'active' and s.agent_id is null;
  -- What was in the metadata, and what the messages tell.
  update public.chat_sessions s
     set topic = coalesce(s.topic, nullif(btrim(left(s.metadata ->> 'topic', 200)), '')),
         rating = case when s.metadata ->> 'rating' ~ '^[1-5]$' then (s.metadata ->> 'rating')::smallint end,
         waiting_since = case when s.status = 'waiting' then s.created_at end,
         last_message_at = m.newest,
         accepted_at = case when s.status <> 'waiting' and s.agent_id is not null
                            then coalesce(m.answered, s.created_at) end,
         ended_at = case when s.status = 'ended' then coalesce(s.ended_at, m.newest, s.created_at) end
    from public.chat_sessions o
    left join lateral (
      select max(a.created_at) as newest, min(a.created_at) filter (where a.sender_id <> o.customer_id) as answered
        from public.chat_messages a where a.session_id = o.id) m on true
   where o.id = s.id;
  -- Of several that a customer has open, the newest goes on.
  update public.chat_sessions s
     set status = 'ended', waiting_since = null, ended_at = coalesce(s.last_message_at, s.created_at)
   where s.status <> 'ended'
     and exists (select from public.chat_sessions o where o.customer_id = s.customer_id and o.status <> 'ended'
                  and (o.created_at, o.id) > (s.created_at, s.id));
  insert into private.chat_seen (session_id, person_id, seen_at)
  select s.id, p.id, s.last_message_at from public.chat_sessions s join public.profiles p on p.id in (s.customer_id, s.agent_id)
   where s.status = 'ended' and s.last_message_at is not null
  on conflict do nothing;
end
$$;
reset helpdesk.chats_as_they_were;

do $$
declare
  rule record;
begin
  for rule in
    select * from (values
      ('chat_sessions_topic_length', 'check (char_length(topic) <= 200)'),
      ('chat_sessions_topic_not_blank', $c$check (topic ~ '\S')$c$),
      ('chat_sessions_rating_comment_length', 'check (char_length(rating_comment) <= 20000)')
    ) as r(name, body)
  loop
    if not exists (select from pg_constraint
                   where conname = rule.name and conrelid = 'public.chat_sessions'::regclass) then
      execute format('alter table public.chat_sessions add constraint %I %s not valid', rule.name, rule.body);
    end if;
  end loop;
end
$$;

-- A customer talks to the team in one chat at a time.
create unique index if not exists chat_sessions_one_open on public.chat_sessions (customer_id) where status <> 'ended';
create index if not exists chat_sessions_led_idx on public.chat_sessions (agent_id) where status = 'active';
create index if not exists chat_sessions_led_before_idx
  on public.chat_sessions (agent_id, ended_at desc) where status = 'ended';
create index if not exists chat_sessions_had_before_idx
  on public.chat_sessions (customer_id, ended_at desc) where status = 'ended';
create index if not exists chat_sessions_ticket_id_idx on public.chat_sessions (ticket_id);
create index if not exists chat_sessions_department_id_idx on public.chat_sessions (department_id);

-- Who handed a chat over to whom: to a person or to a department.
create table if not exists private.chat_handovers (
  id bigint generated always as identity primary key,
  session_id uuid not null references public.chat_sessions on delete cascade,
  by_id uuid references public.profiles on delete set null,
  person_id uuid references public.profiles on delete set null,
  department_id uuid references public.departments on delete set null,
  created_at timestamptz not null default clock_timestamp()
);
create index if not exists chat_handovers_session_id_idx on private.chat_handovers (session_id, id desc);

-- Its times follow its state, whoever writes it.
create or replace function private.guard_chat() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  at constant timestamptz := case when tg_op = 'INSERT' then new.created_at else clock_timestamp() end;
begin
  if new.status = 'waiting' then
    new.waiting_since := coalesce(new.waiting_since, at);
    new.accepted_at := null;
  else
    new.waiting_since := null;
  end if;
  if new.status = 'active' then
    new.accepted_at := coalesce(new.accepted_at, at);
  end if;
  new.ended_at := case when new.status = 'ended' then coalesce(new.ended_at, at) end;
  new.ended_by := case when new.status = 'ended' then new.ended_by end;
  return new;
end
$$;

create or replace trigger chat_sessions_guard
  before insert or update on public.chat_sessions
  for each row execute function private.guard_chat();

-- A message takes its place in the chat under the session's lock: times differ and rise, in the order of the commits.
create or replace function private.guard_chat_message() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  who constant record := private.asking();
  sight text;
  held record;
begin
  if who.person is null then
    if private.is_background() then
      return new;
    end if;
    raise exception 'there is no such chat' using errcode = 'HD004';
  end if;
  new.sender_id := coalesce(new.sender_id, who.person);
  -- Sent again after a lost answer: it is there already, whatever became of the chat since, and nothing is left to do.
  if private.chat_holds(new.id, new.session_id, who.person) then
    return null;
  end if;
  sight := private.chat_sight(new.session_id, who);
  if sight in ('customer', 'agent') then
    select s.status, s.last_message_at into held from public.chat_sessions s
     where s.id = new.session_id for no key update;
    -- Somebody else may have held the lock: for this very message, or to hand the chat over.
    if private.chat_holds(new.id, new.session_id, who.person) then
      return null;
    end if;
    sight := private.chat_sight(new.session_id, who);
  end if;
  if sight is null then
    raise exception 'there is no such chat' using errcode = 'HD004', hint = 'It may have been handed to somebody else.';
  elsif sight = 'team' then
    raise exception 'only the two who talk write in a chat' using errcode = 'HD003', hint = 'Take it first.';
  elsif held.status = 'ended' then
    raise exception 'this chat has ended' using errcode = 'HD002', hint = 'Open a new one; what you wrote is not lost.';
  elsif new.content !~ '\S' then
    raise exception 'the message is empty' using errcode = 'HD002';
  elsif char_length(new.content) > 20000 then
    raise exception 'a chat message may have 20,000 characters at most, this one has %', char_length(new.content)
      using errcode = 'HD002', hint = 'Send it in parts, or make a ticket of the chat.';
  end if;
  new.created_at := greatest(clock_timestamp(), held.last_message_at + interval '1 microsecond');
  return new;
end
$$;

create or replace trigger chat_messages_guard
  before insert on public.chat_messages
  for each row execute function private.guard_chat_message();

-- A message moves its chat, which tells both sides of it.
create or replace function private.message_moves_chat() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
begin
  update public.chat_sessions s set last_message_at = greatest(s.last_message_at, said.newest)
    from (select n.session_id, max(n.created_at) as newest from new_rows n group by n.session_id) said
   where s.id = said.session_id;
  return null;
end
$$;

create or replace trigger chat_messages_move_chat
  after insert on public.chat_messages referencing new table as new_rows
  for each statement execute function private.message_moves_chat();

do $$
begin
  if to_regtype('private.touched_chat') is null then
    create type private.touched_chat as (id uuid, customer_id uuid, agent_id uuid, status text, department_id uuid);
  end if;
end
$$;

create or replace function private.announce_chats() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if private.muted() then
    return null;
  end if;
  if tg_op = 'INSERT' then
    perform private.tell_of_chats(array(
      select (n.id, n.customer_id, n.agent_id, n.status, n.department_id)::private.touched_chat from new_rows n));
  elsif tg_op = 'UPDATE' then
    perform private.tell_of_chats(array(
      select (n.id, n.customer_id, n.agent_id, n.status, n.department_id)::private.touched_chat from new_rows n
      union
      select (o.id, o.customer_id, o.agent_id, o.status, o.department_id)::private.touched_chat from old_rows o));
    perform private.tell_those_behind(min(o.created_at))
       from old_rows o join new_rows n on n.id = o.id
      where 'waiting' in (o.status, n.status)
        and (o.status, o.department_id) is distinct from (n.status, n.department_id);
  else
    perform private.tell_of_chats(array(
      select (o.id, o.customer_id, o.agent_id, o.status, o.department_id)::private.touched_chat from old_rows o));
    perform private.tell_those_behind(min(o.created_at)) from old_rows o where o.status = 'waiting';
  end if;
  return null;
end
$$;

create or replace trigger chat_sessions_announce_insert
  after insert on public.chat_sessions referencing new table as new_rows
  for each statement execute function private.announce_chats();
create or replace trigger chat_sessions_announce_update
  after update on public.chat_sessions referencing old table as old_rows new table as new_rows
  for each statement execute function private.announce_chats();
create or replace trigger chat_sessions_announce_delete
  after delete on public.chat_sessions referencing old table as old_rows
  for each statement execute function private.announce_chats();

-- ---------------------------------------------------------------------------------------------------------------
-- Administration: who has left, who comes first, and what an admin did that can be taken back
-- ---------------------------------------------------------------------------------------------------------------

create index if not exists profiles_name_idx on public.profiles (lower(coalesce(full_name, email)), id);
create index if not exists profiles_staff_idx on public.profiles (role) where role <> 'customer';

-- The address of who becomes an admin at their first confirmed sign-up: named by the owner, while there is no admin.
alter table private.settings add column if not exists first_admin text;

-- What an admin did to people, or to many tickets at once, and how it was before. "before" holds
-- {"person": {id, role, department, active, after: {role, department, active}},
--  "tickets": [[id, department, assignee, mark of the ticket as the act left it], ...]}, each where there is any.
create table if not exists private.acts (
  id uuid primary key,
  number bigint not null generated always as identity,
  actor_id uuid references public.profiles on delete set null,
  kind text not null check (kind in ('reassign', 'move', 'set', 'hand over', 'deactivate', 'activate', 'undo')),
  words text not null,
  at timestamptz not null default clock_timestamp(),
  before jsonb not null,
  answer jsonb not null,
  undone_by uuid references private.acts on delete set null
);
create unique index if not exists acts_number_key on private.acts (number);
create index if not exists acts_actor_id_idx on private.acts (actor_id, number desc);
create index if not exists acts_at_idx on private.acts (at);
create index if not exists acts_undone_by_idx on private.acts (undone_by);

-- A statement's trigger fires for whoever may write the statement, also where no row is theirs to change.
create or replace function private.structure_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if private.is_admin() or private.is_background() then
    perform private.announce_structure();
  end if;
  return null;
end
$$;

create or replace trigger departments_announce
  after insert or update or delete on public.departments
  for each statement execute function private.structure_changed();
create or replace trigger categories_announce
  after insert or update or delete on public.categories
  for each statement execute function private.structure_changed();
-- A new tag is heard of with the ticket that bears it.
create or replace trigger ticket_tags_announce
  after update or delete on public.ticket_tags
  for each statement execute function private.structure_changed();

-- ---------------------------------------------------------------------------------------------------------------
-- Acts on tickets: what a person did to one ticket or many, and how each was before, to take it back; and snoozes
-- ---------------------------------------------------------------------------------------------------------------

-- "before" is an array of objects, one a ticket: {"id", "number", and what the act changed, each with what it was and as
-- what the act left it}. Who makes a kind of their own keeps there what its undoing needs.
create table if not exists private.ticket_acts (
  id uuid primary key,
  actor_id uuid not null references public.profiles on delete cascade,
  kind text not null check (kind ~ '^[a-z_]{1,40}$'),
  words text not null,
  -- How it was done: what the connection called itself.
  way text not null default '',
  at timestamptz not null default clock_timestamp(),
  before jsonb not null check (jsonb_typeof(before) = 'array'),
  answer jsonb not null,
  -- The act that took this one back, and the one that this took back: no foreign keys, by which one that is forgotten would
  -- wait for whoever holds the other.
  undone_by uuid,
  undoes uuid
);
alter table private.ticket_acts drop constraint if exists ticket_acts_undone_by_fkey,
  drop constraint if exists ticket_acts_undoes_fkey;
drop index if exists private.ticket_acts_undone_by_idx, private.ticket_acts_undoes_idx;
create index if not exists ticket_acts_actor_id_idx on private.ticket_acts (actor_id, at desc);
create index if not exists ticket_acts_at_idx on private.ticket_acts (at);

-- A ticket that waits out of sight until a moment; over by that moment, or when its requester writes or opens it again.
create table if not exists private.ticket_snoozes (
  ticket_id uuid primary key references public.tickets on delete cascade,
  until timestamptz not null,
  by_id uuid references public.profiles on delete set null,
  since timestamptz not null default clock_timestamp()
);
create index if not exists ticket_snoozes_by_id_idx on private.ticket_snoozes (by_id);
create index if not exists ticket_snoozes_until_idx on private.ticket_snoozes (until);

create or replace function private.message_wakes_ticket() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  delete from private.ticket_snoozes s using public.tickets t
   where s.ticket_id = new.ticket_id and t.id = new.ticket_id and t.customer_id = new.sender_id;
  return null;
end
$$;

create or replace trigger ticket_messages_wake_ticket
  after insert on public.ticket_messages
  for each row when (not new.is_internal) execute function private.message_wakes_ticket();

create or replace function private.requester_wakes_ticket() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  delete from private.ticket_snoozes s where s.ticket_id = new.id and new.customer_id = private.uid();
  return null;
end
$$;

create or replace trigger tickets_wake_ticket
  after update of status on public.tickets
  for each row when (new.status = 'open' and old.status in ('resolved', 'closed'))
  execute function private.requester_wakes_ticket();

-- The announcing triggers keep silent while one act changes several tables, which then announces once. What says so
-- nobody can make up, and it counts in its own transaction alone.
create or replace function private.telling_word() returns text
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  select encode(sha256(s.value || convert_to('telling ' || pg_current_xact_id(), 'UTF8')), 'hex')
    from private.secrets s where s.name = 'channel'
$$;

create or replace function private.told_at_once() returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  word constant text := current_setting('helpdesk.telling', true);
begin
  if coalesce(word, '') = '' then
    return false;
  end if;
  return word = private.telling_word();
end
$$;

-- A snooze is the team's: its requester is not told.
create or replace trigger ticket_snoozes_announce_insert
  after insert on private.ticket_snoozes referencing new table as changed_rows
  for each statement execute function private.announce_to_staff();
create or replace trigger ticket_snoozes_announce_update
  after update on private.ticket_snoozes referencing new table as changed_rows
  for each statement execute function private.announce_to_staff();
create or replace trigger ticket_snoozes_announce_delete
  after delete on private.ticket_snoozes referencing old table as changed_rows
  for each statement execute function private.announce_to_staff();
drop function if exists private.announce_tags(), private.announce_snoozes();

-- ---------------------------------------------------------------------------------------------------------------
-- Notifications: written by triggers alone; never of one's own act; all that happens on a ticket is one line, and a
-- statement over many tickets one line a person; nothing that the person turned off. docs/notifications.md
-- ---------------------------------------------------------------------------------------------------------------

do $$
begin
  if to_regtype('private.event') is null then
    create type private.event as (person uuid, kind text, ticket_id uuid, title text, words text);
  end if;
end
$$;

alter table public.notifications
  add column if not exists chat_id uuid references public.chat_sessions on delete cascade,
  -- How many events of each kind the line stands for; ``type`` and ``title`` are those of the last one.
  add column if not exists kinds jsonb not null default '{}';
alter table private.settings add column if not exists due_soon interval not null default '2 hours';

-- Whom was told that which due date of a ticket is near: once each.
create table if not exists private.due_told (
  ticket_id uuid not null references public.tickets on delete cascade,
  person uuid not null references public.profiles on delete cascade,
  due_date timestamptz not null,
  primary key (ticket_id, person)
);
create index if not exists due_told_person_idx on private.due_told (person);

-- Whom was told that a ticket which slept is back, and since when: once each.
create table if not exists private.back_told (
  ticket_id uuid not null references public.tickets on delete cascade,
  person uuid not null references public.profiles on delete cascade,
  until timestamptz not null,
  primary key (ticket_id, person)
);
create index if not exists back_told_person_idx on private.back_told (person);

-- One line a person and ticket, or chat, for good: what comes after it was read opens it again. The first time, lines of
-- an older database are made one: the unread ones if there are any, else the latest.
do $$
begin
  if to_regclass('public.notifications_one_line') is not null then
    return;
  end if;
  update public.notifications set kinds = jsonb_build_object(type, times) where kinds = '{}';
  with line as (
    select user_id, ticket_id, sum(times)::integer as times, jsonb_object_agg(type, times) as kinds
      from (select user_id, ticket_id, type, sum(times) as times from public.notifications
             where ticket_id is not null and not read group by user_id, ticket_id, type) k
     group by user_id, ticket_id)
  update public.notifications n set times = line.times, kinds = line.kinds
    from line where not n.read and n.user_id = line.user_id and n.ticket_id = line.ticket_id;
  delete from public.notifications n
   using (select id, row_number() over (partition by user_id, ticket_id order by read, updated_at desc, id) as place
            from public.notifications where ticket_id is not null) p
   where p.id = n.id and p.place > 1;
  drop index if exists public.notifications_one_unread;
  create unique index notifications_one_line on public.notifications (user_id, ticket_id) where ticket_id is not null;
end
$$;
create unique index if not exists notifications_one_chat on public.notifications (user_id, chat_id) where chat_id is not null;
create index if not exists notifications_page_idx on public.notifications (user_id, updated_at desc, id desc);
create index if not exists notifications_chat_id_idx on public.notifications (chat_id) where chat_id is not null;
-- Whoever can be mentioned is looked for among the team, and not among everybody.
create index if not exists profiles_team_idx on public.profiles (role, department_id) where role <> 'customer';

-- Whether a person wants to be told of a kind. What is no true or false there, at any depth, says nothing.
create or replace function private.wants(preferences jsonb, kind text) returns boolean
language sql immutable parallel safe security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce(case when jsonb_typeof(preferences #> array['notices', kind, 'on']) = 'boolean'
                       then (preferences #>> array['notices', kind, 'on'])::boolean end, true)
$$;

create or replace function private.add_up(told jsonb, more jsonb) returns jsonb
language sql immutable parallel safe security definer set search_path = pg_catalog, pg_temp as $$
  select jsonb_object_agg(k.key, k.times)
    from (select e.key, sum(e.value::integer) as times
            from (select * from jsonb_each_text(told) union all select * from jsonb_each_text(more)) e
           group by e.key) k
$$;

-- What a line over several tickets is called.
create or replace function private.many_words(kinds jsonb, tickets bigint, role text) returns text
language sql immutable parallel safe security definer set search_path = pg_catalog, pg_temp as $$
  select case when kinds - 'assigned' = '{}' then tickets || ' tickets were assigned to you'
              when kinds - 'due' - 'sla' = '{}' then tickets || ' of your tickets are due'
              when kinds - 'back' = '{}' then tickets || ' tickets that slept are back'
              when kinds - 'status' = '{}' then tickets || ' of your requests were changed'
              when role = 'customer' then tickets || ' of your requests were answered'
                                          || case when kinds ? 'status' then ' or changed' else '' end
              else 'News on ' || tickets || ' tickets' end
$$;

-- Writes the lines for what one statement of ``actor`` (null: nobody signed in) did.
create or replace function private.deliver(events private.event[], actor uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if coalesce(cardinality(events), 0) = 0 then
    return;
  end if;
  insert into public.notifications as n (user_id, type, ticket_id, title, times, kinds, created_at, updated_at)
  with e as materialized (
    select e.person, e.kind, e.ticket_id, e.words || e.title as words,
           array_position(array['mention', 'assigned', 'reply', 'note', 'status', 'sla', 'due', 'back'], e.kind) as place, p.role
      from unnest(events) e join public.profiles p on p.id = e.person
     where e.person is distinct from actor and p.deactivated_at is null and private.wants(p.preferences, e.kind)
  ),
  kinds as (
    select k.person, jsonb_object_agg(k.kind, k.times) as kinds
      from (select e.person, e.kind, count(*) as times from e group by e.person, e.kind) k group by k.person
  ),
  lines as (
    select e.person, min(e.role) as role, count(*) as times, count(distinct e.ticket_id) as tickets, (array_agg(e.kind order by e.place))[1] as kind,
           (array_agg(e.ticket_id))[1] as ticket_id, (array_agg(e.words order by e.place))[1] as words
      from e group by e.person
  )
  select l.person, l.kind, case when l.tickets = 1 then l.ticket_id end,
         case when l.tickets = 1 then l.words else private.many_words(k.kinds, l.tickets, l.role) end,
         l.times, k.kinds, clock_timestamp(), clock_timestamp()
    from lines l join kinds k on k.person = l.person order by l.person
  on conflict (user_id, ticket_id) where ticket_id is not null do update
     set type = excluded.type, title = excluded.title, read = false,
         times = case when n.read then excluded.times else n.times + excluded.times end,
         kinds = case when n.read then excluded.kinds else private.add_up(n.kinds, excluded.kinds) end,
         created_at = case when n.read then excluded.created_at else n.created_at end,
         -- Never back: marking as read goes by what was seen.
         updated_at = greatest(excluded.updated_at, n.updated_at + interval '1 microsecond');
end
$$;

-- Of tickets: to whom they are given, and to their requester that they were resolved, closed or opened again.
create or replace function private.notify_assignees() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  actor constant uuid := private.uid();
  events private.event[];
  free uuid[];
begin
  if private.muted() then
    return null;
  end if;
  if tg_op = 'INSERT' then
    perform private.deliver(array(
      select (n.assignee_id, 'assigned', n.id, n.title, 'Assigned to you: ')::private.event
        from new_rows n where n.assignee_id is not null), actor);
  else
    events := array(
      select (n.assignee_id, 'assigned', n.id, n.title, 'Assigned to you: ')::private.event
        from old_rows o join new_rows n on n.id = o.id
       where n.assignee_id is not null and n.assignee_id is distinct from o.assignee_id
         and not exists (select from private.routing_now r where r.ticket_id = n.id)
      union all
      select (n.customer_id, 'status', n.id, n.title,
              case when n.is_open then 'Opened again: ' when n.status = 'closed' then 'Closed: ' else 'Solved: ' end
             )::private.event
        from old_rows o join new_rows n on n.id = o.id
       where n.status <> o.status and (not n.is_open or not o.is_open)
             -- What no signed-in person opened again, the requester did, by a message that came some other way.
         and (not n.is_open or actor is not null)
             -- What becomes of a request that is merged, or taken apart again, is nothing that became of the matter.
         and not exists (select from private.merges g
                          where g.ticket_id = n.id and (g.undone_at is null or g.undone_at = now())));
    begin
      perform private.deliver(events, actor);
    exception when lock_not_available or deadlock_detected then
      -- Whoever holds lines of their own inbox for so long is told nothing, and holds nothing else up.
      free := array(
        select n.id from unnest(events) e join public.notifications n on n.user_id = e.person and n.ticket_id = e.ticket_id
           for no key update of n skip locked);
      perform private.deliver(array(
        select e::private.event from unnest(events) e
         where not exists (select from public.notifications n
                            where n.user_id = e.person and n.ticket_id = e.ticket_id and n.id <> all (free))), actor);
    end;
    -- What routing gives out is nobody's own act, whoever made room for it.
    perform private.deliver(array(
      select (n.assignee_id, 'assigned', n.id, n.title, 'Assigned to you: ')::private.event
        from private.routing_now r join new_rows n on n.id = r.ticket_id where n.assignee_id is not null), null);
  end if;
  return null;
end
$$;

create or replace trigger tickets_notify_assignees
  after update on public.tickets
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.notify_assignees();
create or replace trigger tickets_notify_assignees_insert
  after insert on public.tickets referencing new table as new_rows
  for each statement execute function private.notify_assignees();
drop function if exists private.notify_of_assignment(private.touched[]);

-- Whom a message of the team mentions: "@" and a full name, a first name, or what stands before the @ of an address;
-- the first of these that fits exactly one of those who see all of the ticket. Quoted lines and code mention nobody.
create or replace function private.mentioned(ticket uuid, body text) returns setof uuid
language plpgsql stable security definer rows 2 set search_path = pg_catalog, pg_temp as $$
begin
  body := regexp_replace(left(body, 20000), '```.*?(?:```|$)', ' ', 'g');
  body := regexp_replace(body, '`[^`\n]*`', ' ', 'g');
  body := regexp_replace(body, '^[ \t]*>.*$', ' ', 'gn');
  if position('@' in body) = 0 then
    return;
  end if;
  return query
  with team as materialized (
    select p.id, lower(regexp_replace(btrim(p.full_name), '\s+', ' ', 'g')) as full_name,
           lower(split_part(btrim(p.full_name), ' ', 1)) as first_name, lower(split_part(p.email, '@', 1)) as address
      from public.tickets t join public.profiles p on p.id <> t.customer_id and p.deactivated_at is null
       and (p.role = 'admin' or p.role = 'agent' and (p.department_id = t.department_id or p.id = t.assignee_id))
     where t.id = mentioned.ticket
  ),
  said as materialized (
    select w.place, lower(regexp_replace(w.m[1], '\s+', ' ', 'g')) as words
      from regexp_matches(body, '(?<![[:alnum:]._%+@/-])@(\S[^\n@]{0,200})', 'g') with ordinality as w(m, place)
     limit 50
  ),
  read as materialized (
    select s.place, s.words,
           -- Up to a separator, without what ends a sentence or makes a genitive.
           regexp_replace(substring(s.words from '^[^\s,;:!?()\[\]{}<>"“”|\\/]+'), '([''’]s?|[.*_…’''-])+$', '') as word
      from said s
  ),
  fits as (
    -- Of two full names that begin alike the longer one is meant.
    select r.place, 1 as rule, t.id, rank() over (partition by r.place order by length(t.full_name) desc) as better
      from read r join team t on t.full_name <> '' and starts_with(r.words, t.full_name)
       and substr(r.words, length(t.full_name) + 1, 1) !~ '[[:alnum:]_]'
    union all
    select r.place, 2, t.id, 1 from read r join team t on t.first_name = r.word
    union all
    select r.place, 3, t.id, 1 from read r join team t on t.address = r.word
  ),
  unique_ as (
    select f.place, f.rule, (array_agg(f.id))[1] as id from fits f
     where f.better = 1 group by f.place, f.rule having count(*) = 1
  )
  select distinct u.id from (select distinct on (q.place) q.id from unique_ q order by q.place, q.rule) u;
end
$$;

-- Of messages: to the assignee, to whoever follows the ticket, and the requester, the requester of no note; and to whom
-- they mention. One event a message and person.
create or replace function private.notify_of_messages() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  actor constant uuid := private.uid();
begin
  if private.muted() then
    return null;
  end if;
  perform private.deliver(array(
    -- What was said in a chat that became a ticket was told there.
    with said as materialized (
      select * from new_rows m where not exists (
        select from public.chat_sessions s join public.chat_messages c on c.session_id = s.id and c.created_at = m.created_at
         where s.ticket_id = m.ticket_id and c.sender_id = m.sender_id and c.content = m.content)
    )
    select (a.person, a.kind, a.ticket_id, a.title, a.words)::private.event
      from (
        select distinct on (h.message, h.person) h.person, h.kind, h.ticket_id, h.title, h.words
          from (
            select m.id as message, p as person, 'mention' as kind, t.id as ticket_id, t.title,
                   'You were mentioned in: ' as words, 1 as place, m.sender_id
              from said m join public.tickets t on t.id = m.ticket_id and t.customer_id <> m.sender_id
              join public.profiles s on s.id = m.sender_id and s.role <> 'customer'
             cross join lateral private.mentioned(t.id, m.content) p
              -- Whoever does not want to hear of mentions hears of the message as if there were none.
              join public.profiles w on w.id = p and private.wants(w.preferences, 'mention')
             where position('@' in m.content) > 0
            union all
            select m.id, t.assignee_id, case when m.is_internal then 'note' else 'reply' end, t.id, t.title,
                   case when m.is_internal then 'Note on: ' else 'Reply on: ' end, 3, m.sender_id
              from said m join public.tickets t on t.id = m.ticket_id
             where not (m.is_internal and t.assignee_id = t.customer_id)  -- the requester hears of no note
            union all
            select m.id, f.person, case when m.is_internal then 'note' else 'reply' end, t.id, t.title,
                   case when m.is_internal then 'Note on: ' else 'Reply on: ' end, 4, m.sender_id
              from said m join public.tickets t on t.id = m.ticket_id join private.followers f on f.ticket_id = t.id
              -- Those who see all of it at this moment.
              join public.profiles p on p.id = f.person and p.id <> t.customer_id
               and (p.role = 'admin' or p.role = 'agent' and (p.department_id = t.department_id or p.id = t.assignee_id))
            union all
            select m.id, t.customer_id, 'reply', t.id, t.title, 'Answer on: ', 2, m.sender_id
              from said m join public.tickets t on t.id = m.ticket_id where not m.is_internal
          ) h
         where h.person <> h.sender_id
         order by h.message, h.person, h.place
      ) a), actor);
  return null;
end
$$;

create or replace trigger ticket_messages_notify
  after insert on public.ticket_messages
  referencing new table as new_rows
  for each statement execute function private.notify_of_messages();

-- Of chats: one line each, until it is read. How many messages there are is not counted here: a chat is talked in.
create or replace function private.deliver_chat(chat uuid, person uuid, words text, actor uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.notifications as n (user_id, type, chat_id, title, kinds, created_at, updated_at)
  select p.id, 'chat', chat, words, '{"chat": 1}', clock_timestamp(), clock_timestamp()
    from public.profiles p
   where p.id = deliver_chat.person and p.id is distinct from actor and private.wants(p.preferences, 'chat')
  on conflict (user_id, chat_id) where chat_id is not null do update
     set title = excluded.title, read = false, created_at = excluded.created_at, updated_at = excluded.updated_at
   where n.read;
end
$$;

create or replace function private.notify_of_chat_messages() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  actor constant uuid := private.uid();
begin
  if private.muted() then
    return null;
  end if;
  perform private.deliver_chat(c.id, c.person, 'New message in your chat', actor)
     from (select distinct s.id, p.person
             from new_rows m join public.chat_sessions s on s.id = m.session_id
            cross join lateral (values (s.customer_id), (s.agent_id)) as p(person)
            where p.person <> m.sender_id and s.agent_id is not null
              and not private.looks_on(s.id, p.person)
            order by s.id, p.person) c;
  return null;
end
$$;

-- Whoever wrote there a moment ago, or read what came a moment ago, is looking.
create or replace function private.looks_on(chat uuid, person uuid) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return exists (select from private.chat_seen n where n.session_id = chat and n.person_id = person
                  and n.seen_at > clock_timestamp() - interval '30 seconds')
      or exists (select from public.chat_messages m where m.session_id = chat and m.sender_id = person
                  and m.created_at > clock_timestamp() - interval '30 seconds');
end
$$;

-- Who has read a chat to its end has read its line.
create or replace function private.chat_was_read() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.notifications n set read = true
   where n.user_id = new.person_id and n.chat_id = new.session_id and not n.read
     and not exists (select from public.chat_messages m
                      where m.session_id = new.session_id and m.created_at > new.seen_at and m.sender_id <> new.person_id);
  return null;
end
$$;

create or replace trigger chat_seen_reads_notice
  after insert or update of seen_at on private.chat_seen
  for each row execute function private.chat_was_read();

create or replace trigger chat_messages_notify
  after insert on public.chat_messages referencing new table as new_rows
  for each statement execute function private.notify_of_chat_messages();

create or replace function private.notify_of_chat() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  actor constant uuid := private.uid();
begin
  if private.muted() then
    return null;
  end if;
  if old.agent_id is null then
    perform private.deliver_chat(new.id, new.customer_id, 'Your chat was answered', actor);
  end if;
  perform private.deliver_chat(new.id, new.agent_id, 'A chat was handed to you', actor);
  return null;
end
$$;

create or replace trigger chat_sessions_notify
  after update of agent_id on public.chat_sessions
  for each row when (new.agent_id is not null and new.agent_id is distinct from old.agent_id and new.status = 'active')
  execute function private.notify_of_chat();

-- Told live to whose it is, also when another device of theirs has read it.
create or replace function private.announce_notices() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if private.muted() then
    return null;
  end if;
  perform private.announce_to('person:' || p.user_id, '{"notices": []}')
     from (select distinct r.user_id from changed_rows r) p;
  return null;
end
$$;

create or replace trigger notifications_announce_insert
  after insert on public.notifications referencing new table as changed_rows
  for each statement execute function private.announce_notices();
create or replace trigger notifications_announce_update
  after update on public.notifications referencing new table as changed_rows
  for each statement execute function private.announce_notices();

-- ---------------------------------------------------------------------------------------------------------------
-- Queries: who waits for an answer, and the indexes of what is asked for. docs/queries.md
-- ---------------------------------------------------------------------------------------------------------------

-- Since when a ticket's requester waits for an answer, by what is public alone, so that they learn nothing by it: since
-- their first message that nobody has answered, or since the ticket came in where nobody has answered at all; null while
-- the last public word is not the requester's. A status answers nothing: what is closed keeps its time, and goes on
-- waiting when it is opened again. Kept by private.message_moves_ticket().
create or replace function private.waiting_since(ticket uuid) returns timestamptz
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  asked record;
  answer record;
begin
  select t.customer_id, t.created_at into asked from public.tickets t where t.id = ticket;
  select m.id, m.created_at into answer from public.ticket_messages m
   where m.ticket_id = ticket and not m.is_internal and m.sender_id <> asked.customer_id
   order by m.created_at desc, m.id desc limit 1;
  if answer.id is null then
    return asked.created_at;
  end if;
  return (select min(m.created_at) from public.ticket_messages m
           where m.ticket_id = ticket and not m.is_internal and m.sender_id = asked.customer_id
             and (m.created_at, m.id) > (answer.created_at, answer.id));
end
$$;

-- Whether there are tickets from before it was kept.
do $$
begin
  perform set_config('helpdesk.waits_unkept', (not exists (
    select from pg_attribute where attrelid = 'public.tickets'::regclass and attname = 'waiting_since'
       and not attisdropped))::text, false);
end
$$;
alter table public.tickets add column if not exists waiting_since timestamptz;
do $$
begin
  if current_setting('helpdesk.waits_unkept')::boolean then
    alter table public.tickets disable trigger user;
    update public.tickets set waiting_since = private.waiting_since(id);
    alter table public.tickets enable trigger user;
  end if;
end
$$;
reset helpdesk.waits_unkept;

-- Nobody who signs in changes or removes a message; what merges and splits tickets moves them.
create or replace function private.moved_messages_wait() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.tickets t set waiting_since = private.waiting_since(t.id)
   where t.id in (select r.ticket_id from changed_rows r)
     and t.waiting_since is distinct from private.waiting_since(t.id);
  return null;
end
$$;

create or replace trigger ticket_messages_left_wait
  after update on public.ticket_messages referencing old table as changed_rows
  for each statement execute function private.moved_messages_wait();
create or replace trigger ticket_messages_moved_wait
  after update on public.ticket_messages referencing new table as changed_rows
  for each statement execute function private.moved_messages_wait();
create or replace trigger ticket_messages_gone_wait
  after delete on public.ticket_messages referencing old table as changed_rows
  for each statement execute function private.moved_messages_wait();

create index if not exists tickets_queue_waits_idx
  on public.tickets (department_id, waiting_since, id) where status_rank = 1 and waiting_since is not null;
create index if not exists tickets_all_waits_idx
  on public.tickets (waiting_since, id) where status_rank = 1 and waiting_since is not null;
-- Whom `from:` names.
create index if not exists profiles_email_folded_idx on public.profiles (lower(email));
-- What is found by a word that is like it, where pg_trgm is installed, whatever its schema is called.
do $$
declare
  there constant text := (select n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace
                           where e.extname = 'pg_trgm');
  one record;
begin
  for one in
    select * from (values ('article_words_similar_idx', 'private.article_words', 'word'),
                          ('ticket_words_title_idx', 'private.ticket_words', 'title'),
                          ('profiles_name_similar_idx', 'public.profiles', 'full_name'),
                          ('profiles_email_similar_idx', 'public.profiles', 'email')) as i(name, of, what)
     where there is not null
  loop
    execute format('create index if not exists %I on %s using gin (%I %I.gin_trgm_ops)',
                   one.name, one.of, one.what, there);
  end loop;
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Since I left: when somebody of the team was last here. docs/notifications.md
-- ---------------------------------------------------------------------------------------------------------------

-- Each desk that is open says so once a minute, so that a crash loses no more than that.
create table if not exists private.last_here (
  person_id uuid primary key references public.profiles on delete cascade,
  here_at timestamptz not null,
  -- When they were last here before the session that is going on, or the last one.
  left_at timestamptz
);
-- To whom a ticket was given, and from whom it was taken, since a moment.
create index if not exists ticket_events_given_idx on public.ticket_events (new_value, created_at) where kind = 'assignee';
create index if not exists ticket_events_taken_idx on public.ticket_events (old_value, created_at) where kind = 'assignee';

-- ---------------------------------------------------------------------------------------------------------------
-- Routing: who is given the tickets that come in, and who is away. docs/routing.md
-- ---------------------------------------------------------------------------------------------------------------

-- How a department gives its tickets out; without a row by hand.
create table if not exists private.routing (
  department_id uuid primary key references public.departments on delete cascade,
  mode text not null check (mode in ('manual', 'round robin', 'least loaded')),
  -- How many open tickets an agent holds before they are passed over; none: any number.
  capacity integer check (capacity between 1 and 10000)
);
-- The same of one agent. With 0 they are given nothing.
create table if not exists private.capacities (
  person_id uuid primary key references public.profiles on delete cascade,
  capacity integer not null check (capacity between 0 and 10000)
);
-- Who is away, until a moment that may have passed, or until they say that they are back.
create table if not exists private.away (
  person_id uuid primary key references public.profiles on delete cascade,
  since timestamptz not null default clock_timestamp(),
  until timestamptz,
  note text check (char_length(note) <= 200 and note ~ '\S')
);

-- Who in a department was given something last. Whoever gives its tickets out holds the row until the commit, which is
-- the lock that capacities and turns are kept by; it is not the settings' row, so that nobody keeps an admin from those.
create table if not exists private.routing_turns (
  department_id uuid primary key references public.departments on delete cascade,
  last_id uuid
);
-- The tickets that came in and that nobody was free for yet. What somebody took out of a colleague's hands, what was
-- imported and what lay there before is not in it, and so is left alone.
create table if not exists private.routing_queue (
  ticket_id uuid primary key references public.tickets on delete cascade,
  department_id uuid not null references public.departments on delete cascade,
  priority_rank smallint not null,
  created_at timestamptz not null
);
create index if not exists routing_queue_next_idx
  on private.routing_queue (department_id, priority_rank desc, created_at, ticket_id);
-- What is being given out at this moment; empty between transactions.
create table if not exists private.routing_now (ticket_id uuid primary key);
-- Departments in which something came in or somebody became free, for the end of the transaction; empty between them.
create table if not exists private.routing_asked (
  id bigint primary key generated always as identity,
  department_id uuid not null
);

-- Whether it was given by routing, and not by who made the statement.
alter table public.ticket_events add column if not exists routed boolean not null default false;

create or replace function private.tickets_arrive() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from private.routing r where r.mode <> 'manual') or private.muted() then
    return null;
  end if;
  if tg_op = 'INSERT' then
    with came as (
      insert into private.routing_queue as q (ticket_id, department_id, priority_rank, created_at)
      select n.id, n.department_id, n.priority_rank, n.created_at
        from new_rows n join private.routing r on r.department_id = n.department_id and r.mode <> 'manual'
        join public.profiles c on c.id = n.customer_id and c.role = 'customer'
       where n.is_open and n.assignee_id is null
      on conflict do nothing
      returning q.department_id)
    insert into private.routing_asked (department_id) select distinct c.department_id from came c order by 1;
    return null;
  end if;

  delete from private.routing_queue q using new_rows n
   where q.ticket_id = n.id and (n.assignee_id is not null or not n.is_open or n.department_id <> q.department_id);
  update private.routing_queue q set priority_rank = n.priority_rank from new_rows n
   where q.ticket_id = n.id and q.priority_rank <> n.priority_rank;
  with came as (
    insert into private.routing_queue as q (ticket_id, department_id, priority_rank, created_at)
    select n.id, n.department_id, n.priority_rank, n.created_at
      from old_rows o join new_rows n on n.id = o.id
      join private.routing r on r.department_id = n.department_id and r.mode <> 'manual'
      join public.profiles c on c.id = n.customer_id and c.role = 'customer'
     where n.is_open and n.assignee_id is null and (not o.is_open or o.department_id <> n.department_id)
    on conflict do nothing
    returning q.department_id)
  insert into private.routing_asked (department_id)
  select c.department_id from came c
  union
  -- Whoever held it has room for another one now.
  select p.department_id
    from old_rows o join new_rows n on n.id = o.id
    join public.profiles p on p.id = o.assignee_id and p.role = 'agent'
    join private.routing r on r.department_id = p.department_id and r.mode <> 'manual'
   where o.is_open and (not n.is_open or n.assignee_id is distinct from o.assignee_id)
  order by 1;
  return null;
end
$$;

create or replace trigger tickets_arrive_insert
  after insert on public.tickets referencing new table as new_rows
  for each statement execute function private.tickets_arrive();
create or replace trigger tickets_arrive_update
  after update on public.tickets referencing old table as old_rows new table as new_rows
  for each statement execute function private.tickets_arrive();

-- At the end of the transaction, so that the lock is held for the length of a commit and not for as long as files are
-- being sent. Nobody's ticket fails for it: what cannot be given out now stays in the queue for the next one.
create or replace function private.route_asked() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  delete from private.routing_asked a where a.id = new.id;
  begin
    perform private.route(new.department_id);
  exception when lock_not_available or deadlock_detected or serialization_failure then
    null;
  end;
  return null;
end
$$;

drop trigger if exists routing_asked_routes on private.routing_asked;  -- a constraint trigger cannot be replaced
create constraint trigger routing_asked_routes after insert on private.routing_asked
  deferrable initially deferred for each row execute function private.route_asked();

-- ---------------------------------------------------------------------------------------------------------------
-- SLA: by when a ticket gets its first answer, its next one, and is resolved. Time counts while a ticket is open and
-- its calendar is; while it is pending or over, it stands still. What a ticket has left is worked out from its history
-- whenever something changes it, and kept, so that lists read it along an index. docs/sla.md
-- ---------------------------------------------------------------------------------------------------------------

create table if not exists private.sla_calendars (
  id uuid primary key default gen_random_uuid(),
  name text not null check (name ~ '\S' and char_length(name) <= 100),
  zone text not null,
  -- {"mon": ["09:00-12:30", "22:00-06:00"], ...} in local time; the second one ends on the day after.
  hours jsonb not null,
  -- {"2026-12-24": ["09:00-12:00"], "2026-12-25": []}: local days with hours of their own, from midnight to midnight.
  holidays jsonb not null default '{}',
  created_at timestamptz not null default now()
);
create unique index if not exists sla_calendars_name_key on private.sla_calendars (lower(name));

-- When a calendar is open, in order and apart, from three years back to eight ahead.
create table if not exists private.sla_spans (
  calendar_id uuid not null references private.sla_calendars on delete cascade,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  -- Microseconds that it was open before that.
  before bigint not null,
  primary key (calendar_id, starts_at) include (ends_at, before)
);
create unique index if not exists sla_spans_before_key on private.sla_spans (calendar_id, before) include (starts_at, ends_at);

-- What a ticket is promised, in minutes of the calendar; none: around the clock. A policy fits the tickets that have all
-- that it names.
create table if not exists private.sla_policies (
  id uuid primary key default gen_random_uuid(),
  name text not null check (name ~ '\S' and char_length(name) <= 100),
  priority public.ticket_priority,
  category_id uuid references public.categories on delete cascade,
  department_id uuid references public.departments on delete cascade,
  calendar_id uuid references private.sla_calendars,
  first_response integer check (first_response between 1 and 525600),
  next_response integer check (next_response between 1 and 525600),
  resolution integer check (resolution between 1 and 525600),
  created_at timestamptz not null default now(),
  check (num_nonnulls(first_response, next_response, resolution) > 0)
);
create unique index if not exists sla_policies_name_key on private.sla_policies (lower(name));
create unique index if not exists sla_policies_fits_key
  on private.sla_policies (priority, category_id, department_id) nulls not distinct;
create index if not exists sla_policies_category_id_idx on private.sla_policies (category_id);
create index if not exists sla_policies_department_id_idx on private.sla_policies (department_id);
create index if not exists sla_policies_calendar_id_idx on private.sla_policies (calendar_id);

alter table private.settings add column if not exists sla_soon interval not null default '1 hour';

-- One row a ticket that a policy fits, or fitted, or that an import brought.
create table if not exists private.ticket_sla (
  ticket_id uuid primary key references public.tickets on delete cascade,
  -- As the ticket has them: lists of a department's and an agent's read this table alone.
  customer_id uuid not null,
  department_id uuid not null,
  assignee_id uuid,
  is_open boolean not null,
  policy_id uuid,
  -- What began before this is no promise of ours: an import brought it.
  counts_from timestamptz,
  -- When what the next response is promised to was written.
  next_since timestamptz,
  -- When what is not met yet is due. None while its time stands still, unless it was due before.
  first_due timestamptz,
  next_due timestamptz,
  resolution_due timestamptz,
  due_at timestamptz generated always as (case when is_open then least(first_due, next_due, resolution_due) end) stored,
  -- What the team is told: {"due": the soonest, "first" | "next" | "resolution": {"due", "met", "left": seconds while time
  -- stands still}}.
  told jsonb not null default '{}'
);
alter table private.ticket_sla add column if not exists next_since timestamptz;
do $$
begin
  if exists (select from pg_attribute where attrelid = 'private.ticket_sla'::regclass and attname = 'waiting_since'
                and not attisdropped) then
    -- What tickets.waiting_since says was kept here once more.
    update private.ticket_sla set next_since = waiting_since where told ? 'next';
    alter table private.ticket_sla drop column waiting_since;
  end if;
end
$$;
create index if not exists ticket_sla_department_idx on private.ticket_sla (department_id, due_at, ticket_id)
  where due_at is not null;
create index if not exists ticket_sla_assignee_idx on private.ticket_sla (assignee_id, due_at, ticket_id)
  where due_at is not null;
create index if not exists ticket_sla_all_idx on private.ticket_sla (due_at, ticket_id) where due_at is not null;

-- Every promise that was met, in time or late, under whom it was: for reports.
create table if not exists private.sla_results (
  ticket_id uuid not null references public.tickets on delete cascade,
  target text not null check (target in ('first', 'next', 'resolution')),
  started_at timestamptz not null,
  due_at timestamptz,
  met_at timestamptz not null,
  department_id uuid,
  assignee_id uuid,
  primary key (ticket_id, target, started_at)
);
create index if not exists sla_results_met_at_idx on private.sla_results (met_at);

-- Whom was told what: that a promise is due soon, and that it is over, once each.
create table if not exists private.sla_told (
  ticket_id uuid not null references public.tickets on delete cascade,
  person uuid not null references public.profiles on delete cascade,
  target text not null,
  over boolean not null,
  due_at timestamptz not null,
  primary key (ticket_id, person, target, over)
);
create index if not exists sla_told_person_idx on private.sla_told (person);

-- How far the open tickets have been worked out anew since a policy or a calendar changed: by id, none when it is done;
-- and those that somebody was just changing.
create table if not exists private.sla_refresh (
  only_row boolean primary key default true check (only_row),
  after_id uuid,
  skipped uuid[] not null default '{}'
);
insert into private.sla_refresh default values on conflict do nothing;

-- The spans of one day as minutes from its midnight: ["22:00-06:00"] → {[1320,1800)}. "whose" names the day in errors.
create or replace function private.sla_day(spans jsonb, whose text, past_midnight boolean) returns int4multirange
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  span text;
  parts text[];
  first integer;
  last integer;
  found_spans int4multirange := int4multirange '{}';
begin
  if jsonb_typeof(spans) is distinct from 'array' or jsonb_path_exists(spans, '$[*] ? (@.type() <> "string")') then
    raise exception '%: the hours are no list of spans', whose using errcode = 'HD002', hint = 'Such as ["09:00-12:30", "13:00-17:00"].';
  end if;
  for span in select jsonb_array_elements_text(spans) loop
    parts := regexp_match(span, '^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$');
    if parts is null then
      raise exception '%: % is no span of hours', whose, quote_literal(left(span, 40)) using errcode = 'HD002',
        hint = 'Such as 09:00-17:30; 24:00 is the end of the day.';
    end if;
    first := parts[1]::integer * 60 + parts[2]::integer;
    last := coalesce(parts[3]::integer * 60 + parts[4]::integer, 1440);
    if last <= first then
      if first = last or not past_midnight then
        raise exception '%: % does not end after it begins', whose, quote_literal(span) using errcode = 'HD002',
          hint = case when first = last then 'A whole day is 00:00-24:00.'
                      else 'A holiday is from midnight to midnight: end it at 24:00.' end;
      end if;
      last := last + 1440;
    end if;
    found_spans := found_spans + int4multirange(int4range(first, last));
  end loop;
  return found_spans;
end
$$;

-- The hours of a week as minutes from Monday's midnight; what goes past Sunday's goes on at its beginning.
create or replace function private.sla_week(hours jsonb) returns int4multirange
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  days constant text[] := array['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
  key text;
  shift integer;
  span int4range;
  week int4multirange := int4multirange '{}';
begin
  if jsonb_typeof(hours) is distinct from 'object' then
    raise exception 'the hours are no object of days' using errcode = 'HD002', hint = 'Such as {"mon": ["09:00-17:00"]}.';
  end if;
  for key in select jsonb_object_keys(hours) loop
    if array_position(days, key) is null then
      raise exception '% is no day', quote_literal(left(key, 40)) using errcode = 'HD002',
        hint = 'The days are mon, tue, wed, thu, fri, sat, sun.';
    end if;
    shift := (array_position(days, key) - 1) * 1440;
    for span in select unnest(private.sla_day(hours -> key, key, true)) loop
      week := week + int4multirange(int4range(lower(span) + shift, least(upper(span) + shift, 10080)));
      if upper(span) + shift > 10080 then
        week := week + int4multirange(int4range(greatest(lower(span) + shift - 10080, 0), upper(span) + shift - 10080));
      end if;
    end loop;
  end loop;
  return week;
end
$$;

-- Works out when a calendar is open. An hour that a change of the clocks repeats counts twice, one that it leaves out is
-- not there: between two changes, local time is a constant away from UTC.
create or replace function private.sla_prepare(calendar uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  c private.sla_calendars;
  week int4multirange;
  first constant timestamp := date_trunc('year', now() at time zone 'UTC') - interval '3 years';
  last constant timestamp := date_trunc('year', now() at time zone 'UTC') + interval '9 years';
begin
  select * into strict c from private.sla_calendars s where s.id = calendar;
  week := private.sla_week(c.hours);
  delete from private.sla_spans s where s.calendar_id = calendar;
  insert into private.sla_spans (calendar_id, starts_at, ends_at, before)
  with noon as (
    select d, (d at time zone 'UTC' at time zone c.zone) - d as away,
           lead((d at time zone 'UTC' at time zone c.zone) - d) over (order by d) as away_next
      from generate_series(first, last, interval '1 day') d
  ),
  changed as (
    select first as since, (first at time zone 'UTC' at time zone c.zone) - first as away
    union all
    select (select min(m) from generate_series(n.d, n.d + interval '1 day', interval '1 minute') m
             where (m at time zone 'UTC' at time zone c.zone) - m = n.away_next), n.away_next
      from noon n where n.away <> n.away_next
  ),
  segment as (
    select g.since, coalesce(lead(g.since) over (order by g.since), last) as until, g.away from changed g
  ),
  usual as materialized (
    select w.day, lower(r) - w.day * 1440 as opens, upper(r) - w.day * 1440 as shuts
      from generate_series(0, 6) as w(day)
     cross join lateral unnest(week * int4multirange(int4range(w.day * 1440, w.day * 1440 + 1440))) r
  ),
  apart as materialized (
    select h.key::date as day, lower(r) as opens, upper(r) as shuts
      from jsonb_each(c.holidays) h left join lateral unnest(private.sla_day(h.value, h.key, false)) r on true
  ),
  span as (
    select greatest(s.since, d.day + make_interval(mins => o.opens) - s.away) as opens,
           least(s.until, d.day + make_interval(mins => o.shuts) - s.away) as shuts
      from segment s
     cross join lateral generate_series(date_trunc('day', s.since + s.away), s.until + s.away, interval '1 day') d(day)
     cross join lateral (
       select u.opens, u.shuts from usual u where u.day = extract(isodow from d.day) - 1
          and not exists (select from apart a where a.day = d.day::date)
       union all
       select a.opens, a.shuts from apart a where a.day = d.day::date and a.opens is not null) o
  )
  select calendar, p.opens at time zone 'UTC', p.shuts at time zone 'UTC',
         coalesce(sum((extract(epoch from p.shuts - p.opens) * 1000000)::bigint)
                  over (order by p.opens rows between unbounded preceding and 1 preceding), 0)
    from span p where p.opens < p.shuts;
end
$$;

-- How long a calendar was open until then, in microseconds from wherever its spans begin; without one, all the time. This
-- one and the next are written into the queries that ask them.
create or replace function private.sla_elapsed(calendar uuid, at timestamptz) returns table (microseconds bigint)
language sql stable parallel safe as $$
  select case when calendar is null then (extract(epoch from at) * 1000000)::bigint else coalesce((
    select s.before + (extract(epoch from least(at, s.ends_at) - s.starts_at) * 1000000)::bigint
      from private.sla_spans s where s.calendar_id = calendar and s.starts_at <= at order by s.starts_at desc limit 1), 0)
    end
$$;

-- When a calendar that was open for "spent" microseconds at a time will have been for so many more: a closing time rather
-- than the next opening. Infinity beyond what is worked out, which is years ahead.
create or replace function private.sla_deadline(calendar uuid, at timestamptz, spent bigint, more bigint)
returns table (due timestamptz) language sql stable parallel safe as $$
  select case when calendar is null then at + make_interval(secs => more / 1000000.0) else greatest(at, (
    select case when spent + more <= s.before + extract(epoch from s.ends_at - s.starts_at) * 1000000
                then s.starts_at + make_interval(secs => (spent + more - s.before) / 1000000.0) else 'infinity' end
      from private.sla_spans s where s.calendar_id = calendar and s.before < spent + more
     order by s.before desc limit 1)) end
$$;

-- The promises of some tickets as they stand: of each that a policy makes, when it is due, when it was met, and what is
-- left of one whose time stands still.
drop function if exists private.sla_standing(uuid[]);
create function private.sla_standing(ids uuid[])
returns table (ticket_id uuid, department_id uuid, assignee_id uuid, policy_id uuid, target text, started timestamptz,
               due timestamptz, met timestamptz, left_over bigint)
language plpgsql stable security definer rows 300 set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan as $$
begin
  return query
  select t.id, t.department_id, t.assignee_id, p.id, g.target, g.started, r.due, g.met,
         case when r.due is null then g.need - coalesce(r.spent, 0)::bigint end
    from public.tickets t left join private.ticket_sla k on k.ticket_id = t.id
   cross join lateral (
     select q.* from private.sla_policies q
      where (q.priority is null or q.priority = t.priority)
        and (q.category_id is null or q.category_id = t.category_id)
        and (q.department_id is null or q.department_id = t.department_id)
      -- Whoever names more, else the priority before the category.
      order by num_nonnulls(q.priority, q.category_id, q.department_id) desc, q.priority is null, q.category_id is null
      limit 1) p
   -- When it was open. Of changes in one transaction nobody knows the order, but which was the last.
   cross join lateral (
     select array_agg(h.since) as since, array_agg(h.until) as until
       from (select e.created_at as since, lead(e.created_at, 1, 'infinity') over w as until,
                    case when lead(e.id) over w is null then t.status else e.status end as status
               from public.ticket_status_history e where e.ticket_id = t.id
             window w as (order by e.created_at, e.id)) h
      where h.status = 'open' and h.since < h.until) o
   cross join lateral (values
     ('first', t.created_at, t.first_response_at, p.first_response * 60000000::bigint),
     -- Of one that waited when it was brought in, what its requester wrote since then is what counts.
     ('next', case when t.waiting_since < k.counts_from then (
                select min(m.created_at) from public.ticket_messages m
                 where m.ticket_id = t.id and m.sender_id = t.customer_id and not m.is_internal
                   and m.created_at >= k.counts_from)
              when t.waiting_since > t.first_response_at or t.created_at < k.counts_from then t.waiting_since end,
      null, p.next_response * 60000000::bigint),
     ('resolution', t.created_at, t.resolved_at, p.resolution * 60000000::bigint)) g(target, started, met, need)
   cross join lateral (
     select sum(s.time) as spent,
            min(case when s.before <= g.need and (s.time is null or s.before + s.time > g.need)
                     then (select d.due from private.sla_deadline(p.calendar_id, s.since, s.at_since, g.need - s.before) d)
                     end) as due
       from (select y.since, y.at_since, y.time,
                    coalesce(sum(y.time) over (order by y.since rows between unbounded preceding and 1 preceding), 0)::bigint
                    as before
               from (select f.since, a.microseconds as at_since, z.microseconds - a.microseconds as time
                       from unnest(o.since, o.until) u(since, until)
                      cross join lateral (select greatest(u.since, g.started) as since) f
                      cross join lateral private.sla_elapsed(p.calendar_id, f.since) a
                       left join lateral private.sla_elapsed(p.calendar_id, nullif(u.until, 'infinity')) z on u.until < 'infinity'
                      where u.until > g.started) y) s) r
   where t.id = any(ids) and g.need is not null and g.started is not null
     and (k.counts_from is null or g.started >= k.counts_from);
end
$$;

-- Works some tickets out anew and keeps what became of their promises.
create or replace function private.sla_keep(ids uuid[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
set timezone = 'UTC' set plan_cache_mode = force_generic_plan as $$
begin
  with standing as materialized (
    select s.*, case when s.due < 'infinity' then s.due end as ends from private.sla_standing(ids) s
  ),
  told as (
    select s.ticket_id, (array_agg(s.policy_id))[1] as policy_id,
           min(s.ends) filter (where s.target = 'first' and s.met is null) as first_due,
           min(s.started) filter (where s.target = 'next') as next_since,
           min(s.ends) filter (where s.target = 'next') as next_due,
           min(s.ends) filter (where s.target = 'resolution' and s.met is null) as resolution_due,
           jsonb_object_agg(s.target, jsonb_strip_nulls(jsonb_build_object(
             'due', s.ends, 'met', s.met, 'left', case when s.met is null then s.left_over / 1000000 end))) as each
      from standing s group by s.ticket_id
  ),
  kept as (
    insert into private.ticket_sla as k (ticket_id, customer_id, department_id, assignee_id, is_open, policy_id, next_since,
                                         first_due, next_due, resolution_due, told)
    select t.id, t.customer_id, t.department_id, t.assignee_id, t.is_open, w.policy_id, w.next_since, w.first_due, w.next_due,
           w.resolution_due, coalesce(w.each || case when t.is_open then jsonb_strip_nulls(jsonb_build_object(
             'due', least(w.first_due, w.next_due, w.resolution_due))) else '{}' end, '{}')
      from public.tickets t left join told w on w.ticket_id = t.id
     where t.id = any(ids)
       and (w.ticket_id is not null or exists (select from private.ticket_sla s where s.ticket_id = t.id))
    on conflict (ticket_id) do update
       set customer_id = excluded.customer_id, department_id = excluded.department_id, assignee_id = excluded.assignee_id,
           is_open = excluded.is_open, policy_id = excluded.policy_id, next_since = excluded.next_since,
           first_due = excluded.first_due, next_due = excluded.next_due, resolution_due = excluded.resolution_due,
           told = excluded.told
     where (k.customer_id, k.department_id, k.assignee_id, k.is_open, k.policy_id, k.next_since, k.told)
           is distinct from (excluded.customer_id, excluded.department_id, excluded.assignee_id, excluded.is_open,
                             excluded.policy_id, excluded.next_since, excluded.told)
  ),
  opened_again as (
    delete from private.sla_results r using public.tickets t
     where t.id = any(ids) and t.is_open and r.ticket_id = t.id and r.target = 'resolution'
  )
  insert into private.sla_results (ticket_id, target, started_at, due_at, met_at, department_id, assignee_id)
  select s.ticket_id, s.target, s.started, s.ends, s.met, s.department_id, s.assignee_id
    from standing s where s.met is not null and s.target <> 'next'
  union all
  -- Whoever waited has their answer, unless the promise is gone that they had.
  select k.ticket_id, 'next', k.next_since, (k.told #>> '{next,due}')::timestamptz, a.replied, t.department_id, t.assignee_id
    from private.ticket_sla k join public.tickets t on t.id = k.ticket_id
   cross join lateral (
     select min(m.created_at) as replied from public.ticket_messages m
      where m.ticket_id = t.id and m.sender_id <> t.customer_id and not m.is_internal and m.created_at > k.next_since) a
   where k.ticket_id = any(ids) and k.next_since is not null and a.replied is not null
     and not exists (select from standing s where s.ticket_id = k.ticket_id and s.target = 'next' and s.started = k.next_since)
  on conflict do nothing;
end
$$;

create or replace function private.sla_ticket_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  named record;
  ids uuid[];
begin
  if tg_op = 'INSERT' and private.muted() then
    insert into private.ticket_sla (ticket_id, customer_id, department_id, assignee_id, is_open, counts_from)
    select n.id, n.customer_id, n.department_id, n.assignee_id, n.is_open, now() from new_rows n;
    return null;
  end if;
  -- What no policy names leaves a ticket with the one that it has.
  select bool_or(p.priority is not null) as priority, bool_or(p.category_id is not null) as category,
         bool_or(p.department_id is not null) as department into named
    from private.sla_policies p;
  if named.priority is null then
    return null;
  end if;
  if tg_op = 'INSERT' then
    ids := array(select n.id from new_rows n);
  else
    ids := array(
      select n.id from old_rows o join new_rows n on n.id = o.id
       where (n.status_rank, n.customer_id, n.first_response_at, n.waiting_since)
             is distinct from (o.status_rank, o.customer_id, o.first_response_at, o.waiting_since)
          or named.priority and n.priority_rank is distinct from o.priority_rank
          or named.category and n.category_id is distinct from o.category_id
          or named.department and n.department_id is distinct from o.department_id);
    update private.ticket_sla s set department_id = n.department_id, assignee_id = n.assignee_id
      from old_rows o join new_rows n on n.id = o.id
     where (n.department_id, n.assignee_id) is distinct from (o.department_id, o.assignee_id) and s.ticket_id = n.id;
  end if;
  if cardinality(ids) > 0 then
    perform private.sla_keep(ids);
  end if;
  return null;
end
$$;

create or replace trigger tickets_sla_insert
  after insert on public.tickets referencing new table as new_rows
  for each statement execute function private.sla_ticket_changed();
create or replace trigger tickets_sla_update
  after update on public.tickets referencing old table as old_rows new table as new_rows
  for each statement execute function private.sla_ticket_changed();

-- By its ticket's row a message says that somebody waits, or does no more; unless they waited when they were brought in.
drop trigger if exists ticket_messages_sla on public.ticket_messages;
drop function if exists private.sla_message_written();
create or replace function private.sla_asked_again() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from private.ticket_sla k join public.tickets t on t.id = k.ticket_id
              where k.ticket_id = new.ticket_id and k.next_since is null and t.waiting_since < k.counts_from)
     and not private.muted() then
    perform private.sla_keep(array[new.ticket_id]);
  end if;
  return null;
end
$$;

create or replace trigger ticket_messages_sla_asked_again
  after insert on public.ticket_messages
  for each row when (not new.is_internal) execute function private.sla_asked_again();

-- Another policy or calendar: the open tickets are worked out anew by private.sla_go_on().
create or replace function private.sla_rules_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update private.sla_refresh set after_id = '00000000-0000-0000-0000-000000000000';
  return null;
end
$$;

create or replace trigger sla_policies_changed
  after insert or update or delete on private.sla_policies
  for each statement execute function private.sla_rules_changed();
create or replace trigger sla_calendars_changed
  after update on private.sla_calendars
  for each statement execute function private.sla_rules_changed();

-- ---------------------------------------------------------------------------------------------------------------
-- Custom fields: what those keys of tickets.metadata mean that are the team's to fill in. Other keys came with an import,
-- or with a chat, and stay as they are. Nobody reads the column itself: helpdesk.ticket() tells the team of the fields.
-- ---------------------------------------------------------------------------------------------------------------

create table if not exists private.fields (
  key text primary key check (key ~ '^[a-z][a-z0-9_]{0,39}$'),
  label text not null check (label ~ '\S' and char_length(label) <= 60),
  type text not null check (type in ('text', 'number', 'date', 'choice', 'yes/no')),
  choices text[] not null default '{}',
  -- For tickets of these categories alone; of all, where there is none.
  categories uuid[] not null default '{}',
  position integer not null default 0,
  -- One that is not shown and filled in any more; what it holds stays.
  active boolean not null default true
);

-- What filters find tickets by: what their metadata have at the top, and under which key what, whatever the case. Long ones
-- are cut, so that what is found is looked at once more.
create or replace function private.field_terms(metadata jsonb) returns text[]
language sql immutable parallel safe
return case when jsonb_typeof(metadata) = 'object' then array(
  select t.term from jsonb_each(metadata) e
   cross join lateral (values (left(e.key, 100)), (left(e.key, 100) || '=' || left(lower(e.value #>> '{}'), 100))) t(term)) end;

create index if not exists tickets_fields_idx on public.tickets using gin (private.field_terms(metadata)) where metadata <> '{}';

alter table public.ticket_events add column if not exists field text;
do $$
begin
  if not exists (select from pg_constraint where conname = 'ticket_events_field_named') then
    alter table public.ticket_events
      drop constraint if exists ticket_events_kind_check,
      add constraint ticket_events_kind_check check (
        kind in ('title', 'priority', 'assignee', 'department', 'category', 'due_date', 'field')),
      add constraint ticket_events_field_named check ((kind = 'field') = (field is not null));
  end if;
end
$$;

-- Whether a number can be read by whatever reads JSON: JSON itself knows numbers of a hundred thousand digits.
create or replace function private.is_plain_number(value jsonb) returns boolean
language sql immutable parallel safe
return char_length(value #>> '{}') <= 32 and (value #>> '{}') ~ '^-?[0-9]{1,15}([.][0-9]{1,15})?$';

-- Why a value is none for a field, null where it is one.
create or replace function private.field_trouble(f private.fields, value jsonb) returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  words constant text := value #>> '{}';
begin
  case f.type
    when 'number' then
      return case when jsonb_typeof(value) <> 'number' or not private.is_plain_number(value)
                  then 'a number of 15 digits at most before the point and after it' end;
    when 'yes/no' then
      return case when jsonb_typeof(value) <> 'boolean' then 'yes or no: true or false' end;
    when 'choice' then
      return case when jsonb_typeof(value) <> 'string' or not words = any(f.choices)
                  then 'one of: ' || array_to_string(f.choices, ', ') end;
    when 'date' then
      if jsonb_typeof(value) = 'string' and words ~ '^\d{4}-\d{2}-\d{2}$' then
        perform words::date;
        return null;
      end if;
      return 'a day, such as 2026-12-24';
    else
      return case when jsonb_typeof(value) <> 'string' or words !~ '\S' or char_length(words) > 2000
                  then 'a text of 2000 characters at most' end;
  end case;
exception when datetime_field_overflow or invalid_datetime_format then
  return 'a day that there is, such as 2026-12-24';
end
$$;

-- The field of a key. Refuses one that there is not, and a value that it cannot be given; none, null, it always can.
create or replace function private.check_field(key text, value jsonb) returns private.fields
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  f private.fields;
  near text;
  trouble text;
begin
  select a.* into f from private.fields a where a.key = check_field.key;
  if f.key is null then
    -- The one that has most pairs of letters in common with it.
    select a.key into near from private.fields a
     where a.active
     order by (select count(distinct substr(a.key, i, 2)) from generate_series(1, char_length(a.key) - 1) i
                where position(substr(a.key, i, 2) in lower(check_field.key)) > 0)::real / char_length(a.key) desc, a.key limit 1;
    raise exception 'there is no field %', quote_literal(left(check_field.key, 60)) using errcode = 'HD002',
      hint = coalesce('Did you mean ' || near || '?', 'No fields are set up here.');
  elsif coalesce(value, 'null') <> 'null' then
    if not f.active then
      raise exception 'the field % is not in use any more', quote_literal(f.label) using errcode = 'HD002';
    end if;
    trouble := private.field_trouble(f, value);
    if trouble is not null then
      raise exception '% is none for %', left(value::text, 100), quote_literal(f.label) using errcode = 'HD002',
        hint = 'It is ' || trouble || '.';
    end if;
  end if;
  return f;
end
$$;

-- What a person writes into the metadata of a ticket are values of fields, and fit them. An import brings what it brings.
create or replace function private.guard_fields() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  each record;
  f private.fields;
begin
  if private.uid() is null then
    return new;
  end if;
  for each in
    select coalesce(o.key, n.key) as key, n.value
      from jsonb_each(case when jsonb_typeof(old.metadata) = 'object' then old.metadata else '{}' end) o
      full join jsonb_each(case when jsonb_typeof(new.metadata) = 'object' then new.metadata else '{}' end) n on n.key = o.key
     where o.value is distinct from n.value order by 1
  loop
    f := private.check_field(each.key, each.value);
    if each.value is null or each.value = 'null' then
      new.metadata := new.metadata - each.key;
      continue;
    end if;
    if f.categories <> '{}' and not coalesce(new.category_id = any(f.categories), false) then
      raise exception 'the field % is not for tickets of this category', quote_literal(f.label) using errcode = 'HD002';
    end if;
  end loop;
  return new;
end
$$;

create or replace trigger tickets_guard_fields
  before update on public.tickets
  for each row when (old.metadata is distinct from new.metadata) execute function private.guard_fields();

create or replace function private.record_fields() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.ticket_events (ticket_id, actor_id, kind, field, old_value, new_value)
  select new.id, private.uid(), 'field', f.key, old.metadata ->> f.key, new.metadata ->> f.key
    from private.fields f
   where (old.metadata -> f.key) is distinct from (new.metadata -> f.key)
     and jsonb_typeof(coalesce(old.metadata, '{}')) = 'object' and jsonb_typeof(coalesce(new.metadata, '{}')) = 'object'
   order by f.position, f.key;
  return null;
end
$$;

create or replace trigger tickets_record_fields
  after update on public.tickets
  for each row when (old.metadata is distinct from new.metadata) execute function private.record_fields();

-- ---------------------------------------------------------------------------------------------------------------
-- Relations: who follows a ticket, what it is linked to, what was merged into what
-- ---------------------------------------------------------------------------------------------------------------

-- Who follows a ticket is told what its assignee is told, as long as they see all of it.
create table if not exists private.followers (
  ticket_id uuid not null references public.tickets on delete cascade,
  person uuid not null references public.profiles on delete cascade,
  since timestamptz not null default clock_timestamp(),
  primary key (ticket_id, person)
);
create index if not exists followers_person_idx on private.followers (person);

-- "ticket_id" is ... "other_id". Between two tickets there is one link at most.
create table if not exists private.links (
  ticket_id uuid not null references public.tickets on delete cascade,
  other_id uuid not null references public.tickets on delete cascade,
  kind text not null check (kind in ('duplicate of', 'caused by', 'related to', 'split from')),
  made_by uuid references public.profiles on delete set null,
  made_at timestamptz not null default clock_timestamp(),
  primary key (ticket_id, other_id),
  check (ticket_id <> other_id)
);
create unique index if not exists links_one_key
  on private.links (least(ticket_id, other_id), greatest(ticket_id, other_id));
create index if not exists links_other_id_idx on private.links (other_id);
create index if not exists links_made_by_idx on private.links (made_by);

-- A ticket that was merged into another. What was moved is kept, so that it can be taken back: {"messages": [ids],
-- "files": [ids], "tags": [ids], "followers": [ids], "status": ...}. "note" is the note in the other ticket that says so:
-- whoever writes there without having seen it has not seen what came with it either.
create table if not exists private.merges (
  id uuid primary key default gen_random_uuid(),
  ticket_id uuid not null references public.tickets on delete cascade,
  into_id uuid not null references public.tickets on delete cascade,
  actor_id uuid references public.profiles on delete set null,
  at timestamptz not null default now(),
  note uuid not null,
  moved jsonb not null,
  undone_at timestamptz,
  undone_by uuid references public.profiles on delete set null
);
create unique index if not exists merges_once on private.merges (ticket_id) where undone_at is null;
create index if not exists merges_ticket_id_idx on private.merges (ticket_id);
create unique index if not exists merges_note_key on private.merges (note);
create index if not exists merges_into_id_idx on private.merges (into_id);
create index if not exists merges_actor_id_idx on private.merges (actor_id);
create index if not exists merges_undone_by_idx on private.merges (undone_by);

-- Where what is written to a ticket belongs, if not there: the last of those that it was merged into, one after the
-- other. Null for a ticket that was not merged.
create or replace function private.merged_into(ticket uuid) returns uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  here uuid;
  last uuid;
begin
  loop
    select m.into_id into here from private.merges m where m.ticket_id = coalesce(last, ticket) and m.undone_at is null;
    exit when not found;
    last := here;
  end loop;
  return last;
end
$$;

-- Refuses a thing that is done to a ticket that was merged; the other one is named to whoever sees it.
create or replace function private.refuse_merged(into_ticket uuid) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  number constant bigint := (select t.number from public.tickets t
                              where t.id = into_ticket and private.sight(t.id) is not null);
begin
  raise exception 'this ticket was merged into %', coalesce('#' || number, 'another one') using errcode = 'HD002',
    hint = case when number is null then 'Take the merge back first.'
                else 'Go on in #' || number || ', or take the merge back first.' end;
end
$$;

-- What the requester writes to a ticket that was merged belongs to the other one. The team writes there itself.
create or replace function private.follow_merge() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  into_ticket constant uuid := private.merged_into(new.ticket_id);
  person uuid;
  there uuid;
begin
  if into_ticket is null then
    return new;
  end if;
  person := private.uid();
  if person is null or exists (select from public.tickets t where t.id = new.ticket_id and t.customer_id = person) then
    new.ticket_id := into_ticket;
    return new;
  end if;
  -- Sent again after a lost answer, while the ticket was merged: it is there already.
  select m.ticket_id into there from public.ticket_messages m where m.id = new.id and m.sender_id = person;
  if found then
    new.ticket_id := there;
  elsif private.sight(new.ticket_id) is not null then
    perform private.refuse_merged(into_ticket);
  end if;
  return new;
end
$$;

-- Before the guards, by its name.
create or replace trigger ticket_messages_follow
  before insert on public.ticket_messages
  for each row execute function private.follow_merge();

-- A file goes with its message.
create or replace function private.file_follows() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if private.merged_into(new.ticket_id) is not null then
    new.ticket_id := coalesce((select m.ticket_id from public.ticket_messages m
                                where m.id = new.message_id and m.sender_id = coalesce(private.uid(), m.sender_id)),
                              new.ticket_id);
  end if;
  return new;
end
$$;

create or replace trigger ticket_attachments_follow
  before insert on public.ticket_attachments
  for each row when (new.message_id is not null) execute function private.file_follows();

-- A ticket that was merged stays closed.
create or replace function private.stay_merged() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  into_ticket constant uuid := private.merged_into(new.id);
begin
  if into_ticket is not null then
    perform private.refuse_merged(into_ticket);
  end if;
  return new;
end
$$;

create or replace trigger tickets_stay_merged
  before update of status on public.tickets
  for each row when (old.status = 'closed' and new.status <> 'closed') execute function private.stay_merged();

-- ---------------------------------------------------------------------------------------------------------------
-- Two factors
-- ---------------------------------------------------------------------------------------------------------------

-- From the moment that a second factor is demanded, whoever of the team signed in without one is told nothing any more:
-- the channels they listen to go on under new names, and they are told to look theirs up again.
create or replace function private.two_factors_demanded() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.rename_channel(a.audience)
     from (select 'admins' union all select 'staff'
           union all select 'department:' || d.id from public.departments d
           union all select 'person:' || p.id from public.profiles p
                      where p.role <> 'customer' and p.deactivated_at is null) as a(audience)
    order by a.audience;
  return null;
end
$$;

create or replace trigger settings_two_factors_demanded
  after update of staff_need_two_factors on private.settings
  for each row when (new.staff_need_two_factors and not old.staff_need_two_factors)
  execute function private.two_factors_demanded();

-- ---------------------------------------------------------------------------------------------------------------
-- Saved views: queries with a name. The query runs as whoever looks. In which order a person has them is in their
-- preferences. docs/views.md
-- ---------------------------------------------------------------------------------------------------------------

create table if not exists private.saved_views (
  id uuid primary key,
  owner_id uuid not null references public.profiles on delete cascade,
  -- Whose it is besides: nobody's, a department's, or the whole team's. Without its department it is the owner's alone.
  audience text not null check (audience in ('me', 'department', 'team')),
  department_id uuid references public.departments on delete set null,
  name text not null check (char_length(name) between 1 and 60),
  query text not null check (char_length(query) <= 2000),
  sort text not null check (sort in ('updated', 'due', 'priority', 'age', 'left')),
  created_at timestamptz not null default clock_timestamp(),
  -- One that was removed can be saved again under its id, as long as it is here.
  removed_at timestamptz
);
alter table private.saved_views drop constraint if exists saved_views_sort_check,
  add constraint saved_views_sort_check check (sort in ('updated', 'due', 'priority', 'age', 'left'));
create index if not exists saved_views_owner_id_idx on private.saved_views (owner_id);
create index if not exists saved_views_shared_idx on private.saved_views (audience) where audience <> 'me';
create index if not exists saved_views_department_id_idx on private.saved_views (department_id);

-- ---------------------------------------------------------------------------------------------------------------
-- Macros: answers and changes that are written once. Reached by the functions of policies.sql alone.
-- ---------------------------------------------------------------------------------------------------------------

create table if not exists private.macros (
  id uuid primary key,
  name text not null check (char_length(name) between 1 and 80),
  body text not null check (char_length(body) <= 20000),
  -- A note for the team rather than a reply.
  internal boolean not null,
  -- What is set with it, under the keys of helpdesk.act(); "@me" is whoever uses it, a span of time is counted from then.
  change jsonb not null,
  -- Whoever is gone leaves what was shared to the admins.
  author_id uuid references public.profiles on delete set null,
  shared text not null check (shared in ('me', 'department', 'all')),
  department_id uuid references public.departments on delete cascade,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint macros_shared_with check ((shared = 'department') = (department_id is not null))
);
create index if not exists macros_author_id_idx on private.macros (author_id);
create index if not exists macros_department_id_idx on private.macros (department_id);

-- Who uses what how often, for the order of their list. A row a person, so that nobody's open transaction keeps others
-- from answering.
create table if not exists private.macro_uses (
  macro_id uuid not null references private.macros on delete cascade,
  person_id uuid not null references public.profiles on delete cascade,
  uses integer not null,
  primary key (macro_id, person_id)
);
create index if not exists macro_uses_person_id_idx on private.macro_uses (person_id);

-- ---------------------------------------------------------------------------------------------------------------
-- Audit: every change of the tables of private.audited(), by whatever way it is made. docs/audit.md
-- The rows are chained by hashes, one chain for each server process. No two processes write in one chain at a time, so
-- that nobody's open transaction holds up what others do. Seals, which only the owner makes, tie the chains together.
-- ---------------------------------------------------------------------------------------------------------------

-- Where each chain ends, and who wrote there last.
create table if not exists private.audit_chains (
  chain bigint primary key generated always as identity,
  pid integer not null,
  seq bigint not null default 0,
  hash bytea not null default '',
  login text,
  actor uuid
) with (fillfactor = 50);
create index if not exists audit_chains_pid_idx on private.audit_chains (pid);

create table if not exists private.audit (
  chain bigint not null,
  -- Counted from 1 in each chain, without a gap.
  seq bigint not null,
  at timestamptz not null,
  txid xid8 not null,
  -- The person; none for a job of the owner's.
  actor uuid,
  -- Their sign-in: the id of a row of auth.sessions, which is gone once they have signed out.
  session uuid,
  -- The database login, where it is not the session's own.
  login text,
  op text not null,
  table_name text not null,
  row_key text,
  ticket_id uuid,
  -- insert: all that the row holds; delete: all that it held; update: what is another now, before and after.
  old jsonb,
  new jsonb,
  -- SHA-256 of the hash before it in its chain and of private.audit_text() of this row.
  hash bytea not null,
  primary key (chain, seq)
);
create index if not exists audit_ticket_id_idx on private.audit (ticket_id, at, chain, seq) where ticket_id is not null;

create table if not exists private.audit_seals (
  -- Counted from 1, without a gap.
  seal bigint primary key,
  at timestamptz not null,
  -- SHA-256 of the hash of the seal before it and of what it seals.
  hash bytea not null
);
-- How far each chain had grown that had grown since the seal before.
create table if not exists private.audit_sealed (
  chain bigint not null,
  seq bigint not null,
  seal bigint not null,
  hash bytea not null,
  primary key (chain, seq)
);
insert into private.turns values ('audit seal') on conflict do nothing;

-- The helpdesk's tables whose changes are recorded. Of the others in private, what they hold follows from these, or is
-- about connections and channels and not about what people do.
create or replace function private.audited() returns setof regclass language sql stable
set search_path = pg_catalog, pg_temp as $$
  select t from private.tables() t
  union all
  select to_regclass('private.' || name)
    from unnest(array['settings', 'acts', 'chat_handovers', 'saved_views', 'macros',
                      'routing', 'capacities', 'away',
                      'ticket_acts', 'ticket_snoozes', 'sla_calendars', 'sla_policies', 'fields', 'followers', 'links', 'merges']) as name
$$;

-- What is hashed of a row: the same whatever a session prefers.
create or replace function private.audit_text(
  chain bigint, seq bigint, at timestamptz, txid xid8, actor uuid, session uuid, login text, op text, table_name text,
  row_key text, ticket uuid, old jsonb, new jsonb
) returns text language sql stable parallel safe
return concat_ws(' ', chain, seq, extract(epoch from at), txid, coalesce(actor::text, '-'), coalesce(session::text, '-'),
                 coalesce(to_json(login)::text, '-'), op, table_name, coalesce(to_json(row_key)::text, '-'),
                 coalesce(ticket::text, '-'), coalesce(old::text, '-'), coalesce(new::text, '-'));

create or replace function private.audit_link(before bytea, words text) returns bytea
language sql stable parallel safe
return sha256(before || convert_to(words, 'UTF8'));

-- The same for rows in their order: the first one's goes on from "first".
create or replace function private.audit_next(before bytea, first bytea, words text) returns bytea
language sql immutable parallel safe
return sha256(coalesce(before, first) || convert_to(words, 'UTF8'));
create or replace aggregate private.audit_hash(first bytea, words text) (sfunc = private.audit_next, stype = bytea);

-- What is recorded of a value: of a very long one how long it is, and its SHA-256.
create or replace function private.audit_value(value jsonb) returns jsonb language sql immutable parallel safe
return case when pg_column_size(value) <= 8192 then value
            else jsonb_build_object('sha256', encode(sha256(convert_to(value #>> '{}', 'UTF8')), 'hex'),
                                    'length', char_length(value #>> '{}')) end;

create or replace function private.audit_row(whole jsonb) returns jsonb language sql immutable parallel safe
return case when pg_column_size(whole) <= 8192 then whole
            else (select jsonb_object_agg(e.key, private.audit_value(e.value)) from jsonb_each(whole) e) end;

-- The chain of this process as far as it has grown, and who is at it: of a login of ours the person whose session it
-- is, whatever the claims say; of a believed one whom the claims name.
create or replace function private.audit_head(
  out chain bigint, out seq bigint, out hash bytea, out actor uuid, out session uuid, out login text,
  out at timestamptz, out txid xid8
) language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  last_login text;
begin
  -- A process number is used again, when nobody is at that chain any more. (But for a prepared transaction, which holds
  -- its chain: then there is another one.)
  select c.chain, c.seq, c.hash, c.login, c.actor into chain, seq, hash, last_login, actor
    from private.audit_chains c where c.pid = pg_backend_pid() order by c.chain limit 1 for no key update skip locked;
  if chain is null then
    insert into private.audit_chains as c (pid) values (pg_backend_pid())
    returning c.chain, c.seq, c.hash into chain, seq, hash;
  end if;
  at := clock_timestamp();
  txid := pg_current_xact_id();
  if left(session_user::text, 3) = 'hd_' and length(session_user::text) = 35
     and translate(session_user::text, '0123456789abcdef', '') = 'h_' then
    session := substr(session_user::text, 4)::uuid;
    if last_login is distinct from session_user::text or actor is null then
      select s.user_id into actor from auth.sessions s where s.id = audit_head.session;
    end if;
    return;
  end if;
  login := session_user::text;
  actor := null;
  if nullif(current_setting('request.jwt.claims', true), '') is not null
     or nullif(current_setting('request.jwt.claim.sub', true), '') is not null then
    actor := private.uid();
    if actor is not null then
      session := (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'session_id')::uuid;
    end if;
  end if;
end
$$;

create or replace function private.audit_one(op text, tab text, row_key text, ticket uuid, old jsonb, new jsonb)
returns void language plpgsql set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  h record;
  grown bytea;
begin
  select * into h from private.audit_head();
  grown := private.audit_link(h.hash, private.audit_text(
    h.chain, h.seq + 1, h.at, h.txid, h.actor, h.session, h.login, op, tab, row_key, ticket, old, new));
  insert into private.audit values (h.chain, h.seq + 1, h.at, h.txid, h.actor, h.session, h.login, op, tab, row_key,
                                    ticket, audit_one.old, audit_one.new, grown);
  update private.audit_chains c set seq = h.seq + 1, hash = grown, login = session_user, actor = h.actor
   where c.chain = h.chain;
end
$$;

-- Triggers of this are given: the columns of the primary key ('' for no second one), those that are not recorded since
-- they follow from others, and an object that empties those that hold bytes, or ''.
create or replace function private.audit_rows() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
set timezone = 'UTC' set plan_cache_mode = force_generic_plan as $$
declare
  tab constant text := tg_table_schema || '.' || tg_table_name;
  op constant text := lower(tg_op);
  ticket constant text := case tab when 'public.tickets' then 'id' else 'ticket_id' end;
  follows constant text[] := string_to_array(tg_argv[2], ',');
  empty constant jsonb := nullif(tg_argv[3], '')::jsonb;
  h record;
  r record;
begin
  if tg_op = 'TRUNCATE' then
    perform private.audit_one(op, tab, null, null, null, null);
    return null;
  end if;
  select case when empty is null then to_jsonb(c) else to_jsonb(jsonb_populate_record(c, empty)) end as whole,
         count(*) over () as rows into r from changed_rows c limit 1;
  if r.rows = 1 then
    perform private.audit_one(op, tab, (r.whole ->> tg_argv[0]) || coalesce(',' || (r.whole ->> tg_argv[1]), ''),
      (r.whole ->> ticket)::uuid, case tg_op when 'DELETE' then private.audit_row(r.whole - follows) end,
      case tg_op when 'INSERT' then private.audit_row(r.whole - follows) end);
  elsif r.rows > 1 then
    select * into h from private.audit_head();
    with added as (
      insert into private.audit (chain, seq, at, txid, actor, session, login, op, table_name, row_key, ticket_id, old,
                                 new, hash)
      select h.chain, h.seq + c.place, h.at, h.txid, h.actor, h.session, h.login, op, tab, c.row_key, c.ticket, c.old,
             c.new, private.audit_hash(h.hash, private.audit_text(
               h.chain, h.seq + c.place, h.at, h.txid, h.actor, h.session, h.login, op, tab, c.row_key, c.ticket,
               c.old, c.new)) over (rows unbounded preceding)
        from (select row_number() over () as place, (w.whole ->> ticket)::uuid as ticket,
                     (w.whole ->> tg_argv[0]) || coalesce(',' || (w.whole ->> tg_argv[1]), '') as row_key,
                     case tg_op when 'DELETE' then private.audit_row(w.whole - follows) end as old,
                     case tg_op when 'INSERT' then private.audit_row(w.whole - follows) end as new
                from (select case when empty is null then to_jsonb(c) else to_jsonb(jsonb_populate_record(c, empty)) end
                             as whole from changed_rows c offset 0) w) c
      returning audit.seq, audit.hash)
    update private.audit_chains c set seq = l.seq, hash = l.hash, login = session_user, actor = h.actor
      from (select a.seq, a.hash from added a order by a.seq desc limit 1) l where c.chain = h.chain;
  end if;
  return null;
end
$$;

-- What an update made another, before and after; but for what merely says that something was: the time of the last
-- change, of the last message in a chat, and of the first one in a ticket that waits for an answer.
create or replace function private.audit_changes(was jsonb, is_now jsonb, follows text[], nested boolean)
returns table (old jsonb, new jsonb) language sql stable parallel safe
begin atomic
  select jsonb_object_agg(e.key, private.audit_value(e.value)),
         jsonb_object_agg(e.key, private.audit_value(is_now -> e.key))
    from jsonb_each(was) e
   where e.value is distinct from is_now -> e.key and e.key <> all (follows)
     and not (e.key = 'updated_at' and (is_now ->> 'updated_at')::timestamptz = now())
     and not (e.key = 'last_message_at' and nested);
end;

create or replace function private.audit_updates() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
set timezone = 'UTC' set plan_cache_mode = force_generic_plan as $$
declare
  tab constant text := tg_table_schema || '.' || tg_table_name;
  ticket constant text := case tab when 'public.tickets' then 'id' else 'ticket_id' end;
  follows constant text[] := string_to_array(tg_argv[2], ',');
  empty constant jsonb := nullif(tg_argv[3], '')::jsonb;
  nested constant boolean := pg_trigger_depth() > 1;
  h record;
  was record;
  whole jsonb;
  r record;
begin
  select case when empty is null then to_jsonb(c) else to_jsonb(jsonb_populate_record(c, empty)) end as whole,
         count(*) over () as rows into was from old_rows c limit 1;
  if was.rows = 1 then
    select case when empty is null then to_jsonb(c) else to_jsonb(jsonb_populate_record(c, empty)) end into whole
      from new_rows c;
    select d.old, d.new into r from private.audit_changes(was.whole, whole, follows, nested) d;
    if r.old is not null then
      perform private.audit_one('update', tab, (whole ->> tg_argv[0]) || coalesce(',' || (whole ->> tg_argv[1]), ''),
                                (whole ->> ticket)::uuid, r.old, r.new);
    end if;
  elsif was.rows > 1 then
    select * into h from private.audit_head();
    with added as (
      insert into private.audit (chain, seq, at, txid, actor, session, login, op, table_name, row_key, ticket_id, old,
                                 new, hash)
      select h.chain, h.seq + c.place, h.at, h.txid, h.actor, h.session, h.login, 'update', tab, c.row_key, c.ticket,
             c.old, c.new, private.audit_hash(h.hash, private.audit_text(
               h.chain, h.seq + c.place, h.at, h.txid, h.actor, h.session, h.login, 'update', tab, c.row_key, c.ticket,
               c.old, c.new)) over (rows unbounded preceding)
        from (select row_number() over () as place, (n.whole ->> ticket)::uuid as ticket,
                     (n.whole ->> tg_argv[0]) || coalesce(',' || (n.whole ->> tg_argv[1]), '') as row_key, d.old, d.new
                -- Both hold the same rows in the same order.
                from (select row_number() over () as place, case when empty is null then to_jsonb(c)
                             else to_jsonb(jsonb_populate_record(c, empty)) end as whole from old_rows c) o
                full join (select row_number() over () as place, case when empty is null then to_jsonb(c)
                             else to_jsonb(jsonb_populate_record(c, empty)) end as whole from new_rows c) n
                  on n.place = o.place
               cross join lateral private.audit_changes(o.whole, n.whole, follows, nested) d
               where d.old is not null) c
      returning audit.seq, audit.hash)
    update private.audit_chains c set seq = l.seq, hash = l.hash, login = session_user, actor = h.actor
      from (select a.seq, a.hash from added a order by a.seq desc limit 1) l where c.chain = h.chain;
  end if;
  return null;
end
$$;

-- What triggers write as the record of something else (history, events, versions, notifications) is not recorded once
-- more; written by hand it is. Nothing turns these triggers off but their owner, by name: then the audit says so.
do $$
declare
  each record;
  given text;
  apart text;
begin
  for each in
    select t.name,
           array(select a.attname::text from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
                  where i.indrelid = t.name and i.indisprimary
                  order by array_position(i.indkey::int2[], a.attnum)) as keys,
           array(select a.attname::text from pg_attribute a
                  where a.attrelid = t.name and a.attnum > 0 and (a.attgenerated <> '' or a.atttypid = 'bytea'::regtype)
                  order by a.attname) as follows,
           (select jsonb_object_agg(a.attname, null)::text from pg_attribute a
             where a.attrelid = t.name and a.attnum > 0 and a.atttypid = 'bytea'::regtype) as empty
      from private.audited() as t(name)
  loop
    given := format('(%L, %L, %L, %L)', coalesce(each.keys[1], ''), coalesce(each.keys[2], ''),
                    array_to_string(each.follows, ','), coalesce(each.empty, ''));
    apart := case when each.name in ('public.ticket_status_history'::regclass, 'public.ticket_events',
                                     'public.kb_article_versions', 'public.notifications')
                  then 'when (pg_trigger_depth() = 0)' else '' end;
    execute format('create or replace trigger audit_insert after insert on %s referencing new table as changed_rows'
                   ' for each statement %s execute function private.audit_rows%s', each.name, apart, given);
    execute format('create or replace trigger audit_update after update on %s'
                   ' referencing old table as old_rows new table as new_rows'
                   ' for each statement %s execute function private.audit_updates%s', each.name, apart, given);
    execute format('create or replace trigger audit_delete after delete on %s referencing old table as changed_rows'
                   ' for each statement execute function private.audit_rows%s', each.name, given);
    execute format('create or replace trigger audit_truncate after truncate on %s'
                   ' for each statement execute function private.audit_rows%s', each.name, given);
    execute format('alter table %s enable always trigger audit_insert, enable always trigger audit_update,'
                   ' enable always trigger audit_delete, enable always trigger audit_truncate', each.name);
  end loop;
end
$$;

-- Only added to, by anybody.
create or replace function private.audit_stays() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception 'the audit is only added to' using errcode = 'HD003';
end
$$;

do $$
declare
  tab text;
begin
  foreach tab in array array['private.audit', 'private.audit_seals', 'private.audit_sealed', 'private.audit_chains'] loop
    execute format('create or replace trigger audit_stays before %s delete or truncate on %s'
                   ' for each statement execute function private.audit_stays()',
                   case tab when 'private.audit_chains' then '' else 'update or' end, tab);
    execute format('alter table %s enable always trigger audit_stays', tab);
  end loop;
end
$$;

-- What came since: columns, and what indexes work out of them.
call private.forget_texts(false);
drop procedure private.forget_texts(boolean);

reset search_path;
reset client_min_messages;
