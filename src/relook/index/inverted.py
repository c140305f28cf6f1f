"""The inverted index of local features: add, remove and search without reading everything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import FormatError, UsageError
from relook.core.records import Aggregate, Ranking
from relook.index import segment as parts
from relook.index.kernel import Kernel
from relook.index.merging import merge
from relook.index.segment import LIMIT, Segment
from relook.index.selection import best_positive
from relook.index.similarity import Similarity, read_only
from relook.index.view import View, check_new, from_runs, to_runs

__all__ = ["InvertedIndex"]

VERSION = 1


class InvertedIndex:
    """Images by the visual words that they show, scored by a match kernel.

    Every :meth:`add` makes an immutable segment; removed images are left out when reading;
    :meth:`compact` merges. A search sees the index as it was at one moment, so that threads may
    search while one thread changes it. Scores do not depend on the order of additions, on removed
    images or on compaction.

    Args:
        kernel: what a match is worth.
        weights: ``(words,)`` float32 w_c ≥ 0, such as an idf frozen with the codebook, or its
            square (bag of words, Hamming embedding); None is ones.
        threads: search so many segments at a time; scores do not depend on it.

    Raises:
        ShapeError, UsageError: the weights do not fit the kernel, or ``threads`` is below 1.

    Example:
        >>> signatures = np.array([[7, 7]], np.uint64)
        >>> index = InvertedIndex(Kernel(words=4, bits=128))
        >>> index.add(np.array([10]), [Aggregate(np.array([2], np.int32), signatures)])
        >>> index.search(Aggregate(np.array([2], np.int32), signatures), top=5).scores
        array([1.], dtype=float32)
    """

    def __init__(
        self,
        kernel: Kernel,
        weights: NDArray[np.float32] | None = None,
        *,
        threads: int = 1,
    ) -> None:
        if threads < 1:
            raise UsageError(f"threads must be at least 1, not {threads}")
        self.kernel = kernel
        self.threads = threads
        self._similarity = Similarity(kernel, weights)
        self._state = _State.of((), np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self._state.view.ids)

    @property
    def ids(self) -> NDArray[np.int64]:
        """``(N,)`` int64, the images in the index, increasing; read-only."""
        return self._state.view.ids

    def add(self, ids: NDArray[np.int64], codes: Sequence[Aggregate]) -> None:
        """Add images, all or none of them.

        Args:
            ids: ``(N,)`` int64, never used before in this index.
            codes: N aggregates; a word may repeat (SMK, HE). An image without rows is kept and
                matches nothing.

        Raises:
            ShapeError: ids or vectors have another shape or type, or are not finite.
            UsageError: an id is present or was removed before, or words are not of the codebook.
        """
        check_array("ids", ids, shape=(len(codes),), dtype=np.int64)
        view = self._state.view
        check_new(ids, view)
        for image, code in zip(ids, codes, strict=True):
            self.kernel.check(f"image {image}", code)
        norms = np.array([self._similarity.gamma(code) for code in codes], np.float32)
        fresh = [
            parts.build(ids[i : i + LIMIT], codes[i : i + LIMIT], norms[i : i + LIMIT])
            for i in range(0, len(ids), LIMIT)
        ]
        self._state = _State.of((*view.segments, *fresh), view.removed)

    def remove(self, ids: Iterable[int]) -> None:
        """Remove images, all or none of them; their ids cannot be used again.

        Raises:
            UsageError: an id is not in the index.
        """
        view = self._state.view
        gone = np.unique(np.fromiter(ids, np.int64))
        unknown = gone[~np.isin(gone, view.ids)]
        if len(unknown):
            raise UsageError(f"image {unknown[0]} is not in the index; remove what .ids lists")
        self._state = _State.of(view.segments, np.union1d(view.removed, gone))

    def search(self, query: Aggregate, *, top: int) -> Ranking:
        """The ``top`` best images with a positive score; equal scores in order of id.

        Raises:
            ShapeError, UsageError: the query does not fit the kernel, or ``top`` is below 1.
        """
        if top < 1:
            raise UsageError(f"top must be at least 1, not {top}")
        ids, scores = self.scores(query)
        best = best_positive(scores, top=top)
        return Ranking(ids[best], scores[best])

    def scores(self, query: Aggregate) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """``(N,)`` ids, increasing, read-only, and ``(N,)`` float32 K(query, image) of all images.

        Raises:
            ShapeError, UsageError: the query does not fit the kernel.
        """
        self.kernel.check("the query", query, query=True)
        view, norms, similarity = self._state.view, self._state.norms, self._similarity
        # Longer by a segment, so that a damaged posting cannot write past the end.
        raw = np.zeros(view.starts[-1] + LIMIT, np.float32)

        def score(part: Segment, start: int) -> None:
            probes = part.probe(query, similarity.weights)
            similarity.accumulate(probes, read_only(part.postings), raw[start : start + LIMIT])

        starts = view.starts[:-1].tolist()
        if self.threads == 1 or len(starts) < 2:
            for part, start in zip(view.segments, starts, strict=True):
                score(part, start)
        else:
            with ThreadPoolExecutor(min(self.threads, len(starts))) as pool:
                list(pool.map(score, view.segments, starts))
        gamma = np.float32(similarity.gamma(query))
        return view.ids, raw[view.rows] * norms * gamma

    def compact(self) -> None:
        """Merge segments and drop removed images; what is full and whole stays as it is."""
        view = self._state.view
        whole = [bool(kept.all()) for kept in view.keep]
        full = [ok and len(part) == LIMIT for part, ok in zip(view.segments, whole, strict=True)]
        rest = [i for i, ok in enumerate(full) if not ok]
        if not rest or (len(rest) == 1 and whole[rest[0]]):
            return
        segments = [part for part, ok in zip(view.segments, full, strict=True) if ok]
        segments += _merge_all([view.segments[i] for i in rest], [view.keep[i] for i in rest])
        self._state = _State.of(tuple(segments), view.removed)

    def save(self, folder: Path) -> dict[str, Any]:
        """Write the segments that are not in ``folder`` yet, each under a new name.

        Nothing that was written before is changed or deleted. From then on the index reads from
        these files.

        Returns:
            What :meth:`load` needs besides the files, as JSON.

        Raises:
            StorageError: a file cannot be written.
        """
        header = self._similarity.signature()
        view = self._state.view
        segments = tuple(
            part
            if part.path is not None and part.path.parent.resolve() == folder.resolve()
            else parts.save(part, folder, header=header)
            for part in view.segments
        )
        self._state = _State.of(segments, view.removed)
        return {
            "version": VERSION,
            "segments": list(self.files()),
            "removed": to_runs(view.removed),
        }

    @classmethod
    def load(
        cls,
        folder: Path,
        state: Mapping[str, Any],
        kernel: Kernel,
        weights: NDArray[np.float32] | None = None,
        *,
        threads: int = 1,
    ) -> InvertedIndex:
        """Map what :meth:`save` wrote; postings are read when a query needs them.

        Raises:
            FormatError: a file or ``state`` is damaged, of a newer version, or was written with
                another kernel or other weights.
            StorageError: a file cannot be opened.
        """
        index = cls(kernel, weights, threads=threads)
        header = index._similarity.signature()
        try:
            newer = state["version"] > VERSION
            names = [str(name) for name in state["segments"]]
            removed = from_runs(state["removed"])
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(f"the state of the index is damaged ({error}); build it") from error
        if newer:
            raise FormatError("the index was written by a newer relook; upgrade relook")
        segments = tuple(parts.load(folder / name, kernel=kernel, header=header) for name in names)
        index._state = _State.of(segments, removed)
        if len(np.unique(index._state.view.ids)) != len(index._state.view.ids):
            raise FormatError("the index names an image twice; delete it and build it again")
        return index

    def files(self) -> tuple[str, ...]:
        """Names of the files that this index reads; others in its folder can be deleted."""
        return tuple(part.path.name for part in self._state.view.segments if part.path is not None)


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """The index at one moment, and γ of each of its ``view.ids``."""

    view: View[Segment]
    norms: NDArray[np.float32]

    @classmethod
    def of(cls, segments: Sequence[Segment], removed: NDArray[np.int64]) -> _State:
        norms = np.concatenate([np.zeros(0, np.float32), *(part.norms for part in segments)])
        view = View.of(segments, removed)
        return cls(view, norms[view.rows])


def _merge_all(segments: list[Segment], keep: list[NDArray[np.bool_]]) -> list[Segment]:
    """Merge into as few segments as :data:`LIMIT` allows."""
    ranks = np.cumsum(np.concatenate(keep)) - 1
    cuts = np.cumsum([len(kept) for kept in keep])[:-1]
    count = int(ranks[-1]) + 1 if len(ranks) else 0
    merged = []
    for first in range(0, count, LIMIT):
        inside = np.split((ranks >= first) & (ranks < first + LIMIT), cuts)
        masks = [kept & chosen for kept, chosen in zip(keep, inside, strict=True)]
        used = [i for i, mask in enumerate(masks) if mask.any()]
        merged.append(merge([segments[i] for i in used], [masks[i] for i in used]))
    return merged
