"""Hamming embedding: signatures and scores from their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import encoding, hamming
from relook.core import memory
from relook.core.errors import FormatError, ShapeError, UsageError
from relook.core.records import Aggregate
from relook.core.storage import load_arrays, save_arrays
from relook.encodings import HammingEncoder, load_codebook
from relook.encodings.bow import tf_idf_weights
from relook.encodings.hamming import (
    EMBEDDINGS,
    FEWEST,
    HammingEmbedding,
    load_hamming,
    random_projection,
    shipped_embeddings,
)
from relook.index import InvertedIndex, Kernel

BOOK = encoding.codebook(20)
IMAGES = [encoding.descriptors(300, seed=seed) for seed in range(20, 26)]


@pytest.fixture(scope="module")
def embedding():
    return HammingEmbedding.fit(IMAGES, BOOK, fitted={"on": "made-up rows"})


@pytest.mark.parametrize("burst", [False, True])
@pytest.mark.parametrize("sigma", [0.0, 16.0])
@pytest.mark.parametrize("assignments", [1, 3])
def test_scores_of_encoded_pictures_equal_the_definition(embedding, burst, sigma, assignments):
    encoder = HammingEncoder(BOOK, embedding, assignments=assignments)
    weights = tf_idf_weights(BOOK.idf)
    pictures = [encoding.features(count, seed=count) for count in (90, 60, 33, 7, 1)]
    query = encoding.features(80, seed=500)
    index = InvertedIndex(Kernel.hamming(20, max_distance=24, sigma=sigma, burst=burst), weights)
    index.add(np.arange(5), [encoder.encode(picture).aggregate for picture in pictures])
    have = index.scores(encoder.encode_query(query).aggregate)[1]

    def definition(picture, count):
        rows = picture.descriptors
        entries = sorted(
            (int(word), place)
            for place, own in enumerate(encoding.nearest_words(rows, BOOK.centers, count=count))
            for word in own
        )
        signatures = [
            hamming.signature(
                rows[place], BOOK.centers[word], embedding.projection, embedding.medians[word]
            )
            for word, place in entries
        ]
        words = np.array([word for word, _ in entries], np.int32)
        return Aggregate(words, np.array(signatures, np.uint64))

    rule = {"weights": weights, "max_distance": 24, "sigma": sigma, "burst": burst}
    asked = definition(query, assignments)
    want = [hamming.score(asked, definition(picture, 1), **rule) for picture in pictures]
    np.testing.assert_allclose(have, want, atol=1e-5)
    assert want[0] > 0.01


def test_each_bit_of_a_word_is_set_for_half_of_what_was_fitted_on(embedding):
    rows = np.concatenate(IMAGES)
    words = BOOK.assign(rows)[:, 0]
    for word in np.unique(words):
        own = np.flatnonzero(words == word)
        if len(own) < 50:
            continue
        residuals = rows[own] - BOOK.centers[word]
        signatures = embedding.signatures(words[own], residuals)
        bits = np.unpackbits(signatures.view(np.uint8), axis=1)
        assert np.abs(bits.mean(axis=0) - 0.5).max() < 0.12  # medians are rounded to bytes


def test_medians_are_those_of_the_projected_residuals_to_half_a_step(embedding):
    rows = np.concatenate(IMAGES).astype(np.float64)
    words = encoding.nearest_words(rows, BOOK.centers)[:, 0]
    for word in range(20):
        offsets = (rows[words == word] - BOOK.centers[word]) @ embedding.projection.T
        want = np.median(offsets, axis=0) if len(offsets) >= FEWEST else np.zeros(64)
        np.testing.assert_allclose(embedding.medians[word], want, atol=0.51 * embedding.step)


def test_words_with_few_descriptors_are_cut_at_their_center():
    few = HammingEmbedding.fit([BOOK.centers[:1].repeat(FEWEST - 1, axis=0)], BOOK)
    assert not few.medians.any()
    for images in ([], [np.zeros((0, 128), np.float32)] * 3):  # images without features
        assert not HammingEmbedding.fit(images, BOOK).medians.any()


def test_the_projection_has_orthogonal_rows_and_follows_the_seed():
    first = random_projection(64, 128, seed=0)
    np.testing.assert_allclose(first @ first.T, np.eye(64), atol=1e-6)
    np.testing.assert_array_equal(first, random_projection(64, 128, seed=0))
    assert np.abs(first - random_projection(64, 128, seed=1)).max() > 0.1
    np.testing.assert_allclose(random_projection(128, 128, seed=0)[:64], first)


def test_near_descriptors_of_a_word_differ_in_fewer_bits_than_others(embedding):
    encoder = HammingEncoder(BOOK, embedding)
    picture = encoding.features(400, seed=9)
    near = type(picture)(
        picture.frames,
        picture.descriptors + np.float32(2.0**-8),
        picture.responses,
        picture.size,
    )
    codes, other = encoder.encode(picture), encoder.encode(near)
    same = np.intersect1d(codes.features, other.features)
    place, its = np.argsort(codes.features)[same], np.argsort(other.features)[same]
    kept = codes.words[place] == other.words[its]
    difference = np.bitwise_count(codes.signatures[place] ^ other.signatures[its])[kept].mean()
    strangers = np.bitwise_count(codes.signatures[1:] ^ codes.signatures[:-1])[
        codes.words[1:] == codes.words[:-1]
    ].mean()
    assert difference < 0.5 * strangers


def test_saved_and_loaded_it_is_the_same(embedding, tmp_path):
    path = tmp_path / "own.safetensors"
    embedding.save(path)
    for back in (HammingEmbedding.load(path), load_hamming(str(path))):
        assert back.sha256 == embedding.sha256
        assert back.fitted == embedding.fitted
        assert (back.fitted["on"], back.fitted["images"]) == ("made-up rows", 6)
        np.testing.assert_array_equal(back.medians, embedding.medians)
    assert HammingEmbedding.fit(IMAGES, BOOK).sha256 == embedding.sha256
    assert HammingEmbedding.fit(IMAGES, BOOK, seed=1).sha256 != embedding.sha256
    assert HammingEmbedding.fit(IMAGES, encoding.codebook(20, seed=1)).sha256 != embedding.sha256


def test_another_codebook_is_refused(embedding):
    for other in (encoding.codebook(20, seed=1), encoding.codebook(20, dimension=64)):
        with pytest.raises(UsageError, match="another codebook, perhaps of another descriptor"):
            HammingEncoder(other, embedding)


def test_half_precision_descriptors_may_be_fitted_on():
    halves = [rows.astype(np.float16) for rows in IMAGES]
    same = HammingEmbedding.fit([rows.astype(np.float32) for rows in halves], BOOK)
    assert HammingEmbedding.fit(halves, BOOK).sha256 == same.sha256


def test_a_fit_says_what_memory_it_needs_before_it_begins(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 1 << 10)
    with pytest.raises(UsageError, match=r"embedding of 20 words .* GiB of memory"):
        HammingEmbedding.fit(IMAGES, BOOK)


def test_medians_of_too_few_words_are_refused(embedding):
    short = HammingEmbedding(
        embedding.projection,
        embedding.quantized[:5],
        embedding.step,
        codebook_sha256=embedding.codebook_sha256,
        fitted={},
    )
    with pytest.raises(UsageError, match="for another codebook"):
        HammingEncoder(BOOK, short)


@pytest.mark.parametrize("bits", [0, 32, 100, 192])
def test_bits_that_do_not_fit_the_descriptors_are_refused(bits):
    with pytest.raises(UsageError, match="multiple of 64 and at most the 128 dimensions"):
        HammingEmbedding.fit(IMAGES, BOOK, bits=bits)


def test_other_descriptors_and_assignments_are_refused(embedding):
    with pytest.raises(ShapeError, match="descriptors"):
        HammingEncoder(BOOK, embedding).encode(encoding.features(5, dimension=64))
    for assignments in (0, 21):
        with pytest.raises(UsageError, match="assignments must be 1 to 20"):
            HammingEncoder(BOOK, embedding, assignments=assignments)


def test_a_damaged_or_missing_file_is_refused(embedding, tmp_path):
    path = tmp_path / "own.safetensors"
    embedding.save(path)
    stored = load_arrays(path, kind="relook.hamming", version=1)
    arrays = {name: np.array(array) for name, array in stored.arrays.items()}
    for wrong in (
        {"medians": arrays["medians"][:, :5]},
        {"projection": arrays["projection"] * np.nan},
    ):
        path.unlink()
        save_arrays(path, arrays | wrong, kind="relook.hamming", version=1, header=stored.header)
        with pytest.raises(FormatError, match="damaged"):
            HammingEmbedding.load(path)
    for step in (0.0, np.nan):
        path.unlink()
        header = {**stored.header, "step": step}
        save_arrays(path, arrays, kind="relook.hamming", version=1, header=header)
        with pytest.raises(FormatError, match="damaged"):
            HammingEmbedding.load(path)
    with pytest.raises(UsageError, match="no Hamming embedding 'nothing'"):
        load_hamming("nothing")


def test_what_ships_belongs_to_the_codebook_of_its_name():
    assert "sift-16k" in shipped_embeddings()
    for name in shipped_embeddings():
        embedding, book = load_hamming(name), load_codebook(name)
        assert HammingEncoder(book, embedding).codebook is book
        assert (EMBEDDINGS / f"{name}.safetensors").stat().st_size < 1.1e6
        assert embedding.fitted["on"] == ["photos"]
        projection = embedding.projection
        np.testing.assert_allclose(projection @ projection.T, np.eye(embedding.bits), atol=1e-6)
