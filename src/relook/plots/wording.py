"""A recognition in words: the answer, how sure it is, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from relook.collection import Hit, Recognition
    from relook.recognition.records import Verdict

__all__ = [
    "Kind",
    "kind_of",
    "none_words",
    "percent",
    "sentence",
    "shown_confidence",
    "why_words",
]

_PROBABLY = 0.8

Kind = Literal["known", "unknown", "unsure"]
"""A label is given; probably none is right; or one may be, but that is not sure enough."""


def kind_of(verdict: Verdict) -> Kind:
    """Which of the three answers a verdict is."""
    if verdict.known:
        return "known"
    return "unknown" if verdict.none >= 0.5 or not verdict.candidates else "unsure"


def shown_confidence(verdict: Verdict) -> float:
    """Of what is said: the answer, or where that is not sure the label that may be right."""
    return verdict.familiarity if kind_of(verdict) == "unsure" else verdict.confidence


def none_words(none: float) -> str:
    """That the query is not in the collection, as firmly as its probability allows."""
    return "not in this collection" if none >= _PROBABLY else "probably not in this collection"


def percent(probability: float, *, digits: int = 0) -> str:
    """Such as “98 %”; what is not certain is never called “100 %” or “0 %”."""
    if digits:
        return f"{100 * probability:.{digits}f} %"
    if 0.0 < probability < 0.005:
        return "under 1 %"
    if 0.995 <= probability < 1.0:
        return "over 99 %"
    return f"{100 * probability:.0f} %"


def sentence(recognition: Recognition) -> str:
    """The whole answer in one line, such as “Mona Lisa, 98 % sure: 143 matches on mona.jpg”."""
    verdict = recognition.verdict
    sure = f"{percent(verdict.confidence)} sure"
    why = why_words(recognition.evidence)
    if verdict.label is not None:
        return f"{verdict.label}, {sure}" + (f": {why}" if why else "")
    if kind_of(verdict) == "unknown":
        return f"{none_words(verdict.confidence)} ({sure})" + _closest(recognition)
    names = " or ".join(
        f"{one.label} ({percent(one.confidence)})" for one in verdict.candidates[:2]
    )
    return f"not sure: perhaps {names}" + (f"; {why}" if why else "")


def why_words(hit: Hit | None) -> str:
    """Such as “143 matches on louvre/mona.jpg”; without geometry, what it looks most like."""
    if hit is None:
        return ""
    if not hit.inliers:
        return f"most like {hit.path}"
    return f"{hit.inliers} {'match' if hit.inliers == 1 else 'matches'} on {hit.path}"


def _closest(recognition: Recognition) -> str:
    candidates, hit = recognition.verdict.candidates, recognition.evidence
    if not candidates:
        return ""
    words = f"; closest is {candidates[0].label} ({percent(candidates[0].confidence)})"
    return words if hit is None else f"{words}, {hit.path}"
