"""What a picture shows mainly, where its links speak of several things in it.

A photo of a poster on a bookshelf is linked with photos of the poster and with photos of the books.
Followed blindly, these links make one cluster of everything that ever stood beside each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from relook.mapping.links import Link, central, spread_of

__all__ = ["main_links"]

_SAME = 0.25
"""Mean share that the places of two groups of links have in common, from which they are one."""

_MOST = 200
"""Links of a picture, strongest first, that are looked at."""

_COVERED = 1e-3


def main_links(links: Sequence[Link]) -> list[tuple[bool, bool]]:
    """For each link, whether it speaks of what its first, and its second, picture mainly shows.

    The links of a picture are grouped by where in it their matches lie (average linkage). The
    group that covers most of it, the middle counting most, is what it mainly shows.
    """
    of_picture: dict[int, list[int]] = defaultdict(list)
    for row, link in enumerate(links):
        for id_ in link.pair:
            of_picture[id_].append(row)
    main = np.zeros((len(links), 2), np.bool_)
    for id_, rows in of_picture.items():
        chosen = sorted(rows, key=lambda row: (-links[row].strength, row))[:_MOST]
        places = np.stack([links[row].places[links[row].side(id_)] for row in chosen])
        for row in np.array(chosen)[_main_group(spread_of(places))].tolist():
            main[row, links[row].side(id_)] = True
    return [(bool(one), bool(other)) for one, other in main]


def _main_group(spreads: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which of ``(L, CELLS²)`` distributions lie where the picture's main thing is."""
    groups = _group(spreads)
    best, most = groups == groups[0], -1.0
    for group in np.unique(groups):
        inside = groups == group
        score = central(spreads[inside].mean(axis=0) > _COVERED)
        if score > most:
            best, most = inside, score
    return np.asarray(best, np.bool_)


def _group(spreads: NDArray[np.float32]) -> NDArray[np.int64]:
    """``(L,)`` group of each distribution, by average linkage of what they have in common."""
    count = len(spreads)
    if count == 1:
        return np.zeros(1, np.int64)
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415 - slow to import

    rows, others = np.triu_indices(count, 1)
    apart = np.empty(len(rows))
    for row in range(count):
        mine = rows == row
        apart[mine] = 1.0 - np.minimum(spreads[row], spreads[others[mine]]).sum(axis=1)
    tree = linkage(np.clip(apart, 0.0, 1.0), method="average")
    return np.asarray(fcluster(tree, 1.0 - _SAME, criterion="distance"), np.int64)
