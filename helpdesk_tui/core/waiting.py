"""Since when a requester waits for an answer, for whoever brings tickets in past the trigger that keeps it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime


def waiting_since(came: datetime, public: Iterable[tuple[bool, datetime]]) -> datetime | None:
    """As ``private.waiting_since()`` has it.

    Args:
        came: when the ticket came in.
        public: of each public message, in their order, whether it is the requester's, and when it was written.

    Returns:
        None: nobody waits.
    """
    since: datetime | None = came
    for own, at in public:
        since = (since or at) if own else None
    return since
