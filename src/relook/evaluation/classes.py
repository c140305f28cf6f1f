"""The protocol of PACS: learn classes in some parts of a dataset, say them in another.

Li, Yang, Song and Hospedales, "Deeper, broader and artier domain generalization", ICCV 2017: learn
in all parts but one and test in that one. Training on a single part and testing in each of the
others comes beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import UsageError
from relook.datasets.truth import GroundTruth
from relook.evaluation.metrics import mean_of
from relook.evaluation.recognition import accuracy
from relook.recognition.folds import COSTS, choose_cost
from relook.recognition.linear import LinearClassifier

__all__ = ["ClassesCell", "ClassesResult", "evaluate_classes"]

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ClassesCell:
    """One cell of the table.

    Attributes:
        train: the parts that were learned.
        test: the part whose images were named.
        accuracy: share of them that were named rightly.
        cost: of the classifier, chosen by cross-validation within ``train``.
    """

    train: tuple[str, ...]
    test: str
    accuracy: float
    cost: float


@dataclass(frozen=True, slots=True)
class ClassesResult:
    """A table of accuracies.

    Attributes:
        dataset: its name.
        parts: all parts, in the order of the dataset.
        cells: training on one part first, in order, then on all parts but one.
    """

    dataset: str
    parts: tuple[str, ...]
    cells: tuple[ClassesCell, ...]

    def accuracy(self, test: str, *, train: str | None = None) -> float:
        """Accuracy in the part ``test`` after training on one part; None: on all the others.

        Raises:
            UsageError: there is no such cell.
        """
        wanted = self._others(test) if train is None else (train,)
        for cell in self.cells:
            if cell.test == test and cell.train == wanted:
                return cell.accuracy
        raise UsageError(f"the table has no cell for {train or 'the others'} → {test}")

    @property
    def mean(self) -> float:
        """Mean accuracy over the parts, each named after training on all the others."""
        return mean_of(self.accuracy(part) for part in self.parts)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "dataset": self.dataset,
            "parts": list(self.parts),
            "cells": [asdict(cell) | {"train": list(cell.train)} for cell in self.cells],
            "mean": self.mean,
        }

    def _others(self, test: str) -> tuple[str, ...]:
        return tuple(part for part in self.parts if part != test)


def evaluate_classes(
    truth: GroundTruth,
    descriptors: Float32,
    *,
    costs: Sequence[float] = COSTS,
    kernel: str = "linear",
    folds: int = 5,
    seed: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> ClassesResult:
    """Train and test in all ways that the protocol asks for.

    A class that the training parts do not have cannot be said, so its images count as wrong.

    Args:
        truth: of a dataset whose images have labels and parts.
        descriptors: ``(N, D)`` float32, one for each of ``truth.images``.
        costs: of which cross-validation within the training parts chooses.
        kernel: see :meth:`~relook.recognition.linear.LinearClassifier.fit`.
        folds: of the cross-validation.
        seed: decides the folds.
        progress: called with the number of trainings done, and of all.

    Raises:
        ShapeError: not a finite float32 row for each image.
        UsageError: the dataset has another protocol, fewer than two parts, or images without label.
    """
    parts = _parts(truth)
    check_array("descriptors", descriptors, shape=(len(truth.images), None), dtype=np.float32)
    check_finite("descriptors", descriptors)
    trainings: list[tuple[str, ...]] = [(part,) for part in parts]
    if len(parts) > 2:
        trainings += [tuple(p for p in parts if p != test) for test in parts]
    cells: list[ClassesCell] = []
    for done, train in enumerate(trainings, start=1):
        rows, labels = _of(truth, train)
        cost = choose_cost(
            descriptors[rows], labels, costs=costs, kernel=kernel, folds=folds, seed=seed
        )
        classifier = LinearClassifier.fit(descriptors[rows], labels, cost=cost, kernel=kernel)
        for test in parts:
            if test not in train:
                asked, right = _of(truth, (test,))
                share = accuracy(classifier.predict(descriptors[asked]), right)
                cells.append(ClassesCell(train, test, share, cost))
        if progress is not None:
            progress(done, len(trainings))
    return ClassesResult(truth.name, parts, tuple(cells))


def _parts(truth: GroundTruth) -> tuple[str, ...]:
    if truth.protocol != "classes":
        raise UsageError(f"{truth.name} is scored by {truth.protocol!r}, not by classes")
    bad = [image.id for image in truth.images if image.label is None or image.part is None]
    if bad:
        raise UsageError(f"{truth.name}: {bad[0]} has no class, or is in no part")
    parts = tuple(dict.fromkeys(str(image.part) for image in truth.images))
    if len(parts) < 2:
        raise UsageError(f"{truth.name} has one part only; there is none to test in")
    return parts


def _of(truth: GroundTruth, parts: Sequence[str]) -> tuple[list[int], list[str]]:
    """Rows and labels of the images of some parts."""
    rows = [row for row, image in enumerate(truth.images) if image.part in parts]
    return rows, [str(truth.images[row].label) for row in rows]
