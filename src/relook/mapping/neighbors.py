"""What a collection of local features says of its own pictures: who is near whom, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.collection import Collection
from relook.core.errors import UsageError
from relook.core.records import Evidence, LocalCodes, Ranking
from relook.search import Recipe
from relook.search.channels import LOCAL
from relook.search.local import LocalParts

__all__ = ["Neighbors"]

_CHUNK = 256


class Neighbors:
    """The pictures of a collection that a file shows, and what was stored of them as queries.

    Args:
        collection: of a recipe with local features.
        purpose: what they are needed for, for the error.

    Raises:
        UsageError: the recipe has no local features.
    """

    def __init__(self, collection: Collection, *, purpose: str) -> None:
        engine = collection.engine
        recipe = Recipe.from_json(engine.recipe)
        if recipe.local is None:
            raise UsageError(
                f"{purpose} needs local features, which the recipe {engine.name} has none of; "
                "index the photos into a new directory with --recipe sift-asmk"
            )
        self.parts = LocalParts(recipe.local, recipe.plan, recipe.index_hash(LOCAL))
        self.candidates = max(recipe.plan.candidates, 1)
        self.verified_strength = recipe.plan.verified_strength
        self._sources = collection.sources()
        self._store = self._sources.store(LOCAL)
        ids = collection.catalog.searchable().tolist()
        self.paths: Mapping[int, str] = collection.catalog.paths(ids)
        self.ids: NDArray[np.int64] = np.array([id_ for id_ in ids if id_ in self.paths], np.int64)

    def codes(self, ids: Sequence[int]) -> Mapping[int, LocalCodes]:
        """The codes of these pictures; damaged ones are missing."""
        return self._store.codes(ids)

    def all_codes(self) -> Iterator[tuple[int, LocalCodes]]:
        """Every picture with its codes, in order; damaged ones are missing."""
        for start in range(0, len(self.ids), _CHUNK):
            yield from self.codes(self.ids[start : start + _CHUNK].tolist()).items()

    def verify(self, query: LocalCodes, others: Mapping[int, LocalCodes]) -> dict[int, Evidence]:
        """Hold pictures against a query by geometry; those without evidence are missing."""
        ids = list(others)
        found = self.parts.reranker.examine(query, ids, _Read(others))
        return {id_: proof for id_, proof in zip(ids, found, strict=True) if proof is not None}

    def find(self, query: LocalCodes, *, top: int) -> Ranking:
        """The best images by their words, without geometry; those no file shows are left out."""
        found: Ranking = self._sources.index(LOCAL).search(query.aggregate, top=top)
        shown = [row for row, id_ in enumerate(found.ids.tolist()) if id_ in self.paths]
        return Ranking(found.ids[shown], found.scores[shown])


@dataclass(frozen=True, slots=True)
class _Read:
    """Codes that were read already, as a store."""

    found: Mapping[int, LocalCodes]

    def codes(self, ids: Sequence[int]) -> Mapping[int, LocalCodes]:
        return {id_: self.found[id_] for id_ in ids}
