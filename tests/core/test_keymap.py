"""The ``[keys]`` table of the settings."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from helpdesk_tui.core import keymap, settings
from helpdesk_tui.core.errors import SettingsError
from tests.parts import REPOSITORY


def faults(toml: str) -> list[str]:
    return [
        f"{fault.message} {fault.nearest or ''}".strip() for fault in keymap.read(tomllib.loads(toml).get("keys"))[1]
    ]


def test_one_key_or_several_quoted_or_dotted() -> None:
    table = tomllib.loads('[keys]\n"desk.reply" = ["R", "f8"]\ndesk.note = "ctrl+/"\n"app.quit" = "ctrl+q"\n')["keys"]
    found, wrong = keymap.read(table)
    assert wrong == []
    assert found == {"desk.reply": ("R", "f8"), "desk.note": ("ctrl+slash",), "app.quit": ("ctrl+q",)}


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("keys = 3", "keys must be a table"),
        ('[keys]\n"desk.replay" = "R"', "There is no action “desk.replay”. desk.reply"),
        ('[keys]\n"desk.reply" = 3', "text, or a list of texts"),
        ('[keys]\n"desk.reply" = []', "text, or a list of texts"),
        ('[keys]\n"desk.reply" = "ctlr+r"', "“ctlr+r” is no key."),
        ('[keys]\n"desk.reply" = "ctrl+pagedwon"', "“ctrl+pagedwon” is no key. ctrl+pagedown"),
        ('[keys]\n"desk.reply" = "j"', "“j” is the key of queue.down too"),
        ('[keys]\n"desk.reply" = "K"', "“K” is the key of place.knowledge too"),
        ('[keys]\n"desk.reply" = "x"\n"desk.note" = "x"', "“x” is the key of desk.reply too"),
    ],
)
def test_what_is_wrong_is_named(toml: str, words: str) -> None:
    (fault,) = dict.fromkeys(faults(toml)) if "is the key" not in words else list(dict.fromkeys(faults(toml)))[:1]
    assert words in fault


def test_keys_may_be_swapped_and_kept() -> None:
    assert faults('[keys]\n"desk.reply" = "i"\n"desk.note" = "r"\n"desk.status" = ["s", "f6"]') == []


def test_chords_are_understood_and_those_that_cannot_be_typed_are_named() -> None:
    found, wrong = keymap.read(tomllib.loads('[keys]\n"desk.reply" = ["x r", ", /"]\n"app.dark" = "comma d"')["keys"])
    assert (found, wrong) == ({"desk.reply": ("x r", "comma slash"), "app.dark": ("comma d",)}, [])
    assert "“g r” cannot be typed: “g” does something by itself (queue.first)." in faults(
        '[keys]\n"desk.reply" = "g r"'
    )
    assert any("“x r” cannot be typed" in fault for fault in faults('[keys]\n"desk.reply"="x r"\n"desk.note"="x"'))
    assert any("“x r” is the key" in fault for fault in faults('[keys]\n"desk.reply"="x r"\n"desk.note"="x r"'))
    assert faults('[keys]\n"desk.reply" = "x hyperspace"') == ["“x hyperspace” is no key."]
    assert faults('[keys]\n"desk.reply" = "a b c d e"')


def test_the_example_of_the_documents_is_sound() -> None:
    text = (REPOSITORY / "docs" / "settings.md").read_text(encoding="utf-8")
    table = tomllib.loads("[keys]\n" + text.split("[keys]\n")[1].split("```")[0])["keys"]
    found, wrong = keymap.read(table)
    assert wrong == []
    assert len(found) > 1


def test_settings_carry_the_keys_and_name_the_line_of_a_wrong_one(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('auth_url = "https://a.example"\ndb_host = "db"\n[keys]\n"desk.reply" = ["r", "f8"]\n')
    assert settings.load({}, {}, path).keys == {"desk.reply": ("r", "f8")}
    path.write_text('auth_url = "https://a.example"\ndb_host = "db"\n[keys]\n"desk.reply" = "r"\n"desk.nope" = "x"\n')
    with pytest.raises(SettingsError, match=r"config.toml:5: keys.desk.nope: There is no action “desk.nope”"):
        settings.load({}, {}, path)
    assert [(problem.line, problem.key) for problem in settings.validate(path)] == [(5, "keys.desk.nope")]
