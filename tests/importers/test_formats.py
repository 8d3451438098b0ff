"""What the records of each kind become."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from helpdesk_tui.importers.fields import Ids
from helpdesk_tui.importers.kb import Articles
from helpdesk_tui.importers.pipeline import Import
from helpdesk_tui.importers.tickets import Tickets, settle
from tests.importers.helping import NOW, article, as_file, bring_in, chat, thread


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def test_timestamps_authors_locales_and_html_survive(database):
    bring_in(database, [thread(1)], department="Forum")
    ((ticket,),) = await database.run(
        "select row_to_json(r) from (select t.*, d.name as department, c.email as requester, a.email as assignee"
        " from public.tickets t join public.departments d on d.id = t.department_id"
        " join public.profiles c on c.id = t.customer_id left join public.profiles a on a.id = t.assignee_id) r"
    )
    assert ticket["id"] == str(Ids("import").of("ticket", "t1"))
    assert ticket["title"] == "Subject 1"
    assert ticket["metadata"] == {
        "import": {"source": "import", "id": "t1"},
        "product": "mail",
        "topic": "sync",
        "locale": "it",
        "url": "https://forum.invalid/t1",
        "messages": {"a1": {"helpful": 1}, "c1": {"role": "community"}},
    }
    assert (ticket["requester"], ticket["assignee"]) == ("user-1@import.invalid", "agent-01@import.invalid")
    assert ticket["department"] == "Forum"
    assert datetime.fromisoformat(ticket["created_at"]) == at("2025-03-01T08:00:00")
    assert datetime.fromisoformat(ticket["updated_at"]) == at("2025-03-03T09:00:00")
    assert datetime.fromisoformat(ticket["first_response_at"]) == at("2025-03-02T10:15:30")
    assert await database.run(
        "select m.content, m.html, m.created_at, m.is_internal, p.full_name, p.role from public.ticket_messages m"
        " join public.profiles p on p.id = m.sender_id order by m.created_at"
    ) == [
        ("Question 1", "<p>Question <b>1</b></p>", at("2025-03-01T08:00:00"), False, "user-1", "customer"),
        ("Answer 1", None, at("2025-03-02T10:15:30"), False, "agent-01", "agent"),
        ("Same here", None, at("2025-03-02T11:00:00"), False, "user-9999", "customer"),
    ]
    assert await database.run("select array_agg(name order by name) from public.ticket_tags") == [(["sync", "tag-1"],)]


async def test_the_history_begins_open_by_the_requester_and_ends_as_it_is(database):
    bring_in(database, [thread(1)])
    assert await database.run(
        "select h.status::text, p.full_name, h.created_at from public.ticket_status_history h"
        " left join public.profiles p on p.id = h.changed_by order by h.created_at"
    ) == [("open", "user-1", at("2025-03-01T08:00:00")), ("resolved", None, at("2025-03-02T11:00:00"))]
    assert await database.run("select resolved_at, closed_at from public.tickets") == [
        (at("2025-03-02T11:00:00"), None)
    ]
    assert await database.run("select count(*) from public.ticket_events") == [(0,)]


@pytest.mark.parametrize(
    ("by_requester", "age", "helpful", "status"),
    [
        (True, 1, False, "open"),
        (True, 900, True, "open"),
        (False, 1, False, "pending"),
        (False, 1, True, "resolved"),
        (False, 31, False, "resolved"),
    ],
)
def test_the_status_tells_whose_turn_it_is(by_requester, age, helpful, status):
    assert settle(by_requester, NOW - timedelta(days=age), NOW, helpful=helpful) == status


async def test_a_status_in_the_file_or_in_the_command_goes_before(database):
    bring_in(database, [thread(1, status="closed", priority="urgent", due_date="2026-03-01T00:00:00Z")])
    Import(Tickets(now=NOW, status="pending")).run(as_file([thread(2, status="closed")]), database.owner_dsn)
    assert await database.run(
        "select status::text, priority::text, due_date, closed_at is not null from public.tickets order by number"
    ) == [("closed", "urgent", at("2026-03-01T00:00:00"), True), ("pending", "medium", None, False)]


async def test_a_note_is_internal_and_what_belongs_to_it_is_not_for_the_requester(database, people):
    record = thread(1)
    record["messages"].append(
        {"id": "n1", "author": "agent-01", "role": "agent", "internal": True, "created_at": "2025-03-04T00:00:00Z",
         "text": "A secret", "mood": "secret too"}
    )  # fmt: skip
    bring_in(database, [record])
    assert await database.run("select content from public.ticket_messages where is_internal") == [("A secret",)]
    ((metadata,),) = await database.run("select metadata::text from public.tickets")
    assert "secret" not in metadata
    # A note is not the requester's turn nor anybody's.
    assert await database.run("select status::text from public.tickets") == [("resolved",)]


async def test_an_imported_ticket_is_seen_by_its_department_and_no_other(database, people):
    bring_in(database, [thread(1)], department="Forum")
    seen = {}
    for name, department in (("own", "Forum"), ("other", "Billing")):
        person = await people.sign_up(f"{name}@desk.test", name, "agent", department)
        connection = await people.connect_as(person)
        cursor = await connection.execute(
            "select (select count(*) from public.tickets), (select count(*) from public.ticket_messages)"
        )
        seen[name] = await cursor.fetchone()
    assert seen == {"own": (1, 3), "other": (0, 0)}


async def test_an_imported_person_cannot_sign_in_and_is_never_an_admin(database):
    record = thread(1)
    record["messages"][1] |= {"author": "boss", "role": "admin"}
    bring_in(database, [record])
    assert await database.run("select role from public.profiles where email = 'boss@import.invalid'") == [("agent",)]
    assert await database.run("select count(*) from auth.users where encrypted_password is not null") == [(0,)]
    assert await database.run("select count(*) from auth.users where email_confirmed_at is not null") == [(0,)]


async def test_whoever_answers_later_in_the_file_becomes_staff_then(database, monkeypatch):
    from helpdesk_tui.importers import pipeline

    monkeypatch.setattr(pipeline, "BATCH_LINES", 1)
    first = thread(1, requester="agent-01")
    first["messages"] = [first["messages"][0] | {"author": "agent-01"}]
    bring_in(database, [first, thread(2)], department="Forum")
    assert await database.run(
        "select p.role, d.name from public.profiles p join public.departments d on d.id = p.department_id"
        " where p.email = 'agent-01@import.invalid'"
    ) == [("agent", "Forum")]


async def test_accounts_suit_a_sign_in_server_that_reads_tokens_as_text(database):
    await database.run("alter table auth.users add column confirmation_token varchar, add column email_change varchar")
    bring_in(database, [thread(1)])
    assert await database.run("select distinct confirmation_token, email_change from auth.users") == [("", "")]


@pytest.mark.parametrize(
    ("subject", "title"),
    [("  two\n lines\t", "two lines"), ("", "(no subject)"), ("x" * 600, "x" * 499 + "…"), ("a\0b", "a\ufffdb")],
)
async def test_a_subject_becomes_a_title_and_is_kept_whole(database, subject, title):
    bring_in(database, [thread(1, subject=subject)])
    ((found, metadata),) = await database.run("select title, metadata from public.tickets")
    assert found == title
    assert metadata.get("subject", title) == subject.replace("\0", "\ufffd")


async def test_hostile_text_is_stored_as_it_is(database):
    text = "\x1b]0;pwned\x07 [bold]x[/] \u202e \U0001f468\u200d\U0001f469\u200d\U0001f467 ''; drop table tickets; --\\"
    record = thread(1, tags=[text.strip()], requester=text)
    record["messages"][0] |= {"text": text, "author": text}
    bring_in(database, [record])
    assert (await database.run("select content from public.ticket_messages order by created_at"))[0] == (text,)
    assert await database.run("select name from public.ticket_tags") == [(text.strip(),)]


async def test_articles_keep_their_categories_dates_and_details(database):
    tally = bring_in(database, [article(1), article(2), article(3, category="Outlook", section="")], "kb")
    assert tally.added == {"people": 1, "categories": 4, "articles": 3}
    assert await database.run(
        "select a.title, a.content, c.name, p.name, a.status, a.updated_at, a.published_at, a.metadata"
        " from public.kb_articles a join public.kb_categories c on c.id = a.category_id"
        " join public.kb_categories p on p.id = c.parent_id where a.title = 'Article 1'"
    ) == [
        (
            "Article 1",
            "# Article 1\n\nText",
            "Hybrid",
            "Exchange",
            "published",
            at("2024-01-24"),
            at("2024-01-24"),
            {
                "import": {"source": "import", "id": "kb-1"},
                "summary": "short",
                "applies_to": ["one", "two"],
                "path": "a/1.md",
                "source": "https://docs.invalid/",
            },
        )
    ]
    assert await database.run("select count(*), min(created_at) from public.kb_article_versions") == [
        (3, at("2024-01-24"))
    ]
    assert await database.run("select full_name, role from public.profiles") == [("Imported articles", "customer")]


async def test_articles_can_have_a_colleague_as_author_and_a_status(database, people):
    ada = await people.add("ada@desk.test", "Ada", "agent", "Forum")
    form = Articles(now=NOW, status="draft", author=True)
    Import(form, author="Ada@desk.test").run(as_file([article(1), article(2, author="bob")]), database.owner_dsn)
    assert await database.run(
        "select a.status, a.published_at, p.id = %s from public.kb_articles a"
        " join public.profiles p on p.id = a.author_id order by a.title",
        [ada.id],
    ) == [("draft", None, True), ("draft", None, False)]


async def test_chats_are_over_and_keep_times_people_and_answers(database):
    bring_in(database, [chat(1), chat(2, agent=None, messages=[], ended_at=None)], "chats", department="Phone")
    assert await database.run(
        "select c.full_name, a.full_name, d.name, s.status, s.created_at, s.ended_at, s.metadata"
        " from public.chat_sessions s join public.profiles c on c.id = s.customer_id"
        " left join public.profiles a on a.id = s.agent_id left join public.departments d on d.id = a.department_id"
        " order by c.full_name"
    ) == [
        (
            "visitor-1",
            "agent-ab",
            "Phone",
            "ended",
            at("2020-05-13T13:14:57"),
            at("2020-05-13T13:19:22"),
            {
                "import": {"source": "import", "id": "1"},
                "channel": "chat",
                "questionnaire": {"Calm?": True},
                "happy_path": False,
                "satisfied": False,
                "messages": {"1": {"intent": "ask_name"}},
            },
        ),
        (
            "visitor-2",
            None,
            None,
            "ended",
            at("2020-05-13T13:14:57"),
            at("2020-05-13T13:14:57"),
            {
                "import": {"source": "import", "id": "2"},
                "channel": "chat",
                "questionnaire": {"Calm?": True},
                "happy_path": False,
                "satisfied": False,
            },
        ),
    ]
    assert await database.run(
        "select m.content, p.full_name, m.created_at from public.chat_messages m"
        " join public.profiles p on p.id = m.sender_id order by m.created_at"
    ) == [
        ("Hello", "visitor-1", at("2020-05-13T13:14:57")),
        ("Your name?", "agent-ab", at("2020-05-13T13:15:14")),
    ]
