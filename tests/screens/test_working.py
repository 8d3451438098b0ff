"""What is run beside the interface: begun or not, nothing is left over."""

from __future__ import annotations

import asyncio
import gc
import warnings

from textual.app import App

from helpdesk_tui.working import Work


async def test_work_that_is_cancelled_before_its_first_step_is_closed_quietly() -> None:
    begun: list[str] = []

    async def work(name: str) -> None:
        begun.append(name)
        await asyncio.sleep(0)
        begun.append(f"{name} done")

    app: App[None] = App()
    async with app.run_test():
        with warnings.catch_warnings(record=True) as complaints:
            warnings.simplefilter("always")
            app.run_worker(Work(work("first")), group="one at a time", exclusive=True)
            await app.run_worker(Work(work("second")), group="one at a time", exclusive=True).wait()
            gc.collect()
    assert begun == ["second", "second done"]
    assert [str(each.message) for each in complaints] == []
