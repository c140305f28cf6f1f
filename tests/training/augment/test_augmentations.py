from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from scipy import ndimage

from relook.core.errors import ImageError, ShapeError, UsageError
from relook.training.augment.base import Compose
from relook.training.augment.camera import JPEG, Blur, Moire
from relook.training.augment.color import Color, PCAColor, fit_color_components
from relook.training.augment.cover import Background, Occlusion
from relook.training.augment.geometry import (
    Aspect,
    Crop,
    Flip,
    Perspective,
    Rotation,
    Scale,
    Shear,
)
from relook.training.augment.make import AUGMENTATIONS, make_augmentation, make_viewer

NOTHING = [
    Crop(share=(1, 1)),
    Flip(probability=0),
    Rotation(angle=0),
    Scale(factor=(1, 1)),
    Aspect(stretch=0),
    Shear(shear=0),
    Perspective(lean=0),
    Color(brightness=0, contrast=0, saturation=0, hue=0),
    PCAColor(strength=0),
    Blur(sigma=(0, 0)),
    JPEG(probability=0),
    Moire(strength=(0, 0)),
    Occlusion(share=(0, 0)),
    Background(share=(1, 1), angle=0),
]


@pytest.fixture
def noisy() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (32, 32, 3), dtype=np.uint8)


@pytest.fixture
def smooth() -> np.ndarray:
    y, x = np.mgrid[0:40, 0:56]
    return np.stack([x * 4, y * 6, 255 - x - y], axis=2).astype(np.uint8)


def test_every_augmentation_has_a_setting_that_changes_nothing(noisy):
    assert [type(one) for one in NOTHING] == list(AUGMENTATIONS.values())
    for one in NOTHING:
        changed = one(noisy, np.random.default_rng(0))
        np.testing.assert_array_equal(changed, noisy, err_msg=str(one))
        assert not np.shares_memory(changed, noisy)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_the_same_state_gives_the_same_pixels_of_the_same_size(name, smooth):
    one = make_augmentation(name)
    before = smooth.copy()
    smooth.setflags(write=False)
    seen = []
    for seed in range(12):
        first = one(smooth, np.random.default_rng(seed))
        again = pickle.loads(pickle.dumps(one))(smooth, np.random.default_rng(seed))
        np.testing.assert_array_equal(first, again)
        assert first.shape == smooth.shape
        assert first.dtype == np.uint8
        seen.append(first.tobytes())
    np.testing.assert_array_equal(smooth, before)
    assert len(set(seen)) > 1


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 50, 3), (33, 2, 3)])
def test_tiny_and_thin_pictures_can_be_augmented(name, shape):
    pixels = np.full(shape, 120, np.uint8)
    for seed in range(10):
        changed = make_augmentation(name)(pixels, np.random.default_rng(seed))
        assert changed.shape == shape


def test_quarter_turns_are_those_of_numpy(noisy):
    turned = Rotation(angle=0, quarter=1)
    seen = set()
    for seed in range(20):
        rng = np.random.default_rng(seed)
        changed = turned(noisy, rng)
        matching = [k for k in (1, 2, 3) if np.array_equal(changed, np.rot90(noisy, -k))]
        assert len(matching) == 1
        seen.update(matching)
    assert seen == {1, 2, 3}


def test_flips_are_those_of_numpy(noisy):
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(Flip(probability=1)(noisy, rng), noisy[:, ::-1])
    np.testing.assert_array_equal(Flip(probability=1, upside_down=True)(noisy, rng), noisy[::-1])
    count = sum(np.array_equal(Flip()(noisy, rng), noisy) for _ in range(400))
    assert count == pytest.approx(200, abs=50)


def test_half_the_size_is_the_mean_of_four_pixels(noisy):
    changed = Scale(factor=(0.5, 0.5))(noisy, np.random.default_rng(0))
    mean = noisy.astype(float).reshape(16, 2, 16, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(changed[8:24, 8:24], mean, atol=0.51)


def test_a_crop_shows_a_window_of_the_picture(smooth):
    for seed in range(10):
        part = Crop(share=(0.5, 0.5))(smooth, np.random.default_rng(seed)).astype(int)
        across, down = np.ptp(part[..., 0]), np.ptp(part[..., 1])
        assert across == pytest.approx(27 * 4, abs=2)
        assert down == pytest.approx(19 * 6, abs=2)


@pytest.mark.parametrize(
    "one", [Rotation(), Aspect(), Shear(), Perspective(), Scale(factor=(1, 2))]
)
def test_the_middle_stays_where_it_is(one):
    y, x = np.mgrid[0:41, 0:41]
    ramp = np.repeat((x * 3 + y * 3)[..., None], 3, axis=2).astype(np.uint8)
    for seed in range(10):
        changed = one(ramp, np.random.default_rng(seed))
        np.testing.assert_allclose(changed[20, 20].astype(int), 120, atol=2)


def test_shear_moves_points_by_the_stated_share():
    pixels = np.zeros((41, 41, 3), np.uint8)
    pixels[10] = 255
    rng = np.random.default_rng(0)
    for _ in range(20):
        changed = Shear(shear=0.4)(pixels, rng)[..., 0]
        rows = changed[:, 5:36].argmax(axis=0)
        slopes = np.polyfit(np.arange(31), rows, 1)[0]
        assert abs(slopes) < 0.43


def test_pca_color_is_the_formula_of_its_authors(noisy):
    one = PCAColor(strength=0.5)
    changed = one(noisy, np.random.default_rng(8))
    alphas = np.random.default_rng(8).normal(0, 0.5, 3)
    vectors = np.array(one.components).T
    shift = vectors @ (alphas * np.array(one.values))
    expected = np.rint(np.clip(noisy / 255 + shift, 0, 1) * 255)
    np.testing.assert_allclose(changed, expected, atol=1)
    assert np.abs(changed.astype(int) - noisy).max() > 1


def test_fitted_color_components_are_those_of_the_covariance(noisy, smooth):
    values, components = fit_color_components([noisy, smooth])
    colors = np.concatenate([noisy.reshape(-1, 3), smooth.reshape(-1, 3)]) / 255
    covariance = np.cov(colors.T, bias=True)
    for value, vector in zip(values, components, strict=True):
        np.testing.assert_allclose(covariance @ vector, value * np.array(vector), atol=1e-12)
    assert list(values) == sorted(values, reverse=True)
    np.testing.assert_allclose(np.array(components) @ np.array(components).T, np.eye(3), atol=1e-12)
    PCAColor(values=values, components=components)


def test_the_components_that_ship_are_orthonormal():
    components = np.array(PCAColor().components)
    np.testing.assert_allclose(components @ components.T, np.eye(3), atol=1e-3)


def test_hue_and_saturation_leave_gray_as_it_is():
    gray = np.repeat(np.arange(0, 240, 10, dtype=np.uint8).reshape(4, 6, 1), 3, axis=2)
    one = Color(brightness=0, contrast=0, saturation=1, hue=1)
    changed = one(gray, np.random.default_rng(0))
    np.testing.assert_allclose(changed.astype(int), gray.astype(int), atol=1)


def test_a_third_turn_of_hue_makes_one_primary_of_another():
    turn = 2 * math.pi / 3
    red = np.zeros((2, 2, 3), np.uint8)
    red[..., 0] = 200
    seen = set()
    for seed in range(400):
        if abs(abs(np.random.default_rng(seed).standard_normal(4)[3]) - 1) < 0.01:
            rng = np.random.default_rng(seed)
            one = Color(brightness=0, contrast=0, saturation=0, hue=turn)
            seen.add(int(one(red, rng)[0, 0].argmax()))
    assert seen == {1, 2}


def test_blur_is_a_gaussian(noisy):
    changed = Blur(sigma=(1.3, 1.3))(noisy, np.random.default_rng(0))
    expected = ndimage.gaussian_filter(
        noisy.astype(np.float64), (1.3, 1.3, 0), mode="mirror", radius=(4, 4, 0)
    )
    np.testing.assert_allclose(changed, expected, atol=1.01)


def test_lower_jpeg_quality_changes_more(smooth):
    textured = np.clip(smooth + np.random.default_rng(0).normal(0, 12, smooth.shape), 0, 255)
    textured = textured.astype(np.uint8)
    errors = [
        np.abs(JPEG(quality=(q, q))(textured, np.random.default_rng(0)).astype(int) - textured)
        for q in (20, 60, 95)
    ]
    assert errors[0].mean() > errors[1].mean() > errors[2].mean() > 0


def test_moire_has_the_stated_period():
    flat = np.full((64, 64, 3), 128, np.uint8)
    one = Moire(strength=(0.2, 0.2), period=(8, 8))
    for seed in range(5):
        changed = one(flat, np.random.default_rng(seed))[..., 1].astype(float)
        spectrum = np.abs(np.fft.fft2(changed - changed.mean()))
        y, x = np.unravel_index(spectrum.argmax(), spectrum.shape)
        frequency = np.hypot(np.fft.fftfreq(64)[y], np.fft.fftfreq(64)[x])
        assert frequency == pytest.approx(1 / 8, abs=1 / 64)


def test_occlusion_hides_boxes_of_the_stated_size_and_nothing_else(smooth):
    one = Occlusion(most=1, share=(0.25, 0.5), plain=1)
    for seed in range(20):
        changed = one(smooth, np.random.default_rng(seed))
        rows, columns = np.nonzero((changed != smooth).any(axis=2))
        assert 8 <= np.ptp(rows) + 1 <= 20
        assert 10 <= np.ptp(columns) + 1 <= 28
        box = changed[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        assert len(np.unique(box.reshape(-1, 3), axis=0)) == 1


def test_a_picture_keeps_the_stated_share_before_a_background():
    white = np.full((60, 60, 3), 255, np.uint8)
    covered = []
    for seed in range(40):
        changed = Background(share=(0.5, 0.5), angle=0.3)(white, np.random.default_rng(seed))
        covered.append((changed == 255).all(axis=2).mean())
    assert np.median(covered) == pytest.approx(0.25, abs=0.04)


def test_compose_is_one_after_the_other(smooth):
    steps = (Rotation(), Color(), Flip(), Occlusion())
    changed = Compose(steps)(smooth, np.random.default_rng(4))
    rng, expected = np.random.default_rng(4), smooth
    for step in steps:
        expected = step(expected, rng)
    np.testing.assert_array_equal(changed, expected)
    np.testing.assert_array_equal(Compose(())(smooth, rng), smooth)


def test_bad_names_and_options_are_told():
    with pytest.raises(UsageError, match="crop, flip, rotation, scale"):
        make_augmentation("cutmix")
    with pytest.raises(UsageError, match=r"blur has no option 'radius'; choose from .*sigma"):
        make_augmentation("blur", radius=2)
    assert make_augmentation("blur", sigma=[0.5, 1.0]) == Blur(sigma=(0.5, 1.0))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("crop", {"share": [0.0, 1.0]}),
        ("crop", {"share": [0.9, 0.5]}),
        ("crop", {"share": 0.5}),
        ("crop", {"share": [0.5, 0.7, 0.9]}),
        ("flip", {"probability": 1.5}),
        ("flip", {"probability": float("nan")}),
        ("rotation", {"angle": 15}),
        ("rotation", {"angle": "much"}),
        ("scale", {"factor": [0, 1]}),
        ("blur", {"sigma": [0, float("inf")]}),
        ("jpeg", {"quality": [0, 95]}),
        ("moire", {"period": [0.5, 3]}),
        ("occlusion", {"most": 0}),
        ("pca_color", {"values": [1, 2]}),
        ("pca_color", {"components": "red"}),
        ("color", {"hue": -1}),
        ("background", {"share": [0.0, 0.5]}),
    ],
)
def test_options_that_make_no_sense_are_told(name, options):
    with pytest.raises(UsageError):
        make_augmentation(name, **options)


def test_what_is_no_picture_is_told():
    rng = np.random.default_rng(0)
    for one in (Flip(), Compose((Flip(),))):
        with pytest.raises(ShapeError, match="pixels"):
            one(np.zeros((4, 4), np.uint8), rng)
        with pytest.raises(ShapeError, match="uint8"):
            one(np.zeros((4, 4, 3)), rng)
    with pytest.raises(ImageError):
        Flip()(np.zeros((0, 4, 3), np.uint8), rng)


def test_viewers_are_made_of_plain_tables():
    viewer = make_viewer(side=64, light={"noise": 0.0}, poses={"flat": {"apart": [0.3, 0.9]}})
    assert viewer.side == 64
    assert viewer.light.noise == 0
    assert viewer.poses["flat"].apart == (0.3, 0.9)
    assert viewer.poses["flat"].before == 0.7
    assert viewer.poses["scene"] == make_viewer().poses["scene"]
    with pytest.raises(UsageError, match="views has no option 'size'; choose from side"):
        make_viewer(size=3)
    with pytest.raises(UsageError, match="light has no option 'sun'"):
        make_viewer(light={"sun": 1})
    with pytest.raises(UsageError, match="light must be a table"):
        make_viewer(light=3)
    with pytest.raises(UsageError, match="no kind 'person'"):
        make_viewer(poses={"person": {}})
    with pytest.raises(UsageError, match="noise must be at least 0 and at most 1, not 2"):
        make_viewer(light={"noise": 2})
    with pytest.raises(UsageError, match="apart must have the smaller number first"):
        make_viewer(poses={"flat": {"apart": [0.9, 0.3]}})
    with pytest.raises(UsageError, match="hiding must be two numbers"):
        make_viewer(hiding=0.3)
    with pytest.raises(UsageError, match="side of views must be"):
        make_viewer(side="large")
    with pytest.raises(UsageError, match="blur_size"):
        make_viewer(light={"blur_size": [0, 1]})
    with pytest.raises(UsageError, match="poses must be"):
        make_viewer(poses=3)
