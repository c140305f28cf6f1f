"""Similarity matrices and what is read from them."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import scales as oracle
from oracles import whitening
from relook.core.errors import FormatError, ShapeError, UsageError
from relook.recognition import matrix
from relook.recognition.matrix import (
    MEASURES,
    ScaleWhitening,
    make_measure,
    matrix_similarity,
    similarity_matrices,
)


def made(images, scales, width=6, *, seed=0):
    rows = np.random.default_rng(seed).normal(size=(images, scales, width)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=2, keepdims=True)


def test_matrices_hold_every_similarity_rows_for_the_query():
    queries, database = made(3, 2), made(4, 5, seed=1)
    found = similarity_matrices(queries, database)
    assert found.shape == (3, 4, 2, 5)
    assert found.flags.c_contiguous
    want = [[oracle.matrix(x, y) for y in database] for x in queries]
    np.testing.assert_allclose(found, want, atol=1e-6)


@pytest.mark.parametrize("name", MEASURES)
def test_each_measure_equals_its_equation(name):
    random = np.random.default_rng(2)
    matrices = random.uniform(-1, 1, (7, 3, 4)).astype(np.float32)
    matrices[0] = -np.abs(matrices[0])  # all maxima are negative
    want = [oracle.measure(name, s.astype(float).tolist()) for s in matrices]
    np.testing.assert_allclose(make_measure(name)(matrices), want, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize("block", [1, 3, 4096])
def test_parts_give_what_the_whole_gives(name, block, monkeypatch):
    monkeypatch.setattr(matrix, "NUMBERS", 100)
    queries, database = made(5, 3), made(11, 4, seed=1)
    found = matrix_similarity(queries, database, measure=name, block=block)
    assert (found.shape, found.dtype) == ((5, 11), np.float32)
    want = [[oracle.measure(name, oracle.matrix(x, y)) for y in database] for x in queries]
    np.testing.assert_allclose(found, want, rtol=1e-5, atol=1e-6)


def test_with_one_scale_all_sums_are_the_cosine_or_its_square():
    queries, database = made(4, 1), made(6, 1, seed=1)
    cosines = queries[:, 0] @ database[:, 0].T
    for name in MEASURES:
        want = cosines**2 if "squared" in name else cosines
        found = matrix_similarity(queries, database, measure=name)
        np.testing.assert_allclose(found, want, atol=1e-6)


def test_rows_of_one_direction_are_columns_of_the_other():
    one, two = made(4, 3), made(5, 2, seed=1)
    rows = matrix_similarity(one, two, measure="sum_max_rows")
    columns = matrix_similarity(two, one, measure="sum_max_cols")
    np.testing.assert_allclose(rows, columns.T, rtol=1e-5, atol=1e-6)


def test_no_images_give_an_empty_answer():
    empty = np.zeros((0, 3, 6), np.float32)
    assert matrix_similarity(empty, made(4, 3), measure="max").shape == (0, 4)
    assert matrix_similarity(made(4, 3), empty, measure="max").shape == (4, 0)
    assert similarity_matrices(empty, made(4, 2)).shape == (0, 4, 3, 2)


def test_whitening_is_that_of_each_scale_alone():
    rows = made(60, 3, 8)
    found = ScaleWhitening.fit(rows, dimensions=5).apply(rows)
    assert (found.shape, found.dtype) == ((60, 3, 5), np.float32)
    for number in range(3):
        mean, projection, _ = whitening.pca(rows[:, number], 5, t=1.0)
        want = (rows[:, number] - mean) @ projection.T
        want /= np.linalg.norm(want, axis=1, keepdims=True)
        turn = np.sign((found[:, number] * want).sum(axis=0))
        np.testing.assert_allclose(found[:, number] * turn, want, atol=1e-4)


def test_scales_that_support_fewer_dimensions_decide_for_all():
    rows = made(30, 2, 8)
    rows[:, 1, 4:] = 0
    model = ScaleWhitening.fit(rows)
    assert model.dimensions == 4
    assert model.apply(rows).shape == (30, 2, 4)


def test_a_saved_whitening_is_the_same(tmp_path):
    rows = made(40, 3, 8)
    model = ScaleWhitening.fit(rows, dimensions=4, fitted="made up rows")
    model.save(tmp_path / "whitening")
    again = ScaleWhitening.load(tmp_path / "whitening")
    np.testing.assert_array_equal(again.apply(rows), model.apply(rows))
    assert again.scales[2].fitted == "made up rows"


def test_a_damaged_whitening_is_refused(tmp_path):
    file = tmp_path / "whitening"
    ScaleWhitening.fit(made(40, 3, 8)).save(file)
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(FormatError, match="damaged"):
        ScaleWhitening.load(file)


def test_bad_input_is_refused_in_a_sentence():
    queries, database = made(2, 3), made(4, 3, seed=1)
    with pytest.raises(UsageError, match="sum_max_rows"):
        matrix_similarity(queries, database, measure="median")
    with pytest.raises(UsageError, match="block"):
        matrix_similarity(queries, database, measure="max", block=0)
    with pytest.raises(ShapeError, match="6 dimensions, the database has 5"):
        matrix_similarity(queries, database[..., :5], measure="max")
    with pytest.raises(ShapeError, match="no descriptors"):
        matrix_similarity(queries, database[:, :0], measure="max")
    with pytest.raises(ShapeError, match="queries must have shape"):
        matrix_similarity(queries[0], database, measure="max")
    for broken in (queries, database):
        broken[0, 0, 0] = np.nan
        with pytest.raises(ShapeError, match="not finite"):
            matrix_similarity(queries, database, measure="max")
        with pytest.raises(ShapeError, match="not finite"):
            similarity_matrices(queries, database)
        broken[0, 0, 0] = 0


def test_whitening_says_what_it_lacks():
    rows = made(20, 3, 8)
    with pytest.raises(UsageError, match="too few"):
        ScaleWhitening.fit(rows[:1])
    with pytest.raises(ShapeError, match="no scales"):
        ScaleWhitening.fit(rows[:, :0])
    model = ScaleWhitening.fit(rows)
    with pytest.raises(ShapeError, match="descriptors must have shape"):
        model.apply(rows[:, :2])
    assert model.apply(rows[:0]).shape == (0, 3, 8)
