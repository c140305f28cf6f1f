"""Min-hash: a picture as a set of visual words, and sketches that similar sets share by chance.

Sources: Chum, Philbin, Zisserman, "Near duplicate image detection: min-hash and tf-idf weighting",
BMVC 2008; Chum, Matas, "Large-scale discovery of spatially related images", PAMI 2010.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import UsageError
from relook.core.numba_cache import compiled

__all__ = ["MinHash", "collisions"]

UInt64 = NDArray[np.uint64]
UInt32 = NDArray[np.uint32]

_BLOCK = 16
"""Columns of sketches whose collisions are counted at a time."""


@dataclass(frozen=True, kw_only=True)
class MinHash:
    """Sketches of sets of visual words.

    A min-hash is the element of a set whose hash is smallest: two sets have the same one with
    probability J, the size of their intersection over that of their union. A sketch is a tuple of
    ``size`` min-hashes, so it is shared with probability J^size, and one of ``sketches`` at least
    with 1 - (1 - J^size)^sketches.

    A vocabulary for search is too coarse to tell pictures by single words. ``bits`` refines it:
    an element is a word and so many bits of its signature, others for each hash function, so that
    a feature that is lost to one, since a bit flipped, may be found by the next.

    Attributes:
        sketches: k, how many of each picture.
        size: s, min-hashes of each sketch.
        bits: of the signature that belong to an element; 0 for the words alone.
        seed: of the hash functions.
    """

    sketches: int = 512
    size: int = 2
    bits: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.sketches < 1 or self.size < 1:
            raise UsageError("sketches and size must be 1 or more")
        if self.bits < 0:
            raise UsageError(f"bits must be 0 or more, not {self.bits}")

    def encode(
        self,
        words: NDArray[np.int32],
        signatures: UInt64 | None = None,
        *,
        weights: NDArray[np.float32] | None = None,
    ) -> UInt64:
        """Sketch one set.

        Args:
            words: ``(N,)`` int32; an element that occurs twice counts once.
            signatures: ``(N, P)`` uint64, needed where ``bits`` is above 0.
            weights: ``(N,)`` float32 above 0, the same for the same word, such as idf. J is then
                the weight of the intersection over that of the union (BMVC 2008, section 3.2).

        Returns:
            ``(sketches,)`` uint64. A set without elements has zeros, which collide with nothing.

        Raises:
            UsageError: signatures are missing or have fewer bits, or a weight is not above 0.
        """
        check_array("words", words, shape=(None,), dtype=np.int32)
        if not len(words):
            return np.zeros(self.sketches, np.uint64)
        if not self.bits or signatures is None:
            signatures = np.zeros((len(words), 0), np.uint64)
        check_array("signatures", signatures, shape=(len(words), None), dtype=np.uint64)
        parts = signatures.shape[1]
        if 64 * parts < self.bits:
            raise UsageError(f"signatures of {64 * parts} bits have no {self.bits} to refine words")
        if weights is None:
            weights = np.zeros(0, np.float32)
        else:
            check_array("weights", weights, shape=(len(words),), dtype=np.float32)
            if not bool((weights > 0).all()):
                raise UsageError("weights must be above 0; leave words of no weight out")
        seeds, masks = _functions(self.sketches * self.size, self.bits, parts, self.seed)
        return _sketch(words, np.ascontiguousarray(signatures), weights, seeds, masks, self.size)

    def retrieval_probability(self, similarity: float) -> float:
        """Of two sets of this similarity J to share one sketch at least."""
        return float(1.0 - (1.0 - similarity**self.size) ** self.sketches)


def collisions(
    sketches: UInt64 | UInt32, *, reach: int = 8
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of rows that share sketches, found by sorting each column.

    Where many share one, each is paired with the next ``reach`` only, so the time grows with the
    number of rows and not with its square; such sets meet in other columns as well.

    Args:
        sketches: ``(N, k)`` uint64 as of :meth:`MinHash.encode`, or uint32 made of them; zeros
            collide with nothing.
        reach: pairs of each row and column, at most.

    Returns:
        ``(P, 2)`` int64 rows, the lower first, in order, and ``(P,)`` int64 how often they met.
    """
    if sketches.dtype != np.uint32:
        check_array("sketches", sketches, shape=(None, None), dtype=np.uint64)
    if reach < 1:
        raise UsageError(f"reach must be 1 or more, not {reach}")
    rows = len(sketches)
    keys, counts = np.zeros(0, np.int64), np.zeros(0, np.int64)
    for start in range(0, sketches.shape[1], _BLOCK):
        block = sketches[:, start : start + _BLOCK].T
        met = [_met(column, reach) * np.array([rows, 1]) for column in block]
        found, more = np.unique(np.concatenate(met).sum(axis=1), return_counts=True)
        keys, places = np.unique(np.concatenate([keys, found]), return_inverse=True)
        counts = np.bincount(places, np.concatenate([counts, more]), len(keys)).astype(np.int64)
    return np.stack([keys // max(rows, 1), keys % max(rows, 1)], axis=1), counts


def _met(column: UInt64 | UInt32, reach: int) -> NDArray[np.int64]:
    """``(P, 2)`` rows that are equal, and not 0, at most ``reach`` apart in the sorted column."""
    order = np.argsort(column, kind="stable")
    values = column[order]
    pairs = [np.zeros((0, 2), np.int64)]
    for step in range(1, min(reach, len(values) - 1) + 1):
        same = np.flatnonzero((values[step:] == values[:-step]) & (values[step:] != 0))
        if not len(same):
            break
        pairs.append(np.stack([order[same], order[same + step]], axis=1))
    return np.sort(np.concatenate(pairs), axis=1)


@lru_cache(maxsize=8)
def _functions(count: int, bits: int, parts: int, seed: int) -> tuple[UInt64, UInt64]:
    """Seed of each hash function, and the bits of a signature that it looks at."""
    seeds = np.random.default_rng([seed, 0]).integers(0, 1 << 64, count, np.uint64)
    order = np.random.default_rng([seed, 1]).random((count, 64 * parts)).argsort(axis=1)
    chosen = np.zeros((count, 64 * parts), np.bool_)
    np.put_along_axis(chosen, order[:, :bits], values=True, axis=1)
    masks = np.packbits(chosen, axis=1, bitorder="little").view("<u8")
    return seeds, masks.astype(np.uint64).reshape(count, parts)


@compiled()
def _mix(value: np.uint64) -> np.uint64:
    """Spread 64 bits over 64 bits, one to one (the finalizer of SplitMix64)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@compiled()
def _sketch(
    words: NDArray[np.int32],
    signatures: UInt64,
    weights: NDArray[np.float32],
    seeds: UInt64,
    masks: UInt64,
    size: int,
) -> UInt64:
    """Each sketch folds its min-hashes into one number; never 0."""
    out = np.zeros(len(seeds) // size, np.uint64)
    for function in range(len(seeds)):
        best, least = np.uint64(0), np.inf
        for row in range(len(words)):
            value = _mix(seeds[function] ^ np.uint64(words[row]))
            for part in range(signatures.shape[1]):
                value = _mix(value ^ (signatures[row, part] & masks[function, part]))
            # Exponential variates: the least is that of an element as often as its weight says.
            score = np.float64(value)
            if len(weights):
                score = -np.log((score + 0.5) / 2.0**64) / weights[row]
            if score < least or (score == least and value < best):
                best, least = value, score
        place = function // size
        out[place] = _mix(out[place] ^ best) | np.uint64(1)
    return out
