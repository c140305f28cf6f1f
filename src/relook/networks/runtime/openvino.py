"""Describe with OpenVINO: compiled once, threads explicit, two pictures at a time in streams."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import openvino

from relook.core.errors import RelookError, StorageError
from relook.networks.runtime.base import Pixels, Vectors, check_pixels, check_vectors
from relook.networks.runtime.compiled import compiled_name, keep_compiled, read_compiled
from relook.networks.runtime.core import capabilities, core
from relook.networks.runtime.export import Header
from relook.networks.runtime.mixed import FIRST, keep_precise
from relook.networks.runtime.precision import Choice

__all__ = ["OpenVinoRuntime"]

STREAMS = 2
OFTEN, KEPT = 8, 2
"""Batches of one shape until it is compiled for, which saves a tenth to a fifth of the time and
costs as much as a few pictures; and how many shapes, each of which holds the weights once more."""


class OpenVinoRuntime:
    """A network that OpenVINO executes on the processor."""

    backend = "openvino"

    def __init__(
        self,
        model: Path | bytes,
        header: Header,
        choice: Choice,
        *,
        compiled: Path | None = None,
    ) -> None:
        """Compile a network.

        Args:
            model: an exported network.
            header: what it says of itself.
            choice: precision and threads.
            compiled: the folder that keeps compiled models; None: none does.
        """
        self._header, self._choice, self._folder = header, choice, compiled
        self._lock, self._streams_lock = Lock(), Lock()
        try:
            self._model = core().read_model(model=model)
        except RuntimeError as error:
            raise StorageError(f"OpenVINO cannot read {_named(model)}: {_first(error)}") from error
        if choice.precision == "bf16":
            self._model = keep_precise(core(), self._model)
        self._request = self._compile(self._model, streams=1).create_infer_request()
        self._seen: Counter[tuple[int, ...]] = Counter()
        self._fixed: dict[tuple[int, ...], Any] = {}

    @property
    def precision(self) -> str:
        """``f32``, ``bf16``, ``f16`` or ``int8``."""
        return self._choice.precision

    @property
    def device(self) -> str:
        """``cpu``."""
        return self._choice.device

    def describe(self, pixels: Pixels) -> Vectors:
        """See :class:`Runtime`."""
        check_pixels(pixels, least=self._header.least)
        with self._lock:
            request = self._request_for(pixels.shape)
            request.infer([pixels])
            return self._output(request)

    def describe_all(self, batches: Iterable[Pixels]) -> Iterator[Vectors]:
        """See :class:`Runtime`; two batches at a time where there are two threads."""
        if self._choice.threads < STREAMS:
            yield from map(self.describe, batches)
            return
        with self._streams_lock:
            free, busy = deque(self._requests), deque[Any]()
            try:
                for pixels in batches:
                    check_pixels(pixels, least=self._header.least)
                    if not free:
                        free.append(busy.popleft())
                        free[0].wait()
                        yield self._output(free[0])
                    busy.append(free.popleft())
                    busy[-1].start_async([pixels])
                while busy:
                    free.append(busy.popleft())
                    free[-1].wait()
                    yield self._output(free[-1])
            finally:  # whoever asked may have stopped listening
                for request in busy:
                    request.wait()

    def _request_for(self, shape: tuple[int, ...]) -> Any:
        """What is compiled for every size, or for this one where it comes often."""
        if shape in self._fixed:
            return self._fixed[shape]
        self._seen[shape] += 1
        if self._seen[shape] < OFTEN:
            return self._request
        model = self._model.clone()
        model.reshape(list(shape))
        if len(self._fixed) == KEPT:
            oldest = next(iter(self._fixed))
            del self._fixed[oldest], self._seen[oldest]
        self._fixed[shape] = self._compile(model, streams=1, keep=False).create_infer_request()
        return self._fixed[shape]

    @cached_property
    def _requests(self) -> list[Any]:
        compiled = self._compile(self._model, streams=STREAMS)
        return [compiled.create_infer_request() for _ in range(STREAMS)]

    def _compile(self, model: Any, *, streams: int, keep: bool = True) -> Any:
        options = settings(self._choice, streams=streams)
        file = self._kept_as(options) if keep else None
        body = read_compiled(file) if file else None
        try:
            if body is not None:
                return core().import_model(body, "CPU", options)
        except RuntimeError:
            pass  # another build of OpenVINO made it
        try:
            compiled = core().compile_model(model, "CPU", options)
        except RuntimeError as error:
            raise RelookError(
                f"OpenVINO cannot compile this network: {_first(error)}; use backend onnx or torch"
            ) from error
        if file:
            keep_compiled(_bytes(compiled.export_model()), file)
        return compiled

    def _kept_as(self, options: Mapping[str, Any]) -> Path | None:
        """A name that says all that a compiled model depends on."""
        if self._folder is None:
            return None
        version, (name, offered) = openvino.get_version(), capabilities()
        return self._folder / compiled_name(self._header, options, FIRST, version, name, offered)

    def _output(self, request: Any) -> Vectors:
        return check_vectors(request.get_output_tensor(0).data.copy(), precision=self.precision)


def settings(choice: Choice, *, streams: int) -> dict[str, Any]:
    """What OpenVINO is told: nothing is left to its taste, and no core is claimed for us alone."""
    hint = "f32" if choice.precision == "int8" else choice.precision
    return {
        "INFERENCE_PRECISION_HINT": hint,
        "INFERENCE_NUM_THREADS": choice.threads,
        "NUM_STREAMS": streams,
        "ENABLE_CPU_PINNING": False,
    }


def _bytes(exported: Any) -> bytes:
    return exported if isinstance(exported, bytes) else bytes(exported.getvalue())


def _named(model: Path | bytes) -> str:
    return str(model) if isinstance(model, Path) else "the exported network"


def _first(error: RuntimeError) -> str:
    lines: Mapping[int, str] = dict(enumerate(str(error).strip().splitlines()))
    return lines.get(0, "no reason given")
