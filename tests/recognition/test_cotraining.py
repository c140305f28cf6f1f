from __future__ import annotations

import numpy as np
import pytest

from relook.core.errors import ShapeError, UsageError
from relook.recognition.cotraining import CoTraining, co_train


def _planted(*, seed=0, dimensions=16):
    """Rows 0 to 12 show one thing from two sides, in each view some of them from the other side."""
    random = np.random.default_rng(seed)
    views = []
    for turned in ((1, 2, 3, 4, 9, 10, 11, 12), (5, 6, 7, 8, 9, 10, 11, 12)):
        points = random.normal(size=(80, dimensions))
        sides = random.normal(size=(2, dimensions))
        side = np.isin(np.arange(13), turned).astype(int)
        points[:13] = sides[side] + 0.4 * random.normal(size=(13, dimensions))
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        views.append(points.astype(np.float32))
    return views[0], views[1]


def _distances(view, row, order):
    return (np.abs(view.astype(np.float64) - view[row]) ** order).sum(axis=1) ** (1 / order)


def _ranks(view, order, right, wrong, unit, settings):
    """As the docstring says it, an image at a time."""
    xi = settings.softness

    def like(x, row):
        return xi / (xi + _distances(view, row, order)[x] / unit)

    ranks = []
    for x in range(len(view)):
        rank = np.mean([like(x, row) for row in right])
        if wrong:
            rank -= np.mean(sorted(like(x, row) for row in wrong)[-settings.nearest :])
        ranks.append(rank)
    return np.array(ranks)


def _slow(views, positive, negative, settings):
    marked = [*positive, *negative]
    known = [(list(positive), list(negative)) for _ in views]
    pairs = list(zip(views, settings.orders, strict=True))
    units = [np.mean([_distances(v, row, p) for row in marked]) for v, p in pairs]
    for _ in range(settings.rounds):
        lessons = []
        for (view, order), unit, (right, wrong) in zip(pairs, units, known, strict=True):
            ranks = _ranks(view, order, right, wrong, unit, settings)
            rows = [row for row in range(len(view)) if row not in (*right, *wrong)]
            rows.sort(key=lambda row: (-ranks[row], row))
            good = [row for row in rows[: settings.right] if ranks[row] > 0]
            rest = rows[settings.right :]
            lessons.append((good, rest[::-1][: settings.wrong]))
        for (right, wrong), (good, bad) in zip(known, lessons[::-1], strict=True):
            fresh = {*right, *wrong}
            right += [row for row in good if row not in fresh]
            wrong += [row for row in bad if row not in fresh]
    total = sum(
        _ranks(view, order, right, wrong, unit, settings)
        for (view, order), unit, (right, wrong) in zip(pairs, units, known, strict=True)
    )
    ranks = total / 2
    ranks[list(positive)], ranks[list(negative)] = 1, -1
    return ranks


@pytest.mark.parametrize("rounds", [0, 1, 4])
@pytest.mark.parametrize("negative", [[], [30, 12]])
def test_ranks_are_those_of_the_slow_way(rounds, negative):
    views = _planted()
    settings = CoTraining(rounds=rounds)
    found = co_train(views, [0], negative, settings=settings)
    np.testing.assert_allclose(found, _slow(views, [0], negative, settings), atol=1e-6)


def test_ranks_lie_between_minus_one_and_one():
    ranks = co_train(_planted(), [0, 3], [40, 41])
    assert ranks.dtype == np.float32
    assert np.abs(ranks).max() <= 1
    assert ranks[[0, 3]].tolist() == [1, 1]
    assert ranks[[40, 41]].tolist() == [-1, -1]


def test_what_one_view_finds_helps_the_other():
    gains = []
    for seed in range(8):
        views = _planted(seed=seed)
        places = [
            np.argsort(np.argsort(-co_train(views, [0], [], settings=CoTraining(rounds=rounds))))
            for rounds in (0, 5)
        ]
        gains.append(places[0][9:13].mean() - places[1][9:13].mean())
    assert np.mean(gains) > 10


def test_one_view_twice_is_two_distances():
    view = _planted()[0]
    ranks = co_train((view, view), [0], [50])
    alike = co_train((view, view), [0], [50], settings=CoTraining(orders=(2.0, 2.0)))
    assert (ranks != alike).any()
    np.testing.assert_array_equal(ranks, co_train((view, view), [0], [50]))


def test_the_scale_of_a_view_decides_nothing():
    first, second = _planted()
    scaled = co_train((first * 1000, second), [0], [50])
    np.testing.assert_allclose(scaled, co_train((first, second), [0], [50]), atol=1e-5)


def test_images_that_are_all_the_same_are_equally_right():
    same = np.ones((4, 3), np.float32)
    assert co_train((same, same), [0], [], settings=CoTraining(rounds=0)).tolist() == [1, 1, 1, 1]
    assert np.isfinite(co_train((same, same), [0], [])).all()


def test_all_images_may_be_marked():
    view = np.eye(3, dtype=np.float32)
    assert co_train((view, view), [0], [1, 2]).tolist() == [1, -1, -1]


VIEW = np.eye(4, dtype=np.float32)


@pytest.mark.parametrize(
    ("views", "positive", "negative", "error", "said"),
    [
        ((VIEW, VIEW), [], [1], UsageError, "one right image at least"),
        ((VIEW, VIEW), [1], [1], UsageError, "right and wrong"),
        ((VIEW, VIEW), [4], [], UsageError, "from 0 to 3"),
        ((VIEW, VIEW), [-1], [], UsageError, "from 0 to 3"),
        ((VIEW, VIEW[:2]), [0], [], ShapeError, r"views\[1\]"),
        ((VIEW * np.nan, VIEW), [0], [], ShapeError, "not finite"),
    ],
)
def test_marks_that_cannot_be_are_refused(views, positive, negative, error, said):
    with pytest.raises(error, match=said):
        co_train(views, positive, negative)


@pytest.mark.parametrize(
    "settings", [{"rounds": -1}, {"nearest": 0}, {"orders": (0.5, 2.0)}, {"softness": 0.0}]
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(UsageError):
        CoTraining(**settings)
