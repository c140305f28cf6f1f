"""Recipes whose one vector is made of local features, from the files of photos to the ranking."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Pillow

from oracles import pictures
from relook.collection import Collection
from relook.core.errors import CollectionError, UsageError
from relook.encodings import Vlad
from relook.encodings.vector_encoders import load_vector_encoder
from relook.features import make_features
from relook.images import read
from relook.search import load_recipe, make_engine

LONGEST = 160
LEAST = """
[channels.global]
encoder = "vlad.safetensors"
longest = 160
sift = { features = 150 }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("compact")
    (made / "photos").mkdir()
    for thing in range(5):
        whole = pictures.texture((170, 200), seed=300 + thing)
        for view in range(2):
            part = whole[6 * view : 6 * view + 150, 9 * view : 9 * view + 160]
            Pillow.fromarray(np.ascontiguousarray(part)).save(
                made / "photos" / f"t{thing}v{view}.png"
            )
    sift = make_features("sift", features=150)
    rows = [sift.extract(read(path, longest=LONGEST)).descriptors for path in photos(made)]
    Vlad.fit(rows, words=8, seed=0, fitted={"on": "noise"}).save(made / "vlad.safetensors")
    return made


def photos(folder):
    return sorted((folder / "photos").iterdir())


def recipe(folder, text=LEAST, name="mine"):
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return load_recipe(path)


def test_every_photo_finds_the_other_of_its_thing(folder):
    with Collection.create(folder / "c", engine=make_engine(recipe(folder))) as made:
        assert made.add([folder / "photos"], jobs=1).added == 10
        for path in photos(folder):
            found = made.search(path, top=2)
            names = [hit.path.rpartition("/")[2] for hit in found.results]
            assert names[0] == path.name
            assert names[1][:2] == path.name[:2]
            assert found.results[0].score == pytest.approx(1, abs=1e-3)
        made.remove(["t0v1.png"])
        assert "t0v1.png" not in {hit.path for hit in made.search(photos(folder)[0]).results}


def test_scores_are_those_of_the_encoder(folder):
    encoder = load_vector_encoder(str(folder / "vlad.safetensors"))
    sift = make_features("sift", features=150)
    engine = make_engine(recipe(folder))
    describer = engine.make_describer()
    for path in photos(folder)[:3]:
        image = read(path, longest=LONGEST)
        stored = engine.channels[0].unpack(describer.describe(image)["global"])
        np.testing.assert_allclose(stored[0], encoder.encode(sift.extract(image)), atol=1e-3)


def test_an_encoder_is_pinned_and_refused_where_it_changed(folder):
    mine = recipe(folder)
    encoder = load_vector_encoder(str(folder / "vlad.safetensors"))
    assert mine.vector.encoder_hash == encoder.sha256
    assert mine.encoder == str((folder / "vlad.safetensors").resolve())
    wrong = LEAST + 'encoder_hash = "0123"\n'
    with pytest.raises(UsageError, match="not the one that recipe other was made for"):
        recipe(folder, wrong, name="other")
    changed = replace(mine, channels={"global": replace(mine.vector, encoder_hash="0123")})
    with pytest.raises(CollectionError, match="has changed since"):
        make_engine(changed).make_describer()


def test_an_encoder_of_other_descriptors_is_refused(folder):
    text = LEAST + 'extractor = "orb"\n'
    with pytest.raises(UsageError, match="descriptors of 128 dimensions, those of orb have 256"):
        make_engine(recipe(folder, text, name="orb")).prepare()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('index = { kind = "several" }', "several"),
        ('extractor = "deep"', "must be one of"),
        ("longest = 3", "64 or more"),
        ("detector = { regions = [] }", "regions"),
        ("detector = { beta = 0.0 }", "beta"),
        ('weights = "alexnet"', "no 'weights'"),
    ],
)
def test_wrong_settings_are_named(folder, line, says):
    table = LEAST if not line.startswith("longest") else LEAST.replace("longest = 160\n", "")
    with pytest.raises(UsageError, match=says):
        recipe(folder, f"{table}{line}\n", name="wrong")


def test_what_describes_is_in_the_hash(folder):
    base = recipe(folder)
    for changes in (
        {"channels.global.longest": 150},
        {"channels.global.sift.features": 99},
        {"channels.global.extractor": "akaze"},
    ):
        assert base.with_settings(changes).describe_hash != base.describe_hash
    unused = base.with_settings({"channels.global.detector.features": 99})
    assert unused.describe_hash == base.describe_hash


def test_a_picture_without_features_is_kept_and_finds_nothing(folder, tmp_path):
    (tmp_path / "photos").mkdir()
    for name, value in (("black", 0), ("white", 255)):
        blank = np.full((150, 160, 3), value, np.uint8)
        Pillow.fromarray(blank).save(tmp_path / "photos" / f"{name}.png")
    engine = make_engine(recipe(folder))
    with Collection.create(tmp_path / "c", engine=engine) as made:
        assert made.add([folder / "photos", tmp_path / "photos"], jobs=1).added == 12
        assert made.search(tmp_path / "photos" / "black.png", top=3).results == ()
        found = made.search(photos(folder)[0], top=12).results
        assert np.isfinite([hit.score for hit in found]).all()
        assert {"black.png", "white.png"}.isdisjoint(hit.path for hit in found[:2])
