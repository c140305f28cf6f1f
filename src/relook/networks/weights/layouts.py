"""From the names that others give their tensors to those of RetrievalNetwork."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.networks.weights.card import Card
from relook.networks.weights.files import Tensors

__all__ = ["to_state"]

State = dict[str, NDArray[Any]]


def to_state(tensors: Tensors, card: Card) -> State:
    """The state of a :class:`~relook.networks.retrieval.RetrievalNetwork`, as far as a file has it.

    A classifier has no ``pool`` and no ``whiten``.
    """
    if card.layout not in _LAYOUTS:
        raise UsageError(f"{card.name} is not a network that gives one vector per picture")
    return _LAYOUTS[card.layout](tensors, card)


def _relook(tensors: Tensors, card: Card) -> State:
    del card
    return dict(tensors.arrays)


def _mobilenet(tensors: Tensors, card: Card) -> State:
    del card
    from relook.networks.backbones.mobilenet_keys import convert_mobilenet  # noqa: PLC0415

    return _backbone(convert_mobilenet(tensors.arrays))


def _backbone(arrays: Mapping[str, NDArray[Any]]) -> State:
    return {f"backbone.{name}": array for name, array in arrays.items()}


_LAYOUTS: dict[str, Callable[[Tensors, Card], State]] = {
    "relook": _relook,
    "mobilenet-npz": _mobilenet,
}
