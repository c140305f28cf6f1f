from __future__ import annotations

import numpy as np
import pytest

from oracles import diffusion as oracle
from relook.core.errors import ShapeError, UsageError
from relook.core.records import Ranking
from relook.reranking import Affinity, Diffusion, NeighborGraph, RegionGraph, Seeds, pool_regions

VECTORS = oracle.clustered(120, clusters=12)
IDS = 1000 + np.arange(120)
OWNERS = np.random.default_rng(0).integers(0, 40, 120)
AFFINITY = Affinity.of(NeighborGraph.build(IDS, VECTORS, k=8))
GRAPH = RegionGraph(AFFINITY, OWNERS)
BEFORE = Ranking(np.unique(OWNERS), np.linspace(1, 0, len(np.unique(OWNERS)), dtype=np.float32))
SEEDS = Seeds(IDS[[3, 50]], np.array([1.0, 0.5]))


@pytest.mark.parametrize(
    ("pooling", "formula"),
    [("sum", np.sum), ("max", np.max), ("gem", lambda f: np.mean(f**3) ** (1 / 3))],
)
def test_an_image_is_worth_what_its_regions_are(pooling, formula):
    values = np.random.default_rng(1).random(120)
    ids, pooled = pool_regions(values, OWNERS, pooling=pooling)
    assert ids.tolist() == np.unique(OWNERS).tolist()
    wanted = [formula(values[image == OWNERS]) for image in ids]
    np.testing.assert_allclose(pooled, wanted)


def test_on_all_regions_it_is_the_pooled_diffusion():
    diffusion = Diffusion(truncate=None, alpha=0.99, iterations=1000)
    found = GRAPH.rerank(diffusion, BEFORE, SEEDS)
    y = np.zeros(120)
    y[[3, 50]] = [1.0, 0.5]
    f = oracle.solution(AFFINITY.normalized.dense(), y)
    reached = found.scores > 0
    wanted = [f[image == OWNERS].sum() for image in found.ids[reached]]
    np.testing.assert_allclose(found.scores[reached], wanted, rtol=1e-3, atol=1e-6)
    assert OWNERS[3] in found.ids[reached]


def test_regions_of_images_are_found():
    images = np.array([5, 7, 39, 500])
    np.testing.assert_array_equal(GRAPH.regions(images), np.flatnonzero(np.isin(OWNERS, images)))
    assert len(GRAPH.regions(images[:0])) == 0


def test_truncation_counts_images_and_the_rest_keeps_its_order():
    found = GRAPH.rerank(Diffusion(truncate=3), BEFORE, SEEDS)
    assert sorted(found.ids) == sorted(BEFORE.ids)
    rest = found.ids[found.scores <= 0]
    assert np.all(np.diff(rest) > 0)
    assert set(found.ids[found.scores > 0]) <= {*BEFORE.ids[:3], *OWNERS[[3, 50]]}


def test_no_region_and_no_image_are_harmless():
    nothing = RegionGraph(Affinity.of(NeighborGraph.empty(k=2)), OWNERS[:0])
    for truncate in (10, None):
        found = nothing.rerank(Diffusion(truncate=truncate), BEFORE, SEEDS)
        np.testing.assert_array_equal(found.ids, BEFORE.ids)
    assert len(GRAPH.rerank(Diffusion(), BEFORE.top(0), Seeds.none())) == 0


def test_arguments_that_do_not_fit_are_refused():
    with pytest.raises(UsageError, match="sum, gem, max"):
        pool_regions(np.zeros(3), OWNERS[:3], pooling="median")
    with pytest.raises(ShapeError, match="owners"):
        RegionGraph(AFFINITY, OWNERS[:5])
