from __future__ import annotations

import numpy as np
import pytest

from relook.core.errors import ImageError, ShapeError, UsageError
from relook.training.augment.light import Light
from relook.training.augment.pose import POSES, Pose
from relook.training.augment.views import Viewer
from relook.training.records import KINDS

SIDE = 48
CALM = Light(
    dark=0, stops=0, contrast=0, warmth=0, green=0, uneven=0, gray=0, glare=0, blur=0, noise=0,
    jpeg=0,
)  # fmt: skip
STILL = Pose(
    before=1, apart=(0.25, 0.25), whole=0, stretch=0, roll=0, any_angle=0, quarter=0, lean=0,
    jitter=0, beyond=0,
)  # fmt: skip


@pytest.fixture
def photo() -> np.ndarray:
    y, x = np.mgrid[0:60, 0:80]
    return np.stack([x * 3, y * 4, (x + y) % 256], axis=2).astype(np.uint8)


@pytest.fixture
def other() -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (70, 50, 3), dtype=np.uint8)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_state_gives_the_same_view(photo, other, kind):
    viewer = Viewer(SIDE)
    for seed in range(20):
        first = viewer.view(photo, other, kind, np.random.default_rng(seed))
        viewer.view(photo, other, kind, np.random.default_rng(seed + 100))
        again = viewer.view(photo, other, kind, np.random.default_rng(seed))
        assert first.shape == (SIDE, SIDE, 3)
        assert first.dtype == np.uint8
        np.testing.assert_array_equal(first, again)


def test_a_view_does_not_change_its_pictures(photo, other):
    before = photo.copy(), other.copy()
    photo.setflags(write=False)
    other.setflags(write=False)
    for seed in range(30):
        Viewer(SIDE).view(photo, other, "flat", np.random.default_rng(seed))
    np.testing.assert_array_equal(photo, before[0])
    np.testing.assert_array_equal(other, before[1])


def test_a_still_picture_lies_in_the_middle_before_the_other():
    white, black = np.full((40, 40, 3), 255, np.uint8), np.zeros((40, 40, 3), np.uint8)
    viewer = Viewer(SIDE, poses={"flat": STILL}, light=CALM, hidden=0)
    view = viewer.view(white, black, "flat", np.random.default_rng(0))
    expected = np.zeros((SIDE, SIDE), bool)
    expected[12:36, 12:36] = True
    assert np.mean((view[..., 0] > 127) == expected) > 0.99
    np.testing.assert_allclose(view.mean(), 255 / 4, rtol=0.03)


def test_a_picture_that_fills_a_view_alone_is_seen_as_it_is(photo):
    still = Pose(before=0, filling=(1, 1), stretch=0, roll=0, any_angle=0, quarter=0, lean=0,
                 jitter=0)  # fmt: skip
    square = np.ascontiguousarray(photo[:SIDE, :SIDE])
    viewer = Viewer(SIDE, poses={"flat": still}, light=CALM, hidden=0)
    view = viewer.view(square, photo, "flat", np.random.default_rng(3))
    np.testing.assert_allclose(view.astype(int), square.astype(int), atol=1)


@pytest.mark.parametrize("kind", KINDS)
def test_as_many_pictures_lie_before_something_else_as_the_pose_says(kind):
    rng = np.random.default_rng(0)
    share = np.mean([POSES[kind].draw((60, 80), SIDE, rng).is_before for _ in range(600)])
    assert share == pytest.approx(POSES[kind].before, abs=0.06)


def test_scenes_are_never_seen_upside_down():
    rng = np.random.default_rng(0)
    for _ in range(500):
        corners = POSES["scene"].draw((60, 80), SIDE, rng).corners
        assert corners[:2, 1].mean() < corners[2:, 1].mean()


def test_pictures_of_one_pixel_and_of_odd_shapes_have_views(other):
    for shape in [(1, 1, 3), (1, 300, 3), (257, 3, 3), (2, 2, 3)]:
        tiny = np.full(shape, 90, np.uint8)
        for seed in range(10):
            assert Viewer(SIDE).view(tiny, other, "thing", np.random.default_rng(seed)).size
            assert Viewer(SIDE).view(other, tiny, "thing", np.random.default_rng(seed)).size


def test_bad_input_is_told(photo):
    rng = np.random.default_rng(0)
    with pytest.raises(UsageError, match="scene, flat, thing, object"):
        Viewer(SIDE).view(photo, photo, "person", rng)
    with pytest.raises(ShapeError, match="pixels"):
        Viewer(SIDE).view(photo[..., 0], photo, "flat", rng)
    with pytest.raises(ShapeError, match="background"):
        Viewer(SIDE).view(photo, photo.astype(float), "flat", rng)
    with pytest.raises(ImageError):
        Viewer(SIDE).view(photo[:0], photo, "flat", rng)
    with pytest.raises(UsageError, match="side"):
        Viewer(0)
