"""A race keeps its budget equal at every instant, whatever each lane's speed."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.allowance import SLICE_SECONDS, WHOLE_SLICE, Allowance
from core.racing.fairness import Race
from core.racing.race import Budget
from core.snapshot import Clock, Moment


@dataclass
class Lane:
    """A run that makes updates of `size` examples, each in `cost` seconds, in steps of a few."""

    id: int
    cost: float
    size: int
    step: float = 1.0  # of an update: a large one is made in parts
    at: Moment = field(default_factory=Moment)
    racing: bool = True
    arrived: bool = False
    share: float = 0.0
    spent_on_it: float = 0.0

    @property
    def trainer(self) -> Lane:
        return self

    def progress(self, clock: Clock) -> float:
        part = {Clock.UPDATES: 1.0, Clock.EXAMPLES: float(self.size), Clock.SECONDS: 0.0}
        return self.at.on(clock) + self.share * part[clock]

    def pace(self, clock: Clock) -> float:
        updates = SLICE_SECONDS / self.cost
        paces = {Clock.UPDATES: updates, Clock.EXAMPLES: updates * self.size}
        return paces.get(clock, SLICE_SECONDS)

    def work(self, allowance: Allowance) -> None:
        if self.step < 1:
            self._advance(self.step)
            return
        by_time = max(1, int(allowance.seconds / self.cost))
        by_examples = max(1.0, -(-allowance.examples // self.size))
        self._advance(min(by_time, max(1.0, allowance.updates), by_examples))

    def _advance(self, updates: float) -> None:
        seconds = self.at.seconds + updates * self.cost
        whole, self.share = divmod(self.share + updates + 1e-12, 1.0)
        done = self.at.updates + int(whole)
        self.at = Moment(done, done * self.size, seconds)

    def longest_step(self, clock: Clock) -> float:
        """What one slice may spend beyond what was allowed: a step is never cut."""
        units = {Clock.UPDATES: 1.0, Clock.EXAMPLES: float(self.size), Clock.SECONDS: self.cost}
        return units[clock] * self.step


def small(id: int, cost: float, size: int) -> Lane:
    return Lane(id, cost, size)


speeds = st.lists(
    st.one_of(
        st.builds(small, st.just(0), st.floats(1e-6, 5e-3), st.sampled_from([1, 8, 64, 512])),
        # Batch: an update of seconds, made in parts.
        st.builds(Lane, st.just(0), st.floats(0.02, 1.0), st.just(60_000), st.just(1 / 30)),
    ),
    min_size=2,
    max_size=8,
)


@given(speeds, st.sampled_from(list(Clock)), st.integers(1, 4))
@settings(deadline=None, max_examples=60)
def test_nobody_is_ever_more_than_a_slice_ahead(
    lanes: list[Lane], clock: Clock, workers: int
) -> None:
    for number, lane in enumerate(lanes):
        lane.id = number
    race = Race(Budget(clock, 1e9), lanes)
    lead = max(1.0, min(lane.pace(clock) for lane in lanes)) if clock is not Clock.SECONDS else 0
    bound = (lead or SLICE_SECONDS) + max(lane.longest_step(clock) for lane in lanes)
    waiting = list(lanes)
    for _ in range(150):
        # As many as there are workers begin at once, and see each other as they were.
        begun = []
        for lane in list(waiting):
            allowance = race.allowance(lane.id)
            if allowance is not None and len(begun) < workers:
                begun.append((lane, allowance))
                waiting.remove(lane)
                waiting.append(lane)
        assert begun, "somebody may always go on"
        for lane, allowance in begun:
            lane.work(allowance)
        spent = [race.spent(lane.id) for lane in lanes]
        assert max(spent) - min(spent) <= bound * (1 + 1e-9)


def test_a_lane_is_counted_from_where_it_began() -> None:
    lanes = [Lane(0, 0.01, 1, at=Moment(100, 100, 5.0)), Lane(1, 0.01, 1)]
    race = Race(Budget(Clock.SECONDS, 2.0), lanes)
    assert [race.spent(0), race.spent(1)] == [0.0, 0.0]
    assert race.view().starts == {0: Moment(100, 100, 5.0), 1: Moment()}


def test_who_does_not_race_holds_nobody_up() -> None:
    lanes = [Lane(0, 0.01, 1), Lane(1, 0.01, 1)]
    race = Race(Budget(Clock.UPDATES, 100), lanes)
    lanes[0].at = Moment(50, 50, 0.5)
    assert race.allowance(0) is None
    lanes[1].racing = False  # paused, or diverged
    assert race.allowance(0) is not None
    assert race.allowance(1) == WHOLE_SLICE
    assert race.allowance(77) == WHOLE_SLICE  # a run that takes no part


def test_what_is_shown_as_spent_is_never_more_than_the_budget() -> None:
    lane = Lane(0, 0.01, 1, at=Moment())
    race = Race(Budget(Clock.UPDATES, 10), [lane])
    lane.at = Moment(12, 12, 0.1)
    assert race.view().spent == {0: 10}


def test_it_is_over_when_all_have_arrived() -> None:
    lanes = [Lane(0, 0.01, 1), Lane(1, 0.01, 1)]
    race = Race(Budget(Clock.UPDATES, 10), lanes)
    lanes[0].arrived = True
    assert not race.view().over
    race.leave(1)
    assert race.view().over
    assert race.view().lanes == (0,)


@pytest.mark.parametrize("clock", list(Clock))
def test_the_last_one_may_always_go_on(clock: Clock) -> None:
    lanes = [Lane(0, 0.3, 60_000, step=0.03), Lane(1, 1e-5, 1)]
    race = Race(Budget(clock, 1e6), lanes)
    lanes[1].at = Moment(10**6, 10**6, 100.0)
    assert race.allowance(0) is not None
    assert race.allowance(1) is None
