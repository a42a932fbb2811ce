"""The settings of a run: their defaults, their changes, and what does not go together."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import SETTINGS, RunConfig, configure
from core.errors import UserError
from core.optimizers.table import OPTIMIZERS


def test_without_any_setting_it_is_the_chapters_stochastic_run() -> None:
    config = configure({})
    assert (config.model, config.data, config.strategy) == ("simplenet", "mnist", "stochastic")
    assert (config.optimizer, config.learning_rate) == ("sgd", 0.01)
    assert config.examples_per_update(60_000) == 1
    assert not config.stops


@pytest.mark.parametrize(
    ("strategy", "examples"), [("batch", 60_000), ("stochastic", 1), ("mini-batch", 64)]
)
def test_the_strategy_decides_how_many_examples_an_update_takes(
    strategy: str, examples: int
) -> None:
    assert configure({"strategy": strategy}).examples_per_update(60_000) == examples


def test_a_batch_size_by_itself_means_mini_batch() -> None:
    config = configure({"batch_size": 32})
    assert (config.strategy, config.examples_per_update(60_000)) == ("mini-batch", 32)


@pytest.mark.parametrize(("strategy", "size"), [("batch", 60_000), ("stochastic", 1)])
def test_a_batch_size_may_say_what_the_strategy_means(strategy: str, size: int) -> None:
    assert configure({"strategy": strategy, "batch_size": size}).strategy == strategy


@pytest.mark.parametrize(
    ("given", "said", "to_blame"),
    [
        ({"colour": "red"}, "there is no such setting", "colour"),
        ({"strategy": "batch", "batch_size": 3}, "choose mini-batch", "batch_size"),
        ({"batch_size": 60_001}, "from 1 to 60,000, the training examples of MNIST", "batch_size"),
        ({"batch_size": 50_001, "data": "cifar10"}, "50,000", "batch_size"),
        ({"optimizer": "adam", "momentum": 0.9}, "Adam has no such hyperparameter", "momentum"),
        ({"nesterov": True}, "a momentum above 0", "nesterov"),
        ({"lr": -1}, "learning rate", "lr"),
    ],
)
def test_what_means_nothing_is_refused_and_knows_which_setting_is_to_blame(
    given: dict[str, object], said: str, to_blame: str
) -> None:
    with pytest.raises(UserError) as refused:
        configure(given)
    assert said in str(refused.value)
    assert refused.value.setting == to_blame


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_each_optimizer_has_a_default_for_all_its_hyperparameters(name: str) -> None:
    config = configure({"optimizer": name})
    assert set(config.hyperparameters) == {row.name for row in OPTIMIZERS[name].hyperparameters}
    assert config.learning_rate > 0


def test_a_change_makes_a_new_configuration_and_leaves_the_old_one() -> None:
    before = configure({})
    after = before.changed("lr", "0.5")
    assert (before.learning_rate, after.learning_rate) == (0.01, 0.5)


def test_changing_the_optimizer_starts_from_its_defaults() -> None:
    config = configure({"lr": 0.5}).changed("optimizer", "adam")
    assert config.learning_rate == 0.001
    assert config.changed("optimizer", "adam") == config


def test_changing_the_batch_size_changes_to_mini_batch() -> None:
    assert configure({}).changed("batch_size", 8).strategy == "mini-batch"


@pytest.mark.parametrize(
    ("name", "value"),
    [("colour", "red"), ("batch_size", 0), ("batch_size", 60_001), ("rho", 0.5), ("lr", "fast")],
)
def test_a_change_that_cannot_be_made_is_refused(name: str, value: object) -> None:
    with pytest.raises(UserError):
        configure({}).changed(name, value)


def test_a_data_set_too_small_for_the_batch_size_is_refused() -> None:
    config = configure({"batch_size": 60_000})
    with pytest.raises(UserError, match="50,000"):
        config.changed("data", "cifar10")


@given(st.sampled_from(sorted(SETTINGS)), st.text())
def test_any_change_gives_another_configuration_or_is_refused(name: str, text: str) -> None:
    with suppress(UserError):
        assert isinstance(configure({}).changed(name, text), RunConfig)


def test_any_stop_condition_makes_a_run_that_stops() -> None:
    assert configure({"target_accuracy": 0.9}).stops
    assert not configure({"epochs": "none"}).stops
