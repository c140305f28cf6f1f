"""Is a collection sound? Everything that can be wrong with one, each as a line."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from relook.collection.catalog import Catalog, in_chunks, listed
from relook.collection.derived import Derived
from relook.collection.lessons import FOLDER, UNFINISHED
from relook.collection.lock import FileLock
from relook.collection.search_index import SearchIndex
from relook.core.errors import CollectionError, RelookError

if TYPE_CHECKING:
    from relook.search import Engine

__all__ = ["Findings", "inspect"]

_AT_MOST = 20
_NAMES = {
    "search": "search index",
    "search-global": "global search index",
    UNFINISHED: "unfinished calibration",
}


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong.

    Attributes:
        pages: the database itself is damaged, or its rows contradict each other.
        descriptions: ids of contents whose description is missing or cannot be read, and why.
        index: what is wrong with the search index.
    """

    pages: tuple[str, ...]
    descriptions: tuple[tuple[int, str], ...]
    index: tuple[str, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """One line each; many of one kind are cut short."""
        lines = [f"picture {key}: {reason}" for key, reason in self.descriptions[:_AT_MOST]]
        if len(self.descriptions) > _AT_MOST:
            lines.append(f"and {len(self.descriptions) - _AT_MOST} more pictures")
        return (*self.pages, *lines, *self.index)


def inspect(directory: Path, catalog: Catalog, engine: Engine) -> Findings:
    """Read everything and say what is wrong."""
    pages = tuple(_pages(catalog))
    try:
        descriptions = tuple(_descriptions(catalog, engine))
    except RelookError as error:
        return Findings((*pages, str(error)), (), ())
    try:
        index = tuple(_index(directory, catalog, engine, {key for key, _ in descriptions}))
    except RelookError as error:  # such as weights that are not here, which no repair brings
        index = (str(error),)
    return Findings(pages, descriptions, index)


def _pages(catalog: Catalog) -> Iterator[str]:
    try:
        for (line,) in catalog.rows(f"PRAGMA integrity_check({_AT_MOST})"):
            if line != "ok":
                yield f"catalog: {' '.join(str(line).split())}"
        for table, row, parent, _ in catalog.rows("PRAGMA foreign_key_check"):
            yield f"catalog: row {row} of {table} refers to {parent} that is not there"
    except RelookError as error:
        yield str(error)


def _descriptions(catalog: Catalog, engine: Engine) -> Iterator[tuple[int, str]]:
    wanted = {channel.name for channel in engine.channels}
    forms: dict[str, dict[str, list[int]]] = {name: {} for name in wanted}
    with catalog.reading():
        ids = catalog.searchable()
        for chunk in in_chunks(ids.tolist(), 100):
            channels: dict[int, set[str]] = {key: set() for key in chunk}
            bad: dict[int, str] = {}
            rows = catalog.rows(
                "SELECT content, channel, data, crc FROM descriptions WHERE content "
                "IN (SELECT value FROM json_each(?))",
                (listed(chunk),),
            )
            for key, channel, data, crc in rows:
                channels[key].add(channel)
                reason, form = _flaw(engine, channel, data, crc)
                if reason is not None:
                    bad[key] = reason
                elif form is not None:
                    forms[channel].setdefault(form, []).append(key)
            for key, found in channels.items():
                if not wanted <= found:
                    bad[key] = "its description is missing"
            yield from bad.items()
    for found_forms in forms.values():
        yield from _odd(found_forms)


def _flaw(engine: Engine, channel: str, data: bytes, crc: int) -> tuple[str | None, str | None]:
    """What is wrong with a description, and what it must have in common with the others."""
    if zlib.crc32(data) != crc:
        return "its description is damaged", None
    try:
        for part in engine.channels:
            if part.name == channel:
                return None, part.form(part.unpack(data))
    except (RelookError, ValueError, IndexError, KeyError) as error:
        return f"its description cannot be read ({error})", None
    return None, None


def _odd(forms: Mapping[str, Sequence[int]]) -> Iterator[tuple[int, str]]:
    """Images whose description is of another form than most."""
    most = max(forms, key=lambda form: len(forms[form]), default="")
    for form in sorted(set(forms) - {most}):
        for key in forms[form]:
            yield key, f"its description has {form}, those of others {most}: another network's"


def _index(directory: Path, catalog: Catalog, engine: Engine, broken: set[int]) -> Iterator[str]:
    """Damage of files is a problem; being absent or behind the catalog is not."""
    lock = FileLock(directory / "derived.lock")
    try:
        if not lock.try_acquire():
            return  # another process is exchanging the files right now
    except CollectionError:  # a read-only directory, in which nobody exchanges anything
        pass
    try:
        for channel in engine.channels:
            searching = SearchIndex(directory, catalog, channel)
            yield from _flaws_of_index(searching, catalog, broken)
        for companion in engine.companions:
            yield from _flaws_of_files(Derived(directory / "derived" / companion.name))
        for name in (FOLDER, UNFINISHED):
            derived = Derived(directory / "derived" / name)
            yield from _flaws_of_files(derived, remedy="run relook calibrate again")
    finally:
        lock.release()


def _flaws_of_index(searching: SearchIndex, catalog: Catalog, broken: set[int]) -> Iterator[str]:
    flaws = list(_flaws_of_files(searching.derived))
    yield from flaws
    if flaws or not searching.derived.exists():
        return
    with catalog.reading():
        index, generation = searching.load()
        if generation != catalog.generation():
            return
        expected = np.setdiff1d(catalog.searchable(), list(broken))
        if not np.array_equal(np.setdiff1d(index.ids, list(broken)), expected):
            name = _NAMES.get(searching.derived.folder.name, searching.derived.folder.name)
            yield f"the {name} does not hold what the catalog holds"


def _flaws_of_files(
    derived: Derived, *, remedy: str = "the next search builds it again"
) -> Iterator[str]:
    name = _NAMES.get(derived.folder.name, derived.folder.name)
    manifest = derived.read()
    if manifest is not None:
        yield from (f"the {name} is damaged ({file})" for file in derived.damaged(manifest))
    elif derived.exists():
        yield f"the {name} is damaged; {remedy}"
