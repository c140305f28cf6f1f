"""The whitening layer: begun from a fitted array, and fitted anew after training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.networks.retrieval import RetrievalNetwork
from relook.vectors.projection import Projection, load_whitening

__all__ = ["begin_whitening"]


def begin_whitening(network: RetrievalNetwork, file: str | Path) -> None:
    """Put a fitted whitening P (x - m) into the linear layer as W = P and b = -P m.

    Raises:
        UsageError: it is for vectors of another length, or has fewer dimensions than the layer.
        StorageError: the file cannot be read, or holds no whitening.

    Source: Radenović, Tolias and Chum 2019, section 3.4: whitening as an initialized layer.
    """
    fitted = load_whitening(file)
    weight, bias = _affine(fitted)
    layer = network.whiten
    if layer is None:
        raise UsageError("the network has no whitening to begin; set network.whitening")
    outputs, inputs = layer.weight.shape
    if weight.shape[1] != inputs or len(weight) < outputs:
        raise UsageError(
            f"{file} maps {weight.shape[1]} dimensions to {len(weight)}; the layer maps {inputs} "
            f"to {outputs}: fit the whitening on this network's pooled vectors"
        )
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight[:outputs].copy()))
        layer.bias.copy_(torch.from_numpy(bias[:outputs].copy()))


def _affine(fitted: Projection) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    matrix = fitted.matrix.astype(np.float64)
    return fitted.matrix, -(matrix @ fitted.mean.astype(np.float64)).astype(np.float32)
