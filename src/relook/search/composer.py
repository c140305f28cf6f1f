"""Recipe → engine: the one place where describing, indexing and answering are put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.core.records import Image, Ranking
from relook.search.channels import GLOBAL, LOCAL
from relook.search.describer import make_describer
from relook.search.engine import Channel, Companion, Compare, Engine, Sources
from relook.search.local import LocalParts
from relook.search.recipe import Recipe

__all__ = ["make_engine"]

Answer = tuple[Ranking, Mapping[str, float]]
Codes = Mapping[str, Any]


class _Answers(Protocol):
    """How a recipe answers: a query is described, and what was described is looked for."""

    def describe(self, image: Image) -> Codes: ...

    def find(self, sources: Sources, codes: Codes, top: int) -> Answer: ...


def make_engine(recipe: Recipe) -> Engine:
    """A recipe turned into functions. Codebooks and weights are loaded when they are first needed.

    Raises:
        UsageError: the recipe has no channel.
    """
    if recipe.plan.hqe.neighbors and (recipe.local is None or recipe.vector is not None):
        raise UsageError(
            f"plan.hqe is of local features alone, and {recipe.name} has a vector of each picture "
            "too; use plan.expand or plan.diffuse, or another recipe"
        )
    channels: list[Channel] = []
    companions: tuple[Companion, ...] = ()
    prepare: list[Callable[[], None]] = []
    local = _local(recipe)
    if local is not None:
        channels.append(local.channel)
        prepare.append(local.prepare)
    answers: _Answers | None = None if local is None else _LocalAnswer(local)
    compare: Compare | None = None
    if recipe.vector is not None:
        # Networks and vector indexes are no business of a recipe without them.
        from relook.search.hybrid import HybridAnswer, VectorAnswer  # noqa: PLC0415
        from relook.search.vector import VectorParts  # noqa: PLC0415
        from relook.search.vector_search import make_graph  # noqa: PLC0415

        threads = recipe.plan.threads
        vector = VectorParts(recipe.vector, recipe.index_hash(GLOBAL), threads)
        channels.append(vector.channel)
        companions = make_graph(recipe.plan, parameters=recipe.graph_hash)
        prepare.append(vector.prepare)
        if local is None:
            answers = plain = VectorAnswer(vector, recipe.plan)
            compare = plain.compare if companions else None
        else:
            answers = both = HybridAnswer(local, vector, recipe.plan, _exponent(recipe))
            compare = both.compare
    if answers is None:
        raise UsageError(f"recipe {recipe.name} has no channel; add [channels.local]")
    return Engine(
        name=recipe.name,
        recipe=recipe.to_json(),
        describe_hash=recipe.describe_hash,
        longest=recipe.longest,
        make_describer=partial(make_describer, recipe),
        channels=tuple(channels),
        describe_query=answers.describe,
        find=answers.find,
        kind=_kind(recipe),
        similarities=_similarities(recipe),
        companions=companions,
        prepare=partial(_all, prepare),
        exponent=_exponent(recipe),
        compare=compare,
        replan=partial(_replan, recipe),
    )


def _replan(recipe: Recipe, changes: Mapping[str, Any]) -> Engine:
    """The graph is made for one number of neighbors; all else of a plan is free at every search."""
    if "diffuse.neighbors" in changes:
        raise UsageError("diffuse.neighbors is part of what is derived; change the recipe")
    return make_engine(recipe.with_settings({f"plan.{key}": changes[key] for key in changes}))


def _exponent(recipe: Recipe) -> float:
    """Match kernels raise the similarity of residuals to α; no other first stage does."""
    local = recipe.local
    return max(local.index.alpha, 1.0) if local is not None and local.encoding == "smk" else 1.0


def _kind(recipe: Recipe) -> str:
    if recipe.vector is None:
        return "local"
    return "global" if recipe.local is None else "both"


def _similarities(recipe: Recipe) -> Callable[[Ranking], NDArray[np.float64]]:
    """What the ranking's scores are without the evidence in them; how that got in depends."""
    if recipe.local is None:
        return lambda ranking: ranking.scores.astype(np.float64)
    if recipe.vector is None:  # score × (1 + strength)
        return lambda ranking: np.log(np.maximum(ranking.scores, 1e-9)) - _evidence(ranking)
    return lambda ranking: ranking.scores - _evidence(ranking)


def _evidence(ranking: Ranking) -> NDArray[np.float64]:
    proofs = ranking.evidence or (None,) * len(ranking)
    return np.log1p([0.0 if proof is None else proof.strength for proof in proofs])


def _all(steps: Sequence[Callable[[], None]]) -> None:
    for step in steps:
        step()


def _local(recipe: Recipe) -> LocalParts | None:
    if recipe.local is None:
        return None
    return LocalParts(recipe.local, recipe.plan, recipe.index_hash(LOCAL))


@dataclass(frozen=True, slots=True)
class _LocalAnswer:
    """Answers by local features: the first stage, then geometry."""

    local: LocalParts

    def describe(self, image: Image) -> Codes:
        return {LOCAL: self.local.describer.describe_query(image)}

    def find(self, sources: Sources, codes: Codes, top: int) -> Answer:
        index, store = sources.index(LOCAL), sources.store(LOCAL)
        return self.local.search.find(codes[LOCAL], index, store, top=top)
