"""A run's checkpoint from tensors and JSON, every value of which is checked."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from core.checkpoint import Checkpoint
from core.config import ORDERS
from core.data.spec import DataSpec
from core.errors import UserError
from core.goal import Goal
from core.optimizers.live import LiveOptimizer
from core.optimizers.table import OPTIMIZERS, OptimizerSpec
from core.sampler import Visit
from core.saving.decode_record import decode_record
from core.saving.encode import Saved
from core.saving.fields import DamagedError, Fields, within
from core.saving.settings import from_json
from core.schedules import SCHEDULES, Schedule
from core.snapshot import NoiseScale, State, Steadiness
from core.switching import Aside, Switches

_COUNTS = ("step", "mu_product")  # memories of which there is one for all of a parameter
_MOST_STEPS = 1e15
_LONGEST = 1e12  # seconds
_MOST_EPOCHS = 1e15
_MOST_AT_ONCE = 1 << 16  # examples
_GENERATOR_BYTES = len(torch.Generator().get_state())


def decode(
    tensors: Mapping[str, Tensor], state: Mapping[str, Any], model: nn.Module, data: DataSpec
) -> Saved:
    """What was saved of a run on such data.

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
        _sampler(whole.fields("sampler"), data.train, at.examples),
        _schedule(whole.fields("schedule")),
        _switches(whole.fields("switches"), model),
        whole.integer("micro_batch", 1, _MOST_AT_ONCE),
        decode_record(whole.fields("record"), data),
        _random(whole),
        whole.integer("line", -1),
    )
    return Saved(
        checkpoint,
        whole.text("name", 100),
        State(whole.one_of("state", [state.value for state in State])),
        whole.text("reason"),
        whole.flag("diverged"),
        whole.between("seconds", 0, _LONGEST),
        _goal(whole),
        _generator(whole, "generators/showcase"),
        _generator(whole, "generators/prober"),
        _steadiness(whole.fields("steadiness")) if "steadiness" in whole else None,
        _noise_scale(whole.fields("noise_scale")) if "noise_scale" in whole else None,
        whole.text("parent", 100),
        whole.flag("examining"),
    )


def _goal(fields: Fields) -> Goal:
    """Until when it was asked to train; a race is over for it."""
    updates, examples = (fields.between("goal", 0, math.inf, place) for place in range(2))
    return Goal(updates, examples)


def _generator(fields: Fields, name: str) -> Tensor:
    state = fields.tensor(name, torch.uint8, _GENERATOR_BYTES)
    try:
        torch.Generator().set_state(state)
    except RuntimeError:
        raise DamagedError(f"{fields.name(name)} is no state of a generator") from None
    left, following = struct.unpack_from("<i4xQ", state.numpy().tobytes(), 8)
    if (left, following) != (1, 0) and not (1 <= left <= 624 and left + following == 625):
        raise DamagedError(f"{fields.name(name)} leads beyond the state of a generator")
    return state


def _random(fields: Fields) -> dict[str, Tensor]:
    """The states that the network draws from, by the kind of device."""
    states = {"cpu": _generator(fields, "generators/network/cpu")}
    for kind in ("cuda", "mps"):
        name = f"generators/network/{kind}"
        if fields.has_tensor(name):
            states[kind] = fields.tensor(name, torch.uint8, None)
            if len(states[kind]) > _GENERATOR_BYTES:
                raise DamagedError(f"{fields.name(name)} is no state of a generator")
    return states


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
        spec = like.spec if like.spec.own else _spec_of(part)
        for key in plain.names():
            place = int(key) if key.isascii() and key.isdigit() and len(key) < 9 else -1
            if not 0 <= place < len(parameters) or str(place) != key:
                raise DamagedError(f"{plain.name(key)} is no parameter")
            memories = fields.below(f"{number}/{key}")
            if spec.own:
                held[place] = {**memories, **_numbers(plain.fields(key))}
                continue
            if any(plain.fields(key).names()):
                raise DamagedError(f"{plain.name(key)} holds what is no tensor")
            _check_memories(fields.name(f"{number}/{key}"), memories, spec, parameters[place])
            held[place] = memories
        parts.append(held)
    off = fields.fields("switched_off")
    switched_off = {k: off.integer(k) for k in off.names() if k in values}
    return {"parts": parts, "values": dict(values), "switched_off": switched_off}


def _numbers(fields: Fields) -> dict[str, int | float]:
    """What an optimizer of the user's own keeps besides tensors."""
    found = {name: fields.any(name) for name in fields.names()}
    return {
        name: value if isinstance(value, int) else fields.number(name)
        for name, value in found.items()
    }


def _spec_of(part: Optimizer) -> OptimizerSpec:
    """What is known of one of the torch optimizers that a LiveOptimizer is made of."""
    return next(spec for spec in OPTIMIZERS.values() if isinstance(part, _class_of(spec)))


def _class_of(spec: OptimizerSpec) -> type:
    return getattr(torch.optim, spec.torch_name, type(None))


def _check_memories(
    name: str, memories: Mapping[str, Tensor], spec: OptimizerSpec, parameter: Tensor
) -> None:
    """All of a parameter's memories, or none; each is laid out like the parameter, or a count."""
    known = {memory.key for memory in spec.memories}
    needed = {memory.key for memory in spec.memories if not memory.switch}
    if memories and not needed <= memories.keys() <= known:
        raise DamagedError(f"{name} has not the memories of {spec.torch_name}")
    for key, tensor in memories.items():
        shape = torch.Size([]) if key in _COUNTS else parameter.shape
        dtypes = (torch.float32,) if key in _COUNTS else (torch.float32, parameter.dtype)
        if tensor.dtype not in dtypes or tensor.shape != shape:
            raise DamagedError(f"{name}/{key} is of a wrong shape or type")
        if key in _COUNTS and not 0 <= float(tensor) < _MOST_STEPS:
            raise DamagedError(f"{name}/{key} is no number of updates")


def _schedule(fields: Fields) -> Schedule:
    kind = fields.one_of("kind", SCHEDULES)
    warmup, start = (fields.between(name, 0, _MOST_EPOCHS) for name in ("warmup", "start"))
    decay, period = (
        fields.between("decay", 1e-300, 1),
        fields.between("period", 1e-300, _MOST_EPOCHS),
    )
    return Schedule(kind, warmup, decay, period, start)


def _switches(fields: Fields, model: nn.Module) -> Switches:
    chosen = fields.fields("chosen")
    values = {name: _values(chosen, name) for name in chosen.names()}
    aside = None
    if "optimizer" in fields:
        told = fields.fields("optimizer")
        name = told.one_of("name", OPTIMIZERS)
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
        "order": fields.one_of("order", ORDERS),
        "epochs_done": epochs_done,
        "cursor": cursor,
        "generator": _generator(fields, "generator"),
        "visits": _visits(fields, "visits", n),
        "fixed": _permutation(_visits(fields, "fixed", n), n),
        "before": _visit(before, n) if before else None,
    }


def _visit(fields: Fields, n: int) -> Visit:
    visits, fixed = _visits(fields, "visits", n), _visits(fields, "fixed", n)
    order = fields.one_of("order", ORDERS)
    return Visit(fields.integer("place"), order, visits, fixed, _generator(fields, "generator"))


def _permutation(visits: Tensor | None, n: int) -> Tensor | None:
    if visits is not None and not torch.equal(visits.sort().values, torch.arange(n)):
        raise DamagedError("the fixed order does not lead to every example once")
    return visits


def _visits(fields: Fields, name: str, n: int) -> Tensor | None:
    """Indices of examples; kernels do not look whether they are."""
    if not fields.has_tensor(name):
        return None
    visits = fields.tensor(name, torch.int64, n)
    if not within(visits, 0, n - 1):
        raise DamagedError(f"{fields.name(name)} leads beyond the examples")
    return visits


def _steadiness(fields: Fields) -> Steadiness:
    cosine, detour, seconds = (fields.number(k) for k in ("cosine", "detour", "seconds"))
    return Steadiness(cosine, detour, fields.integer("updates"), fields.moment("at"), seconds)


def _noise_scale(fields: Fields) -> NoiseScale:
    examples = fields.number("examples") if "examples" in fields else None
    return NoiseScale(examples, fields.moment("at"), fields.number("seconds"))
