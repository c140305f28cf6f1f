"""What a collection needs of the rooms below it, in one place: a recipe turned into functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from relook.core.protocols import Describer, DescriptionStore
from relook.core.records import Image, Ranking

__all__ = ["Channel", "Companion", "Compare", "Engine", "LiveIndex", "Sources"]


class LiveIndex(Protocol):
    """A search index that grows and shrinks, and is kept as files that are never overwritten."""

    @property
    def ids(self) -> NDArray[np.int64]:
        """Ids of the images in it."""
        ...

    def add(self, ids: NDArray[np.int64], codes: Sequence[Any], /) -> None:
        """Add images as one segment."""
        ...

    def remove(self, ids: Iterable[int]) -> None:
        """Remove images."""
        ...

    def compact(self) -> None:
        """Merge segments and leave out what was removed."""
        ...

    def save(self, folder: Path) -> dict[str, Any]:
        """Write segments that are not on the disk yet; return the state that names them all."""
        ...

    def files(self) -> Sequence[str]:
        """Names of the files that the index reads."""
        ...


class Kept(Protocol):
    """Anything that is kept as files that are never overwritten."""

    def save(self, folder: Path) -> dict[str, Any]:
        """Write what is not on the disk yet; return the state that names it all."""
        ...

    def files(self) -> Sequence[str]:
        """Names of the files that it reads."""
        ...


class Sources(Protocol):
    """What a query plan reads of a collection, all of one moment."""

    def index(self, channel: str) -> Any:
        """The search index of a channel."""
        ...

    def store(self, channel: str) -> DescriptionStore:
        """Where the descriptions of a channel are found."""
        ...

    def companion(self, name: str) -> Any:
        """What else was made of an index, by name."""
        ...


def _no_form(_: Any) -> None:
    """Codes of any size go together."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One way in which a recipe describes and indexes pictures.

    Attributes:
        name: keys the descriptions in the catalog.
        index_hash: decides whether the search index must be built anew.
        unpack: bytes of a description to codes; raises FormatError or ValueError on other bytes.
        entries: codes of many images to what the index takes of each.
        make_index: an empty index.
        load_index: an index from the files of a folder and the state that names them.
        form: what the codes of all images must have in common, in words; None for nothing.
    """

    name: str
    index_hash: str
    unpack: Callable[[bytes], Any]
    entries: Callable[[Sequence[Any]], Sequence[Any]]
    make_index: Callable[[], LiveIndex]
    load_index: Callable[[Path, Mapping[str, Any]], LiveIndex]
    form: Callable[[Any], str | None] = _no_form


@dataclass(frozen=True, slots=True)
class Companion:
    """Something made of the index of a channel as a whole, such as a graph of neighbors.

    Attributes:
        name: of its folder.
        channel: whose index it follows.
        parameters: hash of everything that decides what it holds.
        make: an empty one.
        load: one from the files of a folder and the state that names them.
        follow: (companion, index) to the companion of that index.
    """

    name: str
    channel: str
    parameters: str
    make: Callable[[], Kept]
    load: Callable[[Path, Mapping[str, Any]], Kept]
    follow: Callable[[Any, Any], Kept]


def _nothing() -> None:
    """What ships needs no preparation."""


Compare = Callable[[Sources, Mapping[str, Any], NDArray[np.int64]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Engine:
    """A recipe at work.

    Attributes:
        name: of the recipe.
        recipe: the recipe as JSON; kept in the catalog.
        describe_hash: decides which descriptions may be mixed.
        longest: longer side in pixels of the pictures to describe; None describes all pixels.
        make_describer: called once in each worker process, so it can be pickled.
        channels: every image has a description of each.
        describe_query: a query to its codes by channel; they can be pickled, so that another
            process may describe.
        find: (sources, codes by channel, top) to a ranking of at least ``top`` images, where there
            are so many, and the milliseconds of ``search`` and ``verify``; also for codes of an
            image of the collection.
        kind: ``local``, ``global`` or ``both``, by the channels that a search uses.
        similarities: of a ranking that ``find`` gave, ``(R,)`` what the first stage says of each
            image, without geometry; comparable within one ranking.
        companions: what else follows the indexes.
        prepare: makes sure, once and before any process describes, that all is here that it takes.
        exponent: to which the kernel of the first stage raises what two features share; the root of
            its similarities compares to a cosine.
        compare: (sources, codes by channel, ids) to ``(N,)`` similarities of these images to the
            query, 0 to 1, where ``similarities`` are not bounded; None where they are.
        replan: settings of the plan by name to the same engine with another plan.
    """

    name: str
    recipe: str
    describe_hash: str
    longest: int | None
    make_describer: Callable[[], Describer]
    channels: tuple[Channel, ...]
    describe_query: Callable[[Image], Mapping[str, Any]]
    find: Callable[[Sources, Mapping[str, Any], int], tuple[Ranking, Mapping[str, float]]]
    kind: str
    similarities: Callable[[Ranking], NDArray[np.float64]]
    companions: tuple[Companion, ...] = ()
    prepare: Callable[[], None] = _nothing
    exponent: float = 1.0
    compare: Compare | None = None
    replan: Callable[[Mapping[str, Any]], Engine] | None = None

    def search(
        self, sources: Sources, image: Image, top: int
    ) -> tuple[Ranking, Mapping[str, float]]:
        """Describe a query and find it; the milliseconds of ``describe`` are among the others."""
        start = perf_counter()
        codes = self.describe_query(image)
        described = perf_counter()
        ranking, milliseconds = self.find(sources, codes, top)
        return ranking, {"describe": 1e3 * (described - start), **milliseconds}

    def channel(self, name: str) -> Channel:
        """The channel of this name."""
        return next(channel for channel in self.channels if channel.name == name)
