"""Augmentations by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from relook.core.errors import UsageError
from relook.training.augment.base import Augmentation
from relook.training.augment.camera import JPEG, Blur, Moire
from relook.training.augment.color import Color, PCAColor
from relook.training.augment.cover import Background, Occlusion
from relook.training.augment.geometry import (
    Aspect,
    Crop,
    Flip,
    Perspective,
    Rotation,
    Scale,
    Shear,
)
from relook.training.augment.views import Viewer

__all__ = ["AUGMENTATIONS", "make_augmentation", "make_viewer"]

AUGMENTATIONS: dict[str, type[Augmentation]] = {
    "crop": Crop,
    "flip": Flip,
    "rotation": Rotation,
    "scale": Scale,
    "aspect": Aspect,
    "shear": Shear,
    "perspective": Perspective,
    "color": Color,
    "pca_color": PCAColor,
    "blur": Blur,
    "jpeg": JPEG,
    "moire": Moire,
    "occlusion": Occlusion,
    "background": Background,
}
"""Classes by name."""


def make_augmentation(name: str, **options: Any) -> Augmentation:
    """Make an augmentation.

    Args:
        name: a key of :data:`AUGMENTATIONS`.
        options: its attributes; lists are taken as tuples.

    Raises:
        UsageError: no such augmentation or option; the message lists them.
    """
    if name not in AUGMENTATIONS:
        raise UsageError(
            f"there is no augmentation {name!r}; choose from {', '.join(AUGMENTATIONS)}"
        )
    made: Augmentation = _made(AUGMENTATIONS[name], name, options)
    return made


def make_viewer(**options: Any) -> Viewer:
    """Make a viewer from plain values, as a configuration has them.

    Args:
        options: attributes of :class:`~.views.Viewer`; ``light`` is a table of what differs from
            the light that it has, ``poses`` one of such tables by kind.

    Raises:
        UsageError: no such option; the message lists them.
    """
    viewer = Viewer()
    if "light" in options:
        options["light"] = _replaced(viewer.light, "light", options["light"])
    if "poses" in options:
        options["poses"] = dict(viewer.poses) | _poses(viewer, options["poses"])
    made: Viewer = _made(Viewer, "views", options)
    return made


def _poses(viewer: Viewer, tables: Any) -> dict[str, Any]:
    if not isinstance(tables, Mapping):
        raise UsageError(f"poses must be tables of options by kind, not {tables!r}")
    for kind in tables:
        if kind not in viewer.poses:
            raise UsageError(f"there is no kind {kind!r}; choose from {', '.join(viewer.poses)}")
    return {
        kind: _replaced(viewer.poses[kind], f"poses of {kind}", table)
        for kind, table in tables.items()
    }


def _made(kind: Any, name: str, options: Mapping[str, Any]) -> Any:
    _check_options(kind, name, options)
    return kind(**{key: _tuples(value) for key, value in options.items()})


def _replaced(record: Any, name: str, options: Any) -> Any:
    if not isinstance(options, Mapping):
        raise UsageError(f"{name} must be a table of options, not {options!r}")
    _check_options(type(record), name, options)
    return replace(record, **{key: _tuples(value) for key, value in options.items()})


def _check_options(kind: Any, name: str, options: Mapping[str, Any]) -> None:
    known = [one.name for one in fields(kind)]
    for key in options:
        if key not in known:
            raise UsageError(f"{name} has no option {key!r}; choose from {', '.join(known)}")


def _tuples(value: Any) -> Any:
    return tuple(_tuples(part) for part in value) if isinstance(value, list) else value
