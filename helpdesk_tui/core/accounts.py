"""A new account, a new password for one that was forgotten, a code by e-mail in a password's place: other ways in.

Codes come by e-mail. A server that mails links alone has to put ``{{ .Token }}`` into its templates (docs/customer.md).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from helpdesk_tui.core.errors import SignInError

if TYPE_CHECKING:
    from supabase_auth import AsyncGoTrueClient
    from supabase_auth.types import Session as Answered

    from helpdesk_tui.core.credential import Session

__all__ = ["Accounts", "SecondFactor"]


@dataclass(frozen=True)
class SecondFactor:
    """What was given was right, and the account asks for a code of an authenticator too."""

    factor_id: str
    friendly_name: str


class Accounts(ABC):
    """The part of ``SignIn`` that is for people who cannot sign in yet."""

    _pending: tuple[str, str, tuple[str, ...]] | None

    @abstractmethod
    def _server(self) -> AbstractAsyncContextManager[AsyncGoTrueClient]: ...

    @abstractmethod
    async def _begin(self, access_token: str, refresh_token: str) -> Session: ...

    @abstractmethod
    async def _prove(self, factor: SecondFactor, code: str) -> tuple[str, str]: ...

    @abstractmethod
    def _owed(self, found: Answered) -> SecondFactor | None: ...

    @abstractmethod
    async def abandon(self) -> None:
        """End what was begun and not finished."""

    async def sign_up(self, email: str, password: str, name: str) -> Session | None:
        """Make an account (always a customer's). Answers None where the address must be confirmed first: a code is on
        its way, see `confirm`. A server that tells nobody who has an account answers None for one that is there, too.

        Raises: SignInError of the kinds ``weak_password``, ``exists``, ``validation``, else as ``SignIn.password``.
        """
        email, name = email.strip(), " ".join(name.split())
        if not (email and password and name):
            raise SignInError("All three are needed: a name, an e-mail address and a password.", kind="validation")
        await self.abandon()
        async with self._server() as server:
            answer = await server.sign_up(
                {"email": email, "password": password, "options": {"data": {"full_name": name}}}
            )
        if answer.session is None:
            return None
        return await self._begin(answer.session.access_token, answer.session.refresh_token)

    async def confirm(self, email: str, code: str) -> Session:
        """Finish a sign-up with the code that was mailed.

        Raises: SignInError of the kind ``code`` for a wrong or old one, else as ``SignIn.password``.
        """
        async with self._server() as server:
            answer = await server.verify_otp({"email": email.strip(), "token": _code(code), "type": "signup"})
        if answer.session is None:
            raise SignInError("The sign-in server answered without a session.")
        return await self._begin(answer.session.access_token, answer.session.refresh_token)

    async def send_code(self, email: str) -> None:
        """Have a code mailed to sign in with instead of a password. Nobody learns whether there is such an account: a
        server that says so by refusing, or by asking to wait for the next one, is not passed on.

        Raises: SignInError of the kind ``validation`` where the server signs nobody in so, else as ``SignIn.password``.
        """
        email = email.strip()
        if not email:
            raise SignInError("Give the e-mail address of your account.", kind="validation")
        await self.abandon()
        async with self._server() as server:
            from supabase_auth.errors import AuthApiError

            try:
                await server.sign_in_with_otp({"email": email, "options": {"should_create_user": False}})
            except AuthApiError as error:
                nobody = error.code == "otp_disabled"
                # One a minute for each account: the last one is still good. A limit for all has no seconds to wait.
                too_soon = error.code == "over_email_send_rate_limit" and "after" in error.message
                if not (nobody or too_soon):
                    raise

    async def enter(self, email: str, code: str) -> Session | SecondFactor:
        """Sign in with the code that `send_code` had mailed; answers as ``SignIn.password``.

        Raises: SignInError of the kind ``code`` for a wrong or old one, else as ``SignIn.password``.
        """
        await self.abandon()
        async with self._server() as server:
            answer = await server.verify_otp({"email": email.strip(), "token": _code(code), "type": "email"})
        if answer.session is None:
            raise SignInError("The sign-in server answered without a session.")
        factor = self._owed(answer.session)
        return factor or await self._begin(answer.session.access_token, answer.session.refresh_token)

    async def recover(self, email: str) -> None:
        """Have a code mailed with which a new password can be set. Nobody learns whether there is such an account.

        Raises: SignInError of the kinds ``validation``, ``rate_limit``, else as ``SignIn.password``.
        """
        email = email.strip()
        if not email:
            raise SignInError("Give the e-mail address of your account.", kind="validation")
        await self.abandon()
        async with self._server() as server:
            await server.reset_password_for_email(email)

    async def redeem(self, email: str, code: str) -> SecondFactor | None:
        """Give the code that `recover` had mailed; it is used up then, and `set_password` comes next.

        Answers a SecondFactor where the account asks for one before: `prove` it first.

        Raises: SignInError of the kind ``code`` for a wrong or old one, else as ``SignIn.password``.
        """
        await self.abandon()
        async with self._server() as server:
            answer = await server.verify_otp({"email": email.strip(), "token": _code(code), "type": "recovery"})
        if answer.session is None:
            raise SignInError("The sign-in server answered without a session.")
        factor = self._owed(answer.session)
        if factor is None:
            self._pending = (answer.session.access_token, answer.session.refresh_token, ())
        return factor

    async def prove(self, factor: SecondFactor, code: str) -> None:
        """Give the authenticator's code that a new password is refused without.

        Raises: SignInError of the kind ``second_factor`` for a wrong code (try again), else as ``SignIn.password``.
        """
        self._pending = (*await self._prove(factor, code), ())

    async def set_password(self, password: str) -> Session:
        """Set the new password after `redeem`. The account's other devices are signed out, this one is signed in.

        Raises: SignInError of the kind ``weak_password`` (try another one), else as ``SignIn.password``.
        """
        if self._pending is None:
            raise SignInError("Have a code sent to you first.", kind="code")
        if not password:
            raise SignInError("Give the new password.", kind="validation")
        access_token, refresh_token, _ = self._pending
        async with self._server() as server:
            await server.set_session(access_token, refresh_token)
            await server.update_user({"password": password})
        self._pending = None
        return await self._begin(access_token, refresh_token)


def _code(text: str) -> str:
    """The code as it was mailed, without the spaces that people type."""
    code = "".join(text.split())
    if not (code.isascii() and code.isalnum() and 6 <= len(code) <= 10):
        raise SignInError("The code is the six to ten digits of the message.", kind="code")
    return code
