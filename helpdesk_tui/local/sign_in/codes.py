"""Codes sent by mail: to confirm an address, to get in without a password, to set a new one."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from uuid import uuid4

from helpdesk_tui.local.sign_in import users
from helpdesk_tui.local.sign_in.errors import ApiError, validation_failed
from helpdesk_tui.local.sign_in.mail import Outbox
from helpdesk_tui.local.sign_in.users import Connection, User

CODE_SECONDS = 3600

CONFIRMATION, RECOVERY, CHANGE = "confirmation_token", "recovery_token", "email_change_token_new"
KINDS = {
    "signup": (CONFIRMATION,),
    "email": (CONFIRMATION, RECOVERY),
    "magiclink": (RECOVERY,),
    "recovery": (RECOVERY,),
    "email_change": (CHANGE,),
}
"""What clients call a code → as what it may be stored. As in the real server, some names share a drawer, and a code to
sign in with (``email``) lies in one or the other, as the address was confirmed before or not."""

_TEXTS = {
    CONFIRMATION: ("Confirm your e-mail address", "Your code to confirm this address: {code}"),
    RECOVERY: ("Your code", "Your code to sign in, or to set a new password: {code}"),
    CHANGE: ("Confirm your new e-mail address", "Your code to confirm this new address: {code}"),
}


@dataclass(frozen=True, slots=True)
class Mailer:
    """Sends codes, not more often than once every ``interval`` seconds to one account."""

    outbox: Outbox
    interval: float = 60.0

    async def send(self, db: Connection, user: User, kind: str, recipient: str) -> None:
        """Draws a code, keeps its hash, mails it.

        Raises:
            ApiError: 429 ``over_email_send_rate_limit``.
        """
        cursor = await db.execute(
            """select ceil(extract(epoch from created_at + make_interval(secs => %s) - (now() at time zone 'UTC')))::int
               from auth.one_time_tokens where user_id = %s and token_type::text = %s""",
            [self.interval, user.id, kind],
        )
        row = await cursor.fetchone()
        if row is not None and row[0] > 0:
            message = f"For security purposes, you can only request this after {row[0]} seconds."
            raise ApiError(429, "over_email_send_rate_limit", message)
        code = f"{secrets.randbelow(1_000_000):06}"
        await db.execute(
            """insert into auth.one_time_tokens
                 (id, user_id, token_type, token_hash, relates_to, created_at, updated_at)
               values (%s, %s, %s::auth.one_time_token_type, %s, %s,
                       now() at time zone 'UTC', now() at time zone 'UTC')
               on conflict (user_id, token_type) do update
                 set (token_hash, relates_to, created_at, updated_at)
                   = (excluded.token_hash, excluded.relates_to, excluded.created_at, excluded.updated_at)""",
            [uuid4(), user.id, kind, _hash(recipient, code), recipient],
        )
        if kind == RECOVERY:
            await db.execute("update auth.users set recovery_sent_at = now() where id = %s", [user.id])
        subject, text = _TEXTS[kind]
        await asyncio.to_thread(self.outbox.send, recipient, subject, text.format(code=code) + "\n")


async def redeem(db: Connection, kind: str, email: str, code: str) -> User:
    """The account that a code was sent to; the code is used up and the address proven.

    Raises:
        ApiError: 403 ``otp_expired``, also for a code that never was.
    """
    if kind not in KINDS:
        raise validation_failed(f"Unsupported verification type: {kind}")
    cursor = await db.execute(
        """delete from auth.one_time_tokens
           where token_type::text = any(%s) and token_hash = %s
             and created_at > (now() at time zone 'UTC') - make_interval(secs => %s)
           returning user_id, relates_to""",
        [list(KINDS[kind]), _hash(email, code), CODE_SECONDS],
    )
    row = await cursor.fetchone()
    if row is None:
        raise ApiError(403, "otp_expired", "Token has expired or is invalid")
    user_id, address = row
    user = await users.get(db, user_id)
    if CHANGE in KINDS[kind]:
        await users.change_email(db, user, address)
    await users.confirm(db, user)
    return await users.get(db, user_id)


def _hash(email: str, code: str) -> str:
    return hashlib.sha224(f"{email}{code}".encode()).hexdigest()
