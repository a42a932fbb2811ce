"""Earlier moments of a run, kept in bounded memory: what can be taken back, done again, gone to."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.checkpoint import Checkpoint
from core.errors import UserError
from core.snapshot import MomentKind, MomentView

MOST_MOMENTS = 400  # of which it is told; more of small ones would fit, and nobody could use them
_MEGABYTE = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A moment that was kept, and why."""

    id: int
    kind: MomentKind
    what: str  # for a change: what was changed then
    checkpoint: Checkpoint
    sizes: Mapping[int, int]  # bytes by array

    def view(self, *, on_path: bool, here: bool) -> MomentView:
        tested = self.checkpoint.record.evaluation
        loss, accuracy = (tested.loss, tested.accuracy) if tested else (None, None)
        at, what = self.checkpoint.at, self.what
        return MomentView(self.id, at, self.kind, what, loss, accuracy, on_path, here)


@dataclass(frozen=True, slots=True)
class _Change:
    """What was changed, or where the run went, at the moment of this id."""

    moment: int
    what: str


class Timeline:
    """Moments in the order in which they were kept, and how the run went from one to another.

    A run that goes back and on from there leaves a branch behind: that is kept, too. What was
    changed since can be taken back, change by change, and then be done again, until something
    else is changed. Beyond `bound` megabytes moments are thinned out: the older, the wider the
    gaps; of changes, of what was left behind and of the beginning only when nothing else is left.
    """

    def __init__(self) -> None:
        self.bound = 0.0  # in megabytes
        self.revision = 0
        self.tip: Kept | None = None  # the moment that the run came by last
        self._moments: dict[int, Kept] = {}
        self._before: dict[int, int | None] = {}  # the moment that each one followed
        self._changes: list[_Change] = []  # that can be taken back
        self._taken_back: list[tuple[int, _Change]] = []  # the moment that was left for it
        self._next_id = 0
        self._owners: Counter[int] = Counter()
        self._bytes = 0

    @property
    def megabytes(self) -> float:
        return self._bytes / _MEGABYTE

    def __len__(self) -> int:
        return len(self._moments)

    def copy(self) -> Timeline:
        """Another that keeps the same moments, in no line of whose log they lie."""
        copied = copy.copy(self)
        copied._moments = {
            id: replace(kept, checkpoint=replace(kept.checkpoint, line=-1))
            for id, kept in self._moments.items()
        }
        copied.tip = copied._moments[self.tip.id] if self.tip else None
        copied._before, copied._owners = dict(self._before), Counter(self._owners)
        copied._changes, copied._taken_back = list(self._changes), list(self._taken_back)
        return copied

    def find(self, id: int) -> Kept:
        """The moment of this id; raises UserError if it has been thinned out."""
        try:
            return self._moments[id]
        except KeyError:
            raise UserError("that moment was given up to make room for others") from None

    def keep(
        self, kind: MomentKind, what: str, checkpoint: Checkpoint, sparing: int | None = None
    ) -> Kept:
        """Keep a moment that followed the one the run came by last.

        The one of the id `sparing` is not given up for it.
        """
        kept = Kept(self._next_id, kind, what, checkpoint, checkpoint.sizes)
        self._next_id += 1
        self._moments[kept.id] = kept
        self._before[kept.id] = self.tip.id if self.tip else None
        for array, size in kept.sizes.items():
            self._bytes += 0 if self._owners[array] else size
            self._owners[array] += 1
        self.tip = kept
        self.thin_out(sparing)
        self.revision += 1
        return kept

    def note_change(self, before: Kept, what: str = "") -> None:
        """Something was changed at the moment `before`: that can be taken back.

        `what` says so in one line, unless the moment was kept for it.
        """
        self._changes.append(_Change(before.id, what or before.what))
        self._taken_back.clear()
        self.revision += 1

    @property
    def last_change(self) -> Kept | None:
        """Where taking back would lead; `what` is what would be taken back."""
        known = (each for each in reversed(self._changes) if each.moment in self._moments)
        change = next(known, None)
        return replace(self._moments[change.moment], what=change.what) if change else None

    @property
    def next_change(self) -> Kept | None:
        """Where doing again would lead; `what` is what would be done again."""
        for left, change in reversed(self._taken_back):
            if left in self._moments:
                return replace(self._moments[left], what=change.what)
        return None

    def take_back(self, left: Kept) -> Kept:
        """Stand before the last change, having left the moment `left`; raises UserError if none."""
        target = self.last_change
        if target is None:
            raise UserError("nothing was changed that could be taken back")
        while True:
            change = self._changes.pop()
            if change.moment == target.id:
                break
        self._taken_back.append((left.id, change))
        self.stand_at(target)
        return target

    def do_again(self) -> Kept:
        """Stand where the run was when a change was taken back; raises UserError if none was."""
        target = self.next_change
        if target is None:
            raise UserError("nothing was taken back that could be done again")
        while self._taken_back:
            left, changed = self._taken_back.pop()
            self._changes.append(changed)
            if left == target.id:
                break
        self.stand_at(target)
        return target

    def stand_at(self, moment: Kept | None) -> None:
        """From here on moments follow this one; None: nothing, the run has begun anew."""
        self.tip = self._moments[moment.id] if moment else None
        self.revision += 1

    def stand_by(self, saved: Checkpoint) -> None:
        """From here on moments follow the one that `saved` is of, or the last before it."""
        same = (id for id, kept in self._moments.items() if kept.checkpoint.at == saved.at)
        id = next(same, None)
        if id is None:
            id = self.tip.id if self.tip else None
            while id is not None and self._moments[id].checkpoint.at.updates > saved.at.updates:
                id = self._before[id]
        self.stand_at(None if id is None else self._moments[id])

    def thin_out(self, sparing: int | None = None) -> None:
        """Give up moments until the others fit into the bound.

        The latest stays in any case, and so does the one of the id `sparing`.
        """
        while len(self) > MOST_MOMENTS or self.megabytes > self.bound:
            missed = self._least_missed(sparing)
            if missed is None:
                break
            self._forget(missed)

    def views(self, here: bool) -> tuple[MomentView, ...]:
        """All moments, oldest first; `here` tells whether the run stands at the latest it met."""
        path, at = set(), self.tip.id if self.tip else None
        tip = at
        while at is not None:
            path.add(at)
            at = self._before[at]
        return tuple(
            kept.view(on_path=id in path, here=here and id == tip)
            for id, kept in self._moments.items()
        )

    def _least_missed(self, sparing: int | None) -> Kept | None:
        """The moment that leaves the smallest gap for its age; ordinary ones before all others.

        The beginning is the last to go, and then there is none.
        """
        moments = list(self._moments.values())
        now = self._next_id
        candidates = [
            ((after.id - before.id) / (now - kept.id), kept)
            for before, kept, after in zip(moments, moments[1:], [*moments[2:], None], strict=False)
            if after is not None and kept.id != sparing
        ]
        ordinary = [each for each in candidates if each[1].kind.ordinary]
        if not candidates:
            first = moments[0]
            return first if len(moments) > 1 and first.id != sparing else None
        return min(ordinary or candidates, key=lambda each: each[0])[1]

    def _forget(self, kept: Kept) -> None:
        before = self._before.pop(kept.id)
        for id, parent in self._before.items():
            if parent == kept.id:
                self._before[id] = before
        if self.tip is kept:
            self.tip = self._moments[before] if before is not None else None
        del self._moments[kept.id]
        for array, size in kept.sizes.items():
            self._owners[array] -= 1
            if not self._owners[array]:
                del self._owners[array]
                self._bytes -= size
        self.revision += 1
