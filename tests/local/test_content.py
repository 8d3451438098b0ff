"""The demo's content is whole, varied, and says nothing about anybody real."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from helpdesk_tui.local.content import Change, ContentError, DemoContent, Message, Rating, Ticket, load, reader
from helpdesk_tui.local.content.checks import KB_LINK, check

ADDRESS = re.compile(r"[\w.+-]+@([\w.-]+\w)")
HOST = re.compile(r"\b(?:[\w-]+\.)+(?:com|net|org|io|dev|app|de|fr|es|it|jp|uk|ch|eu)\b(?!\.\w)")
ALLOWED_HOST = re.compile(r"(?:[\w-]+\.)*example\.(?:com|org|net)")


@pytest.fixture(scope="module")
def content() -> DemoContent:
    """The content as shipped."""
    return load()


def texts(content: DemoContent) -> Iterator[str]:
    """Everything that a person could read on the screen."""
    for ticket in content.tickets:
        yield ticket.subject
        yield ticket.description
        yield from (message.text for message in ticket.messages)
        if ticket.rating is not None and ticket.rating.comment is not None:
            yield ticket.rating.comment
    for article in content.articles:
        yield article.title
        yield article.body
    for chat in content.chats:
        yield chat.topic
        yield from (message.text for message in chat.messages)
    yield from (person.name for person in content.people)


def public(ticket: Ticket) -> list[Message]:
    """The messages that the requester sees."""
    return [message for message in ticket.messages if not message.internal]


def test_there_is_enough_of_everything(content: DemoContent) -> None:
    assert len(content.tickets) >= 150
    assert len(content.articles) >= 40
    assert len(content.chats) >= 24
    assert len(content.departments) == 3
    assert 8 <= len(content.categories) <= 12
    assert 12 <= len(content.tags) <= 18
    assert Counter(person.role for person in content.people)["admin"] == 2
    assert Counter(person.role for person in content.people)["customer"] >= 40


def test_every_department_has_its_share(content: DemoContent) -> None:
    assert min(Counter(ticket.department for ticket in content.tickets).values()) >= 30


def test_subjects_and_texts_are_all_distinct(content: DemoContent) -> None:
    subjects = Counter(ticket.subject.casefold() for ticket in content.tickets)
    assert [subject for subject, count in subjects.items() if count > 1] == []
    written = Counter(
        " ".join(text.split()).casefold()
        for ticket in content.tickets
        for text in (ticket.description, *(message.text for message in ticket.messages))
    )
    assert [text for text, count in written.items() if count > 1] == []


def test_no_address_outside_the_example_domains(content: DemoContent) -> None:
    hosts = [person.email.partition("@")[2] for person in content.people]
    for text in texts(content):
        hosts += ADDRESS.findall(text)
        hosts += HOST.findall(text)
    assert len(hosts) > 60
    assert [host for host in hosts if not ALLOWED_HOST.fullmatch(host)] == []


def test_texts_hold_no_control_characters(content: DemoContent) -> None:
    odd = {"Cc", "Cf", "Co", "Cs"}
    found = {
        hex(ord(letter))
        for text in texts(content)
        for letter in text
        if letter not in "\n\u200d" and unicodedata.category(letter) in odd
    }
    assert found == set()


def test_the_three_demo_people_exist(content: DemoContent) -> None:
    people = {person.email: person for person in content.people}
    assert people["agent@example.com"].role == "agent"
    assert people["agent@example.com"].department == "support"
    assert people["admin@example.com"].role == "admin"
    assert people["customer@example.com"].role == "customer"


def test_the_demo_customer_has_tickets_in_every_state(content: DemoContent) -> None:
    me = next(person.key for person in content.people if person.email == "customer@example.com")
    mine = Counter(ticket.status for ticket in content.tickets if ticket.requester == me)
    assert mine.total() == 6
    assert set(mine) == {"open", "pending", "resolved", "closed"}


def test_the_demo_agent_has_a_full_but_bearable_queue(content: DemoContent) -> None:
    me = next(person.key for person in content.people if person.email == "agent@example.com")
    assert 10 <= sum(ticket.assignee == me and ticket.status == "open" for ticket in content.tickets) <= 15
    assert 15 <= sum(ticket.assignee is None for ticket in content.tickets) <= 25


def test_states_priorities_and_due_dates_are_spread(content: DemoContent) -> None:
    assert min(Counter(ticket.status for ticket in content.tickets).values()) >= 20
    assert min(Counter(ticket.priority for ticket in content.tickets).values()) >= 7
    due = [ticket.due_in_min for ticket in content.tickets if ticket.due_in_min is not None]
    assert sum(minutes < 0 for minutes in due) >= 5
    assert sum(0 <= minutes <= 8 * 60 for minutes in due) >= 5
    assert all(ticket.due_in_min is None or ticket.status in ("open", "pending") for ticket in content.tickets)


def test_threads_vary_in_length(content: DemoContent) -> None:
    lengths = [1 + len(ticket.messages) for ticket in content.tickets]
    assert sum(length == 1 for length in lengths) >= 10
    assert sum(3 <= length <= 7 for length in lengths) >= 60
    assert sum(length >= 12 for length in lengths) >= 4


def test_notes_are_in_a_good_part_of_the_threads(content: DemoContent) -> None:
    share = sum(any(message.internal for message in ticket.messages) for ticket in content.tickets)
    assert 0.25 <= share / len(content.tickets) <= 0.5


def test_several_scripts_and_forms_occur(content: DemoContent) -> None:
    everything = "\n".join(texts(content))
    for sign in ("\u0645", "\u3059", "ß", "ñ", "ê", "```", "\n> ", "\n1. ", "\n- ", "|--", "https://"):
        assert sign in everything, sign


def test_every_person_and_every_tag_is_used(content: DemoContent) -> None:
    seen = {ticket.requester for ticket in content.tickets}
    seen |= {message.by for ticket in content.tickets for message in ticket.messages}
    assert {person.key for person in content.people} - seen == set()
    assert {tag.name for tag in content.tags} == {tag for ticket in content.tickets for tag in ticket.tags}


def test_times_run_forward_and_end_before_now(content: DemoContent) -> None:
    for ticket in content.tickets:
        for moments in ([m.after_min for m in ticket.messages], [c.after_min for c in ticket.changes]):
            assert moments == sorted(moments), ticket.subject
        assert 0 <= ticket.updated_after_min <= ticket.age_min, ticket.subject


def test_tickets_come_oldest_first(content: DemoContent) -> None:
    ages = [ticket.age_min for ticket in content.tickets]
    assert ages == sorted(ages, reverse=True)


def test_states_fit_the_threads(content: DemoContent) -> None:
    for ticket in content.tickets:
        staff_wrote = any(message.by != ticket.requester for message in public(ticket))
        if ticket.status == "pending":
            assert public(ticket)[-1].by != ticket.requester, ticket.subject
        if ticket.status == "resolved":
            assert staff_wrote, ticket.subject
        if staff_wrote:
            assert ticket.assignee is not None, ticket.subject


def test_agents_answer_in_their_own_department(content: DemoContent) -> None:
    department = {person.key: person.department for person in content.people if person.role == "agent"}
    strangers = [
        (ticket.subject, message.by)
        for ticket in content.tickets
        for message in public(ticket)
        if department.get(message.by, ticket.department) != ticket.department
    ]
    assert strangers == []


def test_customers_are_sent_published_articles_only(content: DemoContent) -> None:
    status = {article.slug: article.status for article in content.articles}
    sent = [message.text for ticket in content.tickets for message in public(ticket)]
    sent += [article.body for article in content.articles if article.status == "published"]
    slugs = [slug for text in sent for slug in KB_LINK.findall(text)]
    assert len(slugs) > 20
    assert {slug: status[slug] for slug in slugs if status[slug] != "published"} == {}


def test_articles_have_all_three_states(content: DemoContent) -> None:
    states = Counter(article.status for article in content.articles)
    assert states["published"] >= 36
    assert states["draft"] >= 4
    assert states["archived"] >= 2


def test_chats_have_all_three_states(content: DemoContent) -> None:
    states = Counter(chat.status for chat in content.chats)
    assert states["waiting"] == 3
    assert states["active"] >= 2
    assert sum(chat.rating is not None for chat in content.chats) >= 10


def first_ticket_with(content: DemoContent, **fields: object) -> DemoContent:
    """The content with its first ticket changed."""
    return replace(content, tickets=(replace(content.tickets[0], **fields), *content.tickets[1:]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda c: first_ticket_with(c, requester="nobody"), "no person 'nobody'"),
        (lambda c: first_ticket_with(c, requester="mira"), "not a customer"),
        (lambda c: first_ticket_with(c, department="sales"), "works in|belongs to another"),
        (lambda c: first_ticket_with(c, category="weather"), "no category 'weather'"),
        (lambda c: first_ticket_with(c, tags=("no-such-tag",)), "no tag 'no-such-tag'"),
        (lambda c: first_ticket_with(c, tags=("gift", "gift")), "exists twice"),
        (lambda c: first_ticket_with(c, changes=()), "the ticket says otherwise"),
        (lambda c: first_ticket_with(c, changes=(Change(1, "mira", "status", "lost"),)), "no status 'lost'"),
        (lambda c: first_ticket_with(c, messages=(Message("mira", 10**9, "x"),)), "lies in the future"),
        (lambda c: first_ticket_with(c, messages=(Message("mira", 9, "x"), Message("mira", 8, "y"))), "comes after"),
        (lambda c: first_ticket_with(c, messages=(Message("mira", 9, "(kb:nowhere)"),)), "no article 'nowhere'"),
        (lambda c: first_ticket_with(c, rating=Rating(6)), "1 to 5 stars"),
        (lambda c: replace(c, people=(*c.people, c.people[0])), "exists twice"),
        (lambda c: replace(c, chats=(replace(c.chats[0], agent=None),)), "a waiting chat has no agent"),
        (lambda c: replace(c, articles=(*c.articles[1:], replace(c.articles[0], author="noor"))), "staff is needed"),
    ],
)
def test_content_that_does_not_fit_is_refused(
    content: DemoContent, spoil: Callable[[DemoContent], DemoContent], complaint: str
) -> None:
    with pytest.raises(ContentError, match=complaint):
        check(spoil(content))


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"by": "mira", "after_min": 1, "text": "x", "notes": True}, "unknown 'notes'"),
        ({"by": "mira", "after_min": "1", "text": "x"}, "'after_min' must be a whole number"),
        ({"by": "mira", "after_min": 1}, "'text' must be a text"),
        ({"by": "mira", "after_min": 1, "text": "x", "note": "yes"}, "'note' must be true or false"),
        ("mira", "expected an object"),
    ],
)
def test_a_malformed_message_is_refused_with_its_place(values: object, complaint: str) -> None:
    with pytest.raises(ContentError, match=f"^some file.*{complaint}"):
        reader.message(reader.Node(values, "some file"))


def test_lines_of_a_list_become_one_text() -> None:
    node = reader.Node({"by": "mira", "after_min": 1, "text": ["one", "", "two"]}, "some file")
    assert reader.message(node).text == "one\n\ntwo"


def test_broken_json_is_refused_by_line(tmp_path: Path) -> None:
    (tmp_path / "chats.json").write_text('{\n  "chats": [\n    oops\n', encoding="utf-8")
    with pytest.raises(ContentError, match=r"chats\.json, line 3"):
        reader.read_json(tmp_path, "chats.json")


@pytest.mark.parametrize(
    "source", ["no front matter", "---\ntitle: x\n", "---\ntitle x\n---\nbody", "---\ntitle: x\n---\nbody"]
)
def test_an_article_without_proper_front_matter_is_refused(source: str) -> None:
    with pytest.raises(ContentError, match=r"^articles/sample\.md"):
        reader.article("sample", source)
