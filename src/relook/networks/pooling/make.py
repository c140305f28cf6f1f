"""The poolings by name."""

from __future__ import annotations

import inspect
from typing import Any

from relook.core.errors import UsageError
from relook.networks.pooling.base import Pooling, check_count
from relook.networks.pooling.crow import Crow
from relook.networks.pooling.gated import Gated
from relook.networks.pooling.gem import Gem
from relook.networks.pooling.mac import Mac
from relook.networks.pooling.mixed import Mixed
from relook.networks.pooling.netvlad import NetVlad
from relook.networks.pooling.regional import Regional
from relook.networks.pooling.rmac import Rmac
from relook.networks.pooling.spoc import Spoc
from relook.networks.pooling.top_k import TopK
from relook.networks.pooling.tree import Tree

__all__ = ["POOLINGS", "make_pooling"]

POOLINGS: dict[str, type[Pooling]] = {
    "crow": Crow,
    "gated": Gated,
    "gem": Gem,
    "mac": Mac,
    "mixed": Mixed,
    "netvlad": NetVlad,
    "regional": Regional,
    "rmac": Rmac,
    "spoc": Spoc,
    "top_k": TopK,
    "tree": Tree,
}


def make_pooling(name: str, *, channels: int, **options: Any) -> Pooling:
    """Make a pooling for maps of so many channels.

    Args:
        name: a key of :data:`POOLINGS`.
        channels: C of the maps ``(B, C, h, w)``.
        options: of that pooling, as its class names them.

    Raises:
        UsageError: no such pooling, no such option, or a value that it cannot have.
    """
    if name not in POOLINGS:
        raise UsageError(f"no pooling is called {name!r}; choose from {', '.join(POOLINGS)}")
    check_count("channels", channels, least=1)
    known = list(inspect.signature(POOLINGS[name]).parameters)
    known.remove("channels")
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise UsageError(
            f"the pooling {name} has no option {', '.join(unknown)}; "
            f"choose from {', '.join(known) or 'none'}"
        )
    make: Any = POOLINGS[name]
    pooling: Pooling = make(channels=channels, **options)
    return pooling
