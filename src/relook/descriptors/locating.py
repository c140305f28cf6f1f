"""The poolings that can be taken apart by location, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.descriptors.blended_locations import gated, mixed, tree
from relook.descriptors.locations import Affine, Gem, Located, Mac, Rmac, Spoc, affine
from relook.descriptors.weighted_locations import Crow, NetVlad, TopK

__all__ = ["LOCATED", "make_located"]

Float64 = NDArray[np.float64]
State = Mapping[str, NDArray[Any]]
Options = Mapping[str, Any]


def make_located(name: str, options: Options, state: State) -> Located:
    """The pooling of a network, taken apart.

    Args:
        name: as :func:`relook.networks.pooling.make_pooling` knows it.
        options: settings of the pooling.
        state: what it has learned, by the names of its module: ``p`` of GeM, for example.

    Raises:
        UsageError: it cannot be taken apart.
    """
    if name not in LOCATED:
        raise UsageError(
            f"{name or 'a map'} is no sum over locations; choose from {', '.join(LOCATED)}"
        )
    return LOCATED[name](options, state)


def _gem(options: Options, state: State) -> Located:
    p = np.atleast_1d(np.asarray(state.get("p", options.get("p", 3.0)), np.float64))
    return Gem(p, float(options.get("eps", 1e-6)))


def _rmac(options: Options, state: State) -> Located:
    return Rmac(int(options.get("levels", 3)), bool(options.get("whole", False)), _whitening(state))


def _crow(options: Options, _: State) -> Located:
    return Crow(str(options.get("variant", "paper")), float(options.get("eps", 1e-6)))


def _top_k(options: Options, state: State) -> Located:
    return TopK(affine(state, "classify."), int(options.get("k", 5)), _whitening(state))


def _netvlad(_: Options, state: State) -> Located:
    return NetVlad(_array(state, "centers"), Affine(_array(state, "weight"), _array(state, "bias")))


LOCATED: dict[str, Callable[[Options, State], Located]] = {
    "crow": _crow,
    "gated": lambda _, state: gated(_array(state, "weights")),
    "gem": _gem,
    "mac": lambda *_: Mac(),
    "mixed": lambda _, state: mixed(_array(state, "a")),
    "netvlad": _netvlad,
    "rmac": _rmac,
    "spoc": lambda *_: Spoc(),
    "top_k": _top_k,
    "tree": lambda _, state: tree(_array(state, "leaves"), _array(state, "gates")),
}


def _whitening(state: State) -> Affine | None:
    return affine(state, "whiten.") if "whiten.weight" in state else None


def _array(state: State, name: str) -> Float64:
    return np.asarray(state[name], np.float64)
