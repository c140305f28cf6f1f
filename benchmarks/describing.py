"""One 1024 × 768 picture through a ResNet: our runtime against torch as one calls it, two threads.

bf16 needs a processor with AMX to be worth its name, so the bar holds only there; elsewhere the
detail says what the processor has instead.
"""

from __future__ import annotations

import numpy as np

from benchmarks.harness import Measurement, Skipped, interleaved

HEIGHT, WIDTH, THREADS, REPEATS = 768, 1024, 2, 7
WARM = 8
NETWORKS = ("resnet50", "resnet101")
BAR = 8.0


def bench() -> dict[str, Measurement]:
    """Ratio of medians at batch 1, and the cosine between the two vectors."""
    try:
        import torch  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise Skipped('torch is not installed; pip install "relook[networks]"') from error
    torch.set_num_threads(THREADS)  # whatever the environment says for the other benchmarks
    return {f"describe_{name}_vs_torch": _measure(name) for name in NETWORKS}


def _measure(name: str) -> Measurement:
    import torch  # noqa: PLC0415

    from relook.networks.retrieval import RetrievalNetwork  # noqa: PLC0415
    from relook.networks.runtime import load_module, processor  # noqa: PLC0415
    from relook.networks.spec import NetworkSpec  # noqa: PLC0415

    torch.manual_seed(0)
    network = RetrievalNetwork(NetworkSpec(backbone=name)).eval()
    runtime = load_module(network, device="cpu", threads=THREADS)
    pixels = np.random.default_rng(0).integers(0, 256, (1, HEIGHT, WIDTH, 3), dtype=np.uint8)

    def eager() -> np.ndarray:
        with torch.inference_mode():
            return np.asarray(network(torch.from_numpy(pixels)))

    cosine = float(np.sum(eager() * runtime.describe(pixels)))
    for _ in range(WARM):  # a size that comes often is compiled for
        runtime.describe(pixels)
    times = interleaved(
        {"relook": lambda: runtime.describe(pixels), "torch": eager}, repeats=REPEATS
    )
    found = processor()
    detail = (
        f"{name}, {WIDTH} × {HEIGHT}, batch 1, {THREADS} threads: {runtime.backend} in "
        f"{runtime.precision} {times['relook'] * 1e3:.0f} ms, torch eager in f32 "
        f"{times['torch'] * 1e3:.0f} ms, cosine {cosine:.5f}; {found.name} has "
        f"{', '.join(found.features) or 'features that it does not tell'}"
    )
    bar = BAR if found.has_amx else None
    return Measurement(times["torch"] / times["relook"], bar, detail)
