"""All mutants, by name."""

from __future__ import annotations

from typing import Final

from tests.mutants.acting import ACTING
from tests.mutants.day import DAY
from tests.mutants.identity import IDENTITY
from tests.mutants.mutating import Mutant
from tests.mutants.reading import READING
from tests.mutants.told import TOLD
from tests.mutants.writing import WRITING

ALL: Final = (*READING, *WRITING, *IDENTITY, *ACTING, *DAY, *TOLD)
MUTANTS: Final[dict[str, Mutant]] = {mutant.name: mutant for mutant in ALL}

_MATRIX: Final = "tests/db/test_write_matrix.py"
_LEAKS: Final = "tests/db/test_leaks.py"
_GAPS: Final = "tests/attacks/test_gaps.py"
_LIVE: Final = "tests/db/test_live_leaks.py"


_DAY: Final = {
    ("related", "merge", "split", "requester-opens"): "tests/db/test_merging.py",
    ("link", "followers"): "tests/db/test_relations.py",
    ("written-",): "tests/db/test_written_down.py",
    ("fields",): "tests/db/test_fields.py",
    (
        "away",
        "anothers-absence",
        "routed",
        "routing",
        "capacity",
        "history-hides-behind-routing",
    ): "tests/db/test_routing.py",
    ("macro", "sent-to"): "tests/db/test_macros.py",
    ("views-",): "tests/db/test_saved_views.py",
    ("presence-",): "tests/db/test_presence.py",
    ("drafts-",): "tests/db/test_drafts.py",
    ("sla-",): "tests/db/test_sla.py",
    ("since-",): "tests/db/test_notices.py",
}
"""What is about the day, by how the names of its mutants begin. What was a hole once has its test among the attacks."""
_ATTACKED: Final = "tests/attacks/test_acts_attacked.py"


def _first(mutant: Mutant) -> tuple[str, ...]:
    name = mutant.name
    if mutant in DAY or name.startswith(("away", "anothers-absence", "routed", "history-hides-behind-routing")):
        near = [file for starts, file in _DAY.items() if name.startswith(starts)]
        return (*near, _ATTACKED, _MATRIX)
    if mutant in READING and name.startswith(("search-", "mistyped-")):
        return ("tests/db/test_search.py",)
    if name.startswith("hook-"):
        return ("tests/db/test_hook.py", "tests/db/test_identity.py")
    if name.startswith("macro"):
        return ("tests/db/test_macros.py",)
    if name.startswith("first-admin"):
        return ("tests/db/test_first_admin.py",)
    if name.startswith(
        ("channel", "payload", "typing", "without-tickets-announce", "without-ticket-messages-announce")
    ):
        return (_LIVE, _GAPS)
    if name.startswith("presence-"):
        return ("tests/db/test_presence.py",)
    if name.startswith("drafts-"):
        return ("tests/db/test_drafts.py",)
    if name.startswith("sla-"):
        return ("tests/db/test_sla.py", "tests/db/test_sla_life.py", _MATRIX)
    if name.startswith("views-"):
        return (_MATRIX, "tests/db/test_saved_views.py")
    if mutant in READING:
        return (_LEAKS, _GAPS, _MATRIX)
    if mutant in WRITING:
        return (_MATRIX, _LEAKS, "tests/attacks/test_tomorrow.py", "tests/attacks/test_write_blind.py")
    if mutant in IDENTITY:
        return ("tests/db/test_identity.py", "tests/db/test_two_factors.py", "tests/attacks/test_tomorrow.py")
    if mutant in ACTING:
        return (
            _MATRIX,
            "tests/db/test_giving_away.py",
            "tests/db/test_acts.py",
            "tests/db/test_bulk_acts.py",
            "tests/attacks/test_write_forged.py",
        )
    return ("tests/db/test_rules.py", "tests/attacks/test_write_undiverted.py", "tests/db/test_notices.py", _LIVE)


FIRST: Final = {mutant.name: _first(mutant) for mutant in ALL}
"""The test files that are about what a mutant spoils: the likeliest to notice, so they run first."""
