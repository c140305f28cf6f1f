"""Inverted files and graphs: they find nearly all, and stay as they are when they grow."""

from __future__ import annotations

import numpy as np
import pytest

from relook.core.errors import FormatError, UsageError
from relook.index.vectors import FlatIndex, HnswIndex, IvfIndex, load_vector_index, product

D, N = 32, 4000


@pytest.fixture(scope="module")
def data():
    """Points around 80 centers, and queries of the same kind."""
    rng = np.random.default_rng(0)
    centers = rng.standard_normal((80, D)).astype(np.float32)
    points = centers[rng.integers(0, 80, N + 40)]
    points = points + rng.standard_normal(points.shape).astype(np.float32) / 2
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points[:N], points[N:]


@pytest.fixture(scope="module")
def truth(data):
    index = FlatIndex(D)
    index.add(np.arange(N), data[0])
    return index.search_batch(data[1], top=10)[0]


def recall(index, queries, truth):
    found = index.search_batch(queries, top=10)[0]
    return np.mean([np.isin(a, b).mean() for a, b in zip(truth, found, strict=True)])


def ivf(points, **options):
    index = IvfIndex(D, **{"cells": 32, "probes": 8, "code_bytes": 16, "train_at": N, **options})
    index.add(np.arange(len(points)), points)
    index.compact()
    return index


@pytest.fixture(scope="module")
def kept(data):
    return ivf(data[0])


@pytest.fixture(scope="module")
def coded(data):
    return ivf(data[0], keep=False)


def test_an_inverted_file_with_kept_vectors_finds_nearly_all(kept, data, truth):
    assert kept.trained
    assert recall(kept, data[1], truth) >= 0.97


def test_codes_alone_find_most(coded, data, truth):
    assert recall(coded, data[1], truth) >= 0.75


def test_more_cells_find_more(data, truth):
    index = ivf(data[0], probes=1)
    few = recall(index, data[1], truth)
    index.probes = 32
    assert few < recall(index, data[1], truth) >= 0.99


def test_codes_cost_what_was_asked(coded, tmp_path):
    coded.save(tmp_path)
    (file,) = tmp_path.glob("*.codes")
    assert file.stat().st_size / N < 16 + 8 + 2 + 1


def test_it_is_exact_until_it_is_trained(data, truth):
    index = IvfIndex(D, train_at=N + 1)
    index.add(np.arange(N), data[0])
    index.compact()
    assert not index.trained
    np.testing.assert_array_equal(index.search_batch(data[1], top=10)[0], truth)


def test_what_is_added_later_is_coded_with_the_same_cells(data, truth, tmp_path):
    index = ivf(data[0][:2000], train_at=2000)
    learned = index._quantizer
    index = load_vector_index(tmp_path, index.save(tmp_path))
    for start in range(2000, N, 500):
        index.add(np.arange(start, start + 500), data[0][start : start + 500])
    before = index.search_batch(data[1], top=10)
    index.compact()
    after = index.search_batch(data[1], top=10)
    np.testing.assert_array_equal(before[0], after[0])
    np.testing.assert_array_equal(before[1], after[1])
    np.testing.assert_array_equal(index._quantizer.cells, learned.cells)
    assert recall(index, data[1], truth) >= 0.95
    again = load_vector_index(tmp_path, index.save(tmp_path))
    np.testing.assert_array_equal(again.search_batch(data[1], top=10)[0], after[0])


def test_training_twice_gives_the_same(data, coded):
    other = ivf(data[0], keep=False)
    np.testing.assert_array_equal(
        other.search_batch(data[1], top=10)[1], coded.search_batch(data[1], top=10)[1]
    )


def test_what_was_removed_before_training_stays_away(data, tmp_path):
    index = IvfIndex(D, cells=8, code_bytes=8, train_at=1000)
    index.add(np.arange(N), data[0])
    index.remove(range(100, 200))
    steps = []
    index.train(progress=lambda done, total: steps.append((done, total)))
    assert steps[-1] == (N - 100, N - 100)
    assert len(index) == N - 100
    with pytest.raises(UsageError, match="removed"):
        index.add(np.array([100]), data[0][:1])
    with pytest.raises(UsageError, match="trained already"):
        index.train()


def test_too_few_vectors_cannot_train():
    index = IvfIndex(D)
    with pytest.raises(UsageError, match="cannot train"):
        index.train(np.eye(D, dtype=np.float32))
    assert not index.trained


def test_a_lost_quantizer_is_noticed(coded, tmp_path):
    state = coded.save(tmp_path)
    with pytest.raises(FormatError):
        load_vector_index(tmp_path, {**state, "quantizer": None})
    path = tmp_path / state["quantizer"]
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(FormatError):
        load_vector_index(tmp_path, state)


def test_the_rotation_keeps_lengths_and_shares_the_variance(data):
    stretched = data[0] * np.linspace(3, 0.1, D, dtype=np.float32)
    rotation = product._rotation(stretched, width=4)
    np.testing.assert_allclose(rotation.T @ rotation, np.eye(D), atol=1e-5)
    variances = np.log(np.square(stretched @ rotation.T).mean(axis=0))
    longest_first = np.sort(variances)[::-1].reshape(8, 4).sum(axis=1)
    assert np.ptp(variances.reshape(8, 4).sum(axis=1)) < np.ptp(longest_first) / 4


def test_dimensions_that_bytes_do_not_divide_are_coded_too():
    rows = np.random.default_rng(0).standard_normal((600, 10)).astype(np.float32)
    index = IvfIndex(10, cells=2, probes=2, code_bytes=4, keep=False, train_at=600)
    index.add(np.arange(600), rows)
    index.compact()
    decoded = index.vectors(list(range(600)))
    correlation = np.corrcoef(decoded.ravel(), rows.ravel())[0, 1]
    assert correlation > 0.85
    assert index._quantizer.bytes == 4


@pytest.fixture(scope="module")
def graph(data):
    index = HnswIndex(D, links=16)
    index.add(np.arange(N), data[0])
    index.compact()
    return index


def test_a_graph_finds_nearly_all(graph, data, truth):
    assert graph._view.segments[0].graph is not None
    assert recall(graph, data[1], truth) >= 0.98


def test_a_graph_is_the_same_after_loading(graph, data, tmp_path):
    again = load_vector_index(tmp_path, graph.save(tmp_path))
    for side in (0, 1):
        np.testing.assert_array_equal(
            again.search_batch(data[1], top=10)[side], graph.search_batch(data[1], top=10)[side]
        )


def test_a_graph_steps_over_the_removed_and_sees_the_new(data):
    index = HnswIndex(D, links=16)
    index.add(np.arange(3000), data[0][:3000])
    index.compact()
    index.add(np.arange(3000, N), data[0][3000:])
    gone = np.arange(0, N, 2)
    index.remove(gone.tolist())
    exact = FlatIndex(D)
    exact.add(np.arange(1, N, 2), data[0][1::2])
    truth = exact.search_batch(data[1], top=10)[0]
    assert recall(index, data[1], truth) >= 0.98
    index.compact()
    assert recall(index, data[1], truth) >= 0.98


def test_a_damaged_graph_never_reaches_faiss(graph, tmp_path):
    state = graph.save(tmp_path)
    path = tmp_path / state["segments"][0]
    content = bytearray(path.read_bytes())
    content[-100] ^= 255
    path.write_bytes(bytes(content))
    with pytest.raises(FormatError, match="damaged"):
        load_vector_index(tmp_path, state)


@pytest.mark.parametrize("make", [IvfIndex, HnswIndex])
def test_unknown_values_are_refused(make):
    with pytest.raises(UsageError, match="threads"):
        make(D, threads=0)
    with pytest.raises(UsageError, match=r"probes|links"):
        make(D, **{"probes" if make is IvfIndex else "links": 0})


def test_every_byte_gets_its_nearest_value(data):
    learned = product.train(data[0], cells=4, code_bytes=11, threads=2)
    cells = learned.assign(data[0], threads=1)
    distances = np.square(data[0][:, None] - learned.cells).sum(axis=2)
    np.testing.assert_array_equal(cells, distances.argmin(axis=1))
    codes = learned.encode(data[0], cells, threads=3)
    rest = ((data[0] - learned.cells[cells]) @ learned.rotation.T).reshape(N, 11, 3)
    for byte in range(11):
        away = np.square(rest[:, byte, None] - learned.books[byte]).sum(axis=2)
        chosen = np.take_along_axis(away, codes[:, byte, None].astype(np.int64), axis=1)[:, 0]
        np.testing.assert_allclose(chosen, away.min(axis=1), atol=1e-6)
