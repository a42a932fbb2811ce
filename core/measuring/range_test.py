"""A range test: the learning rate rises from update to update until the loss diverges.

L. N. Smith, "Cyclical Learning Rates for Training Neural Networks", arXiv 1506.01186, section 3.3;
with the rate rising exponentially, as it is usual since.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from core.allowance import SLICE_SECONDS
from core.config import RunConfig
from core.finding import Ended, Finding
from core.measuring.suggestion import Smoothing, suggested
from core.settings import Number
from core.switching import Switchboard
from core.trainer import Time, Trainer

_RATES = 100  # that are tried; fewer where updates take long
_FEWEST = 16
_SECONDS = 5.0  # what it may take, unless it takes longer to try the fewest
_EXAMPLES = 256  # that the loss at a rate is the mean of, at least
_REACH = 1000.0  # times below and above the optimizer's own default


def bounds(config: RunConfig) -> tuple[float, float]:
    """From which learning rate to which a test goes.

    Three decades to either side of the optimizer's default and of the rate that is set.
    """
    row = config.optimizer_spec.hyperparameter("lr")
    assert isinstance(row.kind, Number)
    known = row.default, config.learning_rate
    return min(known) / _REACH, min(max(known) * _REACH, row.kind.high)


class RangeTest:
    """Makes updates at rising rates with a trainer that nobody else needs, and notes the losses.

    The loss of an update is measured before it is made. So it tells of the rate of the update
    before, and is counted for that.
    """

    def __init__(self, trainer: Trainer, switchboard: Switchboard, clock: Time) -> None:
        self._trainer = trainer
        self._switchboard = switchboard
        self._clock = clock
        self._low, self._high = bounds(trainer.config)
        self._start = trainer.at
        self._rates: list[float] = []
        self._losses: list[float] = []
        self._smoothed: list[float] = []
        self._smoothing = Smoothing()
        self._ended_by = Ended.NOT_YET
        self._reached = self._low
        self._seconds = 0.0
        self._loss_sum, self._examples = 0.0, 0  # of the point to come

    def finding(self) -> Finding:
        """The curve so far."""
        now = self._trainer.at
        over = self._ended_by is not Ended.NOT_YET
        curve = tuple(self._rates), tuple(self._losses), tuple(self._smoothed)
        return Finding(
            self._low,
            self._high,
            *curve,
            suggested(*curve) if over else None,
            now.updates - self._start.updates,
            now.examples - self._start.examples,
            self._seconds,
            math.log(self._reached / self._low) / math.log(self._high / self._low),
            self._ended_by,
            self._reached,
        )

    def steps(self) -> Iterator[None]:
        """The test, in pieces of some milliseconds: what lies between them is not its time."""
        self._switchboard.change("lr", self._low)
        yield from self._updates(1)
        self._loss_sum, self._examples = 0.0, 0  # before that, no rate had done anything
        while self._ended_by is Ended.NOT_YET:
            rate = self._reached
            following = self._after(rate)
            yield from self._updates(self._per_rate - 1)
            if not self._trainer.diverged:
                self._switchboard.change("lr", following)
                yield from self._updates(1)
            self._note(rate, following)

    @property
    def _per_rate(self) -> int:
        return math.ceil(_EXAMPLES / self._trainer.examples_per_update)

    def _updates(self, count: int) -> Iterator[None]:
        """So many updates, or fewer if one of them cannot be made for a loss that is not finite."""
        trainer = self._trainer
        end = trainer.updates + count
        while trainer.updates < end and not trainer.diverged:
            began, before, size = self._clock(), trainer.updates, trainer.next_size
            trainer.advance(end - before, SLICE_SECONDS / 2)
            made = trainer.updates - before
            losses = trainer.record.window.latest(made).tolist() if made else []
            self._loss_sum += size * math.fsum(losses)
            self._examples += size * made
            self._seconds += self._clock() - began
            yield

    def _note(self, rate: float, following: float) -> None:
        """Add the point of a `rate`, and see whether it is the last one."""
        if self._trainer.diverged:
            self._ended_by = Ended.DIVERGED
            return
        loss = self._loss_sum / self._examples
        self._loss_sum, self._examples = 0.0, 0
        self._rates.append(rate)
        self._losses.append(loss)
        self._smoothed.append(self._smoothing.add(rate, loss))
        if self._smoothing.diverged:
            self._ended_by = Ended.DIVERGED
        elif rate == self._high:
            self._ended_by = Ended.HIGHEST
        else:
            self._reached = following

    def _after(self, rate: float) -> float:
        """The rate that comes next: some per cent higher, or more where time would not suffice."""
        decades = math.log10(self._high / self._low)
        fine, coarse = decades / (_RATES - 1), decades / (_FEWEST - 1)
        cost = self._seconds / max(1, len(self._rates))
        left = math.log10(self._high / rate)
        fitting = max(1.0, (_SECONDS - self._seconds) / cost) if cost else math.inf
        step = min(max(fine, left / fitting), coarse)
        return self._high if step > 0.999 * left else rate * 10**step
