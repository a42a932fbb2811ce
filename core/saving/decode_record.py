"""A run's past from tensors and JSON, every value of which is checked."""

from __future__ import annotations

import math

import torch

from core.data.spec import DataSpec
from core.history import CAPACITY, WINDOW, BucketedCurve, Series
from core.record import Record
from core.saving.fields import DamagedError, Fields, within
from core.snapshot import Clock, Evaluation, Event, Phase
from core.strategies import STRATEGIES

_LARGEST = 1e100  # what is larger might not be finite any more, once it is added up
_LAST_BUCKET = 1 << 55
_FEWEST = 1e-9  # updates that a cost is of: older ones count for less and less


def decode_record(fields: Fields, data: DataSpec) -> Record:
    """The past of a run on such data. Raises DamagedError."""
    record, n = Record(), data.train
    losses = fields.tensor("window/losses", torch.float32, None)
    sizes = fields.tensor("window/sizes", torch.int64, len(losses))
    if len(losses) > WINDOW or not torch.isfinite(losses).all() or not within(sizes, 1, n):
        raise DamagedError(f"{fields.name('window')} is too long, or not of updates")
    record.window.extend(losses.numpy(), sizes.numpy())
    record.phases = tuple(_phase(values, fields) for values in fields.list("phases"))
    record.events = tuple(_event(each) for each in fields.each("events"))
    record.evaluation = _evaluation(fields, "evaluation")
    record.best = _evaluation(fields, "best")
    record.lowest_test_loss = fields.number("lowest_test_loss")
    for values in fields.list("reached", 100):
        row = _row(values, 5, fields.name("reached"))
        record.reached[row.between("0", 0, 1)] = row.moment("at")
    costs = fields.fields("costs")
    record.costs = {name: _cost(costs, name) for name in costs.names() if name in STRATEGIES}
    if fields.has_tensor("predictions"):
        record.predictions = _predictions(fields, data)
    curves = fields.fields("curves")
    for name, series in record.series.items():
        _series(series, curves.fields(name))
    return record


def _predictions(fields: Fields, data: DataSpec) -> torch.Tensor:
    """What was said of each test example: a class, or numbers."""
    if not data.classes:
        return fields.tensor("predictions", torch.float32, data.test, data.outputs)
    said = fields.tensor("predictions", torch.int64, data.test)
    if not within(said, 0, len(data.classes) - 1):
        raise DamagedError(f"{fields.name('predictions')} are not of its classes")
    return said


def _row(values: object, length: int, name: str) -> Fields:
    """A list that ends with a moment, as an object: "0", "1", ..., "at"."""
    if not isinstance(values, list) or len(values) != length:
        raise DamagedError(f"{name} is not a list of {length}")
    first = {str(place): value for place, value in enumerate(values[:-4])}
    return Fields({**first, "at": values[-4:]}, path=name)


def _phase(values: object, fields: Fields) -> Phase:
    row = _row(values, 6, fields.name("phases"))
    return Phase(row.one_of("0", STRATEGIES), row.integer("1", 1), row.moment("at"))


def _event(fields: Fields) -> Event:
    what, before, after, note = (fields.text(k) for k in ("what", "before", "after", "note"))
    return Event(fields.integer("number", 1), fields.moment("at"), what, before, after, note)


def _evaluation(fields: Fields, name: str) -> Evaluation | None:
    if name not in fields:
        return None
    told = fields.fields(name)
    accuracy = told.between("accuracy", 0, 1) if "accuracy" in told else None
    r2 = told.between("r2", -math.inf, 1) if "r2" in told else None
    return Evaluation(told.moment("at"), told.number("loss"), accuracy, r2)


def _cost(fields: Fields, name: str) -> tuple[float, float]:
    seconds = fields.between(name, 0, _LARGEST, 0)
    return seconds, fields.between(name, _FEWEST, _LARGEST, 1)


def _series(series: Series, fields: Fields) -> None:
    for clock, curve in series.by_clock.items():
        _curve(curve, fields.fields(str(Clock(clock))))


def _curve(curve: BucketedCurve, fields: Fields) -> None:
    bucket = fields.tensor("bucket", torch.int64, None)
    phase = fields.tensor("phase", torch.int64, len(bucket))
    rows = fields.tensor("rows", torch.float64, len(bucket), 6)
    doublings, phases = fields.integer("doublings", 0, 62), fields.integer("phases")
    if len(bucket) > 2 * CAPACITY or not (rows.abs() < _LARGEST).all():
        raise DamagedError(f"{fields.name('rows')} are too many, or not finite")
    if not within(bucket, 0, _LAST_BUCKET) or not within(phase, 0, phases):
        raise DamagedError(f"{fields.name('bucket')} or phase is none of a curve")
    if (rows[:, 5] < 1).any() or (rows[:, 0].diff() < 0).any():
        raise DamagedError(f"{fields.name('rows')} are not in order")
    arrays = {"bucket": bucket.numpy(), "phase": phase.numpy(), "rows": rows.numpy()}
    curve.load(arrays, doublings, phases)
