"""What came of a run."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Summary"]


@dataclass(frozen=True, slots=True)
class Summary:
    """The end of a run.

    Attributes:
        name: of the weights.
        weights: their file.
        iterations: that were taken, all in all.
        pictures: that were learned from.
        classes: of them.
        seconds: of this process; less where it went on from a checkpoint.
        loss: mean of the last rows of the log.
        map: of the last validation, the best one, and the iteration of that; None: there was none.
        skipped: pictures that could not be read, with the reason.
        stopped: ``done``, or ``early`` where validations did not improve any more.
        whitening: a file fitted after training.
    """

    name: str
    weights: Path
    iterations: int
    pictures: int
    classes: int
    seconds: float
    loss: float | None
    map: float | None = None
    best: float | None = None
    best_at: int | None = None
    skipped: dict[str, str] = field(default_factory=dict)
    stopped: str = "done"
    whitening: Path | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        paths = {"weights": self.weights.as_posix()}
        if self.whitening is not None:
            paths["whitening"] = self.whitening.as_posix()
        return asdict(self) | paths
