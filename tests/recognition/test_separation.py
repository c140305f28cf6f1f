from __future__ import annotations

import numpy as np
import pytest

from relook.core.errors import ShapeError, UsageError
from relook.recognition.separation import fit_with_other, separate


def _unit(points):
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def _clusters(random, *, count, each, spread=0.2, dimensions=8):
    centers = _unit(random.normal(size=(count, dimensions)))
    rows = np.repeat(np.arange(count), each)
    points = centers[rows] + random.normal(scale=spread, size=(len(rows), dimensions))
    return _unit(points), [f"label {row}" for row in rows]


@pytest.fixture(scope="module")
def sets():
    """Four tight clusters, and what fills the space between them."""
    random = np.random.default_rng(7)
    labelled, labels = _clusters(random, count=4, each=15)
    return labelled, labels, _unit(random.normal(size=(90, 8)))


def test_clusters_are_told_from_what_lies_around(sets):
    labelled, _, around = sets
    found = separate(labelled, around)
    assert len(found.aurocs) == 5
    assert 0.9 < found.auroc <= 1
    assert found.auroc == pytest.approx(np.mean(found.aurocs))
    scores = found.score(np.concatenate([labelled, around]))
    assert scores[:60].mean() > 0 > scores[60:].mean()


def test_what_comes_from_one_distribution_cannot_be_told_apart():
    points = _unit(np.random.default_rng(1).normal(size=(300, 8)))
    assert separate(points[:150], points[150:]).auroc == pytest.approx(0.5, abs=0.08)


def test_the_order_of_the_inputs_decides_nothing_but_the_side(sets):
    labelled, _, around = sets
    mirrored = separate(around, labelled)
    assert mirrored.auroc == pytest.approx(separate(labelled, around).auroc, abs=0.05)


def test_unlabelled_images_of_labelled_things_bound_the_area(sets):
    labelled, _, around = sets
    hidden = np.concatenate([labelled[1::2], around[:30]])  # half of them are the same things
    assert separate(labelled[::2], hidden).auroc < 1 - 0.5 / 2 + 0.1


def test_labels_are_held_out_as_a_whole(sets):
    labelled, labels, around = sets
    seen, new = separate(labelled, around), separate(labelled, around, labels=labels)
    assert len(new.aurocs) == 4
    assert new.auroc < seen.auroc - 0.1


def test_the_same_rows_give_the_same_separation(sets):
    labelled, _, around = sets
    first, second = separate(labelled, around), separate(labelled, around)
    assert first.aurocs == second.aurocs
    np.testing.assert_array_equal(first.score(around), second.score(around))
    assert first.aurocs != separate(labelled, around, seed=1).aurocs


def test_what_is_unlabelled_can_be_one_class_more(sets):
    labelled, labels, around = sets
    classifier = fit_with_other(labelled, labels, around, cost=10.0, kernel="rbf")
    assert classifier.classes == ("Other", "label 0", "label 1", "label 2", "label 3")
    said = classifier.predict(labelled)
    assert np.mean([a == b for a, b in zip(said, labels, strict=True)]) > 0.9
    assert np.mean([a == "Other" for a in classifier.predict(around)]) > 0.9


POINTS = np.eye(4, dtype=np.float32)


@pytest.mark.parametrize(
    ("labelled", "unlabelled", "settings", "error", "said"),
    [
        (POINTS[:1], POINTS, {}, UsageError, "two labelled and two unlabelled"),
        (POINTS, POINTS[:1], {}, UsageError, "two labelled and two unlabelled"),
        (POINTS, POINTS, {"labels": ["a"] * 4}, UsageError, "two labelled and two unlabelled"),
        (POINTS, POINTS, {"labels": ["a"]}, UsageError, "1 labels for 4"),
        (POINTS, POINTS[:, :3], {}, ShapeError, "unlabelled must have shape"),
        (POINTS * np.nan, POINTS, {}, ShapeError, "not finite"),
        (POINTS, POINTS, {"folds": 1}, UsageError, "2 or more"),
    ],
)
def test_what_cannot_be_separated_is_said(labelled, unlabelled, settings, error, said):
    with pytest.raises(error, match=said):
        separate(labelled, unlabelled, **settings)


@pytest.mark.parametrize(
    ("labels", "unlabelled", "said"),
    [
        (["a", "a", "b", "b"], POINTS[:0], "nothing is unlabelled"),
        (["a", "a", "Other", "b"], POINTS, "'Other' already"),
        (["a"], POINTS, "1 labels for 4"),
    ],
)
def test_what_cannot_be_learned_with_others_is_said(labels, unlabelled, said):
    with pytest.raises(UsageError, match=said):
        fit_with_other(POINTS, labels, unlabelled)


def test_one_label_and_the_others_are_enough():
    classifier = fit_with_other(POINTS[:2], ["a", "a"], POINTS[2:])
    assert classifier.predict(POINTS) == ["a", "a", "Other", "Other"]
