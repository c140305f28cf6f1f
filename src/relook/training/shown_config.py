"""The part of a configuration that says what is shown: folders, and the views of their pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from relook.core.errors import UsageError
from relook.training.records import KINDS

__all__ = ["DataPart", "FolderPart", "ViewsPart"]

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderPart:
    """One entry of ``folders`` in ``[data]``.

    Attributes:
        path: below the root.
        labels: ``picture``: every picture is a class of its own; ``folder``: its folder is; or a
            csv file; ``tracks``: the folder holds videos, and what moves in them is tracked
            first (:mod:`relook.training.sources.tracking`), each track a class of two patches.
        kind: one of :data:`relook.training.records.KINDS`, which decides how views are made.
    """

    path: str
    labels: str = "picture"
    kind: str = "scene"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UsageError(f"kind of {self.path} must be one of {', '.join(KINDS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPart:
    """``[data]``: what there is to learn from."""

    root: str = "."
    folders: tuple[FolderPart, ...] = (FolderPart(path="."),)

    def __post_init__(self) -> None:
        if not self.folders:
            raise UsageError("[data] names no folders; list at least one")


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewsPart:
    """``[views]``: how pictures become pixels.

    Attributes:
        side: of the square views in pixels, or ``[[iterations, side], …]``: smaller ones first;
            the last side holds until the end.
        plain: pictures are cropped to a square and resized, and nothing else.
        augment: tables with ``name`` and options, see :mod:`relook.training.augment`; applied in
            order to what was made.
        options: settings of :class:`relook.training.augment.views.Viewer`.
        context: settings of :class:`relook.training.sources.context.ContextOptions`, ``{}`` for its
            defaults: pairs of patches in place of views, for the loss ``context``.
    """

    side: int | tuple[tuple[int, int], ...] = 160
    plain: bool = False
    augment: tuple[Table, ...] = ()
    options: Table = field(default_factory=dict)
    context: Table | None = None

    def __post_init__(self) -> None:
        sides = [self.side] if isinstance(self.side, int) else [pair[1] for pair in self.side]
        if not sides or min(sides) < 16:
            raise UsageError("[views] side must be 16 pixels or more")

    def side_at(self, step: int) -> int:
        """The side of the views of a step, counted from 0."""
        if isinstance(self.side, int):
            return self.side
        past = 0
        for iterations, side in self.side:
            past += iterations
            if step < past:
                return side
        return self.side[-1][1]
