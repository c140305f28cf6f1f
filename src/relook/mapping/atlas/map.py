"""What is kept of an atlas: places, and what it takes to place new pictures among them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import FormatError
from relook.core.storage import load_arrays, save_arrays
from relook.mapping.atlas.layout import spiral
from relook.vectors import Projection

__all__ = ["AtlasMap", "arrange", "blank_rows"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

KIND = "relook.atlas"
LATE = "relook.atlas-late"
VERSION = 1
_BORDER = 0.02
_SPACING = 0.012
"""Between pictures without features, in sides of the map."""


@dataclass(frozen=True, slots=True, eq=False)
class AtlasMap:
    """A map, in the coordinates of its embedding; immutable.

    Attributes:
        ids: ``(N,)`` int64, the pictures that it was made of, increasing.
        vectors: ``(N, d)`` float32, l2-normalized; zeros of pictures without features.
        places: ``(N, 2)`` float64.
        corner: ``(2,)`` the middle of the pictures without features.
        spacing: between those.
        projection: what made the vectors small; None where it took nothing.
        centers: ``(K, D)`` float32 of the VLAD that the vectors were made by, or None.
        late_ids: ``(M,)`` int64, pictures that were placed since.
        late_places: ``(M, 2)`` float64.
        late_blank: how many of them have no features.
        file: where all but the late ones are kept.
    """

    ids: Int64
    vectors: Float32
    places: Float64
    corner: Float64
    spacing: float
    projection: Projection | None = None
    centers: Float32 | None = None
    late_ids: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    late_places: Float64 = field(default_factory=lambda: np.zeros((0, 2)))
    late_blank: int = 0
    file: str = ""

    @property
    def blank(self) -> NDArray[np.bool_]:
        """``(N,)`` which pictures have no features."""
        return blank_rows(self.vectors)

    def framed(self, places: Float64) -> Float32:
        """Places in 0 … 1 of a square, as the pictures that the map was made of fill it."""
        known = self.places if len(self.places) else np.zeros((1, 2))
        low, high = known.min(axis=0), known.max(axis=0)
        scale = (1 - 2 * _BORDER) / (float((high - low).max()) or 1.0)
        inside = 0.5 + (places - (low + high) / 2) * scale
        return np.asarray(np.clip(inside, 0.0, 1.0), np.float32)

    def blanks(self, count: int) -> Float64:
        """``(count, 2)`` places for so many more pictures without features."""
        before = int(self.blank.sum()) + self.late_blank
        return self.corner + self.spacing * spiral(before + count)[before:]

    def with_late(self, ids: Int64, places: Float64, *, blank: int) -> AtlasMap:
        """The map with more pictures placed on it."""
        return replace(
            self,
            late_ids=np.concatenate([self.late_ids, ids]),
            late_places=np.concatenate([self.late_places, places]),
            late_blank=self.late_blank + blank,
        )

    def save(self, folder: Path) -> tuple[AtlasMap, dict[str, Any]]:
        """Write what is not written yet; the map that knows its file, and the state that names all.

        Raises:
            StorageError: it cannot be written.
        """
        name = self.file or f"map-{uuid.uuid4().hex}.safetensors"
        if not self.file:
            arrays: dict[str, NDArray[Any]] = {
                "ids": self.ids, "vectors": self.vectors, "places": self.places,
                "corner": self.corner,
            }  # fmt: skip
            if self.centers is not None:
                arrays["centers"] = self.centers
            if self.projection is not None:
                arrays |= {"mean": self.projection.mean, "matrix": self.projection.matrix}
            header = {"spacing": self.spacing}
            save_arrays(folder / name, arrays, kind=KIND, version=VERSION, header=header)
        late = ""
        if len(self.late_ids):
            late = f"late-{uuid.uuid4().hex}.safetensors"
            save_arrays(
                folder / late,
                {"ids": self.late_ids, "places": self.late_places},
                kind=LATE,
                version=VERSION,
                header={"blank": self.late_blank},
            )
        return replace(self, file=name), {"map": name, "late": late}

    @classmethod
    def load(cls, folder: Path, state: Mapping[str, Any]) -> AtlasMap:
        """Map what :meth:`save` wrote.

        Raises:
            FormatError: it is damaged.
            StorageError: a file cannot be opened.
        """
        try:
            name, late = str(state["map"]), str(state["late"])
            stored = load_arrays(folder / name, kind=KIND, version=VERSION)
            arrays = dict(stored.arrays)
            mean, matrix = arrays.pop("mean", None), arrays.pop("matrix", None)
            projection = None
            if mean is not None and matrix is not None:
                projection = Projection(np.array(mean), np.array(matrix), normalize=True)
            found = cls(
                **cast("dict[str, Any]", arrays),
                spacing=float(stored.header["spacing"]),
                projection=projection,
                file=name,
            )
            if late:
                more = load_arrays(folder / late, kind=LATE, version=VERSION)
                found = found.with_late(
                    more.arrays["ids"], more.arrays["places"], blank=int(more.header["blank"])
                )
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(f"the atlas in {folder} is damaged; make it again") from error
        return found


def blank_rows(vectors: Float32) -> NDArray[np.bool_]:
    """``(N,)`` which of ``(N, d)`` vectors are zeros, d may be 0."""
    return np.asarray(~vectors.any(axis=1), np.bool_)


def arrange(
    ids: Int64,
    vectors: Float32,
    places: Float64,
    *,
    projection: Projection | None,
    centers: Float32 | None = None,
) -> AtlasMap:
    """A map of pictures whose places are known, but for those without features.

    Args:
        ids: ``(N,)``, in any order.
        vectors: ``(N, d)``; zeros of pictures without features.
        places: ``(K, 2)`` of the K others, in the order of ``ids``.
        projection: what made the vectors small.
        centers: of the VLAD that they were made by.
    """
    order = np.argsort(ids)
    blank = blank_rows(vectors)
    side = float(np.ptp(places, axis=0).max()) if len(places) > 1 else 1.0
    spacing = _SPACING * (side or 1.0)
    reach = spacing * (np.sqrt(blank.sum()) + 4)
    corner = np.zeros(2)
    if len(places):
        corner = np.array([places[:, 0].mean(), places[:, 1].max() + reach])
    whole = np.zeros((len(ids), 2))
    whole[~blank] = places
    whole[blank] = corner + spacing * spiral(int(blank.sum()))
    return AtlasMap(
        ids=ids[order], vectors=vectors[order], places=whole[order], corner=corner,
        spacing=spacing, projection=projection, centers=centers,
    )  # fmt: skip
