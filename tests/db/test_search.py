"""The search for articles: whom it shows what, and what it makes of words that are few, unfinished, mistyped."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.db.servers import Place
from tests.db.sessions import gateway, login
from tests.db.shelf import READERS, STAFF, Library, library
from tests.world import DeskDatabase


@pytest.fixture(scope="module")
def shared(module_database: DeskDatabase) -> Iterator[Library]:
    """One database for the module."""
    made = library(module_database)
    yield made
    made.close()


@pytest.fixture
def kb(shared: Library) -> Library:
    """A library without articles."""
    shared.clear()
    return shared


# -- whom it shows what -----------------------------------------------------------------------------------------------

# Each is its own stem, no small word, and far from every other.
WORDS = ("anchor", "brick", "copper", "dragon", "ember", "falcon", "garnet", "harbor", "jigsaw", "kiwi")


def test_never_again_search_that_filters_after_the_limit(kb: Library) -> None:
    draw = random.Random(3)
    shelf = kb.shelf("A")
    below = kb.shelf("B", shelf)
    texts: dict[str, tuple[set[str], str, Any]] = {}
    for number in range(120):
        words = draw.choices(WORDS, k=draw.randint(1, 6))
        status = draw.choice(("published", "published", "draft", "archived"))
        category = draw.choice((None, shelf, below))
        title = f"No {number}"
        kb.write(title, " ".join(words), status, category)
        texts[title] = (set(words), status, category)
    for _ in range(60):
        asked = draw.sample(WORDS, draw.randint(1, 3))
        category = draw.choice((None, None, shelf, below))
        inside: dict[Any, set[Any]] = {None: {None, shelf, below}, shelf: {shelf, below}, below: {below}}
        for reader in READERS:
            expected = {
                title
                for title, (words, status, where) in texts.items()
                if words & set(asked) and where in inside[category] and (reader in STAFF or status == "published")
            }
            found = kb.titles(reader, " ".join(asked) + " ", category=category)
            assert set(found) == expected, (reader, asked)
            assert len(found) == len(expected)
            most = draw.randint(1, 20)
            assert kb.titles(reader, " ".join(asked) + " ", most, category=category) == found[:most]


def test_nothing_that_a_customer_is_told_depends_on_what_is_not_published(kb: Library) -> None:
    """Not the order, not a score, not a snippet: how rare a word is, and which words there are, is told by articles
    that may be read."""
    kb.write("Invoices and payment", "Where to find the invoice of a payment, and how to pay it.")
    kb.write("Refunds", "A refund is paid back the way the payment came.")
    kb.write("Shipping", "When a parcel comes, and where it is. Payment is before shipping.")
    queries = ("payment refund", "invoice", "refnud", "layoffs", "layofs", "lay", "pay", "how to", "Kündigung", "x")
    readers = ("cora", "visitor")
    before = {(reader, query): kb.search(reader, query) for reader in readers for query in queries}
    for status in ("draft", "archived"):
        kb.write(
            f"Layoffs {status}", "Layoffs, refund refund refund. Refnudx. Payments paymentx. Invoice. " * 5, status
        )
        kb.write(
            f"Über {status}", "Die Kündigung und der Betriebsrat, nicht für die Kunden, auch wenn sie es sind", status
        )
    assert before == {(reader, query): kb.search(reader, query) for reader in readers for query in queries}
    assert not kb.search("cora", "layoffs")
    assert not kb.search("cora", "layofs")
    assert {row[1] for row in kb.search("ada", "layofs")} == {"Layoffs draft", "Layoffs archived"}


def test_published_only_is_for_the_team_what_customers_find(kb: Library) -> None:
    for status in ("published", "draft", "archived"):
        kb.write(f"Tax {status}", "About the tax.", status)
    assert kb.search("ada", "tax", published_only=True) == kb.search("cora", "tax")
    assert len(kb.search("ada", "tax")) == 3


def test_article_is_found_as_it_is_now(kb: Library) -> None:
    article = kb.write("Lamp", "It glows.", "draft")
    states: list[tuple[str, dict[str, int]]] = [
        ("update public.kb_articles set status = 'published'", {"lamp": 1, "glow": 1, "shine": 0}),
        ("update public.kb_articles set content = 'It shines.'", {"lamp": 1, "glow": 0, "shine": 1}),
        ("update public.kb_articles set title = 'Torch'", {"lamp": 0, "torch": 1}),
        ("update public.kb_articles set status = 'archived'", {"shine": 0, "torch": 0}),
        ("update public.kb_articles set status = 'published'", {"shine": 1, "torch": 1}),
        ("delete from public.kb_articles", {"shine": 0, "torch": 0}),
    ]
    assert kb.search("cora", "lamp") == []
    for change, expected in states:
        kb.owner.execute(f"{change} where id = %s".encode(), [article])
        assert {word: len(kb.search("cora", word)) for word in expected} == expected, change
    for table in ("article_index", "article_terms"):
        assert kb.owner.execute(f"select count(*) from private.{table}".encode()).fetchone() == (0,)


def test_nobody_and_nothing(kb: Library, shared: Library) -> None:
    kb.write("Lamp")
    nobody = gateway(shared.database, None)
    assert nobody.execute("select * from helpdesk.search_articles('lamp')").fetchall() == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        gateway(shared.database, None, "anon").execute("select * from helpdesk.search_articles('lamp')")
    for query in (None, "", "   ", "…!?", "the", "a", "\x01", "(((", "'; drop", "%", "\\", "🙂", "x" * 100_000):
        kb.search("cora", query)
        kb.search("ada", query)
    assert kb.titles("cora", "lamp", 0) == []
    assert kb.titles("cora", "lamp", -1) == []


def test_hostile_session_neither_reads_the_index_nor_bends_the_search(kb: Library) -> None:
    kb.write("Secret plans", "About layoffs", "draft")
    kb.write("Lamp")
    with login(kb.database, kb.people["cora"]) as connection:
        for table in ("article_index", "article_terms", "article_words", "article_languages"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select * from private.{table}".encode())
        connection.execute("set role helpdesk_member")
        for function in ("asked_for('x', true)", "guessed('lay', true, true)", "meant('layofs', true)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select * from private.{function}".encode())
        for setting in (
            "set search_path = pg_temp, public",
            "set pg_trgm.similarity_threshold = 0",
            "set default_text_search_config = 'simple'",
            'set request.jwt.claims = \'{"role": "service_role"}\'',
            f"set request.jwt.claim.sub = '{kb.people['ann'].id}'",
            "set plan_cache_mode = force_generic_plan",
        ):
            connection.execute(setting.encode())
            for query in ("layoffs", "layofs", "secret", "plan"):
                assert connection.execute("select * from helpdesk.search_articles(%s)", [query]).fetchall() == []
            assert len(connection.execute("select * from helpdesk.search_articles('lamp')").fetchall()) == 1


# -- what it makes of words -------------------------------------------------------------------------------------------

TITLES = (
    "Connect the printer to a wireless network",
    "Replace an empty ink cartridge",
    "Print on both sides of the paper",
    "The scanner is not recognized after an update",
    "Export invoices as spreadsheets",
)


def test_any_subset_of_the_words_in_any_order_finds_it(kb: Library) -> None:
    for title in TITLES:
        kb.write(title)
    for query in (
        "wireless printer",
        "network wireless connect",
        "printers networks",
        "how do I connect my printer to the wireless network please",
        "wireless coffee machine",
    ):
        assert kb.titles("cora", query)[0] == TITLES[0], query


def test_mistyped_words_are_understood(kb: Library) -> None:
    for title in TITLES:
        kb.write(title)
    for query, number in (
        ("cartrige", 1),
        ("catridge", 1),
        ("cartirdge", 1),
        ("wirless netwrok", 0),
        ("scaner recgonized", 3),
        ("spreadhseets", 4),
        ("invocie", 4),
        ("wireeless", 0),
    ):
        assert kb.titles("cora", query)[:1] == [TITLES[number]], query


def test_another_number_is_another_thing(kb: Library) -> None:
    kb.write("Error 80070005", "Access is denied.")
    assert kb.titles("cora", "80070005") == kb.titles("cora", "error 8007") == ["Error 80070005"]
    assert kb.titles("cora", "80070006 ") == []


def test_article_is_found_while_its_title_is_being_typed(kb: Library) -> None:
    for title in TITLES:
        kb.write(title)
    for title in TITLES:
        for length in range(4, len(title) + 1):
            assert title in kb.titles("cora", title[:length])[:3], title[:length]
    assert kb.titles("cora", "spre") == kb.titles("cora", "inv") == [TITLES[4]]


def test_compounds_are_found_however_they_are_written(kb: Library) -> None:
    kb.write("Install an add-on", "An e-mail tells when it is done.")
    kb.write("Choose a database", "Any will do.")
    for query in ("addon", "add-on", "add on", "email", "e-mail"):
        assert kb.titles("cora", query)[:1] == ["Install an add-on"], query
    assert kb.titles("cora", "data base") == ["Choose a database"]
    assert kb.titles("cora", "anydatabase") == ["Choose a database"]


def test_each_language_by_its_own_rules(kb: Library) -> None:
    kb.write("Rechnungen herunterladen", "So laden Sie eine Rechnung herunter, wenn sie nicht mit der Post kam.")
    kb.write("Mots de passe oubliés", "Pour les clients qui ont oublié leur mot de passe et ne savent pas quoi faire.")
    kb.write("Забытые пароли", "Если вы не помните пароль, то напишите нам, и мы пришлём новый.")
    kb.write("パスワードを忘れた場合", "新しいパスワードを設定します。")
    kb.write("Forgotten passwords", "What to do when you do not know what your password was.")
    for query, title in (
        ("rechnung", "Rechnungen herunterladen"),
        ("RECHNUNGEN", "Rechnungen herunterladen"),
        ("oublie", "Mots de passe oubliés"),
        ("OUBLIÉS", "Mots de passe oubliés"),
        ("пароль", "Забытые пароли"),
        ("ПАРОЛИ", "Забытые пароли"),
        ("パスワード", "パスワードを忘れた場合"),
        ("password", "Forgotten passwords"),
    ):
        assert kb.titles("cora", query)[:1] == [title], query
    languages = kb.owner.execute("select distinct language from private.article_index").fetchall()
    assert {name for (name,) in languages} >= {"german", "french", "russian", "english"}


def test_article_says_what_language_it_is_in(kb: Library) -> None:
    kb.write("Laufen", "Lief.", locale="de-AT")
    assert kb.owner.execute("select language from private.article_index").fetchone() == ("german",)
    kb.owner.execute('update public.kb_articles set metadata = \'{"locale": "xx"}\'')
    assert kb.owner.execute("select language from private.article_index").fetchone() == ("english",)


def test_rare_words_and_titles_and_neighbours_count_more(kb: Library) -> None:
    for number in range(30):
        kb.write(f"Mail {number}", "Mail and folder and account and settings.")
    kb.write("Rare", "Somewhere in a mail there is quicksilver.")
    assert kb.titles("cora", "mail folder account quicksilver")[0] == "Rare"
    kb.write("Side by side", "Here stands sent folder among other words.")
    kb.write("Apart", "A folder that was not among those that were sent here.")
    assert kb.titles("cora", "sent folder")[:2] == ["Side by side", "Apart"]
    kb.write("Quicksilver", "Words.")
    assert kb.titles("cora", "quicksilver")[:2] == ["Quicksilver", "Rare"]


def test_only_small_words_look_in_the_titles(kb: Library) -> None:
    kb.write("Who we are", "The company.")
    kb.write("Lamp", "Who are you?")
    assert kb.titles("cora", "who we") == ["Who we are"]


def test_snippet_is_clean_text_and_marks_are_where_the_words_are(kb: Library) -> None:
    filler = "Nothing of interest is said in this sentence, nor in any other one like it. " * 10
    kb.write(
        "Café",
        f"# Heading\n\n{filler}\n\n> **Résumés** are [uploaded here](https://example.com/resume) as `PDF`.\n\n"
        f"| a | b |\n|---|---|\n<p onclick='x'>Then &amp; there</p> ![upload](x.png)\n\n{filler}",
    )
    ((_, _, snippet, marks, *_),) = kb.search("cora", "resume upload")
    assert [snippet[a:b] for a, b in zip(marks[::2], marks[1::2], strict=True)] == ["Résumés", "uploaded", "upload"]
    for markup in ("**", "](", "`", "<p", "&amp;", "#", "|", "example.com"):
        assert markup not in snippet
    assert "Then & there" in snippet


def test_long_text_is_asked_for_by_its_rarest_words(kb: Library) -> None:
    kb.write("Mould in the kettle", "Descale it with vinegar.")
    for number in range(20):
        kb.write(f"Orders {number}", "Where is my order, and when does the parcel come?")
    text = "Where is my order? I ordered it long ago. " * 300 + "By the way there is mould in my kettle."
    assert "Mould in the kettle" in kb.titles("cora", text, 5)


# -- suggestions for a ticket -----------------------------------------------------------------------------------------


def test_suggested_for_a_ticket_is_what_is_published_and_fits_what_its_requester_wrote(kb: Library) -> None:
    for title in (*TITLES, "Unrelated"):
        kb.write(title)
    kb.write("Draft about cartridges", status="draft")
    cora, ada = kb.people["cora"].id, kb.people["ada"].id
    ticket = uuid4()
    support = kb.people["ada"].department_id
    kb.owner.execute(
        "insert into public.tickets (id, title, customer_id, department_id) values (%s, 'It does not print', %s, %s)",
        [ticket, cora, support],
    )
    for sender, text, internal in (
        (cora, "The cartridge is empty", False),
        (ada, "Is it the scanner?", False),
        (ada, "spreadsheet", True),
    ):
        kb.owner.execute(
            "insert into public.ticket_messages (ticket_id, sender_id, content, is_internal) values (%s, %s, %s, %s)",
            [ticket, sender, text, internal],
        )
    ask = "select title from helpdesk.suggest_articles(%s)"
    for reader in ("cora", "ada", "ann"):
        found = [row[0] for row in kb.connections[reader].execute(ask, [ticket]).fetchall()]
        assert set(found) == {TITLES[1], TITLES[2]}, reader
    assert kb.connections["visitor"].execute(ask, [ticket]).fetchall() == []
    assert kb.connections["ada"].execute(ask, [uuid4()]).fetchall() == []


# -- what is told of changes ------------------------------------------------------------------------------------------


def test_team_is_told_which_articles_changed_and_customers_nothing(kb: Library) -> None:
    kb.write("Lamp")
    shared = {}
    for reader in ("cora", "ada", "ann"):
        rows = kb.connections[reader].execute("select channel from helpdesk.channels()").fetchall()
        shared[reader] = {channel for (channel,) in rows}
    (staff,) = (shared["ada"] & shared["ann"]) - shared["cora"]
    with login(kb.database, kb.people["ada"]) as listening:
        for channel in {*shared["ada"], *shared["ann"], *shared["cora"]}:
            listening.execute(f'listen "{channel}"'.encode())
        ids = [kb.write("One", "SECRET", "draft")]
        for change in ("status = 'published'", "content = 'x'", "status = 'archived'"):
            kb.owner.execute(f"update public.kb_articles set {change} where title = 'One'".encode())
        kb.owner.execute("delete from public.kb_articles where title = 'One'")
        heard = [(note.channel, note.payload) for note in listening.notifies(timeout=0.3)]
        assert heard == [(staff, f'{{"articles": ["{ids[0]}"]}}')] * 5
        kb.owner.execute("update public.kb_articles set title = 'None' where false")
        kb.owner.execute("set helpdesk.mute = 'on'")
        kb.write("Imported")
        kb.owner.execute("reset helpdesk.mute")
        assert list(listening.notifies(timeout=0.3)) == []


# -- wherever it runs -------------------------------------------------------------------------------------------------


def test_search_works_on_every_version_with_and_without_pg_trgm_wherever_it_is(any_place: Place) -> None:
    kb = library(any_place.database)
    try:
        kb.write("Replace an empty ink cartridge")
        kb.write("Sheets", "Some spreadsheets.")
        assert kb.titles("cora", "cartrigde") == ["Replace an empty ink cartridge"]
        two_steps = {"cora": "sprdsheetz", "ada": "spradseets"}
        for reader, query in two_steps.items():
            assert kb.titles(reader, query) == ["Sheets"]
        any_place.run("create schema if not exists elsewhere", superuser=True)
        any_place.run("alter extension pg_trgm set schema elsewhere", superuser=True)
        if any_place.kind != "plain":  # there the owner is a superuser, who may use every schema
            assert kb.titles("cora", "sprdsheetz") == []
        any_place.run("grant usage on schema elsewhere to public", superuser=True)
        assert kb.titles("cora", "sprdsheetz") == ["Sheets"]
        any_place.run("drop extension pg_trgm cascade", superuser=True)
        assert kb.titles("cora", "cartrigde") == ["Replace an empty ink cartridge"]
        assert kb.titles("cora", "sprdsheetz") == []
        assert kb.titles("cora", "cartr") == ["Replace an empty ink cartridge"]
        any_place.psql()  # brings it back, and its index
        assert kb.titles("cora", "sprdsheetz") == ["Sheets"]
    finally:
        kb.close()


def test_articles_from_before_there_was_an_index_are_put_into_it(any_place: Place) -> None:
    kb = library_again(any_place)
    try:
        article = kb.write("From before", "Written long ago")
        kb.owner.execute("delete from private.article_terms")
        kb.owner.execute("delete from private.article_index")
        assert kb.titles("ada", "written") == []
        any_place.psql()
        assert kb.titles("ada", "written") == ["From before"]
        kb.owner.execute(
            "update private.article_index set made_by = 0, language = 'german' where article_id = %s", [article]
        )
        any_place.psql()
        assert kb.owner.execute("select distinct language from private.article_index").fetchall() == [("english",)]
    finally:
        kb.close()


def library_again(place: Place) -> Library:
    """Another one in the same database: its people are there already."""
    place.run("delete from public.kb_articles")
    place.run("delete from public.profiles", superuser=True)
    place.run("delete from auth.users", superuser=True)
    return library(place.database)
