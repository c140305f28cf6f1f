from __future__ import annotations

import numpy as np
import pytest

from oracles import diffusion as oracle
from relook.core.errors import FormatError, UsageError
from relook.reranking import Affinity, Diffusion, NeighborGraph, OfflineDiffusion, Seeds
from relook.reranking.columns import Parts, Task, largest, neighborhood

VECTORS = oracle.clustered(300, clusters=15, noise=0.6)
IDS = 2 * np.arange(280)
INDEX = oracle.ExactIndex(IDS, VECTORS[:280])
AFFINITY = Affinity.of(NeighborGraph.build(IDS, VECTORS[:280], k=8))
WHOLE = Task(truncate=280, keep=280, iterations=1000, tolerance=1e-10)


def test_columns_of_whole_neighborhoods_give_the_online_answer():
    offline = OfflineDiffusion.build(AFFINITY, task=WHOLE)
    online = Diffusion(truncate=None, alpha=0.99, iterations=1000, tolerance=1e-10)
    for query in VECTORS[280:]:
        before = INDEX.search(query, top=280)
        seeds = Seeds.nearest(before, k=5)
        wanted = online.spread(AFFINITY, seeds, before.ids)[1]
        np.testing.assert_allclose(offline.spread(seeds), wanted, atol=1e-7)
        found, other = offline.rerank(before, seeds), online.rerank(before, AFFINITY)
        assert sorted(found.ids) == sorted(before.ids)
        np.testing.assert_array_equal(found.ids[:10], other.ids[:10])


def test_truncated_columns_keep_what_matters():
    offline = OfflineDiffusion.build(AFFINITY, task=Task(truncate=100, keep=40))
    assert np.diff(offline.offsets).max() <= 40
    before = INDEX.search(VECTORS[290], top=280)
    wanted = Diffusion(truncate=None, alpha=0.99).rerank(before, AFFINITY)
    found = offline.rerank(before, Seeds.nearest(before, k=5))
    assert len(np.intersect1d(found.ids[:10], wanted.ids[:10])) >= 7


def test_threads_change_nothing():
    one, three = (OfflineDiffusion.build(AFFINITY, threads=threads) for threads in (1, 3))
    np.testing.assert_array_equal(one.rows, three.rows)
    np.testing.assert_array_equal(one.values, three.values)


def test_a_neighborhood_grows_edge_by_edge():
    places = np.full(280, -1, np.int32)
    dense = AFFINITY.weights.dense() > 0
    for start in (0, 17, 200):
        near = {start, *np.flatnonzero(dense[start]).tolist()}
        for most in (1, 3, len(near), 100, 280):
            found = neighborhood(AFFINITY.normalized, start, most, places)
            assert found[0] == start
            assert len(set(found.tolist())) == len(found) <= most
            assert set(found.tolist()) <= near or near <= set(found.tolist())
            assert (places == -1).all()


def test_progress_reaches_the_number_of_nodes():
    seen = []
    OfflineDiffusion.build(AFFINITY, progress=lambda *done: seen.append(done))
    assert seen[-1] == (280, 280)


def test_it_is_saved_and_comes_back(tmp_path):
    offline = OfflineDiffusion.build(AFFINITY)
    state = offline.save(tmp_path)
    loaded = OfflineDiffusion.load(tmp_path, state)
    assert loaded.save(tmp_path) == state
    assert [path.name for path in tmp_path.iterdir()] == list(loaded.files())
    seeds = Seeds(IDS[:4], np.ones(4))
    np.testing.assert_array_equal(loaded.spread(seeds), offline.spread(seeds))
    outside = OfflineDiffusion(
        offline.ids, Parts(offline.offsets, offline.rows + np.int32(9), offline.values)
    )
    with pytest.raises(FormatError, match="damaged"):
        OfflineDiffusion.load(tmp_path, outside.save(tmp_path))
    with pytest.raises(FormatError, match="neighbor-graph"):
        OfflineDiffusion.load(tmp_path, NeighborGraph.empty(k=1).save(tmp_path))


@pytest.mark.parametrize("count", [0, 1])
def test_one_image_and_none_are_harmless(count):
    affinity = Affinity.of(NeighborGraph.build(IDS[:count], VECTORS[:count], k=3))
    offline = OfflineDiffusion.build(affinity)
    before = INDEX.search(VECTORS[0], top=5)
    found = offline.rerank(before, Seeds.nearest(before, k=5))
    assert sorted(found.ids) == sorted(before.ids)
    assert len(offline.spread(Seeds.none())) == count


def test_tasks_out_of_range_are_refused():
    for wrong in (Task(truncate=0), Task(keep=0), Task(alpha=1.0)):
        with pytest.raises(UsageError):
            OfflineDiffusion.build(AFFINITY, task=wrong)


def test_the_largest_values_are_chosen_and_of_equal_ones_the_first():
    rng = np.random.default_rng(0)
    for size in (1, 2, 10, 57):
        values = rng.integers(0, 8, size).astype(float)
        for count in range(1, size + 2):
            wanted = np.sort(np.argsort(-values, kind="stable")[:count])
            np.testing.assert_array_equal(largest(values, count), wanted)
