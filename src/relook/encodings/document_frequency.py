"""In how many images each word occurs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from relook.vectors.rows import BLOCK

__all__ = ["document_frequency"]

Rows = NDArray[np.floating]


def document_frequency(
    images: Sequence[Rows],
    assign: Callable[[NDArray[np.float32]], NDArray[np.int32]],
    *,
    words: int,
) -> NDArray[np.int64]:
    """The number of images that have each word, ``(words,)``.

    Args:
        images: per image ``(N, D)`` descriptors, float16 or float32.
        assign: ``(N, D)`` float32 descriptors to ``(N,)`` words. It gets those of many images at
            once, which is faster where there are many words.
        words: how many there are.
    """
    count = np.zeros(words, np.int64)
    for group in _groups(images):
        own = assign(np.concatenate([image.astype(np.float32, copy=False) for image in group]))
        image = np.repeat(np.arange(len(group)), [len(rows) for rows in group])
        pairs = np.unique(image * words + own)
        count += np.bincount(pairs % words, minlength=words)
    return count


def _groups(images: Sequence[Rows]) -> Iterator[list[Rows]]:
    """Images that together have about a block of rows."""
    group: list[Rows] = []
    size = 0
    for image in images:
        group.append(image)
        size += len(image)
        if size >= BLOCK:
            yield group
            group, size = [], 0
    if size:
        yield group
