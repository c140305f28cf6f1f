from __future__ import annotations

import numpy as np
import pytest

from relook.mapping.cleaning.boxes import find_boxes
from relook.mapping.cleaning.pairs import Pair
from relook.mapping.median import geometric_median

SIZE = (400, 300)


def similarity(scale, shift, *, degrees=0.0):
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = np.eye(3)
    matrix[:2, :2], matrix[:2, 2] = scale * turn, shift
    return matrix


def pair(one, other, transform, box, there=None):
    """A pair whose matches fill ``box`` in the first, and what it maps to, or ``there``."""
    corners = np.array(box, np.float64).reshape(2, 2)
    mapped = corners @ transform[:2, :2].T + transform[:2, 2]
    boxes = np.stack([corners.ravel(), mapped.ravel() if there is None else there])
    return Pair(
        (one, other), 10.0, 20, transform, boxes, np.stack([corners.mean(0), mapped.mean(0)])
    )


def corners(box):
    return (box.x, box.y, box.x + box.width, box.y + box.height)


def test_consistent_boxes_stay():
    transform = similarity(0.5, (20, 30))
    found = find_boxes([pair(1, 2, transform, (40, 60, 240, 160))], {1: SIZE, 2: SIZE})
    assert corners(found[1]) == pytest.approx((40, 60, 240, 160), abs=0.5)
    assert corners(found[2]) == pytest.approx((40, 60, 140, 110), abs=0.5)


def test_a_picture_that_matched_in_part_gets_the_whole_box_from_its_partners():
    whole = (50, 50, 250, 200)
    pairs = [pair(one, other, np.eye(3), whole) for one in range(4) for other in range(one + 1, 4)]
    pairs += [pair(one, 4, np.eye(3), (60, 60, 120, 100)) for one in range(2)]
    found = find_boxes(pairs, dict.fromkeys(range(5), SIZE))
    assert corners(found[4]) == pytest.approx(whole, abs=12)


def test_one_bad_transform_among_many_moves_no_box_far():
    whole = (50, 50, 250, 200)
    pairs = [pair(one, other, np.eye(3), whole) for one in range(7) for other in range(one + 1, 7)]
    bad = pair(0, 7, similarity(0.2, (0, 0)), whole)
    pairs += [bad, *(pair(one, 7, np.eye(3), whole) for one in range(1, 7))]
    found = find_boxes(pairs, dict.fromkeys(range(8), SIZE))
    assert corners(found[7]) == pytest.approx(whole, abs=15)


@pytest.mark.parametrize("degrees", [0, 30, 45, 90])
def test_boxes_of_turned_pictures_do_not_grow(degrees):
    transform = similarity(1.0, (200, -50), degrees=degrees)
    square = pair(1, 2, transform, (100, 100, 180, 180))
    middle = square.boxes[1].reshape(2, 2).mean(0)
    there = np.concatenate([middle - 40, middle + 40])
    turned = Pair((1, 2), 10.0, 20, transform, np.stack([square.boxes[0], there]), square.centers)
    found = find_boxes([turned], {1: (900, 900), 2: (900, 900)})
    areas = [box.width * box.height for box in found.values()]
    assert areas == pytest.approx([6400, 6400], rel=0.02)


def test_boxes_end_at_the_border_of_their_pictures():
    found = find_boxes([pair(1, 2, similarity(4.0, (-200, -200)), (20, 20, 300, 250))],
                       {1: SIZE, 2: SIZE})  # fmt: skip
    assert corners(found[2]) == (-0.5, -0.5, 399.5, 299.5)
    assert corners(found[1]) == pytest.approx((20, 20, 300, 250), abs=1)


def test_mirrored_pairs_carry_nothing():
    mirror = np.diag([-1.0, 1.0, 1.0])
    mirror[0, 2] = 300
    found = find_boxes([pair(1, 2, mirror, (50, 50, 100, 100), there=[200, 50, 250, 100])],
                       {1: SIZE, 2: SIZE})  # fmt: skip
    assert corners(found[1]) == (50, 50, 100, 100)


def test_no_pairs_have_no_boxes():
    assert find_boxes([], {1: SIZE}) == {}


def test_the_geometric_median_is_where_the_sum_of_distances_is_least():
    rng = np.random.default_rng(0)
    values, groups = rng.normal(size=(30, 4)), np.repeat([0, 1, 2], 10)
    found = geometric_median(values, groups, count=3)
    for group, median in enumerate(found):
        mine = values[groups == group]
        least = np.linalg.norm(mine - median, axis=1).sum()
        for _ in range(200):
            near = median + rng.normal(size=4) * 0.05
            assert np.linalg.norm(mine - near, axis=1).sum() > least - 1e-4
