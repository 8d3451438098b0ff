"""Holes in what is written and told by itself: history, versions, notifications, live changes."""

from __future__ import annotations

from tests.mutants.mutating import Edit, Mutant
from tests.mutants.reading import replaced


def dropped(trigger: str, table: str, hole: str) -> Mutant:
    """A trigger that is not there."""
    return Mutant(f"without-{trigger.replace('_', '-')}", hole, f"drop trigger {trigger} on {table}")


CLAIMED = "(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid"

TOLD: list[Mutant] = [
    dropped("tickets_guard", "public.tickets", "nobody looks what a ticket may look like"),
    dropped("ticket_messages_guard", "public.ticket_messages", "messages take any place in a thread"),
    dropped("log_ticket_status", "public.tickets", "status changes leave no trace"),
    dropped("log_ticket_created", "public.tickets", "history has no beginning"),
    dropped("tickets_record_events", "public.tickets", "changes leave no trace"),
    dropped("kb_articles_guard", "public.kb_articles", "authors, dates and versions are not kept"),
    dropped("kb_articles_keep_version", "public.kb_articles", "old texts are lost"),
    dropped("kb_categories_no_cycle", "public.kb_categories", "a category is below itself"),
    dropped("ticket_attachments_guard", "public.ticket_attachments", "anybody attaches anything to anything"),
    dropped("chat_messages_guard", "public.chat_messages", "anybody speaks in any chat"),
    dropped("chat_sessions_guard", "public.chat_sessions", "a chat's times do not follow its state"),
    dropped("profiles_staff_changed", "public.profiles", "whoever leaves keeps what they had"),
    dropped("helpdesk_profile_from_account", "auth.users", "accounts have no profile"),
    dropped("ticket_messages_notify", "public.ticket_messages", "nobody is notified of messages"),
    dropped("tickets_notify_assignees", "public.tickets", "nobody is notified of assignments"),
    dropped("tickets_announce_update", "public.tickets", "changes are not told live"),
    dropped("ticket_messages_announce", "public.ticket_messages", "messages are not told live"),
    Mutant(
        "history-muted-by-clients",
        "a client's setting keeps its changes out of the history",
        """create or replace trigger tickets_record_events after update on public.tickets
           referencing old table as old_rows new table as new_rows
           for each statement when (current_setting('helpdesk.mute', true) is distinct from 'on')
           execute function private.record_ticket_events()""",
    ),
    Mutant(
        "status-muted-by-clients",
        "a client's setting keeps a status out of the history",
        """create or replace trigger log_ticket_status after update on public.tickets
           for each row when (current_setting('helpdesk.mute', true) is distinct from 'on')
           execute function public.log_ticket_status_change()""",
    ),
    Mutant(
        "guard-muted-by-clients",
        "a client's setting keeps the guard of tickets away",
        """create or replace trigger tickets_guard before insert or update on public.tickets
           for each row when (current_setting('helpdesk.mute', true) is distinct from 'on')
           execute function private.guard_ticket()""",
    ),
    Mutant(
        "versions-muted-by-clients",
        "a client's setting keeps a text out of the versions",
        """create or replace trigger kb_articles_keep_version after insert or update on public.kb_articles
           for each row when (current_setting('helpdesk.mute', true) is distinct from 'on')
           execute function private.keep_article_version()""",
    ),
    replaced(
        "history-names-another",
        "private.record_ticket_events",
        "then private.uid() end, f.kind",
        f"then coalesce({CLAIMED}, private.uid()) end, f.kind",
        "who changed something is what the session claims",
    ),
    replaced(
        "history-without-departments",
        "private.record_ticket_events",
        "('department', o.department_id::text, n.department_id::text, false),",
        "",
        "moves leave no trace",
    ),
    replaced(
        "version-by-another",
        "private.guard_article",
        "new.author_id := old.author_id;",
        "",
        "an article changes its author, where somebody may",
    ),
    # Notifications.
    replaced(
        "note-notified-to-the-requester",
        "private.notify_of_messages",
        "on t.id = m.ticket_id where not m.is_internal",
        "on t.id = m.ticket_id",
        "requesters are notified of notes",
    ),
    replaced(
        "note-notified-to-requester-who-works-on-it",
        "private.notify_of_messages",
        "where not (m.is_internal and t.assignee_id = t.customer_id)",
        "where true",
        "an agent is notified of a note about their own request",
    ),
    replaced(
        "mention-of-anybody",
        "private.mentioned",
        "and (p.role = 'admin' or p.role = 'agent' and (p.department_id = t.department_id or p.id = t.assignee_id))",
        "",
        "a mention reaches whoever does not see the ticket",
    ),
    replaced(
        "mention-by-customers",
        "private.notify_of_messages",
        "and s.role <> 'customer'",
        "",
        "customers mention the team, one by one",
    ),
    replaced(
        "deactivated-are-notified", "private.deliver", "and p.deactivated_at is null", "", "lines for whoever has left"
    ),
    replaced(
        "due-of-everybody",
        "helpdesk.notice_due",
        "everybody constant boolean := private.is_background();",
        "everybody constant boolean := true;",
        "whoever asks has everybody told of due dates",
    ),
    replaced(
        "back-out-of-sight",
        "private.notice_back",
        "(p.role = 'admin' or p.role = 'agent' and (p.department_id = t.department_id or t.assignee_id = whose))",
        "true",
        "whoever sent a ticket to sleep learns that it is back when it is out of their sight",
    ),
    replaced(
        "waking-of-every-department",
        "helpdesk.waking",
        """ and t.customer_id <> who.person
                     and private.works_on(t.assignee_id, t.department_id, who.agent, who.departments)""",
        "",
        "staff are told which tickets came back, whoever's they are",
    ),
    # Promises.
    replaced(
        "sla-queue-of-own-requests",
        "helpdesk.sla_queue",
        " and s.customer_id <> who.person",
        "",
        "staff are told what was promised to themselves",
        times=6,
    ),
    replaced(
        "sla-queue-of-every-department",
        "helpdesk.sla_queue",
        "where s.department_id = who.department",
        "where s.department_id is not null",
        "agents are told which tickets of other departments are late",
        times=2,
    ),
    replaced(
        "sla-report-of-everybody",
        "helpdesk.sla_report",
        "and private.works_on(t.assignee_id, t.department_id, who.agent, who.departments)",
        "",
        "agents are told how other departments kept what they promised",
    ),
    replaced(
        "sla-runs-while-pending",
        "private.sla_standing",
        "h.status = 'open' and",
        "h.status in ('open', 'pending') and",
        "time runs while a ticket waits for its requester",
    ),
    # Saved views.
    replaced(
        "views-of-everybody",
        "private.uses_view",
        "audience = 'team'::text",
        "true",
        "everybody's own views are told to the team",
    ),
    replaced(
        "views-of-customers",
        "helpdesk.views",
        "if who.role is null or who.role = 'customer' then",
        "if who.role is null then",
        "customers are told the team's views",
    ),
    replaced(
        "views-changed-by-colleagues",
        "helpdesk.save_view",
        "elsif old.owner_id <> who.person and who.role <> 'admin' then",
        "elsif false then",
        "whoever uses a shared view changes it",
    ),
    # Routing.
    replaced(
        "away-told-to-customers",
        "helpdesk.away",
        "private.is_staff()",
        "private.uid() is not null",
        "customers learn who is away",
    ),
    replaced(
        "anothers-absence",
        "private.whose_absence",
        "if who.role <> 'admin' then",
        "if false then",
        "agents say that others are away",
    ),
    replaced(
        "routed-past-capacity",
        "private.route",
        "coalesce(l.room, most)",
        "most",
        "agents are given more than they may hold",
    ),
    replaced(
        "routed-without-turns",
        "private.route",
        "where w.department_id = route.department for no key update",
        "where w.department_id = route.department",
        "two who come in at once are given to the same agent",
        times=2,
    ),
    replaced(
        "routed-to-those-away",
        "private.route",
        "(a.until is null or a.until > clock_timestamp())",
        "false",
        "who is away is given tickets",
    ),
    replaced(
        "history-hides-behind-routing",
        "private.record_ticket_events",
        "exists (select from private.routing_now r where r.ticket_id = n.id)",
        "true",
        "who assigned a ticket is not told",
    ),
    # Live changes.
    replaced(
        "channels-without-secret",
        "private.channel",
        "s.value || convert_to(",
        "convert_to(",
        "channel names follow from ids",
    ),
    replaced(
        "channels-of-staff-for-customers",
        "helpdesk.channels",
        "case when who.role <> 'customer' then 'staff' end",
        "'staff'",
        "customers are told the channel of the team",
    ),
    replaced(
        "channel-of-admins-for-agents",
        "helpdesk.channels",
        "case when who.role = 'admin' then 'admins' end",
        "case when who.role <> 'customer' then 'admins' end",
        "agents hear what admins hear",
    ),
    replaced(
        "channels-for-nobody",
        "helpdesk.channels",
        "case when who.role is not null then 'person:' || who.person end",
        f"'person:' || coalesce(who.person, {CLAIMED})",
        "whoever signed out is told their channel again",
    ),
    replaced(
        "channels-for-ever",
        "private.rename_channel",
        "do update set epoch = a.epoch + 1",
        "do update set epoch = a.epoch",
        "whoever left hears on",
    ),
    replaced(
        "channels-of-departments-for-ever",
        "private.rename_channels_of",
        "perform private.rename_channel('department:' || department);",
        "null;",
        "whoever left a department hears on",
    ),
    replaced(
        "payload-with-text",
        "private.announce",
        "jsonb_agg(distinct a.id)::text",
        "jsonb_agg(distinct a.id || (select ' ' || x.title from public.tickets x where x.id = a.id))::text",
        "a live payload carries titles",
    ),
    Mutant(
        "payload-of-notes",
        "requesters hear live that a note was written",
        edits=(Edit("private.announce_messages", "where m.is_internal), false);", "where m.is_internal), true);"),),
    ),
    replaced(
        "payload-of-tags",
        "private.announce_to_staff",
        "on t.id = r.ticket_id), false);",
        "on t.id = r.ticket_id), true);",
        "requesters hear live that they were tagged, or their ticket snoozed",
    ),
    replaced(
        "payload-to-everybody",
        "private.announce",
        "('department:' || t.department_id, t.id)",
        "('staff', t.id)",
        "every agent hears of every department's tickets",
    ),
    replaced(
        "payload-of-chats",
        "private.tell_of_chats",
        "(case when c.status = 'waiting' then coalesce('department:' || c.department_id, 'staff') end, c.id)",
        "('staff', c.id)",
        "every agent hears of every chat",
    ),
    replaced(
        "payload-of-typing",
        "private.tell_other_side",
        "'person:' || case when person = s.customer_id then s.agent_id else s.customer_id end",
        "'staff'",
        "the whole team hears who types",
    ),
    replaced(
        "typing-of-the-past",
        "private.tell_other_side",
        "or current_setting('transaction_isolation') <> 'read committed'",
        "",
        "typing in a chat that was handed over is told",
    ),
    replaced(
        "typing-by-the-team",
        "private.tell_other_side",
        "private.chat_sight_or_fail(chat) = 'team'",
        "private.chat_sight_or_fail(chat) is null",
        "an admin who looks on is heard typing",
    ),
    replaced(
        "ringing-for-nothing",
        "private.structure_changed",
        "if private.is_admin() or private.is_background() then",
        "if true then",
        "whoever may write a statement rings everybody with it",
    ),
    replaced(
        "presence-to-the-requester",
        "private.announce_presence",
        "case when t.assignee_id <> t.customer_id then 'person:' || t.assignee_id end",
        "'person:' || t.customer_id",
        "a requester hears when the team looks at the request",
    ),
    replaced(
        "presence-of-any-ticket",
        "helpdesk.presence",
        "private.sight_of(t.customer_id, t.assignee_id, t.department_id, who.person, who.agent, who.departments)",
        "'team'",
        "the team is shown who is at tickets that are not theirs",
    ),
    replaced(
        "presence-of-anybody",
        "helpdesk.be_present",
        "coalesce(private.sight(ticket) = 'team', false)",
        "ticket is not null",
        "whoever knows an id is there",
    ),
    replaced(
        "drafts-of-others",
        "helpdesk.drafts",
        "d.person_id = person and ",
        "",
        "everybody reads what everybody writes",
    ),
    replaced(
        "drafts-written-over",
        "helpdesk.save_draft",
        "and d.revision = base",
        "",
        "what was written on another device is written over",
    ),
    replaced(
        "drafts-of-what-was-changed",
        "private.drop_sent_drafts",
        " and btrim(d.content) = btrim(m.content)",
        "",
        "words that were changed on another device go with what was sent",
    ),
]
