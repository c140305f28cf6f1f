"""OpenVINO's core, one for the process, and what it says of the processor."""

from __future__ import annotations

from functools import cache
from typing import Any

import openvino

__all__ = ["capabilities", "core"]


@cache
def core() -> Any:
    """Made once: each of its own would detect the processor anew."""
    return openvino.Core()


def capabilities() -> tuple[str, tuple[str, ...]]:
    """The processor's name, and what OpenVINO says that it computes in (``FP32``, ``BF16`` …)."""
    names = ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES")
    name, offered = (core().get_property("CPU", key) for key in names)
    return str(name), tuple(offered)
