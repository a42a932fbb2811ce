"""Earlier moments in bounded memory: what is kept, what is given up, what can be taken back."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from core.checkpoint import Checkpoint
from core.commands import Advance, Change, Fork, Redo, Return, Undo
from core.config import configure
from core.errors import UserError
from core.record import Record
from core.schedules import Schedule
from core.snapshot import Moment, MomentKind
from core.switching import Switches
from core.timeline import MOST_MOMENTS, Kept, Timeline
from tests.core.conftest import same_bits
from tests.core.saved import asked, begun, small, the_run, trained_weights

assert small
KINDS = [MomentKind.EPOCH, MomentKind.INTERVAL, MomentKind.CHANGE, MomentKind.LEFT]
RECORD = Record()
SHARED = sum(array.nbytes for array in RECORD.arrays()) / 1e6  # megabytes that all moments share


def moment(updates: int, kilobytes: int = 100, shared: Sequence[Tensor] = ()) -> Checkpoint:
    """A checkpoint whose weights are of so many bytes; all share one record."""
    weights = {"own": torch.zeros(kilobytes * 250)} | {str(k): v for k, v in enumerate(shared)}
    at = Moment(updates, updates, float(updates), updates / 100)
    empty: dict[str, Any] = {"parts": [], "values": {}, "switched_off": {}}
    schedule = Schedule("constant", 0.0, 0.5, 1.0, 0.0)
    config = configure({})
    return Checkpoint(config, at, weights, empty, {}, schedule, Switches(), 1, RECORD)


def of_bound(megabytes: float) -> Timeline:
    timeline = Timeline()
    timeline.bound = SHARED + megabytes
    return timeline


def ids(timeline: Timeline) -> list[int]:
    return [view.id for view in timeline.views(here=True)]


def all_bytes(timeline: Timeline) -> float:
    """The megabytes of what is kept, each array counted once."""
    sizes: dict[int, int] = {}
    for id in ids(timeline):
        sizes |= timeline.find(id).checkpoint.sizes
    return sum(sizes.values()) / 1e6


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 900)), max_size=60))
def test_what_is_kept_never_exceeds_the_bound_and_is_counted_right(
    kept: list[tuple[MomentKind, int]],
) -> None:
    timeline = of_bound(1.0)
    for updates, (kind, kilobytes) in enumerate(kept):
        timeline.keep(kind, "", moment(updates, kilobytes))
        assert timeline.megabytes <= timeline.bound
        assert timeline.megabytes == pytest.approx(all_bytes(timeline))
        assert ids(timeline)[-1] == updates
        assert [view.on_path for view in timeline.views(here=True)] == [True] * len(timeline)


def test_changes_are_kept_longer_than_ordinary_moments() -> None:
    timeline = of_bound(1.05)  # of ten moments
    changes = [timeline.keep(MomentKind.CHANGE, "lr", moment(k)).id for k in range(4)]
    for k in range(300):
        timeline.keep(KINDS[k % 2], "", moment(4 + k))
    assert ids(timeline)[:4] == changes
    assert len(timeline) == 10


def test_ordinary_moments_lie_the_wider_apart_the_older_they_are() -> None:
    timeline = of_bound(3.05)
    for k in range(2000):
        timeline.keep(MomentKind.INTERVAL, "", moment(k))
    gaps = [later - earlier for earlier, later in itertools.pairwise(ids(timeline))]
    third = len(gaps) // 3
    old, middle, young = sum(gaps[:third]), sum(gaps[third : 2 * third]), sum(gaps[2 * third :])
    assert old > 2 * middle > 4 * young
    assert ids(timeline)[0] == 0


def test_there_are_never_more_moments_than_anybody_could_use() -> None:
    timeline, small_ones = of_bound(1e6), [moment(k, 1) for k in range(MOST_MOMENTS + 50)]
    for each in small_ones:
        timeline.keep(MomentKind.CHANGE, "", each)
    assert len(timeline) == MOST_MOMENTS


def test_moments_that_share_arrays_count_them_once() -> None:
    timeline, shared = of_bound(100), [torch.zeros(250_000)]
    for k in range(5):
        timeline.keep(MomentKind.CHANGE, "", moment(k, 100, shared))
    assert timeline.megabytes - SHARED == pytest.approx(5 * 0.1 + 1.0)


def test_what_is_given_up_is_gone_from_memory() -> None:
    timeline = of_bound(1.05)
    for k in range(20):
        timeline.keep(MomentKind.INTERVAL, "", moment(k))
    gc.collect()
    before = _arrays()
    for k in range(200):
        timeline.keep(KINDS[k % 4], "", moment(20 + k))
        if k % 3 == 0 and timeline.last_change is None:
            timeline.note_change(timeline.find(ids(timeline)[-1]))
    gc.collect()
    assert _arrays() <= before + 1


def _arrays() -> int:
    return sum(isinstance(each, Tensor) and each.numel() == 25_000 for each in gc.get_objects())


class Editor:
    """What taking back and doing again mean, told simply: two stacks of places."""

    def __init__(self) -> None:
        self.here = 0
        self.undo: list[int] = []
        self.redo: list[int] = []

    def change(self, to: int) -> None:
        self.undo.append(self.here)
        self.redo.clear()
        self.here = to

    def take_back(self) -> None:
        if self.undo:
            self.redo.append(self.here)
            self.here = self.undo.pop()

    def do_again(self) -> None:
        if self.redo:
            self.undo.append(self.here)
            self.here = self.redo.pop()


@given(st.lists(st.sampled_from("ccccuuurrr"), max_size=60))
def test_taking_back_and_doing_again_are_those_of_an_editor(asked_for: list[str]) -> None:
    timeline, editor, place = of_bound(1e6), Editor(), itertools.count(1)
    kept: dict[int, Kept] = {}

    def left() -> Kept:
        """The moment where the run is, kept once."""
        here = editor.here
        if here not in kept:
            kept[here] = timeline.keep(MomentKind.LEFT, "", moment(here, 1))
        return kept[here]

    for each in asked_for:
        match each:
            case "c":
                timeline.note_change(left(), f"change {editor.here}")
                editor.change(next(place))
            case "u" if editor.undo:
                found = timeline.take_back(left())
                editor.take_back()
                assert found.checkpoint.at.updates == editor.here
            case "r" if editor.redo:
                found = timeline.do_again()
                editor.do_again()
                assert found.checkpoint.at.updates == editor.here
            case "u":
                with pytest.raises(UserError, match="nothing was changed"):
                    timeline.take_back(left())
            case _:
                with pytest.raises(UserError, match="nothing was taken back"):
                    timeline.do_again()
        undo, redo = timeline.last_change, timeline.next_change
        assert (undo and undo.checkpoint.at.updates) == (editor.undo[-1] if editor.undo else None)
        assert (redo and redo.checkpoint.at.updates) == (editor.redo[-1] if editor.redo else None)


def test_a_copy_shares_the_arrays_and_goes_its_own_way() -> None:
    timeline = of_bound(10)
    for k in range(3):
        timeline.note_change(timeline.keep(MomentKind.CHANGE, "", moment(k)), "lr")
    other = timeline.copy()
    assert ids(other) == ids(timeline)
    for id in ids(other):
        mine, theirs = other.find(id).checkpoint, timeline.find(id).checkpoint
        assert mine.weights is theirs.weights
        assert mine.line == -1
    other.take_back(other.find(2))
    other.keep(MomentKind.INTERVAL, "", moment(9))
    assert ids(timeline) == [0, 1, 2]
    assert timeline.last_change
    assert timeline.last_change.id == 2
    assert other.megabytes > timeline.megabytes


# In a run


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("bound", [0, 0.3, 0.6, 1.5, 256])
def test_in_memory_of_any_size_every_way_leads_where_it_says_or_is_refused(bound: float) -> None:
    engine = begun(None, snapshot_memory=bound, snapshot_every=0.001)
    weights: dict[int, list[Tensor]] = {}
    ways = [Undo(), Redo(), Return(0), Return(1), Undo(), Return(3), Undo(), Redo(), Redo()]
    for number, way in enumerate(ways * 2):
        asked(engine, Advance(7), Change("lr", 0.01 + number / 1000))
        asked(engine, Advance(1), way)
        view = engine.snapshot.run
        assert view
        assert not engine.snapshot.error
        told = view.timeline
        assert told.megabytes <= bound or len(told.moments) <= 2  # the latest, and where it leads
        for each in told.moments:
            own = the_run(engine).past.timeline.find(each.id).checkpoint.weights.values()
            assert same_bits(weights.setdefault(each.id, [w.clone() for w in own]), list(own))


@pytest.mark.usefixtures("small")
def test_a_fork_from_a_moment_is_what_the_run_was_then() -> None:
    engine = begun(None)
    asked(engine, Advance(10))
    then = trained_weights(engine)
    asked(engine, Change("lr", 0.05), Advance(10))
    run = the_run(engine)
    change = next(m for m in run.past.view(run.trainer).moments if m.kind is MomentKind.CHANGE)
    asked(engine, Fork(change.id))
    assert same_bits(trained_weights(engine, 1), then)
    assert the_run(engine, 1).trainer.config.learning_rate == 0.01
