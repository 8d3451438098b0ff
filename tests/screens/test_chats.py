"""Chats on the screen: both sides of them, on a real database."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from helpdesk_tui.core.journal import Journal
from helpdesk_tui.screens.desk import DeskScreen
from tests.screens.opened import Team
from tests.screens.talking import at_chats, begun, chats_of, customer_side, team_side


async def test_a_customer_opens_waits_with_a_position_talks_ends_and_rates(team: Team, tmp_path: Path) -> None:
    async with at_chats(team, team.customer, tmp_path) as asker, at_chats(team, team.agent, tmp_path) as answerer:
        await answerer.until(lambda: answerer.shows("Nobody waits"), "an empty list, with the way on")
        await asker.until(lambda: customer_side(asker).conversation.field.has_focus, "the field")
        assert asker.shows("Write what it is about")
        await asker.press(*"My lamp hums", "enter")
        await asker.until(lambda: asker.shows("You are next"), "the place in line")
        await answerer.until(lambda: answerer.shows("My lamp hums"), "who waits")
        assert answerer.shows("waits 0:0")
        await answerer.press("a")
        await answerer.until(lambda: team_side(answerer).conversation.field.has_focus, "the field")
        await asker.until(lambda: asker.shows("Chat with Mira"), "who answers")
        await answerer.press(*"Since when", "enter")
        await asker.until(lambda: asker.shows("Since when"), "the answer")
        await asker.press(*"Monday", "enter")
        await answerer.until(lambda: answerer.shows("Monday"), "the answer to it")
        assert await team.value("select count(*) from chat_messages") == 3
        await asker.press("escape", "x")
        await asker.until(lambda: asker.shows("How was it, 1"), "the question")
        await asker.press("u")
        await asker.until(lambda: customer_side(asker).conversation.field.has_focus, "it goes on")
        await asker.press("escape", "x")
        await asker.until(lambda: asker.shows("How was it, 1"), "the question")
        await asker.press("4")
        await asker.until(lambda: asker.shows("Anything to add?"), "the words to it")
        await asker.pilot.pause(0.3)
        await asker.press(*"quick", "enter")
        await asker.until(lambda: asker.shows("you gave it 4 of 5"), "the rating")
        await answerer.until(lambda: answerer.shows("They rated it 4 of 5. “quick”"), "the rating there")
        await asker.press("c")
        await asker.until(lambda: asker.shows("Write what it is about"), "another one can be begun")
        assert "example.com" not in asker.text(), "no address of the team's"


async def test_of_two_who_take_a_chat_one_gets_it_and_the_other_is_told_by_whom(team: Team, tmp_path: Path) -> None:
    chat = await begun(team, "Hello")
    async with at_chats(team, team.agent, tmp_path) as seen:
        await seen.until(lambda: seen.shows("Hello"), "who waits")
        screen = team_side(seen)
        waiting = screen.list.selected
        assert waiting is not None
        async with chats_of(team, team.colleague, "agent") as other:
            assert (await other.accept(chat)).done
        screen.take(waiting)
        await seen.until(lambda: seen.shows("has taken the chat with"), "by whom")
        name = await team.value("select full_name from profiles where id = %s", team.colleague.id)
        assert seen.shows(f"{name} has taken the chat")


async def test_typing_is_shown_and_goes_away(team: Team, tmp_path: Path) -> None:
    chat = await begun(team, "Hello")
    async with at_chats(team, team.agent, tmp_path) as seen, chats_of(team, team.customer, "customer") as customer:
        await seen.until(lambda: seen.shows("Hello"), "who waits")
        await seen.press("a")
        await seen.until(lambda: team_side(seen).conversation.field.has_focus, "the field")
        before = await team.value("select max(xmin::text::bigint) from chat_sessions")
        await customer.typing(chat)
        await seen.until(lambda: seen.shows("is typing"), "that they are typing")
        assert await team.value("select max(xmin::text::bigint) from chat_sessions") == before, "nothing is written"
        await seen.until(lambda: not seen.shows("is typing"), "that they have stopped", seconds=9)
        await customer.present(chat, here=False)
        await seen.until(lambda: seen.shows("is away"), "that they have left")


async def test_a_chat_becomes_a_ticket_in_one_key_and_one_goes_there(team: Team, tmp_path: Path) -> None:
    await begun(team, "The loom is broken")
    async with at_chats(team, team.agent, tmp_path) as seen:
        await seen.until(lambda: seen.shows("The loom is broken"), "who waits")
        await seen.press("a")
        await seen.until(lambda: team_side(seen).conversation.field.has_focus, "the field")
        await seen.press("escape", "T")
        await seen.until(lambda: seen.shows("has what was said"), "the ticket's number")
        await seen.press("T")
        await seen.pilot.pause(0.3)
        assert await team.value("select count(*) from tickets where title like '%%loom is broken%%'") == 1
        await seen.press("o")
        await seen.until(lambda: isinstance(seen.app.screen, DeskScreen), "the desk")
        await seen.until(lambda: seen.shows("The loom is broken"), "the ticket")


async def test_several_chats_handed_over_and_taken_back(team: Team, tmp_path: Path) -> None:
    second = await team.people.sign_up("second@example.com", "Second Asker")
    await begun(team, "First question")
    await begun(team, "Second question", second)
    async with at_chats(team, team.agent, tmp_path) as seen:
        await seen.until(lambda: seen.shows("Second question"), "who wait")
        chats = team_side(seen).list
        await seen.pilot.click(chats, offset=(6, 3))  # below the heading, each takes two lines
        await seen.until(lambda: chats.cursor == 1, "the second chat")
        await seen.pilot.click(chats, offset=(6, 1))
        await seen.until(lambda: chats.cursor == 0, "the first chat")
        assert seen.shows("Waiting 2"), "a click takes none"
        await seen.press("a")
        await seen.until(lambda: seen.shows("Mine 1"), "one taken")
        await seen.press("escape", "escape", "a")
        await seen.until(lambda: seen.shows("Mine 2"), "both taken")
        conversation = team_side(seen).conversation
        await seen.press("escape", "1")
        await seen.until(lambda: conversation.chat and conversation.chat.last_words == "First question", "the first")
        await seen.press("escape", "2")
        await seen.until(lambda: conversation.chat and conversation.chat.customer_id == second.id, "the second")
        await seen.press("escape", "t")
        await seen.until(lambda: team_side(seen).picker.asking, "to whom")
        await seen.press("slash", *"bill", "enter")
        await seen.until(lambda: seen.shows("u takes it back"), "handed over")
        await seen.until(lambda: seen.shows("Mine 1"), "out of sight")
        await seen.press("u")
        await seen.until(lambda: seen.shows("Mine 2"), "back again")
        await seen.press("escape", "u")
        await seen.until(lambda: seen.shows("They wait again"), "the act before it is taken back")
        await seen.until(lambda: seen.shows("Mine 1"), "one waits again")


async def test_what_is_written_survives_the_program_and_is_sent_once(team: Team, tmp_path: Path) -> None:
    chat = await begun(team, "Hello")
    async with at_chats(team, team.agent, tmp_path) as seen:
        await seen.until(lambda: seen.shows("Hello"), "who waits")
        await seen.press("a")
        await seen.until(lambda: team_side(seen).conversation.field.has_focus, "the field")
        await seen.press(*"half a sent")
        await seen.pilot.pause(0.5)
        journal = Journal.open(tmp_path / f"{team.agent.email}.sqlite3")
        kept = journal.list(f"{team.database.settings.profile}/{team.agent.id}")
        journal.close()
        assert [(draft.kind, draft.content, draft.ticket) for draft in kept] == [("chat", "half a sent", chat)]
    async with at_chats(team, team.agent, tmp_path) as seen:
        await seen.until(lambda: seen.shows("Mine 1"), "my chat")
        await seen.press("1")
        await seen.until(lambda: team_side(seen).conversation.field.text == "half a sent", "what was written")
        await seen.press(*"ence", "enter")
        talk = team_side(seen).conversation.talk
        assert talk is not None
        await seen.until(lambda: not talk.outbox.waiting, "it is sent")
    said = await team.database.run(
        "select content from chat_messages where session_id = %s order by created_at", [chat]
    )
    assert said == [("Hello",), ("half a sentence",)]


async def test_nothing_is_lost_or_doubled_when_connections_are_cut_while_sending(team: Team, tmp_path: Path) -> None:
    chat = await begun(team, "Hello")
    async with at_chats(team, team.agent, tmp_path) as seen:
        await seen.until(lambda: seen.shows("Hello"), "who waits")
        await seen.press("a")
        await seen.until(lambda: team_side(seen).conversation.field.has_focus, "the field")
        for n in range(8):
            await seen.press(*f"word{n}", "enter")
            if n % 3 == 1:
                await team.database.run(
                    "select pg_terminate_backend(pid) from pg_stat_activity where usename like 'hd_%%' "
                    "and datname = current_database()"
                )
        talk = team_side(seen).conversation.talk
        assert talk is not None
        await seen.until(lambda: not talk.outbox.waiting, "all sent", seconds=15)
        await seen.until(lambda: seen.shows("word7") and not seen.shows("sending …"), "all shown")
    said = await team.database.run(
        "select content from chat_messages where session_id = %s order by created_at", [chat]
    )
    assert said == [("Hello",), *((f"word{n}",) for n in range(8))]


async def test_a_message_to_a_chat_that_has_ended_comes_back_to_the_field(team: Team, tmp_path: Path) -> None:
    chat = await begun(team, "Hello")
    async with at_chats(team, team.agent, tmp_path, (80, 24)) as seen:
        await seen.until(lambda: seen.shows("Hello"), "who waits")
        await seen.press("enter")
        await seen.until(lambda: team_side(seen).conversation.field.has_focus, "the field")
        team_side(seen).conversation.chats, chats = None, team_side(seen).conversation.chats
        await seen.press(*"too late", "enter")
        await team.database.run("update chat_sessions set status = 'ended', ended_at = now() where id = %s", [chat])
        conversation = team_side(seen).conversation
        conversation.chats = chats
        talk = conversation.talk
        assert talk is not None
        seen.app.screen.run_worker(conversation._send(talk))
        await seen.until(lambda: seen.shows("Not sent"), "why")
        assert conversation.field.text == "too late"


async def test_on_a_narrow_screen_taking_a_chat_and_putting_it_back_leads_to_the_whole_list(
    team: Team, tmp_path: Path
) -> None:
    others = [await team.people.sign_up(f"asker{n}@example.com", f"Asker {n}") for n in range(3)]
    for n, other in enumerate(others):
        await begun(team, f"Question {n}", other)
    async with at_chats(team, team.agent, tmp_path, size=(80, 24)) as seen:
        await seen.until(lambda: seen.shows("Waiting 3"), "who wait")
        screen = team_side(seen)
        await seen.press("j", "j", "enter")
        await seen.until(lambda: screen.conversation.field.has_focus and seen.shows("Question 2"), "the chat")
        await seen.press("escape", "u")
        await seen.until(lambda: seen.shows("They wait again"), "taken back")
        await seen.until(lambda: seen.shows("Waiting 3"), "all that wait, from the first")
        # What is said is read again while the conversation is hidden.
        async with chats_of(team, others[2], "customer") as asker:
            for n in range(2):
                await asker.send(screen.list.chats[-1].id, uuid4(), f"Still there {n}")
        await seen.until(lambda: seen.shows("Still there 1"), "what is said meanwhile")
        assert seen.shows("Question 0")
        assert seen.shows("Question 1")


async def test_a_chat_that_was_read_is_not_called_new_in_the_list(team: Team, tmp_path: Path) -> None:
    chat = await begun(team, "Hello")
    async with chats_of(team, team.agent, "agent") as mine:
        await mine.accept(chat)
    async with chats_of(team, team.customer, "customer") as customer:
        await customer.send(chat, uuid4(), "Anybody?")
        async with at_chats(team, team.agent, tmp_path, size=(80, 24)) as seen:
            screen = team_side(seen)
            await seen.until(lambda: seen.shows(" new "), "what is new")
            await seen.press("enter")
            await seen.until(lambda: screen.conversation.field.has_focus and seen.shows("Anybody?"), "the chat")
            await seen.until(lambda: all(not each.unread for each in screen.list.chats), "it is read")
            await customer.send(chat, uuid4(), "Are you there?")
            await seen.until(lambda: seen.shows("Are you there?"), "what came while it was open")
            await seen.until(lambda: all(not each.unread for each in screen.list.chats), "it is read as well")
            await seen.press("escape", "escape")
            await seen.until(lambda: screen.list.has_focus, "the list")
            assert seen.shows("Are you there?")
            assert "1 new" not in seen.text().partition("live")[0]
