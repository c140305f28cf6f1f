"""The confidences that ship."""

from __future__ import annotations

import json

import numpy as np
import pytest

from relook.core.errors import FormatError
from relook.recognition import shipped
from relook.recognition.claims import FEATURES


@pytest.mark.parametrize("kind", ["local", "global", "both"])
def test_each_kind_of_ranking_has_a_model(kind):
    weights = shipped.find_confidence(kind).weights
    assert weights.shape == (len(FEATURES),)
    assert weights[0] < 0, "a label alone is no reason to believe in it"
    assert weights[1:].min() >= 0
    assert weights[1:].max() > 0


@pytest.mark.parametrize("change", [{"version": 2}, {"features": ["one"]}])
def test_an_asset_of_another_relook_is_refused(tmp_path, monkeypatch, change):
    asset = json.loads(
        shipped.files("relook.recognition").joinpath("assets", "confidence.json").read_text("utf-8")
    )
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "confidence.json").write_text(json.dumps({**asset, **change}), "utf-8")
    monkeypatch.setattr(shipped, "files", lambda _: tmp_path)
    shipped.find_confidence.cache_clear()
    with pytest.raises(FormatError, match="install it anew"):
        shipped.find_confidence("local")
    monkeypatch.undo()
    assert np.isfinite(shipped.find_confidence("local").weights).all()
