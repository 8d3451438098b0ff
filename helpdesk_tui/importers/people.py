"""Authors in a file → accounts and profiles, with addresses that can never receive mail and no way to sign in.

The owner of the database may later give such an account a real address; its tickets and messages stay its own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from helpdesk_tui.importers.fields import Ids
from helpdesk_tui.importers.staging import Stage, Step

_DOMAIN: Final = "import.invalid"
_PLAIN: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,50}\Z")
_STAFF: Final = frozenset({"agent", "staff", "admin"})


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody who is named in a file.

    Args:
        id: theirs from now on.
        address: a placeholder.
        name: what to call them.
        staff: whether they answer for the team. Nobody becomes an admin by a file.
        seen: when they first appear in it.
    """

    id: UUID
    address: str
    name: str
    staff: bool
    seen: datetime

    def row(self) -> tuple[Any, ...]:
        """As staged."""
        return (self.id, self.address, self.name, self.staff, self.seen)


def author(ids: Ids, name: str, *, role: str | None, seen: datetime) -> Author:
    """The person that a file calls ``name``; ``role`` as the file has it: an agent's makes staff, any other none."""
    plain = name.lower()
    if not _PLAIN.match(plain) or plain != name:
        # Two names that differ only in what an address cannot hold are two people.
        digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:10]
        plain = re.sub(r"[^a-z0-9]+", "-", plain)[:40].strip("-")
        plain = f"{plain}-{digest}" if plain else digest
    source = re.sub(r"[^a-z0-9]+", "-", ids.source.lower())[:40].strip("-")
    if source != ids.source:
        source = f"{source}-{hashlib.sha256(ids.source.encode('utf-8', 'replace')).hexdigest()[:10]}".strip("-")
    domain = _DOMAIN if ids.source == "import" else f"{source}.{_DOMAIN}"
    return Author(ids.of("person", name), f"{plain}@{domain}", name[:200], role in _STAFF, seen)


STAGE: Final = Stage(
    "import_people", {"id": "uuid", "address": "text", "name": "text", "staff": "boolean", "seen": "timestamptz"}
)

# Supabase Auth reads these as text and fails on a null, for every account that is listed together with such a one.
TOKEN_COLUMNS: Final = (
    "confirmation_token",
    "recovery_token",
    "email_change_token_new",
    "email_change_token_current",
    "email_change",
    "phone_change",
    "phone_change_token",
    "reauthentication_token",
)

# What an account is known by as an import's own, and whether it was made staff: done once, so that whoever is taken
# off the team later stays off it when the file is imported again.
_NEW_ACCOUNTS: Final = """
insert into auth.users
       (instance_id, id, aud, role, email, raw_app_meta_data, raw_user_meta_data, created_at, updated_at{columns})
select distinct on (p.id) '00000000-0000-0000-0000-000000000000', p.id, 'authenticated', 'authenticated', p.address,
       '{{"provider": "import", "providers": ["import"], "import": {{"staff": false}}}}'::jsonb,
       jsonb_build_object('full_name', p.name), p.seen, p.seen{values}
  from import_people p
 where not exists (select from auth.users u where u.id = p.id)
 order by p.id, p.line, p.seen
on conflict do nothing
"""

_NEW_STAFF: Final = """
with marked as (
  update auth.users u
     set raw_app_meta_data = jsonb_set(u.raw_app_meta_data, '{import,staff}', 'true')
   where u.id = any (array(select p.id from import_people p where p.staff))
     and u.raw_app_meta_data #>> '{import,staff}' = 'false'
  returning u.id
)
update public.profiles p
   set role = 'agent', department_id = %(department_id)s
  from marked m
 where p.id = m.id and p.role = 'customer'
"""


def steps(columns: Iterable[str]) -> tuple[Step, ...]:
    """How people are taken in.

    Args:
        columns: of this database's ``auth.users``.
    """
    there = set(columns)
    known = [name for name in TOKEN_COLUMNS if name in there]
    accounts = _NEW_ACCOUNTS.format(columns="".join(f", {name}" for name in known), values=", ''" * len(known))
    return (Step(accounts, counts="people"), Step(_NEW_STAFF))
