"""A rendered view shows the same scene, from elsewhere, in other light; one seed, one view."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from relook.core.errors import ImageError, ShapeError, UsageError
from relook.images.views import render_view


def photo(height=240, width=320, *, seed=0):
    """Smooth color blobs, bright enough that black can only come from outside."""
    noise = np.random.default_rng(seed).random((9, 12, 3), np.float32)
    smooth = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(60 + 180 * smooth, 60, 240).astype(np.uint8)


def views(count, **options):
    pixels = photo()
    return [render_view(pixels, np.random.default_rng(seed), **options) for seed in range(count)]


def test_the_same_state_gives_the_same_view_and_another_one_another():
    one, two, three = (render_view(photo(), np.random.default_rng(seed)) for seed in (4, 4, 5))
    assert np.array_equal(one, two)
    assert one.shape != three.shape or not np.array_equal(one, three)


def test_a_view_leaves_the_photo_as_it_was():
    pixels = photo()
    pixels.setflags(write=False)
    render_view(pixels, np.random.default_rng(0))
    assert np.array_equal(pixels, photo())


def test_views_are_rgb_pixels_no_larger_than_the_photo():
    for view in views(30):
        assert view.dtype == np.uint8
        assert view.shape[2] == 3
        assert view.shape[0] <= 240
        assert view.shape[1] <= 320
        assert view.shape[0] * view.shape[1] >= 0.2 * 240 * 320


def test_without_strength_a_view_is_nearly_the_photo():
    view = render_view(photo(), np.random.default_rng(0), strength=0.0)
    assert view.shape == (240, 320, 3)
    assert np.abs(view.astype(int) - photo()).mean() < 4


def test_strength_moves_the_view_away():
    def away(strength):
        small = [cv2.resize(view, (32, 24)) for view in views(30, strength=strength)]
        return np.mean(
            [np.abs(v.astype(int) - cv2.resize(photo(), (32, 24))).mean() for v in small]
        )

    assert away(0.0) < away(0.3) < away(1.0)


def test_no_view_has_black_borders():
    white = np.full((240, 320, 3), 255, np.uint8)
    for seed in range(40):
        view = render_view(white, np.random.default_rng(seed), strength=2.0)
        dark = (view.max(axis=2) < 20).mean()
        assert dark < 0.01


def test_some_views_are_dark_and_most_are_not():
    bright = np.array([view.mean() for view in views(100)])
    assert 0.05 < (bright < 0.65 * photo().mean()).mean() < 0.4


def test_a_view_still_shows_the_scene():
    """Half of a checkerboard stays white, whatever the place, the hour and the camera."""
    squares = (np.indices((240, 320)) // 8).sum(axis=0) % 2
    pixels = np.repeat(squares[..., None] * 255, 3, axis=2).astype(np.uint8)
    for seed in range(20):
        view = render_view(pixels, np.random.default_rng(seed))
        gray = view.mean(axis=2)
        middle = (gray.min() + gray.max()) / 2
        assert 0.25 < (gray > middle).mean() < 0.75


def test_the_longest_side_is_kept_to():
    for view in views(10, longest=100):
        assert max(view.shape[:2]) <= 100


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (2, 3)])
def test_tiny_photos_and_strips_have_views(shape):
    for seed in range(5):
        view = render_view(np.full((*shape, 3), 90, np.uint8), np.random.default_rng(seed))
        assert view.size
        assert view.shape[2] == 3


def test_a_strip_that_jpeg_cannot_hold_has_views():
    view = render_view(
        np.full((1, 66_000, 3), 90, np.uint8), np.random.default_rng(0), strength=0.0
    )
    assert view.shape == (1, 66_000, 3)


def test_bad_arguments_are_refused():
    rng = np.random.default_rng(0)
    for bad in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((4, 4, 4), np.uint8)):
        with pytest.raises(ShapeError):
            render_view(bad, rng)
    with pytest.raises(ImageError):
        render_view(np.zeros((0, 4, 3), np.uint8), rng)
    for options in ({"strength": -1.0}, {"strength": float("nan")}, {"longest": 0}):
        with pytest.raises(UsageError):
            render_view(photo(), rng, **options)
