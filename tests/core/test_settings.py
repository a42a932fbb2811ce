"""What each kind of setting takes, what it refuses, and with which words."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import SETTINGS
from core.errors import UserError
from core.kinds import Widths
from core.optimizers.table import OPTIMIZERS
from core.settings import Choice, Flag, Kind, Number, Optional, Setting, Whole

ALL_SETTINGS = [
    *SETTINGS.values(),
    *(row for spec in OPTIMIZERS.values() for row in spec.hyperparameters),
]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Number(0, 1), "0.5", 0.5),
        (Number(0, 1), " 1e-3 ", 0.001),
        (Number(0, 1), 1, 1.0),
        (Number(0, math.inf), "1e300", 1e300),
        (Whole(1), "60,000", 60_000),
        (Whole(1), "60_000", 60_000),
        (Whole(0, 9), 9, 9),
        (Choice(("sgd", "mini-batch")), "SGD", "sgd"),
        (Choice(("sgd", "mini-batch")), "mini_batch", "mini-batch"),
        (Flag(), "yes", True),
        (Flag(), False, False),
        (Widths(), "256, 128", (256, 128)),
        (Widths(), [64], (64,)),
        (Optional(Whole(1)), "none", None),
        (Optional(Whole(1)), "", None),
        (Optional(Whole(1), "epoch"), "epoch", None),
        (Optional(Whole(1)), "7", 7),
    ],
)
def test_what_is_allowed_is_read(kind: Kind, text: object, value: object) -> None:
    assert kind.parse(text) == value


@pytest.mark.parametrize(
    ("kind", "text", "allowed"),
    [
        (Number(0, 1), "x", "a number from 0 up to 1"),
        (Number(0, 1, open_low=True), "0", "a number above 0 up to 1"),
        (Number(0, 1, open_high=True), "1", "a number from 0 and below 1"),
        (Number(0, 1), "1.0001", "from 0 up to 1"),
        (Number(0, 1), "nan", "from 0 up to 1"),
        (Number(0, math.inf), "inf", "a number of at least 0"),
        (Number(0, 1e9), -1, "up to 1,000,000,000"),
        (Number(0, 1), True, "a number"),
        (Whole(1), "0", "a whole number of at least 1"),
        (Whole(1), "1.5", "a whole number"),
        (Whole(1), True, "a whole number"),
        (Whole(1, 60_000), "60001", "a whole number from 1 to 60,000"),
        (Choice(("sgd", "adam")), "soap", "one of sgd, adam"),
        (Choice(("sgd", "adam")), 3, "one of sgd, adam"),
        (Flag(), "maybe", "on or off"),
        (Widths(), "256,,128", "separated by commas"),
        (Widths(), "0", "from 1 to 65,536"),
        (Widths(), ",".join(["8"] * 21), "up to 20 widths"),
        (Optional(Whole(1)), "-1", "at least 1, or none"),
    ],
)
def test_what_is_not_allowed_is_answered_with_what_is(
    kind: Kind, text: object, allowed: str
) -> None:
    with pytest.raises(UserError) as refused:
        kind.parse(text)
    assert allowed in str(refused.value)


def test_a_near_miss_is_answered_with_the_name_it_resembles() -> None:
    with pytest.raises(UserError, match=r"did you mean adam\?"):
        Choice(("sgd", "adam")).parse("adan")


def test_a_refusal_names_the_setting_and_knows_it() -> None:
    setting = Setting("lr", Number(0, 1), 0.5, "a rate", label="learning rate")
    with pytest.raises(UserError, match=r"^learning rate: 'x' is not allowed") as refused:
        setting.parse("x")
    assert refused.value.setting == "lr"


@given(st.sampled_from(ALL_SETTINGS), st.text())
def test_any_text_is_either_read_or_refused_in_one_printable_line(
    setting: Setting, text: str
) -> None:
    try:
        value = setting.parse(text)
    except UserError as refused:
        said = str(refused)
    else:
        said = setting.kind.write(value)
    assert said.isprintable()


@given(st.sampled_from(ALL_SETTINGS))
def test_a_default_is_read_back_as_it_is_written(setting: Setting) -> None:
    assert setting.parse(setting.kind.write(setting.default)) == setting.default


@given(st.integers(1, 10**12))
def test_a_whole_number_is_read_back_as_it_is_written(value: int) -> None:
    assert Whole(1).parse(Whole(1).write(value)) == value
