"""Describe everything once, and make the section that a command asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from relook.cli.progress import Report
from relook.datasets.gnd import GroundTruth
from reproduce.knn.aggregates import aggregates
from reproduce.knn.describing import SCALES, Looks, Network, describe
from reproduce.knn.ideas import VARIANTS
from reproduce.knn.material import Descriptors, Material
from reproduce.knn.matrices import matrices
from reproduce.knn.pictures import VIEWS, Photos, Shot
from reproduce.knn.protocol import Task, choosing_task, task_of
from reproduce.knn.results import Section
from reproduce.knn.votes import knn_votes, means

__all__ = ["Study"]


@dataclass(frozen=True, slots=True)
class Study:
    """What is studied, and how it is described.

    Attributes:
        truth: of the benchmark.
        benchmark: its database, then its queries.
        photos: apart from it.
        network: describes.
        threads: that describe, a picture each.
        report: of progress.
    """

    truth: GroundTruth
    benchmark: Sequence[Shot]
    photos: Photos
    network: Network
    threads: int
    report: Report

    def section(self, name: str) -> Section:
        """What a command finds."""
        material = self._material()
        sections: dict[str, Callable[[], Section]] = {
            "knn-votes": partial(knn_votes, material),
            "mean-knn": partial(means, material),
            "matrix-knn": partial(matrices, material),
            "aggregate-knn": lambda: aggregates(material, self._variants()),
        }
        return sections[name]()

    def _material(self) -> Material:
        looks = Looks("scales", SCALES)
        scales = Descriptors(
            self._describe(self.benchmark, looks, "benchmark"),
            self._describe(self.photos.fitting, looks, "photos"),
            self._describe(self.photos.choosing, looks, "views"),
        )
        task, choosing = task_of(self.truth), choosing_task(len(self.photos.choosing))
        return Material(task, choosing, scales, self._facts(task, choosing))

    def _variants(self) -> Descriptors:
        looks = Looks("variants", variants=VARIANTS)
        return Descriptors(
            self._describe(self.benchmark, looks, "benchmark, variants"),
            np.empty((0, 0, 0), np.float32),
            self._describe(self.photos.choosing, looks, "views, variants"),
        )

    def _describe(self, shots: Sequence[Shot], looks: Looks, what: str) -> np.ndarray:
        progress = partial(_report, self.report, what, len(shots))
        return describe(shots, looks, self.network, threads=self.threads, progress=progress)

    def _facts(self, task: Task, choosing: Task) -> tuple[str, ...]:
        counts = np.bincount(task.classes)
        counts = counts[counts > 0]
        benchmark = (
            f"Benchmark: {self.truth.name}; {len(task.database):,} images of {len(counts):,} "
            f"classes, {np.count_nonzero(counts == 1):,} of which have one image (distractors "
            f"are classes, too); {len(task.queries)} queries, {np.count_nonzero(task.known)} of "
            "them known. The thesis: 10,000 images of 6,090 classes, 5,616 with one image; 1,000 "
            "queries, 135 known."
        )
        photos = (
            f"Whitening fitted on {len(self.photos.fitting):,} other photos; weights and measures "
            f"chosen on {len(choosing.queries):,} more with {VIEWS} rendered views of each "
            f"({np.count_nonzero(choosing.known)} known)."
        )
        network = (
            f"Network: {self.network.weights.card.name}, layer {self.network.layer or 'last'}, GeM "
            f"with p = {self.network.p:g}, longest side {self.network.longest} pixels at scale 1. "
            "The thesis: a ResNet-101 trained for retrieval of landmarks."
        )
        return benchmark, photos, network


def _report(report: Report, what: str, total: int, done: int) -> None:
    report(what, done, total)
