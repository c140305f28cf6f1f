"""Weights, and what belongs to them, that are missing, damaged or of something else."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from oracles import tiny
from relook.collection import Collection
from relook.core.errors import CollectionError, FetchError, FormatError, UsageError
from relook.networks.weights import list_cards
from relook.networks.weights.card import SUFFIX
from relook.search import load_recipe, make_engine


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("RELOOK_CACHE", str(tmp_path / "cache"))


def test_weights_that_are_not_here_are_named_with_the_place_to_put_them(tmp_path, monkeypatch):
    monkeypatch.setenv("RELOOK_WEIGHTS", str(tmp_path))
    path = tmp_path / "away.toml"
    name = next(name for name, card in list_cards().items() if card.pooling and not card.sha256)
    path.write_text(f'[channels.global]\nweights = "{name}"\n', "utf-8")
    engine = make_engine(load_recipe(path))
    with pytest.raises(FetchError, match=f"the weights {name} are not here; .*bring .* to") as said:
        Collection.create(tmp_path / "c", engine=engine)
    assert "\n" not in str(said.value)
    assert not (tmp_path / "c").exists()


def test_weights_of_another_architecture_are_named(tmp_path):
    path = tiny.write_network(tmp_path)
    card = path.with_name(f"{tiny.NAME}{SUFFIX}")
    card.write_text(card.read_text("utf-8").replace('"alexnet"', '"resnet18"'), "utf-8")
    engine = make_engine(load_recipe(tiny.recipe(tmp_path, "other")))
    with pytest.raises(FormatError, match=r"missing: conv1\..*unexpected: features\.") as said:
        Collection.create(tmp_path / "c", engine=engine)
    assert "look like alexnet" in str(said.value)
    assert "\n" not in str(said.value)


def test_weights_that_were_cut_off_or_exchanged_are_refused(tmp_path):
    path = tiny.write_network(tmp_path)
    recipe = load_recipe(tiny.recipe(tmp_path, "cut"))
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(FormatError, match=r"sha256|checksum"):
        Collection.create(tmp_path / "c", engine=make_engine(recipe))
    with pytest.raises(FormatError, match=r"sha256|checksum"):
        load_recipe(tmp_path / "cut.toml")
    tiny.write_network(tmp_path, seed=1)
    with pytest.raises(CollectionError, match="have changed since the collection was made"):
        Collection.create(tmp_path / "c", engine=make_engine(recipe))


def test_a_whitening_of_another_network_is_refused_before_anything_is_made(tmp_path):
    tiny.write_network(tmp_path)
    rng = np.random.default_rng(0)
    tiny.fit_whitening(rng.standard_normal((30, 100)), tmp_path / "o.safetensors")
    recipe = tiny.recipe(tmp_path, "o", channel='whitening = "o.safetensors"')
    with pytest.raises(UsageError, match="256 dimensions, the recipe's whitening is for 100"):
        Collection.create(tmp_path / "c", engine=make_engine(load_recipe(recipe)))


def test_a_whitening_that_did_not_come_with_the_weights_is_refused(tmp_path):
    tiny.write_network(tmp_path)
    recipe = tiny.recipe(tmp_path, "lw", channel='whitening = "weights:retrieval/ms"')
    with pytest.raises(UsageError, match="has no whitening 'retrieval/ms'; it has none"):
        Collection.create(tmp_path / "c", engine=make_engine(load_recipe(recipe)))


def test_settings_that_cannot_work_are_refused_before_any_photo_is_tried(tmp_path):
    """Each photo would have gone to quarantine instead."""
    tiny.write_network(tmp_path)
    recipe = load_recipe(tiny.recipe(tmp_path, "int8"))
    engine = make_engine(recipe.with_settings({"channels.global.precision": "int8"}))
    with pytest.raises(UsageError, match="int8 is calibrated on pictures once"):
        Collection.create(tmp_path / "c", engine=engine)


def test_an_empty_index_knows_the_dimensions_of_the_network(tmp_path):
    tiny.write_network(tmp_path)
    recipe = tiny.recipe(tmp_path, "crow", channel='pooling = "crow"')
    engine = make_engine(load_recipe(recipe))
    engine.prepare()
    assert engine.channel("global").make_index().dimensions == tiny.DIMENSIONS
