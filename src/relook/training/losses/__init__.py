"""What training makes small: one loss per file, a function and a thin module of it.

Needs torch, the extra ``relook[networks]``.
"""

from relook.training.losses.base import Loss
from relook.training.losses.contrastive import contrastive
from relook.training.losses.cosine_softmax import cosine_softmax
from relook.training.losses.cross_entropy import cross_entropy
from relook.training.losses.hinge import class_hinge, hinge
from relook.training.losses.info_nce import info_nce
from relook.training.losses.locations import location_cross_entropy, triplet_locations
from relook.training.losses.make import LOSSES, make_loss
from relook.training.losses.mined import batch_contrastive, batch_triplet
from relook.training.losses.multi_similarity import multi_similarity
from relook.training.losses.quadruplet import quadruplet
from relook.training.losses.smooth_ap import smooth_ap
from relook.training.losses.triplet import triplet

__all__ = [
    "LOSSES",
    "Loss",
    "batch_contrastive",
    "batch_triplet",
    "class_hinge",
    "contrastive",
    "cosine_softmax",
    "cross_entropy",
    "hinge",
    "info_nce",
    "location_cross_entropy",
    "make_loss",
    "multi_similarity",
    "quadruplet",
    "smooth_ap",
    "triplet",
    "triplet_locations",
]
