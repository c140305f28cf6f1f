"""Runs as Markdown tables, for an issue or a paper's appendix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from relook.evaluation.report.words import (
    ABSENT,
    Run,
    differing_settings,
    interval_words,
    kilobytes,
    milliseconds,
    plain,
    score_words,
    signed,
    subset_names,
)

__all__ = ["escaped", "markdown_report", "markdown_table"]

SPECIAL = frozenset("\\`*_[]<>|#&~!")


def markdown_report(record: Mapping[str, Any]) -> str:
    """All figures of a record as tables; no pictures and no single queries."""
    runs = record["runs"]
    parts = [f"# {escaped(record['dataset'])}", _about(record), *_warnings(runs)]
    parts += ["## Scores", _scores(runs), "## By subset", _subsets(runs), *_protocols(runs)]
    for sweep in record.get("sweeps", ()):
        parts += [f"## {escaped(sweep['parameter'])}", _sweep(sweep, runs)]
    parts += ["## Cost", _cost(runs), *_settings(runs)]
    return "\n\n".join(parts) + "\n"


def _about(record: Mapping[str, Any]) -> str:
    words = "Intervals are 95 % percentile bootstrap over queries"
    return f"{escaped(record['created'])}. {words}; differences are paired, to the first run."


def _warnings(runs: Sequence[Run]) -> list[str]:
    lines = [
        f"> **Warning** ({escaped(run['name'])}): {escaped(words)}"
        for run in runs
        for words in run.get("warnings", ())
    ]
    return ["\n>\n".join(lines)] if lines else []


def _scores(runs: Sequence[Run]) -> str:
    rows = []
    for run in runs:
        apart = run.get("difference") or {}
        rows.append(
            [
                run["name"],
                score_words(run["map"]),
                interval_words(run.get("map_interval")),
                score_words(run["p1"]),
                interval_words(run.get("p1_interval")),
                signed(apart.get("map")),
                interval_words(apart.get("interval"), sign=True),
                run["ap"],
            ]
        )
    heads = ("run", "mAP", "95 %", "P@1", "95 %", "difference", "95 %", "AP form")
    return markdown_table(heads, rows)


def _subsets(runs: Sequence[Run]) -> str:
    names = subset_names(runs)
    rows = []
    for name in names:
        found = [run["subsets"].get(name, {}) for run in runs]
        size = next((str(part["n"]) for part in found if part), "")
        rows.append([name, size, *(score_words(part.get("map")) for part in found)])
    return markdown_table(("subset", "queries", *(run["name"] for run in runs)), rows)


def _protocols(runs: Sequence[Run]) -> list[str]:
    rows = [
        [run["name"], name, part["n"], score_words(part["map"])]
        + [score_words(part["mp"].get(k)) for k in ("1", "5", "10")]
        for run in runs
        for name, part in (run.get("protocols") or {}).items()
    ]
    heads = ("run", "protocol", "queries", "mAP", "mP@1", "mP@5", "mP@10")
    return ["## By protocol", markdown_table(heads, rows)] if rows else []


def _sweep(sweep: Mapping[str, Any], runs: Sequence[Run]) -> str:
    chosen = [runs[place] for place in sweep["runs"]]
    rows = [
        [value, score_words(run["map"]), interval_words(run.get("map_interval"))]
        for value, run in zip(sweep["values"], chosen, strict=True)
    ]
    return markdown_table((sweep["parameter"], "mAP", "95 %"), rows)


def _cost(runs: Sequence[Run]) -> str:
    stages = ("decode", "describe", "search", "verify", "total")
    rows = []
    for run in runs:
        slow = run.get("milliseconds_p95") or {}
        times = [
            f"{milliseconds(run['milliseconds'].get(stage))} / {milliseconds(slow.get(stage))}"
            for stage in stages
        ]
        machine = [run.get(key) for key in ("threads", "precision", "processor")]
        rows.append([run["name"], *times, kilobytes(run.get("bytes_per_image")), *machine])
    heads = [f"{stage} ms p50 / p95" for stage in stages]
    return markdown_table(
        ("run", *heads, "kB per image", "threads", "precision", "processor"), rows
    )


def _settings(runs: Sequence[Run]) -> list[str]:
    names = differing_settings(runs)
    if not names:
        return []
    rows = [[name, *(run.get("settings", {}).get(name, "") for run in runs)] for name in names]
    table = markdown_table(("setting", *(run["name"] for run in runs)), rows)
    return ["## Settings that differ", table]


def markdown_table(heads: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """A table; the first column holds words, the others numbers."""
    lines = [[escaped(head) for head in heads]]
    lines.append(["---"] + ["---:"] * (len(lines[0]) - 1))
    lines += [[escaped(cell) for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def escaped(value: object) -> str:
    """Text that Markdown shows as it is."""
    text = ABSENT if value is None else plain(value)
    return "".join(f"\\{sign}" if sign in SPECIAL else sign for sign in text)
