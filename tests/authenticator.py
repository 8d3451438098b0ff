"""An authenticator app beside an account: the second factor, added by another device of the same person."""

from __future__ import annotations

import httpx
import pyotp
from supabase_auth import AsyncGoTrueClient


async def enroll(transport: httpx.AsyncBaseTransport, url: str, email: str, password: str) -> pyotp.TOTP:
    """Adds an authenticator to the account, and returns it.

    Args:
        transport: how the sign-in is reached.
        url: the sign-in's address, ``…/auth/v1``.
        email: whose account.
        password: its password.
    """
    async with httpx.AsyncClient(transport=transport) as http:
        client = AsyncGoTrueClient(url=url, http_client=http, auto_refresh_token=False, persist_session=False)
        await client.sign_in_with_password({"email": email, "password": password})
        factor = await client.mfa.enroll({"factor_type": "totp", "friendly_name": "phone"})
        assert factor.totp
        code = pyotp.TOTP(factor.totp.secret)
        await client.mfa.challenge_and_verify({"factor_id": factor.id, "code": code.now()})
        return code
