"""Second factors: giving the code of one, adding one, removing one. What ``SignIn`` does with authenticators."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from helpdesk_tui.core.accounts import Accounts, SecondFactor
from helpdesk_tui.core.credential import read_claims
from helpdesk_tui.core.errors import BadInput, NotFound, SignInError

if TYPE_CHECKING:
    from supabase_auth import AsyncGoTrueClient
    from supabase_auth.types import AuthMFAVerifyResponse
    from supabase_auth.types import Session as Answered

    from helpdesk_tui.core.credential import Session

__all__ = ["Enrolment", "Factor", "Factors"]

ISSUER = "helpdesk"
"""What an authenticator shows beside the address."""
NAME = "authenticator"
"""What a factor is called if nobody says otherwise."""
_STANDARD = {"algorithm": "SHA1", "digits": "6", "period": "30", "issuer": ISSUER}


@dataclass(frozen=True, slots=True)
class Factor:
    """A second factor of an account. ``id`` is the sign-in server's; ``created_at`` an aware time."""

    id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A second factor that is being added: it counts once a code of it was given, see ``Factors.finish``."""

    factor_id: str
    name: str
    secret: str = field(repr=False)
    """What the authenticator makes its codes of, in base 32."""
    uri: str = field(repr=False)
    """The same as an ``otpauth://`` address, which a QR code carries."""

    @property
    def grouped(self) -> str:
        """The secret in fours, as people type it."""
        return " ".join(self.secret[at : at + 4] for at in range(0, len(self.secret), 4))


class Factors(Accounts):
    """The part of ``SignIn`` that is about second factors."""

    session: Session | None

    @abstractmethod
    def _is_due(self, session: Session) -> bool: ...

    @abstractmethod
    async def refresh(self) -> Session:
        """A new session in place of the current one."""

    @abstractmethod
    async def _replace(self, exchange: Callable[[Session], Awaitable[tuple[str, str]]]) -> Session: ...

    # -- the code of a factor that is there ---------------------------------------------------------------------------

    def _owed(self, found: Answered) -> SecondFactor | None:
        """The factor that a session just issued still owes; the session is kept as pending then."""
        factors = [f for f in found.user.factors or [] if f.factor_type == "totp" and f.status == "verified"]
        if not factors or read_claims(found.access_token).get("aal") == "aal2":
            return None
        self._pending = (found.access_token, found.refresh_token, tuple(f.id for f in factors))
        return SecondFactor(factors[0].id, factors[0].friendly_name or NAME)

    async def second_factor(self, factor: SecondFactor, code: str) -> Session:
        """Finish a sign-in with the code that an authenticator shows; any of the account's may be used.

        Raises: SignInError of the kind ``second_factor`` for a wrong code (try again), else as ``SignIn.password``.
        """
        access_token, refresh_token = await self._prove(factor, code)
        self._pending = None
        return await self._begin(access_token, refresh_token)

    async def _prove(self, factor: SecondFactor, code: str) -> tuple[str, str]:
        """The tokens that the pending ones become with a code."""
        code = _digits(code)
        if self._pending is None:
            raise SignInError("Sign in with the password first.", kind="second_factor")
        access_token, refresh_token, others = self._pending
        async with self._server() as server:
            await server.set_session(access_token, refresh_token)
            answer = await _verify(
                server, [factor.factor_id, *(other for other in others if other != factor.factor_id)], code
            )
        return answer.access_token, answer.refresh_token

    # -- those of the person who is signed in -------------------------------------------------------------------------

    async def factors(self) -> list[Factor]:
        """The second factors of whoever is signed in, the oldest first.

        Raises: SignInError of the kind ``signed_out`` or ``expired`` where nobody is; else as ``SignIn.password``.
        """
        async with self._as_me(await self._fresh()) as server:
            found = (await server.mfa.list_factors()).totp
        listed = [Factor(f.id, f.friendly_name or NAME, f.created_at) for f in found]
        return sorted(listed, key=lambda factor: factor.created_at)

    async def owed(self) -> SecondFactor | None:
        """The factor whose code raises the session of whoever is signed in: `second_factor` takes it. None where the
        account has none, and has to `enroll` one.

        Raises: as `factors`.
        """
        session = await self._fresh()
        found = await self.factors()
        if not found or session.aal == "aal2":
            return None
        self._pending = (session.access_token, session.refresh_token, tuple(factor.id for factor in found))
        return SecondFactor(found[0].id, found[0].name)

    async def enroll(self, name: str = "") -> Enrolment:
        """Begin to add a factor; what was begun under the name before and not finished is forgotten.

        Args:
            name: what the person calls it; "": ``authenticator``, with a number where there is one already.

        Raises:
            BadInput: there is one of that name.
            SignInError: of the kind ``second_factor`` where the account has a factor and this session gave none; else
                as `factors`.
        """
        name = " ".join(name.split())
        async with self._as_me(await self._fresh()) as server:
            there = (await server.mfa.list_factors()).all
            taken = {f.friendly_name for f in there if f.status == "verified"}
            if name in taken:
                raise BadInput(f"There is a second factor “{name}” already.", "Give another name.")
            numbered = (NAME if number == 1 else f"{NAME} {number}" for number in range(1, len(taken) + 2))
            name = name or next(each for each in numbered if each not in taken)
            for left_over in there:
                if left_over.friendly_name == name:
                    await server.mfa.unenroll({"factor_id": left_over.id})
            made = await server.mfa.enroll({"factor_type": "totp", "friendly_name": name, "issuer": ISSUER})
        if made.totp is None:
            raise SignInError("The sign-in server answered without a secret.")
        return Enrolment(made.id, name, made.totp.secret, _short(made.totp.uri))

    async def finish(self, enrolment: Enrolment, code: str) -> Session:
        """Add the factor with its first code. The session has given a second factor from then on, and the person's
        other sessions that gave none are ended by the server.

        Raises: SignInError of the kind ``second_factor`` for a wrong code (try again), else as `factors`.
        """
        code = _digits(code)
        await self._fresh()

        async def exchange(session: Session) -> tuple[str, str]:
            async with self._as_me(session) as server:
                answer = await _verify(server, [enrolment.factor_id], code)
            return answer.access_token, answer.refresh_token

        return await self._replace(exchange)

    async def unenroll(self, reference: str) -> tuple[Factor, Session]:
        """Remove a factor by name or id. A session that rested on it has given none any more.

        Raises:
            NotFound: there is no such factor.
            SignInError: of the kind ``second_factor`` where this session gave none; else as `factors`.
        """
        found = [f for f in await self.factors() if reference in (f.id, f.name)]
        if not found:
            raise NotFound(f"You have no second factor “{reference}”.", "`helpdesk factors` lists them.")

        async def exchange(session: Session) -> tuple[str, str]:
            async with self._as_me(session) as server:
                await server.mfa.unenroll({"factor_id": found[0].id})
                answer = await server.refresh_session()
            if answer.session is None:
                raise SignInError("The sign-in server answered without a session.")
            return answer.session.access_token, answer.session.refresh_token

        return found[0], await self._replace(exchange)

    async def _fresh(self) -> Session:
        """The session, renewed if due."""
        if self.session is None:
            raise SignInError("Nobody is signed in.", "Sign in first.", kind="signed_out")
        return await self.refresh() if self._is_due(self.session) else self.session

    @contextlib.asynccontextmanager
    async def _as_me(self, session: Session) -> AsyncIterator[AsyncGoTrueClient]:
        async with self._server() as server:
            await server.set_session(session.access_token, session.refresh_token)
            yield server


async def _verify(server: AsyncGoTrueClient, factors: list[str], code: str) -> AuthMFAVerifyResponse:
    """Try the code with one factor after the other: the person has several devices, and took any."""
    from supabase_auth.errors import AuthApiError

    for factor_id in factors[:-1]:
        try:
            return await server.mfa.challenge_and_verify({"factor_id": factor_id, "code": code})
        except AuthApiError as error:
            if error.code != "mfa_verification_failed":
                raise
    return await server.mfa.challenge_and_verify({"factor_id": factors[-1], "code": code})


def _digits(code: str) -> str:
    code = "".join(code.split())
    if not (code.isascii() and code.isdigit() and len(code) == 6):
        raise SignInError("The code is six digits.", kind="second_factor")
    return code


def _short(uri: str) -> str:
    """The address without what authenticators take for granted: each character makes the QR code larger."""
    parts = urlsplit(uri)
    kept = [(name, value) for name, value in parse_qsl(parts.query) if _STANDARD.get(name) != value]
    return f"{parts.scheme}://{parts.netloc}{quote(unquote(parts.path), safe='/:@')}?{urlencode(kept)}"
