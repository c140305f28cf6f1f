"""Parts of pictures as queries: the codes of the features that lie in them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from relook.core.records import Aggregate, LocalCodes
from relook.reranking.framing import within
from relook.reranking.hamming_expansion import aggregate_words

__all__ = ["restrict", "windows"]

_CUTS = 3
"""Windows of half the sides per side."""
_FEWEST = 20
"""Features of a window that is worth a search."""


def restrict(codes: LocalCodes, keep: NDArray[np.bool_]) -> LocalCodes:
    """Codes of some of the features of a picture; frames stay as they are.

    Where the index takes one signature per word it is the majority of those that stay. Other
    aggregates were made of what is not stored; there a word that stays has what it had.

    Args:
        codes: of the picture.
        keep: ``(N,)`` bool, by feature.
    """
    if keep.all():
        return codes
    rows = keep[codes.features]
    words, signatures = codes.words[rows], codes.signatures[rows]
    return LocalCodes(
        words=words,
        signatures=signatures,
        features=codes.features[rows],
        frames=codes.frames,
        aggregate=_aggregate(codes, rows),
        size=codes.size,
        shapes=codes.shapes,
    )


def windows(codes: LocalCodes, region: NDArray[np.floating]) -> Iterator[LocalCodes]:
    """The codes in overlapping windows of half the sides of an upright ``(4, 2)`` region."""
    corner, sides = region[0], (region[2] - region[0]) / 2
    for across, down in product(range(_CUTS), repeat=2):
        low = corner + sides * (across, down) / (_CUTS - 1)
        keep = within(codes.frames[:, :2], low, low + sides)
        if int(keep.sum()) >= _FEWEST:
            yield restrict(codes, keep)


def _aggregate(codes: LocalCodes, rows: NDArray[np.bool_]) -> Aggregate:
    whole = codes.aggregate
    words = codes.words[rows]
    if np.array_equal(whole.words, codes.words) and len(np.unique(words)) < len(words):
        return Aggregate(whole.words[rows], whole.vectors[rows])
    if whole.vectors.dtype == np.uint64:
        return aggregate_words(words, codes.signatures[rows], np.ones(len(words), np.bool_))
    stay = np.isin(whole.words, words)
    return Aggregate(whole.words[stay], whole.vectors[stay])
