"""Row after row: train, describe, whiten, score; what is done already is not done again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from relook.core.storage import write_whole
from relook.networks.weights import Weights, open_weights
from relook.training.config import Config
from relook.training.run.loop import train
from relook.training.run.watching import Watcher
from relook.vectors import Projection
from reproduce.training.measuring import (
    Described,
    Describer,
    RenderedViews,
    begin_with,
    fit,
    rendered_views,
)
from reproduce.training.study import Budget, Row, Study, described

__all__ = ["Comparison", "Result"]

OFF_THE_SHELF = "off the shelf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a row.

    Attributes:
        method: as the study calls it.
        words: what it learns from.
        map: with the same whitening as all, over all queries.
        subsets: the same by subset.
        layer: mAP with the layer that was trained, in place of that whitening.
        pictures: that the optimizer saw.
        described: that were described besides, for mining.
        seconds: of the training; less where it went on after a stop.
    """

    method: str
    words: str
    map: float
    subsets: Mapping[str, float]
    layer: float | None = None
    pictures: int = 0
    described: int = 0
    seconds: float = 0.0

    def to_json(self) -> str:
        """All of it."""
        return json.dumps(asdict(self), indent=1)


class Comparison:
    """All rows begin from one network, get one budget, one whitening and one benchmark.

    Args:
        study: what is compared.
        budget: of each row.
        describer: executes networks on the benchmark.
        data: root of the pictures that are learned from.
        into: keeps views, runs, and results.
        watcher: of the training.
    """

    def __init__(
        self,
        study: Study,
        budget: Budget,
        describer: Describer,
        data: Path,
        into: Path,
        watcher: Watcher,
    ) -> None:
        self.study, self.budget, self.describer = study, budget, describer
        self._data, self._into, self._watcher = data, into, watcher

    @cached_property
    def views(self) -> RenderedViews:
        """What all whitenings are fitted on."""
        base = self.study.base
        file = self._into / f"views-{self._key(base['data'], base['views'])}.safetensors"
        return rendered_views(self._first(), self.study.whitening, file, data=self._data)

    def run(self, rows: Sequence[Row]) -> list[Result]:
        """Off the shelf, then the rows."""
        found = [self._off_the_shelf()]
        for row in rows:
            self._watcher.note(f"--- {row.method}")
            found.append(self._row(row))
            self._watcher.note(f"{row.method}: mAP {found[-1].map:.3f}")
        return found

    @property
    def _start(self) -> Path:
        """The whitening off the shelf, which the trained layers begin with."""
        return self._folder(OFF_THE_SHELF, self._beginning) / "whitening.safetensors"

    @property
    def _beginning(self) -> object:
        """What decides off the shelf."""
        base = self.study.base
        return base["network"], base["data"], base["views"]

    def _first(self) -> Config:
        return self.study.config(self.study.rows[0], self.budget)

    def _off_the_shelf(self) -> Result:
        config, folder = self._first(), self._folder(OFF_THE_SHELF, self._beginning)
        kept = _kept(folder)
        if kept is None or not self._start.exists():
            weights = open_weights(config.network.weights)
            vectors, whitening = self._whitened(weights, config, folder)
            begin_with(whitening).save(self._start)
            scores = self.describer.scores(whitening, vectors.benchmark)
            subsets = {name: one.map for name, one in scores.subsets.items()}
            kept = Result(method=OFF_THE_SHELF, words="", map=scores.overall.map, subsets=subsets)
            _keep(folder, kept)
        return kept

    def _row(self, row: Row) -> Result:
        config = self.study.config(row, self.budget, start=self._start)
        folder = self._folder(row.method, self.study.table(row, self.budget.pictures))
        kept = _kept(folder)
        if kept is not None:
            return kept
        summary = train(config, folder, data=self._data, watcher=self._watcher)
        weights = open_weights(summary.weights)
        vectors, whitening = self._whitened(weights, config, folder)
        scores = self.describer.scores(whitening, vectors.benchmark)
        layer = self.describer.scores(_layer(weights), vectors.benchmark)
        result = Result(
            method=row.method,
            words=row.words,
            map=scores.overall.map,
            subsets={name: one.map for name, one in scores.subsets.items()},
            layer=layer.overall.map,
            pictures=summary.iterations * self.study.step,
            described=described(config, self.views.found),
            seconds=summary.seconds,
        )
        _keep(folder, result)
        return result

    def _whitened(
        self, weights: Weights, config: Config, folder: Path
    ) -> tuple[Described, Projection]:
        self._watcher.note(f"describes with {weights.card.name}")
        vectors = self.describer.describe(weights, config, self.views, folder=folder)
        return vectors, fit(self.study.whitening, vectors.views, self.views)

    def _folder(self, name: str, decides: object) -> Path:
        key = self._key(decides, self.describer.truth.name, self.describer.longest)
        folder = self._into / f"{re.sub('[^a-z]+', '-', name.lower())}-{key}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _key(self, *said: object) -> str:
        content = json.dumps([asdict(self.study.whitening), *said], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:8]


def _layer(weights: Weights) -> Projection:
    """The layer W x + b that was trained: P (x - m), with an m that P takes to -b."""
    state = weights.state()
    matrix, bias = state["whiten.weight"], state["whiten.bias"]
    mean = -np.linalg.lstsq(matrix.astype(np.float64), bias.astype(np.float64), rcond=None)[0]
    return Projection(mean.astype(np.float32), matrix, method="trained")


def _kept(folder: Path) -> Result | None:
    file = folder / "result.json"
    return Result(**json.loads(file.read_text("utf-8"))) if file.exists() else None


def _keep(folder: Path, result: Result) -> None:
    write_whole(folder / "result.json", result.to_json().encode())
