"""core/statement.py and what declares statements: no database driver is loaded for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from helpdesk_tui.core.statement import Statement, only, positional


@pytest.mark.parametrize("module", ["statement", "dirty", "live_events", "schema_version", "schema_files"])
def test_declaring_what_to_ask_loads_no_driver(module: str) -> None:
    code = f"import sys, helpdesk_tui.core.{module}; sys.exit('psycopg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_row_factories_take_the_columns_in_their_order() -> None:
    assert positional(complex)(None)((1, 2)) == 1 + 2j
    assert only(str)(None)(("word",)) == "word"


def test_statements_are_values() -> None:
    assert Statement("select 1") == Statement("select 1")
    assert Statement("select 1").writes is None
