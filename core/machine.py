"""What training takes of the computer: processor, memory, and NVIDIA cards where there are any."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any, TypeVar

import psutil

LONGEST = 5.0  # seconds; a share of the processor over more than that tells of the past
_REST = 100  # looking for child processes takes one part in so many of the time

T = TypeVar("T")
Faults = tuple[type[Exception], ...]


@dataclass(frozen=True, slots=True)
class Card:
    """An NVIDIA card, by what its driver tells: None stands for what it does not.

    `index` is the driver's own count. `ours` says whether this process computes on it, as far as
    the driver knows: out of a container it may not.
    """

    index: int
    name: str
    ours: bool
    utilisation: float | None  # the share of the latest time, 0 to 1, in which it computed
    memory_used: int | None  # bytes
    memory_total: int | None
    temperature: int | None  # °C
    power: float | None  # W
    power_limit: float | None


@dataclass(frozen=True, slots=True)
class Machine:
    """One reading; None stands for what the computer does not tell.

    `processor` and `resident` are of this process and its child processes together, such as
    those that load data.
    """

    processor: float | None  # percent of one core, since the reading before
    cores: int  # that this process may use
    processes: int
    resident: int | None  # bytes of memory; what child processes share with others is left out
    memory_used: int | None  # bytes, of the whole computer
    memory_total: int | None
    cards: tuple[Card, ...]  # those this process computes on first


class Meter:
    """Reads the machine, for one thread at a time.

    The first reading loads the driver of NVIDIA cards, which may take a second.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._process = psutil.Process()
        self._children: list[psutil.Process] = []
        self._memory_of_children = 0
        self._rests_until = -inf
        self._spent: dict[psutil.Process, float] = {}  # seconds of processor time
        self._read_at = -inf

    def read(self) -> Machine:
        """The machine now. `processor` is None at first, and after more than `LONGEST`."""
        self._look_for_children()
        own = _told(self._process.memory_info)
        whole = _told(psutil.virtual_memory)
        cards = [card.read() for card in self._cards]
        return Machine(
            processor=self._processor(),
            cores=_cores(),
            processes=1 + len(self._children),
            resident=own.rss + self._memory_of_children if own else None,
            memory_used=whole.total - whole.available if whole else None,
            memory_total=whole.total if whole else None,
            cards=tuple(sorted(cards, key=lambda card: not card.ours)),
        )

    def _look_for_children(self) -> None:
        """Find the child processes, and what each of them takes of the memory alone.

        That means a look at every process of the computer, which may have thousands.
        """
        began = self._now()
        if began < self._rests_until:
            return
        self._children = _told(lambda: self._process.children(recursive=True)) or []
        taken = [_told(child.memory_full_info) for child in self._children]
        self._memory_of_children = sum(each.uss for each in taken if each)
        ended = self._now()
        self._rests_until = ended + _REST * (ended - began)

    def _processor(self) -> float | None:
        before, read_before = self._spent, self._read_at
        self._spent, self._read_at = dict(self._processor_seconds()), self._now()
        passed = self._read_at - read_before
        if not before or not self._spent or not 0 < passed <= LONGEST:
            return None
        known = self._spent.keys() & before.keys()
        return 100 * sum(self._spent[each] - before[each] for each in known) / passed

    def _processor_seconds(self) -> Iterable[tuple[psutil.Process, float]]:
        for process in (self._process, *self._children):
            times = _told(process.cpu_times)
            if times:  # else it has ended meanwhile
                yield process, times.user + times.system

    @cached_property
    def _cards(self) -> list[_NvidiaCard]:
        """None without nvidia-ml-py or without the driver."""
        try:
            import pynvml
        except ImportError:
            return []
        try:
            pynvml.nvmlInit()
            return [_NvidiaCard(pynvml, i) for i in range(pynvml.nvmlDeviceGetCount())]
        except pynvml.NVMLError:
            return []


class _NvidiaCard:
    """One card, asked through nvidia-ml-py; it may be able to tell much or little."""

    def __init__(self, nvml: Any, index: int) -> None:
        self._nvml = nvml
        self._index = index

    def read(self) -> Card:
        nvml = self._nvml
        use = self._ask(nvml.nvmlDeviceGetUtilizationRates)
        memory = self._ask(nvml.nvmlDeviceGetMemoryInfo)
        power = self._ask(nvml.nvmlDeviceGetPowerUsage)  # milliwatts
        limit = self._ask(nvml.nvmlDeviceGetEnforcedPowerLimit)
        processes = self._ask(nvml.nvmlDeviceGetComputeRunningProcesses) or ()
        return Card(
            index=self._index,
            name=self._ask(nvml.nvmlDeviceGetName) or "",
            ours=any(process.pid == os.getpid() for process in processes),
            utilisation=None if use is None else use.gpu / 100,
            memory_used=None if memory is None else memory.used,
            memory_total=None if memory is None else memory.total,
            temperature=self._ask(nvml.nvmlDeviceGetTemperature, nvml.NVML_TEMPERATURE_GPU),
            power=None if power is None else power / 1000,
            power_limit=None if limit is None else limit / 1000,
        )

    def _ask(self, question: Callable[..., Any], *more: object) -> Any:
        nvml = self._nvml
        faults = nvml.NVMLError, nvml.NVMLLibraryMismatchError  # not supported, lost, an old driver
        handle = nvml.nvmlDeviceGetHandleByIndex
        return _told(lambda: question(handle(self._index), *more), faults)


class Watch:
    """Lets a meter read in a thread of its own, so that nobody waits for a slow driver.

    `latest` is what it last read. The thread lives for one reading and holds up no exit.
    """

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._thread: threading.Thread | None = None
        self.latest: Machine | None = None

    @property
    def busy(self) -> bool:
        """Whether a reading is under way."""
        return self._thread is not None and self._thread.is_alive()

    def ask(self) -> None:
        """Begin a reading, unless one is under way."""
        if not self.busy:
            self._thread = threading.Thread(target=self._read, name="machine", daemon=True)
            self._thread.start()

    def _read(self) -> None:
        self.latest = self._meter.read()


def _told(ask: Callable[[], T], faults: Faults = (psutil.Error, OSError)) -> T | None:
    """What is told; None where that is refused, not supported, or gone."""
    try:
        return ask()
    except faults:
        return None


def _cores() -> int:
    """How many cores this process may use, which may be fewer than there are."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return psutil.cpu_count() or 1
