"""Draw the pictures of the README: the demo, opened headless, in docs/pictures. Run by ``make screenshots``.

python scripts/screenshots.py [DIRECTORY]
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from helpdesk_tui.app import HelpdeskApp
from helpdesk_tui.core.session import Session, SignIn
from helpdesk_tui.core.tokens import MemoryStore
from helpdesk_tui.local.demo import ACCOUNTS, DEMO_PASSWORD
from helpdesk_tui.local.desk import LocalDesk, open_local
from helpdesk_tui.screens.customer import CustomerScreen
from helpdesk_tui.screens.customer_new import NewRequest
from helpdesk_tui.screens.desk import DeskScreen

OUT = Path(__file__).parent.parent / "docs" / "pictures"
Play = Callable[[HelpdeskApp, Pilot[int]], Awaitable[None]]


async def settle(app: HelpdeskApp, pilot: Pilot[int]) -> None:
    """Until the queue and the ticket are there and nothing is being read."""
    for _ in range(200):
        home = app.screen
        if isinstance(home, DeskScreen) and home.queue.state == "ready" and home.status.connection == "live":
            break
        if isinstance(home, CustomerScreen) and home.requests.state == "ready" and home.status.connection == "live":
            break
        await pilot.pause(0.05)
    await pilot.pause(0.6)


async def draw(desk: LocalDesk, home: Path, role: str, size: tuple[int, int], play: Play) -> str:
    """Open the desk as somebody, do something, and return the picture as SVG."""
    sign_in = SignIn(desk.settings, MemoryStore(), transport=desk.transport)
    session = await sign_in.password(ACCOUNTS[role], DEMO_PASSWORD)
    assert isinstance(session, Session)
    app = HelpdeskApp(desk.settings, sign_in, session, drafts=home / role / "drafts.sqlite3")
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await play(app, pilot)
        await pilot.pause(0.5)
        picture = app.export_screenshot(title="helpdesk")
        await app.leave()
    await sign_in.sign_out()
    return picture


async def go_to(app: HelpdeskApp, pilot: Pilot[int], number: str) -> None:
    """Open a ticket by its number."""
    await pilot.press("number_sign", *number, "enter")
    await settle(app, pilot)


async def queue(_app: HelpdeskApp, pilot: Pilot[int]) -> None:
    """The desk, a few tickets down."""
    await pilot.press("j", "j", "j")
    await pilot.pause(0.5)


async def priority(_app: HelpdeskApp, pilot: Pilot[int]) -> None:
    """The second key of two."""
    await pilot.press("j", "j", "j", "p")


async def note(app: HelpdeskApp, pilot: Pilot[int]) -> None:
    """A ticket opened, a note being written."""
    await pilot.press("j", "j", "j", "enter")
    await settle(app, pilot)
    await pilot.press("i")
    await pilot.press(*"Solveig agreed. Courier booked for Tuesday, insured.")


async def light(app: HelpdeskApp, pilot: Pilot[int]) -> None:
    """The same in the light theme."""
    app.action_toggle_dark()
    await pilot.press("j", "j", "j", "j", "j", "j", "enter")
    await settle(app, pilot)


async def keys(_app: HelpdeskApp, pilot: Pilot[int]) -> None:
    """Every key."""
    await pilot.press("question_mark")


async def mine(_app: HelpdeskApp, pilot: Pilot[int]) -> None:
    """A customer's requests, one of them read."""
    await pilot.press("enter")
    await pilot.pause(0.8)


async def request(app: HelpdeskApp, pilot: Pilot[int]) -> None:
    """A new request, with articles that may answer it."""
    await pilot.press("n")
    await pilot.pause(0.5)
    form = app.screen
    assert isinstance(form, NewRequest)
    form.title_field.insert("My parcel is on its way for nine days", 0)
    form.text.insert("The link in the mail says it left your dock on the 12th. Since then nothing.")
    for _ in range(200):
        await pilot.pause(0.05)
        if form.hints_list.hits:
            break


async def shown(app: HelpdeskApp, pilot: Pilot[int], words: str) -> None:
    """Wait for words on the screen."""
    for _ in range(200):
        await pilot.pause(0.05)
        strips = app.screen._compositor.render_strips(app.size)  # noqa: SLF001  (what a person would see)
        if any(words in strip.text for strip in strips):
            return
    raise RuntimeError(f"“{words}” does not come")


async def knowledge(app: HelpdeskApp, pilot: Pilot[int]) -> None:
    """Articles found while a search is typed, one of them read."""
    await pilot.press("K")
    await shown(app, pilot, "All articles")
    await pilot.press("slash", *"recovery code")
    await shown(app, pilot, "for “recovery code”")
    await pilot.press("enter")
    await pilot.pause(0.5)


async def finder(app: HelpdeskApp, pilot: Pilot[int]) -> None:
    """Articles suggested beside a ticket."""
    await pilot.press("j", "j", "j", "enter")
    await settle(app, pilot)
    await pilot.press("f")
    await pilot.pause(1.0)


async def chats(app: HelpdeskApp, pilot: Pilot[int]) -> None:
    """Those who wait, and a conversation."""
    await pilot.press("C")
    await shown(app, pilot, "Waiting")
    await pilot.press("1", *"Which of the codes did you type in?")
    await pilot.pause(0.5)


async def inbox(_app: HelpdeskApp, pilot: Pilot[int]) -> None:
    """What happened meanwhile."""
    await pilot.press("I")
    await pilot.pause(1.0)


async def my_chat(app: HelpdeskApp, pilot: Pilot[int]) -> None:
    """A customer's side of a chat."""
    await pilot.press("C")
    await shown(app, pilot, "Chat with")
    await pilot.press(*"Yes, the one that ends in 47")
    await pilot.pause(0.5)


async def people(_app: HelpdeskApp, pilot: Pilot[int]) -> None:
    """People, in the administration."""
    await pilot.press("A")
    await pilot.pause(1.5)
    await pilot.press("2")
    await pilot.pause(1.0)


PICTURES: dict[str, tuple[str, tuple[int, int], Play]] = {
    "desk": ("agent", (150, 42), queue),
    "two-keys": ("agent", (110, 30), priority),
    "note": ("agent", (150, 42), note),
    "light": ("agent", (150, 42), light),
    "narrow": ("agent", (80, 24), queue),
    "customer": ("customer", (130, 32), mine),
    "request": ("customer", (130, 32), request),
    "knowledge": ("agent", (150, 42), knowledge),
    "articles": ("agent", (150, 42), finder),
    "chats": ("agent", (130, 32), chats),
    "inbox": ("agent", (110, 30), inbox),
    "my-chat": ("customer", (90, 28), my_chat),
    "people": ("admin", (130, 32), people),
    "keys": ("agent", (110, 36), keys),
}


async def draw_all(home: Path) -> dict[str, str]:
    """All pictures, from one fresh demo."""
    desk = await open_local(home / "demo")
    try:
        return {name: await draw(desk, Path(tempfile.mkdtemp(dir=home)), *what) for name, what in PICTURES.items()}
    finally:
        await desk.close()
        desk.server.wait_stopped()


def main() -> None:
    """Draw them and keep them."""
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    # In all colours, whatever terminal this is run from.
    os.environ.pop("NO_COLOR", None)
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
    with tempfile.TemporaryDirectory(prefix="helpdesk-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o755)
        pictures = asyncio.run(draw_all(Path(home)))
    directory.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        (directory / f"{name}.svg").write_text(picture, encoding="utf-8")
        print(directory / f"{name}.svg")


if __name__ == "__main__":
    main()
