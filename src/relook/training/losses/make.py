"""The losses by name."""

from __future__ import annotations

import inspect
from typing import Any

from relook.core.errors import UsageError
from relook.training.losses.base import Loss
from relook.training.losses.contrastive import Contrastive
from relook.training.losses.cosine_softmax import CosineSoftmax
from relook.training.losses.cross_entropy import CrossEntropy
from relook.training.losses.hinge import ClassHinge, Hinge
from relook.training.losses.info_nce import InfoNce
from relook.training.losses.locations import LocationCrossEntropy, TripletLocations
from relook.training.losses.mined import BatchContrastive, BatchTriplet
from relook.training.losses.multi_similarity import MultiSimilarity
from relook.training.losses.quadruplet import Quadruplet
from relook.training.losses.smooth_ap import SmoothAp
from relook.training.losses.triplet import Triplet

__all__ = ["LOSSES", "make_loss"]

LOSSES: dict[str, type[Loss]] = {
    "batch_contrastive": BatchContrastive,
    "batch_triplet": BatchTriplet,
    "class_hinge": ClassHinge,
    "contrastive": Contrastive,
    "cosine_softmax": CosineSoftmax,
    "cross_entropy": CrossEntropy,
    "hinge": Hinge,
    "info_nce": InfoNce,
    "location_cross_entropy": LocationCrossEntropy,
    "multi_similarity": MultiSimilarity,
    "quadruplet": Quadruplet,
    "smooth_ap": SmoothAp,
    "triplet": Triplet,
    "triplet_locations": TripletLocations,
}


def make_loss(name: str, **options: Any) -> Loss:
    """Make a loss.

    Args:
        name: a key of :data:`LOSSES`.
        options: of that loss, as its class names them; ``dims`` and ``classes`` are among them
            where its kind is ``"classes"``.

    Raises:
        UsageError: no such loss, no such option, one that is missing, or a value it cannot have.
    """
    if name not in LOSSES:
        raise UsageError(f"no loss is called {name!r}; choose from {', '.join(LOSSES)}")
    known = inspect.signature(LOSSES[name]).parameters
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise UsageError(
            f"the loss {name} has no option {', '.join(unknown)}; "
            f"choose from {', '.join(known) or 'none'}"
        )
    empty = inspect.Parameter.empty
    missing = [key for key, one in known.items() if one.default is empty and key not in options]
    if missing:
        raise UsageError(f"the loss {name} needs {' and '.join(missing)}")
    make: Any = LOSSES[name]
    loss: Loss = make(**options)
    return loss
