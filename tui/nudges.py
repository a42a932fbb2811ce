"""What the left and right keys make of a setting: the next value down or up."""

from __future__ import annotations

from typing import Any

from core.commands import Change
from core.config import SETTINGS, SPEEDS, RunConfig
from core.optimizers.table import HYPERPARAMETERS
from core.settings import Choice
from core.snapshot import RunView

# Stops along 1, 2, 5, 10, ... for what has no natural step of its own.
_ROUND = tuple(digit * 10.0**power for power in range(-1, 10) for digit in (1, 2, 5))
_LADDERS: dict[str, tuple[Any, ...]] = {
    "epochs": (None, 1, 2, 3, 4, 5, *map(int, _ROUND[6:15])),
    "updates": (None, *map(int, _ROUND[3:])),
    "seconds": (None, *_ROUND[3:21]),
    "target_accuracy": (None, 0.5, 0.8, *(hundredth / 100 for hundredth in range(90, 100))),
    "eval_every": (*map(int, _ROUND[3:24]), None),
    "snapshot_every": (*_ROUND[:21], None),
    "snapshot_memory": (0.0, *(2.0**power for power in range(4, 18))),
    "speed": SPEEDS,
    "warmup": (0.0, *_ROUND[:15]),
    "decay": tuple(twentieth / 20 for twentieth in range(1, 21)),
    "decay_epochs": _ROUND[:15],
}


def nudge(run: RunView, name: str, direction: int) -> Change | None:
    """The change to the value next to the setting's own; None at an end, where there is none.

    Raises UserError if the run's configuration does not take that value.
    """
    config, examples = run.config, run.training_examples
    value = nudged(config, name, direction, examples)
    if value == _now(config, name, examples):
        return None
    config.changed(name, value)
    return Change(name, value)


def _now(config: RunConfig, name: str, examples: int) -> Any:
    if name == "batch_size":
        return config.examples_per_update(examples)
    return config.hyperparameters[name] if name in HYPERPARAMETERS else getattr(config, name)


def nudged(config: RunConfig, name: str, direction: int, examples: int) -> Any:
    """The value next to the setting's own, down (-1) or up (+1); the same one at an end.

    A hyperparameter moves along its own scale, a choice goes round, and a batch size halves or
    doubles, starting from what the strategy takes of so many training `examples`.
    """
    if name in HYPERPARAMETERS:
        row = config.optimizer_spec.hyperparameter(name)
        return row.nudged(config.hyperparameters[name], direction)
    if name == "batch_size":
        return _halved_or_doubled(config, direction, examples)
    kind, value = SETTINGS[name].kind, getattr(config, name)
    if isinstance(kind, Choice):
        return kind.names[(kind.names.index(value) + direction) % len(kind.names)]
    return _along(_LADDERS[name], value, direction)


def _halved_or_doubled(config: RunConfig, direction: int, examples: int) -> int:
    size = config.examples_per_update(examples)
    moved = size * 2 if direction > 0 else size // 2
    return max(1, min(moved, examples))


def _along(ladder: tuple[Any, ...], value: Any, direction: int) -> Any:
    """The next rung, where None stands at the end of the ladder that it is written at."""
    if value in ladder:
        place = ladder.index(value) + direction
        return ladder[min(max(place, 0), len(ladder) - 1)]
    rungs = [rung for rung in ladder if rung is not None]
    if direction > 0:
        return next((rung for rung in rungs if rung > value), ladder[-1])
    return next((rung for rung in reversed(rungs) if rung < value), ladder[0])
