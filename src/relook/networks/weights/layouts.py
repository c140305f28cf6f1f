"""From the names that others give their tensors to those of RetrievalNetwork."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import FormatError, UsageError
from relook.networks.weights.card import Card
from relook.networks.weights.cirtorch import Whitenings, describe_meta, rename, whitenings_of
from relook.networks.weights.files import Tensors

__all__ = ["WHITENINGS", "find_layout", "to_state", "to_whitenings"]

State = dict[str, NDArray[Any]]

WHITENINGS = "whitenings/"
"""How the names of whitenings begin in files of ours: ``whitenings/NAME/mean|projection``."""

_TIMM_HEADS = ("head.", "pre_logits.", "classifier.", "fc.")


def find_layout(tensors: Tensors) -> str:
    """The layout that the names of tensors speak for; torchvision's is that of all the rest."""
    if "architecture" in tensors.meta:
        return "cirtorch"
    if any(name.startswith("backbone.") for name in tensors.arrays):
        return "relook"
    return "mobilenet-npz" if "stem.conv.weight" in tensors.arrays else "torchvision"


def to_state(tensors: Tensors, card: Card) -> State:
    """The state of a :class:`~relook.networks.retrieval.RetrievalNetwork`, as far as a file has it.

    A classifier has no ``pool`` and no ``whiten``.

    Raises:
        UsageError: the card says that it is no network for retrieval.
        FormatError: the names are not those of the card's layout and backbone.
    """
    if card.layout not in _LAYOUTS:
        raise UsageError(f"{card.name} is not a network that gives one vector per picture")
    return _LAYOUTS[card.layout](tensors, card)


def to_whitenings(tensors: Tensors, card: Card) -> Whitenings:
    """The whitenings that come with a network, by name; none for most."""
    if card.layout == "cirtorch":
        return whitenings_of(tensors.meta)
    names = {name.rpartition("/")[0] for name in tensors.arrays if name.startswith(WHITENINGS)}
    try:
        return {
            name.removeprefix(WHITENINGS): (
                tensors.arrays[f"{name}/mean"].astype(np.float32),
                tensors.arrays[f"{name}/projection"].astype(np.float32),
            )
            for name in sorted(names)
        }
    except KeyError as error:
        raise FormatError(f"{card.file} lacks {error} of a whitening; import it again") from error


def _relook(tensors: Tensors, card: Card) -> State:
    del card
    return {k: array for k, array in tensors.arrays.items() if not k.startswith(WHITENINGS)}


def _torchvision(tensors: Tensors, card: Card) -> State:
    del card
    return _backbone(tensors.arrays)


def _timm(tensors: Tensors, card: Card) -> State:
    """ResNets, VGGs and DenseNets are called as in torchvision, save their heads."""
    if card.backbone.startswith("timm"):
        return _backbone(tensors.arrays)
    body = {k: array for k, array in tensors.arrays.items() if not k.startswith(_TIMM_HEADS)}
    return _backbone(body)


def _cirtorch(tensors: Tensors, card: Card) -> State:
    found = describe_meta(tensors.meta)["backbone"]
    if found != card.backbone:
        raise FormatError(f"{card.file} holds {found}, not {card.backbone} as {card.name} should")
    return rename(tensors.arrays, backbone=card.backbone)


def _mobilenet(tensors: Tensors, card: Card) -> State:
    del card
    from relook.networks.backbones.mobilenet_keys import convert_mobilenet  # noqa: PLC0415

    return _backbone(convert_mobilenet(tensors.arrays))


def _backbone(arrays: Mapping[str, NDArray[Any]]) -> State:
    return {f"backbone.{name}": array for name, array in arrays.items()}


_LAYOUTS: dict[str, Callable[[Tensors, Card], State]] = {
    "relook": _relook,
    "torchvision": _torchvision,
    "timm": _timm,
    "cirtorch": _cirtorch,
    "mobilenet-npz": _mobilenet,
}
