"""The confidences of independent photos: for collections with too few pictures of their own."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

import numpy as np

from relook.core.errors import FormatError
from relook.recognition.claims import FEATURES
from relook.recognition.confidence import ConfidenceModel

__all__ = ["find_confidence"]

_ASSET = "confidence.json"
_VERSION = 2


def find_confidence(kind: str, *, recipe: str = "") -> ConfidenceModel:
    """The shipped model of a recipe; where it has none of its own, that of its kind.

    ``tools/fit_confidence.py`` fitted them on independent photos and rendered views of them.

    Args:
        kind: ``local`` for rankings by local features, ``global`` by a descriptor, or ``both``.
        recipe: the hash by which it describes.

    Raises:
        FormatError: the asset is not of this version of relook.
    """
    models = _read()
    return models.get(recipe, models[kind])


@cache
def _read() -> dict[str, ConfidenceModel]:
    """All models, by kind and by recipe."""
    text = files("relook.recognition").joinpath("assets", _ASSET).read_text(encoding="utf-8")
    content = json.loads(text)
    if content["version"] != _VERSION or tuple(content["features"]) != FEATURES:
        raise FormatError(f"{_ASSET} is not of this relook; install it anew")
    own = {recipe: entry["weights"] for recipe, entry in content["recipes"].items()}
    return {
        name: ConfidenceModel(np.array(weights, np.float64))
        for name, weights in (content["models"] | own).items()
    }
