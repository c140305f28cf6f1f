"""What chapter 6 of the thesis leaves to be tried: learned weights and similarities, variants."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.recognition.aggregate import aggregate
from relook.recognition.matrix import LearnedSimilarity, ScaleWhitening
from reproduce.knn.describing import SCALES
from reproduce.knn.learning import learned_similarity, learned_weights
from reproduce.knn.material import Descriptors, Material, similarities
from reproduce.knn.matrices import matrix_scores
from reproduce.knn.results import Grid
from reproduce.knn.votes import vote
from reproduce.knn.ways import Way, answers_by, grid_of

__all__ = ["VARIANTS", "ideas"]

Float32 = NDArray[np.float32]

VARIANTS = (
    "flip", "crop-left-top", "crop-right-top", "crop-left-bottom", "crop-right-bottom",
    "rotate+15", "rotate-15",
)  # fmt: skip
ORIGINAL = SCALES.index(1.0)
SETS: dict[str, tuple[int, ...]] = {
    "the original": (ORIGINAL,),
    "original, mirrored": (ORIGINAL, 5),
    "original, four crops": (ORIGINAL, 6, 7, 8, 9),
    "original, two rotations": (ORIGINAL, 10, 11),
    "original, all seven variants": (ORIGINAL, *range(5, 12)),
    "five scales": tuple(range(5)),
    "five scales, seven variants": tuple(range(12)),
}
"""Places among the scales, then the variants."""

EACH = ("five scales", "original, all seven variants", "five scales, seven variants")
"""Sets that are compared by matrices, too."""


def ideas(material: Material, variants: Descriptors) -> Grid:
    """Sums and matrices of scales and variants, each descriptor whitened by itself."""
    looks = _whitened(material, variants)
    ways = [_summed(material, looks, name, "equal weights") for name in SETS]
    for name in EACH:
        ways.append(_summed(material, looks, name, "learned weights"))
        ways.append(_matrix(material, looks, name, "sum of max rows"))
        ways.append(_matrix(material, looks, name, "learned similarity"))
    words = (
        "µAP, each descriptor whitened before anything else (those of variants as the original), "
        "votes as they are. Variants are mirrored, cropped to three quarters of each side, and "
        "rotated by 15°. Weights and similarities are learned on rendered views of other photos."
    )
    return grid_of("Three ideas of chapter 6", words, ways)


def _whitened(material: Material, variants: Descriptors) -> Descriptors:
    fitted = ScaleWhitening.fit(material.scales.fitting)
    same = ScaleWhitening((fitted.scales[ORIGINAL],) * len(VARIANTS))
    return Descriptors(
        np.concatenate(
            [fitted.apply(material.scales.benchmark), same.apply(variants.benchmark)], axis=1
        ),
        np.empty((0, 0, 0), np.float32),
        np.concatenate(
            [fitted.apply(material.scales.choosing), same.apply(variants.choosing)], axis=1
        ),
    )


def _summed(material: Material, looks: Descriptors, name: str, how: str) -> Way:
    places = list(SETS[name])
    learned = how == "learned weights"
    chosen = looks.choosing[:, places]
    weights = learned_weights(chosen) if learned else np.ones(len(places), np.float32)
    found = aggregate(looks.benchmark[:, places], weights)
    other = similarities(material.choosing, aggregate(chosen, weights))
    score = None if learned else vote(material.choosing, other, 1).score
    shown = f"sum, {how}" if len(places) > 1 else "–"
    return Way(name, shown, answers_by(material.task, similarities(material.task, found)), score)


def _matrix(material: Material, looks: Descriptors, name: str, how: str) -> Way:
    places = list(SETS[name])
    chosen = np.ascontiguousarray(looks.choosing[:, places])
    learned = how == "learned similarity"
    measure: str | LearnedSimilarity = learned_similarity(chosen) if learned else "sum_max_rows"
    scores = matrix_scores(material.task, looks.benchmark[:, places], measure)
    other = None
    if not learned:
        other = vote(material.choosing, matrix_scores(material.choosing, chosen, measure), 1).score
    return Way(name, f"matrix, {how}", answers_by(material.task, scores), other)
