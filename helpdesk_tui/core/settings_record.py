"""What one run of the program works with: the settings themselves, frozen, and which keys they have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from helpdesk_tui.core.commands import Command

__all__ = ["APP_NAME", "DEMO", "ENV_PREFIX", "KEYS", "OTHER_VARIABLES", "Settings"]

APP_NAME = "helpdesk-tui"
DEMO = "demo"
ENV_PREFIX = "HELPDESK_"
# Variables that are no settings of a profile.
OTHER_VARIABLES = ("HELPDESK_PROFILE", "HELPDESK_CONFIG", "HELPDESK_STATE_DIR", "HELPDESK_OWNER_DSN")


@dataclass(frozen=True, slots=True)
class Settings:
    """What one run of the program works with. Each field but ``profile`` is a key of the settings file; ``keys`` is
    a table, ``commands`` an array of them."""

    profile: str = "default"
    auth_url: str = ""
    """Supabase Auth: the project's address, or the full one ending in ``/auth/v1``."""
    api_key: str = ""
    """The publishable (anon) key. Public by design; the secret keys are refused."""
    db_host: str = ""
    """Host name, address, or the directory of a Unix socket."""
    db_port: int = 5432
    db_name: str = "postgres"
    db_user_suffix: str = ""
    """``.project-ref`` where a pooler wants it after the user name."""
    listen_host: str | None = None
    """A second, direct address for live changes where ``db_host`` is a transaction pooler. None: the same."""
    listen_port: int | None = None
    pooled: bool = False
    """True when ``db_host`` is a pooler in transaction mode."""
    sslmode: str = "require"
    sslrootcert: str | None = None
    """A file of certificates for ``verify-ca`` and ``verify-full``."""
    local: bool = False
    """True: the embedded Postgres and the local sign-in, nothing over the network."""
    theme: str | None = None
    spacing: str = "standard"
    """``standard``, or ``compact``: no empty lines between messages."""
    glyphs: str = "auto"
    """``unicode``, ``ascii``, or ``auto``: what the locale and the terminal's name say."""
    motion: str = "full"
    """``full``, or ``reduced``: nothing blinks."""
    notify: str = "bell"
    """How something is told while the terminal's window is not in front: ``bell``, ``osc9``, ``osc777``, ``command`` or
    ``off``."""
    notify_command: str | None = None
    """The program, with its arguments, that ``notify = "command"`` starts; without a shell."""
    send_delay: float = 10.0
    """Seconds for which an answer can be taken back after it was sent; 0: it goes out at once."""
    poll_seconds: float = 2.0
    """Seconds between two looks at the database where live changes cannot be had."""
    token_store: str = "auto"  # noqa: S105  (where, not what)
    """Where the sign-in rests: ``auto`` (the system keyring, else a file), ``keyring`` or ``file``."""
    postgres: str | None = None
    """The directory with the local mode's PostgreSQL programs. None: looked for."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The keys of actions that were given others than the usual ones."""
    commands: tuple[Command, ...] = ()
    """The person's own commands: ``[[command]]``."""

    @property
    def auth_endpoint(self) -> str:
        """The base address of the Supabase Auth API, without a slash at its end."""
        from urllib.parse import urlsplit

        url = self.auth_url.rstrip("/")
        return url if urlsplit(url).path.strip("/") else f"{url}/auth/v1"


KEYS: tuple[str, ...] = tuple(f.name for f in fields(Settings) if f.name not in ("profile", "keys", "commands"))
