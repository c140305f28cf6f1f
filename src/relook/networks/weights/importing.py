"""Bringing weights: from a file of somebody's, or from where their authors offer them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save as to_bytes

from relook.core.errors import FetchError, FormatError, StorageError, UsageError
from relook.core.fetch import Progress, fetch
from relook.core.storage import write_whole
from relook.networks.weights.card import SUFFIX, Card, check_name, save_card
from relook.networks.weights.checksum import check_weights
from relook.networks.weights.cirtorch import describe_meta
from relook.networks.weights.files import FORMATS, Tensors, read_tensors
from relook.networks.weights.layouts import WHITENINGS, find_layout, to_state, to_whitenings
from relook.networks.weights.opening import Weights, missing
from relook.networks.weights.place import find_card, find_file, weights_folder
from relook.networks.weights.shipped import CARDS

__all__ = ["fetch_weights", "import_weights"]

Arrays = dict[str, NDArray[Any]]


def import_weights(file: str | Path, *, name: str, backbone: str = "", **known: Any) -> Weights:
    """Copy a file of weights under our names to :func:`weights_folder`, with a card beside it.

    Where torch is installed, the weights must fit the backbone.

    Args:
        file: .safetensors, .npz, or a torch file.
        name: that they are called by from now on.
        backbone: the network; a checkpoint of cirtorch says it itself.
        known: other fields of :class:`Card`: mean, std, size, padding, layout, pooling, options,
            source, license, training_set, overlaps_landmarks, notes.

    Raises:
        UsageError: the name is taken, there is no such backbone, or nothing says which it is.
        FormatError: the file is damaged, or holds the weights of another network.
        StorageError: it cannot be read, or the copy cannot be written; nothing is left then.
    """
    path = Path(file)
    _check_free(name)
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    if wrong := sorted(set(known) - {field.name for field in fields(Card)}):
        raise UsageError(f"a card of weights has no {', '.join(wrong)}")
    tensors = read_tensors(path)
    read_as = _card_for_reading(path, tensors, {"name": name, "backbone": backbone, **known})
    arrays = _state(tensors, read_as)
    whiten = arrays.get("whiten.weight")
    read_as = replace(read_as, whitening=0 if whiten is None else len(whiten))
    if find_spec("torch") is not None:
        _check_fit(arrays, read_as)
    for title, (mean, projection) in to_whitenings(tensors, read_as).items():
        arrays[f"{WHITENINGS}{title}/mean"] = mean
        arrays[f"{WHITENINGS}{title}/projection"] = projection
    return _write(arrays, read_as)


def fetch_weights(name: str, *, progress: Progress | None = None) -> Weights:
    """Download published weights to :func:`weights_folder`, unless they are here.

    It goes on where it stopped, and the checksum is verified where the card has one.

    Raises:
        UsageError: no card has this name.
        FetchError: they cannot be downloaded; the message says what to bring and where to put it.
        FormatError: the file that is here has another checksum.
    """
    card = find_card(name)
    here = find_file(card)
    if here is None:
        here = weights_folder() / card.file
        if not card.url:
            raise missing(card)
        checksum = f"sha256:{card.sha256}" if card.sha256 else None
        fetch(card.url, here, checksum=checksum, progress=progress)
        try:
            check_weights(here, card)
        except FormatError as error:
            here.unlink()
            raise FetchError(f"{error}; what {card.url} sent was deleted") from error
    check_weights(here, card)
    return Weights(card, here)


def _check_free(name: str) -> None:
    check_name(name)
    if Path(name).suffix.lower() in FORMATS:
        raise UsageError(f"{name} looks like a file; name the weights {Path(name).stem}")
    if name in CARDS:
        raise UsageError(f"{name} is the name of published weights; choose another")
    for taken in (f"{name}{SUFFIX}", f"{name}.safetensors"):
        if (weights_folder() / taken).exists():
            raise UsageError(f"{weights_folder() / taken} is there already; choose another name")


def _card_for_reading(path: Path, tensors: Tensors, given: Mapping[str, Any]) -> Card:
    """What the file says of itself, then what the caller says."""
    layout = given.get("layout") or find_layout(tensors)
    said = describe_meta(tensors.meta) if layout == "cirtorch" else {}
    said |= {key: value for key, value in given.items() if value not in (None, "")}
    if "backbone" not in said:
        raise UsageError(f"nothing says what network {path} belongs to; name its backbone")
    if layout == "cirtorch" and said["backbone"] != describe_meta(tensors.meta)["backbone"]:
        found = describe_meta(tensors.meta)["backbone"]
        raise FormatError(f"{path} holds {found}, not {said['backbone']}; name that backbone")
    return Card(**said | {"file": path.name, "layout": layout})


def _state(tensors: Tensors, card: Card) -> Arrays:
    """The state, with the p of GeM where it is given."""
    state = to_state(tensors, card)
    options = card.options or {}
    if card.pooling == "gem" and "pool.p" not in state and "p" in options:
        state["pool.p"] = np.atleast_1d(np.asarray(options["p"], np.float32))
    return state


def _check_fit(state: Arrays, card: Card) -> None:
    """Build the network that the card describes, which is what every use of it begins with."""
    from relook.networks.retrieval import RetrievalNetwork  # noqa: PLC0415 - needs torch

    spec = card.spec()
    if spec.pooling == "gem" and "pool.p" not in state:  # it starts where the spec says
        spec = replace(spec, pooling="mac", options=None)
    RetrievalNetwork.from_state(spec, state)


def _write(arrays: Arrays, read_as: Card) -> Weights:
    content = to_bytes({key: np.asarray(a, np.float32, order="C") for key, a in arrays.items()})
    card = replace(
        read_as,
        file=f"{read_as.name}.safetensors",
        layout="relook",
        sha256=hashlib.sha256(content).hexdigest(),
        sha256_prefix="",
    )
    folder = weights_folder()
    target = folder / card.file
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot make the folder {folder}: {error.strerror}") from error
    write_whole(target, content)
    try:
        save_card(card, folder / (card.name + SUFFIX))
    except StorageError:
        target.unlink()
        raise
    return Weights(card, target)
