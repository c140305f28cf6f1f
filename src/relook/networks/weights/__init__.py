"""Weights of networks: where they come from, where they lie, and how they are read without risk.

Nothing here imports torch until a torch file is opened.
"""

from relook.networks.weights.card import LAYOUTS, Card
from relook.networks.weights.importing import fetch_weights, import_weights
from relook.networks.weights.opening import Weights, open_weights
from relook.networks.weights.place import find_card, find_file, list_cards, ships, weights_folder
from relook.networks.weights.shipped import CARDS

__all__ = [
    "CARDS",
    "LAYOUTS",
    "Card",
    "Weights",
    "fetch_weights",
    "find_card",
    "find_file",
    "import_weights",
    "list_cards",
    "open_weights",
    "ships",
    "weights_folder",
]
