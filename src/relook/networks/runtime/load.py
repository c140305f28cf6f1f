"""From weights and a spec to something that describes, by way of a file that is made once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from numpy.typing import NDArray

from relook.core.errors import FormatError, UsageError
from relook.networks.runtime.base import Runtime
from relook.networks.runtime.export import Header, export_module, read_header
from relook.networks.runtime.place import cache_folder, export_name, find_export, keep_export
from relook.networks.runtime.precision import Choice, choose
from relook.networks.spec import NetworkSpec

if TYPE_CHECKING:
    from torch import nn

__all__ = ["WeightsLike", "load_module", "load_network"]


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


def load_network(
    weights: WeightsLike,
    spec: NetworkSpec,
    *,
    backend: str = "auto",
    precision: str = "auto",
    device: str = "auto",
    threads: int | None = None,
    folder: Path | None = None,
) -> Runtime:
    """A network with these weights, ready to describe.

    For OpenVINO and ONNX Runtime it is exported once, next to its weights (to the user's cache
    folder where that cannot be written to), and needs no torch from then on.

    Args:
        weights: what :func:`relook.networks.weights.open_weights` gave.
        spec: the network that they are put into.
        backend: ``openvino``, ``onnx``, ``torch``, or ``auto``: torch where it sees a card of
            NVIDIA, else OpenVINO.
        precision: ``f32``, ``bf16``, ``f16``, or ``auto``.
        device: ``cpu``, ``cuda``, ``mps``, or ``auto``.
        threads: of the processor; None: as many as this process has cores.
        folder: where the exported network is kept instead.

    Raises:
        UsageError: a choice that this computer does not have; nothing is exported yet and torch is
            not installed; the weights do not fit the spec.
        FormatError: the exported file is damaged, and torch is not there to make it again.
    """
    choice = choose(backend=backend, precision=precision, device=device, threads=threads)
    if choice.backend == "torch":
        return _in_torch(_build(weights, spec), choice)
    path = _exported(weights, spec, folder)
    return _execute(path, read_header(path), choice)


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
    if choice.backend == "torch":
        return _in_torch(module, choice)
    return _execute(export_module(module), Header(least=_least(module)), choice)


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


def _exported(weights: WeightsLike, spec: NetworkSpec, folder: Path | None) -> Path:
    """The exported file, made now where there is none, or none that is whole."""
    wanted = Header(weights=weights.sha256, spec=spec.to_json())
    places = [folder] if folder else [weights.path.parent, cache_folder() / "exports"]
    name = export_name(weights.path.stem, weights=wanted.weights, digest=spec.digest)
    file = f"{name}.onnx"
    try:
        found = find_export(file, places, wanted)
    except FormatError:
        if find_spec("torch") is None:
            raise
        found = None
    if found is not None:
        return found
    module = _build(weights, spec)
    header = replace(wanted, least=_least(module))
    return keep_export(export_module(module), header, file, places)


def _build(weights: WeightsLike, spec: NetworkSpec) -> nn.Module:
    if find_spec("torch") is None:
        raise UsageError(
            f"{weights.path} was not exported yet for these settings, which takes torch once; "
            'pip install "relook[networks]"'
        )
    from relook.networks.retrieval import RetrievalNetwork  # noqa: PLC0415 - needs torch

    state = dict(weights.state())
    if "pool.p" not in state:  # a classifier's: the spec alone says what GeM's p is
        fresh = RetrievalNetwork(spec).state_dict()
        state |= {name: fresh[name].numpy() for name in ("pool.p",) if name in fresh}
    return RetrievalNetwork.from_state(spec, state)


def _least(module: nn.Module) -> int:
    """Pixels that a side must have; a graph holds no such check."""
    return int(getattr(getattr(module, "backbone", None), "smallest", 1))
