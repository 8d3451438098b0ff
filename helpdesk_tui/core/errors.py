"""What can go wrong, in words for people, each with the way out and an exit code for scripts.

Exit codes are part of the command line's contract (see docs/cli.md): 0 done, 1 a fault in this program,
2 bad usage or settings, 3 sign-in needed or refused, 4 the server cannot be reached, 5 not allowed,
6 not found, 7 refused because something changed meanwhile, 8 some items done and some refused,
9 the database does not fit this program, 10 the local Postgres failed, 11 an import stopped.
"""

from __future__ import annotations

from uuid import UUID


class HelpdeskError(Exception):
    """A failure that a person can read and act on.

    Args:
        message: what happened, naming the thing it happened to.
        hint: the way out, one sentence, if there is one.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class SettingsError(HelpdeskError):
    """A setting is missing, unknown or of the wrong kind."""

    exit_code = 2


class BadInput(HelpdeskError):
    """What the person gave cannot be used."""

    exit_code = 2


class SignInError(HelpdeskError):
    """Nobody is signed in, or the sign-in was refused.

    Args:
        kind: one of ``credentials``, ``second_factor``, ``rate_limit``, ``expired``, ``hook``, ``clock``,
            ``signed_out``, ``server``, ``weak_password``, ``exists``, ``validation``, ``code``.
    """

    exit_code = 3

    def __init__(self, message: str, hint: str | None = None, *, kind: str = "server") -> None:
        super().__init__(message, hint)
        self.kind = kind


class Unreachable(HelpdeskError):
    """The database or the sign-in server does not answer. What was being sent may or may not have arrived."""

    exit_code = 4


class Queued(Unreachable):
    """It waits in the outbox, and is done as soon as the database answers: nothing has to be done again."""


class TookTooLong(Unreachable):
    """The database gave a statement up after the time that it may take; nothing was changed."""


class Refused(HelpdeskError):
    """The database's rules do not allow this person to do it."""

    exit_code = 5


class NotFound(HelpdeskError):
    """It is not there, or not for this person: the two are never told apart."""

    exit_code = 6


class Stale(HelpdeskError):
    """The thread has moved on since the author looked; nothing was sent.

    Args:
        unseen: ids of the messages the author had not seen, oldest first.
    """

    exit_code = 7

    def __init__(self, message: str, hint: str | None = None, *, unseen: tuple[UUID, ...] = ()) -> None:
        super().__init__(message, hint)
        self.unseen = unseen


class PartlyDone(HelpdeskError):
    """Some of several items were done and some refused."""

    exit_code = 8


class NewerDatabase(HelpdeskError):
    """The database was set up by a newer release than this one."""

    exit_code = 9


class DatabaseNotReady(HelpdeskError):
    """The database holds no helpdesk, or an older one that needs a migration."""

    exit_code = 9


class LocalError(HelpdeskError):
    """The local Postgres could not be set up, started or stopped."""

    exit_code = 10


class ImportStopped(HelpdeskError):
    """An import stopped at a line; everything before it is in, nothing of the line is.

    Args:
        line: the 1-based line number.
    """

    exit_code = 11

    def __init__(self, message: str, hint: str | None = None, *, line: int) -> None:
        super().__init__(message, hint)
        self.line = line
