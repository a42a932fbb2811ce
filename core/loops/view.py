"""Making a RunView of a loop that is not ours, of what can be seen of it."""

from __future__ import annotations

from torch.optim import Optimizer

from core.config import RunConfig
from core.data.spec import DataSpec
from core.glimpse import RECENT_UPDATES
from core.loops.tally import Tally
from core.snapshot import LoopView, RunView, State

_NAME = "a loop of your own"


def view(tally: Tally, state: State, config: RunConfig) -> RunView:
    """The loop as it stands."""
    record, batches, optimizer = tally.record, tally.batches, tally.witness.optimizer
    assert batches is not None
    rates = tally.meter.rates if state is State.RUNNING else (0.0, 0.0)
    title = type(getattr(batches.given, "dataset", batches.given)).__name__
    examples = tally.examples_of_epoch
    return RunView(
        name="your loop",
        state=state,
        config=config,
        # If it judges at all, then by its accuracy: hence some class.
        data=DataSpec("your loop", title, examples, 0, (), classes=("of the loop",)),
        model_title=_model_title(optimizer),
        device=_device(optimizer),
        residence="",
        stepper=_NAME,
        slower_because="",
        threads=1,
        training_examples=examples,
        at=tally.at,
        examples_per_update=max(1, round(config.batch_size * tally.batches_per_update)),
        update_progress=0.0,
        learning_rate=config.hyperparameters.get("lr", 0.0),
        updates_per_second=rates[0],
        examples_per_second=rates[1],
        train_loss=record.train_loss,
        trembling=record.trembling(tally.updates),
        recent=record.window.latest(RECENT_UPDATES),
        seconds_per_update=record.seconds_per_update,
        evaluation=record.evaluation,
        best=record.best,
        events=record.events,
        history=record.history(),
        digits=None,
        reason="the loop has come to its end" if state is State.FINISHED else "",
        reached=dict(record.reached),
        loop=LoopView(batches.fixed),
    )


def _model_title(optimizer: Optimizer | None) -> str:
    """The network itself cannot be seen, but how many weights its optimizer has."""
    if optimizer is None:
        return _NAME
    weights = sum(p.numel() for group in optimizer.param_groups for p in group["params"])
    return f"{_NAME}, {weights:,} weights"


def _device(optimizer: Optimizer | None) -> str:
    parameters = optimizer.param_groups[0]["params"] if optimizer else []
    return str(parameters[0].device) if parameters else "cpu"
