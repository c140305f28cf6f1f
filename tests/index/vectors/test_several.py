"""Several descriptors per image, against loops over pairs of images."""

from __future__ import annotations

import numpy as np
import pytest

from relook.core.errors import FormatError, ShapeError, UsageError
from relook.index.vectors import SeveralIndex, load_vector_index
from relook.index.vectors.pooling import pool_similarities

D = 6


def images(count, seed=0, size=None):
    rng = np.random.default_rng(seed)
    return [
        rng.standard_normal((size or rng.integers(1, 6), D)).astype(np.float32)
        for _ in range(count)
    ]


ORACLES = {
    "max": lambda s: s.max(),
    "sum": lambda s: s.max(axis=0).sum(),
    "sum-image": lambda s: s.max(axis=1).sum(),
    "one-to-one": lambda s: np.trace(s) / len(s),
}


def filled(match, pictures):
    index = SeveralIndex(D, match=match, threads=2)
    index.add(np.arange(10), pictures[:10])
    index.add(np.arange(10, len(pictures)), pictures[10:])
    return index


@pytest.mark.parametrize("match", ORACLES)
@pytest.mark.parametrize("state", ["as added", "compact", "loaded"])
def test_scores_are_those_of_the_matrix_of_similarities(match, state, tmp_path):
    pictures = images(25, size=4)
    index, query = filled(match, pictures), images(1, seed=5, size=4)[0]
    if state != "as added":
        index.compact()
    if state == "loaded":
        index = load_vector_index(tmp_path, index.save(tmp_path))
    truth = np.array([ORACLES[match](image.astype(np.float64) @ query.T) for image in pictures])
    found = index.search(query, top=25)
    np.testing.assert_array_equal(found.ids, np.argsort(-truth))
    np.testing.assert_allclose(found.scores, np.sort(truth)[::-1], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("match", ["max", "sum", "sum-image"])
def test_images_may_have_different_numbers_of_descriptors(match):
    pictures, query = images(25), images(1, seed=5, size=3)[0]
    index = filled(match, pictures)
    index.remove([3, 12])
    index.compact()
    truth = {i: ORACLES[match](image @ query.T) for i, image in enumerate(pictures)}
    del truth[3], truth[12]
    found = index.search(query, top=100)
    assert found.ids.tolist() == sorted(truth, key=lambda i: -truth[i])
    assert len(index) == 23


def test_with_one_descriptor_each_all_matches_are_the_inner_product():
    pictures, query = images(12, size=1), images(1, seed=5, size=1)[0]
    scores = [filled(match, pictures).search(query, top=12).scores for match in ORACLES]
    for other in scores[1:]:
        np.testing.assert_allclose(other, scores[0], rtol=1e-6)


def test_one_to_one_needs_as_many_on_both_sides():
    index = filled("one-to-one", images(12, size=4))
    with pytest.raises(UsageError, match="has 4 where the query has 3"):
        index.search(images(1, size=3)[0], top=3)


def test_descriptors_come_back_by_image():
    pictures = images(12)
    index = filled("max", pictures)
    for found, image in zip(index.descriptors([11, 0]), (pictures[11], pictures[0]), strict=True):
        np.testing.assert_array_equal(found, image)
    stacked = np.concatenate([pictures[11], pictures[0]])
    np.testing.assert_array_equal(index.vectors([11, 0]), stacked)


def test_equal_images_come_in_order_of_id_and_top_is_a_beginning():
    image = images(1)[0]
    index = SeveralIndex(D)
    index.add(np.array([9, 4, 30]), [image] * 3)
    assert index.search(image, top=2).ids.tolist() == [4, 9]
    assert index.search_batch([image, image], top=9)[0].tolist() == [[4, 9, 30]] * 2


def test_nothing_finds_nothing():
    index = SeveralIndex(D)
    assert len(index.search(images(1)[0], top=3)) == 0
    index.add(np.arange(0), [])
    index.compact()
    assert len(index) == 0


def test_bad_input_is_refused():
    index = filled("max", images(12))
    with pytest.raises(ShapeError, match="no descriptors"):
        index.add(np.array([99]), [np.zeros((0, D), np.float32)])
    with pytest.raises(ShapeError, match="7 dimensions and the index has 6"):
        index.add(np.array([99]), [np.zeros((2, D + 1), np.float32)])
    with pytest.raises(ShapeError, match="not finite"):
        index.search(np.full((2, D), np.nan, np.float32), top=3)
    with pytest.raises(UsageError, match="top"):
        index.search(images(1)[0], top=0)
    with pytest.raises(UsageError, match="max, sum"):
        SeveralIndex(D, match="best")
    with pytest.raises(UsageError, match="max, sum"):
        pool_similarities(np.ones((1, 1), np.float32), np.array([0, 1]), match="best")


def test_an_image_without_descriptors_is_worth_nothing():
    pooled = pool_similarities(np.ones((2, 3), np.float32), np.array([0, 0, 2]), match="max")
    assert pooled.tolist() == [-np.inf, 1]


def test_damage_is_noticed(tmp_path):
    index = filled("max", images(12))
    state = index.save(tmp_path)
    path = tmp_path / index.files()[0]
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(FormatError):
        load_vector_index(tmp_path, state)
