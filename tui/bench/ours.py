"""Our side: the trainer with each of its steppers, as in any run: sampler, slices and record."""

from __future__ import annotations

from collections.abc import Iterator

from core.config import configure
from core.data.dataset import Dataset
from core.record import Record
from core.steppers.fused.preparation import Preparation
from core.trainer import Trainer
from tui.bench.problem import mnist
from tui.bench.rates import Loop, Rate
from tui.bench.results import FUSED, OURS
from tui.bench.side import serve
from tui.format import plural


def trainer(data: Dataset, batch_size: int, optimizer: str, stepper: str) -> Trainer:
    """A new run of SimpleNet whose updates `stepper` makes, as far as it can."""
    config = configure({"batch_size": batch_size, "optimizer": optimizer})
    kernels = Preparation()
    if stepper == FUSED:
        kernels.finish()
    return Trainer(config, data, Record(), kernels)  # kernels that are not ready are not used


def updates(run: Trainer) -> Iterator[int]:
    """Train for ever; yields the number of updates of each slice."""
    while True:
        before = run.updates
        run.advance()
        while run.mid_update:
            run.advance()
        yield run.updates - before


def enter(data: Dataset, size: int, optimizer: str) -> list[Loop | Rate]:
    """Our contenders; a stepper that does not serve is told with the reason."""
    return [_contender(trainer(data, size, optimizer, stepper), stepper) for stepper in OURS]


def _contender(run: Trainer, stepper: str) -> Loop | Rate:
    if run.stepper.name != stepper:
        return Rate(stepper, f"not measured here: {run.slower_because}", ())
    loop = updates(run)
    next(loop)  # now it is known how many threads it takes
    return Loop(stepper, plural(run.stepper.threads, "thread"), loop)


def main() -> None:
    import torch  # only now: importing our package decides how torch's threads wait

    torch.set_flush_denormal(True)  # as the engine does
    data = mnist()
    serve(lambda size, optimizer, _trial: enter(data, size, optimizer))


if __name__ == "__main__":
    main()
