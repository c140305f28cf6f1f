"""Files that a recipe refers to: found beside it, and pinned by their hashes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from relook.core.errors import UsageError
from relook.features.deep.settings import DeepSettings
from relook.search.channels import (
    GLOBAL,
    LOCAL,
    OF_WEIGHTS,
    CompactChannel,
    GlobalChannel,
    LocalChannel,
)
from relook.search.plan import Plan

__all__ = ["pinned"]


Channels = Mapping[str, LocalChannel | GlobalChannel | CompactChannel]


def pinned(channels: Channels, plan: Plan, *, recipe: str, folder: Path) -> Channels:
    """The channels with every file by its full path and hash.

    Args:
        channels: as they were written.
        plan: that they are asked by.
        recipe: its name, for the messages.
        folder: of the recipe's file, which relative paths start from.

    Raises:
        UsageError: a file is missing, is another one than was pinned, or does not fit the plan.
    """
    found = dict(channels)
    local, vector = channels.get(LOCAL), channels.get(GLOBAL)
    if isinstance(local, LocalChannel):
        found[LOCAL] = _with_codebook(local, plan, name=recipe, folder=folder)
    if local is not None and vector is not None and vector.longest > local.longest:
        raise UsageError(
            f"channels.global.longest must be at most that of channels.local, "
            f"{local.longest}: pictures are read once"
        )
    if isinstance(vector, CompactChannel):
        found[GLOBAL] = _with_encoder(vector, name=recipe, folder=folder)
    if isinstance(vector, GlobalChannel):
        found[GLOBAL] = _with_weights(vector, name=recipe, folder=folder)
        if vector.index.kind == "several" and (plan.expand.neighbors or plan.diffuse.neighbors):
            raise UsageError(
                "plan.expand and plan.diffuse are for one vector per picture; set neighbors of "
                'both to 0, or channels.global.index.kind to another than "several"'
            )
    return found


def _with_codebook(channel: LocalChannel, plan: Plan, *, name: str, folder: Path) -> LocalChannel:
    from relook.encodings import load_codebook  # noqa: PLC0415 - keeps FAISS out of `--help`

    place = _beside(channel.codebook, folder)
    codebook = load_codebook(place)
    if channel.codebook_hash not in ("", codebook.sha256):
        raise _changed(f"codebook {place}", name, "codebook_hash")
    words, bits = len(codebook), codebook.dimensions
    if plan.assignments > words:
        raise UsageError(f"assignments must be 1 to {words}, the words of codebook {place}")
    channel = replace(channel, deep=_with_deep(channel, name=name, folder=folder))
    channel = replace(channel, codebook=place, codebook_hash=codebook.sha256)
    if channel.encoding == "he":
        channel, bits = _with_hamming(channel, name=name, folder=folder)
    farthest = max(channel.index.max_distance, plan.max_distance)
    if channel.encoding != "bow" and 2 * farthest >= bits:
        raise UsageError(f"max_distance must be below {bits // 2}, half the bits of a signature")
    return channel


def _with_hamming(channel: LocalChannel, *, name: str, folder: Path) -> tuple[LocalChannel, int]:
    from relook.encodings.hamming import load_hamming  # noqa: PLC0415

    place = _beside(channel.hamming, folder)
    embedding = load_hamming(place)
    if channel.hamming_hash not in ("", embedding.sha256):
        raise _changed(f"Hamming embedding {place}", name, "hamming_hash")
    channel = replace(channel, hamming=place, hamming_hash=embedding.sha256)
    return channel, embedding.bits


def _with_encoder(channel: CompactChannel, *, name: str, folder: Path) -> CompactChannel:
    from relook.encodings.vector_encoders import load_vector_encoder  # noqa: PLC0415

    place = _beside(channel.encoder, folder)
    encoder = load_vector_encoder(place)
    if channel.encoder_hash not in ("", encoder.sha256):
        raise _changed(f"encoder {place}", name, "encoder_hash")
    return replace(channel, encoder=place, encoder_hash=encoder.sha256)


def _with_deep(channel: LocalChannel, *, name: str, folder: Path) -> DeepSettings:
    deep = channel.deep
    if not channel.of_network:
        return deep
    place = _beside(deep.weights, folder)
    deep = replace(deep, weights=place, weights_hash=deep.weights_hash or _hash_of_weights(place))
    if not deep.whitening:
        return replace(deep, whitening_hash="")
    from relook.vectors.shipped import find_whitening  # noqa: PLC0415

    whitening = _beside(deep.whitening, folder)
    found = find_whitening(whitening)
    if deep.whitening_hash not in ("", found.sha256):
        raise _changed(f"whitening {whitening}", name, "whitening_hash")
    return replace(deep, whitening=whitening, whitening_hash=found.sha256)


def _with_weights(channel: GlobalChannel, *, name: str, folder: Path) -> GlobalChannel:
    from relook.vectors.shipped import find_whitening  # noqa: PLC0415

    place = _beside(channel.weights, folder)
    sha256 = _hash_of_weights(place)
    if sha256 and channel.weights_hash not in ("", sha256):
        raise _changed(f"weights {place}", name, "weights_hash")
    channel = replace(channel, weights=place, weights_hash=channel.weights_hash or sha256)
    if not channel.whitening or channel.whitening.startswith(OF_WEIGHTS):
        return replace(channel, whitening_hash=channel.whitening)
    whitening = _beside(channel.whitening, folder)
    found = find_whitening(whitening)
    if channel.whitening_hash not in ("", found.sha256):
        raise _changed(f"whitening {whitening}", name, "whitening_hash")
    if channel.dimensions > found.dimensions:
        raise UsageError(
            f"dimensions must be at most {found.dimensions}, what whitening {whitening} gives"
        )
    return replace(channel, whitening=whitening, whitening_hash=found.sha256)


def _hash_of_weights(place: str) -> str:
    """The hash that the card promises, or that of the file where the card promises none.

    Empty where neither is here: describing will ask for the file.
    """
    from relook.networks.weights.opening import open_weights  # noqa: PLC0415
    from relook.networks.weights.place import find_card, find_file  # noqa: PLC0415

    if Path(place).is_absolute():
        return open_weights(Path(place)).sha256
    card = find_card(place)
    if card.sha256 or find_file(card) is None:
        return card.sha256
    return open_weights(place).sha256


def _beside(name: str, folder: Path) -> str:
    """A file by its full path; what is no path is a shipped name."""
    if "/" in name or name.endswith((".safetensors", ".npz", ".pth", ".pt", ".tar", ".bin")):
        return str((folder / name).resolve())
    return name


def _changed(what: str, recipe: str, key: str) -> UsageError:
    return UsageError(
        f"{what} is not the one that recipe {recipe} was made for; fetch that one, or remove "
        f"{key} from the recipe"
    )
