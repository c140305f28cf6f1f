"""Table 5.5: five descriptors of each picture, compared by the matrix of their similarities."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from relook.recognition.matrix import (
    MEASURES,
    LearnedSimilarity,
    ScaleWhitening,
    matrix_similarity,
)
from reproduce.knn.learning import learned_similarity
from reproduce.knn.material import Descriptors, Material, similarities
from reproduce.knn.protocol import Answers, Task
from reproduce.knn.results import Claim, Key, Section, Table, finding, published
from reproduce.knn.votes import BASIC, basic, vectors_of, vote_rows

__all__ = ["matrices", "matrix_scores"]

Float32 = NDArray[np.float32]

LABELS = {
    BASIC: "one descriptor (5.1)",
    "max": "max",
    "sum_max_rows": "sum of max rows",
    "sum_max_cols": "sum of max cols",
    "sum_squared_max_rows": "sum of squared max rows",
    "sum_squared_max_cols": "sum of squared max cols",
    "learned": "learned (chapter 6)",
}


def matrices(material: Material) -> Section:
    """Table 5.5, and the thesis' first idea: a similarity learned from the matrix."""
    task = material.task
    single = {w: similarities(task, rows) for w, rows in vectors_of(material).items()}
    ours = vote_rows(task, single, {BASIC: "identity"})
    whitening = ScaleWhitening.fit(material.scales.fitting)
    for white, looks in {
        True: material.scales.map(whitening.apply),
        False: material.scales,
    }.items():
        ours |= _rows(task, looks, white=white)
    theirs = published("5.5") | basic()
    table = Table("5.5", "Similarity matrices", LABELS, ours, theirs, frozenset([BASIC]))
    return Section(
        "matrix-knn", material.facts, table, [finding(claim, table) for claim in _claims()]
    )


def matrix_scores(task: Task, looks: Float32, measure: str | LearnedSimilarity) -> Float32:
    """``(Q, N)`` of ``(…, S, D)`` descriptors."""
    return matrix_similarity(
        looks[task.queries], np.ascontiguousarray(looks[task.database]), measure=measure
    )


def _rows(task: Task, looks: Descriptors, *, white: bool) -> dict[Key, Answers]:
    learned = learned_similarity(looks.choosing)
    measures: Mapping[str, str | LearnedSimilarity] = {
        **{name: name for name in MEASURES},
        "learned": learned,
    }
    found: dict[Key, Answers] = {}
    for name, measure in measures.items():
        scores = matrix_scores(task, looks.benchmark, measure)
        found |= vote_rows(task, {white: scores}, {name: "identity"})
    return found


def _claims() -> list[Claim]:
    cells = {name: Key(True, name, 7) for name in LABELS}
    near = {name: Key(True, name, 1) for name in LABELS}
    rows = "sum_max_rows"
    return [
        Claim(
            "One neighbor alone: matrices are worse than one descriptor", near[BASIC], near[rows]
        ),
        Claim("Whitened, k = 7: sums are better than one descriptor", cells[rows], cells[BASIC]),
        Claim("Whitened, k = 7: sums are better than the maximum", cells[rows], cells["max"]),
        Claim("Whitened, k = 7: columns are better than rows", cells["sum_max_cols"], cells[rows]),
        Claim(
            "Whitened, k = 7: squares are worse than sums",
            cells[rows],
            cells["sum_squared_max_rows"],
        ),
        Claim("Sum of max rows, k = 7: whitening helps", cells[rows], Key(False, rows, 7)),
        Claim(
            "One neighbor alone: a learned similarity is better than a sum (expected, chapter 6)",
            near["learned"],
            near[rows],
        ),
        Claim(
            "Whitened, k = 7: a learned similarity is better than a sum (expected, chapter 6)",
            cells["learned"],
            cells[rows],
        ),
    ]
