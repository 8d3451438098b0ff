"""The desk that the fuzz runs against: every text in it is a canary with the list of those who may read it.

A canary is ``zq`` and a number and ``zq``, inside of every text, name, address and secret. Ids are fixed, so that a
seed gives the same statements every time. Half of what is out of everybody's scope bears ids that the generator is
never given: these are canaries too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

from tests.db.sessions import Sync, owner, with_people
from tests.world import DeskDatabase, People, Person

HIDDEN: Final = "5ec2e7ed"
"""How an id begins that nobody who fuzzes may come to know."""

FUZZERS: Final = ("customer", "agent", "anonymous", "signed out")
TEAM: Final = frozenset({"agent"})
REQUESTER: Final = frozenset({"customer"})
BOTH: Final = TEAM | REQUESTER
READERS: Final = BOTH | {"anonymous"}
NOBODY: Final[frozenset[str]] = frozenset()


@dataclass
class FuzzScene:
    """The desk, its people, what each canary is, and who may read it."""

    database: DeskDatabase
    people: dict[str, Person] = field(default_factory=dict)
    ids: dict[str, UUID] = field(default_factory=dict)
    canaries: dict[int, tuple[str, frozenset[str]]] = field(default_factory=dict)

    def text(self, what: str, readers: frozenset[str]) -> str:
        """A text that only ``readers`` may read (and the owner, and people who do not fuzz)."""
        number = len(self.canaries) + 100
        self.canaries[number] = (what, readers)
        return f"{what} zq{number}zq"

    def word(self, what: str, readers: frozenset[str]) -> str:
        """The same without a space."""
        return self.text(what, readers).replace(" ", "-")

    def forbidden(self, fuzzer: str) -> frozenset[int]:
        """The canaries that somebody may not read."""
        return frozenset(number for number, (_, readers) in self.canaries.items() if fuzzer not in readers)


def known(number: int) -> UUID:
    """An id that the generator is given."""
    return UUID(f"0a11c0de-0000-4000-8000-{number:012x}")


def hidden(number: int) -> UUID:
    """An id that it is not given."""
    return UUID(f"{HIDDEN}-0000-4000-8000-{number:012x}")


# name, shown to, role, department, is the id known
_PEOPLE: Final = (
    ("cora", BOTH, "customer", None, True),
    ("otto", TEAM, "customer", None, True),
    ("olga", NOBODY, "customer", None, False),
    ("theo", TEAM, "customer", None, True),
    ("ada", BOTH, "agent", "Support", True),
    ("bo", BOTH, "agent", "Billing", True),
    ("gus", BOTH, "agent", "Support", True),
    ("ann", BOTH, "admin", None, True),
)

_OWN: Final = {"cora": REQUESTER, "ada": TEAM}

# name, requester, assignee, department, status, who reads it, who reads the notes, is the id known
_TICKETS: Final = (
    ("own", "cora", "ada", "Support", "open", BOTH, TEAM, True),
    ("queue", "otto", None, "Support", "open", TEAM, TEAM, True),
    ("foreign", "otto", "bo", "Billing", "open", NOBODY, NOBODY, True),
    ("elsewhere", "cora", "bo", "Billing", "pending", REQUESTER, NOBODY, True),
    ("agents_own", "ada", "gus", "Support", "open", TEAM, NOBODY, True),
    ("lent", "otto", "ada", "Billing", "open", TEAM, TEAM, True),
    ("closed", "cora", None, "Support", "closed", BOTH, TEAM, True),
    ("foreign_closed", "olga", "bo", "Billing", "closed", NOBODY, NOBODY, False),
    ("hidden", "olga", "bo", "Billing", "open", NOBODY, NOBODY, False),
)

# name, customer, agent, department, status, who reads it (or can, by taking it), is the id known
_CHATS: Final = (
    ("talk", "cora", "ada", "Support", "active", BOTH, True),
    ("foreign_talk", "otto", "bo", "Billing", "active", NOBODY, True),
    ("waiting_elsewhere", "olga", None, "Billing", "waiting", NOBODY, False),
    ("waiting", "theo", None, None, "waiting", TEAM, True),
    ("over", "cora", "bo", "Billing", "ended", REQUESTER, True),
    ("foreign_over", "otto", "bo", "Billing", "ended", NOBODY, True),
)


class _Writer:
    """Writes the scene's rows as the owner."""

    def __init__(self, scene: FuzzScene, connection: Sync) -> None:
        self.scene = scene
        self.connection = connection
        self.numbers = {"known": 0x100, "hidden": 0x100}

    def row(self, table: str, label: str, shown: bool, /, **columns: Any) -> UUID:
        """Inserts a row under an id of its own; the id."""
        kind = "known" if shown else "hidden"
        self.numbers[kind] += 1
        found = known(self.numbers[kind]) if shown else hidden(self.numbers[kind])
        self.scene.ids[label] = found
        columns = {"id": found, **columns}
        statement = (
            f"insert into {table} ({', '.join(columns)}) values ({', '.join(f'%({column})s' for column in columns)})"
        )
        self.connection.execute(statement.encode(), columns)
        return found


def _tickets(writer: _Writer) -> None:
    scene, ids = writer.scene, writer.scene.ids
    for name, requester, assignee, department, status, readers, team, shown in _TICKETS:
        ticket = writer.row(
            "public.tickets", name, shown, title=scene.text(f"first title of {name}", team),
            description=scene.text(f"description of {name}", readers), customer_id=ids[requester],
            department_id=ids[department], assignee_id=ids[assignee] if assignee else None,
            metadata=json.dumps({"a": scene.text(f"metadata of {name}", team)}),
        )  # fmt: skip
        writer.connection.execute(
            "update public.tickets set title = %s, priority = 'high' where id = %s",
            [scene.text(f"title of {name}", readers), ticket],
        )
        staff = ids[assignee or "ada"]
        for kind, who, internal, seen_by in (
            ("question", ids[requester], False, readers),
            ("answer", staff, False, readers),
            ("note", staff, True, team),
        ):
            message = writer.row(
                "public.ticket_messages", f"{name}_{kind}", shown, ticket_id=ticket, sender_id=who,
                content=scene.text(f"{kind} in {name}", seen_by), is_internal=internal,
            )  # fmt: skip
            data = scene.text(f"file of the {kind} in {name}", seen_by).encode()
            writer.connection.execute(
                """insert into public.ticket_attachments (id, ticket_id, message_id, name, sha256, data)
                   values (%s, %s, %s, %s, encode(sha256(%s), 'hex'), %s)""",
                [
                    UUID(int=message.int + 0x10000),
                    ticket,
                    message,
                    scene.word(f"name of the {kind}'s file in {name}", seen_by),
                    data,
                    data,
                ],
            )
            ids[f"{name}_{kind}_file"] = UUID(int=message.int + 0x10000)
        writer.row(
            "public.ticket_status_history", f"{name}_remark", shown, ticket_id=ticket, status="open",
            changed_by=staff, note=scene.text(f"remark in {name}", team),
        )  # fmt: skip
        if status != "open":
            writer.connection.execute("update public.tickets set status = %s where id = %s", [status, ticket])
        if status == "closed":
            writer.row(
                "public.ticket_feedback", f"{name}_rating", shown, ticket_id=ticket, customer_id=ids[requester],
                rating=2, comment=scene.text(f"rating of {name}", readers),
            )  # fmt: skip


def _chats(writer: _Writer) -> None:
    scene, ids = writer.scene, writer.scene.ids
    for name, customer, agent, department, status, readers, shown in _CHATS:
        over = status == "ended"
        chat = writer.row(
            "public.chat_sessions", name, shown, customer_id=ids[customer], agent_id=ids[agent] if agent else None,
            department_id=ids[department] if department else None, status=status,
            topic=scene.text(f"topic of {name}", readers),
            metadata=json.dumps({"a": scene.text(f"metadata of {name}", readers)}), rating=3 if over else None,
            rating_comment=scene.text(f"rating of {name}", readers) if over else None,
        )  # fmt: skip
        for kind, who in (("asked", customer), ("answered", agent)):
            if who:
                writer.row(
                    "public.chat_messages", f"{name}_{kind}", shown, session_id=chat, sender_id=ids[who],
                    content=scene.text(f"what was {kind} in {name}", readers),
                )  # fmt: skip


def _articles(writer: _Writer) -> None:
    scene, ids = writer.scene, writer.scene.ids
    shelf = writer.row("public.kb_categories", "shelf", True, name=scene.text("shelf", READERS))
    empty = writer.row("public.kb_categories", "draft_shelf", True, name=scene.text("shelf of drafts", TEAM))
    for name, category, status, readers in (
        ("article", shelf, "published", READERS),
        ("draft", empty, "draft", TEAM),
        ("archived", empty, "archived", TEAM),
    ):
        article = writer.row(
            "public.kb_articles", name, True, title=scene.text(f"first title of the {name}", TEAM),
            content=scene.text(f"first text of the {name}", TEAM), category_id=category, author_id=ids["ada"],
            status="draft", metadata=json.dumps({"a": scene.text(f"metadata of the {name}", readers)}),
        )  # fmt: skip
        writer.connection.execute(
            "update public.kb_articles set title = %s, content = %s, status = %s where id = %s",
            [
                scene.text(f"title of the {name}", readers),
                scene.text(f"text of the {name}", readers),
                status,
                article,
            ],
        )
    for who, readers in (("cora", BOTH), ("otto", TEAM)):
        writer.row(
            "public.kb_article_feedback", f"{who}_opinion", True, article_id=ids["article"], user_id=ids[who],
            helpful=True, comment=scene.text(f"opinion of {who}", readers),
        )  # fmt: skip


def _private(writer: _Writer) -> None:
    scene, ids, run = writer.scene, writer.scene.ids, writer.connection.execute
    run(
        "update auth.users set encrypted_password = %s, phone = id::text || %s, recovery_token = %s",
        [scene.text("password", NOBODY), scene.text("phone", NOBODY), scene.text("recovery token", NOBODY)],
    )
    for name in scene.people:
        # Everybody may see from where they are signed in themselves.
        agent = scene.text(f"user agent of {name}", _OWN.get(name, NOBODY))
        run("update auth.sessions set user_agent = %s where user_id = %s", [agent, ids[name]])
    run("update private.settings set first_admin = %s", [scene.text("first admin", NOBODY)])
    run("update private.secrets set value = %s || value", [scene.text("secret", NOBODY).encode()])
    run(
        "insert into private.set_aside (table_name, content, why) values ('x', %s, %s)",
        [json.dumps({"a": scene.text("set aside", NOBODY)}), scene.text("why set aside", NOBODY)],
    )
    run(
        "insert into private.acts (id, actor_id, kind, words, before, answer) values (%s, %s, 'move', %s, %s, '{}')",
        [ids["act"], ids["ann"], scene.text("act", NOBODY), json.dumps({"a": scene.text("act's before", NOBODY)})],
    )
    for name, department, readers in (
        ("macro", "Support", TEAM),
        ("own_macro", None, NOBODY),
        ("foreign_macro", "Billing", NOBODY),
    ):
        writer.row(
            "private.macros", name, readers is TEAM, name=scene.text(f"name of {name}", readers),
            body=scene.text(f"text of {name}", readers), internal=False, change="{}", author_id=ids["bo"],
            shared="department" if department else "me", department_id=ids[department] if department else None,
        )  # fmt: skip
    for name, readers in (("cora", REQUESTER), ("ada", TEAM), ("bo", NOBODY), ("gus", NOBODY), ("otto", NOBODY)):
        run(
            "insert into public.notifications (user_id, type, title, content) values (%s, 'news', %s, %s)",
            [ids[name], scene.text(f"news for {name}", readers), scene.text(f"news' text for {name}", readers)],
        )
    # What triggers wrote under random ids gets fixed ones.
    run("set session_replication_role = replica")
    for number, (table, column) in enumerate(
        (
            ("ticket_status_history", "ticket_id"),
            ("ticket_events", "ticket_id"),
            ("kb_article_versions", "article_id"),
            ("notifications", "user_id"),
        )
    ):
        run(
            f"""update public.{table} t
                   set id = (case when t.{column}::text like '{HIDDEN}%%' then '{HIDDEN}' else '0a11c0de' end
                             || '-0000-4000-800{number + 1}-' || lpad(n.n::text, 12, '0'))::uuid
                  from (select id, row_number() over (order by created_at, {column}, id) as n
                          from public.{table}) n where n.id = t.id""".encode()
        )
        for count, (row,) in enumerate(run(f"select id from public.{table} order by id".encode()).fetchall()):
            ids[f"{table}_{count}"] = row
    run("set session_replication_role = origin")


def fuzz_scene(database: DeskDatabase) -> FuzzScene:
    """Makes it in an empty helpdesk. "gus" is signed in, and signed out again behind his connection's back later."""
    scene = FuzzScene(database)
    ids = scene.ids
    with owner(database) as connection:
        writer = _Writer(scene, connection)
        run = connection.execute
        for number, department in enumerate(("Support", "Billing", "Empty")):
            ids[department] = known(number + 1)
            run(
                """insert into public.departments (id, name, is_default) values (%s, %s, %s)
                   on conflict (lower(name)) do nothing""",
                [ids[department], department, False],
            )
            run("update public.departments set id = %s where name = %s", [ids[department], department])
        writer.row("public.categories", "category", True, name="Printers", department_id=ids["Support"])
        for number, (name, readers, role, works_in, shown) in enumerate(_PEOPLE):
            ids[name] = known(0x20 + number) if shown else hidden(0x20 + number)
            staff = role != "customer"
            # Anybody who signed in may learn what staff are called; customers learn nothing else of them.
            full_name = scene.text(name.title(), READERS if staff else readers)
            address = scene.word(name, TEAM if staff else readers) + "@desk.test"
            run(
                """insert into auth.users (id, aud, role, email, email_confirmed_at, raw_app_meta_data,
                                           raw_user_meta_data)
                   values (%s, 'authenticated', 'authenticated', %s, now(), '{}', %s)""",
                [ids[name], address, json.dumps({"full_name": full_name})],
            )
            run(
                "update public.profiles set role = %s, department_id = %s, preferences = %s where id = %s",
                [
                    role,
                    ids.get(works_in or ""),
                    json.dumps({"a": scene.text(f"preferences of {name}", _OWN.get(name, NOBODY))}),
                    ids[name],
                ],
            )
            scene.people[name] = Person(ids[name], address, full_name, role, ids.get(works_in or ""))
        ids["visitor"] = known(0x40)
        run(
            "insert into auth.users (id, aud, role, is_anonymous) values (%s, 'authenticated', 'authenticated', true)",
            [ids["visitor"]],
        )
        ids["act"] = hidden(0x50)
        ids["tag"] = known(0x51)
        run("insert into public.ticket_tags (id, name) values (%s, %s)", [ids["tag"], scene.word("tag", TEAM)])
        _tickets(writer)
        for ticket in ("own", "foreign", "hidden"):
            run("insert into public.ticket_tag_relations values (%s, %s)", [ids[ticket], ids["tag"]])
        _chats(writer)
        _articles(writer)

    async def sign_in(people: People) -> dict[str, Person]:
        return {name: await people.sign_in(person) for name, person in scene.people.items()}

    scene.people = with_people(database, sign_in)
    from tests.attacks.fuzz_day import add_day

    with owner(database) as connection:
        _private(_Writer(scene, connection))
        add_day(scene, connection)
        connection.execute("analyze")
    return scene


def fuzzing(scene: FuzzScene) -> Mapping[str, Person]:
    """Who stands behind each of FUZZERS."""
    visitor = replace(scene.people["cora"], id=scene.ids["visitor"], email="", name="", role="")
    return {
        "customer": scene.people["cora"],
        "agent": scene.people["ada"],
        "anonymous": visitor,
        "signed out": scene.people["gus"],
    }
