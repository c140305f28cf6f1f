"""What a recipe was fitted on is told, and sweeps over what is fitted describe nothing anew."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("torch")

from oracles import tiny
from relook.datasets.truth import DatasetImage, DatasetQuery, GroundTruth
from relook.evaluation.fitted import fitted_of
from relook.evaluation.plan import plan_runs
from relook.evaluation.several import measure
from relook.evaluation.source import Source
from relook.search import load_recipe

WHITE = 'whitening = "w.safetensors"\n'


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    folder = tmp_path_factory.mktemp("network")
    tiny.write_network(folder)
    vectors = np.random.default_rng(0).standard_normal((40, tiny.DIMENSIONS))
    tiny.fit_whitening(vectors, folder / "w.safetensors", dimensions=10)
    return folder


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RELOOK_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("things")
    tiny.save_photos(folder, range(3))
    truth = tuple(
        DatasetQuery(f"t{thing}v0", "all", (f"t{thing}v1", f"t{thing}v2")) for thing in range(3)
    )
    images = tuple(
        DatasetImage(path.stem, path.name, "query" if path.stem.endswith("v0") else "db")
        for path in sorted(folder.iterdir())
    )
    return Source(GroundTruth("things", images, truth), folder)


def test_the_network_and_the_whitening_are_named_with_their_training(network):
    recipe = load_recipe(tiny.recipe(network, "hybrid", channel=WHITE, local=True))
    found = dict(fitted_of(recipe))
    assert list(found) == [
        "codebook sift-16k",
        f"network {tiny.NAME}",
        f"whitening {network.resolve() / 'w.safetensors'}",
    ]
    assert found[f"network {tiny.NAME}"] == {"on": "noise"}
    assert list(found.values())[2] == {"on": "noise"}
    plain = load_recipe(tiny.recipe(network, "plain"))
    assert list(dict(fitted_of(plain))) == [f"network {tiny.NAME}"]


@pytest.mark.parametrize(
    "sweep", ["channels.global.dimensions=3,10", "channels.global.index.kind=flat,hnsw"]
)
def test_a_sweep_over_the_index_describes_once(network, dataset, tmp_path, sweep):
    recipe = load_recipe(tiny.recipe(network, "swept", channel=WHITE))
    plans = plan_runs([recipe], [sweep])
    measured = measure(dataset, plans, workdir=tmp_path / "w", jobs=1)
    first, second = measured.record.runs
    assert first.describe_ms_per_image is not None
    assert second.describe_ms_per_image is None
    assert measured.quarantined == {}
    assert len(list((tmp_path / "w").glob("**/catalog.sqlite"))) == 1


def test_a_sweep_over_scales_describes_each_in_a_place_of_its_own(network, dataset, tmp_path):
    recipe = load_recipe(tiny.recipe(network, "scaled"))
    plans = plan_runs([recipe], ["channels.global.scales=1,1+0.5"])
    assert [run.recipe.vector.scales for run in plans.runs] == [(1.0,), (1.0, 0.5)]
    measured = measure(dataset, plans, workdir=tmp_path / "w", jobs=1)
    assert all(run.describe_ms_per_image is not None for run in measured.record.runs)
    assert len(list((tmp_path / "w").glob("**/catalog.sqlite"))) == 2
    json.dumps(measured.record.to_json())
