"""Exact search: what 8 bits cannot decide is decided by what they were made of."""

from __future__ import annotations

import numpy as np
import pytest

from relook.core.errors import ShapeError, UsageError
from relook.index.vectors import FlatIndex, exhaustive, flat_segment, segmented
from relook.index.vectors.kernels import dots, dots_half, dots_int8, frozen
from relook.index.vectors.selection import best_of


def rows(count, dimensions, seed=0):
    return np.random.default_rng(seed).standard_normal((count, dimensions)).astype(np.float32)


def by_brute_force(query, matrix, top):
    scores = (matrix.astype(np.float64) @ query.astype(np.float64)).astype(np.float32)
    order = np.lexsort((np.arange(len(scores)), -scores))[:top]
    return order, scores[order]


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("dimensions", [1, 7, 64, 300])
@pytest.mark.parametrize("threads", [1, 3])
def test_the_list_is_that_of_comparing_everything(precision, dimensions, threads):
    matrix = rows(9000, dimensions)
    index = FlatIndex(dimensions, precision=precision, threads=threads)
    index.add(np.arange(9000), matrix)
    for query in rows(3, dimensions, seed=1):
        ids, scores = by_brute_force(query, matrix, 50)
        found = index.search(query, top=50)
        np.testing.assert_array_equal(found.ids, ids)
        np.testing.assert_allclose(found.scores, scores, rtol=1e-6)


def test_rows_that_8_bits_cannot_hold_are_still_ranked_right():
    """One large value makes the steps of all others coarse: the bound has to say so."""
    matrix = rows(3000, 64)
    matrix[:, 0] = 1000
    index = FlatIndex(64, precision="int8")
    index.add(np.arange(3000), matrix)
    query = rows(1, 64, seed=1)[0]
    query[0] = 0
    np.testing.assert_array_equal(
        index.search(query, top=20).ids, by_brute_force(query, matrix, 20)[0]
    )


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1e6])
def test_the_list_does_not_depend_on_the_unit(scale):
    matrix = rows(2000, 32)
    index = FlatIndex(32, precision="int8")
    index.add(np.arange(2000), matrix * np.float32(scale))
    query = rows(1, 32, seed=1)[0]
    found = index.search(query * np.float32(scale), top=20)
    np.testing.assert_array_equal(found.ids, by_brute_force(query, matrix, 20)[0])


def test_8_bits_are_never_further_off_than_they_say():
    matrix = rows(500, 40) * rows(500, 1, seed=2)
    part = flat_segment.build(np.arange(500), matrix, precision="int8")
    left_out = matrix.astype(np.float64) - part.codes * part.scales[:, None].astype(np.float64)
    assert np.all(np.linalg.norm(left_out, axis=1) <= part.residuals)
    assert np.all(np.linalg.norm(matrix.astype(np.float64), axis=1) <= part.norms)


def test_a_query_as_integers_cannot_overflow():
    for query in (
        rows(1, 2048)[0],
        np.ones(100_000, np.float32),
        np.eye(1, 5, dtype=np.float32)[0],
    ):
        rounded, unit, missing = exhaustive._to_int16(query)
        assert 127 * np.abs(rounded.astype(np.int64)).sum() < 2**31
        left_out = np.linalg.norm(query - rounded * unit)
        assert left_out == pytest.approx(missing, rel=1e-6, abs=1e-12)


def test_float16_bits_become_numbers_as_numpy_reads_them():
    every = np.arange(1 << 16, dtype=np.uint16)
    every = every[np.isfinite(every.view(np.float16))][:, None]
    scores = np.empty(len(every), np.float32)
    dots_half(np.ones(1), frozen(every), scores)
    np.testing.assert_array_equal(scores, every.view(np.float16)[:, 0].astype(np.float32))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 9])
def test_every_row_gets_its_score_whatever_the_number(count):
    matrix, query = rows(count, 33), rows(1, 33, seed=1)[0]
    scores = np.full(count + 1, 7, np.float32)
    dots(query.astype(np.float64), frozen(matrix), scores[:count])
    np.testing.assert_allclose(scores[:count], matrix @ query, rtol=1e-4, atol=1e-5)
    assert scores[-1] == 7


def test_integer_products_are_exact():
    rng = np.random.default_rng(0)
    codes = rng.integers(-127, 128, (9, 100), dtype=np.int8)
    query = rng.integers(-999, 1000, 100, dtype=np.int16)
    scores = np.empty(9, np.float32)
    dots_int8(query, frozen(codes), frozen(np.ones(9, np.float32)), scores)
    np.testing.assert_array_equal(scores, (codes.astype(np.int64) @ query).astype(np.float32))


def test_ties_at_the_end_are_cut_by_id():
    names = np.array([9, 3, 5, 1])
    ids, scores = best_of(np.array([1, 2, 1, 1], np.float32), names, top=3)
    assert ids.tolist() == [3, 1, 5]
    assert scores.tolist() == [2, 1, 1]


def test_more_queries_than_are_kept_at_once(monkeypatch):
    monkeypatch.setattr(exhaustive, "SCORES", 1)
    matrix, queries = rows(300, 16), rows(40, 16, seed=1)
    index = FlatIndex(16)
    index.add(np.arange(300), matrix)
    ids, _ = index.search_batch(queries, top=9)
    for number, query in enumerate(queries):
        np.testing.assert_array_equal(ids[number], by_brute_force(query, matrix, 9)[0])


def test_full_segments_stay_and_others_are_merged(monkeypatch):
    for module in ("flat", "segmented"):
        monkeypatch.setattr(f"relook.index.vectors.{module}.rows_per_segment", lambda _: 100)
    matrix, index = rows(260, 8), FlatIndex(8)
    for start, stop in ((0, 230), (230, 240), (240, 260)):
        index.add(np.arange(start, stop), matrix[start:stop])
    first = index._view.segments[0]
    index.compact()
    assert [len(part) for part in index._view.segments] == [100, 100, 60]
    assert index._view.segments[0] is first
    index.remove(range(50, 60))
    index.compact()
    assert sorted(len(part) for part in index._view.segments) == [50, 100, 100]
    query = rows(1, 8, seed=1)[0]
    kept = np.setdiff1d(np.arange(260), np.arange(50, 60))
    order = by_brute_force(query, matrix[kept], 30)[0]
    np.testing.assert_array_equal(index.search(query, top=30).ids, kept[order])


def test_a_segment_is_bounded_in_bytes():
    assert segmented.rows_per_segment(2048) * 2048 * 4 <= 1 << 28


def test_what_does_not_fit_float16_is_refused():
    with pytest.raises(ShapeError, match="float16"):
        FlatIndex(2, precision="float16").add(np.arange(1), np.full((1, 2), 1e5, np.float32))


@pytest.mark.parametrize("options", [{"precision": "int4"}, {"threads": 0}])
def test_unknown_options_are_refused(options):
    with pytest.raises(UsageError):
        FlatIndex(4, **options)
    with pytest.raises(UsageError, match="dimensions"):
        FlatIndex(0)


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_among_some_the_list_is_that_of_all_without_the_others(precision):
    matrix = rows(3000, 24)
    matrix[1500:] = matrix[:1500]  # ties
    index = FlatIndex(24, precision=precision)
    index.add(np.arange(2000), matrix[:2000])
    index.add(np.arange(2000, 3000), matrix[2000:])
    index.remove([7, 2500])
    among = np.arange(1, 4000, 7)
    for query in rows(3, 24, seed=1):
        everything = index.search(query, top=3000)
        kept = np.isin(everything.ids, among)
        found = index.search_among(query, among, top=40)
        np.testing.assert_array_equal(found.ids, everything.ids[kept][:40])
        np.testing.assert_array_equal(found.scores, everything.scores[kept][:40])
    assert len(index.search_among(query, np.array([7, 5000]), top=3)) == 0
    assert len(index.search_among(query, np.zeros(0, np.int64), top=3)) == 0


@pytest.mark.parametrize("shape", [(23,), (2, 24)])
def test_among_some_a_query_that_does_not_fit_is_refused(shape):
    index = FlatIndex(24)
    index.add(np.arange(9), rows(9, 24))
    with pytest.raises(ShapeError):
        index.search_among(np.zeros(shape, np.float32), np.arange(3), top=3)
    with pytest.raises(UsageError):
        index.search_among(np.zeros(24, np.float32), np.arange(3), top=0)
