"""Signing in: an e-mail address and a password become a session, which is kept, renewed and ended.

A session carries its own short-lived database login, which the database's access token hook put into the access
token. The official client is imported when the server is asked, never to restore a session that is still good.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

from helpdesk_tui import __version__
from helpdesk_tui.core.accounts import SecondFactor
from helpdesk_tui.core.credential import Session, lifetime, read_claims, session_from
from helpdesk_tui.core.errors import HelpdeskError, SettingsError, SignInError
from helpdesk_tui.core.factors import Factors
from helpdesk_tui.core.settings import Settings
from helpdesk_tui.core.tokens import Record, TokenStore

if TYPE_CHECKING:
    from pathlib import Path

    import httpx
    from supabase_auth import AsyncGoTrueClient

__all__ = ["SecondFactor", "Session", "SignIn"]

CLOCK_TOLERANCE = 300.0
"""Seconds that this machine's clock may differ from the server's."""
LOOK_SECONDS = 15.0
"""The longest sleep between two looks at the clock: a machine that slept notices this late."""
FIRST_PAUSE = 1.0
"""Seconds after the first failure to renew; doubled after each further one, up to a minute."""
REQUEST_SECONDS = 10.0
_ENDED = ("expired", "signed_out")


class SignIn(Factors):
    """Signs one person in, and keeps them signed in.

    Args:
        settings: where the sign-in server is.
        store: where the session rests; may be shared with other processes.
        transport: how to reach the server, an ASGI app in local mode; None: over the network.
        notice: told what a person should know though nothing failed, one sentence a call.
        clock: unix seconds, for tests.
    """

    def __init__(
        self,
        settings: Settings,
        store: TokenStore,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        notice: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url = settings.auth_endpoint
        self._api_key = settings.api_key
        self._store = store
        self._transport = transport
        self.mailbox: Path | None = getattr(transport, "outbox", None)
        """Where the codes are that would come by e-mail, where the sign-in is local and mails nothing."""
        self.notice = notice or (lambda _: None)
        """May be replaced: an interface that takes the terminal over shows notices its own way."""
        self._clock = clock
        self._callbacks: dict[object, Callable[[Session], None]] = {}
        self._flight: asyncio.Task[Session] | None = None
        self._pending: tuple[str, str, tuple[str, ...]] | None = None
        self._kept = False
        self.session: Session | None = None
        """Who is signed in at this moment."""
        self.trouble: HelpdeskError | None = None
        """Why the last renewal by `keep_fresh` failed; None when it worked."""

    def on_refresh(self, callback: Callable[[Session], None]) -> Callable[[], None]:
        """Call back with each session that replaces the one before. Answers what takes this back; twice is no error."""
        key = object()
        self._callbacks[key] = callback

        def take_back() -> None:
            self._callbacks.pop(key, None)

        return take_back

    async def password(self, email: str, password: str) -> Session | SecondFactor:
        """Sign in. Answers a SecondFactor where the account asks for a code: go on with `second_factor`.

        Raises: SignInError, Unreachable, SettingsError.
        """
        email = email.strip()
        if not email or not password:
            raise SignInError("Give the e-mail address and the password.", kind="validation")
        await self.abandon()
        async with self._server() as server:
            answer = await server.sign_in_with_password({"email": email, "password": password})
        found = answer.session
        if found is None:
            raise SignInError("The sign-in server answered without a session.")
        factor = self._owed(found)
        return factor if factor is not None else await self._begin(found.access_token, found.refresh_token)

    async def abandon(self) -> None:
        """End a sign-in that waits for its second factor, or for a new password, as far as the server can be told."""
        if self._pending is not None:
            (access_token, _, _), self._pending = self._pending, None
            if self.session is not None and str(self.session.session_id) == read_claims(access_token).get("session_id"):
                return  # it only was to be raised, and goes on as it is
            with contextlib.suppress(HelpdeskError):
                async with self._server() as server:
                    await server.admin.sign_out(access_token, "local")

    async def restore(self) -> Session | None:
        """Who was signed in when the program ended, renewed if due; None where nobody is.

        Raises: Unreachable and others of `refresh`, but only if the session cannot be used without being renewed.
        """
        session = self.session = await self._stored()
        if session is None or not self._is_due(session):
            return session
        try:
            return await self.refresh()
        except HelpdeskError as error:
            if isinstance(error, SignInError) and error.kind in _ENDED:
                self.notice(str(error))
                return None
            if session.expires_at > self._clock() and not (isinstance(error, SignInError) and error.kind == "clock"):
                return session
            raise

    async def refresh(self) -> Session:
        """A new session in place of the current one. Those who ask meanwhile, here and in other processes that
        share the store, wait for the same one.

        Raises: SignInError of the kind ``expired`` or ``signed_out`` when it is over; Unreachable and others when
            it may work later.
        """
        if self._flight is None or self._flight.done():
            self._flight = asyncio.create_task(self._renew(), name="renew the sign-in")
            self._flight.add_done_callback(lambda task: task.cancelled() or task.exception())
        # A caller who is cancelled must not leave the server with a token that nobody has kept.
        return await asyncio.shield(self._flight)

    async def keep_fresh(self) -> None:
        """Renew the session ahead of its end for as long as this task lives, by the clock on the wall.

        Raises: SignInError of the kind ``expired`` or ``signed_out`` when it is over. Other failures are tried again.
        """
        pause = FIRST_PAUSE
        while self.session is not None:
            wait = self._due_at(self.session) - self._clock()
            if wait > 0:
                # In short steps: a sleeping machine's timers stand still, its clock does not.
                await asyncio.sleep(min(wait, LOOK_SECONDS))
                continue
            try:
                await self.refresh()
                self.trouble, pause = None, FIRST_PAUSE
                # A token may be due as soon as it comes, where this machine's clock is ahead.
                await asyncio.sleep(min(30.0, lifetime(self.session.claims) / 10))
            except HelpdeskError as error:
                if isinstance(error, SignInError) and error.kind in _ENDED:
                    raise
                self.trouble, pause = error, min(pause * 2, 60.0)
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  (spreads clients, guards nothing)
        raise SignInError("You were signed out: this sign-in has ended.", "Sign in again.", kind="signed_out")

    async def sign_out(self) -> None:
        """End this session, on this device alone.

        The tokens are forgotten even if the server cannot be told, and the server is told even if the store cannot be
        locked or changed; ``notice`` is told what did not work. May take LOCK_SECONDS of tokens.py, where another
        process keeps the lock, and two requests.
        """
        await self.abandon()
        own = self.session
        self.session = None
        async with contextlib.AsyncExitStack() as held:
            try:
                await held.enter_async_context(self._store.lock())
            except HelpdeskError as error:
                # The lock spares other processes a surprise. A session that its person has left must not outlive that.
                self.notice(f"{error.message} Signed out all the same.")
            await self._forget_and_end(own)

    async def _forget_and_end(self, own: Session | None) -> None:
        stored = None
        try:
            stored = await self._stored(checked=False)
            if own is None or stored is None or stored.session_id == own.session_id:
                await asyncio.to_thread(self._store.forget)
        except SettingsError as error:
            # A keyring that is locked: the session is ended all the same, and its tokens are worth nothing then.
            self.notice(str(error))
        # The store has the newer tokens where another process has renewed them.
        ending = stored if stored and (own is None or stored.session_id == own.session_id) else own
        if ending is not None:
            try:
                await self._end(ending)
            except HelpdeskError as error:
                self.notice(
                    f"Signed out here, but the server could not be told ({error.message.rstrip('.')}): "
                    "there the session stays until it runs out."
                )

    async def _end(self, session: Session) -> None:
        try:
            async with self._server() as server:
                token = session.access_token
                if session.expires_at <= self._clock():
                    # An access token that has run out ends nothing.
                    renewed = await server.refresh_session(session.refresh_token)
                    token = renewed.session.access_token if renewed.session else token
                await server.admin.sign_out(token, "local")
        except SignInError as error:
            if error.kind not in _ENDED:
                raise

    async def _renew(self) -> Session:
        known = self.session
        async with self._store.lock():
            # Only now: whoever had the lock before may have renewed it, or signed out.
            stored = await self._stored()
            if stored is None and (known is None or self._kept):
                self.session = None
                raise SignInError("You have signed out in another window.", "Sign in again.", kind="signed_out")
            ours = stored is not None and (known is None or stored.session_id == known.session_id)
            base = stored if stored is not None and ours else known
            assert base is not None
            if ours and known and base.refresh_token != known.refresh_token and not self._is_due(base):
                return self._renewed(base)
            try:
                async with self._server() as server:
                    answer = await server.refresh_session(base.refresh_token)
                if answer.session is None:
                    raise SignInError("The sign-in server answered without a session.")
            except SignInError as error:
                if error.kind in _ENDED:
                    self.session = None
                    if ours:
                        await asyncio.to_thread(self._store.forget)
                raise
            fresh = self._timed(answer.session.access_token, answer.session.refresh_token)
            if ours or stored is None:
                await self._keep(fresh)
        self._renewed(fresh)
        self._check_clock(fresh)
        return fresh

    def _renewed(self, session: Session) -> Session:
        self.session = session
        for callback in tuple(self._callbacks.values()):
            callback(session)
        return session

    async def _replace(self, exchange: Callable[[Session], Awaitable[tuple[str, str]]]) -> Session:
        """The session with other tokens, which ``exchange`` asks the server for while nobody else renews it."""
        async with self._store.lock():
            stored, known = await self._stored(), self.session
            if known is None:
                raise SignInError("You were signed out: this sign-in has ended.", "Sign in again.", kind="signed_out")
            ours = stored is not None and stored.session_id == known.session_id
            fresh = self._timed(*await exchange(stored if stored is not None and ours else known))
            if ours or stored is None:
                await self._keep(fresh)
        return self._renewed(fresh)

    async def _begin(self, access_token: str, refresh_token: str) -> Session:
        session = self._timed(access_token, refresh_token)
        try:
            self._check_clock(session)
        except SignInError:
            with contextlib.suppress(HelpdeskError):
                await self._end(session)
            raise
        async with self._store.lock():
            await self._keep(session)
        self.session = session
        return session

    def _timed(self, access_token: str, refresh_token: str) -> Session:
        """A session just issued. Its end is counted from now where this machine's clock is behind the server's."""
        session = session_from(access_token, refresh_token)
        return session_from(
            access_token, refresh_token, min(session.expires_at, self._clock() + lifetime(session.claims))
        )

    def _check_clock(self, session: Session) -> None:
        """A session just issued must not be of the future, nor over: then this machine's clock is wrong."""
        now, issued = self._clock(), float(session.claims.get("iat") or 0.0)  # type: ignore[arg-type]
        if issued and issued > now + CLOCK_TOLERANCE:
            raise _wrong_clock(issued - now, "behind")
        if float(session.claims["exp"]) <= now:  # type: ignore[arg-type]
            raise _wrong_clock(now - issued, "ahead of")

    def _due_at(self, session: Session) -> float:
        """When to renew: a fifth of its life before its end, five minutes at most."""
        return session.expires_at - min(300.0, lifetime(session.claims) / 5)

    def _is_due(self, session: Session) -> bool:
        issued = float(session.claims.get("iat") or 0.0)  # type: ignore[arg-type]
        now = self._clock()
        return now >= self._due_at(session) or issued > now + CLOCK_TOLERANCE

    async def _stored(self, *, checked: bool = True) -> Session | None:
        record = await asyncio.to_thread(self._store.read, checked=checked)
        self._pass_on_notice()
        # Tokens of another server must never be sent to this one.
        if record is None or record.get("v") != 1 or record.get("auth_url") != self._url:
            return None
        try:
            session = session_from(
                str(record["access_token"]), str(record["refresh_token"]), float(record["expires_at"])
            )
        except (KeyError, TypeError, ValueError, SignInError):
            return None
        self._kept = True
        return session

    async def _keep(self, session: Session) -> None:
        record: Record = {
            "v": 1,
            "auth_url": self._url,
            "access_token": session.access_token,
            "refresh_token": session.refresh_token,
            "expires_at": session.expires_at,
            "saved_at": self._clock(),
        }
        try:
            await asyncio.to_thread(self._store.write, record)
            self._kept = True
        except SettingsError as error:
            # Signed in all the same; the next start asks for the password again.
            self._kept = False
            self.notice(str(error))
        self._pass_on_notice()

    def _pass_on_notice(self) -> None:
        if self._store.notice is not None:
            self.notice(self._store.notice)
            self._store.notice = None

    @contextlib.asynccontextmanager
    async def _server(self) -> AsyncIterator[AsyncGoTrueClient]:
        """The official client, with its errors in our words."""
        if not self._url.startswith(("http://", "https://")):
            raise SettingsError("auth_url is not set.", "`helpdesk config show` tells what is set, and where.")
        # In a thread: the import takes 0.4 s, in which a running desk goes on drawing.
        await asyncio.to_thread(importlib.import_module, "supabase_auth")
        import httpx
        from supabase_auth import AsyncGoTrueClient

        from helpdesk_tui.core.sign_in_errors import FAILURES, plain

        headers = {"apikey": self._api_key} if self._api_key else {}
        if self._api_key.count(".") == 2:
            headers["Authorization"] = f"Bearer {self._api_key}"  # the older keys are tokens themselves
        # No redirects: the password goes to the address in the settings, or nowhere.
        timeout = httpx.Timeout(REQUEST_SECONDS, connect=5.0)
        http = httpx.AsyncClient(
            transport=self._transport,
            timeout=timeout,
            follow_redirects=False,
            # What the list of one's sign-ins calls this program.
            headers={"User-Agent": f"helpdesk-tui/{__version__}"},
        )
        try:
            yield AsyncGoTrueClient(
                url=self._url, headers=headers, auto_refresh_token=False, persist_session=False, http_client=http
            )
        except FAILURES as error:
            raise plain(error, self._url) from error
        finally:
            if self._transport is None:
                await http.aclose()


def _wrong_clock(seconds: float, where: str) -> SignInError:
    size = f"{seconds / 3600:.0f} hours" if seconds >= 5400 else f"{seconds / 60:.0f} minutes"
    return SignInError(
        f"This machine's clock is about {size} {where} the sign-in server's.",
        "Set the clock (or let the system do it), then sign in again.",
        kind="clock",
    )
