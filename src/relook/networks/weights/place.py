"""Where weights lie: the folder that RELOOK_WEIGHTS names, and the cache folder of the user."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from relook.core.errors import StorageError, UsageError
from relook.networks.weights.card import SUFFIX, Card, load_card
from relook.networks.weights.shipped import CARDS

__all__ = ["VARIABLE", "find_card", "find_file", "list_cards", "weights_folder"]

VARIABLE = "RELOOK_WEIGHTS"


def weights_folder() -> Path:
    """Where weights are downloaded and imported to; it need not be there yet.

    ``XDG_CACHE_HOME`` or ``LOCALAPPDATA`` where they are set, else the cache folder that the system
    gives every user.
    """
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        base = os.environ.get(variable, "")
        if base and Path(base).is_absolute():
            return Path(base) / "relook" / "weights"
    cache = Path("Library", "Caches") if sys.platform == "darwin" else Path(".cache")
    try:
        return Path.home() / cache / "relook" / "weights"
    except RuntimeError as error:
        raise UsageError(f"this user has no home folder; set {VARIABLE} to a folder") from error


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
    """The file of a card, in the first folder that has it."""
    return next((path for one in folders() if _is_file(path := one / card.file)), None)


def find_card(name: str) -> Card:
    """The card of this name: shipped, or beside a file that was brought.

    Raises:
        UsageError: there is none, or there are two that differ.
    """
    cards = list_cards()
    if name not in cards:
        raise UsageError(
            f"no weights are called {name!r}; choose {', '.join(cards)}, or give the path of a file"
        )
    return cards[name]


def list_cards() -> dict[str, Card]:
    """All cards by name: those that ship, then those in the folders.

    Raises:
        UsageError: two cards of one name differ.
    """
    found = dict(CARDS)
    origin = dict.fromkeys(found, "relook itself")
    for file in _card_files():
        card = load_card(file)
        if card != found.setdefault(card.name, card):
            raise UsageError(
                f"{file} is another card of {card.name} than that of {origin[card.name]}; "
                "rename one of the two"
            )
        origin.setdefault(card.name, str(file))
    return found


def _card_files() -> list[Path]:
    try:
        return [
            file for folder in folders() if folder.is_dir()
            for file in sorted(folder.iterdir())
            if file.name.endswith(SUFFIX) and not file.name.startswith(".")
        ]  # fmt: skip
    except OSError as error:
        raise StorageError(f"cannot list {error.filename}: {error.strerror}") from error


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        raise StorageError(f"cannot look for {path}: {error.strerror}") from error
