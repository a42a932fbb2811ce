"""A run copied whole, into another that goes on by itself."""

from __future__ import annotations

from core.run import Origin, Run
from core.snapshot import State


def fork(run: Run, id: int, name: str, moment: int | None = None) -> Run:
    """Another run that goes on bit for bit as this one would, or would have at a moment.

    Of an update under way, it begins its own from the start. Raises UserError if the moment
    has gone.
    """
    saved = run.capture() if moment is None else run.past.timeline.find(moment).checkpoint
    other = Run(name, run.trainer.config, run.data, run.kernels, run.clock, id, run.log.another())
    other.log.attach("start", saved)
    other.take_up(saved)
    other.origin = Origin(run.name, run.id, saved.at, saved.config)
    other.showcase = run.showcase.copy()
    other.past.inherit(run.past)
    other.prober.steadiness = run.prober.steadiness
    other.prober.noise_scale = run.prober.noise_scale
    if moment is None:
        _go_on_as(run, other)
    else:
        other.past.timeline.stand_at(other.past.timeline.find(moment))
        other.come_to_rest(State.PAUSED)
    other.trainer.record.add_event(saved.at, "forked", after=f"from {run.name}")
    return other


def _go_on_as(run: Run, other: Run) -> None:
    """Let the other do what the run is doing."""
    other.trainer.diverged = run.trainer.diverged
    if run.state is State.RUNNING:
        other.goal = run.goal
        other.go_on()
    else:
        other.come_to_rest(run.state, run.reason)
    if not run.examined:
        other.examine()
