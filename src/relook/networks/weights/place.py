"""Where weights lie: in the package, the folder that RELOOK_WEIGHTS names, the user's cache."""

from __future__ import annotations

import os
from pathlib import Path

from relook.core.errors import StorageError, UsageError
from relook.core.user_cache import cache_folder
from relook.networks.shipped import FOLDER
from relook.networks.weights.card import SUFFIX, Card, check_name, load_card
from relook.networks.weights.shipped import CARDS

__all__ = ["VARIABLE", "find_card", "find_file", "list_cards", "ships", "weights_folder"]

VARIABLE = "RELOOK_WEIGHTS"


def weights_folder() -> Path:
    """Where weights are downloaded and imported to; it need not be there yet."""
    return cache_folder() / "weights"


def folders() -> list[Path]:
    """Where weights are looked for, in this order.

    Raises:
        UsageError: RELOOK_WEIGHTS names no folder.
    """
    named = os.environ.get(VARIABLE, "")
    if not named:
        return [weights_folder()]
    if not Path(named).is_dir():
        raise UsageError(f"{VARIABLE} names {named}, which is no folder; make it or unset it")
    return [Path(named), weights_folder()]


def find_file(card: Card) -> Path | None:
    """The file of a card: one that ships, else in the first folder that has it."""
    places = [FOLDER, *folders()]
    return next((path for one in places if _is_file(path := one / card.file)), None)


def ships(card: Card) -> bool:
    """Whether the weights of a card are part of the package, with a graph that needs no torch."""
    return _is_file(FOLDER / card.file)


def find_card(name: str) -> Card:
    """The card of this name: shipped, or ``NAME.card.json`` in one of the folders.

    Raises:
        UsageError: there is none, or there are two that differ.
        FormatError: it is damaged.
    """
    check_name(name)
    found = {"relook itself": CARDS[name]} if name in CARDS else {}
    for folder in folders():
        if _is_file(file := folder / f"{name}{SUFFIX}"):
            found[str(file)] = load_card(file)
    if not found:
        known = ", ".join(_names())
        raise UsageError(f"no weights are called {name!r}; choose {known}, or give a file's path")
    origins, cards = list(found), list(found.values())
    for origin, card in zip(origins, cards, strict=True):
        if card != cards[0]:
            raise UsageError(
                f"{origin} is another card of {name} than that of {origins[0]}; rename one of them"
            )
    return cards[0]


def list_cards() -> dict[str, Card]:
    """All cards by name: those that ship, then those in the folders.

    Raises:
        UsageError: two cards of one name differ.
        FormatError: one is damaged.
    """
    return {name: find_card(name) for name in _names()}


def _names() -> list[str]:
    try:
        files = [file.name for one in folders() if one.is_dir() for file in sorted(one.iterdir())]
    except OSError as error:
        raise StorageError(f"cannot list {error.filename}: {error.strerror}") from error
    brought = [
        name.removesuffix(SUFFIX)
        for name in files
        if name.endswith(SUFFIX) and not name.startswith(".")
    ]
    return list(dict.fromkeys([*CARDS, *brought]))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        raise StorageError(f"cannot look for {path}: {error.strerror}") from error
