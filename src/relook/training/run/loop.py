"""The loop: batches in, steps of the optimizer, now and then a checkpoint, a validation, a log."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
from safetensors.numpy import save as to_bytes
from torch import Tensor, nn

from relook.core.errors import RelookError, UsageError
from relook.core.storage import write_whole
from relook.networks.class_names import save_class_names
from relook.networks.spec import NetworkSpec
from relook.networks.weights import open_weights
from relook.training.batches.loader import Loader, open_loader
from relook.training.batches.making import Made
from relook.training.batches.plan import Draw
from relook.training.config import Config
from relook.training.run.checkpoint import save_checkpoint
from relook.training.run.journal import Journal
from relook.training.run.keeping import save_weights
from relook.training.run.setup import Setup, set_up
from relook.training.run.summary import Summary
from relook.training.run.validation import whitening_sample
from relook.training.run.watching import Watcher
from relook.training.steps import distributed
from relook.training.steps.heads import begin_learned, fit_whitening
from relook.training.steps.stepping import NotFiniteError, Stepped

__all__ = ["train"]


def train(
    config: Config, into: Path, *, data: Path | None = None, watcher: Watcher | None = None
) -> Summary:
    """Train a network, or go on where a run of the same configuration stopped.

    Args:
        config: what to train, on what, and how.
        into: folder of the weights, checkpoints and logs; made where it is missing.
        data: root of the pictures, in place of the configuration's.
        watcher: is told what happens, and says when to stop.

    Raises:
        UsageError: the configuration asks for what cannot be, the folder holds another run, or the
            memory does not suffice.
        RelookError: the loss is not finite; the batch is in a file that the message names.
        KeyboardInterrupt: the watcher asked to stop; everything was saved, and how to go on said.
            Before the first step there is nothing to save, and nothing is said.
    """
    watcher = watcher or Watcher()
    with watcher.at_once():
        setup = set_up(config, into, data=data, watcher=watcher)
    run = _Run(setup, watcher)
    with open_loader(setup.maker, workers=config.train.workers) as loader:
        run.loop(loader)
    return run.finish()


@dataclass
class _Pace:
    """How long the loop waited for batches, and since when."""

    began: float
    waited: float = 0.0
    pictures: int = 0


class _Run:
    def __init__(self, setup: Setup, watcher: Watcher) -> None:
        self.setup, self.watcher = setup, watcher
        self.config, self.into = setup.config, setup.into
        self.step = self.asked = setup.step
        self.pace = _Pace(time.monotonic())
        self.journal = Journal(setup, watcher)
        self.began = time.monotonic()

    def loop(self, loader: Loader) -> None:
        """Step after step until the last, or until someone wants it to stop."""
        iterations = self.config.train.iterations
        while self.step < iterations and not self.journal.is_over:
            self._mine(loader)
            self._ask(loader)
            waiting = time.monotonic()
            made = loader.take()
            self.pace.waited += time.monotonic() - waiting
            stepped = self._stepped(made)
            self.step += 1
            self.pace.pictures += len(made.batch.rows)
            self._after(made, stepped)
            if stepped.stop:
                self._interrupt()

    def _mine(self, loader: Loader) -> None:
        mining = self.setup.due(self.step)
        if mining is None:
            return
        began = time.monotonic()
        try:
            with self.watcher.at_once():
                found = mining.mine(self.step, self.setup.stepper.student, loader)
        except KeyboardInterrupt:  # the steps before are whole, and the same tuples are found again
            self._interrupt()
        self.journal.skipped(found.skipped)
        spent = time.monotonic() - began
        if found.complaint:
            self.watcher.note(
                f"goes on with the {found.tuples} tuples mined before: {found.complaint}"
            )
        else:
            self.watcher.note(
                f"mined {found.tuples} tuples in {spent:.1f} s before step {self.step}"
            )

    def _ask(self, loader: Loader) -> None:
        last = self.setup.horizon(self.step)
        while loader.room > 0 and self.asked < last:
            loader.ask(self._draw(self.asked))
            self.asked += 1

    def _draw(self, step: int) -> Draw:
        side = self.config.views.side_at(step)
        whole = self.setup.plan.draw(step, side=side)
        return whole.share(distributed.rank(), distributed.world())

    def _stepped(self, made: Made) -> Stepped:
        try:
            return self.setup.stepper.step(made.batch, self.step, stop=self.watcher.should_stop())
        except NotFiniteError as error:
            raise RelookError(self._keep_bad(made)) from error
        except (RuntimeError, MemoryError) as error:
            if not _is_memory(error):
                raise
            raise UsageError(_suggestion(self.config, made)) from error

    def _after(self, made: Made, stepped: Stepped) -> None:
        train = self.config.train
        self.journal.skipped(made.skipped)
        due = self.step % self.config.log.every == 0 or self.step == train.iterations
        self.journal.count(stepped)
        if due:
            self.journal.row(self.step, self._speed())
        validation = self.config.validation
        if validation and self.step % validation.every == 0 and self.step < train.iterations:
            self._validate()
        if train.save and self.step % train.save == 0 and self.step < train.iterations:
            self._save()
        self.journal.tell(self.step)

    def _speed(self) -> dict[str, float]:
        spent = max(time.monotonic() - self.pace.began, 1e-9)
        found = {
            "pictures_per_second": self.pace.pictures * distributed.world() / spent,
            "waiting": self.pace.waited / spent,
        }
        self.pace = _Pace(time.monotonic())
        return found

    def _save(self) -> None:
        if distributed.rank() == 0:
            header = {**self.setup.header(), **self.journal.header()}
            arrays = self.setup.arrays()
            save_checkpoint(
                self.into, self.setup.stepper, step=self.step, header=header, arrays=arrays
            )

    def _interrupt(self) -> NoReturn:
        self._save()
        raise KeyboardInterrupt(
            f"stopped after {self.step} of {self.config.train.iterations} iterations; they are "
            f"saved in {self.into}: run the same command again to go on"
        )

    def finish(self) -> Summary:
        """The last validation, the weights with their card, and what is fitted after training."""
        if self.config.validation and self.journal.validated != self.step:
            self._validate()
        self._save()
        weights = self.into / f"{self.config.name}.safetensors"
        if distributed.rank() == 0:
            self._keep(self.config.name)
            if self.journal.is_over:  # the best there was, not what came of going on
                best = open_weights(self.into / f"{self.config.name}-best.safetensors")
                state = {key: torch.from_numpy(array.copy()) for key, array in best.state().items()}
                self._keep(self.config.name, state)
        whitening = self._whitening(weights)
        spent = time.monotonic() - self.began
        return replace(self.journal.summary(self.step, weights, spent), whitening=whitening)

    def _validate(self) -> None:
        if self.journal.validate(self.step) and distributed.rank() == 0:
            self._keep(f"{self.config.name}-best")

    def _keep(
        self,
        name: str,
        state: Mapping[str, Tensor] | None = None,
        spec: NetworkSpec | None = None,
    ) -> None:
        setup = self.setup
        spec = spec or setup.stepper.student.network.spec
        target = save_weights(
            self.into,
            state or setup.stepper.average.state(),
            spec,
            self.config,
            name=name,
            trained_on=setup.trained_on,
            notes=f"relook train, {self.step} iterations, seed {self.config.seed}.",
        )
        if spec.pooling == "top_k":  # the only one that keeps the classes
            save_class_names(setup.maker.pictures.classes, target)

    def _whitening(self, weights: Path) -> Path | None:
        part = self.config.whitening
        if part is None or distributed.rank():
            return None
        setup, network = self.setup, self.journal.averaged()
        kept = open_weights(weights).state()
        state = {key: torch.from_numpy(array.copy()) for key, array in kept.items()}
        network.load_state_dict(state, strict=False)
        side = self.config.views.side_at(self.config.train.iterations)
        views, outputs = part.views, part.dimensions or self.config.network.whitening
        if part.inside:
            network.whiten = None
            # A small folder gives enough vectors by being seen more often.
            views = max(views, -(-2 * outputs // len(setup.maker.pictures)))
        vectors, labels = whitening_sample(network, setup.maker, views=views, side=side)
        if part.inside:
            network.whiten = nn.Linear(vectors.shape[1], outputs)
            network.spec = replace(network.spec, whitening=outputs)
            begin_learned(network, vectors, labels, seed=self.config.seed)
            self._keep(self.config.name, network.state_dict(), network.spec)
            return None
        fitted = fit_whitening(
            part, vectors, labels, seed=self.config.seed, fitted=setup.trained_on
        )
        path = self.into / f"{self.config.name}-whitening.safetensors"
        fitted.save(path)
        return path

    def _keep_bad(self, made: Made) -> str:
        path = self.into / f"not-finite-{self.step:08d}-{distributed.rank()}.safetensors"
        batch = made.batch
        write_whole(path, to_bytes(_contiguous({
            "pixels": batch.pixels, "labels": batch.labels, "rows": batch.rows,
            "parts": batch.parts, **batch.extras,
        })))  # fmt: skip
        names = [self.setup.maker.pictures.paths[row].name for row in batch.rows[:3]]
        return (
            f"the loss of step {self.step} is not finite; its batch ({', '.join(names)}, …) is in "
            f"{path}, and the last checkpoint is as it was. Lower optimizer.rate, set "
            "optimizer.clip, or take precision float32, and train into another folder"
        )


def _contiguous(arrays: dict[str, Any]) -> dict[str, Any]:
    return {key: np.ascontiguousarray(array) for key, array in arrays.items()}


def _is_memory(error: BaseException) -> bool:
    words = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in words or "allocate" in words


def _suggestion(config: Config, made: Made) -> str:
    count, side = len(made.batch.rows), made.batch.pixels.shape[1]
    parts = max(1, config.train.accumulate) * 2
    what = "the tuples, mining.negatives fewer" if config.mining else f"accumulate = {parts}"
    return (
        f"a batch of {count} pictures of {side} px does not fit into memory; in [train] take "
        f"batch = {max(1, config.train.batch // 2)}, or {what}, or smaller views.side"
    )
