"""What a collection was asked about its own pictures, kept in ``derived/calibration``."""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relook.collection.catalog import Catalog
from relook.collection.derived import Derived
from relook.collection.lock import FileLock
from relook.collection.records import Generation
from relook.core.errors import FormatError, StorageError
from relook.recognition.keeping import load_queries, save_queries
from relook.recognition.pseudo import PseudoQuery

__all__ = ["FOLDER", "UNFINISHED", "LessonShelf", "Lessons"]

FOLDER = "calibration"

UNFINISHED = "calibration-unfinished"
"""What a calibration that was stopped had asked; the finished one before it stays in use."""

_VERSION = 1

_PATIENCE = 10.0
"""Seconds to wait for another process that writes an index, before minutes of asking are lost."""

_DAMAGE = (FormatError, StorageError, KeyError, TypeError, ValueError, OverflowError)


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """Pseudo-queries and what was wanted of them.

    Attributes:
        queries: asked so far.
        contents: hash of the contents that could be found then.
        newest: the highest id among them.
        target_precision: that the threshold is chosen for.
        unknown: expected share of unknown queries.
        skipped: pictures that could not be asked about, as no file of theirs could be read.
        fit: what was fitted to them, with the state of the catalog that it was fitted in; empty
            where nothing was.
    """

    queries: tuple[PseudoQuery, ...]
    contents: str
    newest: int
    target_precision: float
    unknown: float
    skipped: int = 0
    fit: Mapping[str, Any] = field(default_factory=dict)


class LessonShelf:
    """Where lessons are kept. They are of use as long as the recipe searches the same way."""

    def __init__(self, directory: Path, catalog: Catalog, recipe: str) -> None:
        self._finished = Derived(directory / "derived" / FOLDER)
        self._unfinished = Derived(directory / "derived" / UNFINISHED)
        self._lock = directory / "derived.lock"
        self._catalog = catalog
        self._parameters = hashlib.sha256(f"{_VERSION}\n{recipe}".encode()).hexdigest()

    def load(self) -> Lessons | None:
        """The lessons of the last calibration; None where there is nothing of use."""
        return self._read(self._finished)

    def load_unfinished(self) -> Lessons | None:
        """The lessons of a calibration that was stopped; None where there is nothing of use."""
        return self._read(self._unfinished)

    def written(self) -> int:
        """When a calibration was last written, in nanoseconds; 0 where there is none."""
        return self._finished.written()

    def contents(self) -> tuple[str, int]:
        """Hash of the contents that can be found now, and the highest id among them."""
        ids = self._catalog.searchable()
        return hashlib.sha256(ids.astype("<i8").tobytes()).hexdigest(), int(ids.max(initial=0))

    def keep(self, lessons: Lessons, generation: Generation) -> None:
        """Write the lessons of a calibration; those of stopped ones are forgotten.

        Raises:
            CollectionError: the directory cannot be written.
            LockedError: another process writes what is derived.
            StorageError: the disk is full.
        """
        with self._locked(patience=_PATIENCE):
            self._write(self._finished, lessons, generation)
            self._unfinished.drop()

    def keep_unfinished(self, lessons: Lessons, generation: Generation) -> None:
        """Write what a calibration has asked so far; raises as :meth:`keep`."""
        with self._locked(patience=1.0):
            self._write(self._unfinished, lessons, generation)

    def keep_fit(self, fit: Mapping[str, Any], *, written: int) -> int:
        """Write what was fitted to the lessons of the calibration that was ``written`` then.

        Where another calibration was written since, nothing is. Raises as :meth:`keep`.

        Returns:
            When the calibration that the fit is of was last written.
        """
        with self._locked(patience=0.0):
            manifest = self._finished.read(parameters=self._parameters)
            if manifest is None or self.written() != written:
                return written
            self._finished.publish(
                manifest.generation,
                parameters=self._parameters,
                state={**manifest.state, "fit": dict(fit)},
                files=list(manifest.files),
            )
            return self.written()

    def _read(self, derived: Derived) -> Lessons | None:
        with contextlib.suppress(*_DAMAGE):
            manifest = derived.read(parameters=self._parameters)
            if manifest is None or not self._catalog.descends_from(manifest.generation):
                return None
            if derived.damaged(manifest):
                return None
            state = manifest.state
            return Lessons(
                tuple(load_queries(derived.folder / str(state["file"]))),
                str(state["contents"]),
                int(state["newest"]),
                float(state["target_precision"]),
                float(state["unknown"]),
                int(state.get("skipped", 0)),
                dict(state["fit"]),
            )
        return None

    def _write(self, derived: Derived, lessons: Lessons, generation: Generation) -> None:
        name = f"{uuid.uuid4().hex}.safetensors"
        save_queries(derived.prepare() / name, lessons.queries)
        state = {
            "file": name,
            "contents": lessons.contents,
            "newest": lessons.newest,
            "target_precision": lessons.target_precision,
            "unknown": lessons.unknown,
            "skipped": lessons.skipped,
            "fit": dict(lessons.fit),
        }
        derived.publish(generation, parameters=self._parameters, state=state, files=[name])

    def _locked(self, *, patience: float) -> FileLock:
        return FileLock(self._lock, what="writing the calibration", patience=patience)
