"""From weights and a spec to something that describes, by way of a file that is made once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import FormatError, UsageError
from relook.core.user_cache import cache_folder
from relook.networks.runtime.base import Pixels, Runtime
from relook.networks.runtime.export import Header, export_module, read_header
from relook.networks.runtime.place import export_name, find_export, keep_export
from relook.networks.runtime.precision import Choice, choose
from relook.networks.shipped import FOLDER as SHIPPED
from relook.networks.spec import NetworkSpec

if TYPE_CHECKING:
    from torch import nn

_CUT = ("rmac",)
"""Poolings whose graph would be right for pictures of one size only."""

__all__ = ["WeightsLike", "exported", "load_graph", "load_module", "load_network"]


class WeightsLike(Protocol):
    """What is needed of weights; :class:`relook.networks.weights.Weights` has it."""

    @property
    def path(self) -> Path:
        """The file."""
        ...

    @property
    def sha256(self) -> str:
        """Of the file, in hexadecimal digits."""
        ...

    def state(self) -> Mapping[str, NDArray[Any]]:
        """The numbers by the names that a RetrievalNetwork gives them."""
        ...

    def spec(self) -> NetworkSpec:
        """The network that they were trained in."""
        ...


def load_network(
    weights: WeightsLike,
    spec: NetworkSpec,
    *,
    backend: str = "auto",
    precision: str = "auto",
    device: str = "auto",
    threads: int | None = None,
    folder: Path | None = None,
    calibration: Iterable[Pixels] | None = None,
) -> Runtime:
    """A network with these weights, ready to describe.

    For OpenVINO and ONNX Runtime it is exported once, next to its weights (to the user's cache
    folder where that cannot be written to), and needs no torch from then on.

    Args:
        weights: what :func:`relook.networks.weights.open_weights` gave.
        spec: the network that they are put into.
        backend: ``openvino``, ``onnx``, ``torch``, or ``auto``: torch where it sees a card of
            NVIDIA, else OpenVINO.
        precision: ``f32``, ``bf16``, ``f16``, ``int8``, or ``auto``.
        device: ``cpu``, ``cuda``, ``mps``, or ``auto``.
        threads: of the processor; None: as many as this process has cores.
        folder: where the exported network is kept instead.
        calibration: for int8, the first time only: 16 or more pictures ``(B, H, W, 3)`` such as
            will be described.

    Raises:
        UsageError: a choice that this computer does not have; nothing is exported yet and torch is
            not installed; the weights do not fit the spec.
        FormatError: the exported file is damaged, and torch is not there to make it again.
    """
    wish: dict[str, Any] = {"precision": precision, "device": device, "threads": threads}
    choice = choose(backend=backend, **wish)
    try:
        if choice.backend != "torch":
            if cut := _cut_by_size(weights, spec):
                wish |= {"backend": backend, "folder": folder, "calibration": calibration}
                before = replace(spec, pooling="", options=None, whitening=0)
                return _pooling_later(load_network(weights, before, **wish), cut)
            store = _Store(weights, spec, folder)
            int8 = choice.precision == "int8"
            path = store.quantized(calibration) if int8 else store.exported()
            return _execute(path, read_header(path), choice)
    except _SizeMattersError as error:
        if backend != "auto":
            raise UsageError(f"{error}; use backend torch") from error
        choice = choose(backend="torch", **wish)
    return _in_torch(_build(weights, spec), choice)


def _cut_by_size(weights: WeightsLike, spec: NetworkSpec) -> nn.Module | None:
    """The network where its pooling depends on the size of the picture, as R-MAC's regions do."""
    if spec.pooling not in _CUT:
        return None
    return _build(weights, spec)


def _pooling_later(maps: Runtime, network: Any) -> Runtime:
    from relook.networks.runtime.mapped import MappedRuntime  # noqa: PLC0415 - an extra

    return MappedRuntime(maps, network)


def load_module(
    module: nn.Module,
    *,
    backend: str = "auto",
    precision: str = "auto",
    device: str = "auto",
    threads: int | None = None,
) -> Runtime:
    """A torch module ready to describe; nothing is kept on disk. See :func:`load_network`."""
    choice = choose(backend=backend, precision=precision, device=device, threads=threads)
    if choice.precision == "int8":
        raise UsageError("int8 is for networks with weights in a file; use load_network")
    if choice.backend == "torch":
        return _in_torch(module, choice)
    try:
        return _execute(_export(module), Header(least=_least(module)), choice)
    except _SizeMattersError as error:
        if backend != "auto":
            raise UsageError(f"{error}; use backend torch") from error
    choice = choose(backend="torch", precision=precision, device=device, threads=threads)
    return _in_torch(module, choice)


def exported(weights: WeightsLike, spec: NetworkSpec, *, folder: Path | None = None) -> Path:
    """The file of a network in f32, exported now where it was not yet; see :func:`load_network`.

    Raises:
        UsageError: torch is needed and not installed, or the network has no graph that is right
            for pictures of all sizes.
    """
    try:
        return _Store(weights, spec, folder).exported()
    except _SizeMattersError as error:
        raise UsageError(f"{error}; use backend torch") from error


def load_graph(graph: bytes, *, least: int, threads: int | None = None) -> Runtime:
    """What :func:`~relook.networks.runtime.export.export_module` gave, ready to run in OpenVINO.

    Args:
        graph: takes ``(B, H, W, 3)`` uint8 and gives one array of B rows.
        least: pixels that both sides of a picture must have at least.
        threads: of the processor; None: as many as this process has cores.
    """
    choice = choose(backend="openvino", precision="f32", device="cpu", threads=threads)
    return _execute(graph, Header(least=least), choice)


def _execute(model: Path | bytes, header: Header, choice: Choice) -> Runtime:
    if choice.backend == "onnx":
        from relook.networks.runtime.onnx import OnnxRuntime  # noqa: PLC0415 - an extra

        return OnnxRuntime(model, header, choice)
    from relook.networks.runtime.openvino import OpenVinoRuntime  # noqa: PLC0415 - takes a while

    compiled = cache_folder() / "compiled" if isinstance(model, Path) else None
    return OpenVinoRuntime(model, header, choice, compiled=compiled)


def _in_torch(module: nn.Module, choice: Choice) -> Runtime:
    from relook.networks.runtime.torch import TorchRuntime  # noqa: PLC0415 - an extra

    return TorchRuntime(module, _least(module), choice)


class _SizeMattersError(Exception):
    """A graph of this network would be right for one size of pictures only."""


class _Store:
    """The exported files of one network."""

    def __init__(self, weights: WeightsLike, spec: NetworkSpec, folder: Path | None) -> None:
        self._weights, self._spec = weights, spec
        self._wanted = Header(weights=weights.sha256, spec=spec.to_json())
        self._folders = [folder] if folder else [weights.path.parent, cache_folder() / "exports"]
        self._own = [one for one in self._folders if one != SHIPPED]  # a package is not written to
        self._name = export_name(
            weights.path.stem, weights=self._wanted.weights, digest=spec.digest
        )

    def exported(self) -> Path:
        """The file in f32, made now where there is none, or none that is whole."""
        file = f"{self._name}.onnx"
        found = self._find(file, needs="torch")
        if found is not None:
            return found
        module = _build(self._weights, self._spec)
        content = _export(module)
        _check_export(content, module)
        return keep_export(content, replace(self._wanted, least=_least(module)), file, self._own)

    def quantized(self, calibration: Iterable[Pixels] | None) -> Path:
        """The file in int8, likewise; it is calibrated once."""
        file = f"{self._name}.int8.onnx"
        found = self._find(file, needs="onnxruntime")
        if found is not None:
            return found
        if calibration is None:
            raise UsageError(
                "int8 is calibrated on pictures once: run relook weights calibrate RECIPE PHOTOS, "
                "or give calibration; or ask for precision f32"
            )
        if find_spec("onnxruntime") is None or find_spec("onnx") is None:
            raise UsageError('int8 is made with onnxruntime; pip install "relook[networks]"')
        from relook.networks.runtime.quantize import quantize  # noqa: PLC0415 - an extra

        path = self.exported()
        header = replace(read_header(path), precision="int8")
        content = quantize(path, calibration, least=header.least)
        return keep_export(content, header, file, self._own)

    def _find(self, file: str, *, needs: str) -> Path | None:
        try:
            return find_export(file, self._folders, self._wanted)
        except FormatError:
            if find_spec(needs) is None:
                raise
            return None  # it is made again


def _export(module: nn.Module) -> bytes:
    if not getattr(module, "is_dynamic", True):
        raise _SizeMattersError("what this network computes is cut by the size of the picture")
    return export_module(module)


def _check_export(content: bytes, module: nn.Module) -> None:
    """Hold the graph to the module at sizes that it was not traced with: another one is wrong."""
    least = _least(module)
    choices = (choose(backend=name, precision="f32", threads=1) for name in ("openvino", "torch"))
    graph, torch = (
        _execute(content, Header(least=least), next(choices)),
        _in_torch(module, next(choices)),
    )
    random = np.random.default_rng(0)
    for height, width in ((least + 13, 2 * least + 6), (2 * least + 1, least + 30)):
        picture = random.integers(0, 256, (1, height, width, 3), np.uint8)
        found, wanted = graph.describe(picture).ravel(), torch.describe(picture).ravel()
        if len(found) != len(wanted) or found @ wanted < 0.999 * np.sqrt(
            (found @ found) * (wanted @ wanted)
        ):
            raise _SizeMattersError("what was exported depends on the size of the picture")


def _build(weights: WeightsLike, spec: NetworkSpec) -> nn.Module:
    if find_spec("torch") is None:
        raise UsageError(
            f"{weights.path} was not exported yet for these settings, which takes torch once; "
            'pip install "relook[networks]"'
        )
    from relook.networks.retrieval import RetrievalNetwork  # noqa: PLC0415 - needs torch

    state = _fitting(weights.state(), weights.spec(), spec)
    if "pool.p" not in state:  # a classifier's: the spec alone says what GeM's p is
        fresh = RetrievalNetwork(spec).state_dict()
        state |= {name: fresh[name].numpy() for name in ("pool.p",) if name in fresh}
    return RetrievalNetwork.from_state(spec, state)


def _fitting(
    state: Mapping[str, NDArray[Any]], own: NetworkSpec, spec: NetworkSpec
) -> dict[str, NDArray[Any]]:
    """The state without the parts that another pooling, or no whitening, takes the place of."""
    replaced = {
        "pool": spec.pooling != own.pooling,
        "whiten": spec.whitening != own.whitening or spec.pooling != own.pooling,
    }
    return {key: value for key, value in state.items() if not replaced.get(key.split(".")[0])}


def _least(module: nn.Module) -> int:
    """Pixels that a side must have; a graph holds no such check."""
    return int(getattr(getattr(module, "backbone", None), "smallest", 1))
