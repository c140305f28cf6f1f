"""Small collections with labels: things of random blocks, of which each photo hides some."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as Pillow

from collection import fakes
from relook.collection import Collection
from relook.core.records import Evidence, LocalCodes, Ranking
from relook.reranking.spatial import outline

if TYPE_CHECKING:
    from relook.search.engine import Engine, Sources

HIDDEN = 12
"""Of the 64 blocks of a thing, those that a photo shows otherwise."""


def save_thing(path: Path, thing: int, view: int) -> Path:
    """A photo of a thing."""
    blocks = np.random.default_rng(thing).integers(0, 256, (64, 3), dtype=np.uint8)
    other = np.random.default_rng((thing, view, 1))
    hidden = other.choice(64, HIDDEN, replace=False)
    blocks[hidden] = other.integers(0, 256, (HIDDEN, 3), dtype=np.uint8)
    blocks[0] = 7  # no color of the first pixel that makes the fake fail
    pixels = np.repeat(np.repeat(blocks.reshape(8, 8, 3), 4, axis=0), 4, axis=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(pixels).save(path, "PNG")
    return path


def save_things(folder: Path, things: Sequence[int], views: Sequence[int] = (0, 1, 2)) -> None:
    """A folder for each thing, which is its label."""
    for thing in things:
        for view in views:
            save_thing(folder / f"thing {thing}" / f"{thing}-{view}.png", thing, view)


def make_guide(folder: Path, things: Sequence[int], views: Sequence[int] = (0, 1, 2)) -> Path:
    """``photos`` and a labelled ``collection`` of them in a folder; the latter."""
    save_things(folder / "photos", things, views)
    with Collection.create(folder / "collection", engine=engine()) as collection:
        collection.add([folder / "photos"], jobs=1)
        collection.apply_labels(collection.labels_from_folders().labels)
    return folder / "collection"


def engine(**options: Any) -> Engine:
    """The fake recipe, which also verifies: blocks that are the same in both pictures."""
    return dataclasses.replace(fakes.engine(**options), find=_find)


def open_guide(directory: Path, **options: Any) -> Collection:
    """A collection as :func:`make_guide` makes it."""
    return Collection.open(directory, engine=lambda _: engine(**options))


def _find(
    sources: Sources, codes: Mapping[str, Any], top: int
) -> tuple[Ranking, Mapping[str, float]]:
    ranking, milliseconds = fakes.find(sources, codes, top)
    others = sources.store("local").codes(ranking.ids.tolist())
    found = (others.get(key) for key in ranking.ids.tolist())
    proofs = tuple(None if other is None else _verify(codes["local"], other) for other in found)
    return Ranking(ranking.ids, ranking.scores, proofs), milliseconds


def _verify(query: LocalCodes, other: LocalCodes) -> Evidence | None:
    same = np.flatnonzero(query.signatures[:, 0] == other.signatures[:, 0])
    if len(same) < 3:
        return None
    points = np.stack([same % 8 * 4 + 2, same // 8 * 4 + 2], axis=1).astype(np.float32)
    region = outline(points)
    share = float(np.prod(np.ptp(points, axis=0))) / 32**2
    return Evidence(
        len(same), float(len(same)), np.eye(3), points, points, region, region, share=share
    )
