-- The schema as its author wrote it, in an order that loads, with the least that its missing table can be. What an
-- older database holds; and the list of what has to stay.

create table public.departments (
  id uuid primary key default uuid_generate_v4(),
  name text not null,
  description text,
  created_at timestamptz default now()
);

create table profiles (
  id uuid references auth.users primary key,
  email text unique not null,
  full_name text,
  avatar_url text,
  role text not null check (role in ('customer', 'agent', 'admin')),
  department_id uuid references departments,
  preferences jsonb default '{}',
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);

create table public.categories (
  id uuid primary key default uuid_generate_v4(),
  name text not null
);

create type ticket_status as enum ('open', 'pending', 'resolved', 'closed');
create type ticket_priority as enum ('low', 'medium', 'high', 'urgent');

create table public.tickets (
  id uuid primary key default uuid_generate_v4(),
  title text not null,
  description text,
  status ticket_status default 'open',
  priority ticket_priority default 'medium',
  customer_id uuid references profiles not null,
  assignee_id uuid references profiles,
  department_id uuid references departments,
  category_id uuid references categories,
  due_date timestamptz,
  metadata jsonb default '{}',
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);

create table public.ticket_messages (
  id uuid primary key default uuid_generate_v4(),
  ticket_id uuid references tickets not null,
  sender_id uuid references profiles not null,
  content text not null,
  is_internal boolean default false,
  attachments jsonb default '[]',
  created_at timestamptz default now()
);

create table public.ticket_status_history (
  id uuid primary key default uuid_generate_v4(),
  ticket_id uuid references tickets not null,
  status ticket_status not null,
  changed_by uuid references profiles not null,
  note text,
  created_at timestamptz default now()
);

create table public.ticket_tags (
  id uuid primary key default uuid_generate_v4(),
  name text unique not null,
  description text,
  color text,
  created_at timestamptz default now()
);

create table public.ticket_tag_relations (
  ticket_id uuid references tickets not null,
  tag_id uuid references ticket_tags not null,
  primary key (ticket_id, tag_id)
);

create table public.kb_categories (
  id uuid primary key default uuid_generate_v4(),
  name text not null,
  description text,
  parent_id uuid references kb_categories,
  created_at timestamptz default now()
);

create table public.kb_articles (
  id uuid primary key default uuid_generate_v4(),
  title text not null,
  content text not null,
  category_id uuid references kb_categories,
  author_id uuid references profiles not null,
  status text not null check (status in ('draft', 'published', 'archived')),
  metadata jsonb default '{}',
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  published_at timestamptz
);

create table public.kb_article_versions (
  id uuid primary key default uuid_generate_v4(),
  article_id uuid references kb_articles not null,
  content text not null,
  changed_by uuid references profiles not null,
  created_at timestamptz default now()
);

create table public.ticket_feedback (
  id uuid primary key default uuid_generate_v4(),
  ticket_id uuid references tickets not null,
  customer_id uuid references profiles not null,
  rating integer check (rating between 1 and 5),
  comment text,
  created_at timestamptz default now()
);

create table public.kb_article_feedback (
  id uuid primary key default uuid_generate_v4(),
  article_id uuid references kb_articles not null,
  user_id uuid references profiles not null,
  helpful boolean not null,
  comment text,
  created_at timestamptz default now()
);

create table public.chat_sessions (
  id uuid primary key default uuid_generate_v4(),
  customer_id uuid references profiles not null,
  agent_id uuid references profiles,
  status text not null check (status in ('waiting', 'active', 'ended')),
  metadata jsonb default '{}',
  created_at timestamptz default now(),
  ended_at timestamptz
);

create table public.chat_messages (
  id uuid primary key default uuid_generate_v4(),
  session_id uuid references chat_sessions not null,
  sender_id uuid references profiles not null,
  content text not null,
  attachments jsonb default '[]',
  created_at timestamptz default now()
);

create table public.notifications (
  id uuid primary key default uuid_generate_v4(),
  user_id uuid references profiles not null,
  type text not null,
  title text not null,
  content text,
  read boolean default false,
  metadata jsonb default '{}',
  created_at timestamptz default now()
);

create policy "Customers can view own tickets"
  on tickets for select
  using (auth.uid() = customer_id);

create policy "Agents can view relevant tickets"
  on tickets for select
  using (
    exists (
      select 1 from profiles
      where id = auth.uid()
      and role = 'agent'
      and (
        tickets.assignee_id = auth.uid()
        or tickets.department_id = profiles.department_id
      )
    )
  );

create policy "Admins can view all tickets"
  on tickets for select
  using (
    exists (
      select 1 from profiles
      where id = auth.uid()
      and role = 'admin'
    )
  );

create index tickets_customer_id_idx on tickets(customer_id);
create index tickets_assignee_id_idx on tickets(assignee_id);
create index tickets_status_idx on tickets(status);
create index tickets_created_at_idx on tickets(created_at);

create index ticket_messages_ticket_id_idx on ticket_messages(ticket_id);
create index ticket_messages_created_at_idx on ticket_messages(created_at);

create index kb_articles_category_id_idx on kb_articles(category_id);
create index kb_articles_status_idx on kb_articles(status);

create function update_ticket_updated_at()
returns trigger as $$
begin
  new.updated_at = now();
  return new;
end;
$$ language plpgsql;

create trigger tickets_updated_at
  before update on tickets
  for each row
  execute function update_ticket_updated_at();

create function log_ticket_status_change()
returns trigger as $$
begin
  if (old.status is distinct from new.status) then
    insert into ticket_status_history (ticket_id, status, changed_by)
    values (new.id, new.status, auth.uid());
  end if;
  return new;
end;
$$ language plpgsql;

create trigger log_ticket_status
  after update on tickets
  for each row
  execute function log_ticket_status_change();
