"""Writing in one's own editor, with the terminal lent to it and everything else going on."""

from __future__ import annotations

import asyncio

from textual.app import App, SuspendNotSupported

from helpdesk_tui.core.editor import editor_command
from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.widgets.composer_text import in_editor

__all__ = ["written_outside"]


async def written_outside(app: App[object], text: str) -> str | None:
    """Let the author go on with a text in their editor, while queries, the heartbeat and the listener go on.

    Run it in a worker of the app: were it a widget's, a sign-in that ends would take the terminal from under the
    editor.

    Returns:
        What they saved; None where the editor could not be used, which they were told.
    """
    problem: HelpdeskError | None = None
    written: str | None = None
    try:
        command = editor_command()
        # Nothing may paint meanwhile: the terminal is the editor's, and nobody reads what the app would write.
        with app.batch_update(), app.suspend():
            try:  # inside, since an error that leaves `suspend` leaves the terminal suspended
                written = await asyncio.to_thread(in_editor, text, command)
            except HelpdeskError as error:
                problem = error
    except SuspendNotSupported:
        app.notify("This terminal cannot be lent to an editor.", severity="warning")
    except HelpdeskError as error:
        problem = error
    if problem is not None:
        app.notify(str(problem), severity="error", markup=False)
    return written
