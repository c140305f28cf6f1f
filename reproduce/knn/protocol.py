"""Who is asked for, who is unknown, and how good answers are: µAP of what neighbors say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.datasets.gnd import GroundTruth
from relook.evaluation.bootstrap import Interval, bootstrap_measure
from relook.evaluation.instances import instances_of
from relook.evaluation.recognition import micro_average_precision
from relook.evaluation.unknown import choose_unknown, known_database
from relook.recognition.vote import Votes
from reproduce.knn.pictures import VIEWS

__all__ = ["Answers", "Task", "choosing_task", "difference", "task_of"]

Bool = NDArray[np.bool_]
Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

SHARE = 0.5
"""Of the instances that are taken out, as ``relook evaluate --task recognition`` does it."""

SAMPLES = 1000
"""Of the bootstrap over queries."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A database with classes, and queries some of which it does not know.

    Attributes:
        database: ``(N,)`` rows of all that was described.
        classes: ``(N,)`` of them; what no query asks for is a class of its own.
        queries: ``(Q,)`` rows.
        truth: ``(Q,)`` classes; -2 where the database has no image of it.
        ignored: ``(Q, N)``, what is neither right nor wrong for a query.
    """

    database: Int64
    classes: Int64
    queries: Int64
    truth: Int64
    ignored: Bool

    @property
    def known(self) -> Bool:
        """``(Q,)``, whose class is in the database."""
        return self.truth >= 0

    @property
    def images(self) -> Int64:
        """``(Q,)``, how many images of its class the database has."""
        counts = np.bincount(self.classes)
        return np.where(self.known, counts[np.maximum(self.truth, 0)], 0)

    def neighbors(self, similarities: Float32, k: int) -> tuple[Int64, Float32]:
        """The k best places in the database, -1 where there are no more, and similarities."""
        left = np.where(self.ignored, -np.inf, similarities)
        order = np.argsort(-left, axis=1, kind="stable")[:, :k]
        found = np.take_along_axis(left, order, axis=1)
        return np.where(np.isneginf(found), -1, order), found.astype(np.float32)

    def answer(self, votes: Votes) -> Answers:
        """Compare votes with the truth."""
        return Answers(votes.confidences, votes.classes == self.truth, self.known)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What was said of each query.

    Attributes:
        confidences: ``(Q,)``.
        right: ``(Q,)``, whether the class is.
        known: ``(Q,)``, as the task has it.
    """

    confidences: Float32
    right: Bool
    known: Bool

    def among(self, chosen: Bool) -> Answers:
        """To some queries only, ``(Q,)`` bool."""
        return Answers(self.confidences[chosen], self.right[chosen], self.known[chosen])

    @property
    def score(self) -> float:
        """µAP."""
        return micro_average_precision(self.confidences, self.right, self.known)

    @property
    def interval(self) -> Interval:
        """µAP with the 95 % interval of other queries."""
        return bootstrap_measure(
            micro_average_precision, self.confidences, self.right, self.known, samples=SAMPLES
        )


def difference(one: Answers, other: Answers) -> Interval:
    """By how much the first µAP is above the second, with the 95 % interval of other queries."""
    return bootstrap_measure(
        lambda a, b, c, d, known: (
            micro_average_precision(a, b, known) - micro_average_precision(c, d, known)
        ),
        one.confidences, one.right, other.confidences, other.right, one.known,
        samples=SAMPLES,
    )  # fmt: skip


def task_of(truth: GroundTruth) -> Task:
    """A benchmark, described as its database and then its queries; half its instances unknown.

    Distractors are classes of one image, as most classes of the thesis' training images are.
    """
    instances = instances_of(truth)
    taken = choose_unknown(truth, instances, share=SHARE)
    place = {image.id: number for number, image in enumerate(truth.database)}
    kept = known_database(truth, instances, taken)
    names = [instances.labels.get(image.id) for image in kept]
    number = {name: count for count, name in enumerate(dict.fromkeys(filter(None, names)))}
    alone = iter(range(len(number), len(number) + len(names)))
    classes = [number[name] if name else next(alone) for name in names]
    right = [instances.right[query.id] - taken for query in truth.queries]
    junk = [set(query.junk) for query in truth.queries]
    return Task(
        database=np.array([place[image.id] for image in kept], np.int64),
        classes=np.array(classes, np.int64),
        queries=len(place) + np.arange(len(truth.queries)),
        truth=np.array([number.get(min(labels, default=""), -2) for labels in right], np.int64),
        ignored=np.array([[image.id in ids for image in kept] for ids in junk], np.bool_),
    )


def choosing_task(rows: int) -> Task:
    """Photos each followed by its views: every second is unknown, the last view of all asks.

    Args:
        rows: how many were described.
    """
    each = VIEWS + 1
    photos = np.arange(rows // each)
    known = photos[::2]
    database = (known[:, None] * each + np.arange(VIEWS)).ravel()
    return Task(
        database=database,
        classes=database // each,
        queries=photos * each + VIEWS,
        truth=np.where(photos % 2 == 0, photos, -2),
        ignored=np.zeros((len(photos), len(database)), np.bool_),
    )
