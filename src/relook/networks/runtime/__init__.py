"""Execute a network on what this computer has: OpenVINO, ONNX Runtime or torch."""

from relook.networks.runtime.base import Runtime
from relook.networks.runtime.load import WeightsLike, load_graph, load_module, load_network
from relook.networks.runtime.precision import BACKENDS, PRECISIONS, Choice, choose
from relook.networks.runtime.processor import Processor, processor

__all__ = [
    "BACKENDS",
    "PRECISIONS",
    "Choice",
    "Processor",
    "Runtime",
    "WeightsLike",
    "choose",
    "load_graph",
    "load_module",
    "load_network",
    "processor",
]
