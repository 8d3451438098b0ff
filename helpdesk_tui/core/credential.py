"""A session, and how it is read from the tokens that the sign-in server issued."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from helpdesk_tui.core.errors import SignInError

HOOK_CLAIM = "helpdesk_key"
_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Session:
    """One sign-in. ``expires_at`` is in unix seconds of this machine's clock; secrets stay out of its repr."""

    user_id: UUID
    email: str
    session_id: UUID
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: float
    db_user: str
    db_password: str = field(repr=False)
    claims: Mapping[str, object] = field(repr=False)
    """The token's claims, without the one that holds the database credential."""
    aal: str


def read_claims(access_token: str) -> dict[str, Any]:
    """The claims of a token, not verified: it is our own, and the database judges the login in it.

    Raises: SignInError if it is no JWT.
    """
    parts = access_token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError) as error:
        raise SignInError("The sign-in server answered with a token that cannot be read.") from error
    if not isinstance(claims, dict):
        raise SignInError("The sign-in server answered with a token that cannot be read.")
    return claims


def session_from(access_token: str, refresh_token: str, expires_at: float | None = None) -> Session:
    """The session that a pair of tokens stands for.

    Args:
        access_token: the JWT.
        refresh_token: what the next one is asked for with.
        expires_at: when it runs out by this machine's clock; the token's own word if None.
    Raises: SignInError, of the kind ``hook`` if there is no database login in it.
    """
    claims = read_claims(access_token)
    key = claims.pop(HOOK_CLAIM, None)
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise SignInError(
            "The sign-in worked, but brought no database login: the access token hook is not installed.",
            "Whoever runs the database installs it with `helpdesk db apply` and names helpdesk.access_token_hook as "
            "the custom access token hook in the settings of Supabase Auth.",
            kind="hook",
        )
    try:
        session_id = UUID(str(claims["session_id"]))
        return Session(
            user_id=UUID(str(claims["sub"])),
            email=str(claims.get("email") or ""),
            session_id=session_id,
            access_token=access_token,
            refresh_token=refresh_token,
            expires_at=float(claims["exp"] if expires_at is None else expires_at),
            db_user=f"hd_{session_id.hex}",
            db_password=key,
            claims=claims,
            aal=str(claims.get("aal") or "aal1"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SignInError("The sign-in server answered with a token that lacks what every token has.") from error


def lifetime(claims: Mapping[str, object]) -> float:
    """Seconds from a token's issue to its end; an hour where it does not say."""
    try:
        return max(1.0, float(claims["exp"]) - float(claims["iat"]))  # type: ignore[arg-type]
    except (KeyError, TypeError, ValueError):
        return 3600.0
