"""The page of recognition: figures, reliability, precision and coverage, mistakes with pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from relook.evaluation.report.coverage_curve import coverage_curve
from relook.evaluation.report.document import document, section
from relook.evaluation.report.markup import Markup, join, tag
from relook.evaluation.report.mistakes import mistakes
from relook.evaluation.report.recognition_words import FIGURES, MEANING, Record, run_words
from relook.evaluation.report.reliability import reliability_diagram
from relook.evaluation.report.tables import Cell, Column, table
from relook.evaluation.report.thumbnails import Thumbnails
from relook.evaluation.report.words import (
    counted,
    interval_words,
    milliseconds,
    score_words,
    shorten,
)

__all__ = ["recognition_page"]

HEADLINE = ("accuracy_known", "auroc", "ece", "precision_at_threshold", "coverage", "micro_ap")
MOST_QUERIES = 1000


def recognition_page(record: Record, pictures: Mapping[str, Path]) -> str:
    """A record as an HTML document."""
    sections = [
        section(
            "scores", "Scores",
            "Under each figure of all queries stands its 95 % interval: where it would lie for "
            "other queries of the same kind (bootstrap over queries).",
            _scores(record), _meaning(),
        ),
        section(
            "calibration", "Confidence",
            "Each dot is a tenth of the answers, “none of these” among them. Where confidence "
            "means what it says, dots lie on the diagonal.",
            reliability_diagram(record),
        ),
        section(
            "threshold", "Threshold",
            "A higher threshold gives fewer labels, and fewer wrong ones. Unknown queries that are "
            "given a label count as wrong.",
            coverage_curve(record),
        ),
        section(
            "mistakes", "Mistakes",
            "The surest mistakes first: the query, the picture that spoke for the best label, "
            "and what is right.",
            mistakes(record, Thumbnails(pictures)),
        ),
        section("queries", "Every query", "Mistakes first, the surest of them on top.",
                _all_queries(record)),
        section("run", "The run", "What was asked, what the collection learned of itself, and "
                "what it was measured on.", _facts(record)),
    ]  # fmt: skip
    footer = f"Made {shorten(record['created'])} by relook."
    return document(record["dataset"], _header(record), sections, footer)


def _header(record: Record) -> Markup:
    known, unknown = record["n_known"], record["n_unknown"]
    words = f"{counted(known, 'known query', 'known queries')}, {unknown:,} unknown · recipe "
    figures = [
        (
            _capital(FIGURES[name]),
            score_words(record[name]),
            interval_words(record["intervals"].get(name)),
        )
        for name in HEADLINE
    ]
    total = record["milliseconds"].get("total")
    figures.append(("Per query", f"{milliseconds(total)} ms", "median"))
    boxes = (
        tag("div", tag("dt", name), tag("dd", value, tag("span", note or "–", class_="note")))
        for name, value, note in figures
    )
    return tag(
        "header",
        tag("p", "relook evaluation · recognition", class_="over"),
        tag("h1", shorten(record["dataset"])),
        tag("p", words, tag("b", shorten(record["recipe"])), class_="note"),
        _warnings(record),
        tag("dl", *boxes, class_="headline many"),
    )


def _warnings(record: Record) -> Markup | None:
    if not record["warnings"]:
        return None
    head = tag("h2", "Warning: these figures are not what they seem", id="warnings")
    items = tag("ul", *(tag("li", words) for words in record["warnings"]))
    return tag("section", head, items, class_="warning", aria_labelledby="warnings")


def _scores(record: Record) -> Markup:
    columns = [Column("Subset"), Column("Known", "", "neither"), Column("Unknown", "", "neither")]
    columns += [Column(_capital(label), "", "neither") for label in FIGURES.values()]
    subsets = sorted(record["subsets"].items())
    rows = [_row(name, part, {}) for name, part in subsets if len(subsets) > 1]
    rows.append(_row("all", record, record["intervals"]))
    return table("Figures by subset", columns, rows)


def _row(name: str, part: Record, bounds: Record) -> list[Cell]:
    cells = [Cell(shorten(name), name)]
    cells += [Cell(f"{part[key]:,}", part[key]) for key in ("n_known", "n_unknown")]
    return cells + [
        Cell(score_words(part[key]), part[key], interval_words(bounds.get(key))) for key in FIGURES
    ]


def _meaning() -> Markup:
    boxes = (
        tag("div", tag("dt", _capital(FIGURES[name])), tag("dd", words))
        for name, words in MEANING.items()
    )
    facts = tag("dl", *boxes, class_="facts")
    return tag("details", tag("summary", "What the figures mean"), facts, class_="paper")


def _all_queries(record: Record) -> Markup:
    order = sorted(
        record["queries"],
        key=lambda query: (query["answered_right"], -query["confidence"], query["query"]),
    )
    rows = []
    for query in order[:MOST_QUERIES]:
        said = shorten(query["best"]) if query["given"] else "none of these"
        right = ", ".join(map(shorten, query["labels"])) or "–"
        best = "" if query["given"] or query["best"] is None else f"best: {shorten(query['best'])}"
        rows.append(
            [
                Cell(shorten(query["query"]), query["query"]),
                Cell(shorten(query["subset"]), query["subset"]),
                Cell("right" if query["answered_right"] else "wrong", str(query["answered_right"])),
                Cell(said, said, best),
                Cell(right, right, "" if query["known"] else "not in the database"),
                Cell(f"{query['confidence']:.3f}", query["confidence"]),
                Cell(f"{query['familiarity']:.3f}", query["familiarity"]),
            ]
        )
    columns = [
        Column("Query"), Column("Subset"), Column("Answer"), Column("Said"), Column("Is"),
        Column("Confidence", "", "neither"), Column("Familiarity", "", "neither"),
    ]  # fmt: skip
    left = len(record["queries"]) - len(rows)
    words = f"The first {len(rows):,} queries" if left else "All queries as a table"
    return tag("details", tag("summary", words), table(words, columns, rows))


def _facts(record: Record) -> Markup:
    about = tag("ul", *(tag("li", line) for line in run_words(record)), class_="plain")
    learned = {
        key.replace("_", " "): len(value) if isinstance(value, list | tuple) else value
        for key, value in record["calibration"].items()
        if value not in (None, "")
    }
    calibration = _pairs(learned)
    machine = _pairs({"processor": record["processor"], **record["versions"]})
    return join(
        about,
        tag("h3", "What the collection's calibration says of itself"),
        calibration,
        tag("h3", "Machine and versions"),
        machine,
    )


def _capital(label: str) -> str:
    return label[0].upper() + label[1:] if label.isascii() else label


def _pairs(values: Mapping[str, object]) -> Markup:
    boxes = (
        tag("div", tag("dt", shorten(name)), tag("dd", _words(value)))
        for name, value in values.items()
    )
    return tag("dl", *boxes, class_="facts")


def _words(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else shorten(value)
