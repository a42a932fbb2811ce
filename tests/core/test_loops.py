"""A training loop that is not ours: what is seen of it, and how it is steered."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from core.commands import (
    Advance,
    Change,
    FinishEpoch,
    Fork,
    Hold,
    Pause,
    Release,
    ShowDigits,
    Start,
    Undo,
)
from core.loops.batches import Batches, LiveBatches, examples_in
from core.loops.commands import EndLoop, Printed
from core.loops.loop import Loop
from core.snapshot import RunView, Snapshot, State

N = 40
X = torch.randn(N, 3, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0] > 0).long()

Wrap = Callable[[Iterable[Any]], Iterable[Any]]


class Script:
    """What somebody's training script does; `losses` and `sizes` are those of its batches."""

    def __init__(self, **loader: Any) -> None:
        torch.manual_seed(1)
        self.net = nn.Linear(3, 2)
        weight, bias = self.net.parameters()
        groups = [{"params": [weight], "lr": 0.1}, {"params": [bias], "lr": 0.2}]
        self.optimizer: Optimizer = torch.optim.SGD(groups, lr=0.1)
        loader = {"batch_size": 8, "shuffle": True, **loader}
        self.loader = DataLoader(TensorDataset(X, Y), **loader)
        self.losses: list[float] = []
        self.batches: list[Tensor] = []

    def epoch(self, wrap: Wrap, after: Callable[[int], object] = lambda _batches: None) -> None:
        for inputs, labels in wrap(self.loader):
            self.optimizer.zero_grad()
            loss = F.cross_entropy(self.net(inputs), labels)
            loss.backward()
            self.optimizer.step()
            self.losses.append(loss.item())
            self.batches.append(inputs)
            after(len(self.batches))

    @property
    def sizes(self) -> list[int]:
        return [len(batch) for batch in self.batches]


class Screen:
    """Whoever looks at a loop: it keeps what is published, and answers a pause by what is next."""

    def __init__(self, **more: Any) -> None:
        self.shown: list[Snapshot] = []
        self.loop = Loop(publish=self.look, **more)
        self.when_paused: list[Any] = []  # commands, one for each pause

    def look(self, snapshot: Snapshot) -> None:
        self.shown.append(snapshot)
        run = snapshot.run
        if run and run.state is State.PAUSED and self.when_paused:
            self.loop.asked.put(self.when_paused.pop(0))

    def ask(self, *commands: Any) -> None:
        for command in commands:
            self.loop.asked.put(command)

    @property
    def run(self) -> RunView:
        run = self.shown[-1].run
        assert run is not None
        return run

    @property
    def events(self) -> list[str]:
        return [event.text for event in self.run.events]


@pytest.fixture
def screen() -> Screen:
    return Screen()


# Looking


def test_looking_changes_no_bit_and_sees_every_update(screen: Screen) -> None:
    alone, watched = Script(), Script()
    for _ in range(3):
        alone.epoch(lambda loader: loader)
    torch.manual_seed(1)
    watched = Script()
    for _ in range(3):
        watched.epoch(screen.loop.iterate)
    assert torch.equal(watched.net.weight, alone.net.weight)
    assert all(map(torch.equal, watched.batches, alone.batches))
    run = screen.run
    assert (run.at.updates, run.at.examples, run.at.epoch) == (15, 3 * N, 3.0)
    np.testing.assert_allclose(run.recent, watched.losses, rtol=1e-6)
    assert run.train_loss == pytest.approx(np.mean(watched.losses))
    assert run.config.optimizer == "sgd"
    assert run.learning_rate == 0.1
    assert (run.model_title, run.data.title) == ("a loop of your own, 8 weights", "TensorDataset")


def test_a_schedule_of_the_loops_own_is_seen(screen: Screen) -> None:
    script = Script()
    schedule = torch.optim.lr_scheduler.ExponentialLR(script.optimizer, 0.5)
    script.epoch(screen.loop.iterate)
    schedule.step()
    script.epoch(screen.loop.iterate)
    assert screen.run.learning_rate == pytest.approx(0.05)


def test_accumulated_gradients_are_one_update_of_all_their_examples(screen: Screen) -> None:
    script, losses = Script(shuffle=False), []
    for place, (inputs, labels) in enumerate(screen.loop.iterate(script.loader)):
        loss = F.cross_entropy(script.net(inputs), labels) / 2
        loss.backward()
        losses.append(loss.item())
        if place % 2:
            script.optimizer.step()
            script.optimizer.zero_grad()
    assert (screen.run.at.updates, screen.run.at.examples) == (2, 32)
    assert screen.run.examples_per_update == 16
    np.testing.assert_allclose(screen.run.recent, [sum(losses[:2]), sum(losses[2:4])], rtol=1e-6)


def test_the_loss_counts_as_it_was_before_a_scaler_scaled_it(screen: Screen) -> None:
    script = Script()
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    for inputs, labels in screen.loop.iterate(script.loader):
        loss = F.cross_entropy(script.net(inputs), labels)
        scaler.scale(loss).backward()
        scaler.step(script.optimizer)
        scaler.update()
        script.losses.append(loss.item())
    np.testing.assert_allclose(screen.run.recent, script.losses, rtol=1e-6)


def test_a_loss_of_which_a_scaler_made_no_step_is_not_counted_with_the_next(
    screen: Screen,
) -> None:
    script = Script()
    script.net.weight.register_hook(lambda gradient: gradient * gates.pop(0))
    gates = [float("inf"), 1.0, float("inf"), float("inf"), 1.0]
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    for inputs, labels in screen.loop.iterate(script.loader):
        script.optimizer.zero_grad()
        loss = F.cross_entropy(script.net(inputs), labels)
        scaler.scale(loss).backward()
        scaler.step(script.optimizer)
        scaler.update()
        script.losses.append(loss.item())
    np.testing.assert_allclose(screen.run.recent, np.take(script.losses, [1, 4]), rtol=1e-6)


@pytest.mark.parametrize("by_module", [True, False])
def test_the_loss_of_another_optimizer_is_not_counted(by_module: bool, screen: Screen) -> None:
    one, other = nn.Linear(3, 1), nn.Linear(3, 1)
    optimizers = [torch.optim.SGD(net.parameters(), lr=0.1) for net in (one, other)]
    losses = []
    for inputs, _ in screen.loop.iterate(Script().loader):
        for net, optimizer in zip((one, other), optimizers, strict=True):
            net.zero_grad() if by_module else optimizer.zero_grad()
            loss = net(inputs).square().mean() + (100 if net is other else 1)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert screen.run.at.updates == 5
    np.testing.assert_allclose(screen.run.recent, losses[::2], rtol=1e-6)


def test_one_loss_may_be_of_two_optimizers() -> None:
    script = Script()
    first, second = (torch.optim.SGD([each], lr=0.1) for each in script.net.parameters())
    screen = Screen(optimizer=second)
    for inputs, labels in screen.loop.iterate(script.loader):
        loss = F.cross_entropy(script.net(inputs), labels)
        loss.backward()
        first.step()
        second.step()
        script.losses.append(loss.item())
    np.testing.assert_allclose(screen.run.recent, script.losses, rtol=1e-6)


def test_batches_that_are_only_looked_at_are_not_counted(screen: Screen) -> None:
    script = Script()
    script.epoch(screen.loop.iterate)
    with torch.no_grad():
        for inputs, _ in screen.loop.iterate(script.loader):
            script.net(inputs)
    script.epoch(screen.loop.iterate)
    assert (screen.run.at.updates, screen.run.at.examples) == (10, 2 * N)


def test_where_a_loader_tells_no_batch_size_the_first_batch_does(screen: Screen) -> None:
    script = Script(shuffle=False)
    script.loader = list(script.loader)  # type: ignore[assignment]
    script.epoch(screen.loop.iterate)
    run = screen.run
    assert (run.config.batch_size, run.examples_per_update, run.training_examples) == (8, 8, N)
    assert [phase.batch_size for phase in run.history.phases] == [8]


def test_several_updates_of_one_batch_count_its_examples_once(screen: Screen) -> None:
    script = Script()
    script.epoch(screen.loop.iterate, lambda _: (script.optimizer.step(), script.optimizer.step()))
    assert (screen.run.at.updates, screen.run.at.examples) == (15, N)


def test_the_loop_may_tell_its_own_loss(screen: Screen) -> None:
    script = Script()
    script.epoch(screen.loop.iterate, lambda n: screen.loop.tally.witness.tell(float(n)))
    # Told after the step, it is that of the next one.
    np.testing.assert_array_equal(screen.run.recent[1:], [1, 2, 3, 4])


def test_a_loop_without_an_optimizer_has_its_batches_counted(screen: Screen) -> None:
    for _ in range(14):
        assert sum(1 for _ in screen.loop.iterate(Script().loader)) == 5
    assert screen.run.at.updates > 0
    assert screen.run.learning_rate == 0.0
    screen.ask(Change("lr", 0.5))
    list(screen.loop.iterate(Script().loader))
    assert "no optimizer has made a step" in str(screen.shown[-1].notice)


def test_of_two_optimizers_the_first_is_shown_and_the_other_named(screen: Screen) -> None:
    script = Script()
    other = torch.optim.Adam(nn.Linear(1, 1).parameters())
    script.epoch(screen.loop.iterate, lambda _: other.step())
    assert screen.run.at.updates == 5
    said = "optimizer another one, Adam, makes steps, too"
    note = "loss and learning rate are those of the one watched, SGD"
    assert f"{said}; {note}" in screen.events


def test_a_loss_that_is_not_finite_is_said_once(screen: Screen) -> None:
    script = Script()
    script.optimizer.param_groups[0]["lr"] = float("inf")
    script.epoch(screen.loop.iterate)
    assert screen.events.count("diverged the loss is not finite") == 1


def test_what_the_script_prints_is_an_event(screen: Screen) -> None:
    screen.ask(Printed("epoch 0: fine"))
    Script().epoch(screen.loop.iterate)
    assert screen.events == ["printed epoch 0: fine"]


def test_a_function_that_judges_is_asked_at_the_end_of_each_epoch() -> None:
    answers = iter([(0.5, 0.75), (0.25, 0.5)])
    screen = Screen(evaluate=lambda: next(answers))
    script = Script()
    script.epoch(screen.loop.iterate)
    script.epoch(screen.loop.iterate)
    test, best = screen.run.evaluation, screen.run.best
    assert test is not None
    assert best is not None
    assert (test.loss, test.accuracy, test.at.epoch) == (0.25, 0.5, 2.0)
    assert best.accuracy == 0.75


def test_nothing_is_left_of_the_looking(screen: Screen) -> None:
    backward, scale = Tensor.backward, torch.amp.GradScaler.scale
    zero_grad = Optimizer.zero_grad
    script = Script()
    for _ in screen.loop.iterate(script.loader):
        assert Tensor.backward is not backward
        break
    assert Tensor.backward is backward
    assert torch.amp.GradScaler.scale is scale
    assert Optimizer.zero_grad is zero_grad
    script.epoch(lambda loader: loader)
    assert screen.loop.tally.updates == 0


# Steering


def test_a_pause_waits_before_the_next_batch_and_one_update_is_one(screen: Screen) -> None:
    screen.when_paused = [Advance(1), Advance(2), Start()]
    script = Script()
    script.epoch(screen.loop.iterate, lambda n: screen.ask(Pause()) if n == 1 else None)
    assert len(script.batches) == 5
    paused_at = [
        shown.run.at.updates for shown in screen.shown if shown.run and shown.run.state == "paused"
    ]
    assert sorted(set(paused_at)) == [1, 2, 4]


def test_to_the_end_of_the_epoch_and_no_further(screen: Screen) -> None:
    screen.ask(FinishEpoch())
    screen.when_paused = [Start()]
    script = Script()
    for _ in range(2):
        script.epoch(screen.loop.iterate)
    paused = {s.run.at.epoch for s in screen.shown if s.run and s.run.state is State.PAUSED}
    assert paused == {1.0}
    assert len(script.batches) == 10


def test_what_is_held_is_not_paused(screen: Screen) -> None:
    script = Script()

    def hold(batches: int) -> None:
        if batches == 2:
            screen.ask(Hold(), Release())

    script.epoch(screen.loop.iterate, hold)
    assert len(script.batches) == 5
    assert {shown.run.state for shown in screen.shown if shown.run} == {State.RUNNING}


def test_an_ended_loop_has_no_more_batches_now_or_later(screen: Screen) -> None:
    script = Script()
    script.epoch(screen.loop.iterate, lambda n: screen.ask(EndLoop()) if n == 2 else None)
    script.epoch(screen.loop.iterate)
    assert len(script.batches) == 2
    assert screen.run.state is State.FINISHED


def test_a_rate_is_changed_in_all_groups_in_proportion(screen: Screen) -> None:
    script = Script()
    screen_asks = {1: Change("lr", 0.05), 3: Change("momentum", 0.9)}
    script.epoch(
        screen.loop.iterate, lambda n: screen.ask(screen_asks[n]) if n in screen_asks else None
    )
    rates = [group["lr"] for group in script.optimizer.param_groups]
    assert rates == [0.05, pytest.approx(0.1)]
    assert {group["momentum"] for group in script.optimizer.param_groups} == {0.9}
    assert "learning rate 0.1 → 0.05; the groups' rates: 0.05, 0.1" in screen.events
    assert screen.run.config.hyperparameters["momentum"] == 0.9


def test_a_changed_rate_stays_under_a_schedule_that_multiplies(screen: Screen) -> None:
    script = Script()
    schedule = torch.optim.lr_scheduler.ExponentialLR(script.optimizer, 0.5)
    script.epoch(screen.loop.iterate, lambda n: screen.ask(Change("lr", 0.8)) if n == 1 else None)
    schedule.step()
    assert script.optimizer.param_groups[0]["lr"] == pytest.approx(0.4)


def test_a_rate_that_is_a_tensor_stays_one(screen: Screen) -> None:
    script = Script()
    script.optimizer = torch.optim.Adam(script.net.parameters(), lr=torch.tensor(0.1))
    script.epoch(screen.loop.iterate, lambda n: screen.ask(Change("lr", 0.5)) if n == 1 else None)
    rate = script.optimizer.param_groups[0]["lr"]
    assert isinstance(rate, Tensor)
    assert float(rate) == 0.5


@given(sizes=st.lists(st.integers(1, 60), max_size=6), drop_last=st.booleans())
def test_a_batch_size_changes_with_the_next_batch_and_no_example_is_lost(
    sizes: list[int], drop_last: bool
) -> None:
    batches = LiveBatches(range(100), 7, drop_last)
    drawn: list[list[int]] = []
    wanted = []
    for batch in batches:
        wanted.append(batches.size)
        drawn.append(batch)
        if sizes:
            batches.size = sizes.pop(0)
    flat = [row for batch in drawn for row in batch]
    assert flat == list(range(len(flat)))
    assert len(flat) == 100 or (drop_last and len(flat) > 100 - batches.size)
    assert [len(batch) for batch in drawn[:-1]] == wanted[:-1]


def test_a_new_batch_size_holds_in_the_epochs_to_come(screen: Screen) -> None:
    script = Script()
    ask = {1: Change("batch_size", 16)}
    script.epoch(screen.loop.iterate, lambda n: screen.ask(ask[n]) if n in ask else None)
    assert script.sizes == [8, 16, 16]
    again = Script()  # a loader of the same kind, made anew for each epoch
    again.epoch(screen.loop.iterate)
    assert again.sizes == [16, 16, 8]
    rows = torch.cat(script.batches)
    assert torch.equal(rows.sort(0).values, X.sort(0).values)
    assert "batch size 8 → 16" in screen.events


def test_batches_keep_their_collating_and_their_workers(screen: Screen) -> None:
    script = Script(num_workers=1, collate_fn=len, prefetch_factor=2, shuffle=False)
    sizes = []
    for size in screen.loop.iterate(script.loader):
        sizes.append(size)
        screen.ask(Change("batch_size", 4)) if len(sizes) == 1 else None
    assert sum(sizes) == N
    assert sizes[0] == 8
    assert sizes[-1] == 4
    batches = screen.loop.tally.batches
    assert batches is not None
    assert batches.under_way == 2


class Stream(IterableDataset[Tensor]):
    def __iter__(self) -> Iterator[Tensor]:
        return iter(X)


class Pairs(Dataset[Tensor]):
    def __getitem__(self, rows: Any) -> Tensor:
        return X[rows]

    def __len__(self) -> int:
        return N


@pytest.mark.parametrize(
    ("loader", "said"),
    [
        ([X, X], "list is no DataLoader of torch's"),
        (DataLoader(Stream(), batch_size=8), "the data set is a stream"),
        (DataLoader(Pairs(), batch_size=None, sampler=[[0, 1], [2]]), "has no batch size"),
        (
            DataLoader(Pairs(), batch_sampler=LiveBatches(range(N), 8, False)),
            "has a batch sampler of its own, LiveBatches",
        ),
    ],
)
def test_a_batch_size_that_cannot_change_is_said_and_the_loop_goes_on(
    loader: Any, said: str, screen: Screen
) -> None:
    screen.ask(Change("batch_size", 4))
    handed_out = list(screen.loop.iterate(loader))
    assert all(map(torch.equal, handed_out, list(loader)))
    notice = screen.shown[-1].notice
    assert notice is not None
    assert said in notice.text
    assert said in screen.run.loop.fixed  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (Fork(), "that cannot be asked of a loop that is not gd-tui's own"),
        (Undo(), "that cannot be asked of a loop that is not gd-tui's own"),
        (Change("strategy", "batch"), "strategy: it is the loop's own; change it there"),
        (Change("optimizer", "adam"), "optimizer: it is the loop's own; change it there"),
        (Change("batch_size", 41), "it must be a whole number from 1 to 40"),
        (Change("batch_size", 0), "batch size: 0 is not allowed"),
        (Change("lr", -1), "learning rate: -1 is not allowed"),
        (Change("beta1", 0.5), "beta1: SGD has no such hyperparameter"),
    ],
)
def test_what_cannot_be_is_answered_in_one_line(command: Any, said: str, screen: Screen) -> None:
    script = Script()
    before = copy.deepcopy(script.optimizer.state_dict()["param_groups"])
    script.epoch(screen.loop.iterate, lambda n: screen.ask(command) if n == 1 else None)
    last = screen.shown[-1]
    assert last.notice is not None
    assert said in last.notice.text
    assert last.answered == 1
    assert script.sizes == [8] * 5
    assert script.optimizer.state_dict()["param_groups"] == before


def test_what_the_screen_asks_by_itself_is_answered_without_a_word(screen: Screen) -> None:
    screen.ask(ShowDigits(12))
    Script().epoch(screen.loop.iterate)
    assert screen.shown[-1].answered == 1
    assert screen.shown[-1].notice is None


def test_a_speed_limit_is_kept() -> None:
    now = [0.0]
    screen = Screen(clock=lambda: now[0])
    script = Script()
    waits: list[float] = []
    asked = screen.loop.asked

    class Waiting:
        """A queue in which waiting takes no time but that of the clock."""

        def get(self, timeout: float) -> Any:
            waits.append(timeout)
            now[0] += timeout
            return asked.get_nowait()

        put, get_nowait = asked.put, asked.get_nowait

    screen.loop.asked = Waiting()  # type: ignore[assignment]
    screen.ask(Change("speed", 2))
    script.epoch(screen.loop.iterate)
    assert waits == [pytest.approx(0.5, abs=0.06)] * 5  # after each update


def test_examples_are_counted_in_batches_of_any_kind() -> None:
    assert examples_in((X, Y)) == N
    assert examples_in({"ids": X[:3], "name": "x"}) == 3
    assert examples_in([{"a": np.zeros((5, 2))}]) == 5
    assert examples_in(("text", 3)) is None
    assert examples_in(torch.tensor(1.0)) is None


def test_an_epochs_length_is_known_where_the_loader_knows_it() -> None:
    assert Batches(Script(batch_size=8, drop_last=True).loader).examples == N
    assert Batches(DataLoader(Stream(), batch_size=8)).examples is None
    assert Batches([X, X]).examples is None
