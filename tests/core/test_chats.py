"""Chats as the people in them have them: each with a connection of their own, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import psycopg
import pytest

from helpdesk_tui.core.chats import MESSAGE_LENGTH, Chats
from helpdesk_tui.core.errors import BadInput, HelpdeskError, NotFound, Refused, SignInError
from helpdesk_tui.core.statement import Statement
from tests.chatting import chatting, running_chat, words
from tests.db.signed_in import address
from tests.world import DeskDatabase, People


class Room:
    """A database, its people and their chats, by name; whoever is named first is made then."""

    def __init__(self, people: People, stack: AsyncExitStack) -> None:
        self.people = people
        self._stack = stack

    async def customer(self, name: str = "Cora") -> Chats:
        return await self._enter(name, "customer", None)

    async def agent(self, name: str = "Ada", department: str = "Support") -> Chats:
        return await self._enter(name, "agent", department)

    async def admin(self, name: str = "Ann") -> Chats:
        return await self._enter(name, "admin", None)

    async def _enter(self, name: str, role: str, department: str | None) -> Chats:
        person = await self.people.sign_up(address(name.lower()), name, role, department)
        return await self._stack.enter_async_context(chatting(self.people.database, person))


@pytest.fixture
async def room(module_people: People) -> AsyncIterator[Room]:
    """People who mind each other only where both work for one department: those of the tests about lists are alone."""
    async with AsyncExitStack() as stack:
        yield Room(module_people, stack)


@pytest.fixture
async def own_room(people: People) -> AsyncIterator[Room]:
    """A database where nobody else waits."""
    async with AsyncExitStack() as stack:
        yield Room(people, stack)


# -- taking -----------------------------------------------------------------------------------------------------------


async def test_of_twenty_who_take_a_chat_at_once_one_gets_it_and_the_rest_are_told_by_whom(room: Room) -> None:
    customer = await room.customer()
    agents = [await room.agent(f"Agent {number}", ("Support", "Billing")[number % 2]) for number in range(20)]
    for _ in range(3):
        chat = await customer.open(uuid4(), None, "Hello?")
        outcomes = await asyncio.gather(*(agent.accept(chat.id) for agent in agents))
        (winner,) = [agent for agent, outcome in zip(agents, outcomes, strict=True) if outcome.done]
        assert {outcome.by for outcome in outcomes} == {winner.me.name}
        assert (await winner.chat(chat.id)).agent_id == winner.me.id
        assert (await winner.accept(chat.id)).done, "once more, after a lost answer"
        for agent in agents:
            assert [each.id for each in (await agent.look()).mine[:1]] == ([chat.id] if agent is winner else [])
        await winner.end(chat.id)
        await room.people.database.run("delete from public.chat_sessions where id = %s", [chat.id])


async def test_chat_that_is_over_is_taken_by_nobody(room: Room) -> None:
    customer, agent = await room.customer(), await room.agent()
    chat = await customer.open(uuid4(), None, "Never mind")
    await customer.end(chat.id)
    outcome = await agent.accept(chat.id)
    assert (outcome.done, outcome.by) == (False, None)


async def test_agent_leads_several_chats_at_a_time(room: Room) -> None:
    agent = await room.agent()
    customers = [await room.customer(name) for name in ("Cora", "Otto", "Theo")]
    chats = [await running_chat(each, agent) for each in customers]
    for chat, customer in zip(chats, customers, strict=True):
        await agent.send(chat, uuid4(), f"Hello {customer.me.name}")
    assert [each.id for each in (await agent.look()).mine] == chats
    assert [await words(customer, chat) for customer, chat in zip(customers, chats, strict=True)] == [
        ["Hello Cora"],
        ["Hello Otto"],
        ["Hello Theo"],
    ]


async def test_nobody_takes_their_own_chat_and_a_customer_none(room: Room) -> None:
    customer, other = await room.customer(), await room.customer("Otto")
    chat = await customer.open(uuid4(), None, "Hello")
    with pytest.raises(Refused):
        await other.accept(chat.id)
    await room.people.database.run("update public.profiles set role = 'admin' where id = %s", [customer.me.id])
    with pytest.raises(NotFound):
        await customer.accept(chat.id)
    with pytest.raises(BadInput):
        await (await room.admin()).transfer(chat.id, person=customer.me.id)


# -- opening and waiting ----------------------------------------------------------------------------------------------


async def test_second_chat_of_a_customer_is_the_first_and_its_words_are_said_there(room: Room) -> None:
    customer = await room.customer()
    one, two = await asyncio.gather(
        customer.open(uuid4(), "Printer", "It jams"), customer.open(uuid4(), "Paper", "And it squeaks")
    )
    assert one.id == two.id
    assert sorted(await words(customer, one.id)) == ["And it squeaks", "It jams"]
    await customer.end(one.id)
    assert (await customer.open(uuid4(), None, "Again")).id != one.id


async def test_opened_on_two_connections_at_once_it_is_one_chat(room: Room) -> None:
    person = await room.people.sign_up(address("cora"), "Cora")
    async with chatting(room.people.database, person) as here, chatting(room.people.database, person) as there:
        opened = await asyncio.gather(*(chats.open(uuid4(), None, "Hi") for chats in (here, there) for _ in range(3)))
        assert len({chat.id for chat in opened}) == 1
        assert await words(here, opened[0].id) == ["Hi"] * 6


async def test_opening_again_after_a_lost_answer_opens_nothing_twice_and_says_nothing_twice(room: Room) -> None:
    customer, agent = await room.customer(), await room.agent()
    chat_id = uuid4()
    for _ in range(2):
        chat = await customer.open(chat_id, " Printer ", "It jams")
        assert (chat.id, chat.topic, chat.status, chat.last_words) == (chat_id, "Printer", "waiting", "It jams")
    await agent.accept(chat_id)
    await customer.end(chat_id)
    assert (await customer.open(chat_id, "Printer", "It jams")).status == "ended"
    assert await words(customer, chat_id) == ["It jams"]
    with pytest.raises(BadInput):
        await (await room.customer("Otto")).open(chat_id, None, "Mine?")
    with pytest.raises(Refused):
        await agent.open(uuid4(), None, "I am staff")


async def test_place_in_the_waiting_list_moves_up_and_is_told_to_nobody_else(own_room: Room) -> None:
    room = own_room
    customers = [await room.customer(f"Customer {number}") for number in range(4)]
    chats = [await customer.open(uuid4(), None, "Hello") for customer in customers]
    assert [chat.position for chat in chats] == [1, 2, 3, 4]
    agent = await room.agent()
    assert [(chat.id, chat.position) for chat in (await agent.look()).waiting] == [(chat.id, None) for chat in chats]
    await agent.accept(chats[1].id)
    await customers[0].end(chats[0].id)
    assert [(await each.chat(chat.id)).position for each, chat in zip(customers, chats, strict=True)] == [
        None,
        None,
        1,
        2,
    ]
    with pytest.raises(NotFound):
        await customers[3].chat(chats[2].id)
    assert await customers[3].some([chats[2].id, chats[3].id]) == {
        chats[2].id: None,
        chats[3].id: await customers[3].chat(chats[3].id),
    }


# -- handing over -----------------------------------------------------------------------------------------------------


async def test_chat_handed_to_a_person_goes_on_with_all_that_was_said_and_out_of_sight(room: Room) -> None:
    customer, ada, bo = await room.customer(), await room.agent(), await room.agent("Bo", "Billing")
    chat = await running_chat(customer, ada)
    await customer.send(chat, uuid4(), "My invoice")
    await ada.send(chat, uuid4(), "One moment")
    sent = uuid4()
    await ada.send(chat, sent, "Bo knows")
    for _ in range(2):
        await ada.transfer(chat, person=bo.me.id)
    for look in (ada.chat(chat), ada.send(chat, uuid4(), "x"), ada.end(chat), ada.to_ticket(chat), ada.typing(chat)):
        with pytest.raises(NotFound):
            await look
    assert await words(ada, chat) == []
    assert (await ada.look()).mine == ()
    await ada.send(chat, sent, "Bo knows")  # its answer was lost: it is there, and nothing is to be done
    assert await words(bo, chat) == await words(customer, chat) == ["My invoice", "One moment", "Bo knows"]
    assert [message.sender for message in await bo.messages(chat)] == ["Cora", "Ada", "Ada"]
    seen = await customer.chat(chat)
    assert (seen.agent, seen.status) == ("Bo", "active")


async def test_handed_over_by_mistake_it_is_taken_back_while_nobody_else_has_taken_it(room: Room) -> None:
    customer, ada, bo = await room.customer(), await room.agent(), await room.agent("Bo", "Billing")
    billing = bo.me.department_id
    chat = await running_chat(customer, ada)
    await ada.transfer(chat, person=bo.me.id)
    with pytest.raises(NotFound):
        await ada.transfer(chat, department=billing)  # not theirs to send further
    await ada.transfer(chat, person=ada.me.id)
    assert (await ada.chat(chat)).agent == "Ada"
    await ada.transfer(chat, department=billing)
    with pytest.raises(NotFound):
        await ada.accept(chat)
    await ada.transfer(chat, person=ada.me.id)
    await ada.transfer(chat, department=billing)
    await bo.accept(chat)
    with pytest.raises(NotFound):
        await ada.transfer(chat, person=ada.me.id)
    await room.people.database.run(
        "update private.chat_handovers set created_at = created_at - interval '61 minutes' where session_id = %s",
        [chat],
    )
    await bo.transfer(chat, person=ada.me.id)
    await room.people.database.run(
        "update private.chat_handovers set created_at = created_at - interval '61 minutes' where session_id = %s",
        [chat],
    )
    with pytest.raises(NotFound):
        await bo.transfer(chat, person=bo.me.id)


async def test_chat_handed_to_a_department_waits_there_before_those_who_came_later(own_room: Room) -> None:
    room = own_room
    customer, ada, bo = await room.customer(), await room.agent(), await room.agent("Bo", "Billing")
    bea = await room.agent("Bea")
    chat = await running_chat(customer, ada)
    later = await (await room.customer("Otto")).open(uuid4(), None, "Me too")
    await ada.transfer(chat, department=bo.me.department_id)
    waits = await customer.chat(chat)
    assert (waits.status, waits.agent_id, waits.department, waits.position) == ("waiting", None, "Billing", 1)
    assert waits.waiting_since is not None
    assert waits.waiting_since > waits.created_at
    assert [each.id for each in (await bo.look()).waiting] == [chat, later.id]
    for stranger in (ada, bea):
        assert [each.id for each in (await stranger.look()).waiting] == [later.id]
        with pytest.raises(NotFound):
            await stranger.accept(chat)
    await customer.send(chat, uuid4(), "Still there?")
    assert (await bo.accept(chat)).done
    assert await words(bo, chat) == ["Still there?"]


async def test_those_who_see_a_chat_wait_send_it_on_and_a_customer_hands_over_nothing(room: Room) -> None:
    customer, ada, bo = await room.customer(), await room.agent(), await room.agent("Bo", "Billing")
    chat = await customer.open(uuid4(), None, "Hello")
    await ada.transfer(chat.id, department=bo.me.department_id)
    with pytest.raises(Refused):
        await customer.transfer(chat.id, person=bo.me.id)
    for target in (customer.me.id, uuid4()):
        with pytest.raises(BadInput):
            await bo.transfer(chat.id, person=target)
    with pytest.raises(NotFound):
        await bo.transfer(chat.id, department=uuid4())
    with pytest.raises(BadInput):
        await bo.transfer(chat.id)
    assert [each.id for each in (await (await room.admin()).look()).waiting].count(chat.id) == 1


async def test_taken_by_mistake_it_is_put_back_to_wait_where_it_waited(room: Room) -> None:
    customer, ada, bo = await room.customer(), await room.agent(), await room.agent("Bo", "Billing")
    chat = await running_chat(customer, ada)
    for _ in range(2):
        await ada.put_back(chat)
    assert (await customer.chat(chat)).status == "waiting"
    assert chat in {each.id for each in (await bo.look()).waiting}
    await ada.transfer(chat, department=bo.me.department_id)
    await ada.transfer(chat, person=ada.me.id)
    for _ in range(2):  # the second time it is out of sight already
        await ada.put_back(chat)
    waits = await bo.chat(chat)
    assert (waits.status, waits.department) == ("waiting", "Billing")


async def test_ended_by_mistake_it_goes_on_unless_another_was_opened(room: Room) -> None:
    customer, ada = await room.customer(), await room.agent()
    chat = await running_chat(customer, ada)
    await ada.end(chat)
    with pytest.raises(Refused):
        await customer.reopen(chat)
    for _ in range(2):
        await ada.reopen(chat)
    await customer.send(chat, uuid4(), "Still there")
    going_on = await ada.chat(chat)
    assert (going_on.status, going_on.agent, going_on.ended_at) == ("active", "Ada", None)
    await customer.end(chat)
    other = await customer.open(uuid4(), None, "Another")
    with pytest.raises(BadInput):
        await customer.reopen(chat)
    await customer.end(other.id)
    await room.people.database.run("update public.profiles set deactivated_at = now() where id = %s", [ada.me.id])
    await customer.reopen(chat)
    assert (await customer.chat(chat)).status == "waiting"
    await customer.end(chat)
    await room.people.database.run(
        "update public.chat_sessions set ended_at = ended_at - interval '11 minutes' where id = %s", [chat]
    )
    with pytest.raises(Refused):
        await customer.reopen(chat)


@pytest.mark.parametrize("leaving", ["demoted", "banned", "deactivated"])
async def test_chats_of_an_agent_who_leaves_wait_for_another(room: Room, leaving: str) -> None:
    customer, ada, bea = await room.customer(), await room.agent(), await room.agent("Bea")
    chat = await running_chat(customer, ada)
    statement = {
        "demoted": "update public.profiles set role = 'customer' where id = %s",
        "deactivated": "update public.profiles set deactivated_at = now() where id = %s",
        "banned": "update auth.users set banned_until = now() + interval '1 day' where id = %s",
    }[leaving]
    await room.people.database.run(statement, [ada.me.id])
    assert (await customer.chat(chat)).status == "waiting"
    with suppress(SignInError):  # who is deactivated has been signed out
        assert await ada.some([chat]) == {chat: None}
    with pytest.raises(HelpdeskError):
        await ada.send(chat, uuid4(), "x")
    assert (await bea.accept(chat)).done


# -- talking ----------------------------------------------------------------------------------------------------------


async def test_sending_again_is_harmless_and_anothers_id_is_refused(room: Room) -> None:
    customer, ada = await room.customer(), await room.agent()
    other = await room.customer("Otto")
    chat, foreign = await running_chat(customer, ada), await running_chat(other, ada)
    message = uuid4()
    for text in ("One", "One", "Another text under the same id"):
        await customer.send(chat, message, text)
    assert await words(ada, chat) == ["One"]
    for sender, where in ((ada, chat), (ada, foreign), (other, foreign)):
        with pytest.raises(BadInput, match="taken by another message"):
            await sender.send(where, message, "Two")
    # Whoever may not see a chat is not even told that.
    with pytest.raises(NotFound):
        await customer.send(foreign, message, "Two")
    assert await words(ada, foreign) == []


async def test_a_message_sent_again_after_the_end_is_there_and_a_new_one_is_refused_in_words(room: Room) -> None:
    customer, ada = await room.customer(), await room.agent()
    chat, message = await running_chat(customer, ada), uuid4()
    await customer.send(chat, message, "Bye")
    await ada.end(chat)
    await ada.end(chat)
    await customer.send(chat, message, "Bye")
    for side in (customer, ada):
        with pytest.raises(BadInput, match=r"chat has ended.*not lost"):
            await side.send(chat, uuid4(), "One more thing")
        assert await words(side, chat) == ["Bye"]
    over = await customer.chat(chat)
    assert over.status == "ended"
    assert over.agent == "Ada"
    assert over.ended_at is not None


async def test_times_are_the_servers_and_rise_in_the_order_in_which_messages_can_be_read(room: Room) -> None:
    customer, ada = await room.customer(), await room.agent()
    chat = await running_chat(customer, ada)
    read: list[UUID] = []
    done = asyncio.Event()

    async def follow() -> None:
        while not done.is_set():
            read.extend(message.id for message in await ada.messages(chat, read[-1] if read else None))

    async def talk(side: Chats) -> None:
        for number in range(20):
            await side.send(chat, uuid4(), str(number))

    following = asyncio.create_task(follow())
    await asyncio.gather(talk(customer), talk(ada))
    done.set()
    await following
    said = await ada.messages(chat)
    read.extend(message.id for message in await ada.messages(chat, read[-1]))
    assert [message.id for message in said] == read
    times = [message.created_at for message in said]
    assert all(late - early >= timedelta(microseconds=1) for early, late in pairwise(times))
    for side, by_staff in ((customer, False), (ada, True)):
        own = [message for message in said if message.sender_id == side.me.id]
        assert [message.content for message in own] == [str(number) for number in range(20)]
        assert {message.by_staff for message in own} == {by_staff}


async def test_empty_and_endless_messages_are_refused_by_client_and_database(room: Room) -> None:
    customer, ada = await room.customer(), await room.agent()
    chat = await running_chat(customer, ada)
    await customer.send(chat, uuid4(), "é" * MESSAGE_LENGTH)
    for content in ("", " \n\t", "x" * (MESSAGE_LENGTH + 1)):
        with pytest.raises(BadInput):
            await customer.send(chat, uuid4(), content)
        with pytest.raises(BadInput):
            await Unchecked(customer).send(chat, content)
    for topic, first in (("t" * 201, "x"), (None, "x" * (MESSAGE_LENGTH + 1))):
        with pytest.raises(BadInput):
            await (await room.customer("Otto")).open(uuid4(), topic, first)


class Unchecked:
    """Somebody who sends past the client."""

    def __init__(self, chats: Chats) -> None:
        self._database = chats.database

    async def send(self, chat: UUID, content: str) -> None:
        await self._database.run(
            Statement(
                "insert into public.chat_messages (session_id, content) values (%s, %s)", (chat, content), writes=True
            )
        )


async def test_unread_marks_and_last_words(room: Room) -> None:
    customer, ada = await room.customer(), await room.agent()
    chat = (await customer.open(uuid4(), "Printer", "It jams")).id
    (waiting,) = [each for each in (await ada.look()).waiting if each.id == chat]
    assert (waiting.unread, waiting.last_words, waiting.last_by_staff) == (1, "It jams", False)
    await ada.accept(chat)
    await customer.send(chat, uuid4(), "x" * 400)
    await ada.send(chat, message := uuid4(), "Hello")
    assert ((await ada.chat(chat)).unread, (await customer.chat(chat)).unread) == (2, 1)
    newest = (await ada.messages(chat))[-1].id
    await ada.seen(chat, newest)
    await customer.seen(chat, message)
    await ada.seen(chat, (await ada.messages(chat))[0].id)  # a late word about less
    assert ((await ada.chat(chat)).unread, (await customer.chat(chat)).unread) == (0, 0)
    await customer.send(chat, uuid4(), "y" * 400)
    told = await ada.chat(chat)
    assert (told.unread, told.last_words) == (1, "y" * 300)
    await ada.seen(chat, uuid4())
    assert (await ada.chat(chat)).unread == 1


async def test_rating_is_the_customers_one_to_five_once_it_is_over_and_can_be_changed(room: Room) -> None:
    customer, ada = await room.customer(), await room.agent()
    chat = await running_chat(customer, ada)
    with pytest.raises(BadInput):
        await customer.rate(chat, 5)
    await customer.end(chat)
    for rating in (0, 6):
        with pytest.raises(BadInput):
            await customer.rate(chat, rating)
    await customer.rate(chat, 2, " Slow ")
    await customer.rate(chat, 4, "Slow, but kind")
    assert ((await ada.chat(chat)).rating, (await ada.chat(chat)).rating_comment) == (4, "Slow, but kind")
    with pytest.raises(Refused):
        await ada.rate(chat, 5)
    with pytest.raises(NotFound):
        await (await room.customer("Otto")).rate(chat, 1)


async def test_admin_sees_every_chat_and_takes_one_over(room: Room) -> None:
    customer, ada, ann = await room.customer(), await room.agent(), await room.admin()
    chat = await running_chat(customer, ada)
    assert chat in {each.id for each in (await ann.look()).others}
    with pytest.raises(Refused):
        await ann.send(chat, uuid4(), "Hello")
    await ann.transfer(chat, person=ann.me.id)
    await ann.send(chat, uuid4(), "Hello, I took over")
    assert (await ada.look()).mine == ()
    assert (await customer.chat(chat)).agent == "Ann"


async def test_every_act_is_one_round_trip(room: Room) -> None:
    customer, ada = await room.customer(), await room.agent()
    await customer.database.warm()
    await ada.database.warm()
    chat, message = uuid4(), uuid4()
    for chats, act in (
        (customer, lambda: customer.open(chat, None, "Hello")),
        (ada, lambda: ada.look()),
        (ada, lambda: ada.accept(chat)),
        (ada, lambda: ada.thread(chat)),
        (ada, lambda: ada.send(chat, message, "Hi")),
        (ada, lambda: ada.typing(chat)),
        (ada, lambda: ada.seen(chat, message)),
        (ada, lambda: ada.to_ticket(chat)),
        (customer, lambda: customer.end(chat)),
        (customer, lambda: customer.rate(chat, 5)),
    ):
        before = chats.database.round_trips
        await act()
        assert chats.database.round_trips == before + 1


# -- chat to ticket ---------------------------------------------------------------------------------------------------


async def test_chat_becomes_one_ticket_of_its_customer_with_true_authors_and_times(room: Room) -> None:
    database = room.people.database
    customer, ada, bo = await room.customer(), await room.agent(), await room.agent("Bo", "Billing")
    chat = (await customer.open(uuid4(), None, "My printer\njams " + "often " * 30)).id
    await ada.accept(chat)
    await ada.send(chat, uuid4(), "Which one?")
    pressed = await asyncio.gather(*(ada.to_ticket(chat) for _ in range(3)))
    assert len(set(pressed)) == 1
    ticket, number = pressed[0]
    await customer.send(chat, uuid4(), "The blue one")
    assert await ada.to_ticket(chat) == (ticket, number)
    said = await ada.messages(chat)
    copied = await database.run(
        "select id, sender_id, content, created_at, is_internal from public.ticket_messages where ticket_id = %s"
        " order by created_at",
        [ticket],
    )
    assert copied == [(each.id, each.sender_id, each.content, each.created_at, False) for each in said]
    ((title, requester, assignee, department, created, responded, status),) = await database.run(
        "select title, customer_id, assignee_id, department_id, created_at, first_response_at, status"
        " from public.tickets where id = %s",
        [ticket],
    )
    assert title.startswith("My printer jams often")
    assert len(title) <= 100
    assert (requester, assignee, department) == (customer.me.id, ada.me.id, ada.me.department_id)
    assert created == (await ada.chat(chat)).created_at
    assert responded == said[1].created_at
    assert status == "open"
    for side in (customer, ada):
        assert (await side.chat(chat)).ticket_number == number
    assert await database.run(
        "select count(*), min(created_at) from public.ticket_status_history where ticket_id = %s", [ticket]
    ) == [(1, created)]
    for stranger, error in ((bo, NotFound), (customer, Refused)):
        with pytest.raises(error):
            await stranger.to_ticket(chat)
    await customer.end(chat)
    assert await ada.to_ticket(chat) == (ticket, number)
    # Who may not see the ticket is not told of it either.
    await database.run(
        "update public.tickets set assignee_id = null, department_id = %s where id = %s", [bo.me.department_id, ticket]
    )
    seen = await ada.chat(chat)
    assert (seen.ticket_id, seen.ticket_number) == (None, None)


async def test_nothing_but_a_true_copy_of_the_chat_is_written_in_anothers_name(room: Room) -> None:
    customer, ada = await room.customer(), await room.agent()
    chat = (await customer.open(uuid4(), "Printer", "I want a refund of 10")).id
    await ada.accept(chat)
    ticket, _ = await ada.to_ticket(chat)
    said = (await ada.messages(chat))[0]
    agent = await room.people.connect_as(await room.people.sign_up(address("eve"), "Eve", "agent", "Support"))
    await room.people.database.run("delete from public.ticket_messages where ticket_id = %s", [ticket])
    for message, content in ((said.id, "I want a refund of 1000"), (uuid4(), said.content)):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await agent.execute(
                "insert into public.ticket_messages (id, ticket_id, sender_id, content) values (%s, %s, %s, %s)",
                [message, ticket, customer.me.id, content],
            )


async def test_ticket_of_a_chat_stays_with_its_department(room: Room) -> None:
    database = room.people.database
    customer, ada, bo = await room.customer(), await room.agent(), await room.agent("Bo", "Billing")
    chat = await running_chat(customer, ada, "Invoice")
    await ada.transfer(chat, department=bo.me.department_id)
    ann = await room.admin()
    ticket, _ = await ann.to_ticket(chat)
    assert await database.run(
        "select title, department_id, assignee_id from public.tickets where id = %s", [ticket]
    ) == [("Invoice", bo.me.department_id, None)]


async def test_customer_who_leaves_takes_their_chats_along(database: DeskDatabase, people: People) -> None:
    async with AsyncExitStack() as stack:
        room = Room(people, stack)
        customer, ada = await room.customer(), await room.agent()
        chat = await running_chat(customer, ada)
        await customer.send(chat, message := uuid4(), "Hello")
        await ada.seen(chat, message)
        await ada.transfer(chat, person=ada.me.id)
        await ada.to_ticket(chat)
        await database.run("delete from auth.users where id = %s", [customer.me.id])
        assert await ada.look() == await (await room.agent("Bea")).look()
    for table in ("public.chat_sessions", "public.chat_messages", "private.chat_seen", "private.chat_handovers"):
        assert await database.run(f"select count(*) from {table}") == [(0,)], table
