"""What VLAD, Fisher vector and triangulation embedding share: checks, reduction, files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import FormatError, ShapeError, UsageError
from relook.core.numba_cache import compiled
from relook.core.paths import AnyPath
from relook.core.records import LocalFeatures
from relook.core.storage import load_arrays, save_arrays
from relook.encodings.compact_projection import CompactProjection
from relook.vectors import PcaWhitening

__all__ = ["AggregatingEncoder", "unit"]

Float32 = NDArray[np.float32]
Arrays = dict[str, NDArray[Any]]

VERSION = 1


@dataclass(frozen=True, eq=False, kw_only=True)
class AggregatingEncoder:
    """Base of the encoders that sum what descriptors contribute. Threads may share one.

    Attributes:
        local: PCA of the descriptors, before anything else; None leaves them alone.
        reduction: PCA, with or without whitening, of the vectors; None leaves them whole.
        fitted: what it was fitted on and how, for people and for audits.
    """

    KIND: ClassVar[str]

    local: CompactProjection | None = None
    reduction: CompactProjection | None = None
    fitted: Mapping[str, Any] = field(default_factory=dict)

    @property
    def inner_dimensions(self) -> int:
        """Of descriptors where they are aggregated: after :attr:`local`."""
        raise NotImplementedError

    @property
    def full_dimensions(self) -> int:
        """Of vectors before :attr:`reduction`."""
        raise NotImplementedError

    def aggregate(self, rows: Float32) -> Float32:
        """``(N, inner_dimensions)`` descriptors to one vector ``(full_dimensions,)``."""
        raise NotImplementedError

    @property
    def dimensions(self) -> int:
        """Of the vectors."""
        return self.full_dimensions if self.reduction is None else self.reduction.dimensions

    @property
    def descriptor_dimensions(self) -> int:
        """Of the descriptors that it takes."""
        return self.inner_dimensions if self.local is None else len(self.local.mean)

    def encode(self, features: LocalFeatures) -> Float32:
        """One vector ``(dimensions,)`` of length 1; an image without features gives zeros.

        A descriptor of zeros describes nothing and counts for nothing.

        Raises:
            ShapeError: descriptors of another length, or values that are not finite.
        """
        return self.encode_descriptors(features.descriptors)

    def encode_descriptors(self, descriptors: Float32) -> Float32:
        """The same of ``(N, descriptor_dimensions)`` float32 descriptors."""
        rows = self.localized(descriptors)
        if not len(rows):
            return np.zeros(self.dimensions, np.float32)
        vector = unit(self.aggregate(rows))
        if self.reduction is not None and vector.any():
            vector = unit(self.reduction.apply(vector[None])[0])
        return vector

    def localized(self, descriptors: Float32) -> Float32:
        """Descriptors as they are aggregated: checked, without zeros, after the local PCA."""
        wanted = self.descriptor_dimensions
        check_array("descriptors", descriptors, shape=(None, None), dtype=np.float32)
        if descriptors.shape[1] != wanted:
            raise ShapeError(
                f"descriptors have {descriptors.shape[1]} dimensions, this {type(self).__name__} "
                f"is for {wanted}; use the extractor that it was fitted for"
            )
        sums = _absolute_sums(descriptors)
        if not np.isfinite(sums).all():
            check_finite("descriptors", descriptors)
        if not sums.all():
            descriptors = descriptors[sums > 0]
        return descriptors if self.local is None else self.local.apply(descriptors)

    def reduced(
        self,
        images: Sequence[NDArray[np.floating]],
        *,
        dimensions: int | None,
        t: float = 0.0,
        bits: int = 8,
    ) -> Self:
        """The same encoder with PCA to so many dimensions, learned on the descriptors of images.

        Args:
            images: per image ``(N, D)`` descriptors, float32 or float16.
            dimensions: how many to keep; None leaves the vectors whole.
            t: 0 is PCA, 1 whitens fully, what lies between trusts small eigenvalues less.
            bits: 8 or 4, of every number of the projection.

        Raises:
            UsageError: more dimensions than vectors of these images have.
        """
        if dimensions is None:
            return self
        plain = replace(self, reduction=None)
        vectors = plain.encode_images(images)
        pca = PcaWhitening(dimensions, t=t, normalize=False).fit(vectors[vectors.any(axis=1)])
        reduction = CompactProjection.of(pca.mean_, pca.projection_, bits=bits)
        return replace(self, reduction=reduction)

    def encode_images(self, images: Sequence[NDArray[np.floating]]) -> Float32:
        """``(M, dimensions)`` vectors of the descriptors of M images."""
        vectors = np.empty((len(images), self.dimensions), np.float32)
        for number, image in enumerate(images):
            vectors[number] = self.encode_descriptors(image.astype(np.float32, copy=False))
        return vectors

    @property
    def sha256(self) -> str:
        """Hash of all that decides the vectors."""
        arrays, options = self._state()
        content = hashlib.sha256(json.dumps([self.KIND, options], sort_keys=True).encode())
        for name, array in sorted(arrays.items()):
            content.update(f"{name} {array.dtype.str[1:]} {array.shape}".encode())
            content.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
        return content.hexdigest()

    def save(self, path: AnyPath) -> None:
        """Write one file."""
        arrays, options = self._state()
        header = {"options": options, "fitted": dict(self.fitted)}
        save_arrays(path, arrays, kind=self.KIND, version=VERSION, header=header)

    @classmethod
    def load(cls, path: AnyPath) -> Self:
        """Read what :meth:`save` wrote.

        Raises:
            FormatError: another kind of file, damaged, or of a newer version.
            StorageError: the file cannot be opened.
        """
        stored = load_arrays(path, kind=cls.KIND, version=VERSION)
        try:
            return cls(
                **_projected({name: np.array(found) for name, found in stored.arrays.items()}),
                **stored.header["options"],
                fitted=dict(stored.header["fitted"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FormatError(f"{path} is damaged; fit or fetch it again ({error})") from error

    def _state(self) -> tuple[Arrays, dict[str, Any]]:
        """All arrays by name, and all options."""
        arrays: Arrays = {}
        options: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, CompactProjection):
                arrays.update({f"{one.name}.{part}": own for part, own in value.arrays.items()})
            elif isinstance(value, np.ndarray):
                arrays[one.name] = value
            elif value is not None and one.name != "fitted":
                options[one.name] = value
        return arrays, options

    def _check_parts(self) -> None:
        """Raise unless the projections fit what lies between them."""
        for name, have, want in (
            ("local", self.local and self.local.dimensions, self.inner_dimensions),
            ("reduction", self.reduction and len(self.reduction.mean), self.full_dimensions),
        ):
            if have is not None and have != want:
                raise ShapeError(f"{name} is for {have} dimensions, not {want}")


def _projected(arrays: Arrays) -> dict[str, Any]:
    """``{"local.mean": …}`` → ``{"local": CompactProjection}``; the others as they are."""
    plain: dict[str, Any] = {name: array for name, array in arrays.items() if "." not in name}
    for name in {name.split(".")[0] for name in arrays if "." in name}:
        start = f"{name}."
        own = {key.removeprefix(start): arrays[key] for key in arrays if key.startswith(start)}
        plain[name] = CompactProjection.of_arrays(own)
    return plain


def unit(vector: NDArray[np.floating]) -> Float32:
    """Length 1; zero stays zero."""
    length = float(np.sqrt(np.vdot(vector, vector)))
    return (vector / (length or 1.0)).astype(np.float32)


def check_power(power: float) -> None:
    """Raise unless the exponent of the power-law is one."""
    if not 0 < power <= 1:
        raise UsageError(f"power must be above 0 and at most 1 (none), not {power}")


@compiled(fastmath=frozenset({"reassoc"}))
def _absolute_sums(rows: Float32) -> Float32:
    """Σ |x| of each row: 0 for a row of zeros, not finite where a value is not."""
    sums = np.empty(len(rows), np.float32)
    for row in range(len(rows)):
        total = np.float32(0)
        for place in range(rows.shape[1]):
            total += abs(rows[row, place])
        sums[row] = total
    return sums
