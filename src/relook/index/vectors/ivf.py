"""The approximate index for very many vectors: look into the nearest cells, score by codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import FormatError, UsageError
from relook.index.vectors import flat_segment, ivf_segment, product
from relook.index.vectors.flat import chunks, fill_exact
from relook.index.vectors.flat_segment import FlatSegment
from relook.index.vectors.ivf_segment import CodedSegment
from relook.index.vectors.probing import probe
from relook.index.vectors.product import CELL_SAMPLE, VALUES, ProductQuantizer
from relook.index.vectors.rows import as_rows
from relook.index.vectors.segmented import SEGMENT_BYTES, SegmentedIndex, rows_per_segment
from relook.index.vectors.threads import run_all
from relook.index.view import View

__all__ = ["IvfIndex", "Progress"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
Segment = FlatSegment | CodedSegment
Progress = Callable[[int, int], None]
"""Called with the vectors that are coded so far, and how many there are."""

SEED = 0
SHARE = 64
"""One cell in so many is looked into, unless ``probes`` says otherwise."""
SHORTLIST = 4
"""Candidates that are scored again with kept vectors, per result."""


class IvfIndex(SegmentedIndex[Segment]):
    """Inverted file of product codes; exact until there are enough vectors to train it.

    The first :meth:`compact` with ``train_at`` images trains it on a sample of them and codes
    them; :meth:`train` does so at once. What is added later is coded with the same cells, so that
    nothing has to be trained again; an index that has grown far beyond what it was trained on
    is better built anew. Vectors are expected to be of about the same length.

    Args:
        dimensions: D of the vectors.
        code_bytes: of a vector.
        cells: number of cells; None is about 2 √N when it is trained.
        probes: cells to look into; None is one in 64, 16 at least.
        keep: also keep float16 vectors on the disk, and score the best by them again.
        train_at: images from which on it pays; never less than training needs.
        threads: of one search, and of training.

    Raises:
        UsageError: an argument is below 1.
    """

    kind = "ivf"

    def __init__(
        self,
        dimensions: int,
        *,
        code_bytes: int = 256,
        cells: int | None = None,
        probes: int | None = None,
        keep: bool = True,
        train_at: int = 100_000,
        threads: int = 1,
    ) -> None:
        super().__init__(dimensions, threads=threads)
        numbers = {"code_bytes": code_bytes, "cells": cells, "probes": probes, "train_at": train_at}
        for name, value in numbers.items():
            if value is not None and value < 1:
                raise UsageError(f"{name} must be at least 1, not {value}")
        self.code_bytes = code_bytes
        self.cells = cells
        self.probes = probes
        self.keep = keep
        self.train_at = train_at
        self._quantizer: ProductQuantizer | None = None

    @property
    def trained(self) -> bool:
        """Whether it has cells; before that every search is exact."""
        return self._quantizer is not None

    def train(self, sample: Float32 | None = None, *, progress: Progress | None = None) -> None:
        """Learn the cells and codes, and code what is in the index.

        Args:
            sample: ``(N, D)`` float32 to learn from; None draws from the index.
            progress: called after every block that was coded.

        Raises:
            ShapeError: the sample does not fit.
            UsageError: it is trained already, or there are too few vectors.
        """
        if self.trained:
            raise UsageError("the index is trained already; build a new one to train again")
        view = self._view
        cells = self.cells or _usual_cells(len(view.ids) if sample is None else len(sample))
        if sample is None:
            sample = self._sample(view, max(cells * CELL_SAMPLE, VALUES * 64))
        rows = as_rows("sample", sample, count=None, dimensions=self.dimensions)
        quantizer = product.train(
            rows, cells=cells, code_bytes=min(self.code_bytes, self.dimensions),
            threads=self.threads,
        )  # fmt: skip
        coded: list[CodedSegment] = []
        done = 0
        for part, kept in zip(view.segments, view.keep, strict=True):
            floats = cast(FlatSegment, part).floats(np.flatnonzero(kept))
            fresh = self._code(part.ids[kept], floats, quantizer)
            coded.extend(fresh)
            done += len(floats)
            if progress is not None:
                progress(done, len(view.ids))
        whole = [np.ones(len(part), bool) for part in coded]
        self._quantizer = quantizer
        self._view = View.of(self._join(coded, whole), view.removed)

    def compact(self) -> None:
        """Merge segments and drop removed images; train where there are enough images."""
        if not self.trained and len(self) >= max(self.train_at, self.cells or 0, VALUES):
            self.train()
        else:
            super().compact()

    def save(self, folder: Path) -> dict[str, Any]:
        """As every index; what was learned is a file of its own."""
        quantizer = self._quantizer
        if quantizer is not None and (
            quantizer.path is None or quantizer.path.parent.resolve() != folder.resolve()
        ):
            self._quantizer = quantizer = product.save(quantizer, folder)
        name = None if quantizer is None or quantizer.path is None else quantizer.path.name
        return {**super().save(folder), "quantizer": name}

    def files(self) -> tuple[str, ...]:
        """Names of the files that this index reads; others in its folder can be deleted."""
        quantizer = self._quantizer
        own = () if quantizer is None or quantizer.path is None else (quantizer.path.name,)
        return (*own, *super().files())

    def _restore(self, folder: Path, state: Mapping[str, Any]) -> None:
        name = state.get("quantizer")
        if name is not None:
            self._quantizer = product.load(folder / str(name), dimensions=self.dimensions)

    def _options(self) -> dict[str, Any]:
        names = ("code_bytes", "cells", "probes", "keep", "train_at")
        return {name: getattr(self, name) for name in names}

    def _segments(self, ids: Int64, vectors: Sequence[Float32] | Float32) -> list[Segment]:
        rows = as_rows("vectors", vectors, count=len(ids), dimensions=self.dimensions)
        if self._quantizer is not None:
            return [*self._code(ids, rows, self._quantizer)]
        limit = rows_per_segment(self.dimensions)
        return [
            flat_segment.build(ids[i : i + limit], rows[i : i + limit], precision="int8")
            for i in range(0, len(ids), limit)
        ]

    def _code(self, ids: Int64, rows: Float32, quantizer: ProductQuantizer) -> list[CodedSegment]:
        limit = rows_per_segment(self.dimensions)
        return [
            ivf_segment.build(
                ids[i : i + limit], rows[i : i + limit], quantizer,
                keep=self.keep, threads=self.threads,
            )
            for i in range(0, len(ids), limit)
        ]  # fmt: skip

    def _sample(self, view: View[Segment], most: int) -> Float32:
        rng = np.random.default_rng(SEED)
        count = min(most, len(view.ids))
        drawn = rng.choice(len(view.ids), count, replace=False)
        return self.vectors(view.ids[drawn].tolist())

    def _floats(self, part: Segment, positions: Int64) -> Float32:
        if isinstance(part, FlatSegment):
            return part.floats(positions)
        if self.keep:
            return np.asarray(part.rows[positions], np.float32)
        return self._learned().decode(part.codes[positions], part.cells()[positions])

    def _settled(self, part: Segment) -> bool:
        return len(part) >= self._limit(part)

    def _limit(self, part: Segment) -> int:
        if isinstance(part, FlatSegment):
            return rows_per_segment(self.dimensions)
        bytes_ = 8 + part.codes.shape[1] + (2 * self.dimensions if self.keep else 0)
        return max(1024, SEGMENT_BYTES // int(bytes_))

    def _merged(self, segments: list[Segment], keep: list[NDArray[np.bool_]]) -> list[Segment]:
        if isinstance(segments[0], CodedSegment):
            return self._join(cast(list[CodedSegment], segments), keep)
        flat = cast(list[FlatSegment], segments)
        return [
            flat_segment.merge([flat[i] for i, _ in group], [mask for _, mask in group])
            for group in chunks(keep, limit=self._limit(flat[0]))
        ]

    def _join(self, segments: list[CodedSegment], keep: list[NDArray[np.bool_]]) -> list[Segment]:
        return [
            ivf_segment.merge([segments[i] for i, _ in group], [mask for _, mask in group])
            for group in chunks(keep, limit=self._limit(segments[0]) if segments else 1)
        ]

    def _write(self, part: Segment, folder: Path) -> Segment:
        if isinstance(part, FlatSegment):
            return flat_segment.save(part, folder, header=self._header())
        return ivf_segment.save(part, folder, header=self._header())

    def _read(self, path: Path) -> Segment:
        header = self._header()
        if self._quantizer is not None:
            return ivf_segment.load(path, self._quantizer, keep=self.keep, header=header)
        return flat_segment.load(path, dimensions=self.dimensions, precision="int8", header=header)

    def _header(self) -> dict[str, Any]:
        path = None if self._quantizer is None else self._quantizer.path
        return {
            "dimensions": self.dimensions,
            "quantizer": None if path is None else path.name,
            "keep": self.keep,
        }

    def _learned(self) -> ProductQuantizer:
        if self._quantizer is None:
            raise FormatError("the index has codes and nothing to read them with; build it again")
        return self._quantizer

    def _find(self, view: View[Segment], queries: Float32, ids: Int64, scores: Float32) -> None:
        if isinstance(view.segments[0], FlatSegment):
            flat = cast(View[FlatSegment], view)
            fill_exact(flat, queries, ids, scores, threads=self.threads)
            return
        coded, quantizer = cast(View[CodedSegment], view), self._learned()
        probes = self.probes or max(16, len(quantizer.cells) // SHARE)
        top = ids.shape[1]
        inner = self.threads if len(queries) == 1 else 1

        def answer(number: int) -> None:
            ids[number], scores[number] = probe(
                coded, quantizer, queries[number],
                top=top, probes=probes, shortlist=SHORTLIST, threads=inner,
            )  # fmt: skip

        run_all(answer, range(len(queries)), threads=self.threads)


def _usual_cells(count: int) -> int:
    """About 2 √N, a power of two, with rows enough to learn each."""
    wanted = 2 * int(count**0.5)
    return max(1, 1 << max(0, min(wanted, count // CELL_SAMPLE).bit_length() - 1))
