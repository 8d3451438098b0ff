"""Holes through which somebody sees what is not theirs."""

from __future__ import annotations

from tests.mutants.mutating import Edit, Mutant


def using(name: str, table: str, policy: str, clause: str, hole: str) -> Mutant:
    """A policy that lets more rows through."""
    return Mutant(name, hole, f'alter policy "{policy}" on public.{table} using ({clause})')


def replaced(name: str, function: str, old: str, new: str, hole: str, times: int = 1) -> Mutant:
    """A function that says something else in one place."""
    return Mutant(name, hole, edits=(Edit(function, old, new, times),))


THERE = "exists (select from public.tickets t where t.id = ticket_id)"
SOMEBODY = "(select private.uid()) is not null"
STAFF = "(select private.is_staff())"
WORKS = "private.works_on(t.assignee_id, t.department_id, who.agent, who.departments)"
SEEN = f"(t.customer_id = who.person or {WORKS})"
#: Only admins go on; and the whole team does.
FOR_ADMINS = "perform private.as_admin(alone => false);"
FOR_STAFF = "if not private.is_staff() then raise exception 'only the team does this' using errcode = 'HD003'; end if;"

READING: list[Mutant] = [
    # The policies, each wider than it is.
    using("tickets-of-everybody", "tickets", "Customers can view own tickets", SOMEBODY, "everybody sees all tickets"),
    using(
        "tickets-of-all-departments",
        "tickets",
        "Agents can view relevant tickets",
        "(select private.agent()) is not null",
        "agents see the tickets of every department",
    ),
    using("tickets-for-all-staff", "tickets", "Admins can view all tickets", STAFF, "agents see what admins see"),
    using(
        "messages-without-their-ticket",
        "ticket_messages",
        "Messages follow their ticket",
        "not is_internal",
        "public messages of everybody's tickets can be read",
    ),
    using(
        "notes-to-the-requester", "ticket_messages", "Messages follow their ticket", THERE, "requesters read the notes"
    ),
    using(
        "files-without-their-message",
        "ticket_attachments",
        "Attachments follow their message",
        THERE,
        "the files of notes are shown to requesters",
    ),
    using("files-of-everybody", "ticket_attachments", "Attachments follow their message", "true", "files by id"),
    using(
        "history-of-everybody",
        "ticket_status_history",
        "History follows its ticket",
        SOMEBODY,
        "history is everybody's",
    ),
    using(
        "remarks-to-the-requester",
        "ticket_status_history",
        "History follows its ticket",
        THERE,
        "requesters read the remarks in the history",
    ),
    using("events-to-the-requester", "ticket_events", "Events are for the team", THERE, "requesters read events"),
    using("events-of-everybody", "ticket_events", "Events are for the team", STAFF, "agents read all events"),
    using("tags-for-customers", "ticket_tags", "Tags are for the team", SOMEBODY, "customers read the team's tags"),
    using(
        "tags-on-ones-own-ticket",
        "ticket_tag_relations",
        "Tags follow their ticket",
        THERE,
        "requesters see their tags",
    ),
    using(
        "tags-of-all-departments", "ticket_tag_relations", "Tags follow their ticket", STAFF, "agents see all tagging"
    ),
    using(
        "ratings-of-everybody", "ticket_feedback", "Feedback follows its ticket", SOMEBODY, "ratings are everybody's"
    ),
    using(
        "staff-for-customers", "profiles", "Staff see staff", "role <> 'customer'", "customers read staff's addresses"
    ),
    using("people-for-all-staff", "profiles", "Admins see everybody", STAFF, "agents see everybody"),
    using(
        "requesters-of-all-departments",
        "profiles",
        "Agents see their requesters",
        "(select private.agent()) is not null",
        "agents see customers they have nothing to do with",
    ),
    using(
        "departments-for-nobody",
        "departments",
        "Departments are known to everybody with a profile",
        "true",
        "departments are known without a profile",
    ),
    using(
        "categories-for-nobody",
        "categories",
        "Categories are known to everybody with a profile",
        "true",
        "categories are known without a profile",
    ),
    using("drafts-for-customers", "kb_articles", "Published articles are for everybody", SOMEBODY, "drafts are shown"),
    using(
        "articles-for-nobody",
        "kb_articles",
        "Published articles are for everybody",
        "status = 'published'",
        "articles are read without being signed in",
    ),
    using("versions-for-customers", "kb_article_versions", "Versions are for the team", SOMEBODY, "old versions shown"),
    using(
        "categories-of-drafts",
        "kb_categories",
        "Categories with something to read",
        SOMEBODY,
        "customers see article categories that hold drafts alone",
    ),
    using(
        "votes-for-customers",
        "kb_article_feedback",
        "People see their article feedback, staff all",
        SOMEBODY,
        "customers see who voted how",
    ),
    using("chats-of-everybody", "chat_sessions", "Customers see their chats", SOMEBODY, "everybody sees all chats"),
    using(
        "chats-of-all-staff",
        "chat_sessions",
        "Staff see who waits and their own chats",
        STAFF,
        "agents see the chats that others lead",
    ),
    using(
        "chat-messages-of-everybody",
        "chat_messages",
        "Chat messages follow their session",
        SOMEBODY,
        "all that is said",
    ),
    using(
        "notifications-of-everybody", "notifications", "People see their notifications", SOMEBODY, "everybody's inbox"
    ),
    using(
        "notifications-out-of-sight",
        "notifications",
        "People see their notifications",
        "user_id = (select private.uid())",
        "a notification names the title of a ticket that is out of sight",
    ),
    Mutant(
        "secrets-for-the-keeper",
        "the keeper reads the secret of the channels too",
        'alter policy "The keeper reads its secret" on private.secrets using (true)',
    ),
    # The predicate itself.
    replaced(
        "predicate-any-agent",
        "private.works_on",
        "(department = ANY (departments))",
        "(departments IS NOT NULL)",
        "any department is an agent's own",
    ),
    replaced(
        "predicate-any-assignee",
        "private.works_on",
        "(assignee = agent)",
        "(assignee IS NOT NULL AND agent IS NOT NULL)",
        "what is assigned to anybody is every agent's",
    ),
    replaced(
        "chat-predicate-any-leader",
        "private.works_chat",
        "(leads = agent)",
        "(leads IS NOT NULL)",
        "agents see the chats that others lead",
    ),
    replaced(
        "chat-predicate-any-department",
        "private.works_chat",
        "(department = ANY (departments))",
        "(departments IS NOT NULL)",
        "agents see who waits for another department",
    ),
    replaced(
        "chat-predicate-handed-over",
        "private.works_chat",
        "(status = 'waiting'::text)",
        "(status IS NOT NULL)",
        "agents see their department's chats whoever leads them",
    ),
    replaced(
        "article-predicate",
        "private.reads",
        "(status = 'published'::text)",
        "(status IS NOT NULL)",
        "the functions show drafts to customers",
    ),
    replaced(
        "sight-of-ones-own-request",
        "private.sight_of",
        "WHEN (requester = person) THEN 'requester'::text",
        "WHEN (requester = person AND agent IS NULL) THEN 'requester'::text",
        "an agent reads the notes about their own request",
    ),
    replaced(
        "sight-of-everybody",
        "private.sight_of",
        "private.works_on(assignee, department, agent, departments)",
        "(departments IS NOT NULL)",
        "the functions show every ticket to every agent",
    ),
    # The functions that read past the policies.
    replaced("thread-with-notes", "helpdesk.messages", "(team or not m.is_internal)", "true", "a thread shows notes"),
    replaced(
        "thread-of-everybody", "helpdesk.messages", "if team is null then", "if false then", "any thread's public part"
    ),
    replaced(
        "files-of-notes-listed", "helpdesk.attachments", "(team or m.is_internal is not true)", "true", "files of notes"
    ),
    replaced(
        "files-of-everybody-listed",
        "helpdesk.attachments",
        "if team is null then",
        "if false then",
        "any ticket's files",
    ),
    replaced("history-with-events", "helpdesk.history", "= history.ticket and team", "= history.ticket", "events told"),
    replaced("history-with-remarks", "helpdesk.history", "(team or s.note is null)", "true", "remarked rows told"),
    replaced("history-open", "helpdesk.history", "if team is null then", "if false then", "any ticket's history"),
    replaced("ticket-of-everybody", "helpdesk.ticket", f"and {SEEN}", "", "any ticket is opened by its id"),
    replaced(
        "ticket-with-notes-files",
        "helpdesk.ticket",
        "(t.customer_id <> who.person or m.is_internal is not true)",
        "true",
        "a ticket tells its requester the files of notes",
    ),
    replaced(
        "ticket-with-tags",
        "helpdesk.ticket",
        "case when t.customer_id = who.person then '{}' else array(",
        "case when false then '{}' else array(",
        "a ticket tells its requester the tags",
    ),
    replaced("words-of-everybody", "helpdesk.dressed", f"and {SEEN}", "", "words around any ticket by its place"),
    replaced(
        "words-with-tags",
        "helpdesk.dressed",
        "case when t.customer_id = who.person then '{}' else coalesce(g.names",
        "case when t.customer_id = who.person and not staff then '{}' else coalesce(g.names",
        "staff see the tags of their own request",
    ),
    replaced(
        "requesters-of-everybody",
        "helpdesk.requesters",
        "where t.customer_id = p.id",
        "where true or t.customer_id = p.id",
        "whose address or name it is can be asked of everybody",
    ),
    replaced("names-of-everybody", "helpdesk.names", "or who.role = 'admin'", "or true", "anybody's name by id"),
    replaced(
        "names-by-notes",
        "helpdesk.names",
        "and not m.is_internal",
        "",
        "customers learn the names of customers who wrote notes, once they were staff",
    ),
    replaced(
        "addresses-of-staff",
        "helpdesk.names",
        "who.role <> 'customer' or p.id = who.person)",
        "true)",
        "customers learn the addresses of staff without a name",
    ),
    replaced(
        "assignees-address",
        "helpdesk.ticket",
        "private.called(a.full_name, a.email, a.role, staff)",
        "private.called(a.full_name, a.email, a.role, true)",
        "a ticket tells its requester the address of an assignee without a name",
    ),
    replaced(
        "senders-address",
        "helpdesk.messages",
        "private.called(w.full_name, w.email, w.role, team)",
        "private.called(w.full_name, w.email, w.role, true)",
        "a thread tells its requester the addresses of staff without a name",
    ),
    replaced(
        "counts-of-all-departments",
        "helpdesk.counts",
        "where t.department_id = who.department and t.status_rank = 2",
        "where t.status_rank = 2",
        "an agent's count of what waits counts every department's",
    ),
    replaced(
        "counts-of-every-requester",
        "helpdesk.counts",
        "t.customer_id = who.person and not t.is_open",
        "not t.is_open",
        "a customer's count counts everybody's tickets",
    ),
    # Articles and their search.
    replaced(
        "article-by-id",
        "helpdesk.article",
        "and private.reads(a.status, who.person, who.role)",
        "",
        "a draft is opened by its id",
    ),
    replaced(
        "article-list",
        "helpdesk.articles",
        "private.reads(a.status, who.person, who.role)",
        "true",
        "drafts are in lists",
    ),
    replaced(
        "article-counts",
        "helpdesk.article_categories",
        "private.reads(a.status, who.person, who.role)",
        "true",
        "the tree counts drafts",
    ),
    replaced(
        "article-versions",
        "helpdesk.article_versions",
        "not private.is_staff()",
        "false",
        "versions are told to customers",
    ),
    replaced(
        "search-for-all",
        "helpdesk.search_articles",
        "and private.reads(a.status, who.person, who.role) and (a.status = 'published' or staff)",
        "",
        "a search by titles finds drafts",
    ),
    replaced(
        "search-without-predicate",
        "helpdesk.search_articles",
        "coalesce(who.role in ('agent', 'admin'), false) and not coalesce(published_only, false)",
        "not coalesce(published_only, false)",
        "rank and score come from drafts too",
    ),
    replaced(
        "search-for-nobody",
        "helpdesk.search_articles",
        "who.person is null or coalesce",
        "coalesce",
        "whoever signed out searches on",
    ),
    replaced(
        "saying-notes",
        "helpdesk.tickets_saying",
        "when 'requester' then not m.is_internal",
        "when 'requester' then true",
        "agents find their own requests by what notes say",
    ),
    Mutant(
        "texts-remembered",
        "the planner's guesses spell out what notes say",
        sql="alter table public.ticket_messages alter column content set statistics -1",
    ),
    replaced(
        "customers-found-by-everybody",
        "helpdesk.requesters",
        "if who.departments is null then",
        "if false then",
        "a customer counts whether an address is somebody's here",
    ),
    replaced(
        "saying-notes-to-customers",
        "helpdesk.tickets_saying",
        "where not m.is_internal",
        "",
        "customers find their requests by what notes say",
    ),
    replaced(
        "saying-what-others-say",
        "helpdesk.tickets_saying",
        "who.agent, who.departments) is not null",
        "who.agent, who.departments) is not null or true",
        "agents find tickets of other departments by words",
        times=2,
    ),
    replaced(
        "suggestions-for-everybody",
        "helpdesk.suggest_articles",
        "private.sight(ticket) is null",
        "false",
        "suggestions betray what another's ticket is about",
    ),
    replaced(
        "mistyped-words-of-drafts",
        "private.meant",
        'w.word = n.word collate "C" and (w.published or staff)',
        'w.word = n.word collate "C"',
        "what a mistyped word is taken for comes from words of drafts",
    ),
    # Inbox and chats.
    replaced("inbox-of-everybody", "private.inbox", "n.user_id = who_asks and", "", "everybody's inbox"),
    replaced(
        "inbox-out-of-sight",
        "private.inbox",
        "(n.ticket_id is null or t.customer_id = who_asks",
        "(true or t.customer_id = who_asks",
        "the inbox names tickets that are out of sight",
    ),
    replaced(
        "inbox-quotes-notes",
        "helpdesk.notices",
        "and (not x.is_internal or not i.is_requester)",
        "",
        "the inbox quotes a note to the requester",
    ),
    replaced(
        "badge-of-all-chats",
        "helpdesk.badges",
        "private.works_chat(s.status, s.agent_id, s.department_id, who.agent, who.departments, who.role = 'admin')",
        "true",
        "the badge counts chats that wait for others, for customers too",
    ),
    replaced(
        "chat-by-id", "helpdesk.chat_messages", "if sight is null then", "if false then", "any chat is read by id"
    ),
    replaced(
        "chats-by-id",
        "helpdesk.chats",
        "where s.id = any(wanted)\n     and (s.customer_id = who.person",
        "where s.id = any(wanted)\n     and (true or s.customer_id = who.person",
        "any chat is listed by its id",
    ),
    replaced(
        "place-of-everybody",
        "helpdesk.chats",
        "on s.status = 'waiting' and s.customer_id = who.person",
        "on s.status = 'waiting'",
        "a place in the waiting list is told to others",
    ),
    replaced(
        "chat-sight-of-the-team",
        "private.chat_sight(uuid,record)",
        "private.works_chat(s.status, s.agent_id, s.department_id, who.agent, who.departments,",
        "(who.role <> 'customer' or",
        "the chat functions show every chat to all staff",
    ),
    replaced(
        "transcript-with-addresses",
        "helpdesk.chat_messages",
        "case when m.sender_id = s.customer_id then 'Customer' else 'Support' end",
        "p.email",
        "a transcript names people by their addresses",
    ),
]
