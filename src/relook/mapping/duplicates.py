"""Copies in a collection: a picture again, re-encoded, resized, cropped, marked or mirrored."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace

from relook.collection import Collection
from relook.mapping.copies import CopyPair, find_pairs
from relook.mapping.groups import Groups
from relook.mapping.growth import Progress
from relook.mapping.neighbors import Neighbors
from relook.mapping.pictures import Pictures

__all__ = ["Copy", "CopyGroup", "Duplicates", "find_duplicates"]

SAME_BYTES, RE_ENCODED, RESIZED, CROPPED = "same bytes", "re-encoded", "resized", "cropped"
MIRRORED, BLURRED, EDITED = "mirrored", "blurred", "edited"

_CUT = 0.95
"""Share of the original below which a copy is cropped."""
_SCALED = 0.01
_SOFT = 0.82
_MARKED = 0.004


@dataclass(frozen=True, slots=True)
class Copy:
    """A file that shows a copy.

    Attributes:
        id: of its content.
        path: as stored, with '/'.
        changes: what was done to it, such as ``("mirrored", "cropped")``; empty for the original.
        of: path of what it was compared with; empty for the original.
        share: of what both show that is the same, 0 to 1.
        size: (width, height) in pixels; (0, 0) where it was not read.
        bytes: length of the file; 0 where it was not read.
    """

    id: int
    path: str
    changes: tuple[str, ...] = ()
    of: str = ""
    share: float = 1.0
    size: tuple[int, int] = (0, 0)
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class CopyGroup:
    """One picture in several files.

    Attributes:
        original: the likely one: not cropped nor blurred, with the most pixels, in a file that is
            not much smaller than others, and the oldest of these.
        copies: the others.
    """

    original: Copy
    copies: tuple[Copy, ...]

    def __len__(self) -> int:
        return 1 + len(self.copies)


@dataclass(frozen=True, slots=True, eq=False)
class Duplicates:
    """What was found.

    Attributes:
        groups: the largest first.
        images: pictures that were looked at.
        unreadable: paths of pictures whose files are gone or cannot be read any more.
        blank: paths of pictures that show nothing that could be compared.
    """

    groups: tuple[CopyGroup, ...]
    images: int
    unreadable: tuple[str, ...]
    blank: tuple[str, ...]


def find_duplicates(
    collection: Collection,
    *,
    mirrored: bool = True,
    seed: int = 0,
    progress: Progress | None = None,
) -> Duplicates:
    """Find copies of pictures; another photo of the same thing is none.

    A copy has a place of its own in the original: scaled and cut out, perhaps mirrored, but not
    turned or tilted, and there it shows the same, pixel by pixel, but for marks. The files are
    read for this. Nothing is written or deleted.

    Args:
        collection: of a recipe with local features; pictures that no file shows are left out.
        mirrored: look for mirror images too.
        seed: of the hash functions of the sketches.
        progress: called with what is under way, the number done and the total.

    Raises:
        UsageError: the recipe has no local features.

    Source of the sketches: Chum, Philbin, Zisserman, "Near duplicate image detection: min-hash and
    tf-idf weighting", BMVC 2008.
    """
    report = progress or _no_report
    neighbors = Neighbors(collection, purpose="finding copies")
    pictures = Pictures(collection)
    found = find_pairs(neighbors, pictures, mirrored=mirrored, seed=seed, progress=report)
    groups = _Grouping(collection, neighbors, pictures, found.pairs).groups()
    return Duplicates(
        tuple(sorted(groups, key=lambda group: (-len(group), group.original.path))),
        len(neighbors.ids),
        tuple(neighbors.paths[id_] for id_ in found.unreadable),
        tuple(neighbors.paths[id_] for id_ in found.blank),
    )


class _Grouping:
    """Pairs and files of the same bytes → groups with a likely original."""

    def __init__(
        self,
        collection: Collection,
        neighbors: Neighbors,
        pictures: Pictures,
        pairs: tuple[CopyPair, ...],
    ) -> None:
        self._pictures = pictures
        self._neighbors = neighbors
        self._pairs: dict[int, list[CopyPair]] = defaultdict(list)
        for pair in pairs:
            for id_ in pair.pair:
                self._pairs[id_].append(pair)
        self._files = _same_bytes(collection, neighbors)

    def groups(self) -> list[CopyGroup]:
        together = Groups()
        for pairs in self._pairs.values():
            for pair in pairs:
                together.join(*pair.pair)
        members: dict[int, list[int]] = defaultdict(list)
        for id_ in sorted({*self._pairs, *self._files}):
            members[together.of(id_)].append(id_)
        return [self._group(ids) for ids in members.values()]

    def _group(self, ids: list[int]) -> CopyGroup:
        original = max(ids, key=self._rank)
        first, *same = self._copies(original, of=None)
        rest = [copy for id_ in ids if id_ != original for copy in self._copies(id_, of=original)]
        return CopyGroup(first, (*same, *rest))

    def _rank(self, id_: int) -> tuple[bool, bool, int, int, float, int]:
        """Whole, sharp, large; a file that holds much more; the older one."""
        pairs, picture = self._pairs[id_], self._pictures.get(id_)
        whole = not any(_is_cut(pair, id_) for pair in pairs)
        sharp = not any(BLURRED in _changes(pair, copy=id_) for pair in pairs)
        if picture is None:
            return whole, sharp, 0, 0, 0.0, -id_
        pixels = picture.size[0] * picture.size[1]
        weight = round(math.log2(max(picture.bytes, 1)))
        return whole, sharp, pixels, weight, -picture.modified, -id_

    def _copies(self, id_: int, *, of: int | None) -> list[Copy]:
        """Every file of a content: the first as a copy of the original, others of the first."""
        first, *others = self._files.get(id_, [self._neighbors.paths[id_]])
        picture = self._pictures.get(id_)
        copy = Copy(id_, first)
        if picture is not None:
            copy = replace(copy, size=picture.size, bytes=picture.bytes)
        same = [replace(copy, path=path, changes=(SAME_BYTES,), of=first) for path in others]
        if of is not None:
            pair = self._closest(id_, of)
            source = pair.pair[id_ == pair.pair[0]]
            copy = replace(
                copy,
                changes=_changes(pair, copy=id_),
                of=self._neighbors.paths[source],
                share=pair.agreement.share,
            )
        return [copy, *same]

    def _closest(self, id_: int, original: int) -> CopyPair:
        """Its pair with the original, or else with what it agrees with best."""
        pairs = self._pairs[id_]
        direct = [pair for pair in pairs if original in pair.pair]
        return max(direct or pairs, key=lambda pair: pair.agreement.detail)


def _shares(pair: CopyPair, copy: int) -> tuple[float, float]:
    """Shares of the copy, and of the other picture, that both show."""
    overlap = pair.agreement.overlap
    if copy == pair.pair[0]:
        return overlap.share, overlap.other_share
    return overlap.other_share, overlap.share


def _is_cut(pair: CopyPair, id_: int) -> bool:
    mine, other = _shares(pair, id_)
    return other < _CUT and other < mine


def _changes(pair: CopyPair, *, copy: int) -> tuple[str, ...]:
    """What makes the copy of the other picture of the pair."""
    agreement, alignment = pair.agreement, pair.alignment
    forward = copy == pair.pair[1]
    sharpness = agreement.sharpness if forward else 1 / max(agreement.sharpness, 1e-6)
    changes = []
    if alignment.mirrored:
        changes.append(MIRRORED)
    if _shares(pair, copy)[1] < _CUT:
        changes.append(CROPPED)
    if max(abs(abs(alignment.scale_x) - 1), abs(alignment.scale_y - 1)) > _SCALED:
        changes.append(RESIZED)
    if agreement.changed > _MARKED:
        changes.append(EDITED)
    if sharpness < _SOFT and RESIZED not in changes:  # else it is that of the resampling
        changes.append(BLURRED)
    return tuple(changes) or (RE_ENCODED,)


def _same_bytes(collection: Collection, neighbors: Neighbors) -> dict[int, list[str]]:
    """By content that several files show, their paths; in full where they are alike."""
    catalog = collection.catalog
    rows = catalog.rows(
        "SELECT content FROM paths WHERE content IS NOT NULL GROUP BY content HAVING count(*) > 1"
    )
    found = {}
    for (content,) in rows:
        if content in neighbors.paths:
            stored = sorted(path for _, path in catalog.places(content))
            alike = len(set(stored)) < len(stored)
            full = [str(file).replace("\\", "/") for file in catalog.files(content)]
            found[int(content)] = full if alike else stored
    return found


def _no_report(what: str, done: int, total: int) -> None:
    del what, done, total
