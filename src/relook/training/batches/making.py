"""One step's batch: pictures are read once and kept, views are made, teachers are asked.

This runs in the processes that make batches ahead, and needs no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import ImageError, UsageError
from relook.images import read
from relook.training.batches.context_plan import ContextDraw, cut_pairs
from relook.training.batches.plan import Draw, MirroredDraw
from relook.training.batches.tuples import mirror_jointly
from relook.training.batches.viewing import square
from relook.training.records import Batch, Pictures
from relook.training.teaching.teacher import FittedTeacher, answers
from relook.training.teaching.teacher_graph import TeacherGraph, TeacherRun

__all__ = ["Made", "Maker", "MakerSpec", "ViewMaker", "first_views"]

Pixels = NDArray[np.uint8]


class ViewMaker(Protocol):
    """What makes a view of a picture; pickled to other processes."""

    def __call__(
        self, pixels: Pixels, background: Pixels, kind: str, rng: np.random.Generator, side: int
    ) -> Pixels:
        """``(H, W, 3)`` → ``(side, side, 3)``."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class MakerSpec:
    """All that a process needs to make batches.

    Attributes:
        pictures: to be read.
        view: what makes views.
        seed: of the run.
        teachers: by the name of the extra that holds what each says.
        graphs: of the teachers, by their weights.
        longest: pictures are read so that their longer side has at most so many pixels.
        keep: bytes of decoded pictures that one process keeps.
    """

    pictures: Pictures
    view: ViewMaker
    seed: int
    teachers: dict[str, FittedTeacher] = field(default_factory=dict)
    graphs: dict[str, TeacherGraph] = field(default_factory=dict)
    longest: int = 1024
    keep: int = 4 << 30


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A batch, and the pictures that could not be read for it: row and reason."""

    step: int
    batch: Batch
    skipped: tuple[tuple[int, str], ...] = ()


class Maker:
    """Makes batches; holds the pictures that it has read."""

    def __init__(self, spec: MakerSpec) -> None:
        self._spec = spec
        self._kept: dict[int, Pixels] = {}
        self._bytes = 0
        self._bad: dict[int, str] = {}
        wanted = {one.spec.weights for one in spec.teachers.values()}
        self._runs = {name: TeacherRun(spec.graphs[name]) for name in sorted(wanted)}

    def make(self, draw: Draw) -> Made:
        """The batch of a draw; the same whoever makes it."""
        before = set(self._bad)
        draw, rows = self._readable(draw)
        pixels, labels = self._shown(draw, rows)
        said = {} if draw.plain else self._said(pixels)
        batch = Batch(pixels, labels, rows, draw.parts, said)
        skipped = tuple((row, self._bad[row]) for row in self._bad if row not in before)
        return Made(draw.step, batch, skipped)

    def _shown(self, draw: Draw, rows: NDArray[np.int64]) -> tuple[Pixels, NDArray[np.int64]]:
        if isinstance(draw, ContextDraw):
            return cut_pairs([self._pixels(int(row)) for row in rows], draw, seed=self._spec.seed)
        slots = zip(rows, draw.slots, strict=True)
        views = np.stack([self._view(int(row), draw, int(slot)) for row, slot in slots])
        if isinstance(draw, MirroredDraw):
            views = mirror_jointly(
                views, draw.parts, seed=self._spec.seed, step=draw.step, probability=draw.mirror
            )
        return views, self._spec.pictures.labels[rows]

    def _said(self, pixels: Pixels) -> dict[str, NDArray[Any]]:
        said = {weights: run.say(pixels) for weights, run in self._runs.items()}
        teachers = self._spec.teachers.items()
        return {name: answers(said[one.spec.weights], one) for name, one in teachers}

    def _view(self, row: int, draw: Draw, slot: int) -> Pixels:
        if draw.plain:
            return square(self._pixels(row), draw.side)
        rng = np.random.default_rng((self._spec.seed, draw.step, slot))
        behind = self._background(rng, row)
        kind = self._spec.pictures.kinds[row]
        return self._spec.view(self._pixels(row), behind, kind, rng, draw.side)

    def _background(self, rng: np.random.Generator, row: int) -> Pixels:
        for other in rng.integers(len(self._spec.pictures), size=8):
            if self._can(int(other)):
                return self._pixels(int(other))
        return self._pixels(row)

    def _readable(self, draw: Draw) -> tuple[Draw, NDArray[np.int64]]:
        """The draw without what cannot be read: another picture, or one negative less."""
        if all(self._can(int(row)) for row in draw.rows):
            return draw, draw.rows
        if not draw.tuples:
            rows = np.array([self._instead(int(row)) for row in draw.rows], np.int64)
            return draw, rows
        good = np.array([self._can(int(row)) for row in draw.rows])
        for part in np.unique(draw.parts):
            places = np.flatnonzero(draw.parts == part)
            if not good[places[:2]].all() or not good[places[2:]].any():
                good[places] = False
        if not good.any():
            raise UsageError(f"no tuple of step {draw.step} can be read; relook check the pictures")
        kept = draw.of(good)
        return kept, kept.rows

    def _instead(self, row: int) -> int:
        if self._can(row):
            return row
        labels = self._spec.pictures.labels
        mates = np.flatnonzero(labels == labels[row]).tolist()
        following = (np.arange(1, len(labels)) + row) % len(labels)
        for other in [*mates, *following.tolist()]:
            if self._can(other):
                return int(other)
        raise UsageError("none of the pictures can be read")

    def _can(self, row: int) -> bool:
        if row in self._bad:
            return False
        try:
            self._pixels(row)
        except ImageError as error:
            self._bad[row] = str(error)
            return False
        return True

    def _pixels(self, row: int) -> Pixels:
        if row in self._kept:
            return self._kept[row]
        pixels = read(self._spec.pictures.paths[row], longest=self._spec.longest).pixels
        if self._bytes + pixels.nbytes <= self._spec.keep:
            self._kept[row] = pixels
            self._bytes += pixels.nbytes
        return pixels


def first_views(
    maker: Callable[[Draw], Made], draws: Sequence[Draw], *, size: int = 32
) -> list[Pixels]:
    """The pixels of some draws in batches of a few, for what is fitted on them."""
    pixels = np.concatenate([maker(draw).batch.pixels for draw in draws])
    return [pixels[start : start + size] for start in range(0, len(pixels), size)]
