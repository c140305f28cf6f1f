"""Loading and augmentation beside the training step that they serve, for our own network's config.

One process makes a batch as the loop's helpers do: pictures read and kept, a view of each. It may
take 15 % of the work of a step: forward, backward and the optimizer. Processor time of one thread,
because other work on the machine must not count, and helpers work while the loop does. No teacher
is asked: what that costs is a network's time and not the loader's.
"""

from __future__ import annotations

import importlib.util
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from benchmarks.data import photos
from benchmarks.harness import Measurement, Skipped
from relook.training.batches.making import Maker, MakerSpec
from relook.training.batches.plan import ClassPlan
from relook.training.batches.viewing import make_views
from relook.training.config import Config, LossPart, NetworkPart, TrainPart
from relook.training.records import KINDS, Batch, Pictures

MOST = 0.15
SIDE, BATCH, VIEWS = 160, 96, 2
REPEATS = 3
CONFIG = Config(
    name="relook-small",
    network=NetworkPart(backbone="relook_small", whitening=256),
    train=TrainPart(iterations=1000, batch=BATCH, views=VIEWS),
    loss=(LossPart(name="cosine_softmax"),),
)


def bench() -> dict[str, Measurement]:
    """How many times longer a step takes than its batch, and than may be."""
    if importlib.util.find_spec("torch") is None:
        raise Skipped("torch is not installed; pip install 'relook[train]'")
    paths, words = photos()
    pictures = _pictures(paths)
    cv2.setNumThreads(1)
    spec = MakerSpec(pictures, make_views(CONFIG.views), seed=0)
    draws = iter(range(1_000_000))
    plan = ClassPlan(pictures, BATCH, VIEWS, 0)
    kept, each = Maker(spec), Maker(replace(spec, keep=0))
    for step in range(2 * len(pictures) * VIEWS // BATCH + 1):  # backgrounds are read, too
        kept.make(plan.draw(step, side=SIDE))
    batch = kept.make(plan.draw(0, side=SIDE)).batch
    step = _step(pictures)
    seconds = {
        "kept": _seconds(lambda: kept.make(plan.draw(next(draws), side=SIDE))),
        "each": _seconds(lambda: each.make(plan.draw(next(draws), side=SIDE))),
        "step": _seconds(lambda: step(batch)),
    }
    return {
        "training_loading": _measured(seconds, "kept", f"{words} kept in memory", bar=1.0),
        "training_loading_unkept": _measured(seconds, "each", f"{words} read each time", bar=None),
    }


def _seconds(contender: Callable[[], object]) -> float:
    """The median processor time of several calls, after one that does not count."""
    contender()
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        contender()
        times.append(time.process_time() - start)
    return statistics.median(times)


def _measured(
    seconds: dict[str, float], name: str, words: str, *, bar: float | None
) -> Measurement:
    share = seconds[name] / seconds["step"]
    detail = (
        f"{BATCH} views of {SIDE} px, {words}: {1e3 * seconds[name]:.0f} ms "
        f"({1e3 * seconds[name] / BATCH:.2f} each) beside a step of {1e3 * seconds['step']:.0f} ms "
        f"of processor time: {share:.1%}; the ratio is {MOST:.0%} over that"
    )
    return Measurement(MOST / share, bar, detail)


def _pictures(paths: list[Path]) -> Pictures:
    count = len(paths)
    kinds = tuple(KINDS[place % len(KINDS)] for place in range(count))
    names = tuple(path.name for path in paths)
    return Pictures(tuple(paths), np.arange(count, dtype=np.int64), names, kinds)


def _step(pictures: Pictures) -> Callable[[Batch], object]:
    import torch  # noqa: PLC0415 - threads are set first

    from relook.training.steps.stepping import Stepper  # noqa: PLC0415
    from relook.training.steps.student import make_student  # noqa: PLC0415
    from relook.training.steps.terms import make_terms  # noqa: PLC0415

    torch.set_num_threads(1)
    student = make_student(CONFIG.network)
    dims, classes = student.network.dims, len(pictures.classes)
    terms = make_terms(CONFIG.loss, student, dims=dims, classes=classes, tuples=False)
    stepper = Stepper(student, terms, CONFIG, "cpu")

    def step(batch: Batch) -> object:
        return stepper.step(batch, 0)

    return step
