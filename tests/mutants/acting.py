"""Holes in what people do by functions: acts of the team, of admins, in chats and on articles."""

from __future__ import annotations

from tests.mutants.mutating import Mutant
from tests.mutants.reading import replaced

WORKS = "private.works_on(t.assignee_id, t.department_id, who.agent, who.departments)"

ACTING: list[Mutant] = [
    replaced("assign-anywhere", "helpdesk.assign", WORKS, "true", "agents assign other departments' tickets"),
    replaced(
        "assign-by-customers",
        "helpdesk.assign",
        "if who.role is null or who.role = 'customer' then",
        "if who.role is null then",
        "customers reach as far as the predicate",
    ),
    replaced(
        "assign-to-customers",
        "helpdesk.assign",
        "p.role in ('agent', 'admin') and",
        "",
        "words are missing, the guard holds",
    ),
    replaced("move-anywhere", "helpdesk.move", WORKS, "true", "agents pull other departments' tickets over"),
    replaced(
        "take-back-anothers",
        "private.gave_away",
        "last.actor_id = (select private.uid())",
        "true",
        "what somebody else gave away is taken back",
    ),
    replaced(
        "take-back-later",
        "private.gave_away",
        "and last.created_at > clock_timestamp() - interval '1 hour'",
        "",
        "what was given away is taken back after any time",
    ),
    replaced(
        "take-back-for-another",
        "private.gave_away",
        "and last.old_value is not distinct from was",
        "",
        "what was given away is not put back but sent anywhere",
    ),
    replaced(
        "take-back-moved-on",
        "private.gave_away",
        "last.new_value is not distinct from given",
        "true",
        "what was given further is taken back",
    ),
    replaced("untag-anywhere", "helpdesk.untag", f"and {WORKS}", "", "tags are taken off any ticket"),
    replaced(
        "untag-ones-own", "helpdesk.untag", "and t.customer_id <> who.person", "", "staff untag their own request"
    ),
    replaced(
        "act-anywhere",
        "private.why_not",
        "  return 'there is no such ticket';",
        "  return null;",
        "any ticket is changed by whoever knows its id",
    ),
    replaced(
        "act-on-ones-own-tags",
        "private.why_not",
        "case when t.customer_id = who_asks and given",
        "case when false and given",
        "staff tag and snooze their own request",
    ),
    replaced(
        "undo-anothers-act",
        "helpdesk.undo_act",
        "where a.actor_id = who.person and (",
        "where (",
        "one takes back what others did",
    ),
    replaced(
        "answers-to-anothers-act",
        "private.act_answer",
        "there.actor_id is distinct from private.uid() or ",
        "",
        "whoever knows an act's id is told what it answered",
    ),
    replaced(
        "undo-over-others",
        "private.undoing_change",
        "when p.is_now is not distinct from p.left_as or force",
        "when true",
        "what somebody changed since is overwritten without a word",
    ),
    replaced(
        "snoozed-elsewhere",
        "helpdesk.snoozed",
        """ and t.customer_id <> who.person
       and private.works_on(t.assignee_id, t.department_id, who.agent, who.departments)""",
        "",
        "everybody learns which tickets sleep",
    ),
    replaced(
        "followed-out-of-sight",
        "private.followed",
        "(p.role = 'admin' or p.role = 'agent' and (p.department_id = t.department_id or t.assignee_id = whose))",
        "true",
        "whoever followed a ticket learns of it when it is out of their sight",
    ),
    replaced("remove-by-agents", "helpdesk.remove", "private.is_admin()", "private.is_staff()", "agents remove things"),
    replaced(
        "set-person-by-agents",
        "helpdesk.set_person",
        "perform private.as_admin(alone => true);",
        "",
        "the look at the moment of the act is missing",
    ),
    replaced(
        "set-own-role",
        "helpdesk.set_person",
        "if person = private.uid() and set_person.role is distinct from 'admin' then",
        "if false then",
        "an admin changes their own role",
    ),
    replaced(
        "acts-by-agents", "private.as_admin", "where a.role = 'admin'", "where a.role <> 'customer'", "agents act"
    ),
    replaced("change-oneself", "private.put_person", "if person = private.uid() and", "if false and", "own role taken"),
    replaced(
        "the-last-admin",
        "private.staff_changed",
        "if not exists (select from public.profiles p where p.role = 'admin' and p.deactivated_at is null) then",
        "if false then",
        "nobody is left who could act",
    ),
    replaced(
        "anothers-act",
        "private.done_before",
        "if found and there.actor_id is distinct from private.uid() then",
        "if false then",
        "another's act answers under its id",
    ),
    replaced(
        "undone-twice",
        "helpdesk.undo",
        "if was.undone_by is not null then",
        "if false then",
        "an act is taken back twice",
    ),
    replaced(
        "undone-over-changes",
        "helpdesk.undo",
        "and l.mark in (private.mark_of(t), private.mark_unrouted(t))",
        "",
        "taking back undoes what others changed since",
    ),
    replaced(
        "people-for-agents", "helpdesk.people", "not private.is_admin()", "not private.is_staff()", "agents list all"
    ),
    replaced(
        "structure-for-agents", "helpdesk.structure", "not private.is_admin()", "not private.is_staff()", "counts"
    ),
    replaced(
        "acts-for-agents", "helpdesk.acts", "not private.is_admin()", "not private.is_staff()", "agents read acts"
    ),
    replaced(
        "foresee-for-agents", "helpdesk.foresee", "not private.is_admin()", "not private.is_staff()", "others' counts"
    ),
    replaced(
        "default-by-agents",
        "helpdesk.set_default_department",
        "perform private.as_admin(alone => true);",
        "",
        "anybody decides where tickets go",
    ),
    replaced(
        "merge-by-anybody", "helpdesk.merge_tags", "perform private.as_admin(alone => true);", "", "anybody merges tags"
    ),
    replaced(
        "deactivated-go-on",
        "private.staff_changed",
        "perform private.end_sessions(new.id);",
        "null;",
        "a deactivated person's connections go on listening",
    ),
    replaced(
        "who-leaves-keeps-tickets",
        "private.staff_changed",
        "update public.tickets set assignee_id = null where assignee_id = new.id;",
        "",
        "whoever leaves the team goes on holding tickets",
    ),
    # Articles.
    replaced(
        "articles-by-customers",
        "private.require_author",
        "not private.is_staff()",
        "false",
        "customers save and publish",
    ),
    replaced(
        "vote-by-function", "helpdesk.vote", "and private.reads(a.status, who.person, who.role)", "", "draft there?"
    ),
    replaced(
        "saved-over",
        "helpdesk.save_article",
        "if there.version is distinct from base then",
        "if false then",
        "lost text",
    ),
    # Chats.
    replaced(
        "chat-taken-from-others",
        "helpdesk.chat_accept",
        "(s.department_id is null or s.department_id = any(who.departments)",
        "(true or s.department_id = any(who.departments)",
        "agents take chats that wait for other departments, or learn who has them",
        times=2,
    ),
    replaced(
        "chat-taken-by-customers",
        "helpdesk.chat_accept",
        "if who.role is null or who.role = 'customer' then",
        "if who.role is null then",
        "a customer tries to take a chat",
    ),
    replaced(
        "chat-handed-by-anybody",
        "helpdesk.chat_transfer",
        "if last.by_id is distinct from who.person or",
        "if",
        "whoever handed a chat over once has it back though another handed it on",
    ),
    replaced(
        "chat-handed-by-strangers",
        "helpdesk.chat_transfer",
        "and h.by_id = who.person and h.created_at",
        "and h.created_at",
        "the first look at a chat is missing, the second holds",
    ),
    replaced(
        "chat-ended-by-the-team",
        "helpdesk.chat_end",
        "if sight = 'team' and not private.is_admin() then",
        "if false then",
        "by any",
    ),
    replaced(
        "chat-reopened-by-anybody",
        "helpdesk.chat_reopen",
        "s.ended_by is distinct from who.person or",
        "",
        "the other side opens a chat again that one ended",
    ),
    replaced(
        "chat-reopened-later",
        "helpdesk.chat_reopen",
        "or s.ended_at < clock_timestamp() - interval '10 minutes'",
        "",
        "a chat goes on after days",
    ),
    replaced(
        "chat-rated-by-its-agent",
        "helpdesk.chat_rate",
        "if private.chat_sight_or_fail(chat) <> 'customer' then",
        "if private.chat_sight_or_fail(chat) = 'team' then",
        "agents rate themselves",
    ),
    replaced(
        "chat-ticket-by-the-team",
        "helpdesk.chat_to_ticket",
        "if not (sight = 'agent' or private.is_admin()) then",
        "if false then",
        "anybody who sees a chat makes a ticket of it",
    ),
    replaced(
        "chat-ticket-of-others",
        "helpdesk.chat_to_ticket",
        "elsif private.sight(s.ticket_id) is null then",
        "elsif false then",
        "a ticket in other hands is written to by way of its chat",
    ),
    replaced(
        "chat-opened-by-staff",
        "helpdesk.chat_open",
        "if who.role is distinct from 'customer' then",
        "if who.role is null then",
        "staff open chats as customers",
    ),
    replaced(
        "chat-joined-by-the-team",
        "private.guard_chat_message",
        "elsif sight = 'team' then",
        "elsif false then",
        "the guard lets a third one speak, the policy holds",
    ),
    replaced(
        "chat-after-its-end",
        "private.guard_chat_message",
        "elsif held.status = 'ended' then",
        "elsif false then",
        "something is said in a chat that has ended",
    ),
    replaced(
        "chat-copied-as-said",
        "private.said_in_chat",
        "and c.content = m.content",
        "",
        "words that were never said enter a ticket past its guard",
    ),
    replaced(
        "macros-of-everybody",
        "helpdesk.macros",
        "where private.sees_macro(m.shared, m.author_id, m.department_id, who.person, who.departments)",
        "",
        "what somebody keeps for themselves is told to the team",
    ),
    replaced(
        "macro-changed-by-any-agent",
        "helpdesk.save_macro",
        "elsif there.author_id is distinct from who.person and who.role <> 'admin' then",
        "elsif false then",
        "an agent puts other words into everybody's mouth",
    ),
    replaced(
        "macro-for-any-department",
        "helpdesk.save_macro",
        "not department = any(coalesce(who.departments, '{}')) is true",
        "false",
        "an agent writes macros for departments that are not theirs",
    ),
]
