"""Sees to it that runs are saved: what, when, and what the journal says of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from core.checkpoint import Checkpoint
from core.commands import Change
from core.errors import UserError
from core.log import Log
from core.run import Run
from core.saving import journal
from core.saving.desk import Desk, Work
from core.saving.encode import Saved
from core.saving.fields import number
from core.saving.folder import RunFolder
from core.saving.naming import named_by
from core.saving.plan import Plan
from core.saving.resume import Found, find, go_on, take_up
from core.saving.writer import Writer
from core.snapshot import Moment, Saving, State
from core.threads import EVERY
from core.trainer import Time

_METRICS_SECONDS = 1.0  # between two lines of figures
_LOOK_SECONDS = 0.1
_WAY_BACK = "way-back"


class _Charge:
    """A run in the keeper's care."""

    def __init__(self, run: Run, desk: Desk) -> None:
        self.run: Run | None = run  # None once it has gone, and all of it was handed over
        self.desk = desk
        self.saved_at = -math.inf  # in wall time
        self.saved: object = None  # how the run stood then
        self.told_at = 0.0
        self.told = Moment()


class Keeper:
    """Watches runs between slices; what is to be written goes to a thread of its own.

    A run gets a folder once it has made an update. `told` is called, in another thread, whenever
    something was saved or could not be.
    """

    def __init__(self, plan: Plan, clock: Time, told: Callable[[], object] = lambda: None) -> None:
        self._plan = plan
        self._clock = clock
        self._writer = Writer(told)
        self._charges: dict[int, _Charge] = {}
        self._looked_at = 0.0
        self._due = math.inf  # when what rests is to be saved
        self._detached = False

    def log(self) -> Log:
        """The log of a run that will be saved."""
        return Log(self._clock, listens=True)

    def adopt(self, run: Run, folder: RunFolder | None = None, first: int = 0) -> None:
        """Save a run from now on; in a folder that there is already, or in one of its own."""
        if run.id not in self._charges:
            config = run.trainer.config
            heading = journal.Heading(run.name, config, run.data.spec, EVERY, first=first)
            desk = Desk(self._plan.runs, heading, folder)
            if self._detached:
                desk.detach()
            self._writer.add(desk)
            self._charges[run.id] = _Charge(run, desk)

    def resume(self, run: Run, found: Found) -> None:
        """Let a run be what was found, and go on in its folder; or in one of its own, as a fork."""
        plan, saved = self._plan, found.saved
        assert plan.resume is not None
        take_up(run, saved)
        if saved.diverged:
            run.past.way_back = _way_back(plan.resume, found)
        if plan.fork:
            run.log.attached["start"] = replace(saved.checkpoint, line=0)
            self.adopt(run)
        else:
            first = go_on(run, plan.resume, saved)
            self.adopt(run, plan.resume, first)
        for name, value in plan.changes.items():
            run.obey(Change(name, value))
        _go(run, plan)
        said = f"from its save in {plan.resume.name}"
        what = "forked" if plan.fork else "resumed"
        run.trainer.record.add_event(run.trainer.at, what, after=said)

    def look(self, runs: Sequence[Run], *, resting: bool = False, at_once: bool = False) -> None:
        """Save what is due; `at_once` also what is not.

        Of runs that rest, everything is due, but not too often: keys may come in bursts.
        """
        now = self._clock()
        if now - self._looked_at < _LOOK_SECONDS and not (resting or at_once):
            return
        self._looked_at, self._due = now, math.inf
        self._let_go(runs, now)
        for run in runs:
            if run.leash is not None:
                continue  # a replay: it is written down already
            self.adopt(run)
            charge = self._charges[run.id]
            soon = resting and now - charge.saved_at >= self._plan.gap
            self._look_at(run, charge, now, at_once or soon)
            if resting and self._is_due(run, charge, now, at_once=True):
                self._due = min(self._due, charge.saved_at + self._plan.gap)

    def wait(self) -> float:
        """Seconds until something is to be saved that nobody works on any more."""
        return max(0.0, self._due - self._clock())

    def saving(self, run: Run) -> Saving | None:
        """Where a run is saved, and how that went."""
        charge = self._charges.get(run.id)
        if charge:
            return charge.desk.saving
        return None if run.leash is not None else Saving(str(self._plan.runs))  # it soon will be

    def folders(self) -> list[RunFolder]:
        """The folders of the runs, as far as they have one."""
        folders = [charge.desk.folder for charge in list(self._charges.values())]
        return [folder for folder in folders if folder is not None]

    def detach(self) -> None:
        """Say in all folders, there or to come, that this process has lost its terminal."""
        self._detached = True
        for charge in list(self._charges.values()):
            charge.desk.detach()

    def close(self, runs: Sequence[Run], timeout: float | None = None) -> None:
        """Save everything as it is now, and end."""
        self.look(runs, at_once=True)
        self._writer.flush(timeout)
        self.look(runs, at_once=True)  # a folder that had gone takes a save to begin another
        self._writer.close(timeout)

    def flush(self) -> None:
        """Wait until what was handed over has been written, or has failed to be."""
        self._writer.flush()

    def _let_go(self, runs: Sequence[Run], now: float) -> None:
        """Runs that will not come back are nobody's, once the last of them is written."""
        there = {run.id for run in runs}
        for id, charge in list(self._charges.items()):
            if id in there:
                continue
            if charge.run is not None:
                self._look_at(charge.run, charge, now, at_once=True)
                charge.run = None
            elif not charge.desk.waiting:
                self._writer.remove(charge.desk)
                del self._charges[id]

    def _look_at(self, run: Run, charge: _Charge, now: float, at_once: bool) -> None:
        desk, log = charge.desk, run.log
        if not (run.trainer.updates or desk.folder):
            return  # there is nothing to go on from
        self._tell_metrics(run, charge, now, at_once)
        if log.first < desk.first:
            log.first = desk.first
            said = f"its folder had gone: it goes on in {desk.saving.name}"
            run.trainer.record.add_event(run.trainer.at, "saving", after=said)
        work = Work(log.take(), log.attached)
        log.attached = {}
        anew = desk.wants_all and not desk.saving_waits
        if anew or self._is_due(run, charge, now, at_once):
            log.news = False
            charge.saved_at, charge.saved = now, _standing(run)
            try:
                work.saved = saved_of(run)
            except Exception as fault:  # no memory for a copy: that is no reason not to train
                desk.tell(fault)
            if run.trainer.diverged and run.past.way_back:
                work.attached = {**work.attached, _WAY_BACK: run.past.way_back}
        if work.lines or work.saved:
            self._writer.put(desk, work)

    def _is_due(self, run: Run, charge: _Charge, now: float, at_once: bool) -> bool:
        """Whether the run is to be saved as it is now."""
        news, since = run.log.news, now - charge.saved_at
        if at_once:
            return news or charge.saved != _standing(run)
        if charge.desk.saving_waits:
            return False
        moved = charge.saved != _standing(run)
        return (news and since >= self._plan.gap) or (moved and since >= self._plan.seconds)

    def _tell_metrics(self, run: Run, charge: _Charge, now: float, at_once: bool) -> None:
        """Now and then a line of figures."""
        trainer, record = run.trainer, run.trainer.record
        late = at_once or now - charge.told_at >= _METRICS_SECONDS
        if not late or charge.told.updates == trainer.updates:
            return
        charge.told_at, charge.told = now, trainer.at
        tested = record.evaluation
        at, loss = trainer.at, record.train_loss
        told = {
            "epoch": round(at.epoch, 4),
            "examples": at.examples,
            "seconds": round(at.seconds, 4),
            "train_loss": None if loss is None else number(float(f"{loss:.6g}")),
        }
        if tested:
            told |= {
                "test_loss": number(float(f"{tested.loss:.6g}")),
                "test_accuracy": tested.accuracy,
                "test_r2": tested.r2,
                "tested": tested.at.updates,
            }
        run.log.note("metrics", at.updates, told)


def _go(run: Run, plan: Plan) -> None:
    """Let a run that was taken up train on, if it trained then, or is to in any case.

    Raises UserError if it would never come to an end.
    """
    if plan.go and not run.trainer.config.stops and run.state is not State.DIVERGED:
        raise UserError(
            f"run {run.name} has no stop condition, and would train for ever; "
            "give one, such as --epochs 10"
        )
    if run.state is State.RUNNING or (plan.go and run.state in (State.PAUSED, State.READY)):
        run.go_on()
    elif run.state is State.FINISHED and not run.stops_met():
        run.come_to_rest(State.PAUSED)
        if plan.go:
            run.go_on()


def _way_back(folder: RunFolder, found: Found) -> Checkpoint | None:
    """The last good moment of a run that had diverged; it lies in no line of what is to come."""
    try:
        other = find(folder.attached(_WAY_BACK), named_by(found.config))
        if not other.alike(found.config, found.data):
            return None
        return replace(other.saved.checkpoint, line=-1)
    except UserError:
        return None


def _standing(run: Run) -> object:
    """What tells whether anything worth saving has happened to a run."""
    trainer, record = run.trainer, run.trainer.record
    events = record.events[-1:]
    return trainer.at, trainer.config, run.state, run.reason, run.name, record.evaluation, events


def saved_of(run: Run) -> Saved:
    """All of a run that is saved."""
    return Saved(
        run.capture(),
        run.name,
        State.PAUSED if run.racing else run.state,
        run.reason,
        run.trainer.diverged,
        run.log.seconds,
        run.goal,
        run.showcase.state(),
        run.prober.state(),
        run.prober.steadiness,
        run.prober.noise_scale,
        run.origin.parent if run.origin else "",
        not run.examined,
        run.trainer.means,
    )
