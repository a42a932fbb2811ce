"""How fast a run goes: the speed limit it keeps, and the rate it reaches."""

from __future__ import annotations

from collections import deque

_BURST_SECONDS = 0.05  # what may be made up for at once when a slice came late


class Pace:
    """Allows `speed` updates a second of wall time; None allows any number at any time."""

    def __init__(self) -> None:
        self._next = 0.0  # when the next update is due

    def allowed(self, speed: float | None, now: float) -> int | None:
        """How many updates may be made now; None for any number."""
        if speed is None:
            self._next = now
            return None
        self._next = min(max(self._next, now - _BURST_SECONDS), now + 1 / speed)
        return int((now - self._next) * speed) + 1 if now >= self._next else 0

    def made(self, updates: int, speed: float | None) -> None:
        if speed is not None:
            self._next += updates / speed

    def wait(self, now: float) -> float:
        """Seconds until the next update is due."""
        return max(0.0, self._next - now)


class RateMeter:
    """Measures updates and examples per second of wall time, over the latest second or so.

    Counts may be fractions: of an update under way, the share that is done counts.
    """

    def __init__(self, span: float = 1.0) -> None:
        self._span = span
        self._marks: deque[tuple[float, float, float]] = deque()

    def mark(self, now: float, updates: float, examples: float) -> None:
        """Note how far the run has come by now."""
        self._marks.append((now, updates, examples))
        while len(self._marks) > 2 and self._marks[1][0] < now - self._span:
            self._marks.popleft()

    def clear(self) -> None:
        self._marks.clear()

    @property
    def rates(self) -> tuple[float, float]:
        """Updates and examples per second; zeros before there are two marks."""
        if len(self._marks) < 2 or self._marks[-1][0] <= self._marks[0][0]:
            return 0.0, 0.0
        (began, *before), (now, *after) = self._marks[0], self._marks[-1]
        updates, examples = (y - x for x, y in zip(before, after, strict=True))
        return updates / (now - began), examples / (now - began)
