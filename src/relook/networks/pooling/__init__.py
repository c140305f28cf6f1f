"""Feature maps → vectors: one pooling per file, a function and a thin module of it.

Needs torch, the extra ``relook[networks]``.
"""

from relook.networks.pooling.base import Pooling
from relook.networks.pooling.gem import gem
from relook.networks.pooling.mac import mac
from relook.networks.pooling.make import POOLINGS, make_pooling
from relook.networks.pooling.numerics import affine, l2, widen
from relook.networks.pooling.rmac import rmac
from relook.networks.pooling.spoc import spoc

__all__ = [
    "POOLINGS",
    "Pooling",
    "affine",
    "gem",
    "l2",
    "mac",
    "make_pooling",
    "rmac",
    "spoc",
    "widen",
]
