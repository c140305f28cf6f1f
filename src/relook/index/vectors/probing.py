"""One query against the cells next to it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from relook.index.vectors.ivf_segment import CodedSegment
from relook.index.vectors.kernels import dots, dots_half, frozen, scan_codes
from relook.index.vectors.product import ProductQuantizer
from relook.index.vectors.selection import Best, best_of, best_positions, ranked
from relook.index.vectors.threads import run_all
from relook.index.view import View

__all__ = ["probe"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


def probe(
    view: View[CodedSegment],
    quantizer: ProductQuantizer,
    query: Float32,
    *,
    top: int,
    probes: int,
    shortlist: int,
    threads: int,
) -> Best:
    """Ids and scores of the ``top`` best in the nearest cells, or in all where these hold less."""
    matrices = (quantizer.cells, quantizer.rotation)
    products, turned = _products(matrices, query, threads=threads)
    order = np.argsort(quantizer.halves - products, kind="stable")
    table = quantizer.table(turned)
    for cells in (order[:probes], order):
        places, scores = _scan(view, table, cells, products[cells], threads=threads)
        if len(places) >= top:
            break
    if view.segments[0].rows.shape[1]:
        found = best_positions(scores, top=min(shortlist * top + 100, len(scores)))
        places = np.sort(places[found])
        exact = _exact(view, query.astype(np.float64), places)
        return ranked(view.names[places], exact, top=top)
    return best_of(scores, view.names[places], top=top)


def _scan(
    view: View[CodedSegment], table: Float32, cells: Int64, bases: Float32, *, threads: int
) -> tuple[Int64, Float32]:
    """Positions and scores of the rows of these cells that are not removed."""
    tasks, places, alive, scales, total = [], [], [], [], 0
    for part, first, kept in zip(view.segments, view.starts, view.keep, strict=False):
        starts, stops = part.starts[cells], part.starts[cells + 1]
        lengths = stops - starts
        outs = total + np.cumsum(lengths) - lengths
        spans = np.stack([starts, stops, outs], axis=1)
        size = int(lengths.sum())
        rows = np.arange(size) + np.repeat(starts + total - outs, lengths)
        places.append(rows + first)
        alive.append(kept[rows])
        scales.append(part.scales[rows])
        tasks += [(part, spans[i::threads], bases[i::threads]) for i in range(threads)]
        total += size
    scores = np.empty(total, np.float32)

    def work(task: tuple[CodedSegment, Int64, Float32]) -> None:
        part, spans, worth = task
        scan_codes(
            table, frozen(part.codes), np.ascontiguousarray(spans), np.ascontiguousarray(worth),
            scores,
        )  # fmt: skip

    run_all(work, tasks, threads=threads)
    scores *= np.concatenate(scales)
    chosen = np.concatenate(alive)
    return np.concatenate(places)[chosen], scores[chosen]


def _products(matrices: Sequence[Float32], query: Float32, *, threads: int) -> list[Float32]:
    """Inner products with the rows of each matrix, without the threads of BLAS.

    Threads are waited for once: that costs as much as a thousand rows.
    """
    exact = query.astype(np.float64)
    products = [np.empty(len(rows), np.float32) for rows in matrices]

    def work(share: int) -> None:
        for rows, out in zip(matrices, products, strict=True):
            start, stop = (len(rows) * part // threads for part in (share, share + 1))
            dots(exact, frozen(rows[start:stop]), out[start:stop])

    run_all(work, list(range(threads)), threads=threads)
    return products


def _exact(view: View[CodedSegment], query: NDArray[np.float64], places: Int64) -> Float32:
    scores = np.empty(len(places), np.float32)
    cuts = np.searchsorted(places, view.starts)
    for number, part in enumerate(view.segments):
        mine = slice(cuts[number], cuts[number + 1])
        if mine.start < mine.stop:
            rows = part.rows[places[mine] - view.starts[number]]
            dots_half(query, frozen(rows.view(np.uint16)), scores[mine])
    return scores
