"""Everything that has to be there before the first update: data, kernels, runs, what was saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import core.data.load as data_sets
from core.arena import Arena
from core.config import RunConfig
from core.data.dataset import Dataset
from core.data.fitting import check_same, fitting
from core.data.identity import identified
from core.data.placing import place
from core.data.spec import DataSpec
from core.devices import device_of, make_current
from core.fleet import Fleet
from core.replaying.player import Player
from core.run import Run
from core.saving.keeper import Keeper
from core.saving.resume import Found, find, newest, take_up
from core.steppers.fused.preparation import Preparation
from core.trainer import Time
from core.view import Views
from core.wish import Wish

Say = Callable[[str, float], None]  # what is being done, and the share of all that is done


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the engine drives; `config` is that of the run that was found, if one was."""

    config: RunConfig
    arena: Arena
    views: Views
    keeper: Keeper | None
    player: Player | None
    kernels: Preparation


def load(wish: Wish, clock: Time, say: Say, saved: Callable[[], object]) -> Loaded:
    """Load it all, and `say` how far that is; `saved` is for the keeper. Raises UserError."""
    kernels, found = Preparation(), _found(wish)
    config = found.config if found else wish.config
    device = device_of(config.device)
    make_current(device)

    def say_reading(what: str, share: float) -> None:
        say(what, 0.5 + 0.4 * share)  # it is the middle part of all the loading

    halves = data_sets.load(config, cache=wish.cache, progress=say_reading)
    recorded = found.data if found else _recorded(wish)
    if config.data_spec is None:
        halves = identified(halves)
        check_same(halves.spec, recorded, config.data)
    config = fitting(config, halves.spec)
    data = place(halves, config, device, say_reading)
    if wish.wait_for_kernels:
        once = "compiling the kernels, which is done once"
        say("reading the kernels" if kernels.on_disk else once, 0.9)
        kernels.finish()
    say("building the network", 0.95)
    first = data.first(recorded.train if recorded else data.spec.train)
    keeper = Keeper(wish.saving, clock, saved) if wish.saving else None

    def build(name: str, config: RunConfig, id: int, other: Dataset | None) -> Run:
        of = other or (data if id else first)
        kept = keeper and (id or not wish.replay)  # a replay is written down already
        run = Run(name, config, of, kernels, clock, id, keeper.log() if keeper and kept else None)
        if keeper and (id or not (found or wish.replay)):
            keeper.adopt(run)
        return run

    fleet = Fleet(config, build)
    player = _prepare(fleet.selected, wish, found, keeper, clock)
    views = Views(fleet, clock, keeper.saving if keeper else None, player)
    return Loaded(config, Arena(fleet, clock, player), views, keeper, player, kernels)


def _found(wish: Wish) -> Found | None:
    """The checkpoint that the first run begins with, if any."""
    if wish.replay:
        start = wish.replay.script.start
        return find(start, wish.replay.named) if start else None
    plan = wish.saving
    return newest(plan.resume, plan.named) if plan and plan.resume else None


def _recorded(wish: Wish) -> DataSpec | None:
    """The data that the first run is to be of, if there is a recording of it."""
    return wish.replay.script.heading.data if wish.replay else None


def _prepare(
    run: Run, wish: Wish, found: Found | None, keeper: Keeper | None, clock: Time
) -> Player | None:
    """Let the first run be what was found; who plays the script, if there is one."""
    if wish.replay:
        if found:
            take_up(run, found.saved)
        return Player(wish.replay.script, run, clock, wish.replay.speed)
    if keeper and found:
        keeper.resume(run, found)
    else:
        for remark in run.data.remarks:
            run.trainer.record.add_event(run.trainer.at, "data", after=remark)
    return None
