"""Checkpoints of cirtorch: what their ``meta`` says, and their names in ours.

cirtorch (Radenović, Tolias and Chum, "Fine-tuning CNN image retrieval with no human annotation",
2018) puts the layers of torchvision's networks into a row and numbers them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import FormatError

__all__ = ["Whitenings", "describe_meta", "rename", "whitenings_of"]

Arrays = Mapping[str, NDArray[Any]]
Whitenings = dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]
"""Mean ``(D,)`` and projection ``(d, D)`` by name, applied as ``projection @ (x - mean)``."""

_RESNET = {0: "conv1", 1: "bn1", 4: "layer1", 5: "layer2", 6: "layer3", 7: "layer4"}
_DENSENET = {
    0: "conv0", 1: "norm0", 4: "denseblock1", 5: "transition1", 6: "denseblock2",
    7: "transition2", 8: "denseblock3", 9: "transition3", 10: "denseblock4", 11: "norm5",
}  # fmt: skip


def describe_meta(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a card that ``meta`` decides: backbone, pooling, options, whitening, mean, std.

    Raises:
        FormatError: a network that relook does not have, or no meta of cirtorch.
    """
    try:
        dims = int(meta["outputdim"])
        fields: dict[str, Any] = {
            "backbone": str(meta["architecture"]),
            "whitening": dims if meta.get("whitening") else 0,
            **_pooling(meta, dims),
        }
        for key in ("mean", "std"):
            if key in meta:
                red, green, blue = (float(value) for value in meta[key])
                fields[key] = (red, green, blue)
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"the meta of this checkpoint is not cirtorch's ({error!r})") from error
    return fields


def _pooling(meta: Mapping[str, Any], dims: int) -> dict[str, Any]:
    if meta.get("local_whitening"):
        raise FormatError("this checkpoint whitens every location of the map, which relook has not")
    pooling, regional = str(meta["pooling"]), bool(meta.get("regional"))
    if pooling == "rmac" and not regional:
        return {"pooling": "rmac", "options": {"whole": True}}
    if pooling == "mac" and regional:  # which is R-MAC with whitened regions
        return {"pooling": "rmac", "options": {"whole": True, "whitening": dims}}
    if pooling == "gemmp" and not regional:  # one p for each channel
        return {"pooling": "gem", "options": {"per_channel": True}}
    if pooling in ("mac", "spoc", "gem") and not regional:
        return {"pooling": pooling, "options": None}
    raise FormatError(f"this checkpoint pools by {pooling} over regions, which relook has not")


def rename(arrays: Arrays, *, backbone: str) -> dict[str, NDArray[Any]]:
    """The state of a RetrievalNetwork from the ``state_dict`` of a checkpoint.

    Raises:
        FormatError: a layer that a network of this name does not have.
    """
    return {_name(key, backbone): array for key, array in arrays.items()}


def _name(key: str, backbone: str) -> str:
    part, _, rest = key.partition(".")
    if part in ("pool", "whiten"):
        return key
    if part != "features" or not rest:
        raise FormatError(f"{key} is no weight of a checkpoint of cirtorch")
    layers, prefix = _layers(backbone)
    if layers is None:
        return f"backbone.features.{rest}"
    number, _, inner = rest.partition(".")
    if not number.isdigit() or int(number) not in layers:
        raise FormatError(f"these are not weights of {backbone}, which has no layer {key}")
    return f"backbone.{prefix}{layers[int(number)]}.{inner}"


def _layers(backbone: str) -> tuple[dict[int, str] | None, str]:
    """Names of the numbered layers, None where torchvision numbers them too, and what precedes."""
    if backbone.startswith("resnet"):
        return _RESNET, ""
    if backbone.startswith("densenet"):
        return _DENSENET, "features."
    if backbone.startswith(("alexnet", "vgg")):
        return None, ""
    raise FormatError(f"relook reads no checkpoint of cirtorch with the backbone {backbone}")


def whitenings_of(meta: Mapping[str, Any]) -> Whitenings:
    """The whitenings Lw: ``TRAINING SET/ss`` for a single scale, ``TRAINING SET/ms`` for several.

    cirtorch keeps columns: m ``(D, 1)`` and P ``(D, D)``, the most telling row first.

    Raises:
        FormatError: they are no such matrices, or not finite.
    """
    found: Whitenings = {}
    for training_set, by_scales in _items(meta.get("Lw") or {}):
        for scales, entry in _items(by_scales):
            found[f"{training_set}/{scales}"] = _whitening(f"{training_set}/{scales}", entry)
    return found


def _items(table: Any) -> list[tuple[str, Any]]:
    if not isinstance(table, dict):
        raise FormatError("the whitenings Lw of this checkpoint are no table")
    return [(str(name), value) for name, value in table.items()]


def _whitening(name: str, entry: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    try:
        mean, projection = (np.asarray(entry[key]) for key in ("m", "P"))
        if mean.dtype.kind != "f" or projection.dtype.kind != "f":
            raise TypeError("no floating-point numbers")
        mean = mean.reshape(-1).astype(np.float32)
        projection = np.ascontiguousarray(projection, np.float32)
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"the whitening {name} is damaged ({error!r})") from error
    if projection.ndim != 2 or projection.shape[1] != len(mean):
        raise FormatError(f"the whitening {name} has shapes {mean.shape} and {projection.shape}")
    if not (np.isfinite(mean).all() and np.isfinite(projection).all()):
        raise FormatError(f"the whitening {name} has NaN or infinity; bring the file again")
    return mean, projection
