"""Sessions: opened by a grant, told of in access tokens, prolonged by refresh tokens, ended by signing out."""

from __future__ import annotations

import json
import re
import secrets
import string
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg

from helpdesk_tui.local.sign_in import users
from helpdesk_tui.local.sign_in.errors import ApiError, unexpected_failure, validation_failed
from helpdesk_tui.local.sign_in.keys import SigningKey
from helpdesk_tui.local.sign_in.users import Connection, Json, User

REUSE_SECONDS = 10.0
"""A refresh token that was replaced may be used once more this soon after, by two requests that crossed."""

HOOK = "helpdesk.access_token_hook"
HOOK_SECONDS = 2
REQUIRED_CLAIMS = ("aud", "exp", "iat", "sub", "email", "phone", "role", "aal", "session_id", "is_anonymous")

_ALPHABET = string.ascii_lowercase + string.digits
_REFRESH_TOKEN = re.compile(r"[a-z0-9]{12}")


@dataclass(frozen=True, slots=True)
class Client:
    """Who sent the request, as a session remembers it."""

    address: str = "127.0.0.1"
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Issuer:
    """What makes access tokens: in whose name, with which key, for how many seconds."""

    name: str
    key: SigningKey
    seconds: int = 3600

    async def answer(self, db: Connection, user: User, session_id: UUID, refresh_token: str, method: str) -> Json:
        """A new access token with its refresh token and the account: what every grant answers.

        Args:
            db: the transaction that the session was made or prolonged in; the hook runs inside it.
            user: whose session it is.
            session_id: which one.
            refresh_token: to be handed out with it.
            method: how this token came about, for the hook: ``password``, ``token_refresh``, ``totp``, ``otp``, …

        Raises:
            ApiError: the hook failed or refused, and with it the sign-in.
        """
        issued = int(time.time())
        claims = await self._claims(db, user, session_id, issued)
        event = {"user_id": str(user.id), "claims": claims, "authentication_method": method}
        claims = await call_hook(db, event)
        return {
            "access_token": self.key.sign(claims),
            "token_type": "bearer",
            "expires_in": int(claims["exp"]) - issued,
            "expires_at": int(claims["exp"]),
            "refresh_token": refresh_token,
            "user": await users.describe(db, user),
        }

    async def _claims(self, db: Connection, user: User, session_id: UUID, issued: int) -> Json:
        cursor = await db.execute("select aal from auth.sessions where id = %s", [session_id])
        (aal,) = await _one(cursor)
        cursor = await db.execute(
            """select authentication_method as method, extract(epoch from updated_at)::bigint as timestamp
               from auth.mfa_amr_claims where session_id = %s order by updated_at desc, method desc""",
            [session_id],
        )
        amr = [{"method": method, "timestamp": at} async for method, at in cursor]
        return {
            "iss": self.name,
            "sub": str(user.id),
            "aud": user.aud,
            "exp": issued + self.seconds,
            "iat": issued,
            "email": user.email or "",
            "phone": "",
            "app_metadata": user.raw_app_meta_data,
            "user_metadata": user.raw_user_meta_data,
            "role": user.role,
            "aal": aal,
            "amr": amr,
            "session_id": str(session_id),
            "is_anonymous": user.is_anonymous,
        }


async def call_hook(db: Connection, event: Mapping[str, Any]) -> Json:
    """The claims that the custom access token hook makes of an event, in the transaction at hand.

    Raises:
        ApiError: it raised, took too long, refused, or left out what a token must have.
    """
    where = f"pg-functions://postgres/{HOOK.replace('.', '/')}"
    try:
        await db.execute(f"set local statement_timeout = '{HOOK_SECONDS}s'".encode())
        cursor = await db.execute(f"select {HOOK}(%s::jsonb)".encode(), [json.dumps(event)])
        (answer,) = await _one(cursor)
        await db.execute("set local statement_timeout = 0")
    except psycopg.errors.QueryCanceled:
        raise ApiError(422, "hook_timeout", f"Failed to reach hook within maximum time of {HOOK_SECONDS}s") from None
    except psycopg.Error as error:
        raise unexpected_failure(f"Error running hook URI: {where}") from error
    refusal = (answer or {}).get("error")
    if refusal:
        status = int(refusal.get("http_code") or 500)
        code = "unexpected_failure" if status == 500 else "unknown"
        raise ApiError(status, code, str(refusal.get("message", "")), named=False)
    claims = (answer or {}).get("claims") or {}
    missing = [name for name in REQUIRED_CLAIMS if name not in claims]
    if missing:
        raise unexpected_failure(
            "output claims do not conform to the expected schema: "
            + ", ".join(f"- (root): {name} is required" for name in missing)
        )
    return dict(claims)


async def open_session(db: Connection, user: User, method: str, client: Client) -> tuple[UUID, str]:
    """A new session of one factor.

    Args:
        db: a transaction.
        user: whose.
        method: what the person proved themselves with, for the claim ``amr``.
        client: where from.

    Returns:
        Its id and its first refresh token.

    Raises:
        ApiError: 400 ``user_banned``.
    """
    if user.banned:
        raise ApiError(400, "user_banned", "User is banned")
    session_id = uuid4()
    await db.execute(
        """insert into auth.sessions (id, user_id, created_at, updated_at, aal, user_agent, ip)
           values (%s, %s, now(), now(), 'aal1', %s, %s)""",
        [session_id, user.id, client.agent, client.address],
    )
    await add_method(db, session_id, method)
    await db.execute("update auth.users set last_sign_in_at = now(), updated_at = now() where id = %s", [user.id])
    return session_id, await _new_refresh_token(db, user, session_id, parent=None)


async def add_method(db: Connection, session_id: UUID, method: str) -> None:
    """Notes what the person of a session has proven themselves with just now."""
    await db.execute(
        """insert into auth.mfa_amr_claims (id, session_id, authentication_method, created_at, updated_at)
           values (%s, %s, %s, now(), now())
           on conflict (session_id, authentication_method) do update set updated_at = now()""",
        [uuid4(), session_id, method],
    )


async def swap_refresh_token(db: Connection, user: User, session_id: UUID) -> str:
    """Replaces the refresh token of a session that has just changed, as after a second factor."""
    cursor = await db.execute(
        """update auth.refresh_tokens set revoked = true, updated_at = now()
           where session_id = %s and not revoked returning token""",
        [session_id],
    )
    parent = await cursor.fetchone()
    return await _new_refresh_token(db, user, session_id, parent=parent[0] if parent else None)


async def refresh(db: Connection, token: str) -> tuple[User, UUID, str]:
    """Prolongs a session.

    The parent of the current token answers the current one again: its answer may have been lost on the way. An older
    one is taken for stolen and ends the family, unless it was replaced a moment ago.

    Returns:
        The account, the session and the refresh token to go on with.

    Raises:
        ApiError: 400, and for a token used twice the family is ended (and that committed).
    """
    if not _REFRESH_TOKEN.fullmatch(token):
        raise validation_failed("Refresh token is not valid")
    cursor = await db.execute(
        """select t.user_id::uuid, t.session_id, t.revoked, t.updated_at, s.not_after
           from auth.refresh_tokens t join auth.sessions s on s.id = t.session_id
           where t.token = %s for update""",
        [token],
    )
    found = await cursor.fetchone()
    if found is None:
        raise ApiError(400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found")
    user_id, session_id, revoked, replaced_at, not_after = found
    user = await users.get(db, user_id)
    if user.banned:
        raise ApiError(400, "user_banned", "Invalid Refresh Token: User Banned")
    now = datetime.now(UTC)
    if not_after is not None and not_after <= now:
        raise ApiError(400, "session_expired", "Invalid Refresh Token: Session Expired")
    following = await _following(db, session_id, token, revoked=revoked)
    if following is None and revoked and (now - replaced_at).total_seconds() > REUSE_SECONDS:
        await _end_family(db, session_id)
        await db.commit()
        raise ApiError(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used")
    if following is None:
        await db.execute(
            "update auth.refresh_tokens set revoked = true, updated_at = now() where token = %s and not revoked",
            [token],
        )
        following = await _new_refresh_token(db, user, session_id, parent=token)
    await db.execute(
        "update auth.sessions set refreshed_at = now() at time zone 'UTC', updated_at = now() where id = %s",
        [session_id],
    )
    return user, session_id, following


async def sign_out(db: Connection, user: User, session_id: UUID, scope: str) -> None:
    """Ends this session (``local``), all of the person's (``global``) or all but this one (``others``).

    Raises:
        ApiError: 400, no such scope.
    """
    conditions = {"local": "id = %(session)s", "global": "true", "others": "id <> %(session)s"}
    if scope not in conditions:
        raise validation_failed(f'Unsupported logout scope "{scope}"')
    query = f"delete from auth.sessions where user_id = %(user)s and {conditions[scope]}"  # noqa: S608  (constants)
    await db.execute(query.encode(), {"user": user.id, "session": session_id})


async def _following(db: Connection, session_id: UUID, token: str, *, revoked: bool) -> str | None:
    """The current token, if ``token`` is the one it replaced."""
    if not revoked:
        return None
    cursor = await db.execute(
        """select token, parent from auth.refresh_tokens
           where session_id = %s and not revoked order by id desc limit 1""",
        [session_id],
    )
    current = await cursor.fetchone()
    return current[0] if current is not None and current[1] == token else None


async def _end_family(db: Connection, session_id: UUID) -> None:
    """No token of the session is good any more, not even for those who were quick."""
    await db.execute(
        "update auth.refresh_tokens set revoked = true, updated_at = 'epoch' where session_id = %s", [session_id]
    )


async def _new_refresh_token(db: Connection, user: User, session_id: UUID, *, parent: str | None) -> str:
    token = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    await db.execute(
        """insert into auth.refresh_tokens (token, user_id, revoked, created_at, updated_at, parent, session_id)
           values (%s, %s, false, now(), now(), %s, %s)""",
        [token, str(user.id), parent, session_id],
    )
    return token


async def _one(cursor: psycopg.AsyncCursor[Any]) -> Any:
    row = await cursor.fetchone()
    assert row is not None
    return row
