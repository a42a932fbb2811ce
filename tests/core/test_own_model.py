"""The user's own network: built by their factory, tried on one batch, trained and saved as ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from core.commands import Advance, Change, Undo
from core.config import RunConfig, configure
from core.data.dataset import Dataset
from core.data.split import Resident
from core.engine import Engine
from core.errors import UserError
from core.models.build import build, title
from core.record import Record
from core.saving.folder import RunFolder
from core.saving.plan import Plan
from core.saving.resume import newest
from core.snapshot import State
from core.trainer import Trainer
from tests.core.conftest import NO_KERNELS, same_bits, train_until, weights_of
from tests.core.fleets import asked
from tests.core.saved import folder_of, small, the_run

HEAD = "import torch\nfrom torch import nn\n\n"
NET = f"""{HEAD}
class Net(nn.Module):
    def __init__(self, width, outputs, dropout=0.0):
        super().__init__()
        self.a = nn.Linear(36, width)
        self.b = nn.Linear(width, outputs)
        self.drop = nn.Dropout(dropout)

    def forward(self, x):
        return self.b(self.drop(torch.relu(self.a(x.flatten(1)))))


def make(classes, width=16, dropout=0.0):
    return Net(width, classes, dropout)
"""

LINEAR = f"""{HEAD}
def make():
    return nn.Sequential(nn.Flatten(), nn.Linear(36, 10)), {{loss}}
"""

Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the user's file; returns the reference to its `make`."""

    def to_file(text: str) -> str:
        path = tmp_path / f"net{len(list(tmp_path.glob('net*.py')))}.py"
        path.write_text(text)
        return f"{path}:make"

    return to_file


def trainer_of(model: str, data: Dataset, **given: object) -> Trainer:
    return Trainer(configure({"model": model, **given}), data, Record(), NO_KERNELS)


def test_it_is_the_factorys_with_the_seeds_weights(write: Write, data: Dataset) -> None:
    reference = write(NET)
    config = configure({"model": reference, "seed": 5, "model_arg": ["width=7"]})
    model = build(config, data.spec).model
    torch.manual_seed(5)
    plain = (torch.nn.Linear(36, 7), torch.nn.Linear(7, 10))
    assert torch.equal(model.a.weight, plain[0].weight)
    assert torch.equal(model.b.weight, plain[1].weight)
    assert title(reference, model) == f"make {36 * 7 + 7 + 7 * 10 + 10:,} weights"


def test_it_trains_as_plain_pytorch_does(write: Write, data: Dataset) -> None:
    trainer = trainer_of(write(NET), data, batch_size=16, lr=0.05)
    model = build(trainer.config, data.spec).model
    descent = torch.optim.SGD(model.parameters(), lr=0.05)
    order = torch.randperm(97, generator=torch.Generator().manual_seed(0))
    train_until(trainer, 6)
    for rows in order[:96].split(16):
        descent.zero_grad()
        F.cross_entropy(model(data.train.inputs[rows]), data.train.targets[rows]).backward()
        descent.step()
    assert same_bits(weights_of(trainer), [p.detach() for p in model.parameters()])


def test_a_batch_is_the_exact_gradient_of_a_loss_of_the_users_own(
    write: Write, data: Dataset
) -> None:
    own = f"{NET}\n\ndef loss(outputs, targets):\n    return (outputs.logsumexp(1) ** 2).mean()\n"
    own += "\n\ndef make_both(classes):\n    return Net(16, classes), loss\n"
    reference = write(own).replace(":make", ":make_both")
    trainer = trainer_of(reference, data, strategy="batch")
    trainer.micro_batch = 30
    model = build(trainer.config, data.spec).model
    (model(data.train.inputs).logsumexp(1) ** 2).mean().backward()
    plain = [p.detach() - 0.01 * p.grad for p in model.parameters()]
    train_until(trainer, 1)
    for ours, theirs in zip(weights_of(trainer), plain, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-7)


def test_layers_that_learn_their_size_from_the_first_input_do(write: Write, data: Dataset) -> None:
    layers = "nn.Sequential(nn.Flatten(), nn.LazyLinear(outputs))"
    lazy = f"{HEAD}\ndef make(outputs):\n    return {layers}\n"
    trainer = trainer_of(write(lazy), data)
    assert trainer.model[1].weight.shape == (10, 36)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def make(:\n", r"net0.py cannot be imported: .*net0.py, line 1: SyntaxError"),
        ("import nowhere\n", "net0.py, line 1: ModuleNotFoundError: No module named 'nowhere'"),
        (
            "def make():\n    raise ValueError('too deep')\n",
            "net0.py, line 2: ValueError: too deep",
        ),
        ("make = 3\n", "make in .*net0.py is int, which cannot be called"),
        ("def mke():\n    pass\n", r"there is no make in .*net0.py \(did you mean mke\?\)"),
        (
            "def make():\n    return 3\n",
            "returned int; it must be an nn.Module, or an nn",
        ),
        (
            "def make(width):\n    pass\n",
            r"make cannot be called: missing .*'width'; its arguments are width \(--model-arg",
        ),
        (f"{HEAD}def make():\n    return nn.Flatten()\n", "has no weights to train"),
        (
            f"{HEAD}def make():\n    return nn.Sequential(nn.Flatten(), nn.Linear(36, 7))\n",
            r"net0.py:make makes \(1, 7\) of 1 examples of 1x6x6; MNIST has 10 classes, so it "
            r"must be \(1, 10\)",
        ),
        (
            f"{HEAD}def make():\n    return nn.Linear(5, 10)\n",
            r"net0.py:make failed: RuntimeError: mat1 and mat2 shapes cannot be multiplied",
        ),
        (
            NET.replace("self.b(", "self.c("),
            "net0.py, line 13: AttributeError: 'Net' object has no attribute 'c'",
        ),
        (
            f"{HEAD}def bad(o, t):\n    return o.shape.x\n\n"
            "def make():\n    return nn.Sequential(nn.Flatten(), nn.Linear(36, 10)), bad\n",
            "loss: .*net0.py, line 5: AttributeError",
        ),
        (
            f"{HEAD}def each(o, t):\n    return o.sum(1)\n\n"
            "def make():\n    return nn.Sequential(nn.Flatten(), nn.Linear(36, 10)), each\n",
            "loss: each of .* returns 2 numbers; it must be one, the mean",
        ),
        (
            LINEAR.format(loss="lambda o, t: 1.0"),
            "loss: <lambda> of .* returns float; it must be a tensor with the mean alone",
        ),
        (
            LINEAR.format(loss="lambda o, t: (o.argmax(1) != t).float().mean()"),
            "loss: <lambda> of .* has no gradient: something is detached",
        ),
        (
            LINEAR.format(loss="lambda o: o.mean()"),
            "loss: .*net0.py:make failed: TypeError: .* takes 1 positional argument but 2 ",
        ),
        (
            f"{HEAD}class Net(nn.Linear):\n    def forward(self, x):\n"
            "        return super().forward(x.flatten(1)).detach()\n\n"
            "def make():\n    return Net(36, 10)\n",
            "what .*net0.py:make returns has no gradient",
        ),
        (
            f"{HEAD}def make():\n    return nn.Linear(36, 10).double()\n",
            "net0.py:make has weights of float64 .weight.; they must be float32",
        ),
        (
            f"{HEAD}def make():\n    return nn.Linear(36, 10, device='meta')\n",
            "net0.py:make has weights without values .weight, on the device meta.",
        ),
        (
            NET.replace("self.drop = nn", "self.kept = 0\n        self.drop = nn").replace(
                "        return self.b(self.drop(torch.relu(self.a(x.flatten(1)))))",
                "        self.kept = torch.tanh(self.a(x.flatten(1)) + self.kept)\n"
                "        return self.b(self.kept)",
            ),
            "loss: .*net0.py:make failed: RuntimeError: Trying to backward through the graph a sec",
        ),
    ],
)
def test_what_fails_is_said_with_the_users_own_line(
    write: Write, data: Dataset, text: str, said: str
) -> None:
    with pytest.raises(UserError, match=said) as refused:
        trainer_of(write(text), data)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_said(data: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no file .*nothing\.py"):
        trainer_of(f"{tmp_path}/nothing.py:make", data)


def test_trying_it_leaves_no_trace(write: Write, data: Dataset) -> None:
    normed = NET.replace("self.drop = nn", "self.n = nn.BatchNorm1d(width)\n        self.drop = nn")
    normed = normed.replace("self.drop(torch", "self.n(torch")
    torch.manual_seed(1)
    before = torch.get_rng_state()
    trainer = trainer_of(write(normed), data, batch_size=8, model_arg=["dropout=0.5"])
    assert torch.equal(torch.get_rng_state(), before)
    assert trainer.model.n.num_batches_tracked == 0
    assert all(p.grad is None for p in trainer.model.parameters())


def test_with_dropout_the_same_seed_gives_the_same_weights(write: Write, data: Dataset) -> None:
    reference = write(NET)
    given = {"batch_size": 8, "model_arg": ["dropout=0.5"]}
    one = trainer_of(reference, data, **given)
    train_until(one, 20)
    torch.rand(17)  # somebody else draws from torch's generator
    other = trainer_of(reference, data, **given)
    for update in range(1, 21):
        torch.rand(3)
        train_until(other, update)
    assert same_bits(weights_of(one), weights_of(other))


def _engine(runs: Path, config: RunConfig, **more: object) -> Engine:
    engine = Engine(config, saving=Plan(runs, 0.2, **more))
    engine.load()
    return engine


@pytest.mark.usefixtures(small.__name__)
def test_a_saved_run_goes_on_once_the_network_is_named_again(write: Write, tmp_path: Path) -> None:
    reference = write(NET)
    config = configure({"model": reference, "batch_size": 8, "model_arg": ["dropout=0.5"]})
    whole = _engine(tmp_path / "whole", config)
    asked(whole, Advance(30), Change("lr", 0.05), Advance(30))
    first = _engine(tmp_path / "runs", config)
    asked(first, Advance(30), Change("lr", 0.05))
    first.close()
    folder = RunFolder(folder_of(first).path)
    with pytest.raises(
        UserError, match=f"to let it be imported, name it again: --model {reference}"
    ):
        newest(folder)
    folder.acquire()
    moved = Path(reference.partition(":")[0]).rename(tmp_path / "moved.py")
    named = {"model": f"{moved}:make"}
    again = _engine(tmp_path / "runs", config, resume=folder, named=named)
    asked(again, Advance(30))
    assert same_bits(weights_of(the_run(again).trainer), weights_of(the_run(whole).trainer))
    asked(again, Undo())
    again.close()
    whole.close()


@pytest.mark.usefixtures(small.__name__)
def test_the_name_of_code_in_a_file_is_never_imported(write: Write, tmp_path: Path) -> None:
    reference = write(
        f"{NET}\nimport pathlib\npathlib.Path(__file__).with_suffix('.ran').touch()\n"
    )
    ran = Path(reference.partition(":")[0]).with_suffix(".ran")
    engine = _engine(tmp_path / "runs", configure({"model": reference}))
    asked(engine, Advance(5))
    engine.close()
    assert ran.exists()
    ran.unlink()
    with pytest.raises(UserError, match="name it again"):
        newest(folder_of(engine))
    assert not ran.exists()


def test_a_network_that_raises_while_it_trains_pauses_the_run_with_the_users_line(
    write: Write, data: Dataset
) -> None:
    from core.run import Run
    from tests.core.conftest import work_off

    late = NET.replace(
        "        return self.b",
        "        assert not x.isnan().any(), 'holes'\n        return self.b",
    )
    inputs = data.train.inputs.clone()
    broken = replace(data, train=Resident(inputs, data.train.targets))
    config = configure({"model": write(late), "order": "sequential"})
    run = Run("run 1", config, broken, NO_KERNELS)
    work_off(run)
    inputs[7] = float("nan")
    run.obey(Advance(20))
    work_off(run)
    assert (run.state, run.trainer.updates) == (State.FAILED, 7)
    assert run.reason.endswith("net0.py, line 13: AssertionError: holes")
