"""A recipe's network is calibrated for int8 once, and then described with."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxruntime")

from oracles import tiny
from relook.core.errors import UsageError
from relook.images import read
from relook.search import load_recipe
from relook.search.int8 import calibrate
from relook.search.vector import make_vector_describer


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RELOOK_CACHE", str(tmp_path / "cache"))
    tiny.write_network(tmp_path)
    return tmp_path


def int8(folder):
    path = tiny.recipe(folder, "eight")
    path.write_text(path.read_text("utf-8").replace('"f32"', '"int8"'), "utf-8")
    return load_recipe(path)


def test_calibrated_once_a_recipe_describes_in_int8_nearly_as_in_f32(folder):
    photos = tiny.save_photos(folder / "photos", range(6))
    recipe = int8(folder)
    with pytest.raises(UsageError, match="relook weights calibrate RECIPE PHOTOS"):
        make_vector_describer(recipe.vector, threads=1)
    assert calibrate(recipe, photos, count=16) == 16
    image = read(photos[0], longest=tiny.LONGEST)
    exact = make_vector_describer(load_recipe(tiny.recipe(folder, "plain")).vector, threads=1)
    rough = make_vector_describer(recipe.vector, threads=1)
    assert rough.describer.runtime.precision == "int8"
    cosine = float(exact.describe_query(image)[0] @ rough.describe_query(image)[0])
    assert cosine > 0.98


def test_too_few_photos_are_refused(folder):
    photos = tiny.save_photos(folder / "photos", [0])
    with pytest.raises(UsageError, match="3 photos are too few"):
        calibrate(int8(folder), photos)


def test_a_recipe_without_a_network_is_refused():
    with pytest.raises(UsageError, match="has no network"):
        calibrate(load_recipe("sift-asmk"), [])
