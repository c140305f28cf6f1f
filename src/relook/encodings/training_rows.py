"""What every encoding needs before it is fitted: descriptors that can be learned from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.encodings.compact_projection import CompactProjection
from relook.vectors import Pca
from relook.vectors.rows import Rows

__all__ = ["draw", "fit_local"]

Float32 = NDArray[np.float32]


def draw(images: Sequence[NDArray[np.floating]], *, words: int, most: int, seed: int) -> Float32:
    """At most so many descriptors of all images, at random.

    Rows of zeros describe nothing and are left out.

    Raises:
        UsageError: fewer descriptors than words, or all of them are equal.
        ShapeError: values that are not finite, or of another shape.
    """
    rows = Rows(images)
    if words < 1:
        raise UsageError(f"words must be at least 1, not {words}")
    if len(rows) > most:
        chosen = np.random.default_rng(seed).choice(len(rows), most, replace=False)
        sample = rows.take(np.sort(chosen))
    else:
        sample = rows.block(0, len(rows))
    sample = sample[sample.any(axis=1)]
    if len(sample) < words:
        raise UsageError(
            f"{len(sample)} descriptors cannot make {words} words; bring more pictures or ask "
            "for fewer words"
        )
    if not (sample[1:] != sample[0]).any():
        raise UsageError("all descriptors are equal: nothing can be learned; bring other pictures")
    return sample


def fit_local(sample: Float32, dimensions: int | None) -> tuple[CompactProjection | None, Float32]:
    """PCA of descriptors, none where ``dimensions`` is None, and the sample after it.

    Raises:
        UsageError: more dimensions than the descriptors have.
    """
    if dimensions is None:
        return None, sample
    pca = Pca(dimensions, normalize=False).fit(sample)
    local = CompactProjection.of(pca.mean_, pca.projection_)
    return local, local.apply(sample)
