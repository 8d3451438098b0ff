"""The way in for HTTP clients: a transport that hands requests to the server in this process.

Nothing is imported or made before the first request: most starts of a desk send none, since their session still lives.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import httpx

    _Transport = httpx.AsyncBaseTransport
else:
    # One in all but name. Its class would have to be imported, and that alone takes 60 ms.
    _Transport = object

ISSUER = "http://helpdesk.localhost/auth/v1"
"""The address that clients are given, if no other one. Nothing listens there."""

KEY_FILE = "signing-key.json"
OUTBOX_FILE = "outbox.mbox"


class LocalSignIn(_Transport):
    """The sign-in server of one desk, for an :class:`httpx.AsyncClient`. Works in any event loop.

    Args:
        dsn: how to connect as the database's owner.
        home: the directory for the signing key and the outbox.
        issuer: the address that clients are given.
        autoconfirm: whether new accounts may sign in at once.
        mail_interval: seconds between two mails to one account.
        token_seconds: how long an access token is good.
    """

    def __init__(
        self,
        dsn: str,
        home: Path,
        *,
        issuer: str = ISSUER,
        autoconfirm: bool = True,
        mail_interval: float = 60.0,
        token_seconds: int = 3600,
    ) -> None:
        self._dsn = dsn
        self._home = home
        self._issuer = issuer
        self._autoconfirm = autoconfirm
        self._mail_interval = mail_interval
        self._token_seconds = token_seconds
        self._inner: httpx.ASGITransport | None = None

    @property
    def outbox(self) -> Path:
        """Where mail goes."""
        return self._home / OUTBOX_FILE

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answers a request, as a network would have carried it."""
        if self._inner is None:
            self._inner = self._make()
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Nothing is held."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def _make(self) -> httpx.ASGITransport:
        import httpx

        from helpdesk_tui.local.sign_in.app import SignInServer
        from helpdesk_tui.local.sign_in.codes import Mailer
        from helpdesk_tui.local.sign_in.keys import SigningKey
        from helpdesk_tui.local.sign_in.mail import Outbox
        from helpdesk_tui.local.sign_in.sessions import Issuer

        issuer = Issuer(self._issuer, SigningKey.of(self._home / KEY_FILE), self._token_seconds)
        mailer = Mailer(Outbox(self.outbox), self._mail_interval)
        server = SignInServer(self._dsn, issuer, mailer, autoconfirm=self._autoconfirm)
        return httpx.ASGITransport(app=server.asgi())
