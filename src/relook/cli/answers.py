"""Recognitions for programs and for people: JSON, words with a bar, rows of a table."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from relook.cli import console

if TYPE_CHECKING:
    from relook.collection import Hit, Recognition
    from relook.recognition.records import Alternative

__all__ = ["COLUMNS", "as_json", "as_row", "bar", "error_row", "show_answer", "show_rows"]

COLUMNS = (
    "query", "label", "confidence", "known", "evidence", "inliers", "second", "second_confidence",
    "error",
)  # fmt: skip
"""Of the table that a folder becomes. ``second`` is the first of the alternatives: what the label
would be if it were another one, or where none is given, the best guess."""

_CELLS = 20


def as_json(recognition: Recognition, *, top: int) -> dict[str, Any]:
    """One answer, with at most ``top`` alternatives."""
    verdict = recognition.verdict
    return {
        "query": recognition.query,
        "label": verdict.label,
        "confidence": float(verdict.confidence),
        "known": bool(verdict.known),
        "alternatives": [
            {"label": one.label, "confidence": float(one.confidence)}
            for one in _alternatives(recognition)[:top]
        ],
        "evidence": _evidence_as_json(recognition.evidence),
        "milliseconds": {name: float(spent) for name, spent in recognition.milliseconds.items()},
        "threshold": float(recognition.threshold),
        "calibration": recognition.calibration,
        "probability_known": float(verdict.familiarity),
        "warnings": list(recognition.warnings),
    }


def as_row(recognition: Recognition, *, query: str) -> dict[str, str]:
    """One answer as a row; numbers have a dot and no thousands, whatever the language."""
    verdict, hit = recognition.verdict, recognition.evidence
    second = next(iter(_alternatives(recognition)), None)
    return {
        "query": query,
        "label": verdict.label or "",
        "confidence": f"{verdict.confidence:.6f}",
        "known": "true" if verdict.known else "false",
        "evidence": "" if hit is None else hit.path,
        "inliers": "" if hit is None else str(hit.inliers),
        "second": "" if second is None else second.label,
        "second_confidence": "" if second is None else f"{second.confidence:.6f}",
        "error": "",
    }


def error_row(query: str, error: str) -> dict[str, str]:
    """The row of a picture that cannot be read."""
    return dict.fromkeys(COLUMNS, "") | {"query": query, "error": error}


def show_answer(
    recognition: Recognition, *, top: int, path_of: Callable[[int], str | None]
) -> None:
    """Print one answer: a sentence, a bar, the alternatives, the time that it took."""
    from relook.plots.wording import percent, sentence, shown_confidence  # noqa: PLC0415

    terminal = console.out()
    sure = shown_confidence(recognition.verdict)
    terminal.print(sentence(recognition), style="bold", soft_wrap=True)
    terminal.print(f"{bar(sure)} {percent(sure)}")
    head = "or" if recognition.verdict.known else "perhaps"
    _show_alternatives(head, _alternatives(recognition)[:top], path_of=path_of)
    spent = recognition.milliseconds
    terminal.print(f"{spent.get('total', sum(spent.values())):.0f} ms", style="dim")
    if console.is_verbose():
        times = ", ".join(f"{name} {took:.1f}" for name, took in spent.items())
        console.note(f"milliseconds: {times}")
    for warning in recognition.warnings:
        console.note(warning)


def show_rows(rows: Sequence[Mapping[str, str]]) -> None:
    """Print a table with a line for each picture."""
    from rich.table import Table  # noqa: PLC0415

    from relook.plots.wording import none_words, percent  # noqa: PLC0415

    table = Table("picture", "", "answer", "matches", "on", box=None, header_style="dim",
                  pad_edge=False)  # fmt: skip
    table.columns[1].justify = table.columns[3].justify = "right"
    table.columns[0].overflow = table.columns[4].overflow = "fold"
    for row in rows:
        if row["error"]:
            table.add_row(row["query"], "", row["error"], "", "", style="red")
            continue
        known, sure = row["known"] == "true", float(row["confidence"])
        if known:
            cells = (percent(sure), row["label"], row["inliers"], row["evidence"])
        elif sure >= 0.5 or not row["second"]:
            cells = (percent(sure), none_words(sure), "", "")
        else:
            likely = percent(float(row["second_confidence"]))
            cells = (likely, f"not sure, perhaps {row['second']}", row["inliers"], row["evidence"])
        table.add_row(row["query"], *cells, style=None if known else "dim")
    console.out().print(table)


def _alternatives(recognition: Recognition) -> tuple[Alternative, ...]:
    """What it could be instead; where no label is given, the best guess is one of them."""
    verdict = recognition.verdict
    return verdict.candidates[1:] if verdict.known else verdict.candidates


def _evidence_as_json(hit: Hit | None) -> dict[str, Any] | None:
    if hit is None:
        return None
    return {
        "path": hit.path,
        "inliers": int(hit.inliers),
        "region": None if hit.region is None else hit.region.tolist(),
        "query_region": None if hit.query_region is None else hit.query_region.tolist(),
    }


def _show_alternatives(
    head: str, alternatives: Sequence[Alternative], *, path_of: Callable[[int], str | None]
) -> None:
    from rich.table import Table  # noqa: PLC0415

    from relook.plots.wording import percent  # noqa: PLC0415

    if not alternatives:
        return
    table = Table(head, "", "", "picture", box=None, header_style="dim", pad_edge=False)
    table.columns[2].justify, table.columns[3].overflow = "right", "fold"
    for one in alternatives:
        share = percent(one.confidence)
        table.add_row(one.label, bar(one.confidence), share, path_of(one.image) or "", style="dim")
    console.out().print(table)


def bar(share: float) -> str:
    """A share of 0 to 1 as 20 blocks, or as signs where the terminal has no blocks."""
    full = round(_CELLS * min(1.0, max(0.0, share)))
    blocks = "█" * full + "░" * (_CELLS - full)
    try:
        blocks.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # consoles of old
        return "#" * full + "-" * (_CELLS - full)
    return blocks
