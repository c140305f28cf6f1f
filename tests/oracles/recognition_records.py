"""Made records of recognition, in the layout that reports read."""

from __future__ import annotations

import copy
from typing import Any

FIGURES = (
    "accuracy_known", "accuracy_given", "auroc", "ece", "micro_ap", "precision_at_threshold",
    "coverage",
)  # fmt: skip


def question(name: str, **changes: Any) -> dict[str, Any]:
    made = {
        "query": name, "subset": "books", "path": f"{name}.jpg", "box": None, "labels": ["A"],
        "known": True, "example": "a1", "best": "A", "given": True, "right": True,
        "answered_right": True, "confidence": 0.9, "familiarity": 0.9, "evidence": "a1",
        "evidence_path": "a1.jpg", "inliers": 30, "alternatives": [["B", 0.05]], "passed": False,
        "failed": "",
    }  # fmt: skip
    return {**made, **changes}


def wrong(name: str, **changes: Any) -> dict[str, Any]:
    """A wrong label that was given."""
    said = {"best": "B", "right": False, "answered_right": False, "evidence": "b1"}
    return question(name, **{**said, **changes})


def refused(name: str, **changes: Any) -> dict[str, Any]:
    """A known query that was refused."""
    said = {"given": False, "answered_right": False, "familiarity": 0.2, "confidence": 0.8}
    return question(name, **{**said, **changes})


def unknown(name: str, **changes: Any) -> dict[str, Any]:
    """An unknown query that was refused, as it should be."""
    said = {
        "known": False, "example": None, "given": False, "right": False, "labels": ["C"],
        "confidence": 0.95, "familiarity": 0.05,
    }  # fmt: skip
    return question(name, **{**said, **changes})


def recognition_record(*queries: dict[str, Any], **changes: Any) -> dict[str, Any]:
    asked = queries or (
        question("right"),
        question("surer", confidence=0.99, familiarity=0.99),
        wrong("wrong", confidence=0.97, familiarity=0.97),
        refused("refused"),
        unknown("unknown"),
        unknown("taken for known", given=True, answered_right=False, confidence=0.6,
                familiarity=0.6, subset="dvd"),
        question("failed", failed="failed.jpg is empty", best=None, given=False, right=False,
                 answered_right=False, confidence=0.0, familiarity=0.0, evidence=None,
                 evidence_path=None, inliers=0),
    )  # fmt: skip
    figures = dict.fromkeys(FIGURES, 0.75)
    made = {
        "version": 1, "task": "recognition", "dataset": "made", "recipe": "sift-asmk",
        "created": "2026-01-02T03:04:05+00:00", **figures, "mean_p1": None,
        "intervals": {name: [0.7, 0.8] for name in FIGURES}, "threshold": 0.5,
        "target_precision": 0.99, "unknown_prior": 0.5, "unknown": 0.5, "seed": 0,
        "n_known": 5, "n_unknown": 2, "n_passed": 1, "n_failed": 1, "n_images": 9, "n_labels": 3,
        "taken_out": ["C"],
        "subsets": {
            "books": {"n_known": 5, "n_unknown": 1, **figures},
            "dvd": {"n_known": 0, "n_unknown": 1, **dict.fromkeys(FIGURES), "ece": 0.1},
        },
        "calibration": {"threshold": 0.5, "known_queries": 40, "fallback": "", "list": [1]},
        "milliseconds": {"decode": 1.0, "recognize": 0.5, "total": 9.0},
        "milliseconds_p95": {"decode": 1.0, "recognize": 0.5, "total": 19.0},
        "versions": {"relook": "0.1.0"}, "processor": "a processor", "warnings": [],
        "quarantined": {}, "queries": list(asked),
    }  # fmt: skip
    return copy.deepcopy({**made, **changes})
