"""The three ways to learn visual words, and how their values become bytes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.core.memory import check_memory
from relook.vectors.approximate import ApproximateKMeans
from relook.vectors.hierarchical import HierarchicalKMeans
from relook.vectors.kmeans import KMeans
from relook.vectors.nearest import cells_of, nearest_cells, valued
from relook.vectors.rows import Rows, check_distinct

__all__ = ["KINDS", "FitOptions", "Kind", "Words", "fit_words"]

Float32 = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Kind = Literal["flat", "approximate", "tree"]


@dataclass(frozen=True, kw_only=True)
class FitOptions:
    """How words are learned; see :meth:`relook.encodings.Codebook.fit`."""

    words: int = 16384
    kind: Kind = "flat"
    branching: int = 10
    depth: int | None = None
    iterations: int | None = None
    seed: int = 0
    threads: int = 1
    checkpoint: Path | None = None
    report: Callable[[str, int, int], None] | None = None

    @property
    def levels(self) -> int:
        """Of a tree: those asked for, or as many as give about so many words."""
        if self.depth is not None:
            return self.depth
        return max(1, round(math.log(max(self.words, 2), max(self.branching, 2))))


class Words(NamedTuple):
    """What was learned, as a codebook keeps it.

    Attributes:
        centers: ``(K, D)`` uint8, in units of ``step`` above ``zero``.
        step: value of one unit.
        zero: the byte that stands for 0.
        coarse: ``(C, D)`` float32 cells that words are found by, where they are no tree.
        starts: ``(C + 1,)`` int64 first word of each cell, where words lie in their order.
        inner: ``(I, D)`` uint8 inner nodes, where words are leaves of a tree.
        children: ``(1 + I + K,)`` uint16 children per node of it.
    """

    centers: Bytes
    step: float
    zero: int
    coarse: Float32 | None = None
    starts: NDArray[np.int64] | None = None
    inner: Bytes | None = None
    children: NDArray[np.uint16] | None = None


def fit_words(images: Sequence[NDArray[np.floating]], options: FitOptions) -> Words:
    """Learn words from the descriptors of images.

    Raises:
        UsageError: fewer different descriptors than words, an option that is wrong, or more
            memory needed than there is.
        ShapeError: values that are not finite, or of another shape.
    """
    if options.kind not in KINDS:
        raise UsageError(
            f"there is no kind {options.kind!r} of codebook; use one of {', '.join(KINDS)}"
        )
    rows = Rows(images)
    zero = 128 if any(block.size and block.min() < 0 for block in rows.blocks()) else 0
    return KINDS[options.kind](rows, options, zero)


def _flat(rows: Rows, options: FitOptions, zero: int) -> Words:
    words = options.words
    used = min(len(rows), 256 * words)
    check_memory(
        4 * rows.width * (len(rows) + used + 3 * words) + 24 * len(rows),
        what=f"an exact fit of {words:,} words to {len(rows):,} descriptors",
        instead="ask for fewer words, or for an approximate fit",
    )
    if words >= 1:
        check_distinct(rows.hashes(), words)
    values = rows.block(0, len(rows))
    iterations = 15 if options.iterations is None else options.iterations
    centers = KMeans(words, iterations=iterations, seed=options.seed).fit(values).centers_
    step = _step(centers, zero=zero)
    quantized = _quantized(centers, step, zero)
    model = KMeans(cells_of(words), iterations=20, seed=options.seed)
    return Words(quantized, step, zero, model.fit(valued(quantized, step, zero)).centers_)


def _approximate(rows: Rows, options: FitOptions, zero: int) -> Words:
    iterations = 8 if options.iterations is None else options.iterations
    model = ApproximateKMeans(
        options.words, iterations=iterations, seed=options.seed, threads=options.threads,
        checkpoint=options.checkpoint, report=options.report,
    ).fit(rows)  # fmt: skip
    step = _step(model.centers_, zero=zero)
    quantized, coarse = _quantized(model.centers_, step, zero), model.coarse_
    del model.centers_
    cell = nearest_cells(quantized, coarse, step=step, zero=zero, threads=options.threads)
    starts = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=len(coarse)))])
    return Words(
        quantized[np.argsort(cell, kind="stable")], step, zero, coarse, starts.astype(np.int64)
    )


def _tree(rows: Rows, options: FitOptions, zero: int) -> Words:
    iterations = 12 if options.iterations is None else options.iterations
    model = HierarchicalKMeans(
        options.branching,
        options.levels,
        iterations=iterations,
        seed=options.seed,
        threads=options.threads,
        report=options.report,
    )
    tree = model.fit(rows).tree_
    step = _step(tree.leaves, tree.inner, zero=zero)
    leaves, inner = (_quantized(centers, step, zero) for centers in (tree.leaves, tree.inner))
    return Words(leaves, step, zero, inner=inner, children=tree.children)


KINDS: dict[str, Callable[[Rows, FitOptions, int], Words]] = {
    "flat": _flat,
    "approximate": _approximate,
    "tree": _tree,
}


def _step(*centers: NDArray[Any], zero: int) -> float:
    largest = max(max(float(part.max()), -float(part.min())) for part in centers if len(part))
    return largest / (255 - zero) or 1.0


def _quantized(centers: NDArray[Any], step: float, zero: int) -> Bytes:
    found = np.empty(centers.shape, np.uint8)
    for start in range(0, len(centers), 1 << 16):  # the whole in float takes much memory
        part = slice(start, start + (1 << 16))
        found[part] = np.round(centers[part] / step) + zero
    return found
