"""A training loop of one's own, on gd-tui's screen: `cockpit(...)` around the loader is all."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from gd_tui import cockpit

torch.manual_seed(0)
points = torch.randn(2_000, 2)
inside = (points.square().sum(1) < 1.4).long()
loader = DataLoader(TensorDataset(points, inside), batch_size=32, shuffle=True)

net = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)

for epoch in range(5):
    for inputs, labels in cockpit(loader):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(inputs), labels)
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch + 1}: the loss is {loss.item():.3f}")
