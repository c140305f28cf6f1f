"""Evaluation → record: intervals, marks of the first results, and what must be warned of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from relook.datasets.truth import PROTOCOLS, DatasetQuery
from relook.evaluation.bootstrap import Interval, bootstrap, bootstrap_difference
from relook.evaluation.environment import environment, peak_memory_bytes
from relook.evaluation.fitted import fitted_of
from relook.evaluation.graded import score_graded
from relook.evaluation.overlap import overlap
from relook.evaluation.plan import PlannedRun
from relook.evaluation.record import (
    Difference,
    ProtocolRecord,
    QueryRecord,
    RunRecord,
    Shown,
    SubsetRecord,
)
from relook.evaluation.run import Evaluation
from relook.evaluation.source import Source
from relook.search.recipe import Recipe

__all__ = ["Summary"]

SHOWN = 10
"""Results of a query that a record keeps."""

AVERAGE_PRECISION = ("ranks", "trapezoid", "revisited")
"""Protocols whose measure is the one that is computed."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Makes the records of runs over one dataset, each compared with the first.

    Attributes:
        source: names and truth.
        seeds: of the bootstrap; bounds are means over them.
    """

    source: Source
    seeds: tuple[int, ...] = (0,)
    _reasons: dict[str, str | None] = field(default_factory=dict)

    def record(
        self, planned: PlannedRun, evaluation: Evaluation, *, first: RunRecord | None, base: Recipe
    ) -> RunRecord:
        """The record of a run.

        Args:
            planned: its name and recipe.
            evaluation: what it found.
            first: record of the first run, None if this is the first.
            base: recipe of the first run.
        """
        here, scores = environment(), evaluation.scores
        queries = self._queries(evaluation)
        aps = [query.ap for query in queries]
        recipe = planned.recipe
        return RunRecord(
            name=planned.name,
            recipe=recipe.name,
            settings=_changes(base.settings, recipe.settings),
            ap=evaluation.ap,
            map=scores.overall.map,
            map_interval=self._bounds(aps),
            p1=scores.overall.p1,
            p1_interval=self._bounds([query.p1 for query in queries]),
            difference=None if first is None else self._difference(aps, first),
            subsets=self._subsets(evaluation, queries),
            protocols=self._protocols(evaluation),
            milliseconds=evaluation.milliseconds,
            milliseconds_p95=evaluation.milliseconds_p95,
            describe_ms_per_image=evaluation.describe_milliseconds,
            bytes_per_image=evaluation.bytes_per_image,
            peak_memory_bytes=peak_memory_bytes(),
            threads=recipe.plan.threads,
            precision=_precision(recipe),
            versions=here.versions,
            processor=here.processor,
            seeds=self.seeds,
            warnings=tuple(self._warnings(recipe, evaluation)),
            queries=queries,
        )

    def _queries(self, evaluation: Evaluation) -> tuple[QueryRecord, ...]:
        paths = {image.id: image.path for image in self.source.truth.images}
        found = evaluation.scores.queries
        return tuple(
            QueryRecord(
                query=query.id,
                subset=query.subset,
                ap=found[query.id].ap,
                p1=found[query.id].p1,
                path=paths[query.id],
                box=None if query.box is None else tuple(query.box),
                top=_top(query, evaluation, paths),
            )
            for query in self.source.truth.queries
            if query.id in found
        )

    def _bounds(self, values: Sequence[float]) -> tuple[float, float]:
        return _mean_bounds([bootstrap(values, seed=seed) for seed in self.seeds])

    def _difference(self, aps: Sequence[float], first: RunRecord) -> Difference:
        before: ArrayLike = [query.ap for query in first.queries]
        found = [bootstrap_difference(aps, before, seed=seed) for seed in self.seeds]
        return Difference(map=found[0].mean, interval=_mean_bounds(found))

    def _subsets(
        self, evaluation: Evaluation, queries: Sequence[QueryRecord]
    ) -> dict[str, SubsetRecord]:
        return {
            name: SubsetRecord(
                n=score.n,
                map=score.map,
                p1=score.p1,
                map_interval=self._bounds([one.ap for one in queries if one.subset == name]),
            )
            for name, score in evaluation.scores.subsets.items()
        }

    def _protocols(self, evaluation: Evaluation) -> dict[str, ProtocolRecord] | None:
        graded = score_graded(self.source.truth, evaluation.rankings)
        return {
            name: ProtocolRecord(
                n=score.n,
                map=score.map,
                mp={str(k): precision for k, precision in score.precision.items()},
            )
            for name, score in graded.items()
        } or None

    def _warnings(self, recipe: Recipe, evaluation: Evaluation) -> list[str]:
        truth, warnings = self.source.truth, []
        for asset, fitted in fitted_of(recipe):
            if asset not in self._reasons:  # photos may have to be read
                self._reasons[asset] = overlap(fitted, truth, self.source.directory)
            reason = self._reasons[asset]
            if reason is not None:
                warnings.append(f"{asset} was {reason}; no fair comparison")
        if truth.protocol not in AVERAGE_PRECISION:
            measure = PROTOCOLS[truth.protocol]
            hint = "; --task recognition computes it" if truth.protocol == "recognition" else ""
            warnings.append(f"{truth.name} is published with another measure: {measure}{hint}")
        if evaluation.quarantined:
            warnings.append(f"{len(evaluation.quarantined):,} images could not be used")
        return warnings


def _top(
    query: DatasetQuery, evaluation: Evaluation, paths: Mapping[str, str]
) -> tuple[Shown, ...]:
    marks = dict.fromkeys(query.junk, "junk") | dict.fromkeys(query.positives, "right")
    verified = evaluation.verified.get(query.id, frozenset())
    return tuple(
        Shown(id=name, path=paths[name], mark=marks.get(name, "wrong"), verified=name in verified)
        for name in evaluation.rankings[query.id][:SHOWN]
    )


def _mean_bounds(intervals: Sequence[Interval]) -> tuple[float, float]:
    low, high = np.mean([(one.low, one.high) for one in intervals], axis=0)
    return float(low), float(high)


def _changes(base: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if base.get(key) != value}


def _precision(recipe: Recipe) -> str:
    """Of what is compared: of the local channel's codes, then of the global one's vectors."""
    found = []
    if recipe.local is not None:
        local = recipe.local
        names = {"bow": "counts", "he": "binary"}
        found.append(names.get(local.encoding, "binary" if local.binary else "float32"))
    if recipe.vector is not None:
        found.append(recipe.vector.index.precision)
    return " + ".join(found)
