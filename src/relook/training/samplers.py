"""Which classes a step shows: P of them, K pictures of each, to be compared within a batch.

As :class:`relook.training.plan.ClassPlan`, which draws pictures evenly, it is a function of the
seed and the step alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.training.plan import Draw, members
from relook.training.records import Pictures

__all__ = ["ClassSampler"]

Int64 = NDArray[np.int64]

_ORDER, _PICTURES = 21, 22
"""Apart from the streams of other plans of the same seed."""


@dataclass(frozen=True)
class ClassSampler:
    """Classes drawn evenly, whatever their size; no class twice in a step.

    Hermans, Beyer & Leibe (2017), "In Defense of the Triplet Loss": P × K batches. Every class is
    drawn once before any is drawn again, save for the last ones that do not fill a step.

    Attributes:
        pictures: to draw from.
        batch: rows of a step at most: P is batch / views, or all classes where there are fewer.
        views: K, pictures of each class, next to each other; a class of fewer shows some again,
            as other views.
        seed: of everything.
    """

    pictures: Pictures
    batch: int
    views: int
    seed: int

    def __post_init__(self) -> None:
        if not 1 <= self.views <= self.batch:
            raise UsageError(f"views must be from 1 to the batch of {self.batch}, not {self.views}")
        if len(self.pictures) == 0:
            raise UsageError("there are no pictures to draw from")

    @property
    def classes(self) -> int:
        """P, the classes of a step."""
        return min(self.batch // self.views, len(self._labels))

    def draw(self, step: int, *, side: int) -> Draw:
        """The rows of a step; views have ``side`` pixels."""
        rng = np.random.default_rng((self.seed, _PICTURES, step))
        rows = np.concatenate([self._some(label, rng) for label in self._of(step)])
        zeros = np.zeros(len(rows), np.int64)
        return Draw(step, rows, zeros, np.arange(len(rows)), side)

    def _of(self, step: int) -> Int64:
        """The labels of a step: a run of the order of its epoch."""
        epoch, place = divmod(step, len(self._labels) // self.classes)
        order = np.random.default_rng((self.seed, _ORDER, epoch)).permutation(self._labels)
        return order[place * self.classes : (place + 1) * self.classes]

    def _some(self, label: np.int64, rng: np.random.Generator) -> Int64:
        rows = rng.permutation(self._members[int(label)])
        return np.resize(rows, self.views)

    @cached_property
    def _labels(self) -> Int64:
        return np.unique(self.pictures.labels)

    @cached_property
    def _members(self) -> Mapping[int, Int64]:
        return members(self.pictures.labels)
