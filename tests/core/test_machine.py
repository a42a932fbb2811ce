"""The machine is read as it is, held against psutil itself; cards tell what their driver tells."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import ModuleType, SimpleNamespace
from typing import Any

import psutil
import pytest

from core.machine import LONGEST, Card, Machine, Meter, Watch

MIB = 2**20


class Hands:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def spent(process: psutil.Process) -> float:
    """Seconds of processor time, by psutil."""
    times = process.cpu_times()
    return float(times.user + times.system)


def work(seconds: float) -> None:
    """Take so much processor time at least."""
    until = spent(psutil.Process()) + seconds
    while spent(psutil.Process()) < until:
        pass


_WORKER = """
import sys, time
kept = bytearray(b"x") * (64 << 20)
print(flush=True)
for seconds in sys.stdin:
    until = time.process_time() + float(seconds)
    while time.process_time() < until:
        pass
    print(flush=True)
"""


class Worker:
    """A child process that keeps 64 MiB, and is busy for as long as it is told."""

    def __init__(self) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-c", _WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.process = psutil.Process(self.popen.pid)
        self._heard()

    def work(self, seconds: float) -> None:
        assert self.popen.stdin
        self.popen.stdin.write(f"{seconds}\n")
        self._heard()

    def _heard(self) -> None:
        assert self.popen.stdout
        self.popen.stdout.readline()


@contextmanager
def child() -> Iterator[Worker]:
    """A worker that ends with this context."""
    worker = Worker()
    with worker.popen:
        yield worker


@pytest.fixture(autouse=True)
def no_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless a test has some of its own: an import of this name fails."""
    monkeypatch.setitem(sys.modules, "pynvml", None)


# The process and the computer


def test_the_processor_is_told_in_percent_of_one_core_since_the_reading_before() -> None:
    hands, own = Hands(), psutil.Process()
    meter = Meter(hands)
    before = spent(own)
    meter.read()
    just_before = spent(own)
    work(0.05)
    hands.time += 2.0
    just_after = spent(own)
    told = meter.read().processor
    after = spent(own)
    assert told is not None
    assert 100 * (just_after - just_before) / 2 - 1e-6 <= told <= 100 * (after - before) / 2 + 1e-6
    assert told >= 2.4


def test_a_share_needs_a_reading_before_and_one_not_long_ago() -> None:
    hands = Hands()
    meter = Meter(hands)
    assert meter.read().processor is None
    hands.time += LONGEST
    assert meter.read().processor is not None
    hands.time += LONGEST + 0.1
    assert meter.read().processor is None


def test_more_than_one_core_is_more_than_100_percent() -> None:
    hands = Hands()
    meter = Meter(hands)
    meter.read()
    work(0.05)
    hands.time += 0.01
    assert (meter.read().processor or 0) > 100


def taken() -> int:
    """The memory of this process, and of its children what they have alone."""
    own = psutil.Process()
    alone = (other.memory_full_info().uss for other in own.children(recursive=True))
    return int(own.memory_info().rss + sum(alone))


def test_memory_is_what_psutil_tells() -> None:
    meter = Meter()
    before = taken()
    told = meter.read()
    after = taken()
    assert told.resident is not None
    assert before - MIB <= told.resident <= after + MIB
    whole = psutil.virtual_memory()
    assert told.memory_total == whole.total
    assert told.memory_used is not None
    assert 0 < told.memory_used < whole.total


def test_the_cores_are_those_that_this_process_may_use() -> None:
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system binds no process to a core")
    allowed = os.sched_getaffinity(0)
    assert Meter().read().cores == len(allowed)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert Meter().read().cores == 1
    finally:
        os.sched_setaffinity(0, allowed)


def test_child_processes_count_with_the_memory_they_take_alone() -> None:
    alone = Meter().read()
    with child() as worker:
        together = Meter().read()
        both = taken() + worker.process.memory_info().rss
    assert together.processes == alone.processes + 1
    assert alone.resident is not None
    assert together.resident is not None
    assert alone.resident + 60 * MIB <= together.resident < both


def test_the_time_of_child_processes_counts_from_when_they_are_known() -> None:
    hands, own = Hands(), psutil.Process()
    meter = Meter(hands)
    began = spent(own)
    meter.read()
    with child() as worker:
        worker.work(0.1)
        hands.time += 1.0
        before_known = meter.read().processor
        ours, known = spent(own), spent(worker.process)
        worker.work(0.1)
        hands.time += 1.0
        told = meter.read().processor
        took = 100 * (spent(worker.process) - known)
    assert before_known is not None
    assert before_known <= 100 * (ours - began) + 1e-6
    assert told is not None
    assert 8 < took <= told + 1e-6
    assert told <= took + 100 * (spent(own) - ours) + 1


def test_a_child_process_that_ended_does_no_harm() -> None:
    hands = Hands()
    meter = Meter(hands)
    with child():
        meter.read()
        hands.time += 1.0
        with_it = meter.read()
    hands.time += 1.0
    after = meter.read()
    assert after.processor is not None
    assert after.processor >= 0
    assert after.processes == with_it.processes - 1


def test_a_child_process_that_ends_unnoticed_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    hands = Hands()
    meter = Meter(hands)
    with child() as worker:
        found = [worker.process]
        monkeypatch.setattr(psutil.Process, "children", lambda *_, **__: found)
        meter.read()
    hands.time += 1.0
    told = meter.read().processor
    assert told is not None
    assert told >= 0


def test_looking_for_child_processes_takes_a_small_part_of_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hands, looks = Hands(), []

    def slow(_self: psutil.Process, recursive: bool) -> list[psutil.Process]:
        looks.append(recursive)
        hands.time += 0.05
        return []

    monkeypatch.setattr(psutil.Process, "children", slow)
    meter = Meter(hands)
    while hands.time < 60:
        meter.read()
        hands.time += 1.0
    assert 5 <= len(looks) <= 12


@pytest.mark.parametrize("fault", [psutil.AccessDenied(), PermissionError("/proc")])
def test_what_the_system_refuses_is_not_told(
    monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise fault

    for name in ("memory_info", "cpu_times", "children"):
        monkeypatch.setattr(psutil.Process, name, refuse)
    monkeypatch.setattr(psutil, "virtual_memory", refuse)
    hands = Hands()
    meter = Meter(hands)
    meter.read()
    hands.time += 1.0
    told = meter.read()
    assert told == Machine(None, told.cores, 1, None, None, None, ())


# Cards


class RefusedError(Exception):
    """The driver's errors."""


class TooOldError(Exception):
    """A driver that lacks a function."""


class Driver(ModuleType):
    """A stand-in for nvidia-ml-py with `cards`; what is in `silent` is not supported."""

    NVMLError = RefusedError
    NVMLLibraryMismatchError = TooOldError
    NVML_TEMPERATURE_GPU = 0

    def __init__(self, cards: int = 1) -> None:
        super().__init__("pynvml")
        self.cards = cards
        self.loaded = 0
        self.silent: dict[str, Exception] = {}
        self.busy: dict[int, list[int]] = {}
        answers: dict[str, Callable[[int], Any]] = {
            "Name": lambda card: f"NVIDIA T{card}",
            "UtilizationRates": lambda card: SimpleNamespace(gpu=97 - card, memory=3),
            "MemoryInfo": lambda card: SimpleNamespace(
                used=(card + 1) * MIB, total=80 * MIB, free=0
            ),
            "PowerUsage": lambda _: 345_678,
            "EnforcedPowerLimit": lambda _: 700_000,
            "Temperature": lambda _: 71,
            "ComputeRunningProcesses": lambda card: [
                SimpleNamespace(pid=pid) for pid in self.busy.get(card, [])
            ],
        }
        for name, answer in answers.items():
            setattr(self, f"nvmlDeviceGet{name}", self._function(name, answer))

    def _function(self, name: str, answer: Callable[[int], Any]) -> Callable[..., Any]:
        def ask(card: int, *_: object) -> Any:
            if name in self.silent:
                raise self.silent[name]
            return answer(card)

        return ask

    def nvmlInit(self) -> None:  # noqa: N802
        self.loaded += 1
        if "Init" in self.silent:
            raise self.silent["Init"]

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return self.cards

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        if index >= self.cards:
            raise RefusedError("lost")
        return index


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    """A driver with one card, unless the test changes it before the first reading."""
    driver = Driver()
    monkeypatch.setitem(sys.modules, "pynvml", driver)
    return driver


FIRST = Card(0, "NVIDIA T0", False, 0.97, MIB, 80 * MIB, 71, 345.678, 700.0)


def test_a_card_tells_in_shares_bytes_degrees_and_watts(driver: Driver) -> None:
    assert Meter().read().cards == (FIRST,)
    assert driver.loaded == 1


def test_the_driver_is_loaded_by_the_first_reading_and_once(driver: Driver) -> None:
    meter = Meter()
    assert driver.loaded == 0
    meter.read()
    meter.read()
    assert driver.loaded == 1


@pytest.mark.parametrize(
    ("question", "untold"),
    [
        ("UtilizationRates", {"utilisation": None}),
        ("MemoryInfo", {"memory_used": None, "memory_total": None}),
        ("PowerUsage", {"power": None}),
        ("EnforcedPowerLimit", {"power_limit": None}),
        ("Temperature", {"temperature": None}),
        ("Name", {"name": ""}),
        ("ComputeRunningProcesses", {"ours": False}),
    ],
)
@pytest.mark.parametrize("fault", [RefusedError("not supported"), TooOldError("no such function")])
def test_what_a_card_cannot_tell_is_not_told(
    driver: Driver, question: str, untold: dict[str, Any], fault: Exception
) -> None:
    driver.busy = {0: [os.getpid()]}
    driver.silent = {question: fault}
    assert Meter().read().cards == (replace(FIRST, **{"ours": True, **untold}),)


def test_a_card_that_is_lost_tells_nothing(driver: Driver) -> None:
    meter = Meter()
    meter.read()
    driver.cards = 0
    assert meter.read().cards == (Card(0, "", False, *[None] * 6),)


def test_the_cards_that_this_process_computes_on_come_first(driver: Driver) -> None:
    driver.cards = 4
    driver.busy = {0: [1], 2: [1, os.getpid()], 3: [os.getpid()]}
    cards = Meter().read().cards
    assert [(card.index, card.ours) for card in cards] == [
        (2, True),
        (3, True),
        (0, False),
        (1, False),
    ]


def test_without_a_driver_there_are_no_cards_and_it_is_not_tried_again(driver: Driver) -> None:
    driver.silent = {"Init": RefusedError("library not found")}
    meter = Meter()
    assert meter.read().cards == ()
    assert meter.read().cards == ()
    assert driver.loaded == 1


def test_without_nvidia_ml_py_there_are_no_cards() -> None:
    assert Meter().read().cards == ()


def test_the_real_nvidia_ml_py_agrees_with_the_cards_of_torch() -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("there is no NVIDIA card")
    sys.modules.pop("pynvml")
    pytest.importorskip("pynvml")
    told = {card.name: card for card in Meter().read().cards}
    properties = torch.cuda.get_device_properties(0)
    card = told[properties.name]
    assert card.memory_total == pytest.approx(properties.total_memory, rel=0.05)
    assert 0 <= (card.utilisation or 0) <= 1


# In a thread of its own


class Slow:
    """A meter whose readings wait until they are let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.readings = 0

    def read(self) -> Machine:
        self.go.wait()
        self.readings += 1
        return Machine(float(self.readings), 2, 1, None, None, None, ())


def finish(watch: Watch) -> None:
    """Wait until the reading under way has come."""
    assert watch._thread
    watch._thread.join()


def test_asking_waits_for_nothing_and_the_latest_reading_stays() -> None:
    meter = Slow()
    watch = Watch(meter)  # type: ignore[arg-type]
    watch.ask()
    assert watch.busy
    assert watch.latest is None
    meter.go.set()
    finish(watch)
    assert not watch.busy
    assert watch.latest is not None
    assert watch.latest.processor == 1


def test_a_reading_that_hangs_is_waited_for_by_no_second_one() -> None:
    meter = Slow()
    watch = Watch(meter)  # type: ignore[arg-type]
    for _ in range(3):
        watch.ask()
    meter.go.set()
    finish(watch)
    assert meter.readings == 1
    watch.ask()
    finish(watch)
    assert meter.readings == 2


def test_a_reading_that_hangs_holds_up_no_exit() -> None:
    code = (
        "import threading\n"
        "from core.machine import Meter, Watch\n"
        "meter = Meter()\n"
        "meter.read = threading.Event().wait\n"
        "Watch(meter).ask()"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
