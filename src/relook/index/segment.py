"""An immutable part of an inverted index: the postings of up to 65,536 images, sorted by word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import FormatError
from relook.core.numba_cache import compiled
from relook.core.records import Aggregate
from relook.core.storage import load_arrays, save_arrays
from relook.index.kernel import Kernel
from relook.index.scoring import Postings, Probes

__all__ = ["LIMIT", "Segment", "build", "csr_offsets", "load", "save"]

LIMIT = 1 << 16
"""Images of a segment, so that two bytes name an image."""

KIND = "inverted-segment"
VERSION = 1
ARRAYS = ("ids", "norms", "words", "offsets", "images", "vectors")


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Posting lists of N images with M rows over W occurring words, in memory or mapped.

    Attributes:
        ids: ``(N,)`` int64, in the order of addition.
        norms: ``(N,)`` float32, γ of each image.
        words: ``(W,)`` int32, increasing.
        offsets: ``(W + 1,)`` uint32 or int64; the postings of ``words[i]`` are those from
            ``offsets[i]`` to before ``offsets[i + 1]``.
        images: ``(M,)`` uint16, position in ``ids``, not decreasing within a word.
        vectors: ``(M, width)`` uint64 or float32.
        path: its file, once it is saved.
    """

    ids: NDArray[np.int64]
    norms: NDArray[np.float32]
    words: NDArray[np.int32]
    offsets: NDArray[Any]
    images: NDArray[np.uint16]
    vectors: NDArray[Any]
    path: Path | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def postings(self) -> Postings:
        """The posting lists as the hot loops take them."""
        return Postings(self.images, self.vectors)

    def probe(self, query: Aggregate, weights: NDArray[np.float32]) -> Probes:
        """The posting lists that the rows of a query meet, each with the weight of its word."""
        places = np.searchsorted(self.words, query.words)
        known = np.flatnonzero(places < len(self.words))
        rows = known[self.words[places[known]] == query.words[known]]
        rows = rows[weights[query.words[rows]] > 0]
        places = places[rows]
        spans = np.stack([self.offsets[places], self.offsets[places + 1]], axis=1)
        vectors = np.ascontiguousarray(query.vectors[rows])
        return Probes(spans.astype(np.uint64), weights[query.words[rows]], vectors)


def build(
    ids: NDArray[np.int64], aggregates: Sequence[Aggregate], norms: NDArray[np.float32]
) -> Segment:
    """Sort the rows of up to :data:`LIMIT` images by word, keeping their order within a word."""
    words = np.concatenate([aggregate.words for aggregate in aggregates])
    vectors = np.concatenate([aggregate.vectors for aggregate in aggregates])
    ends = np.cumsum([len(aggregate) for aggregate in aggregates])
    counts = np.bincount(words)
    occurring = np.flatnonzero(counts)
    images, sorted_vectors = _distribute(words, vectors, ends, np.cumsum(counts) - counts)
    return Segment(
        ids=ids.copy(),
        norms=norms.copy(),
        words=occurring.astype(np.int32),
        offsets=csr_offsets(counts[occurring]),
        images=images,
        vectors=sorted_vectors,
    )


@compiled()
def _distribute(
    words: NDArray[np.int32],
    vectors: NDArray[Any],
    ends: NDArray[np.int64],
    cursors: NDArray[np.int64],
) -> tuple[NDArray[np.uint16], NDArray[Any]]:
    """Rows of images, each to the next place of its word; ``cursors`` are moved on."""
    images, placed = np.empty(len(words), np.uint16), np.empty_like(vectors)
    row = 0
    for image in range(len(ends)):
        while row < ends[image]:
            at = cursors[words[row]]
            images[at] = image
            for column in range(vectors.shape[1]):
                placed[at, column] = vectors[row, column]
            cursors[words[row]] += 1
            row += 1
    return images, placed


def csr_offsets(counts: NDArray[np.int64]) -> NDArray[Any]:
    """Where each posting list starts, and where the last one ends, in the smallest type."""
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets.astype(np.uint32) if offsets[-1] < 1 << 32 else offsets


def save(segment: Segment, folder: Path, *, header: Mapping[str, Any]) -> Segment:
    """Write a segment under a new name and return it mapped from there."""
    path = folder / f"{uuid4().hex}.segment"
    arrays = {name: getattr(segment, name) for name in ARRAYS}
    save_arrays(path, arrays, kind=KIND, version=VERSION, header=header)
    return replace(segment, path=path, **load_arrays(path, kind=KIND, version=VERSION).arrays)


def load(path: Path, *, kernel: Kernel, header: Mapping[str, Any]) -> Segment:
    """Map a segment; postings are read when a query needs them.

    Raises:
        FormatError: the file is damaged, or was written with another kernel or other weights.
        StorageError: the file cannot be opened.
    """
    stored = load_arrays(path, kind=KIND, version=VERSION)
    if stored.header != header:
        raise FormatError(f"{path} was written with another kernel or idf; build the index again")
    arrays = stored.arrays
    if set(arrays) != set(ARRAYS) or not _sound(arrays, kernel):
        raise FormatError(f"{path} is damaged; delete the index and build it again")
    return Segment(**arrays, path=path)


def _sound(arrays: Mapping[str, NDArray[Any]], kernel: Kernel) -> bool:
    """Whether no posting list leads out of the file; the postings themselves are not read."""
    ids, words, offsets = arrays["ids"], arrays["words"], arrays["offsets"]
    expected = {
        "ids": (ids.shape[:1], (np.int64,)),
        "norms": (ids.shape[:1], (np.float32,)),
        "words": (words.shape[:1], (np.int32,)),
        "offsets": ((len(words) + 1,), (np.uint32, np.int64)),
        "images": (arrays["images"].shape[:1], (np.uint16,)),
        "vectors": ((*arrays["images"].shape[:1], kernel.width), (kernel.dtype,)),
    }
    if any(
        arrays[name].shape != shape or arrays[name].dtype not in types
        for name, (shape, types) in expected.items()
    ):
        return False
    starts = offsets.astype(np.int64)
    return bool(
        len(ids) <= LIMIT
        and len(np.unique(ids)) == len(ids)
        and np.all(np.isfinite(arrays["norms"]))
        and np.all(np.diff(words) > 0)
        and (len(words) == 0 or (words[0] >= 0 and words[-1] < kernel.words))
        and starts[0] == 0
        and starts[-1] == len(arrays["images"])
        and np.all(np.diff(starts) > 0)
    )
