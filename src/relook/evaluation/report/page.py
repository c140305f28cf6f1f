"""The page: one file that asks nothing of the network, in light and dark, on paper and phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from relook.evaluation.report.bars import bars
from relook.evaluation.report.cost import cost
from relook.evaluation.report.curves import curve
from relook.evaluation.report.document import document, section
from relook.evaluation.report.markup import Markup, tag
from relook.evaluation.report.runs import (
    headline,
    protocols_table,
    runs_table,
    subsets_table,
    warnings,
)
from relook.evaluation.report.strips import strips
from relook.evaluation.report.tables import Cell, Column, table
from relook.evaluation.report.thumbnails import Thumbnails
from relook.evaluation.report.words import Run, counted, score_words, shorten

__all__ = ["page"]

MOST_QUERIES = 500
MOST_COMPARED = 6


def page(record: Mapping[str, Any], pictures: Mapping[str, Path]) -> str:
    """A record as an HTML document."""
    runs = record["runs"]
    sections = _sections(record, runs, Thumbnails(pictures))
    return document(record["dataset"], _header(record), sections, _footer(record))


def _header(record: Mapping[str, Any]) -> Markup:
    runs = record["runs"]
    queries = counted(len(runs[0]["queries"]), "query", "queries")
    words = f"{queries} · {counted(len(runs), 'run')}"
    return tag(
        "header",
        tag("p", "relook evaluation", class_="over"),
        tag("h1", shorten(record["dataset"])),
        tag("p", words, " · first run: ", tag("b", shorten(runs[0]["name"])), class_="note"),
        warnings(runs),
        headline(runs[0]),
    )


def _sections(
    record: Mapping[str, Any], runs: Sequence[Run], pictures: Thumbnails
) -> list[Markup | None]:
    sweeps = record.get("sweeps") or ()
    second = runs[1] if len(runs) > 1 else None
    curves = [curve(f"sweep{number}", sweep, runs) for number, sweep in enumerate(sweeps)]
    first = shorten(runs[0]["name"])
    return [
        section(
            "scores", "Scores", _scores_words(runs),
            runs_table(runs), protocols_table(runs), subsets_table(runs),
        ),
        section("sweeps", "Sweeps", "What one parameter does.", *curves) if curves else None,
        section(
            "queries", "Every query", "Average precision, from best to worst in each subset.",
            bars(runs[0], second), _all_queries(runs[:MOST_COMPARED]),
        ),
        section(
            "strips", "What was found",
            f"The ten best results of {first}, best first. Junk counts as neither right nor wrong.",
            strips(runs[0], pictures),
        ),
        section("cost", "Cost", "Time, size and memory, and what they were measured on.",
                 cost(runs)),
    ]  # fmt: skip


def _scores_words(runs: Sequence[Run]) -> str:
    words = "Under each score stands its 95 % interval: where it would lie for other queries of "
    words += "the same kind (bootstrap over queries)."
    if len(runs) == 1:
        return words
    return f"{words} The best of each column is bold; a click on a column's head sorts."


def _all_queries(runs: Sequence[Run]) -> Markup:
    """The queries as a table, worst first: what the bars show, to look up and to sort."""
    scores = [{entry["query"]: entry["ap"] for entry in run["queries"]} for run in runs]
    entries = sorted(runs[0]["queries"], key=lambda entry: (entry["ap"], entry["query"]))
    rows = []
    for entry in entries[:MOST_QUERIES]:
        name, subset = shorten(entry["query"]), shorten(entry["subset"])
        found = [score.get(entry["query"]) for score in scores]
        values = [Cell(score_words(ap), ap) for ap in found]
        rows.append([Cell(name, name), Cell(subset, subset), *values])
    runs_columns = [Column(shorten(run["name"]), "AP", "high") for run in runs]
    columns = [Column("Query"), Column("Subset"), *runs_columns]
    left = len(entries) - len(rows)
    words = f"The worst {len(rows):,} queries" if left > 0 else "All queries as a table"
    return tag("details", tag("summary", words), table(words, columns, rows))


def _footer(record: Mapping[str, Any]) -> str:
    form = shorten(record["runs"][0]["ap"])
    return f"Made {shorten(record['created'])} by relook. Average precision in the form “{form}”."
