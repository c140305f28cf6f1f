"""Describe with ONNX Runtime on the processor: the fallback that runs nearly everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import onnxruntime

from relook.core.errors import StorageError
from relook.networks.runtime.base import Pixels, Vectors, check_pixels, check_vectors
from relook.networks.runtime.export import Header
from relook.networks.runtime.precision import Choice

__all__ = ["OnnxRuntime"]


class OnnxRuntime:
    """A network that ONNX Runtime executes on the processor."""

    backend = "onnx"

    def __init__(self, model: Path | bytes, header: Header, choice: Choice) -> None:
        """Open an exported network."""
        self._header, self._choice = header, choice
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = choice.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(model) if isinstance(model, Path) else model,
                options,
                providers=["CPUExecutionProvider"],
            )
        except Exception as error:  # its errors share no other ancestor
            reason = (str(error).strip().splitlines() or ["no reason given"])[0]
            raise StorageError(f"ONNX Runtime cannot open the network: {reason}") from error

    @property
    def precision(self) -> str:
        """``f32`` or ``int8``."""
        return self._choice.precision

    @property
    def device(self) -> str:
        """``cpu``."""
        return self._choice.device

    def describe(self, pixels: Pixels) -> Vectors:
        """See :class:`Runtime`."""
        check_pixels(pixels, least=self._header.least)
        (vectors,) = self._session.run(None, {"pixels": pixels})
        return check_vectors(vectors, precision=self.precision)

    def describe_all(self, batches: Iterable[Pixels]) -> Iterator[Vectors]:
        """See :class:`Runtime`; one batch after the other, each by all threads."""
        return map(self.describe, batches)
