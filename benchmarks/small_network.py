"""One 640 × 480 picture through the recipe of our own network, on one core.

Beside it the recipe of MobileNetV2, which is what one would take otherwise. Processor time of one
thread, because other work on the machine must not count; the quickest of several, because it slows
the processor down all the same. Random weights stand in for those that are not here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from benchmarks.harness import Measurement, Skipped
from relook.core.records import Image
from relook.descriptors.vector import VectorDescriber
from relook.networks.runtime import Runtime, load_module
from relook.networks.spec import NetworkSpec
from relook.networks.weights import find_card, ships
from relook.search import load_recipe
from relook.search.channels import GlobalChannel
from relook.search.vector import load_runtime, make_sizing, multiscale_of

SMALL, USUAL = "relook-small", "mobilenetv2-gem"
HEIGHT, WIDTH, WARM, REPEATS = 480, 640, 10, 15
LENGTHS = (320, 448, 640)
MOST = 40.0
"""Milliseconds that describing may take."""


def bench() -> dict[str, Measurement]:
    """How much quicker than MobileNetV2, and than may be; times at several sizes in the detail."""
    recipes = {name: _channel(name) for name in (SMALL, USUAL)}
    small = recipes[SMALL]
    channels: dict[str, GlobalChannel] = {
        **recipes,
        **{f"{length} px": replace(small, longest=length, scales=(1.0,)) for length in LENGTHS},
    }
    runtimes = {name: _runtime(channel) for name, channel in recipes.items()}
    image = _picture()
    found = _quickest(
        {
            name: _describe(runtimes[USUAL if name == USUAL else SMALL], channel, image)
            for name, channel in channels.items()
        }
    )
    sizes = ", ".join(f"{found[f'{n} px']:.0f} ms at {n} px" for n in LENGTHS)
    own = runtimes[SMALL]
    detail = (
        f"{WIDTH} × {HEIGHT}, one thread, {own.backend} in {own.precision}: {SMALL} "
        f"{found[SMALL]:.0f} ms, {USUAL} {found[USUAL]:.0f} ms; {SMALL} with one scale {sizes}"
    )
    return {
        "describe_small_vs_mobilenet": Measurement(found[USUAL] / found[SMALL], 1.0, detail),
        "describe_small_vs_40_ms": Measurement(MOST / found[SMALL], 1.0, detail),
    }


def _channel(recipe: str) -> GlobalChannel:
    channel = load_recipe(recipe).network
    if channel is None:
        raise Skipped(f"recipe {recipe} has no network")
    return channel


def _runtime(channel: GlobalChannel) -> Runtime:
    card = find_card(channel.weights)
    if ships(card):
        return load_runtime(channel, threads=1)
    try:
        import torch  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise Skipped('torch is not installed; pip install "relook[networks]"') from error
    from relook.networks.retrieval import RetrievalNetwork  # noqa: PLC0415

    torch.manual_seed(0)
    changes = {"pooling": channel.pooling} if channel.pooling else {}
    spec: NetworkSpec = card.spec(layer=channel.layer, **changes)
    return load_module(RetrievalNetwork(spec).eval(), device="cpu", threads=1)


def _picture() -> Image:
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (HEIGHT // 8, WIDTH // 8, 3), dtype=np.uint8)
    return Image(np.ascontiguousarray(coarse.repeat(8, 0).repeat(8, 1)), (WIDTH, HEIGHT))


def _describe(runtime: Runtime, channel: GlobalChannel, image: Image) -> Callable[[], object]:
    describer = VectorDescriber(runtime, make_sizing(channel), multiscale_of(channel))
    return lambda: describer.describe(image)


def _quickest(contenders: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Milliseconds of the processor, the least of several taken in turns."""
    for contender in contenders.values():
        for _ in range(WARM):  # a size that comes often is compiled for
            contender()
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(REPEATS):
        for name, contender in contenders.items():
            start = time.process_time()
            contender()
            times[name].append(1e3 * (time.process_time() - start))
    return {name: min(values) for name, values in times.items()}
