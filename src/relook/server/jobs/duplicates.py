"""Finding copies: in a process of its own, because it decodes every picture; kept on the disk."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import relook
from relook.collection import Collection
from relook.collection.derived import Derived
from relook.collection.pool import Pool
from relook.collection.records import Generation
from relook.collection.worker import Ask
from relook.core.errors import CollectionError, RelookError, StorageError, UsageError
from relook.mapping.duplicates import CopyGroup, Duplicates, find_duplicates
from relook.server.jobs.records import Report, StoppedError, Work

__all__ = ["Found", "make_work", "read"]

_PARAMETERS = "duplicates-1"
_SILENCE = 900.0
"""Seconds without a word after which the process is given up."""
_PAUSE = 0.2
_STEPS = {"read": "reading pictures", "sketch": "looking for parts"}
_SHOWN = "SELECT count(*), coalesce(max(content), 0), coalesce(total(content), 0) FROM paths"

Open = Callable[[str], Collection]


@dataclass(frozen=True, slots=True)
class Found:
    """What the last search for copies found.

    Attributes:
        groups: each a list of files, the likely original first: ``id``, ``path``, ``changes``.
        is_stale: pictures came or went since.
    """

    groups: Sequence[Sequence[Mapping[str, Any]]]
    is_stale: bool


def read(collection: Collection) -> Found | None:
    """What was found last, or None where nobody looked yet."""
    manifest = _derived(collection).read(parameters=_PARAMETERS)
    if manifest is None:
        return None
    try:
        stale = list(manifest.state["shown"]) != _shown(collection)
        return Found(manifest.state["groups"], stale)
    except (KeyError, TypeError):
        return None


def make_work(collection: Collection, *, opener: Open = relook.open) -> Work:
    """The work of a job that finds copies.

    Args:
        collection: to look at.
        opener: opens it in the other process; can be pickled.
    """

    def work(report: Report, stop: threading.Event) -> Mapping[str, Any]:
        shown = _shown(collection)
        generation = collection.catalog.generation()
        answer = _run(collection.directory, opener, report, stop)
        _keep(collection, generation, {**answer, "shown": shown})
        copies = sum(len(group) - 1 for group in answer["groups"])
        numbers = {name: answer[name] for name in ("images", "unreadable", "blank")}
        return {"groups": len(answer["groups"]), "copies": copies, **numbers}

    return work


def _run(directory: Path, opener: Open, report: Report, stop: threading.Event) -> Mapping[str, Any]:
    def listen(_: str, key: bytes) -> bool:
        what, done, total = json.loads(key)
        report(done, total, _STEPS.get(what, what))
        return True

    with Pool[str](_Maker(opener), jobs=1, answer=listen, timeout=_SILENCE, deaths=1) as pool:
        for outcome in pool.run([str(directory)]):
            if stop.is_set():
                raise StoppedError
            if outcome is None:
                continue
            if not isinstance(outcome.result, dict):
                raise CollectionError(f"copies could not be found: {outcome.died}")
            if "error" in outcome.result:
                raise UsageError(outcome.result["error"])
            return outcome.result
    raise CollectionError("copies could not be found; try again")


@dataclass(frozen=True, slots=True)
class _Maker:
    opener: Open

    def __call__(self) -> _Finder:
        return _Finder(self.opener)


@dataclass(frozen=True, slots=True)
class _Finder:
    """In the other process: directory → groups."""

    opener: Open

    def __call__(self, task: str, ask: Ask) -> dict[str, Any]:
        last = [0.0]

        def progress(what: str, done: int, total: int) -> None:
            if time.monotonic() - last[0] > _PAUSE:
                last[0] = time.monotonic()
                ask(json.dumps([what, done, total]).encode())

        try:
            with self.opener(task) as collection:
                return _as_json(find_duplicates(collection, progress=progress))
        except RelookError as error:
            return {"error": str(error)}


def _as_json(found: Duplicates) -> dict[str, Any]:
    return {
        "groups": [_files(group) for group in found.groups],
        "images": found.images,
        "unreadable": len(found.unreadable),
        "blank": len(found.blank),
    }


def _files(group: CopyGroup) -> list[dict[str, Any]]:
    return [
        {"id": copy.id, "path": copy.path, "changes": list(copy.changes)}
        for copy in (group.original, *group.copies)
    ]


def _keep(collection: Collection, generation: Generation, state: Mapping[str, Any]) -> None:
    derived = _derived(collection)
    try:
        derived.prepare()
        derived.publish(generation, parameters=_PARAMETERS, state=state, files=())
    except (OSError, StorageError) as error:
        raise CollectionError(
            f"what was found cannot be kept ({error}); free some space and try again"
        ) from error


def _derived(collection: Collection) -> Derived:
    return Derived(collection.directory / "derived" / "duplicates")


def _shown(collection: Collection) -> list[Any]:
    """Changes when pictures come or go, and not with labels."""
    return list(collection.catalog.rows(_SHOWN)[0])
