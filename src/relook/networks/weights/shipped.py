"""The cards that ship: what is known of published weights, none of which ship themselves.

A sha256 stands here only where the file was at hand. torchvision publishes the first eight digits
of it in the names of its files; those are checked. What is left open is left empty.
"""

from __future__ import annotations

from relook.networks.weights.card import Card

__all__ = ["CARDS"]

_HALF = (0.5, 0.5, 0.5)

MOBILENETS = (
    Card(
        name="mobilenet-v2",
        file="mobilenet_v2_100.npz",
        backbone="mobilenet-v2",
        layout="mobilenet-npz",
        padding="same",
        mean=_HALF,
        std=_HALF,
        size=224,
        license="Apache-2.0",
        sha256="777144bbf9e793db0543761883c703e6e211728857298f57a122bf3d04796ec9",
        training_set="ImageNet-1k",
        notes="Batch normalization folded into the convolutions; not offered for download.",
    ),
    Card(
        name="mobilenet-v1-075",
        file="mobilenet_v1_075.npz",
        backbone="mobilenet-v1-075",
        layout="mobilenet-npz",
        padding="same",
        mean=_HALF,
        std=_HALF,
        size=224,
        sha256="e2cac5090638ec4590b74f3defd4380f86d9f65edf0a540a2a59dc72fa4b2617",
        training_set="ImageNet-1k",
        notes="Width 0.75; not offered for download.",
    ),
)

CARDS: dict[str, Card] = {card.name: card for card in MOBILENETS}
"""By name."""
