"""One graph per teacher that gives all that is asked of it in one pass: maps, and its vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import ShapeError, UsageError
from relook.networks.runtime import Runtime, load_graph

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Said", "Tap", "TeacherGraph", "TeacherRun", "make_graph"]

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tap:
    """A layer whose map is given: its name, channels, and pixels from one cell to the next."""

    layer: str
    channels: int
    stride: int


@dataclass(frozen=True, slots=True, eq=False)
class TeacherGraph:
    """A teacher as a graph that other processes run without torch.

    Attributes:
        content: of :func:`relook.networks.runtime.export.export_module`; B rows, in each the maps
            one after the other, and the vector.
        taps: in the order of the rows.
        vector: layer that the network's own vector comes from, None where it is not given.
        least: smallest side of a picture in pixels.
    """

    content: bytes
    taps: tuple[Tap, ...]
    vector: str | None
    least: int


@dataclass(frozen=True, slots=True)
class Said:
    """What a teacher says of a batch: ``(B, C, h, w)`` by layer, and ``(B, D)`` or None."""

    maps: dict[str, Float32]
    vectors: Float32 | None


class TeacherRun:
    """A teacher that is ready to speak."""

    def __init__(self, graph: TeacherGraph, *, threads: int = 1) -> None:
        self._graph = graph
        self._run: Runtime = load_graph(graph.content, least=graph.least, threads=threads)

    def say(self, pixels: NDArray[np.uint8]) -> Said:
        """``(B, H, W, 3)`` uint8 → what it says.

        Raises:
            ShapeError: sides that its layers do not divide evenly.
        """
        rows = self._run.describe(pixels)
        maps, past = {}, 0
        for tap in self._graph.taps:
            height, width = (-(-side // tap.stride) for side in pixels.shape[1:3])
            stop = past + tap.channels * height * width
            if stop > rows.shape[1]:
                raise ShapeError(f"views of {pixels.shape[1]} px do not fit {tap.layer}")
            maps[tap.layer] = rows[:, past:stop].reshape(-1, tap.channels, height, width)
            past = stop
        if (past < rows.shape[1]) != (self._graph.vector is not None):
            raise ShapeError(f"the teacher's maps of {pixels.shape[1]} px have another size")
        return Said(maps, None if self._graph.vector is None else rows[:, past:])


def make_graph(weights: str, layers: Sequence[str], *, vector: str | None = None) -> TeacherGraph:
    """Export a teacher with the maps of some layers, and its own vector from the layer ``vector``.

    Raises:
        UsageError: no such weights or layer, or weights without a vector of their own.
    """
    from relook.networks.retrieval import RetrievalNetwork  # noqa: PLC0415 - needs torch
    from relook.networks.runtime.export import export_module  # noqa: PLC0415
    from relook.networks.tap import tapped_channels  # noqa: PLC0415
    from relook.networks.weights import open_weights  # noqa: PLC0415
    from relook.training.teaching.taps import Taps, stride_of  # noqa: PLC0415 - needs torch

    opened = open_weights(weights)
    own = opened.spec()
    if vector is None:
        spec = replace(own, pooling="", options=None, whitening=0, layer="")
        parts: tuple[str, ...] = ("backbone.",)
    else:
        if not opened.card.pooling:
            raise UsageError(f"{weights} has no vector of its own to learn; distill its map")
        spec, parts = replace(own, layer=vector), ("backbone.", "pool.", "whiten.")
    state = {key: value for key, value in opened.state().items() if key.startswith(parts)}
    network = RetrievalNetwork.from_state(spec, state)
    names = tuple(dict.fromkeys(layers))
    backbone = network.backbone
    taps = tuple(
        Tap(
            name,
            tapped_channels(backbone, name) if name else backbone.channels,
            stride_of(backbone, name),
        )
        for name in names
    )
    module: nn.Module = Taps(network, names, vector=vector)
    return TeacherGraph(export_module(module), taps, vector, backbone.smallest)
