"""The same network gives the same vectors behind every backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from relook.core.errors import ShapeError, UsageError
from relook.networks.runtime import Runtime, load_module
from relook.networks.spec import NetworkSpec

torch = pytest.importorskip("torch")
BACKENDS = ("openvino", "onnx", "torch")
Pictures = Callable[..., Any]


def network(**changes: Any) -> Any:
    from relook.networks.retrieval import RetrievalNetwork

    torch.manual_seed(3)
    settings: dict[str, Any] = {"backbone": "mobilenet_v2", "padding": "same", "whitening": 16}
    return RetrievalNetwork(NetworkSpec(**(settings | changes))).eval()


@pytest.fixture(scope="module")
def runtimes() -> dict[str, Runtime]:
    module = network()
    return {
        name: load_module(module, backend=name, precision="f32", device="cpu", threads=1)
        for name in BACKENDS
    }


@pytest.fixture(scope="module")
def streams() -> Runtime:
    return load_module(network(), backend="openvino", precision="f32", threads=2)


@pytest.mark.parametrize("shape", [(1, 64, 64), (3, 97, 129), (2, 32, 32), (1, 32, 300)])
def test_backends_agree_on_every_size(
    runtimes: dict[str, Runtime], pictures: Pictures, shape: tuple[int, ...]
) -> None:
    pixels = pictures(*shape)
    found = [runtime.describe(pixels) for runtime in runtimes.values()]
    for vectors in found:
        assert vectors.dtype == np.float32
        assert vectors.shape == (shape[0], 16)
        np.testing.assert_allclose(vectors, found[0], atol=1e-4)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", BACKENDS)
def test_the_batch_changes_nothing(
    runtimes: dict[str, Runtime], pictures: Pictures, name: str
) -> None:
    pixels = pictures(5, 65, 80)
    together = runtimes[name].describe(pixels)
    alone = [runtimes[name].describe(pixels[i : i + 1])[0] for i in range(5)]
    np.testing.assert_allclose(together, np.stack(alone), atol=1e-5)


def test_sizes_that_come_often_change_nothing(
    runtimes: dict[str, Runtime], pictures: Pictures
) -> None:
    batches = [pictures(1, height, 40) for height in (32, 40, 48)]
    for pixels in batches:
        found = [runtimes["openvino"].describe(pixels) for _ in range(10)]
        np.testing.assert_allclose(found, np.stack([found[0]] * 10), atol=1e-5)


@pytest.mark.parametrize("name", [*BACKENDS, "streams"])
def test_describe_all_keeps_the_order(
    runtimes: dict[str, Runtime], streams: Runtime, pictures: Pictures, name: str
) -> None:
    runtime = streams if name == "streams" else runtimes[name]
    batches = [pictures(1 + i % 2, 40 + 9 * i, 64, seed=i) for i in range(6)]
    found = list(runtime.describe_all(iter(batches)))
    for pixels, vectors in zip(batches, found, strict=True):
        np.testing.assert_allclose(vectors, runtime.describe(pixels), atol=1e-5)
    assert list(runtime.describe_all([])) == []


def test_describe_all_can_be_left_early(streams: Runtime, pictures: Pictures) -> None:
    batches = [pictures(1, 64, 64, seed=i) for i in range(5)]
    for _ in range(2):
        first = next(iter(streams.describe_all(batches)))
        np.testing.assert_allclose(first, streams.describe(batches[0]), atol=1e-5)


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((1, 64, 64, 3), np.float32),
        np.zeros((64, 64, 3), np.uint8),
        np.zeros((1, 3, 64, 64), np.uint8),
        np.zeros((0, 64, 64, 3), np.uint8),
        np.zeros((1, 31, 64, 3), np.uint8),
        np.zeros((1, 1, 5000, 3), np.uint8),
    ],
    ids=["float", "one picture", "channels first", "empty", "too low", "strip"],
)
def test_other_pixels_are_refused(runtimes: dict[str, Runtime], name: str, pixels: Any) -> None:
    with pytest.raises(ShapeError):
        runtimes[name].describe(pixels)
    with pytest.raises(ShapeError):
        list(runtimes[name].describe_all([pixels]))


@pytest.mark.parametrize("name", ["openvino", "torch"])
def test_vectors_that_are_not_finite_are_refused(pictures: Pictures, name: str) -> None:
    module = network()
    with torch.no_grad():
        module.whiten.weight[0, 0] = float("nan")
    runtime = load_module(module, backend=name, device="cpu", threads=1)
    with pytest.raises(ShapeError, match="not finite"):
        runtime.describe(pictures(1, 64, 64))


def test_a_network_without_pooling_gives_its_map(pictures: Pictures) -> None:
    module = network(pooling="", whitening=0)
    maps = [
        load_module(module, backend=name, precision="f32", threads=1).describe(pictures(2, 70, 99))
        for name in BACKENDS
    ]
    assert maps[0].shape == (2, 1280, 3, 4)
    for found in maps[1:]:
        np.testing.assert_allclose(found, maps[0], atol=1e-4 * float(maps[0].max()))


def test_a_choice_that_is_not_offered_names_the_choices() -> None:
    module = network()
    with pytest.raises(UsageError, match="choose f32 or int8"):
        load_module(module, backend="onnx", precision="bf16")
    with pytest.raises(UsageError, match="openvino, onnx or torch"):
        load_module(module, backend="tensorrt")
    with pytest.raises(UsageError, match="threads must be 1"):
        load_module(module, threads=0)
