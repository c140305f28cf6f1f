"""What several tests of training begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture
def tiny() -> Iterator[None]:
    """Configurations may ask for the backbone ``tiny``; torch has as many threads as before."""
    import torch

    from oracles.tiny_training import know_tiny
    from relook.networks.backbones.registry import BACKBONES

    know_tiny()
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    del BACKBONES["tiny"]
