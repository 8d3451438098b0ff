"""The filter language: what it finds on a real database, what it refuses with a caret, and that nothing is pasted."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk_tui.core.filters import FIELDS, Condition, CustomField, FilterError, Vocabulary, condition, parse, printed
from helpdesk_tui.core.filters.tree import And, Node, Not, Or, Term, Value, Words
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
    (CustomField("plan", "Plan", choices=("Gold", "Silver")), CustomField("seats", kind="number")),
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
    await ticket("high or low (x)")
    for title, hours in (("late", -2), ("soon", 2), ("some day", 90)):
        await ticket(title, due_date=datetime.now(UTC) + timedelta(hours=hours))
    await run("update public.tickets set metadata = %s where title = 'some day'", ['{"plan": "Gold", "seats": "12"}'])
    for title, tags in (("vip", [6]), ("both", [6, 7])):
        for tag, made in [(tag, await ticket(title) if tag == tags[0] else None) for tag in tags]:
            made = made or (await run("select id from public.tickets where title = %s", [title]))[0][0]
            await run("insert into public.ticket_tag_relations values (%s, %s)", [made, UUID(int=tag)])
    yield module_database
    await people.close()


ALL = {
    "late",
    "soon",
    "some day",
    "high or low (x)",
    "plain",
    "pending",
    "closed",
    "low",
    "high",
    "urgent 100%_",
    "ann's",
    "ada's",
    "parcel",
    "old",
    "vip",
    "both",
}


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
        ('-"s" -\'', ALL - {"ann's", "ada's", "closed", "soon", "some day"}),
        ("VIP", {"vip"}),
        ("tag:late or priority:low", {"both", "low"}),
        ("status:closed or (priority>=high -priority:urgent)", {"closed", "high"}),
        ("-(assignee:none or assignee:@me)", {"ada's"}),
        ("-(-assignee:@me)", {"ann's"}),
        ("plain and VIP or low", {"low", "high or low (x)"}),
        ("is:closed or is:mine", {"closed", "ann's"}),
        ("-is:open", {"closed"}),
        ("is:overdue,closed", {"late", "closed"}),
        ("due<1d", {"late", "soon"}),
        ("due<-1h", {"late"}),
        ("due>1d", {"some day"}),
        ("due:none -is:closed", ALL - {"late", "soon", "some day", "closed"}),
        ("created:2020-05-17,today status:closed", {"closed"}),
        ("created:2020-05-17", {"old"}),
        ("field.plan:GOLD", {"some day"}),
        ("field.seats>9", {"some day"}),
        ("field.plan:none due>1d", set()),
        ('"or" or "(x)"', {"high or low (x)"}),
        ("sort:due is:closed", {"closed"}),
    ],
)
async def test_filter_finds(tickets: DeskDatabase, query: str, found: set[str]) -> None:
    wanted = condition(query, NAMES, zone=UTC)
    async with await tickets.connect() as connection:
        # The owner is believed about who asks.
        await connection.execute("select set_config('request.jwt.claims', %s, false)", [json.dumps({"sub": str(ANN)})])
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
        ("updated:2d", "“2d” is an age, and no day.", "2d", "updated<2d"),
        ("due<99999y", "“99999y” is longer than anything lasts.", "99999y", "2d"),
        ("number:1a", "“1a” is no ticket's number.", "1a", "#1042"),
        ("is:lost", "There is no state “lost”.", "lost", "Did you mean “closed”?"),
        ("a (status:open", "This parenthesis is not closed.", "(", None),
        ("a) b", "This parenthesis closes none.", ")", None),
        ("a () b", "Between these parentheses there is nothing.", "()", None),
        ("a (b or -(tag:vpi))", "There is no tag “vpi”.", "vpi", "Did you mean “vip”?"),
        ("a or", "“or” stands between two things.", "or", '"or"'),
        ("and a", "“and” stands between two things.", "and", '"and"'),
        ("(a or) b", "“or” stands between two things.", "or", '"or"'),
        ("tag:(vip)", "Behind “tag:” there is nothing.", "tag:", "tag:vip,late"),
        ("sort:updated sort:due", "There is one order.", "sort", None),
        ("a -sort:due", "The order stands outside of parentheses, and has no contrary.", "sort", None),
        ('a ""', "Between these quotation marks there is nothing.", '""', None),
        ("updated<soon", "“soon” is neither an age nor a date.", "soon", "2d"),
        ("created>2026-02-30", "“2026-02-30” is neither an age nor a date.", "2026-02-30", "2026-01-31"),
        ("priority>high|low", "Only one value can be compared to.", "low", None),
        ("plain status:", "Behind “status:” there is nothing.", "status:", None),
        ("status:open|", "Behind “status:” there is nothing.", "status:open|", None),
        ('a "b', "This quotation mark is not closed.", '"', None),
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
    assert under == " " * (2 + error.start) + "^" * len(caret)
    assert hint is None or hint in str(error.hint)


def test_caret_stands_under_the_word_behind_wide_letters() -> None:
    with pytest.raises(FilterError) as refused:
        condition("電源 status:x", NAMES)
    assert refused.value.message.split("\n")[2] == " " * (2 + 5 + 7) + "^"


def compiled(query: str) -> Condition | FilterError:
    """What it asks, or why not."""
    try:
        return condition(query, NAMES)
    except FilterError as refused:
        return refused


TYPED = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(
    [*(f"{name}:" for name in (*FIELDS, "field.seats")), "'", '"', ";", "--", "%s", "%(x)s", "open", "-", "|", "<2d",
     " ", "(", ")", " or ", "#12", "2026-01-31", "none", "medium", "field.plan>", "\\", "\0", "\ud800", "9" * 20]
)).map("".join))  # fmt: skip


@given(TYPED)
def test_nothing_that_is_typed_becomes_sql(query: str) -> None:
    """Whatever it is, the SQL is made of the same few pieces; only the parameters differ."""
    wanted = compiled(query)
    if isinstance(wanted, FilterError):
        assert 0 <= wanted.start < wanted.end
        return
    assert set(wanted.sql) <= set("abcdefghijklmnopqrstuvwxyz_.,()%=<>[]:-~+ 0123456789")
    bare = wanted.sql
    for name in sorted(wanted.params, key=len, reverse=True):
        bare = bare.replace(f"%({name})s", "?")
    assert "%" not in bare
    for word in re.findall(r"[^\W_]{4,}", query):
        assert word.lower() in _OURS or word.lower() not in bare


_OURS = {
    *FIELDS,
    *("helpdesk", "with", "field", "open", "null", "true", "false", "title", "where", "select", "waiting", "tags"),
    *("text", "case"),
}

WORDS = st.text(min_size=1, max_size=12).filter(lambda text: not re.search("[\0\ud800-\udfff]", text)).map(Value)
NAMED = st.sampled_from([*FIELDS, "field.Key", "nonsense"]).map(Value)
TREES = st.recursive(
    st.one_of(
        WORDS.map(Words),
        st.builds(Term, NAMED, st.sampled_from((":", "<", "<=", ">", ">=")), st.lists(WORDS, min_size=1).map(tuple)),
    ),
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: Or(tuple(parts))),
    ),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a tree takes long to draw on a busy machine
@given(TREES)
def test_tree_printed_and_parsed_again_is_the_same_tree(tree: Node) -> None:
    assert parse(printed(tree)) == tree


@given(TYPED)
def test_what_was_parsed_is_parsed_again_as_it_was_printed(query: str) -> None:
    try:
        tree = parse(query)
    except FilterError:
        return
    assert parse(printed(tree)) == tree


def test_too_long_and_too_deep_is_refused_with_a_place() -> None:
    for query in ("a " * 1001, "(" * 31 + "a" + ")" * 31, "-(" * 40):
        with pytest.raises(FilterError) as refused:
            parse(query)
        assert refused.value.start in (2000, 30, 61)


def test_customer_has_the_fields_of_a_customer() -> None:
    names = Vocabulary(Me(ANN, "c@x.test", "C", "customer", None, None, "aal1"), categories=NAMES.categories)
    for query in ("assignee:@me", "tag:vip", "field.plan:gold", "is:mine", "is:unassigned"):
        with pytest.raises(FilterError, match="There is no"):
            condition(query, names)
    assert condition("is:open status:pending category:invoices due<1d", names).state == "open"


@pytest.mark.parametrize(
    ("query", "state"),
    [
        ("", None),
        ("status:open", "open"),
        ("is:open tag:vip", "open"),
        ("-is:closed", "open"),
        ("-status:open,pending", "ended"),
        ("status:open or tag:vip", None),
        ("status:open or is:overdue", "open"),
        ("-(status:open tag:vip)", None),
        ("-(status:open or status:pending)", "ended"),
        ("status:open status:closed", "open"),
        ("-is:overdue", None),
    ],
)
def test_condition_knows_which_half_of_the_tickets_it_is_about(query: str, state: str | None) -> None:
    assert condition(query, NAMES).state == state
