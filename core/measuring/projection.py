"""The paths of several runs' weights on a plane, kept up while they grow, in bounded memory."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.snapshot import Paths, Plane
from core.threads import use_threads

POINTS = 256  # of a path, at most; an even number, so that its head outlives a thinning
RANK = 16  # directions of the basis, at most
_KEPT = 8  # of them, once it was full
_MOST_BYTES = 64 << 20  # of the basis
_NEGLIGIBLE = 1e-4  # of the way to the farthest point: less outside of the basis is left there
_SEED = 1812  # of the random plane, the same in every race
_PLAINLY = 1.2  # times the first axis's variance: the second one's, before the two change places
_SAME_AXIS = 0.5  # the cosine between two directions, above which one goes on as the other

# What is kept of a point, side by side: its squared distance from the start, its place on the
# random plane, its coordinates in the basis.
_ENERGY, _RANDOM, _BASIS = 0, slice(1, 3), slice(3, 3 + RANK)
_WIDTH = 3 + RANK

_Floats = NDArray[np.float64]


class Projection:
    """Where runs' weights went since a common start, of which each path keeps some points.

    The weights themselves are not kept, but their coordinates in an orthonormal basis of at most
    RANK directions: a point that leads out of it adds a direction; once it is full, those are
    kept that hold most of all points' motion. This is the sequential Karhunen-Loève transform
    (Levy and Lindenbaum, IEEE Transactions on Image Processing 9, 2000; Brand, ECCV 2002; Ross et
    al., IJCV 77, 2008), with the points' coordinates in the place of its right singular vectors.
    What it leaves out is lost for the plane, yet counted: of a point's distance nothing is lost.
    """

    def __init__(self, start: Tensor) -> None:
        """`start` is (d,) float32; it is copied. The basis lives on its device."""
        self._start = start.clone()
        self._random = _random_plane(start)
        fits = RANK * start.numel() * start.element_size() <= _MOST_BYTES
        self._basis = _Basis(start) if fits else None
        self._axes = np.zeros((2, RANK))  # the principal directions that were shown last
        self._paths: dict[int, _Path] = {}
        self._farthest = 0.0  # the largest squared distance from the start
        self._revision = 0
        self._made: Paths | None = None  # what was shown last, if nothing has changed since

    def add(self, run: int, weights: Tensor) -> None:
        """The next point of a run's path: (d,) float32, at equal intervals of its training.

        The path keeps every point, then every second, every fourth, ... so that there are never
        more than POINTS; and always the latest, its head. One that is not finite is left out.
        """
        use_threads(1)
        moved = weights - self._start
        energy = float(moved @ moved)
        if not math.isfinite(energy):
            return
        self._farthest = max(self._farthest, energy)
        path = self._paths.setdefault(run, _Path())
        point = np.zeros(_WIDTH)
        point[_ENERGY] = energy
        point[_RANDOM] = (self._random @ moved).cpu().numpy()
        if self._basis:
            places = self._coordinates(self._basis, moved, widen=path.next_stays)
            point[_BASIS][: len(places)] = places.cpu().numpy()
        path.put(point)
        self._made = None

    def copy_path(self, parent: int, child: int) -> None:
        """A fork: the child has its parent's path so far, if it has one."""
        if parent in self._paths:
            self._paths[child] = copy.deepcopy(self._paths[parent])
            self._made = None

    def drop(self, run: int) -> None:
        """Forget a run's path, if it has one."""
        self._paths.pop(run, None)
        self._made = None

    def paths(self, runs: Iterable[int]) -> Paths:
        """The paths of those among `runs` that have one; the same object until they change.

        The principal plane is that of the points that it shows: of their covariance, the two
        directions of largest variance. Its shares are of all motion: what lies outside of the basis
        counts as motion that the plane does not hold.
        """
        shown = tuple(run for run in runs if run in self._paths)
        if self._made is None or shown != tuple(self._made.random.paths):
            self._revision += 1
            self._made = self._make({run: self._paths[run].points for run in shown})
        return self._made

    def _make(self, points: dict[int, _Floats]) -> Paths:
        every = np.concatenate([np.zeros((0, _WIDTH)), *points.values()])
        random = _plane(points, every, np.eye(_WIDTH)[_RANDOM])
        if self._basis is None:
            return Paths(self._revision, None, random)
        if len(every):
            self._axes = _principal_axes(every[:, _BASIS], self._axes)
        axes = np.zeros((2, _WIDTH))
        axes[:, _BASIS] = self._axes
        return Paths(self._revision, _plane(points, every, axes), random)

    def _coordinates(self, basis: _Basis, moved: Tensor, widen: bool) -> Tensor:
        """A point's coordinates; with `widen`, in a basis that has room for all of it."""
        if not widen:
            return basis.coordinates(moved)
        if basis.rank == RANK:
            self._narrow(basis)
        return basis.take_in(moved, _NEGLIGIBLE * math.sqrt(self._farthest))

    def _narrow(self, basis: _Basis) -> None:
        """Keep those directions that hold most of the squared distances of all points."""
        every = np.concatenate([path.points[:, _BASIS] for path in self._paths.values()])
        turn = _directions_of_most(every)[1][:_KEPT]
        basis.turn(turn)
        for path in self._paths.values():
            path.points[:, _BASIS] = _turned(path.points[:, _BASIS], turn)
        self._axes = _turned(self._axes, turn)


class _Path:
    """Points of one run, evenly spaced over all of its path, and its head."""

    def __init__(self) -> None:
        self._rows = np.zeros((POINTS + 1, _WIDTH))
        self._count = 0
        self._stride = 1  # every so many points one stays
        self._put = 0  # so many points so far, those included that are gone

    @property
    def points(self) -> _Floats:
        """(k, _WIDTH), oldest first; a view."""
        return self._rows[: self._count]

    @property
    def next_stays(self) -> bool:
        """Whether the next point stays when others come, until the path is thinned."""
        return self._put % self._stride == 0

    def put(self, point: _Floats) -> None:
        """Let the head be here."""
        head_stays = (self._put - 1) % self._stride == 0
        if self._count and not head_stays:
            self._count -= 1
        self._rows[self._count] = point
        self._count += 1
        if self._count > POINTS:
            thinned = self.points[::2].copy()
            self._count = len(thinned)
            self._rows[: self._count] = thinned
            self._stride *= 2
        self._put += 1


class _Basis:
    """Orthonormal directions in the space of the weights, as rows."""

    def __init__(self, like: Tensor) -> None:
        self.rank = 0
        self._room = like.new_empty(RANK, like.numel())  # takes memory only where it is written

    def coordinates(self, moved: Tensor) -> Tensor:
        """(rank,) of a vector (d,), or of the part of it that lies in the basis."""
        return self._directions @ moved

    def take_in(self, moved: Tensor, negligible: float) -> Tensor:
        """The coordinates of `moved`, of which what lies outside, if longer, gets a direction."""
        within = self.coordinates(moved)
        rest = torch.addmv(moved, self._directions.T, within, alpha=-1)
        left_by_rounding = self.coordinates(rest)
        rest.addmv_(self._directions.T, left_by_rounding, alpha=-1)
        length = torch.linalg.vector_norm(rest)
        if length <= negligible:
            return within
        torch.div(rest, length, out=self._room[self.rank])
        self.rank += 1
        return torch.cat([within, length[None]])

    def turn(self, turn: _Floats) -> None:
        """Put other directions, `turn` (k, RANK) in the present ones, in their place."""
        matrix = torch.as_tensor(turn, dtype=self._room.dtype).to(self._room.device)
        for some in torch.split(self._room, 8192, dim=1):  # a second basis would take memory
            some[: len(turn)] = matrix @ some
        self.rank = len(turn)

    @property
    def _directions(self) -> Tensor:
        return self._room[: self.rank]


def _plane(points: dict[int, _Floats], every: _Floats, axes: _Floats) -> Plane:
    """What `axes` (2, _WIDTH) show of the points, and how much of all their motion that is."""
    paths = {run: some @ axes.T for run, some in points.items()}
    if not len(every):
        return Plane(paths, (0.0, 0.0))
    total = every[:, _ENERGY].mean() - np.square(every[:, _BASIS].mean(axis=0)).sum()
    held = (every @ axes.T).var(axis=0)
    first, second = held / max(total, held.sum()) if held.any() else held
    return Plane(paths, (float(first), float(second)))


def _principal_axes(points: _Floats, before: _Floats) -> _Floats:
    """(2, RANK): the directions of largest variance, named and signed as `before`."""
    centre = points.mean(axis=0)
    (first, second, *_), directions = _directions_of_most(points - centre)
    axes = directions[:2]
    crossed = abs(axes[1] @ before[0]) > abs(axes[0] @ before[0])
    if crossed and first < _PLAINLY * second:
        axes = axes[::-1]
    for axis, earlier in zip(axes, before, strict=True):
        same = axis @ earlier
        if abs(same) < _SAME_AXIS:
            same = axis @ centre  # a new one: the paths go towards its positive end
        if same < 0:
            axis *= -1
    return axes


def _directions_of_most(points: _Floats) -> tuple[_Floats, _Floats]:
    """The squared lengths of points (k, r) along orthonormal directions (r, r), largest first."""
    squares, columns = np.linalg.eigh(points.T @ points)
    return squares[::-1], columns.T[::-1].copy()


def _turned(coordinates: _Floats, turn: _Floats) -> _Floats:
    """Coordinates (k, RANK) in the directions of `turn`; those that are no more are 0."""
    turned = np.zeros_like(coordinates)
    turned[:, : len(turn)] = coordinates @ turn.T
    return turned


def _random_plane(like: Tensor) -> Tensor:
    """(2, d): an orthonormal basis of a plane drawn evenly from all there are, always the same."""
    generator = torch.Generator().manual_seed(_SEED)
    columns = torch.randn(like.numel(), 2, generator=generator)
    plane: Tensor = torch.linalg.qr(columns).Q.T
    return plane.contiguous().to(like)
