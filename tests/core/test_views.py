"""Orders of views, names of saved ones, where one left off, and what fits a query without asking the database."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.filters import Vocabulary
from helpdesk_tui.core.fitting import fits
from helpdesk_tui.core.left_off import FILE, LeftOff, remember, remembered
from helpdesk_tui.core.model import Department, Me, Person, Ticket
from helpdesk_tui.core.queues import views_for
from helpdesk_tui.core.views import Order, SavedView, arranged, called, hiding, moved

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
SUPPORT, BILLING = Department(uuid4(), "Support"), Department(uuid4(), "Billing")
MIRA, BO, NOOR = uuid4(), uuid4(), uuid4()
ME = Me(MIRA, "mira@example.com", "Mira", "agent", SUPPORT.id, "Support", "aal1")
NAMES = Vocabulary(
    ME,
    staff=(Person(MIRA, "Mira", "agent"), Person(BO, "Bo Berg", "agent", "bo@example.com")),
    departments=(SUPPORT, BILLING),
)
TICKET = Ticket(
    uuid4(), 1001, "Lamp flickers", "open", "high", NOOR, "Noor", MIRA, "Mira", SUPPORT.id, "Support",
    NOW - timedelta(hours=1), NOW, NOW, ("vip", "Late"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", True),
        ("status:open", True),
        ("status:pending,closed", False),
        ("-status:open", False),
        ("priority:high", True),
        ("priority>high", False),
        ("priority>=medium priority<urgent", True),
        ("assignee:@me", True),
        ("assignee:none", False),
        ('assignee:"bo berg"', False),
        ("assignee:bo@example.com or assignee:MIRA", True),
        ("department:support", True),
        ("department:Billing", False),
        ("tag:vip -tag:late", False),
        ("tag:LATE", True),
        ("tag:none", False),
        ("is:overdue,unassigned", True),
        ("is:closed", False),
        ("is:mine sort:due", True),
        # Of these nothing is known here, but where something else decides.
        ("lamp", None),
        ("updated<2d", None),
        ("category:none", None),
        ("lamp status:closed", False),
        ("lamp or status:open", True),
        ("-(lamp or status:closed)", None),
        ("is:", None),
    ],
)
def test_what_fits_a_query_is_told_from_the_ticket_where_it_can_be(query: str, told: bool | None) -> None:
    assert fits(query, TICKET, NAMES, NOW) is told


def test_a_ticket_out_of_sight_fits_no_query() -> None:
    away = replace(TICKET, department_id=BILLING.id, department="Billing", assignee_id=None, assignee=None)
    assert fits("lamp", away, NAMES, NOW) is False
    assert fits("", replace(away, assignee_id=MIRA), NAMES, NOW) is True
    assert fits("tag:none", replace(TICKET, tags=()), NAMES, NOW) is True
    assert fits("assignee:none", replace(TICKET, assignee_id=None), NAMES, NOW) is True


def test_views_come_in_the_order_that_was_chosen_and_new_ones_last() -> None:
    own, theirs = SavedView(uuid4(), "Own", "a"), SavedView(uuid4(), "Theirs", "b", audience="team", mine=False)
    foreign = SavedView(uuid4(), "Foreign", "c", audience="department", department_id=BILLING.id, mine=False)
    tabs = arranged(ME, [own, theirs, foreign], Order(("closed", theirs.key, "gone"), frozenset({"open"})))
    assert [tab.key for tab in tabs[:3]] == ["closed", theirs.key, "mine"]
    assert [tab.label for tab in tabs if tab.hidden] == ["All open", "Snoozed", "Breached", "Breaching soon", "Foreign"]
    assert [tab.key for tab in tabs][-2:] == [own.key, foreign.key]
    assert (tabs[1].scope, tabs[0].scope) == ("all", "closed")
    # What was put somewhere is shown, whosever it is; what is hidden can be shown again.
    shown = arranged(ME, [own, theirs, foreign], hiding(tabs, foreign.key, hide=False))
    assert [tab.label for tab in shown if tab.hidden] == ["All open", "Snoozed", "Breached", "Breaching soon"]
    order = moved(tabs, theirs.key, -1)
    assert order.keys[:2] == (theirs.key, "closed")
    assert order.hidden == {"open", "snoozed", "breached", "soon", foreign.key}
    assert moved(tabs, theirs.key, -9).keys[0] == theirs.key
    # Something is always shown.
    nothing = arranged(ME, [], Order((), frozenset(tab.key for tab in tabs)))
    assert [tab.key for tab in nothing if not tab.hidden] == ["mine"]


@pytest.mark.parametrize("told", [None, 3, [], {}, {"order": 3, "hidden": {"a": 1}}, {"order": [None, {}, "open"]}])
def test_preferences_that_are_no_order_are_none(told: object) -> None:
    assert {tab.key for tab in arranged(ME, [], Order.of(told))} == {view.key for view in views_for(ME)}


def test_a_view_is_found_by_its_name_ones_own_first() -> None:
    own, theirs = SavedView(uuid4(), "Hot", "a"), SavedView(uuid4(), "hot", "b", mine=False)
    assert called([theirs, own], " HOT ") == own
    assert called([theirs], "hot") == theirs
    assert called([theirs, own], theirs.key) == theirs
    assert called([own], "cold") is None
    with pytest.raises(BadInput, match="Several"):
        called([own, replace(own, id=uuid4())], "hot")


def test_where_one_left_off_is_read_again_and_readable_by_oneself_alone(tmp_path: Path) -> None:
    left = LeftOff("/", "status:open", "due", TICKET.id, TICKET, ("status:open", "lamp"))
    folder = tmp_path / "state"
    assert remembered(folder, "p/1") is None
    remember(folder, "p/1", left)
    remember(folder, "p/2", LeftOff("mine"))
    found = remembered(folder, "p/1")
    assert found is not None
    assert replace(found, above=None) == replace(left, above=None)
    assert found.above is not None
    edge = (TICKET.id, TICKET.priority, TICKET.due_date, TICKET.created_at, TICKET.updated_at)
    assert (
        found.above.id,
        found.above.priority,
        found.above.due_date,
        found.above.created_at,
        found.above.updated_at,
    ) == edge
    assert (folder / FILE).stat().st_mode & 0o777 == 0o600
    assert "Lamp" not in (folder / FILE).read_text()
    assert [each.name for each in folder.iterdir()] == [FILE], "nothing half-written is left"
    assert remembered(None, "p/1") is None


@pytest.mark.parametrize(
    "change",
    [
        {"view": None, "query": 3}, {"ticket": "x"}, {"ticket": 3}, {"above": {}}, {"above": 3}, {"history": None},
        {"above": {"id": str(UUID(int=1)), "priority": "x", "due_date": None, "created_at": "", "updated_at": ""}},
    ],
)  # fmt: skip
def test_a_file_that_somebody_wrote_otherwise_is_as_none_or_harmless(tmp_path: Path, change: dict[str, object]) -> None:
    remember(tmp_path, "p", LeftOff("mine"))
    told = json.loads((tmp_path / FILE).read_text())
    told["p"] |= change
    (tmp_path / FILE).write_text(json.dumps(told))
    found = remembered(tmp_path, "p")
    assert found is None or found == LeftOff("None", "3")
