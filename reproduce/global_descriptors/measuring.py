"""What a setting is worth, what it takes to store, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from relook.datasets.gnd import GroundTruth
from relook.evaluation.rankings import Scores, score_rankings
from relook.index.vectors import make_vector_index
from reproduce.global_descriptors.describing import Kit, Network, Series
from reproduce.global_descriptors.pictures import Picture
from reproduce.global_descriptors.settings import Setting

__all__ = ["Row", "scores_of", "search_time", "time_describing"]

Float32 = NDArray[np.float32]

TOP = 100


@dataclass(frozen=True, slots=True)
class Row:
    """A setting and what was measured of it.

    Attributes:
        setting: that was measured.
        dimensions: of its vectors.
        map: over all queries.
        subsets: mean average precision by subset.
        describe_ms: median of one picture, read and described by one thread.
        search_ms: median of one exact search of the database.
    """

    setting: Setting
    dimensions: int
    map: float
    subsets: Mapping[str, float]
    describe_ms: float
    search_ms: float

    @property
    def bytes(self) -> int:
        """Of one image in an exact index of float32; half as many in float16."""
        return 4 * self.dimensions


def scores_of(truth: GroundTruth, vectors: Float32) -> Scores:
    """Score ``(N, D)`` vectors of the database and then the queries, by inner product."""
    names = [image.id for image in truth.database]
    indexed, asked = vectors[: len(names)], vectors[len(names) :]
    order = np.argsort(-(asked @ indexed.T), axis=1, kind="stable")
    ranked = [[names[place] for place in row] for row in order]
    return score_rankings(
        truth, {query.id: row for query, row in zip(truth.queries, ranked, strict=True)}
    )


def search_time(database: int, vectors: Float32) -> float:
    """Milliseconds of one exact search among the first ``database`` rows: the median."""
    index = make_vector_index(vectors.shape[1], kind="flat")
    index.add(np.arange(database), list(vectors[:database]))
    return _median(partial(index.search, row, top=TOP) for row in vectors[database:])


def time_describing(
    network: Network, settings: Sequence[Setting], pictures: Sequence[Picture]
) -> dict[tuple[object, ...], float]:
    """Milliseconds by layer, pooling and scales: the median over pictures, one at a time."""
    found: dict[tuple[object, ...], float] = {}
    for setting in settings:
        key = (setting.layer, setting.pooling, setting.scales)
        if key not in found:
            kits = [
                Kit(network, Series(setting.layer, scale, (setting.pooling,)))
                for scale in setting.scales
            ]
            _describe(kits, pictures[0], network.longest)
            found[key] = _median(
                partial(_describe, kits, picture, network.longest) for picture in pictures
            )
    return found


def _describe(kits: Sequence[Kit], picture: Picture, longest: int) -> None:
    image = picture.load(longest)[0]
    for kit in kits:
        kit.describe(image)


def _median(calls: Iterable[Callable[[], object]]) -> float:
    times = []
    for call in calls:
        start = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start))
    return float(np.median(times))
