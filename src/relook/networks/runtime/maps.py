"""The feature map that a network pools, beside the vector that it makes of it; without torch.

An exported network is a graph from pixels to vectors. Somewhere in it the map of the last layer is
pooled, and all that comes later is made of this map alone. So it is, from the vectors back, the
first array with locations that every way to the pixels leads through. GeM makes a maximum and
powers of the map, CroW weights: none of these is on every way.
"""

from __future__ import annotations

from collections.abc import Sequence
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
            UsageError: it makes several vectors of a picture, or pools no map.
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
        UsageError: it makes several vectors of a picture, or has no graph for all sizes.
    """
    if spec.pooling in _BY_SIZE:
        before = replace(spec, pooling="", options=None, whitening=0)
        return MapRuntime(exported(weights, before, folder=folder), pooled=False, threads=threads)
    return MapRuntime(exported(weights, spec, folder=folder), threads=threads)


def _find_map(model: Any) -> Any:
    """The output port of the map that is pooled, see the module."""
    if model.outputs[0].get_partial_shape().rank.get_length() != 2:
        raise UsageError("this network makes several vectors of a picture; choose another pooling")
    nodes = model.get_ordered_ops()
    order = {node.get_friendly_name(): place for place, node in enumerate(nodes)}
    inputs = _inputs(nodes)
    waiting = {order[model.get_results()[0].get_friendly_name()]}
    while waiting:
        last = max(waiting)
        waiting.remove(last)
        port = nodes[last].output(0)
        if not waiting and _has_locations(port):
            return port
        waiting |= {order[name] for name in inputs[nodes[last].get_friendly_name()]}
    raise UsageError("this network pools no map; choose another pooling")


def _inputs(nodes: Sequence[Any]) -> dict[str, set[str]]:
    """By name, what each node is made of that is itself made of pixels; not so for constants."""
    inputs: dict[str, set[str]] = {}
    for node in nodes:
        names = {port.get_node().get_friendly_name() for port in node.input_values()}
        if node.get_type_name() == "Parameter" or names & inputs.keys():
            inputs[node.get_friendly_name()] = names & inputs.keys()
    return inputs


def _has_locations(port: Any) -> bool:
    sides: list[Any] = list(port.get_partial_shape())
    return len(sides) == 4 and all(side.is_dynamic for side in sides[2:])
