"""Local features from networks: the cells of a feature map, or the key points of ALIKED."""

from relook.features.deep.aliked import Aliked, load_aliked
from relook.features.deep.local import DeepLocal, load_deep
from relook.features.deep.make import EXTRACTORS, load_extractor
from relook.features.deep.settings import DeepSettings

__all__ = [
    "EXTRACTORS",
    "Aliked",
    "DeepLocal",
    "DeepSettings",
    "load_aliked",
    "load_deep",
    "load_extractor",
]
