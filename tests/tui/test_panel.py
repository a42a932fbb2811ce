"""What the plainer panels say, and that the one in focus names its keys."""

from __future__ import annotations

from core.config import configure
from core.snapshot import RunView, State
from tests.tui import views
from tests.tui.stage import Stage
from tui.display import Display
from tui.widgets.events import EventsPanel
from tui.widgets.panel import Panel
from tui.widgets.predictions import PredictionsPanel
from tui.widgets.progress import ProgressPanel
from tui.widgets.run_settings import RunSettingsPanel


async def test_the_panel_in_focus_names_its_keys_and_the_others_do_not() -> None:
    digits, events = PredictionsPanel(Display()), EventsPanel(Display())
    async with Stage(digits, events).run_test(size=(80, 24)) as pilot:
        digits.focus()
        await pilot.pause()
        assert digits.border_title == "Predictions · arrows select"
        assert events.border_title == "Events"
        events.focus()
        await pilot.pause()
        assert digits.border_title == "Predictions"


async def shown(panel: Panel, run: RunView, size: tuple[int, int] = (60, 12)) -> str:
    """What a panel that shows `run` has written, the border included."""
    stage = Stage(panel)
    async with stage.run_test(size=size) as pilot:
        panel.show(run)
        await pilot.pause()
        return stage.text


async def test_progress_says_what_holds_the_run_back_and_when_it_stops() -> None:
    config = configure({"speed": 1000, "seconds": 100})
    run = views.run_view(config=config, updates=1000)
    text = await shown(ProgressPanel(Display()), run)
    assert "held to 1,000 updates/s, stops in 1:39" in text


async def test_a_run_that_stands_still_has_no_rate_and_no_time_left() -> None:
    run = views.run_view(State.PAUSED, updates_per_second=5.0, examples_per_second=5.0)
    text = await shown(ProgressPanel(Display()), run)
    assert "left" not in text
    assert text.count("updates/s") == 1
    assert "5.00" not in text


async def test_the_texts_of_events_begin_in_one_column_as_narrow_as_the_numbers_allow() -> None:
    text = await shown(EventsPanel(Display()), views.run_view())
    lines = [line for line in text.splitlines() if "strategy" in line or "rate" in line]
    columns = {
        min(line.find(word) for word in ("strategy", "learning") if word in line) for line in lines
    }
    assert columns == {len("│ 110,000  ")}


async def test_a_large_speed_limit_has_its_thousands_separated() -> None:
    run = views.run_view(config=configure({"speed": 1000}))
    assert "1,000 updates/s" in await shown(RunSettingsPanel(Display()), run)
