"""Which pictures a step shows: a function of the seed and the step's number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from relook.training.records import Pictures, TrainingTuple

__all__ = ["ClassPlan", "Draw", "MirroredDraw", "TuplePlan"]

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Draw:
    """What one step shows.

    Attributes:
        step: its number, counted from 0.
        rows: ``(B,)`` pictures.
        parts: ``(B,)``, equal within one tuple; all 0 where there are none.
        slots: ``(B,)`` places in the batch of all processes, which decide the views.
        side: of the views in pixels.
        tuples: whether the rows are tuples.
        plain: the pictures as they are, cropped to a square, and no teacher.
    """

    step: int
    rows: Int64
    parts: Int64
    slots: Int64
    side: int
    tuples: bool = False
    plain: bool = False

    @classmethod
    def plainly(cls, rows: Int64, *, side: int) -> Draw:
        """Pictures as they are."""
        zeros = np.zeros(len(rows), np.int64)
        return cls(0, rows, zeros, zeros, side, plain=True)

    def of(self, mine: NDArray[np.bool_]) -> Draw:
        """Some of the rows."""
        rows, parts, slots = (array[mine] for array in (self.rows, self.parts, self.slots))
        return replace(self, rows=rows, parts=parts, slots=slots)

    def share(self, rank: int, world: int) -> Draw:
        """What one of several processes makes of it: every so-manieth tuple, or a run of rows."""
        if world == 1:
            return self
        if self.tuples:
            return self.of(self.parts % world == rank)
        return self.of(np.arange(len(self.rows)) * world // len(self.rows) == rank)


@dataclass(frozen=True, slots=True)
class MirroredDraw(Draw):
    """Tuples, each of which is mirrored as a whole with a probability."""

    mirror: float = 0.5


@dataclass(frozen=True)
class ClassPlan:
    """Pictures drawn evenly, each with others of its class, or itself again where it is alone.

    Every picture is drawn once before any is drawn again: an epoch is a permutation.

    Attributes:
        pictures: to draw from.
        batch: rows of a step.
        views: of each drawn picture or its class, next to each other.
        seed: of everything.
    """

    pictures: Pictures
    batch: int
    views: int
    seed: int

    def draw(self, step: int, *, side: int) -> Draw:
        """The rows of a step."""
        rng = np.random.default_rng((self.seed, 11, step))
        count = -(-self.batch // self.views)
        rows = [row for first in self._firsts(step, count) for row in self._with(first, rng)]
        kept = np.array(rows[: self.batch], np.int64)
        zeros = np.zeros(len(kept), np.int64)
        return Draw(step, kept, zeros, np.arange(len(kept)), side)

    def _firsts(self, step: int, count: int) -> list[int]:
        size = len(self.pictures)
        places = np.arange(step * count, (step + 1) * count)
        orders = {e: self._order(int(e)) for e in np.unique(places // size)}
        return [int(orders[place // size][place % size]) for place in places]

    def _order(self, epoch: int) -> Int64:
        return np.random.default_rng((self.seed, 12, epoch)).permutation(len(self.pictures))

    def _with(self, first: int, rng: np.random.Generator) -> list[int]:
        mates = self._members[int(self.pictures.labels[first])]
        if len(mates) == 1:
            return [first] * self.views
        return [first, *(int(row) for row in rng.choice(mates, self.views - 1))]

    @cached_property
    def _members(self) -> Mapping[int, Int64]:
        return members(self.pictures.labels)


@dataclass(frozen=True)
class TuplePlan:
    """Mined tuples in their order, so many in a step, from a first step on.

    Attributes:
        tuples: that were mined.
        batch: tuples of a step.
        first: step.
        mirror: probability that a tuple is mirrored.
    """

    tuples: Sequence[TrainingTuple]
    batch: int
    first: int
    mirror: float = 0.0

    def draw(self, step: int, *, side: int) -> Draw:
        """The rows of a step; tuples come again where they do not last."""
        start = (step - self.first) * self.batch
        chosen = [self.tuples[(start + i) % len(self.tuples)] for i in range(self.batch)]
        rows = [(one.query, one.positive, *one.negatives) for one in chosen]
        parts = np.repeat(np.arange(len(rows)), [len(part) for part in rows])
        flat = np.array([row for part in rows for row in part], np.int64)
        content = (step, flat, parts.astype(np.int64), np.arange(len(flat)), side, True)
        return MirroredDraw(*content, mirror=self.mirror) if self.mirror else Draw(*content)


def members(labels: Int64) -> dict[int, Int64]:
    """The rows of each label."""
    order = np.argsort(labels, kind="stable")
    names, starts = np.unique(labels[order], return_index=True)
    return dict(zip(names.tolist(), np.split(order.astype(np.int64), starts[1:]), strict=True))
