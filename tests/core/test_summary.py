"""The summary of a run: valid JSON under names that others rely on, written whole or not at all."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.config import configure
from core.data.catalog import DATA_SETS
from core.errors import UserError
from core.snapshot import (
    Clock,
    Curve,
    Evaluation,
    Event,
    History,
    Moment,
    RunView,
    State,
)
from core.summary import Status, check_writable, status, summary, write

NAMES = [
    *("strategy", "batch_size", "optimizer", "learning_rate", "model", "data", "device"),
    *("stepper", "seed", "updates", "examples", "epochs", "train_seconds"),
    *(
        "updates_per_second",
        "train_loss",
        "test_loss",
        "test_accuracy",
        "test_r2",
        "status",
        "events",
    ),
]


def view(state: State = State.FINISHED, **changes: object) -> RunView:
    """A run of 100 updates of 60 examples in two seconds."""
    at = Moment(100, 6000, 2.0, 0.1)
    nothing = np.zeros(0)
    empty = {clock: Curve(*[nothing] * 6) for clock in Clock}
    run = RunView(
        name="run 1",
        state=state,
        config=configure({"batch_size": 60, "seed": 5}),
        data=DATA_SETS["mnist"],
        model_title="SimpleNet 784-128-10",
        device="cpu",
        residence="resident",
        stepper="autograd",
        slower_because="",
        threads=1,
        training_examples=60_000,
        at=at,
        examples_per_update=60,
        update_progress=0.0,
        learning_rate=0.005,
        updates_per_second=0.0,
        examples_per_second=0.0,
        train_loss=0.5,
        trembling=None,
        recent=np.zeros(0, np.float32),
        seconds_per_update={},
        evaluation=Evaluation(at, 0.4, 0.9),
        best=None,
        events=(Event(1, Moment(50, 3000, 1.0, 0.05), "lr", "0.1", "0.01"),),
        history=History(1, empty, empty, empty, ()),
        digits=None,
    )
    return replace(run, **changes)  # type: ignore[arg-type]


def test_its_names_are_the_public_contract_in_their_order() -> None:
    run = view()
    assert list(summary(run.config, run, Status.DONE)) == NAMES


def test_it_tells_what_was_trained_and_how_it_went() -> None:
    run = view()
    told = summary(run.config, run, Status.DONE)
    assert told["batch_size"] == 60
    assert told["learning_rate"] == 0.01  # the one that is set, not the scheduled one
    assert told["updates_per_second"] == 50
    assert (told["test_loss"], told["test_accuracy"]) == (0.4, 0.9)
    assert told["events"] == [
        {
            "update": 50,
            "epoch": 0.05,
            "seconds": 1.0,
            "what": "lr",
            "before": "0.1",
            "after": "0.01",
            "note": "",
        }
    ]


def test_it_speaks_of_the_settings_as_they_are_now_not_as_they_were_given() -> None:
    run = view()
    assert summary(configure({"seed": 1}), run, Status.DONE)["seed"] == 5


def test_what_is_not_finite_or_was_never_measured_is_null() -> None:
    run = view(
        train_loss=float("nan"),
        evaluation=Evaluation(Moment(), float("inf"), 0.1),
        at=Moment(),
    )
    told = json.loads(json.dumps(summary(run.config, run, Status.DIVERGED), allow_nan=False))
    assert told["train_loss"] is told["test_loss"] is told["updates_per_second"] is None


def test_without_a_run_it_has_the_same_names() -> None:
    told = summary(configure({"strategy": "batch"}), None, Status.INTERRUPTED)
    assert list(told) == NAMES
    assert (told["batch_size"], told["updates"], told["test_accuracy"]) == (60_000, 0, None)


@pytest.mark.parametrize(
    ("state", "ending"),
    [
        (State.FINISHED, Status.DONE),
        (State.DIVERGED, Status.DIVERGED),
        (State.FAILED, Status.FAILED),
        (State.RUNNING, Status.STOPPED),
        (State.PAUSED, Status.STOPPED),
    ],
)
def test_the_state_of_a_run_tells_how_it_ended(state: State, ending: Status) -> None:
    assert status(view(state), otherwise=Status.STOPPED) is ending


def test_it_is_written_as_json_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text("an older one")
    write(file, summary(configure({}), view(), Status.DONE))
    assert json.loads(file.read_text())["status"] == "done"
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_keeps_leading_to_the_file_that_is_written(tmp_path: Path) -> None:
    target, link = tmp_path / "run.json", tmp_path / "latest.json"
    link.symlink_to(target)
    write(link, {"status": "done"})
    assert link.is_symlink()
    assert json.loads(target.read_text()) == {"status": "done"}


def test_a_device_is_written_to_and_not_replaced() -> None:
    before = os.stat(os.devnull)
    check_writable(Path(os.devnull))
    write(Path(os.devnull), {"status": "done"})
    assert os.stat(os.devnull).st_ino == before.st_ino


def test_checking_leaves_nothing_behind(tmp_path: Path) -> None:
    check_writable(tmp_path / "run.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [".", "absent/run.json", "file/run.json", "x" * 300])
def test_a_path_that_cannot_be_written_is_refused_with_the_reason(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(UserError, match="cannot be written: ") as refused:
        check_writable(tmp_path / name)
    assert refused.value.setting == "summary"


def test_a_loop_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(UserError, match="cannot be written"):
        check_writable(tmp_path / "a")
