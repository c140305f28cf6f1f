"""Explaining by recipe: from pixels to grids that sum to what a search would say."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from relook.core.errors import FormatError, ImageError
from relook.core.records import Box, Image
from relook.images import crop
from relook.search import load_recipe
from relook.search.explaining import Explainer, make_explainer
from relook.search.vector import VectorParts

REAL = Path(os.environ.get("RELOOK_TEST_DATA", "")) / "weights"


def painting(seed, *, size=(400, 300)):
    """Smooth shapes, as pictures have."""
    rng = np.random.default_rng(seed)
    width, height = size
    rows, columns = np.mgrid[:height, :width]
    pixels = np.full((height, width, 3), 180.0)
    for _ in range(30):
        x, y, radius = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(10, 60)
        inside = (columns - x) ** 2 + (rows - y) ** 2 < radius**2
        pixels[inside] = rng.uniform(0, 255, 3)
    return Image(pixels.astype(np.uint8), size)


@pytest.fixture(scope="module")
def recipe():
    return load_recipe("relook-small")


@pytest.fixture(scope="module")
def explainer(recipe):
    return make_explainer(recipe)


def searched(recipe, query, result):
    """What a search in f32 says of two pictures."""
    exact = recipe.with_settings({"channels.global.precision": "f32"})
    parts = VectorParts(exact.network, "", 1)
    rows = [parts.describer.describer.describe(image) for image in (query, result)]
    one, two = parts.whitened(np.stack(rows))
    return float(one @ two)


def sum_of(grid):
    return float(grid.values.sum(dtype=np.float64))


def test_both_grids_sum_to_the_similarity_of_a_search(recipe, explainer):
    query, result = painting(1), painting(2, size=(300, 420))
    maps = explainer.explain(query, result)
    assert maps.similarity == pytest.approx(searched(recipe, query, result), abs=1e-4)
    assert sum_of(maps.query) == pytest.approx(maps.similarity, abs=1e-5)
    assert sum_of(maps.result) == pytest.approx(maps.similarity, abs=1e-5)
    assert maps.query.frame == Box(0, 0, 400, 300)
    assert maps.result.frame == Box(0, 0, 300, 420)
    assert maps.query.values.shape[1] > maps.query.values.shape[0]


@pytest.mark.skipif(
    not (os.environ.get("RELOOK_TEST_DATA") and REAL.is_dir()),
    reason="RELOOK_TEST_DATA names no folder with weights/",
)
@pytest.mark.parametrize("name", ["mobilenetv2-gem", "mobilenetv2-rmac"])
def test_whitened_vectors_of_other_networks_are_taken_apart(name, tmp_path, monkeypatch):
    pytest.importorskip("torch")
    shutil.copy(REAL / "mobilenet_v2_100.npz", tmp_path)  # it is exported beside them
    monkeypatch.setenv("RELOOK_WEIGHTS", str(tmp_path))
    recipe = load_recipe(name).with_settings({"channels.global.longest": 256})
    query, result = painting(1), painting(2, size=(300, 420))
    maps = make_explainer(recipe).explain(query, result)
    assert maps.similarity == pytest.approx(searched(recipe, query, result), abs=1e-4)
    assert sum_of(maps.query) == pytest.approx(maps.similarity, abs=1e-5)
    assert sum_of(maps.result) == pytest.approx(maps.similarity, abs=1e-5)


def test_a_picture_is_like_itself_where_it_shows_something(explainer):
    picture = painting(3)
    half = Image(picture.pixels.copy(), picture.size)
    half.pixels[:, :200] = 180
    maps = explainer.explain(half, half)
    assert maps.similarity == pytest.approx(1)
    left, right = np.array_split(maps.query.values, 2, axis=1)
    assert right.sum() > 2 * left.sum()


def test_what_two_pictures_share_is_where_their_similarity_comes_from(explainer):
    one, two = painting(4), painting(5)
    two.pixels[:150, :200] = one.pixels[150:, 200:]  # at another place
    maps = explainer.explain(one, two)
    rows, columns = (side // 2 for side in maps.query.values.shape)
    query, result = maps.query.values, maps.result.values
    assert query[rows:, columns:].sum() > query[:rows, :columns].sum()
    assert result[:rows, :columns].sum() > result[rows:, columns:].sum()


def test_a_box_has_a_grid_of_its_own(explainer):
    maps = explainer.explain(crop(painting(1), Box(100, 60, 200, 150)), painting(2))
    assert maps.query.frame == Box(100, 60, 200, 150)


def test_recipes_without_maps_have_no_explainer():
    assert make_explainer(load_recipe("sift-asmk")) is None
    assert make_explainer(load_recipe("sift-vlad")) is None
    kept = {"channels.global.scale_pooling": "keep", "channels.global.index.kind": "several"}
    assert make_explainer(load_recipe("relook-small").with_settings(kept)) is None


def test_both_channels_have_one():
    assert make_explainer(load_recipe("hybrid-small")) is not None


def test_a_graph_that_pools_otherwise_is_noticed(explainer):
    from relook.descriptors.contributions import Tail
    from relook.descriptors.locations import Mac

    tail = Tail(Mac(), explainer.tail.whiten, explainer.tail.multiscale)
    with pytest.raises(FormatError, match="delete it"):
        Explainer(explainer.runtime, explainer.sizing, tail).explain(painting(1), painting(2))


def test_a_picture_without_pixels_is_refused(explainer):
    with pytest.raises(ImageError):
        explainer.explain(Image(np.zeros((0, 5, 3), np.uint8), (5, 0)), painting(1))
