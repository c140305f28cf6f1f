"""Ask a collection about its own pictures, so that it learns how far to trust its answers."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from relook.collection.catalog import Catalog, in_chunks, listed
from relook.collection.query import Query, read_query
from relook.core.errors import ImageError
from relook.core.records import Image
from relook.images import render_view
from relook.recognition.pseudo import DISTRACTOR, PHOTO, VIEW, PseudoQuery

if TYPE_CHECKING:
    from relook.recognition.observation import Observation

__all__ = ["Errand", "ask_all", "plan_errands"]

SOURCES = 240
"""Pictures that are asked about, at most: all labels first, then second pictures, and so on."""

DISTRACTORS = 200

_STRENGTHS = (1.0, 1.7)
"""Of the views rendered of a picture that is alone: as visitors take them, and worse."""

Labels = Mapping[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Errand:
    """A pseudo-query to be asked.

    Attributes:
        source: id of the picture, -1 for a distractor.
        kind: how it is asked, see :class:`PseudoQuery`.
        number: tells those of one source and kind apart.
        files: that show it.
        sha256: of the bytes that they had; None where any will do.
        seed: of what is rendered.
        strength: of what is rendered.
    """

    source: int
    kind: str
    number: int
    files: tuple[Path, ...]
    sha256: bytes | None
    seed: int
    strength: float = 0.0

    @property
    def key(self) -> tuple[int, str, int]:
        """What it is found again by."""
        return self.source, self.kind, self.number


def plan_errands(catalog: Catalog, labels: Labels, distractors: Sequence[Path]) -> Iterator[Errand]:
    """What to ask. The same contents and labels give the same plan, whatever their ids."""
    hashes = _hashes(catalog, list(labels))
    turn: Counter[str] = Counter()
    sizes = Counter(name for names in labels.values() for name in names)
    places: dict[int, tuple[int, bytes]] = {}
    for image in sorted(labels, key=hashes.__getitem__):
        own = min(labels[image], key=lambda name: (sizes[name], name))
        places[image] = (turn[own], hashes[image])
        turn[own] += 1
    for image in sorted(places, key=places.__getitem__)[:SOURCES]:
        files, sha256 = tuple(catalog.files(image)), hashes[image]
        seed = int.from_bytes(sha256[:8], "big")
        if min(sizes[name] for name in labels[image]) > 1:
            yield Errand(image, PHOTO, 0, files, sha256, seed)
            continue
        for number, strength in enumerate(_STRENGTHS):
            yield Errand(image, VIEW, number, files, sha256, seed + number, strength)
    # Known again by their bytes: another photo may come to lie under the name.
    unlike = {_number(file): file for file in reversed(distractors[:DISTRACTORS])}
    for number, file in sorted(unlike.items()):
        yield Errand(-1, DISTRACTOR, number, (file,), None, 0)


def ask_all(
    errands: Sequence[Errand],
    ask: Callable[[Query], Observation],
    *,
    longest: int | None,
    threads: int,
    done: Callable[[PseudoQuery | None], None],
) -> None:
    """Ask everything; ``done`` hears of each, None where no file of the picture can be read.

    Raises:
        KeyboardInterrupt: what was asked before has been handed over.
    """

    def run(errand: Errand) -> PseudoQuery | None:
        query = _read(errand, longest)
        if query is None:
            return None
        return PseudoQuery(errand.source, errand.kind, errand.number, ask(query))

    waiting: set[Future[PseudoQuery | None]] = set()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for errand in errands:
                waiting.add(pool.submit(run, errand))
                if len(waiting) > 2 * threads:
                    ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    for future in ready:
                        done(future.result())
            for future in waiting:
                done(future.result())
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _read(errand: Errand, longest: int | None) -> Query | None:
    for file in errand.files:
        with contextlib.suppress(ImageError):
            query = read_query(file, longest=longest)
            if errand.sha256 not in (None, query.sha256):
                continue  # it was edited, and may show something else
            if errand.kind != VIEW:
                return query
            random = np.random.default_rng(errand.seed)
            view = render_view(query.image.pixels, random, strength=errand.strength)
            height, width = view.shape[:2]
            return Query(query.name, Image(view, (width, height)), None)
    return None


def _number(file: Path) -> int:
    try:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").digest()
    except OSError:  # it will be skipped
        found = hashlib.sha256(os.fsencode(file)).digest()
    return int.from_bytes(found[:7], "big")


def _hashes(catalog: Catalog, ids: Sequence[int]) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for chunk in in_chunks(ids):
        rows = catalog.rows(
            "SELECT id, sha256 FROM contents WHERE id IN (SELECT value FROM json_each(?))",
            (listed(chunk),),
        )
        found.update((int(key), bytes(value)) for key, value in rows)
    return found
