"""The desk that is attacked: each secret in it is a word of its own, so that whatever comes back tells whose it was.

A canary is a word like ``zq017x``. ``Stage.canaries`` says what it stands for and who may read it, after the sentences
of SECURITY.md. Ids of rows are canaries too, where an attack did not name them itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg

from tests.attacks import stage_day
from tests.attacks.telling import Told, tell
from tests.db.sessions import Sync, anonymous_claims, anonymous_visitor, connect_as, gateway, login, owner, with_people
from tests.world import DeskDatabase, People, Person

STAFF: Final = ("ada", "bo", "ida", "ann")
CUSTOMERS: Final = ("cora", "otto", "olga")
ACTIVE: Final = (*CUSTOMERS, *STAFF)
GATEWAY: Final = ("visitor", "anon")
"""Without a login of their own: somebody whom Supabase signed in anonymously, and a request without a token."""
NOBODY: Final = ("sid", "dora", *GATEWAY)
"""Who has no rights, or no more: sid signed out with the connection still open, dora was deactivated."""
EVERYBODY: Final = (*ACTIVE, *NOBODY)
ATTACKERS: Final = ("cora", "otto", "ada", "ida", "ann", *NOBODY)
"""A customer with a ticket and one whose ticket bears notes, an agent of another department and one of none, an admin,
and those without rights."""

PEOPLE: Final = {
    "cora": ("customer", None),
    "otto": ("customer", None),
    "olga": ("customer", None),
    "ada": ("agent", "Support"),
    "bo": ("agent", "Billing"),
    "ida": ("agent", None),
    "ann": ("admin", None),
    "sid": ("agent", "Billing"),
    "dora": ("agent", "Billing"),
}


@dataclass(frozen=True)
class Canary:
    """A word or an id that only some may read; ``shown`` where a table shows it to all of them."""

    what: str
    readers: frozenset[str]
    shown: bool = True


def _answers(connection: Sync) -> bool:
    """Whether a connection is open still: an admin who attacks ends others' sign-ins, and that is not taken back."""
    try:
        connection.execute("select 1")
    except psycopg.OperationalError:
        return False
    return True


@dataclass
class Stage:
    """The desk, its people, their connections."""

    database: DeskDatabase
    people: dict[str, Person] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)
    canaries: dict[str, Canary] = field(default_factory=dict)
    visitor: UUID = field(default_factory=uuid4)
    nothing: UUID = field(default_factory=uuid4)
    _open: dict[str, Sync] = field(default_factory=dict)
    _fresh: list[Sync] = field(default_factory=list)

    def word(self, what: str, *readers: str, shown: bool = True) -> str:
        """A new canary for what only ``readers`` may read."""
        word = f"zq{len(self.canaries):03d}x"
        self.canaries[word] = Canary(what, frozenset(readers), shown)
        return word

    def named(self, what: str) -> str:
        """The canary that stands for something."""
        (found,) = [mark for mark, canary in self.canaries.items() if canary.what == what]
        return found

    def hide(self, name: str, *readers: str) -> None:
        """Makes a canary of the id of that name. What others are told may not hold it, unless they asked with it."""
        self.canaries[str(self.ids[name])] = Canary(f"the id of {name}", frozenset(readers), shown=False)

    def known(self, who: str, **more: Any) -> dict[str, Any]:
        """What an attack may name: every id of the scene, as if overheard, ``me``, and an id of ``nothing``."""
        me = self.people[who].id if who in self.people else self.visitor
        return {**self.ids, "me": me, "nothing": self.nothing, **more}

    # -- connections --------------------------------------------------------------------------------------------------

    def fresh(self, who: str, **parameters: Any) -> Sync:
        """A new connection as the client makes it, for what changes the session. Closed with the stage."""
        if who in GATEWAY:
            claims = anonymous_claims(self.visitor) if who == "visitor" else None
            connection = gateway(self.database, claims, "authenticated" if who == "visitor" else "anon")
        else:
            connection = connect_as(self.database, self.people[who], **parameters)
        connection.cursor_factory = psycopg.ClientCursor  # many statements at once, as psql sends them
        self._fresh.append(connection)
        return connection

    def raw(self, who: str, **parameters: Any) -> Sync:
        """A new connection of the person's login with nothing set, as psql makes it. Closed with the stage."""
        connection = login(self.database, self.people[who], **parameters)
        connection.cursor_factory = psycopg.ClientCursor
        self._fresh.append(connection)
        return connection

    def as_(self, who: str) -> Sync:
        """The person's connection that the tests of a module share. Nothing stays of what is tried on it."""
        if who not in self._open or not _answers(self._open[who]):
            assert who != "sid" or who not in self._open, "somebody closed the connection of whoever signed out"
            self._open[who] = self.fresh(who)
        return self._open[who]

    def owner(self) -> Sync:
        """A connection of the owner's, in autocommit. The caller closes it."""
        return owner(self.database)

    def run(self, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """The rows of a statement of the owner's."""
        with self.owner() as connection:
            cursor = connection.execute(statement.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    # -- trying -------------------------------------------------------------------------------------------------------

    def attack(self, who: str, script: str, on: Sync | None = None, *, stays: bool = False, **more: Any) -> Told:
        """What somebody is told who runs ``script``, in which ``%(name)s`` is an id of the scene.

        Args:
            who: Whose connection it runs on.
            script: One or more statements.
            on: Another connection of theirs.
            stays: Outside a transaction; otherwise it is rolled back.
            more: Further parameters.

        Raises:
            AssertionError: they were told something that they may not read.
        """
        parameters = self.known(who, **more)
        told = tell(on or self.as_(who), script, parameters, stays=stays)
        self.finds_nothing(who, told, given=script + str(parameters if "%(" in script else ""))
        return told

    def forbidden(self, who: str) -> dict[str, Canary]:
        """The canaries that a person may not read."""
        return {mark: canary for mark, canary in self.canaries.items() if who not in canary.readers}

    def finds_nothing(self, who: str, told: Told | str, given: str = "") -> None:
        """Asserts that nothing of what ``who`` was told is for others, but for what they ``gave`` themselves."""
        text = str(told).lower()
        found = {
            canary.what
            for mark, canary in self.forbidden(who).items()
            if (mark in text or mark.encode().hex() in text) and mark not in given
        }
        assert not found, f"{who} was told {sorted(found)} by {given[:300]}: {text[:1000]}"

    def close(self) -> None:
        """Closes every connection."""
        for connection in (*self._fresh, *self._open.values()):
            connection.close()


def stage(database: DeskDatabase) -> Stage:
    """Makes the desk: two departments, a ticket of Otto's in Billing about which much was said, a ticket of Cora's in
    Support with a note, chats, articles, and everything else that a text can stand in."""
    made = Stage(database)
    word, ids = made.word, made.ids

    async def sign_up(people: People) -> dict[str, Person]:
        found = {}
        for name, (role, department) in PEOPLE.items():
            at = word(f"address of {name}", *_readers_of_address(name), shown=name not in NOBODY)
            called = name.title()
            if role == "customer":
                # What a waiting customer is called, a function tells and no table.
                called += " " + word(f"name of {name}", *_readers_of_name(name), shown=name != "olga")
            found[name] = await people.sign_up(f"{name}-{at}@desk.test", called, role, department)
        return found

    made.people = with_people(database, sign_up)
    ids.update({name: person.id for name, person in made.people.items()})
    for name in ("cora", "olga"):  # Otto voted on an article, and staff see who did
        made.hide(name, *_readers_of_name(name))
    for name, person in made.people.items():
        made.canaries[person.db_password] = Canary(f"password of {name}", frozenset(), shown=False)
    with owner(database) as connection:
        connection.execute("set helpdesk.mute = 'on'")
        for name, statement in _rows(made).items():
            row = connection.execute(statement.encode(), ids).fetchone()
            assert row is not None, name
            ids[name] = row[0]
        for (value,) in connection.execute("select encode(value, 'hex') from private.secrets").fetchall():
            made.canaries[value] = Canary("a secret", frozenset(), shown=False)
        connection.execute("analyze")
    for name, readers in (HIDDEN_IDS | stage_day.HIDDEN_IDS).items():
        made.hide(name, *readers)
    made.visitor = anonymous_visitor(database)

    made.as_("sid")
    with owner(database) as connection:
        connection.execute("delete from auth.sessions where user_id = %s", [ids["sid"]])
        # As if the login could not be cleared away: or a later sign-in here would close the connection.
        connection.execute(
            "update private.logins set checked_at = now() + interval '1 day' where session_id = %s",
            [made.people["sid"].session_id],
        )
        # As if nothing but the mark had been set: the sign-in and the login are still there.
        connection.execute("set session_replication_role = replica")
        connection.execute("update public.profiles set deactivated_at = now() where id = %s", [ids["dora"]])
    return made


def _readers_of_address(name: str) -> tuple[str, ...]:
    if PEOPLE[name][0] != "customer":
        return STAFF
    return {"cora": ("cora", "ada", "ann"), "otto": ("otto", "bo", "ann"), "olga": ("olga", "ann")}[name]


def _readers_of_name(name: str) -> tuple[str, ...]:
    return {"cora": ("cora", "ada", "ann"), "otto": ("otto", "bo", "ann"), "olga": ("olga", "bo", "ann")}[name]


OTTOS: Final = ("otto", "bo", "ann")
NOTED: Final = ("bo", "ann")
CORAS: Final = ("cora", "ada", "ann")
HIDDEN_IDS: Final = {
    "ticket": OTTOS,
    "message": OTTOS,
    "file": OTTOS,
    "request_file": OTTOS,
    "note": NOTED,
    "note_file": NOTED,
    "remark": NOTED,
    "rating": OTTOS,
    "own": CORAS,
    "own_message": CORAS,
    "own_note": ("ada", "ann"),
    "chat": OTTOS,
    "said": OTTOS,
    "over": OTTOS,
    "waiting": ("olga", "bo", "ann"),
    "asked": ("olga", "bo", "ann"),
    "tag": STAFF,
    "draft": STAFF,
    "archived": STAFF,
    "empty_category": STAFF,
    "sids_ticket": ("bo", "ann"),
    "bos_view": ("bo",),
    "billings_view": NOTED,
}
_VIEW: Final = (
    "insert into private.saved_views (id, owner_id, name, query, audience, department_id, sort)"
    " values (gen_random_uuid(), %(bo)s, '{name}', '{query}', {more}, 'due') returning id"
)


def _rows(made: Stage) -> dict[str, str]:
    """The statements that make the scene, in their order; each answers an id that the next ones may name."""
    w = made.word
    file = (
        "insert into public.ticket_attachments (ticket_id, message_id, name, sha256, data)"
        " select {ticket}, {message}, '{name}.txt', encode(sha256(d), 'hex'), d from (select '{data}'::bytea as d) x"
        " returning id"
    )
    say = (
        "insert into public.ticket_messages (ticket_id, sender_id, content, is_internal, html)"
        " values ({ticket}, {sender}, '{content}', {note}, '{html}') returning id"
    )
    notice = (
        "insert into public.notifications (user_id, type, ticket_id, title, content, metadata)"
        " values (%({who})s, 'reply', {ticket}, '{title}', '{content}', '{{\"a\": \"{metadata}\"}}') returning id"
    )
    rows = {
        "support": "select id from public.departments where name = 'Support'",
        "billing": f"update public.departments set description = '{w('description of a department', *ACTIVE)}'"
        " where name = 'Billing' returning id",
        "category": "insert into public.categories (name, description, department_id)"
        f" values ('Invoices', '{w('description of a category', *ACTIVE)}', %(billing)s) returning id",
        # Cora's ticket, in Support.
        "own": "insert into public.tickets (title, description, customer_id) values"
        f" ('Paper {w('title of own', *CORAS)}', '{w('text of own', *CORAS)}', %(cora)s) returning id",
        "own_message": say.format(
            ticket="%(own)s",
            sender="%(cora)s",
            content=w("message in own", *CORAS),
            note="false",
            html=w("html in own", *CORAS),
        ),
        "own_note": say.format(
            ticket="%(own)s",
            sender="%(ada)s",
            content=w("note on own", "ada", "ann"),
            note="true",
            html=w("html of the note on own", "ada", "ann"),
        ),
        # Otto's ticket, in Billing.
        "ticket": "insert into public.tickets"
        " (title, description, customer_id, department_id, assignee_id, category_id, metadata) values"
        f" ('{w('old title', *NOTED)}', '{w('text', *OTTOS)}', %(otto)s, %(billing)s, %(bo)s, %(category)s,"
        f' \'{{"a": "{w("metadata", *NOTED)}"}}\') returning id',
        "retitled": f"update public.tickets set title = '{w('title', *OTTOS)}', priority = 'urgent'"
        " where id = %(ticket)s returning id",
        "number": "select number from public.tickets where id = %(ticket)s",
        "message": say.format(
            ticket="%(ticket)s", sender="%(otto)s", content=w("message", *OTTOS), note="false", html=w("html", *OTTOS)
        ),
        "note": say.format(
            ticket="%(ticket)s",
            sender="%(bo)s",
            content=w("note", *NOTED),
            note="true",
            html=w("html of the note", *NOTED),
        ),
        "request_file": file.format(
            ticket="%(ticket)s",
            message="null",
            name=w("name of the request's file", *OTTOS),
            data=w("bytes of the request's file", *OTTOS),
        ),
        "file": file.format(
            ticket="%(ticket)s",
            message="%(message)s",
            name=w("name of a file", *OTTOS),
            data=w("bytes of a file", *OTTOS),
        ),
        "note_file": file.format(
            ticket="%(ticket)s",
            message="%(note)s",
            name=w("name of a note's file", *NOTED),
            data=w("bytes of a note's file", *NOTED),
        ),
        "tag": f"insert into public.ticket_tags (name, description, color) values ('{w('name of a tag', *STAFF)}',"
        f" '{w('description of a tag', *STAFF)}', 'red') returning id",
        "tagged": "insert into public.ticket_tag_relations values (%(ticket)s, %(tag)s) returning tag_id",
        "closed": "update public.tickets set status = 'closed' where id = %(ticket)s returning id",
        "remark": "insert into public.ticket_status_history (ticket_id, status, note)"
        f" values (%(ticket)s, 'closed', '{w('remark in the history', *NOTED)}') returning id",
        "rating": "insert into public.ticket_feedback (ticket_id, customer_id, rating, comment)"
        f" values (%(ticket)s, %(otto)s, 1, '{w('comment of a rating', *OTTOS)}') returning id",
        "sids_ticket": "insert into public.tickets (title, customer_id, department_id) values"
        f" ('{w('title of the ticket of who signed out', 'bo', 'ann')}', %(sid)s, %(billing)s) returning id",
        # Chats.
        "chat": "insert into public.chat_sessions (customer_id, agent_id, status, department_id, topic, metadata)"
        f" values (%(otto)s, %(bo)s, 'active', %(billing)s, '{w('topic', *OTTOS)}',"
        f' \'{{"a": "{w("metadata of a chat", *OTTOS)}"}}\') returning id',
        "said": "insert into public.chat_messages (session_id, sender_id, content)"
        f" values (%(chat)s, %(otto)s, '{w('chat message', *OTTOS)}') returning id",
        "over": "insert into public.chat_sessions"
        " (customer_id, agent_id, status, department_id, topic, ticket_id, rating, rating_comment)"
        f" values (%(otto)s, %(bo)s, 'ended', %(billing)s, '{w('topic of an ended chat', *OTTOS)}', %(ticket)s, 2,"
        f" '{w('comment on a chat', *OTTOS)}') returning id",
        "waiting": "insert into public.chat_sessions (customer_id, status, department_id, topic) values"
        f" (%(olga)s, 'waiting', %(billing)s, '{w('topic that waits', 'olga', 'bo', 'ann')}') returning id",
        "asked": "insert into public.chat_messages (session_id, sender_id, content)"
        f" values (%(waiting)s, %(olga)s, '{w('question that waits', 'olga', 'bo', 'ann')}') returning id",
        # Articles.
        "published_category": "insert into public.kb_categories (name, description) values"
        f" ('Printers', '{w('description of a category of articles', *ACTIVE, 'visitor')}') returning id",
        "empty_category": "insert into public.kb_categories (name, description) values"
        f" ('{w('name of an empty category', *STAFF)}', '{w('description of an empty one', *STAFF)}') returning id",
        "article": "insert into public.kb_articles (title, content, author_id, status, category_id, metadata)"
        f" values ('Printer', '{w('old version', *STAFF)}', %(bo)s, 'published', %(published_category)s,"
        f' \'{{"a": "{w("metadata of an article", *ACTIVE, "visitor")}"}}\') returning id',
        "rewritten": f"update public.kb_articles set content = '{w('article', *ACTIVE, 'visitor')} prints'"
        " where id = %(article)s returning id",
        "draft": "insert into public.kb_articles (title, content, author_id, status, category_id, metadata) values"
        f" ('{w('title of a draft', *STAFF)}', '{w('draft', *STAFF)}', %(bo)s, 'draft', %(empty_category)s,"
        f' \'{{"a": "{w("metadata of a draft", *STAFF)}"}}\') returning id',
        "archived": "insert into public.kb_articles (title, content, author_id, status) values"
        f" ('{w('title of an archived article', *STAFF)}', '{w('archived article', *STAFF)}', %(bo)s, 'archived')"
        " returning id",
        "vote": "insert into public.kb_article_feedback (article_id, user_id, helpful, comment) values"
        f" (%(article)s, %(otto)s, false, '{w('comment on an article', 'otto', *STAFF)}') returning id",
        # Saved views: Bo's own, and one he shared with Billing.
        "bos_view": _VIEW.format(
            name=w("name of a view", "bo", shown=False),
            query=w("query of a view", "bo", shown=False),
            more="'me', null",
        ),
        "billings_view": _VIEW.format(
            name=w("name of Billing's view", *NOTED, shown=False),
            query=w("query of Billing's view", *NOTED, shown=False),
            more="'department', %(billing)s",
        ),
        # Bo's own macro, and one of Billing's.
        "own_macro": "insert into private.macros (id, name, body, internal, change, author_id, shared) values"
        f" (gen_random_uuid(), '{w('name of a macro', 'bo', shown=False)}', '{w('macro', 'bo', shown=False)}', false,"
        " '{}', %(bo)s, 'me') returning id",
        "macro": "insert into private.macros (id, name, body, internal, change, author_id, shared, department_id)"
        f" values (gen_random_uuid(), 'Refund', '{w('macro of Billing', 'bo', 'ann', shown=False)}', false, '{{}}',"
        " %(bo)s, 'department', %(billing)s) returning id",
        # What nobody who signs in reads, and what an admin does.
        "act": "insert into private.acts (id, actor_id, kind, words, before, answer) values"
        f" (gen_random_uuid(), %(ann)s, 'set', '{w('act', 'ann', shown=False)}', '{{}}', '{{}}') returning id",
        "done": "insert into private.ticket_acts (id, actor_id, kind, words, before, answer) values"
        f" (gen_random_uuid(), %(bo)s, 'change', '{w('what bo did', 'bo', shown=False)}', jsonb_build_array("
        "jsonb_build_object('id', %(ticket)s, 'number', 1, 'priority', '[\"low\", \"low\"]'::jsonb)), '{}')"
        " returning id",
        "asleep": "insert into private.ticket_snoozes (ticket_id, until) values (%(ticket)s, '2099-01-01')"
        " returning ticket_id",
        "aside": "insert into private.set_aside (table_name, content, why) values"
        f" ('tickets', '{{\"a\": \"{w('what was set aside', shown=False)}\"}}', 'x') returning table_name",
        "first_admin": f"update private.settings set first_admin = '{w('first admin', shown=False)}@desk.test'"
        " returning only_row",
    }
    for name in PEOPLE:
        mine = (name,) if name in ACTIVE else ()
        picture = w(f"picture of {name}", *_readers_of_address(name))
        chosen = w(f"preferences of {name}", *mine, shown=False)
        rows[f"preferences of {name}"] = (
            f"update public.profiles set avatar_url = '{picture}', preferences = '{{\"a\": \"{chosen}\"}}'"
            f" where id = %({name})s returning id"
        )
        rows[f"notice of {name}"] = notice.format(
            who=name,
            ticket="%(ticket)s" if name in OTTOS else "null",
            title=w(f"notice of {name}", *mine),
            content=w(f"content of a notice of {name}", *mine),
            metadata=w(f"metadata of a notice of {name}", *mine),
        )
        rows[f"metadata of {name}"] = (
            f'update auth.users set raw_user_meta_data = \'{{"a": "{w(f"account of {name}", shown=False)}"}}\''
            f" where id = %({name})s returning id"
        )
        # From where somebody signed in: a list of sessions may tell themselves, and an admin.
        agent = w(f"device of {name}", *mine, "ann", shown=False)
        rows[f"session of {name}"] = (
            f"update auth.sessions set user_agent = '{agent}' where user_id = %({name})s returning id"
        )
    # Somebody was told of a ticket that is out of their sight by now: the line names its title.
    for name in ("cora", "ada", "ida"):
        late = w(f"notice of what {name} saw once", shown=False)
        rows[f"late notice of {name}"] = (
            "insert into public.notifications (user_id, type, ticket_id, title)"
            f" values (%({name})s, 'note', %(ticket)s, '{late}') returning id"
        )
    return rows | stage_day.day_rows(made)
