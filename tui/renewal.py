"""When the figures on the screen are renewed: at once for news, else a few times a second."""

from __future__ import annotations

from collections.abc import Callable

from core.snapshot import Snapshot, State

SECONDS = 0.25  # between two renewals of a run that only trained on
OF_SEVERAL = 0.5  # the same for several runs, of which more is painted


class Renewal:
    """Decides which snapshots are drawn in full, by the clock `now`."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._revision = -1
        self._news: object = None
        self._drawn_at = 0.0

    def due(self, snapshot: Snapshot) -> bool:
        """Whether `snapshot` is to be drawn in full now; it is then taken for drawn."""
        if snapshot.revision == self._revision:
            return False
        news, now = _news(snapshot), self._now()
        if _trains(snapshot) and news == self._news and now - self._drawn_at < _pause(snapshot):
            return False
        self._revision, self._news, self._drawn_at = snapshot.revision, news, now
        return True


def _pause(snapshot: Snapshot) -> float:
    return SECONDS if len(snapshot.runs) == 1 else OF_SEVERAL


def _trains(snapshot: Snapshot) -> bool:
    return any(run.state is State.RUNNING for run in snapshot.runs)


def _news(snapshot: Snapshot) -> object:
    """What a person did or waits for: nothing of it changes by training on."""
    run = snapshot.run
    if run is None:
        return None
    last_event = run.events[-1].number if run.events else 0
    on_show = run.digits.indices if run.digits else ()
    others = tuple((each.id, each.name, each.state) for each in snapshot.runs)
    ways = tuple(way and way.id for way in (run.timeline.undo, run.timeline.redo))
    unsaved = tuple(each.id for each in snapshot.runs if each.saving and each.saving.trouble)
    told = (snapshot.notice, snapshot.error, snapshot.dropped, snapshot.race and snapshot.race.over)
    return (run.id, run.config, last_event, on_show, others, told, run.glimpse, ways, unsaved)
