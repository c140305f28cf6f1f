"""Putting weights into a backbone: all of them or none, with errors that name what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from relook.core.errors import FormatError
from relook.networks.backbones.registry import BACKBONES, make_backbone
from relook.networks.backbones.timm_model import TimmBackbone

__all__ = ["load_state"]

_HEAD = re.compile(r"(fc|classifier|head|AuxLogits|aux1|aux2)\.|(.*\.)?num_batches_tracked$")
# Files of DenseNet from before torch 0.4 put a dot where a name may not have one now.
_OLD_DENSENET = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12])\.")

_SHOWN = 3

Signature = frozenset[tuple[str, tuple[int, ...]]]


def load_state(network: nn.Module, state: Mapping[str, NDArray[Any] | Tensor]) -> None:
    """Put weights into a backbone, or into neural codes.

    Keys and shapes must be those of the network. Only what it has no place for is passed over:
    the classification head (``fc``, ``classifier``, ``head``, ``AuxLogits``, ``aux1``, ``aux2``)
    and ``num_batches_tracked``. Networks of timm take timm's keys. Arrays are copied, and
    converted to the network's type.

    Raises:
        FormatError: keys are missing or unexpected, shapes differ, or a number is not finite;
            the network is unchanged.
    """
    body = network.model if isinstance(network, TimmBackbone) else network
    own = {key: value for key, value in body.state_dict().items() if not _counts(key)}
    given = {_modern(key): value for key, value in state.items()}
    given = {key: value for key, value in given.items() if key in own or not _HEAD.match(key)}
    _check_keys(str(getattr(network, "name", type(network).__name__)), own, given)
    tensors = {key: _tensor(key, value) for key, value in given.items()}
    body.load_state_dict(tensors, strict=False)  # what is strict was checked above


def _check_keys(
    name: str, own: Mapping[str, Tensor], given: Mapping[str, NDArray[Any] | Tensor]
) -> None:
    both = [key for key in own if key in given]
    complaints = [
        _named("missing", [key for key in own if key not in given]),
        _named("unexpected", [key for key in given if key not in own]),
        _named(
            "of another shape",
            [
                f"{key} {tuple(given[key].shape)} for {tuple(own[key].shape)}"
                for key in both
                if tuple(given[key].shape) != tuple(own[key].shape)
            ],
        ),
    ]
    found = "; ".join(text for text in complaints if text)
    if found:
        raise FormatError(f"these are not weights of {name}: {found}. {_advice(given, name)}")


def _named(what: str, keys: list[str]) -> str:
    if not keys:
        return ""
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return f"{what}: {', '.join(keys[:_SHOWN])}{more}"


def _advice(given: Mapping[str, NDArray[Any] | Tensor], name: str) -> str:
    likely = _likeliest(given)
    if likely is None or likely == name:
        return "Bring the file of that network"
    return f"They look like {likely}: name that backbone"


def _likeliest(given: Mapping[str, NDArray[Any] | Tensor]) -> str | None:
    """The backbone that shares most keys and shapes with these weights, if it shares most."""
    found = _signature(given)
    best, agreement = None, 0.5
    for name, wanted in _signatures().items():
        share = len(found & wanted) / len(found | wanted)
        if share > agreement:
            best, agreement = name, share
    return best


@cache
def _signatures() -> dict[str, Signature]:
    with torch.device("meta"):  # shapes alone: no memory, no random numbers
        return {name: _signature(make_backbone(name).state_dict()) for name in BACKBONES}


def _signature(state: Mapping[str, NDArray[Any] | Tensor]) -> Signature:
    return frozenset((k, tuple(value.shape)) for k, value in state.items() if not _counts(k))


def _tensor(key: str, value: NDArray[Any] | Tensor) -> Tensor:
    if not isinstance(value, Tensor):
        if not np.issubdtype(value.dtype, np.floating):
            raise FormatError(f"{key} holds {value.dtype}, not floating-point weights")
        value = torch.from_numpy(np.array(value, np.float32))  # copied: it may be mapped read-only
    if not value.is_floating_point():
        raise FormatError(f"{key} holds {value.dtype}, not floating-point weights")
    if not bool(torch.isfinite(value).all()):
        raise FormatError(f"{key} has values that are not finite: the file is damaged")
    return value


def _counts(key: str) -> bool:
    return key.endswith("num_batches_tracked")


def _modern(key: str) -> str:
    return _OLD_DENSENET.sub(r"\1\2.", key)
