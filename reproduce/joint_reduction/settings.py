"""What is compared: families of vocabularies, other encodings, and what was published of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from relook.encodings.vocabularies import (
    Vocabulary,
    measurement_regions,
    pca_sifts,
    root_sifts,
    seeds,
)
from relook.vectors import Projection

__all__ = ["FAMILIES", "KEPT", "OTHERS", "REDUCED", "Family", "Other", "PcaSifts", "Published"]

DIMENSIONS = 128
"""Of all vectors."""
KEPT = (80, 64, 48, 32)
"""Dimensions of PCA-SIFT, in order."""

Published = tuple[float | None, float | None]
"""mAP in percent on Oxford5k and on Holidays."""


@dataclass(frozen=True, slots=True, eq=False)
class PcaSifts:
    """PCA-SIFT, learned on all photos to :data:`KEPT`, and on one folder each to the first."""

    whole: Sequence[Projection]
    sets: Sequence[Projection]


@dataclass(frozen=True, slots=True)
class Family:
    """Vocabularies that differ in one thing.

    Attributes:
        name: as the thesis has it.
        figure: where it draws them.
        members: of a bundle of sizes.
        labels: of the vocabularies in order.
        regions: whether each is of another measurement region.
    """

    name: str
    figure: str
    members: Callable[[Sequence[int], PcaSifts], list[Vocabulary]]
    labels: tuple[str, ...]
    regions: bool = False


@dataclass(frozen=True, slots=True)
class Other:
    """An encoding that is reduced alone: a class by its kind, and its options."""

    name: str
    kind: str
    options: dict[str, object]
    published: Published


FAMILIES = (
    Family(
        "mVocab", "5.1", lambda sizes, _: seeds(sizes), tuple(f"seed {n}" for n in range(4))
    ),
    Family(
        "mMeasReg", "5.3", lambda sizes, _: measurement_regions(sizes),
        ("0.5 r", "0.75 r", "r", "1.25 r", "1.5 r"), regions=True,
    ),
    Family(
        "mRootSIFT", "5.4", lambda sizes, _: root_sifts(sizes),
        ("SIFT", "SIFT^0.4", "SIFT^0.5", "SIFT^0.6"),
    ),
    Family(
        "mPCA1-SIFT", "5.5", lambda sizes, pca: pca_sifts(sizes, pca.whole),
        ("128", *map(str, KEPT)),
    ),
    Family(
        "mPCA2-SIFT", "5.5",
        lambda sizes, pca: pca_sifts(sizes, [p.truncated(KEPT[0]) for p in pca.sets]),
        ("128", *(f"{KEPT[0]} of set {n}" for n in range(1, 5))),
    ),
    Family(
        "mPCA3-SIFT", "5.5",
        lambda sizes, pca: pca_sifts(
            sizes, [p.truncated(kept) for p, kept in zip(pca.sets, KEPT, strict=True)]
        ),
        ("128", *(f"{kept} of set {n}" for n, kept in enumerate(KEPT, 1))),
    ),
)  # fmt: skip

REDUCED: dict[tuple[str, bool], tuple[str, Published]] = {
    ("mVocab", False): ("4 × 8k", (41.4, 63.0)),
    ("mVocab", True): ("2 × (32k + … + 128)", (42.9, 64.5)),
    ("mMeasReg", False): ("5 × 2k", (46.9, 66.9)),
    ("mMeasReg", True): ("4 × (4k + … + 128)", (47.7, 67.3)),
    ("mRootSIFT", False): ("4 × 2k", (47.7, 64.3)),
    ("mRootSIFT", True): ("4 × (2k + … + 128)", (48.8, 65.6)),
    ("mPCA3-SIFT", False): ("5 × 2k", (45.8, 63.2)),
    ("mPCA1-SIFT", True): ("5 × (4k + … + 128)", (45.5, 64.6)),
}
"""Rows of table 5.2: by family and whether sizes are bundled, the vocabularies and the scores."""

OTHERS = (
    Other("Improved Fisher, k = 64", "fisher", {"words": 64}, (30.1, 56.5)),
    Other("VLAD, k = 64", "vlad", {"words": 64, "power": 1.0}, (None, 51.0)),
    Other("VLAD + SSR, k = 64", "vlad", {"words": 64, "power": 0.5}, (28.7, 55.7)),
    Other("φΔ + ψd + RN, k = 16", "temb", {"words": 16}, (43.3, 61.7)),
)
