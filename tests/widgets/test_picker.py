"""The list to choose from, by itself."""

from __future__ import annotations

from textual.app import App, ComposeResult

from helpdesk_tui.widgets.picker import Choice, Picker


class Asking(App[None]):
    """A picker and nothing else."""

    def compose(self) -> ComposeResult:
        """The picker."""
        yield Picker(id="picker")

    def on_picker_chosen(self, message: Picker.Chosen) -> None:
        """As screens do."""
        message.answer()


async def test_long_list_is_turned_by_pages_and_ends_at_its_ends() -> None:
    chosen: list[int] = []
    async with Asking().run_test(size=(80, 24)) as pilot:
        picker = pilot.app.query_one(Picker)
        for keys, wanted in (
            (["pagedown"], 13),
            (["pagedown", "pagedown", "pagedown", "pagedown"], 39),
            (["pagedown", "pagedown", "pageup"], 13),
            (["pageup"], 0),
            (["up", "pagedown"], 39),
        ):
            picker.ask("which", [Choice(n, f"number {n}") for n in range(40)], chosen.append)
            await pilot.pause()
            await pilot.press(*keys, "enter")
            await pilot.pause()
            assert chosen.pop() == wanted, keys


async def test_a_long_title_is_seen_to_go_on_and_what_is_written_stays_in_sight() -> None:
    async with Asking().run_test(size=(40, 12)) as pilot:
        picker = pilot.app.query_one(Picker)
        picker.ask("Not sent yet · Nothing answers here", [Choice(n, f"number {n}") for n in range(9)], lambda _: None)
        await pilot.pause()
        assert picker.render_line(0).text.rstrip() == " Not sent ye… Esc leaves · type to find"
        await pilot.press(*"here and there and everywhere")
        await pilot.pause()
        assert picker.render_line(0).text.rstrip().endswith("everywhere▏ Esc leaves")
