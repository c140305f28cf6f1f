"""What reports of recognition have in common: the figures, their names and what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relook.evaluation.report.words import counted, interval_words, milliseconds, score_words

__all__ = ["FIGURES", "MEANING", "Record", "interval_line", "run_words", "sure_words"]

Record = Mapping[str, Any]
"""As :func:`relook.evaluation.recognition_record.make_record` makes it."""

FIGURES: Mapping[str, str] = {
    "accuracy_known": "accuracy",
    "accuracy_given": "given right",
    "auroc": "AUROC",
    "ece": "ECE",
    "micro_ap": "µAP",
    "precision_at_threshold": "precision",
    "coverage": "coverage",
}
"""Columns of the tables."""

MEANING: Mapping[str, str] = {
    "accuracy_known": "known queries whose best label is right, whether or not it was given",
    "accuracy_given": "known queries that were given a label, and the right one",
    "auroc": "how surely familiarity, the confidence of the best label, tells known from unknown",
    "ece": "how far confidence is from the share of right answers, over all queries in ten bins of "
    "equal mass; “none of these” is an answer, right for an unknown query",
    "micro_ap": "average precision of the best labels of all queries by familiarity, over the "
    "number of known queries",
    "precision_at_threshold": "right ones among the labels that were given, to known and unknown "
    "queries",
    "coverage": "known queries that were given a label",
}


def run_words(record: Record) -> list[str]:
    """What was taken out, the threshold and the times, a line each."""
    labels, images = counted(record["n_labels"], "label"), counted(record["n_images"], "image")
    words = [f"{labels} in the database of {images}; {_taken(record)}", _threshold(record)]
    if record["n_passed"]:
        number = counted(record["n_passed"], "answer")
        words.append(f"{number} of junk, which is neither right nor wrong, passed over")
    if record["mean_p1"] is not None:
        words.append(f"mean P@1 {score_words(record['mean_p1'])}")
    times = ", ".join(f"{name} {milliseconds(ms)}" for name, ms in record["milliseconds"].items())
    return [*words, f"milliseconds per query (median): {times}"]


def interval_line(record: Record) -> str:
    """The 95 % intervals of all figures, on one line."""
    bounds = record["intervals"]
    parts = [
        f"{label} {interval_words(bounds[name])}"
        for name, label in FIGURES.items()
        if bounds.get(name)
    ]
    return f"95 %: {', '.join(parts)}"


def _threshold(record: Record) -> str:
    aim = f"for a precision of {record['target_precision']:g}"
    words = f"threshold {record['threshold']:.4f} {aim}, from the collection's own calibration"
    fallback = record["calibration"].get("fallback")
    if fallback:
        words = f"threshold {record['threshold']:.4f} of the shipped rule: {fallback}"
    return words


def sure_words(confidence: float) -> str:
    """Such as “97.3 %”; never quite 100."""
    return "over 99.9 %" if confidence > 0.999 else f"{100 * confidence:.1f} %"


def _taken(record: Record) -> str:
    if not record["taken_out"]:
        return "nothing was taken out"
    number = counted(len(record["taken_out"]), "instance")
    return f"{number} taken out ({record['unknown']:g}, seed {record['seed']})"
