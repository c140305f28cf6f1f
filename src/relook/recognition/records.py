"""What recognition says about a query."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Alternative", "Verdict"]


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
