"""The confidences that ship."""

from __future__ import annotations

import json

import numpy as np
import pytest

from relook.core.errors import FormatError
from relook.recognition import shipped
from relook.recognition.claims import FEATURES
from relook.search import load_recipe


def content():
    asset = shipped.files("relook.recognition").joinpath("assets", "confidence.json")
    return json.loads(asset.read_text("utf-8"))


@pytest.mark.parametrize("kind", ["local", "global", "both"])
def test_each_kind_of_ranking_has_a_model(kind):
    weights = shipped.find_confidence(kind).weights
    assert weights.shape == (len(FEATURES),)
    assert weights[0] < 0, "a label alone is no reason to believe in it"
    assert weights[1:].min() >= 0
    assert weights[1:].max() > 0


def test_a_recipe_with_figures_of_its_own_is_the_one_that_they_were_fitted_to():
    """Whoever changes how it describes fits them anew: ``tools/fit_confidence.py --own``."""
    for key, own in content()["recipes"].items():
        assert load_recipe(own["name"]).describe_hash == key
        kind = "both" if load_recipe(own["name"]).local else "global"
        weights = shipped.find_confidence(kind, recipe=key).weights
        np.testing.assert_array_equal(weights, own["weights"])
        assert weights.shape == (len(FEATURES),)
        assert weights[0] < 0
        assert weights[1:].min() >= 0
        assert (weights != shipped.find_confidence(kind).weights).any()


def test_any_other_recipe_has_the_figures_of_its_kind():
    for name, kind in (("relook-small", "global"), ("hybrid", "both"), ("sift-asmk", "local")):
        found = shipped.find_confidence(kind, recipe=load_recipe(name).describe_hash)
        np.testing.assert_array_equal(found.weights, content()["models"][kind])


@pytest.mark.parametrize("change", [{"version": 1}, {"features": ["one"]}])
def test_an_asset_of_another_relook_is_refused(tmp_path, monkeypatch, change):
    changed = json.dumps({**content(), **change})
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "confidence.json").write_text(changed, "utf-8")
    monkeypatch.setattr(shipped, "files", lambda _: tmp_path)
    shipped._read.cache_clear()
    with pytest.raises(FormatError, match="install it anew"):
        shipped.find_confidence("local")
    monkeypatch.undo()
    assert np.isfinite(shipped.find_confidence("local").weights).all()
