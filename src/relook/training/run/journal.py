"""What a run writes down and remembers of itself."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from relook.networks.retrieval import RetrievalNetwork
from relook.training.run.curve import draw_curves
from relook.training.run.log import CsvLog, Curves
from relook.training.run.setup import Setup
from relook.training.run.summary import Summary
from relook.training.run.watching import Watcher
from relook.training.steps import distributed
from relook.training.steps.schedule import rate_at
from relook.training.steps.stepping import Stepped

__all__ = ["Journal"]


class Journal:
    """Rows of the log, validations, and pictures that were skipped."""

    def __init__(self, setup: Setup, watcher: Watcher) -> None:
        self._setup, self._watcher, self._config = setup, watcher, setup.config
        known = setup.known
        self.validated = int(known.get("validated", -1))
        self._history: list[list[float]] = list(known.get("history", []))
        self._skipped: dict[str, str] = dict(known.get("skipped", {}))
        self._losses: list[float] = []
        self._parts: list[tuple[float, ...]] = []
        self._row: dict[str, float] = {}
        self._log: CsvLog | None = None
        self._validations: CsvLog | None = None
        self._curves = Curves(None, before=0)
        if distributed.rank() == 0:
            self._open()

    def _open(self) -> None:
        into, step = self._setup.into, self._setup.step
        columns = ("step", "loss", *self._setup.stepper.terms.names, "rate", "side",
                   "pictures_per_second", "waiting", "skipped")  # fmt: skip
        self._log = CsvLog(into / "log.csv", columns, before=step)
        if self._config.validation:
            self._validations = CsvLog(into / "validation.csv", ("step", "map"), before=step)
        events = into / "events" if self._config.log.tensorboard else None
        self._curves = Curves(events, before=step)

    @property
    def is_over(self) -> bool:
        """Whether validations have not improved for as long as patience lasts."""
        part = self._config.validation
        if part is None or not part.patience or not self._history:
            return False
        scores = [score for _, score in self._history]
        return len(scores) - 1 - int(np.argmax(scores)) >= part.patience

    def header(self) -> dict[str, Any]:
        """What a checkpoint keeps of it."""
        return {"history": self._history, "validated": self.validated, "skipped": self._skipped}

    def skipped(self, found: Iterable[tuple[int, str]]) -> None:
        """Name pictures, by row, that could not be read and why, each once."""
        for row, reason in found:
            path = self._setup.maker.pictures.paths[row]
            if path.as_posix() not in self._skipped:
                self._skipped[path.as_posix()] = reason
                self._watcher.note(f"left out {path}: {reason}")

    def count(self, stepped: Stepped) -> None:
        """Remember a step until the next row."""
        self._losses.append(stepped.loss)
        self._parts.append(stepped.parts)

    def tell(self, step: int) -> None:
        """Show who watches where it is."""
        self._watcher.progress(step, self._config.train.iterations, self._row)

    def row(self, step: int, speed: dict[str, float]) -> None:
        """Write the means since the last row."""
        rate = rate_at(step - 1, self._config.optimizer, iterations=self._config.train.iterations)
        names = self._setup.stepper.terms.names
        means = np.mean(self._parts, axis=0).tolist()
        self._row = {
            "step": step, "loss": float(np.mean(self._losses)),
            **dict(zip(names, means, strict=True)), "rate": rate,
            "side": self._config.views.side_at(step - 1), **speed, "skipped": len(self._skipped),
        }  # fmt: skip
        self._losses, self._parts = [], []
        if self._log is not None:
            self._log.write(self._row)
            self._curves.write(self._row)

    def validate(self, step: int) -> bool:
        """Measure mAP of the averaged weights; whether it is the best so far."""
        self.validated = step
        score = 0.0
        if self._setup.search is not None:
            score = self._setup.search.score(self.averaged())
        score = float(distributed.agree(score))
        best = max((known for _, known in self._history), default=-1.0)
        self._history.append([step, score])
        self._row = {**self._row, "map": score}
        if self._validations is not None:
            self._validations.write({"step": step, "map": score})
            self._curves.write({"step": step, "map": score})
            self.draw()
        self._watcher.note(f"mAP {score:.4f} after {step} iterations")
        return score > best

    def averaged(self) -> RetrievalNetwork:
        """The network as it would be kept now, in evaluation mode."""
        stepper = self._setup.stepper
        network = RetrievalNetwork(stepper.student.network.spec).to(stepper.device)
        network.load_state_dict(stepper.average.state())
        return network.eval()

    def draw(self) -> None:
        """Draw the curves that are known so far."""
        if distributed.rank() == 0:
            draw_curves(self._setup.into, title=self._config.name)

    def summary(self, step: int, weights: Path, seconds: float) -> Summary:
        """The end of the run."""
        self._curves.close()
        self.draw()
        pictures = self._setup.maker.pictures
        loss = self._row.get("loss", math.nan)
        scores = [score for _, score in self._history]
        best = int(np.argmax(scores)) if scores else None
        return Summary(
            self._config.name,
            weights,
            step,
            len(pictures),
            len(pictures.classes),
            seconds,
            loss if math.isfinite(loss) else None,
            map=None if best is None else scores[-1],
            best=None if best is None else scores[best],
            best_at=None if best is None else int(self._history[best][0]),
            skipped=self._skipped,
            stopped="done" if step == self._config.train.iterations else "early",
        )
