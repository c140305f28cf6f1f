"""What this computer offers to a network, found out without loading one."""

from __future__ import annotations

import ctypes
import os
import sys
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

__all__ = ["Processor", "cores", "have_cuda", "have_mps", "processor"]

_WORDS = {
    "amx_tile": "AMX",
    "amx_bf16": "AMX bf16",
    "amx_int8": "AMX int8",
    "avx512_bf16": "AVX-512 bf16",
    "avx512_vnni": "AVX-512 VNNI",
    "avx512f": "AVX-512",
    "avx_vnni": "AVX VNNI",
    "avx2": "AVX2",
    "asimd": "NEON",
    "bf16": "bf16",
}
"""Linux's flags, and what people call them."""


@dataclass(frozen=True, slots=True)
class Processor:
    """The processor as OpenVINO sees it.

    Attributes:
        name: as its maker calls it.
        native: precisions that it computes in faster than, or as fast as, f32.
        features: what it has, in words; empty where the system does not say.
    """

    name: str
    native: tuple[str, ...]
    features: tuple[str, ...]

    @property
    def has_amx(self) -> bool:
        """Whether it multiplies tiles of bf16."""
        return "AMX bf16" in self.features


@cache
def processor() -> Processor:
    """The processor of this computer."""
    from relook.networks.runtime.core import capabilities  # noqa: PLC0415 - loads OpenVINO

    name, offered = capabilities()
    known = {"FP32": "f32", "BF16": "bf16", "FP16": "f16", "INT8": "int8"}
    native = tuple(ours for theirs, ours in known.items() if theirs in offered)
    return Processor(name, native, _features())


def _features() -> tuple[str, ...]:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    found = next((line for line in lines if line.lower().startswith(("flags", "features"))), "")
    flags = set(found.partition(":")[2].split())
    return tuple(words for flag, words in _WORDS.items() if flag in flags)


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def have_cuda() -> bool:
    """Whether torch is installed and sees an NVIDIA card; torch is only asked if a driver is."""
    if sys.platform == "darwin" or find_spec("torch") is None:
        return False
    try:
        ctypes.CDLL("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
    except OSError:
        return False
    import torch  # noqa: PLC0415

    return torch.cuda.is_available()


def have_mps() -> bool:
    """Whether torch is installed and can use Apple's graphics processor."""
    if sys.platform != "darwin" or find_spec("torch") is None:
        return False
    import torch  # noqa: PLC0415

    return torch.backends.mps.is_available()
