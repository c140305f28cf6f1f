"""A collection of photos in one directory: add, remove, search, check."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relook.collection.browsing import Browsing
from relook.collection.catalog import Catalog
from relook.collection.check import inspect
from relook.collection.creation import is_collection
from relook.collection.digest import digest
from relook.collection.founding import found_collection
from relook.collection.ingest import Ingest, Limits
from relook.collection.labelling import Labelling
from relook.collection.leftovers import sweep
from relook.collection.naming import places_of
from relook.collection.records import (
    AddReport,
    CheckReport,
    Info,
    Progress,
    Quarantined,
)
from relook.collection.repair import repair as repair_collection
from relook.collection.roots import make_roots
from relook.collection.scan import scan
from relook.collection.searching import Searching
from relook.collection.size import directory_bytes
from relook.collection.writer import Writer
from relook.core.errors import RelookError
from relook.images import is_picture

if TYPE_CHECKING:
    from relook.search import Engine

__all__ = ["Collection"]

PathLike = str | os.PathLike[str]


class Collection(Browsing, Labelling, Searching):
    """Photos that can be searched, in one directory that a crash cannot corrupt.

    Several threads may search at a time, several processes too, also while one of them adds.

    Example::

        with relook.create("pictures") as collection:
            collection.add(["photos"])
            for hit in collection.search("query.jpg").results:
                ...
    """

    def __init__(
        self, directory: Path, catalog: Catalog, make_engine: Callable[[str], Engine]
    ) -> None:
        self.directory = directory
        self._catalog = catalog
        self._make_engine = make_engine

    @classmethod
    def create(cls, directory: PathLike, *, engine: Engine) -> Collection:
        """Make an empty collection in a new or empty directory.

        Raises:
            CollectionError: the directory holds something, or cannot hold a collection.
            FetchError: weights that describing needs are not here.
        """
        engine.prepare()
        meta = {
            "recipe_name": engine.name,
            "recipe": engine.recipe,
            "describe_hash": engine.describe_hash,
        }
        found_collection(Path(directory), meta)
        return cls.open(directory, engine=lambda _: engine)

    @classmethod
    def open(cls, directory: PathLike, *, engine: Callable[[str], Engine]) -> Collection:
        """Open a collection; an older format is brought to the present one.

        Args:
            directory: of the collection.
            engine: turns the stored recipe (JSON) into an engine; called when it is first needed.

        Raises:
            NotACollectionError: the directory holds no collection.
            FormatError: it is damaged, or of a newer relook.
        """
        place = Path(directory)
        catalog = Catalog(place)
        if catalog.is_old:
            catalog.close()
            Writer(place).close()
            catalog = Catalog(place)
        return cls(place, catalog, engine)

    @staticmethod
    def exists(directory: PathLike) -> bool:
        """Whether ``directory`` holds a collection."""
        return is_collection(Path(directory))

    def __enter__(self) -> Collection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the directory."""
        self._catalog.close()

    def add(
        self,
        paths: Iterable[PathLike],
        *,
        jobs: int | None = None,
        prune: bool = False,
        progress: Callable[[Progress], None] | None = None,
        limits: Limits | None = None,
    ) -> AddReport:
        """Index the photos in files and folders: what is new or changed is described.

        Args:
            paths: files and folders; folders with everything below them.
            jobs: worker processes; one per core by default.
            prune: drop what no file shows any more.
            progress: called after each photo.
            limits: size of a batch and time per photo.

        Raises:
            UsageError: a path does not exist, or there are no photos.
            RecipeMismatchError: the recipe is not that of the collection.
            LockedError: another process is writing.
            CollectionError: the catalog cannot be written; what was committed stays.
            KeyboardInterrupt: what was finished stays; the next run goes on from there.
        """
        started = time.monotonic()
        limits = limits or Limits()
        limits = limits if jobs is None else limits.with_jobs(jobs)
        engine = self.engine
        wanted = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
        with Writer(self.directory) as writer:
            found = scan(wanted, is_picture=is_picture, skip=self.directory)
            roots = make_roots(writer, found)
            ingest = Ingest(writer, engine, limits=limits, progress=progress)
            ingest.run(found.found, roots)
            left = sweep(writer, found, prune=prune)
        self._shelves.refresh()
        tally = ingest.tally
        return AddReport(
            added=tally.added,
            known=tally.known,
            moved=left.moved,
            changed=tally.changed,
            unchanged=tally.unchanged,
            ignored=found.ignored,
            missing=left.missing,
            pruned=left.pruned,
            quarantined=tuple(tally.quarantined),
            unreadable=tuple(found.unreadable),
            inherited=tally.inherited,
            seconds=time.monotonic() - started,
        )

    def remove(self, pictures: Iterable[PathLike | int]) -> int:
        """Forget pictures: by id with all their files, or by path; all of them or none.

        A path is one as stored, or that of a file. A content goes with its last path.

        Returns:
            The number of files forgotten.

        Raises:
            UsageError: a picture is not in the collection.
        """
        wanted = [pictures] if isinstance(pictures, (str, os.PathLike, int)) else list(pictures)
        with Writer(self.directory) as writer:
            found = {place for picture in wanted for place in places_of(self._catalog, picture)}
            writer.forget(sorted(found))
        self._try_refresh()
        return len(found)

    @property
    def catalog(self) -> Catalog:
        """The truth of the collection, to be read."""
        return self._catalog

    def codes(self, ids: Sequence[int], *, channel: str | None = None) -> Mapping[int, Any]:
        """The codes of these images; ids that are gone, or damaged, are missing.

        Args:
            ids: of contents.
            channel: by which they were described; the recipe's first unless said.
        """
        name = self.engine.channels[0].name if channel is None else channel
        return self._shelves.store(name).codes(ids)

    def path_of(self, content: int) -> str | None:
        """The path of a picture as stored, with '/'; None where no file shows it."""
        return self._catalog.paths([content]).get(content)

    def files_of(self, content: int) -> list[Path]:
        """The files that show a picture; they may be gone."""
        return self._catalog.files(content)

    def quarantined(self) -> list[Quarantined]:
        """Every file that cannot be searched, and why."""
        return self._catalog.quarantined()

    def info(self) -> Info:
        """Numbers about the collection."""
        with self._catalog.reading():
            counts = self._catalog.counts()
            name = self._catalog.meta("recipe_name")
            roots = self._catalog.roots()
            labels, labelled = self._catalog.labels_in_use()
        return Info(
            images=counts["images"],
            paths=counts["paths"],
            quarantined=counts["quarantined"],
            pending=counts["pending"],
            recipe=name,
            bytes=directory_bytes(self.directory),
            roots=roots,
            labels=labels,
            labelled=labelled,
        )

    def check(self, *, repair: bool = False) -> CheckReport:
        """Read everything and say what is wrong; with ``repair`` make it sound again.

        Repair keeps every path and label that can be read; pictures whose description is lost are
        described again by the next index run.
        """
        findings = inspect(self.directory, self._catalog, self.engine)
        problems = findings.problems
        if repair and problems:
            self._catalog.close()
            try:
                repair_collection(self.directory, findings)
            finally:
                self._catalog = Catalog(self.directory)
                self.__dict__.pop("_shelves", None)
            self._try_refresh()
            findings = inspect(self.directory, self._catalog, self.engine)
        try:
            number = digest(self._catalog)
        except RelookError:  # a damaged catalog, of which the problems tell
            number = ""
        return CheckReport(not findings.problems, problems, number)

    def _try_refresh(self) -> None:
        """What was done is done; where weights are not here, the next search says so."""
        with contextlib.suppress(RelookError):
            self._shelves.refresh()
