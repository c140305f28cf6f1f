"""Take a share of the instances out of a database, so that their queries are truly unknown.

Which ones depends on their names, a seed and nothing else, so everybody takes out the same ones.
What junk or a picture of both links to an instance goes or stays with it: whether such a picture
shows the instance is open, so a query could not be called unknown while it is in the database.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

from relook.core.errors import UsageError
from relook.datasets.truth import DatasetImage, GroundTruth
from relook.evaluation.instances import Instances, linked

__all__ = ["choose_unknown", "known_database"]


def choose_unknown(
    truth: GroundTruth, instances: Instances, *, share: float, seed: int = 0
) -> frozenset[str]:
    """The labels that are taken out: about ``share`` of those that queries ask for.

    In each subset, linked instances are taken together in order of the SHA-256 of
    ``unknown/SEED/NAME``, with the first name of them, as long as no more than the share is taken
    (rounded, at least one, never all). Subsets with a single group are drawn from as if they were
    one subset.

    Args:
        truth: queries, their subsets and junk.
        instances: labels and right answers.
        share: 0 up to, but not, 1.
        seed: another one takes out others.

    Raises:
        UsageError: the share is out of range, or nothing can be taken out.
    """
    if not 0 <= share < 1:
        raise UsageError(
            f"--unknown {share:g} must be a share from 0 to below 1; at 1 no label would be left"
        )
    if share == 0:
        return frozenset()
    drawers = _by_subset(truth, instances)
    taken = [label for groups in drawers for label in _draw(groups, share, seed)]
    if not taken:
        raise UsageError(
            "no instance can be taken out, since all that are asked for are linked; "
            "--unknown 0 leaves all of them in"
        )
    return frozenset(taken)


def known_database(
    truth: GroundTruth, instances: Instances, taken: frozenset[str]
) -> tuple[DatasetImage, ...]:
    """The images to index: without those of instances that are taken out, and their junk."""
    gone = {name for name, label in instances.labels.items() if label in taken}
    for query in truth.queries:
        if instances.right[query.id] & taken:
            gone.update(query.positives, query.junk)
    return tuple(image for image in truth.database if image.id not in gone)


def _by_subset(truth: GroundTruth, instances: Instances) -> list[list[list[str]]]:
    """Groups of linked instances, by the subset of the first query that asks for one of them."""
    subsets: dict[str, str] = {}
    for query in truth.queries:
        for label in sorted(instances.right[query.id]):
            subsets.setdefault(label, query.subset)
    links = (
        [
            *sorted(instances.right[query.id]),
            *(
                instances.labels[name]
                for name in (*query.positives, *query.junk)
                if name in instances.labels
            ),
        ]
        for query in truth.queries
        if instances.right[query.id]
    )
    drawers: dict[str, list[list[str]]] = {}
    for group in linked(links):
        subset = next(subsets[label] for label in group if label in subsets)
        drawers.setdefault(subset, []).append(group)
    several = [groups for groups in drawers.values() if len(groups) > 1]
    return [*several, [groups[0] for groups in drawers.values() if len(groups) == 1]]


def _draw(groups: Sequence[list[str]], share: float, seed: int) -> list[str]:
    if len(groups) < 2:
        return []
    total = sum(map(len, groups))
    wanted = min(max(math.floor(share * total + 0.5), 1), total - 1)
    taken: list[str] = []
    for group in sorted(groups, key=lambda group: _order(min(group), seed)):
        if len(taken) + len(group) <= wanted:
            taken += group
    return taken or min(groups, key=lambda group: (len(group), _order(min(group), seed)))


def _order(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"unknown/{seed}/{name}".encode()).digest()
