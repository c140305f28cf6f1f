"""The rows as a table, in words that a reader understands."""

from __future__ import annotations

from collections.abc import Sequence

from reproduce.global_descriptors.page import Grid
from reproduce.training.compare import Comparison, Result

__all__ = ["facts_of", "grid_of"]


def grid_of(results: Sequence[Result]) -> Grid:
    """Off the shelf first, then the rows in their order."""
    first = results[0]
    subsets = list(first.subsets)
    header = ["method", "learns from", "mAP", "gain", *subsets, "as trained", "described", "min"]
    rows = [
        [
            one.method, one.words, f"{one.map:.3f}",
            "" if one is first else f"{100 * (one.map - first.map):+.1f}",
            *(f"{one.subsets[name]:.3f}" for name in subsets),
            "" if one.layer is None else f"{one.layer:.3f}",
            f"{one.described:,}" if one.described else "",
            "" if one is first else f"{one.seconds / 60:.0f}",
        ]
        for one in results
    ]  # fmt: skip
    best = max(range(len(results)), key=lambda place: results[place].map)
    words = (
        "mAP over all queries and by subset, and the gain over off the shelf in points, all with "
        "Lw fitted on the pooled vectors of the same views. *As trained*: mAP with the layer that "
        "was trained in place of that. *Described*: pictures that mining looked at beside those "
        "that were learned from. *min*: minutes of training, on a processor that others used too."
    )
    return Grid("One budget, several ways", words, header, rows, frozenset({best}), left=2)


def facts_of(comparison: Comparison) -> list[str]:
    """What it was measured on."""
    study, describer, views = comparison.study, comparison.describer, comparison.views
    truth, whitening = describer.truth, study.whitening
    config = study.config(study.rows[0], comparison.budget)
    network, steps, side = config.network, config.train.iterations, config.views.side_at(0)
    benchmark = (
        f"Benchmark: {truth.name}, {len(truth.images):,} photos, {len(truth.queries)} queries "
        f"among {len(truth.database):,} pictures, longest side {describer.longest} pixels; nothing "
        "is fitted on it."
    )
    trained = (
        f"Network: {network.weights}, layer {network.layer or 'last'}, {network.pooling}, "
        f"{whitening.dimensions} dimensions."
    )
    budget = (
        f"Budget of each row: {steps * study.step:,} views of {side} pixels of {views.found:,} "
        f"pictures, {study.step} in each of {steps} steps."
    )
    whitened = (
        f"Whitening of each row: Lw on {len(views.pixels):,} rendered views of {whitening.side} "
        "pixels of these pictures."
    )
    return [benchmark, trained, budget, whitened]
