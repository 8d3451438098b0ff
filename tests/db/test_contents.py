"""The SQL files are long: a table of contents at the top of each names its sections in their order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DB = Path(__file__).parents[2] / "db"
RULE = "-- " + "-" * 111


def titles(text: str) -> list[str]:
    """The sections of a file: what stands between two rules, up to the end of its first clause."""
    _, *parts = text.split(f"{RULE}\n")
    headings = [" ".join(line.removeprefix("-- ") for line in part.splitlines()) for part in parts[::2]]
    return [re.split(r"[.:;] ", f"{heading} ")[0].strip() for heading in headings]


@pytest.mark.parametrize("name", ["schema.sql", "policies.sql"])
def test_the_table_of_contents_names_every_section_in_order(name: str) -> None:
    text = (DB / name).read_text(encoding="utf-8")
    assert text.count(RULE) == len(re.findall(r"^-- -{9,}$", text, re.MULTILINE)), "a rule of another length"
    there = titles(text)
    assert len(there) > 20
    assert len(set(there)) == len(there), "two sections have one name"
    expected = "".join(f"--   {title}\n" for title in there)
    assert f"-- The sections, in this order:\n{expected}\n" in text, (
        f"at the top of db/{name} should stand:\n{expected}"
    )
