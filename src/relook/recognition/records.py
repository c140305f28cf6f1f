"""What recognition says about a query."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

__all__ = ["Alternative", "CalibrationReport", "Contradiction", "Verdict"]


@dataclass(frozen=True, slots=True)
class Alternative:
    """A label that a query may have.

    Attributes:
        label: its name.
        confidence: probability, 0 to 1, that it is right.
        image: id of the labelled image that speaks for it most.
    """

    label: str
    confidence: float
    image: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a query shows, or that nothing labelled shows it.

    Attributes:
        known: whether a label is given.
        confidence: probability, 0 to 1, that this answer is right: the label, or “none of these”.
        candidates: labels by decreasing confidence, the given one first. Empty where nothing
            labelled was found.
        none: probability that no label of the collection is right.
    """

    known: bool
    confidence: float
    candidates: tuple[Alternative, ...]
    none: float

    @property
    def label(self) -> str | None:
        """The answer; None for “none of these”."""
        return self.candidates[0].label if self.known else None

    @property
    def familiarity(self) -> float:
        """Probability that the best label is right, given or not; tells known from unknown."""
        return self.candidates[0].confidence if self.candidates else 0.0


class Contradiction(NamedTuple):
    """Two pictures that show a thing in common and have no label in common."""

    path: str
    label: str
    other_path: str
    other_label: str


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """What a calibration found; figures are of models that had not seen the label judged.

    Attributes:
        threshold: confidence from which a label is given.
        target_precision: share of right answers among those given that it was chosen for.
        unknown: expected share of queries that show nothing labelled.
        known_queries: photos of the collection, themselves left out, whose label has others.
        rendered_queries: rendered views of its pictures.
        unknown_queries: both again, without their label, and distractors.
        precision: share of right answers among those given; None where none was.
        coverage: share of known queries that are given an answer.
        ece: expected calibration error.
        auroc: how surely confidence tells known from unknown.
        contradictions: pictures whose labels disagree.
        also_shown: pictures that show another label's thing beside their own. That is allowed for;
            add the label only where a picture is meant to stand for both.
        fallback: why the model of independent photos is used; nothing where it is not.
        stale: labelled pictures that came since.
        skipped: pseudo-queries that could not be asked, as no file could be read.
    """

    threshold: float
    target_precision: float
    unknown: float
    known_queries: int
    rendered_queries: int
    unknown_queries: int
    precision: float | None
    coverage: float | None
    ece: float | None
    auroc: float | None
    contradictions: tuple[Contradiction, ...] = ()
    also_shown: tuple[Contradiction, ...] = ()
    fallback: str = ""
    stale: int = 0
    skipped: int = 0

    def to_json(self) -> dict[str, Any]:
        """All of it, as JSON takes it."""
        found = asdict(self)
        for name in ("contradictions", "also_shown"):
            found[name] = [item._asdict() for item in getattr(self, name)]
        return found
