"""The line below everything, by itself."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static

from helpdesk_tui.widgets.status_line import StatusLine


class Told(App[None]):
    """A status line below something."""

    CSS = "Screen { layout: vertical; } Static { height: 1fr; }"

    def compose(self) -> ComposeResult:
        """Both."""
        yield Static("above")
        yield StatusLine()


async def test_why_something_was_refused_is_read_to_its_end_in_eighty_columns() -> None:
    words = (
        "12 of 14 done: category → Looms. Refused: #1002, #1004: there is no such ticket, or it is not yours to change"
    )
    async with Told().run_test(size=(80, 24)) as pilot:
        status = pilot.app.query_one(StatusLine)
        status.set_connection("live")
        status.set_who("Mira Okonkwo · Support · agent · work", "Mira · work")

        def lines() -> list[str]:
            return [status.render_line(y).text.strip() for y in range(status.size.height)]

        status.say(words, alarm=True)
        await pilot.pause()
        *above, line = lines()
        assert " ".join(above) == words
        assert line.startswith("● live")
        assert line.endswith("Mira · work")
        # Where there is room for all of it, and where its cause is gone, it is one line again.
        await pilot.resize_terminal(160, 24)
        await pilot.pause()
        assert len(lines()) == 1
        assert words in lines()[0]
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert len(lines()) == 3
        status.calm()
        await pilot.pause()
        assert len(lines()) == 1
        assert "Refused" not in lines()[0]
        # What merely happened moves nothing.
        status.say(words)
        await pilot.pause()
        assert len(lines()) == 1
        assert "…" in lines()[0]
