"""What the images of a dataset show, by label, and which labels answer a query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from relook.collection.labels import make_label
from relook.core.errors import UsageError
from relook.datasets.truth import DatasetImage, DatasetQuery, GroundTruth

__all__ = ["Instances", "instances_of", "linked"]


@dataclass(frozen=True, slots=True)
class Instances:
    """Labels of the images to index, and the right answers.

    Attributes:
        labels: by id of a database image its label; images of nothing in particular have none.
        right: by id of a query the labels that are right, whether or not they stay in the
            database. Empty where nothing labelled is right.
    """

    labels: Mapping[str, str]
    right: Mapping[str, frozenset[str]]


def instances_of(truth: GroundTruth) -> Instances:
    """The instances of a dataset.

    An image shows what its ``label`` says. Where no database image has one, images that are right
    for the same query show the same thing, as do those linked so over several queries; it is named
    after the first of them. A query's right labels are those that the dataset gives it, else the
    label of its own image where the database has that, else those of its positives.

    Raises:
        UsageError: nothing can be named, or a label is none.
    """
    labels = _given(truth.database) or _by_links(truth)
    if not labels:
        raise UsageError(
            f"{truth.name} says of no database image what it shows; give images a label, or "
            "queries positives"
        )
    known = frozenset(labels.values())
    own = {image.id: make_label(image.label) for image in truth.images if image.label}
    right = {query.id: _right(query, own, labels, known) for query in truth.queries}
    return Instances(labels, right)


def linked(sets: Iterable[Iterable[str]]) -> list[list[str]]:
    """Names in groups: those of one set are together, and so is what sets have in common.

    Groups and the names in them are in order of first appearance.
    """
    above: dict[str, str] = {}

    def top(name: str) -> str:
        while above[name] != name:
            above[name] = above[above[name]]
            name = above[name]
        return name

    for names in sets:
        listed = list(names)
        for name in listed:
            above.setdefault(name, name)
        for name in listed[1:]:
            above[top(name)] = top(listed[0])
    groups: dict[str, list[str]] = {}
    for name in above:
        groups.setdefault(top(name), []).append(name)
    return list(groups.values())


def _given(images: Sequence[DatasetImage]) -> dict[str, str]:
    return {image.id: make_label(image.label) for image in images if image.label}


def _by_links(truth: GroundTruth) -> dict[str, str]:
    place = {image.id: number for number, image in enumerate(truth.images)}
    groups = linked(query.positives for query in truth.queries)
    return {
        name: make_label(first)
        for group in groups
        for first in [min(group, key=place.__getitem__)]
        for name in group
    }


def _right(
    query: DatasetQuery, own: Mapping[str, str], labels: Mapping[str, str], known: frozenset[str]
) -> frozenset[str]:
    if query.labels:
        return frozenset(map(make_label, query.labels))
    if own.get(query.id) in known:
        return frozenset([own[query.id]])
    return frozenset(labels[name] for name in query.positives if name in labels)
