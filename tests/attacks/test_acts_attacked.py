"""Acts, merges, splits, macros and absences, tried by who knows ids, uses them twice, or has lost their rights.

Each of these was a hole once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.db.scene import Scene, scene
from tests.db.sessions import Sync, connect_as, owner
from tests.world import DeskDatabase

Row = tuple[Any, ...]


@dataclass
class Desk:
    """The scene of the leak tests, with a connection each."""

    scene: Scene
    _open: dict[str, Sync] = field(default_factory=dict)

    @property
    def ids(self) -> dict[str, Any]:
        return self.scene.ids

    def another(self, who: str) -> Sync:
        """One more connection of theirs."""
        made = self._open[f"{who} {len(self._open)}"] = connect_as(self.scene.database, self.scene.people[who])
        return made

    def another_owner(self) -> Sync:
        """One more connection of the owner's, for the caller to close."""
        return owner(self.scene.database)

    def ask(self, who: str, statement: str, *parameters: Any) -> list[Row]:
        """What the statement answers them."""
        if who not in self._open:
            self._open[who] = connect_as(self.scene.database, self.scene.people[who])
        cursor = self._open[who].execute(statement.encode(), parameters)
        return cursor.fetchall() if cursor.description else []

    def refused(self, who: str, statement: str, *parameters: Any) -> str:
        """Why it is refused: its SQLSTATE and words."""
        with pytest.raises(psycopg.Error) as caught:
            self.ask(who, statement, *parameters)
        return f"{caught.value.sqlstate} {caught.value.diag.message_primary}"

    def run(self, statement: str, *parameters: Any) -> list[Row]:
        """As the owner."""
        with self.another_owner() as connection:
            cursor = connection.execute(statement.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    def ticket(self, title: str = "t", department: str = "support", **columns: Any) -> UUID:
        """A new one of Cora's."""
        given = {"title": title, "customer_id": self.ids["cora"], "department_id": self.ids[department], **columns}
        ((made,),) = self.run(
            f"insert into public.tickets ({', '.join(given)}) values ({', '.join(['%s'] * len(given))}) returning id",
            *given.values(),
        )
        assert isinstance(made, UUID)
        return made

    def act(self, who: str, ids: list[UUID], change: str, act: UUID | None = None) -> UUID:
        """Changes tickets, all of them; the act."""
        act = act or uuid4()
        answers = self.ask(who, "select done, why from helpdesk.act(%s, %s, %s, 'x')", act, ids, change)
        assert all(done for done, _ in answers), answers
        return act

    def undo(self, who: str, act: UUID) -> dict[str, Any]:
        """What taking it back answers."""
        ((answer,),) = self.ask(who, "select helpdesk.undo_act(%s, gen_random_uuid(), false)", act)
        assert isinstance(answer, dict)
        return answer

    def close(self) -> None:
        for connection in self._open.values():
            connection.close()


@pytest.fixture(scope="module")
def desk(module_database: DeskDatabase) -> Iterator[Desk]:
    """One for all; each test makes its own tickets and puts people back."""
    made = Desk(scene(module_database))
    yield made
    made.close()


NO_SUCH = "there is no such ticket"


def test_never_again_access_removed_and_what_was_given_away_taken_back(desk: Desk) -> None:
    """Whoever left the team takes back no act that gave a ticket away."""
    ticket = desk.ticket()
    act = desk.act("ada", [ticket], json.dumps({"department": str(desk.ids["billing"])}))
    desk.run("update public.profiles set role = 'customer' where id = %s", desk.ids["ada"])
    try:
        assert [each["why"] for each in desk.undo("ada", act)["refused"]] == [NO_SUCH]
    finally:
        desk.run("update public.profiles set role = 'agent', department_id = %s where id = %s",
                 desk.ids["support"], desk.ids["ada"])  # fmt: skip
    assert desk.run("select department_id from public.tickets where id = %s", ticket) == [(desk.ids["billing"],)]


def test_what_stays_out_of_sight_is_not_told_as_changed_either(desk: Desk) -> None:
    """An undoing that a rule refuses leaves the ticket where it is, and tells nothing of what is there now."""
    desk.ask("ann", "select helpdesk.set_field('size', %s)", '{"type": "number"}')
    gone, other = desk.ticket("gone"), desk.ticket("other")
    desk.act("ada", [gone], '{"fields": {"size": 1}}')
    act = desk.act("ada", [gone, other], json.dumps(
        {"department": str(desk.ids["billing"]), "priority": "high", "fields": {"size": 2}}))  # fmt: skip
    desk.act("bo", [gone], '{"priority": "urgent"}')
    desk.run("update private.fields set active = false where key = 'size'")
    answer = desk.undo("ada", act)
    desk.run("update private.fields set active = true where key = 'size'")
    assert len(answer["refused"]) == len(answer["undone"]) == 1
    assert desk.ask("ada", "select from public.tickets where id = %s", gone) == []
    assert answer["changed"] == []
    assert "Bo" not in str(answer)


def test_since_one_left_tells_nothing_of_what_is_out_of_sight_by_now(desk: Desk) -> None:
    here, gone = desk.ticket("here"), desk.ticket("gone")
    desk.act("ann", [here, gone], json.dumps({"assignee": str(desk.ids["ada"])}))
    desk.act("ann", [gone], json.dumps({"assignee": None, "department": str(desk.ids["billing"])}))
    told = {row[0] for row in desk.ask("ada", "select id from helpdesk.since('2000-01-01', 500)")}
    assert here in told
    assert gone not in told


def test_act_s_id_is_none_for_an_act_of_another_kind(desk: Desk) -> None:
    ticket, other = desk.ticket(), desk.ticket()
    ((message,),) = desk.run(
        "insert into public.ticket_messages (ticket_id, sender_id, content) values (%s, %s, 'x') returning id",
        ticket, desk.ids["cora"],
    )  # fmt: skip
    act = desk.act("ada", [ticket], '{"priority": "high"}')
    taken = "HD002 this id is taken by another act"
    merge = "select * from helpdesk.merge(%s, %s, %s, 'x')"
    split = "select helpdesk.split(%s, %s, %s, false, gen_random_uuid(), 'x')"
    undo = "select helpdesk.undo_act(%s, %s, false)"
    assert desk.refused("ada", merge, act, [other], ticket) == taken
    assert desk.refused("ada", split, act, ticket, message) == taken
    assert desk.refused("ada", "select helpdesk.leave(%s, null, null, 'queue', null)", act) == taken
    assert desk.refused("ada", undo, act, act) == taken
    assert desk.refused("ada", "select helpdesk.link(%s, %s, 'related to', %s)", act, ticket, other) == taken
    assert desk.refused("ada", "select helpdesk.unlink(%s, %s, %s)", act, ticket, other) == taken
    assert desk.refused("ada", "select helpdesk.unmerge(%s, %s)", act, ticket) == taken
    assert desk.refused("ada", "select * from helpdesk.follow(%s, %s, true)", act, [ticket]) == taken
    merged = uuid4()
    assert desk.ask("ada", merge, merged, [other], ticket)[0][1]
    assert desk.refused("ada", "select * from helpdesk.act(%s, %s, '{}', 'x')", merged, [ticket]) == taken
    # Its own kind goes on answering what it answered.
    assert desk.ask("ada", merge, merged, [other], ticket) == [(other, True, None)]


def test_leaving_sent_twice_at_once_is_one_act_that_is_taken_back_whole(desk: Desk) -> None:
    ticket = desk.ticket(assignee_id=desk.ids["bo"], department="billing")
    leave = "select helpdesk.leave(%s, null, null, 'queue', null)"
    act = uuid4()
    first, second = desk.another("bo"), desk.another("bo")
    answers: list[Any] = []
    with first.transaction():
        answers.append(first.execute(leave, [act]).fetchone())
        late = Thread(target=lambda: answers.append(second.execute(leave, [act]).fetchone()))
        late.start()
        late.join(0.3)
    late.join(30)
    assert answers[0] == answers[1]
    assert desk.undo("bo", act)["refused"] == []
    assert desk.run("select assignee_id from public.tickets where id = %s", ticket) == [(desk.ids["bo"],)]
    assert desk.ask("ada", "select person from helpdesk.away()") == []


def test_who_wrote_a_macro_and_left_the_team_is_named_to_nobody(desk: Desk) -> None:
    """Nor their address, which is a customer's by then."""
    macro = uuid4()
    desk.ask("bo", "select helpdesk.save_macro(%s, 'theirs', 'x', false, '{}', 'all', null)", macro)
    desk.ask("bo", "select helpdesk.set_away(null, null, 'x')")
    desk.run("update public.profiles set role = 'customer', full_name = null where id = %s", desk.ids["bo"])
    try:
        assert desk.ask("ada", "select person from helpdesk.away()") == []
        assert desk.ask("ada", "select name, author from helpdesk.macros() where id = %s", macro) == [("theirs", None)]
    finally:
        desk.run("update public.profiles set role = 'agent', full_name = 'Bo', department_id = %s where id = %s",
                 desk.ids["billing"], desk.ids["bo"])  # fmt: skip
        desk.ask("bo", "select helpdesk.set_back(null)")


@pytest.mark.parametrize("value", ["1" * 5_000, "1e130000", "1e-1000", "[[1]]", '{"a": 1}'], ids=range(5))
def test_value_that_no_program_reads_is_kept_neither_in_a_ticket_nor_in_a_macro(desk: Desk, value: str) -> None:
    """JSON knows numbers of a hundred thousand digits; the programs of the whole team would fail over one."""
    for key, kind in (("size", "number"), ("at", "date"), ("vip", "yes/no"), ("gone", "text")):
        desk.ask("ann", "select helpdesk.set_field(%s, %s)", key, json.dumps({"type": kind}))
    bad = f'{{"fields": {{"size": {value}}}}}'
    assert (
        desk.refused("ada", "select * from helpdesk.act(%s, %s, %s, 'x')", uuid4(), [desk.ticket()], bad)[:5] == "HD002"
    )
    save = "select helpdesk.save_macro(gen_random_uuid(), 'm', 'x', false, %s, 'all', null)"
    assert desk.refused("ada", save, bad)[:5] == "HD002"
    for good in ("12", "-0.5", "123456789012345.25"):
        desk.act("ada", [desk.ticket()], f'{{"fields": {{"size": {good}}}}}')
    desk.ask("ada", save, '{"fields": {"size": 12, "at": "2026-12-24", "vip": true, "gone": null}}')


def test_into_what_a_ticket_was_merged_is_told_only_where_both_are_seen(desk: Desk) -> None:
    source, target = desk.ticket("source"), desk.ticket("target", "billing")
    desk.ask("ann", "select * from helpdesk.merge(%s, %s, %s, 'x')", uuid4(), [source], target)
    told = {}
    for who in ("ada", "cora", "ann"):
        ((more, place),) = desk.ask(
            who, "select h.more, t.ctid from helpdesk.ticket(%s) h join public.tickets t on t.id = h.id", source
        )
        ((again,),) = desk.ask(who, "select more from helpdesk.dressed(%s, array[%s]::tid[])", [source], place)
        assert again["merged_into"] == more["merged_into"]
        told[who] = more["merged_into"]
    ((number,),) = desk.run("select number from public.tickets where id = %s", target)
    assert told == {"ada": [None, None], "cora": [str(target), number], "ann": [str(target), number]}


def test_merge_is_taken_apart_only_by_who_works_on_the_ticket_that_holds_it_all_now(desk: Desk) -> None:
    """Else what lies in another department's ticket would be taken out of it, and read again."""
    first, second, last = desk.ticket("first"), desk.ticket("second"), desk.ticket("last", "billing")
    note = "insert into public.ticket_messages (ticket_id, sender_id, content, is_internal) values (%s, %s, 'n', true)"
    desk.run(note, first, desk.ids["ann"])
    act = uuid4()
    merge = "select * from helpdesk.merge(%s, %s, %s, 'x')"
    desk.ask("ada", merge, act, [first], second)
    desk.ask("ann", merge, uuid4(), [second], last)
    assert desk.refused("ada", "select helpdesk.unmerge(gen_random_uuid(), %s)", first)[:5] == "HD003"
    assert [each["why"] for each in desk.undo("ada", act)["refused"]] == [NO_SUCH]
    assert desk.ask("ada", "select content from public.ticket_messages where ticket_id = any(%s)",
                    [first, second, last]) == []  # fmt: skip
    assert len(desk.ask("ann", "select helpdesk.unmerge(gen_random_uuid(), %s)", first)) == 1
    assert desk.ask("ada", "select content from helpdesk.messages(%s)", first) == [("n",)]


@pytest.mark.parametrize(
    "done",
    [
        """select helpdesk.act(gen_random_uuid(), array[%(made)s::uuid], '{"tags": {"add": ["%(tag)s"]}}', 'x')""",
        """select helpdesk.act(gen_random_uuid(), array[%(made)s::uuid], '{"snooze": "2100-01-01"}', 'x')""",
        "select helpdesk.follow(gen_random_uuid(), array[%(made)s::uuid], true)",
        "select helpdesk.link(gen_random_uuid(), %(made)s, 'related to', %(other)s)",
        "update public.tickets set title = 'what it is about' where id = %(made)s",
        "select helpdesk.save_draft(gen_random_uuid(), %(made)s, 'reply', 'half an hour of writing', null, 0)",
    ],
)
def test_taking_a_split_back_throws_away_nothing_that_somebody_did_since(desk: Desk, done: str) -> None:
    origin, made, act = desk.ticket(), uuid4(), uuid4()
    ((message,),) = desk.run(
        "insert into public.ticket_messages (ticket_id, sender_id, content) values (%s, %s, 'x') returning id",
        origin, desk.ids["cora"],
    )  # fmt: skip
    desk.ask("ada", "select helpdesk.split(%s, %s, %s, false, %s, 'x')", act, origin, message, made)
    with connect_as(desk.scene.database, desk.scene.people["ann"]) as colleague:
        named = {"made": made, "tag": desk.ids["tag"], "other": desk.ticket()}
        cursor = psycopg.ClientCursor(colleague)
        cursor.execute(done.replace('"%(tag)s"', f'"{desk.ids["tag"]}"').encode(), named)
    refused = [each["why"] for each in desk.undo("ada", act)["refused"]]
    if "save_draft" in done:
        # A text goes back with the messages: it is told to nobody that one was begun.
        assert refused == []
        assert desk.ask("ann", "select content from helpdesk.drafts(%s)", origin) == [("half an hour of writing",)]
    else:
        assert len(refused) == 1
        assert "has moved on since" in refused[0]


def test_staff_learn_of_their_own_request_no_more_than_its_requester(desk: Desk) -> None:
    """Not by a filter, a link, nor by a note that they send to many."""
    own, other = desk.ticket("own", customer_id=desk.ids["ada"], metadata='{"size": 1}'), desk.ticket("other")
    assert desk.ask("ann", "select * from helpdesk.with_field('size', ':', '1', true) f where f = %s", own)
    assert desk.ask("ada", "select * from helpdesk.with_field('size', ':', '1', true) f where f = %s", own) == []
    desk.ask("ann", "select helpdesk.link(gen_random_uuid(), %s, 'related to', %s)", other, own)
    for ticket in (own, other):
        assert desk.ask("ada", "select more ->> 'links' from helpdesk.ticket(%s)", ticket) == [(None,)]
        assert desk.ask("ann", "select more #> '{links,0,0}' from helpdesk.ticket(%s)", ticket) == [("related to",)]
    note = json.dumps([{"ticket": str(own), "message": str(uuid4()), "content": "x"}])
    sent = desk.ask("ada", "select * from helpdesk.send_each(gen_random_uuid(), %s, true, '{}', 'x')", note)
    assert sent == [(own, False, NO_SUCH)]


def test_words_that_are_none_and_texts_that_are_too_long_are_refused_in_words(desk: Desk) -> None:
    desk.ask("ada", "select helpdesk.set_away(null, null, E'\\t\\n')")
    assert desk.ask("ada", "select note from helpdesk.away()") == [(None,)]
    desk.ask("ada", "select helpdesk.set_back(null)")
    for name in ("\t", "\u2003\n"):
        save = "select helpdesk.save_view(gen_random_uuid(), %s, 'is:open', 'due', 'team', null)"
        assert desk.refused("ada", save, name)[:5] == "HD002"
    short, long = desk.ticket(), desk.ticket()
    messages = [
        {"ticket": str(short), "message": str(uuid4()), "content": "x"},
        {"ticket": str(long), "message": str(uuid4()), "content": "x" * 500_001},
    ]
    sent = desk.ask(
        "ada", "select * from helpdesk.send_each(gen_random_uuid(), %s, true, '{}', 'x')", json.dumps(messages)
    )
    assert sorted(sent) == sorted([(short, True, None), (long, False, "this text is too long")])


@pytest.mark.parametrize("moment", ["infinity", "-infinity", "294276-01-01", "0044-03-15 BC", "9999-12-31"])
def test_moment_that_no_program_shows_is_kept_nowhere(desk: Desk, moment: str) -> None:
    """East of Greenwich colleagues' programs ended over it, and the pages of a queue by due dates went in circles."""
    ticket = desk.ticket()
    made = "select %s::timestamptz, 't', customer_id from public.tickets where id = %s"
    for statement in (
        "update public.tickets set due_date = %s::timestamptz where id = %s",
        f"insert into public.tickets (due_date, title, customer_id) {made}",
        "select helpdesk.act(gen_random_uuid(), array[%s]::uuid[], jsonb_build_object('due_date', %s::text), 'x')",
        "select helpdesk.set_away(null, %s::timestamptz, null) where %s is not null",
    ):
        given = (ticket, moment) if "act(" in statement else (moment, ticket)
        assert desk.refused("ada", statement, *given)[:5] == "HD002"


COUNTED = """select seq_tup_read, idx_tup_fetch from pg_stat_xact_all_tables
              where relname in ('tickets', 'profiles', 'ticket_messages', 'ticket_words') order by relname"""


@pytest.mark.parametrize(
    "search,there,nowhere",
    [
        ("requesters(array[%s])", "otto-secret@desk.test", "nobody-here@desk.test"),
        ("requesters(array[%s])", "Otto SECRET", "Otto NOBODY"),
        ("tickets_saying(%s)", "secret", "nowhere"),
        ("with_field('a', ':', %s, false)", "secret", "nowhere"),
    ],
)
def test_customer_counts_nothing_that_a_search_passes_over(desk: Desk, search: str, there: str, nowhere: str) -> None:
    """PostgreSQL counts the rows that a session's statements look at, in functions of ours too."""
    # A session chooses its plans: that every row of so small a table is looked at would hide what an index finds.
    for unlike in ("seqscan", "indexscan", "nestloop", "hashjoin"):
        desk.ask("cora", f"set enable_{unlike} = off")
        counted: list[list[int]] = []
        # A server that looks after its tables meanwhile has statements planned anew, which counts as well; once.
        for _ in range(3):
            counted.clear()
            desk.ask("cora", f"select * from helpdesk.{search}", "x")
            for text in (there, nowhere, there, nowhere):
                desk.ask("cora", "begin")
                before = desk.ask("cora", COUNTED)
                assert desk.ask("cora", f"select * from helpdesk.{search}", text) == []
                after = desk.ask("cora", COUNTED)
                counted.append([b - a for was, is_now in zip(before, after, strict=True)
                                for a, b in zip(was, is_now, strict=True)])  # fmt: skip
                desk.ask("cora", "rollback")
            if counted[0::2] == counted[1::2]:
                break
        assert counted[0::2] == counted[1::2], unlike
