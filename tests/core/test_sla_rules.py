"""Hours of a calendar in words."""

from __future__ import annotations

from helpdesk_tui.core.sla_rules import hours_of, hours_words


def test_days_with_the_same_hours_are_told_together_and_come_back_as_they_were() -> None:
    told = "mon-wed=09:00-12:30,13:00-17:00 fri=22:00-06:00 sun=10:00-11:00"
    assert hours_words(hours_of(told.split())) == told
    assert hours_words({"mon": [], "tue": ["09:00-10:00"]}) == "tue=09:00-10:00"
    assert hours_words({}) == ""
