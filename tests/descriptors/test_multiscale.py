from __future__ import annotations

import numpy as np
import pytest

from relook.core.errors import UsageError
from relook.descriptors.multiscale import MultiScale


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def views(*shape, seed=0, negative=False):
    values = np.random.default_rng(seed).random(shape)
    return unit(values - 0.5 * negative).astype(np.float32)


def test_mean_is_the_average_normalized():
    three = views(3, 16, negative=True)
    expected = unit(three.astype(np.float64).mean(axis=0))
    np.testing.assert_allclose(MultiScale().combine(list(three)), expected, atol=1e-6)


def test_gem_is_the_power_mean_normalized():
    three = views(3, 16)
    expected = unit((three.astype(np.float64) ** 2.5).mean(axis=0) ** (1 / 2.5))
    found = MultiScale(pool="gem", p=2.5).combine(list(three))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_sum_points_where_mean_points():
    three = list(views(3, 16, negative=True))
    mean, total = MultiScale(pool="mean"), MultiScale(pool="sum")
    np.testing.assert_allclose(mean.combine(three), total.combine(three), atol=1e-6)


def test_gem_with_p_one_is_the_mean():
    three = list(views(3, 16))
    np.testing.assert_allclose(
        MultiScale(pool="gem", p=1).combine(three), MultiScale().combine(three), atol=1e-6
    )


def test_gem_refuses_negative_values_and_names_the_way_out():
    with pytest.raises(UsageError, match="set pool to mean"):
        MultiScale(pool="gem").combine(list(views(3, 16, negative=True)))


def test_keep_gives_a_row_per_scale():
    three = views(3, 16)
    assert np.array_equal(MultiScale(pool="keep").combine(list(three)), three)


def test_kept_regions_are_stacked_by_scale():
    found = MultiScale(pool="keep").combine([views(5, 8), views(2, 8, seed=1)])
    assert np.array_equal(found, np.concatenate([views(5, 8), views(2, 8, seed=1)]))


def test_each_region_is_pooled_over_scales():
    one, two = views(5, 8), views(5, 8, seed=1)
    np.testing.assert_allclose(MultiScale().combine([one, two]), unit(one + two), atol=1e-6)


def test_other_regions_at_another_scale_can_only_be_kept():
    with pytest.raises(UsageError, match="keep"):
        MultiScale().combine([views(5, 8), views(2, 8)])


def test_one_scale_stays_as_it_is():
    one = views(1, 16)
    for pool in ("mean", "gem", "sum"):
        assert np.array_equal(MultiScale(pool=pool).combine(list(one)), one[0])


def test_mirrored_views_join_scale_by_scale():
    plain, mirrored = views(2, 16), views(2, 16, seed=1)
    expected = unit(plain.astype(np.float64) + mirrored)
    found = MultiScale(pool="keep", flip=True).combine(list(plain), list(mirrored))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_vectors_of_zeros_stay_zero():
    nothing = [np.zeros(4, np.float32)] * 3
    for pool in ("mean", "gem", "sum"):
        assert not MultiScale(pool=pool).combine(nothing, nothing).any()


@pytest.mark.parametrize(
    "options",
    [
        {"scales": ()},
        {"scales": (1.0, 0.0)},
        {"scales": (float("nan"),)},
        {"scales": (float("inf"),)},
        {"pool": "median"},
        {"p": 0.0},
        {"p": float("nan")},
    ],
)
def test_impossible_settings_are_refused(options):
    with pytest.raises(UsageError):
        MultiScale(**options)
