"""A whole helpdesk on this machine: the local Postgres, the database in it, the sign-in beside it."""

from __future__ import annotations

import asyncio
import importlib.util
from dataclasses import dataclass, replace
from pathlib import Path

from helpdesk_tui.core.errors import LocalError
from helpdesk_tui.core.settings import DEMO, Settings
from helpdesk_tui.local.places import PORT
from helpdesk_tui.local.server import LocalServer
from helpdesk_tui.local.sign_in.transport import LocalSignIn
from helpdesk_tui.local.stamp import DATABASE, is_current

NEEDED = ("starlette", "jwt", "cryptography", "pyotp")


@dataclass(frozen=True)
class LocalDesk:
    """An open local helpdesk. It stays up until :meth:`close`, or this program's end, whatever end that is."""

    settings: Settings
    """Where it is, for clients."""
    owner_dsn: str
    """How its owner connects."""
    transport: LocalSignIn
    """How the sign-in is reached; for :class:`helpdesk_tui.core.session.SignIn`."""
    server: LocalServer

    async def close(self) -> None:
        """Lets go of the server, which stops a second after the last one has let go."""
        self.server.close()


async def open_local(
    data_dir: Path | None = None, *, settings: Settings | None = None, content: bool = True
) -> LocalDesk:
    """Opens the local helpdesk, which is made if need be.

    The first time takes about a second, later 0.1 s, and beside another desk that has it open some milliseconds.

    Args:
        data_dir: where it is kept; None for the user's data directory.
        settings: the profile's, for its theme and which Postgres to run; None for the profile ``demo``'s defaults.
        content: with the demo's people, tickets, articles and chats, if it is made now.

    Raises:
        LocalError: the local mode is not installed, or Postgres cannot be set up or started.
        NewerDatabase: a newer release made it.
    """
    _check_installed()
    settings = settings or Settings(profile=DEMO, local=True)
    server = LocalServer(data_dir, postgres=settings.postgres)
    await asyncio.to_thread(server.start)
    try:
        if not is_current(server):
            from helpdesk_tui.local import build

            await build.ensure(server, content=content)
    except BaseException:
        server.close()
        raise
    # Another cluster is another issuer: what a client has kept from before a reset is not for this one.
    issuer = f"http://desk-{server.identity:x}.localhost/auth/v1"
    here = replace(
        settings,
        auth_url=issuer,
        api_key="local",
        db_host=server.host,
        db_port=PORT,
        db_name=DATABASE,
        db_user_suffix="",
        listen_host=None,
        listen_port=None,
        pooled=False,
        sslmode="disable",
        local=True,
    )
    dsn = server.dsn(DATABASE)
    return LocalDesk(here, dsn, LocalSignIn(dsn, server.places.home, issuer=issuer), server)


def _check_installed() -> None:
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise LocalError(
            f"The local mode is not installed: {', '.join(missing)} missing.", "Install helpdesk-tui[local]."
        )
