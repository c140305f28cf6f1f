"""Was a codebook, or anything else that is fitted, fitted on what it is tested with?

Two things can be known. A header may name what it was fitted ``on``; names of sets and places
tell of the same landmarks. And it may carry the ``sha256`` of its photos; equal ones are the same
file. A photo that was saved again, or another photo of the same thing, goes unnoticed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from relook.datasets.truth import GroundTruth

__all__ = ["DIGITS", "LANDMARKS", "content_hashes", "overlap"]

DIGITS = 16
"""Hexadecimal digits of a hash that are kept: enough to tell any photos apart."""

WORLD = frozenset({"oxford", "paris"})

LANDMARKS: Mapping[str, frozenset[str]] = {
    "oxford": frozenset({"oxford"}),
    "roxford": frozenset({"oxford"}),
    "paris": frozenset({"paris"}),
    "rparis": frozenset({"paris"}),
    "gld": WORLD,
    "gldv": WORLD,
    "landmarks": WORLD,
}
"""Places whose landmarks a set shows, by a word of its name without digits and ``k`` behind it.

Google Landmarks shows landmarks of both test sets (Song, Lee, Lee, Kim, Baek: On train-test class
overlap and detection for image retrieval, CVPR 2024)."""


def overlap(fitted: Mapping[str, Any], ground_truth: GroundTruth, directory: Path) -> str | None:
    """Why something fitted is no fair player on a dataset, in a sentence; None if nothing is known.

    Args:
        fitted: what it says of its fitting: ``on`` and ``reduced_on``, names of sets, and
            ``sha256``, the first :data:`DIGITS` hexadecimal digits of the hash of each photo.
            Any may be missing.
        ground_truth: names of the dataset; its truth is not looked at.
        directory: of the dataset; photos are read only where there are hashes to compare.
    """
    for name in (*_texts(fitted.get("on")), *_texts(fitted.get("reduced_on"))):
        if name.lower() == ground_truth.name.lower():
            return f"fitted on {name}, the test set itself"
        places = sorted(_places(name) & _places(ground_truth.name))
        if places:
            shown = " and ".join(place.capitalize() for place in places)
            return f"fitted on {name}, which shows landmarks of {shown} as {ground_truth.name} does"
    known = set(_texts(fitted.get("sha256")))
    if not known:
        return None
    files = sorted({directory / image.path for image in ground_truth.images})
    shared = [name for name in content_hashes(files) if name in known]
    return f"fitted on {len(shared):,} photos of the test set" if shared else None


def content_hashes(files: Iterable[Path]) -> list[str]:
    """The first digits of the SHA-256 of files; those that cannot be read are left out."""
    with ThreadPoolExecutor(2) as threads:
        return [name for name in threads.map(_content_hash, files) if name is not None]


def _content_hash(file: Path) -> str | None:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()[:DIGITS]
    except OSError:
        return None


def _places(name: str) -> frozenset[str]:
    """The places whose landmarks a set of this name shows, if the name is one of a known set."""
    words = (word.rstrip("0123456789k") for word in re.split(r"[^a-z0-9]+", name.lower()))
    return frozenset(place for word in words for place in LANDMARKS.get(word, ()))


def _texts(value: object) -> list[str]:
    """Headers are written by anybody: what is no list of texts says nothing."""
    items = value if isinstance(value, list | tuple) else [value]
    return [item for item in items if isinstance(item, str)]
