"""Importing on other versions, and as the owner of a Supabase project, who is no superuser."""

from __future__ import annotations

import pytest

from helpdesk_tui.importers.pipeline import Import
from tests.db.servers import Kind, new_place, start
from tests.importers.helping import FORMS, article, as_file, chat, thread
from tests.parts import Part


@pytest.mark.parametrize(("part", "kind"), [("postgres15", "supabase"), ("postgres17", "plain")])
def test_everything_loads_on_older_versions_and_as_a_supabase_owner(open_directory, part: Part, kind: Kind):
    directory = open_directory / f"import-{part}"
    directory.mkdir(mode=0o755)
    server = start(directory, part, kind)
    try:
        place = new_place(server, kind)
        place.psql()
        for what, record in (("tickets", thread), ("kb", article), ("chats", chat)):
            for run in (1, 2):
                tally = Import(FORMS[what](), department="Forum").run(
                    as_file([record(number) for number in range(20)]), place.owner_dsn
                )
                assert (tally.added.total() > 0) == (run == 1)
        assert place.run("select count(*), min(updated_at)::date::text from public.tickets") == [(20, "2025-03-03")]
        assert place.run("select count(*) from public.notifications") == [(0,)]
        if kind == "supabase":
            # Its sign-in server reads these as text, and fails on a null.
            assert place.run("select distinct confirmation_token, email_change from auth.users", superuser=True) == [
                ("", "")
            ]
    finally:
        server.close()
        server.wait_stopped()
