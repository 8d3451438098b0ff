"""How well articles are found, and how fast: beside SQLite FTS5 and PostgreSQL's own ranking, in the same run.

    python -m benchmarks.search [--data DIR] [--quick] [--show N]

Three ways to ask are compared over the same articles:

- ours: ``helpdesk.search_articles()`` as a customer, over a connection like a client's;
- fts5: SQLite's full text search with its porter stemmer: stop words dropped, words OR'ed, title weight 3;
- ts_rank: ``websearch_to_tsquery`` and ``ts_rank`` over an indexed column, a title's words of weight A.

Two sets of articles: solved threads with real questions, each with the thread that answers it, and support articles
that are found by a part of them: some words of a sentence, the title mistyped, as much of it as is typed yet, the
summary. The questions are for tracking progress: nothing was fitted to them, and one label in four is wrong.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

import psycopg

from benchmarks.on_server import server, sign_in
from helpdesk_tui.core import knowledge
from helpdesk_tui.local.server import LocalServer
from tests.db.sessions import with_people
from tests.world import DATABASE_FILES, DeskDatabase, People, apply_files, create_database

DATA: Final = Path(__file__).resolve().parents[2] / "shared" / "data"
DEPTH: Final = 10
STOP_WORDS: Final = frozenset(
    """a about after all also am an and any are as at be been but by can cannot could did do does for from get got had
    has have how i if in into is it its just me my no not of on one only or other our out over s same since so some t
    than that the their them then there these they this to too up us use used using was we were what when where which
    who why will with would you your""".split()  # noqa: SIM905  (a list of 120 would be harder to read)
)

Ask = Callable[[str], list[str]]
Question = tuple[str, str]


@dataclass(frozen=True)
class Document:
    """An article of a set."""

    name: str
    title: str
    content: str

    @property
    def id(self) -> UUID:
        return uuid5(NAMESPACE_URL, self.name)


@dataclass
class Found:
    """What came of asking."""

    ranks: list[int | None] = field(default_factory=list)
    empty: int = 0
    times: list[float] = field(default_factory=list)

    def hit(self, at: int) -> float:
        """The share of questions whose article is among the first so many."""
        return sum(rank is not None and rank <= at for rank in self.ranks) / len(self.ranks)

    @property
    def mrr(self) -> float:
        """The mean reciprocal rank, within the first ten."""
        return sum(1 / rank for rank in self.ranks if rank is not None) / len(self.ranks)

    def line(self, name: str, reference: Found) -> str:
        p50, p95 = statistics.median(self.times), statistics.quantiles(self.times, n=20)[-1]
        ratio = p50 / statistics.median(reference.times)
        return (
            f"  {name:10}{self.hit(1):8.3f}{self.hit(5):8.3f}{self.mrr:8.3f}{self.empty / len(self.ranks):8.3f}"
            f"{p50:10.1f}{p95:10.1f}{ratio:9.1f}"
        )


def read(path: Path) -> list[dict[str, Any]]:
    """The records of a file of JSON Lines."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def judge(ask: Ask, questions: Sequence[Question]) -> Found:
    """Asks everything once."""
    found = Found()
    for text, right in questions:
        began = time.perf_counter()
        names = ask(text)
        found.times.append((time.perf_counter() - began) * 1000)
        found.ranks.append(names.index(right) + 1 if right in names else None)
        found.empty += not names
    return found


def fts5(documents: Sequence[Document]) -> Ask:
    """SQLite's way."""
    database = sqlite3.connect(":memory:")
    database.execute(
        "create virtual table d using fts5 (name unindexed, title, content, tokenize = 'porter unicode61')"
    )
    database.executemany(
        "insert into d values (?, ?, ?)", [(each.name, each.title, each.content) for each in documents]
    )

    def ask(text: str) -> list[str]:
        words = dict.fromkeys(word for word in re.findall(r"\w+", text.lower()) if word not in STOP_WORDS)
        if not words:
            return []
        wanted = " OR ".join(f'"{word}"' for word in words)
        rows = database.execute(
            f"select name from d where d match ? order by bm25(d, 0, 3, 1) limit {DEPTH}",
            [wanted],
        )
        return [name for (name,) in rows]

    return ask


def ts_rank(connection: psycopg.Connection[Any]) -> Ask:
    """PostgreSQL's way, by the owner of a copy."""
    connection.execute(
        """create table public.plain as
           select id, setweight(to_tsvector('english', title), 'A') || to_tsvector('english', content) as words
             from public.kb_articles"""
    )
    connection.execute("create index on public.plain using gin (words)")
    connection.execute("analyze public.plain")
    names = {id_: id_ for (id_,) in connection.execute("select id from public.plain").fetchall()}

    def ask(text: str) -> list[str]:
        rows = connection.execute(
            """select id from public.plain, websearch_to_tsquery('english', %s) as wanted where words @@ wanted
                order by ts_rank(words, wanted) desc limit %s""",
            [text, DEPTH],
        ).fetchall()
        return [str(names[id_]) for (id_,) in rows]

    return ask


def ours(connection: psycopg.Connection[Any]) -> Ask:
    """As a client asks."""

    def ask(text: str) -> list[str]:
        statement = knowledge.search(text, limit=DEPTH)
        cursor = connection.cursor(row_factory=statement.row)  # type: ignore[arg-type]
        return [str(hit.article_id) for hit in cursor.execute(statement.sql.encode(), statement.params).fetchall()]

    return ask


def named(ask: Ask, documents: Sequence[Document]) -> Ask:
    """The same, answering with names."""
    names = {str(each.id): each.name for each in documents}
    return lambda text: [names[each] for each in ask(text)]


def filled(running: LocalServer, name: str, documents: Sequence[Document]) -> tuple[DeskDatabase, UUID]:
    """A helpdesk with these articles published, and a customer of it."""
    database = create_database(running, name)
    apply_files(database.owner_dsn, DATABASE_FILES)

    async def people(people: People) -> tuple[UUID, UUID]:
        author = await people.add("author@search.test", "Author", "admin")
        reader = await people.add("reader@search.test", "Reader")
        return author.id, reader.id

    author, reader = with_people(database, people)
    with psycopg.connect(database.owner_dsn, autocommit=True) as owner:
        began = time.perf_counter()
        with owner.transaction(), owner.cursor() as cursor:
            cursor.executemany(
                "insert into public.kb_articles (id, title, content, author_id, status) values (%s, %s, %s, %s, %s)",
                [(each.id, each.title, each.content, author, "published") for each in documents],
            )
        print(f"{len(documents)} articles indexed, {(time.perf_counter() - began) * 1000 / len(documents):.1f} ms each")
        owner.execute("vacuum analyze")
    return database, reader


def mistyped(text: str, draw: random.Random) -> str:
    """A third of the longer words with one slip of the fingers."""

    def slip(word: str) -> str:
        if len(word) < 5 or draw.random() > 0.34:
            return word
        at = draw.randrange(1, len(word) - 1)
        other = draw.choice("abcdefghijklmnopqrstuvwxyz")
        ways = (
            word[:at] + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + other + word[at + 1 :],
            word[: at + 1] + word[at:],
        )
        return draw.choice(ways)

    return " ".join(slip(word) for word in text.split())


def known_items(records: Sequence[dict[str, Any]], most: int) -> dict[str, list[Question]]:
    """Parts of articles, to find the whole by. The same at every run."""
    draw = random.Random(20)
    sets: dict[str, list[Question]] = {
        "words of a sentence": [],
        "title, mistyped": [],
        "title, being typed": [],
        "summary": [],
    }
    for record in draw.sample(list(records), min(most, len(records))):
        name, title = record["id"], record["title"]
        text = re.sub(r"\]\([^)]*\)|<[^>]*>|https?://\S+", " ", record["content"])
        sentences = [part for part in re.split(r"(?<=[.!?])\s+|\n+", text) if 8 <= len(part.split()) <= 30]
        if sentences:
            kept = [word for word in draw.choice(sentences).split() if draw.random() < 0.6]
            sets["words of a sentence"].append((" ".join(kept), name))
        sets["title, mistyped"].append((mistyped(title, draw), name))
        sets["title, being typed"].append((title[: max(12, int(len(title) * draw.uniform(0.4, 0.9)))], name))
        if record.get("summary"):
            sets["summary"].append((record["summary"], name))
    return sets


def compare(
    running: LocalServer, name: str, documents: Sequence[Document], sets: dict[str, list[Question]], show: int
) -> None:
    """Prints a table for each set of questions."""
    print(f"\n== {name}")
    database, reader = filled(running, f"search_{len(documents)}", documents)
    with psycopg.connect(database.owner_dsn, autocommit=True) as owner:
        customer = sign_in(database, reader)
        ways = {
            "ours": named(ours(customer), documents),
            "fts5": fts5(documents),
            "ts_rank": named(ts_rank(owner), documents),
        }
        for what, questions in sets.items():
            for text, _ in questions[:3]:
                ways["ours"](text)
            found = {way: judge(ask, questions) for way, ask in ways.items()}
            print(f"\n{what} ({len(questions)})")
            print(f"  {'':10}{'hit@1':>8}{'hit@5':>8}{'MRR@10':>8}{'none':>8}{'p50 ms':>10}{'p95 ms':>10}{'÷ fts5':>9}")
            for way, result in found.items():
                print(result.line(way, found["fts5"]), flush=True)
            for (text, right), rank in list(zip(questions, found["ours"].ranks, strict=True))[:show]:
                print(f"    {rank or '-':>3}  {right}  {text[:100]!r}")
        customer.close()


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description="How well articles are found.")
    parser.add_argument("--data", type=Path, default=DATA, help=f"where the articles and questions are ({DATA})")
    parser.add_argument("--quick", action="store_true", help="fewer questions")
    parser.add_argument(
        "--show", type=int, default=0, metavar="N", help="the first N questions of each set, with ranks"
    )
    parser.add_argument("--postgres", help="which PostgreSQL, as in the settings")
    asked = parser.parse_args(arguments)
    if not (asked.data / "search_kb.jsonl.gz").exists():
        print(f"There are no articles to search in {asked.data}; name another place with --data.", file=sys.stderr)
        return 2
    threads = [Document(each["id"], each["title"], each["content"]) for each in read(asked.data / "search_kb.jsonl.gz")]
    questions = read(asked.data / "search_queries_dev.jsonl")[:: 4 if asked.quick else 1]
    articles = read(asked.data / "kb_articles.jsonl.gz")
    with server(asked.postgres) as running:
        compare(
            running,
            "solved threads and real questions",
            threads,
            {name: [(each[name], each["article_id"]) for each in questions] for name in ("query", "query_long")},
            asked.show,
        )
        compare(
            running,
            "support articles and parts of them",
            [Document(each["id"], each["title"], each["content"]) for each in articles],
            known_items(articles, 100 if asked.quick else 300),
            asked.show,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
