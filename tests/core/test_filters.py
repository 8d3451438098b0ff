"""The filter language: what it finds on a real database, what it refuses with a caret, and that nothing is pasted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_tui.core.filters import FIELDS, FilterError, Vocabulary, condition, parse
from helpdesk_tui.core.model import Department, Me, Person
from tests.world import DeskDatabase, People

ANN, ADA = UUID(int=1), UUID(int=2)
ME = Me(ANN, "ann@desk.test", "Ann", "admin", None, None, "aal1")
NAMES = Vocabulary(
    ME,
    (Person(ANN, "Ann", "admin", "ann@desk.test"), Person(ADA, "Ada Agent", "agent", "ada@desk.test")),
    (Department(UUID(int=3), "Support"),),
    (Department(UUID(int=4), "Broken parcels"), Department(UUID(int=5), "Invoices")),
    (Department(UUID(int=6), "vip"), Department(UUID(int=7), "late")),
)


@pytest.fixture(scope="module")
async def tickets(module_database: DeskDatabase) -> AsyncIterator[DeskDatabase]:
    """A dozen tickets that differ in one thing each, called by what that is."""
    people = People(module_database)
    run = module_database.run
    cora = await people.add("cora@desk.test", "Cora")
    for person, email in ((ANN, "ann@desk.test"), (ADA, "ada@desk.test")):
        await run("insert into auth.users (id, email) values (%s, %s)", [person, email])
        await run("update public.profiles set role = 'admin' where id = %s", [person])
    for each in NAMES.categories:
        await run("insert into public.categories (id, name) values (%s, %s)", [each.id, each.name])
    for each in NAMES.tags:
        await run("insert into public.ticket_tags (id, name) values (%s, %s)", [each.id, each.name])

    async def ticket(title: str, **columns: object) -> UUID:
        values = {"id": uuid4(), "title": title, "customer_id": cora.id, **columns}
        names, places = ", ".join(values), ", ".join(["%s"] * len(values))
        await run(f"insert into public.tickets ({names}) values ({places})", list(values.values()))
        found = values["id"]
        assert isinstance(found, UUID)
        return found

    await ticket("plain")
    await ticket("pending", status="pending")
    await ticket("closed", status="closed")
    await ticket("low", priority="low")
    await ticket("high", priority="high")
    await ticket("urgent 100%_", priority="urgent")
    await ticket("ann's", assignee_id=ANN)
    await ticket("ada's", assignee_id=ADA)
    await ticket("parcel", category_id=UUID(int=4))
    await ticket("old", created_at=datetime(2020, 5, 17, 12, tzinfo=UTC), updated_at=datetime(2020, 6, 1, tzinfo=UTC))
    for title, tags in (("vip", [6]), ("both", [6, 7])):
        for tag, made in [(tag, await ticket(title) if tag == tags[0] else None) for tag in tags]:
            made = made or (await run("select id from public.tickets where title = %s", [title]))[0][0]
            await run("insert into public.ticket_tag_relations values (%s, %s)", [made, UUID(int=tag)])
    yield module_database
    await people.close()


ALL = {"plain", "pending", "closed", "low", "high", "urgent 100%_", "ann's", "ada's", "parcel", "old", "vip", "both"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ALL),
        ("status:open", ALL - {"pending", "closed"}),
        ("status:pending|closed", {"pending", "closed"}),
        ("STATUS:Closed,pending", {"pending", "closed"}),
        ("-status:open", {"pending", "closed"}),
        ("priority:high", {"high"}),
        ("priority>=high", {"high", "urgent 100%_"}),
        ("priority<medium", {"low"}),
        ("assignee:@me", {"ann's"}),
        ("assignee:ADA@desk.test", {"ada's"}),
        ('assignee:"ada agent"|none -title', ALL - {"ann's"}),
        ("-assignee:none", {"ann's", "ada's"}),
        ("-assignee:@me", ALL - {"ann's"}),
        ('category:"broken parcels"', {"parcel"}),
        ("-category:none", {"parcel"}),
        ("tag:vip", {"vip", "both"}),
        ("tag:vip tag:late", {"both"}),
        ("tag:vip -tag:late", {"vip"}),
        ("tag:none status:closed", {"closed"}),
        ("updated>2d", {"old"}),
        ("updated<2d status:closed", {"closed"}),
        ("created<2020-05-17", set()),
        ("created<=2020-05-17", {"old"}),
        ("created>2020-05-17 status:closed", {"closed"}),
        ("created>=2020-05-17 created<2021-01-01", {"old"}),
        ('"100%_"', {"urgent 100%_"}),
        ("100%a", set()),
        ('-"s" -\'', ALL - {"ann's", "ada's", "closed"}),
        ("VIP", {"vip"}),
    ],
)
async def test_filter_finds(tickets: DeskDatabase, query: str, found: set[str]) -> None:
    wanted = condition(query, NAMES, zone=UTC)
    async with await tickets.connect() as connection:
        sql = f"select t.title from public.tickets t where {wanted.sql}"
        cursor = await connection.execute(sql.encode(), dict(wanted.params) or None)
        assert {row[0] for row in await cursor.fetchall()} == found


@pytest.mark.parametrize(
    ("query", "what", "caret", "hint"),
    [
        ("status:opne", "There is no status “opne”.", "opne", "Did you mean “open”?"),
        ("tag:vip|vpi", "There is no tag “vpi”.", "vpi", "Did you mean “vip”?"),
        ("assignee:ada@desk.tst", "There is no agent or admin “ada@desk.tst”.", "ada@desk.tst", "ada@desk.test"),
        ("statsu:open", "There is no field “statsu”.", "statsu", "Did you mean “status”?"),
        ("http://x", "There is no field “http”.", "http", "in quotes"),
        ("status>open", "“status” takes :, not “>”.", "status", None),
        ("updated:2d", "“updated” takes <, <=, > or >=, not “:”.", "updated", None),
        ("updated<soon", "“soon” is neither an age nor a date.", "soon", "2d"),
        ("created>2026-02-30", "“2026-02-30” is neither an age nor a date.", "2026-02-30", "2026-01-31"),
        ("priority>high|low", "Only one value can be compared to.", "low", None),
        ("plain status:", "Behind “status:” there is nothing.", "status:", None),
        ("status:open|", "Behind “status:” there is nothing.", "status:open|", None),
        ('a "b', "This quotation mark has no second one.", '"', None),
        ("a -", "A minus alone excludes nothing.", "-", "-tag:vip"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_a_caret_under_the_word(
    query: str, what: str, caret: str, hint: str | None
) -> None:
    with pytest.raises(FilterError) as refused:
        condition(query, NAMES)
    error = refused.value
    assert error.what == what
    assert error.query[error.start : error.end] == caret
    sentence, shown, under = error.message.split("\n")
    assert (sentence, shown) == (what, f"  {query}")
    assert under == " " * (2 + query.index(caret)) + "^" * len(caret)
    assert hint is None or hint in str(error.hint)


def test_caret_stands_under_the_word_behind_wide_letters() -> None:
    with pytest.raises(FilterError) as refused:
        condition("電源 status:x", NAMES)
    assert refused.value.message.split("\n")[2] == " " * (2 + 5 + 7) + "^"


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(
    [*(f"{name}:" for name in FIELDS), "'", '"', ";", "--", "%s", "%(x)s", "open", "-", "|", "<2d", " "]
)).map("".join)))  # fmt: skip
def test_nothing_that_is_typed_becomes_sql(query: str) -> None:
    """Whatever it is, the SQL is made of the same few pieces; only the parameters differ."""
    try:
        wanted = condition(query, NAMES)
    except FilterError:
        return
    assert set(wanted.sql) <= set("abcdefghijklmnopqrstuvwxyz_.,()%=<>[]:- 0123456789")
    bare = wanted.sql
    for name in sorted(wanted.params, key=len, reverse=True):
        bare = bare.replace(f"%({name})s", "?")
    assert "%" not in bare
    assert "'" not in bare
    assert len(parse(query).parts) == len(wanted.sql.split(" and ")) or not parse(query).parts
