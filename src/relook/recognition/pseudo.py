"""Pseudo-queries: pictures of the collection whose answer is known, and what they teach.

A picture whose label has others is asked for as it is, itself left out of the results; of one that
is alone, other views are rendered. Each answer teaches twice: with the label's pictures among the
results it is a known query, with all of them left out an unknown one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from relook.recognition.claims import make_claims
from relook.recognition.confidence import Case
from relook.recognition.observation import Observation

__all__ = ["DISTRACTOR", "PHOTO", "VIEW", "PseudoQuery", "make_cases"]

PHOTO, VIEW, DISTRACTOR = "photo", "view", "distractor"
"""A picture as it is, a rendered view of it, a picture from elsewhere with nothing labelled."""

Labels = Mapping[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class PseudoQuery:
    """A query whose answer the labels give.

    Attributes:
        source: id of the picture; -1 for a distractor.
        kind: :data:`PHOTO`, :data:`VIEW` or :data:`DISTRACTOR`.
        number: tells those of one source and kind apart.
        observation: what the search found, the picture itself included.
    """

    source: int
    kind: str
    number: int
    observation: Observation

    @property
    def key(self) -> tuple[int, str, int]:
        """What it is found again by."""
        return self.source, self.kind, self.number


def make_cases(queries: Iterable[PseudoQuery], labels: Labels) -> list[Case]:
    """What the pseudo-queries teach, given the labels of the collection now.

    A picture without a label, or removed since, teaches nothing.

    Args:
        queries: pseudo-queries.
        labels: of every labelled picture.
    """
    members: dict[str, set[int]] = {}
    for image, names in labels.items():
        for name in names:
            members.setdefault(name, set()).add(image)
    sizes = Counter({name: len(images) for name, images in members.items()})
    cases: list[Case] = []
    for number, query in enumerate(queries):
        seen = query.observation
        if query.kind == DISTRACTOR:
            cases.append(Case(make_claims(seen, labels), frozenset(), f"distractor {number}"))
            continue
        names = labels.get(query.source, ())
        if not names:
            continue
        group = min(names, key=lambda name: (sizes[name], name))  # the most particular one
        if sizes[group] > 1:
            others = seen.without({query.source})
            cases.append(Case(make_claims(others, labels), frozenset(names), group))
        elif query.kind == VIEW:
            cases.append(Case(make_claims(seen, labels), frozenset(names), group))
        cases.append(_unknown(seen, labels, names, group, members))
    return cases


def _unknown(
    seen: Observation,
    labels: Labels,
    names: Sequence[str],
    group: str,
    members: Mapping[str, set[int]],
) -> Case:
    """The same query to a collection without the pictures of its most particular label."""
    gone = members[group]
    left = frozenset(name for name in names if members[name] - gone)
    return Case(make_claims(seen.without(gone), labels), left, group)
