"""From a name or a path to weights that were verified."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from relook.core.errors import FetchError, UsageError
from relook.networks.spec import NetworkSpec
from relook.networks.weights.card import SUFFIX, Card, load_card
from relook.networks.weights.checksum import check_weights, digest_of
from relook.networks.weights.files import FORMATS, read_tensors
from relook.networks.weights.layouts import to_state
from relook.networks.weights.place import VARIABLE, find_card, find_file, weights_folder
from relook.networks.weights.shipped import CARDS

__all__ = ["Weights", "open_weights"]


@dataclass(frozen=True, slots=True)
class Weights:
    """A file of weights that fits its card; read when it is asked for.

    Attributes:
        card: what is known of it.
        path: where it lies.
    """

    card: Card
    path: Path

    def spec(self, **changes: Any) -> NetworkSpec:
        """The network that they belong to, see :meth:`Card.spec`."""
        return self.card.spec(**changes)

    def state(self) -> dict[str, NDArray[Any]]:
        """float32 arrays in the names of RetrievalNetwork.

        These are ``backbone.…``, ``pool.…`` and ``whiten.weight|bias``. A classifier has ``backbone`` only: its pooling starts as :meth:`spec` says.

        Raises:
            FormatError: the file is damaged, holds NaN or infinity, or needs code to be run.
        """
        return to_state(read_tensors(self.path), self.card)

    @property
    def digest(self) -> str:
        """The sha256 of the file."""
        return digest_of(self.path)


def open_weights(name_or_path: str | Path, *, card: Card | None = None) -> Weights:
    """Find weights and verify their checksum.

    A name is looked for in the folder that ``RELOOK_WEIGHTS`` names, then in
    :func:`~relook.networks.weights.weights_folder`.

    Args:
        name_or_path: the name of a card, or a file.
        card: of the file, where it has none beside it (``NAME.card.json``).

    Raises:
        UsageError: no card of that name, no file of that path, or nothing says what is in it.
        FetchError: the file is not here; the message says what to bring and where to put it.
        FormatError: the file has another checksum.
    """
    if _is_path(name_or_path):
        path = Path(name_or_path)
        if not path.is_file():
            raise UsageError(f"there is no file {path}; relook weights list shows what is known")
        card = card or _card_of(path)
    else:
        card = card or find_card(str(name_or_path))
        path = find_file(card) or _missing(card)
    check_weights(path, card)
    return Weights(card, path)


def _is_path(given: str | Path) -> bool:
    if isinstance(given, Path):
        return True
    return "/" in given or "\\" in given or Path(given).suffix.lower() in FORMATS


def _card_of(path: Path) -> Card:
    beside = path.with_name(path.stem + SUFFIX)
    if beside.is_file():
        return load_card(beside)
    known = next((card for card in CARDS.values() if card.file == path.name), None)
    if known is None:
        raise UsageError(
            f"nothing says what network {path} belongs to; run relook weights import {path} "
            "--name NAME --backbone BACKBONE"
        )
    return known


def _missing(card: Card) -> Path:
    bring = f"{card.file} ({card.url})" if card.url else card.file
    run = f"run relook weights fetch {card.name}, or " if card.url else ""
    raise FetchError(
        f"the weights {card.name} are not here; {run}bring {bring} to {weights_folder()} or to the "
        f"folder that {VARIABLE} names"
    )
