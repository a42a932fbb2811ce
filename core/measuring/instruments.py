"""What is measured of a network only while somebody looks at it, off the training clock."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import torch

from core.allowance import SLICE_SECONDS
from core.figures import Confusion, Instrument, Layers, Remark, Weights
from core.measuring import surveys
from core.measuring.layers import layers_of
from core.measuring.prober import RARELY, Prober
from core.measuring.remarks import Figures, Remarks
from core.own_code import blame
from core.trainer import Time, Trainer

_SAMPLE = 512  # examples, or as many as there are
_PIECE_SECONDS = SLICE_SECONDS / 3

Found = Layers | Weights | Confusion


class Instruments:
    """Measures what is shown of a run: now and then while it trains, once while it rests.

    Each takes 1 % of its time at most. None changes training: the sample of examples is drawn by
    a generator of its own, seeded with `seed`. An instrument that fails says why in `troubles`,
    and is left alone until it is shown again.
    """

    def __init__(self, trainer: Trainer, prober: Prober, clock: Time, seed: int) -> None:
        self.troubles: dict[Instrument, str] = {}
        self._shown: frozenset[Instrument] = frozenset()
        self._found: dict[Instrument, Found] = {}
        self._layers: Layers | None = None  # with the ratios
        self._first: Layers | None = None
        self._remarks = Remarks()
        self._trainer = trainer
        self._prober = prober
        self._clock = clock
        self._parts = layers_of(trainer.model)
        generator = torch.Generator().manual_seed(seed)
        self._sample = torch.randperm(len(trainer.data.train), generator=generator)[:_SAMPLE]
        self._under_way: tuple[Instrument, Iterator[Found | None]] | None = None
        self._cost = 0.0
        self._due = dict.fromkeys(Instrument, -math.inf)  # training seconds
        self._due_by_clock = dict.fromkeys(Instrument, -math.inf)
        self._turns = list(Instrument)  # whoever waited longest first

    @property
    def layers(self) -> Layers | None:
        """With the ratios of the latest updates that were watched."""
        return self._layers

    @property
    def weights(self) -> Weights | None:
        found = self._found.get(Instrument.WEIGHTS)
        return found if isinstance(found, Weights) else None

    @property
    def confusion(self) -> Confusion | None:
        found = self._found.get(Instrument.CONFUSION)
        return found if isinstance(found, Confusion) else None

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What is to be said of the numbers as they are."""
        return self._remarks.said

    def show(self, shown: frozenset[Instrument]) -> None:
        """Measure these from now on; what nobody looks at any more is broken off."""
        for instrument in shown - self._shown:
            self.troubles.pop(instrument, None)
        self._shown = shown
        if self._under_way and self._under_way[0] not in shown:
            self.give_up()

    @property
    def busy(self) -> bool:
        """Whether a measurement is under way; the weights must not change then."""
        return self._under_way is not None

    @property
    def wanted(self) -> bool:
        """Of a run at rest: whether something that is shown is not of this very moment."""
        return self.busy or self._next(self._out_of_date) is not None

    def begin_if_due(self) -> None:
        """Of a run that trains: measure what is shown and not known yet, or whose time has come."""
        if self._shown and not self.busy:
            self._heed_ratios()
            self._begin(self._next(lambda each: self._time_for(each) and self._out_of_date(each)))

    def begin_if_wanted(self) -> None:
        """Of a run at rest: measure what is shown once for this moment."""
        if not self.busy:
            self._begin(self._next(self._out_of_date))

    def give_up(self) -> None:
        """Forget a measurement that is under way."""
        self._under_way = None

    def work(self) -> None:
        """Measure for some milliseconds."""
        assert self._under_way is not None
        instrument, pieces = self._under_way
        began = self._clock()
        try:
            found = next(pieces)
            while found is None and self._clock() - began < _PIECE_SECONDS:
                found = next(pieces)
        except Exception as fault:  # whatever a model raises: training goes on without it
            self.troubles[instrument] = blame(fault)
            self.give_up()
            return
        self._cost += self._clock() - began
        if found is not None:
            self.give_up()
            self._found[instrument] = replace(found, seconds=self._cost)
            self._due[instrument] = self._trainer.seconds + RARELY * self._cost
            self._due_by_clock[instrument] = self._clock() + RARELY * self._cost
            if instrument is Instrument.LAYERS:
                self._renew_layers()

    def _begin(self, instrument: Instrument | None) -> None:
        if instrument is not None:
            self._turns.remove(instrument)
            self._turns.append(instrument)
            self._under_way, self._cost = (instrument, self._pieces(instrument)), 0.0

    def _pieces(self, instrument: Instrument) -> Iterator[Found | None]:
        trainer = self._trainer
        match instrument:
            case Instrument.LAYERS:
                return surveys.layers(trainer, self._parts, self._sample)
            case Instrument.WEIGHTS:
                return surveys.weights(trainer, self._parts)
            case Instrument.CONFUSION:
                return surveys.confusion(trainer)

    def _next(self, needs: Callable[[Instrument], bool]) -> Instrument | None:
        """Who has waited longest of those that are shown and need it."""
        if self._trainer.mid_update:
            return None
        able = (x for x in self._turns if x in self._shown and x not in self.troubles)
        return next((x for x in able if self._possible(x) and needs(x)), None)

    def _possible(self, instrument: Instrument) -> bool:
        if instrument is Instrument.CONFUSION:
            told = self._trainer.record.predictions is not None
            return told and bool(self._trainer.data.spec.classes)
        return bool(self._parts)

    def _time_for(self, instrument: Instrument) -> bool:
        """Whether it may be measured while training: by its clock, or by ours if that is slow."""
        if self._trainer.config.speed and self._clock() >= self._due_by_clock[instrument]:
            return True
        return self._trainer.seconds >= self._due[instrument]

    def _out_of_date(self, instrument: Instrument) -> bool:
        found, evaluation = self._found.get(instrument), self._trainer.record.evaluation
        if isinstance(found, Confusion) and evaluation and found.judged_at != evaluation.at:
            return True
        return found is None or found.at.updates != self._trainer.updates

    # What the layers are remarked on

    def _heed_ratios(self) -> None:
        ratios, layers = self._prober.ratios, self._layers
        if ratios and layers and ratios.at != layers.watched:
            self._renew_layers()

    def _renew_layers(self) -> None:
        found, ratios = self._found[Instrument.LAYERS], self._prober.ratios
        assert isinstance(found, Layers)
        told = ratios.of if ratios else {}
        rows = tuple(replace(row, update=told.get(row.name)) for row in found.rows)
        self._layers = replace(found, rows=rows, watched=ratios.at if ratios else None)
        self._first = self._first or self._layers
        self._remarks.hear(self._figures(self._layers, self._first))

    def _figures(self, layers: Layers, first: Layers) -> Figures:
        trainer = self._trainer
        evaluation = trainer.record.evaluation
        classes = len(trainer.data.spec.classes)
        told = evaluation is not None and not evaluation.at.updates
        return Figures(
            layers,
            first,
            evaluation.loss if evaluation and told else None,
            math.log(classes) if classes and trainer.loss.name in _LIKELIHOODS else None,
        )


_LIKELIHOODS = ("cross-entropy", "nll")
