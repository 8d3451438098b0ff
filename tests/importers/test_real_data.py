"""The shared data pack, which stays outside of the project: some of it always, all of it where there is time."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import os
from datetime import datetime
from typing import Any

import pytest

from helpdesk_tui.importers.fields import Ids
from helpdesk_tui.importers.pipeline import Import
from tests.importers.helping import FORMS, as_file, bring_in
from tests.parts import require

FILES = {"tickets": "tickets", "kb": "kb_articles", "chats": "chats"}
FOUND = {
    "tickets": {"tickets": 6000, "messages": 23002},
    "kb": {"articles": 2442},
    "chats": {"chats": 1500, "messages": 20632},
}
TABLES = {
    "tickets": {"tickets": "tickets", "messages": "ticket_messages"},
    "kb": {"articles": "kb_articles"},
    "chats": {"chats": "chat_sessions", "messages": "chat_messages"},
}


def records(what: str) -> Any:
    with gzip.open(require("data") / f"{FILES[what]}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


async def test_real_threads_survive_field_by_field(database):
    # Every twentieth, so that each language and the HTML bodies are among them.
    threads = list(itertools.islice(records("tickets"), 0, None, 20))
    tally = bring_in(database, threads)
    assert tally.found == {"tickets": 300, "messages": sum(len(thread["messages"]) for thread in threads)}
    ids = Ids("import")
    rows = await database.run(
        "select t.id, t.title, t.metadata, t.created_at, t.updated_at, p.full_name,"
        " array(select name from public.ticket_tags g join public.ticket_tag_relations r on r.tag_id = g.id"
        "       where r.ticket_id = t.id)"
        " from public.tickets t join public.profiles p on p.id = t.customer_id"
    )
    tickets = {row[0]: row[1:] for row in rows}
    messages = {
        row[0]: row[1:]
        for row in await database.run(
            "select m.id, m.content, m.html, m.created_at, p.full_name, p.role"
            " from public.ticket_messages m join public.profiles p on p.id = m.sender_id"
        )
    }
    agents = {message["author"] for thread in threads for message in thread["messages"] if message["role"] == "agent"}
    assert len({thread["locale"] for thread in threads}) > 3
    assert any("html" in message for thread in threads for message in thread["messages"])
    for thread in threads:
        title, metadata, created_at, updated_at, requester, tags = tickets[ids.of("ticket", thread["id"])]
        assert metadata.get("subject", title) == thread["subject"]
        assert requester == thread["requester"]
        assert created_at == datetime.fromisoformat(thread["created_at"])
        assert updated_at == datetime.fromisoformat(thread["updated_at"])
        assert {name: metadata[name] for name in ("locale", "product", "topic", "url")} == {
            name: thread[name] for name in ("locale", "product", "topic", "url")
        }
        assert set(tags) == set(thread["tags"])
        for message in thread["messages"]:
            content, html, at, author, role = messages[ids.of("message", thread["id"], message["id"])]
            assert content == message["text"]
            assert html == message.get("html")
            assert abs((at - datetime.fromisoformat(message["created_at"])).total_seconds()) < 0.001
            assert author == message["author"]
            assert role == ("agent" if author in agents else "customer")
    assert bring_in(database, threads).added.total() == 0


@pytest.mark.parametrize("what", FILES)
async def test_a_tenth_of_it_loads_once_and_rings_nobody(database, what):
    some = list(itertools.islice(records(what), 0, None, 10))
    tally = bring_in(database, some, what)
    for noun, table in TABLES[what].items():
        assert await database.run(f"select count(*) from public.{table}") == [(tally.found[noun],)]
    assert await database.run("select count(*) from public.notifications") == [(0,)]
    assert bring_in(database, some, what).added.total() == 0


# Two minutes, when asked for.
if os.environ.get("HELPDESK_WHOLE"):

    @pytest.mark.slow
    @pytest.mark.parametrize("what", FILES)
    async def test_all_of_it_loads_with_counts_that_agree_with_the_file(database, what):
        path = require("data") / f"{FILES[what]}.jsonl.gz"
        with path.open("rb") as stream:
            tally = Import(FORMS[what]()).run(stream, database.owner_dsn)
        assert tally.found == FOUND[what]
        assert {noun: tally.added[noun] for noun in FOUND[what]} == FOUND[what]
        for noun, table in TABLES[what].items():
            assert await database.run(f"select count(*) from public.{table}") == [(FOUND[what][noun],)]
        assert await database.run("select count(*) from public.notifications") == [(0,)]


@pytest.mark.parametrize("what", FILES)
def test_every_real_line_can_be_read(what):
    stream: Any = io.BufferedReader(io.BytesIO((require("data") / f"{FILES[what]}.jsonl.gz").read_bytes()))
    assert Import(FORMS[what]()).check(stream).found == FOUND[what]


def test_a_real_file_with_a_line_cut_out_of_its_middle_is_told_by_number():
    lines = [json.dumps(record).encode() + b"\n" for record in itertools.islice(records("tickets"), 30)]
    lines[17] = lines[17][: len(lines[17]) // 2] + b"\n"
    tally = Import(FORMS["tickets"](), on_error="skip").check(as_file(lines))
    assert [problem.line for problem in tally.problems] == [18]
