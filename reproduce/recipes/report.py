"""The table of recipes, and whether the order holds that papers found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from reproduce.global_descriptors.page import Grid

__all__ = ["CHAINS", "grid_of", "orders_of"]

CHAINS = (
    ("ASMK*", "SMK*", "HE", "BoW"),
    ("ASMK* + SP", "SMK* + SP", "HE + SP", "BoW + SP"),
    ("ASMK* + HQE + SP", "ASMK* + SP", "ASMK*"),
)
"""Methods that papers found each at least as good as the next."""


def grid_of(methods: Sequence[str], record: Mapping[str, Any]) -> Grid:
    """One row per method: quality in percent, and what it costs."""
    runs = dict(zip(methods, record["runs"], strict=True))
    subsets = list(dict.fromkeys(name for run in runs.values() for name in run["subsets"]))
    header = ["method", "mAP", *subsets, "bytes/image", "describe ms", "search ms", "verify ms"]
    rows = [[name, *_cells(run, subsets)] for name, run in runs.items()]
    best = max(range(len(rows)), key=lambda row: record["runs"][row]["map"])
    words = (
        "mAP in percent over all queries and per subset; bytes of the collection's directory per "
        "image; milliseconds per query on two threads."
    )
    return Grid("Recipes of local features", words, header, rows, frozenset({best}))


def orders_of(methods: Sequence[str], record: Mapping[str, Any]) -> list[str]:
    """A sentence for each pair of neighbors of a chain that was measured."""
    found = {name: run["map"] for name, run in zip(methods, record["runs"], strict=True)}
    said = []
    for chain in CHAINS:
        there = [name for name in chain if name in found]
        for better, worse in pairwise(there):
            gap = 100 * (found[better] - found[worse])
            holds = "holds" if gap >= 0 else "does NOT hold"
            said.append(f"{better} ≥ {worse}: {holds} ({gap:+.1f})")
    return said


def _cells(run: Mapping[str, Any], subsets: Sequence[str]) -> list[str]:
    scores = [run["map"], *(run["subsets"].get(name, {}).get("map") for name in subsets)]
    times = run["milliseconds"]
    return [
        *("–" if score is None else f"{100 * score:.1f}" for score in scores),
        f"{run['bytes_per_image']:,.0f}",
        *(f"{times.get(stage, 0.0):.0f}" for stage in ("describe", "search", "verify")),
    ]
