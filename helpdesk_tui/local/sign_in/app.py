"""The server's addresses. Each request is one transaction on a connection of its own, as ``supabase_auth_admin``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.conninfo import make_conninfo
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from helpdesk_tui.local.sign_in import codes, factors, sessions, users
from helpdesk_tui.local.sign_in.errors import ApiError, bad_json, unexpected_failure, validation_failed
from helpdesk_tui.local.sign_in.passwords import is_password
from helpdesk_tui.local.sign_in.sessions import Client, Issuer
from helpdesk_tui.local.sign_in.users import Connection, Json, User

PROVIDERS = (
    "apple azure bitbucket discord facebook snapchat figma fly github gitlab google keycloak kakao linkedin "
    "linkedin_oidc notion spotify slack slack_oidc workos twitch twitter phone zoom"
)
"""Other ways to sign in that the real server knows. Here they are all off."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a bearer token speaks for, and in which session."""

    user: User
    session_id: UUID
    aal: str


class SignInServer:
    """Answers for one desk.

    Args:
        dsn: how to connect as somebody who may become ``supabase_auth_admin``.
        issuer: makes the access tokens.
        mailer: sends codes.
        autoconfirm: a new account may sign in at once; False: only with a code from a mail.
    """

    def __init__(self, dsn: str, issuer: Issuer, mailer: codes.Mailer, *, autoconfirm: bool = True) -> None:
        self._dsn = make_conninfo(dsn, options="-c role=supabase_auth_admin", application_name="helpdesk sign-in")
        self._issuer = issuer
        self._mailer = mailer
        self.autoconfirm = autoconfirm

    def asgi(self) -> Starlette:
        """The server as an ASGI application, below ``/auth/v1``."""
        routes = [
            Route("/health", self.health),
            Route("/settings", self.settings),
            Route("/.well-known/jwks.json", self.jwks),
            Route("/signup", self.sign_up, methods=["POST"]),
            Route("/token", self.token, methods=["POST"]),
            Route("/logout", self.sign_out, methods=["POST"]),
            Route("/user", self.user, methods=["GET"]),
            Route("/user", self.update_user, methods=["PUT"]),
            Route("/otp", self.otp, methods=["POST"]),
            Route("/magiclink", self.otp, methods=["POST"]),
            Route("/recover", self.recover, methods=["POST"]),
            Route("/verify", self.verify, methods=["POST"]),
            Route("/factors", self.enroll, methods=["POST"]),
            Route("/factors/{factor}", self.unenroll, methods=["DELETE"]),
            Route("/factors/{factor}/challenge", self.challenge, methods=["POST"]),
            Route("/factors/{factor}/verify", self.verify_factor, methods=["POST"]),
        ]
        handlers: Any = {ApiError: _refused, psycopg.Error: _database_failed}
        return Starlette(routes=[Mount("/auth/v1", routes=routes)], exception_handlers=handlers)

    # -- what needs nobody ---------------------------------------------------------------------------------------------

    async def health(self, _: Request) -> Response:
        """Alive."""
        about = "GoTrue is a user registration and authentication API"
        return JSONResponse({"version": "", "name": "GoTrue", "description": about})

    async def settings(self, _: Request) -> Response:
        """What this server allows."""
        return JSONResponse(
            {
                "external": dict.fromkeys(PROVIDERS.split(), False) | {"anonymous_users": True, "email": True},
                "disable_signup": False,
                "mailer_autoconfirm": self.autoconfirm,
                "phone_autoconfirm": False,
                "sms_provider": "",
                "saml_enabled": False,
                "saml_private_key_next_configured": True,
                "passkeys_enabled": False,
            }
        )

    async def jwks(self, _: Request) -> Response:
        """The keys to check access tokens with."""
        return JSONResponse(self._issuer.key.jwks(), headers={"cache-control": "public, max-age=600"})

    # -- getting in ----------------------------------------------------------------------------------------------------

    async def sign_up(self, request: Request) -> Response:
        """A new account; anonymous without an address."""
        body = await _body(request)
        email, password, data = _text(body, "email"), _text(body, "password"), _object(body, "data")
        if not email:
            async with self._database() as db:
                user = await users.create(db, email=None, password=None, data=data, confirmed=False)
                return JSONResponse(await self._let_in(db, user, "anonymous", _client(request)))
        if not password:
            raise validation_failed("Signup requires a valid password")
        users.check_password_strength(password)
        email = users.checked_email(email)
        async with self._database() as db:
            known = await users.find(db, email=email)
            if known is not None and (self.autoconfirm or known.email_confirmed_at):
                if not self.autoconfirm:
                    # Nobody learns from an answer who has an account: it looks like a new one.
                    return JSONResponse(await self._pretend(db, email, data))
                raise ApiError(422, "user_already_exists", "User already registered")
            try:
                user = known or await users.create(
                    db, email=email, password=password, data=data, confirmed=self.autoconfirm
                )
            except psycopg.errors.UniqueViolation:
                raise ApiError(422, "user_already_exists", "User already registered") from None
            if not self.autoconfirm:
                await self._mailer.send(db, user, codes.CONFIRMATION, email)
                return JSONResponse(await users.describe(db, user))
            answer = await self._let_in(db, user, "password", _client(request))
        # The real server answers a sign-up from what it has in hand, not from what it has stored.
        answer["user"].pop("confirmed_at")
        for identity in answer["user"]["identities"]:
            identity["identity_data"] = identity["identity_data"] | {"email_verified": True}
        return JSONResponse(answer)

    async def token(self, request: Request) -> Response:
        """A session for a password, or another hour for a refresh token."""
        grant = request.query_params.get("grant_type")
        body = await _body(request)
        if grant == "password":
            return await self._by_password(body, _client(request))
        if grant == "refresh_token":
            async with self._database() as db:
                user, session_id, following = await sessions.refresh(db, _text(body, "refresh_token"))
                return JSONResponse(await self._issuer.answer(db, user, session_id, following, "token_refresh"))
        raise ApiError(400, "invalid_credentials", "unsupported_grant_type")

    async def _by_password(self, body: Json, client: Client) -> Response:
        email, password = _text(body, "email").lower(), _text(body, "password")
        if not email:
            raise validation_failed("missing email or phone")
        async with self._database() as db:
            user = await users.find(db, email=email)
            fits = user is not None and await asyncio.to_thread(is_password, password, user.encrypted_password)
            if user is None or not fits:
                raise ApiError(400, "invalid_credentials", "Invalid login credentials")
            if user.email_confirmed_at is None:
                raise ApiError(400, "email_not_confirmed", "Email not confirmed")
            answer = await self._let_in(db, user, "password", client)
        return JSONResponse(answer | {"weak_password": None})

    async def otp(self, request: Request) -> Response:
        """Mails a code to sign in with; makes the account unless asked not to."""
        body = await _body(request)
        email = users.checked_email(_text(body, "email"))
        async with self._database() as db:
            user = await users.find(db, email=email)
            if user is None:
                if body.get("create_user") is False:
                    raise ApiError(422, "otp_disabled", "Signups not allowed for otp")
                data = _object(body, "data")
                user = await users.create(db, email=email, password=None, data=data, confirmed=False)
            kind = codes.RECOVERY if user.email_confirmed_at else codes.CONFIRMATION
            await self._mailer.send(db, user, kind, email)
        return JSONResponse({})

    async def recover(self, request: Request) -> Response:
        """Mails a code to set a new password with. Says the same whether or not there is such an account."""
        body = await _body(request)
        email = users.checked_email(_text(body, "email"))
        async with self._database() as db:
            user = await users.find(db, email=email)
            if user is not None:
                await self._mailer.send(db, user, codes.RECOVERY, email)
        return JSONResponse({})

    async def verify(self, request: Request) -> Response:
        """A session for a code from a mail."""
        body = await _body(request)
        kind, code = _text(body, "type"), _text(body, "token")
        if not code:
            raise validation_failed("Verify requires a token or a token hash")
        email = users.checked_email(_text(body, "email"))
        async with self._database() as db:
            user = await codes.redeem(db, kind, email, code)
            return JSONResponse(await self._let_in(db, user, "otp", _client(request)))

    async def _let_in(self, db: Connection, user: User, method: str, client: Client) -> Json:
        session_id, refresh_token = await sessions.open_session(db, user, method, client)
        return await self._issuer.answer(db, await users.get(db, user.id), session_id, refresh_token, method)

    async def _pretend(self, db: Connection, email: str, data: Json) -> Json:
        """What signing up with a new address would have answered. Nothing of it is kept."""
        unused = f"{uuid4().hex}@pretended.invalid"
        shown = await users.describe(db, await users.create(db, email=unused, password=None, data={}, confirmed=False))
        await db.rollback()
        return shown | {"email": email, "user_metadata": data, "identities": []}

    # -- with a bearer token -------------------------------------------------------------------------------------------

    async def sign_out(self, request: Request) -> Response:
        """Ends sessions. Database access ends with them."""
        async with self._database() as db:
            caller = await self._caller(db, request)
            scope = request.query_params.get("scope", "global")
            await sessions.sign_out(db, caller.user, caller.session_id, scope)
        return Response(status_code=204)

    async def user(self, request: Request) -> Response:
        """The caller's account."""
        async with self._database() as db:
            caller = await self._caller(db, request)
            return JSONResponse(await users.describe(db, caller.user))

    async def update_user(self, request: Request) -> Response:
        """Changes the caller's data, password or address."""
        body = await _body(request)
        email, password, data = _text(body, "email"), _text(body, "password"), _object(body, "data")
        async with self._database() as db:
            caller = await self._caller(db, request)
            user = caller.user
            if (email or password) and caller.aal != "aal2" and await factors.has_verified(db, user):
                message = "AAL2 session is required to update email or password when MFA is enabled."
                raise ApiError(401, "insufficient_aal", message)
            if password:
                await users.change_password(db, user, password)
                await sessions.sign_out(db, user, caller.session_id, "others")
            if data:
                await users.change_data(db, user, data)
            if email and users.checked_email(email) != user.email:
                if self.autoconfirm:
                    await users.change_email(db, user, users.checked_email(email))
                else:
                    await self._mailer.send(db, user, codes.CHANGE, users.checked_email(email))
            return JSONResponse(await users.describe(db, await users.get(db, user.id)))

    async def enroll(self, request: Request) -> Response:
        """A new second factor."""
        body = await _body(request)
        kind, name = _text(body, "factor_type"), _text(body, "friendly_name")
        async with self._database() as db:
            caller = await self._caller(db, request)
            issuer = _text(body, "issuer") or "helpdesk"
            return JSONResponse(await factors.enroll(db, caller.user, caller.aal, kind=kind, name=name, issuer=issuer))

    async def unenroll(self, request: Request) -> Response:
        """Does away with a second factor."""
        async with self._database() as db:
            caller = await self._caller(db, request)
            return JSONResponse(await factors.unenroll(db, caller.user, caller.aal, request.path_params["factor"]))

    async def challenge(self, request: Request) -> Response:
        """Asks for a code."""
        async with self._database() as db:
            caller = await self._caller(db, request)
            factor, address = request.path_params["factor"], _client(request).address
            return JSONResponse(await factors.challenge(db, caller.user, factor, address))

    async def verify_factor(self, request: Request) -> Response:
        """Takes the code: the session is ``aal2`` from now on."""
        body = await _body(request)
        challenge_id, code = _text(body, "challenge_id"), _text(body, "code")
        async with self._database() as db:
            caller = await self._caller(db, request)
            user, session_id, factor = caller.user, caller.session_id, request.path_params["factor"]
            following = await factors.verify(db, user, session_id, factor, challenge_id=challenge_id, code=code)
            return JSONResponse(await self._issuer.answer(db, user, session_id, following, "totp"))

    async def _caller(self, db: Connection, request: Request) -> Caller:
        """Who asks.

        Raises:
            ApiError: no token, not ours, or its session has ended.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise ApiError(401, "no_authorization", "This endpoint requires a valid Bearer token")
        claims = self._issuer.key.read(token)
        user = await users.get(db, claims["sub"])
        cursor = await db.execute(
            "select id, aal from auth.sessions where id = %s and user_id = %s", [claims["session_id"], user.id]
        )
        session = await cursor.fetchone()
        if session is None:
            message = "Session from session_id claim in JWT does not exist"
            raise ApiError(403, "session_not_found", message)
        return Caller(user, session[0], session[1])

    @asynccontextmanager
    async def _database(self) -> AsyncIterator[Connection]:
        """A transaction: kept if the answer is given, undone if an error is. Takes some 3 ms to open on a socket, and
        in return a desk that nobody signs in to holds no connection, whichever event loops come and go.
        """
        async with await psycopg.AsyncConnection.connect(self._dsn) as db:
            yield db


async def _body(request: Request) -> Json:
    raw = await request.body()
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise bad_json(str(error)) from None
    if not isinstance(body, dict):
        raise bad_json(f"cannot unmarshal {type(body).__name__} into an object")
    return body


def _text(body: Json, name: str) -> str:
    """A text of the body, empty if it is missing."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise bad_json(f"cannot unmarshal {type(value).__name__} into field {name} of type string")
    return value or ""


def _object(body: Json, name: str) -> Json:
    """An object of the body, empty if it is missing."""
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise bad_json(f"cannot unmarshal {type(value).__name__} into field {name} of type map")
    return value or {}


def _client(request: Request) -> Client:
    host = request.client.host if request.client else "127.0.0.1"
    return Client(host, request.headers.get("user-agent", ""))


async def _refused(_: Request, error: ApiError) -> Response:
    return JSONResponse(error.body, status_code=error.status, headers=error.headers)


async def _database_failed(_: Request, error: psycopg.Error) -> Response:
    if isinstance(error, psycopg.OperationalError):
        # As a gateway answers while the server behind it is away; clients try again.
        return JSONResponse({"message": "The local database is not available."}, status_code=503)
    failure = unexpected_failure(f"Database error: {error.diag.message_primary or error}")
    return JSONResponse(failure.body, status_code=500, headers=failure.headers)
