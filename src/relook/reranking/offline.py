"""Diffusion solved beforehand for each image, so that a query only adds up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import FormatError, UsageError
from relook.core.records import Ranking
from relook.reranking.affinity import Affinity
from relook.reranking.columns import Parts, Task, join, solve_columns
from relook.reranking.diffusion import reorder
from relook.reranking.kept import KeptKind
from relook.reranking.linear import check_alpha
from relook.reranking.seeds import Seeds

__all__ = ["OfflineDiffusion"]

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

FILE = KeptKind("offline-diffusion", version=1)
BLOCK = 256


class OfflineDiffusion:
    """For each image i the column c_i of (1 - α)(I - α𝒲)^-1, cut to the neighborhood of i.

    Then f = Σ_i y_i c_i. Where each neighborhood holds every node that edges join with i, and
    nothing is dropped, that is the diffusion on the whole graph.

    Attributes:
        ids: ``(N,)`` int64, increasing, the nodes.
        offsets: ``(N + 1,)`` int64; column i has the entries from ``offsets[i]`` to before
            ``offsets[i + 1]``.
        rows: ``(M,)`` int32, the nodes that are reached.
        values: ``(M,)`` float32, positive.

    Source: Yang, Hinami, Matsui, Ly, Satoh, "Efficient image retrieval via decoupling diffusion
    into online and offline processing", AAAI 2019.
    """

    def __init__(self, ids: Int64, parts: Parts) -> None:
        check_array("ids", ids, shape=(None,), dtype=np.int64)
        check_array("offsets", parts.offsets, shape=(len(ids) + 1,), dtype=np.int64)
        check_array("rows", parts.rows, shape=(None,), dtype=np.int32)
        check_array("values", parts.values, shape=parts.rows.shape, dtype=np.float32)
        self.ids = ids
        self.offsets, self.rows, self.values = parts
        self._path: Path | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def build(
        cls,
        affinity: Affinity,
        *,
        task: Task | None = None,
        threads: int = 2,
        progress: Callable[[int, int], None] | None = None,
    ) -> OfflineDiffusion:
        """Solve for every node.

        Args:
            affinity: of the collection.
            task: how far and how exactly; None is the default.
            threads: that many nodes at a time.
            progress: called with the number of nodes that are done, and of all.
        """
        task = task or Task()
        check_alpha(task.alpha)
        if min(task.truncate, task.keep, task.iterations) < 1:
            raise UsageError("truncate, keep and iterations must be at least 1")
        matrix, count = affinity.normalized, len(affinity)

        def block(first: int) -> Parts:
            return solve_columns(matrix, first, min(first + BLOCK, count), task)

        parts: list[Parts] = []
        with ThreadPoolExecutor(threads) as pool:
            for part in pool.map(block, range(0, count, BLOCK)):
                parts.append(part)
                if progress is not None:
                    progress(min(len(parts) * BLOCK, count), count)
        return cls(affinity.ids, join(parts))

    def spread(self, seeds: Seeds) -> Float64:
        """``(N,)`` f of all nodes."""
        f = np.zeros(len(self))
        if not len(self):
            return f
        places = np.minimum(np.searchsorted(self.ids, seeds.ids), len(self) - 1)
        known = self.ids[places] == seeds.ids
        for node, weight in zip(places[known], seeds.weights[known], strict=True):
            span = slice(self.offsets[node], self.offsets[node + 1])
            f[self.rows[span]] += weight * self.values[span]
        return f

    def rerank(self, ranking: Ranking, seeds: Seeds) -> Ranking:
        """Reorder ``ranking`` as :meth:`Diffusion.rerank` does."""
        return reorder(ranking, self.ids, self.spread(seeds))

    def save(self, folder: Path) -> dict[str, Any]:
        """Write it under a new name, unless it lies in ``folder``; what :meth:`load` needs."""
        arrays = {name: getattr(self, name) for name in ("ids", "offsets", "rows", "values")}
        self._path, state = FILE.save(folder, self._path, arrays)
        return state

    @classmethod
    def load(cls, folder: Path, state: Mapping[str, Any]) -> OfflineDiffusion:
        """Map what :meth:`save` wrote.

        Raises:
            FormatError: the file or ``state`` is damaged, or of a newer version.
            StorageError: the file cannot be opened.
        """
        path, stored = FILE.load(folder, state)
        try:
            ids = stored.arrays.pop("ids")
            loaded = cls(ids, Parts(**stored.arrays))
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(f"{path} is damaged; delete it and build it again") from error
        if not loaded._sound():
            raise FormatError(f"{path} is damaged; delete it and build it again")
        loaded._path = path
        return loaded

    def files(self) -> tuple[str, ...]:
        """Names of the files that this reads; others in its folder can be deleted."""
        return () if self._path is None else (self._path.name,)

    def _sound(self) -> bool:
        steps = np.diff(self.offsets)
        ends = self.offsets[0] == 0 and self.offsets[-1] == len(self.rows)
        inside = self.rows.min(initial=0) >= 0 and self.rows.max(initial=-1) < len(self)
        return bool(ends and inside and np.all(steps >= 0) and np.all(np.diff(self.ids) > 0))
