"""Remarks come when a number leaves its healthy range, and go when it is back, without flicker."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.figures import LayerFigures, Layers
from core.measuring.remarks import RULES, Figures, Remarks, judge
from core.snapshot import Moment


def row(name: str = "fc1", **changes: object) -> LayerFigures:
    healthy = LayerFigures(name, 100, gradient=1.0, weight=5.0, update=1e-3, dead=0.1)
    return replace(healthy, **changes)  # type: ignore[arg-type]


def layers(*rows: LayerFigures, updates: int = 100, loss: float = 1.0) -> Layers:
    return Layers(Moment(updates), rows or (row(), row("fc2")), loss, 512, 0.01, Moment(updates))


def figures(
    *rows: LayerFigures, updates: int = 100, loss: float = 1.0, **changes: object
) -> Figures:
    told = Figures(layers(*rows, updates=updates, loss=loss), layers())
    return replace(told, **changes)  # type: ignore[arg-type]


def said(rule: str, figures: Figures) -> str:
    (named,) = (each for each in RULES if each.name == rule)
    remark = judge(named, figures)
    return remark.text if remark else ""


def test_of_healthy_figures_nothing_is_said() -> None:
    assert [judge(rule, figures()) for rule in RULES] == [None] * len(RULES)


def test_every_rule_names_its_source() -> None:
    assert all("arXiv" in r.source or "CS231n" in r.source or "AISTATS" in r.source for r in RULES)


@pytest.mark.parametrize(
    ("rule", "told", "text"),
    [
        (
            "update ratio",
            figures(row(update=0.2), row("fc2", update=0.05)),
            "update ratio of fc1 is 0.2: the learning rate is probably too high",
        ),
        (
            "slow updates",
            figures(row(update=3e-6), row("fc2", update=1e-7)),
            "update ratio of every layer is 3e-06 or less: the learning rate is probably too low",
        ),
        (
            "dead ReLUs",
            figures(row(dead=0.5), row("fc2", dead=0.75)),
            "75 % of the units after fc2 are silent on all of 512 examples: a lower learning rate "
            "keeps ReLUs from dying",
        ),
        (
            "exploding",
            figures(row(gradient=1300.0), row("fc2")),
            "gradient of fc1 is 1,300 times what it was at first: it explodes; a lower learning "
            "rate may hold it",
        ),
        (
            "vanishing",
            figures(row(gradient=2e-5), row("fc2")),
            "gradient of fc1 is 50,000 times as small as that of fc2: it hardly learns",
        ),
        (
            "vanishing",
            figures(row(gradient=0.0), row("fc2")),
            "no gradient reaches fc1: it learns nothing",
        ),
        (
            "first loss",
            figures(start=9.21, guessing=2.303),
            "loss before the first update is 9.2, that of guessing 2.3: the inputs or the first "
            "weights are too large",
        ),
    ],
)
def test_what_is_out_of_range_is_said_in_plain_words(rule: str, told: Figures, text: str) -> None:
    assert said(rule, told) == text


def test_small_updates_are_well_where_most_is_learnt() -> None:
    slow = figures(row(update=1e-7), loss=0.3)
    assert said("slow updates", slow) == ""
    assert said("slow updates", replace(slow, layers=replace(slow.layers, loss=0.9))) != ""


def test_one_layer_that_moves_is_enough() -> None:
    assert said("slow updates", figures(row(update=1e-7), row("fc2", update=1e-3))) == ""


@pytest.mark.parametrize("value", [None, 0.0])
def test_what_is_not_known_is_not_remarked_on(value: float | None) -> None:
    told = figures(row(update=None, dead=None), start=value, guessing=None)
    assert [judge(rule, told) for rule in RULES] == [None] * len(RULES)


def test_a_model_whose_gradients_are_all_nothing_has_none_that_is_smaller() -> None:
    assert said("vanishing", figures(row(gradient=0.0), row("fc2", gradient=0.0))) == ""


def heard(*rows: LayerFigures) -> list[tuple[str, ...]]:
    """What is said after each measurement of one layer."""
    remarks, after = Remarks(), []
    for updates, each in enumerate(rows, 1):
        remarks.hear(figures(each, row("fc2"), updates=updates))
        after.append(tuple(remark.rule for remark in remarks.said))
    return after


def test_dead_units_are_told_of_once_two_measurements_agree() -> None:
    ill, well = row(dead=0.9), row()
    assert heard(ill, well, ill, ill, well, ill, well, well) == [
        (), (), (), ("dead ReLUs",), ("dead ReLUs",), ("dead ReLUs",), ("dead ReLUs",), (),
    ]  # fmt: skip


def test_a_ratio_out_of_range_is_told_of_at_once() -> None:
    assert heard(row(update=0.2), row()) == [("update ratio",), ("update ratio",)]


def test_figures_of_one_measurement_count_once() -> None:
    remarks, told = Remarks(), figures(row(dead=0.9))
    for _ in range(5):
        remarks.hear(told)
    assert remarks.said == ()


def test_a_standing_remark_has_the_latest_number() -> None:
    remarks = Remarks()
    for updates, ratio in enumerate((0.2, 0.4), 1):
        remarks.hear(figures(row(update=ratio), updates=updates))
    assert "is 0.4" in remarks.said[0].text
