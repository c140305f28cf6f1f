"""All that a run needs to go on as if it had never stopped, in one file of arrays and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, optim

from relook.core.errors import FormatError, StorageError, UsageError
from relook.core.storage import load_arrays, save_arrays
from relook.training.reading import differences
from relook.training.steps.stepping import Stepper

__all__ = ["Saved", "check_same", "load_latest", "restore", "save_checkpoint"]

KIND = "relook.training"
VERSION = 1
KEPT = 2
"""Files: the newest, and one more should it be damaged."""

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Saved:
    """A checkpoint.

    Attributes:
        step: steps that were done.
        header: what else is known: the configuration, its pictures, the history of validations.
        arrays: tensors by ``part/name``.
        path: the file.
        damaged: newer files that could not be read.
    """

    step: int
    header: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]
    path: Path
    damaged: tuple[str, ...] = field(default=())


def save_checkpoint(
    folder: Path,
    stepper: Stepper,
    *,
    step: int,
    header: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
) -> Path:
    """Write a checkpoint whole or not at all, and drop all but the newest before it."""
    content: Arrays = dict(arrays)
    for part, state in _states(stepper).items():
        content |= {f"{part}/{key}": _array(value) for key, value in state.items()}
    known = {**header, "step": step, "scaler": stepper.scaler.state_dict()}
    path = folder / f"checkpoint-{step:08d}.safetensors"
    save_arrays(path, content, kind=KIND, version=VERSION, header=known)
    for old in sorted(folder.glob("checkpoint-*.safetensors"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return path


def load_latest(folder: Path) -> Saved | None:
    """The newest checkpoint that can be read; None where there is none.

    Raises:
        StorageError: there are some, and none can be read.
    """
    damaged: list[str] = []
    for path in sorted(folder.glob("checkpoint-*.safetensors"), reverse=True):
        try:
            stored = load_arrays(path, kind=KIND, version=VERSION)
            step = int(stored.header["step"])
        except (FormatError, KeyError) as error:
            damaged.append(f"{path.name}: {error}")
            continue
        return Saved(step, stored.header, stored.arrays, path, tuple(damaged))
    if damaged:
        raise StorageError(f"no checkpoint in {folder} can be read ({damaged[0]}); delete them")
    return None


def check_same(saved: Saved, config: Mapping[str, Any], pictures: str) -> None:
    """Raise :class:`UsageError` where a checkpoint belongs to another run, saying what differs."""
    changed = differences(saved.header["config"], config)
    if changed:
        more = f" and {len(changed) - 5} more" if len(changed) > 5 else ""
        raise UsageError(
            f"{saved.path} is of another configuration: {'; '.join(changed[:5])}{more}. "
            "Train into another folder, or change it back"
        )
    if saved.header["pictures"] != pictures:
        raise UsageError(
            f"{saved.path} began with other pictures or labels than there are now; bring them "
            "back, or train into another folder"
        )


def restore(saved: Saved, stepper: Stepper) -> None:
    """Put the stepper where it was.

    Raises:
        FormatError: the file is of another network.
    """
    parts: dict[str, dict[str, Tensor]] = {}
    for name, array in saved.arrays.items():
        part, _, key = name.partition("/")
        parts.setdefault(part, {})[key] = torch.from_numpy(np.array(array))
    try:
        stepper.student.network.load_state_dict(parts["network"])
        stepper.terms.load_state_dict(parts.get("terms", {}))
    except (RuntimeError, KeyError) as error:
        raise FormatError(f"{saved.path} is of another network ({error})") from error
    stepper.average.load(parts.get("average", {}))
    stepper.scaler.load_state_dict(saved.header["scaler"])
    _load_optimizer(stepper.optimizer, parts.get("optimizer", {}))


def _states(stepper: Stepper) -> dict[str, Mapping[str, Tensor]]:
    network = stepper.student.network.state_dict()
    return {
        "network": network,
        "terms": stepper.terms.state_dict(),
        "average": stepper.average.state() if stepper.average.is_on else {},
        "optimizer": _optimizer_state(stepper.optimizer),
    }


def _optimizer_state(optimizer: optim.Optimizer) -> dict[str, Tensor]:
    state = optimizer.state_dict()["state"]
    return {
        f"{place}/{key}": value
        for place, table in state.items()
        for key, value in table.items()
        if isinstance(value, Tensor)
    }


def _load_optimizer(optimizer: optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        place, _, key = name.partition("/")
        state.setdefault(int(place), {})[key] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _array(tensor: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = tensor.detach().cpu().contiguous().numpy()
    return array
