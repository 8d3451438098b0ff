"""``helpdesk kb`` from end to end, on a real database."""

from uuid import UUID, uuid4


async def saved(cli, person, *argv, **more):
    """What ``kb save`` answers, as JSON."""
    result = await cli.run(person, "kb", "save", *argv, "--json", **more)
    assert result.code == 0, result.err
    return result.json


async def test_written_published_found_changed_compared_restored(cli, desk):
    new = await cli.run(
        desk.agent, "kb", "save", "--title", "Paper jam", "--message", "-", stdin="# Jam\n\nOpen the **flap**.\n"
    )
    assert new.code == 0
    assert new.err == "Saved as version 1; it is a draft.\n"
    article = str(UUID(new.out.strip()))
    assert (await cli.run(desk.customer, "kb", "search", "flap", "--json")).json == []
    published = await cli.run(desk.agent, "kb", "publish", "paper JAM", "--json")
    assert published.json == [{"article": article, "status": "published", "done": True, "why": None}]

    (hit,) = (await cli.run(desk.customer, "kb", "search", "paper", "flaps", "--json")).json
    assert list(hit) == ["id", "title", "snippet", "spans", "category", "status", "updated_at", "score"]
    assert (hit["id"], hit["title"], hit["snippet"]) == (article, "Paper jam", "Open the flap.")
    assert [hit["snippet"][a:b] for a, b in hit["spans"]] == ["flap"]
    text = await cli.run(desk.customer, "kb", "search", "papr")
    assert "Paper jam" in text.out

    changed = await saved(cli, desk.agent, article, "--message", "Open the lid.", "--over", "1")
    assert (changed["version"], changed["status"], changed["title"]) == (2, "published", "Paper jam")
    diff = await cli.run(desk.agent, "kb", "diff", article)
    assert "-Open the **flap**." in diff.out
    assert "+Open the lid." in diff.out
    assert (await cli.run(desk.agent, "kb", "restore", article, "1")).code == 0
    shown = (await cli.run(desk.customer, "kb", "show", article, "--json")).json
    assert (shown["version"], shown["content"]) == (3, "# Jam\n\nOpen the **flap**.\n")
    versions = (await cli.run(desk.agent, "kb", "versions", article, "--json")).json
    assert [(each["number"], each["changed_by"]) for each in versions] == [(n, "Ada Agent") for n in (3, 2, 1)]
    old = await cli.run(desk.agent, "kb", "show", article, "--version", "2")
    assert "Open the lid." in old.out
    assert "2 of 3" in old.out


async def test_save_over_what_was_not_seen_is_refused_with_exit_code_7(cli, desk):
    article = (await saved(cli, desk.agent, "--title", "A", "--message", "one"))["id"]
    await saved(cli, desk.colleague, article, "--message", "two", "--over", "1")
    stale = await cli.run(desk.agent, "kb", "save", article, "--message", "three", "--over", "1", "--json")
    assert (stale.code, stale.json) == (7, {"refused": "stale", "id": article})
    assert "version 1 became 2" in stale.err
    assert (await cli.run(desk.agent, "kb", "save", article, "--message", "three")).code == 2
    assert (await saved(cli, desk.agent, article, "--message", "three", "--to-newest"))["version"] == 3


async def test_new_article_sent_again_is_there_once(cli, desk):
    identity = str(uuid4())
    for _ in range(2):
        assert (await saved(cli, desk.agent, "--title", "A", "--message", "one", "--id", identity))["id"] == identity
    assert len((await cli.run(desk.agent, "kb", "list", "--json")).json) == 1


async def test_list_by_category_and_status_for_each_role(cli, desk, database):
    await database.run("insert into public.kb_categories (name) values ('Printers')")
    for title in ("b", "A", "c"):
        await saved(cli, desk.agent, "--title", title, "--message", "x", "--category", "printers")
    await cli.run(desk.agent, "kb", "publish", "a", "b")
    await cli.run(desk.agent, "kb", "archive", "b")

    async def titles(person, *more):
        return [each["title"] for each in (await cli.run(person, "kb", "list", *more, "--json")).json]

    assert await titles(desk.agent) == ["A", "c"]
    assert await titles(desk.agent, "--status", "archived", "--category", "Printers") == ["b"]
    assert await titles(desk.customer) == ["A"]
    assert await titles(desk.customer, "--status", "archived") == []
    first = await cli.run(desk.agent, "kb", "list", "--limit", "1")
    assert "more with --limit" in first.err
    assert (await cli.run(desk.agent, "kb", "list", "--category", "Nowhere")).code == 6


async def test_customers_write_nothing_and_are_not_told_what_there_is(cli, desk):
    draft = (await saved(cli, desk.agent, "--title", "Draft", "--message", "one"))["id"]
    for argv in (("show", draft), ("versions", draft), ("publish", draft), ("show", "Draft"), ("diff", draft)):
        hidden = await cli.run(desk.customer, "kb", *argv)
        missing = await cli.run(desk.customer, "kb", argv[0], str(uuid4()))
        assert hidden.code == missing.code == 6, argv
    assert (await cli.run(desk.customer, "kb", "save", "--title", "Mine", "--message", "x")).code == 5
    await cli.run(desk.agent, "kb", "publish", draft)
    assert (await cli.run(desk.customer, "kb", "archive", draft)).code == 5
    assert (await cli.run(desk.customer, "kb", "versions", draft)).code == 6


async def test_part_of_several_acts_is_exit_code_8(cli, desk):
    await saved(cli, desk.agent, "--title", "A", "--message", "one")
    result = await cli.run(desk.agent, "kb", "publish", "A", "B", "--json")
    assert result.code == 8
    assert [line["done"] for line in result.json] == [True, False]
    assert (await cli.run(desk.agent, "kb", "publish", "B")).code == 6


async def test_hostile_text_does_not_reach_the_terminal(cli, desk):
    await saved(cli, desk.agent, "--title", "A\x1b]0;x\x07 jam", "--message", "Open \x1b[31mthe\u202e flap")
    for argv in (("search", "flap"), ("list",), ("show", "A\x1b]0;x\x07 jam")):
        result = await cli.run(desk.agent, "kb", *argv)
        assert result.code == 0
        assert "jam" in result.out
        assert not {"\x1b", "\x07", "\u202e"} & set(result.out)
    (hit,) = (await cli.run(desk.agent, "kb", "search", "flap", "--json")).json
    assert [hit["snippet"][a:b] for a, b in hit["spans"]] == ["flap"]


async def test_wrong_usage(cli, desk):
    for argv in (
        ("save", "--title", "A"),
        ("save", "--message", "x"),
        ("save", "--title", "A", "--file", "/nowhere"),
        ("save", "--title", " ", "--message", "x"),
        ("list", "--status", "open"),
        ("restore", "A", "first"),
    ):
        assert (await cli.run(desk.agent, "kb", *argv)).code == 2, argv
