from __future__ import annotations

import numpy as np
import pytest

from oracles import diffusion as oracle
from relook.core.errors import ShapeError, UsageError
from relook.reranking import NeighborGraph, augment, augmentation

VECTORS = oracle.clustered(80)
GRAPH = NeighborGraph.build(np.arange(80), VECTORS, k=6)


@pytest.mark.parametrize("alpha", [0.0, 3.0])
def test_every_image_is_expanded_by_its_neighbors(alpha):
    found = augment(VECTORS, GRAPH, n=4, alpha=alpha)
    for row, mine in enumerate(oracle.neighbors(VECTORS, 4)):
        scores = VECTORS[mine] @ VECTORS[row]
        wanted = oracle.expanded(VECTORS[row], VECTORS[mine], scores, alpha)
        np.testing.assert_allclose(found[row], wanted, atol=1e-6)


def test_blocks_change_nothing(monkeypatch):
    whole = augment(VECTORS, GRAPH, n=4)
    monkeypatch.setattr(augmentation, "BLOCK", 100)
    np.testing.assert_array_equal(augment(VECTORS, GRAPH, n=4), whole)


def test_it_brings_images_of_a_cluster_together():
    before, after = (oracle.similarities(rows) for rows in (VECTORS, augment(VECTORS, GRAPH, n=5)))
    pairs = GRAPH.neighbors[:, 0]
    rows = np.arange(80)
    assert after[rows, pairs].mean() > before[rows, pairs].mean()


@pytest.mark.parametrize("alpha", [0.0, 3.0])
def test_collections_smaller_than_n_are_harmless(alpha):
    for count in (0, 1, 3):
        graph = NeighborGraph.build(np.arange(count), VECTORS[:count], k=6)
        found = augment(VECTORS[:count], graph, n=5, alpha=alpha)
        assert found.shape == (count, 16)
        assert np.isfinite(found).all()
    alone = NeighborGraph.build(np.arange(1), VECTORS[:1], k=6)
    np.testing.assert_allclose(
        augment(VECTORS[:1], alone, alpha=alpha, n=2), VECTORS[:1], atol=1e-6
    )


def test_arguments_that_do_not_fit_are_refused():
    for n in (0, 7):
        with pytest.raises(UsageError, match="n must"):
            augment(VECTORS, GRAPH, n=n)
    with pytest.raises(ShapeError, match="vectors"):
        augment(VECTORS[:5], GRAPH, n=2)
