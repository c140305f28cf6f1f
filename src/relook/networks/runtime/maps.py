"""The feature map that a network pools, beside the vector that it makes of it; without torch.

An exported network is a graph from pixels to vectors. Somewhere in it the map of the last layer is
reduced over all locations, and nothing that comes later has locations. So from the vectors back,
the first reduction over rows and columns has what is pooled as its input. GeM has two, of the map
and of its powers: the map is what both are made of.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import StorageError, UsageError
from relook.networks.runtime.base import Pixels, Vectors, check_pixels
from relook.networks.runtime.export import read_header
from relook.networks.runtime.load import WeightsLike, exported
from relook.networks.runtime.precision import choose
from relook.networks.spec import NetworkSpec

__all__ = ["MapRuntime", "Mapped", "load_maps"]

_BY_SIZE = ("rmac",)


class Mapped(NamedTuple):
    """What a network sees.

    Attributes:
        maps: ``(B, C, h, w)`` float32 that is pooled.
        vectors: ``(B, D)`` float32 that come of it; None where torch would have to pool them.
    """

    maps: NDArray[np.float32]
    vectors: Vectors | None


class MapRuntime:
    """A network that OpenVINO executes in f32, and that shows its map."""

    def __init__(self, graph: Path, *, pooled: bool = True, threads: int = 1) -> None:
        """Compile a network.

        Args:
            graph: the exported network.
            pooled: it ends in vectors; else it ends in the map.
            threads: of the processor.

        Raises:
            StorageError: OpenVINO cannot read the file.
            UsageError: no single map is pooled in it.
        """
        from relook.networks.runtime.core import core  # noqa: PLC0415 - takes a while
        from relook.networks.runtime.openvino import settings  # noqa: PLC0415

        choice = choose(backend="openvino", precision="f32", device="cpu", threads=threads)
        self._least = read_header(graph).least
        try:
            model = core().read_model(model=graph)
            if pooled:
                model.add_outputs([_find_map(model)])
            compiled = core().compile_model(model, "CPU", settings(choice, streams=1))
        except RuntimeError as error:
            raise StorageError(f"OpenVINO cannot read {graph}; delete it") from error
        self._request = compiled.create_infer_request()
        self._lock, self._pooled = Lock(), pooled

    def describe(self, pixels: Pixels) -> Mapped:
        """``(B, H, W, 3)`` uint8 RGB to maps and vectors.

        Raises:
            ShapeError: another shape or type, or pictures too small for this network.
        """
        check_pixels(pixels, least=self._least)
        with self._lock:
            self._request.infer([pixels])
            first = self._request.get_output_tensor(0).data.copy()
            if not self._pooled:
                return Mapped(first, None)
            return Mapped(self._request.get_output_tensor(1).data.copy(), first)


def load_maps(
    weights: WeightsLike, spec: NetworkSpec, *, threads: int = 1, folder: Path | None = None
) -> MapRuntime:
    """A network that shows its map; exported where it is not yet, which takes torch once.

    Args:
        weights: what :func:`relook.networks.weights.open_weights` gave.
        spec: the network that they are put into.
        threads: of the processor.
        folder: where the exported network is kept instead.

    Raises:
        UsageError: no single map is pooled, or the network has no graph for pictures of all sizes.
    """
    if spec.pooling in _BY_SIZE:
        before = replace(spec, pooling="", options=None, whitening=0)
        return MapRuntime(exported(weights, before, folder=folder), pooled=False, threads=threads)
    return MapRuntime(exported(weights, spec, folder=folder), threads=threads)


def _find_map(model: Any) -> Any:
    """The output port that is reduced over all locations, see the module."""
    order = {op.get_friendly_name(): place for place, op in enumerate(model.get_ordered_ops())}
    found: dict[str, Any] = {}
    waiting, seen = [model.get_results()[0]], set()
    while waiting:
        node = waiting.pop()
        if node.get_friendly_name() in seen:
            continue
        seen.add(node.get_friendly_name())
        if _reduces_locations(node):
            port = node.input_value(0)
            found[port.get_node().get_friendly_name()] = port
        else:
            waiting += [port.get_node() for port in node.input_values()]
    first = min(found, key=lambda name: order[name], default=None)
    if first is None or not all(_comes_from(port.get_node(), first) for port in found.values()):
        raise UsageError("this network pools no single map; choose gem, mac or spoc")
    return found[first]


def _comes_from(node: Any, name: str) -> bool:
    """Whether a node is the one of this name, or computed from it."""
    waiting, seen = [node], set()
    while waiting:
        node = waiting.pop()
        if node.get_friendly_name() == name:
            return True
        if node.get_friendly_name() not in seen:
            seen.add(node.get_friendly_name())
            waiting += [port.get_node() for port in node.input_values()]
    return False


def _reduces_locations(node: Any) -> bool:
    if not node.get_type_name().startswith("Reduce") or not _has_locations(node.input_value(0)):
        return False
    axes = getattr(node.input_value(1).get_node(), "data", None)
    return axes is not None and {int(axis) % 4 for axis in np.ravel(axes)} == {2, 3}


def _has_locations(port: Any) -> bool:
    shape: Iterable[Any] = port.get_partial_shape()
    sides = list(shape)
    return len(sides) == 4 and all(side.is_dynamic for side in sides[2:])
