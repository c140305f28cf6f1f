"""A directory with photos and a ``gnd.json`` that says which show the same thing.

``gnd.json`` is one object::

    {"name": "…",
     "images":  [{"id": "a/ref", "path": "images/a/ref.jpg", "role": "db"}, …],
     "queries": [{"query": "a/query", "subset": "books", "positives": ["a/ref"], "junk": []}, …]}

``role`` is ``db``, ``distractor`` (both are indexed) or ``query`` (is not). ``path`` is relative
to the directory, with ``/``. A query may name a ``box`` (or ``bbx``), [x, y, width, height] in
pixels of its original upright image: only that part is ever described. ``subset`` is ``all`` and
``junk`` (ignored wherever it ranks) is empty unless said. No positives means that nothing matches.
An image that is no distractor may say in ``label`` (or ``instance``) what it shows. Other keys are
left alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relook.core.errors import UsageError
from relook.core.records import Box
from relook.datasets.files import inside
from relook.datasets.truth import (
    ROLES,
    DatasetImage,
    DatasetQuery,
    GroundTruth,
    make_truth,
    refuse,
    twice,
)

__all__ = ["DatasetImage", "DatasetQuery", "GroundTruth", "load_gnd"]

FILE = "gnd.json"


def load_gnd(directory: Path, *, photos: bool = True) -> GroundTruth:
    """Read and check the ``gnd.json`` of a dataset's directory.

    Args:
        directory: where ``gnd.json`` lies.
        photos: whether the photos must be there too.

    Raises:
        UsageError: it is missing, is not JSON, contradicts itself, or names files that are not
            there; the message names the first few culprits.
    """
    directory = Path(directory)
    file = directory / FILE
    content = _read(file)
    name = content.get("name", directory.resolve().name)
    if not isinstance(name, str):
        raise UsageError(f"{file}: name must be a string")
    images = [_image(file, entry) for entry in _entries(file, content, "images")]
    queries = [_query(file, entry) for entry in _entries(file, content, "queries")]
    truth = make_truth(file, name, images, queries)
    if photos:
        missing = [image.path for image in images if not (directory / image.path).is_file()]
        refuse(file, "files are missing", missing, then="put them back")
    return truth


def _read(file: Path) -> Mapping[str, Any]:
    if not file.parent.is_dir():
        raise UsageError(f"{file.parent} is not a directory; name the one that holds {FILE}")
    if not file.is_file():
        raise UsageError(f"{file.parent} holds no {FILE}; name the directory of a dataset")
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}; check its permissions") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} is not JSON ({error}); write it again") from error
    if not isinstance(content, dict):
        raise UsageError(f"{file} must hold an object with images and queries")
    return content


def _entries(file: Path, content: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    entries = content.get(key)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(f"{file}: {key} must be a list of objects")
    if not entries:
        raise UsageError(f"{file} has no {key}; list at least one")
    return entries


def _image(file: Path, entry: Mapping[str, Any]) -> DatasetImage:
    name = _text(file, entry, "id")
    role = _text(file, entry, "role")
    if role not in ROLES:
        raise UsageError(f"{file}: image {name} has role {role!r}; use one of {', '.join(ROLES)}")
    path = _text(file, entry, "path")
    label = None if role == "distractor" else _label(entry)
    return DatasetImage(name, inside(file, path), role, label)


def _label(entry: Mapping[str, Any]) -> str | None:
    """What an image shows, where that is a name or a number."""
    value = next((entry[key] for key in ("label", "instance") if entry.get(key) is not None), None)
    named = isinstance(value, (str, int)) and not isinstance(value, bool)
    return (str(value) or None) if named else None


def _query(file: Path, entry: Mapping[str, Any]) -> DatasetQuery:
    name = _text(file, entry, "query")
    return DatasetQuery(
        id=name,
        subset=_text(file, entry, "subset", default="all"),
        positives=_names(file, name, "positives", entry.get("positives")),
        junk=_names(file, name, "junk", entry.get("junk", [])),
        box=_box(file, name, entry.get("box", entry.get("bbx"))),
    )


def _text(file: Path, entry: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = entry.get(key, default)
    if not isinstance(value, str) or not value:
        raise UsageError(f"{file}: every entry needs {key}, a string that is not empty: {entry}")
    return value


def _names(file: Path, query: str, key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise UsageError(f"{file}: {key} of query {query} must be a list of image ids")
    refuse(file, f"{key} of query {query} appear twice", twice(value))
    return tuple(value)


def _box(file: Path, query: str, value: object) -> Box | None:
    if value is None:
        return None
    if not isinstance(value, list) or [type(side) in (int, float) for side in value] != [True] * 4:
        raise UsageError(f"{file}: box of query {query} must be [x, y, width, height]")
    if not all(abs(side) < 1e6 for side in value) or min(value[2:]) <= 0:
        raise UsageError(f"{file}: box of query {query} is {value}; give it width and height")
    return Box(*map(float, value))
