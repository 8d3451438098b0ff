"""A knowledge base to test on: three categories and five articles, and the screen opened on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from helpdesk_tui.screens.knowledge import KnowledgeScreen
from tests.screens.opened import Opened, Team, opened, opened_customer
from tests.world import DeskDatabase, Person

ARTICLES = """
insert into public.kb_categories (id, name, parent_id) values
  ('00000000-0000-0000-0000-00000000c001', 'Devices', null),
  ('00000000-0000-0000-0000-00000000c002', 'Lamps', '00000000-0000-0000-0000-00000000c001'),
  ('00000000-0000-0000-0000-00000000c003', 'Account', null);
insert into public.kb_articles
  (id, title, content, category_id, author_id, status, created_at, updated_at, published_at)
select ('00000000-0000-0000-0000-00000000a00' || n)::uuid, title, content,
       ('00000000-0000-0000-0000-00000000c00' || category)::uuid, '{author}', status, '{at}', '{at}',
       case when status = 'published' then timestamptz '{at}' end
  from (values
    (1, 2, 'published', 'Lamp offline',
      E'Lamps talk by radio. See [pairing](article:00000000-0000-0000-0000-00000000a002).\\n\\n## First\\n\\n'
      'Unplug it for ten seconds.\\n\\n## Then\\n\\n| Light | Means |\\n|---|---|\\n| red | no hub |'),
    (2, 2, 'published', 'Pairing a lamp', E'Hold the button until it blinks.\\n\\n```\\npair --lamp\\n```'),
    (3, 3, 'published', 'Charged twice', 'A charge that shows twice is one reservation and one payment.'),
    (4, 3, 'draft', 'Goodwill limits', 'Up to a month may be promised.'),
    (5, 2, 'archived', 'Old lamps', 'The lamps of the first series.')
  ) as t(n, category, status, title, content)
"""


def article_id(number: int) -> UUID:
    """The id of one of the articles 1 to 5."""
    return UUID(f"00000000-0000-0000-0000-00000000a00{number}")


async def fill(database: DeskDatabase, author: Person, at: str = "2026-03-03 12:00+00") -> None:
    """Put the articles there."""
    async with await database.connect() as owner, owner.transaction():
        await owner.execute("set local helpdesk.mute = 'on'")
        for statement in ARTICLES.replace("{author}", str(author.id)).replace("{at}", at).split(";"):
            await owner.execute(statement)


def screen(seen: Opened) -> KnowledgeScreen:
    """The knowledge base as it is open."""
    found = seen.app.screen
    assert isinstance(found, KnowledgeScreen)
    return found


@asynccontextmanager
async def in_knowledge_base(
    team: Team, person: Person, tmp_path: Path, size: tuple[int, int] = (160, 40)
) -> AsyncIterator[Opened]:
    """The app with the knowledge base open, its list read."""
    if not await team.value("select count(*) from kb_articles"):
        await fill(team.database, team.agent)
    home = opened_customer if person is team.customer else opened
    async with home(team.database, person, tmp_path, size=size) as seen:
        await seen.press("K")
        await seen.until(lambda: isinstance(seen.app.screen, KnowledgeScreen), "the knowledge base")
        await seen.until(lambda: screen(seen).search.list.state == "ready", "the list")
        await seen.until(lambda: screen(seen).shelves.categories, "the categories")
        yield seen


async def read_first(seen: Opened, number: int) -> None:
    """Open an article from the list."""
    await seen.until(lambda: screen(seen).search.list.select(article_id(number)), "the article in the list")
    await seen.press("enter")
    await seen.until(
        lambda: (article := screen(seen).reader.article) is not None and article.id == article_id(number), "the article"
    )
