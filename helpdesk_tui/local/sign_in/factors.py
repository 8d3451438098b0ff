"""Second factors: time-based codes (TOTP), enrolled by the person, asked for by whoever demands ``aal2``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from xml.sax.saxutils import escape

import psycopg
import pyotp

from helpdesk_tui.local.sign_in import sessions
from helpdesk_tui.local.sign_in.errors import ApiError, validation_failed
from helpdesk_tui.local.sign_in.users import Connection, Json, User

CHALLENGE_SECONDS = 300
MOST_FACTORS = 10


async def enroll(db: Connection, user: User, aal: str, *, kind: str, name: str, issuer: str) -> Json:
    """A new factor, of no effect until its first code was given.

    Raises:
        ApiError: not the kind we know, a name used twice, too many, or ``aal2`` is needed since there is one already.
    """
    if kind != "totp":
        raise validation_failed("factor_type needs to be totp, phone, or webauthn")
    cursor = await db.execute(
        "select count(*), count(*) filter (where status = 'verified') from auth.mfa_factors where user_id = %s",
        [user.id],
    )
    count, verified = await cursor.fetchone() or (0, 0)
    if count >= MOST_FACTORS:
        raise ApiError(
            422, "too_many_enrolled_mfa_factors", "Maximum number of verified factors reached, unenroll to continue"
        )
    if verified and aal != "aal2":
        raise ApiError(403, "insufficient_aal", "AAL2 required to enroll a new factor")
    factor_id, secret = uuid4(), pyotp.random_base32()
    try:
        await db.execute(
            """insert into auth.mfa_factors
                 (id, user_id, friendly_name, factor_type, status, secret, created_at, updated_at)
               values (%s, %s, %s, 'totp', 'unverified', %s, now(), now())""",
            [factor_id, user.id, name, secret],
        )
    except psycopg.errors.UniqueViolation:
        message = f'A factor with the friendly name "{name}" for this user already exists'
        raise ApiError(422, "mfa_factor_name_conflict", message) from None
    uri = pyotp.TOTP(secret).provisioning_uri(name=user.email or str(user.id), issuer_name=issuer)
    return {
        "id": str(factor_id),
        "type": "totp",
        "friendly_name": name,
        # A picture for browsers; terminals show the address. Drawing the real thing would take a library of its own.
        "totp": {"qr_code": f"<svg><text>{escape(uri)}</text></svg>", "secret": secret, "uri": uri},
    }


async def challenge(db: Connection, user: User, factor_id: str, address: str) -> Json:
    """Begins to ask for a code."""
    factor = await _factor(db, user, factor_id)
    challenge_id = uuid4()
    await db.execute(
        "insert into auth.mfa_challenges (id, factor_id, created_at, ip_address) values (%s, %s, now(), %s)",
        [challenge_id, factor["id"], address],
    )
    await db.execute("update auth.mfa_factors set last_challenged_at = now() where id = %s", [factor["id"]])
    expires = datetime.now(UTC) + timedelta(seconds=CHALLENGE_SECONDS)
    return {"id": str(challenge_id), "type": "totp", "expires_at": int(expires.timestamp())}


async def verify(db: Connection, user: User, session_id: UUID, factor_id: str, *, challenge_id: str, code: str) -> str:
    """Raises the session to ``aal2`` by a code. The first code of a factor makes it count, and ends the person's other
    sessions that have not given one.

    Returns:
        The session's new refresh token.

    Raises:
        ApiError: 422, the code is wrong or the challenge too old; 404, there is no such factor or challenge.
    """
    factor = await _factor(db, user, factor_id)
    cursor = await db.execute(
        """select created_at + make_interval(secs => %s) < now() or verified_at is not null
           from auth.mfa_challenges where id::text = %s and factor_id = %s""",
        [CHALLENGE_SECONDS, challenge_id, factor["id"]],
    )
    found = await cursor.fetchone()
    if found is None:
        raise ApiError(404, "mfa_factor_not_found", "MFA factor with the provided challenge ID not found")
    if found[0]:
        message = (
            f"MFA challenge {challenge_id} has expired, verify against another challenge or create a new challenge."
        )
        raise ApiError(422, "mfa_challenge_expired", message)
    if not pyotp.TOTP(factor["secret"]).verify(code, valid_window=1):
        raise ApiError(422, "mfa_verification_failed", "Invalid TOTP code entered")
    await db.execute("update auth.mfa_challenges set verified_at = now() where id::text = %s", [challenge_id])
    await db.execute(
        "update auth.sessions set aal = 'aal2', factor_id = %s, updated_at = now() where id = %s",
        [factor["id"], session_id],
    )
    await sessions.add_method(db, session_id, "totp")
    if factor["status"] != "verified":
        await db.execute(
            "update auth.mfa_factors set status = 'verified', updated_at = now() where id = %s", [factor["id"]]
        )
        await db.execute("delete from auth.mfa_factors where user_id = %s and status = 'unverified'", [user.id])
        await db.execute("delete from auth.sessions where user_id = %s and aal = 'aal1'", [user.id])
    return await sessions.swap_refresh_token(db, user, session_id)


async def unenroll(db: Connection, user: User, aal: str, factor_id: str) -> Json:
    """Does away with a factor; sessions that rested on it are ``aal1`` again.

    Raises:
        ApiError: ``aal2`` is needed for one that counts.
    """
    factor = await _factor(db, user, factor_id)
    if factor["status"] == "verified" and aal != "aal2":
        raise ApiError(422, "insufficient_aal", "AAL2 required to unenroll verified factor")
    await db.execute("delete from auth.mfa_factors where id = %s", [factor["id"]])
    await db.execute(
        """with lowered as (
             update auth.sessions set aal = 'aal1', factor_id = null, updated_at = now()
             where factor_id = %s returning id
           )
           delete from auth.mfa_amr_claims a using lowered
           where a.session_id = lowered.id and a.authentication_method = 'totp'""",
        [factor["id"]],
    )
    return {"id": str(factor["id"])}


async def has_verified(db: Connection, user: User) -> bool:
    """Whether the person has a factor that counts."""
    cursor = await db.execute(
        "select exists (select from auth.mfa_factors where user_id = %s and status = 'verified')", [user.id]
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def _factor(db: Connection, user: User, factor_id: str) -> dict[str, Any]:
    cursor = await db.execute(
        "select id, status::text, secret from auth.mfa_factors where id::text = %s and user_id = %s for update",
        [factor_id, user.id],
    )
    row = await cursor.fetchone()
    if row is None:
        raise ApiError(404, "mfa_factor_not_found", "Factor not found")
    return dict(zip(("id", "status", "secret"), row, strict=True))
