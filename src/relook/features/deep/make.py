"""Extractors of deep local features by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from relook.core.errors import UsageError
from relook.features.deep.aliked import Aliked, load_aliked
from relook.features.deep.local import DeepLocal, load_deep
from relook.features.deep.settings import DeepSettings

__all__ = ["EXTRACTORS", "load_extractor"]

EXTRACTORS: Mapping[str, Callable[..., DeepLocal | Aliked]] = {
    "deep": load_deep,
    "aliked": load_aliked,
}


def load_extractor(name: str, settings: DeepSettings, *, threads: int = 1) -> DeepLocal | Aliked:
    """The extractor of this name, with its weights.

    Raises:
        UsageError: there is no such extractor, or no weights are named.
        FetchError: the weights are not here.
        CollectionError: they are not those that the settings were pinned to.
    """
    if name not in EXTRACTORS:
        raise UsageError(f"no deep extractor {name!r}; there are {', '.join(EXTRACTORS)}")
    return EXTRACTORS[name](settings, threads=threads)
