"""Hamming query expansion: what joins the query, and what the ranking of the larger query keeps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oracles import encoding, geometry
from oracles import hamming_expansion as oracle
from relook.core.errors import UsageError
from relook.core.records import Aggregate, LocalCodes, LocalFeatures, Matches, Ranking
from relook.encodings import AsmkEncoder
from relook.index import InvertedIndex, Kernel
from relook.matching import Geometry
from relook.reranking import HammingExpansion, SpatialReRanker
from relook.reranking.hamming_expansion import Reliable, keep_evidence
from relook.reranking.spatial import make_evidence
from relook.search import load_recipe, make_engine
from relook.search.local_search import LocalSearch

WORDS = 200
BOOK = encoding.codebook(WORDS)
TRUTH = geometry.similarity(0.3, 0.9, (90.0, 20.0))
BACK = np.linalg.inv(TRUTH)


class Store:
    def __init__(self, codes):
        self.by_id = codes

    def codes(self, ids):
        return {id_: self.by_id[id_] for id_ in ids if id_ in self.by_id}


def noise(rng, signatures, *, flips):
    """Every signature with about so many of its bits turned over."""
    bits = rng.random((*signatures.shape, 64)) < flips / (64 * signatures.shape[1])
    masks = (bits.astype(np.uint64) << np.arange(64, dtype=np.uint64)).sum(-1, dtype=np.uint64)
    return signatures ^ masks


def made_codes(rng, rows, *, parts=2, words=12, assignments=1):
    """Codes of made-up features with few words, so that many of these repeat."""
    order = np.sort(rng.integers(0, words, rows * assignments)).astype(np.int32)
    signatures = rng.integers(0, 2**63, (len(order), parts)).astype(np.uint64)
    features = rng.permutation(np.repeat(np.arange(rows, dtype=np.int32), assignments))
    frames = np.c_[rng.random((rows, 2)) * 400, np.ones((rows, 2))].astype(np.float32)
    return LocalCodes(order, signatures, features, frames, Aggregate(order, signatures), (400, 400))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("parts", [1, 2])
def test_the_enlarged_query_is_that_of_the_definition(seed, parts):
    rng = np.random.default_rng(seed)
    query = made_codes(rng, 15, parts=parts, words=20, assignments=1 + seed % 2)
    images = [made_codes(rng, 25, parts=parts, words=40) for _ in range(1 + seed % 4)]
    rows = [rng.random(25) < 0.7 for _ in images]
    expansion = HammingExpansion(min_images=1 + seed % 3, growth=(0.2, 5.0)[seed % 2])
    found = expansion.enlarge(
        query.aggregate, [Reliable(*pair) for pair in zip(images, rows, strict=True)]
    )
    pairs = [
        list(zip(one.words[kept].tolist(), one.signatures[kept], strict=True))
        for one, kept in zip(images, rows, strict=True)
    ]
    mine = list(zip(query.words.tolist(), query.signatures, strict=True))
    truth = oracle.enlarge(mine, pairs, min_images=expansion.min_images, growth=expansion.growth)
    assert found.words.tolist() == list(truth)
    assert [oracle.bits_of(row) for row in found.vectors] == list(truth.values())


def test_nothing_that_joins_leaves_an_aggregated_query_as_it_is():
    query = AsmkEncoder(BOOK).encode_query(encoding.features(50)).aggregate
    same = HammingExpansion().enlarge(query, [])
    assert np.array_equal(same.words, query.words)
    assert np.array_equal(same.vectors, query.vectors)


def test_float_vectors_cannot_be_added_up():
    query = AsmkEncoder(BOOK, binary=False).encode_query(encoding.features(50)).aggregate
    with pytest.raises(UsageError, match="binary signatures"):
        HammingExpansion().enlarge(query, [])


@pytest.mark.parametrize("seed", range(4))
def test_without_geometry_reliable_is_what_has_enough_matches_that_stand_alone(seed):
    rng = np.random.default_rng([seed, 9])
    query = made_codes(rng, 20, parts=1, words=8, assignments=2)
    others = {i: made_codes(rng, 20, parts=1, words=8) for i in range(6)}
    counts = {i: len(oracle.alone(query, one, max_distance=28)) for i, one in others.items()}
    least = sorted(counts.values())[3]
    expansion = HammingExpansion(verified=False, max_distance=28, min_matches=max(1, least))
    ranking = Ranking(np.arange(6), np.linspace(1, 0.5, 6).astype(np.float32))
    found = expansion.reliable(query, ranking, Store(others))
    wanted = [others[i] for i in range(6) if counts[i] >= expansion.min_matches]
    assert [one.codes for one in found] == wanted
    assert all(one.rows.all() for one in found)
    first = replace(expansion, neighbors=1).reliable(query, ranking, Store(others))
    assert [one.codes for one in first] == wanted[:1]


def picture(seed, parts):
    """120 features; ``parts`` are (of which theme, first, last, transform) that replace some."""
    other = encoding.features(120, seed=seed, spread=0.6, themes=200)
    frames, descriptors = other.frames.copy(), other.descriptors.copy()
    for source, first, last, transform in parts:
        theme = encoding.features(120, seed=source, spread=0.6, themes=200)
        frames[first:last] = geometry.carry(transform, theme.frames[first:last])
        descriptors[first:last] = theme.descriptors[first:last]
    return LocalFeatures(frames, descriptors, other.responses, other.size)


@pytest.fixture(scope="module")
def world():
    """A query (theme 0), image 1 that shows half of it and half of theme 7, 2 of theme 7 alone."""
    encoder = AsmkEncoder(BOOK, assignments=2)
    same = np.eye(3)
    query = encoder.encode_query(picture(0, []))
    photos = {
        1: picture(31, [(0, 0, 60, TRUTH), (7, 60, 120, TRUTH)]),
        2: picture(32, [(7, 60, 115, same)]),
        3: picture(33, [(0, 0, 60, same), (7, 60, 100, TRUTH)]),
        **{id_: picture(40 + id_, []) for id_ in range(4, 12)},
    }
    codes = {id_: encoder.encode(photo) for id_, photo in photos.items()}
    # A loose kernel of few words, so that chance has a share in all scores.
    index = InvertedIndex(Kernel(words=WORDS, bits=128, threshold=0.1))
    index.add(np.array(sorted(codes)), [codes[id_].aggregate for id_ in sorted(codes)])
    return query, index, Store(codes)


def test_with_geometry_only_what_lies_in_the_query_joins(world):
    query, index, store = world
    ranking = SpatialReRanker(threads=1).rerank(query, index.search(query.aggregate, top=20), store)
    found = HammingExpansion().reliable(query, ranking, store)
    assert {id(one.codes) for one in found} == {id(store.by_id[1]), id(store.by_id[3])}
    for one in found:
        back = np.linalg.inv(one.evidence.transform)
        points = np.c_[one.codes.frames[:, :2], np.ones(len(one.codes))] @ back.T
        points = points[:, :2] / points[:, 2:]
        low, high = query.frames[:, :2].min(axis=0), query.frames[:, :2].max(axis=0)
        inside = ((points >= low) & (points <= high)).all(axis=1)
        assert np.array_equal(one.rows, inside[one.codes.features])


def test_an_image_that_shares_more_with_the_results_than_with_the_query_comes_forward(world):
    query, index, store = world
    plain = LocalSearch(SpatialReRanker(threads=1))
    first, _ = plain.find(query, index, store, top=20)
    larger, times = replace(plain, expansion=HammingExpansion()).find(query, index, store, top=20)
    assert set(first.ids[:2].tolist()) == set(larger.ids[:2].tolist()) == {1, 3}
    place = [ranking.ids.tolist().index(2) for ranking in (first, larger)]
    assert place[1] == 2
    assert place[1] < place[0]
    assert larger.evidence[2] is None
    assert times.keys() == {"search", "verify"}
    again, _ = replace(plain, expansion=HammingExpansion()).find(query, index, store, top=20)
    assert again.ids.tolist() == larger.ids.tolist()
    assert again.scores.tolist() == larger.scores.tolist()


def test_without_geometry_the_same_comes_forward(world):
    query, index, store = world
    reranker = SpatialReRanker(threads=1, candidates=0)
    expansion = HammingExpansion(verified=False, min_matches=15)
    first, _ = LocalSearch(reranker).find(query, index, store, top=20)
    larger, _ = LocalSearch(reranker, expansion).find(query, index, store, top=20)
    places = [ranking.ids.tolist().index(2) for ranking in (first, larger)]
    assert places[1] < places[0]
    assert not larger.evidence


def test_where_nothing_is_reliable_the_answer_is_that_of_the_query(world):
    _, index, store = world
    stranger = AsmkEncoder(BOOK).encode_query(picture(77, []))
    plain = LocalSearch(SpatialReRanker(threads=1))
    first, _ = plain.find(stranger, index, store, top=20)
    for verified in (True, False):
        expansion = HammingExpansion(verified=verified)
        larger, _ = replace(plain, expansion=expansion).find(stranger, index, store, top=20)
        assert larger.ids.tolist() == first.ids.tolist()
        assert larger.scores.tolist() == first.scores.tolist()


def test_evidence_counts_once_and_nobody_with_evidence_is_lost():
    codes = made_codes(np.random.default_rng(0), 9)
    reranker_proof = _proof(codes, strength=3.0)
    ranking = Ranking(np.array([5, 4, 3]), np.array([0.6, 0.5, 0.4], np.float32))
    kept = keep_evidence(ranking, {4: reranker_proof, 8: reranker_proof, 3: None})
    assert kept.ids.tolist() == [4, 8, 5, 3]
    assert kept.scores.tolist() == pytest.approx([2.0, 1.6, 0.6, 0.4])
    assert kept.evidence == (reranker_proof, reranker_proof, None, None)


def _proof(codes, *, strength):

    pairs = np.stack([np.arange(5), np.arange(5)], axis=1).astype(np.int32)
    matches = Matches(pairs, np.ones(5, np.float32))
    return make_evidence(codes, codes, Geometry(np.eye(3), matches, strength))


@pytest.mark.parametrize(
    "changes", [{"neighbors": 0}, {"min_matches": 0}, {"min_images": 0}, {"growth": -1.0}]
)
def test_settings_out_of_range_are_refused(changes):
    with pytest.raises(UsageError, match="or more"):
        HammingExpansion(**changes)


@pytest.mark.parametrize(
    ("recipe", "changes", "why"),
    [
        ("sift-asmk", {"channels.local.binary": False}, "binary signatures"),
        ("sift-asmk", {"plan.candidates": 0}, "hqe.verified"),
        ("sift-asmk", {"plan.hqe.growth": -1.0}, "hqe.growth"),
    ],
)
def test_a_recipe_that_cannot_expand_says_so_before_it_starts(recipe, changes, why):
    with pytest.raises(UsageError, match=why):
        make_engine(load_recipe(recipe).with_settings({"plan.hqe.neighbors": 5, **changes}))
