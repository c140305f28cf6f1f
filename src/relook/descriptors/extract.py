"""Many pictures → vectors: threads decode while the network is busy."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import ImageError, UsageError
from relook.core.records import Box, Image
from relook.descriptors.line import Line
from relook.descriptors.vector import VectorDescriber
from relook.images import crop, read

__all__ = ["Source", "extract"]

Float32 = NDArray[np.float32]

Source = Path | bytes | Image | tuple[Path, Box]
"""A file, what it holds, a picture that was read, or a box of a file that alone is described."""

S = TypeVar("S", bound=Source)
Progress = Callable[[int], object]


def extract(
    sources: Iterable[S],
    describer: VectorDescriber,
    *,
    workers: int = 2,
    batch: int = 8,
    progress: Progress | None = None,
) -> Generator[tuple[S, Float32 | ImageError]]:
    """Describe pictures, in order, with bounded memory.

    A picture that cannot be used gives its error and stops nothing. (A decoder that crashes takes
    the process with it: a collection describes in processes of their own.) Closing the generator
    ends its threads.

    Args:
        sources: what to describe; read as far ahead as is needed.
        describer: how.
        workers: threads that read, decode and resize.
        batch: as many pictures of one shape go through the network together.
        progress: called with the number of pictures done, before each is handed out.

    Yields:
        Each source with its ``(D,)`` or ``(R, D)`` float32, or with its :class:`ImageError`.

    Raises:
        UsageError: ``workers`` or ``batch`` is below 1.
    """
    if min(workers, batch) < 1:
        raise UsageError("workers and batch must be at least 1")
    open_source = partial(_open, longest=describer.sizing.longest)
    line = Line[S](describer, open_source, workers=workers, batch=batch)
    return _extract(sources, line, progress)


def _extract(
    sources: Iterable[S], line: Line[S], progress: Progress | None
) -> Generator[tuple[S, Float32 | ImageError]]:
    done = 0
    with line:
        upcoming = iter(sources)
        more = True
        while more or line:
            while more and line.has_room():
                try:
                    line.begin(next(upcoming))
                except StopIteration:
                    more = False
            if line:
                line.advance()
            for source, result in line.finished():
                done += 1
                if progress is not None:
                    progress(done)
                yield source, result


def _open(source: Source, *, longest: int) -> Image:
    if isinstance(source, Image):
        return source
    if isinstance(source, tuple):
        path, box = source
        return crop(read(path, longest=longest), box)
    return read(source, longest=longest)
