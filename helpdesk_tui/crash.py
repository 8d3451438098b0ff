"""What is printed when the program has a fault of its own: where, and nothing that people typed or may not see.

What a fault says may quote what stands in the database: it is made harmless as everything else is.
"""

from __future__ import annotations

from textual.app import App

__all__ = ["Crashing"]


class Crashing(App[int]):
    """An app whose traceback shows no values.

    Textual prints the local variables of every frame: passwords, tokens and other people's messages among them, to
    stay in the scroll-back and in logs. This overrides its private ``_fatal_error``, of Textual 8.2.
    """

    def _fatal_error(self) -> None:
        from rich.console import Group
        from rich.segment import Segment, Segments
        from rich.text import Text
        from rich.traceback import Traceback

        from helpdesk_tui.core.text import harmless

        self.bell()
        traceback = Traceback(show_locals=False, width=None, suppress=["textual", "rich"])
        words = Text("helpdesk ended by a fault of its own. What you wrote is kept: it is there at the next start.")
        # One renderable: of several, Textual prints the first and counts the others.
        printed = self.console.render(Group(traceback, words), self.console.options)
        safe = [each if each.control else Segment(harmless(each.text), each.style) for each in printed]
        self._exit_renderables.append(Segments(safe))
        self._close_messages_no_wait()
