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
    """Everybody a ticket can be assigned to, by name: nobody who was deactivated. Customers see nobody."""
    return Statement(
        "select id, coalesce(full_name, email), role, email, department_id from public.profiles "
        "where role <> 'customer' and deactivated_at is null order by lower(coalesce(full_name, email)), id",
        (),
        positional(Person),
        writes=False,
    )


def departments() -> Statement[Department]:
    """The departments by name."""
    return Statement(
        "select id, name from public.departments order by lower(name), id", (), positional(Department), writes=False
    )
