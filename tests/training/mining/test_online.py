"""Mining within a batch against looking at every triplet."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import mining as oracle
from relook.core.errors import ShapeError

torch = pytest.importorskip("torch")

from relook.training.mining.online import (  # noqa: E402 - torch may be absent
    batch_hard,
    negative_mask,
    positive_mask,
    semi_hard,
)

SEEDS = range(4)


def batch(seed, rows=24, classes=7):
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((rows, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[5] = vectors[11]
    return vectors, rng.integers(0, classes, rows)


def rows_of(triplets):
    return list(zip(*(part.tolist() for part in triplets), strict=True))


def test_masks_say_who_shares_a_label():
    labels = torch.tensor([3, 1, 3])
    assert positive_mask(labels).tolist() == [
        [False, False, True],
        [False, False, False],
        [True, False, False],
    ]
    assert negative_mask(labels).tolist() == [
        [False, True, False],
        [True, False, True],
        [False, True, False],
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_batch_hard_takes_the_farthest_positive_and_the_nearest_negative(seed):
    vectors, labels = batch(seed)
    found = rows_of(batch_hard(torch.tensor(vectors), torch.tensor(labels)))
    paired = [row for row in range(len(labels)) if oracle.positives(labels, row)]
    assert [anchor for anchor, _, _ in found] == paired
    for anchor, positive, negative in found:
        far = [oracle.similarity(vectors, anchor, row) for row in oracle.positives(labels, anchor)]
        assert labels[positive] == labels[anchor]
        assert positive != anchor
        assert oracle.similarity(vectors, anchor, positive) == pytest.approx(min(far), abs=1e-6)
        (best,) = oracle.negatives(vectors, labels, anchor, count=1, one_per_class=False)
        assert labels[negative] != labels[anchor]
        assert oracle.similarity(vectors, anchor, negative) == pytest.approx(
            oracle.similarity(vectors, anchor, best), abs=1e-6
        )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("margin", [None, 0.1, 0.5])
def test_semi_hard_takes_the_nearest_negative_beyond_the_positive(seed, margin):
    vectors, labels = batch(seed)
    vectors[5] = -vectors[5]  # without rows that stand twice all similarities differ
    wanted = []
    for anchor in range(len(labels)):
        for positive in oracle.positives(labels, anchor):
            edge = oracle.similarity(vectors, anchor, positive)
            beyond = oracle.negatives(
                vectors, labels, anchor, count=1, one_per_class=False, below=edge
            )
            wanted += [
                (anchor, positive, row)
                for row in beyond
                if margin is None or 2 * (edge - oracle.similarity(vectors, anchor, row)) < margin
            ]
    found = rows_of(semi_hard(torch.tensor(vectors), torch.tensor(labels), margin=margin))
    assert found == sorted(wanted)
    assert found


@pytest.mark.parametrize("mine", [batch_hard, semi_hard])
@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2], []])
def test_a_batch_without_triplets_gives_none(mine, labels):
    vectors = torch.eye(3)[: len(labels)]
    found = mine(vectors, torch.tensor(labels, dtype=torch.int64))
    assert [part.shape for part in found] == [(0,)] * 3
    assert all(part.dtype == torch.int64 for part in found)


@pytest.mark.parametrize("mine", [batch_hard, semi_hard])
def test_no_gradient_flows_through_the_choice_and_half_precision_changes_little(mine):
    vectors, labels = batch(0)
    leaf = torch.tensor(vectors, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = mine(leaf, torch.tensor(labels))
    assert rows_of(found) == rows_of(mine(torch.tensor(vectors), torch.tensor(labels)))
    assert not any(part.requires_grad for part in found)


@pytest.mark.parametrize("mine", [batch_hard, semi_hard])
def test_labels_have_to_be_as_many_as_vectors(mine):
    with pytest.raises(ShapeError, match="labels"):
        mine(torch.eye(3), torch.tensor([0, 1]))
