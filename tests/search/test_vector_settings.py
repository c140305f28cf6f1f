"""Recipes with a global channel: keys, hashes, and the hashes of collections that are older."""

from __future__ import annotations

import json
import shutil
from dataclasses import fields, replace
from typing import get_args

import numpy as np
import pytest

pytest.importorskip("torch")

from oracles import tiny
from relook.core.errors import UsageError
from relook.networks.pooling import POOLINGS
from relook.search import Recipe, load_recipe
from relook.search.channels import GlobalChannel, LocalChannel, Pooling, VectorSettings
from relook.search.plan import DiffusionSettings, Plan

BASE = Recipe(
    name="base",
    summary="a recipe",
    channels={"global": GlobalChannel(weights="x", weights_hash="abc", whitening="w")},
    plan=Plan(),
)


def changed(**changes):
    return replace(BASE, channels={"global": replace(BASE.vector, **changes)})


DESCRIBED = {
    "weights_hash": changed(weights_hash="abd"),
    "layer": changed(layer="features.5"),
    "pooling": changed(pooling="mac"),
    "p": changed(p=2.0),
    "longest": changed(longest=800),
    "multiple": changed(multiple=1),
    "scales": changed(scales=(1.0, 0.5)),
    "scale_pooling": changed(scale_pooling="gem"),
    "flip": changed(flip=True),
}
INDEXED = {
    "whitening_hash": changed(whitening_hash="abd"),
    "dimensions": changed(dimensions=5),
    "kind": changed(index=VectorSettings(kind="ivf")),
    "precision of the index": changed(index=VectorSettings(kind="flat", precision="int8")),
    "match": changed(index=VectorSettings(match="max")),
}
FREE = {
    "weights": changed(weights="moved elsewhere"),
    "whitening": changed(whitening="moved elsewhere"),
    "precision": changed(precision="f32"),
    "backend": changed(backend="onnx"),
    "plan": BASE.with_plan(candidates=1, diffuse=DiffusionSettings(neighbors=5)),
}


@pytest.mark.parametrize("name", DESCRIBED)
def test_what_describes_changes_all_hashes(name):
    other = DESCRIBED[name]
    assert other.describe_hash != BASE.describe_hash
    assert other.index_hash("global") != BASE.index_hash("global")
    assert other.graph_hash != BASE.graph_hash


@pytest.mark.parametrize("name", INDEXED)
def test_what_indexes_changes_what_is_derived_only(name):
    other = INDEXED[name]
    assert other.describe_hash == BASE.describe_hash
    assert other.index_hash("global") != BASE.index_hash("global")
    assert other.graph_hash != BASE.graph_hash


@pytest.mark.parametrize("name", FREE)
def test_the_rest_changes_no_hash(name):
    assert FREE[name].describe_hash == BASE.describe_hash
    assert FREE[name].index_hash("global") == BASE.index_hash("global")


def test_every_setting_has_its_place_in_the_hashes():
    known = [*DESCRIBED, *INDEXED, *FREE]
    assert len(known) == len(set(known))
    inner = {"kind", "precision of the index", "match"}
    assert set(known) - inner - {"plan"} == {field.name for field in fields(GlobalChannel)} - {
        "index"
    }
    assert {"kind", "precision", "match"} == {field.name for field in fields(VectorSettings)}


def test_the_neighbors_of_the_graph_are_in_its_hash_and_no_other_part_of_the_plan():
    graphs = {
        BASE.with_plan(diffuse=DiffusionSettings(neighbors=count)).graph_hash for count in (3, 4)
    }
    assert len(graphs) == 2
    other = DiffusionSettings(neighbors=3, alpha=0.5, gamma=1, truncate=7, query_neighbors=1)
    assert BASE.with_plan(diffuse=other).graph_hash in graphs


def test_each_channel_of_a_hybrid_keeps_its_own_index_hash():
    local = LocalChannel(codebook="x", codebook_hash="abc")
    both = replace(BASE, channels={"local": local, "global": BASE.vector})
    alone = replace(BASE, channels={"local": local})
    assert both.index_hash("local") == alone.index_hash("local")
    assert both.index_hash("global") == BASE.index_hash("global")
    assert len({both.describe_hash, alone.describe_hash, BASE.describe_hash}) == 3


def test_collections_that_are_older_than_other_channels_can_be_opened():
    """Hashes as they were written before a recipe could have several channels."""
    known = {
        "sift-asmk": ("6d9c027deb03d01c45b6d58fe8445ea1", "704ebb73587f51bc2a167cff57c3fdd9"),
        "sift-smk": ("c2d0f7f8045af533632014f4cf56d3f5", "8828bae66505659275483e7ac31cb7e0"),
    }
    then = {"channels.local.index.idf": "false", "channels.local.index.norm": "self"}
    for name, hashes in known.items():
        recipe = load_recipe(name).with_settings(then)
        assert (recipe.describe_hash, recipe.index_hash("local")) == hashes
        table = json.loads(recipe.to_json())
        local = table["channels"]["local"]
        for key in ("expand", "diffuse", "fuse", "hqe", "soft_sigma"):  # which the old ones lack
            del table["plan"][key]
        for key in ("extractor", "deep", "detector", "encoding", "hamming", "hamming_hash"):
            del local[key]
        for key in ("norm", "sigma", "value", "stop"):
            del local["index"][key]
        old = Recipe.from_json(json.dumps(table))
        assert (old.describe_hash, old.index_hash("local")) == hashes
        assert old == recipe


def test_every_pooling_there_is_can_be_named():
    assert set(get_args(Pooling)) == {"", *POOLINGS}


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    folder = tmp_path_factory.mktemp("network")
    tiny.write_network(folder)
    rng = np.random.default_rng(0)
    tiny.fit_whitening(
        rng.standard_normal((40, tiny.DIMENSIONS)), folder / "w.safetensors", dimensions=10
    )
    return folder


WHITE = 'whitening = "w.safetensors"\n'


@pytest.mark.parametrize("channel", ["", WHITE + "dimensions = 4\nscales = [1, 0.5]\nflip = true"])
@pytest.mark.parametrize("local", [False, True])
def test_a_recipe_is_the_same_when_read_from_its_json(network, channel, local):
    recipe = load_recipe(tiny.recipe(network, "trip", channel=channel, local=local))
    again = Recipe.from_json(recipe.to_json())
    assert again == recipe
    assert again.to_json() == recipe.to_json()
    assert again.describe_hash == recipe.describe_hash
    assert again.index_hash("global") == recipe.index_hash("global")
    assert again.graph_hash == recipe.graph_hash


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("scales", "1+0.7071+0.5", (1.0, 0.7071, 0.5)),
        ("scales", "0.5", (0.5,)),
        ("scale_pooling", "gem", "gem"),
        ("pooling", "mac", "mac"),
        ("flip", "true", True),
        ("dimensions", "7", 7),
        ("index.kind", "hnsw", "hnsw"),
        ("whitening", "", ""),
        ("backend", "onnx", "onnx"),
    ],
)
def test_settings_are_changed_by_texts(network, key, text, value):
    recipe = load_recipe(tiny.recipe(network, "set", channel=WHITE))
    other = recipe.with_settings({f"channels.global.{key}": text})
    assert other.settings[f"channels.global.{key}"] == value
    assert (key == "whitening") == (other.vector.whitening_hash == "")
    assert other.vector.weights_hash == recipe.vector.weights_hash


def test_other_weights_are_pinned_anew(network, tmp_path):
    recipe = load_recipe(tiny.recipe(network, "pin"))
    path = tiny.write_network(tmp_path, seed=3)
    other = recipe.with_settings({"channels.global.weights": str(path)})
    assert other.vector.weights_hash not in ("", recipe.vector.weights_hash)
    assert other.describe_hash != recipe.describe_hash


@pytest.mark.parametrize(
    ("channel", "says"),
    [
        ("lnogest = 3", "channels.global has no 'lnogest'; it may have weights,"),
        ("pooling = 'gme'", 'channels.global.pooling must be one of "", crow, gated, gem'),
        ("pooling = 3", "channels.global.pooling must be one of"),
        ("p = 0", "p must be above 0"),
        ("p = nan", "channels.global.p must be finite"),
        ("multiple = 0", "multiple must be 1 or more"),
        ("scales = []", "scales must be one or more factors"),
        ("scales = [1, 0]", "scales must be one or more factors above 0"),
        ("scales = [5]", "scales must be one or more factors above 0 and up to 4"),
        ("scales = 1", "channels.global.scales must be a list of numbers, not 1"),
        ("scales = ['a']", "channels.global.scales must be a list of numbers"),
        ("scale_pooling = 'max'", "channels.global.scale_pooling must be one of mean, gem"),
        ("scale_pooling = 'keep'", 'need index.kind = "several"'),
        ("pooling = 'regional'", 'need index.kind = "several"'),
        ("flip = 1", "channels.global.flip must be bool"),
        ("dimensions = 5", "dimensions needs a whitening"),
        ("dimensions = -1", "dimensions 0 or more"),
        (WHITE + "dimensions = 11", "dimensions must be at most 10"),
        ("whitening = 'none'", "there is no whitening 'none'"),
        (WHITE + "whitening_hash = '00'", "is not the one that recipe wrong was made for"),
        ("weights_hash = '00'", "is not the one that recipe wrong was made for"),
        ("backend = 'tf'", "channels.global.backend must be one of auto, openvino"),
        ("index = { kind = 'tree' }", "channels.global.index.kind must be one of auto, flat"),
        ("index = { precision = 'int8' }", 'index.precision = "int8" needs index.kind = "flat"'),
        ("index = { precision = 'half' }", "channels.global.index.precision must be one of"),
        ("index = { match = 'min' }", "channels.global.index.match must be one of max"),
    ],
)
def test_a_wrong_key_is_named_in_one_line(network, channel, says):
    path = tiny.recipe(network, "wrong", channel=channel)
    with pytest.raises(UsageError) as raised:
        load_recipe(path)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("plan", ["expand = { neighbors = 1 }", "diffuse = { neighbors = 1 }"])
def test_several_vectors_are_neither_expanded_nor_diffused(network, plan):
    channel = "index = { kind = 'several' }"
    with pytest.raises(UsageError, match=r"plan\.expand and plan\.diffuse are for one vector"):
        load_recipe(tiny.recipe(network, "several", channel=channel, plan=plan))


def test_pictures_are_read_once_at_the_size_of_the_local_channel(network):
    path = tiny.recipe(network, "large", local=True)
    path.write_text(path.read_text("utf-8").replace("longest = 128", "longest = 512"), "utf-8")
    with pytest.raises(UsageError, match=r"channels\.global\.longest must be at most .* 256"):
        load_recipe(path)


def test_weights_with_a_dot_in_their_name_are_no_file(network, tmp_path, monkeypatch):
    shutil.copytree(network, tmp_path / "w")
    tiny.write_network(tmp_path / "w", name="tiny.v2")
    monkeypatch.setenv("RELOOK_WEIGHTS", str(tmp_path / "w"))
    path = tmp_path / "dot.toml"
    path.write_text('[channels.global]\nweights = "tiny.v2"\n', "utf-8")
    assert len(load_recipe(path).vector.weights_hash) == 64
