"""The filter line: a query typed over the queue, counted and completed as one types, and shown as a tab."""

from __future__ import annotations

from pathlib import Path

from helpdesk_tui.app import HelpdeskApp
from helpdesk_tui.core.session import SignIn
from helpdesk_tui.core.tokens import MemoryStore
from tests.opened import proxied, through
from tests.screens.opened import Opened, Team, opened, ticket_id
from tests.screens.test_typeahead import burst


def numbers(seen: Opened) -> list[int]:
    """The tickets that the queue shows, by number, in their order."""
    return [ticket.number for ticket in seen.desk.queue.window.rows]


async def shows(seen: Opened, *wanted: int) -> None:
    """Wait until the queue shows exactly these."""
    await seen.until(
        lambda: seen.desk.queue.state in ("ready", "empty") and sorted(numbers(seen)) == sorted(wanted),
        f"the queue shows {wanted}",
    )


async def test_a_query_is_counted_while_it_is_typed_and_completed_and_shown_as_a_tab(
    team: Team, tmp_path: Path
) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        burst(seen, "/status:op")
        await seen.until(lambda: seen.desk.filtering and seen.desk.line.field.value == "status:op", "typed ahead")
        # What is not finished yet is not told to be wrong; what it may become is offered.
        await seen.until(lambda: seen.shows("open  "), "the value that fits")
        assert not seen.shows("There is no status")
        await seen.press("tab")
        assert seen.desk.line.field.value == "status:open "
        await seen.until(lambda: seen.shows("3 tickets"), "how many there are")
        burst(seen, "assignee:@me")
        await seen.until(lambda: seen.shows("1 ticket") and not seen.shows("3 tickets"), "how many of them are mine")
        await seen.press("enter")
        await shows(seen, 1004)
        await seen.until(lambda: seen.shows("8 / status:open assignee:@me 1"), "a tab of its own, with its count")
        assert seen.desk.queue.has_focus
        # The line opens with what is asked for, and Esc leaves everything as it was.
        await seen.press("slash", "escape")
        assert not seen.desk.filtering
        await shows(seen, 1004)
        # Typing replaces it. What is wrong stands under the word; Enter says it even where one is at it.
        await seen.press("slash")
        burst(seen, "stutus:open x")
        await seen.until(lambda: seen.shows("/ stutus:open x") and seen.shows("no field “stutus”"), "the error")
        assert seen.shows("Did you mean “status”?")
        lines = seen.text().splitlines()
        at = next((n for n, line in enumerate(lines) if line.startswith(" / stutus:open x")), None)
        assert at is not None, seen.text()
        assert lines[at + 1].strip() == "^^^^^^"
        assert lines[at + 1].index("^") == lines[at].index("stutus")
        await seen.press("ctrl+u")
        burst(seen, "status:ope\r")
        await seen.until(lambda: seen.shows("There is no status “ope”"), "insisted upon")
        assert seen.desk.filtering
        # What is not closed yet is no mistake while one types, and is counted; Enter says it.
        await seen.press("ctrl+u")
        burst(seen, '(status:open or "forgets')
        await seen.until(lambda: seen.shows('"forgets') and seen.shows("3 tickets"), "counted as if it were closed")
        assert not seen.shows("is not closed")
        await seen.press("enter")
        await seen.until(lambda: seen.shows("This quotation mark is not closed"), "insisted upon")
        # A way out that is longer than the line goes on in the next.
        await seen.press("end", "ctrl+u")
        burst(seen, "foo:bar ")
        await seen.until(lambda: seen.shows("There is no field “foo”") and seen.shows("quotes."), "the whole of it")
        # In the empty line the arrow brings back what was asked before.
        await seen.press("ctrl+u", "up")
        assert seen.desk.line.field.value == "status:open assignee:@me"
        await seen.press("down")
        assert seen.desk.line.field.value == ""
        # The arrows choose among what is offered, Enter takes it.
        burst(seen, "pri")
        await seen.press("down", "enter")
        assert seen.desk.line.field.value.startswith("priority")
        await seen.press("ctrl+u")
        burst(seen, "lamp or number:1003\r")
        await shows(seen, 1001, 1002, 1003)
        # Esc unmarks what is marked, then closes the query, and in another queue does nothing.
        await seen.press("space", "escape")
        await shows(seen, 1001, 1002, 1003)
        await seen.press("escape")
        await seen.until(lambda: seen.desk.view_key == "open" and not seen.shows("/ lamp"), "closed by Esc")
        await seen.press("escape")
        await shows(seen, 1001, 1002, 1003, 1004)
        await seen.press("slash")
        burst(seen, "lamp or number:1003\r")
        await shows(seen, 1001, 1002, 1003)
        # With nothing in it the tab goes, and one is where one was before.
        await seen.press("slash", "ctrl+u", "enter")
        await seen.until(lambda: seen.desk.view_key == "open" and not seen.shows("/ lamp"), "the tab is gone")
        await shows(seen, 1001, 1002, 1003, 1004)


async def test_what_is_typed_before_the_database_answers_is_kept_and_shown_then(team: Team, tmp_path: Path) -> None:
    async with proxied(team.database) as proxy:
        proxy.freeze()
        settings = through(team.database.settings, proxy)
        sign_in = SignIn(settings, MemoryStore())
        sign_in.session = team.agent.session
        app = HelpdeskApp(settings, sign_in, team.agent.session, drafts=tmp_path / "drafts.sqlite3")
        async with app.run_test(size=(160, 48)) as pilot:
            seen = Opened(app, pilot)
            await seen.until(lambda: len(app.screen_stack) > 1 and seen.desk.queue.has_focus, "the desk")
            burst(seen, "/lamp")
            await seen.until(lambda: seen.shows("not connected yet"), "why it is not counted")
            burst(seen, "\r")
            await seen.until(lambda: seen.shows("as soon as the database answers"), "that it waits")
            assert seen.desk.line.field.value == "lamp"
            proxy.thaw()
            await shows(seen, 1001, 1002)
            assert seen.shows("/ lamp")
            await app.leave()


async def test_an_act_takes_a_ticket_out_of_a_query_at_once_where_that_can_be_told(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        burst(seen, "/status:open priority>=medium\r")
        await shows(seen, 1001, 1002)
        seen.desk.queue.select(ticket_id(1001))
        burst(seen, "pl")
        await seen.until(lambda: numbers(seen) == [1002], "it is gone before the database says so")
        await seen.until(lambda: not seen.desk.triage.flying(ticket_id(1001)), "confirmed")
        await seen.press("u")
        await shows(seen, 1001, 1002)
        # Of a word nobody can tell here: the row stays until the database has spoken.
        burst(seen, "/lamp\r")
        await shows(seen, 1001, 1002)
        burst(seen, "sr")
        await seen.until(lambda: not seen.desk.triage._flying, "confirmed")
        await shows(seen, 1001, 1002)
