"""``helpdesk tickets reply`` with an editor: what was written is kept until it is sent, and nobody else is shown it."""

import os
import shlex
import shutil
import stat
import sys
from pathlib import Path

import pytest

from helpdesk_tui.cli import drafts
from helpdesk_tui.cli.reply import SCISSORS
from helpdesk_tui.core.errors import SettingsError

#: Keeps what it is shown, puts its text on top of that (or of all but the scissors), and exits with a code.
EDITOR = """
import pathlib, sys
file, shown, text, code = pathlib.Path(sys.argv[4]), pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
shown.write_bytes(file.read_bytes())
below = b"".join(line for line in file.read_bytes().splitlines(True) if code != "cut" or b"is not sent" not in line)
file.write_bytes(text.encode().decode("unicode_escape").encode("latin-1") + below)
sys.exit(0 if code == "cut" else int(code))
"""


class Editing:
    """A person's machine: one state directory, an editor, and what that was shown the last time."""

    def __init__(self, cli, directory: Path):
        self.cli = cli
        self.state = directory / "state"
        self.script = directory / "editor.py"
        self.script.write_text(EDITOR)
        self.shown = directory / "shown"
        with (directory / "config.toml").open("a") as file:
            file.write("[profile.default]\n[profile.other]\n")

    async def run(self, person, *argv, text="", code=0, profile="default"):
        """One command line; the editor puts ``text`` on top of what it is shown."""
        signed_in = Path(self.cli.use(person)["HELPDESK_STATE_DIR"]) / "sign-in" / "default.json"
        here = self.state / "sign-in" / f"{profile}.json"
        here.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy(signed_in, here)
        return await self.cli.run(
            person,
            *("--profile", profile, "tickets", *argv),
            asking=True,
            HELPDESK_STATE_DIR=str(self.state),
            EDITOR=shlex.join([sys.executable, str(self.script), str(self.shown), text, str(code)]),
        )

    def proposed(self) -> bytes:
        """The text that the editor opened with, without the thread."""
        return self.shown.read_bytes().partition(SCISSORS.encode())[0].strip()

    def kept(self) -> list[Path]:
        """The drafts there are, and whatever else lies there."""
        return [each for each in (self.state / "drafts").rglob("*") if each.is_file()]


@pytest.fixture
def editing(cli, tmp_path):
    return Editing(cli, tmp_path)


async def test_what_the_editor_gave_is_sent_and_no_draft_stays(editing, desk):
    ticket = await desk.ticket()
    number = await desk.number(ticket)
    sent = await editing.run(desk.agent, "reply", number, text="Grüße")
    assert sent.code == 0, sent.err
    assert await desk.messages(ticket) == [("Grüße", False, desk.agent.id)]
    assert editing.kept() == []
    assert b"It burns." in editing.shown.read_bytes()


async def test_a_draft_is_kept_by_profile_person_kind_and_ticket_and_proposed_there_alone(editing, desk):
    ticket = await desk.ticket()
    number, another = await desk.number(ticket), await desk.number(await desk.ticket("Another"))
    assert (await editing.run(desk.agent, "reply", number, text="For Carol", code=1)).code == 2
    (kept,) = editing.kept()
    assert kept == editing.state / "drafts" / "default" / str(desk.agent.id) / f"reply-{ticket}.md"
    for person, argv, profile in (
        (desk.agent, ("reply", number), "other"),
        (desk.colleague, ("reply", number), "default"),
        (desk.agent, ("note", number), "default"),
        (desk.agent, ("reply", another), "default"),
    ):
        refused = await editing.run(person, *argv, profile=profile)
        assert (refused.code, editing.proposed()) == (2, b""), refused.err
    assert (await editing.run(desk.agent, "reply", number)).code == 0
    assert editing.proposed() == b"For Carol"
    assert await desk.messages(ticket) == [("For Carol", False, desk.agent.id)]
    assert editing.kept() == []


async def test_text_that_is_no_utf8_is_told_kept_and_proposed_again(editing, desk):
    ticket = await desk.ticket()
    number = await desk.number(ticket)
    refused = await editing.run(desk.agent, "reply", number, text="Gr\\xfc\\xdfe")
    assert refused.code == 2
    (kept,) = editing.kept()
    assert "is not UTF-8" in refused.err
    assert kept.name in refused.err
    again = await editing.run(desk.agent, "reply", number)
    assert (again.code, editing.proposed()) == (2, b"Gr\xfc\xdfe")
    assert await desk.messages(ticket) == []
    kept.write_bytes("Grüße".encode())
    assert (await editing.run(desk.agent, "reply", number)).code == 0
    assert await desk.messages(ticket) == [("Grüße", False, desk.agent.id)]


async def test_without_the_scissors_line_nothing_of_the_thread_is_sent(editing, desk):
    ticket = await desk.ticket()
    number = await desk.number(ticket)
    await desk.message(ticket, desk.colleague, "He is lying", internal=True)
    refused = await editing.run(desk.agent, "reply", number, text="Good day\\n", code="cut")
    assert refused.code == 2
    assert "the line that keeps the thread and its notes out of your text is gone" in refused.err
    assert [content for content, *_ in await desk.messages(ticket)] == ["He is lying"]
    (kept,) = editing.kept()
    assert kept.read_bytes().strip() == b"Good day"
    assert (await editing.run(desk.agent, "reply", number)).code == 0
    assert (await desk.messages(ticket))[-1] == ("Good day", False, desk.agent.id)


async def test_an_empty_text_leaves_no_draft(editing, desk):
    number = await desk.number(await desk.ticket())
    refused = await editing.run(desk.agent, "note", number, text=" \\n")
    assert (refused.code, editing.kept()) == (2, [])
    assert "the text is empty" in refused.err


def test_a_draft_that_cannot_be_written_anew_stays_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "drafts" / "work" / "reply.md"
    drafts.keep(path, b"the only copy")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(each.stat().st_mode) for each in (path.parent, path.parent.parent)} == {0o700}

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SettingsError, match="No space left"):
        drafts.keep(path, b"something newer")
    assert [each.name for each in path.parent.iterdir()] == ["reply.md"]
    assert path.read_bytes() == b"the only copy"
