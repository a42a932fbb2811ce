"""A thousand files that were damaged or forged: each is refused in a line, or harmless."""

from __future__ import annotations

import json
import math
import random
import shutil
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import core.data.load
from core.commands import Advance, Change, GoBack, Start
from core.data.dataset import Dataset
from core.data.spec import DataSpec
from core.data.split import Halves, Resident, Unread
from core.errors import UserError
from core.optimizers.table import OPTIMIZERS
from core.replaying import script
from core.run import Run
from core.saving import checkpoint_file, journal
from core.saving.decode import decode
from core.saving.encode import encode
from core.saving.fields import Fields
from core.saving.folder import RunFolder, read_object
from core.saving.keeper import saved_of
from core.saving.naming import with_own
from core.saving.resume import find, newest, take_up
from core.snapshot import State
from tests.core.conftest import NO_KERNELS, make_data
from tests.core.saved import SIDE, TEST, TRAIN, asked, begun, folder_of, small, the_run

pytestmark = pytest.mark.usefixtures("small")
assert small

ESCAPE = "\x1b]0;owned\x07\x1b[2J\u202e\r\n"
HOSTILE: list[Any] = [
    None, True, -1, 0, 2**63, 2**60, -(2**70), 10**400, 0.5, 1e308, -1e308, math.nan, math.inf,
    "", "../../x", "/etc/passwd", ESCAPE, "a" * 50_000, [], {}, [[]], [65536] * 20, [10**30] * 4,
    {"a": {"b": []}}, [0, 0, 0.0, 0.0], [2**52, 2**52, 1e12, 1e12], "nan", "-inf", [-1, -1, -1, -1],
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """The folder of a run that has seen much."""
    engine = begun(tmp_path / "runs", optimizer="adam", batch_size=7, order="fixed")
    asked(engine, Advance(40), Change("order", "reshuffled"), Change("amsgrad", True))
    asked(engine, Advance(40), Change("optimizer", "nadam"), Change("schedule", "cosine"))
    place = folder_of(engine)
    assert the_run(engine).trainer.updates == 80
    engine.close()
    return place


def told(fault: UserError, path: Path) -> None:
    """It is one short line that names the file and says what is wrong, and no terminal obeys it."""
    line = str(fault)
    assert line.isprintable()
    assert len(line) < 500
    assert path.name in line
    assert "cannot be" in line


def refused(path: Path, *, use: bool = False, halves: Halves | None = None) -> bool:
    """Whether the checkpoint is refused, as it should be; else it can be used like any other.

    `halves` is the data that its run is of, if not the small problem.
    """
    try:
        saved = find(path).saved
    except UserError as fault:
        told(fault, path)
        return True
    if use:
        own = halves and Dataset(halves.spec, resident(halves.train), resident(halves.test))
        data = own or make_data(TRAIN, TEST, SIDE)
        run = Run("run 1", saved.checkpoint.config, data, NO_KERNELS)
        take_up(run, saved)
        for command in (Start(), GoBack(), Advance(3)):
            try:
                run.obey(command)
            except UserError:
                continue
            for _ in range(30):
                run.work()
        assert run.state is not State.FAILED, run.reason
        again = checkpoint_file.parsed(json.dumps(encode(saved_of(run))[1], allow_nan=False))
        decode(encode(saved_of(run))[0], again, run.trainer.model, run.data.spec)
        _ = run.trainer.record.history(), run.trainer.record.train_loss, run.past.view(run.trainer)
        for text in (run.name, run.reason, *(event.text for event in run.trainer.record.events)):
            assert text.isprintable()
    return False


def resident(half: Resident | Unread) -> Resident:
    assert isinstance(half, Resident)
    return half


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The same bytes after an accident."""
    size, spoiled = len(data), bytearray(data)
    place, length = chance.randrange(size), chance.choice([1, 8, 100, 5000])
    match chance.randrange(7):
        case 0:
            spoiled[place] ^= 1 << chance.randrange(8)
        case 1:
            return data[:place]
        case 2:
            spoiled[place:place] = chance.randbytes(length)
        case 3:
            spoiled[place : place + length] = bytes(min(length, size - place))
            spoiled[place : place + 1] = b"\xff"
        case 4:
            del spoiled[place : place + length]
        case 5:
            spoiled[:8] = struct.pack("<Q", chance.choice([0, 1, 2**31, 2**60, 2**64 - 1, size]))
        case 6:  # where damage tells most: the heading
            place = chance.randrange(min(size, 20_000))
            spoiled[place] = chance.randrange(256)
    return bytes(spoiled)


def test_every_damaged_checkpoint_is_refused(folder: RunFolder) -> None:
    path, chance = folder.checkpoints()[0], random.Random(1)
    data = path.read_bytes()
    assert not refused(path)
    tried = 0
    while tried < 300:
        spoiled = mutated(data, chance)
        if spoiled != data:
            path.write_bytes(spoiled)
            assert refused(path)
            tried += 1


def forge(path: Path, change: Callable[[dict[str, Tensor], Any], None]) -> None:
    """Write another checkpoint, with a checksum of its own."""
    tensors, state = checkpoint_file.read(path)
    change(tensors, state)
    text = json.dumps(state)
    heading = {"format": checkpoint_file.FORMAT, "version": checkpoint_file.VERSION, "state": text}
    heading["sha256"] = checkpoint_file._digest(tensors, text)
    from safetensors.torch import save

    path.write_bytes(save({name: tensor.clone() for name, tensor in tensors.items()}, heading))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where there is anything in nested objects and lists."""
    inner = value.items() if isinstance(value, dict) else enumerate(value[:3])
    found = [path] if path else []
    for key, each in inner if isinstance(value, dict | list) else ():
        found += places(each, (*path, key)) if isinstance(each, dict | list) else [(*path, key)]
    return found


def put(state: Any, place: tuple[Any, ...], value: Any) -> None:
    for key in place[:-1]:
        state = state[key]
    state[place[-1]] = value


def test_no_forged_value_does_harm(folder: RunFolder) -> None:
    path, chance = folder.checkpoints()[0], random.Random(2)
    data = path.read_bytes()
    everywhere = places(checkpoint_file.read(path)[1])
    refusals = 0
    for number in range(200):
        path.write_bytes(data)
        place, value = everywhere[number % len(everywhere)], chance.choice(HOSTILE)
        forge(path, lambda _tensors, state, p=place, v=value: put(state, p, v))  # type: ignore[misc]
        refusals += refused(path, use=True)
    assert refusals > 100


def test_no_forged_tensor_does_harm(folder: RunFolder) -> None:
    path, chance = folder.checkpoints()[0], random.Random(3)
    data = path.read_bytes()
    names = list(checkpoint_file.read(path)[0])

    def spoil(tensors: dict[str, Tensor], name: str) -> None:
        tensor = tensors[name]
        match chance.randrange(8):
            case 0:
                tensors[name] = (
                    tensor.double() if tensor.is_floating_point() else tensor.to(int)[1:]
                )
            case 1:
                tensors[name] = tensor.reshape(1, *tensor.shape)
            case 2:
                tensors[name] = tensor.half() if tensor.is_floating_point() else tensor.float()
            case 3:
                tensors[name] = torch.zeros(0, dtype=tensor.dtype)
            case 4:
                tensors[name] = torch.full_like(tensor, -1 if tensor.dtype != torch.uint8 else 255)
            case 5:
                high = 1e300 if tensor.dtype == torch.float64 else 2**62
                if tensor.dtype == torch.uint8:
                    high = 7
                tensors[name] = torch.full_like(tensor, high)
            case 6:
                del tensors[name]
                tensors["../../x" + ESCAPE] = tensor
            case 7:
                tensors[name] = torch.cat([tensor.reshape(-1)] * 3)

    refusals = 0
    for number in range(140):
        path.write_bytes(data)
        name = names[number % len(names)]
        forge(path, lambda tensors, _state, n=name: spoil(tensors, n))  # type: ignore[misc]
        refusals += refused(path, use=True)
    assert refusals > 80


@pytest.mark.parametrize("widths", [[65536] * 20, [65536, 65536]])
def test_a_network_too_large_for_the_computer_is_refused_before_it_is_made(
    folder: RunFolder, widths: list[int]
) -> None:
    path = folder.checkpoints()[0]

    def grow(_tensors: dict[str, Tensor], state: Any) -> None:
        state["settings"] |= {"model": "perceptron", "widths": widths * 10}

    forge(path, grow)
    tracemalloc.start()
    assert refused(path)
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()


def test_a_file_that_claims_to_be_huge_is_not_read(folder: RunFolder) -> None:
    path = folder.checkpoints()[0]
    with path.open("rb+") as file:
        file.truncate(1 << 42)  # with nothing in it: it takes no room on the disk
    assert refused(path)


def test_how_much_an_optimizer_of_the_users_own_remembers_nobody_knows(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder.checkpoints()[0]
    monkeypatch.setattr("core.saving.resume._BESIDES", -(10**9))  # any file is too large now
    assert refused(path)
    own = replace(OPTIMIZERS["sgd"], name="Mine", own=torch.optim.SGD)
    monkeypatch.setitem(OPTIMIZERS, "Mine", own)
    assert not refused(path)


def test_of_a_run_whose_latest_checkpoint_is_damaged_the_one_before_is_taken(
    folder: RunFolder,
) -> None:
    latest, before = folder.checkpoints()
    latest.write_bytes(latest.read_bytes()[:-1])
    assert newest(folder).path == before
    before.unlink()
    with pytest.raises(UserError, match=latest.name):
        newest(folder)


def test_what_is_no_file_is_not_waited_for(folder: RunFolder) -> None:
    import os

    for name in ("journal.jsonl", "status.json", "checkpoint-999999.safetensors"):
        (folder.path / name).unlink(missing_ok=True)
        os.mkfifo(folder.path / name)
    assert folder.status() == {}
    assert newest(folder)
    with pytest.raises(UserError, match=r"journal cannot be read: .* \(from .*journal.jsonl\)"):
        journal.read(folder.journal)
    with pytest.raises(UserError, match="regular"):
        find(folder.path / "checkpoint-999999.safetensors")


def test_nothing_is_written_through_links_that_lead_out_of_the_folder(
    folder: RunFolder, tmp_path: Path
) -> None:
    outside = tmp_path / "precious"
    outside.write_text("mine")
    begin, links = folder.journal.read_bytes(), []
    newer = f".checkpoint-{len('x') + 10:06d}.safetensors.tmp"
    for name in (".status.json.tmp", ".holder.json.tmp", newer, "checkpoint-000010.safetensors"):
        (folder.path / name).symlink_to(outside)
        links.append(folder.path / name)
    folder.acquire()
    engine = _resumed(folder)
    asked(engine, Advance(5))
    assert folder_of(engine).status()["updates"] == 85
    engine.close()
    folder.journal.unlink()
    (tmp_path / "elsewhere").write_bytes(begin)
    folder.journal.symlink_to(tmp_path / "elsewhere")
    folder.acquire()
    with pytest.raises(AssertionError, match="journal cannot be read"):
        _resumed(folder)
    folder.release()
    assert outside.read_text() == "mine"
    assert (tmp_path / "elsewhere").read_bytes() == begin


def _resumed(folder: RunFolder) -> Any:
    from core.config import configure
    from core.engine import Engine
    from core.saving.plan import Plan
    from tests.core.saved import loaded

    engine = Engine(configure({}), saving=Plan(folder.path.parent, 1e9, resume=folder, gap=0.0))
    engine.load()
    return loaded(engine)


# Runs of the user's own data


def numbers() -> Halves:
    """Two numbers are to be told of five, in units of their own."""
    inputs = torch.randn(TRAIN + TEST, 5, generator=torch.Generator().manual_seed(1))
    train, test = (Resident(some, 2 * some[:, :2]) for some in inputs.split([TRAIN, TEST]))
    scales = ((1.0, 2.0), (0.0, 0.5))
    spec = DataSpec("n", "Numbers", TRAIN, TEST, (5,), targets=("a", "b"), scales=scales)
    return Halves(spec, train, test)


@pytest.fixture
def of_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """The folder of a run that tells numbers, by data of the user's own."""
    monkeypatch.setattr(core.data.load, "load", lambda *_args, **_given: numbers())
    engine = begun(tmp_path / "runs", data="n.npz", model="perceptron", batch_size=7)
    asked(engine, Advance(30), Change("optimizer", "adam"), Advance(2))
    place = folder_of(engine)
    engine.close()
    return place


def own_places(state: Any) -> list[tuple[Any, ...]]:
    """What only such runs have, or have otherwise."""
    judged = ("evaluation", "best")
    every = [("record", name, key) for name in judged for key in ("r2", "accuracy", "loss")]
    return [place for place in places(state) if place[0] == "data"] + every


def test_no_forged_value_of_a_run_of_numbers_does_harm(of_numbers: RunFolder) -> None:
    path = of_numbers.checkpoints()[0]
    data = path.read_bytes()
    assert not refused(path, use=True, halves=numbers())
    everywhere = own_places(checkpoint_file.read(path)[1])
    assert ("data", "scales", 0, 1) in everywhere or ("data", "scales", 0) in everywhere
    refusals = 0
    for number, value in enumerate(HOSTILE * 6):
        path.write_bytes(data)
        place = everywhere[number % len(everywhere)]
        forge(path, lambda _tensors, state, p=place, v=value: put(state, p, v))  # type: ignore[misc]
        refusals += refused(path, use=True, halves=numbers())
    assert refusals > 80


@pytest.mark.parametrize("kind", ["cpu", "cuda", "mps"])
@pytest.mark.parametrize(
    "state",
    [
        torch.zeros(0, dtype=torch.uint8),
        torch.full((5056,), 255, dtype=torch.uint8),
        torch.zeros(1 << 20, dtype=torch.uint8),
        torch.zeros(5056),
        torch.zeros(2, 8, dtype=torch.uint8),
    ],
)
def test_no_forged_state_of_a_generator_does_harm(
    of_numbers: RunFolder, kind: str, state: Tensor
) -> None:
    path = of_numbers.checkpoints()[0]
    forge(path, lambda tensors, _state: tensors.update({f"generators/network/{kind}": state}))
    alien = kind != "cpu" and state.dtype == torch.uint8 and state.dim() == 1 and len(state) < 9999
    assert refused(path, use=True, halves=numbers()) != alien  # of a device that is not here


def test_no_forged_prediction_does_harm(of_numbers: RunFolder) -> None:
    path = of_numbers.checkpoints()[0]
    data, said = path.read_bytes(), torch.zeros(TEST, 2)
    wrong = [said.long(), said[:, 0], said[1:], said.double(), torch.zeros(TEST, 3)]
    for each in [*wrong, said * math.nan, said + math.inf]:
        path.write_bytes(data)
        forge(path, lambda tensors, _state, p=each: tensors.update({"record/predictions": p}))  # type: ignore[misc]
        assert refused(path, use=True, halves=numbers()) == any(each is bad for bad in wrong)


@pytest.mark.parametrize("setting", ["model", "data"])
def test_code_that_is_named_in_a_file_is_never_imported(
    folder: RunFolder, tmp_path: Path, setting: str
) -> None:
    trap, sprung = tmp_path / "trap.py", tmp_path / "sprung"
    trap.write_text(f"open({str(sprung)!r}, 'w')\ndef make(*given): raise SystemExit\n")
    named = f"{trap}:make"
    for path in folder.path.glob("*.safetensors"):
        forge(path, lambda _tensors, state: put(state, ("settings", setting), named))
    lines = folder.journal.read_bytes().splitlines(keepends=True)
    heading = {k: v for k, v in json.loads(lines[0]).items() if k != "sum"}
    heading["settings"][setting] = named
    folder.journal.write_bytes(b"".join([sealed(json.dumps(heading)[:-1]), *lines[1:]]))
    recorded = script.load(folder.journal)
    for use in (lambda: newest(folder), lambda: find(folder.checkpoints()[0])):
        with pytest.raises(UserError, match="name it again"):
            use()
    with pytest.raises(UserError, match="name it again"):
        with_own(recorded.heading.config, {})
    folder.acquire()
    with pytest.raises(AssertionError, match="name it again"):
        _resumed(folder)
    folder.release()
    assert folder.status()["name"]
    assert not sprung.exists()


# Journals


def sealed(body: str) -> bytes:
    return f'{body}, "sum": "{zlib.crc32(body.encode()):08x}"}}\n'.encode()


def journal_refused(path: Path) -> bool:
    """Whether it is; else nothing in it reaches a terminal that should not."""
    try:
        heading, lines = journal.read(path)
    except UserError as fault:
        told(fault, path)
        return True
    for text in (heading.name, heading.start, *(line.what for line in lines)):
        assert text.isprintable()
    return False


def test_a_torn_last_line_is_left_out_and_any_other_damage_refused(folder: RunFolder) -> None:
    path, chance = folder.journal, random.Random(4)
    data = path.read_bytes()
    whole, lines = journal.read(path), data.splitlines(keepends=True)
    assert len(lines) == len(whole[1]) + 1
    for _ in range(250):
        spoiled = mutated(data, chance)
        path.write_bytes(spoiled)
        tail = spoiled[spoiled.rfind(b"\n") + 1 :]
        torn = data.startswith(spoiled[: len(spoiled) - len(tail)]) and b"\n" in spoiled
        if spoiled != data and not torn:
            assert journal_refused(path)
        elif torn:
            _, found = journal.read(path)
            assert [line.n for line in found] == [line.n for line in whole[1][: len(found)]]
    for cut in range(len(data) - len(lines[-1]) + 1, len(data), 7):
        path.write_bytes(data[:cut])
        assert len(journal.read(path)[1]) == len(whole[1]) - 1


def test_no_forged_line_does_harm(folder: RunFolder) -> None:
    path, chance = folder.journal, random.Random(5)
    lines = path.read_bytes().splitlines(keepends=True)
    parsed = [json.loads(line) for line in lines]
    refusals = 0
    for number in range(300):
        row = number % min(len(lines), 12)
        forged = {k: v for k, v in parsed[row].items() if k != "sum"}
        place = chance.choice(places(forged))
        forged = json.loads(json.dumps(forged))
        put(forged, place, chance.choice(HOSTILE))
        body = json.dumps(forged)[:-1]
        path.write_bytes(b"".join([*lines[:row], sealed(body), *lines[row + 1 :]]))
        refusals += journal_refused(path)
    assert refusals > 80


@pytest.mark.parametrize(
    "body",
    [
        "{" + '"a": [' * 100_000 + "]" * 100_000,
        '{"n": 1e400, "t": 0, "update": 0, "what": "x"',
        '{"n": 1, "t": NaN, "update": 0, "what": "x"',
        '{"n": 1, "t": -1, "update": 0, "what": "x"',
        '{"n": true, "t": 0, "update": 0, "what": "x"',
        '{"n": 1, "t": 0, "update": 0, "what": 7',
        '{"n": 1' + "0" * 5000 + ', "t": 0, "update": 0, "what": "x"',
        '[{"n": 1}',
        "",
    ],
)
def test_lines_that_no_journal_has_are_refused(folder: RunFolder, body: str) -> None:
    first = folder.journal.read_bytes().splitlines(keepends=True)[0]
    folder.journal.write_bytes(first + sealed(body))
    assert journal_refused(folder.journal)


def test_a_line_without_an_end_is_not_read_to_the_last(folder: RunFolder) -> None:
    with folder.journal.open("rb+") as file:
        file.seek(0, 2)
        file.truncate(1 << 36)
    tracemalloc.start()
    assert journal_refused(folder.journal)
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()


@pytest.mark.parametrize("name", ["../../x", "/etc/passwd", "", ".", "a/b", "A", "a" * 99, ESCAPE])
def test_a_journal_refers_only_to_files_beside_it(folder: RunFolder, name: str) -> None:
    with pytest.raises(UserError) as refusal:
        folder.attached(name)
    assert str(refusal.value).isprintable()


# What lists are made of


def test_a_status_is_never_more_than_plain_values(folder: RunFolder) -> None:
    path = folder.path / "status.json"
    hostile = {f"k{number}": value for number, value in enumerate(HOSTILE)} | {"name": ESCAPE}
    path.write_text(json.dumps(hostile))
    status = folder.status()
    assert status["name"] == "]0;owned[2J"
    for value in status.values():
        assert value is None or isinstance(value, str | bool | int | float)
        assert not isinstance(value, str) or (value.isprintable() and len(value) < 10_000)
        assert not isinstance(value, float) or math.isfinite(value)
    Fields(status)
    (folder.path / "holder.json").write_text('{"pid": 1e400, "host": "\\u001b[2J"}')
    assert folder.holder() == {"host": "[2J"}
    shutil.copy("/dev/null", path)
    for text in ("[" * 100_000, "[]", "nan", '{"a": 1' + "0" * 9000 + "}", " " * 2_000_000, "\xff"):
        path.write_text(text, encoding="latin-1")
        assert read_object(path) == {}
