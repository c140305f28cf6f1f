"""What decides which deep local features a picture has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from relook.core.errors import UsageError

__all__ = ["MOST_FEATURES", "DeepSettings"]

MOST_FEATURES = 65535
_FREE = ("weights", "whitening", "precision", "backend")
"""Names, whose hashes count instead, and how the arithmetic is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepSettings:
    """Settings of :class:`~relook.features.deep.DeepLocal` and of ALIKED.

    Attributes:
        weights: a name that ``relook weights list`` shows, or the path of a file.
        weights_hash: its SHA-256, so that another file under the same name is noticed.
        layer: an inner layer of the network, see :class:`~relook.networks.spec.NetworkSpec`; empty
            for the last. Not for ALIKED.
        features: at most this many of all scales, the strongest.
        scales: factors at which the picture is described.
        smoothing: average descriptors over 3 × 3 cells; not for ALIKED.
        whitening: of descriptors: the path of a ``.safetensors`` file, or a shipped name; empty
            for none.
        whitening_hash: its hash.
        precision: of the network's arithmetic, ``auto`` by what the processor has; not hashed.
        backend: what runs the network, ``auto`` or one of openvino, onnx, torch; not hashed.

    Raises:
        UsageError: a value is out of its range.
    """

    weights: str = ""
    weights_hash: str = ""
    layer: str = ""
    features: int = 1000
    scales: tuple[float, ...] = (2.0, 1.414, 1.0, 0.707, 0.5, 0.354, 0.25)
    smoothing: bool = True
    whitening: str = ""
    whitening_hash: str = ""
    precision: Literal["auto", "f32", "bf16", "f16"] = "auto"
    backend: Literal["auto", "openvino", "onnx", "torch"] = "auto"

    def __post_init__(self) -> None:
        if not 1 <= self.features <= MOST_FEATURES:
            raise UsageError(f"features must be from 1 to {MOST_FEATURES}, not {self.features}")
        if not self.scales or not all(0 < scale <= 4 for scale in self.scales):
            raise UsageError("scales must be one or more factors above 0 and up to 4")

    @property
    def described(self) -> Mapping[str, Any]:
        """What decides whether descriptions may be mixed."""
        settings = {key: value for key, value in asdict(self).items() if key not in _FREE}
        return settings | {"scales": list(self.scales)}
