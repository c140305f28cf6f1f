"""Weights of small networks with random numbers, in a folder of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from oracles import local_networks


@pytest.fixture(scope="session")
def resnet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ResNet-18 with random weights."""
    pytest.importorskip("torch", reason="the weights are made with torch")
    return local_networks.write_resnet(tmp_path_factory.mktemp("resnet"))


@pytest.fixture(scope="session")
def aliked_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ALIKED with random weights."""
    pytest.importorskip("torch", reason="the weights are made with torch")
    return local_networks.write_aliked(tmp_path_factory.mktemp("aliked"))
