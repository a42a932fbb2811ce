"""Going elsewhere in time: what is taken back, done again, returned to, begun anew.

A run that goes elsewhere keeps the moment that it leaves: that, too, can be taken back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from core.checkpoint import Checkpoint
from core.commands import GoBack, OfRun, OfTime, Redo, Reset, Return, Undo
from core.config import OF_THE_DRIVE, RunConfig, title_of
from core.errors import UserError
from core.log import Log
from core.past import Past
from core.record import Record
from core.snapshot import State
from core.switching import differences
from core.trainer import Trainer


class Traveller(Protocol):
    """What travelling needs of a run: see `core.run.Run`."""

    trainer: Trainer
    past: Past
    log: Log

    def capture(self) -> Checkpoint: ...
    def take_up(self, saved: Checkpoint) -> None: ...
    def begin(self, config: RunConfig, record: Record) -> None: ...
    def come_to_rest(self, state: State, reason: str = "") -> None: ...
    def note_command(self, command: OfRun) -> None: ...


def travel(run: Traveller, command: OfTime) -> None:
    """Take the run where the command leads; raises UserError, and changes nothing, if nowhere."""
    match command:
        case Reset(seed):
            _begin_again(run, seed)
        case GoBack():
            _go_back(run)
        case Undo():
            _take_back(run)
        case Redo():
            _do_again(run)
        case Return(moment):
            _return_to(run, moment)


def _begin_again(run: Traveller, seed: int | None) -> None:
    before, past = run.trainer, run.past
    if before.updates:
        past.way_back = run.capture()
        past.timeline.note_change(past.keep_left(run), "the new beginning")
    config = before.config if seed is None else replace(before.config, seed=seed)
    run.note_command(Reset(config.seed))
    run.begin(config, Record(before.record.revision + 1))
    past.timeline.stand_at(None)
    past.arrive(run.trainer)
    left = f"{before.updates:,} updates left behind" if before.updates else ""
    run.trainer.record.add_event(run.trainer.at, "reset", after=f"seed {config.seed}", note=left)


def _go_back(run: Traveller) -> None:
    """To the last good moment; unless the run had diverged, what is left is the next one."""
    past, target = run.past, run.past.way_back
    if target is None:
        raise UserError("there is no earlier moment to go back to yet")
    if not run.trainer.diverged:
        past.way_back = run.capture()
    past.timeline.note_change(past.keep_left(run), _return(target))
    past.timeline.stand_by(target)
    go_to(run, target)


def _take_back(run: Traveller) -> None:
    past, target = run.past, run.past.timeline.last_change
    if target is None:
        raise UserError("nothing was changed that could be taken back")
    go_to(run, past.timeline.take_back(past.keep_left(run, target)).checkpoint)


def _do_again(run: Traveller) -> None:
    past, target = run.past, run.past.timeline.next_change
    if target is None:
        raise UserError("nothing was taken back that could be done again")
    past.keep_left(run, target)
    go_to(run, past.timeline.do_again().checkpoint, "went on")


def _return_to(run: Traveller, id: int) -> None:
    past, moment = run.past, run.past.timeline.find(id)
    left = past.keep_left(run, moment)
    past.timeline.note_change(left, _return(moment.checkpoint))
    past.timeline.stand_at(moment)
    go_to(run, moment.checkpoint)


def _return(saved: Checkpoint) -> str:
    return f"the return to update {saved.at.updates:,}"


def go_to(run: Traveller, saved: Checkpoint, way: str = "went back") -> None:
    """Be what the run was then. Settings that decide no weight, such as the speed, stay."""
    trainer = run.trainer
    left_at, left_config, revision = trainer.at, trainer.config, trainer.record.revision
    run.log.note_return(left_at.updates, saved)
    run.take_up(saved)
    kept = {name: getattr(left_config, name) for name in OF_THE_DRIVE}
    trainer.config = replace(trainer.config, **kept)
    trainer.record.revision = max(revision, trainer.record.revision) + 1
    run.come_to_rest(State.PAUSED)
    run.log.news = True
    said = f"from update {left_at.updates:,} to {saved.at.updates:,}"
    changed = differences(left_config, trainer.config)
    note = ", ".join(f"{title_of(name)} {was} → {now}" for name, was, now in changed)
    trainer.record.add_event(saved.at, way, after=said, note=note)
