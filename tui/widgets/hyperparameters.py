"""The panel of what decides an update: the optimizer and its hyperparameters, order, batch size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from core.config import RunConfig
from core.snapshot import RunView
from tui import format as fmt
from tui.widgets.setting_list import Row, SettingList, row


class HyperparametersPanel(SettingList):
    """Only what the current optimizer has, and what the current schedule uses, is listed; of a
    loop that is not ours what can be changed in it.
    """

    TITLE = "Settings"

    def rows(self, run: RunView) -> Iterator[Row]:
        config = run.config
        yield row(config, "optimizer")
        for each in config.optimizer_spec.hyperparameters:
            if each.name in config.hyperparameters:
                yield row(config, each.name, unit=_in_force(run) if each.name == "lr" else "")
        if run.loop:
            yield replace(row(config, "batch_size"), value=run.examples_per_update)
            yield row(config, "speed", unit=" updates/s")
            return
        yield row(config, "schedule")
        for name in _used_by_schedule(config):
            yield row(config, name)
        yield row(config, "order")
        yield replace(row(config, "batch_size"), value=run.examples_per_update)
        yield row(config, "stepper")
        if run.device != "cpu" or config.precision != "float32":
            yield row(config, "precision")


def _in_force(run: RunView) -> str:
    """What the schedule makes of the learning rate now, if anything."""
    changed = run.learning_rate != run.config.learning_rate
    return f"→{fmt.number(run.learning_rate)}" if changed else ""


def _used_by_schedule(config: RunConfig) -> Iterator[str]:
    """The settings that change something under the schedule that is set."""
    yield "warmup"
    if config.schedule in ("step", "exponential"):
        yield "decay"
    if config.schedule != "constant":
        yield "decay_epochs"
