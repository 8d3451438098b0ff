"""A person's own program that is told of what happens: ``notify_command`` in their settings.

It is started without a shell, from words that stand in their own file; what happened travels on its standard input, as
JSON, since titles are strangers' words.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

__all__ = ["SECONDS", "run"]

#: A program that takes longer is ended.
SECONDS: Final = 10.0


async def run(words: Sequence[str], event: dict[str, Any], *, seconds: float = SECONDS) -> str | None:
    """Runs it, and waits for it no longer than ``seconds``.

    Args:
        words: the program and its arguments.
        event: what happened.

    Returns:
        What went wrong, in words; None: nothing did.
    """
    name = Path(words[0]).name
    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return f"{name} cannot be started: {getattr(error, 'strerror', None) or error}"
    try:
        await asyncio.wait_for(process.communicate(json.dumps(event).encode() + b"\n"), seconds)
    except TimeoutError:
        return f"{name} took longer than {seconds:g} s and was ended"
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return None if process.returncode == 0 else f"{name} ended with {process.returncode}"
