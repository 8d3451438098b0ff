"""Names behind an "@": offered in notes alone, of those who see the ticket, and written as the database reads them."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from helpdesk_tui.core.model import Person
from tests.widgets.thread_samples import ADA, MARA, ComposerApp, sample

SUPPORT, BILLING = UUID(int=700), UUID(int=701)
STAFF = (
    Person(UUID(int=1), "Ann Lee", "admin", "ann@desk.test"),
    Person(UUID(int=2), "Bo Berg", "agent", "bo@desk.test", BILLING),
    Person(MARA, "Mara Lind", "agent", "mara@desk.test", SUPPORT),
    Person(UUID(int=4), "Sam Hale", "agent", "sam1@desk.test", SUPPORT),
    Person(UUID(int=5), "Sam Hale", "agent", "sam2@desk.test", SUPPORT, away=True),
    Person(ADA, "Ada Byron", "agent", "ada@desk.test", SUPPORT),
)


class NotesApp(ComposerApp):
    """A composer that knows who works here, at a ticket in Support."""

    def __init__(self) -> None:
        shown = sample()
        super().__init__(shown=replace(shown, ticket=replace(shown.ticket, department_id=SUPPORT)))
        self.composer.staff = lambda: STAFF

    def note(self, *, internal: bool = True) -> None:
        """Write one."""
        self.composer.open(self.shown.ticket, internal=internal, thread=self.shown)

    @property
    def offered(self) -> list[str]:
        """What is offered, without what is said about it."""
        names = self.composer.names
        lines = [names.render_line(y).text for y in range(names.size.height)] if names.display else []
        return ["".join(line).replace("▌", " ").split("  ")[1].strip() or line for line in lines]


async def test_an_at_sign_in_a_note_offers_who_sees_the_ticket_and_writes_what_the_database_knows() -> None:
    app = NotesApp()
    async with app.run_test(size=(80, 24)) as pilot:
        composer, text = app.composer, app.composer.text
        await pilot.press("@", "a")
        assert not composer.names.display, "a reply goes to the requester: nobody is offered"
        app.note()
        await pilot.press(*"Look ", "@")
        await pilot.pause()
        # Not the author, not the requester who is one of the team, not who does not see it.
        assert app.offered == ["@Ann Lee", "@sam1", "@sam2"]
        await pilot.press("a")
        await pilot.pause()
        assert app.offered == ["@Ann Lee"]
        await pilot.press("tab")
        assert text.text == "Look @Ann Lee "
        # Two of one name are told apart by what is written, with the arrows and Enter.
        await pilot.press(*"and @sam h", "down", "down", "up", "up", "down", "enter")
        assert text.text == "Look @Ann Lee and @sam2 "
        await pilot.pause()
        assert not composer.names.display
        # Esc leaves what is offered, and then the note.
        await pilot.press(*"or @s")
        await pilot.pause()
        assert composer.names.display
        await pilot.press("escape")
        await pilot.pause()
        assert not composer.names.display
        assert app.left == []
        await pilot.press("a", "enter")
        assert text.text == "Look @Ann Lee and @sam2 or @sa\n"
        await pilot.press("escape")
        await pilot.pause()
        assert app.left == [False]
        # Not in what is quoted, nor behind an address.
        for words in ("> @", "write to x@a"):
            app.note()
            text.load_text(words)
            text.move_cursor(text.document.end)
            await pilot.pause()
            assert not composer.names.display


async def test_a_mention_that_reaches_nobody_is_told_before_the_note_is_sent() -> None:
    app = NotesApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.note()
        for words, told in (
            ("@Bo, look", "⚠ Bo Berg does not see this ticket's notes: “@bo” tells them nothing"),
            ("@Ada Byron", "⚠ Ada Byron does not see this ticket's notes: “@ada” tells them nothing"),
            ("@Sam, look", "⚠ “@sam” fits 2 people, and reaches none of them"),
            ("@Ann and @nobody and x@bo", ""),
            ("`@bo`", ""),
        ):
            app.composer.text.put_all(words)
            await pilot.pause()
            assert app.told == told
        # It is advice.
        app.composer.text.put_all("@Bo knows")
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert [send.content for send in app.sends] == ["@Bo knows"]
