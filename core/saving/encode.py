"""A run's checkpoint as tensors and JSON: what is written is what `decode` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from core.checkpoint import Checkpoint
from core.goal import Goal
from core.history import BucketedCurve, Series
from core.means import Means
from core.record import Record
from core.sampler import Visit
from core.saving.fields import LONGEST_TEXT, moment, number
from core.saving.settings import as_json
from core.snapshot import Evaluation, Event, NoiseScale, State, Steadiness
from core.switching import Switches


@dataclass(frozen=True, slots=True, eq=False)
class Saved:
    """All of a run that is saved: its training, and what the engine knows of it besides.

    `seconds` are those of its log. `showcase` and `prober` are the states of their generators:
    what is looked at, and what is measured, goes on where it was.
    """

    checkpoint: Checkpoint
    name: str
    state: State
    reason: str
    diverged: bool
    seconds: float
    goal: Goal
    showcase: Tensor
    prober: Tensor
    steadiness: Steadiness | None = None
    noise_scale: NoiseScale | None = None
    parent: str = ""
    examining: bool = False  # it was being judged: what is due then was not looked at yet
    means: Means | None = None  # for a journal that begins here


Tensors = dict[str, Tensor]


def encode(saved: Saved) -> tuple[Tensors, dict[str, Any]]:
    """The tensors by name, on the processor, and the rest as what JSON can say."""
    checkpoint, tensors = saved.checkpoint, Tensors()
    _put(tensors, "weights", checkpoint.weights)
    _put(tensors, "generators/network", checkpoint.random)
    _put(tensors, "generators", {"showcase": saved.showcase, "prober": saved.prober})
    state = {
        "name": saved.name,
        "state": saved.state.value,
        "reason": saved.reason[:LONGEST_TEXT],
        "diverged": saved.diverged,
        "seconds": number(saved.seconds),
        "goal": [number(saved.goal.updates), number(saved.goal.examples)],
        "parent": saved.parent,
        "examining": saved.examining,
        "line": checkpoint.line,
        "settings": as_json(checkpoint.config),
        "at": moment(checkpoint.at),
        "micro_batch": checkpoint.micro_batch,
        "schedule": asdict(checkpoint.schedule),
        "optimizer": _optimizer(tensors, "optimizer", checkpoint.optimizer),
        "switches": _switches(tensors, checkpoint.switches),
        "sampler": _sampler(tensors, checkpoint.sampler),
        "record": _record(tensors, checkpoint.record),
        "steadiness": _measured(saved.steadiness),
        "noise_scale": _measured(saved.noise_scale),
    }
    return tensors, state


def _put(tensors: Tensors, path: str, values: Mapping[str, Tensor | None]) -> None:
    """Add those that are there, on the processor."""
    for name, value in values.items():
        if value is not None:
            tensors[f"{path}/{name}"] = value.detach().cpu()


def _optimizer(tensors: Tensors, path: str, state: Mapping[str, Any]) -> dict[str, Any]:
    """The memories of each part's parameters; numbers that are no tensors stay with the rest."""
    parts: list[dict[str, Any]] = []
    for number_of_part, part in enumerate(state["parts"]):
        plain: dict[str, Any] = {}
        for place, memories in part.items():
            held = {k: v for k, v in memories.items() if isinstance(v, Tensor)}
            _put(tensors, f"{path}/{number_of_part}/{place}", held)
            plain[str(place)] = {
                k: v if isinstance(v, int) else number(v)
                for k, v in memories.items()
                if isinstance(v, int | float)
            }
        parts.append(plain)
    return {"parts": parts, "switched_off": dict(state["switched_off"])}


def _switches(tensors: Tensors, switches: Switches) -> dict[str, Any]:
    aside, schedule = switches.optimizer, switches.schedule
    told: dict[str, Any] = {
        "chosen": {name: dict(values) for name, values in switches.chosen.items()},
        "schedule": asdict(schedule) if schedule else None,
        "optimizer": None,
    }
    if aside:
        told["optimizer"] = {
            "name": aside.name,
            "values": dict(aside.state["values"]),
            **_optimizer(tensors, "switches/optimizer", aside.state),
        }
    return told


def _sampler(tensors: Tensors, state: Mapping[str, Any]) -> dict[str, Any]:
    before: Visit | None = state["before"]
    _put(tensors, "sampler", {name: state[name] for name in ("visits", "fixed", "generator")})
    told: dict[str, Any] = {name: state[name] for name in ("order", "epochs_done", "cursor")}
    told["before"] = None
    if before:
        kept = {"visits": before.visits, "fixed": before.fixed, "generator": before.generator}
        _put(tensors, "sampler/before", kept)
        told["before"] = {"place": before.place, "order": before.order}
    return told


def _record(tensors: Tensors, record: Record) -> dict[str, Any]:
    losses, sizes = record.window.all()
    _put(tensors, "record/window", {"losses": _of(losses), "sizes": _of(sizes)})
    _put(tensors, "record", {"predictions": record.predictions})
    return {
        "phases": [[p.strategy, p.batch_size, *moment(p.start)] for p in record.phases],
        "events": [_event(event) for event in record.events],
        "evaluation": _evaluation(record.evaluation),
        "best": _evaluation(record.best),
        "lowest_test_loss": number(record.lowest_test_loss),
        "reached": [[accuracy, *moment(at)] for accuracy, at in record.reached.items()],
        "costs": {name: list(cost) for name, cost in record.costs.items()},
        "curves": {
            name: _series(tensors, f"record/curves/{name}", series)
            for name, series in record.series.items()
        },
    }


def _event(event: Event) -> dict[str, Any]:
    texts = {k: v[:LONGEST_TEXT] for k, v in asdict(event).items() if isinstance(v, str)}
    return {"number": event.number, "at": moment(event.at), **texts}


def _series(tensors: Tensors, path: str, series: Series) -> dict[str, Any]:
    return {
        str(clock): _curve(tensors, f"{path}/{clock}", curve)
        for clock, curve in series.by_clock.items()
    }


def _curve(tensors: Tensors, path: str, curve: BucketedCurve) -> dict[str, Any]:
    arrays, counts = curve.state()
    _put(tensors, path, {name: _of(array) for name, array in arrays.items()})
    return counts


def _of(array: Any) -> Tensor:
    return torch.from_numpy(array)


def _evaluation(evaluation: Evaluation | None) -> dict[str, Any] | None:
    if evaluation is None:
        return None
    return {
        "at": moment(evaluation.at),
        "loss": number(evaluation.loss),
        "accuracy": evaluation.accuracy,
        "r2": None if evaluation.r2 is None else number(evaluation.r2),
    }


def _measured(measured: Steadiness | NoiseScale | None) -> dict[str, Any] | None:
    if measured is None:
        return None
    told = {k: number(v) if isinstance(v, float) else v for k, v in asdict(measured).items()}
    return {**told, "at": moment(measured.at)}
