"""Snooze, custom fields, merge, split, links and following on the desk: each in a few keys, and what is said of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from helpdesk_tui.core import relations
from helpdesk_tui.core.acts import Change
from tests.screens.opened import Opened, Team, opened, ticket_id


async def messages(team: Team, ticket: UUID) -> int:
    """How many there are."""
    found = await team.value("select count(*) from public.ticket_messages where ticket_id = %s", ticket)
    assert isinstance(found, int)
    return found


async def test_snooze_by_preset_and_in_words_is_taken_back(team: Team, tmp_path: Path) -> None:
    until = "select until::text from private.ticket_snoozes where ticket_id = %s"
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("z")
        await seen.until(lambda: seen.shows("snooze until") and seen.shows("tomorrow 9:00"), "the presets")
        await seen.press("1")
        await seen.until(lambda: seen.shows("#1001 snoozed until"), "said")
        await seen.until(lambda: not seen.desk.triage.flying(ticket_id(1001)), "done")
        assert await team.value(until, ticket_id(1001)) is not None
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone"), "undone")
        assert await team.value(until, ticket_id(1001)) is None

        # A time that is not among them is written right there.
        await seen.press("z", *"in 2 wee")
        await seen.until(lambda: seen.shows("“in 2 wee” is no time"), "what it is not yet")
        await seen.press(*"ks", "enter")
        await seen.until(lambda: seen.shows("#1001 snoozed until"), "said")
        await seen.until(lambda: not seen.desk.triage.flying(ticket_id(1001)), "done")
        assert await team.value(f"select ({until})::timestamptz - now() > '13 days'", ticket_id(1001))
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone"), "undone")

        seen.desk.queue.select(ticket_id(1002))
        await seen.press("z", "w")
        await seen.until(lambda: seen.desk.prompt.field.has_focus, "when")
        await seen.press(*"soon", "enter")
        await seen.until(lambda: seen.shows("is no time"), "the refusal")
        await seen.until(lambda: seen.desk.prompt.field.value == "soon" and seen.desk.prompt.field.has_focus, "again")
        await seen.press("ctrl+u", *"2100-01-02 8:15", "enter")
        await seen.until(lambda: seen.shows("ten years"), "too far")
        await seen.press("ctrl+u", *"in 3 days", "enter")
        await seen.until(lambda: seen.shows("#1002 snoozed until"), "said")
        assert seen.desk.queue.has_focus


def one_unread(window: Opened) -> bool:
    """Whether the status line says so."""
    return window.desk.link.badges[0] == 1


async def test_a_snoozed_ticket_is_back_by_itself_in_every_window_and_told_once(team: Team, tmp_path: Path) -> None:
    first = ticket_id(1001)
    told = "select coalesce(sum(times), 0) from public.notifications where user_id = %s"
    async with opened(team.database, team.agent, tmp_path / "one", (80, 24)) as other:
        await other.until(lambda: other.desk.link.attention is not None and other.desk.link.attention.looked, "badges")
        async with opened(team.database, team.agent, tmp_path / "two") as seen:
            await seen.until(lambda: seen.desk.link.attention is not None and seen.desk.link.attention.looked, "badges")
            tickets = tuple(row for row in seen.desk.queue.window.rows if row.id == first)
            seen.desk.do(Change(snooze=datetime.now(UTC) + timedelta(hours=1)), tickets)
            # Out of the queue at once, without a word of the database's.
            await seen.until(lambda: first not in seen.desk.queue.window, "out of sight", 2)
            seen.desk.change_view("snoozed")
            await seen.until(lambda: seen.shows("back in 1h Lamp flickers"), "how long it sleeps, on its row")
            seen.desk.change_view("open")
            await other.until(lambda: first not in other.desk.queue.window, "out of sight in the other window")
            await seen.until(lambda: not seen.desk.triage.busy, "done")
            # Sooner, so that the test need not sleep as long: as each window hears, waits for, and is told.
            await team.database.run(
                "update private.ticket_snoozes set until = clock_timestamp() + interval '3 seconds'"
            )
            for window in (seen, other):
                await window.until(partial(window.shows, "#1001 is back: Lamp flickers"), "told")
                await window.until(partial(window.desk.queue.window.get, first), "back in its queue")
                await window.until(partial(one_unread, window), "one unread")
            assert await team.value(told, team.agent.id) == 1
            assert await team.value("select title from public.notifications") == "Back: Lamp flickers"
    # Nor is it told again after a restart.
    async with opened(team.database, team.agent, tmp_path / "two", (80, 24)) as again:
        await again.until(partial(one_unread, again), "still one unread")
        assert not again.shows("is back")
        assert await team.value(told, team.agent.id) == 1


async def test_due_date_by_preset_in_words_and_for_marked_ones_is_shown_and_taken_back(
    team: Team, tmp_path: Path
) -> None:
    due = "select due_date from public.tickets where id = %s"
    async with opened(team.database, team.agent, tmp_path) as seen:
        assert not seen.shows("due in")
        await seen.press("D")
        await seen.until(lambda: seen.shows("#1001 due") and seen.shows("no due date  (as it is)"), "the presets")
        assert seen.shows("tomorrow 9:00")
        await seen.press("w")
        await seen.until(lambda: seen.desk.prompt.field.has_focus, "when")
        await seen.press(*"whenever")
        await seen.until(lambda: seen.shows("“whenever” is no time."), "not understood, while it is typed")
        await seen.press("enter")
        await seen.until(lambda: seen.shows("Such as 2h"), "refused, and how to write it")
        field = seen.desk.prompt.field
        await seen.until(lambda: field.value == "whenever" and field.has_focus, "nothing of it is lost")
        await seen.press("ctrl+u", *"in 3 days")
        await seen.until(lambda: seen.shows(", in 3d"), "what it means, while it is typed")
        await seen.press("enter")
        await seen.until(lambda: seen.shows("#1001 due →") and seen.shows("· u undoes"), "said")
        await seen.until(lambda: not seen.desk.triage.flying(ticket_id(1001)), "done")
        assert await team.value(due, ticket_id(1001)) is not None
        assert seen.desk.queue.has_focus
        seen.desk.queue.select(ticket_id(1001))
        await seen.until(lambda: seen.shows("due in 2d, ") or seen.shows("due in 3d, "), "the header")
        # Another one is offered over what it is now; leaving changes nothing.
        await seen.press("D")
        await seen.until(lambda: seen.shows("#1001 due (now due in"), "what it is now")
        await seen.press("escape", "u")
        await seen.until(lambda: seen.shows("Undone"), "undone")
        assert await team.value(due, ticket_id(1001)) is None
        await seen.until(lambda: not seen.shows("due in 2d, "), "out of the header")

        await seen.press("g", "space", "space", "D")
        await seen.until(lambda: seen.shows("2 tickets due"), "for those that are marked")
        await seen.press("1")
        await seen.until(lambda: seen.shows("2 tickets due → ") and seen.shows("done, u undoes"), "both")
        both = "select count(*) from public.tickets where due_date is not null and number in (1001, 1002)"
        assert await team.value(both) == 2
        # In the ticket, too; and it can be taken away.
        seen.desk.queue.select(ticket_id(1001))
        await seen.press("enter", "D", "0")
        await seen.until(lambda: seen.shows("#1001 due → none"), "taken away")
        await seen.until(lambda: not seen.desk.triage.busy, "done")
        assert await team.value(both) == 1


async def late_question_takes_the_keys_from_nobody(seen: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for what has to be read first, write meanwhile, and leave again."""
    go, categories = asyncio.Event(), seen.desk.asked.categories

    async def slow(ids: Sequence[UUID]) -> Any:
        await go.wait()
        return await categories(ids)

    monkeypatch.setattr(seen.desk.asked, "categories", slow)
    before = set(seen.app.workers)
    seen.desk.ask_of("category")
    asking = set(seen.app.workers) - before
    assert asking
    first = seen.desk.queue.selected
    assert first is not None
    await seen.desk.write_note(first, "meanwhile", "")
    await seen.until(lambda: seen.desk.pane.composer_has_focus, "writing by now")
    go.set()
    await seen.until(lambda: all(worker.is_finished for worker in asking), "read")
    assert not seen.desk.picker.asking
    assert seen.desk.pane.composer_has_focus
    await seen.press("escape", "escape")
    await seen.until(lambda: seen.desk.queue.has_focus, "the queue again")


async def test_merge_into_another_of_the_requester_and_back(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(team.database, team.agent, tmp_path) as seen:
        await late_question_takes_the_keys_from_nobody(seen, monkeypatch)
        other = await team.people.sign_up("bruno@example.com", "Bruno Castellani")
        await team.database.run(
            "insert into public.tickets (number, title, customer_id, department_id)"
            " select 1007, 'Of another', %s, department_id from public.tickets where number = 1001",
            [other.id],
        )
        seen.desk.queue.select(ticket_id(1001))
        await seen.press("M", "n")
        await seen.until(lambda: seen.desk.prompt.field.has_focus, "which")
        await seen.press(*"1007", "enter")
        await seen.until(lambda: seen.shows("NOT merged into #1007: it is another requester's"), "why not")
        await seen.press("M")
        await seen.until(lambda: seen.shows("#1001 merge into") and seen.shows("#1002 open"), "what to merge into")
        await seen.press("n")
        await seen.until(lambda: seen.desk.prompt.field.has_focus, "which")
        await seen.press(*"1002", "enter")
        await seen.until(lambda: seen.shows("#1001 merged into #1002 · u undoes"), "said")
        await seen.until(lambda: seen.shows("Please help with: Lamp flickers"), "its message in the other")
        await seen.until(lambda: seen.shows("with #1001"), "the header")
        assert await messages(team, ticket_id(1001)) == 0
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone"), "undone")
        assert (await messages(team, ticket_id(1001)), await messages(team, ticket_id(1002))) == (1, 1)
        # Taken apart by hand, and that taken back, too: what came of it since is told, and asked about.
        await seen.press("U")
        await seen.until(lambda: seen.shows("Undo which") or seen.shows("Nothing can be undone"), "what there is")
        await seen.press("escape")
        merge = relations.merge(uuid4(), [ticket_id(1001)], ticket_id(1002), "")
        await seen.desk.asked.database.fetch(merge, idempotent=True)
        await seen.press("number_sign", *"1001", "enter")
        await seen.until(lambda: seen.shows("into #1002") and seen.desk.pane.ticket is not None, "that it is merged")
        await seen.press("M")
        await seen.until(lambda: seen.shows("#1001 is merged into #1002"), "what can be done")
        await seen.press("u")
        await seen.until(lambda: seen.shows("#1001 is no longer merged into #1002 · u undoes"), "said")
        await team.database.run(
            "insert into public.ticket_messages (ticket_id, sender_id, content) select id, customer_id, 'and this'"
            " from public.tickets where number = 1001"
        )
        await seen.press("u")
        await seen.until(lambda: seen.shows("#1001 thread was changed since, to a message more"), "what changed")
        await seen.until(lambda: seen.desk.picker.asking, "the question")
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone: #1001 taken out of #1002"), "merged again")
        # With what came since.
        assert await messages(team, ticket_id(1001)) == 0


async def test_a_draft_survives_a_merge_by_a_colleague_and_its_end(team: Team, tmp_path: Path) -> None:
    colleague = await team.people.connect_as(team.colleague)
    merge = "select from helpdesk.merge(gen_random_uuid(), array[%s]::uuid[], %s, '')"
    async with opened(team.database, team.agent, tmp_path, size=(80, 24)) as seen:
        await seen.press("i")
        await seen.until(lambda: seen.desk.pane.composer_has_focus, "the note")
        await seen.press(*"between us, @to")
        await seen.until(lambda: seen.shows("@Tomás Vega"), "whom that may mean")
        await seen.press("tab")
        await seen.until(lambda: seen.desk.pane.composer.text.text == "between us, @Tomás Vega ", "his name")
        await seen.press("escape")
        await seen.press("r")
        await seen.until(lambda: seen.shows("REPLY TO CUSTOMER"), "the reply")
        await seen.press(*"half a sent")
        await colleague.execute(merge, [ticket_id(1001), ticket_id(1002)])
        await seen.until(lambda: seen.shows("⚠ #1001 was merged into #1002 · ^G goes on with this there"), "told")
        await seen.press(*"ence", "ctrl+s")
        await seen.until(lambda: seen.shows("half a sentence"), "not sent, not lost")
        await seen.press("ctrl+g")
        await seen.until(lambda: seen.shows("to Noor van Dijk · #1002") and seen.shows("half a sentence"), "there")
        assert seen.shows("✎ Your reply to #1001, merged in here · ^G puts it back")
        await seen.press("escape")
        # One is shown in the target, so the other one is offered by its key.
        await seen.until(
            lambda: seen.shows("✎ Your note to #1001, merged in here, is not sent · i, then ^G"), "offered"
        )
        await seen.press("escape")
        await seen.until(lambda: "✎" in next(line for line in seen.text().splitlines() if "#1002 " in line), "marked")
        await colleague.execute("select helpdesk.unmerge(gen_random_uuid(), %s)", [ticket_id(1001)])
        await seen.until(lambda: seen.shows("#1001 "), "open again")
        await seen.until(lambda: seen.desk.pane.merged.target(ticket_id(1001)) == ticket_id(1001), "taken apart")
        seen.desk.queue.select(ticket_id(1001))
        await seen.press("r")
        await seen.until(lambda: seen.shows("half a sentence") and seen.shows("· #1001"), "its own again")
        assert not seen.shows("^G")
    # Merged while nobody of ours looked: the next window finds the draft, and offers it where the ticket is.
    await colleague.execute(merge, [ticket_id(1001), ticket_id(1002)])
    async with opened(team.database, team.agent, tmp_path) as again:
        await again.until(
            lambda: any("✎" in line for line in again.text().splitlines() if "#1002 " in line), "the mark"
        )
        again.desk.queue.select(ticket_id(1002))
        await again.press("enter")
        await again.until(lambda: again.shows("✎ 2 drafts of yours to #1001, merged in here, are not sent"), "offered")
        await again.press("r")
        await again.until(
            lambda: again.shows("✎ Your reply to #1001, merged in here, is not sent · ^G shows it"), "how"
        )
        assert again.desk.pane.composer.is_empty
        await again.press("ctrl+g")
        await again.until(lambda: again.shows("half a sentence"), "the words")
        await again.press("ctrl+s")
        await again.until(lambda: again.shows("1 new message since you began"), "the note about the merge is news")
        await again.press("ctrl+y")
        await again.until(lambda: again.shows("Reply sent"), "sent")
    assert await team.value(
        "select ticket_id from public.ticket_messages where content = 'half a sentence'"
    ) == ticket_id(1002)
    await team.database.run("delete from private.drafts")


async def test_fields_links_following_and_splitting(team: Team, tmp_path: Path) -> None:
    await team.database.run(
        "insert into private.fields (key, label, type, choices) values ('serial', 'Serial', 'number', '{}'),"
        " ('plan', 'Plan', 'choice', '{free,pro}')"
    )
    async with opened(team.database, team.agent, tmp_path) as seen:
        await seen.press("enter", "e")
        await seen.until(lambda: seen.shows("#1001 field"), "the fields")
        # The answer to the one question is the next one.
        await seen.press("1")
        await seen.until(lambda: seen.shows("#1001 Plan") and seen.desk.picker.has_focus, "the choices")
        await seen.press("2")
        await seen.until(lambda: seen.shows("Plan pro"), "the header")
        await seen.press("e")
        await seen.until(lambda: seen.shows("#1001 field"), "the fields again")
        await seen.press("2")
        await seen.until(lambda: seen.shows("Serial") and seen.desk.prompt.asking, "the value")
        await seen.press(*"many", "enter")
        await seen.until(lambda: seen.shows("is no number"), "refused")
        await seen.until(lambda: seen.desk.prompt.field.has_focus, "asked again")
        await seen.press("ctrl+u", *"17", "enter")
        await seen.until(lambda: seen.shows("Serial 17"), "the header")
        await seen.press("u")
        await seen.until(lambda: seen.shows("set Serial 17 → none"), "taken back")

        await seen.press("equals_sign", "c")
        await seen.until(lambda: seen.desk.prompt.asking, "which other")
        await seen.press(*"1003", "enter")
        await seen.until(lambda: seen.shows("caused by #1003 pending"), "the header")
        assert seen.shows("#1001 is caused by #1003 now · u undoes")
        await seen.press("F")
        await seen.until(lambda: seen.shows("You follow #1001 now") and seen.shows("followed"), "following")
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone: following #1001") and not seen.shows("followed"), "no more")
        colleague = await team.people.connect_as(team.colleague)
        await colleague.execute(
            "select helpdesk.link(gen_random_uuid(), %s, 'related to', %s)", [ticket_id(1003), ticket_id(1001)]
        )
        await seen.press("u")
        await seen.until(lambda: seen.shows("to #1003 related to #1001, by Tomás Vega"), "what somebody did since")
        await seen.until(lambda: seen.shows("undo it all the same"), "the question")
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone: #1001 caused by #1003"), "undone all the same")
        await seen.until(lambda: not seen.shows("related to #1003"), "the header")

        await seen.press("n", "X")
        await seen.until(lambda: seen.shows("this message alone"), "how much")
        await seen.press("o")
        await seen.until(lambda: seen.shows("split off #1001 · u undoes"), "said")
        assert await messages(team, ticket_id(1001)) == 0
        await seen.press("u")
        await seen.until(lambda: seen.shows("Undone"), "undone")
        assert await messages(team, ticket_id(1001)) == 1
