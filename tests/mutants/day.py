"""Holes in an agent's day: what is merged, split, linked, followed and filled in, handed over, kept and shared."""

from __future__ import annotations

from tests.mutants.mutating import Mutant
from tests.mutants.reading import replaced

WORKS = "private.works_on(t.assignee_id, t.department_id, who.agent, who.departments)"

DAY: list[Mutant] = [
    # Relations.
    replaced(
        "related-by-customers",
        "private.take_tickets",
        "if who.role is null or who.role = 'customer' then",
        "if false then",
        "customers reach as far as the predicate, which no ticket is theirs by",
    ),
    replaced(
        "related-anywhere",
        "private.take_tickets",
        f"and {WORKS}",
        "",
        "agents merge, link and follow what is not theirs",
    ),
    replaced(
        "related-to-ones-own",
        "private.take_tickets",
        "and t.customer_id <> who.person",
        "",
        "staff split, merge and follow their own request",
    ),
    replaced(
        "merged-across-requesters",
        "helpdesk.merge",
        "and t.customer_id = into_ticket.customer_id",
        "",
        "one requester reads what another wrote",
    ),
    replaced(
        "merged-twice",
        "helpdesk.merge",
        "and private.merged_into(t.id) is null order by",
        "order by",
        "what was merged already is merged again",
    ),
    replaced(
        "merge-undone-from-one-side",
        "private.takes_apart",
        "if (select count(*) from private.take_tickets(concerned)) < cardinality(concerned) then",
        "if (select count(*) from private.take_tickets(concerned)) < 1 then",
        "whoever works on one of two takes what the other holds",
    ),
    replaced(
        "merge-undone-out-of-a-third",
        "private.takes_apart",
        "unnest(array[m.ticket_id, m.into_id, holds]) c",
        "unnest(array[m.ticket_id, m.into_id]) c",
        "what lies in a third ticket is taken out of it by whoever does not work on that one",
    ),
    replaced(
        "merged-into-what-is-unseen",
        "helpdesk.ticket",
        "case when i.customer_id = who.person",
        "case when true",
        "the number of a ticket out of sight is told",
    ),
    replaced(
        "merged-from-what-is-unseen",
        "private.merged_here",
        "and private.works_on(s.assignee_id, s.department_id, agent, departments)",
        "",
        "the same from the other end",
    ),
    replaced(
        "links-from-one-end",
        "private.links_of",
        "and private.works_on(o.assignee_id, o.department_id, agent, departments)",
        "",
        "number, status and title of a ticket out of sight are told by a link",
    ),
    replaced(
        "links-to-ones-own",
        "private.links_of",
        "o.customer_id <> person and ",
        "",
        "staff learn that their own request is linked",
    ),
    replaced(
        "linked-to-anything",
        "helpdesk.link",
        "if (select count(*) from private.take_tickets(array[ticket, other])) < 2 then",
        "if (select count(*) from private.take_tickets(array[ticket, other])) < 1 then",
        "a ticket out of sight is linked to by its id",
    ),
    replaced(
        "followers-without-access",
        "private.notify_of_messages",
        "join public.profiles p on p.id = f.person and p.id <> t.customer_id\n               and (p.role = 'admin' or",
        "join public.profiles p on p.id = f.person and (true or",
        "whoever followed is told of what they do not see any more",
    ),
    replaced(
        "split-what-is-not-there",
        "helpdesk.split",
        "where m.id = message and m.ticket_id = t.id;",
        "where m.id = message;",
        "a message of any ticket is where a split begins",
    ),
    replaced(
        "split-undone-over-answers",
        "private.undo_split",
        "why := case when n.moved_on then",
        "why := case when false then",
        "taking a split back removes what was written since",
    ),
    replaced(
        "requester-opens-what-was-merged",
        "private.stay_merged",
        "perform private.refuse_merged(into_ticket);",
        "null;",
        "a merged ticket lives on beside the one it went into",
    ),
    replaced(
        "merge-follows-anybody",
        "private.follow_merge",
        "t.id = new.ticket_id and t.customer_id = person",
        "t.id = new.ticket_id",
        "whoever knows the id of a merged ticket writes into the other one",
    ),
    # Custom fields.
    replaced(
        "fields-by-agents",
        "helpdesk.set_field",
        "perform private.as_admin(alone => false);",
        "",
        "anybody sets them up",
    ),
    replaced(
        "fields-that-fit-nothing",
        "private.guard_fields",
        "if trouble is not null then",
        "if false then",
        "a field holds what it is not made for",
    ),
    replaced(
        "fields-of-imports",
        "private.guard_fields",
        "if f.key is null then",
        "if false then",
        "keys that nobody set up are written",
    ),
    replaced(
        "fields-found-by-requesters",
        "helpdesk.with_field",
        "everybody or t.customer_id <> who.person\n                       and",
        "everybody or",
        "staff learn by a filter what their own request holds",
    ),
    replaced(
        "numbers-without-end",
        "private.field_trouble",
        "jsonb_typeof(value) <> 'number' or not private.is_plain_number(value)",
        "jsonb_typeof(value) <> 'number'",
        "a number that no program reads shuts everybody out of a ticket",
    ),
    # Acts.
    replaced(
        "take-back-when-demoted",
        "private.why_not",
        "and who_departments is not null and given",
        "and given",
        "whoever left the team takes back what gave a ticket away",
    ),
    replaced(
        "undo-names-what-is-unseen",
        "private.undo_change",
        "where not outcome.refused ? (c ->> 'id')),\n    'refused'",
        "),\n    'refused'",
        "what became of a ticket out of sight is named",
    ),
    replaced(
        "act-of-another-kind",
        "private.act_answer",
        " or there.kind <> all (kinds)",
        "",
        "one act answers for another of another kind",
    ),
    replaced(
        "sent-to-anybody",
        "helpdesk.send_each",
        "if private.sight(each.ticket) is distinct from 'team' then",
        "if false then",
        "a note lands in whoever's request one has, one's own too",
    ),
    # Macros and views.
    replaced(
        "macro-author-for-good",
        "helpdesk.macros",
        "case when p.role <> 'customer' then",
        "case when p.id is not null then",
        "the address of somebody who is a customer by now is told",
    ),
    replaced(
        "macro-removed-by-any-agent",
        "helpdesk.remove_macro",
        "elsif there.author_id is distinct from who.person and who.role <> 'admin' then",
        "elsif false then",
        "an agent removes what a colleague shared",
    ),
    replaced(
        "views-removed-by-colleagues",
        "helpdesk.remove_view",
        "elsif old.owner_id <> who.person and who.role <> 'admin' then",
        "elsif false then",
        "whoever uses a shared view removes it",
    ),
    replaced(
        "views-for-any-department",
        "helpdesk.save_view",
        "and not coalesce(target = any(who.departments), target is null) then",
        "and false then",
        "an agent puts a view among those of another department",
    ),
    replaced(
        "views-authors-for-good",
        "helpdesk.views",
        "case when p.role <> 'customer' then private.called(p.full_name, p.email, p.role, true) end",
        "private.called(p.full_name, p.email, p.role, true)",
        "who shared a view is named after they left the team",
    ),
    # Drafts, presence, absences.
    replaced(
        "drafts-to-what-is-unseen",
        "helpdesk.save_draft",
        "if sight is null then",
        "if false then",
        "whoever knows an id keeps a text with a ticket",
    ),
    replaced(
        "drafts-of-notes-by-requesters",
        "helpdesk.save_draft",
        "elsif kind = 'note' and sight <> 'team' then",
        "elsif false then",
        "requesters begin notes",
    ),
    replaced(
        "presence-of-who-lost-it",
        "helpdesk.presence",
        "case when w.role = 'agent' then w.person end, private.reach(w.role, w.department)",
        "w.person, array[t.department_id]",
        "who has lost a ticket is shown at it",
    ),
    replaced(
        "away-of-who-left",
        "helpdesk.away",
        "where p.role <> 'customer' and p.deactivated_at is null and (",
        "where (",
        "who left the team is told to it as away",
    ),
    replaced(
        "left-twice",
        "helpdesk.leave",
        """  answer := private.act_answer(act, 'away');
  if answer is not null then""",
        "  if false then",
        "leaving sent twice at once cannot be taken back whole",
    ),
    replaced(
        "routing-by-agents", "helpdesk.set_routing", "perform private.as_admin(alone => false);", "", "anybody sets it"
    ),
    replaced(
        "capacity-by-agents",
        "helpdesk.set_capacity",
        "perform private.as_admin(alone => false);",
        "",
        "anybody sets it",
    ),
    replaced(
        "routing-for-agents", "helpdesk.routing", "not private.is_admin()", "not private.is_staff()", "agents read it"
    ),
    replaced(
        "routing-agents-for-agents",
        "helpdesk.routing_agents",
        "not private.is_admin()",
        "not private.is_staff()",
        "agents read how much each holds",
    ),
    # Promises.
    replaced(
        "sla-policies-by-agents",
        "helpdesk.set_sla_policy",
        "perform private.as_admin(alone => true);",
        "",
        "anybody promises what they like",
    ),
    replaced(
        "sla-calendars-by-agents",
        "helpdesk.set_sla_calendar",
        "perform private.as_admin(alone => true);",
        "",
        "anybody closes the desk",
    ),
    replaced(
        "sla-removed-by-agents",
        "helpdesk.remove_sla",
        "perform private.as_admin(alone => true);",
        "",
        "anybody takes promises back",
    ),
    replaced(
        "sla-policies-for-agents",
        "helpdesk.sla_policies",
        "not private.is_admin()",
        "not private.is_staff()",
        "agents read policies",
    ),
    replaced(
        "since-of-everything",
        "helpdesk.since",
        f"""where t.customer_id <> who.person
     and {WORKS}""",
        "",
        "what one does not see any more is told since one left",
    ),
]
