"""Settings are nudged, typed and chosen in place; what is not allowed changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.widgets import Input, Static

from core.commands import Change, Reset
from core.config import SETTINGS, STOP_CONDITIONS, RunConfig, configure
from core.errors import UserError
from core.optimizers.table import OPTIMIZERS
from core.snapshot import State
from tests.tui.piloted import Piloted, piloted
from tests.tui.views import EXAMPLES, of_numbers, run_view
from tui.nudges import nudged
from tui.widgets.hyperparameters import HyperparametersPanel
from tui.widgets.run_settings import RunSettingsPanel
from tui.widgets.setting_list import SettingList
from tui.widgets.value_editor import ValueEditor

NUDGED = (
    *("batch_size", "order", "optimizer", "schedule", "warmup", "decay", "decay_epochs"),
    *("speed", *STOP_CONDITIONS, "eval_every", "snapshot_every", "snapshot_memory"),
)


# Nudges


@given(st.sampled_from(NUDGED), st.lists(st.sampled_from([-1, 1]), max_size=60))
def test_a_nudged_setting_is_always_allowed(name: str, directions: list[int]) -> None:
    config = RunConfig()
    for direction in directions:
        config = config.changed(name, nudged(config, name, direction, EXAMPLES))


@given(st.data())
def test_a_nudged_hyperparameter_is_allowed_by_itself(data: st.DataObject) -> None:
    optimizer = OPTIMIZERS[data.draw(st.sampled_from(list(OPTIMIZERS)))]
    row = data.draw(st.sampled_from(optimizer.hyperparameters))
    config = configure({"optimizer": optimizer.name})
    value = nudged(config, row.name, data.draw(st.sampled_from([-1, 1])), EXAMPLES)
    assert row.parse(value) == value


@pytest.mark.parametrize(
    "name", ["speed", "epochs", "updates", "seconds", "eval_every", "snapshot_memory"]
)
def test_a_ladder_ends_where_it_ends(name: str) -> None:
    config = RunConfig()
    for _ in range(80):
        config = config.changed(name, nudged(config, name, 1, EXAMPLES))
    assert config.changed(name, nudged(config, name, 1, EXAMPLES)) == config


def test_a_value_between_two_rungs_goes_to_the_next_one() -> None:
    config = configure({"epochs": 7})
    assert nudged(config, "epochs", 1, EXAMPLES) == 10
    assert nudged(config, "epochs", -1, EXAMPLES) == 5


def test_a_batch_size_halves_and_doubles_within_its_range() -> None:
    batch = configure({"strategy": "batch"})
    assert nudged(batch, "batch_size", -1, EXAMPLES) == 30_000
    assert nudged(batch, "batch_size", 1, EXAMPLES) == 60_000
    assert nudged(configure({}), "batch_size", -1, EXAMPLES) == 1


# Rows


def _answer(on: Piloted) -> str:
    """What the open editor says below its line."""
    return str(on.cockpit.query_one(".answer", Static).render())


def _notices(on: Piloted) -> str:
    return " ".join(str(each.message) for each in on.app._notifications)


def rows(panel: SettingList) -> str:
    return panel.query_one(".body").text


async def select(on: Piloted, name: str) -> SettingList:
    """Put the cursor on a setting, wherever it is listed."""
    for panel in on.cockpit.query(SettingList):
        if panel.select(name):
            on.cockpit.show_panel(panel)
            await on.pilot.pause()
            return panel
    raise AssertionError(name)


async def test_only_what_the_optimizer_and_the_schedule_have_is_listed() -> None:
    async with piloted() as on:
        panel = on.cockpit.query_one(HyperparametersPanel)
        assert "momentum" in rows(panel)
        assert "beta 1" not in rows(panel)
        assert "decay epochs" not in rows(panel)
        await on.show(run_view(config=configure({"optimizer": "adam", "schedule": "step"})))
        assert "momentum" not in rows(panel)
        assert "beta 1" in rows(panel)
        assert "decay epochs" in rows(panel)


async def test_the_rate_in_force_stands_beside_the_rate_that_is_set() -> None:
    run = run_view(config=configure({"schedule": "cosine"}), learning_rate=0.005)
    async with piloted(run) as on:
        assert "0.01→0.00500" in rows(on.cockpit.query_one(HyperparametersPanel))


async def test_left_and_right_nudge_the_row_that_up_and_down_chose() -> None:
    async with piloted() as on:
        assert await on.press("right") == [Change("optimizer", "adagrad")]
        assert await on.press("down", "right") == [Change("lr", 0.0126)]
        assert await on.press("left") == [Change("lr", 0.00794)]
        await select(on, "nesterov")
        assert await on.press("left") == []  # it is off
        await select(on, "batch_size")
        assert await on.press("right") == [Change("batch_size", 2)]
        await select(on, "epochs")
        assert await on.press("right") == [Change("epochs", 1)]


async def test_a_nudge_that_means_nothing_is_refused_with_the_reason() -> None:
    async with piloted() as on:
        await select(on, "nesterov")
        assert await on.press("right") == []
        assert "Nesterov needs a momentum above 0" in _notices(on)


async def test_enter_opens_an_editor_with_the_value_that_is_set() -> None:
    async with piloted() as on:
        await on.press("down", "enter")
        editor = on.cockpit.query_one(ValueEditor)
        assert editor.query_one(Input).value == "0.01"
        assert _answer(on) == "a number above 0 up to 1,000"
        assert await on.press(*"0.05", "enter") == [Change("lr", 0.05)]
        assert not on.cockpit.query(ValueEditor)
        assert on.app.focused is on.cockpit.query_one(HyperparametersPanel)


async def test_a_bad_value_is_refused_in_place_and_the_old_one_stays() -> None:
    async with piloted() as on:
        assert await on.press("down", "enter", "x", "enter") == []
        refused = "learning rate: 'x' is not allowed: it must be a number above 0 up to 1,000"
        assert _answer(on) == refused
        assert on.cockpit.query(ValueEditor)
        assert await on.press("escape") == []
        assert not on.cockpit.query(ValueEditor)
        assert "0.01" in rows(on.cockpit.query_one(HyperparametersPanel))


async def test_keys_typed_into_an_editor_are_text_and_nothing_else() -> None:
    async with piloted() as on:
        assert await on.press("b", "space", "1", "q", "r", "]", "full_stop") == []
        assert on.cockpit.query_one(Input).value.endswith(" 1qr].")


async def test_a_batch_size_beyond_the_data_is_refused() -> None:
    async with piloted() as on:
        assert await on.press("b", *"70000", "enter") == []
        assert "from 1 to 60,000, the training examples of MNIST" in _answer(on)
        assert await on.press("escape", "b", "6", "4", "enter") == [Change("batch_size", 64)]


async def test_a_value_that_is_left_as_it_stands_is_not_rounded() -> None:
    async with piloted(run_view(config=configure({"lr": 0.0123456789}))) as on:
        assert await on.press("down", "enter", "enter") == []
        assert not on.cockpit.query(ValueEditor)


async def test_keys_act_in_the_order_in_which_they_were_pressed_also_in_one_burst() -> None:
    async with piloted() as on:
        await on.press("b")
        for key in ("backspace", *"70000", "left", "delete", "home", "5"):
            on.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await on.pilot.pause()
        assert on.cockpit.query_one(Input).value == "57000"


async def test_the_editor_says_what_is_allowed_and_what_comes_of_it() -> None:
    async with piloted() as on:
        await on.press("b")
        assert _answer(on) == "a whole number from 1 to 60,000"
        await on.press("escape")
        await select(on, "seed")
        await on.press("enter")
        assert _answer(on).endswith("the run begins again with it")


async def test_a_new_seed_is_typed_and_begins_again_but_is_not_nudged() -> None:
    async with piloted() as on:
        await select(on, "seed")
        assert await on.press("right") == []
        assert await on.press("enter", "7", "enter") == [Reset(7)]


async def test_enter_on_a_choice_offers_the_names_and_on_a_flag_toggles_it() -> None:
    run = run_view(config=configure({"momentum": 0.9}))
    async with piloted(run) as on:
        await select(on, "order")
        assert await on.press("enter", "down", "enter") == [Change("order", "fixed")]
        await select(on, "nesterov")
        assert await on.press("enter") == [Change("nesterov", True)]


async def test_an_editor_that_is_asked_for_twice_at_once_opens() -> None:
    async with piloted() as on:
        panel = on.cockpit.query_one(HyperparametersPanel)
        panel.select("batch_size")
        for _ in range(2):  # before the first has a line to type in
            panel.action_edit()
        await on.pilot.pause()
        assert isinstance(on.app.focused, Input)


async def test_stop_conditions_are_listed_with_the_run() -> None:
    config = configure({"epochs": 5, "target_accuracy": 0.95, "speed": 100})
    async with piloted(run_view(State.RUNNING, config=config)) as on:
        listed = rows(on.cockpit.query_one(RunSettingsPanel))
        assert "100 updates/s" in listed
        assert "0.95" in listed
        assert "stop at epoch" in listed
        assert "stops in" in on.text


async def test_an_accuracy_to_stop_at_is_listed_only_where_there_is_one() -> None:
    async with piloted() as on:
        panel = on.cockpit.query_one(RunSettingsPanel)
        assert "stop at accuracy" in rows(panel)
        await on.show(of_numbers())
        assert "stop at accuracy" not in rows(panel)


async def test_a_batch_size_beyond_ones_own_data_is_refused() -> None:
    async with piloted(of_numbers()) as on:
        assert await on.press("b", *"900", "enter") == []
        assert "from 1 to 800, the training examples of houses.csv" in _answer(on)


async def test_means_are_chosen_by_name_where_they_apply() -> None:
    async with piloted() as on:
        assert "precision" not in rows(on.cockpit.query_one(HyperparametersPanel))
        await select(on, "stepper")
        assert await on.press("enter", "down", "enter") == [Change("stepper", "autograd")]
        await on.show(run_view(device="cuda:0", stepper="graphs"))
        await select(on, "precision")
        assert await on.press("enter", "end", "enter") == [Change("precision", "bfloat16")]


async def test_what_is_kept_of_the_past_is_listed_with_the_run() -> None:
    config = configure({"snapshot_every": 2.5, "snapshot_memory": 2048})
    async with piloted(run_view(config=config)) as on:
        panel = on.cockpit.query_one(RunSettingsPanel)
        lines = [" ".join(line.split()) for line in rows(panel).splitlines()]
        assert lines[-2:] == ["snapshot every 2.5 s", "snapshot memory 2,048 MB"]
        await select(on, "snapshot_memory")
        assert await on.press("left") == [Change("snapshot_memory", 1024.0)]


def test_every_live_setting_can_be_nudged() -> None:
    live = {name for name, setting in SETTINGS.items() if setting.live}
    for name in live:
        try:
            assert RunConfig().changed(name, nudged(RunConfig(), name, 1, EXAMPLES))
        except UserError:
            pytest.fail(name)


async def test_a_click_on_a_strategy_selects_it() -> None:
    async with piloted() as on:
        on.engine.sent.clear()
        await on.pilot.click("#strategy", offset=(8, 4))
        await on.pilot.pause()
        assert Change("strategy", "mini-batch") in on.engine.sent
