"""What a teacher says of views: its maps, whitened by a PCA that the run itself fits; its vector.

Nothing here needs torch, so that the processes that make batches can run the teacher.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.training.teaching.teacher_graph import Said, TeacherGraph, TeacherRun, make_graph
from relook.vectors.normalize import l2_normalize

__all__ = [
    "OF",
    "FittedTeacher",
    "TeacherSpec",
    "answers",
    "fit_teachers",
    "make_graphs",
    "whitened_maps",
    "whitened_vectors",
]

Float32 = NDArray[np.float32]

OF = ("map", "relations", "vector")

_EVERY = 4
"""Of the locations of a map so many-th are enough to fit a covariance."""


@dataclass(frozen=True, slots=True)
class TeacherSpec:
    """Which network teaches, and what is kept of it.

    Attributes:
        weights: a name or file of :func:`relook.networks.weights.open_weights`.
        layer: whose map it shows, or its vector comes from; empty for the last.
        dimensions: of the whitened map, or of the vector that relations are those of.
        power: 0 is PCA alone, 1 whitens fully: coordinates are divided by (standard
            deviation)^power.
        of: ``map``; ``relations``, how alike it finds the pictures of a batch; ``vector``, what
            its own pooling and whitening make of the map.
    """

    weights: str
    layer: str = ""
    dimensions: int = 128
    power: float = 0.7
    of: str = OF[0]


@dataclass(frozen=True, slots=True, eq=False)
class FittedTeacher:
    """What is kept, and the whitening that it goes through: ``(C,)`` mean, ``(d, C)`` matrix.

    The whitening of ``vector`` is empty: it is given as it is.
    """

    spec: TeacherSpec
    mean: Float32
    matrix: Float32


def make_graphs(specs: Iterable[TeacherSpec]) -> dict[str, TeacherGraph]:
    """One graph for each file of weights, with all that is asked of it.

    Raises:
        UsageError: no such weights or layer, or vectors of two layers are asked for.
    """
    specs, graphs = list(specs), {}
    for weights in dict.fromkeys(spec.weights for spec in specs):
        own = [spec for spec in specs if spec.weights == weights]
        vectors = {spec.layer for spec in own if spec.of == "vector"}
        if len(vectors) > 1:
            raise UsageError(f"{weights} has one vector; distill that of one layer")
        layers = [spec.layer for spec in own if spec.of != "vector"]
        graphs[weights] = make_graph(weights, layers, vector=next(iter(vectors), None))
    return graphs


def answers(said: Said, teacher: FittedTeacher) -> NDArray[Any]:
    """What one term learns of what was said: ``(B, d, h, w)`` float16 or ``(B, d)`` float32."""
    spec = teacher.spec
    if spec.of == "map":
        return whitened_maps(said.maps[spec.layer], teacher)
    if spec.of == "relations":
        return whitened_vectors(said.maps[spec.layer], teacher)
    if said.vectors is None:
        raise UsageError(f"{spec.weights} was exported without its vector")
    return said.vectors


def whitened_maps(maps: Float32, teacher: FittedTeacher) -> NDArray[np.float16]:
    """``(B, C, h, w)`` → ``(B, d, h, w)``, half as large on its way to the loop."""
    batch, channels, height, width = maps.shape
    flat = maps.transpose(0, 2, 3, 1).reshape(-1, channels)
    said = (flat - teacher.mean) @ teacher.matrix.T
    shaped = said.reshape(batch, height, width, -1).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(shaped, np.float16)


def whitened_vectors(maps: Float32, teacher: FittedTeacher) -> Float32:
    """``(B, C, h, w)`` → ``(B, d)``: GeM, l2, and a whitening with another l2."""
    said = (_gem(maps) - teacher.mean) @ teacher.matrix.T
    return l2_normalize(said.astype(np.float32))


def fit_teachers(
    specs: Mapping[str, TeacherSpec],
    graphs: Mapping[str, TeacherGraph],
    batches: Iterable[NDArray[np.uint8]],
    *,
    threads: int = 1,
) -> dict[str, FittedTeacher]:
    """Whiten what teachers say of some views.

    Raises:
        UsageError: fewer channels than dimensions.
    """
    runs = {weights: TeacherRun(graph, threads=threads) for weights, graph in graphs.items()}
    rows: dict[str, list[Float32]] = {name: [] for name in specs}
    for pixels in batches:
        said = {weights: run.say(pixels) for weights, run in runs.items()}
        for name, spec in specs.items():
            if spec.of != "vector":
                rows[name].append(_rows(said[spec.weights].maps[spec.layer], spec))
    nothing = np.zeros(0, np.float32)
    return {
        name: FittedTeacher(spec, *_whitening(np.concatenate(rows[name]), spec))
        if rows[name]
        else FittedTeacher(spec, nothing, nothing)
        for name, spec in specs.items()
    }


def _rows(maps: Float32, spec: TeacherSpec) -> Float32:
    if spec.of == "relations":
        return _gem(maps)
    return maps.transpose(0, 2, 3, 1).reshape(-1, maps.shape[1])[::_EVERY]


def _whitening(rows: Float32, spec: TeacherSpec) -> tuple[Float32, Float32]:
    if spec.dimensions > rows.shape[1]:
        raise UsageError(
            f"the teacher's map has {rows.shape[1]} channels; distill at most so many dimensions"
        )
    mean = rows.mean(axis=0, dtype=np.float64)
    values, axes = np.linalg.eigh(np.cov(rows.T.astype(np.float64)))
    order = np.argsort(-values)[: spec.dimensions]
    spread = np.sqrt(np.maximum(values[order], 1e-12)) ** spec.power
    return mean.astype(np.float32), (axes[:, order] / spread).T.astype(np.float32)


def _gem(maps: Float32, p: float = 3.0) -> Float32:
    raised = np.maximum(maps, 1e-6).astype(np.float64) ** p
    return l2_normalize((raised.mean(axis=(2, 3)) ** (1 / p)).astype(np.float32))
