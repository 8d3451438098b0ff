"""Who I am, who works here and in which departments."""

from __future__ import annotations

from typing import Any, Final

from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.model import Department, Me, Person
from helpdesk_tui.core.statement import Statement, positional

LONGEST_TAG: Final = 60


def me() -> Statement[Me]:
    """The person signed in, as the database knows them now. No row: the account has no profile here."""
    return Statement(
        "select id, email, name, role, department_id, department, aal from helpdesk.me()",
        (),
        positional(Me),
        writes=False,
    )


def staff() -> Statement[Person]:
    """Everybody a ticket can be assigned to, by name, and who of them is away: nobody who was deactivated.

    Customers see nobody.
    """
    return Statement(
        "select p.id, coalesce(p.full_name, p.email), p.role, p.email, p.department_id, a.person is not null, a.until"
        " from public.profiles p left join helpdesk.away() a on a.person = p.id"
        " where p.role <> 'customer' and p.deactivated_at is null"
        " order by lower(coalesce(p.full_name, p.email)), p.id",
        (),
        positional(Person),
        writes=False,
    )


def departments() -> Statement[Department]:
    """The departments by name."""
    return Statement(
        "select id, name from public.departments order by lower(name), id", (), positional(Department), writes=False
    )


def categories() -> Statement[Department]:
    """The categories of tickets by name."""
    return Statement(
        "select id, name from public.categories order by lower(name), id", (), positional(Department), writes=False
    )


def named_tag(name: str) -> tuple[Statement[Any], Statement[Department]]:
    """Makes a tag unless there is one of that name, and reads it.

    Raises:
        BadInput: the name is empty, or longer than ``LONGEST_TAG`` characters.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_TAG:
        raise BadInput(f"A tag's name has 1 to {LONGEST_TAG} characters.", "Choose a shorter one.")
    return (
        Statement(
            "insert into public.ticket_tags (name) values (%s) on conflict (name) do nothing", (name,), writes=True
        ),
        Statement(
            "select id, name from public.ticket_tags where name = %s", (name,), positional(Department), writes=False
        ),
    )
