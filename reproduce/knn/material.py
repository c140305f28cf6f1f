"""The descriptors that all tables are made of, and whitening fitted on photos alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.vectors import PcaWhitening
from reproduce.knn.describing import SCALES
from reproduce.knn.protocol import Task

__all__ = ["Descriptors", "Material", "similarities", "whitened"]

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Descriptors:
    """The same looks at three sets of pictures, ``(N, S, D)`` each, not whitened.

    Attributes:
        benchmark: its database, then its queries.
        fitting: photos that whitenings are fitted on; none of variants, which are whitened as the
            pictures are.
        choosing: other photos and their views, which weights and measures are chosen by.
    """

    benchmark: Float32
    fitting: Float32
    choosing: Float32

    def map(self, function: Callable[[Float32], Float32]) -> Descriptors:
        """The same of all three."""
        return Descriptors(*map(function, (self.benchmark, self.fitting, self.choosing)))


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What every command starts from.

    Attributes:
        task: of the benchmark.
        choosing: the task of other photos.
        scales: descriptors at :data:`~reproduce.knn.describing.SCALES`.
        facts: what all was measured on, in words.
    """

    task: Task
    choosing: Task
    scales: Descriptors
    facts: tuple[str, ...]

    @property
    def original(self) -> Descriptors:
        """``(N, D)`` each, at scale 1."""
        place = SCALES.index(1.0)
        return self.scales.map(lambda rows: np.ascontiguousarray(rows[:, place]))


def whitened(vectors: Descriptors) -> Descriptors:
    """``(N, D)`` each, by a PCA whitening of the photos that are there to be fitted on."""
    return vectors.map(PcaWhitening().fit(vectors.fitting).transform)


def similarities(task: Task, vectors: Float32) -> Float32:
    """Cosines ``(Q, N)`` of a task's queries and its database, of normalized vectors."""
    return vectors[task.queries] @ vectors[task.database].T
