"""The codes of a mirror image, made from those of the picture: no file is read.

A word and the signs of what is left say roughly what a SIFT descriptor was. Mirroring permutes its
bins, so the descriptor of the mirrored patch is as roughly known, and so are its word and signs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.core.records import LocalCodes
from relook.encodings import Codebook
from relook.encodings.asmk import aggregate_residuals, sign_bits
from relook.mapping.neighbors import Neighbors
from relook.search.encoding import make_encoder
from relook.vectors.normalize import l2_normalize

__all__ = ["Mirror", "make_mirror"]

_CELLS, _ANGLES = 4, 8
_BINS = _CELLS * _CELLS * _ANGLES
_RESIDUAL = 0.05
"""Typical size of one component of a residual of RootSIFT to its word, of 16k words."""


class Mirror:
    """Mirrors codes of SIFT that have 128-bit signatures.

    Args:
        codebook: of the codes.
        upright: whether features have no orientation of their own.
        aggregated: ASMK, else SMK.
        binary: whether the index holds signatures, else float vectors.
    """

    def __init__(
        self, codebook: Codebook, *, upright: bool, aggregated: bool, binary: bool
    ) -> None:
        self._codebook = codebook
        self._upright = upright
        self._kernel = {"aggregated": aggregated, "binary": binary}
        self._bins = _mirrored_bins(upright=upright)

    def codes(self, codes: LocalCodes) -> LocalCodes:
        """The codes of the mirror image, of the same size in pixels."""
        count = len(codes.words)
        bits = np.unpackbits(
            np.ascontiguousarray(codes.signatures, "<u8").view(np.uint8).reshape(count, -1),
            axis=1,
            bitorder="little",
        )
        signs = 2 * bits.astype(np.float32) - 1
        rough = np.maximum(self._codebook.centers[codes.words] + _RESIDUAL * signs, 0)
        mirrored = l2_normalize(np.ascontiguousarray(rough[:, self._bins]))
        words = self._codebook.assign(mirrored)[:, 0]
        order = np.argsort(words, kind="stable")
        words = words[order]
        residuals = mirrored[order] - self._codebook.centers[words]
        frames = codes.frames.copy()
        frames[:, 0] = codes.size[0] - 1 - frames[:, 0]
        if not self._upright:
            frames[:, 3] = np.pi - frames[:, 3]
        return LocalCodes(
            words=words,
            signatures=sign_bits(residuals),
            features=codes.features[order],
            frames=frames,
            aggregate=aggregate_residuals(words, residuals, **self._kernel),
            size=codes.size,
        )


def make_mirror(neighbors: Neighbors) -> Mirror | None:
    """A mirror for a collection's codes; None where they are not of plain SIFT with signatures."""
    settings = neighbors.parts.settings
    if settings.extractor != "sift" or settings.encoding != "smk":
        return None
    codebook = make_encoder(settings, assignments=1).codebook
    if codebook.dimensions != _BINS:
        return None
    return Mirror(
        codebook,
        upright=settings.sift.orientation == "upright",
        aggregated=settings.aggregated,
        binary=settings.binary,
    )


def _mirrored_bins(*, upright: bool) -> NDArray[np.int64]:
    """For each bin of the mirror image's descriptor that of the picture's.

    A patch that was turned to its dominant direction keeps it, so its lower half becomes the upper;
    an upright one changes left and right. Angles turn round with it.
    """
    bins = np.arange(_BINS).reshape(_CELLS, _CELLS, _ANGLES)
    angles = np.arange(_ANGLES)
    if upright:
        return bins[:, ::-1][:, :, (_ANGLES // 2 - angles) % _ANGLES].ravel()
    return bins[::-1][:, :, -angles % _ANGLES].ravel()
