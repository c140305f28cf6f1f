"""Tuples for the steps to come: pictures are described as the network sees them now, and mined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.training.batches.loader import Loader
from relook.training.batches.plan import Draw, TuplePlan
from relook.training.config import Config
from relook.training.mining import make_miner
from relook.training.records import Pictures, TrainingTuple
from relook.training.run.describing import describe_batch
from relook.training.steps import distributed
from relook.training.steps.student import Student

__all__ = ["Mine", "Mined"]

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Mined:
    """What mining found.

    Attributes:
        tuples: how many the next steps learn from.
        skipped: pictures that could not be read for it, row and reason.
        complaint: why those that were there before come again; empty where there are new ones.
    """

    tuples: int
    skipped: tuple[tuple[int, str], ...] = ()
    complaint: str = ""


class Mine:
    """Mines when it is due; what it found last is a part of every checkpoint.

    Args:
        config: with a ``[mining]`` part.
        pictures: to learn from.

    Raises:
        UsageError: no such miner or option.
    """

    def __init__(self, config: Config, pictures: Pictures) -> None:
        if config.mining is None:
            raise UsageError("there is no [mining] in the configuration")
        self._config, self._part, self._pictures = config, config.mining, pictures
        self._miner = make_miner(self._part.name, **self._part.options)
        size = self._part.pool or len(pictures)
        queries = self._part.queries or size
        epoch = config.train.epoch or -(-queries // config.train.batch)
        self._period = max(1, epoch // self._part.per_epoch)
        self._queries = min(-(-queries // self._part.per_epoch), size)
        self.plan = self._plan((), 0)

    def _plan(self, tuples: Sequence[TrainingTuple], first: int) -> TuplePlan:
        return TuplePlan(tuples, self._config.train.batch, first, self._part.mirror)

    def horizon(self, step: int) -> int:
        """The first step after this one that is mined for anew."""
        return (step // self._period + 1) * self._period

    def is_due(self, step: int) -> bool:
        """Whether to mine before a step."""
        return not step % self._period or not self.plan.tuples

    def mine(self, step: int, student: Student, loader: Loader) -> Mined:
        """Mine for the steps from ``step`` on.

        Raises:
            UsageError: the miner finds nothing, and never has.
        """
        skipped: list[tuple[int, str]] = []
        found, complaint = None, ""
        if distributed.rank() == 0:
            try:
                found = self._found(step, student, loader, skipped)
            except UsageError as error:
                complaint = f"{error}{self._larger}"
        found, complaint = distributed.agree((found, complaint))
        if found:
            self.plan = self._plan(found, step)
            return Mined(len(found), tuple(skipped))
        complaint = complaint or self._nothing()
        if not self.plan.tuples:
            raise UsageError(complaint)
        return Mined(len(self.plan.tuples), tuple(skipped), complaint)

    def _nothing(self) -> str:
        part, size = self._part, len(self._pictures)
        near = ", a smaller mining.nearest" if part.name == "manifold" else ""
        return (
            f"the miner {part.name} found no tuple in {part.pool or size} pictures; bring classes "
            f"of two or more{near}, another miner, or more pictures{self._larger}"
        )

    @property
    def _larger(self) -> str:
        is_part = 0 < self._part.pool < len(self._pictures)
        return f"; or a larger mining.pool than {self._part.pool}" if is_part else ""

    def _found(
        self, step: int, student: Student, loader: Loader, skipped: list[tuple[int, str]]
    ) -> tuple[TrainingTuple, ...]:
        rng = np.random.default_rng((self._config.seed, 21, step))
        rows, vectors = self._described(self._pool(rng), step, student, loader, skipped)
        labels = self._pictures.labels[rows]
        if not len(rows) or (self._part.pool and len(np.unique(labels)) < 2):
            return ()
        queries = np.sort(self._asked(rng.permutation(len(rows)), labels)).astype(np.int64)
        tuples = self._miner.mine(vectors, labels, queries, rng)
        named = [
            TrainingTuple(
                int(rows[one.query]), int(rows[one.positive]), tuple(rows[list(one.negatives)])
            )
            for one in tuples
        ]
        return tuple(named[place] for place in rng.permutation(len(named)))

    def _asked(self, order: Int64, labels: Int64) -> Int64:
        """The first of an order; where none of these has a mate, the first that have."""
        _, places, counts = np.unique(labels, return_inverse=True, return_counts=True)
        paired = counts[places] > 1
        if paired.any() and not paired[order[: self._queries]].any():
            order = order[paired[order]]
        return order[: self._queries]

    def _pool(self, rng: np.random.Generator) -> Int64:
        size = len(self._pictures)
        chosen = rng.permutation(size)[: self._part.pool or size]
        return np.sort(chosen).astype(np.int64)

    def _described(
        self,
        rows: Int64,
        step: int,
        student: Student,
        loader: Loader,
        skipped: list[tuple[int, str]],
    ) -> tuple[Int64, NDArray[np.float32]]:
        """Vectors of the pictures that can be read."""
        side = self._config.views.side_at(step)
        size = max(1, min(self._config.train.batch * 4, 64))
        draws = [
            Draw.plainly(rows[start : start + size], side=side)
            for start in range(0, len(rows), size)
        ]
        kept, vectors, asked = [], [], 0
        student.eval()
        for draw in draws:
            while loader.room > 0 and asked < len(draws):
                loader.ask(draws[asked])
                asked += 1
            made = loader.take()
            skipped += made.skipped
            batch = made.batch
            same = batch.rows == draw.rows  # another one stands in for what cannot be read
            kept.append(draw.rows[same])
            vectors.append(describe_batch(student.network, batch.pixels)[same])
        student.train()
        return np.concatenate(kept), np.concatenate(vectors)

    def arrays(self) -> dict[str, Int64]:
        """What a checkpoint keeps of it."""
        tuples = [(one.query, one.positive, *one.negatives) for one in self.plan.tuples]
        flat = [row for one in tuples for row in one]
        return {
            "mined/rows": np.array(flat, np.int64),
            "mined/sizes": np.array([len(one) for one in tuples], np.int64),
            "mined/first": np.array([self.plan.first], np.int64),
        }

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Go on with what a checkpoint kept."""
        sizes = np.array(arrays["mined/sizes"], np.int64)
        rows = np.array(arrays["mined/rows"], np.int64).tolist()
        ends = np.cumsum(sizes).tolist()
        parts: Sequence[list[int]] = [
            rows[end - size : end] for end, size in zip(ends, sizes.tolist(), strict=True)
        ]
        tuples = tuple(TrainingTuple(one[0], one[1], tuple(one[2:])) for one in parts)
        first = int(np.array(arrays["mined/first"]).ravel()[0])
        self.plan = self._plan(tuples, first)
