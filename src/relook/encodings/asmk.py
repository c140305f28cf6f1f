"""(A)SMK codes: visual words, and the residual of the descriptor to its word."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.core.records import Aggregate, LocalCodes, LocalFeatures
from relook.encodings.codebook import Codebook
from relook.encodings.grouping import run_starts, sort_by_word
from relook.encodings.packing import pack_codes, unpack_codes
from relook.vectors.normalize import l2_normalize

__all__ = ["AsmkEncoder", "aggregate_residuals", "sign_bits"]


@dataclass(frozen=True, slots=True, eq=False)
class AsmkEncoder:
    """Encoder of the selective match kernels.

    ======== ============ ========
    kernel   aggregated   binary
    ======== ============ ========
    ASMK*    yes          yes
    SMK*     no           yes
    ASMK     yes          no
    SMK      no           no
    ======== ============ ========

    Attributes:
        codebook: the visual words.
        aggregated: sum the residuals of each word before they are compared.
        binary: keep the signs of residuals, else l2-normalized residuals.
        assignments: nearest words of each feature of a *query*; database images have one.

    Source: Tolias, Avrithis, Jégou, "To aggregate or not to aggregate: selective match kernels
    for image search", ICCV 2013.
    """

    codebook: Codebook
    aggregated: bool = True
    binary: bool = True
    assignments: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.assignments <= len(self.codebook):
            raise UsageError(f"assignments must be 1 to {len(self.codebook)}")
        if self.codebook.dimensions % 64:
            raise UsageError("signatures need descriptors of a multiple of 64 dimensions")

    def encode(self, features: LocalFeatures) -> LocalCodes:
        """Encode a database image: one word per feature."""
        return self._encode(features, assignments=1)

    def encode_query(self, features: LocalFeatures) -> LocalCodes:
        """Encode a query: ``assignments`` words per feature."""
        return self._encode(features, assignments=self.assignments)

    def pack(self, codes: LocalCodes) -> bytes:
        """Write codes as compact bytes."""
        return pack_codes(codes)

    def unpack(self, blob: bytes) -> LocalCodes:
        """Read what :meth:`pack` wrote."""
        return unpack_codes(blob)

    def _encode(self, features: LocalFeatures, *, assignments: int) -> LocalCodes:
        flat, rows = sort_by_word(self.codebook.assign(features.descriptors, count=assignments))
        residuals = features.descriptors[rows] - self.codebook.values(flat)
        return LocalCodes(
            words=flat,
            signatures=sign_bits(residuals),
            features=rows,
            frames=features.frames,
            aggregate=aggregate_residuals(
                flat, residuals, aggregated=self.aggregated, binary=self.binary
            ),
            size=features.size,
            shapes=features.shapes,
        )


def aggregate_residuals(
    words: NDArray[np.int32],
    residuals: NDArray[np.float32],
    *,
    aggregated: bool,
    binary: bool,
) -> Aggregate:
    """What the inverted index takes of one image.

    Args:
        words: ``(M,)`` int32, not decreasing.
        residuals: ``(M, D)`` float32.
        aggregated: one vector per word, the sum of its residuals; else all of them.
        binary: their signs, else l2-normalized.
    """
    if aggregated and len(words):
        starts = run_starts(words)
        words, residuals = words[starts], _sums(residuals, starts)
    return Aggregate(words, sign_bits(residuals) if binary else l2_normalize(residuals))


def _sums(rows: NDArray[np.float32], starts: NDArray[np.int64]) -> NDArray[np.float32]:
    """The sum of each run of rows; most runs are one row, which need not be summed."""
    lengths = np.diff(starts, append=len(rows))
    long = lengths > 1
    sums: NDArray[np.float32] = rows[starts]
    if long.any():
        inside = np.repeat(long, lengths)
        firsts = np.cumsum(lengths[long]) - lengths[long]
        sums[long] = np.add.reduceat(rows[inside], firsts, axis=0)
    return sums


def sign_bits(rows: NDArray[np.float32]) -> NDArray[np.uint64]:
    """One bit per component, 1 where it is positive: ``(N, D)`` to ``(N, D / 64)`` uint64."""
    packed = np.packbits(rows > 0, axis=1, bitorder="little")
    return packed.view("<u8").astype(np.uint64, copy=False)
