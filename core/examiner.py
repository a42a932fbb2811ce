"""When a run is judged on the test set: before it begins, at an interval, at every epoch's end."""

from __future__ import annotations

import math
from collections.abc import Iterator

from core.evaluation import Result, evaluate
from core.memory import is_out_of_memory
from core.snapshot import Evaluation
from core.threads import share, use_threads
from core.trainer import Trainer

_NAMED = 3  # files of many


class Examiner:
    """Evaluates a trainer in small pieces, off the training clock, and says when it is time."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._under_way: Iterator[Result | None] | None = None
        self._lost = 0  # files of the data, as far as it was told
        self.doubling = False  # judge also at 1, 2, 4, 8, ... updates, to compare runs there

    @property
    def busy(self) -> bool:
        return self._under_way is not None

    @property
    def examples_left(self) -> float:
        """How many examples may be trained on before the interval is over."""
        trainer, every = self._trainer, self._trainer.config.eval_every
        if not every:
            return math.inf
        evaluation = trainer.record.evaluation
        latest = evaluation.at.examples if evaluation else 0
        return (latest // every + 1) * every - trainer.examples

    @property
    def updates_left(self) -> float:
        """How many updates may be made before their number has doubled."""
        if not self.doubling:
            return math.inf
        evaluation = self._trainer.record.evaluation
        latest = evaluation.at.updates if evaluation else 0
        return (1 << latest.bit_length()) - self._trainer.updates

    @property
    def due(self) -> bool:
        if self.examples_left <= 0 or self.updates_left <= 0:
            return True
        every, sampler = self._trainer.config.eval_every, self._trainer.sampler
        return sampler.cursor == 0 and (every is None or every <= sampler.n)

    @property
    def up_to_date(self) -> bool:
        """Whether the latest evaluation is of this very moment."""
        evaluation = self._trainer.record.evaluation
        return evaluation is not None and evaluation.at == self._trainer.at

    def begin(self) -> None:
        trainer = self._trainer
        self._tell_lost()
        self._under_way = evaluate(
            trainer.model, trainer.loss, trainer.data.test, trainer.micro_batch
        )

    def _tell_lost(self) -> None:
        """Say which files of the data could not be read any more, if there are more of them."""
        trainer, lost = self._trainer, self._trainer.data.lost
        if len(lost) > self._lost:
            self._lost = len(lost)
            several = "file" if len(lost) == 1 else "files"
            named = ", ".join(lost[:_NAMED]) + (", ..." if len(lost) > _NAMED else "")
            said = f"{len(lost):,} {several} cannot be read any more: {named}"
            trainer.record.add_event(
                trainer.at, "data", after=said, note="a grey picture stands for each"
            )

    def give_up(self) -> None:
        self._under_way = None

    def work(self) -> Evaluation | None:
        """Judge a piece of the test set; the evaluation, once that was the last piece."""
        assert self._under_way is not None
        use_threads(share())
        result, tried = None, 0
        try:
            result = next(self._under_way)
        except Exception as fault:
            tried = min(self._trainer.micro_batch, len(self._trainer.data.test))
            if not is_out_of_memory(fault) or tried == 1:
                raise
        if tried:  # only here: the fault holds on to what did not fit
            self._trainer.make_do(tried)
            self.begin()
            return None
        if result is None:
            return None
        self._under_way = None
        evaluation = Evaluation(self._trainer.at, result.loss, result.accuracy, result.r2)
        self._trainer.record.add_evaluation(evaluation, result.predictions)
        return evaluation
