"""Everything that a run needs before its first step, new or from a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from relook.core.errors import StorageError
from relook.training.checkpoint import Saved, check_same, load_latest, restore
from relook.training.config import Config
from relook.training.gather import gather_pictures, pictures_digest
from relook.training.making import Maker, MakerSpec, first_views
from relook.training.plan import ClassPlan, TuplePlan
from relook.training.reading import to_table
from relook.training.records import Pictures
from relook.training.stepping import Stepper, choose_device
from relook.training.student import make_student
from relook.training.teacher import FittedTeacher, TeacherSpec, fit_teacher
from relook.training.terms import layers_of, make_terms, teachers_of
from relook.training.viewing import make_views
from relook.training.watching import Watcher

__all__ = ["Setup", "set_up"]

_FITTED_ON = 1280
"""Views that a teacher's whitening is fitted on."""

_ARRAYS = ("mean", "matrix", "vector_mean", "vector_matrix")


@dataclass
class Setup:
    """What changes while it trains, and what it is made of.

    Attributes:
        config: as it was given.
        into: folder of the run.
        maker: what makes batches.
        stepper: network, losses, optimizer.
        plan: which pictures a step shows.
        step: the first to be taken.
        known: header of the checkpoint; empty for a new run.
    """

    config: Config
    into: Path
    maker: MakerSpec
    stepper: Stepper
    plan: ClassPlan | TuplePlan
    step: int
    digest: str
    known: Mapping[str, Any] = field(default_factory=dict)

    def mine(self, step: int) -> None:
        """Make a new plan where one is due."""

    def horizon(self, step: int) -> int:
        """The first step that another plan is for."""
        del step
        return self.config.train.iterations

    def header(self) -> dict[str, Any]:
        """What a checkpoint says of it."""
        return {"config": to_table(self.config), "pictures": self.digest}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What a checkpoint keeps of it."""
        return {
            f"teacher/{name}.{key}": getattr(one, key)
            for name, one in self.maker.teachers.items()
            for key in _ARRAYS
        }


def set_up(config: Config, into: Path, *, data: Path | None, watcher: Watcher) -> Setup:
    """Read pictures, make the network, and go where the last checkpoint was.

    Raises:
        UsageError: something asked for cannot be, or the folder holds another run.
        StorageError: the folder cannot be made.
    """
    _make_folder(into)
    if config.train.threads:
        torch.set_num_threads(config.train.threads)
    pictures = gather_pictures(config.data, root=data)
    digest = pictures_digest(pictures)
    saved = load_latest(into)
    if saved is not None:
        check_same(saved, to_table(config), digest)
    stepper = _stepper(config, pictures)
    plan = _plan(config, pictures)
    maker = _maker(config, pictures, plan, saved, watcher)
    if saved is not None:
        restore(saved, stepper)
        for words in saved.damaged:
            watcher.note(f"a newer checkpoint cannot be read ({words})")
        watcher.note(f"goes on after {saved.step} of {config.train.iterations} iterations")
    step = 0 if saved is None else saved.step
    known = {} if saved is None else saved.header
    return Setup(config, into, maker, stepper, plan, step, digest, known)


def _make_folder(into: Path) -> None:
    try:
        into.mkdir(parents=True, exist_ok=True)
        for part in into.glob(".checkpoint-*.part"):  # of a run that was killed
            part.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"cannot use the folder {into}: {error.strerror}") from error


def _stepper(config: Config, pictures: Pictures) -> Stepper:
    device = choose_device(config.train.device)
    torch.manual_seed(config.seed)
    student = make_student(config.network, layers=layers_of(config.loss))
    dims, classes = student.network.dims, len(pictures.classes)
    terms = make_terms(config.loss, student, dims=dims, classes=classes)
    return Stepper(student.to(device), terms.to(device), config, device)


def _plan(config: Config, pictures: Pictures) -> ClassPlan | TuplePlan:
    return ClassPlan(pictures, config.train.batch, config.train.views, config.seed)


def _maker(
    config: Config, pictures: Pictures, plan: Any, saved: Saved | None, watcher: Watcher
) -> MakerSpec:
    spec = MakerSpec(pictures, make_views(config.views), config.seed)
    specs = teachers_of(config.loss)
    if not specs:
        return spec
    if saved is not None:
        return _with(spec, {name: _taught(one, name, saved) for name, one in specs.items()})
    watcher.note(f"asks {', '.join(one.weights for one in specs.values())} about first views")
    pixels = _first_pixels(config, spec, plan)
    return _with(spec, {name: fit_teacher(one, pixels) for name, one in specs.items()})


def _with(spec: MakerSpec, teachers: dict[str, FittedTeacher]) -> MakerSpec:
    return MakerSpec(spec.pictures, spec.view, spec.seed, teachers, spec.longest, spec.keep)


def _taught(spec: TeacherSpec, name: str, saved: Saved) -> FittedTeacher:
    arrays = (np.array(saved.arrays[f"teacher/{name}.{key}"]) for key in _ARRAYS)
    return FittedTeacher(spec, *arrays)


def _first_pixels(config: Config, spec: MakerSpec, plan: Any) -> list[NDArray[np.uint8]]:
    side = config.views.side_at(config.train.iterations)
    steps = -(-_FITTED_ON // config.train.batch)
    draws = [plan.draw(step, side=side) for step in range(steps)]
    return first_views(Maker(spec).make, draws)
