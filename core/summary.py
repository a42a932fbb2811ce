"""What is left to say of a run when it ends: one JSON object, a public contract."""

from __future__ import annotations

import json
import math
import os
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.config import RunConfig
from core.errors import UserError
from core.snapshot import Evaluation, Event, Moment, RunView, State


class Status(StrEnum):
    """How a run ended."""

    DONE = "done"  # a stop condition was met
    STOPPED = "stopped"  # the person at the screen left before that
    INTERRUPTED = "interrupted"  # by a signal, or because nobody reads the output any more
    DIVERGED = "diverged"  # the loss was not finite any more
    FAILED = "failed"  # an error in the engine


def status(run: RunView | None, otherwise: Status) -> Status:
    """How `run` ended, as far as its state tells; else `otherwise`."""
    endings = {
        State.FINISHED: Status.DONE,
        State.DIVERGED: Status.DIVERGED,
        State.FAILED: Status.FAILED,
    }
    return endings.get(run.state, otherwise) if run else otherwise


def summary(config: RunConfig, run: RunView | None, status: Status) -> dict[str, Any]:
    """The summary of a run; `config` speaks where there is no run yet.

    Numbers that were never measured, or are not finite, are None, so that it is valid JSON.
    `batch_size` is what one update takes under the strategy; `learning_rate` the one that is
    set, before the schedule; `updates_per_second` counts training seconds; accuracy is a share
    of 1, and the test figures are those of the latest evaluation.
    """
    config = run.config if run else config
    at = run.at if run else Moment()
    test: Evaluation | None = run.evaluation if run else None
    told = {
        "strategy": config.strategy,
        "batch_size": run.examples_per_update if run else _size(config),
        "optimizer": config.optimizer,
        "learning_rate": config.learning_rate,
        "model": config.model,
        "data": config.data,
        "device": run.device if run else config.device,
        "stepper": run.stepper if run else None,
        "seed": config.seed,
        "updates": at.updates,
        "examples": at.examples,
        "epochs": at.epoch,
        "train_seconds": at.seconds,
        "updates_per_second": at.updates / at.seconds if at.seconds else None,
        "train_loss": run.train_loss if run else None,
        "test_loss": test.loss if test else None,
        "test_accuracy": test.accuracy if test else None,
        "test_r2": test.r2 if test else None,
        "status": status.value,
        "events": [_event(event) for event in run.events] if run else [],
    }
    return {name: finite(value) for name, value in told.items()}


def _size(config: RunConfig) -> int | None:
    """What one update takes, as far as that is known before the data is."""
    if config.strategy == "batch" and config.data_spec is None:
        return None
    return config.examples_per_update(config.data_spec.train if config.data_spec else 0)


def _event(event: Event) -> dict[str, Any]:
    return {
        "update": event.at.updates,
        "epoch": finite(event.at.epoch),
        "seconds": finite(event.at.seconds),
        "what": event.what,
        "before": event.before,
        "after": event.after,
        "note": event.note,
    }


def finite(value: Any) -> Any:
    """The value; None for an infinity or not-a-number, which JSON cannot say."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def check_writable(path: Path) -> None:
    """Raise UserError unless a summary can be written to `path`; leaves nothing behind."""
    try:
        if _is_special(path):
            path.open("a").close()
        else:
            beside = _temporary(path)
            beside.open("x").close()
            beside.unlink()
    except (OSError, RuntimeError) as fault:
        raise _unwritable(path, fault) from None


def write(path: Path, summary: dict[str, Any]) -> None:
    """Write a summary to `path`, whole or not at all; raises UserError when that fails."""
    text = json.dumps(summary, allow_nan=False, indent=2) + "\n"
    try:
        if _is_special(path):
            path.write_text(text, encoding="utf-8")
        else:
            _replace(path, text)
    except OSError as fault:
        raise _unwritable(path, fault) from None


def _replace(path: Path, text: str) -> None:
    beside = _temporary(path)
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path.resolve())
    finally:
        beside.unlink(missing_ok=True)


def _is_special(path: Path) -> bool:
    """Whether `path` is a pipe or a device, which is written to, never replaced."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _temporary(path: Path) -> Path:
    """A file beside the one that `path` leads to, so that it can be renamed into its place."""
    if path.is_dir():
        raise IsADirectoryError(None, "it is a directory")
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(None, "it is read-only")
    return path.resolve().parent / f".gd-tui-{os.getpid()}.tmp"


def _unwritable(path: Path, fault: Exception) -> UserError:
    why = getattr(fault, "strerror", None) or str(fault)
    return UserError(
        f"summary: {str(path)!r} cannot be written: {why}; it must be a file in a directory "
        "that exists and can be written to",
        setting="summary",
    )
