"""Who may do what: every table × operation × person, as one table, checked cell by cell.

    yes      it is there, or it is done
    -        nothing is there to be seen or changed; no error tells that there is something
    no       refused by grants or policies (SQLSTATE 42501)
    HD003    refused with words for people; HD002 and HD004 likewise

The ticket is the customer's, in Support, unassigned. "own agent" works in Support, "other agent" in Billing. "anonymous"
came through the gateway without an account of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import psycopg
import pytest

from tests.db.sessions import Sync, anonymous_claims, anonymous_visitor, connect_as, gateway, owner, with_people
from tests.world import DeskDatabase, People, Person

PEOPLE: Final = ("customer", "own agent", "other agent", "admin", "anonymous")

MATRIX: Final = """
table                 | op     | what                        | customer | own agent | other agent | admin | anonymous
----------------------|--------|-----------------------------|----------|-----------|-------------|-------|----------
departments           | read   | one                         | yes      | yes       | yes         | yes   | -
departments           | insert | one                         | no       | no        | no          | yes   | no
departments           | insert | the default one             | no       | no        | no          | no    | no
departments           | update | its name                    | -        | -         | -           | yes   | -
departments           | update | the default                 | no       | no        | no          | no    | no
departments           | delete | by SQL                      | no       | no        | no          | no    | no
departments           | delete | an empty one, by remove()   | HD003    | HD003     | HD003       | yes   | HD003
departments           | delete | one in use, by remove()     | HD003    | HD003     | HD003       | HD002 | HD003
categories            | read   | one                         | yes      | yes       | yes         | yes   | -
categories            | insert | one                         | no       | no        | no          | yes   | no
categories            | update | its department              | -        | -         | -           | yes   | -
categories            | delete | by SQL                      | no       | no        | no          | no    | no
categories            | delete | by remove()                 | HD003    | HD003     | HD003       | yes   | HD003
profiles              | read   | their own                   | yes      | yes       | yes         | yes   | -
profiles              | read   | the customer's              | yes      | yes       | -           | yes   | -
profiles              | read   | another customer's          | -        | -         | yes         | yes   | -
profiles              | read   | an agent's                  | -        | yes       | yes         | yes   | -
profiles              | insert | one                         | no       | no        | no          | no    | no
profiles              | update | own name                    | yes      | yes       | yes         | yes   | -
profiles              | update | another's name              | -        | -         | -           | -     | -
profiles              | update | own role                    | no       | no        | no          | no    | no
profiles              | update | own department              | no       | no        | no          | no    | no
profiles              | update | own address                 | no       | no        | no          | no    | no
profiles              | update | own role, by set_person()   | HD003    | HD003     | HD003       | HD003 | HD003
profiles              | update | another's, by set_person()  | HD003    | HD003     | HD003       | yes   | HD003
profiles              | delete | their own                   | no       | no        | no          | no    | no
tickets               | read   | by id                       | yes      | yes       | -           | yes   | -
tickets               | read   | by number                   | yes      | yes       | -           | yes   | -
tickets               | read   | in a list                   | yes      | yes       | -           | yes   | -
tickets               | insert | their own request           | yes      | yes       | yes         | yes   | no
tickets               | insert | own, to a department        | HD003    | HD003     | HD003       | yes   | HD003
tickets               | insert | own, urgent                 | HD003    | HD003     | HD003       | yes   | HD003
tickets               | insert | own, resolved               | HD003    | HD003     | HD003       | yes   | HD003
tickets               | insert | own, assigned               | HD003    | yes       | HD003       | yes   | HD003
tickets               | insert | own, with a due date        | HD003    | HD003     | HD003       | yes   | HD003
tickets               | insert | own, with a creation date   | no       | no        | no          | no    | no
tickets               | insert | own, with a number          | no       | no        | no          | no    | no
tickets               | insert | own, with a first response  | no       | no        | no          | no    | no
tickets               | insert | for the customer            | yes      | yes       | yes         | yes   | no
tickets               | insert | for another customer        | no       | yes       | yes         | yes   | no
tickets               | insert | the customer's, in Support  | HD003    | yes       | HD003       | yes   | HD003
tickets               | update | closed                      | yes      | yes       | -           | yes   | -
tickets               | update | resolved                    | HD003    | yes       | -           | yes   | -
tickets               | update | priority                    | HD003    | yes       | -           | yes   | -
tickets               | update | title                       | HD003    | yes       | -           | yes   | -
tickets               | update | category                    | HD003    | yes       | -           | yes   | -
tickets               | update | due date                    | HD003    | yes       | -           | yes   | -
tickets               | update | assignee, by SQL            | no       | no        | no          | no    | no
tickets               | update | department, by SQL          | no       | no        | no          | no    | no
tickets               | update | requester                   | no       | no        | no          | no    | no
tickets               | update | number                      | no       | no        | no          | no    | no
tickets               | update | metadata                    | no       | no        | no          | no    | no
tickets               | update | first response              | no       | no        | no          | no    | no
tickets               | update | last update                 | no       | no        | no          | no    | no
tickets               | update | assignee, by assign()       | HD003    | yes       | -           | yes   | HD003
tickets               | update | assigned to a customer      | HD003    | HD002     | HD002       | HD002 | HD003
tickets               | update | department, by move()       | HD003    | yes       | -           | yes   | HD003
tickets               | delete | by SQL                      | no       | no        | no          | no    | no
ticket_messages       | read   | a public one                | yes      | yes       | -           | yes   | -
ticket_messages       | read   | a note                      | -        | yes       | -           | yes   | -
ticket_messages       | insert | public                      | yes      | yes       | HD004       | yes   | HD004
ticket_messages       | insert | a note                      | no       | yes       | HD004       | yes   | HD004
ticket_messages       | insert | as the customer             | yes      | no        | HD004       | no    | HD004
ticket_messages       | insert | as an agent                 | no       | yes       | HD004       | no    | HD004
ticket_messages       | insert | backdated                   | no       | no        | no          | no    | no
ticket_messages       | insert | with attachments            | no       | no        | no          | no    | no
ticket_messages       | insert | over unseen ones            | yes      | HD001     | HD004       | HD001 | HD004
ticket_messages       | update | the text                    | no       | no        | no          | no    | no
ticket_messages       | update | a note made public          | no       | no        | no          | no    | no
ticket_messages       | delete | one                         | no       | no        | no          | no    | no
ticket_status_history | read   | one                         | yes      | yes       | -           | yes   | -
ticket_status_history | read   | one with a remark           | -        | yes       | -           | yes   | -
ticket_status_history | insert | one                         | no       | no        | no          | no    | no
ticket_status_history | update | who it was                  | no       | no        | no          | no    | no
ticket_status_history | delete | one                         | no       | no        | no          | no    | no
ticket_events         | read   | one                         | -        | yes       | -           | yes   | -
ticket_events         | insert | one                         | no       | no        | no          | no    | no
ticket_events         | update | one                         | no       | no        | no          | no    | no
ticket_events         | delete | one                         | no       | no        | no          | no    | no
ticket_tags           | read   | one                         | -        | yes       | yes         | yes   | -
ticket_tags           | insert | one                         | no       | yes       | yes         | yes   | no
ticket_tags           | update | its name                    | -        | -         | -           | yes   | -
ticket_tags           | delete | by SQL                      | no       | no        | no          | no    | no
ticket_tags           | delete | by remove()                 | HD003    | HD003     | HD003       | yes   | HD003
ticket_tag_relations  | read   | the ticket's                | -        | yes       | -           | yes   | -
ticket_tag_relations  | insert | a tag on the ticket         | no       | yes       | no          | yes   | no
ticket_tag_relations  | update | one                         | no       | no        | no          | no    | no
ticket_tag_relations  | delete | by SQL                      | no       | no        | no          | no    | no
ticket_tag_relations  | delete | by untag()                  | -        | yes       | -           | yes   | -
ticket_feedback       | read   | the ticket's                | yes      | yes       | -           | yes   | -
ticket_feedback       | insert | on a closed ticket          | yes      | no        | no          | no    | no
ticket_feedback       | insert | on an open ticket           | no       | no        | no          | no    | no
ticket_feedback       | insert | in the customer's name      | yes      | no        | no          | no    | no
ticket_feedback       | update | the rating                  | yes      | -         | -           | -     | -
ticket_feedback       | update | moved to another ticket     | no       | no        | no          | no    | no
ticket_feedback       | delete | one                         | no       | no        | no          | no    | no
kb_categories         | read   | with something published    | yes      | yes       | yes         | yes   | yes
kb_categories         | read   | with drafts only            | -        | yes       | yes         | yes   | -
kb_categories         | insert | one                         | no       | yes       | yes         | yes   | no
kb_categories         | update | its name                    | -        | yes       | yes         | yes   | -
kb_categories         | delete | by SQL                      | no       | no        | no          | no    | no
kb_categories         | delete | by remove()                 | HD003    | HD003     | HD003       | yes   | HD003
kb_articles           | read   | published                   | yes      | yes       | yes         | yes   | yes
kb_articles           | read   | a draft                     | -        | yes       | yes         | yes   | -
kb_articles           | insert | a draft                     | no       | yes       | yes         | yes   | no
kb_articles           | insert | in another's name           | no       | no        | no          | no    | no
kb_articles           | insert | with a publication date     | no       | no        | no          | no    | no
kb_articles           | update | the text                    | -        | yes       | yes         | yes   | -
kb_articles           | update | published                   | -        | yes       | yes         | yes   | -
kb_articles           | update | the author                  | no       | no        | no          | no    | no
kb_articles           | delete | by SQL                      | no       | no        | no          | no    | no
kb_articles           | delete | by remove()                 | HD003    | HD003     | HD003       | yes   | HD003
kb_article_versions   | read   | of a published article      | -        | yes       | yes         | yes   | -
kb_article_versions   | insert | one                         | no       | no        | no          | no    | no
kb_article_versions   | update | the text                    | no       | no        | no          | no    | no
kb_article_versions   | delete | one                         | no       | no        | no          | no    | no
kb_article_feedback   | read   | the customer's              | yes      | yes       | yes         | yes   | -
kb_article_feedback   | insert | on a published article      | yes      | yes       | yes         | yes   | no
kb_article_feedback   | insert | on a draft                  | no       | yes       | yes         | yes   | no
kb_article_feedback   | insert | in the customer's name      | yes      | no        | no          | no    | no
kb_article_feedback   | update | the customer's              | yes      | -         | -           | -     | -
kb_article_feedback   | delete | one                         | no       | no        | no          | no    | no
chat_sessions         | read   | the customer's, waiting     | yes      | yes       | yes         | yes   | -
chat_sessions         | read   | the customer's, taken       | yes      | yes       | -           | yes   | -
chat_sessions         | insert | their own                   | yes      | no        | no          | no    | no
chat_sessions         | insert | the customer's              | yes      | no        | no          | no    | no
chat_sessions         | insert | already taken               | no       | no        | no          | no    | no
chat_sessions         | update | the agent                   | no       | no        | no          | no    | no
chat_sessions         | delete | one                         | no       | no        | no          | no    | no
chat_messages         | read   | of a taken chat             | yes      | yes       | -           | yes   | -
chat_messages         | insert | in a taken chat             | yes      | yes       | no          | no    | no
chat_messages         | insert | as the customer             | yes      | no        | no          | no    | no
chat_messages         | insert | in a chat that ended        | HD002    | HD002     | no          | no    | no
chat_messages         | update | the text                    | no       | no        | no          | no    | no
chat_messages         | delete | one                         | no       | no        | no          | no    | no
notifications         | read   | their own                   | yes      | yes       | yes         | yes   | -
notifications         | read   | the customer's              | yes      | -         | -           | -     | -
notifications         | insert | one                         | no       | no        | no          | no    | no
notifications         | update | own, read                   | yes      | yes       | yes         | yes   | -
notifications         | update | another's, read             | -        | -         | -           | -     | -
notifications         | update | own, its title              | no       | no        | no          | no    | no
notifications         | delete | own                         | no       | no        | no          | no    | no
"""

_TICKET: Final = "insert into public.tickets (title, customer_id{more}) values ('t', {who}{values})"
_MESSAGE: Final = (
    "insert into public.ticket_messages (ticket_id, content, after_id{more}) values (%(ticket)s, 'm', {after}{values})"
)
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


def _delete(table: str, key: str = "id") -> str:
    return f"delete from public.{table} where {key} is not null"


STATEMENTS: Final = {
    "departments": {
        "one": {
            "read": "select from public.departments where id = %(support)s",
            "insert": "insert into public.departments (name) values ('New')",
        },
        "the default one": "insert into public.departments (name, is_default) values ('New', true)",
        "its name": "update public.departments set name = 'Renamed' where id = %(support)s",
        "the default": "update public.departments set is_default = false where id = %(support)s",
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
    },
    "tickets": {
        "by id": "select from public.tickets where id = %(ticket)s",
        "by number": "select from public.tickets where number = %(number)s",
        "in a list": "select from (select id from public.tickets where is_open order by updated_at desc) t"
        " where id = %(ticket)s",
        "their own request": _ticket("%(me)s"),
        "own, to a department": _ticket("%(me)s", department_id="%(third_department)s"),
        "own, urgent": _ticket("%(me)s", priority="'urgent'", category_id="%(third_category)s"),
        "own, resolved": _ticket("%(me)s", status="'resolved'", category_id="%(third_category)s"),
        "own, assigned": _ticket("%(me)s", assignee_id="%(agent)s", category_id="%(third_category)s"),
        "own, with a due date": _ticket("%(me)s", due_date="now()", category_id="%(third_category)s"),
        "own, with a creation date": _ticket("%(me)s", created_at="'2001-01-01'"),
        "own, with a number": _ticket("%(me)s", number="-1"),
        "own, with a first response": _ticket("%(me)s", first_response_at="now()"),
        "for the customer": _ticket("%(customer)s"),
        "for another customer": _ticket("%(other_customer)s"),
        "the customer's, in Support": _ticket("%(customer)s", department_id="%(support)s"),
        "closed": _SET.format("status = 'closed'"),
        "resolved": _SET.format("status = 'resolved'"),
        "priority": _SET.format("priority = 'urgent'"),
        "title": _SET.format("title = 'other'"),
        "category": _SET.format("category_id = %(category)s"),
        "due date": _SET.format("due_date = now()"),
        "assignee, by SQL": _SET.format("assignee_id = %(me)s"),
        "department, by SQL": _SET.format("department_id = %(billing)s"),
        "requester": _SET.format("customer_id = %(me)s"),
        "number": _SET.format("number = -1"),
        "metadata": _SET.format("metadata = '{}'"),
        "first response": _SET.format("first_response_at = now()"),
        "last update": _SET.format("updated_at = now()"),
        "assignee, by assign()": "select from helpdesk.assign(array[%(ticket)s], %(agent)s) where done",
        "assigned to a customer": "select from helpdesk.assign(array[%(ticket)s], %(customer)s) where done",
        "department, by move()": "select from helpdesk.move(array[%(ticket)s], %(billing)s) where done",
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
    },
    "ticket_tag_relations": {
        "the ticket's": "select from public.ticket_tag_relations where ticket_id = %(ticket)s",
        "a tag on the ticket": "insert into public.ticket_tag_relations values (%(ticket)s, %(other_tag)s)",
        "one": "update public.ticket_tag_relations set tag_id = %(other_tag)s where ticket_id = %(ticket)s",
        "by SQL": _delete("ticket_tag_relations", "ticket_id"),
        "by untag()": "select from helpdesk.untag(array[%(ticket)s], %(tag)s) where done",
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
        "moved to another ticket": "update public.ticket_feedback set ticket_id = %(closed)s where ticket_id = %(rated)s",
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
        "by SQL": _delete("kb_articles"),
        "by remove()": "select helpdesk.remove('article', %(article)s)",
    },
    "kb_article_versions": {
        "of a published article": "select from public.kb_article_versions where article_id = %(article)s",
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
        "one": _delete("kb_article_feedback"),
    },
    "chat_sessions": {
        "the customer's, waiting": "select from public.chat_sessions where id = %(waiting)s",
        "the customer's, taken": "select from public.chat_sessions where id = %(taken)s",
        "their own": "insert into public.chat_sessions (customer_id, status) values (%(me)s, 'waiting')",
        "the customer's": "insert into public.chat_sessions (customer_id, status) values (%(customer)s, 'waiting')",
        "already taken": "insert into public.chat_sessions (customer_id, status) values (%(me)s, 'active')",
        "the agent": "update public.chat_sessions set agent_id = %(me)s where id = %(waiting)s",
        "one": _delete("chat_sessions"),
    },
    "chat_messages": {
        "of a taken chat": "select from public.chat_messages where session_id = %(taken)s",
        "in a taken chat": "insert into public.chat_messages (session_id, content) values (%(taken)s, 'x')",
        "as the customer": "insert into public.chat_messages (session_id, sender_id, content)"
        " values (%(taken)s, %(customer)s, 'x')",
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
        "own": _delete("notifications"),
    },
}


def cells() -> Iterator[tuple[str, str, str, str, str]]:
    """(table, op, what, person, outcome) of every cell."""
    for line in MATRIX.strip().splitlines()[2:]:
        table, op, what, *outcomes = (part.strip() for part in line.split("|"))
        assert len(outcomes) == len(PEOPLE), line
        for person, outcome in zip(PEOPLE, outcomes, strict=True):
            yield table, op, what, person, outcome


CELLS: Final = tuple(cells())


def statement(table: str, op: str, what: str) -> str:
    """The SQL of a line of the matrix."""
    found = STATEMENTS[table][what]
    return found if isinstance(found, str) else found[op]


class Desk:
    """The desk that the matrix speaks of, and one open connection for each of its people."""

    def __init__(self, database: DeskDatabase) -> None:
        self.connections: dict[str, Sync] = {}
        persons = with_people(database, self._people)
        visitor = anonymous_visitor(database)
        self.ids: dict[str, Any] = {
            "customer": persons["customer"].id,
            "agent": persons["own agent"].id,
            "other_agent": persons["other agent"].id,
            "other_customer": persons["other customer"].id,
        }
        with owner(database) as connection:
            self.ids |= self._content(connection)
        self.me = {name: person.id for name, person in persons.items()} | {"anonymous": visitor}
        for name, person in persons.items():
            if name in PEOPLE:
                self.connections[name] = connect_as(database, person)
        self.connections["anonymous"] = gateway(database, anonymous_claims(visitor))

    async def _people(self, people: People) -> dict[str, Person]:
        return {
            "customer": await people.sign_up("cora@desk.test", "Cora"),
            "other customer": await people.sign_up("otto@desk.test", "Otto"),
            "own agent": await people.sign_up("ada@desk.test", "Ada", "agent", "Support"),
            "other agent": await people.sign_up("bo@desk.test", "Bo", "agent", "Billing"),
            "admin": await people.sign_up("ann@desk.test", "Ann", "admin"),
        }

    def _content(self, connection: Sync) -> dict[str, Any]:
        """Everything the statements speak of, made by the owner, in the order of the keys."""
        ids = self.ids

        def one(sql: str) -> Any:
            row = connection.execute(sql.encode(), ids).fetchone()
            assert row is not None
            return row[0]

        made = {
            "support": "select id from public.departments where name = 'Support'",
            "billing": "select id from public.departments where name = 'Billing'",
            "third_department": "insert into public.departments (name) values ('Shipping') returning id",
            "empty_department": "insert into public.departments (name) values ('Empty') returning id",
            "category": "insert into public.categories (name) values ('Printers') returning id",
            "third_category": "insert into public.categories (name, department_id)"
            " values ('Parcels', %(third_department)s) returning id",
            "ticket": "insert into public.tickets (title, customer_id) values ('Paper jam', %(customer)s) returning id",
            "number": "select number from public.tickets where id = %(ticket)s",
            "event": "update public.tickets set priority = 'high' where id = %(ticket)s returning id",
            "remark": "insert into public.ticket_status_history (ticket_id, status, note)"
            " values (%(ticket)s, 'open', 'for the team') returning id",
            "foreign_ticket": "insert into public.tickets (title, customer_id, department_id)"
            " values ('Invoice', %(other_customer)s, %(billing)s) returning id",
            "closed": "insert into public.tickets (title, customer_id, status)"
            " values ('Closed', %(customer)s, 'closed') returning id",
            "rated": "insert into public.tickets (title, customer_id, status)"
            " values ('Rated', %(customer)s, 'closed') returning id",
            "rating": "insert into public.ticket_feedback (ticket_id, customer_id, rating)"
            " values (%(rated)s, %(customer)s, 3) returning id",
            "note": "insert into public.ticket_messages (ticket_id, sender_id, content, is_internal, created_at)"
            " values (%(ticket)s, %(agent)s, 'secret', true, now() - interval '2 hours') returning id",
            "message": "insert into public.ticket_messages (ticket_id, sender_id, content, created_at)"
            " values (%(ticket)s, %(customer)s, 'help', now() - interval '1 hour') returning id",
            "newest": "select %(message)s::uuid",
            "tag": "insert into public.ticket_tags (name) values ('printer') returning id",
            "other_tag": "insert into public.ticket_tags (name) values ('paper') returning id",
            "tagged": "insert into public.ticket_tag_relations values (%(ticket)s, %(tag)s) returning tag_id",
            "shelf": "insert into public.kb_categories (name) values ('Printers') returning id",
            "draft_shelf": "insert into public.kb_categories (name) values ('Layoffs') returning id",
            "article": "insert into public.kb_articles (title, content, category_id, author_id, status)"
            " values ('Jams', 'text', %(shelf)s, %(agent)s, 'published') returning id",
            "other_article": "insert into public.kb_articles (title, content, category_id, author_id, status)"
            " values ('Ink', 'text', %(shelf)s, %(agent)s, 'published') returning id",
            "draft": "insert into public.kb_articles (title, content, category_id, author_id, status)"
            " values ('Draft', 'text', %(draft_shelf)s, %(agent)s, 'draft') returning id",
            "opinion": "insert into public.kb_article_feedback (article_id, user_id, helpful)"
            " values (%(article)s, %(customer)s, true) returning id",
            "waiting": "insert into public.chat_sessions (customer_id, status)"
            " values (%(customer)s, 'waiting') returning id",
            "taken": "insert into public.chat_sessions (customer_id, agent_id, status)"
            " values (%(customer)s, %(agent)s, 'active') returning id",
            "ended": "insert into public.chat_sessions (customer_id, agent_id, status)"
            " values (%(customer)s, %(agent)s, 'ended') returning id",
            "said": "insert into public.chat_messages (session_id, sender_id, content)"
            " values (%(taken)s, %(customer)s, 'hello') returning id",
        }
        for name, sql in made.items():
            ids[name] = one(sql)
        connection.execute("delete from public.notifications where id is not null")
        connection.execute(
            "insert into public.notifications (user_id, type, title) select id, 'news', 'News' from public.profiles"
        )
        return ids

    def outcome(self, person: str, sql: str) -> str:
        """What comes of a statement run by a person; nothing of it stays."""
        connection = self.connections[person]
        someone = self.ids["other_agent" if person == "own agent" else "agent"]
        parameters = self.ids | {"me": self.me[person], "someone": someone}
        try:
            with connection.transaction(force_rollback=True):
                count = connection.execute(sql.encode(), parameters).rowcount
        except psycopg.Error as error:
            return "no" if error.sqlstate == "42501" else str(error.sqlstate)
        assert count in {0, 1}, f"{count} rows"
        return "yes" if count else "-"

    def close(self) -> None:
        """Closes every connection."""
        for connection in self.connections.values():
            connection.close()


@pytest.fixture(scope="module")
def desk(module_database: DeskDatabase) -> Iterator[Desk]:
    """The desk of the matrix."""
    desk = Desk(module_database)
    yield desk
    desk.close()


@pytest.mark.parametrize(
    ("table", "op", "what", "person", "expected"), CELLS, ids=[" ".join(cell[:4]) for cell in CELLS]
)
def test_write_matrix(desk: Desk, table: str, op: str, what: str, person: str, expected: str) -> None:
    assert desk.outcome(person, statement(table, op, what)) == expected


def test_matrix_names_every_table_and_operation(module_database: DeskDatabase) -> None:
    with owner(module_database) as connection:
        tables = {str(row[0]) for row in connection.execute("select private.tables()::text")}
    named = {(table, op) for table, op, *_ in CELLS}
    assert named == {(table.removeprefix("public."), op) for table in tables for op in ("read", "insert", "update", "delete")}


def test_matrix_uses_every_statement() -> None:
    used = {(table, what, op) for table, op, what, *_ in CELLS}
    for table, statements in STATEMENTS.items():
        for what, found in statements.items():
            ops = found if isinstance(found, dict) else {op for op in ("read", "insert", "update", "delete")}
            assert any((table, what, op) in used for op in ops), (table, what)
