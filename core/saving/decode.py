"""A run's checkpoint from tensors and JSON, every value of which is checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from core.checkpoint import Checkpoint
from core.config import ORDERS
from core.errors import UserError
from core.goal import Goal
from core.history import CAPACITY, WINDOW, BucketedCurve, Series
from core.optimizers.live import LiveOptimizer
from core.optimizers.table import OPTIMIZERS
from core.record import Record
from core.sampler import Visit
from core.saving.encode import Saved
from core.saving.fields import DamagedError, Fields
from core.saving.settings import from_json
from core.schedules import SCHEDULES, Schedule
from core.snapshot import Clock, Evaluation, Event, NoiseScale, Phase, State, Steadiness
from core.strategies import STRATEGIES
from core.switching import Aside, Switches

_GENERATOR_BYTES = len(torch.Generator().get_state())


def decode(
    tensors: Mapping[str, Tensor], state: Mapping[str, Any], model: nn.Module, n: int, tested: int
) -> Saved:
    """What was saved of a run of `n` training examples and `tested` test examples.

    `model` has the run's network: names and shapes must be its own. Raises DamagedError.
    """
    whole = Fields(state, tensors)
    config, at = from_json(whole.fields("settings")), whole.moment("at")
    if at.updates > at.examples:
        raise DamagedError("at has more updates than examples")
    weights = {
        name: whole.tensor(f"weights/{name}", value.dtype, *value.shape)
        for name, value in model.state_dict().items()
    }
    values = config.hyperparameters
    checkpoint = Checkpoint(
        config,
        at,
        weights,
        _optimizer(whole.fields("optimizer"), config.optimizer, values, model),
        _sampler(whole.fields("sampler"), n, at.examples),
        _schedule(whole.fields("schedule")),
        _switches(whole.fields("switches"), model),
        whole.integer("micro_batch", 1),
        _record(whole.fields("record"), tested),
        whole.integer("line", -1),
    )
    return Saved(
        checkpoint,
        whole.text("name", 100),
        _one_of(whole, "state", [state.value for state in State], State),
        whole.text("reason"),
        whole.flag("diverged"),
        whole.number("seconds"),
        _goal(whole),
        _generator(whole, "generators/showcase"),
        _generator(whole, "generators/prober"),
        _steadiness(whole.fields("steadiness")) if "steadiness" in whole else None,
        _noise_scale(whole.fields("noise_scale")) if "noise_scale" in whole else None,
        whole.text("parent", 100),
    )


def _one_of(fields: Fields, name: str, allowed: Any, make: Callable[[str], Any] = str) -> Any:
    value = fields.text(name, 100)
    if value not in allowed:
        raise DamagedError(f"{fields.name(name)} is none that is known")
    return make(value)


def _goal(fields: Fields) -> Goal:
    """Until when it was asked to train; a race is over for it."""
    updates, examples = (fields.number_in("goal", place, 2) for place in range(2))
    return Goal(updates, examples)


def _generator(fields: Fields, name: str) -> Tensor:
    state = fields.tensor(name, torch.uint8, _GENERATOR_BYTES)
    try:
        torch.Generator().set_state(state)
    except RuntimeError:
        raise DamagedError(f"{fields.name(name)} is no state of a generator") from None
    return state


def _optimizer(
    fields: Fields, name: str, values: Mapping[str, Any], model: nn.Module
) -> dict[str, Any]:
    try:
        like = LiveOptimizer(OPTIMIZERS[name], model.parameters(), values)
    except UserError as fault:
        raise DamagedError(str(fault)) from None
    parts: list[dict[int, dict[str, Any]]] = []
    told = list(fields.each("parts", len(like.parts)))
    if len(told) != len(like.parts):
        raise DamagedError(f"{fields.name('parts')} are not {len(like.parts)}")
    for number, (plain, part) in enumerate(zip(told, like.parts, strict=True)):
        parameters = [p for group in part.param_groups for p in group["params"]]
        held: dict[int, dict[str, Any]] = {}
        for key in plain.names():
            if not key.isascii() or not key.isdigit() or int(key[:9]) >= len(parameters):
                raise DamagedError(f"{plain.name(key)} is no parameter")
            rest = plain.fields(key)
            memories = {k: rest.number(k) for k in rest.names()}
            tensors = fields.below(f"{number}/{key}")
            for memory, tensor in tensors.items():
                _check_memory(fields.name(f"{number}/{key}/{memory}"), tensor, parameters[int(key)])
            held[int(key)] = {**memories, **tensors}
        parts.append(held)
    off = fields.fields("switched_off")
    switched_off = {k: off.integer(k) for k in off.names() if k in values}
    return {"parts": parts, "values": dict(values), "switched_off": switched_off}


def _check_memory(name: str, tensor: Tensor, parameter: Tensor) -> None:
    """A memory is of the parameter's own kind, or a single number."""
    if not tensor.is_floating_point() or tensor.shape not in (parameter.shape, torch.Size([])):
        raise DamagedError(f"{name} is of a wrong shape or type")


def _schedule(fields: Fields) -> Schedule:
    kind = _one_of(fields, "kind", SCHEDULES)
    warmup, decay, period, start = (
        fields.number(name) for name in ("warmup", "decay", "period", "start")
    )
    if not (warmup >= 0 and 0 < decay <= 1 and period > 0 and start >= 0):
        raise DamagedError(
            f"{fields.name('period')} or another part of the schedule is not allowed"
        )
    return Schedule(kind, warmup, decay, period, start)


def _switches(fields: Fields, model: nn.Module) -> Switches:
    chosen = fields.fields("chosen")
    values = {name: _values(chosen, name) for name in chosen.names()}
    aside = None
    if "optimizer" in fields:
        told = fields.fields("optimizer")
        name = _one_of(told, "name", OPTIMIZERS)
        checked = _complete(name, told.fields("values"))
        aside = Aside(name, _optimizer(told, name, checked, model))
    schedule = _schedule(fields.fields("schedule")) if "schedule" in fields else None
    return Switches(values, aside, schedule)


def _values(chosen: Fields, name: str) -> dict[str, Any]:
    if name not in OPTIMIZERS:
        raise DamagedError(f"{chosen.name(name)!r} is no optimizer")
    return _complete(name, chosen.fields(name))


def _complete(optimizer: str, fields: Fields) -> dict[str, Any]:
    try:
        given = {key: fields.any(key) for key in fields.names()}
        return OPTIMIZERS[optimizer].complete(given)
    except UserError as fault:
        raise DamagedError(str(fault)) from None


def _sampler(fields: Fields, n: int, examples: int) -> dict[str, Any]:
    cursor = fields.integer("cursor", 0, n - 1)
    epochs_done = fields.integer("epochs_done")
    if epochs_done * n + cursor != examples:
        raise DamagedError(f"{fields.name('cursor')} is not where the examples lead")
    before = fields.fields("before") if "before" in fields else None
    return {
        "order": _one_of(fields, "order", ORDERS),
        "epochs_done": epochs_done,
        "cursor": cursor,
        "generator": _generator(fields, "generator"),
        "visits": _visits(fields, "visits", n),
        "fixed": _visits(fields, "fixed", n),
        "before": _visit(before, n) if before else None,
    }


def _visit(fields: Fields, n: int) -> Visit:
    visits, fixed = _visits(fields, "visits", n), _visits(fields, "fixed", n)
    order = _one_of(fields, "order", ORDERS)
    return Visit(fields.integer("place"), order, visits, fixed, _generator(fields, "generator"))


def _visits(fields: Fields, name: str, n: int) -> Tensor | None:
    """Indices of examples; kernels do not look whether they are."""
    if not fields.has_tensor(name):
        return None
    visits = fields.tensor(name, torch.int64, n)
    if int(visits.min()) < 0 or int(visits.max()) >= n:
        raise DamagedError(f"{fields.name(name)} leads beyond the examples")
    return visits


def _record(fields: Fields, tested: int) -> Record:
    record = Record()
    window = [
        fields.tensor(f"window/{name}", dtype, None)
        for name, dtype in (("losses", torch.float32), ("sizes", torch.int64))
    ]
    if len(window[0]) != len(window[1]) or len(window[0]) > WINDOW or (window[1] < 1).any():
        raise DamagedError(f"{fields.name('window')} is of a wrong length, or holds sizes below 1")
    record.window.extend(window[0].numpy(), window[1].numpy())
    record.phases = tuple(_phase(values, fields) for values in fields.list("phases"))
    record.events = tuple(_event(each) for each in fields.each("events"))
    record.evaluation = _evaluation(fields, "evaluation")
    record.best = _evaluation(fields, "best")
    record.lowest_test_loss = fields.number("lowest_test_loss")
    for values in fields.list("reached", 100):
        row = _row(values, 5, fields.name("reached"))
        record.reached[row.number("0")] = row.moment("at")
    costs = fields.fields("costs")
    record.costs = {name: _cost(costs, name) for name in costs.names() if name in STRATEGIES}
    if fields.has_tensor("predictions"):
        record.predictions = fields.tensor("predictions", torch.int64, tested)
    curves = fields.fields("curves")
    for name, series in record.series.items():
        _series(series, curves.fields(name))
    return record


def _row(values: object, length: int, name: str) -> Fields:
    """A list that ends with a moment, as an object: "0", "1", ..., "at"."""
    if not isinstance(values, list) or len(values) != length:
        raise DamagedError(f"{name} is not a list of {length}")
    first = {str(place): value for place, value in enumerate(values[:-4])}
    return Fields({**first, "at": values[-4:]}, path=name)


def _phase(values: object, fields: Fields) -> Phase:
    row = _row(values, 6, fields.name("phases"))
    return Phase(_one_of(row, "0", STRATEGIES), row.integer("1", 1), row.moment("at"))


def _event(fields: Fields) -> Event:
    what, before, after, note = (fields.text(k) for k in ("what", "before", "after", "note"))
    return Event(fields.integer("number", 1), fields.moment("at"), what, before, after, note)


def _evaluation(fields: Fields, name: str) -> Evaluation | None:
    if name not in fields:
        return None
    told = fields.fields(name)
    return Evaluation(told.moment("at"), told.number("loss"), told.number("accuracy"))


def _cost(fields: Fields, name: str) -> tuple[float, float]:
    values = fields.list(name, 2)
    if len(values) != 2 or not all(isinstance(v, int | float) and v > 0 for v in values):
        raise DamagedError(f"{fields.name(name)} is no cost of updates")
    return float(values[0]), float(values[1])


def _series(series: Series, fields: Fields) -> None:
    for clock, curve in series.by_clock.items():
        _curve(curve, fields.fields(str(Clock(clock))))


def _curve(curve: BucketedCurve, fields: Fields) -> None:
    bucket = fields.tensor("bucket", torch.int64, None)
    phase = fields.tensor("phase", torch.int64, len(bucket))
    rows = fields.tensor("rows", torch.float64, len(bucket), 6)
    if len(bucket) > 2 * CAPACITY or not torch.isfinite(rows).all() or (bucket < 0).any():
        raise DamagedError(f"{fields.name('rows')} are too many, or not finite")
    if (rows[:, 5] < 1).any() or (rows[:, 0].diff() < 0).any():
        raise DamagedError(f"{fields.name('rows')} are not in order")
    arrays = {"bucket": bucket.numpy(), "phase": phase.numpy(), "rows": rows.numpy()}
    curve.load(arrays, fields.integer("doublings", 0, 62), fields.integer("phases"))


def _steadiness(fields: Fields) -> Steadiness:
    cosine, detour, seconds = (fields.number(k) for k in ("cosine", "detour", "seconds"))
    return Steadiness(cosine, detour, fields.integer("updates"), fields.moment("at"), seconds)


def _noise_scale(fields: Fields) -> NoiseScale:
    examples = fields.number("examples") if "examples" in fields else None
    return NoiseScale(examples, fields.moment("at"), fields.number("seconds"))
