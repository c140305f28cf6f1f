"""Table 5.6: descriptors of several scales as one, and what the thesis leaves to be tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from relook.recognition.aggregate import WeightSearch, aggregate, search_weights
from relook.recognition.vote import TRANSFORMS
from reproduce.knn.describing import SCALES
from reproduce.knn.ideas import ideas
from reproduce.knn.learning import learned_weights
from reproduce.knn.material import Descriptors, Material, similarities, whitened
from reproduce.knn.protocol import Task
from reproduce.knn.results import Claim, Grid, Key, Section, Table, finding, published
from reproduce.knn.votes import BASIC, LABELS, basic, vectors_of, vote, vote_rows
from reproduce.knn.ways import Way, answers_of, grid_of

__all__ = ["aggregates"]

Float32 = NDArray[np.float32]

NAMES = ("0.25", "0.5", "1/√2", "1", "√2")
ORIGINAL = (0.0, 0.0, 0.0, 1.0, 0.0)
THESIS = (0.0, 0.0, 0.0, 1.0, 1.0)
"""Weights of :data:`SCALES` that the thesis found best."""


def aggregates(material: Material, variants: Descriptors) -> Section:
    """Table 5.6, all combinations of scales, learned weights, and variants of pictures."""
    task = material.task
    single = {w: similarities(task, rows) for w, rows in vectors_of(material).items()}
    ours = vote_rows(task, single, {BASIC: "identity"})
    summed = _sum(material, THESIS)
    summed_scores = {
        white: similarities(task, rows.benchmark)
        for white, rows in ((True, whitened(summed)), (False, summed))
    }
    ours |= vote_rows(task, summed_scores, dict(zip(TRANSFORMS, TRANSFORMS, strict=True)))
    labels = {BASIC: "one descriptor (5.1)"} | LABELS
    theirs = published("5.6") | basic()
    table = Table("5.6", "Sum of scales 1 and √2", labels, ours, theirs, frozenset([BASIC]))
    weights = _weights(material)
    return Section(
        "aggregate-knn",
        material.facts,
        table,
        [finding(claim, table) for claim in _claims()],
        [weights, ideas(material, variants)],
    )


def _sum(material: Material, weights: Sequence[float] | Float32) -> Descriptors:
    return material.scales.map(lambda rows: aggregate(rows, weights))


def _claims() -> list[Claim]:
    def key(k: int, method: str = "identity", *, white: bool = True) -> Key:
        return Key(white, method, k)

    return [
        Claim(
            "One neighbor alone, whitened: two scales are better than one", key(1), key(1, BASIC)
        ),
        Claim("Whitened, k = 7: two scales are better than one", key(7), key(7, BASIC)),
        Claim("Whitened, k = 13: two scales are better than one", key(13), key(13, BASIC)),
        Claim(
            "Not whitened, k = 3: two scales are better than one",
            key(3, white=False),
            key(3, BASIC, white=False),
        ),
        Claim("k = 13: whitening helps", key(13), key(13, white=False)),
        Claim("Whitened, k = 7: a root is as good or better", key(7, "sqrt"), key(7)),
    ]


def _weights(material: Material) -> Grid:
    """All combinations of 0 and 1, chosen on other photos; and learned weights."""

    def measure(task: Task, rows: Callable[[Descriptors], Float32]) -> Callable[[Float32], float]:
        return lambda weights: (
            vote(task, similarities(task, rows(whitened(_sum(material, weights)))), 1).score
        )

    other = search_weights(material.scales.choosing, measure(material.choosing, _choosing))
    here = search_weights(material.scales.benchmark, measure(material.task, _benchmark))
    learned = learned_weights(material.scales.choosing)
    tried = [
        ("the original", "–", np.array(ORIGINAL, np.float32)),
        ("the thesis' best", "by the thesis", np.array(THESIS, np.float32)),
        ("all five", "–", np.ones(len(SCALES), np.float32)),
        ("best of all 31", "on other photos", other.best),
        ("best of all 31", "on the benchmark itself: flatters", here.best),
        ("learned weights", "on other photos", learned),
    ]
    ways = []
    for name, chosen, weights in tried:
        found = whitened(_sum(material, weights))
        # Nothing is told by photos that weights were fitted on.
        score = None if weights is learned else measure(material.choosing, _choosing)(weights)
        shown = f"{name}: {_words(weights)}"
        ways.append(Way(shown, chosen, answers_of(material.task, found.benchmark), score))
    words = (
        f"µAP of sums, whitened afterwards, votes as they are. All {len(other.results)} "
        "combinations were searched by the nearest neighbor alone, on the views of other photos; "
        f"there they lie between {_span(other)}, here between {_span(here)} "
        f"(rank correlation {_agreement(other, here):.2f})."
    )
    return grid_of("Which scales to sum", words, ways)


def _choosing(found: Descriptors) -> Float32:
    return found.choosing


def _benchmark(found: Descriptors) -> Float32:
    return found.benchmark


def _words(weights: Float32) -> str:
    """Scales, with their weights where these are not 0 and 1."""
    named = list(zip(NAMES, weights.tolist(), strict=True))
    if set(weights.tolist()) <= {0.0, 1.0}:
        return " + ".join(name for name, weight in named if weight)
    return ", ".join(f"{weight:.2f} of {name}" for name, weight in named)


def _span(search: WeightSearch) -> str:
    return f"{search.results[-1].score:.3f} and {search.results[0].score:.3f}"


def _agreement(one: WeightSearch, other: WeightSearch) -> float:
    from scipy.stats import spearmanr  # noqa: PLC0415 - takes longer than most that import this

    scores = [
        [result.score for result in sorted(search.results, key=lambda r: r.weights.tolist())]
        for search in (one, other)
    ]
    return float(spearmanr(*scores).statistic)
