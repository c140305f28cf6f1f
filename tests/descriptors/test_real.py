"""On real photos with real weights, where they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from relook.descriptors.extract import extract
from relook.descriptors.multiscale import MultiScale
from relook.descriptors.sizing import Sizing
from relook.descriptors.vector import VectorDescriber
from relook.images import read
from relook.networks.runtime import load_network
from relook.networks.weights import open_weights

DATA = os.environ.get("RELOOK_TEST_DATA", "")
WEIGHTS = Path(DATA) / "weights" / "mobilenet_v2_100.npz"

pytestmark = pytest.mark.skipif(
    not DATA or not WEIGHTS.exists(),
    reason="RELOOK_TEST_DATA does not name a folder with weights/mobilenet_v2_100.npz",
)


@pytest.fixture(scope="module")
def runtime(tmp_path_factory):
    pytest.importorskip("torch")
    weights = open_weights(str(WEIGHTS))
    return load_network(weights, weights.spec(), threads=1, folder=tmp_path_factory.mktemp("net"))


@pytest.fixture(scope="module")
def photos():
    return sorted((Path(DATA) / "photos").rglob("*.jpg"))[::400]


@pytest.mark.parametrize("pool", ["mean", "gem"])
def test_extracting_agrees_with_describing_one_by_one(runtime, photos, pool):
    describer = VectorDescriber(
        runtime, Sizing(longest=256), MultiScale(scales=(1.0, 0.5), pool=pool)
    )
    for path, found in extract(photos, describer, batch=3):
        alone = describer.describe(read(path, longest=256))
        assert float(found @ alone) > 0.9995
