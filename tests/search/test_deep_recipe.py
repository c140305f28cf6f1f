"""Recipes with deep local features: hashed, pinned, and from photos to the ranking."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from PIL import Image as Pillow

from oracles import local_networks, museum
from relook.collection import Collection
from relook.core.errors import CollectionError, UsageError
from relook.encodings import Codebook
from relook.features.deep import DeepSettings, load_extractor
from relook.search import Recipe, load_recipe, make_engine
from relook.search.channels import LocalChannel
from relook.search.plan import Plan

SCALES = (1.0, 0.5)
PAINTINGS = (0, 3)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RELOOK_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module", params=["deep", "aliked"])
def recipe(request, tmp_path_factory):
    """A recipe of random weights, with the whitening and the codebook that they need."""
    pytest.importorskip("torch", reason="the weights are made with torch")
    from relook.vectors import PcaWhitening

    folder = tmp_path_factory.mktemp(request.param)
    write = {"deep": local_networks.write_resnet, "aliked": local_networks.write_aliked}
    weights = write[request.param](folder)
    settings = DeepSettings(weights=str(weights), scales=SCALES, precision="f32")
    extractor = load_extractor(request.param, settings)
    (folder / "photos").mkdir()
    rows = []
    for number in PAINTINGS:
        image = museum.photograph(number, "front")[0]
        Pillow.fromarray(image.pixels).save(folder / "photos" / f"{number}.png")
        rows.append(extractor.extract(image).descriptors)
    whitening = PcaWhitening(64, fitted="a museum").fit(np.concatenate(rows))
    whitening.save(folder / "white.safetensors")
    book = Codebook.fit([whitening.transform(one) for one in rows], words=60, iterations=5)
    book.save(folder / "own.safetensors")
    path = folder / "own.toml"
    path.write_text(
        f"""[channels.local]
codebook = "own.safetensors"
extractor = "{request.param}"
index = {{ max_distance = 24 }}
[channels.local.deep]
weights = "{weights.name}"
scales = [1.0, 0.5]
features = 200
whitening = "white.safetensors"
precision = "f32"
[plan]
query_features = 300
assignments = 3
max_distance = 24
min_strength = 0.0
verified_strength = 1.0
threads = 1
""",
        "utf-8",
    )
    return path


def with_deep(extractor="deep", **changes):
    channel = LocalChannel(
        codebook="x", codebook_hash="abc", extractor=extractor,
        deep=replace(DeepSettings(weights="w", weights_hash="123"), **changes),
    )  # fmt: skip
    return Recipe(name="r", summary="s", channels={"local": channel}, plan=Plan())


def test_collections_of_older_recipes_keep_their_hashes():
    recipe = load_recipe("sift-asmk")
    assert recipe.describe_hash == "6d9c027deb03d01c45b6d58fe8445ea1"
    assert recipe.index_hash("local") == "704ebb73587f51bc2a167cff57c3fdd9"
    assert load_recipe("sift-smk").describe_hash == "c2d0f7f8045af533632014f4cf56d3f5"


def test_settings_of_networks_change_nothing_where_sift_describes():
    base = load_recipe("sift-asmk")
    changed = base.with_settings({"channels.local.deep.features": 5})
    assert changed.describe_hash == base.describe_hash


@pytest.mark.parametrize(
    ("key", "value"),
    [("weights_hash", "124"), ("layer", "layer3"), ("features", 10), ("scales", (1.0,)),
     ("smoothing", False), ("whitening_hash", "9")],
)  # fmt: skip
def test_what_describes_is_hashed(key, value):
    assert with_deep(**{key: value}).describe_hash != with_deep().describe_hash


def test_names_and_arithmetic_are_not_hashed():
    free = {"weights": "moved", "whitening": "moved", "precision": "bf16", "backend": "torch"}
    assert with_deep(**free).describe_hash == with_deep().describe_hash
    hashed = {"weights_hash", "layer", "features", "scales", "smoothing", "whitening_hash"}
    assert set(free) | hashed == {field.name for field in fields(DeepSettings)}


def test_the_extractor_is_hashed_too():
    assert with_deep("aliked").describe_hash != with_deep("deep").describe_hash


def test_without_weights_a_recipe_says_what_it_needs(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('[channels.local]\ncodebook = "sift-16k"\nextractor = "aliked"\n', "utf-8")
    with pytest.raises(UsageError, match=r"needs deep\.weights"):
        load_recipe(path)


def test_a_recipe_is_pinned_to_its_files_and_read_back_from_json(recipe):
    loaded = load_recipe(recipe)
    deep = loaded.local.deep
    assert deep.weights == str(recipe.parent / deep.weights.rpartition("/")[2])
    assert len(deep.weights_hash) == len(deep.whitening_hash) == 64
    assert Recipe.from_json(loaded.to_json()) == loaded
    wrong = recipe.with_name("wrong.toml")
    wrong.write_text(
        recipe.read_text("utf-8").replace("[plan]", 'whitening_hash = "00"\n[plan]'), "utf-8"
    )
    with pytest.raises(UsageError, match="whitening_hash"):
        load_recipe(wrong)


def test_another_whitening_is_pinned_anew(recipe):
    loaded = load_recipe(recipe)
    plain = loaded.with_settings({"channels.local.deep.whitening": ""})
    assert plain.local.deep.whitening_hash == ""
    assert plain.local.deep.weights_hash == loaded.local.deep.weights_hash
    assert plain.describe_hash != loaded.describe_hash


def test_weights_that_have_changed_are_refused(recipe):
    loaded = load_recipe(recipe)
    other = loaded.with_settings({"channels.local.deep.weights_hash": "0" * 64})
    with pytest.raises(CollectionError, match="has changed since the collection was made"):
        make_engine(other).make_describer()


def test_a_codebook_for_other_descriptors_is_refused(recipe):
    other = load_recipe(recipe).with_settings(
        {"channels.local.codebook": "sift-16k", "channels.local.index.max_distance": "24"}
    )
    with pytest.raises(UsageError, match="is for descriptors of 128 dimensions, these have 64"):
        make_engine(other).make_describer()


def test_a_part_of_a_photo_is_found_in_a_collection_and_verified(recipe):
    engine = make_engine(load_recipe(recipe))
    whole = museum.photograph(3, "front")[0]
    part = local_networks.cropped(whole, x=64, y=96, width=416, height=512)
    Pillow.fromarray(part.pixels).save(recipe.parent / "part.png")
    with Collection.create(recipe.parent / "collection", engine=engine) as made:
        report = made.add([recipe.parent / "photos"], jobs=1)
        assert (report.added, report.quarantined) == (len(PAINTINGS), ())
        best = made.search(recipe.parent / "part.png", top=2).results[0]
    assert best.path == "3.png"
    assert best.evidence is not None
    moved = best.evidence.transform @ [200, 256, 1]
    # A cell of the coarsest map is 64 pixels wide.
    assert np.abs(moved[:2] / moved[2] - [64 + 200, 96 + 256]).max() < 32


def test_queries_have_more_features_and_share_the_network(recipe):
    describer = make_engine(load_recipe(recipe)).make_describer().channels["local"]
    image = museum.photograph(0, "front")[0]
    assert len(describer.extractor.extract(image)) == 200
    assert len(describer.query_extractor.extract(image)) == 300
    assert describer.extractor.network is describer.query_extractor.network
