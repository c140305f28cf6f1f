from __future__ import annotations

import hashlib

import pytest

from oracles import encoding
from relook.datasets.truth import DatasetImage, DatasetQuery, GroundTruth
from relook.encodings import (
    Codebook,
    FisherVector,
    JointReduction,
    TriangulationEmbedding,
    Vlad,
    load_codebook,
)
from relook.encodings.hamming import HammingEmbedding
from relook.encodings.vocabularies import Vocabulary
from relook.evaluation.fitted import fitted_of
from relook.evaluation.overlap import overlap
from relook.search import DEFAULT_RECIPE, load_recipe

IMAGES = (DatasetImage("a", "a.jpg", "db"), DatasetImage("q", "q.jpg", "query"))


def named(name: str) -> GroundTruth:
    return GroundTruth(name, IMAGES, (DatasetQuery("q", "all", ("a",)),))


@pytest.mark.parametrize(
    ("on", "dataset"),
    [
        ("holidays", "Holidays"),
        ("oxford5k", "roxford5k"),
        ("Oxford", "oxford5k"),
        ("paris6k", "rparis6k"),
        ("my-paris-photos", "paris6k"),
        ("google-landmarks-v2", "roxford5k"),
        ("GLDv2", "rparis6k"),
        ("oxford5k", "tini-gld"),
    ],
)
def test_a_set_of_the_same_landmarks_overlaps(on, dataset, tmp_path):
    reason = overlap({"on": ["flowers", on]}, named(dataset), tmp_path)
    assert reason is not None
    assert reason.startswith(f"fitted on {on}, ")


@pytest.mark.parametrize(
    ("on", "dataset"),
    [
        ("paris6k", "roxford5k"),
        ("comparison", "paris6k"),
        ("oxford5k", "holidays"),
        ("", "all"),
    ],
)
def test_sets_of_other_things_do_not_overlap(on, dataset, tmp_path):
    assert overlap({"on": [on]}, named(dataset), tmp_path) is None


def test_what_was_reduced_on_other_photos_is_asked_about_these_as_well(tmp_path):
    fitted = {"on": ["flowers"], "reduced_on": ["flowers", "oxford5k"]}
    reason = overlap(fitted, named("roxford5k"), tmp_path)
    assert reason is not None
    assert reason.startswith("fitted on oxford5k, ")


@pytest.mark.parametrize("photo", ["a.jpg", "q.jpg"])
def test_photos_of_the_database_and_queries_are_known_by_their_bytes(photo, tmp_path):
    for name in ("a.jpg", "q.jpg"):
        (tmp_path / name).write_bytes(name.encode())
    own = hashlib.sha256(photo.encode()).hexdigest()[:16]
    other = hashlib.sha256(b"other").hexdigest()[:16]
    found = overlap({"on": [], "sha256": [other, own]}, named("mine"), tmp_path)
    assert found == "fitted on 1 photos of the test set"
    assert overlap({"sha256": [other]}, named("mine"), tmp_path) is None


@pytest.mark.parametrize("fitted", [{}, {"on": 3, "sha256": None}, {"on": [None, {}]}])
def test_a_header_that_says_nothing_overlaps_with_nothing(fitted, tmp_path):
    assert overlap(fitted, named("oxford5k"), tmp_path) is None


@pytest.mark.parametrize("dataset", ["oxford5k", "roxford5k", "paris6k", "rparis6k", "holidays"])
def test_the_shipped_codebook_is_fair_to_published_test_sets(dataset, tmp_path):
    fitted = load_codebook(load_recipe(DEFAULT_RECIPE).local.codebook).fitted
    assert fitted["on"]
    assert overlap(fitted, named(dataset), tmp_path) is None


def test_words_signatures_and_encoders_fitted_on_the_test_photos_are_all_told(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"a")
    fitted = {"sha256": [hashlib.sha256(b"a").hexdigest()[:16]]}
    rows = [encoding.descriptors(200, seed=seed) for seed in range(4)]
    book = Codebook.fit(rows, words=8, fitted=fitted)
    book.save(tmp_path / "words.safetensors")
    HammingEmbedding.fit(rows, book, fitted=fitted).save(tmp_path / "he.safetensors")
    for kind in (Vlad, FisherVector, TriangulationEmbedding, JointReduction):
        options = {"vocabularies": [Vocabulary(words=8)], "dimensions": 2}
        made = kind.fit(
            rows, **(options if kind is JointReduction else {"words": 4}), fitted=fitted
        )
        made.save(tmp_path / f"{kind.__name__}.safetensors")
    recipes = {
        "he": '[channels.local]\ncodebook = "words.safetensors"\nencoding = "he"\n'
        'hamming = "he.safetensors"\nindex = { max_distance = 24 }\n[plan]\nmax_distance = 24\n'
        "assignments = 1\n",
        **{
            kind.__name__: f'[channels.global]\nencoder = "{kind.__name__}.safetensors"\n'
            for kind in (Vlad, FisherVector, TriangulationEmbedding, JointReduction)
        },
    }
    told = []
    for name, text in recipes.items():
        path = tmp_path / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        for what, header in fitted_of(load_recipe(path)):
            assert overlap(header, named("mine"), tmp_path) == "fitted on 1 photos of the test set"
            told.append(what.split()[0])
    assert told == ["codebook", "Hamming", "encoder", "encoder", "encoder", "encoder"]
