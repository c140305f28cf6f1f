"""Two rankings become one: by the formula, and without surprises where there is little to go by."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relook.core.errors import UsageError
from relook.core.records import Evidence, Ranking
from relook.reranking.fusion import Fusion


def proof(strength, *, verified=True):
    points, corners = np.zeros((0, 2), np.float32), np.zeros((4, 2), np.float32)
    return Evidence(0, strength, np.eye(3), points, points, corners, corners, verified=verified)


def ranked(scores):
    """A ranking of ``{id: score}``."""
    ids = sorted(scores, key=lambda id_: (-scores[id_], id_))
    return Ranking(np.array(ids, np.int64), np.array([scores[id_] for id_ in ids], np.float32))


def random_rankings(count, *, seed=0, missing=5):
    rng = np.random.default_rng(seed)
    ids = rng.permutation(1000)[:count].tolist()
    local = {id_: float(rng.lognormal(-3, 1)) for id_ in ids[: count - missing]}
    vector = {id_: float(rng.normal(0.2, 0.1)) for id_ in ids[min(missing, count) :]}
    return ranked(local), ranked(vector)


def student(scores, background, depth):
    """Of decreasing float64 scores, one by one."""
    strangers = scores[:depth][min(background, len(scores[:depth]) // 2) :]
    n = len(strangers)
    if n < 2:
        return [0.0] * len(scores)
    mean = math.fsum(strangers) / n
    spread = math.sqrt(math.fsum((s - mean) ** 2 for s in strangers) / n)
    if spread <= 1e-9:
        return [0.0] * len(scores)
    z = [(s - mean) / spread for s in scores]
    return [math.copysign(n * math.log(1 + one * one / n), one) for one in z]


def oracle(local, vector, evidence, fusion):
    """Score by id."""
    logs = [math.log(max(float(score), 1e-6)) for score in local.scores]
    cosines = [float(score) for score in vector.scores]
    parts = []
    for ranking, values in ((local, logs), (vector, cosines)):
        surprising = student(values, fusion.background, fusion.depth)
        least = min([0.0, *surprising])
        parts.append((dict(zip(ranking.ids.tolist(), surprising, strict=True)), least))
    (first, first_least), (second, second_least) = parts
    found = {}
    for id_ in {*local.ids.tolist(), *vector.ids.tolist()}:
        item = evidence.get(id_)
        score = fusion.local * first.get(id_, first_least)
        score += fusion.weight * second.get(id_, second_least)
        found[id_] = score + math.log(1 + (0.0 if item is None else item.strength))
    return found


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 30, 300])
@pytest.mark.parametrize("background", [1, 20])
def test_scores_are_those_of_the_formula(count, background):
    local, vector = random_rankings(count, missing=min(5, count // 2))
    evidence = {id_: proof(2.0 + id_ % 7) for id_ in local.ids[::3].tolist()}
    evidence |= dict.fromkeys(local.ids[1::3].tolist())
    fusion = Fusion(local=0.05, weight=0.2, background=background, depth=100)
    fused = fusion.fuse(local, vector, evidence)
    wanted = oracle(local, vector, evidence, fusion)
    assert sorted(fused.ids.tolist()) == sorted(wanted)
    assert np.all(np.diff(fused.scores) <= 0)
    np.testing.assert_allclose(
        fused.scores, [wanted[id_] for id_ in fused.ids.tolist()], rtol=1e-5, atol=1e-5
    )
    assert [evidence.get(id_) for id_ in fused.ids.tolist()] == list(fused.evidence)


def test_of_many_strangers_the_score_is_the_square_of_the_standard_score():
    rng = np.random.default_rng(0)
    values = np.sort(rng.normal(0, 1, 20_000))[::-1]
    vector = Ranking(np.arange(20_000), values.astype(np.float32))
    fused = Fusion(weight=1, background=1, depth=20_000).fuse(ranked({}), vector, {})
    np.testing.assert_allclose(fused.scores[:20], values[:20] ** 2, rtol=0.03)


def test_few_strangers_that_are_alike_do_not_outvote_geometry():
    """Two equal strangers would make anything infinitely surprising, were they taken at face."""
    vector = ranked({1: 0.9, 2: 0.8, 3: 0.5, 4: 0.5 - 1e-6})
    fused = Fusion().fuse(ranked({2: 0.1}), vector, {2: proof(40.0)})
    assert fused.ids[0] == 2


def test_an_image_that_a_ranking_lacks_counts_as_its_last():
    vector = ranked({id_: 0.9 - 0.1 * id_ for id_ in range(8)})
    fused = Fusion().fuse(ranked({}), vector, {})
    assert fused.ids.tolist() == list(range(8))
    extra = Fusion().fuse(ranked({99: 0.5}), vector, {})
    scores = dict(zip(extra.ids.tolist(), extra.scores.tolist(), strict=True))
    assert scores[99] == scores[7]
    assert extra.ids.tolist() == [*range(8), 99]


def test_nothing_found_is_nothing():
    fused = Fusion().fuse(ranked({}), ranked({}), {})
    assert (len(fused), fused.evidence) == (0, ())
    alone = Fusion().fuse(ranked({5: 0.1}), ranked({}), {5: None})
    assert (alone.ids.tolist(), alone.scores.tolist(), alone.evidence) == ([5], [0.0], (None,))


def test_two_images_are_in_the_order_of_the_global_channel():
    """Nothing stands out among two, but one is still more like the query."""
    fused = Fusion().fuse(ranked({}), ranked({1: 0.2, 2: 0.9}), {})
    assert fused.ids.tolist() == [2, 1]
    assert fused.scores.tolist() == [0, 0]


def test_equal_images_are_in_order_of_id():
    vector = ranked(dict.fromkeys([9, 4, 7, 1, 12], 0.5))
    assert Fusion().fuse(vector, vector, {}).ids.tolist() == [1, 4, 7, 9, 12]


@given(
    st.integers(0, 20),
    st.floats(0, 100),
    st.floats(0, 100),
)
def test_more_strength_never_ranks_lower(row, strength, more):
    local, vector = random_rankings(21)
    id_ = int(np.union1d(local.ids, vector.ids)[row])
    before = Fusion().fuse(local, vector, {id_: proof(strength)})
    after = Fusion().fuse(local, vector, {id_: proof(strength + more)})
    place = [int(np.flatnonzero(one.ids == id_)[0]) for one in (before, after)]
    assert place[1] <= place[0]


def test_the_order_of_the_evidence_changes_nothing():
    local, vector = random_rankings(40)
    evidence = {id_: proof(float(id_ % 5)) for id_ in vector.ids[:20].tolist()}
    one = Fusion().fuse(local, vector, evidence)
    other = Fusion().fuse(local, vector, dict(reversed(evidence.items())))
    np.testing.assert_array_equal(one.ids, other.ids)
    np.testing.assert_array_equal(one.scores, other.scores)


def test_more_results_beyond_the_depth_change_no_score_above_it():
    local, vector = random_rankings(400, missing=0)
    fusion = Fusion(depth=100)
    deep = fusion.fuse(local, vector, {})
    scores = dict(zip(deep.ids.tolist(), deep.scores.tolist(), strict=True))
    for top in (100, 150, 300):
        fused = fusion.fuse(local.top(top), vector.top(top), {})
        both = np.intersect1d(local.ids[:top], vector.ids[:top])
        assert len(both) > 10
        found = dict(zip(fused.ids.tolist(), fused.scores.tolist(), strict=True))
        assert all(found[id_] == scores[id_] for id_ in both.tolist())


def test_weights_that_cannot_be_are_refused():
    for wrong in ({"local": -1}, {"weight": -0.1}, {"background": 0}, {"depth": 0}):
        with pytest.raises(UsageError, match="or more"):
            Fusion(**wrong)
