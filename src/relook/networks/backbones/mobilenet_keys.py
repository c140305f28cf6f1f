"""Arrays of the published MobileNet files → the state of our MobileNets. Needs no torch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import FormatError

__all__ = ["convert_mobilenet"]

Arrays = Mapping[str, NDArray[Any]]

_EPS = 1e-5  # of the batch norms of our MobileNetV2


def convert_mobilenet(arrays: Arrays) -> dict[str, NDArray[Any]]:
    """State of ``mobilenet_v2`` or ``mobilenet_v1…`` from arrays by their published names.

    Version 2 has its batch norms folded into ``stem.conv``, ``blocks.N.expand|depthwise|project``
    and ``head.conv``: each becomes a convolution and a batch norm that only adds the bias.
    Version 1 has our names already. The classifier is left out.

    Raises:
        FormatError: the names are those of neither.
    """
    names = set(arrays)
    if {"stem.conv.weight", "stem.norm.weight", "blocks.0.pointwise.conv.weight"} <= names:
        return {name: array for name, array in arrays.items() if not _of_classifier(name)}
    if {"stem.conv.weight", "stem.conv.bias", "blocks.0.project.weight"} <= names:
        return _unfold(arrays)
    raise FormatError(
        f"these are not the weights of a MobileNet: no stem and blocks among {sorted(names)[:4]}"
    )


def _unfold(arrays: Arrays) -> dict[str, NDArray[Any]]:
    state: dict[str, NDArray[Any]] = {}
    for name, array in arrays.items():
        if _of_classifier(name):
            continue
        layer, _, kind = name.rpartition(".")
        conv, norm = _homes(layer)
        if kind == "weight":
            state[f"{conv}.weight"] = array
            state |= {f"{norm}.{key}": value for key, value in _identity(len(array)).items()}
    biases = {n: a for n, a in arrays.items() if n.endswith(".bias") and not _of_classifier(n)}
    return state | {f"{_homes(n.removesuffix('.bias'))[1]}.bias": a for n, a in biases.items()}


def _identity(channels: int) -> dict[str, NDArray[Any]]:
    """A batch norm that changes nothing; its bias comes with the layer."""
    return {
        "weight": np.ones(channels, np.float32),
        "running_mean": np.zeros(channels, np.float32),
        "running_var": np.full(channels, 1 - _EPS, np.float32),
    }


def _homes(layer: str) -> tuple[str, str]:
    """Where torchvision keeps the convolution and the batch norm of a published layer."""
    fixed = {"stem.conv": 0, "head.conv": 18}
    if layer in fixed:
        return f"features.{fixed[layer]}.0", f"features.{fixed[layer]}.1"
    found = re.fullmatch(r"blocks\.(\d+)\.(expand|depthwise|project)", layer)
    if not found:
        raise FormatError(f"a MobileNetV2 has no layer {layer}")
    number = int(found[1])
    # The first block expands nothing, so its layers stand one place earlier.
    place = ("expand", "depthwise", "project").index(found[2]) - (number == 0)
    home = f"features.{number + 1}.conv.{place}"
    if found[2] == "project":
        return home, f"features.{number + 1}.conv.{place + 1}"
    return f"{home}.0", f"{home}.1"


def _of_classifier(name: str) -> bool:
    return name.startswith("classifier.")
