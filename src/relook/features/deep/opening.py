"""The files that deep local features need, and whether they are still the same."""

from __future__ import annotations

from pathlib import Path

from relook.core.errors import CollectionError, UsageError
from relook.features.deep.settings import DeepSettings
from relook.networks.weights import Weights, open_weights
from relook.vectors import Projection
from relook.vectors.shipped import find_whitening

__all__ = ["open_deep_weights", "open_deep_whitening"]


def open_deep_weights(settings: DeepSettings) -> Weights:
    """The weights.

    Raises:
        UsageError: none are named.
        FetchError: they are not here.
        CollectionError: they are not those that the settings were pinned to.
    """
    if not settings.weights:
        raise UsageError("deep local features need weights; set deep.weights to a name or a file")
    weights = open_weights(
        Path(settings.weights) if Path(settings.weights).suffix else settings.weights
    )
    if settings.weights_hash not in ("", weights.sha256):
        raise _changed(f"the weights {settings.weights}")
    return weights


def open_deep_whitening(settings: DeepSettings) -> Projection | None:
    """The whitening, or None where there is none.

    Raises:
        UsageError: it is not there.
        CollectionError: it is not the one that the settings were pinned to.
    """
    if not settings.whitening:
        return None
    found = find_whitening(settings.whitening)
    if settings.whitening_hash not in ("", found.sha256):
        raise _changed(f"the whitening {settings.whitening}")
    return found


def _changed(what: str) -> CollectionError:
    return CollectionError(
        f"{what} has changed since the collection was made; bring the old file back, or index the "
        "photos into a new collection"
    )
