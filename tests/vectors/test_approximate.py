"""Approximate k-means: where it looks everywhere it is Lloyd's algorithm, and it can be stopped."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import clustering
from relook.core import memory
from relook.core.errors import ShapeError, UsageError
from relook.vectors import KMeans, approximate
from relook.vectors.approximate import ApproximateKMeans
from relook.vectors.rows import Rows


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(0)
    common = random.random((60, 12))
    noise = random.normal(0, 0.08, (3000, 12))
    return (common[random.integers(0, 60, 3000)] + noise).astype(np.float32)


def test_the_constructor_only_stores_and_fit_returns_itself(rows):
    model = ApproximateKMeans(-3, iterations=7, sample=9, seed=5, threads=2)
    assert (model.clusters, model.iterations, model.sample, model.seed) == (-3, 7, 9, 5)
    model = ApproximateKMeans(40, iterations=2)
    before = set(vars(model))
    assert model.fit(rows) is model
    assert set(vars(model)) - before == {"centers_", "coarse_", "inertia_"}
    assert model.centers_.shape == (40, 12)
    assert model.centers_.dtype == np.float32


def test_looking_into_all_cells_is_lloyds_algorithm(rows, monkeypatch):
    monkeypatch.setattr(approximate, "BLOCK", 1000)
    first = ApproximateKMeans(48, iterations=1, probes=99)
    centers = first._first(Rows([rows]), Rows([rows]).hashes()).centers
    for done in (1, 2):
        centers, inertia = clustering.lloyd(rows, centers)
        model = ApproximateKMeans(48, iterations=done, probes=99).fit(rows)
        np.testing.assert_allclose(model.centers_, centers, atol=1e-5)
        assert model.inertia_ == pytest.approx(inertia, rel=1e-5)


def test_inertia_never_grows_however_few_cells_are_looked_into(rows):
    found = [
        ApproximateKMeans(300, iterations=n, probes=1).fit(rows).inertia_ for n in (1, 2, 3, 5, 8)
    ]
    assert all(np.diff(found) < 0)


def test_it_comes_close_to_exact_k_means(rows):
    exact = KMeans(300, iterations=8).fit(rows).inertia_
    assert ApproximateKMeans(300, iterations=8).fit(rows).inertia_ < 1.05 * exact


def test_centers_that_nobody_has_are_moved_to_rows_that_are_far(rows):
    crowd = np.repeat(rows[:1], 2000, axis=0) + 1e-4 * rows[:2000]
    model = ApproximateKMeans(100, iterations=8, seed=1).fit(np.concatenate([crowd, rows[:300]]))
    nearest = clustering.squares(rows[:300], model.centers_).argmin(1)
    assert len(np.unique(nearest)) > 50  # of the first centers 13 of 100 are no crowd


def test_threads_and_parts_and_blocks_do_not_matter_and_the_seed_does(rows):
    fits = {
        name: ApproximateKMeans(80, iterations=3, **options).fit(values)
        for name, options, values in (
            ("plain", {}, rows),
            ("threads", {"threads": 3}, rows),
            ("parts", {}, Rows([rows[:500], rows[500:]])),
            ("seed", {"seed": 1}, rows),
        )
    }
    for name in ("threads", "parts"):
        np.testing.assert_array_equal(fits[name].centers_, fits["plain"].centers_)
        assert fits[name].inertia_ == fits["plain"].inertia_
    assert not np.array_equal(fits["seed"].centers_, fits["plain"].centers_)


def test_a_fit_that_was_interrupted_gives_what_one_in_one_go_gives(rows, tmp_path):
    checkpoint = tmp_path / "words.part"
    whole = ApproximateKMeans(80, iterations=5).fit(rows)
    asked = []

    def interrupt(what, done, total):
        asked.append((what, done, total))
        if len(asked) == 4:
            raise KeyboardInterrupt

    options = {"iterations": 5, "checkpoint": checkpoint}
    with pytest.raises(KeyboardInterrupt):
        ApproximateKMeans(80, **options, report=interrupt).fit(rows)
    assert checkpoint.exists()
    assert asked[-1] == ("fit", 4 * 3000, 5 * 3000)
    going_on = []
    model = ApproximateKMeans(80, **options, report=lambda *words: going_on.append(words))
    model.fit(rows)
    assert [done for _, done, _ in going_on] == [4 * 3000, 5 * 3000]
    np.testing.assert_array_equal(model.centers_, whole.centers_)
    np.testing.assert_array_equal(model.coarse_, whole.coarse_)
    assert not checkpoint.exists()


@pytest.mark.parametrize("other", ["rows", "seed", "damaged"])
def test_what_another_fit_left_behind_is_not_taken_up(rows, tmp_path, other):
    checkpoint = tmp_path / "words.part"
    whole = ApproximateKMeans(80, iterations=2).fit(rows)

    def interrupt(what, done, total):
        if done > len(rows):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ApproximateKMeans(
            80, iterations=2, checkpoint=checkpoint, report=interrupt, seed=int(other == "seed")
        ).fit(rows[::-1].copy() if other == "rows" else rows)
    if other == "damaged":
        checkpoint.write_bytes(checkpoint.read_bytes()[:-900])
    model = ApproximateKMeans(80, iterations=2, checkpoint=checkpoint).fit(rows)
    np.testing.assert_array_equal(model.centers_, whole.centers_)


def test_more_rows_than_the_sample_are_thinned(rows):
    model = ApproximateKMeans(10, sample=50, iterations=4).fit(rows)
    assert np.all(np.isfinite(model.centers_))
    assert model.inertia_ < KMeans(1).fit(rows).inertia_


def test_rows_that_repeat_make_no_nan():
    rows = np.repeat(np.eye(20, dtype=np.float32), 30, axis=0)
    model = ApproximateKMeans(20, iterations=6).fit(rows)
    assert np.all(np.isfinite(model.centers_))
    assert model.inertia_ == pytest.approx(0, abs=1e-6)


def test_a_fit_that_needs_more_memory_than_there_is_is_refused_before_it_begins(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 1 << 30)
    rows = np.zeros((10, 128), np.float32)
    with pytest.raises(UsageError, match=r"10 descriptors needs 4\.\d GiB of memory, 1 GiB are av"):
        ApproximateKMeans(4 << 20).fit(rows)


@pytest.mark.parametrize(
    ("rows", "error", "says"),
    [
        (np.zeros((3, 2), np.float32), UsageError, "3 rows cannot make 4"),
        (np.zeros((9, 2), np.float32), UsageError, "only 1 of 9 rows are different"),
        (np.zeros((9, 2)), ShapeError, "float32"),
        (np.zeros(9, np.float32), ShapeError, "shape"),
        (np.full((9, 2), np.nan, np.float32), ShapeError, "finite"),
        (np.zeros((9, 0), np.float32), ShapeError, "column"),
    ],
)
def test_rows_that_cannot_be_clustered_are_refused(rows, error, says):
    with pytest.raises(error, match=says):
        ApproximateKMeans(4).fit(rows)


@pytest.mark.parametrize("name", ["clusters", "iterations", "sample", "probes", "threads"])
def test_options_below_one_are_refused_when_fitting(rows, name):
    with pytest.raises(UsageError, match=f"{name} must be at least 1"):
        ApproximateKMeans(**{"clusters": 4, name: 0}).fit(rows)
