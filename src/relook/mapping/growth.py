"""Links between pictures: seeds by min-hash, then growth by asking for what was found."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from relook.core.records import LocalCodes
from relook.encodings.minhash import MinHash, collisions
from relook.mapping.links import Links
from relook.mapping.neighbors import Neighbors

__all__ = ["Progress", "choose_partners", "grow", "make_hash", "plant", "sketch"]

Progress = Callable[[str, int, int], None]
"""Called with what is under way, the number done and the total."""

_BITS = 16
_COARSE = 3
"""Words of a sketch where there are no signatures that could tell words apart."""


def make_hash(codes: LocalCodes, *, sketches: int, seed: int) -> MinHash:
    """A min-hash for codes of this kind: words refined by bits, else tuples of plain words.

    Bits tell strangers from relatives at a lower price than longer tuples do. Measured on 1,400
    photos and 16k words: a bit halves the chance of strangers to meet and costs relatives a
    quarter of theirs; a second word divides that of strangers by 36 and that of relatives by 12.
    """
    fine = 64 * codes.signatures.shape[1] >= _BITS
    return (
        MinHash(sketches=sketches, size=1, bits=_BITS, seed=seed)
        if fine
        else MinHash(sketches=sketches, size=_COARSE, seed=seed)
    )


def sketch(
    neighbors: Neighbors, *, sketches: int, seed: int, progress: Progress
) -> NDArray[np.uint32]:
    """``(N, sketches)`` uint32 sketches of all pictures; zeros for one without features.

    Half of each sketch is enough to tell it: what meets by chance is verified anyway.
    """
    table = np.zeros((len(neighbors.ids), sketches), np.uint32)
    row_of = {id_: row for row, id_ in enumerate(neighbors.ids.tolist())}
    for number, (id_, codes) in enumerate(neighbors.all_codes(), start=1):
        hashing = make_hash(codes, sketches=sketches, seed=seed)
        made = hashing.encode(codes.words, codes.signatures)
        table[row_of[id_]] = np.where(made == 0, 0, made >> np.uint64(32) | np.uint64(1))
        progress("sketch", number, len(neighbors.ids))
    return table


def choose_partners(
    ids: NDArray[np.int64], table: NDArray[np.uint32], *, most: int
) -> dict[int, list[int]]:
    """By picture the partners to look at: those that it met most often, each pair once."""
    pairs, counts = collisions(table)
    order = np.lexsort((pairs[:, 1], pairs[:, 0], -counts))
    taken: dict[int, int] = defaultdict(int)
    partners: dict[int, list[int]] = defaultdict(list)
    for one, other in ids[pairs[order]].tolist():
        if taken[one] < most or taken[other] < most:
            taken[one] += 1
            taken[other] += 1
            partners[one].append(other)
    return dict(partners)


def plant(
    neighbors: Neighbors,
    partners: dict[int, list[int]],
    links: Links,
    *,
    strength: float,
    progress: Progress,
) -> set[int]:
    """Verify colliding pairs; the pictures of those that hold are seeds."""
    seeds: set[int] = set()
    for number, one in enumerate(sorted(partners), start=1):
        query = neighbors.codes([one]).get(one)
        if query is not None:
            found = _link(neighbors, links, one, query, partners[one], strength=strength)
            seeds.update(found)
            if found:
                seeds.add(one)
        progress("verify seeds", number, len(partners))
    return seeds


def grow(
    neighbors: Neighbors,
    seeds: Sequence[int],
    links: Links,
    *,
    strength: float,
    progress: Progress,
) -> int:
    """Ask for every picture that is in, and for those that this brings in, until nothing is new.

    Source: Chum, Matas, PAMI 2010, section 4 (query expansion, one picture at a time).

    Returns:
        How many pictures were asked for.
    """
    queue = deque(seeds)
    seen = set(seeds)
    asked = 0
    while queue:
        one = queue.popleft()
        query = neighbors.codes([one]).get(one)
        if query is not None:
            ranking = neighbors.find(query, top=neighbors.candidates)
            others = [id_ for id_ in ranking.ids.tolist() if id_ != one]
            new = [
                id_
                for id_ in _link(neighbors, links, one, query, others, strength=strength)
                if id_ not in seen
            ]
            seen.update(new)
            queue.extend(new)
        asked += 1
        progress("grow", asked, len(seen))
    return asked


def _link(
    neighbors: Neighbors,
    links: Links,
    one: int,
    query: LocalCodes,
    others: Sequence[int],
    *,
    strength: float,
) -> list[int]:
    """Those of the others that show the same thing as ``one``; they are noted."""
    codes = neighbors.codes(others)
    found = []
    for other, evidence in neighbors.verify(query, codes).items():
        if evidence.strength >= strength:
            links.add(one, other, evidence, sizes=(query.size, codes[other].size))
            found.append(other)
    return found
