"""Feature maps → vectors: one pooling per file, a function and a thin module of it.

Needs torch, the extra ``relook[networks]``.
"""

from relook.networks.pooling.base import Pooling
from relook.networks.pooling.crow import crow
from relook.networks.pooling.gated import gated
from relook.networks.pooling.gem import gem
from relook.networks.pooling.mac import mac
from relook.networks.pooling.make import POOLINGS, make_pooling
from relook.networks.pooling.mixed import mixed
from relook.networks.pooling.netvlad import netvlad
from relook.networks.pooling.numerics import affine, l2, widen
from relook.networks.pooling.regional import regional
from relook.networks.pooling.rmac import rmac
from relook.networks.pooling.spoc import spoc
from relook.networks.pooling.top_k import TopK, top_k
from relook.networks.pooling.tree import tree

__all__ = [
    "POOLINGS",
    "Pooling",
    "TopK",
    "affine",
    "crow",
    "gated",
    "gem",
    "l2",
    "mac",
    "make_pooling",
    "mixed",
    "netvlad",
    "regional",
    "rmac",
    "spoc",
    "top_k",
    "tree",
    "widen",
]
