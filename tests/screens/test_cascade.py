"""The app's style sheet remembers what it worked out. What comes out is what Textual's own comes to."""

from __future__ import annotations

import random
from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.widget import Widget

from helpdesk_tui.cascade import Cascade
from tests.screens.opened import Team, opened


def rules_of(node: DOMNode) -> dict[str, object]:
    """What holds for a widget and for each part of it."""
    parts = {name: dict(node.get_component_styles(name).base._rules) for name in node._get_component_classes()}
    return {"itself": dict(node.styles.base._rules), **parts}


def astray(app: App[int]) -> list[str]:
    """The widgets, of all screens, that Textual's own style sheet would style otherwise."""
    assert isinstance(app.stylesheet, Cascade)
    plain = Stylesheet(variables=app.get_css_variables())
    plain.source = app.stylesheet.source.copy()
    plain.parse()
    found = []
    for node in [app, *(node for screen in app.screen_stack for node in screen.walk_children(with_self=True))]:
        ours = rules_of(node)
        plain.apply(node)
        if rules_of(node) != ours:
            found.append(repr(node))
    return found


class Box(Widget, can_focus=True):
    """A widget that looks different for each reason there is."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"box--word", "box--sign"}
    DEFAULT_CSS = """
    Box { height: 1; color: red; &:focus { color: blue; } &:disabled { background: $panel; }
          & > .box--word { color: green; } &.-on > .box--word { color: $primary; }
          &:focus > .box--sign { color: white; } }
    """


class Late(Box):
    """Brings its styles along when the others are there already."""

    DEFAULT_CSS = "Late { color: yellow; &.-on { color: initial; } }"


class Boxes(App[int]):
    """An app of them."""

    CSS = """
    .-narrow Box { width: 5; } Box:first-child { text-style: bold; }
    #second { tint: red 10%; } #second.-on { tint: blue 10%; }
    Vertical:focus-within { border: round red; } Vertical:focus-within .box--sign { text-style: italic; }
    .-narrow .box--sign, Box:dark.-on .box--sign { background: $error; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.stylesheet = Cascade(variables=self.get_css_variables())

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Box()
            yield Box(id="second")
        yield Vertical(Box(), id="other")


async def test_a_style_that_is_remembered_is_what_it_would_be_anew() -> None:
    chance = random.Random(4)
    async with Boxes().run_test() as pilot:
        app = pilot.app
        for step in range(60):
            boxes = list(app.query(Box))
            box, act = chance.choice(boxes), chance.randrange(8)
            if act == 0:
                box.toggle_class("-on")
            elif act == 1:
                app.screen.toggle_class("-narrow")
            elif act == 2:
                app.set_focus(chance.choice([box, None]))
            elif act == 3:
                box.disabled = not box.disabled
            elif act == 4:
                app.theme = chance.choice(["textual-dark", "textual-light"])
            elif act == 5 and len(boxes) < 8:
                await app.query("Vertical").first().mount(chance.choice([Box, Late])())
            elif act == 6 and len(boxes) > 4:
                await box.remove()
                # Textual does not look again at who comes first now.
                app.update_styles(app.screen)
            await pilot._wait_for_screen()
            assert not astray(app), (step, act)


async def test_every_widget_is_styled_as_by_textual_whatever_it_has_been_through(team: Team, tmp_path: Path) -> None:
    async with opened(team.database, team.admin, tmp_path, (160, 48)) as seen:
        await seen.until(lambda: seen.shows("It began yesterday"), "the ticket beside the list")
        # The second time it is remembered.
        for again in (False, True):
            await seen.press("ctrl+t")
            await seen.pilot.resize_terminal(80, 24)
            seen.app.open_place("admin")
            await seen.until(lambda: seen.app.screen is not seen.desk, "the admin's place")
            assert not again or not astray(seen.app), "in another theme, narrow, on two screens"
            seen.app.open_place("home")
            await seen.until(lambda: seen.app.screen is seen.desk, "the desk again")
            await seen.pilot.resize_terminal(160, 48)
            await seen.press("enter", "r")
            assert not again or not astray(seen.app), "wide, writing an answer"
            await seen.press("escape", "escape")
