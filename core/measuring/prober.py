"""How a run's path shakes, measured now and then, off the training clock."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from core.allowance import SLICE_SECONDS
from core.measuring.layers import layers_of
from core.measuring.noise_scale import GradientNoise, NoiseMeter, measure
from core.measuring.ratios import RatioMeter, Ratios
from core.measuring.steadiness import PathMeter
from core.measuring.weights import flat
from core.snapshot import NoiseScale, Steadiness
from core.trainer import Time, Trainer

RARELY = 100  # times as long as a measurement took, a run trains before the next one
_PIECE_SECONDS = SLICE_SECONDS / 3


class Prober:
    """Watches some successive updates one by one, and estimates the gradient's noise.

    Neither changes training: the updates watched are those that would be made anyway, and
    examples are drawn by a generator of its own, seeded with `seed`.
    """

    def __init__(self, trainer: Trainer, clock: Time, seed: int) -> None:
        self.steadiness: Steadiness | None = None
        self.noise_scale: NoiseScale | None = None
        self.ratios: Ratios | None = None
        self._trainer = trainer
        self._clock = clock
        self._generator = torch.Generator().manual_seed(seed)
        self._path = PathMeter()
        self._layers = RatioMeter(layers_of(trainer.model))
        self._watched: object = None  # what is being watched: the phase, and up to which update
        self._path_cost = 0.0
        self._path_due = 0.0  # in training seconds
        self._noise = NoiseMeter()
        self._measuring: Iterator[GradientNoise | None] | None = None
        self._noise_cost = 0.0
        self._noise_due = trainer.seconds + RARELY * SLICE_SECONDS / 10

    def state(self) -> Tensor:
        """That of the generator: it decides which examples will be measured."""
        return self._generator.get_state()

    def load_state(self, state: Tensor) -> None:
        self._generator.set_state(state)

    def advance(self, most: int, seconds: float) -> None:
        """Train as `Trainer.advance` does; while a window of updates is watched, one by one."""
        trainer, began = self._trainer, self._clock()
        cannot_begin = trainer.mid_update and self._watched is None
        if trainer.seconds < self._path_due or trainer.diverged or cannot_begin:
            trainer.advance(most, seconds)
            return
        start = trainer.seconds
        for _ in range(most):
            if not self._advance_watched() or self._clock() - began >= seconds:
                break
        known = self.ratios.at.updates if self.ratios else None
        if self._layers.updates and known != trainer.updates:
            self.ratios = self._layers.told(trainer.at)
        self._path_cost += self._clock() - began - (trainer.seconds - start)
        if self._path.done:
            self._conclude()

    def _advance_watched(self) -> bool:
        """One step of training under watch; False if something else may be due after it."""
        trainer = self._trainer
        large = trainer.mid_update
        if not trainer.mid_update and self._watched != self._here:
            if (
                self.steadiness
                and self.steadiness.at.updates < trainer.record.phases[-1].start.updates
            ):
                self.steadiness = None  # of another strategy
            weights = flat(trainer.optimizer.parameters)
            self._path.begin(weights)
            self._layers.begin(weights)
            self._watched, self._path_cost = self._here, 0.0
        before = trainer.updates
        trainer.advance(1)
        if trainer.updates == before:
            return False
        weights = flat(trainer.optimizer.parameters)
        self._path.watch(weights)
        self._layers.watch(self._path.update, weights)
        self._watched = self._here
        return not (large or self._path.done or trainer.sampler.cursor == 0)

    @property
    def _here(self) -> object:
        return self._trainer.record.phases[-1:], self._trainer.updates

    def _conclude(self) -> None:
        path, at = self._path, self._trainer.at
        if path.cosine is not None and path.detour is not None:
            self.steadiness = Steadiness(
                path.cosine, path.detour, path.updates, at, self._path_cost
            )
        self._watched, self._path = None, PathMeter()  # which kept vectors as long as the weights
        self._path_due = at.seconds + RARELY * self._path_cost

    @property
    def busy(self) -> bool:
        """Whether a measurement of the noise is under way; the weights must not change then."""
        return self._measuring is not None

    def begin_if_due(self) -> None:
        if self.busy:
            return
        trainer, data = self._trainer, self._trainer.data
        if trainer.seconds >= self._noise_due and not trainer.mid_update and trainer.updates:
            self._measuring = measure(
                trainer.model, trainer.loss, data.train, self._generator, trainer.micro_batch
            )
            self._noise_cost = 0.0

    def give_up(self) -> None:
        """Forget a measurement that is under way."""
        self._measuring = None

    def work(self) -> None:
        """Measure for some milliseconds."""
        assert self._measuring is not None
        began = self._clock()
        noise = next(self._measuring)
        while noise is None and self._clock() - began < _PIECE_SECONDS:
            noise = next(self._measuring)
        self._noise_cost += self._clock() - began
        if noise is not None:
            self._measuring = None
            self._noise.add(noise)
            at, cost = self._trainer.at, self._noise_cost
            self.noise_scale = NoiseScale(self._noise.examples, at, cost)
            self._noise_due = at.seconds + RARELY * cost
