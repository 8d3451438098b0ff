"""The search at 20,000 articles: along its indexes, whoever asks, and as much as the words need, not as there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from tests.db.sessions import owner
from tests.db.shelf import READERS, Library, library
from tests.world import DeskDatabase

ARTICLES: Final = 20_000
TABLES: Final = ("kb_articles", "article_index", "article_terms", "article_words")

# What the trigger would make, in seconds: each article has a word of its own and eleven of a hundred that many have.
# Their numbers are letters, and an x at the end keeps them their own stems.
_WORD: Final = "translate({}::text, '0123456789', 'abcdefghij') || 'x'"
_FILL: Final = f"""
alter table public.kb_articles disable trigger user;
insert into public.kb_articles (id, title, content, status, author_id, category_id)
select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Article', 'Words',
       case when n %% 10 = 0 then 'draft' else 'published' end, %(author)s, %(shelf)s
  from generate_series(1, {ARTICLES}) n;
alter table public.kb_articles enable trigger user;
create temp table made as
select a.id, a.status = 'published' as published, row_number() over (order by a.id) as n from public.kb_articles a;
insert into private.article_index (article_id, key, published, language, length, passages, stems, made_by)
overriding system value
select id, n, published, 'english', 12, array[E'\\tArticle', 'Words of w' || {_WORD.format("n")}],
       array[' articl ', ' w' || {_WORD.format("n")} || ' '], private.index_release()
  from made;
insert into private.article_terms (term, article, published, times, length)
select t.term, m.n, m.published, 1, 12 from made m cross join lateral (
  select 'w' || {_WORD.format("m.n")} as term
  union
  select 'many' || {_WORD.format("((m.n * s) % 100)")} from generate_series(1, 11) s) t;
insert into private.article_words (word, term, published)
select distinct t.term, t.term, t.published from private.article_terms t;
insert into private.article_languages values ('english', true);
analyze;
"""


def own(number: int) -> str:
    """The word that one article has."""
    return "w" + str(number).translate(_LETTERS) + "x"


def many(number: int) -> str:
    """A word that thousands have."""
    return "many" + str(number).translate(_LETTERS) + "x"


_LETTERS: Final = str.maketrans("0123456789", "abcdefghij")


@pytest.fixture(scope="module")
def kb(module_database: DeskDatabase) -> Iterator[Library]:
    """Twenty thousand articles."""
    made = library(module_database)
    shelf = made.shelf("All")
    with owner(module_database) as connection:
        for statement in _FILL.split(";\n"):
            if statement.strip():
                given = {"author": made.people["ann"].id, "shelf": shelf} if "%(" in statement else None
                connection.execute(statement.encode(), given)
        connection.execute("vacuum analyze")
    yield made
    made.close()


QUERIES: Final = {
    "one rare word": own(777) + " ",
    "a frequent and a rare one": f"{many(7)} {own(4242)} ",
    "being typed": own(77)[:-1],
    "mistyped": "mnayhx",
    "twice mistyped": "mnyahhx manybbbx",
    "a long text": " ".join(f"{many(n)} {own(n * 3)}" for n in range(100)),
    "small words": "the and",
}


@pytest.mark.parametrize("reader", READERS)
def test_no_table_of_the_search_is_read_whole(kb: Library, reader: str) -> None:
    """EXPLAIN does not look into functions; the server's own counters do."""
    counters = "select relname, seq_tup_read from pg_stat_user_tables where relname = any(%s) order by relname"
    connection = kb.connections[reader]
    with owner(kb.database) as counting:
        kb.search(reader, own(1), 20)
        connection.execute("select pg_stat_force_next_flush()")
        before = counting.execute(counters, [list(TABLES)]).fetchall()
        for what, query in QUERIES.items():
            if what != "small words":  # these are looked for in the titles, one by one
                kb.search(reader, query, 20)
        connection.execute("select pg_stat_force_next_flush()")
        assert counting.execute(counters, [list(TABLES)]).fetchall() == before


def test_what_is_read_follows_from_the_words_and_not_from_the_articles(kb: Library) -> None:
    """Counted in pages: a rare word costs a little, whatever there is besides."""

    def pages(query: str) -> int:
        row = (
            kb.connections["cora"]
            .execute(
                b"explain (analyze, buffers, timing off, format json) select * from helpdesk.search_articles(%s, 20)",
                [query],
            )
            .fetchone()
        )
        assert row is not None
        return int(row[0][0]["Plan"]["Shared Hit Blocks"] + row[0][0]["Plan"]["Shared Read Blocks"])

    for query in QUERIES.values():
        pages(query)
    # Counting the articles reads one narrow index, about a page for each two hundred.
    counted = ARTICLES // 150
    assert pages(QUERIES["one rare word"]) < counted + 150
    assert pages(QUERIES["a frequent and a rare one"]) < counted + 900
    assert pages(QUERIES["a long text"]) < counted + 12_000


def test_customers_find_all_that_is_published_and_nothing_else(kb: Library) -> None:
    (row,) = kb.search("cora", own(777) + " ", 20)
    assert row[2] == f"Words of {own(777)}"
    assert row[0].int & 0xFFFF == 0x777
    # That of a draft is a mistyped other one to customers.
    assert 0x770 not in {row[0].int & 0xFFFF for row in kb.search("cora", own(770) + " ", 20)}
    assert [row[0].int & 0xFFFF for row in kb.search("ada", own(770) + " ", 20)] == [0x770]
    found = kb.search("cora", many(10) + " ", 200)
    assert len(found) == 200
    assert {row[5] for row in found} == {"published"}
