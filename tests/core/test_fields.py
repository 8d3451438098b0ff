"""What is made of words about custom fields."""

from __future__ import annotations

import pytest

from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.fields import CustomField, choice_words, choices_from, difference, key_for, set_up


@pytest.mark.parametrize(
    ("label", "key"),
    [("Order no.", "order_no"), ("Größe", "grosse"), ("2. Plan", "plan_2"), ("電話", "field"), ("x" * 60, "x" * 40)],
)
def test_a_key_is_made_of_a_label_and_is_not_taken(label: str, key: str) -> None:
    assert key_for(label, {"plan"}) == key


def test_choices_are_words_with_commas_between_and_come_back_as_they_were() -> None:
    for choices in (("free", "pro"), ("one, or two", 'a "b"', "c")):
        assert choices_from(choice_words(choices)) == choices
    assert choices_from(" free ,, pro,") == ("free", "pro")
    for text, words in (("a, b, A", "“A” is there twice"), (" , ", "some words")):
        with pytest.raises(BadInput, match=words):
            choices_from(text)


def test_what_makes_one_field_of_another_is_sent_and_no_more() -> None:
    before = CustomField("plan", "Plan", "choice", ("a",), position=1)
    after = CustomField("plan", "Plan", "choice", ("a", "b"), position=1, active=False)
    assert difference(before, after) == {"choices": ["a", "b"], "active": False}
    assert set_up("plan", difference(before, before)).params == ("plan", "{}")
