from __future__ import annotations

import numpy as np
import pytest

from relook.core.errors import ShapeError, UsageError
from relook.training.batches.tuples import mirror_jointly


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (12, 4, 5, 3), dtype=np.uint8)


def test_a_tuple_is_mirrored_as_a_whole(pixels):
    parts = np.repeat(np.arange(4), 3)
    seen = []
    for step in range(40):
        turned = mirror_jointly(pixels, parts, seed=7, step=step)
        for part in range(4):
            own, was = turned[parts == part], pixels[parts == part]
            is_mirrored = np.array_equal(own, was[:, :, ::-1])
            assert is_mirrored or np.array_equal(own, was)
            seen.append(is_mirrored)
    assert np.mean(seen) == pytest.approx(0.5, abs=0.12)


def test_whether_a_tuple_is_mirrored_depends_on_no_other_tuple(pixels):
    parts = np.repeat(np.arange(4), 3)
    for step in range(10):
        whole = mirror_jointly(pixels, parts, seed=7, step=step)
        some = parts % 2 == 1
        alone = mirror_jointly(pixels[some], parts[some], seed=7, step=step)
        np.testing.assert_array_equal(alone, whole[some])


def test_all_or_nothing_is_mirrored_where_it_is_certain(pixels):
    parts = np.arange(12)
    always = mirror_jointly(pixels, parts, seed=0, step=0, probability=1)
    never = mirror_jointly(pixels, parts, seed=0, step=0, probability=0)
    np.testing.assert_array_equal(always, pixels[:, :, ::-1])
    np.testing.assert_array_equal(never, pixels)
    assert not np.shares_memory(never, pixels)


def test_bad_batches_are_told(pixels):
    with pytest.raises(ShapeError, match="parts"):
        mirror_jointly(pixels, np.arange(3), seed=0, step=0)
    with pytest.raises(ShapeError, match="pixels"):
        mirror_jointly(pixels[0], np.arange(4), seed=0, step=0)
    with pytest.raises(UsageError, match="probability"):
        mirror_jointly(pixels, np.arange(12), seed=0, step=0, probability=2)
    with pytest.raises(UsageError, match="0 or more"):
        mirror_jointly(pixels, np.arange(12) - 1, seed=0, step=0)
