"""Pairs of pictures that are copies of each other: candidates, and what their pixels say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.records import Evidence
from relook.mapping.agreement import Agreement, compare
from relook.mapping.alignment import Alignment, fit, whole
from relook.mapping.fingerprints import DIMENSIONS, fingerprint, mirror, similar_pairs
from relook.mapping.growth import Progress, choose_partners, sketch
from relook.mapping.mirroring import make_mirror
from relook.mapping.neighbors import Neighbors
from relook.mapping.pictures import Picture, Pictures

__all__ = ["CopyPair", "Found", "find_pairs", "is_copy"]

_SIMILAR = 0.85
"""Inner product of fingerprints from which pixels are compared."""
_MOST = 20
_PARTNERS = 10
_SKETCHES = 512
_NEAREST = 3
"""Of the index that are looked at for a mirror image."""
_SHARE = 0.6
_DETAIL = 0.6
_SURE, _TYPICAL = 0.75, 0.925
"""Less agreement than the first is that of a copy with marks if the rest is very much alike."""
_INSIDE = 0.8
"""Share of one picture at least that lies in the other."""
_STRENGTH = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class CopyPair:
    """Two pictures that are copies.

    Attributes:
        pair: their ids, the lower first.
        alignment: of the first with the second.
        agreement: what their pixels say.
    """

    pair: tuple[int, int]
    alignment: Alignment
    agreement: Agreement


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Pairs of copies, and the pictures that could not be looked at.

    Attributes:
        pairs: in order of their ids.
        unreadable: ids of pictures of which no file can be read any more.
        blank: ids of pictures that show nothing that could be compared.
    """

    pairs: tuple[CopyPair, ...]
    unreadable: tuple[int, ...]
    blank: tuple[int, ...]


def find_pairs(
    neighbors: Neighbors, pictures: Pictures, *, mirrored: bool, seed: int, progress: Progress
) -> Found:
    """Find all pairs of copies with different bytes.

    Whole pictures are told by fingerprints, their mirror images too; parts, and what has large
    marks on it, by sketches of their words and by geometry. The pixels decide.
    """
    prints, unreadable = _read(neighbors, pictures, progress)
    ids = neighbors.ids
    found: dict[tuple[int, int], CopyPair] = {}
    gone = set(unreadable)
    tables = [(False, prints), (True, mirror(prints))][: 1 + mirrored]
    for flipped, others in tables:
        candidates = list(similar_pairs(prints, others, least=_SIMILAR, most=_MOST))
        for number, (row, other) in enumerate(candidates, start=1):
            pair = (int(ids[row]), int(ids[other]))
            one, two = pictures.get(pair[0]), pictures.get(pair[1])
            if one is not None and two is not None:
                _judge(found, pair, one, two, whole(one.size, two.size, mirrored=flipped))
            progress("compare mirrored" if flipped else "compare", number, len(candidates))
    _find_parts(neighbors, pictures, found, gone, seed=seed, progress=progress)
    if mirrored:
        _find_mirrored_parts(neighbors, pictures, found, progress)
    empty = ids[~prints.any(axis=1)].tolist()
    blank = tuple(id_ for id_ in empty if id_ not in gone)
    return Found(tuple(found[pair] for pair in sorted(found)), tuple(unreadable), blank)


def _read(
    neighbors: Neighbors, pictures: Pictures, progress: Progress
) -> tuple[NDArray[np.float32], list[int]]:
    prints = np.zeros((len(neighbors.ids), DIMENSIONS), np.float32)
    unreadable = []
    for row, id_ in enumerate(neighbors.ids.tolist()):
        picture = pictures.get(id_)
        if picture is None:
            unreadable.append(id_)
        else:
            prints[row] = fingerprint(picture.gray)
        progress("read", row + 1, len(neighbors.ids))
    return prints, unreadable


def _find_parts(
    neighbors: Neighbors,
    pictures: Pictures,
    found: dict[tuple[int, int], CopyPair],
    gone: Iterable[int],
    *,
    seed: int,
    progress: Progress,
) -> None:
    """Crops and the like: pairs whose sketches collide and whose matches fit an alignment."""
    table = sketch(neighbors, sketches=_SKETCHES, seed=seed, progress=progress)
    table[np.isin(neighbors.ids, list(gone))] = 0
    partners = choose_partners(neighbors.ids, table, most=_PARTNERS)
    for number, one in enumerate(sorted(partners), start=1):
        query = neighbors.codes([one]).get(one)
        if query is not None:
            others = [other for other in partners[one] if (one, other) not in found]
            for other, proof in neighbors.verify(query, neighbors.codes(others)).items():
                _judge_part(found, (one, other), proof.query_points, proof, pictures)
        progress("compare parts", number, len(partners))


def _find_mirrored_parts(
    neighbors: Neighbors,
    pictures: Pictures,
    found: dict[tuple[int, int], CopyPair],
    progress: Progress,
) -> None:
    """Crops of mirror images: the index is asked for the mirror image of each picture.

    What is known of that is too rough for sketches to collide.
    """
    mirroring = make_mirror(neighbors)
    if mirroring is None:
        return
    total = len(neighbors.ids)
    for number, (one, codes) in enumerate(neighbors.all_codes(), start=1):
        query = mirroring.codes(codes) if len(codes) else codes
        near = neighbors.find(query, top=_NEAREST + 1).ids.tolist()
        others = [id_ for id_ in near if id_ != one and tuple(sorted((one, id_))) not in found]
        for other, proof in neighbors.verify(query, neighbors.codes(others)).items():
            points = proof.query_points.copy()
            points[:, 0] = codes.size[0] - 1 - points[:, 0]
            _judge_part(found, (one, other), points, proof, pictures)
        progress("look for mirrored parts", number, total)


def _judge_part(
    found: dict[tuple[int, int], CopyPair],
    pair: tuple[int, int],
    points: NDArray[np.float32],
    proof: Evidence,
    pictures: Pictures,
) -> None:
    """Keep a pair whose matches fit an alignment that the pixels confirm; ``points`` are its."""
    if proof.strength < _STRENGTH:
        return
    one, two = pictures.get(pair[0]), pictures.get(pair[1])
    if one is None or two is None:
        return
    theirs = proof.points
    if pair[0] > pair[1]:
        pair, one, two, points, theirs = pair[::-1], two, one, theirs, points
    alignment = fit(points, theirs, longest=max(two.size))
    if alignment is not None:
        _judge(found, pair, one, two, alignment)


def _judge(
    found: dict[tuple[int, int], CopyPair],
    pair: tuple[int, int],
    one: Picture,
    two: Picture,
    alignment: Alignment,
) -> None:
    """Keep the alignment of a pair where the pixels say that it is one picture."""
    agreement = compare(one, two, alignment)
    if agreement is None or not is_copy(agreement):
        return
    known = found.get(pair)
    if known is None or known.agreement.detail < agreement.detail:
        found[pair] = CopyPair(pair, alignment, agreement)


def is_copy(agreement: Agreement) -> bool:
    """Whether pixels that agree so are those of one picture."""
    shared = max(agreement.overlap.share, agreement.overlap.other_share)
    if shared < _INSIDE or agreement.share < _SHARE or agreement.detail < _DETAIL:
        return False
    return agreement.detail >= _SURE or agreement.typical >= _TYPICAL
