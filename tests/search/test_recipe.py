"""Recipes: read, checked, hashed, written down and read again."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest

from oracles import encoding
from relook.core.errors import CollectionError, RelookError, UsageError
from relook.encodings import load_codebook
from relook.encodings.vector_encoders import load_vector_encoder
from relook.features import Sift
from relook.features.deep import DeepSettings
from relook.matching import Tolerance
from relook.networks.weights import find_card
from relook.search import DEFAULT_RECIPE, Recipe, load_recipe, shipped_recipes
from relook.search.channels import IndexSettings, LocalChannel
from relook.search.encoding import make_encoder
from relook.search.plan import (
    DiffusionSettings,
    ExpansionSettings,
    FusionSettings,
    HammingExpansionSettings,
    Plan,
)

LEAST = '[channels.local]\ncodebook = "own.safetensors"\n'


def test_the_default_recipe_ships_and_is_listed_first():
    assert shipped_recipes()[0] == DEFAULT_RECIPE == "sift-asmk"
    assert "sift-smk" in shipped_recipes()


@pytest.mark.parametrize("name", shipped_recipes())
def test_shipped_recipes_load_and_are_pinned_to_what_ships(name):
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.summary
    if recipe.local is not None:
        codebook = load_codebook(recipe.local.codebook)
        assert recipe.local.codebook_hash == codebook.sha256
        assert make_encoder(recipe.local, assignments=5).codebook is codebook
    if recipe.encoder is not None:
        assert recipe.vector.encoder_hash == load_vector_encoder(recipe.encoder).sha256
    network = recipe.network
    if network is not None:
        assert network.weights_hash.startswith(find_card(network.weights).sha256)
        assert (network.whitening == "") == (network.whitening_hash == "")


@pytest.mark.parametrize("name", shipped_recipes())
def test_a_recipe_is_the_same_when_read_from_its_json(name):
    recipe = load_recipe(name)
    again = Recipe.from_json(recipe.to_json())
    assert again == recipe
    assert again.describe_hash == recipe.describe_hash
    for name in recipe.channels:
        assert again.index_hash(name) == recipe.index_hash(name)
    assert again.to_json() == recipe.to_json()


def test_the_json_holds_every_setting():
    table = json.loads(load_recipe(DEFAULT_RECIPE).to_json())
    for record, part in [
        (Plan, table["plan"]),
        (Tolerance, table["plan"]["tolerance"]),
        (LocalChannel, table["channels"]["local"]),
        (Sift, table["channels"]["local"]["sift"]),
        (IndexSettings, table["channels"]["local"]["index"]),
    ]:
        assert part.keys() == {field.name for field in fields(record)}


BASE = Recipe(
    name="base",
    summary="a recipe",
    channels={"local": LocalChannel(codebook="x", codebook_hash="abc")},
    plan=Plan(),
)


def with_local(**changes):
    return replace(BASE, channels={"local": replace(BASE.local, **changes)})


DESCRIBE = {
    "features": with_local(sift=Sift(features=999)),
    "surplus": with_local(sift=Sift(surplus=2.0)),
    "contrast": with_local(sift=Sift(contrast=0.03)),
    "edge": with_local(sift=Sift(edge=9.0)),
    "beta": with_local(sift=Sift(beta=0.4)),
    "orientation": with_local(sift=Sift(orientation="upright")),
    "crowding": with_local(sift=Sift(crowding=0.0)),
    "coarseness": with_local(sift=Sift(coarseness=0.0)),
    "longest": with_local(longest=800),
    "extractor": with_local(extractor="aliked", deep=DeepSettings(weights="aliked-n16")),
    "codebook_hash": with_local(codebook_hash="abd"),
    "encoding": with_local(encoding="bow"),
    "hamming_hash": with_local(encoding="he", hamming="one", hamming_hash="abd"),
    "aggregated": with_local(aggregated=False),
    "binary": with_local(binary=False),
}
INDEX = {
    "alpha": with_local(index=IndexSettings(alpha=2.0)),
    "max_distance": with_local(index=IndexSettings(max_distance=48)),
    "burst": with_local(index=IndexSettings(burst=True)),
    "idf": with_local(index=IndexSettings(idf=True)),
    "norm": with_local(index=IndexSettings(norm="words")),
}
OTHERS = [
    ("he", {"sigma": 8.0}),
    ("he", {"stop": 0.1}),
    ("bow", {"value": "tf"}),
    ("bow", {"stop": 0.1}),
]
FREE = {
    "soft_sigma": BASE.with_plan(soft_sigma=0.3),
    "query_features": BASE.with_plan(query_features=10),
    "assignments": BASE.with_plan(assignments=1),
    "candidates": BASE.with_plan(candidates=0),
    "max_distance": BASE.with_plan(max_distance=40),
    "min_inliers": BASE.with_plan(min_inliers=9),
    "min_strength": BASE.with_plan(min_strength=2.0),
    "verified_strength": BASE.with_plan(verified_strength=9.0),
    "tolerance": BASE.with_plan(tolerance=Tolerance(rough=99.0)),
    "threads": BASE.with_plan(threads=1),
    "hqe": BASE.with_plan(hqe=HammingExpansionSettings(neighbors=5)),
    "expand": BASE.with_plan(expand=ExpansionSettings(neighbors=5)),
    "diffuse": BASE.with_plan(diffuse=DiffusionSettings(neighbors=5)),
    "fuse": BASE.with_plan(fuse=FusionSettings(candidates=7)),
    "name": replace(BASE, name="another"),
    "summary": replace(BASE, summary="another"),
    "codebook": with_local(codebook="moved elsewhere"),
}


@pytest.mark.parametrize("name", DESCRIBE)
def test_what_describes_changes_both_hashes(name):
    assert DESCRIBE[name].describe_hash != BASE.describe_hash
    assert DESCRIBE[name].index_hash("local") != BASE.index_hash("local")


@pytest.mark.parametrize("name", INDEX)
def test_what_indexes_changes_the_hash_of_the_index_only(name):
    assert INDEX[name].describe_hash == BASE.describe_hash
    assert INDEX[name].index_hash("local") != BASE.index_hash("local")


@pytest.mark.parametrize(("encoding", "changes"), OTHERS)
def test_what_indexes_other_encodings_changes_only_theirs(encoding, changes):
    own = {"encoding": encoding, "hamming": "one" * (encoding == "he")}
    before, after = with_local(**own), with_local(**own, index=IndexSettings(**changes))
    assert after.index_hash("local") != before.index_hash("local")
    assert after.describe_hash == before.describe_hash
    plain = with_local(index=IndexSettings(**changes))
    assert plain.index_hash("local") == BASE.index_hash("local")


@pytest.mark.parametrize("name", FREE)
def test_the_plan_and_the_names_change_no_hash(name):
    assert FREE[name].describe_hash == BASE.describe_hash
    assert FREE[name].index_hash("local") == BASE.index_hash("local")


def test_every_setting_has_its_place_in_the_hashes():
    described = {field.name for field in fields(Sift)} | {
        field.name for field in fields(LocalChannel)
    } - {"sift", "detector", "deep", "index", "codebook", "hamming"}
    assert set(DESCRIBE) == described
    theirs = {name for _, changes in OTHERS for name in changes}
    assert set(INDEX) | theirs == {field.name for field in fields(IndexSettings)}
    assert {field.name for field in fields(Plan)} <= set(FREE)


def test_a_recipe_of_ones_own_finds_the_codebook_beside_it(own):
    path = own(LEAST + "longest = 640\n[plan]\ncandidates = 7\n")
    recipe = load_recipe(path)
    assert (recipe.name, recipe.summary) == ("mine", "a recipe of your own")
    assert recipe.local.longest == 640
    assert recipe.plan.candidates == 7
    assert recipe.local.codebook == str((path.parent / "own.safetensors").resolve())
    assert recipe.local.codebook_hash == encoding.codebook(80).sha256
    assert load_recipe(str(path)) == recipe
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_a_codebook_that_is_not_the_pinned_one_is_refused(own):
    path = own(LEAST + 'codebook_hash = "0123"\n')
    with pytest.raises(UsageError, match="not the one that recipe mine was made for"):
        load_recipe(path)
    right = own(LEAST + f'codebook_hash = "{encoding.codebook(80).sha256}"\n')
    assert load_recipe(right).local.codebook_hash == encoding.codebook(80).sha256


def test_a_codebook_that_changed_since_the_collection_was_made_is_refused(own):
    recipe = load_recipe(own(LEAST))
    changed = replace(recipe.local, codebook_hash="0123")
    with pytest.raises(CollectionError, match="has changed since"):
        make_encoder(changed, assignments=5)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "needs a [channels.local] or a [channels.global] table"),
        ("[plan]\n", "needs a [channels.local] or a [channels.global] table"),
        ("channels = 3\n", "must have [channels.local], [channels.global], or both"),
        ("[channels.other]\n", "must have [channels.local], [channels.global], or both"),
        ("[channels.global]\n", "mine.toml: channels.global needs 'weights'"),
        ("[channels.local]\n", "mine.toml: channels.local needs 'codebook'"),
        (LEAST + "[plans]\n", "mine.toml has no 'plans'; it may have channels, plan and cost"),
        (LEAST + "lnogest = 3\n", "channels.local has no 'lnogest'; it may have codebook,"),
        (LEAST + "sift = { feature = 3 }\n", "channels.local.sift has no 'feature'; it may have"),
        (LEAST + 'sift = { beta = "half" }\n', "channels.local.sift.beta must be float"),
        (LEAST + "sift = { beta = nan }\n", "channels.local.sift.beta must be finite"),
        (LEAST + "sift = { features = 0 }\n", "features must be from 1 to 65535"),
        (LEAST + 'sift = { orientation = "up" }\n', "one of dominant, upright, not 'up'"),
        (LEAST + "sift = { orientation = 3 }\n", "one of dominant, upright, not 3"),
        (LEAST + "longest = 10\n", "longest must be 64 or more"),
        (LEAST + "index = { max_distance = 64 }\n", "max_distance must be"),
        (LEAST + "index = { max_distance = -1 }\n", "max_distance must be"),
        (LEAST + "index = { alpha = -1 }\n", "alpha must be 0 or more"),
        (LEAST + "[plan]\ncandidates = -1\n", "candidates must be 0 or more"),
        (LEAST + "[plan]\nmin_inliers = 2\n", "min_inliers 3 or more"),
        (LEAST + "[plan]\nthreads = 0\n", "threads 1 or more"),
        (LEAST + "[plan]\nmin_strength = -1\n", "min_strength must be 0 or more"),
        (LEAST + "[plan]\nverified_strength = 0.5\n", "verified_strength at least min_strength"),
        (LEAST + "[plan]\nassignments = 0\n", "assignments must be 1"),
        (LEAST + "[plan]\nassignments = 81\n", "assignments must be 1 to 80"),
        (LEAST + "[plan]\nquery_features = 70000\n", "query_features must be from 1 to 65535"),
        (LEAST + "[plan]\ntolerance = { fine = 99 }\n", "fine must be above 0 and at most rough"),
        ("[channels.local\n", "cannot be read as TOML"),
        ("[channels.local]\ncodebook = 'sift-1k'\n", "no codebook 'sift-1k'"),
        ("[channels.local]\ncodebook = 'gone.safetensors'\n", "no codebook"),
    ],
)
def test_a_wrong_recipe_is_refused_in_one_line_that_names_the_key(own, text, says):
    with pytest.raises(UsageError) as raised:
        load_recipe(own(text))
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_recipe_that_is_not_text_is_refused(own):
    path = own("")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="cannot be read as TOML"):
        load_recipe(path)


def test_an_unknown_recipe_is_refused_with_the_choices(tmp_path):
    for name in ("sift-asm", str(tmp_path / "gone.toml"), tmp_path, ""):
        with pytest.raises(UsageError, match=r"use sift-asmk, .*or a \.toml file"):
            load_recipe(name)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "{}", '{"channels": 3}', '{"name": "x"}'])
def test_json_that_is_no_recipe_raises_one_of_our_errors(text):
    with pytest.raises(RelookError):
        Recipe.from_json(text)


def test_a_plan_can_be_changed_and_only_to_what_is_possible():
    changed = BASE.with_plan(candidates=3)
    assert changed.plan.candidates == 3
    assert BASE.plan.candidates == 100
    with pytest.raises(UsageError, match="min_inliers"):
        BASE.with_plan(min_inliers=0)
