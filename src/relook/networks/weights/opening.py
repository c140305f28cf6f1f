"""From a name or a path to weights that were verified."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from relook.core.errors import FetchError, UsageError
from relook.networks.spec import NetworkSpec
from relook.networks.weights.card import SUFFIX, Card, load_card
from relook.networks.weights.checksum import check_weights, digest_of
from relook.networks.weights.cirtorch import Whitenings, describe_meta
from relook.networks.weights.files import FORMATS, Tensors, read_tensors
from relook.networks.weights.layouts import find_layout, to_state, to_whitenings
from relook.networks.weights.place import VARIABLE, find_card, find_file, weights_folder
from relook.networks.weights.shipped import CARDS

__all__ = ["Weights", "missing", "open_weights"]


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

        These are ``backbone.…``, ``pool.…`` and ``whiten.weight|bias``. A classifier has its
        ``backbone`` only, and its ``fc`` or ``classifier`` within.

        Raises:
            FormatError: the file is damaged, holds NaN or infinity, or needs code to be run.
        """
        return to_state(self.tensors(), self.card)

    def tensors(self) -> Tensors:
        """What the file holds, in its own names."""
        return read_tensors(self.path)

    @property
    def whitenings(self) -> Whitenings:
        """Mean ``(D,)`` and projection ``(d, D)`` by name, of whitenings that came with them.

        Those of cirtorch are called ``TRAINING SET/ss``, for one scale, and ``TRAINING SET/ms``.
        """
        return to_whitenings(self.tensors(), self.card)

    @property
    def sha256(self) -> str:
        """Of the file, in hexadecimal digits."""
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
    path = _path_of(name_or_path)
    if path is not None:
        card = card or _card_of(path)
    else:
        card = card or find_card(str(name_or_path))
        path = find_file(card)
    if path is None:
        raise missing(card)
    check_weights(path, card)
    return Weights(card, path)


def missing(card: Card) -> FetchError:
    """The error that says which file to bring, and where to put it."""
    bring = f"{card.file} ({card.url})" if card.url else card.file
    run = f"run relook weights fetch {card.name}, or " if card.url else ""
    return FetchError(
        f"the weights {card.name} are not here; {run}bring {bring} to {weights_folder()} or to the "
        f"folder that {VARIABLE} names"
    )


def _path_of(given: str | Path) -> Path | None:
    """The file that is meant, or None where a name is."""
    path = Path(given)
    named = isinstance(given, str) and "/" not in given and "\\" not in given
    if named and path.suffix.lower() not in FORMATS:
        return None
    if path.is_file():
        return path
    if named:  # a file of a card may be called by its own name, too
        found = next((find_file(card) for card in CARDS.values() if card.file == given), None)
        if found is not None:
            return found
    raise UsageError(f"there is no file {path}; relook weights list shows what is known")


def _card_of(path: Path) -> Card:
    beside = path.with_name(path.stem + SUFFIX)
    if beside.is_file():
        return load_card(beside)
    known = next((card for card in CARDS.values() if card.file == path.name), None)
    return known or _own_card(path)


def _own_card(path: Path) -> Card:
    """What a checkpoint says of itself."""
    tensors = read_tensors(path)
    if find_layout(tensors) != "cirtorch":
        raise UsageError(
            f"nothing says what network {path} belongs to; run relook weights import {path} "
            "--name NAME --backbone BACKBONE"
        )
    name = re.sub("[^A-Za-z0-9_-]", "-", path.stem).strip("-_")[:100] or "checkpoint"
    return Card(name=name, file=path.name, layout="cirtorch", **describe_meta(tensors.meta))
