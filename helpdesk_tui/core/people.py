"""Who I am, who works here and in which departments."""

from __future__ import annotations

from helpdesk_tui.core.model import Department, Me, Person
from helpdesk_tui.core.statement import Statement, positional


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
