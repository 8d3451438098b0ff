"""``helpdesk kb search|list|show|save|publish|unpublish|archive|versions|diff|restore``."""

from __future__ import annotations

import argparse
import difflib
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from helpdesk_tui.cli.connection import desk, run
from helpdesk_tui.cli.given import a_number, message_text
from helpdesk_tui.cli.kb_records import article_json, hit_json, row_json, version_json
from helpdesk_tui.cli.options import add_common, an_id
from helpdesk_tui.cli.output import Column, Output, say
from helpdesk_tui.core.errors import BadInput, NotFound, PartlyDone, Refused, Stale, Unreachable
from helpdesk_tui.core.knowledge import ARTICLE_STATUSES, Article, ArticleRow, ArticleStatus, Knowledge, Version
from helpdesk_tui.core.wording import stamp

PAGE = 500
_NUMBER = a_number(1_000_000)
_COLOURS = {"draft": "yellow", "published": "green", "archived": "dim"}
_ACTS: dict[str, tuple[ArticleStatus, str]] = {
    "publish": ("published", "let customers read articles"),
    "unpublish": ("draft", "make articles drafts again"),
    "archive": ("archived", "put articles away"),
}


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of this module's commands."""
    words = "search, read and write the knowledge base"
    parser = commands.add_parser("kb", help=words, description=f"{words.capitalize()}.")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    search = _action(actions, "search", "find articles", _search)
    search.add_argument("words", nargs="+", metavar="WORD", help="any words; unfinished and mistyped ones will do")
    search.add_argument("--category", metavar="NAME", help="only below this category: its name or id")
    search.add_argument("--limit", type=_NUMBER, default=20, metavar="N", help="how many at most (default: 20)")

    listing = _action(actions, "list", "the articles by title", _list)
    listing.add_argument("--category", metavar="NAME", help="only those of this category: its name or id")
    listing.add_argument("--status", choices=ARTICLE_STATUSES, help="only these (default: all but archived ones)")
    listing.add_argument("--limit", type=_NUMBER, default=PAGE, metavar="N", help=f"how many at most (default: {PAGE})")

    show = _action(actions, "show", "one article", _show)
    _article(show)
    show.add_argument("--version", type=_NUMBER, metavar="N", help="as it was then")

    save = _action(
        actions,
        "save",
        "write a new article, or change one",
        _save,
        "Write a new article, which is a draft, or change one. A change says which version it was made from; the "
        "database refuses it when somebody saved since (exit code 7).",
    )
    save.add_argument("article", nargs="?", metavar="ARTICLE", help="its id or its whole title; left out: a new one")
    text = save.add_mutually_exclusive_group()
    text.add_argument("-m", "--message", metavar="TEXT", help="the text in Markdown; - reads it from stdin")
    text.add_argument("-F", "--file", type=Path, metavar="FILE", help="the text from a file; - from stdin")
    save.add_argument("--title", metavar="TITLE", help="the title (a new article needs one)")
    save.add_argument("--category", metavar="NAME", help="its category's name or id, or none")
    over = save.add_mutually_exclusive_group()
    over.add_argument("--over", type=_NUMBER, metavar="N", help="the version that was changed (`version` of `kb show`)")
    over.add_argument("--to-newest", action="store_true", help="save over whatever was saved meanwhile")
    save.add_argument("--id", type=an_id, metavar="UUID", help="a new article's id, for sending it again")

    for name, (status, summary) in _ACTS.items():
        act = _action(actions, name, summary, _set_status)
        act.add_argument("articles", nargs="+", metavar="ARTICLE", help="ids or whole titles")
        act.set_defaults(status=status)

    _article(_action(actions, "versions", "the versions of an article, newest first", _versions))

    diff = _action(actions, "diff", "what changed between two versions", _diff)
    _article(diff)
    diff.add_argument("old", nargs="?", type=_NUMBER, metavar="FROM", help="a version (default: the one before TO)")
    diff.add_argument("new", nargs="?", type=_NUMBER, metavar="TO", help="a version (default: the newest)")

    restore = _action(actions, "restore", "make an old version the newest one", _restore)
    _article(restore)
    restore.add_argument("number", type=_NUMBER, metavar="VERSION", help="which one")


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    summary: str,
    task: Any,
    description: str | None = None,
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=summary, description=description or f"{summary.capitalize()}.")
    add_common(parser, json=True)
    parser.set_defaults(handler=lambda args: run(task(args)))
    return parser


def _article(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("article", metavar="ARTICLE", help="its id or its whole title")


async def _search(args: argparse.Namespace) -> int:
    out = Output(args)
    async with desk(args) as here:
        kb = Knowledge(here.database, here.me)
        category = await _category(kb, args.category)
        found = await kb.search(" ".join(args.words), limit=args.limit, category=category)
    if args.json:
        out.json([hit_json(hit) for hit in found])
    for hit in found if not args.json else []:
        status = "" if hit.status == "published" else f" [{hit.status}]"
        out.line(f"{hit.title}{status}", "bold")
        out.line(f"  {hit.snippet}")
        out.line(f"  {hit.article_id}{f'  {hit.category}' if hit.category else ''}", "dim")
    if not found:
        say("No article has any of these words, nor one like them.")
    return 0


async def _list(args: argparse.Namespace) -> int:
    out = Output(args)
    async with desk(args) as here:
        kb = Knowledge(here.database, here.me)
        category = await _category(kb, args.category)
        found: list[ArticleRow] = []
        while len(found) <= args.limit:
            size = min(PAGE, args.limit + 1 - len(found))
            page = await kb.listed(category, args.status, size, found[-1] if found else None)
            found += page
            if len(page) < size:
                break
    shown = found[: args.limit]
    if args.json:
        out.json([row_json(row) for row in shown])
    elif shown:
        columns = [
            Column("id"),
            Column("status", colours=_COLOURS),
            Column("updated", right=True),
            Column("author", least=8),
            Column("title", least=20, worth=3),
        ]
        cells = [[str(row.id), row.status, out.when(row.updated_at), row.author or "-", row.title] for row in shown]
        out.table(columns, cells)
    else:
        say("There are no such articles.")
    if len(found) > args.limit:
        say(f"The first {args.limit}; more with --limit.")
    return 0


async def _show(args: argparse.Namespace) -> int:
    out = Output(args)
    async with desk(args) as here:
        kb = Knowledge(here.database, here.me)
        article = await _one(kb, args.article)
        version = None if args.version is None else _numbered(await kb.versions(article.id), args.version)
    title, content = (version.title, version.content) if version else (article.title, article.content)
    if args.json:
        shown = {"title": title, "content": content, "shown": version.number if version else article.version}
        out.json({**article_json(article), **shown})
        return 0
    out.line(title, "bold")
    pairs = [
        ("status", article.status),
        ("category", article.category or "-"),
        ("author", article.author or "-"),
        ("updated", stamp(article.updated_at)),
        ("helpful", f"{article.helpful} yes, {article.not_helpful} no"),
        ("version", f"{version.number} of {article.version}" if version else str(article.version)),
        ("id", str(article.id)),
    ]
    out.pairs(pairs)
    out.line()
    out.block(content)
    return 0


async def _save(args: argparse.Namespace) -> int:
    out = Output(args)
    content = message_text(args.message, args.file)
    async with desk(args) as here:
        kb = Knowledge(here.database, here.me)
        before = await _one(kb, args.article) if args.article else None
        if before is None and not (args.title and content):
            raise BadInput("A new article needs a title and a text.", "Give --title, and --file or --message.")
        if before is not None and args.over is None and not args.to_newest:
            raise BadInput(
                "Say which version you changed, so that nobody's work is overwritten unseen.",
                f"Give --over N (`version` of `helpdesk kb show`; now {before.version}), or --to-newest.",
            )
        category = before.category_id if before and not args.category else await _category(kb, args.category)
        article_id = before.id if before else args.id or uuid4()
        try:
            saved = await kb.save(
                id=article_id,
                title=args.title or (before.title if before else ""),
                content=content if content is not None else (before.content if before else ""),
                category_id=category,
                base_version=(args.over or before.version) if before else None,
            )
        except Stale as stale:
            if args.json:
                out.json({"refused": "stale", "id": str(article_id)})
            hint = f"See `helpdesk kb diff {article_id} {args.over}`; having read it, save with --over as it is now."
            raise Stale(stale.message, hint) from stale
        except Unreachable:
            if before is None:
                say(f"It may have arrived or not; with --id {article_id} the same command cannot save it twice.")
            raise
    _tell(out, args, saved, f"Saved as version {saved.version}; {_standing(saved)}.")
    return 0


async def _set_status(args: argparse.Namespace) -> int:
    out = Output(args)
    done: list[dict[str, Any]] = []
    failure: Exception | None = None
    async with desk(args) as here:
        kb = Knowledge(here.database, here.me)
        for reference in args.articles:
            try:
                article = await kb.set_status((await _one(kb, reference)).id, args.status)
            except (NotFound, BadInput, Refused) as error:
                if len(args.articles) == 1:
                    raise
                failure = error
                done.append({"article": reference, "status": args.status, "done": False, "why": error.message})
            else:
                done.append({"article": str(article.id), "status": article.status, "done": True, "why": None})
    if args.json:
        out.json(done)
    for line in done if not args.json else []:
        out.line(
            f"{line['article']} {line['status'] if line['done'] else line['why']}", None if line["done"] else "red"
        )
    if failure is None:
        return 0
    if any(line["done"] for line in done):
        return PartlyDone.exit_code
    return failure.exit_code if isinstance(failure, NotFound | BadInput | Refused) else 1


async def _versions(args: argparse.Namespace) -> int:
    out = Output(args)
    async with desk(args) as here:
        kb = Knowledge(here.database, here.me)
        found = await kb.versions((await _one(kb, args.article)).id)
    if args.json:
        out.json([version_json(version) for version in found])
    else:
        columns = [Column("version", right=True), Column("saved", right=True), Column("by", least=8), Column("title")]
        out.table(
            columns,
            [[str(each.number), out.when(each.created_at), each.changed_by or "-", each.title] for each in found],
        )
    return 0


async def _diff(args: argparse.Namespace) -> int:
    out = Output(args)
    async with desk(args) as here:
        kb = Knowledge(here.database, here.me)
        found = await kb.versions((await _one(kb, args.article)).id)
    new = _numbered(found, args.new) if args.new else found[0]
    if args.old is None and new.number == 1:
        raise BadInput("There is one version, and nothing to compare it with.")
    old = _numbered(found, args.old or new.number - 1)
    lines = list(
        difflib.unified_diff(
            [f"# {old.title}", "", *old.content.splitlines()],
            [f"# {new.title}", "", *new.content.splitlines()],
            f"version {old.number}",
            f"version {new.number}",
            lineterm="",
        )
    )
    if args.json:
        out.json({"old": version_json(old), "new": version_json(new), "diff": lines})
    for line in lines if not args.json else []:
        out.line(line, {"+": "green", "-": "red", "@": "cyan"}.get(line[:1]))
    if not lines:
        say("The two are the same.")
    return 0


async def _restore(args: argparse.Namespace) -> int:
    out = Output(args)
    async with desk(args) as here:
        kb = Knowledge(here.database, here.me)
        restored = await kb.restore((await _one(kb, args.article)).id, args.number)
    _tell(out, args, restored, f"Version {args.number} is version {restored.version} now; {_standing(restored)}.")
    return 0


def _tell(out: Output, args: argparse.Namespace, article: Article, words: str) -> None:
    say(words)
    if args.json:
        out.json(article_json(article))
    else:
        out.line(str(article.id))


def _standing(article: Article) -> str:
    return {"draft": "it is a draft", "published": "customers can read it", "archived": "it is archived"}[
        article.status
    ]


async def _one(kb: Knowledge, reference: str) -> Article:
    """The article with this id or title. Raises NotFound, and BadInput where several have the title."""
    try:
        return await kb.article(UUID(reference))
    except ValueError:
        pass
    found = await kb.titled(reference)
    if not found:
        raise NotFound(f"There is no article “{reference}”.", "Find it with `helpdesk kb search`.")
    if len(found) > 1:
        raise BadInput(f"“{reference}” is the title of several articles.", "Give the id.")
    return await kb.article(found[0])


async def _category(kb: Knowledge, reference: str | None) -> UUID | None:
    """The category with this id or name. Raises NotFound, and BadInput where several have the name."""
    if reference is None or reference == "none":
        return None
    wanted = reference.strip().casefold()
    fits = [each for each in await kb.tree() if wanted in (str(each.id), each.name.casefold())]
    if not fits:
        raise NotFound(f"There is no category “{reference}”.")
    if len(fits) > 1:
        raise BadInput(f"“{reference}” is the name of several categories.", "Give the id.")
    return fits[0].id


def _numbered(versions: list[Version], number: int) -> Version:
    for version in versions:
        if version.number == number:
            return version
    raise NotFound(f"There is no version {number}.", f"The newest is {versions[0].number}.")
