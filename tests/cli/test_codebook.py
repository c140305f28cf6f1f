from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from relook.cli import codebook
from relook.core import memory
from relook.encodings import Codebook
from relook.encodings.hamming import HammingEmbedding
from relook.features import EXTRACTORS
from relook.search import DEFAULT_RECIPE, load_recipe
from relook.vectors.approximate import ApproximateKMeans


def test_a_codebook_of_ones_own_makes_a_recipe(run: Any, photos: Path, tmp_path: Path) -> None:
    out, recipe = tmp_path / "mine.safetensors", tmp_path / "mine.toml"
    ran = run("codebook", photos, "--out", out, "--words", "64", "--jobs", "1")
    assert ran.code == 0
    assert len(Codebook.load(out)) == 64
    recipe.write_text(ran.out[ran.out.index("[channels.local]") :])
    photo = min(photos.iterdir())
    into = tmp_path / "pictures"
    assert run("index", photo, "--into", into, "--recipe", recipe, "--jobs", "1").code == 0
    hits = run("search", into, photo, "--json").json["results"]
    assert hits[0]["inliers"] > 50


@pytest.mark.parametrize("extractor", ["sift", "orb"])
def test_words_and_signatures_of_any_features_make_a_recipe(
    run: Any, photos: Path, tmp_path: Path, extractor: str
) -> None:
    out, recipe = tmp_path / "mine.safetensors", tmp_path / "mine.toml"
    (tmp_path / "he").mkdir()
    hamming = tmp_path / "he" / "own.safetensors"
    words = ("--words", "64", "--jobs", "1", "--extractor", extractor, "--hamming", hamming)
    ran = run("codebook", photos, "--out", out, *words)
    assert ran.code == 0
    embedding = HammingEmbedding.load(hamming)
    assert embedding.codebook_sha256 == Codebook.load(out).sha256
    assert embedding.fitted["sha256"] == Codebook.load(out).fitted["sha256"]
    assert embedding.fitted["extractor"] == extractor
    recipe.write_text(ran.out[ran.out.index("[channels.local]") :])
    photo = min(photos.iterdir())
    into = tmp_path / "pictures"
    assert run("index", photo, "--into", into, "--recipe", recipe, "--jobs", "1").code == 0
    hits = run("search", into, photo, "--json").json["results"]
    assert hits[0]["inliers"] > 50


def test_longer_signatures_may_differ_in_more_bits(run: Any, photos: Path, tmp_path: Path) -> None:
    out, recipe = tmp_path / "mine.safetensors", tmp_path / "mine.toml"
    words = ("--words", "64", "--jobs", "1", "--extractor", "akaze")
    ran = run("codebook", photos, "--out", out, *words)
    recipe.write_text(ran.out[ran.out.index("[channels.local]") :])
    made = load_recipe(recipe)
    usual = load_recipe(DEFAULT_RECIPE)
    assert made.local.index.max_distance == 4 * usual.local.index.max_distance
    assert made.plan.max_distance == 4 * usual.plan.max_distance


def test_every_extractor_may_have_words() -> None:
    hints = get_type_hints(codebook.run, include_extras=True)
    assert get_args(get_args(hints["extractor"])[0]) == tuple(EXTRACTORS)


def test_what_cannot_be_fitted_is_wrong_use(run: Any, photos: Path, tmp_path: Path) -> None:
    photo = min(photos.iterdir())
    out = tmp_path / "mine.safetensors"
    for words in (
        [photo, "--out", out, "--words", "5000", "--jobs", "1"],
        [photo, "--out", tmp_path / "mine.npy"],
        [photo, "--out", tmp_path / "missing" / "mine.safetensors"],
        [tmp_path / "missing", "--out", out],
        [photo, "--out", out, "--hamming", tmp_path / "he.npy"],
        [photo, "--out", out, "--hamming", tmp_path / "missing" / "he.safetensors"],
        [photo, "--out", out, "--hamming", out],
    ):
        ran = run("codebook", *words)
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert not out.exists()


def test_a_codebook_remembers_its_photos_so_that_a_test_on_them_is_called_unfair(
    run: Any, house: Path, tmp_path: Path
) -> None:
    out, recipe = tmp_path / "mine.safetensors", tmp_path / "mine.toml"
    query = min((house / "museum" / "queries").iterdir())
    assert run("codebook", query, "--out", out, "--words", "64", "--jobs", "1").code == 0
    fitted = Codebook.load(out).fitted
    assert fitted["on"] == [query.name]
    assert fitted["sha256"] == [hashlib.sha256(query.read_bytes()).hexdigest()[:16]]
    recipe.write_text('[channels.local]\ncodebook = "mine.safetensors"\n')
    ran = run("evaluate", house / "museum", "--recipe", recipe, "--jobs", "1", "--json")
    assert ran.code == 0
    assert any("was fitted on 1 photos of the test set" in line for line in ran.json["warnings"])


@pytest.mark.parametrize(
    ("words", "want"),
    [
        (["--kind", "approximate", "--words", "100"], {"kind": "approximate", "words": 100}),
        (["--kind", "tree", "--branching", "5", "--depth", "2"], {"kind": "tree", "words": 25}),
        (["--words", "50"], {"kind": "flat", "words": 50}),
    ],
)
def test_codebooks_of_every_kind_are_fitted_and_reported_as_json(
    run: Any, photos: Path, tmp_path: Path, words: list[str], want: dict[str, Any]
) -> None:
    out = tmp_path / "mine.safetensors"
    ran = run("codebook", photos, "--out", out, "--jobs", "1", "--json", *words)
    assert ran.code == 0
    book = Codebook.load(out)
    assert ran.json | want == ran.json
    assert (len(book), book.sha256) == (ran.json["words"], ran.json["sha256"])
    assert ran.json["features"] == book.fitted["descriptors"] > 100
    assert ran.json["bytes"] == out.stat().st_size
    assert {path.name for path in tmp_path.iterdir()} == {out.name}  # no checkpoint is left


def test_an_approximate_fit_goes_on_where_it_was_stopped(
    run: Any, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, out = tmp_path / "whole.safetensors", tmp_path / "mine.safetensors"
    words = ("--kind", "approximate", "--words", "100", "--jobs", "1")
    assert run("codebook", photos, "--out", whole, *words).code == 0
    iterate, done = ApproximateKMeans._iterate, []

    def stopped(self: ApproximateKMeans, rows: Any, state: Any) -> Any:
        done.append(state.done)
        if len(done) == 4:
            raise KeyboardInterrupt
        return iterate(self, rows, state)

    monkeypatch.setattr(ApproximateKMeans, "_iterate", stopped)
    ran = run("codebook", photos, "--out", out, *words)
    assert ran.code == 130
    assert "mine.safetensors.part keeps what is done; the same command goes on" in ran.err
    assert not out.exists()
    assert run("codebook", photos, "--out", out, *words).code == 0
    assert done == [0, 1, 2, 3, 3, 4, 5, 6, 7]
    assert Codebook.load(out).sha256 == Codebook.load(whole).sha256
    assert not (tmp_path / "mine.safetensors.part").exists()


def test_millions_of_words_with_little_memory_are_refused_before_anything_is_described(
    run: Any, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: 1 << 30)
    out = tmp_path / "mine.safetensors"
    ran = run("codebook", photos, "--out", out, "--kind", "approximate", "--words", "4000000")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "GiB of memory, 1 GiB are available" in ran.err
