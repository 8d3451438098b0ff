"""Write: no forged sender, author, actor, time, number or id, and no role or department that nobody gave.

Every attack is tried by Otto, whose ticket it is; by Bo, who works on it; by Ada, an agent of another department; by an
anonymous visitor; by Sid, who signed out. What comes of it stands in this order: ``no`` refused by grants or policies,
``-`` nothing there to be changed, ``HD00x`` refused with words, ``yes`` done, where it is no forgery in that hand. With
each goes the counterpart: who may do the like, and how.
"""

from __future__ import annotations

from typing import Final

import pytest

from tests.attacks.forgeries import OF_TICKETS
from tests.attacks.forgeries_elsewhere import ELSEWHERE
from tests.attacks.forgeries_scope import OF_SCOPE
from tests.attacks.stage import Stage

HANDS: Final = ("otto", "bo", "ada", "visitor", "sid")

FORGERIES: Final = {**OF_TICKETS, **ELSEWHERE, **OF_SCOPE}


CASES: Final = tuple((subject, attack) for subject, attacks in FORGERIES.items() for attack in attacks)


@pytest.mark.parametrize(("subject", "attack"), CASES, ids=[f"{subject}: {attack}" for subject, attack in CASES])
def test_forged(stage: Stage, subject: str, attack: str) -> None:
    statement, outcomes, friend, counterpart = FORGERIES[subject][attack]
    found = [outcome(stage, who, statement) for who in HANDS]
    assert " ".join(found) == outcomes
    allowed = stage.attack(friend, counterpart)
    assert allowed.code is None, allowed.words
    assert allowed.rows or allowed.changed


def outcome(stage: Stage, who: str, statement: str) -> str:
    """What comes of a statement in somebody's hand."""
    told = stage.attack(who, statement)
    if told.code is not None:
        return "no" if told.code == "42501" else told.code
    # Of several statements the last one counts, which is no SELECT.
    return "yes" if told.changed or (told.rows and ";" not in statement) else "-"
