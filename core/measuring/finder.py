"""The learning-rate finder of a run: a range test on a copy of it, which leaves no trace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from core import own_code
from core.allowance import SLICE_SECONDS
from core.checkpoint import Checkpoint, restore
from core.errors import UserError
from core.finding import Ended, Finding
from core.measuring.draws import OwnDraws
from core.measuring.range_test import RangeTest
from core.record import Record
from core.schedules import Schedule
from core.steppers.fused.preparation import Preparation
from core.switching import Switchboard
from core.trainer import Time, Trainer

_OVER = object()
_PIECE_SECONDS = SLICE_SECONDS / 2


class Finder:
    """Looks for a learning rate when asked to; `finding` is what it shows, None before that.

    The copy goes on from the run's weights, optimizer and order, at a constant rate. It is off
    the run's training clock, and draws its random numbers apart: the run does not notice it.
    """

    def __init__(self, clock: Time) -> None:
        self.finding: Finding | None = None
        self._clock = clock
        self._test: RangeTest | None = None
        self._under_way: Iterator[None] = iter(())
        self._draws: OwnDraws | None = None

    @property
    def busy(self) -> bool:
        return self._test is not None

    def begin(self, trainer: Trainer, saved: Checkpoint, kernels: Preparation) -> None:
        """Begin anew, with a copy of the `trainer` as it was `saved`. Raises UserError."""
        self.give_up()
        draws = OwnDraws()
        with draws.in_force():
            copy, switchboard = _copy(trainer, saved, kernels, self._clock)
        test = RangeTest(copy, switchboard, self._clock)
        self._test, self._draws, self._under_way = test, draws, test.steps()
        self.finding = test.finding()

    def give_up(self) -> None:
        """Forget what was found, and let go of the copy."""
        self.finding = None
        self._let_go()

    def work(self) -> None:
        """Go on with the test for some milliseconds; what a model raises ends it."""
        assert self._test is not None
        assert self._draws is not None
        test, began = self._test, self._clock()
        try:
            with self._draws.in_force():
                over = next(self._under_way, _OVER) is _OVER
                while not over and self._clock() - began < _PIECE_SECONDS:
                    over = next(self._under_way, _OVER) is _OVER
            if over:
                self._let_go()
            self.finding = test.finding()
        except Exception as fault:  # whatever torch or a model raises
            self._let_go()
            said = own_code.blame(fault)
            self.finding = replace(test.finding(), ended_by=Ended.FAULT, trouble=said)

    def _let_go(self) -> None:
        self._test, self._draws, self._under_way = None, None, iter(())


def _copy(
    trainer: Trainer, saved: Checkpoint, kernels: Preparation, clock: Time
) -> tuple[Trainer, Switchboard]:
    """Another trainer that goes on from `saved`, at a constant rate, and its switchboard."""
    config = replace(saved.config, schedule="constant", warmup=0.0)
    if config.stepper == "compiled":
        config = replace(config, stepper="auto")  # compiling takes longer than the test
    try:
        copy = Trainer(config, trainer.data, Record(), kernels, clock)
        _check_apart(copy, trainer)
        record = copy.record
        saved = replace(saved, config=config, schedule=Schedule())
        switchboard = restore(copy, saved)
        copy.record = record
    except UserError:
        raise
    except Exception as fault:  # no memory for two of them, say
        raise UserError(
            f"there is no copy to look for a rate with: {own_code.blame(fault)}"
        ) from fault
    return copy, switchboard


def _check_apart(copy: Trainer, trainer: Trainer) -> None:
    """Refuse a copy that is none: a factory may return one and the same network each time."""
    theirs = {id(parameter) for parameter in trainer.model.parameters()}
    if any(id(parameter) in theirs for parameter in copy.model.parameters()):
        raise UserError(
            f"model: {copy.config.model} returns the same network each time; it must build "
            "another at every call, or what is tried on a copy changes the run"
        )
