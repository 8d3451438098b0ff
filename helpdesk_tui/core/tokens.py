"""Where a sign-in rests between two runs: the system keyring where there is a usable one, else a file of mode 0600.

A record is a small JSON object, one per profile. `SignIn` in session.py says what is in it; nothing here reads it
beyond ``saved_at``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import stat
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpdesk_tui.core.errors import SettingsError, SignInError
from helpdesk_tui.core.settings import APP_NAME, Settings, state_dir

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

Record = Mapping[str, Any]
LOCK_SECONDS = 30.0
# The Windows vault takes 2,560 bytes an entry, as UTF-16; a token alone can be longer.
WINDOWS_ENTRY = 1200
# They keep nothing, or keep it readable for everybody, or ask for a password of their own on the terminal.
_UNUSABLE = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")


class TokenStore(ABC):
    """One profile's sign-in. Reading and writing block (a keyring may ask its person): call them in a thread.

    Attributes:
        where: where it rests, in words for people.
        notice: what a person should know about the last call, or None.
    """

    where: str
    notice: str | None = None

    @abstractmethod
    def read(self, *, checked: bool = True) -> Record | None:
        """The record, or None. ``checked=False`` reads one that others could read too, in order to end it."""

    @abstractmethod
    def write(self, record: Record) -> None:
        """Keep this record in place of the one before, whole or not at all."""

    @abstractmethod
    def forget(self) -> None:
        """Remove the record; nothing to remove is no error."""

    @abstractmethod
    def lock(self) -> contextlib.AbstractAsyncContextManager[None]:
        """Keep every other user of the same store out, in this process and in others, while it is changed."""


class MemoryStore(TokenStore):
    """Keeps the record for as long as the process lives: for gateways, and where nothing may be kept."""

    where = "the memory of this process"

    def __init__(self) -> None:
        self._record: Record | None = None
        self._lock = asyncio.Lock()

    def read(self, *, checked: bool = True) -> Record | None:  # noqa: ARG002  (the interface's)
        """See TokenStore."""
        return self._record

    def write(self, record: Record) -> None:
        """See TokenStore."""
        self._record = dict(record)

    def forget(self) -> None:
        """See TokenStore."""
        self._record = None

    @contextlib.asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        """See TokenStore."""
        async with self._lock:
            yield


class FileStore(TokenStore):
    """A file that its owner alone can read, replaced atomically, in a directory of its own.

    Args:
        directory: made with mode 0700 if missing.
        profile: the settings profile; it names the file.
    """

    def __init__(self, directory: Path, profile: str) -> None:
        self.directory = directory
        self.path = directory / f"{profile}.json"
        self.where = str(self.path)

    def read(self, *, checked: bool = True) -> Record | None:
        """See TokenStore. Raises SettingsError where others could read the file too, or it is somebody else's."""
        try:
            with self.path.open("rb") as file:
                if checked:
                    self._check(os.fstat(file.fileno()))
                return parse(file.read())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SettingsError(f"The sign-in in {self.path} cannot be read: {error.strerror}.") from error

    def _check(self, status: os.stat_result) -> None:
        if os.name != "posix":
            return  # the profile directory's access list guards it
        if status.st_uid != os.geteuid():
            raise SettingsError(
                f"{self.path} belongs to another account.",
                "Run helpdesk as yourself, or set HELPDESK_STATE_DIR to a directory of this account.",
            )
        if mode := stat.S_IMODE(status.st_mode) & 0o077:
            raise SettingsError(
                f"Others can read or change the sign-in in {self.path} (mode {stat.S_IMODE(status.st_mode):o}).",
                "End it with `helpdesk logout` and sign in again; `chmod 600` keeps it if you are sure nobody has."
                if mode & 0o055
                else "Run `chmod 600` on it.",
            )

    def write(self, record: Record) -> None:
        """See TokenStore. Raises SettingsError when it cannot be kept (disk full, not writable)."""
        temporary = self.directory / f".{self.path.name}.{secrets.token_hex(6)}"
        try:
            self._prepare()
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(json.dumps(record).encode())
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(self.path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise SettingsError(f"The sign-in cannot be kept in {self.path}: {error.strerror}.") from error

    def _prepare(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name == "posix":
            status = self.directory.stat()
            if status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) & 0o077:
                self.directory.chmod(0o700)

    def forget(self) -> None:
        """See TokenStore."""
        try:
            self.path.unlink(missing_ok=True)
            for left_by_a_killed_write in self.directory.glob(f".{self.path.name}.*"):
                left_by_a_killed_write.unlink(missing_ok=True)
        except OSError as error:
            raise SettingsError(f"The sign-in in {self.path} cannot be removed: {error.strerror}.") from error

    @contextlib.asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        """See TokenStore. The system lets go of the lock when a process dies."""
        try:
            self._prepare()
            file = self.path.with_suffix(".lock").open("ab")
        except OSError as error:
            raise SettingsError(f"{self.directory} cannot be written: {error.strerror}.") from error
        with file:
            deadline = time.monotonic() + LOCK_SECONDS
            while not _try_lock(file.fileno()):
                if time.monotonic() > deadline:
                    raise SignInError(
                        f"Another helpdesk has been renewing this sign-in for {LOCK_SECONDS:.0f} seconds.",
                        "Close it, or try again in a moment.",
                    )
                await asyncio.sleep(0.02)
            yield


class KeyringStore(TokenStore):
    """An entry of the system keyring.

    Args:
        backend: a usable backend, see `usable_keyring`.
        profile: names the entry.
        lock_with: the store whose lock guards this one (a keyring has none).
        longest: the most characters an entry takes, or None for any; longer records are spread over several.
    """

    def __init__(
        self, backend: KeyringBackend, profile: str, lock_with: TokenStore, longest: int | None = None
    ) -> None:
        self._backend = backend
        self._profile = profile
        self._lock_with = lock_with
        self._longest = longest
        self.where = f"the system keyring ({backend.name})"

    def read(self, *, checked: bool = True) -> Record | None:  # noqa: ARG002  (a keyring has no file modes)
        """See TokenStore. Raises SettingsError when the keyring refuses (locked, gone)."""
        with self._failures():
            head = self._head()
            if head is None or "parts" not in head:
                return head
            parts = [self._backend.get_password(APP_NAME, name) for name in self._parts(head)]
        # A part is missing where another process is replacing the record at this moment, or was killed doing so.
        return None if None in parts else parse("".join(part or "" for part in parts))

    def write(self, record: Record) -> None:
        """See TokenStore. Raises SettingsError when the keyring refuses."""
        text = json.dumps(record)
        with self._failures():
            old = self._head() if self._longest else None
            if self._longest and len(text) > self._longest:
                chunks = [text[i : i + self._longest] for i in range(0, len(text), self._longest)]
                head = {"parts": len(chunks), "draw": secrets.token_hex(4)}
                for name, chunk in zip(self._parts(head), chunks, strict=True):
                    self._backend.set_password(APP_NAME, name, chunk)
                text = json.dumps(head)
            self._backend.set_password(APP_NAME, self._profile, text)
            self._remove_parts(old)

    def forget(self) -> None:
        """See TokenStore. Raises SettingsError when the keyring refuses."""
        with self._failures():
            old = self._head()
            if self._backend.get_password(APP_NAME, self._profile) is not None:
                self._backend.delete_password(APP_NAME, self._profile)
            self._remove_parts(old)

    def lock(self) -> contextlib.AbstractAsyncContextManager[None]:
        """See TokenStore."""
        return self._lock_with.lock()

    def _head(self) -> Record | None:
        text = self._backend.get_password(APP_NAME, self._profile)
        return None if text is None else parse(text)

    def _parts(self, head: Record) -> list[str]:
        return [f"{self._profile}/{head['draw']}/{number}" for number in range(int(head["parts"]))]

    def _remove_parts(self, head: Record | None) -> None:
        if head is not None and "parts" in head:
            for name in self._parts(head):
                if self._backend.get_password(APP_NAME, name) is not None:
                    self._backend.delete_password(APP_NAME, name)

    @contextlib.contextmanager
    def _failures(self) -> Any:
        try:
            yield
        except _keyring_failures() as error:
            raise SettingsError(
                f"The system keyring refused: {str(error) or type(error).__name__}.",
                'Unlock it, or set token_store = "file".',
            ) from error


class FirstUsable(TokenStore):
    """The keyring, and the file where the keyring refuses (locked over SSH, say). The newest record counts."""

    def __init__(self, keyring: TokenStore, file: TokenStore) -> None:
        self._keyring = keyring
        self._file = file
        self.where = keyring.where

    def read(self, *, checked: bool = True) -> Record | None:
        """See TokenStore."""
        in_file = self._file.read(checked=checked)
        try:
            in_keyring = self._keyring.read(checked=checked)
        except SettingsError as error:
            self.notice, self.where = str(error), self._file.where
            return in_file
        found = [record for record in (in_keyring, in_file) if record is not None]
        newest = max(found, key=lambda record: float(record.get("saved_at") or 0), default=None)
        self.where = self._file.where if newest is not None and newest is in_file else self._keyring.where
        return newest

    def write(self, record: Record) -> None:
        """See TokenStore."""
        try:
            self._keyring.write(record)
        except SettingsError as error:
            self._file.write(record)
            self.where = self._file.where
            self.notice = f"{error.message} The sign-in is kept in {self.where} instead."
        else:
            self._file.forget()
            self.where = self._keyring.where

    def forget(self) -> None:
        """See TokenStore. Where one of the two refuses, the other forgets all the same."""
        try:
            self._file.forget()
        finally:
            self._keyring.forget()

    def lock(self) -> contextlib.AbstractAsyncContextManager[None]:
        """See TokenStore."""
        return self._file.lock()


def open_store(settings: Settings, env: Mapping[str, str] | None = None) -> TokenStore:
    """The store of a profile, as its ``token_store`` asks: ``auto``, ``keyring`` or ``file``.

    The local mode's sign-ins guard nothing but this machine's demo, so they never go to the keyring.
    Raises: SettingsError where ``keyring`` is asked for and there is none.
    """
    env = os.environ if env is None else env
    file = FileStore(state_dir(env) / "sign-in", settings.profile)
    if settings.token_store == "file" or (settings.local and settings.token_store == "auto"):  # noqa: S105
        return file
    backend = usable_keyring(env)
    if backend is None:
        if settings.token_store == "keyring":  # noqa: S105
            raise SettingsError("There is no usable system keyring here.", 'Set token_store = "file".')
        return file
    longest = WINDOWS_ENTRY if sys.platform == "win32" else None
    keyring = KeyringStore(backend, settings.profile, file, longest)
    return keyring if settings.token_store == "keyring" else FirstUsable(keyring, file)  # noqa: S105


def usable_keyring(env: Mapping[str, str]) -> KeyringBackend | None:
    """The system keyring, or None: the backends that keep nothing, or keep it in plain text, count as none."""
    chosen = env.get("PYTHON_KEYRING_BACKEND")
    if not chosen and sys.platform.startswith(("linux", "freebsd", "openbsd", "netbsd")) and not _has_bus(env):
        return None  # without a session bus there is none to find, and looking costs 100 ms
    try:
        import keyring

        found = keyring.get_keyring()
    except (ImportError, RuntimeError, OSError):
        return None
    for backend in getattr(found, "backends", None) or [found]:
        kind = type(backend)
        if not kind.__module__.startswith(_UNUSABLE) and "plaintext" not in kind.__name__.lower():
            return backend  # type: ignore[no-any-return]
    return None


def _has_bus(env: Mapping[str, str]) -> bool:
    runtime = env.get("XDG_RUNTIME_DIR")
    return bool(env.get("DBUS_SESSION_BUS_ADDRESS")) or bool(runtime and Path(runtime, "bus").exists())


def _keyring_failures() -> tuple[type[Exception], ...]:
    """What a backend raises when it cannot: the library's error, and those of the parts that let theirs through."""
    from keyring.errors import KeyringError

    found: list[type[Exception]] = [KeyringError, OSError, RuntimeError]
    for module, name in (("secretstorage.exceptions", "SecretStorageException"), ("jeepney", "DBusErrorResponse")):
        if module in sys.modules:
            found.append(getattr(sys.modules[module], name))
    return tuple(found)


def parse(text: str | bytes) -> Record | None:
    """A record from its JSON text; None where the text is no JSON object."""
    try:
        record = json.loads(text)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
