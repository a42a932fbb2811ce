"""Every setting a run starts from, validated in one place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from core.data.catalog import DATA_SETS
from core.data.spec import DataSpec
from core.errors import UserError
from core.kinds import Arguments, DeviceName, Size, Widths
from core.losses import LOSSES
from core.models.catalog import MODELS
from core.naming import DataName, ModelName
from core.optimizers.table import HYPERPARAMETERS, OPTIMIZERS, OptimizerSpec
from core.schedules import SCHEDULES
from core.settings import (
    Choice,
    Kind,
    Number,
    Optional,
    Setting,
    Text,
    Whole,
)
from core.strategies import STRATEGIES
from core.tasks import Task

ORDERS = {
    "reshuffled": "a new shuffle every epoch",
    "fixed": "one shuffle, the same every epoch",
    "sequential": "the order of the data set",
    "replacement": "drawn at random, each draw from all examples",
}
TASKS = ("auto", *Task)
MISSING = ("mean", "drop", "refuse")
UNREADABLE = ("skip", "refuse")
RESIDENCES = ("auto", "resident", "streamed")
PRECISIONS = ("float32", "tf32", "bfloat16")
STEPPERS = ("auto", "autograd", "compiled")
SPEEDS = (1.0, 10.0, 100.0, 1000.0, None)
STOP_CONDITIONS = ("epochs", "updates", "seconds", "target_accuracy")
# Settings that decide no weight: when to stop, how fast to go, what is looked at and kept.
OF_THE_DRIVE = (*STOP_CONDITIONS, "speed", "eval_every", "snapshot_every", "snapshot_memory")
# What decides which examples there are, and where they lie.
OF_THE_DATA = (
    *("data", "target", "image_size", "task", "test_share", "split_seed"),
    *("missing", "unreadable", "residence", "workers"),
)


def _setting(kind: Kind, default: Any, meaning: str, *, label: str = "", live: bool = True) -> Any:
    """A field of RunConfig that carries the setting's own description with it."""
    return field(default=default, metadata={"setting": (kind, meaning, label, live)})


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """The settings of one run. Frozen: a change makes a new one, by `changed`.

    `batch_size` is the size of a mini-batch; `examples_per_update` is what the strategy makes
    of it. `hyperparameters` holds a value for each row of the optimizer's table.
    """

    model: str = _setting(
        ModelName(MODELS),
        "simplenet",
        "the network, or what returns your own",
        live=False,
    )
    widths: tuple[int, ...] = _setting(
        Widths(), (256, 128), "hidden widths of the perceptron", live=False
    )
    model_arg: tuple[str, ...] = _setting(
        Arguments(), (), "an argument of your own network's factory", live=False
    )
    data: str = _setting(DataName(DATA_SETS), "mnist", "the data, or where yours is", live=False)
    target: str | None = _setting(
        Optional(Text("the name of a column"), "last"),
        None,
        "the column of a table that is to be told",
        live=False,
    )
    image_size: tuple[int, int] | None = _setting(
        Optional(Size(), "as the first image"),
        None,
        "height and width to which your images are resized, in pixels",
        live=False,
    )
    task: str = _setting(
        Choice(TASKS), "auto", "whether your data has classes or numbers to be told", live=False
    )
    test_share: float = _setting(
        Number(0, 1, open_low=True, open_high=True),
        0.2,
        "share of your examples that is kept for the test, where none are set apart",
        live=False,
    )
    split_seed: int = _setting(
        Whole(0, 2**63 - 1), 0, "decides which examples these are", live=False
    )
    missing: str = _setting(
        Choice(MISSING),
        "mean",
        "missing values of a table: its column's mean, no such row, or no such table",
        live=False,
    )
    unreadable: str = _setting(Choice(UNREADABLE), "skip", "images that cannot be read", live=False)
    residence: str = _setting(
        Choice(RESIDENCES),
        "auto",
        "whether all data lies on the device, or comes in a stream",
        live=False,
    )
    workers: int | None = _setting(
        Optional(Whole(0, 256), "auto"), None, "processes that read a stream", live=False
    )
    loss: str = _setting(Choice(("auto", *LOSSES)), "auto", "what training makes small", live=False)
    strategy: str = _setting(
        Choice(tuple(STRATEGIES)), "stochastic", "how many examples decide one update"
    )
    batch_size: int = _setting(Whole(1), 64, "examples in a mini-batch")
    order: str = _setting(
        Choice(tuple(ORDERS)), "reshuffled", "the order in which examples are visited"
    )
    optimizer: str = _setting(Choice(OPTIMIZERS), "sgd", "how a gradient becomes an update")
    hyperparameters: Mapping[str, Any] = field(
        default_factory=lambda: OPTIMIZERS["sgd"].complete({})
    )
    schedule: str = _setting(
        Choice(tuple(SCHEDULES)), "constant", "how the learning rate changes with the epochs"
    )
    warmup: float = _setting(
        Number(0, 10_000),
        0.0,
        "epochs in which the learning rate rises to its value",
        label="warm-up",
    )
    decay: float = _setting(
        Number(0, 1, open_low=True), 0.5, "factor of the step and exponential schedules"
    )
    decay_epochs: float = _setting(
        Number(0, 10_000, open_low=True), 1.0, "epochs per step, or of the whole cosine"
    )
    seed: int = _setting(Whole(0, 2**63 - 1), 0, "decides weights and order", live=False)
    device: str = _setting(DeviceName(), "auto", "what computes", live=False)
    precision: str = _setting(
        Choice(PRECISIONS),
        "float32",
        "how exactly products are computed in training; the test is always in float32",
    )
    stepper: str = _setting(
        Choice(STEPPERS), "auto", "how updates are made: auto takes the fastest that serves"
    )
    threads: int | None = _setting(
        Optional(Whole(1, 1024), "auto"), None, "processor threads for one update", live=False
    )
    speed: float | None = _setting(
        Optional(Number(0, 1e9, open_low=True)),
        None,
        "at most so many updates a second",
        label="speed limit",
    )
    epochs: int | None = _setting(Optional(Whole(1)), None, "stop after so many epochs")
    updates: int | None = _setting(Optional(Whole(1)), None, "stop after so many updates")
    seconds: float | None = _setting(
        Optional(Number(0, math.inf, open_low=True)), None, "stop after so many training seconds"
    )
    target_accuracy: float | None = _setting(
        Optional(Number(0, 1, open_low=True)), None, "stop at this test accuracy, a share of 1"
    )
    eval_every: int | None = _setting(
        Optional(Whole(1), "epoch"),
        10_000,
        "evaluate on the test set after so many examples, and at the end of every longer epoch",
        label="evaluate every",
    )
    snapshot_every: float | None = _setting(
        Optional(Number(0, 1e9, open_low=True)),
        10.0,
        "keep a moment to return to after so many training seconds",
        label="snapshot every",
    )
    snapshot_memory: float = _setting(
        Number(0, 1e6, unit="megabytes"),
        256.0,
        "memory for the moments of a run; the older, the fewer are kept",
        label="snapshot memory",
    )

    @property
    def data_spec(self) -> DataSpec | None:
        """What is known of the data before it is read; None if it is the user's own."""
        return DATA_SETS.get(self.data)

    @property
    def optimizer_spec(self) -> OptimizerSpec:
        return OPTIMIZERS[self.optimizer]

    @property
    def learning_rate(self) -> float:
        return float(self.hyperparameters["lr"])

    @property
    def stops(self) -> bool:
        """Whether any stop condition is set."""
        return any(getattr(self, name) is not None for name in STOP_CONDITIONS)

    def examples_per_update(self, examples: int) -> int:
        """What the strategy takes for one update from a training set of `examples`."""
        return STRATEGIES[self.strategy].size(examples, self.batch_size)

    def with_hyperparameters(self, values: Mapping[str, Any]) -> RunConfig:
        """This configuration with other, already checked, values for its optimizer."""
        return replace(self, hyperparameters=dict(values))

    def changed(self, name: str, value: object) -> RunConfig:
        """This configuration with one setting changed and checked; raises UserError.

        A batch size set by itself means mini-batch. A new optimizer starts from its defaults.
        """
        if name in HYPERPARAMETERS:
            row = self.optimizer_spec.hyperparameter(name)
            values = {**self.hyperparameters, name: row.parse(value)}
            self.optimizer_spec.check(values)
            return replace(self, hyperparameters=values)
        if name not in SETTINGS:
            raise UserError(f"{name}: there is no such setting; there are {', '.join(SETTINGS)}")
        parsed = SETTINGS[name].parse(value)
        match name:
            case "batch_size":
                check_batch_size(parsed, self.data_spec)
                return replace(self, batch_size=parsed, strategy="mini-batch")
            case "data":
                check_batch_size(self.batch_size, DATA_SETS.get(parsed))
                return replace(self, data=parsed)
            case "optimizer" if parsed != self.optimizer:
                values = OPTIMIZERS[parsed].complete({})
                return replace(self, optimizer=parsed, hyperparameters=values)
            case _:
                return replace(self, **{name: parsed})


def _describe(name: str, default: Any, described: tuple[Kind, str, str, bool]) -> Setting:
    kind, meaning, label, live = described
    return Setting(name, kind, default, meaning, label, live)


SETTINGS: dict[str, Setting] = {
    each.name: _describe(each.name, each.default, each.metadata["setting"])
    for each in fields(RunConfig)
    if "setting" in each.metadata
}


def title_of(name: str) -> str:
    """How people call a setting or hyperparameter; any other name is its own title."""
    known = SETTINGS.get(name) or HYPERPARAMETERS.get(name)
    return known.title if known else name


def check_batch_size(size: int, data: DataSpec | None) -> None:
    """Raise UserError if an update would take more examples than there are, as far as known."""
    if data and size > data.train:
        raise UserError(
            f"batch size: {size:,} is not allowed: it must be a whole number from 1 to "
            f"{data.train:,}, the training examples of {data.title}",
            setting="batch_size",
        )


def configure(given: Mapping[str, object]) -> RunConfig:
    """A checked configuration from the settings and hyperparameters that were given by name.

    Raises UserError for an unknown name, a value that is not allowed, or a combination that
    means nothing. A batch size given without a strategy means mini-batch.
    """
    for name in given:
        if name not in SETTINGS and name not in HYPERPARAMETERS:
            raise UserError(f"{name}: there is no such setting", setting=name)
    values = {name: SETTINGS[name].parse(v) for name, v in given.items() if name in SETTINGS}
    if "batch_size" in values:
        values.setdefault("strategy", "mini-batch")
    optimizer = OPTIMIZERS[values.get("optimizer", RunConfig.optimizer)]
    rows = {name: value for name, value in given.items() if name in HYPERPARAMETERS}
    config = RunConfig(**values, hyperparameters=optimizer.complete(rows))
    check_batch_size(config.batch_size, config.data_spec)
    if "batch_size" in values and not fits_strategy(config):
        takes = {"batch": "all examples"}.get(config.strategy, "1")
        raise UserError(
            f"batch size: {config.batch_size:,} does not go with the strategy "
            f"{config.strategy}, which takes {takes} per update; choose mini-batch",
            setting="batch_size",
        )
    return config


def fits_strategy(config: RunConfig) -> bool:
    """Whether the batch size is what the strategy takes anyway."""
    data = config.data_spec
    # Of data that is not known yet, nobody can have meant a number of examples as all.
    examples = data.train if data else -1
    return config.examples_per_update(examples) == config.batch_size
