"""A message as a quotation."""

from __future__ import annotations

from datetime import tzinfo
from typing import Final

from helpdesk_tui.core.text import safe_block, safe_line
from helpdesk_tui.core.wording import moment
from helpdesk_tui.widgets.thread_entries import Entry

__all__ = ["quoted"]

#: Nobody reads a longer quotation; what is left out is said.
LINES: Final = 60


def quoted(entry: Entry, zone: tzinfo | None = None) -> str:
    """The words of an entry, "> " before each line, who said them above, an empty line below."""
    lines = safe_block(entry.words).strip("\n").split("\n")
    if len(lines) > LINES:
        lines = [*lines[:LINES], "[…]"]
    quote = "\n".join(f"> {line}".rstrip() for line in lines)
    return f"{safe_line(entry.who, 80) or 'Somebody'} wrote on {moment(entry.when, zone)}:\n{quote}\n\n"
