"""All mutants, by name."""

from __future__ import annotations

from typing import Final

from tests.mutants.acting import ACTING
from tests.mutants.identity import IDENTITY
from tests.mutants.mutating import Mutant
from tests.mutants.reading import READING
from tests.mutants.told import TOLD
from tests.mutants.writing import WRITING

ALL: Final = (*READING, *WRITING, *IDENTITY, *ACTING, *TOLD)
MUTANTS: Final[dict[str, Mutant]] = {mutant.name: mutant for mutant in ALL}

_CHEAP: Final = ("tests/db/test_write_matrix.py", "tests/attacks/test_tomorrow.py")
_LEAKS: Final = (*_CHEAP, "tests/db/test_leaks.py")
FIRST: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys((m.name for m in READING), _LEAKS),
    **dict.fromkeys((m.name for m in WRITING), _LEAKS),
    **dict.fromkeys(
        (m.name for m in IDENTITY),
        ("tests/db/test_hook.py", "tests/db/test_identity.py", "tests/db/test_first_admin.py", *_CHEAP),
    ),
    **dict.fromkeys((m.name for m in ACTING), (*_CHEAP, "tests/db/test_giving_away.py", "tests/db/test_bulk_acts.py")),
    "grant-temporary": ("tests/db/test_identity.py",),
    **dict.fromkeys((m.name for m in READING if m.name.startswith("search-")), ("tests/db/test_search.py",)),
    **dict.fromkeys(
        (m.name for m in TOLD),
        (
            *_CHEAP,
            "tests/db/test_rules.py",
            "tests/db/test_mentions.py",
            "tests/db/test_notices.py",
            "tests/db/test_live_leaks.py",
        ),
    ),
}
"""The test files that are about what a mutant spoils: the likeliest to notice, so they run first."""
