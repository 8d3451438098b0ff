"""Reading a record: what is there as it is, what is wrong named by its field."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_tui.importers.fields import BadRecord, Fields, Ids, clean, in_order
from helpdesk_tui.importers.people import author

NOW = datetime(2025, 1, 31, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-01-31T09:30:00Z", NOW),
        ("2025-01-31T10:30:00+01:00", NOW),
        ("2025-01-31 09:30", NOW),
        ("2025-01-31T09:30:00.123456Z", NOW.replace(microsecond=123456)),
        ("2025-01-31", NOW.replace(hour=0, minute=0)),
        ("01/31/2025", NOW.replace(hour=0, minute=0)),
    ],
)
def test_times_are_read_as_utc(text, moment):
    assert Fields({"t": text}).time("t") == moment


@pytest.mark.parametrize(
    "value", ["yesterday", "2025-13-01", "31/01/2025", 1738315800, "", None, "0001-01-01T00:00:00+14:00"]
)
def test_a_time_that_is_none_names_its_field(value):
    with pytest.raises(BadRecord, match=r"“messages\[2\]\.t”"):
        Fields({"t": value}, "messages[2].").time("t")


def test_times_that_are_the_same_keep_their_order():
    later = NOW + timedelta(seconds=1)
    micro = timedelta(microseconds=1)
    assert in_order([NOW, NOW, NOW, later, NOW]) == [NOW, NOW + micro, NOW + 2 * micro, later, NOW]


def test_what_postgres_cannot_hold_is_replaced_and_nothing_else():
    assert clean("a\0b\ud800c\U0001f600\x1b[31m\u202e") == "a\ufffdb\ufffdc\U0001f600\x1b[31m\u202e"


@given(st.text())
def test_cleaned_text_can_always_be_stored(text):
    assert "\0" not in clean(text)
    clean(text).encode("utf-8")


def test_the_rest_is_what_nobody_read_and_is_not_empty():
    fields = Fields({"id": 1, "a": None, "b": "", "c": [], "d": 0, "e": False, "f": {"g": ["\0"]}})
    assert fields.name("id") == "1"
    assert fields.rest() == {"e": False, "f": {"g": ["\ufffd"]}}


def test_a_number_too_large_for_json_is_refused():
    with pytest.raises(BadRecord, match="too large"):
        Fields(json.loads('{"a": 1e999}')).rest()


@pytest.mark.parametrize("value", [True, 1.5, "  ", {}, []])
def test_an_id_is_a_name_or_a_number(value):
    with pytest.raises(BadRecord, match="“id”"):
        Fields({"id": value}).name("id")


def test_ids_are_the_same_for_ever():
    # Held as literals: a change of how they are made would bring everything in a second time.
    assert Ids("import").of("ticket", "1401063") == UUID("5dd1a563-e5dd-51b6-83bb-b67089ed70b2")


@given(st.tuples(st.text(), st.text(), st.text()), st.tuples(st.text(), st.text(), st.text()))
def test_different_things_have_different_ids(one, other):
    same = Ids(one[0]).of("message", *one[1:]) == Ids(other[0]).of("message", *other[1:])
    assert same == (one == other)


@given(st.text(min_size=1), st.text(min_size=1))
def test_different_people_have_different_addresses_that_are_plain(one, other):
    first, second = (author(Ids("import"), name, role=None, seen=NOW) for name in (one, other))
    assert (first.address == second.address) == (one == other)
    for each in (first, second):
        assert each.address.isascii()
        assert each.address == each.address.lower()
        assert each.address.endswith("@import.invalid")
        assert " " not in each.address


def test_the_same_name_from_two_sources_is_two_people():
    addresses = {
        author(Ids(source), "agent-03", role=None, seen=NOW).address for source in ("import", "forum", "Forum", "a b")
    }
    assert len(addresses) == 4
    assert "agent-03@import.invalid" in addresses
    assert "agent-03@forum.import.invalid" in addresses


@pytest.mark.parametrize(
    ("role", "staff"), [("agent", True), ("admin", True), ("customer", False), ("community", False), (None, False)]
)
def test_agents_are_staff_and_nobody_else(role, staff):
    assert author(Ids("import"), "x", role=role, seen=NOW).staff is staff
