"""Which backend, device and precision a network runs with here."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from relook.core.errors import UsageError
from relook.networks.runtime.processor import cores, have_cuda, have_mps, processor

__all__ = ["BACKENDS", "DEVICES", "PRECISIONS", "Choice", "choose"]

BACKENDS = ("openvino", "onnx", "torch")
DEVICES = ("cpu", "cuda", "mps")
PRECISIONS = {
    ("openvino", "cpu"): ("f32", "bf16", "f16", "int8"),
    ("onnx", "cpu"): ("f32", "int8"),
    ("torch", "cpu"): ("f32",),
    ("torch", "cuda"): ("f16", "bf16", "f32"),
    ("torch", "mps"): ("f16", "f32"),
}
"""What each backend offers on each device."""

_NEEDS = {"openvino": "openvino", "onnx": "onnxruntime", "torch": "torch"}


@dataclass(frozen=True, slots=True)
class Choice:
    """How a network is to be run; nothing in it is ``auto``.

    Attributes:
        backend: one of :data:`BACKENDS`.
        device: one of :data:`DEVICES`.
        precision: one that :data:`PRECISIONS` offers for these two.
        threads: threads of the processor that may work on one network.
        reason: why this precision, in words.
    """

    backend: str
    device: str
    precision: str
    threads: int
    reason: str = "as asked"


def choose(
    *,
    backend: str = "auto",
    precision: str = "auto",
    device: str = "auto",
    threads: int | None = None,
) -> Choice:
    """Replace every ``auto`` by what is fastest here at next to no loss.

    A card of NVIDIA that torch sees computes in f16. Without one OpenVINO computes on the
    processor: in bf16 where that has instructions for it, else in f32. int8 is never chosen
    unasked. bf16 may be asked of OpenVINO everywhere: it then rounds as bf16 does, only slowly.

    Raises:
        UsageError: something that does not exist, is not installed, or does not go together.
    """
    _check("backend", backend, BACKENDS)
    _check("device", device, DEVICES)
    if threads is not None and threads < 1:
        raise UsageError(f"threads must be 1 or more, not {threads}")
    device = _device(backend, device)
    backend = ("openvino" if device == "cpu" else "torch") if backend == "auto" else backend
    offered = PRECISIONS.get((backend, device))
    if offered is None:
        raise UsageError(f"backend {backend} computes on the cpu only; use torch for {device}")
    if find_spec(_NEEDS[backend]) is None:
        raise UsageError(f'backend {backend} is not installed; pip install "relook[networks]"')
    wanted, reason = _precision(backend, device) if precision == "auto" else (precision, "as asked")
    if wanted not in offered:
        raise UsageError(
            f"{backend} on {device} has no precision {wanted!r}; choose {_or(offered)}"
        )
    return Choice(backend, device, wanted, threads or cores(), reason)


def _check(what: str, value: str, known: tuple[str, ...]) -> None:
    if value != "auto" and value not in known:
        raise UsageError(f"{what} must be {_or(('auto', *known))}, not {value!r}")


def _or(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]


def _device(backend: str, device: str) -> str:
    if device == "auto":
        return "cuda" if backend in ("auto", "torch") and have_cuda() else "cpu"
    if (device == "cuda" and not have_cuda()) or (device == "mps" and not have_mps()):
        raise UsageError(f"torch is not installed or sees no {device} here; use device cpu")
    return device


def _precision(backend: str, device: str) -> tuple[str, str]:
    if device != "cpu":
        return "f16", f"{device} computes fastest in half precision"
    if backend != "openvino":
        return "f32", f"{backend} on the processor"
    found = processor()
    features = ", ".join(found.features) or found.name
    if "bf16" in found.native:
        return "bf16", f"the processor has it: {features}"
    return "f32", f"no bf16 in this processor: {features}"
