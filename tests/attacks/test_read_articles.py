"""Read: drafts, what was archived, old versions, votes, and what a search could tell of them; due dates."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.attacks.asking import code, rows, told
from tests.db.signed_in import new, ticket_of
from tests.world import People


@pytest.fixture
def people(module_people: People) -> People:
    """The module shares a database; nobody is used twice."""
    return module_people


OF_AN_ARTICLE = (
    "select * from helpdesk.article(%(article)s)",
    "select * from helpdesk.article_versions(%(article)s)",
    "select * from helpdesk.vote(%(article)s, true, 'x')",
    "select * from helpdesk.vote(%(article)s, null, null)",
    "select * from helpdesk.save_article(%(article)s, 't', 'c', null, null)",
    "select * from helpdesk.save_article(%(article)s, 't', 'c', null, 1)",
    "select * from helpdesk.set_article_status(%(article)s, 'published')",
    "select * from helpdesk.restore_article(%(article)s, 1)",
    "insert into public.kb_article_feedback (article_id, user_id, helpful) values (%(article)s, %(me)s, true)",
    (
        "insert into public.kb_articles (id, title, content, author_id, status)"
        " values (%(article)s, 't', 'c', %(me)s, 'draft') on conflict (id) do update set title = excluded.title"
    ),
    "update public.kb_articles set title = title where id = %(article)s returning title",
)
WITH_WORDS = (
    "select * from helpdesk.articles(null, 'draft', 100, null, null)",
    "select * from helpdesk.articles(null, 'archived', null, '', '00000000-0000-0000-0000-000000000000')",
    "select * from helpdesk.articles(%(category)s, null, 100, null, null)",
    "select * from helpdesk.article_categories()",
    "select * from helpdesk.search_articles('zyzzyva')",
    "select * from helpdesk.search_articles('zyzzyv', null, %(category)s, null)",
    "select * from helpdesk.search_articles('zyzzvya printer')",
    "select * from helpdesk.search_articles('Z', 1000000)",
    "select * from helpdesk.search_articles(''' | !zyzzyva:* \\ & <->', -1, null, false)",
    "select * from helpdesk.suggest_articles(%(ticket)s, 100)",
)


async def test_never_again_draft_articles_in_search_counts_tree_or_old_versions(people: People) -> None:
    cora, gone = await new(people, "cora"), await new(people, "gone")
    ada = await new(people, "ada", "agent", "Support")
    ticket, category = await ticket_of(people, cora), uuid4()
    await people.database.run("update public.tickets set title = 'zyzzyva printer' where id = %s", [ticket])
    staff = await people.connect_as(ada)
    await staff.execute("insert into public.kb_categories (id, name) values (%s, 'Zyzzyva layoffs')", [category])
    hidden = [uuid4(), uuid4()]
    for article in hidden:
        await staff.execute(
            "select helpdesk.save_article(%s, 'Zyzzyva ' || %s::text, 'zyzzyva zyzzyvas', %s, null)",
            [article, article, category],
        )
    await staff.execute("select helpdesk.set_article_status(%s, 'published')", [hidden[1]])
    await staff.execute("select helpdesk.vote(%s, true, 'good')", [hidden[1]])
    await staff.execute("select helpdesk.set_article_status(%s, 'archived')", [hidden[1]])
    signed_out = await people.connect_as(gone)
    await people.database.run("delete from auth.sessions where id = %s", [gone.session_id])
    for connection, person in ((await people.connect_as(cora), cora), (signed_out, gone)):
        ids = {"me": person.id, "ticket": ticket, "category": category}
        for statement in OF_AN_ARTICLE:
            nothing = await told(connection, statement, {**ids, "article": uuid4()})
            if not statement.startswith("insert into public.kb_articles "):
                answers = [await told(connection, statement, {**ids, "article": article}) for article in hidden]
                assert answers == [nothing, nothing], statement
            else:
                assert "42501" in nothing
        for statement in WITH_WORDS:
            answer = (await told(connection, statement, ids)).lower()
            assert "zyzzyva" not in answer, statement
    assert "zyzzyva" in (await told(staff, WITH_WORDS[4], {})).lower()


async def test_order_and_scores_of_what_is_published_are_the_same_whatever_drafts_say(people: People) -> None:
    staff = await people.connect_as(await new(people, "ada", "agent", "Support"))
    customer = await people.connect_as(await new(people, "cora"))
    for title in ("Quokka feeding", "Quokka photography"):
        article = uuid4()
        await staff.execute(
            "select helpdesk.save_article(%s, %s, 'quokka quokka eats leaves', null, null)", [article, title]
        )
        await staff.execute("select helpdesk.set_article_status(%s, 'published')", [article])
    searches = ("quokka", "quokk", "quoka leaf", "qokka", "quok", "quokkafeeding", "leaves quokkafication")
    search = "select article_id, score, snippet, marks from helpdesk.search_articles(%s)"
    before = [await rows(customer, search, words) for words in searches]
    for _ in range(3):
        await staff.execute(
            "select helpdesk.save_article(%s, 'Quokkafication', 'quokka feeding leaf qokka quok', null, null)",
            [uuid4()],
        )
    assert [await rows(customer, search, words) for words in searches] == before
    assert all(before[:2])


async def test_votes_are_counted_and_named_to_the_team_alone(people: People) -> None:
    cora, otto = await new(people, "cora"), await new(people, "otto")
    customer, other = await people.connect_as(cora), await people.connect_as(otto)
    staff = await people.connect_as(await new(people, "ada", "agent", "Support"))
    article = uuid4()
    await staff.execute("select helpdesk.save_article(%s, 'Wombats', 'dig', null, null)", [article])
    await staff.execute("select helpdesk.set_article_status(%s, 'published')", [article])
    await customer.execute("select helpdesk.vote(%s, false, 'rubbish')", [article])
    await other.execute("select helpdesk.vote(%s, true, null)", [article])
    await other.execute("select helpdesk.vote(%s, null, null)", [article])
    votes = "select user_id, comment from public.kb_article_feedback where article_id = %s"
    assert await rows(other, votes, article) == []
    assert await rows(staff, votes, article) == [(cora.id, "rubbish")]
    assert await rows(other, "select not_helpful, my_vote from helpdesk.article(%s)", article) == [(1, None)]
    assert await code(other, "update public.kb_article_feedback set helpful = true") is None
    assert await rows(customer, "select helpful from public.kb_article_feedback") == [(False,)]


async def test_due_dates_are_told_to_staff_who_ask_and_of_their_own_tickets_alone(people: People) -> None:
    cora, ada = await new(people, "cora"), await new(people, "ada", "agent", "Support")
    ticket = await ticket_of(people, cora)
    await people.database.run(
        "update public.tickets set assignee_id = %s, due_date = now() where id = %s", [ada.id, ticket]
    )
    for person in (cora, await new(people, "bo", "agent", "Support"), await new(people, "ann", "admin")):
        assert await rows(await people.connect_as(person), "select helpdesk.notice_due()") == [(0,)]
    assert await rows(await people.connect_as(ada), "select helpdesk.notice_due()") == [(1,)]
