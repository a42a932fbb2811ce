"""A prepared experiment: can stochastic descent leave the place where batch descent has settled?

On the chapter's own problem batch descent takes hours to settle. So the problem is a small one,
in which it does in seconds: few hidden units, few examples, and a weight decay, without which the
loss would creep on for ever. What comes of it is for the measurements to say.
"""

from __future__ import annotations

from dataclasses import replace

from core.config import OF_THE_DATA, RunConfig
from core.data.dataset import Dataset
from core.racing.race import Budget
from core.record import Record
from core.snapshot import Clock

BUDGET = Budget(Clock.SECONDS, 5.0)  # for each of the two, from there
PATIENCE = 30.0  # training seconds within which batch descent has to settle
_EXAMPLES = 500
_SETTINGS = {
    "model": "perceptron",
    "widths": (4,),
    "strategy": "batch",
    "order": "reshuffled",
    "optimizer": "sgd",
    "lr": 0.02,
    "weight_decay": 0.05,
    "schedule": "constant",
    "eval_every": 100_000,
}
_KEPT = (*OF_THE_DATA, "seed", "device", "threads", "snapshot_every", "snapshot_memory")
_WINDOW = 500  # updates
_LEAST_FALL = 0.0005  # of the loss, from one window to the next: less is none


def problem(config: RunConfig, data: Dataset) -> tuple[RunConfig, Dataset]:
    """The settings and the data of the experiment, with the seed and the device of `config`."""
    kept = {name: getattr(config, name) for name in _KEPT}
    config = replace(RunConfig(), **kept)
    for name, value in _SETTINGS.items():
        config = config.changed(name, value)
    return config, data.first(_EXAMPLES)


def has_settled(record: Record) -> bool:
    """Whether the loss has all but ceased to fall."""
    losses = record.window.latest(2 * _WINDOW)
    if len(losses) < 2 * _WINDOW:
        return False
    before, now = losses[:_WINDOW].mean(), losses[_WINDOW:].mean()
    return bool(now > (1 - _LEAST_FALL) * before)
