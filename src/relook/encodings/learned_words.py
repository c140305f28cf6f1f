"""The three ways to learn visual words, and how their values become bytes."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.core.memory import available_memory, check_memory
from relook.vectors.approximate import ApproximateKMeans
from relook.vectors.hierarchical import HierarchicalKMeans
from relook.vectors.kmeans import KMeans
from relook.vectors.nearest import cells_of, nearest_cells, valued
from relook.vectors.rows import Rows, check_distinct

__all__ = ["KINDS", "FitOptions", "Kind", "Words", "affordable_rows", "check_fit", "fit_words"]

Float32 = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Kind = Literal["flat", "approximate", "tree"]

_SHARE = 0.7
"""Of the memory that is available when descriptors are counted; other programs want some too."""


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
    def expected(self) -> int:
        """The number of words if there are descriptors enough."""
        return self.branching**self.levels if self.kind == "tree" else self.words

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
    fit = _kind(options).fit
    rows = Rows(images)
    zero = 128 if any(block.size and block.min() < 0 for block in rows.blocks()) else 0
    return fit(rows, options, zero)


def check_fit(options: FitOptions, *, rows: int, width: int, kept: int = 0) -> None:
    """Refuse a fit that does not fit into memory, before anything is described for it.

    Args:
        options: of the fit.
        rows: descriptors that it will get.
        width: their dimension.
        kept: bytes per descriptor that will be in memory by then and are not yet.

    Raises:
        UsageError: it needs more memory than is available; it names both.
    """
    check_memory(
        _kind(options).needed(options, rows, width) + kept * rows,
        what=f"a codebook of {options.expected:,} words from {rows:,} descriptors ({options.kind})",
        instead="ask for fewer words"
        + (", or for --kind approximate" if options.kind == "flat" else ""),
    )


def affordable_rows(options: FitOptions, *, width: int, kept: int) -> int:
    """How many descriptors a fit can take in most of the memory that is available."""
    available = available_memory()
    if available is None:
        return sys.maxsize
    needed = _kind(options).needed
    fixed, many = needed(options, 0, width), 1 << 20
    each = (needed(options, many, width) - fixed) / many + kept
    return max(0, int((_SHARE * available - fixed) / each))


def _fit_flat(rows: Rows, options: FitOptions, zero: int) -> Words:
    words = options.words
    check_fit(options, rows=len(rows), width=rows.width)
    check_distinct(rows.hashes(), max(words, 0))
    values = rows.block(0, len(rows))
    iterations = 15 if options.iterations is None else options.iterations
    centers = KMeans(words, iterations=iterations, seed=options.seed).fit(values).centers_
    step = _step(centers, zero=zero)
    quantized = _quantized(centers, step, zero)
    model = KMeans(cells_of(words), iterations=20, seed=options.seed)
    return Words(quantized, step, zero, model.fit(valued(quantized, step, zero)).centers_)


def _flat_memory(options: FitOptions, rows: int, width: int) -> int:
    words = max(options.words, 1)
    used = min(rows, 256 * words)  # what k-means draws, once more
    return 4 * width * (rows + used + 3 * words) + 24 * rows


def _fit_approximate(rows: Rows, options: FitOptions, zero: int) -> Words:
    model = _approximate(options).fit(rows)
    step = _step(model.centers_, zero=zero)
    quantized, coarse = _quantized(model.centers_, step, zero), model.coarse_
    del model
    cell = nearest_cells(quantized, coarse, step=step, zero=zero, threads=options.threads)
    starts = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=len(coarse)))])
    return Words(
        quantized[np.argsort(cell, kind="stable")], step, zero, coarse, starts.astype(np.int64)
    )


def _approximate(options: FitOptions) -> ApproximateKMeans:
    return ApproximateKMeans(
        options.words,
        iterations=8 if options.iterations is None else options.iterations,
        seed=options.seed,
        threads=options.threads,
        checkpoint=options.checkpoint,
        report=options.report,
    )


def _fit_tree(rows: Rows, options: FitOptions, zero: int) -> Words:
    tree = _tree(options).fit(rows).tree_
    step = _step(tree.leaves, tree.inner, zero=zero)
    leaves, inner = (_quantized(centers, step, zero) for centers in (tree.leaves, tree.inner))
    return Words(leaves, step, zero, inner=inner, children=tree.children)


def _tree(options: FitOptions) -> HierarchicalKMeans:
    return HierarchicalKMeans(
        options.branching,
        options.levels,
        iterations=12 if options.iterations is None else options.iterations,
        seed=options.seed,
        threads=options.threads,
        report=options.report,
    )


class _Way(NamedTuple):
    """How to fit, and the bytes that it takes for so many rows of a width beside them."""

    fit: Callable[[Rows, FitOptions, int], Words]
    needed: Callable[[FitOptions, int, int], int]


KINDS: dict[str, _Way] = {
    "flat": _Way(_fit_flat, _flat_memory),
    "approximate": _Way(
        _fit_approximate, lambda options, *size: _approximate(options).needed_memory(*size)
    ),
    "tree": _Way(_fit_tree, lambda options, *size: _tree(options).needed_memory(*size)),
}


def _kind(options: FitOptions) -> _Way:
    if options.kind not in KINDS:
        choices = ", ".join(KINDS)
        raise UsageError(f"there is no kind {options.kind!r} of codebook; use one of {choices}")
    return KINDS[options.kind]


def _step(*centers: NDArray[Any], zero: int) -> float:
    largest = max(max(float(part.max()), -float(part.min())) for part in centers if len(part))
    return largest / (255 - zero) or 1.0


def _quantized(centers: NDArray[Any], step: float, zero: int) -> Bytes:
    found = np.empty(centers.shape, np.uint8)
    for start in range(0, len(centers), 1 << 16):  # the whole in float takes much memory
        part = slice(start, start + (1 << 16))
        found[part] = np.round(centers[part] / step) + zero
    return found
