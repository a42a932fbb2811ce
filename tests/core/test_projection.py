"""The plane of the paths agrees with a full SVD of all their points, in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from core.measuring import projection
from core.measuring.projection import POINTS, RANK, Projection
from core.snapshot import Plane

Floats = NDArray[np.float64]


def principal(projected: Projection, runs: Sequence[int]) -> Plane:
    plane = projected.paths(runs).principal
    assert plane is not None
    return plane


def shares_of(points: Floats, axes: Floats) -> Floats:
    """How much of the points' variance lies along each of orthonormal `axes`, as rows."""
    spread = points - points.mean(0)
    along: Floats = np.square(spread @ axes.T).sum(0) / np.square(spread).sum()
    return along


def full_svd(points: Floats) -> tuple[Floats, Floats]:
    """The shares of all principal directions, largest first, and the first two as rows."""
    _, lengths, rows = np.linalg.svd(points - points.mean(0), full_matrices=False)
    return np.square(lengths) / np.square(lengths).sum(), rows[:2]


def low_rank_walks(seed: int, runs: int, length: int, rank: int) -> Tensor:
    """(runs, length, 60): random walks from 0 within a space of few dimensions."""
    generator = torch.Generator().manual_seed(seed)
    space: Tensor = torch.linalg.qr(torch.randn(60, rank, generator=generator)).Q
    sizes = 0.6 ** torch.arange(rank)
    walks = torch.randn(runs, length, rank, generator=generator).cumsum(1) * sizes
    walks[:, 0] = 0
    spread: Tensor = walks @ space.T
    return spread


def descents(length: int, dimensions: int = 500) -> Tensor:
    """(4, length, dimensions): from one start down a bowl, by gradients more or less noisy."""
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(dimensions, generator=generator)
    curvature = torch.logspace(0, -3, dimensions)
    weights = start.repeat(4, 1)
    path = [weights]
    for _ in range(length - 1):
        noise = torch.randn(4, dimensions, generator=generator)
        noise *= torch.tensor([0.0, 0.1, 0.3, 1.0])[:, None]
        weights = weights - 0.05 * (weights * curvature + noise)
        path.append(weights)
    return torch.stack(path, 1)


def added(paths: Tensor) -> Projection:
    """A projection that got the points of all runs (runs, length, d), by turns."""
    projected = Projection(paths[0, 0])
    for weights in paths.unbind(1):
        for run, here in enumerate(weights):
            projected.add(run, here)
    return projected


def every_point(plane: Plane) -> Floats:
    return np.concatenate(list(plane.paths.values()))


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32),
    runs=st.integers(1, 5),
    length=st.integers(5, 30),
    rank=st.integers(2, RANK - 1),
    scale=st.sampled_from([1e-4, 1.0, 1e4]),
)
def test_where_the_rank_fits_plane_and_shares_are_those_of_a_full_svd(
    seed: int, runs: int, length: int, rank: int, scale: float
) -> None:
    walks = scale * low_rank_walks(seed, runs, length, rank)
    every = walks.flatten(0, 1).double().numpy()
    shares, rows = full_svd(every)
    assume(shares[0] > 1.2 * shares[1] > 1.44 * shares[2])  # else the axes are not settled
    plane = principal(added(walks), range(runs))
    assert plane.shares == pytest.approx(shares[:2], abs=1e-5)
    ours, theirs = every_point(plane), every @ rows.T
    assume((np.abs(theirs.mean(0)) > 1e-3 * np.abs(theirs).max()).all())  # else no sign is right
    theirs *= np.sign(theirs.mean(0))  # the paths go towards the positive ends
    np.testing.assert_allclose(ours, theirs, atol=1e-3 * np.abs(theirs).max())


def test_on_noisy_descents_the_plane_holds_nearly_as_much_as_a_full_svds() -> None:
    length = POINTS  # none are thinned out
    paths = descents(length)
    every = (paths - paths[0, 0]).flatten(0, 1).double().numpy()
    shares, rows = full_svd(every)
    plane = principal(added(paths), range(4))
    assert plane.shares == pytest.approx(shares[:2], rel=0.03)
    ours, theirs = every_point(plane), every @ rows.T
    for axis in range(2):
        agreement = np.corrcoef(ours[:, axis], theirs[:, axis])[0, 1]
        assert abs(agreement) > 0.99


def test_after_much_thinning_the_plane_is_still_that_of_the_points_kept() -> None:
    length = 5 * POINTS  # so that every 8th is kept
    paths = descents(length)
    kept = [*range(0, length, 8), length - 1]
    every = (paths - paths[0, 0])[:, kept].flatten(0, 1).double().numpy()
    shares, _ = full_svd(every)
    plane = principal(added(paths), range(4))
    assert len(every_point(plane)) == len(every)
    assert plane.shares == pytest.approx(shares[:2], rel=0.03)


def test_the_start_lies_at_the_origin_of_both_planes() -> None:
    paths = added(descents(30)).paths(range(4))
    assert paths.principal is not None
    for plane in (paths.principal, paths.random):
        assert all(not path[0].any() for path in plane.paths.values())
        assert all(path.shape == (30, 2) and path[-1].any() for path in plane.paths.values())


def test_both_axes_keep_lengths_within_the_plane() -> None:
    corners = torch.zeros(4, 9)
    corners[1, 3], corners[2, 5], corners[3, 3], corners[3, 5] = 3, 4, -3, -4
    plane = principal(added(corners[None]), [1, 0])
    assert np.linalg.norm(plane.paths[0], axis=1) == pytest.approx([0, 3, 4, 5])
    assert sum(plane.shares) == pytest.approx(1)


def test_the_random_plane_is_orthonormal_and_always_the_same() -> None:
    state = torch.get_rng_state()
    corners = torch.cat([torch.zeros(1, 7), torch.eye(7)])
    one, other = (added(corners[None]).paths([0]).random for _ in range(2))
    assert torch.equal(torch.get_rng_state(), state)
    axes = one.paths[0][1:]
    np.testing.assert_allclose(axes.T @ axes, np.eye(2), atol=1e-6)
    np.testing.assert_array_equal(one.paths[0], other.paths[0])


def test_the_random_planes_shares_are_of_all_motion() -> None:
    walks = low_rank_walks(0, 3, 30, 6)
    corners = torch.cat([torch.zeros(1, 60), torch.eye(60)])
    axes = added(corners[None]).paths([0]).random.paths[0][1:].T
    expected = shares_of(walks.flatten(0, 1).double().numpy(), axes)
    assert added(walks).paths(range(3)).random.shares == pytest.approx(expected, rel=1e-3)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 6 * POINTS))
def test_a_path_keeps_its_start_its_head_and_even_steps_between(length: int) -> None:
    projected = Projection(torch.zeros(2))
    for step in range(length):
        projected.add(0, torch.tensor([float(step), 0.0]))
    path = projected.paths([0]).random.paths[0]
    steps = np.rint(path @ path[-1] / max(1e-9, path[-1] @ path[-1]) * (length - 1))
    assert steps[0] == 0
    assert steps[-1] == length - 1
    assert len(steps) <= POINTS
    between = set(np.diff(steps[:-1]).tolist())
    assert len(between) <= 1
    assert between <= {1, 2, 4, 8}
    if length > POINTS:
        assert len(steps) > POINTS / 2


def test_runs_that_take_turns_make_the_same_plane_as_one_after_the_other() -> None:
    walks = low_rank_walks(3, 4, 20, 5)
    by_turns, one_by_one = added(walks), Projection(walks[0, 0])
    for run, walk in enumerate(walks):
        for weights in walk:
            one_by_one.add(run, weights)
    one, other = principal(by_turns, range(4)), principal(one_by_one, range(4))
    assert one.shares == pytest.approx(other.shares, abs=1e-5)
    signs = np.sign((every_point(one) * every_point(other)).sum(0))
    np.testing.assert_allclose(every_point(one), every_point(other) * signs, atol=1e-3)


def test_the_plane_is_that_of_the_runs_that_are_shown() -> None:
    walks = low_rank_walks(4, 3, 20, 5)
    plane = principal(added(walks), [2, 0])
    assert list(plane.paths) == [2, 0]
    shares, _ = full_svd(walks[[0, 2]].flatten(0, 1).double().numpy())
    assert plane.shares == pytest.approx(shares[:2], abs=1e-5)


def test_dropping_a_run_leaves_the_paths_of_the_others() -> None:
    walks = low_rank_walks(5, 3, 20, 5)
    projected = added(walks)
    before = projected.paths(range(3))
    projected.drop(1)
    after = projected.paths(range(3))
    assert list(after.random.paths) == [0, 2]
    for run in (0, 2):
        np.testing.assert_array_equal(after.random.paths[run], before.random.paths[run])
    shares, _ = full_svd(walks[[0, 2]].flatten(0, 1).double().numpy())
    assert after.principal is not None
    assert after.principal.shares == pytest.approx(shares[:2], abs=1e-5)


def test_a_run_dropped_may_come_back_with_a_path_of_its_own() -> None:
    projected = added(low_rank_walks(5, 2, 20, 5))
    projected.drop(1)
    projected.add(1, torch.ones(60))
    assert len(projected.paths([1]).random.paths[1]) == 1


def test_a_fork_has_its_parents_path_as_it_was_and_both_go_on_by_themselves() -> None:
    walks = low_rank_walks(6, 1, 20, 5)
    projected = added(walks)
    as_it_was = projected.paths([0]).random.paths[0]
    projected.copy_path(0, 7)
    projected.add(0, torch.ones(60))
    forked = projected.paths([0, 7]).random.paths
    np.testing.assert_array_equal(forked[7], as_it_was)
    assert len(forked[0]) == len(as_it_was) + 1
    projected.add(7, -torch.ones(60))
    forked = projected.paths([0, 7]).random.paths
    np.testing.assert_allclose(forked[7][-1], -forked[0][-1], rtol=1e-5)


def test_a_fork_between_two_kept_points_goes_on_at_its_parents_pace() -> None:
    projected = Projection(torch.zeros(2))
    for step in range(POINTS + 2):  # the last is no more than a head
        projected.add(0, torch.tensor([float(step), 0.0]))
    projected.copy_path(0, 1)
    for run in (0, 1):
        projected.add(run, torch.tensor([POINTS + 2.0, 0.0]))
    paths = projected.paths([0, 1]).random.paths
    np.testing.assert_array_equal(paths[0], paths[1])


def test_a_fork_of_what_has_no_path_has_none() -> None:
    """As of a run that diverged before it was ever looked at."""
    projected = Projection(torch.zeros(3))
    projected.copy_path(0, 1)
    assert projected.paths([0, 1]).random.paths == {}


def test_the_axes_keep_their_directions_from_frame_to_frame() -> None:
    paths = descents(POINTS)
    projected = Projection(paths[0, 0])
    before: Plane | None = None
    for weights in paths.unbind(1):
        for run, here in enumerate(weights):
            projected.add(run, here)
        plane = principal(projected, range(4))
        if before is not None and len(plane.paths[0]) > 3:  # a plane has come about
            for run, path in before.paths.items():
                apart = plane.paths[run][: len(path)] - path
                assert np.abs(apart).max() < 0.5 * np.abs(every_point(plane)).max()
            assert (every_point(plane) * _same_points(plane, before)).sum(0).min() > 0
        before = plane


def _same_points(plane: Plane, before: Plane) -> Floats:
    """Where the points of `plane` were shown before, (0, 0) for those that are new."""
    padded = [np.pad(path, ((0, 1), (0, 0))) for path in before.paths.values()]
    assert all(len(a) == len(b) for a, b in zip(padded, plane.paths.values(), strict=True))
    return np.concatenate(padded)


@pytest.mark.parametrize("towards", [1, -1])
def test_a_path_sets_out_to_the_positive_end_and_is_not_turned_around_when_it_turns_back(
    towards: int,
) -> None:
    projected = Projection(torch.zeros(4))
    for far in (0.0, 1.0, 2.0, 3.0, 0.0, -3.0, -6.0, -9.0, -12.0):
        projected.add(0, torch.tensor([0.0, towards * far, 0.0, 0.0]))
        path = principal(projected, [0]).paths[0]
        assert path[-1].tolist() == pytest.approx([far, 0])


def test_the_axes_change_places_only_once_the_second_plainly_holds_more() -> None:
    projected = Projection(torch.zeros(5))

    def reach(axis: int, far: float) -> tuple[float, float]:
        there = torch.zeros(5)
        there[axis] = far
        projected.add(axis, there)
        projected.add(axis, -there)
        return principal(projected, [0, 1]).shares

    reach(0, 1.0)
    first, second = reach(1, 0.9)
    assert first > second
    assert reach(1, 0.5) == pytest.approx((2 / 4.12, 2.12 / 4.12))  # a little more: as it was
    assert reach(1, 1.0) == pytest.approx((4.12 / 6.12, 2 / 6.12))


def test_the_same_paths_are_the_same_object_until_something_changes() -> None:
    projected = added(low_rank_walks(7, 2, 10, 4))
    first = projected.paths([0, 1])
    assert projected.paths([0, 1]) is first
    revisions = [first.revision]
    projected.add(0, torch.ones(60))
    revisions.append(projected.paths([0, 1]).revision)
    projected.copy_path(0, 2)
    revisions.append(projected.paths([0, 1]).revision)
    projected.drop(2)
    revisions.append(projected.paths([0, 1]).revision)
    revisions.append(projected.paths([1]).revision)
    assert revisions == sorted(set(revisions))


def test_runs_without_a_path_are_left_out() -> None:
    projected = Projection(torch.zeros(3))
    nothing = projected.paths([0, 1])
    for plane in (nothing.principal, nothing.random):
        assert plane is not None
        assert (plane.paths, plane.shares) == ({}, (0.0, 0.0))


def test_runs_that_have_not_moved_have_no_shares() -> None:
    projected = Projection(torch.ones(3))
    projected.add(0, torch.ones(3))
    assert principal(projected, [0]).shares == (0.0, 0.0)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 3e38])
def test_a_point_that_is_not_finite_is_left_out(bad: float) -> None:
    walks = low_rank_walks(8, 1, 10, 4)
    projected = added(walks)
    before = projected.paths([0])
    projected.add(0, torch.full((60,), bad))
    np.testing.assert_array_equal(projected.paths([0]).random.paths[0], before.random.paths[0])


def test_a_network_too_large_for_a_basis_has_the_random_plane_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    walks = low_rank_walks(9, 2, 10, 4)
    usual = added(walks).paths([0, 1]).random
    monkeypatch.setattr(projection, "_MOST_BYTES", 4 * RANK * 60 - 1)
    paths = added(walks).paths([0, 1])
    assert paths.principal is None
    np.testing.assert_array_equal(every_point(paths.random), every_point(usual))
    shares = zip(paths.random.shares, usual.shares, strict=True)
    assert all(0 < ours <= whole for ours, whole in shares)


def test_the_weights_themselves_are_neither_kept_nor_changed() -> None:
    walks = low_rank_walks(10, 1, 10, 4)
    live = walks[0, 0].clone()
    projected = Projection(live)
    for weights in walks[0]:
        live.copy_(weights)
        projected.add(0, live)
        assert torch.equal(live, weights)
    expected = added(walks).paths([0]).random.paths[0]
    np.testing.assert_array_equal(projected.paths([0]).random.paths[0], expected)
