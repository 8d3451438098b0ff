"""File locks that the kernel lets go when their last holder dies, however it dies. Standard library only."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType


class Lock:
    """A ``flock`` on a file of its own, made when first taken. One object is one holder, also inside one process.

    A child process that is handed :meth:`fileno` holds the lock too, until it and its own children are gone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    def hold(self) -> None:
        """Waits until nobody else has it, shared or not, and takes it alone."""
        fcntl.flock(self._open(), fcntl.LOCK_EX)

    def share(self) -> None:
        """Waits until nobody holds it alone, and takes it beside the others who share it."""
        fcntl.flock(self._open(), fcntl.LOCK_SH)

    def try_hold(self, within: float = 0.0) -> bool:
        """Takes it alone if it is free now, or becomes free ``within`` so many seconds. True when taken."""
        deadline = time.monotonic() + within
        while True:
            try:
                fcntl.flock(self._open(), fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    self.release()
                    return False
                time.sleep(0.005)

    def is_shared(self) -> bool:
        """Whether others share it at this moment, rather than one alone holding it or nobody. Takes nothing."""
        other = Lock(self.path)
        try:
            fcntl.flock(other.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            other.release()
        return not self.is_free()

    def is_free(self, within: float = 0.0) -> bool:
        """Whether nobody has it, now or ``within`` so many seconds. Takes nothing."""
        other = Lock(self.path)
        free = other.try_hold(within)
        other.release()
        return free

    def is_in_place(self) -> bool:
        """Whether the file that was taken is still the one at its path: nobody else can see a lock on a removed one."""
        try:
            return os.path.samestat(os.fstat(self._open()), self.path.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Lets go. Only the own descriptor is closed: a child that was handed it keeps the lock."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def fileno(self) -> int:
        """The open descriptor, to hand to a child process."""
        return self._open()

    def _open(self) -> int:
        if self._fd is None:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self._fd

    def __enter__(self) -> Lock:
        self.hold()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
