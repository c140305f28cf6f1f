"""Retrieval mAP while a network trains: held-out classes, or a dataset with a truth of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import ImageError, RelookError, UsageError
from relook.datasets.gnd import load_gnd
from relook.datasets.truth import INDEXED, DatasetQuery, GroundTruth
from relook.evaluation.metrics import Judgement, judge, mean_average_precision
from relook.images import crop, read
from relook.networks.retrieval import RetrievalNetwork
from relook.training.batches.making import Maker, MakerSpec
from relook.training.batches.plan import Draw, members
from relook.training.config import ValidationPart
from relook.training.records import Pictures
from relook.training.run.describing import describe_all, describe_batch

__all__ = ["DatasetSearch", "HeldOut", "retrieval_map", "whitening_sample"]

Int64 = NDArray[np.int64]

_FAR, _FARTHER = 1 << 40, 1 << 41
"""Steps whose views are those of validation, and of what is fitted after training."""

_MOST = 5000
"""Pictures that a whitening is fitted on."""


def retrieval_map(
    queries: NDArray[np.float32], vectors: NDArray[np.float32], relevant: list[tuple[Int64, Int64]]
) -> float:
    """Mean average precision of ``(Q, D)`` in ``(N, D)``; each query has positives and junk.

    Raises:
        UsageError: no query has positives.
        RelookError: vectors are not finite.
    """
    if not (np.isfinite(queries).all() and np.isfinite(vectors).all()):
        raise RelookError(
            "the network gives vectors that are not finite; lower optimizer.rate, set "
            "optimizer.clip, or take precision float32, and train into another folder"
        )
    rows = np.arange(len(vectors)).tolist()
    judged: list[Judgement] = []
    for scores, (positives, junk) in zip(queries @ vectors.T, relevant, strict=True):
        judged.append(judge(rows, positives.tolist(), junk=junk.tolist(), scores=scores))
    return mean_average_precision(judged)


class HeldOut:
    """Views of held-out pictures, searched among the held-out pictures as they are.

    Where a class has several pictures, the one that a view was made of does not count: it must find
    the others.

    Args:
        maker: whose pictures are all held out, those behind them too.
        part: how many views.
        side: of all, in pixels.
    """

    def __init__(self, maker: Maker, pictures: Pictures, part: ValidationPart, side: int) -> None:
        rows = np.arange(len(pictures))
        made = maker.make(Draw.plainly(rows, side=side))
        plain = made.batch
        good = np.flatnonzero(plain.rows == rows)
        self._pixels = plain.pixels[good]
        self._left_out = [f"{pictures.paths[row]}: {why}" for row, why in made.skipped]
        asked = np.repeat(good, part.views)
        slots = np.arange(len(asked))
        views = maker.make(Draw(_FAR, asked, np.zeros(len(asked), np.int64), slots, side)).batch
        self._views = views.pixels
        same = members(pictures.labels[good])
        places = {int(row): place for place, row in enumerate(good)}
        self._relevant = [
            _apart(same[int(pictures.labels[row])], places[int(row)]) for row in asked
        ]

    def notes(self) -> tuple[str, ...]:
        """What is left out of validations."""
        return tuple(f"left out of validations: {words}" for words in self._left_out)

    def score(self, network: RetrievalNetwork) -> float:
        """MAP of a network in evaluation mode."""
        vectors = describe_all(network, self._pixels)
        return retrieval_map(describe_all(network, self._views), vectors, self._relevant)


def _apart(mates: Int64, own: int) -> tuple[Int64, Int64]:
    if len(mates) == 1:
        return mates, np.zeros(0, np.int64)
    return mates[mates != own], np.array([own], np.int64)


def whitening_sample(
    network: RetrievalNetwork, spec: MakerSpec, *, views: int, side: int, most: int = _MOST
) -> tuple[NDArray[np.float32], Int64]:
    """``(N, D)`` vectors of views of the pictures, evenly taken, and ``(N,)`` labels."""
    size = len(spec.pictures)
    rows = np.repeat(np.unique(np.linspace(0, size - 1, min(size, most)).astype(np.int64)), views)
    maker, vectors, labels = Maker(replace(spec, teachers={})), [], []
    for start in range(0, len(rows), 64):
        slots = np.arange(start, min(start + 64, len(rows)))
        draw = Draw(_FARTHER, rows[slots], np.zeros(len(slots), np.int64), slots, side)
        batch = maker.make(draw).batch
        vectors.append(describe_batch(network, batch.pixels))
        labels.append(batch.labels)
    return np.concatenate(vectors), np.concatenate(labels)


@dataclass(frozen=True, slots=True)
class DatasetSearch:
    """A folder with ``gnd.json``; every picture is described once, as it is.

    Attributes:
        folder: of the dataset.
        truth: its names.
        longest: of the longer side in pixels.
        bad: pictures that cannot be read, with the reason; they are left out.
    """

    folder: Path
    truth: GroundTruth
    longest: int
    bad: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, *, longest: int) -> DatasetSearch:
        """Read the truth.

        Raises:
            UsageError: there is no such dataset, or pictures are missing.
        """
        truth = load_gnd(folder)
        bad: dict[str, str] = {}
        for image in truth.images:
            try:
                read(folder / image.path, longest=longest)
            except ImageError as error:
                bad[image.id] = str(error)
        return cls(folder, truth, longest, bad)

    def notes(self) -> tuple[str, ...]:
        """What is left out of validations."""
        return tuple(f"left out of validations: {name}: {why}" for name, why in self.bad.items())

    def score(self, network: RetrievalNetwork) -> float:
        """MAP of a network in evaluation mode, over all queries with positives."""
        paths = {image.id: self.folder / image.path for image in self.truth.images}
        indexed = [
            image.id
            for image in self.truth.images
            if image.role in INDEXED and image.id not in self.bad
        ]
        vectors = describe_all(network, (self._read(paths[name]) for name in indexed))
        asked = [
            query
            for query in self.truth.queries
            if query.id not in self.bad and not self.bad.keys() >= set(query.positives)
        ]
        if not asked:
            raise UsageError(f"{self.folder} has no query with positives")
        found = describe_all(network, (self._query(paths, query) for query in asked))
        places = {name: place for place, name in enumerate(indexed)}
        relevant = [
            (_rows(places, query.positives), _rows(places, (*query.junk, query.id)))
            for query in asked
        ]
        return retrieval_map(found, vectors, relevant)

    def _read(self, path: Path) -> NDArray[np.uint8]:
        return read(path, longest=self.longest).pixels

    def _query(self, paths: Mapping[str, Path], query: DatasetQuery) -> NDArray[np.uint8]:
        image = read(paths[query.id], longest=self.longest)
        return (image if query.box is None else crop(image, query.box)).pixels


def _rows(places: Mapping[str, int], names: tuple[str, ...]) -> Int64:
    return np.array(sorted({places[name] for name in names if name in places}), np.int64)
