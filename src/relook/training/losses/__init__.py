"""What training makes small: one loss per file, a function and a thin module of it.

Needs torch, the extra ``relook[networks]``.
"""

from relook.training.losses.base import Loss
from relook.training.losses.contrastive import contrastive
from relook.training.losses.cosine_softmax import cosine_softmax
from relook.training.losses.cross_entropy import cross_entropy
from relook.training.losses.info_nce import info_nce
from relook.training.losses.make import LOSSES, make_loss
from relook.training.losses.triplet import triplet

__all__ = [
    "LOSSES",
    "Loss",
    "contrastive",
    "cosine_softmax",
    "cross_entropy",
    "info_nce",
    "make_loss",
    "triplet",
]
