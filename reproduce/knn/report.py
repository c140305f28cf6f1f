"""A section in words: ours beside the thesis' figures, and what holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relook.evaluation.bootstrap import Interval
from reproduce.knn.protocol import SAMPLES
from reproduce.knn.results import SAME, Finding, Grid, Key, Section, Table

__all__ = ["grids_of", "to_json"]


def grids_of(section: Section) -> list[Grid]:
    """The table, what it shows, and the tables beyond the thesis."""
    return [_scores(section.table), _findings(section), *section.more]


def to_json(section: Section) -> dict[str, Any]:
    """Everything as JSON."""
    table = section.table
    return {
        "name": section.name,
        "facts": list(section.facts),
        "table": table.number,
        "cells": [
            {**key._asdict(), "ours": answers.score, "thesis": table.theirs.get(key)}
            for key, answers in table.ours.items()
        ],
        "findings": [
            {
                "claim": one.words,
                "thesis": one.theirs,
                "ours": one.ours.mean,
                "interval": [one.ours.low, one.ours.high],
                "holds": one.verdict,
            }
            for one in section.findings
        ],
        "more": [
            {"title": grid.title, "header": list(grid.header), "rows": [list(r) for r in grid.rows]}
            for grid in section.more
        ],
    }


def _scores(table: Table) -> Grid:
    scores = {key: answers.score for key, answers in table.ours.items()}
    best = table.best
    printed = {key: one for key, one in table.theirs.items() if key.method not in table.beside}
    their_best = max(printed, key=lambda key: printed[key])
    rows: list[list[str]] = []
    bold: set[tuple[int, int]] = set()
    for white in (True, False):
        for method, label in table.labels.items():
            row = ["yes" if white else "no", label]
            for k in table.ks:
                key = Key(white, method, k)
                row.append(_pair(key, scores, table.theirs))
                if key == best:
                    bold.add((len(rows), len(row) - 1))
            rows.append(row)
    interval = table.ours[best].interval
    words = (
        f"µAP, ours / the thesis'. Our best is {_named(best, table)}: {interval.mean:.3f}, with "
        f"other queries of the same kind between {interval.low:.3f} and {interval.high:.3f} "
        f"(95 %), and all other cells are as uncertain. The thesis' best is "
        f"{_named(their_best, table)}: {printed[their_best]:.3f}."
    )
    header = ["whitened", "method", *(f"k = {k}" for k in table.ks)]
    title = f"Table {table.number}: {table.title.lower()}"
    return Grid(title, words, header, rows, frozenset(bold), left=2)


def _pair(key: Key, ours: Mapping[Key, float], theirs: Mapping[Key, float]) -> str:
    own = f"{ours[key]:.3f}" if key in ours else "–"
    return f"{own} / {theirs[key]:.3f}" if key in theirs else own


def _named(key: Key, table: Table) -> str:
    state = "whitened" if key.whitened else "not whitened"
    return f"{table.labels[key.method]}, {state}, k = {key.k}"


def _findings(section: Section) -> Grid:
    rows = [_finding(one) for one in section.findings]
    words = (
        "By how much µAP is higher, in the thesis and here, with the 95 % interval of the "
        f"difference on the same queries ({SAMPLES:,} resamples). *Undecided*: the interval has "
        f"both signs. *No difference*: all of it is below {SAME:g}."
    )
    header = ["what the thesis finds", "holds here", "thesis", "here", "95 %"]
    title = f"What holds of table {section.table.number}"
    return Grid(title, words, header, rows, left=2)


def _finding(one: Finding) -> list[str]:
    theirs = "–" if one.theirs is None else f"{one.theirs:+.3f}"
    return [one.words, one.verdict, theirs, f"{one.ours.mean:+.3f}", _range(one.ours)]


def _range(interval: Interval) -> str:
    return f"{interval.low:+.3f} to {interval.high:+.3f}"
