"""What is offered while a filter is being typed."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_tui.core.filters import FIELDS, CustomField, FilterError, Vocabulary, complete, condition
from helpdesk_tui.core.model import Department, Me, Person

NAMES = Vocabulary(
    Me(UUID(int=1), "ann@desk.test", "Ann", "agent", None, None, "aal1"),
    (Person(UUID(int=2), "Ada Agent", "agent", "ada@desk.test"),),
    (Department(UUID(int=3), "Billing"), Department(UUID(int=4), "Second line")),
    (Department(UUID(int=5), "Broken parcels"),),
    (Department(UUID(int=6), "vip"), Department(UUID(int=7), 'so "called"')),
    (CustomField("plan", "Plan", "choice", ("Gold", "Silver")),),
)


def offered(typed: str) -> list[str]:
    """The filters that the suggestions lead to; ``|`` is the caret."""
    query, caret = typed.replace("|", "", 1), typed.index("|")
    return [each.applied(query)[0] for each in complete(query, caret, NAMES, most=50)]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("sta|", "status:"),
        ("pri|", "priority:"),
        ("status:|", "status:open"),
        ("status:clo|", "status:closed"),
        ("status:rsl|", "status:resolved"),
        ("-tag:v|", "-tag:vip"),
        ("tag:call|", 'tag:"so \\"called\\""'),
        ("tag:vip,so|", 'tag:vip,"so \\"called\\""'),
        ("department:line|", 'department:"Second line"'),
        ('department:"Second l|', 'department:"Second line"'),
        ("category:par|", 'category:"Broken parcels"'),
        ("assignee:@|", "assignee:@me"),
        ("assignee:agent|", "assignee:ada@desk.test"),
        ("priority>=h|", "priority>=high"),
        ("updated<4|", "updated<4h"),
        ("(status:open or upd|", "(status:open or updated<"),
        ("status:op| tag:vip", "status:open tag:vip"),
        ("status:o|pqr tag:vip", "status:open tag:vip"),
        ("field.pl|", "field.plan:"),
        ("field.plan:g|", "field.plan:Gold"),
        ("is:over|", "is:overdue"),
        ("sort:pri|", "sort:priority"),
        ("urg|", "priority:urgent"),
        ("vip|", "tag:vip"),
        ("bill|", "department:Billing"),
        ("tag:vip o|", "tag:vip or"),
    ],
)
def test_completion_offers(typed: str, first: str) -> None:
    assert offered(typed)[0] == first or (first == "tag:vip or" and first in offered(typed))


def test_completion_offers_nothing_where_nothing_fits() -> None:
    for typed in ("status:zzz|", "zzzz|", "number:1|", '"some words|'):
        assert offered(typed) == []


def test_completion_begins_with_the_fields_and_is_short() -> None:
    first = complete("", 0, NAMES)
    assert len(first) == 8
    assert {each.kind for each in first} == {"field"}
    assert all(each.about for each in first)


@given(st.text(max_size=30), st.integers(min_value=-1, max_value=40))
def test_completion_takes_whatever_is_typed(query: str, caret: int) -> None:
    for each in complete(query, caret, NAMES):
        after, at = each.applied(query)
        assert 0 <= each.start <= each.end <= len(query)
        assert after[:at].endswith(each.text)


@given(
    st.lists(st.sampled_from([*(f"{name}:" for name in FIELDS), "v", "o", " ", "(", "-", "a", "g", '"'])).map("".join)
)
def test_values_that_are_offered_are_understood(query: str) -> None:
    """Behind a filter that is understood, what is offered is, too."""
    try:
        condition(query, NAMES)
    except FilterError:
        return
    for each in complete(query + " ", len(query) + 1, NAMES):
        if each.kind == "value":
            condition(each.applied(query + " ")[0], NAMES)
