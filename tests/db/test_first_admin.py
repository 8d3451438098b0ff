"""The first admin: named by the owner, as long as there is none, and made of a confirmed address alone."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest

from tests.world import DeskDatabase

BOSS = "boss@desk.test"


async def sign_up(
    database: DeskDatabase, email: str = BOSS, *, confirmed: bool = True, anonymous: bool = False
) -> UUID:
    """An account, as the sign-in server makes it."""
    account = uuid4()
    await database.run(
        "insert into auth.users (id, aud, role, email, email_confirmed_at, is_anonymous) values"
        " (%s, 'authenticated', 'authenticated', %s, case when %s then now() end, %s)",
        [account, email, confirmed, anonymous],
    )
    return account


async def name(database: DeskDatabase, email: str = BOSS) -> str:
    """``private.first_admin``'s answer."""
    return str((await database.run("select private.first_admin(%s)", [email]))[0][0])


async def admins(database: DeskDatabase) -> list[str]:
    """Their addresses."""
    return [row[0] for row in await database.run("select email from public.profiles where role = 'admin' order by 1")]


async def test_account_that_is_there_and_confirmed_is_admin_at_once(database: DeskDatabase) -> None:
    await sign_up(database)
    assert await name(database, " Boss@Desk.test ") == f"{BOSS} is an admin now"
    assert await admins(database) == [BOSS]
    # Once more, as a script would: nothing changes, nothing is refused.
    assert await name(database) == f"{BOSS} is an admin"


async def test_account_that_signs_up_later_is_admin_with_the_confirmation_and_not_before(
    database: DeskDatabase,
) -> None:
    assert "once signed up" in await name(database)
    await sign_up(database, "cora@desk.test")
    account = await sign_up(database, confirmed=False)
    assert await admins(database) == []
    assert "once the address is confirmed" in await name(database)
    await database.run("update auth.users set email_confirmed_at = now() where id = %s", [account])
    assert await admins(database) == [BOSS]
    assert await database.run("select first_admin from private.settings") == [(None,)]
    # Used up: whoever comes next under whatever address is a customer.
    await sign_up(database, "next@desk.test")
    assert await admins(database) == [BOSS]


async def test_anonymous_or_unconfirmed_claim_to_the_address_makes_no_admin(database: DeskDatabase) -> None:
    await name(database)
    await sign_up(database, confirmed=False)
    visitor = await sign_up(database, "visitor@desk.test", anonymous=True)
    await database.run(
        "update auth.users set raw_user_meta_data = %s where id = %s", [f'{{"email": "{BOSS}"}}', visitor]
    )
    assert await admins(database) == []


async def test_named_first_admin_is_no_admin_once_there_is_another(database: DeskDatabase) -> None:
    await name(database)
    await sign_up(database, "ann@desk.test")
    await database.run("update public.profiles set role = 'admin' where email = 'ann@desk.test'")
    await sign_up(database)
    assert await admins(database) == ["ann@desk.test"]


async def test_refused_when_there_is_an_admin_and_the_way_is_named(database: DeskDatabase) -> None:
    await sign_up(database, "ann@desk.test")
    await name(database, "ann@desk.test")
    with pytest.raises(psycopg.Error) as refused:
        await name(database)
    assert refused.value.sqlstate == "HD003"
    assert "helpdesk admin people set" in str(refused.value.diag.message_hint)
    with pytest.raises(psycopg.Error) as refused:
        await name(database, "no address")
    assert refused.value.sqlstate == "HD002"


async def test_address_that_only_looks_the_same_makes_no_admin(database: DeskDatabase) -> None:
    """The Kelvin sign is a capital k in Unicode, and another mailbox."""
    await database.run("select private.first_admin('Kate@desk.test')")
    confirmed = "insert into auth.users (id, email, email_confirmed_at) values (gen_random_uuid(), %s, now())"
    await database.run(confirmed, ["\u212aate@desk.test"])
    assert await admins(database) == []
    await database.run(confirmed, ["KATE@desk.test"])
    assert await admins(database) == ["KATE@desk.test"]
