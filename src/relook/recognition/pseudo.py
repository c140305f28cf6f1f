"""Pseudo-queries: pictures of the collection whose answer is known, and what they teach.

A picture may show more than its label says: two paintings on one wall. Where another label has
strong evidence, in a place of its own, it counts as right too.

A picture whose label has others is asked for as it is, itself left out of the results; of one that
is alone, other views are rendered. Each answer teaches twice: with the label's pictures among the
results it is a known query, with all of them left out an unknown one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
    "find_beside",
    "labels_beside",
    "make_cases",
    "particular",
    "pictures_by_label",
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


def make_cases(queries: Sequence[PseudoQuery], labels: Labels) -> list[Case]:
    """What the pseudo-queries teach, given the labels of the collection now.

    A picture without a label, or removed since, teaches nothing. The order of the queries does not
    matter.

    Args:
        queries: pseudo-queries.
        labels: of every labelled picture.
    """
    members = pictures_by_label(labels)
    shows = labels_beside(labels, find_beside(queries, labels))
    cases: list[Case] = []
    for query in sorted(queries, key=lambda query: query.key):
        if query.kind == DISTRACTOR:
            claims = make_claims(query.observation, labels, shows=shows)
            cases.append(Case(claims, frozenset(), f"{DISTRACTOR}\0{query.number}"))
        elif labels.get(query.source):
            cases += _cases(query, labels, members, shows)
    return cases


def _cases(
    query: PseudoQuery,
    labels: Labels,
    members: Mapping[str, set[int]],
    shows: Mapping[int, frozenset[str]],
) -> Iterator[Case]:
    seen, names = query.observation, labels[query.source]
    group = particular(names, members)
    beside = shows.get(query.source, frozenset())
    right = beside.union(names)
    if len(members[group]) > 1:
        claims = make_claims(seen.without({query.source}), labels, shows=shows)
        yield Case(claims, right, group)
    elif query.kind == VIEW:
        yield Case(make_claims(seen, labels, shows=shows), right, group)
    # The same query to a collection without the pictures that show its most particular label.
    # Whether its general labels, such as the painter, can be told then nobody says: they are out.
    gone = members[group].union(image for image, more in shows.items() if group in more)
    left = frozenset(name for name in beside if members[name] - gone)
    silent = right - left
    heard = {
        image: tuple(name for name in labels.get(image, ()) if name not in silent)
        for image in seen.ids.tolist()
    }
    yield Case(make_claims(seen.without(gone), heard, shows=shows), left, group)


def find_beside(queries: Iterable[PseudoQuery], labels: Labels) -> dict[int, tuple[int, ...]]:
    """By picture, those of other things that it shows beside its own: see :func:`also_shown`.

    Args:
        queries: pseudo-queries.
        labels: of every labelled picture.
    """
    members = pictures_by_label(labels)
    found: dict[int, set[int]] = {}
    for query in queries:
        names = labels.get(query.source, ())
        if query.kind != DISTRACTOR and names:
            others = also_shown(query, labels, own=particular(names, members))
            found.setdefault(query.source, set()).update(others)
    return {image: tuple(sorted(others)) for image, others in found.items() if others}


def labels_beside(labels: Labels, beside: Mapping[int, Iterable[int]]) -> dict[int, frozenset[str]]:
    """The labels of what pictures show beside their own, as :func:`find_beside` has it."""
    return {
        image: frozenset(name for other in others for name in labels[other])
        for image, others in beside.items()
    }


def pictures_by_label(labels: Labels) -> dict[str, set[int]]:
    """The pictures that have each label."""
    members: dict[str, set[int]] = {}
    for image, names in labels.items():
        for name in names:
            members.setdefault(name, set()).add(image)
    return members


def particular(names: Iterable[str], members: Mapping[str, Collection[int]]) -> str:
    """The label that says most: that of the fewest pictures."""
    return min(names, key=lambda name: (len(members[name]), name))


def also_shown(query: PseudoQuery, labels: Labels, *, own: str) -> list[int]:
    """Pictures of other things that the query shows beside its own: strong, and elsewhere in it.

    Elsewhere means apart from what most pictures of its own label match: some of these may show the
    other thing as well. Where none says anything, it means beside the middle of the query.

    Args:
        query: a picture of the collection.
        labels: of every labelled picture.
        own: the most particular label of the query.
    """
    seen = query.observation
    strong = np.flatnonzero((seen.strengths >= STRONG) & (seen.shares >= PART)).tolist()
    same: list[int] = []
    others: list[int] = []
    for row in strong:
        image = int(seen.ids[row])
        if image != query.source and image in labels:
            (same if own in labels[image] else others).append(row)
    found = []
    for row in others:
        box = seen.boxes[row]
        if same:
            apart = [_overlap(box, seen.boxes[mine]) < _APART for mine in same]
            elsewhere = 2 * sum(apart) > len(apart)
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
