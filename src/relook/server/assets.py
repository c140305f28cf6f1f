"""The files of the page, read once and kept in memory."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

__all__ = ["Asset", "read_assets"]

INDEX = "index.html"

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""Only such files are served."""

_PACKED = {".ico", ".jpg", ".png", ".webp", ".woff2"}
"""Gains nothing by packing it again."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the page.

    Attributes:
        content: bytes of the file.
        packed: the same by gzip; None where that is no shorter.
        media_type: what it is.
        etag: changes with the content.
    """

    content: bytes
    packed: bytes | None
    media_type: str
    etag: str


def read_assets(folder: Traversable | None = None) -> Mapping[str, Asset]:
    """Every file of the page by its path, with '/'; the index also by the empty path."""
    place = folder or files("relook.server").joinpath("page")
    found = dict(_walk(place, "")) if place.is_dir() else {}
    if INDEX in found:
        found[""] = found[INDEX]
    return found


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Asset]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.name.startswith((".", "_")):
            continue
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
            continue
        suffix = "." + entry.name.rpartition(".")[2].lower()
        if suffix in TYPES:
            yield prefix + entry.name, _asset(entry.read_bytes(), suffix)


def _asset(content: bytes, suffix: str) -> Asset:
    packed = None if suffix in _PACKED else gzip.compress(content, 9, mtime=0)
    if packed is not None and len(packed) >= len(content):
        packed = None
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return Asset(content, packed, TYPES[suffix], etag)
