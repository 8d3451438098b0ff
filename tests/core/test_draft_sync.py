"""Drafts on two devices of one person: each finds what was written on the other, and no words are lost between them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from helpdesk_tui.core import outbox_kinds, thread
from helpdesk_tui.core.database import Database
from helpdesk_tui.core.draft_sync import DraftSync
from helpdesk_tui.core.errors import Unreachable
from helpdesk_tui.core.journal import Draft, Journal, Kind
from helpdesk_tui.core.relations import merge, unmerge
from helpdesk_tui.core.statement import Statement
from helpdesk_tui.core.thread import Outgoing
from helpdesk_tui.core.tickets import described, several
from helpdesk_tui.widgets.composer_drafts import Drafts
from tests.db.signed_in import new, ticket_of
from tests.opened import opened, proxied
from tests.world import People, Person

OWNER = "desk/mara"


@dataclass
class Device:
    """One machine with its journal."""

    journal: Journal
    sync: DraftSync
    database: Database

    def write(self, ticket: UUID, text: str, kind: Kind = "reply") -> Draft:
        """Write on with what is there."""
        draft = self.journal.load(OWNER, ticket, kind) or Draft(OWNER, ticket, kind)
        return self.journal.save(replace(draft, content=text))

    def texts(self, ticket: UUID, kind: Kind = "reply") -> set[str]:
        """What is there."""
        return {draft.content for draft in self.journal.versions(OWNER, ticket, kind)}


@dataclass
class Desk:
    """Two devices of Mara's, and a ticket."""

    people: People
    mara: Person
    ticket: UUID
    here: Device
    there: Device


@pytest.fixture
async def desk(module_people: People, tmp_path: Path) -> AsyncIterator[Desk]:
    cora, mara = await new(module_people, "cora"), await new(module_people, "mara", "agent", "Desk")
    async with AsyncExitStack() as stack:
        devices = []
        for name, person in (("here", mara), ("there", await module_people.sign_in(mara))):
            database = await stack.enter_async_context(opened(module_people.database, person))
            journal = Journal.open(tmp_path / name / "drafts.sqlite3")
            stack.callback(journal.close)
            devices.append(Device(journal, DraftSync(journal, OWNER, database), database))
        yield Desk(module_people, mara, await ticket_of(module_people, cora, "Desk"), *devices)


async def test_what_is_written_here_is_found_there_and_goes_on_either_way(desk: Desk) -> None:
    here, there, ticket = desk.here, desk.there, desk.ticket
    draft = here.write(ticket, "Try")
    here.write(ticket, "Angry", "note")
    await here.sync.push()
    assert here.sync.unsent() == []
    assert await there.sync.pull()
    assert (there.texts(ticket), there.texts(ticket, "note")) == ({"Try"}, {"Angry"})
    assert not await there.sync.pull()
    assert there.write(ticket, "Try again").message_id == draft.message_id
    await there.sync.push()
    assert await here.sync.pull(ticket)
    assert (here.texts(ticket), here.texts(ticket, "note")) == ({"Try again"}, {"Angry"})


async def test_never_again_a_draft_written_over_by_another_device(desk: Desk) -> None:
    """Both went on with one text, neither knowing of the other: both texts are on both devices in the end."""
    here, there, ticket = desk.here, desk.there, desk.ticket
    first = here.write(ticket, "Begun")
    await here.sync.push()
    await there.sync.pull()
    here.write(ticket, "Begun, and gone on with here")
    there.write(ticket, "Begun, and gone on with there")
    await here.sync.push()
    await there.sync.push()
    both = {"Begun, and gone on with here", "Begun, and gone on with there"}
    assert there.texts(ticket) == both
    # What a composer may have open there keeps its id.
    assert {d.content for d in there.journal.list(OWNER) if d.message_id == first.message_id} == {
        "Begun, and gone on with there"
    }
    await there.sync.push()
    await here.sync.pull()
    assert here.texts(ticket) == both
    for device in (here, there):
        await device.sync.push()
        await device.sync.pull()
        assert device.texts(ticket) == both


async def test_what_was_sent_or_thrown_away_is_gone_there_and_what_was_changed_there_is_not(desk: Desk) -> None:
    here, there, ticket = desk.here, desk.there, desk.ticket
    sent, changed = here.write(ticket, "Done."), here.write(ticket, "Angry", "note")
    await here.sync.push()
    await there.sync.pull()
    there.write(ticket, "Angry, with a reason", "note")
    await here.database.run(*outbox_statements(ticket, sent))
    here.journal.drop(sent.message_id)
    here.journal.drop(changed.message_id)
    await here.sync.push()
    await there.sync.pull()
    assert (there.texts(ticket), there.texts(ticket, "note")) == (set(), {"Angry, with a reason"})
    await there.sync.push()
    await here.sync.pull()
    await there.sync.push()
    await here.sync.pull()
    assert (here.texts(ticket), here.texts(ticket, "note")) == (set(), {"Angry, with a reason"})


def outbox_statements(ticket: UUID, draft: Draft) -> tuple[Statement[Any], ...]:
    return thread.send(Outgoing(ticket, draft.message_id, draft.content, False, None))


async def test_offline_is_fine_and_an_answer_that_was_lost_doubles_nothing(desk: Desk, tmp_path: Path) -> None:
    async with proxied(desk.people.database) as proxy, opened(desk.people.database, desk.mara, proxy=proxy) as database:
        journal = Journal.open(tmp_path / "third" / "drafts.sqlite3")
        sync = DraftSync(journal, OWNER, database)
        device = Device(journal, sync, database)
        device.write(desk.ticket, "Written in a tunnel")
        proxy.refuse()
        proxy.cut()
        for call in (sync.push, sync.pull):
            with pytest.raises(Unreachable):
                await call()
        await proxy.start()
        await sync.push()
        # The database has it, and this device does not know that.
        with journal.writing() as connection:
            connection.execute("delete from synced")
        await sync.push()
        await desk.here.sync.pull()
        assert device.texts(desk.ticket) == desk.here.texts(desk.ticket) == {"Written in a tunnel"}
        journal.close()


async def test_what_waits_in_line_or_is_too_long_stays_where_it_is(desk: Desk) -> None:
    here, there, ticket = desk.here, desk.there, desk.ticket
    draft = here.write(ticket, "On its way")
    await here.sync.push()
    entry = outbox_kinds.message(OWNER, Outgoing(ticket, draft.message_id, draft.content, False, None), "reply")
    from helpdesk_tui.core import journal_outbox

    with here.journal.writing() as connection:
        journal_outbox.put(connection, entry)
        journal_outbox.take_drafts(connection, OWNER)
    assert (here.sync.unsent(), here.sync.gone()) == ([], [])
    assert not await here.sync.pull()
    here.write(ticket, "x" * 100_001, "note")
    await here.sync.push()
    assert here.sync.unsent() == []
    await there.sync.pull()
    assert there.texts(ticket, "note") == set()
    assert len(here.texts(ticket, "note").pop()) == 100_001


async def test_another_person_on_the_same_machine_gets_nothing_of_it(desk: Desk, tmp_path: Path) -> None:
    desk.here.write(desk.ticket, "Mara's")
    await desk.here.sync.push()
    bo = await new(desk.people, "bo", "agent", "Desk")
    async with opened(desk.people.database, bo) as database:
        theirs = DraftSync(desk.here.journal, "desk/bo", database)
        assert theirs.unsent() == []
        assert not await theirs.pull()
        assert theirs.gone() == []
    assert desk.here.texts(desk.ticket) == {"Mara's"}


async def test_a_draft_survives_a_merge_on_every_device_and_is_the_other_tickets_once_it_is_sent(desk: Desk) -> None:
    """It is offered there, gone on with, and stays its own ticket's for all devices until it is sent."""
    here, there, source = desk.here, desk.there, desk.ticket
    other = (
        "insert into public.tickets (title, customer_id, department_id)"
        " select 't', customer_id, department_id from public.tickets where id = %s returning id"
    )
    ((target,),) = await desk.people.database.run(other, [source])
    here.write(source, "Begun here")
    await here.sync.push()
    statement = merge(uuid4(), [source], target, "")
    assert [each.done for each in await here.database.fetch(statement, idempotent=True)] == [True]
    await there.sync.pull()
    ((found, _, _),) = await there.database.fetch(described(target))
    writing = Drafts(there.journal, OWNER, desk.mara.id)
    writing.merged.learn(found, whole=True)
    (offered,) = writing.offered(target, "reply")
    assert (offered.content, offered.kind) == ("Begun here", "reply")
    shown = writing.take(writing.slot(target, "reply"), offered.message_id)
    writing.write(shown, "Begun here, gone on with there")
    writing.flush()
    await there.sync.push()
    assert there.sync.unsent() == []
    assert await here.sync.pull(source)
    assert here.texts(source) == {"Begun here, gone on with there"}

    await there.database.run(unmerge(uuid4(), source))
    (apart,) = await there.database.fetch(several([source], ()))
    writing.merged.learn(apart)
    assert writing.slot(target, "reply").is_empty
    assert writing.slot(source, "reply").draft.content == "Begun here, gone on with there"
    await here.database.fetch(merge(uuid4(), [source], target, ""), idempotent=True)
    writing.merged.learn(found, whole=True)

    sent = writing.sending(writing.take(writing.slot(target, "reply"), offered.message_id))
    # The note about the merge is a colleague's to nobody here: Mara merged herself.
    await there.database.run(*thread.send(Outgoing(target, sent.message_id, sent.content, False, None)))
    writing.sent(sent.message_id)
    assert not await there.sync.pull()
    await here.sync.pull()
    assert (here.texts(source), there.texts(source), there.texts(target)) == (set(), set(), set())
