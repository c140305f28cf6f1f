"""One mechanism for everything that is a function of the catalog: files that may be lost.

``derived/NAME/manifest.json`` is written last and whole, and names the files that belong to it;
new files get new names. So a reader sees the old state or the new one, a file that is mapped is
never overwritten, and whatever is missing, damaged or of another origin is simply made again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relook.collection.records import Generation
from relook.core.errors import CollectionError
from relook.core.storage import write_whole

__all__ = ["Derived", "Manifest"]

_KIND = "relook.derived"
_VERSION = 1
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a derived thing was made of.

    Attributes:
        generation: state of the catalog that it reflects.
        parameters: hash of everything else that decides what it holds.
        state: what its room needs to load it, as JSON.
        files: name to size in bytes and SHA-256 in hexadecimal digits.
    """

    generation: Generation
    parameters: str
    state: Mapping[str, Any]
    files: Mapping[str, tuple[int, str]]


class Derived:
    """The folder of one derived thing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def exists(self) -> bool:
        """Whether there is a manifest, sound or not."""
        return (self.folder / _MANIFEST).exists()

    def written(self) -> int:
        """When the manifest was written, in nanoseconds; 0 where there is none."""
        try:
            return (self.folder / _MANIFEST).stat().st_mtime_ns
        except OSError:
            return 0

    def read(self, *, parameters: str | None = None) -> Manifest | None:
        """The manifest, or None where it must be made again for whatever reason.

        Args:
            parameters: what it has to be made with; None takes any.
        """
        try:
            text = (self.folder / _MANIFEST).read_text(encoding="utf-8")
            manifest = _parse(json.loads(text))
            whole = all(
                (self.folder / name).stat().st_size == size
                for name, (size, _) in manifest.files.items()
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return manifest if whole and parameters in {None, manifest.parameters} else None

    def damaged(self, manifest: Manifest) -> list[str]:
        """Names of files whose bytes are not those that were written; reads them all."""
        return [name for name, entry in manifest.files.items() if self._digest(name) != entry[1]]

    def prepare(self) -> Path:
        """The folder, made where it is missing.

        Raises:
            CollectionError: it cannot be made.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CollectionError(f"cannot write {self.folder} ({error.strerror})") from error
        return self.folder

    def publish(
        self,
        generation: Generation,
        *,
        parameters: str,
        state: Mapping[str, Any],
        files: Collection[str],
    ) -> None:
        """Switch to new files, then remove those that nobody refers to any more."""
        before = self.read(parameters=parameters)
        known = {} if before is None else before.files
        try:
            entries = {name: known.get(name) or self._entry(name) for name in sorted(files)}
        except OSError as error:
            raise CollectionError(f"cannot write {self.folder} ({error.strerror})") from error
        content = {
            "kind": _KIND,
            "version": _VERSION,
            "generation": {"uuid": generation.uuid, "counter": generation.counter},
            "parameters": parameters,
            "state": state,
            "files": entries,
        }
        write_whole(self.folder / _MANIFEST, json.dumps(content, indent=1).encode())
        self._sweep(keep={*files, _MANIFEST})

    def drop(self) -> None:
        """Remove everything; the next user makes it again."""
        (self.folder / _MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _entry(self, name: str) -> tuple[int, str]:
        path = self.folder / name
        return path.stat().st_size, _sha256(path)

    def _digest(self, name: str) -> str | None:
        try:
            return _sha256(self.folder / name)
        except OSError:
            return None

    def _sweep(self, *, keep: set[str]) -> None:
        for path in self.folder.iterdir():
            if path.name not in keep and path.is_file():
                try:
                    path.unlink()
                except OSError:  # Windows keeps a file that a reader has mapped; the next sweep
                    continue


def _parse(content: Mapping[str, Any]) -> Manifest:
    if content["kind"] != _KIND or content["version"] != _VERSION:
        raise ValueError(_KIND)
    generation = Generation(str(content["generation"]["uuid"]), content["generation"]["counter"])
    files = {
        str(name): (int(size), str(digest)) for name, (size, digest) in content["files"].items()
    }
    return Manifest(generation, str(content["parameters"]), dict(content["state"]), files)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
