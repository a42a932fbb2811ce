"""Saved runs on the command line: listed, gone on with, replayed, exported, removed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.commands import Advance, Change
from core.config import configure
from core.engine import Engine
from core.saving.folder import RunFolder
from core.saving.plan import Plan
from tests.core.fleets import asked, rested
from tests.tui.cli_helpers import Call


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run that was saved: 40 mini-batches of 64, and 5 of 16."""
    runs = tmp_path_factory.mktemp("runs")
    engine = Engine(configure({"batch_size": 64, "eval_every": "epoch"}), saving=Plan(runs))
    engine.load()
    rested(engine)
    asked(engine, Advance(40), Change("batch_size", 16), Advance(5))
    engine.close()
    (folder,) = engine.folders
    return folder


@pytest.fixture
def saved(made: RunFolder, tmp_path: Path) -> RunFolder:
    """A copy of that run, to do with as one likes."""
    import shutil

    shutil.copytree(made.path, tmp_path / "runs" / made.name)
    return RunFolder(tmp_path / "runs" / made.name)


def test_the_list_tells_how_each_run_stands(call: Call, saved: RunFolder) -> None:
    said = call("runs")
    assert said.status == 0
    heading, row, count = said.out.splitlines()
    assert heading.split() == [
        "run",
        "state",
        "epoch",
        "updates",
        "score",
        "best",
        "what",
        "saved",
    ]
    assert row.split()[:6] == [saved.name, "paused", "0.04", "45", "12.6%", "12.6%"]
    assert "simplenet on mnist, mini-batch 16, sgd 0.01" in row
    assert count.startswith("1 in ")
    (told,) = json.loads(call("runs", "--json").out)
    assert (told["run"], told["updates"], told["batch_size"]) == (saved.name, 45, 16)


def test_own_data_and_networks_are_listed_by_their_files_names(
    call: Call, saved: RunFolder
) -> None:
    below = "/home/somebody/" + "far/" * 30  # more than a hundred characters
    own = {"model": f"{below}net.py:make", "data": f"{below}people.csv"}
    (saved.path / "status.json").write_text(json.dumps({**saved.status(), **own}))
    assert "net.py:make on people.csv, mini-batch 16" in call("runs").out
    assert below not in call("runs").out
    (told,) = json.loads(call("runs", "--json").out)
    assert (told["model"], told["data"]) == (own["model"], own["data"])


def test_without_a_run_it_says_so(call: Call, tmp_path: Path) -> None:
    assert call("runs").out == f"no run was saved in {tmp_path / 'runs'} yet\n"
    assert "there is no saved run in" in call("resume").complaint
    assert json.loads(call("runs", "--json").out) == []


def test_a_run_whose_process_was_killed_is_interrupted(call: Call, saved: RunFolder) -> None:
    status = saved.path / "status.json"
    status.write_text(json.dumps({**saved.status(), "state": "running"}))
    assert json.loads(call("runs", "--json").out)[0]["state"] == "interrupted"
    saved.acquire()
    try:
        assert json.loads(call("runs", "--json").out)[0]["state"] == "training"
    finally:
        saved.release()


@pytest.mark.parametrize("status", ["", "[1]", "{", '{"state": "\\u001b[2J", "updates": -3}'])
def test_a_status_that_is_damaged_is_listed_with_what_can_be_read(
    call: Call, saved: RunFolder, status: str
) -> None:
    (saved.path / "status.json").write_text(status)
    said = call("runs")
    assert said.status == 0
    assert saved.name in said.out
    assert "unknown" in said.out
    assert said.out.replace("\n", "").isprintable()


def test_a_runs_folder_is_found_by_the_beginning_of_its_name(call: Call, saved: RunFolder) -> None:
    for name in ((), (saved.name,), (saved.name[:9],), (str(saved.path),)):
        assert call("runs", "path", *name).out.strip() == str(saved.path)
    assert "there is no run '1999'" in call("runs", "path", "1999").complaint
    assert "is no folder of a run" in call("runs", "path", "../elsewhere").complaint


def test_a_name_that_could_be_several_is_asked_about(call: Call, saved: RunFolder) -> None:
    import shutil

    shutil.copytree(saved.path, saved.path.with_name(saved.name + "-2"))
    assert "could be several runs" in call("runs", "path", saved.name[:8]).complaint
    assert call("runs", "path", saved.name).out.strip() == str(saved.path)


def test_removing_takes_that_run_alone(call: Call, saved: RunFolder) -> None:
    import shutil

    other = saved.path.with_name("20200101-000000")
    shutil.copytree(saved.path, other)
    assert call("runs", "rm", saved.name, "absent").status == 2
    assert saved.path.exists()
    assert call("runs", "rm", saved.name).out == f"removed {saved.name}\n"
    assert not saved.path.exists()
    assert other.exists()


def test_a_run_that_is_trained_now_is_not_removed(call: Call, saved: RunFolder) -> None:
    saved.acquire()
    try:
        assert "another process has it open" in call("runs", "rm", saved.name).complaint
    finally:
        saved.release()
    assert saved.path.exists()


def test_resumed_without_a_screen_it_goes_on_to_its_stop_condition(
    call: Call, saved: RunFolder, tmp_path: Path
) -> None:
    file = tmp_path / "summary.json"
    said = call("resume", "--headless", "--updates", "60", "--json", "--summary", str(file))
    assert said.status == 0
    summary = json.loads(said.out.splitlines()[-1])
    assert summary == json.loads(file.read_text())
    assert (summary["updates"], summary["examples"]) == (60, 40 * 64 + 20 * 16)
    assert summary["status"] == "done"
    assert saved.status()["updates"] == 60
    again = call("resume", saved.name, "--headless", "--json")  # it is done, and stays so
    assert json.loads(again.out.splitlines()[-1])["updates"] == 60


def test_a_run_in_use_is_told_of_and_can_be_forked(call: Call, saved: RunFolder) -> None:
    saved.acquire()
    try:
        assert "another process" in call("resume", "--headless", "--updates", "50").complaint
        said = call("resume", "--headless", "--fork", "--updates", "50", "--json")
    finally:
        saved.release()
    assert json.loads(said.out.splitlines()[-1])["updates"] == 50
    assert saved.status()["updates"] == 45
    assert len(list(saved.path.parent.iterdir())) == 2


def test_a_replay_says_whether_the_weights_are_the_same(call: Call, saved: RunFolder) -> None:
    for named in (saved.name, str(saved.path), str(saved.journal)):
        said = call("replay", named, "--json")
        assert said.status == 0
        told = json.loads(said.out.splitlines()[-1])
        assert told["updates"] == 45
        assert told["different"] == 0
        assert told["compared"] >= 1
    assert "the weights are the same, bit for bit" in call("replay", saved.name).out


def test_a_replay_that_ends_elsewhere_says_by_how_much(call: Call, saved: RunFolder) -> None:
    from core.saving.journal import sealed

    lines = [json.loads(line) for line in saved.journal.read_text().splitlines()]
    for line in lines:
        del line["sum"]
    lines[0]["settings"]["seed"] = 1
    saved.journal.write_text("".join(map(sealed, lines)))
    said = call("replay", saved.name)
    assert said.status == 1
    assert "hashes differ, from update" in said.out
    assert "the largest difference of the weights told is 0." in said.out


def test_a_journal_that_was_altered_is_refused(call: Call, saved: RunFolder) -> None:
    saved.journal.write_text(saved.journal.read_text().replace('"value": 16', '"value": 17'))
    complaint = call("replay", saved.name).complaint
    assert "it was altered" in complaint
    assert str(saved.journal) in complaint


def test_figures_and_networks_are_exported(call: Call, saved: RunFolder, tmp_path: Path) -> None:
    import csv

    from safetensors.numpy import load_file

    files = [tmp_path / name for name in ("m.csv", "m.jsonl", "w.safetensors")]
    said = call("export", saved.name, *(part for file in files for part in ("--to", str(file))))
    assert said.status == 0
    rows = list(csv.DictReader(files[0].open()))
    told = [json.loads(line) for line in files[1].read_text().splitlines()]
    assert [int(row["update"]) for row in rows] == [row["update"] for row in told]
    assert told[-1]["update"] == 45
    assert load_file(files[2])["fc1.weight"].shape == (128, 784)
    curves = tmp_path / "c.csv"
    assert call("export", "--curves", "--to", str(curves)).status == 0
    assert {row["measure"] for row in csv.DictReader(curves.open())} >= {"train_loss", "test_loss"}


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (["--to", "x.exe"], "the name must end with one of .csv"),
        (["--to", "/absent/x.csv"], "there is no such folder"),
        (["absent", "--to", "x.csv"], "there is no run 'absent'"),
        ([], "Missing option '--to'"),
    ],
)
def test_what_cannot_be_exported_is_said_in_one_line(
    call: Call, saved: RunFolder, args: list[str], complaint: str
) -> None:
    assert saved.path.exists()
    assert complaint in call("export", *args).complaint


def test_runs_that_are_not_to_be_saved_are_not(call: Call, tmp_path: Path) -> None:
    said = call("run", "--no-save", "--updates", "3")
    assert said.status == 0
    assert not (tmp_path / "runs").exists()
    assert call("run", "--updates", "3", "--runs", str(tmp_path / "others")).status == 0
    assert len(list((tmp_path / "others").iterdir())) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no line to be dropped, nor asked to hand over")
def test_a_process_without_a_terminal_hands_its_run_over(call: Call, saved: RunFolder) -> None:
    code = (
        "import signal, sys\n"
        "from pathlib import Path\n"
        "from core.saving.folder import RunFolder\n"
        "folder = RunFolder(Path(sys.argv[1]))\n"
        "folder.acquire()\n"
        "folder.tell_holder(detached=True)\n"
        "print('held', flush=True)\n"
        "signal.pause()\n"
    )
    command = [sys.executable, "-c", code, str(saved.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        said = call("resume", "--headless", "--updates", "50", "--json")
        assert holder.wait() == -signal.SIGTERM
    assert f"process {holder.pid} trains run {saved.name} without a terminal" in said.err
    assert json.loads(said.out.splitlines()[-1])["updates"] == 50


def test_what_cannot_be_saved_is_complained_of_at_the_end(call: Call, tmp_path: Path) -> None:
    (tmp_path / "afile").touch()
    said = call("run", "--updates", "3", "--runs", str(tmp_path / "afile"))
    assert said.status == 0  # it was trained all the same
    assert "not saved: it is a file, not a folder for runs" in said.err


def test_tensorboards_files_are_written_while_it_trains(call: Call, tmp_path: Path) -> None:
    assert call("run", "--updates", "3", "--tensorboard", str(tmp_path / "board")).status == 0
    (file,) = (tmp_path / "board").glob("*/events.out.tfevents.*")
    assert file.stat().st_size > 100


def test_a_run_that_would_train_for_ever_is_not_gone_on_with_unseen(
    call: Call, saved: RunFolder
) -> None:
    assert "has no stop condition" in call("resume", saved.name, "--headless").complaint
