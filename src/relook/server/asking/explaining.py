"""Why a query and a picture are called similar: evidence by a thread, maps by a worker process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from relook.collection import Hit
from relook.core.errors import RelookError
from relook.core.records import Box
from relook.images import MAX_PIXELS, crop, read
from relook.search import Recipe
from relook.server.asking import Asking
from relook.server.asking.queries import Asked
from relook.server.describing import Tools
from relook.server.describing.tasks import Original

if TYPE_CHECKING:
    from relook.search.explaining import Explainer, SimilarityMaps

__all__ = ["Explanation", "MapSimilarity", "explain"]


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """What is known of how two pictures are alike.

    Attributes:
        hit: with the evidence of geometry; None where the two have nothing in common.
        maps: what each part gives to the similarity; None where it has no parts.
    """

    hit: Hit | None
    maps: SimilarityMaps | None


@dataclass(frozen=True, slots=True)
class MapSimilarity:
    """Take the similarity of two pictures apart.

    Attributes:
        recipe: as JSON.
        query: the bytes of the query.
        box: the part of it that is looked for.
        result: the bytes of the other picture.
        max_pixels: of the query; a larger one is refused before it is decoded.
    """

    recipe: str
    query: Original
    box: Box | None
    result: Original
    max_pixels: int = MAX_PIXELS

    def run(self, tools: Tools) -> SimilarityMaps | None:
        """Decode both, and ask the network for its maps.

        What speaks for the result by geometry was found without the pictures, and is told also
        where one of them cannot be read any more: there are no maps then.
        """
        del tools
        explainer = _explainer(self.recipe)
        if explainer is None:
            return None
        longest = Recipe.from_json(self.recipe).longest
        try:
            query = read(self.query.load(), longest=longest, max_pixels=self.max_pixels)
            result = read(self.result.load(), longest=longest)
            part = query if self.box is None else crop(query, self.box)
            return explainer.explain(part, result)
        except RelookError:
            return None


@lru_cache(maxsize=1)
def _explainer(recipe: str) -> Explainer | None:
    """Made in a worker when it is first asked; None where similarity has no parts."""
    from relook.search.explaining import make_explainer  # noqa: PLC0415 - networks, for workers

    try:
        return make_explainer(Recipe.from_json(recipe))
    except RelookError:  # weights that are gone
        return None


async def explain(asking: Asking, asked: Asked, content: int, result: Original) -> Explanation:
    """Explain a picture of the collection to who asked.

    Args:
        asking: of the server.
        asked: the query. Of several boxes the one with the strongest evidence is explained.
        content: id of the picture.
        result: its bytes.

    Raises:
        ProblemError: 503 where too many wait.
    """
    hits = await asking.finder.run(
        lambda: [asking.collection.explain(query, content) for query in asked.queries]
    )
    best = max(range(len(hits)), key=lambda number: _strength(hits[number]))
    engine = asking.collection.engine
    if engine.kind == "local":
        return Explanation(hits[best], None)
    original = asked.original if asked.id is None else (await asking.original(asked.id))[1]
    limit = asking.settings.upload_pixels if asked.id is None else MAX_PIXELS
    box = asked.boxes[best] if asked.boxes else None
    task = MapSimilarity(engine.recipe, original, box, result, max_pixels=limit)
    return Explanation(hits[best], await asking.pool.run(task))


def _strength(hit: Hit | None) -> tuple[float, float]:
    """Of geometry first, and of the whole where there is none."""
    if hit is None:
        return (-1.0, 0.0)
    return (0.0 if hit.evidence is None else hit.evidence.strength, hit.score)
