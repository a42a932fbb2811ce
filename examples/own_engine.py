"""A network, an optimizer and tensors of one's own, trained by gd-tui; then on its screen."""

import sys

import torch
from torch import nn

import gd_tui


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 2))

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        return self.layers(points)


torch.manual_seed(0)
points = torch.randn(2_000, 2)
inside = (points.square().sum(1) < 1.4).long()  # a disc: about half of them

net = Net()
adam = torch.optim.Adam(net.parameters(), lr=3e-3)

with gd_tui.engine(model=net, data=(points, inside), optimizer=adam, batch_size=32) as engine:
    run = engine.train(epochs=5)
    print(f"after {run.at.updates} updates: {run.evaluation.accuracy:.1%} of the test set")
    engine.change("lr", 1e-3)
    engine.train(epochs=5)
    if sys.stdout.isatty():
        gd_tui.attach(engine)  # until q
    print(f"in the end: {engine.run.evaluation.accuracy:.1%}")
