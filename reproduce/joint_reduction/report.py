"""The table, and what of the order of the thesis holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reproduce.global_descriptors.page import Grid
from reproduce.joint_reduction.settings import DIMENSIONS, OTHERS, REDUCED, Published
from reproduce.joint_reduction.study import Curve, Results

__all__ = ["grids_of", "sizes_said", "to_json"]


def grids_of(results: Results) -> list[Grid]:
    """Table 5.2, the orders, the curves, and the cells."""
    return [_table(results), _orders(results), _curves(results), _cells(results)]


def to_json(results: Results) -> dict[str, Any]:
    """Everything as JSON."""
    return {
        "facts": results.facts,
        "others": results.others,
        "curves": [
            {"family": c.family, "sizes": c.sizes, "reduced": c.reduced, "map": c.scores}
            for c in results.curves
        ],
        "cells": {str(size): counts for size, counts in results.cells.items()},
    }


def sizes_said(sizes: Sequence[int]) -> str:
    """``1024`` or ``1024 + … + 128``."""
    return str(sizes[0]) if len(sizes) == 1 else f"({sizes[0]} + … + {sizes[-1]})"


def _table(results: Results) -> Grid:
    rows = []
    single = _first(results, "mVocab")
    if single is not None:
        words = sizes_said(single.sizes)
        rows.append([f"BoW, reduced alone ({words})", "–", "–", "–", _percent(single.scores[0])])
    for other in OTHERS:
        if other.name in results.others:
            ours = _percent(results.others[other.name])
            rows.append([other.name, "", *_pair(other.published), ours])
    for (family, bundled), (vocabularies, published) in REDUCED.items():
        curve = _curve(results, family, bundled)
        if curve is not None:
            own = f"{len(curve.scores)} × {sizes_said(curve.sizes)}"
            said = f"{vocabularies}; here {own}"
            rows.append([family, said, *_pair(published), _percent(curve.scores[-1])])
    words = (
        f"mAP in percent of vectors of {DIMENSIONS} dimensions: histograms reduced by PCA "
        "whitening, the other encodings by their own PCA. The columns in the middle are those of "
        "the thesis."
    )
    header = ["method", "vocabularies", "Oxford5k", "Holidays", "here"]
    return Grid("Table 5.2: short vectors", words, header, rows, left=2)


def _orders(results: Results) -> Grid:
    rows: list[list[str]] = []
    one = _first(results, "mVocab")
    base = _curve(results, "mVocab", bundled=False)
    if one is None or base is None:
        return Grid("What holds of it", "", ["claim", "by", "holds"], rows)
    rows.append(_claim("several vocabularies ≥ one", base.scores[-1] - one.scores[0]))
    for bundled in (False, True):
        own = _curve(results, "mVocab", bundled)
        for family in ("mMeasReg", "mRootSIFT", "mPCA1-SIFT", "mPCA2-SIFT", "mPCA3-SIFT"):
            other = _curve(results, family, bundled)
            if own is not None and other is not None:
                words = f"{family} ≥ mVocab, {'bundles' if bundled else 'one size'}"
                rows.append(_claim(words, other.scores[-1] - own.scores[-1]))
    for family in dict.fromkeys(curve.family for curve in results.curves):
        alone, bundle = (_curve(results, family, bundled) for bundled in (False, True))
        if alone is not None and bundle is not None:
            words = f"{family}: bundles ≥ one size"
            rows.append(_claim(words, bundle.scores[-1] - alone.scores[-1]))
    words = "By how many percent of mAP, here. Below half a percent is no difference."
    return Grid("What holds of it", words, ["claim", "holds", "by"], rows, left=2)


def _claim(words: str, difference: float) -> list[str]:
    holds = "yes" if difference >= 0.005 else "no" if difference < -0.005 else "no difference"
    return [words, holds, f"{100 * difference:+.1f}"]


def _curves(results: Results) -> Grid:
    most = max(len(curve.scores) for curve in results.curves)
    rows = []
    for curve in results.curves:
        name = f"{curve.family}, {sizes_said(curve.sizes)}"
        state = f"{DIMENSIONS}-D" if curve.reduced else "all dimensions"
        cells = [_percent(score) for score in curve.scores]
        rows.append([name, state, *cells, *["–"] * (most - len(cells))])
    words = "mAP in percent by the number of vocabularies, or of bundles: figures 5.1 and 5.3–5.5."
    header = ["vocabularies", "reduced", *map(str, range(1, most + 1))]
    return Grid("Adding vocabularies", words, header, rows, left=2)


def _cells(results: Results) -> Grid:
    most = max(map(len, results.cells.values()))
    rows = [[str(size), *(f"{n:,}" for n in counts)] for size, counts in results.cells.items()]
    words = (
        "Different combinations of words that 200,000 descriptors of the benchmark have in the "
        "vocabularies of mRootSIFT (figure 5.6)."
    )
    return Grid("Cells", words, ["words of each", *map(str, range(1, most + 1))], rows)


def _curve(results: Results, family: str, bundled: bool) -> Curve | None:
    found = [
        curve
        for curve in results.curves
        if curve.family == family and curve.reduced and (len(curve.sizes) > 1) == bundled
    ]
    return found[0] if found else None


def _first(results: Results, family: str) -> Curve | None:
    return _curve(results, family, bundled=False)


def _pair(published: Published) -> list[str]:
    return ["–" if score is None else f"{score:.1f}" for score in published]


def _percent(score: float) -> str:
    return f"{100 * score:.1f}"
