"""Where one is signed in, in the app: listed, and ended after a question."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from helpdesk_tui.screens.sign_ins import SignIns
from tests.screens.opened import Team, opened_customer
from tests.screens.test_customer import check


async def test_sign_ins_are_listed_in_plain_words_and_ended_after_a_question(team: Team, tmp_path: Path) -> None:
    other, third = await team.people.sign_in(team.customer), await team.people.sign_in(team.customer)
    await team.database.run(
        "update auth.sessions set ip = '192.0.2.7', user_agent = E'\\x1b]0;x\\x07Laptop [b]',"
        " refreshed_at = now() + interval '1 minute' where id = %s",
        [other.session_id],
    )
    open_there = await team.people.connect_as(other)
    async with opened_customer(team.database, team.customer, tmp_path, (80, 24)) as seen:
        await seen.app.run_action("app.sign_ins")
        await seen.until(lambda: isinstance(seen.app.screen, SignIns), "the list")
        screen = seen.app.screen
        assert isinstance(screen, SignIns)
        await seen.until(lambda: screen.rows.state == "ready", "read")
        assert screen.rows.all_rows[0].id == other.session_id
        assert seen.shows("Laptop [b]")
        assert seen.shows("192.0.2.7")
        assert seen.shows("this one")
        assert "\x1b" not in seen.text()
        check(seen)
        # Asked before, and left as it is.
        await seen.press("x")
        await seen.until(lambda: seen.shows("End this one?") and seen.shows("y end · Esc leave it"), "the question")
        await seen.press("enter", "escape")
        await seen.until(lambda: seen.shows("x end it"), "left as it is")
        await seen.press("y", "x", "y")
        await seen.until(lambda: seen.shows("Ended 1 ·") and len(screen.rows.rows) == 2, "ended")
        with pytest.raises(psycopg.OperationalError):
            await open_there.execute("select 1")
        here = next(row for row in screen.rows.all_rows if row.this)
        screen.rows.select(here.id)
        await seen.press("x")
        await seen.until(lambda: seen.shows("You look from this one"), "not this one")
        await seen.press("o", "y")
        await seen.until(lambda: len(screen.rows.rows) == 1, "the others")
        assert await team.value("select count(*) from auth.sessions where id = %s", third.session_id) == 0
        await seen.press("o")
        await seen.until(lambda: seen.shows("There is no other"), "none is left")
        check(seen)
        await seen.press("escape")
        await seen.until(lambda: not isinstance(seen.app.screen, SignIns), "closed")
