"""Networks that find points and describe each; importing this takes torch."""

from relook.networks.local.aliked import AlikedNetwork
from relook.networks.local.runner import AlikedRunner

__all__ = ["AlikedNetwork", "AlikedRunner"]
