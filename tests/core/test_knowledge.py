"""The knowledge base through the core, as each role: what is written, versioned, voted on and found."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import pytest

from helpdesk_tui.core.database import Database
from helpdesk_tui.core.errors import BadInput, NotFound, Refused, Stale
from helpdesk_tui.core.knowledge import Article, Knowledge
from helpdesk_tui.core.model import Me
from tests.world import DeskDatabase, People, Person

Open = Callable[[Person], Awaitable[Knowledge]]


@pytest.fixture
async def enter(database: DeskDatabase) -> AsyncIterator[Open]:
    """Opens the knowledge base as somebody."""
    opened: list[Database] = []

    async def enter(person: Person) -> Knowledge:
        opened.append(await Database.connect(database.settings, person.session))
        me = Me(person.id, person.email, person.name, person.role, person.department_id, None, "aal1")  # type: ignore[arg-type]
        return Knowledge(opened[-1], me)

    yield enter
    for each in opened:
        await each.close()


@pytest.fixture
async def agent(people: People, enter: Open) -> Knowledge:
    """As an agent."""
    return await enter(await people.sign_up("ada@desk.test", "Ada", "agent", "Support"))


@pytest.fixture
async def colleague(people: People, enter: Open) -> Knowledge:
    """As another one."""
    return await enter(await people.sign_up("bo@desk.test", "Bo", "agent", "Billing"))


@pytest.fixture
async def customer(people: People, enter: Open) -> Knowledge:
    """As a customer."""
    return await enter(await people.sign_up("cora@shop.test", "Cora"))


async def write(kb: Knowledge, title: str, content: str = "Words.", *, publish: bool = False) -> Article:
    """A new article."""
    article = await kb.save(id=uuid4(), title=title, content=content, category_id=None, base_version=None)
    return await kb.set_status(article.id, "published") if publish else article


async def save(kb: Knowledge, article: Article, content: str) -> Article:
    """The article saved with another text by somebody who had it before them."""
    return await kb.save(
        id=article.id, title=article.title, content=content, category_id=None, base_version=article.version
    )


async def test_each_save_is_a_version_and_an_old_one_is_restored(agent: Knowledge, colleague: Knowledge) -> None:
    article = await write(agent, "Paper jam", "one")
    assert (article.version, article.status, article.author) == (1, "draft", "Ada")
    second = await save(colleague, article, "two")
    assert second.version == 2
    assert (await save(agent, second, "two")).version == 2  # nothing was changed
    restored = await agent.restore(article.id, 1)
    assert (restored.content, restored.version, restored.author) == ("one", 3, "Ada")
    versions = await agent.versions(article.id)
    assert [(each.number, each.content, each.changed_by) for each in versions] == [
        (3, "one", "Ada"),
        (2, "two", "Bo"),
        (1, "one", "Ada"),
    ]


async def test_save_over_a_version_that_was_not_seen_is_refused(agent: Knowledge, colleague: Knowledge) -> None:
    article = await write(agent, "Paper jam", "one")
    await save(colleague, article, "theirs")
    with pytest.raises(Stale, match="version 1 became 2"):
        await save(agent, article, "mine")
    assert (await agent.article(article.id)).content == "theirs"
    assert len(await agent.versions(article.id)) == 2


async def test_save_sent_again_is_done_once(agent: Knowledge) -> None:
    article = await write(agent, "Paper jam", "one")
    for _ in range(2):
        assert (await save(agent, article, "two")).version == 2
    again = await agent.save(id=article.id, title="Paper jam", content="one", category_id=None, base_version=None)
    assert (again.version, again.content) == (2, "two")
    assert [each.number for each in await agent.versions(article.id)] == [2, 1]
    with pytest.raises(BadInput, match="taken"):
        await agent.save(id=article.id, title="Another", content="one", category_id=None, base_version=None)


async def test_customers_read_what_is_published_and_write_nothing(agent: Knowledge, customer: Knowledge) -> None:
    draft, published = await write(agent, "Draft"), await write(agent, "Published", publish=True)
    archived = await write(agent, "Archived", publish=True)
    await agent.set_status(archived.id, "archived")
    assert [row.id for row in await customer.listed()] == [published.id]
    assert [row.title for row in await agent.listed()] == ["Draft", "Published"]
    assert [row.title for row in await agent.listed(status="archived")] == ["Archived"]
    assert await customer.listed(status="draft") == []
    for hidden in (draft.id, archived.id, uuid4()):
        for ask in (customer.article(hidden), customer.versions(hidden), customer.vote(hidden, True)):
            with pytest.raises(NotFound):
                await ask
    with pytest.raises(NotFound):
        await customer.versions(published.id)
    assert (await customer.article(published.id)).author == "Ada"
    for attempt in (
        write(customer, "Mine"),
        save(customer, published, "Mine"),
        customer.set_status(published.id, "draft"),
        customer.restore(published.id, 1),
    ):
        with pytest.raises(Refused):
            await attempt


async def test_votes_are_counted_one_a_person(agent: Knowledge, customer: Knowledge, colleague: Knowledge) -> None:
    article = await write(agent, "Paper jam", publish=True)
    await customer.vote(article.id, True, "Thanks")
    await colleague.vote(article.id, False)
    seen = await customer.vote(article.id, False)
    assert (seen.helpful, seen.not_helpful, seen.my_vote) == (0, 2, False)
    seen = await customer.vote(article.id, None)
    assert (seen.helpful, seen.not_helpful, seen.my_vote) == (0, 1, None)
    assert (await agent.article(article.id)).my_vote is None


async def test_list_is_read_page_by_page(agent: Knowledge) -> None:
    titles = [f"{'aB'[n % 2]}{n}" for n in range(9)]
    for title in titles:
        await write(agent, title)
    read: list[str] = []
    page = await agent.listed(limit=4)
    while page:
        read += [row.title for row in page]
        page = await agent.listed(limit=4, after=page[-1])
    assert sorted(read) == sorted(titles)
    assert [each.lower() for each in read] == sorted(each.lower() for each in read)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"title": " "}, "title"), ({"title": "x" * 501}, "500"), ({"content": "x" * 1000001}, "long")],
)
async def test_what_cannot_be_saved_is_said_in_words(agent: Knowledge, change: dict[str, str], words: str) -> None:
    values = {"title": "A", "content": "b", **change}
    with pytest.raises(BadInput, match=words):
        await agent.save(id=uuid4(), **values, category_id=None, base_version=None)
