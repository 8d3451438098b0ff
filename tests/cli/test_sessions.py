"""``helpdesk sessions`` on a real database, and with a real sign-in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from helpdesk_tui.core import sign_ins
from helpdesk_tui.core.database import Database
from helpdesk_tui.core.errors import SignInError
from helpdesk_tui.core.session import Session, SignIn
from helpdesk_tui.core.settings import Settings
from helpdesk_tui.core.tokens import MemoryStore
from tests.world import People


async def test_sign_ins_are_listed_and_ended_one_s_own_and_by_an_admin_anybodys(
    cli: Any, desk: Any, people: People
) -> None:
    me = desk.agent
    assert me.session_id is not None
    other, hostile = await people.sign_in(me), await people.sign_in(me)
    await desk.database.run(
        "update auth.sessions set ip = '192.0.2.7', user_agent = E'\\x1b]0;x\\x07Laptop' where id = %s",
        [hostile.session_id],
    )
    open_there = await people.connect_as(other)
    listed = (await cli.run(me, "sessions", "--json")).json
    assert {each["id"] for each in listed} == {str(each.session_id) for each in (me, other, hostile)}
    assert [each["id"] for each in listed if each["this"]] == [str(me.session_id)]
    assert {each["id"]: each["connections"] for each in listed}[str(other.session_id)] == 1
    shown = await cli.run(me, "sessions")
    assert "\x1b" not in shown.out
    assert "192.0.2.7" in shown.out
    assert "Laptop" in shown.out
    assert "this one" in shown.out

    ended = await cli.run(me, "sessions", "end", other.db_user[3:11])
    assert (ended.code, ended.err) == (0, "Ended 1 sign-in.\n")
    with pytest.raises(psycopg.OperationalError):
        await open_there.execute("select 1")
    for wrong, code in (("ffffffff", 6), ("abc", 2)):
        assert (await cli.run(me, "sessions", "end", wrong)).code == code
    assert (await cli.run(me, "sessions", "end")).code == 2
    assert (await cli.run(me, "sessions", "end", "--others", "--json")).json == {"ended": 1, "here_too": False}
    assert len((await cli.run(me, "sessions", "--json")).json) == 1

    # Another's are an admin's to see.
    refused = await cli.run(me, "sessions", "--of", desk.admin.email)
    assert refused.code == 5
    assert [each["id"] for each in (await cli.run(desk.admin, "sessions", "--of", me.email, "--json")).json] == [
        str(me.session_id)
    ]
    assert (await cli.run(desk.admin, "sessions", "end", "--all", "--of", me.email)).err == "Ended 1 sign-in.\n"
    assert (await cli.run(desk.admin, "sessions", "--of", me.email, "--json")).json == []
    last = await cli.run(desk.admin, "sessions", "end", "--all")
    assert last.err == "Ended 1 sign-in, this one too.\n"


async def test_tokens_of_an_ended_sign_in_are_not_renewed(cli: Any, auth: Any, database: Any) -> None:
    settings = Settings(auth_url=auth.url)
    here, there = SignIn(settings, MemoryStore()), SignIn(settings, MemoryStore())
    await here.sign_up("cora@example.com", "correct horse 1", "Cora")
    stolen = await there.password("cora@example.com", "correct horse 1")
    assert isinstance(stolen, Session)
    await there.refresh()
    own = here.session
    assert own is not None
    desk = await Database.connect(replace(database.settings, auth_url=auth.url), own)
    try:
        found = await sign_ins.listed(desk)
        assert {each.id: each.this for each in found} == {own.session_id: True, stolen.session_id: False}
        await sign_ins.end(desk, sign_ins.meant(stolen.session_id.hex, found))
    finally:
        await desk.close()
    with pytest.raises(SignInError) as refused:
        await there.refresh()
    assert refused.value.kind in ("expired", "signed_out")
    await here.refresh()
