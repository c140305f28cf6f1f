"""Everything that a run needs before its first step, new or from a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from relook.core.errors import ShapeError, StorageError, UsageError
from relook.training.batches.context_plan import ContextPlan, read_options
from relook.training.batches.making import Maker, MakerSpec, first_views
from relook.training.batches.plan import ClassPlan, TuplePlan
from relook.training.batches.viewing import make_views
from relook.training.config import Config
from relook.training.reading import to_table
from relook.training.records import Pictures
from relook.training.run.checkpoint import Saved, check_same, load_latest, restore
from relook.training.run.curve import CURVE
from relook.training.run.mined import Mine
from relook.training.run.sharing import check_shares
from relook.training.run.validation import DatasetSearch, HeldOut, whitening_sample
from relook.training.run.watching import Watcher
from relook.training.sources.gather import gather_pictures, hold_out, pictures_digest
from relook.training.steps import distributed
from relook.training.steps.heads import LEARNED, begin_learned
from relook.training.steps.stepping import Stepper, choose_device
from relook.training.steps.student import make_student, with_classes
from relook.training.steps.terms import layers_of, make_terms, teachers_of
from relook.training.teaching.teacher import FittedTeacher, TeacherSpec, fit_teachers, make_graphs
from relook.training.teaching.teacher_graph import TeacherRun

__all__ = ["Setup", "set_up"]

_FITTED_ON = 1280
"""Views that a teacher's whitening is fitted on."""

_BEGUN_ON = 1500
"""Pictures whose views the whitening that training begins with is fitted on."""

_ARRAYS = ("mean", "matrix")


@dataclass
class Setup:
    """What changes while it trains, and what it is made of.

    Attributes:
        config: as it was given.
        into: folder of the run.
        maker: what makes batches.
        stepper: network, losses, optimizer.
        classes: which pictures a step shows where nothing is mined.
        mining: what finds tuples.
        search: what is searched in validations.
        step: the first to be taken.
        digest: of the pictures.
        known: header of the checkpoint; empty for a new run.
    """

    config: Config
    into: Path
    maker: MakerSpec
    stepper: Stepper
    classes: ClassPlan
    mining: Mine | None
    search: HeldOut | DatasetSearch | None
    step: int
    digest: str
    known: Mapping[str, Any] = field(default_factory=dict)

    @property
    def plan(self) -> ClassPlan | TuplePlan:
        """Which pictures the next steps show."""
        return self.classes if self.mining is None else self.mining.plan

    @property
    def trained_on(self) -> str:
        """The pictures, in words."""
        pictures, folders = self.maker.pictures, self.config.data.folders
        said = f"{len(pictures)} pictures of {len(pictures.classes)} classes"
        return f"{said}: {', '.join(folder.path for folder in folders)}"

    def due(self, step: int) -> Mine | None:
        """What makes a new plan, where one is due."""
        return self.mining if self.mining is not None and self.mining.is_due(step) else None

    def horizon(self, step: int) -> int:
        """The first step that another plan may be for."""
        last = self.config.train.iterations
        return last if self.mining is None else min(last, self.mining.horizon(step))

    def header(self) -> dict[str, Any]:
        """What a checkpoint says of it."""
        return {"config": to_table(self.config), "pictures": self.digest}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What a checkpoint keeps of it."""
        taught = {
            f"teacher/{name}.{key}": getattr(one, key)
            for name, one in self.maker.teachers.items()
            for key in _ARRAYS
        }
        return taught | ({} if self.mining is None else self.mining.arrays())


def set_up(config: Config, into: Path, *, data: Path | None, watcher: Watcher) -> Setup:
    """Read pictures, make the network, and go where the last checkpoint was.

    Raises:
        UsageError: something asked for cannot be, or the folder holds another run.
        StorageError: the folder cannot be made.
    """
    check_shares(config)
    _make_folder(into)
    if config.train.threads:
        torch.set_num_threads(config.train.threads)
    found = gather_pictures(config.data, root=data, into=into, but=(into / CURVE,))
    for words in found.notes():
        watcher.note(words)
    digest = pictures_digest(found.pictures)
    pictures, held = hold_out(found.pictures, config.validation, seed=config.seed)
    saved = load_latest(into)
    if saved is not None:
        check_same(saved, to_table(config), digest)
    stepper = _stepper(config, pictures)
    plan = _plan(config, pictures)
    maker = _maker(config, pictures, plan, saved, watcher)
    if saved is None and config.network.whitening_file == LEARNED:
        _begin_learned(config, stepper, maker, watcher)
    mining = None if config.mining is None else Mine(config, pictures)
    search = _search(config, maker, held, data)
    for words in search.notes() if search is not None else ():
        watcher.note(words)
    setup = Setup(config, into, maker, stepper, plan, mining, search, 0, digest)
    return setup if saved is None else _go_on(setup, saved, watcher)


def _go_on(setup: Setup, saved: Saved, watcher: Watcher) -> Setup:
    restore(saved, setup.stepper)
    if setup.mining is not None and "mined/first" in saved.arrays:
        setup.mining.load(saved.arrays)
    for words in saved.damaged:
        watcher.note(f"a newer checkpoint cannot be read ({words})")
    watcher.note(f"goes on after {saved.step} of {setup.config.train.iterations} iterations")
    return replace(setup, step=saved.step, known=saved.header)


def _search(
    config: Config, maker: MakerSpec, held: Pictures | None, data: Path | None
) -> HeldOut | DatasetSearch | None:
    part = config.validation
    if part is None or distributed.rank():
        return None
    if held is None:
        root = Path(config.data.root) if data is None else data
        return DatasetSearch.open(root / part.dataset, longest=part.longest)
    side = config.views.side_at(config.train.iterations)
    return HeldOut(Maker(replace(maker, pictures=held, teachers={})), held, part, side)


def _make_folder(into: Path) -> None:
    try:
        into.mkdir(parents=True, exist_ok=True)
        for part in into.glob(".checkpoint-*.part"):  # of a run that was killed
            part.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"cannot use the folder {into}: {error.strerror}") from error


def _plan(config: Config, pictures: Pictures) -> ClassPlan:
    train, context = config.train, config.views.context
    if context is None:
        return ClassPlan(pictures, train.batch, train.views, config.seed)
    options = read_options(context)
    return ContextPlan(pictures, train.batch, train.views, config.seed, options)


def _stepper(config: Config, pictures: Pictures) -> Stepper:
    device = choose_device(config.train.device)
    torch.manual_seed(config.seed)
    network = with_classes(config.network, len(pictures.classes))
    student = make_student(network, layers=layers_of(config.loss))
    dims, classes = student.network.dims, len(pictures.classes)
    tuples = config.mining is not None
    terms = make_terms(config.loss, student, dims=dims, classes=classes, tuples=tuples)
    return Stepper(student.to(device), terms.to(device), config, device)


def _maker(
    config: Config, pictures: Pictures, plan: ClassPlan, saved: Saved | None, watcher: Watcher
) -> MakerSpec:
    spec = MakerSpec(pictures, make_views(config.views), config.seed)
    specs = teachers_of(config.loss)
    if not specs:
        return spec
    spec = replace(spec, graphs=make_graphs(specs.values()))
    _check_sides(config, spec)
    if saved is not None:
        taught = {name: _taught(one, name, saved) for name, one in specs.items()}
        return replace(spec, teachers=taught)
    watcher.note(f"asks {', '.join(spec.graphs)} about first views")
    pixels = _first_pixels(config, spec, plan)
    return replace(spec, teachers=fit_teachers(specs, spec.graphs, pixels))


def _check_sides(config: Config, spec: MakerSpec) -> None:
    """Teachers must be able to look at views of all sides, also of those that come later."""
    if config.views.context is not None:
        return
    side = config.views.side
    sides = {side} if isinstance(side, int) else {pair[1] for pair in side}
    for weights, graph in spec.graphs.items():
        run, stride = TeacherRun(graph), max((tap.stride for tap in graph.taps), default=1)
        for one in sorted(sides):
            try:
                run.say(np.zeros((1, one, one, 3), np.uint8))
            except ShapeError as error:
                raise UsageError(
                    f"[views] side = {one} does not suit the teacher {weights} ({error}); take "
                    f"another, such as a multiple of {stride}"
                ) from error


def _begin_learned(config: Config, stepper: Stepper, maker: MakerSpec, watcher: Watcher) -> None:
    """Lw as the whitening layer's beginning, of the views that the first steps show."""
    watcher.note("fits the whitening that training begins with")
    network = stepper.student.network
    layer, network.whiten = network.whiten, None
    stepper.student.eval()
    try:
        side = config.views.side_at(0)
        vectors, labels = whitening_sample(network, maker, views=2, side=side, most=_BEGUN_ON)
    finally:
        network.whiten = layer
        stepper.student.train()
    begin_learned(network, vectors, labels, seed=config.seed)


def _taught(spec: TeacherSpec, name: str, saved: Saved) -> FittedTeacher:
    arrays = (np.array(saved.arrays[f"teacher/{name}.{key}"]) for key in _ARRAYS)
    return FittedTeacher(spec, *arrays)


def _first_pixels(config: Config, spec: MakerSpec, plan: ClassPlan) -> list[NDArray[np.uint8]]:
    side = config.views.side_at(config.train.iterations)
    steps = -(-_FITTED_ON // config.train.batch)
    draws = [plan.draw(step, side=side) for step in range(steps)]
    return first_views(Maker(spec).make, draws)
