"""One match of affine features proposes an affine transform."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import affine, geometry
from relook.core.records import Matches
from relook.matching import Tolerance, verify
from relook.matching.models import affine_of_frames

TOLERANCE = Tolerance()


def tilted(degrees, *, along=0.4, turn=0.2, factor=1.0):
    """A picture seen from the side: squeezed by cos(tilt) across ``along``."""
    squeeze = affine.turn(along) @ np.diag([1.0, np.cos(np.deg2rad(degrees))])
    transform = np.eye(3)
    transform[:2, :2] = factor * affine.turn(turn) @ squeeze @ affine.turn(-along)
    return transform


def random_features(count, rng):
    """Frames and shapes all over a picture."""
    shapes = np.c_[2.0 ** rng.uniform(-0.5, 0.5, count), rng.uniform(-0.5, 0.5, count)]
    return geometry.random_frames(count, rng), shapes.astype(np.float32)


def carried(transform, frames, shapes):
    """Frames and shapes as an affine transform shows them."""
    roots = transform[:2, :2] @ affine.matrices(frames, shapes)
    scales = np.sqrt(np.linalg.det(roots))
    roots = roots / scales[:, None, None]
    spreads = roots @ roots.transpose(0, 2, 1)
    a = np.sqrt(spreads[:, 0, 0])
    b = spreads[:, 0, 1] / a
    out = frames.copy()
    out[:, :2] = geometry.apply(transform, frames[:, :2])
    out[:, 2] = scales
    # What is left of the root is the rotation: its first row is (a cos, -a sin).
    out[:, 3] = np.arctan2(-roots[:, 0, 1], roots[:, 0, 0])
    return out, np.stack([a, b], axis=1).astype(np.float32)


def planted(transform, *, inliers, outliers, seed, noise):
    rng = np.random.default_rng(seed)
    frames, shapes = random_features(inliers + outliers, rng)
    others, other_shapes = random_features(inliers + outliers, rng)
    true, true_shapes = carried(transform, frames[:inliers], shapes[:inliers])
    true[:, :2] += rng.normal(0, noise, (inliers, 2))
    true[:, 2] *= np.exp(rng.normal(0, 0.1 * noise, inliers))
    true[:, 3] += rng.normal(0, 0.1 * noise, inliers)
    true_shapes *= np.exp(rng.normal(0, 0.05 * noise, (inliers, 2)))
    others[:inliers], other_shapes[:inliers] = true, true_shapes
    return frames, shapes, others, other_shapes


def matched(frames, shapes, others, other_shapes):
    count = len(frames)
    order = np.random.default_rng(0).permutation(count)
    pairs = np.stack([order] * 2, axis=1).astype(np.int32)
    matches = Matches(pairs, np.full(count, 0.5, np.float32))
    return verify(
        frames, others, matches, tolerance=TOLERANCE, shapes=shapes, other_shapes=other_shapes
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_pair_of_affine_frames_gives_the_affine_transform_between_them(seed):
    rng = np.random.default_rng(seed)
    truth = tilted(rng.uniform(0, 70), along=rng.uniform(0, 3), turn=rng.uniform(-3, 3))
    truth[:2, 2] = rng.uniform(-200, 200, 2)
    frames, shapes = random_features(1, rng)
    others, other_shapes = carried(truth, frames, shapes)
    out = np.empty((3, 3))
    affine_of_frames(frames[0], shapes[0], others[0], other_shapes[0], out)
    np.testing.assert_allclose(out, truth, atol=1e-3)


def test_round_shapes_propose_what_similarities_propose():
    truth = geometry.similarity(0.8, 0.7)
    frames, _, others, _ = planted(truth, inliers=30, outliers=100, seed=0, noise=0.5)
    circles = np.tile(np.float32([1, 0]), (130, 1))
    plain = matched(frames, None, others, None)
    round_ = matched(frames, circles, others, circles)
    np.testing.assert_array_equal(plain.inliers.pairs, round_.inliers.pairs)
    np.testing.assert_allclose(plain.transform, round_.transform, rtol=1e-6)


def test_shapes_of_one_side_alone_change_nothing():
    frames, shapes, others, _ = planted(tilted(30), inliers=30, outliers=60, seed=1, noise=0.5)
    plain = matched(frames, None, others, None)
    one_sided = matched(frames, shapes, others, None)
    np.testing.assert_array_equal(plain.transform, one_sided.transform)


def test_strong_tilts_are_found_from_affine_frames_and_missed_by_similarities():
    from_shapes = from_circles = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        truth = tilted(60, along=rng.uniform(0, 3), turn=rng.uniform(-1, 1))
        problem = planted(truth, inliers=8, outliers=150, seed=seed, noise=1.0)
        frames, shapes, others, other_shapes = problem
        points = frames[:12, :2]
        for use in (True, False):
            found = matched(frames, shapes if use else None, others, other_shapes if use else None)
            if found is None:
                continue
            away = geometry.apply(found.transform, points) - geometry.apply(truth, points)
            right = np.median(np.linalg.norm(away, axis=1)) < 8
            from_shapes += use and right
            from_circles += right and not use
    assert from_shapes >= 18
    assert from_circles <= 10


def test_outliers_alone_agree_on_next_to_nothing():
    counts = []
    for seed in range(10):
        found = matched(*planted(np.eye(3), inliers=0, outliers=300, seed=seed, noise=0))
        counts.append(0 if found is None else len(found.inliers))
    assert max(counts) <= 6


@pytest.mark.parametrize(("degrees", "found"), [(75, True), (83, False)])
def test_a_picture_seen_from_nearly_its_edge_is_rejected(degrees, found):
    problem = planted(tilted(degrees), inliers=60, outliers=0, seed=0, noise=0)
    assert (matched(*problem) is not None) == found
