"""A model's layers one by one: their gradients, their weights, the units that never speak."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.data.split import Split
from core.evaluation import only_looking
from core.figures import LayerFigures
from core.losses import Loss
from core.measuring.relus import ReluWatch
from core.measuring.weights import flat
from core.threads import use_threads


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A module that owns trained weights of two or more dimensions, and where they stand.

    In the vector that `core.measuring.weights.flat` makes of all parameters, its own go from
    `begin` to before `end`, its bias among them.
    """

    name: str
    module: nn.Module
    begin: int
    end: int

    @property
    def matrices(self) -> list[nn.Parameter]:
        """Its weights of two or more dimensions."""
        return [p for p in self.module.parameters(recurse=False) if p.dim() >= 2]


def layers_of(model: nn.Module) -> tuple[Layer, ...]:
    """The layers of a model; weights that two modules share count with the first."""
    layers: list[Layer] = []
    seen: set[int] = set()
    place = 0
    for name, module in model.named_modules():
        own = [p for p in module.parameters(recurse=False) if id(p) not in seen]
        seen.update(map(id, own))
        begin, place = place, place + sum(p.numel() for p in own)
        if any(p.dim() >= 2 and p.requires_grad for p in own):
            layers.append(Layer(name or type(module).__name__, module, begin, place))
    return tuple(layers)


def lengths(vector: Tensor, layers: Sequence[Layer]) -> Tensor:
    """The length of each layer's part of `vector` (d,): (layers,), on its device."""
    norms = [torch.linalg.vector_norm(vector[x.begin : x.end]) for x in layers]
    return torch.stack(norms) if norms else vector.new_zeros(0)


@dataclass(frozen=True, slots=True)
class Survey:
    """What a sample of examples told: a row for each layer, and the mean loss."""

    rows: tuple[LayerFigures, ...]
    loss: float


def survey(
    model: nn.Module,
    layers: Sequence[Layer],
    loss: Loss,
    examples: Split,
    rows: Tensor,
    chunk: int,
) -> Iterator[Survey | None]:
    """Send the examples `rows` (n,) through the model, and the gradient of their mean loss back.

    Yields None after every `chunk` of examples or fewer, so that others may go in between; the
    last thing it yields is the result. Until then the weights must not change. Dropout and
    running statistics are left out, as in `noise_scale`.
    """
    parameters = list(model.parameters())
    trained = [place for place, each in enumerate(parameters) if each.requires_grad]
    watch = ReluWatch(layers)
    total = torch.zeros((), device=examples.targets.device)
    gradients = [torch.zeros_like(each) for each in parameters]
    for some in torch.split(rows, chunk):
        use_threads(1)
        inputs, targets = examples.take(some)
        with only_looking(model), torch.inference_mode(False):  # looking, but with gradients
            with watch:
                outputs = model(inputs)
            part = loss.part(outputs, targets, len(rows))
            found = torch.autograd.grad(
                part, [parameters[k] for k in trained], materialize_grads=True
            )
            for place, gradient in zip(trained, found, strict=True):
                gradients[place] += gradient
            total += part.detach()
        yield None
    norms = torch.stack([lengths(flat(gradients), layers), lengths(flat(parameters), layers)])
    mean, *measured = torch.cat([total[None], norms.flatten()]).tolist()  # at once: a GPU waits
    found_norms, weight_norms = measured[: len(layers)], measured[len(layers) :]
    dead = watch.dead()
    yield Survey(
        tuple(
            LayerFigures(
                layer.name, layer.end - layer.begin, gradient, weight, dead=dead.get(layer.name)
            )
            for layer, gradient, weight in zip(layers, found_norms, weight_norms, strict=True)
        ),
        mean,
    )
