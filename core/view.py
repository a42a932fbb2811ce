"""Making a RunView: the picture of a run that the screen may keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from core.config import title_of
from core.fleet import Fleet
from core.glimpse import RECENT_UPDATES, as_it_was
from core.models.build import title
from core.replaying.player import Player
from core.run import Run
from core.snapshot import Digits, History, Numbers, RunView, Saving, TimelineView
from core.switching import differences

_HISTORY_SECONDS = 0.2  # while running, curves and digits are renewed this often at most
_DIGITS_SECONDS = 0.1


class Views:
    """Pictures of all runs: the selected one is shown closely, the others a little later."""

    def __init__(
        self,
        fleet: Fleet,
        clock: Callable[[], float],
        saving: Callable[[Run], Saving | None] | None = None,
        player: Player | None = None,
    ) -> None:
        self._fleet = fleet
        self._clock = clock
        self._saving = saving or (lambda _run: None)
        self._player = player
        self._viewers: dict[int, Viewer] = {}

    def all(self, *, final: bool = False, brief: bool = False) -> tuple[RunView, ...]:
        """Every run as it stands; see `Viewer.view`."""
        runs, before = self._fleet.runs, self._viewers
        self._viewers = {run.id: before.get(run.id) or Viewer(run, self._clock) for run in runs}
        views = []
        for run in runs:
            selected = run is self._fleet.selected
            viewer = self._viewers[run.id]
            view = viewer.view(final=final, brief=brief, closely=selected, among=len(runs))
            player = self._player
            script = player.view() if player and run is player.run else None
            views.append(replace(view, saving=self._saving(run), script=script))
        return tuple(views)


class Viewer:
    """Pictures of one run; what is costly and has not changed, or just was made, is kept."""

    def __init__(self, run: Run, clock: Callable[[], float]) -> None:
        self._run = run
        self._clock = clock
        self._model_title = title(run.trainer.config.model, run.trainer.model)
        self._history: History | None = None
        self._history_of: object = None
        self._history_at = 0.0
        self._digits: Digits | Numbers | None = None
        self._digits_of: object = None
        self._digits_at = 0.0
        self._timeline = TimelineView()
        self._timeline_of: object = None
        self._then: RunView | None = None
        self._then_of: object = None

    def view(
        self, *, final: bool = False, brief: bool = False, closely: bool = True, among: int = 1
    ) -> RunView:
        """The run as it stands.

        `final` renews all that is out of date, however recent it is; `brief` nothing that takes
        long to make. Only a run that is looked at `closely` is asked of the digits on show;
        `among` several, curves are renewed less often.
        """
        run, trainer, record = self._run, self._run.trainer, self._run.trainer.record
        if closely and not brief:
            self._renew_digits(final)  # first: it may fail, and that is to be seen
        updates_per_second, examples_per_second = run.meter.rates
        view = RunView(
            name=run.name,
            state=run.state,
            config=trainer.config,
            data=trainer.data.spec,
            model_title=self._model_title,
            device=str(trainer.data.device),
            residence=trainer.data.train.residence,
            stepper=trainer.stepper.name,
            slower_because=trainer.slower_because,
            threads=trainer.stepper.threads,
            training_examples=trainer.sampler.n,
            at=trainer.at,
            examples_per_update=trainer.examples_per_update,
            update_progress=trainer.update_progress,
            learning_rate=trainer.learning_rate,
            updates_per_second=updates_per_second,
            examples_per_second=examples_per_second,
            train_loss=record.train_loss,
            trembling=record.trembling(trainer.updates),
            recent=record.window.latest(RECENT_UPDATES if closely else 0),
            seconds_per_update=record.seconds_per_update,
            evaluation=record.evaluation,
            best=record.best,
            events=record.events,
            history=self._latest_history(final, brief, among),
            digits=self._digits,
            reason=run.reason,
            way_back=run.past.way_back.at if run.past.way_back else None,
            id=run.id,
            parent=run.origin.parent if run.origin else "",
            parent_id=run.origin.id if run.origin else None,
            forked_at=run.origin.at if run.origin else None,
            parted_by=self._parted_by(),
            reached=dict(record.reached),
            steadiness=run.prober.steadiness,
            noise_scale=run.prober.noise_scale,
            layers=run.instruments.layers,
            weights=run.instruments.weights,
            confusion=run.instruments.confusion,
            remarks=run.instruments.remarks,
            troubles=dict(run.instruments.troubles),
            timeline=self._latest_timeline(),
            glimpse=run.past.glimpse.id if run.past.glimpse else None,
            finding=run.finder.finding,
        )
        return replace(view, then=self._as_it_was(view)) if closely else view

    def _latest_timeline(self) -> TimelineView:
        past, trainer = self._run.past, self._run.trainer
        shows = past.timeline.revision, past.stands_at_tip(trainer), past.timeline.bound
        if shows != self._timeline_of:
            self._timeline, self._timeline_of = past.view(trainer), shows
        return self._timeline

    def _as_it_was(self, now: RunView) -> RunView | None:
        """The run at the moment that is looked at: its curves, and the digits on show now."""
        kept, showcase = self._run.past.glimpse, self._run.showcase
        shows = kept and (kept.id, showcase, showcase.chosen)
        if shows != self._then_of:
            self._then = as_it_was(now, kept.checkpoint, self._run) if kept else None
            self._then_of = shows
        return self._then

    def _latest_history(self, final: bool, brief: bool, among: int) -> History:
        record = self._run.trainer.record
        now, shows = self._clock(), (record, record.revision)
        due = final or (not brief and now - self._history_at >= among * _HISTORY_SECONDS)
        if self._history is None or (due and shows != self._history_of):
            self._history, self._history_of, self._history_at = record.history(), shows, now
        return self._history

    def _parted_by(self) -> str:
        """What a fork has since changed: the first of its settings that are not its parent's."""
        origin, config = self._run.origin, self._run.trainer.config
        if origin is None or origin.config is config:
            return ""
        changed = differences(origin.config, config)
        return (
            " ".join([title_of(changed[0][0]), *changed[0][1:2], "→", changed[0][2]])
            if changed
            else ""
        )

    def _renew_digits(self, final: bool) -> None:
        run = self._run
        now, shows = self._clock(), (run.trainer.record, run.trainer.updates, run.showcase.chosen)
        due = final or now - self._digits_at >= _DIGITS_SECONDS
        if due and shows != self._digits_of and run.showcase.chosen:
            self._digits_of, self._digits_at = shows, now
            try:
                self._digits = run.showcase.ask(run.trainer.model)
            except Exception as fault:  # whatever a model raises
                run.fail(fault)
