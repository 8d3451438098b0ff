"""Accounts: what is stored of them, and what the API says of them."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import class_row, dict_row

from helpdesk_tui.local.sign_in.errors import ApiError, validation_failed
from helpdesk_tui.local.sign_in.passwords import hash_password, is_password

Connection = psycopg.AsyncConnection[Any]
Json = dict[str, Any]

SHORTEST_PASSWORD = 6
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, slots=True)
class User:
    """One row of auth.users, as far as signing in is concerned."""

    id: UUID
    aud: str
    role: str
    email: str | None
    encrypted_password: str | None
    email_confirmed_at: datetime | None
    recovery_sent_at: datetime | None
    last_sign_in_at: datetime | None
    raw_app_meta_data: Json
    raw_user_meta_data: Json
    created_at: datetime
    updated_at: datetime
    banned_until: datetime | None
    is_anonymous: bool

    @property
    def banned(self) -> bool:
        """Whether an administrator keeps this account out."""
        return self.banned_until is not None and self.banned_until > datetime.now(UTC)


_COLUMNS = ", ".join(User.__dataclass_fields__)


async def find(db: Connection, *, email: str | None = None, user_id: UUID | str | None = None) -> User | None:
    """The account of that address or id, if there is one."""
    condition, value = ("email = %s", email) if email is not None else ("id = %s", user_id)
    query = f"select {_COLUMNS} from auth.users where {condition} and deleted_at is null"  # noqa: S608  (constants)
    async with db.cursor(row_factory=class_row(User)) as cursor:
        await cursor.execute(query.encode(), [value])
        return await cursor.fetchone()


async def get(db: Connection, user_id: UUID | str) -> User:
    """The account of that id.

    Raises:
        ApiError: 403 ``user_not_found``.
    """
    user = await find(db, user_id=user_id)
    if user is None:
        raise ApiError(403, "user_not_found", "User from sub claim in JWT does not exist")
    return user


async def create(
    db: Connection, *, email: str | None, password: str | None, data: Json, confirmed: bool, method: str = "email"
) -> User:
    """A new account; with an address it has one identity, without one it is anonymous."""
    user_id = uuid4()
    about = {} if email is None else {"sub": str(user_id), "email": email, "phone_verified": False}
    app_data = {} if email is None else {"provider": method, "providers": [method]}
    await db.execute(
        """insert into auth.users
             (id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data, raw_user_meta_data,
              created_at, updated_at, is_anonymous)
           values (%s, 'authenticated', 'authenticated', %s, %s, case when %s then now() end, %s, %s,
                   now(), now(), %s)""",
        [
            user_id,
            email,
            await hashed(password) if password else None,
            confirmed,
            json.dumps(app_data),
            json.dumps(data | about | ({} if email is None else {"email_verified": confirmed})),
            email is None,
        ],
    )
    if email is not None:
        # What an identity says is what its provider said; only the account itself learns of the confirmation.
        await db.execute(
            """insert into auth.identities
                 (provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at)
               values (%s, %s, %s, %s, now(), now(), now())""",
            [str(user_id), user_id, json.dumps(data | about | {"email_verified": False}), method],
        )
    return await get(db, user_id)


async def confirm(db: Connection, user: User) -> None:
    """The address is proven to be theirs."""
    await db.execute(
        """update auth.users set email_confirmed_at = coalesce(email_confirmed_at, now()), updated_at = now(),
             raw_user_meta_data = raw_user_meta_data || '{"email_verified": true}' where id = %s""",
        [user.id],
    )


async def change_email(db: Connection, user: User, email: str) -> None:
    """The account has a new address, in its identity too.

    Raises:
        ApiError: 422 ``email_exists``.
    """
    other = await find(db, email=email)
    if other is not None and other.id != user.id:
        raise ApiError(422, "email_exists", "A user with this email address has already been registered")
    changes = json.dumps({"email": email})
    await db.execute(
        """update auth.users set email = %s, updated_at = now(), raw_user_meta_data = raw_user_meta_data || %s::jsonb
           where id = %s""",
        [email, changes, user.id],
    )
    await db.execute(
        """update auth.identities set identity_data = identity_data || %s::jsonb, updated_at = now()
           where user_id = %s and provider = 'email'""",
        [changes, user.id],
    )


async def change_password(db: Connection, user: User, password: str) -> None:
    """Sets another password.

    Raises:
        ApiError: 422, it is too weak, or the same as before.
    """
    check_password_strength(password)
    if await asyncio.to_thread(is_password, password, user.encrypted_password):
        raise ApiError(422, "same_password", "New password should be different from the old password.")
    await db.execute(
        "update auth.users set encrypted_password = %s, updated_at = now() where id = %s",
        [await hashed(password), user.id],
    )


async def change_data(db: Connection, user: User, data: Json) -> None:
    """Merges what the person says of themselves; a null takes a key away."""
    merged = {name: value for name, value in (user.raw_user_meta_data | data).items() if value is not None}
    await db.execute(
        "update auth.users set raw_user_meta_data = %s, updated_at = now() where id = %s", [json.dumps(merged), user.id]
    )


async def hashed(password: str) -> str:
    """The hash, made in a thread: it takes its time."""
    return await asyncio.to_thread(hash_password, password)


def checked_email(email: str) -> str:
    """The address as it is stored.

    Raises:
        ApiError: 400, it is none.
    """
    if len(email) > 255 or not _EMAIL.fullmatch(email):
        raise validation_failed("Unable to validate email address: invalid format")
    return email.lower()


def check_password_strength(password: str) -> None:
    """Refuses a password that is too short.

    Raises:
        ApiError: 422 ``weak_password``.
    """
    if len(password.encode()) < SHORTEST_PASSWORD:
        raise ApiError(
            422,
            "weak_password",
            f"Password should be at least {SHORTEST_PASSWORD} characters.",
            extra={"weak_password": {"reasons": ["length"]}},
            named=False,
        )


async def describe(db: Connection, user: User) -> Json:
    """The account as the API shows it. Times that are not set are left out, and so is an empty list of factors."""
    async with db.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            """select id as identity_id, provider_id as id, user_id, identity_data, provider, last_sign_in_at,
                      created_at, updated_at, email
               from auth.identities where user_id = %s order by created_at""",
            [user.id],
        )
        identities = await cursor.fetchall()
        await cursor.execute(
            """select id, created_at, updated_at, status::text, friendly_name, factor_type::text,
                      coalesce(phone, '') as phone, last_challenged_at
               from auth.mfa_factors where user_id = %s order by created_at""",
            [user.id],
        )
        factors = await cursor.fetchall()
    return plain(
        {
            "id": user.id,
            "aud": user.aud,
            "role": user.role,
            "email": user.email or "",
            "email_confirmed_at": user.email_confirmed_at,
            "phone": "",
            "confirmed_at": user.email_confirmed_at,
            "recovery_sent_at": user.recovery_sent_at,
            "last_sign_in_at": user.last_sign_in_at,
            "app_metadata": user.raw_app_meta_data,
            "user_metadata": user.raw_user_meta_data,
            "factors": factors or None,
            "identities": identities,
            "created_at": user.created_at,
            "updated_at": user.updated_at,
            "is_anonymous": user.is_anonymous,
        }
    )


def plain(record: Json) -> Json:
    """A record as JSON has it: ids and times as text, what is None left out."""
    return {name: _plain(value) for name, value in record.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, list):
        return [plain(item) if isinstance(item, dict) else _plain(item) for item in value]
    return value
