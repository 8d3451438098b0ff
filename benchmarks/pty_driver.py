"""Runs a program in a terminal of ours, presses keys, and tells what came back and when.

``Pilot`` has a floor of 62 ms a key, so latency is measured where a person would: from the byte of the key to the last
byte of the picture. The terminal says that it knows synchronized output, as modern ones do, so the end of a picture
is marked.
"""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyte

__all__ = ["Press", "Program", "percentile"]

ROOT: Final = Path(__file__).resolve().parent.parent
_SYNC_QUERY: Final = b"\x1b[?2026$p"
_SYNC_ANSWER: Final = b"\x1b[?2026;2$y"
_FRAME_END: Final = b"\x1b[?2026l"
#: What pyte would print rather than obey.
_UNKNOWN: Final = re.compile(rb"\x1b\[[?>=<][0-9;]*\$?[a-zA-Z]")
_ANY_SEQUENCE: Final = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[=>()][A-Z0-9]?")


@dataclass(frozen=True, slots=True)
class Press:
    """What one key brought.

    Attributes:
        seconds: from writing the key to reading the last byte of the last picture.
        size: how many bytes came back.
        frames: how many pictures.
    """

    seconds: float
    size: int
    frames: int


class Program:
    """A program in a terminal.

    Args:
        command: the program and its arguments; "python" is the Python that runs this.
        columns, rows: the terminal's size.
        env: variables to set beside the ones of this process.

    Raises:
        OSError: the program cannot be started.
    """

    def __init__(
        self, command: Sequence[str], *, columns: int = 80, rows: int = 24, env: Mapping[str, str] | None = None
    ) -> None:
        argv = [sys.executable if part == "python" and not at else part for at, part in enumerate(command)]
        environment = {
            key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "PYTHONDONTWRITEBYTECODE")
        }
        environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(ROOT)}
        environment |= env or {}
        self.output = bytearray()
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._shown = 0
        self.started = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            try:
                os.chdir(ROOT)
                os.execvpe(argv[0], argv, environment)
            finally:
                os._exit(127)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the program and let go of its terminal."""
        if self._fd < 0:
            return
        for sign, patience in ((signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0)):
            try:
                os.kill(self.pid, sign)
            except ProcessLookupError:
                break
            end = time.perf_counter() + patience
            while time.perf_counter() < end:
                self._read(0.01)
                if os.waitpid(self.pid, os.WNOHANG)[0]:
                    break
            else:
                continue
            break
        os.close(self._fd)
        self._fd = -1

    def _read(self, timeout: float) -> bytes:
        """What the program wrote, after at most ``timeout`` seconds."""
        if self._ended or not select.select([self._fd], [], [], timeout)[0]:
            if self._ended:
                time.sleep(timeout)
            return b""
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        if not data:
            self._ended = True
            return b""
        self.output += data
        if _SYNC_QUERY in data:
            os.write(self._fd, _SYNC_ANSWER)
        return data

    def wait_for(self, words: str, timeout: float = 30.0) -> float:
        """Wait until the program has written these words; returns the seconds since it was started.

        Raises:
            TimeoutError: they did not come.
        """
        end = time.perf_counter() + timeout
        wanted = words.encode()
        while time.perf_counter() < end:
            if self._read(0.05) and wanted in _ANY_SEQUENCE.sub(b"", bytes(self.output)):
                return time.perf_counter() - self.started
            if self._ended:
                break
        shown = "\n".join(self.lines())
        raise TimeoutError(f"{words!r} was not shown within {timeout} s; the screen:\n{shown}")

    def settle(self, quiet: float = 0.3, timeout: float = 10.0) -> None:
        """Wait until the program has written nothing for ``quiet`` seconds."""
        end = time.perf_counter() + timeout
        while self._read(quiet) and time.perf_counter() < end:
            pass

    def press(self, key: bytes, quiet: float = 0.025, timeout: float = 5.0) -> Press:
        """Press a key and wait for what it paints: until nothing came for ``quiet`` seconds after a whole picture."""
        before = len(self.output)
        start = last = time.perf_counter()
        os.write(self._fd, key)
        while (now := time.perf_counter()) - start < timeout:
            if self._read(quiet):
                last = time.perf_counter()
            elif len(self.output) > before or self._ended:
                break
            elif now - start > 0.5:
                break  # a key that changes nothing
        data = bytes(self.output[before:])
        return Press(last - start, len(data), data.count(_FRAME_END))

    def watch(self, seconds: float) -> None:
        """Let it paint for so long, and press nothing."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self._read(left)

    def send(self, data: bytes) -> None:
        """Type without waiting."""
        os.write(self._fd, data)

    def lines(self) -> list[str]:
        """The screen as a person would read it."""
        fresh = bytes(self.output[self._shown :])
        self._shown = len(self.output)
        self._stream.feed(_UNKNOWN.sub(b"", fresh))
        return [line.rstrip() for line in self.screen.display]

    def memory(self) -> int:
        """Resident bytes of the program and its children."""
        return sum(_resident(pid) for pid in [self.pid, *_children(self.pid)])

    def cpu(self) -> float:
        """Seconds of processor time used so far, to the nanosecond."""
        spent = (path.read_text() for path in Path(f"/proc/{self.pid}/task").glob("*/schedstat"))
        return sum(int(line.split()[0]) for line in spent) / 1e9


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in listing.read_text().split():
            found += [int(child), *_children(int(child))]
    return found


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` (0–1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
