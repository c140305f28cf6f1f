"""What a teacher says of views: its map, whitened by a PCA that the run itself fits.

Nothing here needs torch, so that the processes that make batches can run the teacher.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.vectors.normalize import l2_normalize

__all__ = [
    "FittedTeacher",
    "TeacherRun",
    "TeacherSpec",
    "fit_teacher",
    "whitened_maps",
    "whitened_vectors",
]

Float32 = NDArray[np.float32]

_EVERY = 4
"""Of the locations of a map so many-th are enough to fit a covariance."""


@dataclass(frozen=True, slots=True)
class TeacherSpec:
    """Which network teaches, and what is kept of it.

    Attributes:
        weights: a name or file of :func:`relook.networks.weights.open_weights`.
        layer: whose map it shows; empty for the last.
        dimensions: of the whitened map.
        power: 0 is PCA alone, 1 whitens fully: coordinates are divided by (standard
            deviation)^power.
    """

    weights: str
    layer: str = ""
    dimensions: int = 128
    power: float = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class FittedTeacher:
    """A teacher and its two whitenings: ``(C,)`` means and ``(d, C)`` matrices."""

    spec: TeacherSpec
    mean: Float32
    matrix: Float32
    vector_mean: Float32
    vector_matrix: Float32


class TeacherRun:
    """A teacher that is ready to speak."""

    def __init__(self, spec: TeacherSpec, *, threads: int = 1) -> None:
        """Open the weights.

        Raises:
            UsageError: there are no such weights.
        """
        from relook.networks.runtime import load_network  # noqa: PLC0415 - only where one teaches
        from relook.networks.weights import open_weights  # noqa: PLC0415

        weights = open_weights(spec.weights)
        wanted = weights.spec(layer=spec.layer, pooling="", options={}, whitening=0)
        self._run = load_network(weights, wanted, backend="openvino", device="cpu", threads=threads)

    def maps(self, pixels: NDArray[np.uint8]) -> Float32:
        """``(B, H, W, 3)`` uint8 → ``(B, C, h, w)``."""
        return self._run.describe(pixels)


def whitened_maps(maps: Float32, teacher: FittedTeacher) -> NDArray[np.float16]:
    """``(B, C, h, w)`` → ``(B, d, h, w)``, half as large on its way to the loop."""
    batch, channels, height, width = maps.shape
    flat = maps.transpose(0, 2, 3, 1).reshape(-1, channels)
    said = (flat - teacher.mean) @ teacher.matrix.T
    shaped = said.reshape(batch, height, width, -1).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(shaped, np.float16)


def whitened_vectors(maps: Float32, teacher: FittedTeacher) -> Float32:
    """``(B, C, h, w)`` → ``(B, d)``: GeM, l2, and a whitening with another l2."""
    said = (_gem(maps) - teacher.vector_mean) @ teacher.vector_matrix.T
    return l2_normalize(said.astype(np.float32))


def fit_teacher(
    spec: TeacherSpec, batches: Iterable[NDArray[np.uint8]], *, threads: int = 1
) -> FittedTeacher:
    """Whiten what a teacher says of some views.

    Raises:
        UsageError: there are no such weights, or fewer channels than dimensions.
    """
    run = TeacherRun(spec, threads=threads)
    places, vectors = [], []
    for pixels in batches:
        maps = run.maps(pixels)
        flat = maps.transpose(0, 2, 3, 1).reshape(-1, maps.shape[1])
        places.append(flat[::_EVERY])
        vectors.append(_gem(maps))
    mean, matrix = _whitening(np.concatenate(places), spec)
    vector_mean, vector_matrix = _whitening(np.concatenate(vectors), spec)
    return FittedTeacher(spec, mean, matrix, vector_mean, vector_matrix)


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
