"""The command line against a real database: each person has a state directory with their sign-in in it."""

import asyncio
import contextlib
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from helpdesk_tui.cli import main
from helpdesk_tui.core.tokens import FileStore
from helpdesk_tui.local.sign_in.transport import LocalSignIn
from tests.beginnings import Beginning, Beginnings
from tests.core.auth_server import jwt
from tests.world import DeskDatabase, People, Person, copied


@dataclass(frozen=True)
class Result:
    """What a command line left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """stdout as JSON."""
        return json.loads(self.out)


class Terminal(io.StringIO):
    """What stands in for a terminal on stdout or stdin."""

    def isatty(self):
        return True


class Cli:
    """Runs ``helpdesk`` in this process, in a thread of its own as it runs an event loop of its own."""

    def __init__(self, directory: Path, monkeypatch, database: DeskDatabase | None = None):
        self.directory = directory
        self.monkeypatch = monkeypatch
        self.env = {"HELPDESK_CONFIG": str(directory / "config.toml")}
        lines = ['token_store = "file"']
        if database is not None:
            settings = database.settings
            for key in ("auth_url", "db_host", "db_port", "db_name", "sslmode"):
                value = getattr(settings, key)
                if key == "auth_url":
                    value = "https://desk.test"
                lines.append(f"{key} = {json.dumps(value)}")
        (directory / "config.toml").write_text("\n".join(lines) + "\n")

    def use(self, person: Person) -> dict[str, str]:
        """The environment of somebody who is signed in."""
        state = self.directory / f"state-{person.id}"
        claims = {**person.claims, "helpdesk_key": person.db_password}
        FileStore(state / "sign-in", "default").write(
            {
                "v": 1,
                "auth_url": "https://desk.test/auth/v1",
                "access_token": jwt(claims),
                "refresh_token": "none",
                "expires_at": float(claims["exp"]),
                "saved_at": 1.0,
            }
        )
        return {**self.env, "HELPDESK_STATE_DIR": str(state)}

    async def run(
        self, person: Person | None, *argv: str, stdin: str = "", terminal: bool = False, asking: bool = False, **env
    ) -> Result:
        """One command line as a person, or as nobody. ``asking``: stdin and stderr are a terminal too."""
        given = self.use(person) if person else {**self.env, "HELPDESK_STATE_DIR": str(self.directory / "nobody")}
        out, err = (Terminal() if terminal else io.StringIO()), (Terminal() if asking else io.StringIO())

        def call() -> int:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                try:
                    return main(argv)
                except SystemExit as ended:
                    return int(ended.code or 0)

        with self.monkeypatch.context() as patch:
            for name, value in {**given, **env}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", (Terminal if asking else io.StringIO)(stdin))
            code = await asyncio.to_thread(call)
        return Result(code, out.getvalue(), err.getvalue())


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch, tmp_path):
    """What whoever runs the tests has set must not decide."""
    for name in ("NO_COLOR", "COLUMNS", "HELPDESK_PROFILE", "HELPDESK_CONFIG", "HELPDESK_OWNER_DSN", "VISUAL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def plain_cli(tmp_path, monkeypatch) -> Cli:
    """Without a database."""
    return Cli(tmp_path, monkeypatch)


@pytest.fixture
def cli(tmp_path, monkeypatch, database) -> Cli:
    """With a fresh database."""
    return Cli(tmp_path, monkeypatch, database)


@dataclass
class Desk:
    """Two departments, their people, and a way to add tickets."""

    database: DeskDatabase
    agent: Person
    colleague: Person
    other: Person
    admin: Person
    customer: Person
    billing: UUID
    support: UUID

    async def ticket(self, title: str = "Printer on fire", *, department: UUID | None = None, **columns) -> UUID:
        """A ticket of the customer's, in Billing if nothing else is said."""
        values = {
            "id": uuid4(),
            "title": title,
            "description": "It burns.",
            "customer_id": self.customer.id,
            "department_id": department or self.billing,
            **columns,
        }
        names = ", ".join(values)
        await self.database.run(
            f"insert into public.tickets ({names}) values ({', '.join(['%s'] * len(values))})", list(values.values())
        )
        return values["id"]

    async def number(self, ticket: UUID) -> str:
        """Its number."""
        return str((await self.database.run("select number from public.tickets where id = %s", [ticket]))[0][0])

    async def message(self, ticket: UUID, sender: Person, content: str, *, internal: bool = False) -> UUID:
        """A message in it."""
        message = uuid4()
        await self.database.run(
            "insert into public.ticket_messages (id, ticket_id, sender_id, content, is_internal) "
            "values (%s, %s, %s, %s, %s)",
            [message, ticket, sender.id, content, internal],
        )
        return message

    async def row(self, ticket: UUID) -> tuple:
        """Status, priority, assignee, department."""
        found = await self.database.run(
            "select status::text, priority::text, assignee_id, department_id from public.tickets where id = %s",
            [ticket],
        )
        return found[0]

    async def messages(self, ticket: UUID) -> list[tuple]:
        """What is said in it: content, internal or not, sender."""
        return await self.database.run(
            "select content, is_internal, sender_id from public.ticket_messages where ticket_id = %s "
            "order by created_at, id",
            [ticket],
        )


async def sign_desk_up(people: People) -> dict[str, Person]:
    """The people of two departments, as :class:`Desk` names them."""
    return {
        "agent": await people.sign_up("ada@desk.test", "Ada Agent", "agent", "Billing"),
        "colleague": await people.sign_up("bob@desk.test", "Bob Billing", "agent", "Billing"),
        "other": await people.sign_up("otto@desk.test", "Otto Other", "agent", "Support"),
        "admin": await people.sign_up("alma@desk.test", "Alma Admin", "admin"),
        "customer": await people.sign_up("carol@example.com", "Carol Diaz"),
    }


@pytest.fixture
def begun(beginnings: Beginnings) -> Beginning:
    """A helpdesk with the desk's people, to copy."""
    return beginnings.of(sign_desk_up)


@pytest.fixture
def database(request, template):
    """A fresh helpdesk for one test; if it asks for the desk, with the desk's people in it."""
    source = request.getfixturevalue("begun").database if "desk" in request.fixturenames else template
    with copied(source) as database:
        yield database


@pytest.fixture
def desk(begun, database) -> Desk:
    """Two departments and their people."""
    billing, support = begun.people["agent"].department_id, begun.people["other"].department_id
    return Desk(database, **begun.people, billing=billing, support=support)


@dataclass
class AuthAddress:
    """The local sign-in behind a real address."""

    transport: LocalSignIn
    url: str = ""
    down: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request over one connection."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, path, _ = head[0].split()
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int(headers.get("Content-Length", headers.get("content-length", 0))))
        if self.down:
            answer = httpx.Response(503, text="down")
        else:
            answer = await self.transport.handle_async_request(
                httpx.Request(method, f"{self.url}{path}", headers=headers, content=body)
            )
        content = await answer.aread()
        kept = [f"{k}: {v}" for k, v in answer.headers.items() if k not in ("content-length", "connection")]
        lines = [f"HTTP/1.1 {answer.status_code} X", *kept, f"content-length: {len(content)}", "connection: close"]
        if answer.status_code == 204:
            lines.remove("content-length: 0")
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
        await writer.drain()
        writer.close()


@pytest.fixture
async def auth(database, tmp_path):
    """The local sign-in, reached over HTTP as one far away would be."""
    address = AuthAddress(LocalSignIn(database.owner_dsn, tmp_path))
    async with await asyncio.start_server(address.serve, "127.0.0.1", 0) as server:
        address.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield address
