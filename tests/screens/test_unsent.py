"""What is done while the database cannot be reached waits, is told, and is done when it can."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from helpdesk_tui.core.attachments import Upload
from helpdesk_tui.core.journal import Journal
from helpdesk_tui.widgets.file_bar import FileBar
from tests.opened import proxied, through
from tests.proxy import Proxy
from tests.screens.opened import Opened, Team, opened, opened_customer, ticket_id
from tests.screens.test_customer import write_request


@asynccontextmanager
async def cut_off(team: Team, tmp_path: Path) -> AsyncIterator[tuple[Opened, Proxy]]:
    """The agent's desk, which had its tickets before it lost the database; ``proxy.start()`` gives it back."""
    async with (
        proxied(team.database) as proxy,
        opened(team.database, team.agent, tmp_path, settings=through(team.database.settings, proxy)) as seen,
    ):
        await seen.until(lambda: seen.shows("Please help with"), "the thread")
        proxy.refuse()
        proxy.cut()
        await seen.until(lambda: seen.desk.status.connection != "live", "the loss")
        yield seen, proxy


async def write_reply(seen: Opened, words: str) -> None:
    # In the queue r tries again what could not be read, where something could not.
    await seen.press("enter", "r")
    await seen.until(lambda: seen.desk.pane.composer_has_focus, "the composer")
    await seen.press(*["space" if letter == " " else letter for letter in words], "ctrl+s")


async def test_a_reply_sent_offline_waits_is_listed_and_goes_out_once(team: Team, tmp_path: Path) -> None:
    async with cut_off(team, tmp_path) as (seen, proxy):
        await write_reply(seen, "later")
        await seen.until(lambda: seen.shows("1 waiting"), "the badge")
        await seen.until(lambda: seen.shows("Mira Okonkwo · ◌ waiting to be sent"), "it in its thread")
        assert seen.text().count("later") == 1
        assert not seen.desk.pane.writing
        await seen.press("O")
        await seen.until(lambda: seen.shows("#1001 reply") and seen.shows("waits since"), "the list")
        await seen.press("escape")
        # It is in line, and no draft besides.
        journal = Journal.open(tmp_path / "drafts.sqlite3")
        assert journal.list(f"test/{team.agent.id}") == ()
        journal.close()
        await proxy.start()
        await seen.press("ctrl+r")
        await seen.until(lambda: seen.shows("Sent now: #1001 reply"), "sent")
        await seen.until(lambda: not seen.shows("1 waiting"), "nothing waits")
        assert await team.value("select count(*) from ticket_messages where content = 'later'") == 1
        await seen.until(lambda: seen.shows("Mira Okonkwo · staff"), "the real one in its place")
        assert seen.text().count("later") == 1
        assert not seen.shows("◌ waiting")


async def test_what_waited_when_the_program_ended_is_sent_by_the_next_and_a_stale_reply_explained(
    team: Team, tmp_path: Path
) -> None:
    async with cut_off(team, tmp_path) as (seen, _):
        await write_reply(seen, "fine")
        await seen.until(lambda: seen.shows("1 waiting"), "the first waits")
        await seen.press("escape", "j")
        await write_reply(seen, "stale")
        await seen.until(lambda: seen.shows("2 waiting"), "the second waits")
    await team.database.run(
        "insert into public.ticket_messages (ticket_id, sender_id, content) values (%s, %s, 'It works by now')",
        [ticket_id(1002), team.customer.id],
    )
    busy = await team.database.connect()
    await busy.execute("begin")
    await busy.execute("select from public.tickets where id = %s for update", [ticket_id(1001)])
    async with busy, opened(team.database, team.agent, tmp_path, (80, 24)) as again:
        # Somebody holds the first ticket up: until they are done, its thread shows what waits.
        again.desk.show(ticket_id(1001))
        await again.until(lambda: again.shows("Mira Okonkwo · ◌ waiting to be sent"), "what an earlier window had left")
        assert again.shows("fine")
        await busy.execute("commit")
        await again.until(lambda: again.shows("Mira Okonkwo · staff"), "sent, in the same place")
        assert again.text().count("fine") == 1
        await again.press("escape")
        await again.until(lambda: again.shows("1 refused"), "what became of them")
        assert await team.value("select count(*) from ticket_messages where content = 'fine'") == 1
        assert await team.value("select count(*) from ticket_messages where content = 'stale'") == 0
        await again.press("O")
        await again.until(lambda: again.shows("refused: #1002 reply: The thread has moved on"), "why")
        await again.press("1")
        await again.until(lambda: again.shows("open its ticket"), "what to do")
        await again.press("o")
        await again.until(lambda: again.shows("It works by now"), "what was not seen")
        assert again.shows("Mira Okonkwo · ✖ NOT sent")
        assert again.shows("✖ NOT sent: The thread has moved on")
        await again.press("r")
        await again.until(lambda: again.desk.pane.composer.text.text == "stale", "its words are a draft again")


async def test_a_customers_answer_and_new_request_written_offline_wait_and_arrive_once_or_are_explained(
    team: Team, tmp_path: Path
) -> None:
    async with (
        proxied(team.database) as proxy,
        opened_customer(
            team.database, team.customer, tmp_path, settings=through(team.database.settings, proxy)
        ) as seen,
    ):
        seen.mine.requests.choose(ticket_id(1003))
        await seen.press("r")
        await seen.until(lambda: seen.shows("MESSAGE TO THE TEAM") and seen.shows("Please help with: Loom"), "writing")
        proxy.refuse()
        proxy.cut()
        await seen.until(lambda: seen.mine.status.connection != "live", "the loss")
        seen.mine.pane.composer.text.insert("The left one")
        await seen.press("ctrl+s")
        await seen.until(
            lambda: seen.shows("van Dijk · ◌ not sent yet, goes out by itself"), "the answer in its thread"
        )
        await seen.press("escape")
        seen.mine.requests.choose(ticket_id(1001))
        await seen.press("x")
        await seen.until(lambda: seen.shows("2 waiting") and seen.shows("■ Closed"), "how it will be")
        screen = await write_request(seen, "No light", "since noon")
        screen.post_message(FileBar.Attached(Upload("log.txt", b"dark")))
        await seen.until(lambda: seen.shows("▤ log.txt"), "the file")
        await seen.press("ctrl+s")
        await seen.until(lambda: seen.app.screen is seen.mine and seen.shows("◌ No light"), "the request in the list")
        assert seen.shows("Sent as soon as we can be reached")
        assert not seen.shows("Not sent yet")
        assert seen.shows("3 waiting")
        closed = seen.mine.requests.find(ticket_id(1001))
        assert closed is not None
        assert closed.status == "closed"
    # When it can be sent, something is in its way.
    await team.database.run(
        "create function public.no() returns trigger language plpgsql as"
        " $$begin raise exception 'we are closed' using errcode = 'HD002'; end$$;"
        "create trigger no before insert on public.tickets execute function public.no()"
    )
    rows = "select title, description, name, data from tickets t join ticket_attachments a on t.id = ticket_id"
    async with opened_customer(team.database, team.customer, tmp_path, (80, 24)) as again:
        await again.until(lambda: again.shows("✎ No light"), "that it is a draft again")
        assert await team.value("select count(*) from ticket_messages where content = 'The left one'") == 1
        assert await team.value("select status::text from tickets where number = 1001") == "closed"
        assert await team.database.run(rows) == []
        await team.database.run("drop function public.no() cascade")
        await again.press("n")
        await again.until(lambda: again.shows("✗ Not sent: We are closed"), "why")
        await again.press("ctrl+s")
        await again.until(lambda: again.app.screen is again.mine and again.shows("since noon"), "the request")
        assert await team.database.run(rows) == [("No light", "since noon", "log.txt", b"dark")]
        await again.until(lambda: not again.shows("waiting") and not again.shows("refused"), "nothing is left")
        assert not again.shows("Not sent yet")


async def test_an_act_done_offline_shows_as_it_will_be_and_is_done_in_the_end(team: Team, tmp_path: Path) -> None:
    async with cut_off(team, tmp_path) as (seen, proxy):
        await seen.press("enter", "p", "u", "D", "1")
        await seen.until(lambda: seen.shows("2 waiting"), "both wait")
        assert seen.shows("▲ urgent")
        assert seen.shows("due in ")
        await proxy.start()
        # Read again while it waits, it looks as it will be.
        keeping = seen.desk.link.keeping
        assert keeping is not None
        found = await seen.desk.asked.ticket(str(ticket_id(1001)))
        assert found is None or keeping.as_done(found).priority == "urgent"
        await seen.press("ctrl+r")
        await seen.until(lambda: seen.shows("Done now: #1001 due"), "done")
        assert await team.value("select priority::text from tickets where number = 1001") == "urgent"
        assert await team.value("select due_date > now() from tickets where number = 1001")
        await seen.until(lambda: not seen.shows(" waiting"), "nothing waits")
