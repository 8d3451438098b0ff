"""The SQL of every line of the write matrix: by table, by what is done and, where need be, by operation."""

from __future__ import annotations

from typing import Final

_TICKET: Final = "insert into public.tickets (title, customer_id{more}) values ('t', {who}{values})"
_MESSAGE: Final = (
    "insert into public.ticket_messages (ticket_id, content, after_id{more}) values (%(ticket)s, 'm', {after}{values})"
)
_CHANGE: Final = "select helpdesk.change_person(gen_random_uuid(), {}, '{}', 'keep', null)"
_SET: Final = "update public.tickets set {} where id = %(ticket)s"


def _ticket(who: str, **columns: str) -> str:
    return _TICKET.format(
        who=who, more="".join(f", {name}" for name in columns), values="".join(f", {each}" for each in columns.values())
    )


def _message(after: str = "%(newest)s", **columns: str) -> str:
    return _MESSAGE.format(
        after=after,
        more="".join(f", {name}" for name in columns),
        values="".join(f", {each}" for each in columns.values()),
    )


def _attach(message: str, ticket: str = "%(ticket)s", **columns: str) -> str:
    more = "".join(f", {name}" for name in columns)
    values = "".join(f", {each}" for each in columns.values())
    return (
        f"insert into public.ticket_attachments (ticket_id, message_id, name, sha256, data{more})"
        f" values ({ticket}, {message}, 'a.txt', encode(sha256('x'), 'hex'), 'x'{values})"
    )


def _delete(table: str, key: str = "id") -> str:
    return f"delete from public.{table} where {key} is not null"


def _draft(kind: str) -> str:
    return f"select helpdesk.save_draft(gen_random_uuid(), %(ticket)s, '{kind}', 'mine', null, 0)"


def _written(department: str) -> str:
    given = f"gen_random_uuid(), 'cora@desk.test', 't', 'd', 'high', null, {department}, null"
    return f"select from helpdesk.write_ticket({given})"


def _view(view: str, audience: str, department: str = "null") -> str:
    return f"select helpdesk.save_view({view}, 'Stuck', 'status:open', 'due', '{audience}', {department})"


def _act(change: str) -> str:
    return f"select from helpdesk.act(gen_random_uuid(), array[%(ticket)s]::uuid[], '{change}', '') where done"


STATEMENTS: Final[dict[str, dict[str, str | dict[str, str]]]] = {
    "departments": {
        "how tickets are given out": {
            "read": "select from helpdesk.routing() where department = %(support)s",
            "update": "select helpdesk.set_routing(%(support)s, 'least loaded', 5)",
        },
        "its agents, by routing": "select from helpdesk.routing_agents(%(support)s)",
        "one": {
            "read": "select from public.departments where id = %(support)s",
            "insert": "insert into public.departments (name) values ('New')",
        },
        "the default one": "insert into public.departments (name, is_default) values ('New', true)",
        "its name": "update public.departments set name = 'Renamed' where id = %(support)s",
        "the default": "update public.departments set is_default = false where id = %(support)s",
        "the default, by function": "select helpdesk.set_default_department(%(billing)s)",
        "by SQL": _delete("departments"),
        "an empty one, by remove()": "select helpdesk.remove('department', %(empty_department)s)",
        "one in use, by remove()": "select helpdesk.remove('department', %(billing)s)",
    },
    "categories": {
        "one": {
            "read": "select from public.categories where id = %(category)s",
            "insert": "insert into public.categories (name) values ('New')",
        },
        "its department": "update public.categories set department_id = %(support)s where id = %(category)s",
        "by SQL": _delete("categories"),
        "by remove()": "select helpdesk.remove('category', %(category)s)",
    },
    "profiles": {
        "for whom one may write": "select from helpdesk.known_people('cora@', 5)",
        "who is away": "select from helpdesk.away() where person = %(other_agent)s",
        "an absence, by SQL": {
            "read": "select from private.away",
            "update": "update private.away set until = now() where person_id = %(me)s",
        },
        "an agent's capacity": "select helpdesk.set_capacity(%(agent)s, 5)",
        "own absence": "select helpdesk.set_away(null, null, 'ill')",
        "own absence, handed over": "select helpdesk.leave(gen_random_uuid(), null, null, 'queue', null)",
        "own return": "select helpdesk.set_back(null)",
        "an agent's absence": "select helpdesk.set_away(%(agent)s, null, null)",
        "an agent's return": "select helpdesk.set_back(%(agent)s)",
        "a customer's absence": "select helpdesk.set_away(%(customer)s, null, null)",
        "their own": {
            "read": "select from public.profiles where id = %(me)s",
            "delete": "delete from public.profiles where id = %(me)s",
        },
        "the customer's": "select from public.profiles where id = %(customer)s",
        "another customer's": "select from public.profiles where id = %(other_customer)s",
        "an agent's": "select from public.profiles where id = %(agent)s",
        "one": "insert into public.profiles (id, email, role) values (gen_random_uuid(), 'x@desk.test', 'admin')",
        "own name": "update public.profiles set full_name = 'New' where id = %(me)s",
        "another's name": "update public.profiles set full_name = 'New' where id = %(someone)s",
        "own role": "update public.profiles set role = 'admin' where id = %(me)s",
        "own department": "update public.profiles set department_id = %(billing)s where id = %(me)s",
        "own address": "update public.profiles set email = 'boss@desk.test' where id = %(me)s",
        "own role, by set_person()": "select helpdesk.set_person(%(me)s, 'agent', %(support)s)",
        "another's, by set_person()": "select helpdesk.set_person(%(other_customer)s, 'agent', %(support)s)",
        "another's, by change_person": _CHANGE.format("%(other_customer)s", '{"role": "agent"}'),
        "own role, by change_person": _CHANGE.format("%(me)s", '{"role": "agent"}'),
        "own activity, by SQL": "update public.profiles set deactivated_at = null where id = %(me)s",
        "own activity, by function": _CHANGE.format("%(me)s", '{"active": false}'),
    },
    "tickets": {
        "by id": "select from public.tickets where id = %(ticket)s",
        "by number": "select from public.tickets where number = %(number)s",
        "in a list": "select from (select id from public.tickets where is_open order by updated_at desc) t"
        " where id = %(ticket)s",
        "why the customer sees it": "select from helpdesk.why('cora@desk.test', %(number)s::text)",
        "its audit": "select from helpdesk.audit_of(%(ticket)s, null, null, null, 1)",
        "their own request": _ticket("%(me)s"),
        "own, to a department": _ticket("%(me)s", department_id="%(third_department)s"),
        "own, urgent": _ticket("%(me)s", priority="'urgent'", category_id="%(third_category)s"),
        "own, resolved": _ticket("%(me)s", status="'resolved'", category_id="%(third_category)s"),
        "own, assigned": _ticket("%(me)s", assignee_id="%(agent)s", category_id="%(third_category)s"),
        "own, with a due date": _ticket("%(me)s", due_date="now()", category_id="%(third_category)s"),
        "own, with a creation date": _ticket("%(me)s", created_at="'2001-01-01'"),
        "own, with a number": _ticket("%(me)s", number="-1"),
        "own, with a first response": _ticket("%(me)s", first_response_at="now()"),
        "own, waiting for years": _ticket("%(me)s", waiting_since="'2001-01-01'"),
        "for the customer": _ticket("%(customer)s"),
        "for another customer": _ticket("%(other_customer)s"),
        "the customer's, in Support": _ticket("%(customer)s", department_id="%(support)s"),
        "closed": _SET.format("status = 'closed'"),
        "resolved": _SET.format("status = 'resolved'"),
        "priority": _SET.format("priority = 'urgent'"),
        "title": _SET.format("title = 'other'"),
        "the text it began with": _SET.format("description = 'other'"),
        "category": _SET.format("category_id = %(category)s"),
        "due date": _SET.format("due_date = now()"),
        "assignee, by SQL": _SET.format("assignee_id = %(me)s"),
        "department, by SQL": _SET.format("department_id = %(billing)s"),
        "requester": _SET.format("customer_id = %(me)s"),
        "number": _SET.format("number = -1"),
        "metadata": _SET.format("metadata = '{}'"),
        "first response": _SET.format("first_response_at = now()"),
        "since when somebody waits": _SET.format("waiting_since = now()"),
        "last update": _SET.format("updated_at = now()"),
        "assignee, by assign()": "select from helpdesk.assign(array[%(ticket)s], %(agent)s) where done",
        "assigned to a customer": "select from helpdesk.assign(array[%(ticket)s], %(customer)s) where done",
        "department, by move()": "select from helpdesk.move(array[%(ticket)s], %(billing)s) where done",
        "department, by reassign()": "select from helpdesk.reassign(gen_random_uuid(), array[%(ticket)s]::uuid[],"
        " %(support)s, %(billing)s, '') a where jsonb_array_length(a -> 'moved') = 1",
        "back again, by undo()": "select helpdesk.undo(gen_random_uuid(), %(act)s)",
        "closed, by act()": _act('{"status": "closed"}'),
        "resolved, by act()": _act('{"status": "resolved"}'),
        "the rest, by act()": _act('{"priority": "low", "due_date": null, "category": null}'),
        "assignee, by act()": _act('{"assignee": null}'),
        "metadata, by act()": _act('{"fields": {"serial": "1"}}'),
        "asleep, by act()": _act('{"snooze": "2099-01-01T00:00:00Z"}'),
        "metadata, by SQL": "select metadata from public.tickets where id = %(ticket)s",
        "the fields, by fields()": "select from helpdesk.fields()",
        "by what its texts say": "select from helpdesk.tickets_saying('Paper jam') s where s = %(ticket)s",
        "by what a field holds": "select from helpdesk.with_field('serial', ':', '1', false)",
        "metadata, by metadata_of()": "select from helpdesk.metadata_of(array[%(ticket)s]::uuid[])",
        "its fields and links": "select from helpdesk.ticket(%(ticket)s) where more ?& array['fields', 'links']",
        "a field, by set_field()": "select helpdesk.set_field('floor', '{}')",
        "followed, by follow()": "select from helpdesk.follow(gen_random_uuid(), array[%(ticket)s]::uuid[], true)"
        " where done",
        "followed by them": "select from unnest(helpdesk.followed()) f where f = %(ticket)s",
        "linked, by link()": "select helpdesk.link(gen_random_uuid(), %(ticket)s, 'related to', %(closed)s)",
        "not linked, by unlink()": "select helpdesk.unlink(gen_random_uuid(), %(ticket)s, %(merged)s)",
        "merged, by merge()": "select from helpdesk.merge(gen_random_uuid(), array[%(closed)s]::uuid[], %(ticket)s, '')"
        " where done",
        "not merged, by unmerge()": "select helpdesk.unmerge(gen_random_uuid(), %(merged)s)",
        "the customer's, by writing": _written("null"),
        "written down, in Support": _written("%(support)s"),
        "split off, by split()": "select helpdesk.split(gen_random_uuid(), %(ticket)s, %(message)s, true, %(new)s, '')",
        "back again, by undo_act()": "select from helpdesk.undo_act(%(done)s, gen_random_uuid(), true) u"
        " where jsonb_array_length(u -> 'undone') = 1",
        "what one did, by my_acts()": "select from helpdesk.my_acts(10) where act = %(done)s",
        "by SQL": _delete("tickets"),
    },
    "ticket_messages": {
        "a public one": "select from public.ticket_messages where id = %(message)s",
        "a note": {
            "read": "select from public.ticket_messages where id = %(note)s",
            "insert": _message(is_internal="true"),
        },
        "public": _message(),
        "as the customer": _message(sender_id="%(customer)s"),
        "as an agent": _message(sender_id="%(agent)s"),
        "backdated": _message(created_at="'2001-01-01'"),
        "with attachments": _message(attachments="'[]'"),
        "over unseen ones": _message("null"),
        "the text": "update public.ticket_messages set content = 'x' where id = %(message)s",
        "a note made public": "update public.ticket_messages set is_internal = false where id = %(note)s",
        "one": _delete("ticket_messages"),
    },
    "ticket_attachments": {
        "a message's": "select from public.ticket_attachments where message_id = %(message)s",
        "a note's": "select from public.ticket_attachments where message_id = %(note)s",
        "the request's": "select from public.ticket_attachments where ticket_id = %(ticket)s and message_id is null",
        "with an answer": f"{_message(id='%(new)s')}; {_attach('%(new)s')}",
        "with a note": f"{_message(id='%(new)s', is_internal='true')}; {_attach('%(new)s')}",
        "with a request": f"{_ticket('%(me)s', id='%(new)s')}; {_attach('null', '%(new)s')}",
        "to an older message": _attach("%(message)s"),
        "to a note": _attach("%(note)s"),
        "to an older request": _attach("null"),
        "with a type": f"{_message(id='%(new)s')}; {_attach('%(new)s', content_type=repr('image/png'))}",
        "its name": "update public.ticket_attachments set name = 'x' where id is not null",
        "one": _delete("ticket_attachments"),
    },
    "ticket_status_history": {
        "one": {
            "read": "select from public.ticket_status_history where ticket_id = %(ticket)s and note is null",
            "insert": "insert into public.ticket_status_history (ticket_id, status) values (%(ticket)s, 'open')",
            "delete": _delete("ticket_status_history"),
        },
        "one with a remark": "select from public.ticket_status_history where note = 'for the team'",
        "who it was": "update public.ticket_status_history set changed_by = %(me)s where ticket_id = %(ticket)s",
    },
    "ticket_events": {
        "one": {
            "read": "select from public.ticket_events where ticket_id = %(ticket)s",
            "insert": "insert into public.ticket_events (ticket_id, kind) values (%(ticket)s, 'title')",
            "update": "update public.ticket_events set new_value = 'x' where ticket_id = %(ticket)s",
            "delete": _delete("ticket_events"),
        },
    },
    "ticket_tags": {
        "one": {
            "read": "select from public.ticket_tags where id = %(tag)s",
            "insert": "insert into public.ticket_tags (name) values ('new')",
        },
        "its name": "update public.ticket_tags set name = 'x' where id = %(tag)s",
        "by SQL": _delete("ticket_tags"),
        "by remove()": "select helpdesk.remove('tag', %(tag)s)",
        "by merge_tags()": "select helpdesk.merge_tags(%(tag)s, %(other_tag)s)",
    },
    "ticket_tag_relations": {
        "the ticket's": "select from public.ticket_tag_relations where ticket_id = %(ticket)s",
        "a tag on the ticket": "insert into public.ticket_tag_relations values (%(ticket)s, %(other_tag)s)",
        "one": "update public.ticket_tag_relations set tag_id = %(other_tag)s where ticket_id = %(ticket)s",
        "by SQL": _delete("ticket_tag_relations", "ticket_id"),
        "by untag()": "select from helpdesk.untag(array[%(ticket)s], %(tag)s) where done",
        "on, by act()": "select from helpdesk.act(gen_random_uuid(), array[%(ticket)s]::uuid[],"
        " jsonb_build_object('tags', jsonb_build_object('add', jsonb_build_array(%(other_tag)s))), '') where done",
        "off, by act()": "select from helpdesk.act(gen_random_uuid(), array[%(ticket)s]::uuid[],"
        " jsonb_build_object('tags', jsonb_build_object('remove', jsonb_build_array(%(tag)s))), '') where done",
    },
    "ticket_feedback": {
        "the ticket's": "select from public.ticket_feedback where ticket_id = %(rated)s",
        "on a closed ticket": "insert into public.ticket_feedback (ticket_id, customer_id, rating)"
        " values (%(closed)s, %(me)s, 5)",
        "on an open ticket": "insert into public.ticket_feedback (ticket_id, customer_id, rating)"
        " values (%(ticket)s, %(me)s, 5)",
        "in the customer's name": "insert into public.ticket_feedback (ticket_id, customer_id, rating)"
        " values (%(closed)s, %(customer)s, 5)",
        "the rating": "update public.ticket_feedback set rating = 1 where ticket_id = %(rated)s",
        "moved to another ticket": "update public.ticket_feedback set ticket_id = %(closed)s"
        " where ticket_id = %(rated)s",
        "one": _delete("ticket_feedback"),
    },
    "kb_categories": {
        "with something published": "select from public.kb_categories where id = %(shelf)s",
        "with drafts only": "select from public.kb_categories where id = %(draft_shelf)s",
        "one": "insert into public.kb_categories (name) values ('new')",
        "its name": "update public.kb_categories set name = 'x' where id = %(shelf)s",
        "by SQL": _delete("kb_categories"),
        "by remove()": "select helpdesk.remove('article category', %(shelf)s)",
    },
    "kb_articles": {
        "published": {
            "read": "select from public.kb_articles where id = %(article)s",
            "update": "update public.kb_articles set status = 'published' where id = %(draft)s",
        },
        "a draft": {
            "read": "select from public.kb_articles where id = %(draft)s",
            "insert": "insert into public.kb_articles (title, content, status) values ('a', 'a', 'draft')",
        },
        "in another's name": "insert into public.kb_articles (title, content, status, author_id)"
        " values ('a', 'a', 'draft', %(someone)s)",
        "with a publication date": "insert into public.kb_articles (title, content, status, published_at)"
        " values ('a', 'a', 'draft', now())",
        "the text": "update public.kb_articles set content = 'x' where id = %(article)s",
        "the author": "update public.kb_articles set author_id = %(me)s where id = %(article)s",
        "the version's number": "update public.kb_articles set version = 9 where id = %(article)s",
        "published, by article()": "select from helpdesk.article(%(article)s)",
        "a draft, by article()": "select from helpdesk.article(%(draft)s)",
        "published, by a list": "select from helpdesk.articles(null, null, 9, null, null) where id = %(article)s",
        "a draft, by a list": "select from helpdesk.articles(null, null, 9, null, null) where id = %(draft)s",
        "published, by search": "select from helpdesk.search_articles('jam') where article_id = %(article)s",
        "a draft, by search": "select from helpdesk.search_articles('draft') where article_id = %(draft)s",
        "by save_article()": {
            "insert": "select helpdesk.save_article(gen_random_uuid(), 'a', 'a', null, null)",
            "update": "select helpdesk.save_article(%(article)s, 'a', 'a', null, 1)",
        },
        "by set_article_status()": "select helpdesk.set_article_status(%(draft)s, 'published')",
        "by restore_article()": "select helpdesk.restore_article(%(article)s, 1)",
        "by SQL": _delete("kb_articles"),
        "by remove()": "select helpdesk.remove('article', %(article)s)",
    },
    "kb_article_versions": {
        "of a published article": "select from public.kb_article_versions where article_id = %(article)s",
        "by article_versions()": "select from helpdesk.article_versions(%(article)s)",
        "one": {
            "insert": "insert into public.kb_article_versions (article_id, content) values (%(article)s, 'x')",
            "delete": _delete("kb_article_versions"),
        },
        "the text": "update public.kb_article_versions set content = 'x' where article_id = %(article)s",
    },
    "kb_article_feedback": {
        "the customer's": {
            "read": "select from public.kb_article_feedback where user_id = %(customer)s",
            "update": "update public.kb_article_feedback set helpful = false where user_id = %(customer)s",
        },
        "on a published article": "insert into public.kb_article_feedback (article_id, user_id, helpful)"
        " values (%(other_article)s, %(me)s, true)",
        "on a draft": "insert into public.kb_article_feedback (article_id, user_id, helpful)"
        " values (%(draft)s, %(me)s, true)",
        "in the customer's name": "insert into public.kb_article_feedback (article_id, user_id, helpful)"
        " values (%(other_article)s, %(customer)s, true)",
        "by vote()": "select helpdesk.vote(%(other_article)s, true, null)",
        "by vote() on a draft": "select helpdesk.vote(%(draft)s, true, null)",
        "one": _delete("kb_article_feedback"),
    },
    "chat_sessions": {
        "waiting": "select from public.chat_sessions where id = %(waiting)s",
        "waiting for Support": "select from public.chat_sessions where id = %(waiting_for_support)s",
        "the customer's, taken": "select from public.chat_sessions where id = %(taken)s",
        "the customer's, ended": "select from public.chat_sessions where id = %(ended)s",
        "their own, by SQL": "insert into public.chat_sessions (customer_id, status) values (%(me)s, 'waiting')",
        "the customer's, by SQL": "insert into public.chat_sessions (customer_id, status)"
        " values (%(customer)s, 'waiting')",
        "by chat_open()": "select helpdesk.chat_open(gen_random_uuid(), 't', gen_random_uuid(), 'w')",
        "the agent, by SQL": "update public.chat_sessions set agent_id = %(me)s where id = %(waiting)s",
        "the rating, by SQL": "update public.chat_sessions set rating = 5 where id = %(ended)s",
        "taken, by chat_accept()": "select from helpdesk.chat_accept(%(waiting)s) where done",
        "taken from Support": "select from helpdesk.chat_accept(%(waiting_for_support)s) where done",
        "taken by another already": "select from helpdesk.chat_accept(%(taken)s) where by_name = 'Ada'",
        "handed to a department": "select helpdesk.chat_transfer(%(taken)s, null, %(billing)s)",
        "handed to a person": "select helpdesk.chat_transfer(%(taken)s, %(other_agent)s, null)",
        "handed to a customer": "select helpdesk.chat_transfer(%(taken)s, %(other_customer)s, null)",
        "the waiting, handed on": "select helpdesk.chat_transfer(%(waiting)s, null, %(billing)s)",
        "ended, by chat_end()": "select helpdesk.chat_end(%(taken)s)",
        "the waiting, ended": "select helpdesk.chat_end(%(waiting)s)",
        "reopened, by chat_reopen()": "select helpdesk.chat_reopen(%(ended)s)",
        "put back to wait": "select helpdesk.chat_transfer(%(taken)s, null, null)",
        "rated, by chat_rate()": "select helpdesk.chat_rate(%(ended)s, 5, 'good')",
        "rated while it goes on": "select helpdesk.chat_rate(%(taken)s, 5, 'good')",
        "read, by chat_seen()": "select helpdesk.chat_seen(%(taken)s, %(said)s)",
        "typing, by chat_typing()": "select helpdesk.chat_typing(%(taken)s)",
        "typing in a waiting one": "select helpdesk.chat_typing(%(waiting)s)",
        "here, by chat_present()": "select helpdesk.chat_present(%(taken)s, true)",
        "a ticket of it": "select from helpdesk.chat_to_ticket(%(taken)s)",
        "a ticket of a waiting one": "select from helpdesk.chat_to_ticket(%(waiting)s)",
        "one": _delete("chat_sessions"),
    },
    "chat_messages": {
        "of a taken chat": "select from public.chat_messages where session_id = %(taken)s",
        "of a taken chat, at once": "select from helpdesk.chat_messages(%(taken)s, null)",
        "in a taken chat": "insert into public.chat_messages (session_id, content) values (%(taken)s, 'x')",
        "in a waiting chat": "insert into public.chat_messages (session_id, content) values (%(waiting)s, 'x')",
        "as the customer": "insert into public.chat_messages (session_id, sender_id, content)"
        " values (%(taken)s, %(customer)s, 'x')",
        "as an agent": "insert into public.chat_messages (session_id, sender_id, content)"
        " values (%(taken)s, %(agent)s, 'x')",
        "backdated": "insert into public.chat_messages (session_id, content, created_at)"
        " values (%(taken)s, 'x', '2001-01-01')",
        "in a chat that ended": "insert into public.chat_messages (session_id, content) values (%(ended)s, 'x')",
        "the text": "update public.chat_messages set content = 'x' where session_id = %(taken)s",
        "one": _delete("chat_messages"),
    },
    "notifications": {
        "their own": "select from public.notifications where user_id = %(me)s",
        "the customer's": "select from public.notifications where user_id = %(customer)s",
        "one": "insert into public.notifications (user_id, type, title) values (%(me)s, 'x', 'x')",
        "own, read": "update public.notifications set read = true where user_id = %(me)s",
        "another's, read": "update public.notifications set read = true where user_id = %(someone)s",
        "own, its title": "update public.notifications set title = 'x' where user_id = %(me)s",
        "own, its ticket": "update public.notifications set ticket_id = %(ticket)s where user_id = %(me)s",
        "own, given to another": "update public.notifications set user_id = %(someone)s where user_id = %(me)s",
        "own": _delete("notifications"),
    },
    "presence": {
        "by SQL": {
            "read": "select from private.presence",
            "insert": "insert into private.presence (session_id) values (gen_random_uuid())",
            "update": "update private.presence set person_id = %(me)s where ticket_id = %(ticket)s",
            "delete": "delete from private.presence where ticket_id = %(ticket)s",
        },
        "their own, by function": "select helpdesk.be_present(%(ticket)s, true)",
        "ended, by function": "select helpdesk.be_present(null, false)",
    },
    "drafts": {
        "another's, by drafts()": "select from helpdesk.drafts(%(ticket)s) where content = 'x'",
        "their own, by drafts()": _draft("reply") + "; select from helpdesk.drafts(%(ticket)s) where content = 'mine'",
        "of a reply": _draft("reply"),
        "of a note": _draft("note"),
        "another's": "select 1 where helpdesk.save_draft(%(drafted)s, %(ticket)s, 'reply', 'y', null, 1) is not null",
        "by drop_drafts()": "select helpdesk.drop_drafts(array[%(drafted)s]::uuid[], array[1])",
        "by SQL": {
            "read": "select from private.drafts",
            "insert": "insert into private.drafts (message_id) values (gen_random_uuid())",
            "update": "update private.drafts set content = 'y' where ticket_id = %(ticket)s",
            "delete": "delete from private.drafts where ticket_id = %(ticket)s",
        },
    },
    "sla": {
        "the ticket's, by ticket()": "select from helpdesk.ticket(%(ticket)s) where more ? 'sla'",
        "the ticket's, by dressed()": "select from helpdesk.dressed(array[%(ticket)s], array(select ctid from"
        " public.tickets where id = %(ticket)s)) where more ? 'sla'",
        "the ticket's, by sla_queue()": "select from helpdesk.sla_queue('any', null, null, null, false, 10)"
        " where id = %(ticket)s",
        "by sla_report()": "select from helpdesk.sla_report('-infinity', 'infinity') where department = 'Support'",
        "a calendar": {
            "read": "select from helpdesk.sla_calendars() where name = 'Hours'",
            "insert": "select helpdesk.set_sla_calendar('New', 'UTC', '{\"mon\": [\"09:00-17:00\"]}', '{}')",
            "update": "select helpdesk.set_sla_calendar('hours', 'UTC', '{\"mon\": [\"09:00-17:00\"]}', '{}')",
            "delete": "select helpdesk.remove_sla('policy', 'Standard');"
            " select helpdesk.remove_sla('calendar', 'Hours')",
        },
        "a calendar in use": "select helpdesk.remove_sla('calendar', 'Hours')",
        "a policy": {
            "read": "select from helpdesk.sla_policies() where name = 'Standard'",
            "insert": 'select helpdesk.set_sla_policy(\'New\', \'{"priority": "low", "next": 5}\')',
            "update": "select helpdesk.set_sla_policy('standard', '{\"first\": 5}')",
            "delete": "select helpdesk.remove_sla('policy', 'Standard')",
        },
        "for the same tickets": "select helpdesk.set_sla_policy('New', '{\"next\": 5}')",
        "worked out anew": "select helpdesk.sla_refresh()",
        "by SQL": {
            "read": "select from private.ticket_sla",
            "insert": "insert into private.sla_policies (name, first_response) values ('x', 1)",
            "update": "update private.ticket_sla set told = '{}' where ticket_id = %(ticket)s",
            "delete": "delete from private.sla_results where ticket_id = %(ticket)s",
        },
    },
    "saved_views": {
        "a personal one, by views()": "select from helpdesk.views() where id = %(own_view)s",
        "Support's, by views()": "select from helpdesk.views() where id = %(support_view)s",
        "the team's, by views()": "select from helpdesk.views() where id = %(team_view)s",
        "a personal one": {
            "insert": _view("gen_random_uuid()", "me"),
            "update": _view("%(own_view)s", "me"),
            "delete": "select helpdesk.remove_view(%(own_view)s)",
        },
        "for Support": _view("gen_random_uuid()", "department", "%(support)s"),
        "for the team": _view("gen_random_uuid()", "team"),
        "Support's": {
            "update": _view("%(support_view)s", "department", "%(support)s"),
            "delete": "select helpdesk.remove_view(%(support_view)s)",
        },
        "the team's": {
            "update": _view("%(team_view)s", "team"),
            "delete": "select helpdesk.remove_view(%(team_view)s)",
        },
        "their order": 'select helpdesk.order_views(\'{"order": ["open"], "hidden": []}\')',
        "by SQL": {
            "read": "select from private.saved_views",
            "insert": "insert into private.saved_views (id) values (gen_random_uuid())",
            "update": "update private.saved_views set audience = 'team' where id = %(own_view)s",
            "delete": "delete from private.saved_views where id = %(own_view)s",
        },
    },
}


def statement(table: str, op: str, what: str) -> str:
    """The SQL of a line of the matrix."""
    found = STATEMENTS[table][what]
    return found if isinstance(found, str) else found[op]
