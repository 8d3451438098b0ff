"""What test_write_forged tries: about tickets and what hangs on them, and about everything else."""

from __future__ import annotations

from typing import Final

Forgeries = dict[str, dict[str, tuple[str, str, str, str]]]
"""subject → attack → (statement, what comes of it in each hand, who may do the like, how)"""

_MESSAGE: Final = (
    "insert into public.ticket_messages (ticket_id, content, after_id, {}) values (%(ticket)s, 'x', null, {})"
)
_TICKET: Final = "insert into public.tickets (title, customer_id, {}) values ('x', %(me)s, {})"
_SET: Final = "update public.{} set {}"
_FILE: Final = (
    "insert into public.ticket_attachments (ticket_id, message_id, name, sha256, data{}) values (%(ticket)s, {}"
)
_X: Final = "'x', encode(sha256('x'), 'hex'), 'x'"
_ANSWER: Final = "insert into public.ticket_messages (ticket_id, content) values (%(ticket)s, 'x')"
_REQUEST: Final = "insert into public.tickets (title, customer_id) values ('x', %(me)s)"
_NOTE: Final = "insert into public.ticket_messages (ticket_id, content, is_internal) values (%(ticket)s, 'x', true)"
_STATUS: Final = "update public.tickets set status = 'open' where id = %(ticket)s"
_PRIORITY: Final = "update public.tickets set priority = 'low' where id = %(ticket)s"

OF_TICKETS: Final[Forgeries] = {
    "tickets": {
        "in another's name": (
            "insert into public.tickets (title, customer_id) values ('x', %(cora)s)",
            "no yes yes no no",
            "bo",
            "insert into public.tickets (title, customer_id) values ('x', %(otto)s)",
        ),
        "in nobody's": ("insert into public.tickets (title) values ('x')", "no no 23502 no no", "otto", _REQUEST),
        "under the id of another": (
            _TICKET.format("id", "%(own)s"),
            "23505 23505 23505 no no",
            "otto",
            _TICKET.format("id", "gen_random_uuid()"),
        ),
        "under a number": (_TICKET.format("number", "1"), "no no no no no", "otto", _REQUEST),
        "of last year": (_TICKET.format("created_at", "'2001-01-01'"), "no no no no no", "otto", _REQUEST),
        "changed last year": (_TICKET.format("updated_at", "'2001-01-01'"), "no no no no no", "otto", _REQUEST),
        "answered already": (_TICKET.format("first_response_at", "now()"), "no no no no no", "otto", _REQUEST),
        "waiting for years": (_TICKET.format("waiting_since", "'2001-01-01'"), "no no no no no", "otto", _REQUEST),
        "resolved already": (_TICKET.format("resolved_at", "now()"), "no no no no no", "otto", _REQUEST),
        "with metadata": (_TICKET.format("metadata", '\'{"chat": "x"}\''), "no no no no no", "otto", _REQUEST),
        "in a department": (
            _TICKET.format("department_id", "%(support)s"),
            "HD003 HD003 yes HD003 no",
            "ada",
            _TICKET.format("department_id", "%(support)s"),
        ),
        "a category moved to its department": (
            "update public.categories set department_id = %(support)s",
            "- - - - -",
            "ann",
            "update public.categories set department_id = %(support)s where id = %(category)s",
        ),
        "given to somebody": (
            _TICKET.format("assignee_id", "%(bo)s"),
            "HD003 yes yes HD003 no",
            "bo",
            _TICKET.format("assignee_id", "%(me)s"),
        ),
        "the requester after": (_SET.format("tickets", "customer_id = %(me)s"), "no no no no no", "otto", _STATUS),
        "the id after": (_SET.format("tickets", "id = gen_random_uuid()"), "no no no no no", "otto", _STATUS),
        "the number after": (_SET.format("tickets", "number = 1"), "no no no no no", "otto", _STATUS),
        "the time after": (_SET.format("tickets", "created_at = now()"), "no no no no no", "otto", _STATUS),
        "the change after": (_SET.format("tickets", "updated_at = now()"), "no no no no no", "otto", _STATUS),
        "the response after": (_SET.format("tickets", "first_response_at = null"), "no no no no no", "bo", _PRIORITY),
        "the wait after": (_SET.format("tickets", "waiting_since = null"), "no no no no no", "bo", _PRIORITY),
        "the closing after": (_SET.format("tickets", "closed_at = null"), "no no no no no", "otto", _STATUS),
        "the assignee after": (
            _SET.format("tickets", "assignee_id = %(me)s"),
            "no no no no no",
            "bo",
            "select * from helpdesk.assign(array[%(ticket)s], %(bo)s)",
        ),
        "the department after": (
            _SET.format("tickets", "department_id = %(support)s"),
            "no no no no no",
            "bo",
            "select * from helpdesk.move(array[%(ticket)s], %(support)s)",
        ),
        "the metadata after": (_SET.format("tickets", "metadata = '{}'"), "no no no no no", "bo", _PRIORITY),
    },
    "messages": {
        "by the requester": (_MESSAGE.format("sender_id", "%(otto)s"), "yes HD001 HD004 HD004 no", "otto", _ANSWER),
        "a note by the other agent": (
            _MESSAGE.format("is_internal, sender_id", "true, %(ada)s"),
            "no no HD004 HD004 no",
            "bo",
            _NOTE,
        ),
        "a note of the requester's": (_MESSAGE.format("is_internal", "true"), "no yes HD004 HD004 no", "bo", _NOTE),
        "of last year": (_MESSAGE.format("created_at", "'2001-01-01'"), "no no no no no", "otto", _ANSWER),
        "under another's id": (
            _MESSAGE.format("id", "%(own_message)s"),
            "HD002 HD002 HD004 HD004 no",
            "otto",
            _MESSAGE.format("id", "gen_random_uuid()"),
        ),
        "under a note's id": (_MESSAGE.format("id", "%(note)s"), "HD002 23505 HD004 HD004 no", "otto", _ANSWER),
        "with files of nobody": (_MESSAGE.format("attachments", "'[]'"), "no no no no no", "otto", _ANSWER),
        "with HTML": (_MESSAGE.format("html", "'<x>'"), "no no no no no", "otto", _ANSWER),
        "over unseen ones": (
            _ANSWER,
            "yes HD001 HD004 HD004 no",
            "bo",
            (
                "insert into public.ticket_messages (ticket_id, content, after_id)"
                " select %(ticket)s, 'x', id from public.ticket_messages where ticket_id = %(ticket)s"
                " order by created_at desc limit 1"
            ),
        ),
        "into another's ticket": (
            "insert into public.ticket_messages (ticket_id, content) values (%(own)s, 'x')",
            "HD004 HD004 HD001 HD004 no",
            "cora",
            "insert into public.ticket_messages (ticket_id, content) values (%(own)s, 'x')",
        ),
        "the words after": (_SET.format("ticket_messages", "content = 'x'"), "no no no no no", "otto", _ANSWER),
        "the sender after": (_SET.format("ticket_messages", "sender_id = %(me)s"), "no no no no no", "otto", _ANSWER),
        "the note made public": (_SET.format("ticket_messages", "is_internal = false"), "no no no no no", "bo", _NOTE),
        "the place after": (_SET.format("ticket_messages", "ticket_id = %(own)s"), "no no no no no", "otto", _ANSWER),
        "the time after": (_SET.format("ticket_messages", "created_at = now()"), "no no no no no", "otto", _ANSWER),
    },
    "files": {
        "to another's message": (
            _FILE.format("", "%(message)s, ") + _X + ")",
            "HD003 HD003 HD004 HD004 no",
            "otto",
            _ANSWER,
        ),
        "to a note": (_FILE.format("", "%(note)s, ") + _X + ")", "HD004 HD003 HD004 HD004 no", "bo", _NOTE),
        "of another ticket's message": (
            _FILE.format("", "%(own_message)s, ") + _X + ")",
            "HD004 HD004 HD004 HD004 no",
            "otto",
            _ANSWER,
        ),
        "of a type that it is not": (
            _FILE.format(", content_type", "null, ") + _X + ", 'image/png')",
            "no no no no no",
            "otto",
            _ANSWER,
        ),
        "of last year": (
            _FILE.format(", created_at", "null, ") + _X + ", '2001-01-01')",
            "no no no no no",
            "otto",
            _ANSWER,
        ),
        "that did not arrive whole": (
            _FILE.format("", "null, ") + "'x', 'x', 'x')",
            "HD002 HD002 HD002 HD002 HD002",
            "otto",
            _ANSWER,
        ),
        "the bytes after": (_SET.format("ticket_attachments", "data = 'x'"), "no no no no no", "otto", _ANSWER),
        "the message after": (
            _SET.format("ticket_attachments", "message_id = null"),
            "no no no no no",
            "otto",
            _ANSWER,
        ),
    },
    "history": {
        "a change that nobody made": (
            (
                "insert into public.ticket_status_history (ticket_id, status, changed_by) values"
                " (%(ticket)s, 'open', %(me)s)"
            ),
            "no no no no no",
            "otto",
            _STATUS,
        ),
        "who made a change": (
            _SET.format("ticket_status_history", "changed_by = %(bo)s"),
            "no no no no no",
            "otto",
            _STATUS,
        ),
        "when": (_SET.format("ticket_status_history", "created_at = '2001-01-01'"), "no no no no no", "otto", _STATUS),
        "a remark": (_SET.format("ticket_status_history", "note = null"), "no no no no no", "bo", _STATUS),
        "an event that never was": (
            "insert into public.ticket_events (ticket_id, kind) values (%(ticket)s, 'title')",
            "no no no no no",
            "bo",
            _PRIORITY,
        ),
        "who did it": (_SET.format("ticket_events", "actor_id = null"), "no no no no no", "bo", _PRIORITY),
        "what it was before": (_SET.format("ticket_events", "old_value = 'x'"), "no no no no no", "bo", _PRIORITY),
        "without a trace": ("delete from public.ticket_status_history", "no no no no no", "otto", _STATUS),
        "without an event": ("delete from public.ticket_events", "no no no no no", "bo", _PRIORITY),
        "all of it gone": ("truncate public.ticket_events", "no no no no no", "bo", _PRIORITY),
    },
}
