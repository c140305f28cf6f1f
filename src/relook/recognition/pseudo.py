"""Pseudo-queries: pictures of the collection whose answer is known, and what they teach.

A picture may show more than its label says: two paintings on one wall. Where another label has
strong evidence, in a place of its own, it counts as right too.

A picture whose label has others is asked for as it is, itself left out of the results; of one that
is alone, other views are rendered. Each answer teaches twice: with the label's pictures among the
results it is a known query, with all of them left out an unknown one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.recognition.claims import make_claims
from relook.recognition.confidence import Case
from relook.recognition.observation import Observation

__all__ = [
    "DISTRACTOR",
    "PART",
    "PHOTO",
    "STRONG",
    "VIEW",
    "PseudoQuery",
    "also_shown",
    "make_cases",
]

PHOTO, VIEW, DISTRACTOR = "photo", "view", "distractor"
"""A picture as it is, a rendered view of it, a picture from elsewhere with nothing labelled."""

Labels = Mapping[int, tuple[str, ...]]

STRONG = 20.0
"""Strength of evidence that is not there by accident."""

PART = 0.1
"""Share of a picture that a thing covers at least; a logo or a price tag covers less."""

_APART = 0.2
"""Share of the smaller of two boxes that both cover, below which they are places of their own."""


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
        right = frozenset(names).union(*(labels[image] for image in also_shown(query, labels)))
        if sizes[group] > 1:
            others = seen.without({query.source})
            cases.append(Case(make_claims(others, labels), right, group))
        elif query.kind == VIEW:
            cases.append(Case(make_claims(seen, labels), right, group))
        # The same query to a collection without the pictures of its most particular label.
        gone = members[group]
        left = frozenset(name for name in right if members[name] - gone)
        cases.append(Case(make_claims(seen.without(gone), labels), left, group))
    return cases


def also_shown(query: PseudoQuery, labels: Labels) -> list[int]:
    """Pictures of other labels that the query shows beside its own: strong, and elsewhere in it.

    Elsewhere means apart from what pictures of its own label match; where these say nothing, beside
    the middle of the query.
    """
    seen, own = query.observation, set(labels.get(query.source, ()))
    strong = np.flatnonzero((seen.strengths >= STRONG) & (seen.shares >= PART)).tolist()
    same: list[int] = []
    others: list[int] = []
    for row in strong:
        image = int(seen.ids[row])
        if image != query.source and image in labels:
            (others if own.isdisjoint(labels[image]) else same).append(row)
    found = []
    for row in others:
        box = seen.boxes[row]
        if same:
            elsewhere = all(_overlap(box, seen.boxes[mine]) < _APART for mine in same)
        else:
            elsewhere = float(seen.offsets[row]) > 0
        if elsewhere:
            found.append(int(seen.ids[row]))
    return found


def _overlap(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Share of the smaller of two boxes that the other covers."""
    corner = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    areas = [float(np.prod(box[2:] - box[:2])) for box in (one, other)]
    return float(np.prod(np.maximum(corner, 0.0))) / max(min(areas), 1e-9)
