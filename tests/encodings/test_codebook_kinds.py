"""Codebooks of a million words and trees: fitted, kept, assigned and refused as the flat ones."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import clustering, encoding
from relook.core import memory
from relook.core.errors import FormatError, ShapeError, UsageError
from relook.core.storage import load_arrays, save_arrays
from relook.encodings import Codebook
from relook.encodings.learned_words import FitOptions, affordable_rows, check_fit

KINDS = ("flat", "approximate", "tree")


@pytest.fixture(scope="module")
def images():
    return [encoding.descriptors(100, seed=seed, themes=300) for seed in range(30)]


@pytest.fixture(scope="module")
def books(images):
    options = {"words": 200, "iterations": 4, "branching": 6}
    return {kind: Codebook.fit(images, kind=kind, **options) for kind in KINDS}


@pytest.fixture(params=KINDS)
def book(books, request):
    return books[request.param]


@pytest.fixture(scope="module")
def rows():
    return encoding.descriptors(300, seed=77, themes=300)


def arrays_of(book, path):
    book.save(path)
    stored = load_arrays(path, kind="codebook", version=3)
    return stored.header, {name: np.array(array) for name, array in stored.arrays.items()}


def test_each_kind_has_the_words_it_was_asked_for(books):
    assert len(books["flat"]) == len(books["approximate"]) == 200
    assert books["tree"].tree.depth == 3  # 6^3 is nearest to 200
    assert 36 < len(books["tree"]) <= 216
    kinds = [book.fitted.get("kind", "flat") for book in books.values()]
    assert kinds == list(KINDS)
    assert all(book.dimensions == 128 for book in books.values())


def test_the_depth_decides_how_many_words_a_tree_has(images):
    book = Codebook.fit(images, kind="tree", branching=4, depth=2, words=9999)
    assert (len(book), book.tree.depth) == (16, 2)


def test_words_of_all_kinds_are_near_their_descriptors(book, images):
    joined = np.concatenate(images)
    inertia = ((joined - book.values(book.assign(joined)[:, 0])) ** 2).sum(1).mean()
    assert inertia < 0.6 * ((joined - joined.mean(0)) ** 2).sum(1).mean()


def test_looking_everywhere_finds_the_exact_words_nearest_first(book, rows):
    found = book.assign(rows, count=4, probes=10_000)
    away = clustering.squares(rows, book.centers)
    got = np.take_along_axis(away, found, axis=1)
    np.testing.assert_allclose(got, np.sort(away, axis=1)[:, :4], atol=1e-6)


def test_descriptors_descend_a_tree_to_one_word(books, rows):
    book = books["tree"]
    floats = book.tree._replace(
        leaves=book.centers,
        inner=book.tree.inner.astype(np.float32) * np.float32(book.step),
    )
    want = [clustering.descend(row, floats) for row in rows[:100]]
    np.testing.assert_array_equal(book.assign(rows[:100])[:, 0], want)


def test_words_do_not_depend_on_threads_or_company(book, rows):
    alone = book.assign(rows, count=3)
    np.testing.assert_array_equal(book.assign(rows, count=3, threads=3), alone)
    single = np.concatenate([book.assign(rows[i : i + 1], count=3) for i in range(20)])
    np.testing.assert_array_equal(single, alone[:20])
    assert book.assign(rows[:0], count=2).shape == (0, 2)


def test_fits_follow_the_seed_and_not_the_threads(images):
    for kind in KINDS:
        one, two, other = (
            Codebook.fit(images[:9], words=30, kind=kind, iterations=3, seed=seed, threads=threads)
            for seed, threads in ((1, 1), (1, 3), (2, 1))
        )
        assert one.sha256 == two.sha256 != other.sha256


def test_halves_are_as_good_as_floats(images):
    half = [image.astype(np.float16) for image in images[:9]]  # multiples of 2^-10: exact
    for kind in KINDS:
        options = {"words": 30, "kind": kind, "iterations": 3}
        assert Codebook.fit(half, **options).sha256 == Codebook.fit(images[:9], **options).sha256


def test_some_words_are_the_same_as_all(book):
    words = np.array([[3, 0], [7, 7]])
    np.testing.assert_array_equal(book.values(words), book.centers[words])
    assert book.centers is book.centers


def test_a_saved_codebook_is_the_same_when_loaded(book, rows, tmp_path):
    path = tmp_path / "own.safetensors"
    book.save(path)
    loaded = Codebook.load(path)
    assert (loaded.sha256, loaded.fitted) == (book.sha256, book.fitted)
    np.testing.assert_array_equal(loaded.assign(rows, count=2), book.assign(rows, count=2))
    version = 1 if "kind" not in book.fitted else 3
    load_arrays(path, kind="codebook", version=version)
    assert path.stat().st_size < (len(book) * 1.3 + 60) * 128 + 13 * 512 + 5000


def test_trees_of_descriptors_with_signs_are_kept_too(images, tmp_path):
    rows = [image - image.mean(0) for image in images[:9]]
    for kind in KINDS:
        book = Codebook.fit(rows, words=30, kind=kind, iterations=3)
        assert book.zero == 128
        assert book.centers.min() < 0 < book.centers.max()
        book.save(tmp_path / "signed.safetensors")
        loaded = Codebook.load(tmp_path / "signed.safetensors")
        assert (loaded.zero, loaded.sha256) == (128, book.sha256)


@pytest.mark.parametrize("changed", ["starts", "inner", "children"])
def test_the_hash_follows_cells_and_trees(books, changed, tmp_path):
    book = books["approximate" if changed == "starts" else "tree"]
    header, arrays = arrays_of(book, tmp_path / "book.safetensors")
    arrays[changed].flat[1] += 1 if changed != "children" else 0
    if changed == "children":
        inner = np.flatnonzero(arrays["children"])
        last = inner[-2:]
        arrays["children"][last] = arrays["children"][last] + (1, -1)
    arrays = {name: arrays[name] for name in arrays}
    other = Codebook(
        arrays.pop("centers"), header["step"], idf=arrays.pop("idf"), fitted={}, **arrays
    )
    assert other.sha256 != book.sha256


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("approximate", lambda arrays: arrays.update(starts=arrays["starts"][:-1])),
        ("approximate", lambda arrays: arrays.update(starts=arrays["starts"][::-1].copy())),
        ("approximate", lambda arrays: arrays["starts"].put(-1, 201)),
        ("approximate", lambda arrays: arrays["coarse"].put(0, np.nan)),
        ("approximate", lambda arrays: arrays.pop("coarse")),
        ("approximate", lambda arrays: arrays["idf"].put(0, np.inf)),
        ("approximate", lambda arrays: arrays.update(extra=arrays["starts"])),
        ("tree", lambda arrays: arrays.pop("children")),
        ("tree", lambda arrays: arrays.pop("inner")),
        ("tree", lambda arrays: arrays["children"].put(0, 0)),
        ("tree", lambda arrays: arrays["children"].put(0, 60000)),
        ("tree", lambda arrays: arrays.update(inner=arrays["inner"][:, :64].copy())),
        ("tree", lambda arrays: arrays.update(coarse=np.zeros((2, 128), np.float32))),
    ],
)
def test_damaged_files_are_refused(books, kind, change, tmp_path):
    path = tmp_path / "book.safetensors"
    header, arrays = arrays_of(books[kind], path)
    change(arrays)
    save_arrays(path, arrays, kind="codebook", version=3, header=header)
    with pytest.raises(FormatError, match=r"book\.safetensors is a damaged codebook"):
        Codebook.load(path)


@pytest.mark.parametrize("step", [0, -1.0, float("nan")])
def test_a_step_that_is_no_length_is_refused(books, step, tmp_path):
    path = tmp_path / "book.safetensors"
    header, arrays = arrays_of(books["tree"], path)
    save_arrays(path, arrays, kind="codebook", version=3, header={**header, "step": step})
    with pytest.raises(FormatError, match="step"):
        Codebook.load(path)


def test_files_that_are_cut_off_are_refused(book, tmp_path):
    path = tmp_path / "book.safetensors"
    book.save(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FormatError, match="damaged"):
        Codebook.load(path)


def test_idf_is_counted_over_images_and_words_nobody_has_get_that_of_one(book, images):
    some = [*images[:5], images[0][:0]]
    have = book.inverse_document_frequency(some, threads=2)
    for word in range(len(book)):
        count = sum(word in book.assign(image)[:, 0] for image in some)
        assert have[word] == pytest.approx(np.log(6 / max(count, 1)), rel=1e-6)
    assert np.all(np.isfinite(book.idf))
    np.testing.assert_array_equal(book.inverse_document_frequency([]), np.zeros(len(book)))


def test_words_that_nobody_has_make_no_nan():
    rows = np.repeat(np.eye(40, 128, dtype=np.float32), 5, axis=0)
    for kind in KINDS:
        book = Codebook.fit([rows], words=36, kind=kind, branching=6)
        words, weights = book.soft_assign(rows, count=2)
        for array in (book.centers, book.idf, weights):
            assert np.all(np.isfinite(array))
        assert words.max() < len(book)


def test_stop_words_are_those_that_most_images_have():
    book = encoding.codebook(10)
    book.idf = np.array([3, 1, 2, 0, 1, 9, 9, 9, 9, 9], np.float32)
    assert book.stop_words(0).tolist() == []
    assert book.stop_words(0.1).tolist() == [3]
    assert book.stop_words(0.2).tolist() == [1, 3]
    assert book.stop_words(0.4).tolist() == [1, 2, 3, 4]
    assert book.stop_words(0.4).dtype == np.int32
    for share in (-0.1, 1, float("nan")):
        with pytest.raises(UsageError, match="share"):
            book.stop_words(share)


@pytest.mark.parametrize("sigma", [0.05, 0.12, 3.0])
def test_soft_weights_fall_with_the_squared_distance(book, rows, sigma):
    words, weights = book.soft_assign(rows, count=4, sigma=sigma, probes=8)
    np.testing.assert_array_equal(words, book.assign(rows, count=4, probes=8))
    for row, own, have in zip(rows[:50], words, weights, strict=False):
        away = ((row.astype(np.float64) - book.centers[own].astype(np.float64)) ** 2).sum(1)
        want = np.exp(-away / (2 * sigma**2))
        if want.sum() > 0:
            np.testing.assert_allclose(have, want / want.sum(), rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(weights.sum(1), 1, rtol=1e-5)
    assert weights.dtype == np.float32


def test_soft_weights_of_far_descriptors_do_not_vanish(book):
    far = np.full((2, 128), 90, np.float32)
    _, weights = book.soft_assign(far, sigma=1e-3)
    np.testing.assert_allclose(weights.sum(1), 1, rtol=1e-6)
    assert book.soft_assign(far[:0])[1].shape == (0, 3)


def test_what_cannot_be_assigned_is_refused(book, rows):
    with pytest.raises(ShapeError, match=r"\(any, 128\) as this codebook's words, not \(300, 64\)"):
        book.assign(rows[:, :64].copy())
    with pytest.raises(ShapeError, match="shape"):
        book.assign(rows[0])
    with pytest.raises(ShapeError, match="float32"):
        book.assign(rows.astype(np.float64))
    with pytest.raises(ShapeError, match="not finite"):
        book.soft_assign(np.where(np.arange(300)[:, None] == 3, np.float32(np.nan), rows))
    for options in ({"count": 0}, {"probes": 0}, {"threads": 0}):
        with pytest.raises(UsageError, match=f"{next(iter(options))} must be at least 1"):
            book.assign(rows, **options)
    for sigma in (0, -1, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="sigma must be a positive number"):
            book.soft_assign(rows, sigma=sigma)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"kind": "round"}, "no kind 'round' of codebook; use one of flat, approximate, tree"),
        ({"kind": "approximate", "words": 0}, "clusters must be at least 1"),
        ({"kind": "approximate", "words": 9999}, "3000 rows cannot make 9999 clusters"),
        ({"kind": "tree", "branching": 1}, "branching must be at least 2"),
        ({"kind": "tree", "depth": 0}, "depth must be at least 1"),
    ],
)
def test_what_cannot_be_fitted_is_refused(images, options, says):
    with pytest.raises(UsageError, match=says):
        Codebook.fit(images, **options)


@pytest.mark.parametrize("kind", KINDS)
def test_millions_of_words_with_little_memory_are_refused_before_the_work(kind, monkeypatch):
    options = FitOptions(words=1 << 20, kind=kind, branching=16)
    monkeypatch.setattr(memory, "available_memory", lambda: 1 << 30)
    with pytest.raises(
        UsageError, match=r"1,048,576 words .* needs .* GiB .*, 1 GiB are available"
    ):
        check_fit(options, rows=5 << 20, width=128, kept=256)
    monkeypatch.setattr(memory, "available_memory", lambda: 64 << 30)
    check_fit(options, rows=5 << 20, width=128, kept=256)


@pytest.mark.parametrize("kind", KINDS)
def test_as_many_descriptors_as_are_affordable_fit(kind, monkeypatch):
    options = FitOptions(words=1000, kind=kind)
    for module in (memory, affordable_rows.__globals__):
        if isinstance(module, dict):
            monkeypatch.setitem(module, "available_memory", lambda: 1 << 30)
        else:
            monkeypatch.setattr(module, "available_memory", lambda: 1 << 30)
    many = affordable_rows(options, width=128, kept=256)
    assert many > 100_000
    check_fit(options, rows=many, width=128, kept=256)
    with pytest.raises(UsageError, match="ask for fewer words"):
        check_fit(options, rows=5 * many, width=128, kept=256)
