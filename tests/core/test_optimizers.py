"""Hyperparameters edited while training, and what one optimizer hands on to the next."""

from __future__ import annotations

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import nn

from core.errors import UserError
from core.optimizers.live import LiveOptimizer
from core.optimizers.table import OPTIMIZERS, Scale

HERE = [name for name, spec in OPTIMIZERS.items() if hasattr(torch.optim, spec.torch_name)]


def a_parameter() -> nn.Parameter:
    return nn.Parameter(torch.linspace(-1, 1, 6).view(2, 3))


def live(name: str, parameter: nn.Parameter, **given: float) -> LiveOptimizer:
    spec = OPTIMIZERS[name]
    return LiveOptimizer(spec, [parameter], spec.complete(given))


def step(optimizer: LiveOptimizer, updates: int = 1) -> None:
    for _ in range(updates):
        for parameter in optimizer.parameters:
            parameter.grad = torch.sin(7 * parameter.detach()) + 0.1
        optimizer.step()


@pytest.mark.parametrize("name", HERE)
def test_the_table_has_torchs_own_defaults(name: str) -> None:
    ours = live(name, a_parameter())
    plain = getattr(torch.optim, OPTIMIZERS[name].torch_name)([a_parameter()])
    for row in OPTIMIZERS[name].hyperparameters:
        key, index = row.group_key or (row.name, None)
        theirs = plain.defaults[key] if index is None else plain.defaults[key][index]
        if (name, row.name) != ("sgd", "lr"):  # the chapter's
            assert ours.values[row.name] == theirs == row.default


@pytest.mark.parametrize("name", HERE)
def test_every_hyperparameter_can_be_edited_at_any_update(name: str) -> None:
    """Edited live, an optimizer goes on as one that was made with the new value."""
    for row in OPTIMIZERS[name].hyperparameters:
        if row.name == "nesterov" and name == "sgd":
            continue  # needs a momentum; has its own test
        value = row.nudged(row.default, +1)
        if value == row.default:
            value = row.nudged(row.default, -1)
        edited_parameter, made_parameter = a_parameter(), a_parameter()
        edited = live(name, edited_parameter)
        edited.write(row.name, value, update=0)
        made = live(name, made_parameter, **{row.name: value})
        step(edited, 3)
        step(made, 3)
        assert torch.equal(edited_parameter, made_parameter), row.name
        edited.write(row.name, row.default, update=3)
        edited.write(row.name, value, update=3)
        step(edited, 2)
        step(made, 2)
        assert torch.equal(edited_parameter, made_parameter), row.name


@pytest.mark.parametrize(
    ("name", "switch", "value"),
    [("rmsprop", "momentum", 0.5), ("rmsprop", "centered", True), ("adam", "amsgrad", True)],
)
def test_a_memory_switched_on_mid_run_starts_from_zero(
    name: str, switch: str, value: float
) -> None:
    parameter = a_parameter()
    optimizer = live(name, parameter)
    step(optimizer, 3)
    assert optimizer.write(switch, value, update=3) == ""
    step(optimizer, 3)
    assert torch.isfinite(parameter).all()


def test_momentum_that_an_update_passed_without_starts_anew_and_says_so() -> None:
    parameter = a_parameter()
    optimizer = live("sgd", parameter, momentum=0.9)
    step(optimizer, 3)
    optimizer.write("momentum", 0.0, update=3)
    step(optimizer)
    assert optimizer.write("momentum", 0.9, update=4) == "reset: momentum"
    other = nn.Parameter(parameter.detach().clone())
    fresh = live("sgd", other, momentum=0.9)
    step(optimizer, 2)
    step(fresh, 2)
    assert torch.equal(parameter, other)


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        ("adam", "adamw", True),
        ("nadam", "adam", True),
        ("adamw", "radam", True),
        ("adam", "rmsprop", True),
        ("adadelta", "rmsprop", True),
        ("rmsprop", "adam", False),
        ("sgd", "adam", False),
        ("adam", "sgd", False),
        ("adam", "nadam", False),
        ("sgd", "rmsprop", False),
    ],
)
def test_memory_is_handed_on_where_the_next_can_use_all_it_needs(
    old: str, new: str, kept: bool
) -> None:
    parameter = a_parameter()
    before = live(old, parameter, **({"momentum": 0.9} if old == "sgd" else {}))
    step(before, 5)
    after = live(new, parameter)
    said = after.adopt(before)
    assert ("kept:" in said) is kept
    assert ("reset:" in said) is (not kept or len(before.states()[0]) > len(after.states()[0]))
    step(after, 5)
    assert torch.isfinite(parameter).all()


def test_adam_to_adamw_without_decay_changes_nothing() -> None:
    straight, switched = a_parameter(), a_parameter()
    adam = live("adam", straight)
    step(adam, 10)
    first = live("adam", switched)
    step(first, 5)
    second = live("adamw", switched, weight_decay=0.0)
    second.adopt(first)
    step(second, 5)
    assert torch.equal(straight, switched)


@pytest.mark.parametrize("name", HERE)
def test_a_saved_state_goes_on_bit_for_bit(name: str) -> None:
    one, other = a_parameter(), a_parameter()
    optimizer = live(name, one)
    step(optimizer, 4)
    with torch.no_grad():
        other.copy_(one)
    resumed = live(name, other)
    resumed.load_state(optimizer.state())
    step(optimizer, 4)
    step(resumed, 4)
    assert torch.equal(one, other)


@given(
    name=st.sampled_from(list(OPTIMIZERS)),
    place=st.integers(0, 5),
    directions=st.lists(st.sampled_from([-1, 1]), max_size=80),
)
@example("adam", 2, [1] * 10)  # beyond 0.9999 it was rounded to where no step led back
def test_nudges_stay_within_the_range_and_can_be_taken_back(
    name: str, place: int, directions: list[int]
) -> None:
    rows = OPTIMIZERS[name].hyperparameters
    row = rows[place % len(rows)]
    value = row.default
    for direction in directions:
        moved = row.nudged(value, direction)
        assert row.parse(moved) == moved
        if row.scale is not Scale.SWITCH and moved != value:
            assert (moved > value) == (direction > 0)
        value = moved
    there = row.nudged(value, +1)
    if there != value and directions:
        assert row.nudged(there, -1) == pytest.approx(value, rel=1e-9)


def test_ten_nudges_of_the_learning_rate_are_a_decade() -> None:
    row = OPTIMIZERS["sgd"].hyperparameter("lr")
    value = 0.01
    for _ in range(10):
        value = row.nudged(value, +1)
    assert value == 0.1


def test_nesterov_without_momentum_is_refused() -> None:
    with pytest.raises(UserError, match="Nesterov needs a momentum"):
        OPTIMIZERS["sgd"].complete({"nesterov": True})


def test_an_unknown_hyperparameter_names_those_there_are() -> None:
    with pytest.raises(UserError, match=r"Adam has no such hyperparameter; it has lr, beta1"):
        OPTIMIZERS["adam"].complete({"momentum": 0.9})
