"""Files that go with a message: read, sent, listed, fetched and saved.

Each has its id before it is sent, as its message has, and travels in the same transaction: sent twice it is there once.
What a stranger called a file, and what is in it, is believed in nothing: a name is made harmless before it is sent and
again before it is saved, and nothing that is there is written over.
"""

from __future__ import annotations

import base64
import errno
import os
import stat
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

from helpdesk_tui.core.errors import BadInput, HelpdeskError, NotFound, Unreachable
from helpdesk_tui.core.model import Attachment
from helpdesk_tui.core.statement import Statement, only, positional
from helpdesk_tui.core.text import safe_line

if TYPE_CHECKING:
    from helpdesk_tui.core.database import Database

__all__ = [
    "LIMIT",
    "MOST",
    "Attachment",
    "SaveError",
    "Upload",
    "add",
    "fetch",
    "listed",
    "patience",
    "read",
    "safe_name",
    "save",
    "size_words",
]

#: Bytes that a file may have; the database refuses more.
LIMIT: Final = 10 * 1024 * 1024
#: Files that a message may have; the database refuses more.
MOST: Final = 10
#: Bytes a second that the slowest link is thought to carry.
SLOWEST: Final = 20_000

_NAME_BYTES: Final = 200
_TRIES: Final = 1000
#: Names that Windows takes for devices, whatever follows their first point.
_DEVICES: Final = frozenset(
    [
        "con",
        "prn",
        "aux",
        "nul",
        "conin$",
        "conout$",
        *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³"),
    ]
)


class SaveError(HelpdeskError):
    """A file could not be saved; nothing that was there before was changed."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to send. ``id`` is drawn once and kept, so that sending it again is harmless."""

    name: str
    data: bytes = field(repr=False)
    id: UUID = field(default_factory=uuid4)

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.data)

    @property
    def sha256(self) -> str:
        """As 64 hexadecimal digits; the database compares it with what arrived."""
        return _sha256(self.data)


def _sha256(data: bytes) -> str:
    import hashlib  # loads OpenSSL, for which no start waits

    return hashlib.sha256(data).hexdigest()


def read(path: Path) -> Upload:
    """A file of this machine, whole, as it is at this moment. ``~`` is the person's home.

    Raises:
        BadInput: there is no such file, it is none (a directory, a pipe), or too large, or cannot be read.
    """
    shown = safe_line(str(path), 200)
    try:
        # Opened first and then asked what it is, without waiting: a pipe must not hold the program up.
        handle = os.open(path.expanduser(), os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
        try:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise BadInput(f"{shown} is no file.", "Choose one inside it." if stat.S_ISDIR(found.st_mode) else None)
            if found.st_size > LIMIT:
                raise BadInput(
                    f"{shown} has {size_words(found.st_size)}; a file may have {size_words(LIMIT)} at most.",
                    "Pack it, or send a part of it.",
                )
            with os.fdopen(handle, "rb", closefd=False) as opened:
                data = opened.read(LIMIT + 1)
        finally:
            os.close(handle)
    except (OSError, ValueError, RuntimeError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        raise BadInput(f"{shown} cannot be read: {why or error}.") from error
    if len(data) > LIMIT:
        raise BadInput(f"{shown} is growing beyond {size_words(LIMIT)}.", "Send a copy of it.")
    return Upload(safe_name(path.name), data)


def safe_name(name: str) -> str:
    """A file name that names a file in a folder and does nothing else, on any system.

    No path parts, control or invisible characters, or ones that turn text around; not hidden, no device of Windows,
    no option of a command; its ending stays where it is cut.
    """
    name = safe_line(unicodedata.normalize("NFC", name), 1000)
    name = "".join("_" if char in '/\\:*?"<>|\ufffd\u25cc' or not char.isprintable() else char for char in name)
    # What is drawn and not seen, as far as safe_line keeps it for the sake of emoji and scripts.
    name = "".join(char for char in name if unicodedata.category(char) != "Cf" and not "\ufe00" <= char <= "\ufe0f")
    name = name.strip(" .\u3000")
    name = "_" + name[1:] if name[:1] in ("-", "~", "$", "%") else name
    if name.split(".")[0].strip().casefold() in _DEVICES:
        name = f"_{name}"
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending.encode()) > 20:
        stem, dot, ending = name, "", ""
    room = _NAME_BYTES - len((dot + ending).encode())
    stem = stem.encode()[:room].decode(errors="ignore").rstrip(" .")
    return f"{stem}{dot}{ending}" if stem else f"file{dot}{ending}"


def size_words(size: int) -> str:
    """A size for people: ``812 bytes``, ``12 kB``, ``3.4 MB``."""
    if size < 1000:
        return f"{size} byte{'' if size == 1 else 's'}"
    if size < 1_000_000:
        return f"{max(size / 1024, 1):.0f} kB"
    return f"{size / (1024 * 1024):.1f} MB".replace(".0 MB", " MB")


def patience(files: Sequence[Upload]) -> float | None:
    """Seconds that sending some files may take; None where there are none."""
    return 30 + sum(each.size for each in files) / SLOWEST if files else None


# -- in the database --------------------------------------------------------------------------------------------------


def listed(ticket_id: UUID) -> Statement[Attachment]:
    """The files of a ticket that the person may have, in the order they came, without what is in them."""
    return Statement(
        "select id, message_id, name, size, content_type, sha256 from helpdesk.attachments(%(ticket)s)",
        {"ticket": ticket_id},
        positional(Attachment),
        writes=False,
        general=True,
    )


def add(ticket_id: UUID, message_id: UUID | None, upload: Upload) -> Statement[Any]:
    """Sends a file, in the transaction that sends its message or, with None, its ticket: the database refuses it else.

    Raises:
        BadInput: it is too large.
    """
    if upload.size > LIMIT:
        raise BadInput(f"{safe_line(upload.name, 100)} is larger than {size_words(LIMIT)}.")
    return Statement(
        "insert into public.ticket_attachments (id, ticket_id, message_id, name, sha256, data)"
        " values (%s, %s, %s, %s, %s, %s) on conflict (id) do nothing",
        (upload.id, ticket_id, message_id, safe_name(upload.name), upload.sha256, upload.data),
        writes=True,
    )


async def fetch(database: Database, attachment: Attachment) -> bytes:
    """What is in a file.

    Raises:
        NotFound: it is not there, or not for this person.
        Unreachable: it did not arrive whole, or not at all.
    """
    # Text is what the driver asks for; of the two ways to write bytes as text this is the shorter one.
    statement = Statement(
        "select encode(data, 'base64') from public.ticket_attachments where id = %s",
        (attachment.id,),
        only(str),
        writes=False,
    )
    (found,) = await database.run(statement, patience=30 + attachment.size / SLOWEST)
    if not found:
        raise NotFound("There is no such file.")
    data = base64.b64decode(found[0])
    if _sha256(data) != attachment.sha256:
        raise Unreachable("The file did not arrive whole.", "Try again.")
    return data


# -- on this machine --------------------------------------------------------------------------------------------------


def save(name: str, data: bytes, folder: Path) -> Path:
    """Saves a file in a folder, for its owner alone, and never over another one: ``name (2).pdf`` then.

    Args:
        name: what its sender called it.
        data: what is in it.
        folder: where; it must be there. ``~`` is the person's home.

    Returns:
        Where it is now.

    Raises:
        SaveError: the folder is not there or may not be written to, or the disk is full. Nothing is left of it then.
    """
    safe = safe_name(name)
    folder = folder.expanduser()
    try:
        # Held open: whoever puts a link in the folder's place meanwhile leads nowhere else.
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise _cannot(folder, error) from error
    try:
        given, handle = _create(held, safe)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
        except BaseException:
            os.unlink(given, dir_fd=held)
            raise
    except (OSError, ValueError) as error:
        raise _cannot(folder / safe, error) from error
    finally:
        os.close(held)
    return folder / given


def _create(folder: int, name: str) -> tuple[str, int]:
    """A new file in an open folder, under the name or the next one that is free."""
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, ""
    for attempt in range(1, _TRIES):
        given = name if attempt == 1 else f"{stem} ({attempt}){dot}{ending}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            return given, os.open(given, flags, 0o600, dir_fd=folder)
        except FileExistsError:
            continue
    raise FileExistsError(errno.EEXIST, "there are too many of that name")


def _cannot(path: Path, error: OSError | ValueError) -> SaveError:
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return SaveError(f"{safe_line(str(path), 200)} cannot be saved: {why}.", "Choose another folder.")
