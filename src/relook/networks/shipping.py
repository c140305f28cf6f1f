"""Writing a trained network as networks ship: float16 weights, their graph, and their card.

Whoever has the three files in one folder describes with them, without torch: a folder that
``RELOOK_WEIGHTS`` names, or the one inside the package.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save as to_bytes

from relook.core.errors import FormatError, StorageError, UsageError
from relook.core.storage import write_whole
from relook.networks.retrieval import RetrievalNetwork
from relook.networks.runtime.base import Pixels
from relook.networks.runtime.export import Header, export_module
from relook.networks.runtime.halves import halve
from relook.networks.runtime.load import load_network
from relook.networks.runtime.place import export_name, keep_export
from relook.networks.weights.card import SUFFIX, Card, save_card
from relook.networks.weights.opening import Weights

__all__ = ["Agreement", "Shipped", "agreement", "half_precision", "ship", "ship_int8"]

State = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Shipped:
    """What was written.

    Attributes:
        weights: the file of float16 weights, with its card.
        graph: the exported network.
        size: bytes of both and of the card.
    """

    weights: Weights
    graph: Path
    size: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far a graph agrees with the network in torch before anything was rounded.

    Attributes:
        pictures: that were compared.
        cosine: the least, between two vectors of one picture.
        difference: the largest, between two numbers of one vector.
    """

    pictures: int
    cosine: float
    difference: float


def half_precision(state: State) -> dict[str, NDArray[Any]]:
    """Weights of two or more axes as float16; short arrays and counts as float32, and not at all.

    Raises:
        FormatError: a number is not finite, or beyond what float16 holds.
    """
    kept = {}
    for name, array in state.items():
        if not np.issubdtype(array.dtype, np.floating):
            continue  # how many batches a normalization has seen
        kind = np.float16 if array.ndim > 1 else np.float32
        with np.errstate(over="ignore"):
            kept[name] = np.asarray(array, kind, order="C")
        if not np.isfinite(kept[name]).all():
            raise FormatError(f"{name} has values that are not finite in float16; train it anew")
    return kept


def ship(state: State, card: Card, folder: Path) -> Shipped:
    """Write weights, graph and card of one network; graphs of older weights are deleted.

    Args:
        state: of a :class:`RetrievalNetwork` in float32.
        card: what is known of it; the name of its file and its checksum are filled in.
        folder: where to; it is made.

    Raises:
        FormatError: the state is not that of the card's network, or not finite in float16.
        UsageError: the network cannot be exported.
        StorageError: the folder cannot be written to.
    """
    halves = half_precision(state)
    content = to_bytes(halves)
    card = replace(
        card,
        file=f"{card.name}.safetensors",
        layout="relook",
        sha256=hashlib.sha256(content).hexdigest(),
        sha256_prefix="",
    )
    network = _network(card, halves)
    graph = halve(export_module(network))
    header = Header(
        weights=card.sha256, spec=card.spec().to_json(), least=network.backbone.smallest
    )
    name = export_name(card.name, weights=card.sha256, digest=card.spec().digest)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(f"{card.name}.*.onnx"):
            old.unlink()
    except OSError as error:
        raise StorageError(f"cannot write to {folder}: {error.strerror}") from error
    path = folder / card.file
    write_whole(path, content)
    kept = keep_export(graph, header, f"{name}.onnx", [folder])
    about = folder / (card.name + SUFFIX)
    save_card(card, about)
    size = sum(file.stat().st_size for file in (path, kept, about))
    return Shipped(Weights(card, path), kept, size)


def agreement(
    state: State,
    shipped: Shipped,
    pictures: Iterable[Pixels],
    *,
    backend: str = "openvino",
    precision: str = "f32",
) -> Agreement:
    """Hold what was written to the float32 network that it was made from.

    Args:
        state: as :func:`ship` took it.
        shipped: what it gave.
        pictures: ``(B, H, W, 3)`` uint8 batches of any sizes.
        backend: ``openvino`` or ``onnx``, with one thread.
        precision: ``f32``, or ``int8`` after :func:`ship_int8`.

    Raises:
        UsageError: there is no picture.
    """
    weights = shipped.weights
    network = _network(weights.card, _floats(state))
    runtime = load_network(
        weights,
        weights.spec(),
        backend=backend,
        precision=precision,
        threads=1,
        folder=shipped.graph.parent,
    )
    cosines, differences = [], []
    for pixels in pictures:
        with torch.inference_mode():
            wanted = network(torch.from_numpy(pixels)).numpy()
        found = runtime.describe(pixels)
        cosines += (wanted * found).sum(axis=-1, dtype=np.float64).ravel().tolist()
        differences.append(float(np.abs(wanted - found).max()))
    if not cosines:
        raise UsageError("there is no picture to compare the graph on; give some")
    return Agreement(len(cosines), min(cosines), max(differences))


def ship_int8(shipped: Shipped, pictures: Iterable[Pixels]) -> Shipped:
    """Write a second graph beside the first, for ``precision = "int8"`` in a recipe.

    Args:
        shipped: what :func:`ship` gave.
        pictures: ``(B, H, W, 3)`` uint8 to calibrate on, 16 or more, at the size of the recipe.

    Raises:
        UsageError: there is no picture, or ONNX Runtime is not installed.
    """
    weights, folder = shipped.weights, shipped.graph.parent
    load_network(
        weights,
        weights.spec(),
        backend="onnx",
        precision="int8",
        threads=1,
        folder=folder,
        calibration=pictures,
    )
    graph = shipped.graph.with_suffix(".int8.onnx")
    return replace(shipped, size=shipped.size + graph.stat().st_size)


def _floats(state: State) -> dict[str, NDArray[Any]]:
    """The floating-point arrays of a state as they are."""
    return {k: array for k, array in state.items() if np.issubdtype(array.dtype, np.floating)}


def _network(card: Card, state: State) -> RetrievalNetwork:
    return RetrievalNetwork.from_state(
        card.spec(), {name: np.asarray(array, np.float32) for name, array in state.items()}
    )
