"""A run as it was at an earlier moment, for the screen: looking changes nothing."""

from __future__ import annotations

from dataclasses import replace

from core.checkpoint import Checkpoint
from core.run import Run
from core.snapshot import Digits, Numbers, RunView, State

RECENT_UPDATES = 512  # of which every loss is told


def as_it_was(now: RunView, saved: Checkpoint, run: Run) -> RunView:
    """The view `now` of a run with the curves, figures and digits of a moment of it.

    It stands still, whatever the run does meanwhile.
    """
    config, record = saved.config, saved.record
    epoch, size = saved.at.epoch, config.examples_per_update(now.training_examples)
    factor = saved.schedule.factor(epoch, epoch + size / now.training_examples)
    return replace(
        now,
        state=State.PAUSED,
        reason="",
        config=config,
        at=saved.at,
        examples_per_update=size,
        update_progress=0.0,
        learning_rate=config.learning_rate * factor,
        updates_per_second=0.0,
        examples_per_second=0.0,
        train_loss=record.train_loss,
        trembling=record.trembling(saved.at.updates),
        recent=record.window.latest(RECENT_UPDATES),
        seconds_per_update=record.seconds_per_update,
        evaluation=record.evaluation,
        best=record.best,
        events=record.events,
        history=record.history(),
        digits=_what_it_said(saved, run) if run.showcase.chosen else None,
        reached=dict(record.reached),
    )


def _what_it_said(saved: Checkpoint, run: Run) -> Digits | Numbers:
    """What the network said then of the examples on show now.

    It is asked with the weights of then in it: a user's own may not let itself be copied.
    """
    model = run.trainer.model
    now = {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(saved.weights)
    try:
        return run.showcase.ask(model)
    finally:
        model.load_state_dict(now)
