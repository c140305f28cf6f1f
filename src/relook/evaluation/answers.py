"""Judge what recognition says of a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from relook.collection.records import Recognition
from relook.datasets.truth import DatasetQuery

__all__ = ["Answer", "Question", "judge_answer"]


@dataclass(frozen=True, slots=True)
class Question:
    """A query and its truth.

    Attributes:
        query: what is asked.
        labels: those that are right, whether or not they are in the database.
        known: whether a picture of the database, other than the query itself, has one of them.
        example: id of such a picture, one of the positives where there is one.
    """

    query: DatasetQuery
    labels: frozenset[str]
    known: bool
    example: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said of one query.

    Attributes:
        question: the query and its truth.
        best: the best label, whether or not it was sure enough to be given.
        given: whether it was.
        right: whether it is right.
        confidence: that the answer, the label or "none of these", is right.
        familiarity: that the best label is right.
        image: id of the database image that speaks most for the best label.
        inliers: its geometric evidence.
        others: labels that come next, with their confidence.
        passed: whether another label came first and was passed over as junk.
        milliseconds: by stage.
        failed: why the query could not be asked; such an answer is never right.
    """

    question: Question
    best: str | None = None
    given: bool = False
    right: bool = False
    confidence: float = 0.0
    familiarity: float = 0.0
    image: str | None = None
    inliers: int = 0
    others: tuple[tuple[str, float], ...] = ()
    passed: bool = False
    milliseconds: Mapping[str, float] = field(default_factory=dict)
    failed: str = ""

    @property
    def answered_right(self) -> bool:
        """Whether the answer is right: the label, or "none of these" for an unknown query."""
        return not self.failed and (self.right if self.given else not self.question.known)


def judge_answer(
    question: Question, found: Recognition, shown: Mapping[int, Sequence[str]]
) -> Answer:
    """Compare an answer with the truth.

    A wrong label for which junk of the query speaks most is neither right nor wrong. It is passed
    over, as junk is in a ranking: the next candidate counts, with its own confidence, and where
    that is too low the answer is "none of these" with what the verdict gives that.

    Args:
        question: the query and its truth.
        found: what was said.
        shown: by id of a content the database images that it is.
    """
    verdict, junk = found.verdict, set(question.query.junk)
    kept = [
        one
        for one in verdict.candidates
        if one.label in question.labels or not junk.intersection(shown.get(one.image, ()))
    ]
    best = kept[0] if kept else None
    passed = bool(verdict.candidates) and best is not verdict.candidates[0]
    given, confidence = verdict.known, verdict.confidence
    if passed:
        given = best is not None and best.confidence >= found.threshold
        confidence = best.confidence if given and best else verdict.none
    answer = Answer(
        question,
        given=given,
        confidence=confidence,
        passed=passed,
        milliseconds=found.milliseconds,
    )
    if best is None:
        return answer
    hit = found.evidence
    return replace(
        answer,
        best=best.label,
        right=best.label in question.labels,
        familiarity=best.confidence,
        image=next(iter(shown.get(best.image, ())), None),
        inliers=hit.inliers if hit is not None and hit.id == best.image else 0,
        others=tuple((one.label, one.confidence) for one in kept[1:3]),
    )
