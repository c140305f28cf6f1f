"""Pseudo-queries as one file of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from relook.core.checks import check_array
from relook.core.errors import FormatError
from relook.core.storage import load_arrays, save_arrays
from relook.recognition.observation import COLUMNS, Observation
from relook.recognition.pseudo import DISTRACTOR, PHOTO, VIEW, PseudoQuery

__all__ = ["load_queries", "save_queries"]

_KIND = "relook.pseudo-queries"
_VERSION = 1
_TAILS = {"boxes": (4,)}
_KINDS = (PHOTO, VIEW, DISTRACTOR)


def save_queries(path: Path, queries: Sequence[PseudoQuery]) -> None:
    """Write pseudo-queries.

    Raises:
        StorageError: the disk is full, or cannot be written.
    """
    seen = [query.observation for query in queries]
    arrays = {
        "sources": np.array([query.source for query in queries], np.int64),
        "kinds": np.array([_KINDS.index(query.kind) for query in queries], np.int64),
        "numbers": np.array([query.number for query in queries], np.int64),
        "ends": np.cumsum([len(item) for item in seen], dtype=np.int64),
        "ids": np.concatenate([np.zeros(0, np.int64), *(item.ids for item in seen)]),
    }
    for name in COLUMNS:
        parts = [getattr(item, name) for item in seen]
        arrays[name] = np.concatenate([np.zeros((0, *_TAILS.get(name, ())), np.float32), *parts])
    save_arrays(path, arrays, kind=_KIND, version=_VERSION)


def load_queries(path: Path) -> list[PseudoQuery]:
    """Read what :func:`save_queries` wrote.

    Raises:
        FormatError: the file is damaged, or of a newer version.
        StorageError: it cannot be opened.
    """
    arrays = load_arrays(path, kind=_KIND, version=_VERSION).arrays
    try:
        for name in ("sources", "kinds", "numbers", "ends"):
            check_array(name, arrays[name], shape=(None,), dtype=np.int64)
        ends = arrays["ends"]
        if (np.diff(ends, prepend=0, append=len(arrays["ids"])) < 0).any():
            raise FormatError(f"{path} is damaged; run relook calibrate again")
        parts = [
            np.split(np.asarray(arrays[name]), ends[:-1])[: len(ends)] for name in ("ids", *COLUMNS)
        ]
        seen = [Observation(*columns) for columns in zip(*parts, strict=True)]
        named = zip(
            arrays["sources"].tolist(),
            arrays["kinds"].tolist(),
            arrays["numbers"].tolist(),
            strict=True,
        )
        return [
            PseudoQuery(source, _KINDS[kind], number, item)
            for (source, kind, number), item in zip(named, seen, strict=True)
        ]
    except (KeyError, IndexError, ValueError) as error:
        raise FormatError(f"{path} is damaged; run relook calibrate again") from error
