"""What the plainer panels say, and that the one in focus names its keys."""

from __future__ import annotations

import pytest

from core.config import configure
from core.snapshot import Event, Moment, RunView, State
from tests.tui import views
from tests.tui.stage import Stage
from tui.display import Display
from tui.widgets.events import EventsPanel
from tui.widgets.header import Header
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


def _words(text: str) -> str:
    """A text without its lines and bars, a space between two words."""
    return " ".join(word for word in text.split() if word.strip("━╸─│╭╮╰╯"))


@pytest.mark.parametrize(
    ("epochs_made", "said"),
    [
        (0, "epoch 1 of 2 0 %"),
        (0.25, "epoch 1 of 2 25 %"),
        (1, "epoch 1 of 2 100 %"),
        (1.5, "epoch 2 of 2 50 %"),
        (2, "epoch 2 of 2 100 %"),
    ],
)
async def test_between_two_epochs_the_one_that_was_finished_is_shown(
    epochs_made: float, said: str
) -> None:
    config = configure({"epochs": 2})
    updates = round(epochs_made * views.EXAMPLES)
    run = views.run_view(State.PAUSED, updates=updates, config=config)
    assert said in _words(await shown(ProgressPanel(Display()), run))


async def test_an_update_that_takes_the_whole_epoch_is_seen_to_advance() -> None:
    config = configure({"strategy": "batch"})
    run = views.run_view(config=config, updates=3, update_progress=0.4)
    assert "epoch 4 40 %" in _words(await shown(ProgressPanel(Display()), run))


async def test_progress_gives_the_figures_of_the_run() -> None:
    text = _words(await shown(ProgressPanel(Display()), views.run_view()))
    assert "updates 144,601 updates/s 135,000" in text
    assert "training loss 0.214 examples/s 135,000" in text
    assert "test loss 0.241 test accuracy 93.1 %" in text
    assert "best accuracy 94.4 %" in text


async def test_where_it_is_narrow_progress_keeps_what_matters_most() -> None:
    text = _words(await shown(ProgressPanel(Display()), views.run_view(), size=(34, 6)))
    assert "updates/s" in text
    assert "test accuracy" in text
    assert "examples/s" not in text


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


async def test_the_newest_event_comes_first_and_says_what_changed_and_what_was_reset() -> None:
    text = await shown(EventsPanel(Display()), views.run_view())
    adam = text.index("optimizer SGD → Adam; momentum begins at zero")
    assert adam < text.index("learning rate 0.01 → 0.0126") < text.index("strategy batch")


async def test_events_and_panels_call_things_by_the_same_names() -> None:
    told = (
        Event(1, Moment(), "optimizer", "sgd", "adam"),
        Event(2, Moment(), "speed", "1000", "none"),
        Event(3, Moment(), "strategy", "batch", "mini-batch 64"),
    )
    text = await shown(EventsPanel(Display()), views.run_view(events=told))
    assert "optimizer SGD → Adam" in text
    assert "speed limit 1,000 → none" in text
    assert "strategy batch → mini-batch 64" in text


async def test_older_events_are_scrolled_to_and_not_beyond_the_oldest() -> None:
    told = tuple(Event(n, views.moment(n), "seed", after=f"no. {n}") for n in range(1, 31))
    panel = EventsPanel(Display())
    stage = Stage(panel)
    async with stage.run_test(size=(40, 12)) as pilot:
        panel.show(views.run_view(events=told))
        panel.focus()
        await pilot.press(*["pagedown"] * 5)
        assert "no. 1 " in stage.text
        assert "no. 30" not in stage.text
        await pilot.press(*["pageup"] * 3)
        assert "no. 30" in stage.text


@pytest.mark.parametrize("state", [State.READY, State.RUNNING, State.DIVERGED])
async def test_the_header_says_what_is_trained_by_what_and_what_it_is_doing(state: State) -> None:
    header = Header(Display())
    stage = Stage(header)
    async with stage.run_test(size=(120, 3)) as pilot:
        header.show(views.snapshot(views.run_view(state)))
        await pilot.pause()
        for said in ("SimpleNet 784-128-10", "MNIST 60,000", "cpu, resident, fused", "epoch 2.41"):
            assert said in stage.text
        assert state.value.upper() in stage.text


async def test_where_it_is_narrow_the_header_keeps_the_state_and_drops_whole_facts() -> None:
    header = Header(Display())
    stage = Stage(header)
    async with stage.run_test(size=(60, 3)) as pilot:
        header.show(views.snapshot(views.run_view()))
        await pilot.pause()
        assert "RUNNING" in stage.text
        assert "SimpleNet 784-128-10" in stage.text
        assert "cpu" not in stage.text


async def test_a_large_speed_limit_has_its_thousands_separated() -> None:
    run = views.run_view(config=configure({"speed": 1000}))
    assert "1,000 updates/s" in await shown(RunSettingsPanel(Display()), run)
