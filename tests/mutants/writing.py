"""Holes through which somebody writes what is not theirs to write."""

from __future__ import annotations

from typing import Final

from tests.mutants.mutating import Mutant
from tests.mutants.reading import SOMEBODY, STAFF, THERE, replaced

TO: Final = "to authenticated, helpdesk_member"


def check(name: str, table: str, policy: str, clause: str, hole: str) -> Mutant:
    """A policy that lets more be written."""
    return Mutant(name, hole, f'alter policy "{policy}" on public.{table} with check ({clause})')


def both(name: str, table: str, policy: str, clause: str, hole: str) -> Mutant:
    """A policy that lets more rows be changed."""
    return Mutant(name, hole, f'alter policy "{policy}" on public.{table} using ({clause}) with check ({clause})')


def grant(name: str, right: str, table: str, hole: str) -> Mutant:
    """A right that nobody shall have."""
    return Mutant(name, hole, f"grant {right} on {table} {TO}")


ME: Final = "(select private.uid())"
WRITING: list[Mutant] = [
    # The policies.
    check(
        "request-in-anothers-name",
        "tickets",
        "People can send tickets",
        "(select private.role()) is not null",
        "customers send requests in another's name",
    ),
    check("ticket-in-any-department", "tickets", "Staff can write down tickets for others", STAFF, "agents anywhere"),
    both(
        "ticket-closed-by-anybody",
        "tickets",
        "Requesters can close and reopen own tickets",
        SOMEBODY,
        "a blind update closes everybody's tickets",
    ),
    both(
        "ticket-changed-by-any-agent",
        "tickets",
        "Staff can change the tickets they work on",
        STAFF,
        "a blind update changes other departments' tickets",
    ),
    check(
        "message-as-another",
        "ticket_messages",
        "People write as themselves",
        "exists (select from public.tickets t where t.id = ticket_id "
        "and (not is_internal or t.customer_id <> (select private.uid())))",
        "a message with a forged sender",
    ),
    check(
        "note-by-the-requester",
        "ticket_messages",
        "People write as themselves",
        f"sender_id = {ME} and {THERE}",
        "notes",
    ),
    check("message-anywhere", "ticket_messages", "People write as themselves", f"sender_id = {ME}", "in any ticket"),
    check("file-with-anything", "ticket_attachments", "Authors attach files to what they send", "true", "any file"),
    check("tag-by-customers", "ticket_tags", "Staff can name new tags", SOMEBODY, "customers name tags"),
    both("tag-changed-by-agents", "ticket_tags", "Admins can change tags", STAFF, "agents rename tags"),
    check("tagging-by-the-requester", "ticket_tag_relations", "Staff can tag", THERE, "requesters tag their tickets"),
    check(
        "rating-of-anothers-ticket",
        "ticket_feedback",
        "Requesters can rate what was resolved",
        f"customer_id = {ME}",
        "anybody rates any ticket, open ones too",
    ),
    check(
        "rating-of-an-open-ticket",
        "ticket_feedback",
        "Requesters can rate what was resolved",
        f"customer_id = {ME} and exists (select from public.tickets t where t.id = ticket_id and t.customer_id = {ME})",
        "requesters rate what is not resolved",
    ),
    both(
        "rating-changed-by-others", "ticket_feedback", "Requesters can change their rating", SOMEBODY, "blind updates"
    ),
    both("profile-of-another", "profiles", "People change their own profile", SOMEBODY, "anybody renames everybody"),
    check("department-by-agents", "departments", "Admins can add departments", STAFF, "agents add departments"),
    both("department-renamed-by-agents", "departments", "Admins can change departments", STAFF, "agents rename them"),
    check("category-by-agents", "categories", "Admins can add categories", STAFF, "agents add categories"),
    both("category-changed-by-agents", "categories", "Admins can change categories", STAFF, "agents change categories"),
    check("article-by-customers", "kb_articles", "Staff can write articles", f"author_id = {ME}", "customers write"),
    check("article-as-another", "kb_articles", "Staff can write articles", STAFF, "an article with a forged author"),
    both(
        "article-changed-by-readers", "kb_articles", "Staff can change articles", SOMEBODY, "customers change articles"
    ),
    check(
        "shelf-by-customers", "kb_categories", "Staff can add article categories", SOMEBODY, "customers add categories"
    ),
    both("shelf-changed-by-readers", "kb_categories", "Staff can change article categories", SOMEBODY, "by customers"),
    check(
        "vote-as-another",
        "kb_article_feedback",
        "Readers can give feedback",
        "exists (select from public.kb_articles a where a.id = article_id)",
        "a vote in another's name",
    ),
    check(
        "vote-on-a-draft",
        "kb_article_feedback",
        "Readers can give feedback",
        f"user_id = {ME} and (select private.role()) is not null",
        "a vote that tells whether a draft is there",
    ),
    both("vote-of-another", "kb_article_feedback", "Readers can change their feedback", SOMEBODY, "others' votes"),
    check(
        "chat-message-as-another",
        "chat_messages",
        "Both sides of a chat can write",
        "exists (select from public.chat_sessions s where s.id = session_id)",
        "words put into the other side's mouth",
    ),
    both("notification-of-another", "notifications", "People mark their notifications", SOMEBODY, "blind updates"),
    # Rights.
    grant("grant-role", "update (role)", "public.profiles", "whoever has the column is an admin"),
    grant("grant-own-department", "update (department_id)", "public.profiles", "people move themselves"),
    grant("grant-address", "update (email)", "public.profiles", "people take another address"),
    grant("grant-activity", "update (deactivated_at)", "public.profiles", "people deactivate themselves"),
    grant("grant-people", "insert", "public.profiles", "people make people"),
    grant("grant-department", "update (department_id)", "public.tickets", "a ticket is moved past the functions"),
    grant("grant-assignee", "update (assignee_id)", "public.tickets", "a ticket is assigned past the functions"),
    grant("grant-requester", "update (customer_id)", "public.tickets", "a ticket gets another requester"),
    grant("grant-number", "insert (number), update (number)", "public.tickets", "numbers are chosen"),
    grant("grant-metadata", "update (metadata)", "public.tickets", "metadata is written by people"),
    grant("grant-created", "insert (created_at)", "public.tickets", "requests are backdated"),
    grant("grant-updated", "update (updated_at)", "public.tickets", "a ticket is put on top"),
    grant("grant-response", "update (first_response_at)", "public.tickets", "response times are forged"),
    grant("grant-waiting", "update (waiting_since)", "public.tickets", "who waits for how long is made up"),
    grant("grant-text", "update (content)", "public.ticket_messages", "what was said is changed"),
    grant("grant-note-made-public", "update (is_internal)", "public.ticket_messages", "notes are made public"),
    grant("grant-backdating", "insert (created_at)", "public.ticket_messages", "messages are backdated"),
    grant("grant-listed-files", "insert (attachments)", "public.ticket_messages", "files are listed that are none"),
    grant("grant-file-type", "insert (content_type)", "public.ticket_attachments", "a file says what it is"),
    grant("grant-file-renaming", "update (name)", "public.ticket_attachments", "files get other names"),
    grant("grant-history", "insert, update", "public.ticket_status_history", "history is written by people"),
    grant("grant-history-delete", "delete", "public.ticket_status_history", "history is removed"),
    grant("grant-events", "insert, update", "public.ticket_events", "events are written by people"),
    grant("grant-events-delete", "delete", "public.ticket_events", "events are removed"),
    grant("grant-versions", "insert, update", "public.kb_article_versions", "versions are written by people"),
    grant("grant-notifications", "insert", "public.notifications", "notifications are forged"),
    grant("grant-notification-text", "update (title, ticket_id)", "public.notifications", "notifications are changed"),
    grant("grant-delete", "delete", "public.tickets", "whoever holds DELETE locks the table against all"),
    grant("grant-truncate", "truncate", "public.ticket_events", "history is emptied past row level security"),
    grant("grant-trigger", "trigger", "public.tickets", "a trigger of theirs runs in others' statements"),
    grant("grant-references", "references", "public.tickets", "a foreign key of theirs tells which ids there are"),
    grant("grant-rating-moved", "update (ticket_id)", "public.ticket_feedback", "ratings are moved"),
    grant("grant-default-department", "update (is_default)", "public.departments", "the default is changed by SQL"),
    grant("grant-article-author", "update (author_id)", "public.kb_articles", "articles get another author"),
    grant("grant-article-version", "update (version)", "public.kb_articles", "versions are skipped"),
    grant("grant-chat", "insert (id, customer_id, status)", "public.chat_sessions", "chats are opened by SQL"),
    grant("grant-chat-leader", "update (agent_id, status)", "public.chat_sessions", "chats are taken by SQL"),
    grant("grant-chat-backdating", "insert (created_at)", "public.chat_messages", "what was said is backdated"),
    grant("grant-number-sequence", "usage", "sequence public.tickets_number_seq", "numbers are used up"),
    Mutant("grant-to-anon", "anon reads tickets", "grant select on public.tickets to anon"),
    Mutant("grant-to-public", "everybody holds a table", "grant select on public.kb_articles to public"),
    Mutant(
        "grant-secrets",
        "whoever signs in holds the secrets",
        f"grant usage on schema private {TO}; grant select on private.secrets {TO}",
    ),
    Mutant("grant-private", "functions of the owner's can be named", f"grant usage on schema private {TO}"),
    Mutant("grant-create-public", "names of theirs stand beside ours", "grant create on schema public to public"),
    Mutant("grant-create-helpdesk", "functions of theirs stand beside ours", f"grant create on schema helpdesk {TO}"),
    Mutant(
        "grant-temporary",
        "temporary tables and types of theirs stand in the way of ours",
        every_copy="do $$ begin execute format('grant temporary on database %I to public', current_database()); end $$",
    ),
    Mutant(
        "grant-tomorrow",
        "a table added later is open",
        "alter default privileges in schema public grant select on tables to authenticated, anon",
    ),
    # Row level security itself.
    *(
        Mutant(
            f"no-row-security-{table}",
            f"{table} has no row level security",
            f"alter table public.{table} disable row level security",
        )
        for table in ("tickets", "ticket_messages", "profiles", "kb_articles", "chat_messages", "notifications")
    ),
    Mutant(
        "no-row-security-secrets",
        "secrets have one lock less",
        "alter table private.secrets disable row level security",
    ),
    Mutant(
        "policy-of-somebody-else",
        "one more policy adds up with ours",
        'create policy "Everybody" on public.ticket_status_history for select using (true)',
    ),
    # What a client's words become.
    replaced(
        "stale-replies",
        "private.guard_message",
        "if unseen is not null then",
        "if false then",
        "a reply goes out over messages its author has not seen",
    ),
    replaced(
        "ids-of-others-messages",
        "private.guard_message",
        "if (there.ticket_id, there.sender_id) is distinct from (new.ticket_id, person) then",
        "if false then",
        "another's message id swallows a text without a word",
    ),
    replaced(
        "status-by-the-requester",
        "private.guard_ticket",
        "and not private.takes_back(old.id, who.person, new.status) then",
        "and false then",
        "requesters resolve their tickets",
    ),
    replaced(
        "taken-back-without-end",
        "private.takes_back",
        "and last.created_at > clock_timestamp() - interval '1 hour'",
        "",
        "what a requester did is taken back after any time",
    ),
    replaced(
        "title-by-the-requester",
        "private.guard_ticket",
        "if (new.title, new.description, new.priority,",
        "if false and (new.title, new.description, new.priority,",
        "requesters rewrite what they sent",
    ),
    replaced(
        "request-with-everything",
        "private.guard_ticket",
        "if not working and (new.status is distinct",
        "if false and (new.status is distinct",
        "customers set priority, assignee and department",
    ),
    replaced(
        "assigned-to-anybody",
        "private.guard_ticket",
        "and p.role in ('agent', 'admin') and p.deactivated_at is null for share",
        "for share",
        "a customer is made an assignee and sees the ticket",
    ),
    replaced(
        "file-after-the-fact",
        "private.guard_attachment",
        "if with_what.created_at < now() then",
        "if false then",
        "a file is put to words that were read already",
    ),
    replaced(
        "file-to-anothers-words",
        "private.guard_attachment",
        "if with_what.author is distinct from person then",
        "if false then",
        "a file is put to somebody else's words",
    ),
    replaced(
        "file-type-by-its-sender",
        "private.guard_attachment",
        "new.content_type := private.content_type(new.data);",
        "new.content_type := coalesce(new.content_type, private.content_type(new.data), 'text/html');",
        "a file is what its sender says, where that can be said",
    ),
    replaced("files-without-number", "private.guard_attachment", ">= 10 then", ">= 10000 then", "any number of files"),
    Mutant(
        "file-names-that-are-paths",
        "a file's name leads out of the folder",
        "alter table public.ticket_attachments validate constraint ticket_attachments_name;"
        " alter table public.ticket_attachments drop constraint ticket_attachments_name,"
        " add constraint ticket_attachments_name check (true)",
    ),
    Mutant("two-open-chats", "a customer floods the waiting list", "drop index public.chat_sessions_one_open"),
    Mutant("two-ratings", "a ticket is rated twice", "drop index public.ticket_feedback_once"),
]
