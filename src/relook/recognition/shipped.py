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
_VERSION = 1


@cache
def find_confidence(kind: str) -> ConfidenceModel:
    """The shipped model for rankings by ``local`` features, a ``global`` descriptor, or both.

    ``tools/fit_confidence.py`` fitted it on independent photos and rendered views of them.

    Raises:
        FormatError: the asset is not of this version of relook.
    """
    text = files("relook.recognition").joinpath("assets", _ASSET).read_text(encoding="utf-8")
    content = json.loads(text)
    if content["version"] != _VERSION or tuple(content["features"]) != FEATURES:
        raise FormatError(f"{_ASSET} is not of this relook; install it anew")
    return ConfidenceModel(np.array(content["models"][kind], np.float64))
