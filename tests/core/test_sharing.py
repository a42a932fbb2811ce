"""Several runs share time and cores, and stand at safe points in between."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from core import sharing
from core.allowance import WHOLE_SLICE, Allowance
from core.sharing import Turns
from core.threads import EVERY, share


class Sharer:
    """A run that counts its slices, and sees who works at the same time."""

    def __init__(self, id: int, slices: int, needs_every_core: bool = False) -> None:
        self.id = id
        self.left = slices
        self.needs_every_core = needs_every_core
        self.served: list[tuple[Allowance, int]] = []
        self.meets: Callable[[], None] = lambda: None

    def wait(self) -> float:
        return 0.0 if self.left else 1.0

    def work(self, allowance: Allowance) -> bool:
        self.served.append((allowance, share()))
        self.left -= 1
        self.meets()
        return True


def whole(_run: int) -> Allowance | None:
    return WHOLE_SLICE


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "EVERY", 2)


def endless() -> float:
    return 1.0


def test_a_single_run_has_one_slice_and_every_core() -> None:
    run = Sharer(0, 3)
    assert Turns().stretch([run], whole, endless)
    assert run.served == [(WHOLE_SLICE, EVERY)]


def test_where_one_needs_every_core_they_take_turns_a_slice_each() -> None:
    runs = [Sharer(0, 9), Sharer(1, 9, needs_every_core=True), Sharer(2, 9)]
    turns = Turns()
    for _ in range(6):
        turns.stretch(runs, whole, endless)
    assert [len(run.served) for run in runs] == [2, 2, 2]
    assert {cores for run in runs for _, cores in run.served} == {EVERY}


@pytest.mark.usefixtures("two_cores")
def test_runs_that_share_work_at_the_same_time() -> None:
    runs = [Sharer(0, 1), Sharer(1, 1)]
    both = threading.Barrier(2, timeout=20)
    for run in runs:
        run.meets = lambda: [None, both.wait()][0]
    Turns().stretch(runs, whole, endless)
    assert [run.served for run in runs] == [[(WHOLE_SLICE, 1)]] * 2


@pytest.mark.usefixtures("two_cores")
def test_a_stretch_goes_on_until_it_is_over_and_passes_nobody_over() -> None:
    runs = [Sharer(number, 10_000) for number in range(5)]
    Turns().stretch(runs, whole, left=lambda: float(sum(len(run.served) for run in runs) < 100))
    served = [len(run.served) for run in runs]
    assert 100 <= sum(served) <= 101
    assert min(served) >= 1


@pytest.mark.usefixtures("two_cores")
def test_the_last_slices_are_cut_so_that_all_end_together() -> None:
    runs = [Sharer(number, 10) for number in range(2)]
    left = iter([*[0.5] * 4, *[0.004] * 2, *[0.0] * 10])
    Turns().stretch(runs, whole, left=lambda: next(left, 0.0))
    seconds = {allowance.seconds for run in runs for allowance, _ in run.served}
    assert seconds <= {WHOLE_SLICE.seconds, 0.004, 0.002}


@pytest.mark.usefixtures("two_cores")
def test_who_has_to_wait_for_others_is_passed_over() -> None:
    runs = [Sharer(0, 5), Sharer(1, 5)]
    Turns().stretch(runs, lambda run: WHOLE_SLICE if run else None, endless)
    assert [len(run.served) for run in runs] == [0, 5]
    assert runs[1].served[0][1] == EVERY  # the only one who may work


@pytest.mark.usefixtures("two_cores")
def test_it_ends_when_nobody_has_anything_to_do() -> None:
    runs = [Sharer(0, 2), Sharer(1, 3)]
    turns = Turns()
    assert turns.stretch(runs, whole, endless)
    assert not turns.stretch(runs, whole, endless)
    assert share() == EVERY
