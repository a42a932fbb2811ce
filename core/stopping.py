"""When a run is to stop: after epochs, updates or seconds, or at a test accuracy."""

from __future__ import annotations

from core.config import STOP_CONDITIONS, RunConfig
from core.snapshot import Evaluation, Moment


def met(config: RunConfig, at: Moment, examples: int, evaluation: Evaluation | None) -> list[str]:
    """The stop conditions that hold at this moment, by name; `examples` make an epoch."""
    accuracy = (evaluation.accuracy if evaluation and evaluation.at == at else None) or 0.0
    reached = {
        "epochs": at.examples // examples,
        "updates": at.updates,
        "seconds": at.seconds,
        "target_accuracy": accuracy,
    }
    limits = {name: getattr(config, name) for name in STOP_CONDITIONS}
    return [name for name, limit in limits.items() if limit is not None and reached[name] >= limit]


def in_words(config: RunConfig, name: str, at: Moment) -> str:
    """A stop condition that is met at a moment as a reason: "stopped after 5 epochs"."""
    limit = getattr(config, name)
    passed = {"updates": at.updates > limit, "epochs": at.epoch >= limit + 1}
    if passed.get(name):
        return f"{name[:-1]} {limit:,} was passed already"
    if name == "target_accuracy":
        return f"test accuracy reached {limit:.4g}"
    unit = name[:-1] if limit == 1 else name
    return f"stopped after {limit:,} {'training ' if name == 'seconds' else ''}{unit}"
