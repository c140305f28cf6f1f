"""Features of many pictures, described once and kept in parts, so that a stop loses little."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.protocols import Extractor
from reproduce.global_descriptors.pictures import Picture

__all__ = ["Descriptors", "describe"]

PART = 128
"""Pictures in a file."""


@dataclass(frozen=True, slots=True, eq=False)
class Descriptors(Sequence[NDArray[np.float16]]):
    """Descriptors of pictures, one below the other in float16."""

    rows: NDArray[np.float16]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, number):  # type: ignore[no-untyped-def]
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(len(self)))]
        if not 0 <= number < len(self):
            raise IndexError(number)
        return self.rows[self.starts[number] : self.starts[number + 1]].astype(np.float32)


def describe(
    pictures: Sequence[Picture],
    extractor: Extractor,
    folder: Path,
    *,
    longest: int,
    jobs: int,
    progress: Callable[[int], None],
) -> Descriptors:
    """Descriptors of each picture; what lies in ``folder`` already is read."""
    folder.mkdir(parents=True, exist_ok=True)
    task = partial(_one, extractor=extractor, longest=longest)
    rows, counts = [], []
    with ExitStack() as stack:
        pool: ProcessPoolExecutor | None = None
        for start in range(0, len(pictures), PART):
            part = pictures[start : start + PART]
            said = [extractor, longest, [(p.path.resolve(), p.box) for p in part]]
            file = folder / f"{hashlib.sha256(repr(said).encode()).hexdigest()[:16]}.npz"
            if not file.exists():
                if pool is None:  # not started where all is there
                    workers = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
                    pool = stack.enter_context(workers)
                _keep(file, list(pool.map(task, part, chunksize=4)))
            with np.load(file) as kept:
                rows.append(kept["rows"])
                counts.append(kept["counts"])
            progress(min(start + PART, len(pictures)))
    return Descriptors(np.concatenate(rows), np.cumsum([0, *np.concatenate(counts)]))


def _keep(file: Path, found: Sequence[NDArray[np.float16]]) -> None:
    unfinished = file.with_suffix(".part.npz")
    np.savez(unfinished, rows=np.concatenate(found), counts=np.array([len(one) for one in found]))
    unfinished.replace(file)


def _one(picture: Picture, *, extractor: Extractor, longest: int) -> NDArray[np.float16]:
    cv2.setNumThreads(1)
    return extractor.extract(picture.load(longest)[0]).descriptors.astype(np.float16)
