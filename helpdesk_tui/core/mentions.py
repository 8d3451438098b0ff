"""Whom "@name" in a note means, read as ``private.mentioned`` of db/schema.sql reads it, before it is sent.

The database decides; what is told here is advice. That both read alike is tested on one list of sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from helpdesk_tui.core.model import Person, Ticket

__all__ = ["fitting", "handle", "mentioned", "team_of", "unheard"]

#: Characters that are read, and mentions that are looked at.
LONGEST: Final = 20_000
MOST: Final = 50

_SAID: Final = re.compile(r"(?<![\w.%+@/-])@(\S[^\n@]{0,200})")
_WORD: Final = re.compile(r"[^\s,;:!?()\[\]{}<>\"“”|\\/]+")
_ENDING: Final = re.compile(r"(?:['’]s?|[.*_…’'-])+$")


def team_of(ticket: Ticket, staff: Sequence[Person]) -> tuple[Person, ...]:
    """Those of the team who see all of a ticket: its department's agents, its assignee, admins; never its requester."""
    return tuple(
        person
        for person in staff
        if person.id != ticket.customer_id
        and (
            person.role == "admin"
            or (
                person.role == "agent"
                and (person.id == ticket.assignee_id or None is not person.department_id == ticket.department_id)
            )
        )
    )


def mentioned(text: str, team: Sequence[Person]) -> tuple[Person, ...]:
    """Whom a text mentions.

    Args:
        text: the message.
        team: those who can be meant, see ``team_of``.
    """
    found = {}
    for words in _said(text):
        person = _meant(words, team)
        if person is not None:
            found[person.id] = person
    return tuple(found.values())


def handle(person: Person, team: Sequence[Person]) -> str | None:
    """What to write behind the "@" so that exactly this one is meant: the full name, else what stands before the @ of
    the address, else the first name; None where nothing does."""
    names = [" ".join(person.name.split()), (person.email or "").partition("@")[0], *person.name.split()[:1]]
    fit = (name for name in names if name and "@" not in name and mentioned(f"@{name} ", team) == (person,))
    return next(fit, None)


def fitting(typed: str, team: Sequence[Person]) -> Iterator[Person]:
    """Those whose name, one of its words, or address begins with what was typed; by name from the beginning first."""
    wanted = " ".join(typed.casefold().split()) + (" " if typed[-1:].isspace() and typed.strip() else "")
    late = []
    for person in team:
        name = " ".join(person.name.casefold().split())
        if name.startswith(wanted):
            yield person
        elif any(word.startswith(wanted) for word in (*name.split(), (person.email or "").casefold())):
            late.append(person)
    yield from late


def unheard(text: str, team: Sequence[Person], staff: Sequence[Person]) -> str:
    """What to tell an author of the first mention that looks like one and reaches nobody; "" where there is none.

    Args:
        text: the message.
        team: those who can be meant.
        staff: everybody who works here.
    """
    for words in _said(text):
        if _meant(words, team) is not None:
            continue
        several = max((len(fits) for fits in _rules(words, team)), default=0)
        if several > 1:
            return f"“@{_word(words)}” fits {several} people, and reaches none of them"
        other = _meant(words, [person for person in staff if person not in team])
        if other is not None:
            return f"{other.name} does not see this ticket's notes: “@{_word(words)}” tells them nothing"
    return ""


def _said(text: str) -> list[str]:
    """What stands behind each "@" that may be a mention, in small letters; not in code nor in what is quoted."""
    text = re.sub(r"```.*?(?:```|\Z)", " ", text[:LONGEST], flags=re.DOTALL)
    text = re.sub(r"`[^`\n]*`", " ", text)
    text = re.sub(r"^[ \t]*>.*$", " ", text, flags=re.MULTILINE)
    return [" ".join(re.split(r"\s+", found[1])).lower() for _, found in zip(range(MOST), _SAID.finditer(text))]  # noqa: B905


def _word(words: str) -> str:
    """The first word, without what ends a sentence or makes a genitive."""
    found = _WORD.match(words)
    return _ENDING.sub("", found[0]) if found else ""


def _rules(words: str, team: Sequence[Person]) -> Iterator[list[Person]]:
    """Those who fit by each of the rules: full name (the longest), first name, address."""
    names = [(" ".join(person.name.lower().split()), person) for person in team]
    full = [(name, person) for name, person in names if name and re.match(re.escape(name) + r"(?!\w)", words)]
    longest = max((len(name) for name, _ in full), default=0)
    word = _word(words)
    yield [person for name, person in full if len(name) == longest]
    yield [person for name, person in names if name.partition(" ")[0] == word]
    yield [person for person in team if (person.email or "@").lower().partition("@")[0] == word]


def _meant(words: str, team: Sequence[Person]) -> Person | None:
    return next((fits[0] for fits in _rules(words, team) if len(fits) == 1), None)
