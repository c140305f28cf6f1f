"""Codebooks: which word is found, what is kept, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from oracles import encoding
from relook.core.errors import FormatError, ShapeError, StorageError, UsageError
from relook.core.storage import load_arrays, save_arrays
from relook.encodings import Codebook, load_codebook


@pytest.fixture(scope="module")
def images():
    return [encoding.descriptors(200, seed=seed, themes=300) for seed in range(30)]


@pytest.fixture(scope="module")
def fitted(images):
    return Codebook.fit(images, words=400, iterations=8, fitted={"on": "made-up rows"})


def test_the_exact_word_is_found_almost_always(fitted):
    rows = encoding.descriptors(2000, seed=77, themes=300)
    exact = encoding.nearest_words(rows, fitted.centers, count=5)
    found = fitted.assign(rows, count=5)
    assert found.dtype == np.int32
    assert np.mean(found[:, 0] == exact[:, 0]) >= 0.95
    few = fitted.assign(rows, probes=1)[:, 0]
    assert np.mean(few == exact[:, 0]) < np.mean(found[:, 0] == exact[:, 0])


def test_looking_at_all_cells_is_exact_and_nearest_first(fitted):
    rows = encoding.descriptors(300, seed=78, themes=300)
    found = fitted.assign(rows, count=7, probes=10_000)
    away = np.linalg.norm(rows[:, None].astype(np.float64) - fitted.centers[found], axis=2)
    assert np.all(np.diff(away, axis=1) >= -1e-6)
    exact = encoding.nearest_words(rows, fitted.centers, count=7)
    want = np.linalg.norm(rows[:, None].astype(np.float64) - fitted.centers[exact], axis=2)
    np.testing.assert_allclose(away, want, atol=1e-5)


def test_more_words_than_the_cells_hold_are_found_in_all_cells():
    book = encoding.codebook(40)
    rows = encoding.descriptors(10)
    found = book.assign(rows, count=40, probes=1)
    assert all(sorted(row) == list(range(40)) for row in found.tolist())
    with pytest.raises(UsageError, match="41 words asked for, the codebook has 40"):
        book.assign(rows, count=41)


def test_words_are_the_same_whether_asked_one_by_one_or_together(fitted):
    rows = encoding.descriptors(50, seed=5, themes=300)
    together = fitted.assign(rows, count=2)
    alone = np.concatenate([fitted.assign(rows[i : i + 1], count=2) for i in range(50)])
    np.testing.assert_array_equal(together, alone)
    assert fitted.assign(rows[:0], count=3).shape == (0, 3)


def test_the_words_are_exactly_the_bytes_that_are_kept(fitted):
    np.testing.assert_array_equal(
        fitted.centers, fitted.quantized.astype(np.float32) * np.float32(fitted.step)
    )
    assert fitted.quantized.max() == 255
    assert len(fitted) == 400


def test_quantized_words_are_near_the_means_of_their_rows(fitted, images):
    rows = np.concatenate(images)
    inertia = ((rows - fitted.centers[fitted.assign(rows)[:, 0]]) ** 2).sum(1).mean()
    total = ((rows - rows.mean(0)) ** 2).sum(1).mean()
    assert inertia < 0.5 * total


def test_idf_is_the_log_of_images_over_images_with_the_word():
    book = encoding.codebook(4)
    rows = book.centers
    have = book.inverse_document_frequency(
        [rows[[0, 0, 1]], rows[[0, 2]], rows[[0]], rows[[1]], rows[:0]]
    )
    want = [math.log(5 / 3), math.log(5 / 2), math.log(5), math.log(5)]
    np.testing.assert_allclose(have, want, rtol=1e-6)
    assert have.dtype == np.float32


def test_idf_is_fitted_with_the_words_and_never_negative(fitted, images):
    np.testing.assert_array_equal(fitted.idf, fitted.inverse_document_frequency(images))
    assert fitted.idf.min() >= 0


def test_fitting_is_deterministic_and_follows_the_seed(images):
    few = images[:5]
    one, two, other = (Codebook.fit(few, words=50, seed=seed) for seed in (1, 1, 2))
    assert one.sha256 == two.sha256 != other.sha256


def test_provenance_is_kept(fitted, images, tmp_path):
    want = {"on": "made-up rows", "images": 30, "descriptors": 6000}
    assert fitted.fitted == want
    fitted.save(tmp_path / "own.safetensors")
    assert Codebook.load(tmp_path / "own.safetensors").fitted == want


def test_a_saved_codebook_is_the_same_when_loaded(fitted, tmp_path):
    path = tmp_path / "own.safetensors"
    fitted.save(path)
    loaded = load_codebook(str(path))
    assert loaded.sha256 == fitted.sha256
    rows = encoding.descriptors(100, seed=6, themes=300)
    np.testing.assert_array_equal(loaded.assign(rows, count=3), fitted.assign(rows, count=3))
    np.testing.assert_array_equal(loaded.idf, fitted.idf)
    assert path.stat().st_size < 400 * 128 + 25 * 512 + 4 * 400 + 2000


@pytest.mark.parametrize("changed", ["centers", "step", "coarse", "idf"])
def test_the_hash_follows_everything_that_decides_words_and_weights(changed):
    book = encoding.codebook(10)
    parts = {
        "centers": book.quantized.copy(),
        "step": book.step,
        "coarse": book.coarse.copy(),
        "idf": book.idf.copy(),
    }

    def make(**others):
        parts_ = {**parts, **others}
        centers, step = parts_.pop("centers"), parts_.pop("step")
        return Codebook(centers, step, **parts_, fitted={"on": "something else"})

    assert make().sha256 == book.sha256
    value = parts[changed]
    if isinstance(value, float):
        other = value * 1.5
    else:
        other = value.copy()
        other.flat[3] += 1
    assert make(**{changed: other}).sha256 != book.sha256


def test_words_of_descriptors_with_signs_lie_on_both_sides_of_zero(images, tmp_path):
    rows = [image - image.mean(0) for image in images]
    book = Codebook.fit(rows, words=100, iterations=8)
    assert book.zero == 128
    assert book.centers.min() < 0 < book.centers.max()
    joined = np.concatenate(rows)
    words = book.assign(joined)[:, 0]
    for word in np.unique(words)[:5]:
        mean = joined[words == word].mean(0)
        assert np.abs(book.centers[word] - mean).max() < 0.25 * np.abs(joined).max()
    book.save(tmp_path / "signed.safetensors")
    loaded = Codebook.load(tmp_path / "signed.safetensors")
    assert (loaded.zero, loaded.sha256) == (128, book.sha256)
    np.testing.assert_array_equal(loaded.centers, book.centers)


def test_a_codebook_without_signs_is_written_and_hashed_as_ever(tmp_path):
    shipped = load_codebook("sift-16k")
    assert shipped.sha256 == "60123c4960382c6e360eb4f1bcbac38cc8716cf5bc2e214e347c6e6e5e1270d0"
    shipped.save(tmp_path / "again.safetensors")
    assert load_arrays(tmp_path / "again.safetensors", kind="codebook", version=1)
    signed = Codebook(
        shipped.quantized, shipped.step, coarse=shipped.coarse, idf=shipped.idf, fitted={}, zero=128
    )
    assert signed.sha256 != shipped.sha256


@pytest.mark.parametrize(
    ("images", "words", "error", "says"),
    [
        ([], 4, UsageError, "0 rows cannot make 4 clusters"),
        ([encoding.descriptors(3)], 4, UsageError, "3 rows cannot make 4"),
        ([encoding.descriptors(9) * np.nan], 4, ShapeError, "not finite"),
        ([encoding.descriptors(9).astype(np.float64)], 4, ShapeError, "float32"),
        ([encoding.descriptors(9), encoding.descriptors(9, dimension=64)], 4, ShapeError, "shape"),
        ([encoding.descriptors(9)[0]], 4, ShapeError, "shape"),
        ([encoding.descriptors(9)], 0, UsageError, "clusters"),
    ],
)
def test_what_cannot_be_fitted_is_refused(images, words, error, says):
    with pytest.raises(error, match=says):
        Codebook.fit(images, words=words)


@pytest.mark.parametrize("kind", ["flat", "approximate", "tree"])
def test_pictures_that_all_show_the_same_are_refused(kind):
    with pytest.raises(UsageError, match="only 1 of 20 rows are different"):
        Codebook.fit([np.full((20, 128), 0.5, np.float32)], words=2, kind=kind)


def test_parts_that_do_not_fit_together_are_refused():
    book = encoding.codebook(10)
    with pytest.raises(ShapeError, match="idf"):
        Codebook(book.quantized, 1.0, coarse=book.coarse, idf=book.idf[:9], fitted={})
    with pytest.raises(ShapeError, match="coarse"):
        Codebook(book.quantized, 1.0, coarse=book.coarse[:, :64], idf=book.idf, fitted={})
    with pytest.raises(ShapeError, match="centers must be uint8"):
        Codebook(book.centers, 1.0, coarse=book.coarse, idf=book.idf, fitted={})


def test_a_name_that_does_not_ship_is_refused_with_the_choices():
    with pytest.raises(UsageError, match=r"no codebook 'sift-1k'; use one of .*or the path"):
        load_codebook("sift-1k")
    with pytest.raises(UsageError, match=r"no codebook 'nowhere\.safetensors'"):
        load_codebook("nowhere.safetensors")


def test_files_that_hold_no_codebook_are_refused(tmp_path):
    book = encoding.codebook(10)
    arrays = {"centers": book.quantized, "coarse": book.coarse, "idf": book.idf}
    header = {"step": book.step, "fitted": {}}
    cases = {
        "other kind": (arrays, header, "index"),
        "without idf": ({k: v for k, v in arrays.items() if k != "idf"}, header, "codebook"),
        "short idf": ({**arrays, "idf": book.idf[:3]}, header, "codebook"),
        "without step": (arrays, {"fitted": {}}, "codebook"),
        "odd step": (arrays, {"step": "wide", "fitted": {}}, "codebook"),
        "no coarse": ({**arrays, "coarse": book.coarse[:0]}, header, "codebook"),
    }
    for name, (stored, head, kind) in cases.items():
        path = tmp_path / f"{name}.safetensors"
        save_arrays(path, stored, kind=kind, version=1, header=head)
        with pytest.raises(FormatError, match=name):
            Codebook.load(path)
    with pytest.raises(StorageError, match="cannot read"):
        Codebook.load(tmp_path / "missing.safetensors")
