"""What a collection was asked about its own pictures, kept in ``derived/calibration``."""

from __future__ import annotations

import contextlib
import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relook.collection.catalog import Catalog
from relook.collection.derived import Derived
from relook.collection.lock import FileLock
from relook.collection.records import Generation
from relook.core.errors import RelookError
from relook.recognition.keeping import load_queries, save_queries
from relook.recognition.pseudo import PseudoQuery

__all__ = ["FOLDER", "LessonShelf", "Lessons"]

FOLDER = "calibration"
_VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """Pseudo-queries and what was wanted of them.

    Attributes:
        queries: asked so far.
        contents: hash of the contents that could be found then.
        newest: the highest id among them.
        target_precision: that the threshold is chosen for.
        unknown: expected share of unknown queries.
        finished: whether everything planned was asked.
        fit: what was fitted to them, with the state of the catalog that it was fitted in; empty
            where nothing was.
    """

    queries: tuple[PseudoQuery, ...]
    contents: str
    newest: int
    target_precision: float
    unknown: float
    finished: bool
    fit: Mapping[str, Any] = field(default_factory=dict)


class LessonShelf:
    """Where lessons are kept. They are of use as long as the recipe searches the same way."""

    def __init__(self, directory: Path, catalog: Catalog, recipe: str) -> None:
        self._derived = Derived(directory / "derived" / FOLDER)
        self._lock = directory / "derived.lock"
        self._catalog = catalog
        self._parameters = hashlib.sha256(f"{_VERSION}\n{recipe}".encode()).hexdigest()

    def load(self) -> Lessons | None:
        """What is kept; None where there is nothing of use."""
        manifest = self._derived.read(parameters=self._parameters)
        if manifest is None or not self._catalog.descends_from(manifest.generation):
            return None
        state = manifest.state
        with contextlib.suppress(RelookError, KeyError, TypeError, ValueError):
            return Lessons(
                tuple(load_queries(self._derived.folder / str(state["file"]))),
                str(state["contents"]),
                int(state["newest"]),
                float(state["target_precision"]),
                float(state["unknown"]),
                bool(state["finished"]),
                dict(state["fit"]),
            )
        return None

    def written(self) -> int:
        """When lessons were last written, in nanoseconds; 0 where there are none."""
        return self._derived.written()

    def contents(self) -> tuple[str, int]:
        """Hash of the contents that can be found now, and the highest id among them."""
        ids = self._catalog.searchable()
        return hashlib.sha256(ids.astype("<i8").tobytes()).hexdigest(), int(ids.max(initial=0))

    def keep(self, lessons: Lessons, generation: Generation) -> None:
        """Write lessons.

        Raises:
            CollectionError: the directory cannot be written.
            LockedError: another process writes what is derived.
            StorageError: the disk is full.
        """
        lock = FileLock(self._lock, what="writing the calibration")
        lock.acquire()
        try:
            name = f"{uuid.uuid4().hex}.safetensors"
            save_queries(self._derived.prepare() / name, lessons.queries)
            state = {
                "file": name,
                "contents": lessons.contents,
                "newest": lessons.newest,
                "target_precision": lessons.target_precision,
                "unknown": lessons.unknown,
                "finished": lessons.finished,
                "fit": json.loads(json.dumps(dict(lessons.fit))),
            }
            self._derived.publish(
                generation, parameters=self._parameters, state=state, files=[name]
            )
        finally:
            lock.release()
