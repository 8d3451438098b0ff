"""What test_write_forged tries about articles, ratings, people, chats and notifications."""

from __future__ import annotations

from typing import Final

from tests.attacks.forgeries import Forgeries

_SET: Final = "update public.{} set {}"
_ARTICLE: Final = "insert into public.kb_articles (title, content, status) values ('x', 'x', 'draft')"
_NAME: Final = "update public.profiles set full_name = 'x' where id = %(me)s"
_READ: Final = "update public.notifications set read = true where user_id = %(me)s"

ELSEWHERE: Final[Forgeries] = {
    "articles": {
        "by another author": (
            "insert into public.kb_articles (title, content, status, author_id) values ('x', 'x', 'draft', %(ann)s)",
            "no no no no no",
            "bo",
            _ARTICLE,
        ),
        "under another's id": (
            "insert into public.kb_articles (id, title, content, status) values (%(draft)s, 'x', 'x', 'draft')",
            "no 23505 23505 no no",
            "bo",
            _ARTICLE,
        ),
        "published last year": (
            (
                "insert into public.kb_articles (title, content, status, published_at) values"
                " ('x', 'x', 'published', '2001-01-01')"
            ),
            "no no no no no",
            "bo",
            _ARTICLE,
        ),
        "the author after": (_SET.format("kb_articles", "author_id = %(me)s"), "no no no no no", "bo", _ARTICLE),
        "the version after": (_SET.format("kb_articles", "version = 1"), "no no no no no", "bo", _ARTICLE),
        "a version that never was": (
            "insert into public.kb_article_versions (article_id, number, content) values (%(article)s, 9, 'x')",
            "no no no no no",
            "bo",
            "update public.kb_articles set content = 'x' where id = %(article)s",
        ),
        "what a version said": (_SET.format("kb_article_versions", "content = 'x'"), "no no no no no", "bo", _ARTICLE),
        "who wrote a version": (
            _SET.format("kb_article_versions", "changed_by = %(me)s"),
            "no no no no no",
            "bo",
            _ARTICLE,
        ),
        "a vote of another's": (
            """insert into public.kb_article_feedback (article_id, user_id, helpful)
               values (%(article)s, %(cora)s, true)""",
            "no no no no no",
            "ada",
            "select helpdesk.vote(%(article)s, true, 'x')",
        ),
        "the voter after": (
            _SET.format("kb_article_feedback", "user_id = %(me)s"),
            "no no no no no",
            "otto",
            "select helpdesk.vote(%(article)s, true, 'x')",
        ),
    },
    "ratings": {
        "in another's name": (
            "insert into public.ticket_feedback (ticket_id, customer_id, rating) values (%(ticket)s, %(cora)s, 5)",
            "no no no no no",
            "otto",
            "update public.ticket_feedback set rating = 5",
        ),
        "of another's ticket": (
            "insert into public.ticket_feedback (ticket_id, customer_id, rating) values (%(own)s, %(me)s, 5)",
            "no no no no no",
            "otto",
            "update public.ticket_feedback set rating = 5",
        ),
        "moved": (
            _SET.format("ticket_feedback", "ticket_id = %(own)s"),
            "no no no no no",
            "otto",
            "update public.ticket_feedback set comment = 'x'",
        ),
        "by the team": (
            "update public.ticket_feedback set rating = 5",
            "yes - - - -",
            "otto",
            "update public.ticket_feedback set rating = 5",
        ),
    },
    "people": {
        "own role": (_SET.format("profiles", "role = 'admin'"), "no no no no no", "otto", _NAME),
        "own role, by a new row": (
            "insert into public.profiles (id, email, role) values (gen_random_uuid(), 'x@x', 'admin')",
            "no no no no no",
            "otto",
            _NAME,
        ),
        "own role, over the old row": (
            (
                "insert into public.profiles (id, email, role) values (%(me)s, 'x@x', 'admin')"
                " on conflict (id) do update set role = 'admin'"
            ),
            "no no no no no",
            "otto",
            _NAME,
        ),
        "own department": (_SET.format("profiles", "department_id = %(billing)s"), "no no no no no", "bo", _NAME),
        "own address": (_SET.format("profiles", "email = 'ann@desk.test'"), "no no no no no", "otto", _NAME),
        "own id": (_SET.format("profiles", "id = %(ann)s"), "no no no no no", "otto", _NAME),
        "back again after a deactivation": (
            _SET.format("profiles", "deactivated_at = null"),
            "no no no no no",
            "bo",
            _NAME,
        ),
        "by a function": (
            "select helpdesk.set_person(%(me)s, 'admin', %(billing)s)",
            "HD003 HD003 HD003 HD003 HD003",
            "ann",
            "select helpdesk.set_person(%(ada)s, 'admin', %(billing)s)",
        ),
        "by an act": (
            "select helpdesk.change_person(gen_random_uuid(), %(me)s, '{\"role\": \"admin\"}', 'keep', null)",
            "HD003 HD003 HD003 HD003 HD003",
            "ann",
            "select helpdesk.change_person(gen_random_uuid(), %(ida)s, '{\"role\": \"admin\"}', 'keep', null)",
        ),
        "by undoing an act": (
            "select helpdesk.undo(gen_random_uuid(), 1)",
            "HD003 HD003 HD003 HD003 HD003",
            "ann",
            "select * from helpdesk.acts(1)",
        ),
        "by being the first": ("select private.first_admin('otto@desk.test')", "no no no no no", "otto", _NAME),
        "by the hook": ("select helpdesk.access_token_hook('{}')", "no no no no no", "otto", _NAME),
        "by one's metadata": (
            'update auth.users set raw_app_meta_data = \'{"role": "admin"}\'',
            "no no no no no",
            "otto",
            _NAME,
        ),
        "by a session of one's own making": (
            "insert into auth.sessions (id, user_id) values (gen_random_uuid(), %(ann)s)",
            "no no no no no",
            "otto",
            _NAME,
        ),
        # The gateway's own login is believed: it verified the token that the claims are of.
        "by a claim": (
            (
                "select set_config('request.jwt.claims', json_build_object('sub', %(ann)s, 'role', 'service_role',"
                " 'aal', 'aal2')::text, true); update public.departments set name = 'x'"
            ),
            "- - - 23505 -",
            "ann",
            "update public.departments set description = 'x' where id = %(support)s",
        ),
        "another's name": ("update public.profiles set full_name = 'x' where id <> %(me)s", "- - - - -", "otto", _NAME),
    },
    "chats": {
        "opened for another": (
            "insert into public.chat_sessions (customer_id, status) values (%(cora)s, 'waiting')",
            "no no no no no",
            "cora",
            "select helpdesk.chat_open(gen_random_uuid(), 'x', gen_random_uuid(), 'x')",
        ),
        "taken at another time": (
            _SET.format("chat_sessions", "accepted_at = now()"),
            "no no no no no",
            "bo",
            "select * from helpdesk.chat_accept(%(waiting)s)",
        ),
        "taken by SQL": (
            _SET.format("chat_sessions", "agent_id = %(me)s"),
            "no no no no no",
            "bo",
            "select * from helpdesk.chat_accept(%(waiting)s)",
        ),
        "ended by another": (
            _SET.format("chat_sessions", "ended_by = %(otto)s"),
            "no no no no no",
            "bo",
            "select helpdesk.chat_end(%(chat)s)",
        ),
        "said by the other side": (
            "insert into public.chat_messages (session_id, sender_id, content) values (%(chat)s, %(otto)s, 'x')",
            "yes no HD004 HD004 HD004",
            "bo",
            "insert into public.chat_messages (session_id, content) values (%(chat)s, 'x')",
        ),
        "said last year": (
            "insert into public.chat_messages (session_id, content, created_at) values (%(chat)s, 'x', '2001-01-01')",
            "no no no no no",
            "otto",
            "insert into public.chat_messages (session_id, content) values (%(chat)s, 'x')",
        ),
        "under the id of another's words": (
            "insert into public.chat_messages (id, session_id, content) values (%(asked)s, %(chat)s, 'x')",
            "HD002 HD002 HD004 HD004 HD004",
            "otto",
            "insert into public.chat_messages (session_id, content) values (%(chat)s, 'x')",
        ),
        "made another's ticket": (
            _SET.format("chat_sessions", "ticket_id = %(own)s"),
            "no no no no no",
            "bo",
            "select * from helpdesk.chat_to_ticket(%(chat)s)",
        ),
        "rated by the team": (
            _SET.format("chat_sessions", "rating = 5"),
            "no no no no no",
            "otto",
            "select helpdesk.chat_rate(%(over)s, 5, 'x')",
        ),
        "what was said": (
            _SET.format("chat_messages", "content = 'x'"),
            "no no no no no",
            "otto",
            "insert into public.chat_messages (session_id, content) values (%(chat)s, 'x')",
        ),
    },
    "notifications": {
        "for another": (
            "insert into public.notifications (user_id, type, title) values (%(ann)s, 'news', 'x')",
            "no no no no no",
            "otto",
            _READ,
        ),
        "for oneself": (
            "insert into public.notifications (user_id, type, title) values (%(me)s, 'news', 'x')",
            "no no no no no",
            "otto",
            _READ,
        ),
        "sent on": (_SET.format("notifications", "user_id = %(ann)s"), "no no no no no", "otto", _READ),
        "its words": (_SET.format("notifications", "title = 'x'"), "no no no no no", "otto", _READ),
        "its ticket": (_SET.format("notifications", "ticket_id = %(ticket)s"), "no no no no no", "otto", _READ),
        "another's, read": (
            "update public.notifications set read = true where user_id <> %(me)s",
            "- - - - -",
            "otto",
            _READ,
        ),
        "as a trigger's hand": (
            "select private.deliver(array[(%(ann)s, 'reply', %(ticket)s, 'x', 'x')::private.event], null)",
            "no no no no no",
            "otto",
            _READ,
        ),
    },
}
