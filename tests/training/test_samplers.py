from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from relook.core.errors import UsageError
from relook.training.records import Pictures
from relook.training.samplers import ClassSampler


def _pictures(*sizes: int) -> Pictures:
    """Classes of so many pictures."""
    labels = np.repeat(np.arange(len(sizes)), sizes).astype(np.int64)
    count = len(labels)
    paths = tuple(Path(f"{i}.jpg") for i in range(count))
    names = tuple(str(i) for i in range(len(sizes)))
    return Pictures(paths, labels, names, ("flat",) * count)


def test_a_step_shows_k_pictures_of_p_different_classes():
    pictures = _pictures(5, 2, 1, 9, 4, 3, 7)
    sampler = ClassSampler(pictures, 12, 4, 0)
    assert sampler.classes == 3
    for step in range(10):
        rows = sampler.draw(step, side=32).rows
        labels = pictures.labels[rows].reshape(3, 4)
        assert (labels == labels[:, :1]).all()
        assert len(np.unique(labels[:, 0])) == 3
        for label, shown in zip(labels[:, 0], rows.reshape(3, 4), strict=True):
            size = int((pictures.labels == label).sum())
            assert len(np.unique(shown)) == min(4, size)


def test_every_class_is_drawn_once_before_any_is_drawn_again():
    pictures = _pictures(*([3] * 12))
    sampler = ClassSampler(pictures, 8, 2, 5)
    for epoch in range(3):
        steps = range(epoch * 3, epoch * 3 + 3)
        seen = np.concatenate([sampler.draw(step, side=32).rows[::2] for step in steps])
        assert sorted(pictures.labels[seen]) == list(range(12))


def test_a_step_is_a_function_of_seed_and_step():
    pictures = _pictures(*([4] * 9))
    first, other = ClassSampler(pictures, 8, 2, 1), ClassSampler(pictures, 8, 2, 2)
    forward = [first.draw(step, side=32).rows for step in range(8)]
    backward = [ClassSampler(pictures, 8, 2, 1).draw(s, side=32).rows for s in reversed(range(8))]
    np.testing.assert_array_equal(forward, backward[::-1])
    assert not np.array_equal(forward[0], forward[1])
    assert not np.array_equal(forward[0], other.draw(0, side=32).rows)


def test_processes_share_a_step_without_remainder():
    draw = ClassSampler(_pictures(*([4] * 9)), 8, 2, 1).draw(3, side=32)
    parts = [draw.share(rank, 2) for rank in range(2)]
    np.testing.assert_array_equal(np.concatenate([part.rows for part in parts]), draw.rows)
    np.testing.assert_array_equal(np.concatenate([part.slots for part in parts]), draw.slots)


def test_fewer_classes_than_asked_for_are_all_shown():
    sampler = ClassSampler(_pictures(3, 1), 12, 2, 0)
    for step in range(5):
        assert sampler.draw(step, side=32).rows.max() == 3
        assert len(sampler.draw(step, side=32).rows) == 4


def test_bad_input_is_told():
    with pytest.raises(UsageError, match="views"):
        ClassSampler(_pictures(2, 2), 4, 5, 0)
    with pytest.raises(UsageError, match="views"):
        ClassSampler(_pictures(2, 2), 4, 0, 0)
    with pytest.raises(UsageError, match="no pictures"):
        ClassSampler(_pictures(), 4, 2, 0)
