"""What is compared: a configuration for each row, all of the same number of pictures."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relook.core.errors import UsageError
from relook.training.config import Config
from relook.training.reading import from_table

__all__ = ["METHODS", "Budget", "Row", "Study", "WhiteningSettings", "described", "read_study"]

METHODS = Path(__file__).parent / "methods.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class WhiteningSettings:
    """Of the Lw that every row gets.

    Attributes:
        pictures: at most so many, evenly taken.
        views: of each.
        side: of the views in pixels.
        dimensions: kept.
        flatten: see :class:`relook.vectors.LearnedWhitening`.
    """

    pictures: int
    views: int
    side: int
    dimensions: int
    flatten: float


@dataclass(frozen=True, slots=True)
class Row:
    """A way to learn.

    Attributes:
        method: its name.
        words: what it learns from.
        changes: of the base, table by table.
    """

    method: str
    words: str
    changes: Mapping[str, Any]

    @property
    def tuple_size(self) -> int:
        """Pictures of a tuple; 1 where there are none."""
        mining = self.changes.get("mining")
        return 1 if mining is None else 2 + int(mining["negatives"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What every row gets, and what does not change what comes out.

    Attributes:
        pictures: that the optimizer sees, at least one step.
        threads: of torch.
        workers: processes that make batches ahead.
        device: as in a configuration.
    """

    pictures: int
    threads: int = 1
    workers: int = 1
    device: str = "auto"


@dataclass(frozen=True, slots=True)
class Study:
    """All rows, and what they have in common.

    Attributes:
        step: pictures of a step.
        whitening: that every row gets in the end.
        base: the configuration without a loss.
        rows: to be compared.
    """

    step: int
    whitening: WhiteningSettings
    base: Mapping[str, Any]
    rows: Sequence[Row]

    def chosen(self, methods: Sequence[str]) -> list[Row]:
        """The rows of these names; all where none is named.

        Raises:
            UsageError: there is no row of that name.
        """
        known = [row.method for row in self.rows]
        for name in methods:
            if name not in known:
                raise UsageError(f"there is no method {name!r}; take some of {', '.join(known)}")
        return [row for row in self.rows if not methods or row.method in methods]

    def table(self, row: Row, pictures: int) -> dict[str, Any]:
        """All that decides what a row learns, as its configuration would say it.

        Raises:
            UsageError: the budget is below a step, or steps are no whole number of tuples.
        """
        if pictures < self.step or self.step % row.tuple_size:
            raise UsageError(
                f"--pictures must be {self.step} or more, of whole steps of tuples of "
                f"{row.tuple_size}"
            )
        table = copy.deepcopy(dict(self.base))
        for name, change in row.changes.items():
            is_table = isinstance(change, Mapping)
            table[name] = {**table.get(name, {}), **change} if is_table else change
        steps, batch = pictures // self.step, self.step // row.tuple_size
        table["train"] = {**table["train"], "iterations": steps, "batch": batch}
        return table

    def config(self, row: Row, budget: Budget, *, start: Path | None = None) -> Config:
        """The configuration of a row.

        Args:
            row: one of ours.
            budget: of every row.
            start: a whitening that the trained layer begins with.

        Raises:
            UsageError: as :meth:`table`, or a setting that cannot be.
        """
        table = self.table(row, budget.pictures)
        how = {"threads": budget.threads, "workers": budget.workers, "device": budget.device}
        table["train"] |= how
        if start is not None:
            table["network"] |= {"whitening_file": start.as_posix()}
        return from_table(table)


def described(config: Config, pictures: int) -> int:
    """Pictures that were described for mining, beside those that the optimizer sees."""
    mining, train = config.mining, config.train
    if mining is None:
        return 0
    period = max(1, train.epoch // mining.per_epoch)
    return -(-train.iterations // period) * min(mining.pool or pictures, pictures)


def read_study(path: Path) -> Study:
    """Read a file such as ``methods.toml``.

    Raises:
        UsageError: it cannot be read, or says something else.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
        rows = [
            Row(row.pop("method"), row.pop("words"), row) for row in copy.deepcopy(content["row"])
        ]
        whitening = WhiteningSettings(**content["whitening"])
        return Study(int(content["step"]), whitening, content["base"], rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} says not what is to be compared: {error}") from error
