"""A sign-in server small enough to make fail on purpose. It answers as a real one was recorded to answer.

What holds for the good paths is tested against the local sign-in and its Postgres; this one is for what those never
do: rate limits, a failing hook, a portal's page, a wrong clock.
"""

import base64
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

PASSWORD = "correct horse 1"
CODE = "569855"
URL = "https://project.example/auth/v1"


def jwt(claims) -> str:
    """A token with these claims and no signature."""
    header = {"alg": "ES256", "kid": str(uuid4()), "typ": "JWT"}
    parts: list[Any] = [header, claims]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2ln"])


def error(status: int, code: str, message: str, **more) -> httpx.Response:
    """An error as the server words it since its API of 2024."""
    headers = {"x-sb-error-code": code, "x-supabase-api-version": "2024-01-01"}
    return httpx.Response(status, headers=headers, json={"code": code, "message": message, **more})


@dataclass
class AuthServer:
    """One person, any number of sessions. ``answer`` may answer in its place, ``offset`` puts its clock wrong."""

    email: str = "carol@example.com"
    factors: list[str] = field(default_factory=list)
    hook_installed: bool = True
    lifetime: int = 3600
    offset: float = 0.0
    answer: Any = None
    requests: list[httpx.Request] = field(default_factory=list)
    user_id: str = field(default_factory=lambda: str(uuid4()))
    # session id → [assurance level, grandparent and older, parent, current refresh token]
    sessions: dict = field(default_factory=dict)
    delay: Any = None

    @property
    def counts(self) -> Counter:
        """How often each path was asked for."""
        return Counter(request.url.path.removeprefix("/auth/v1/") for request in self.requests)

    @property
    def transport(self) -> httpx.MockTransport:
        """For SignIn's ``transport``."""
        return httpx.MockTransport(self._handle)

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.delay is not None:
            await self.delay()
        if self.answer is not None:
            answer = self.answer(request) if callable(self.answer) else self.answer
            if answer is not None:
                return answer
        path = request.url.path.removeprefix("/auth/v1/")
        body = json.loads(request.content or b"{}")
        if path == "token" and request.url.params["grant_type"] == "password":
            if (body["email"], body["password"]) != (self.email, PASSWORD):
                return error(400, "invalid_credentials", "Invalid login credentials")
            return self._tokens(str(uuid4()), "aal1")
        if path == "token":
            return self._refresh(body["refresh_token"])
        session_id = self._bearer(request)
        if path == "logout":
            if session_id not in self.sessions:
                return error(403, "session_not_found", "Session from session_id claim in JWT does not exist")
            assert request.url.params["scope"] == "local"
            del self.sessions[session_id]
            return httpx.Response(204)
        if path == "user":
            return httpx.Response(200, json=self._user())
        if path.endswith("/challenge"):
            return httpx.Response(200, json={"id": str(uuid4()), "type": "totp", "expires_at": int(self.now) + 300})
        if path.endswith("/verify"):
            if body["code"] != CODE or path.split("/")[1] != self.factors[-1]:
                return error(422, "mfa_verification_failed", "Invalid TOTP code entered")
            return self._tokens(session_id, "aal2")
        raise AssertionError(f"{request.method} {request.url}")

    @property
    def now(self) -> float:
        """The server's clock."""
        return time.time() + self.offset

    def _bearer(self, request) -> str:
        payload = request.headers["authorization"].split(".")[1]
        return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["session_id"]

    def _refresh(self, token: str) -> httpx.Response:
        for session_id, (aal, old, parent, current) in self.sessions.items():
            if token == current:
                return self._tokens(session_id, aal)
            if token == parent:
                return self._answer(session_id)
            if token in old:
                del self.sessions[session_id]
                return error(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used")
        return error(400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found")

    def _tokens(self, session_id: str, aal: str) -> httpx.Response:
        _, old, parent, current = self.sessions.get(session_id, (aal, (), None, None))
        self.sessions[session_id] = (aal, (*old, parent), current, uuid4().hex[:12])
        return self._answer(session_id)

    def _answer(self, session_id: str) -> httpx.Response:
        aal, _, _, current = self.sessions[session_id]
        issued = int(self.now)
        claims = {
            "aal": aal,
            "aud": "authenticated",
            "email": self.email,
            "iat": issued,
            "exp": issued + self.lifetime,
            "role": "authenticated",
            "session_id": session_id,
            "sub": self.user_id,
        }
        if self.hook_installed:
            claims["helpdesk_key"] = session_id.replace("-", "") * 2
        tokens = {
            "access_token": jwt(claims),
            "token_type": "bearer",
            "expires_in": self.lifetime,
            "expires_at": issued + self.lifetime,
            "refresh_token": current,
            "user": self._user(),
        }
        return httpx.Response(200, json=tokens)

    def _user(self) -> dict:
        then = "2026-01-01T00:00:00Z"
        return {
            "id": self.user_id,
            "aud": "authenticated",
            "role": "authenticated",
            "email": self.email,
            "app_metadata": {"provider": "email"},
            "user_metadata": {},
            "created_at": then,
            "updated_at": then,
            "factors": [
                {
                    "id": factor,
                    "status": "verified",
                    "friendly_name": f"phone {number}",
                    "factor_type": "totp",
                    "created_at": then,
                    "updated_at": then,
                }
                for number, factor in enumerate(self.factors, start=1)
            ],
        }
