"""Classes of a benchmark with wrong pictures planted in them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["PlantedClass", "plant", "read_subsets"]


@dataclass(frozen=True, slots=True)
class PlantedClass:
    """A class that is not clean.

    Attributes:
        name: of its instance.
        subset: that the benchmark puts it in.
        right: paths of pictures of the instance.
        wrong: paths of planted pictures.
    """

    name: str
    subset: str
    right: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.right, *self.wrong)


def read_subsets(data: Path) -> tuple[dict[str, dict[str, list[str]]], list[str]]:
    """Paths by subset and instance, and the paths of distractors, of a folder with a gnd.json."""
    truth: dict[str, Any] = json.loads((data / "gnd.json").read_text("utf-8"))
    subset_of = {}
    instance_of = {image["id"]: image["instance"] for image in truth["images"]}
    for query in truth["queries"]:
        subset_of[instance_of[query["query"]]] = query["subset"]
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    others = []
    for image in truth["images"]:
        if image["role"] == "distractor":
            others.append(image["path"])
        elif image["instance"] in subset_of:
            found[subset_of[image["instance"]]][image["instance"]].append(image["path"])
    return found, others


def plant(
    subsets: dict[str, dict[str, list[str]]],
    others: Sequence[str],
    *,
    rate: float,
    seed: int,
) -> list[PlantedClass]:
    """Every instance with two pictures or more as a class, with wrong ones planted.

    Half of these are distractors, half pictures of other instances of the same subset, which look
    alike: another book among photos of a book.

    Args:
        subsets: as :func:`read_subsets` gives them.
        others: distractors.
        rate: planted pictures per right one; one at least in each class.
        seed: of the choice.
    """
    rng = np.random.default_rng(seed)
    made = []
    for subset, instances in sorted(subsets.items()):
        for name, paths in sorted(instances.items()):
            if len(paths) < 2:
                continue
            number = max(1, round(rate * len(paths)))
            strangers = [
                one for other in sorted(instances) if other != name for one in instances[other]
            ]
            alike = (number + int(rng.integers(2))) // 2
            wrong = [
                *rng.choice(strangers, alike, replace=False).tolist(),
                *rng.choice(others, number - alike, replace=False).tolist(),
            ]
            made.append(PlantedClass(name, subset, tuple(paths), tuple(wrong)))
    return made
