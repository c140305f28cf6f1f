"""Mining 20,000 vectors: against an epoch of training, and against NumPy as one writes it down."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.harness import Measurement, Skipped, interleaved
from relook.training.mining import make_miner

PICTURES, DIMENSIONS, CLASSES, NEGATIVES = 20_000, 256, 4000, 5
BATCH, SIDE, THREADS, REPEATS = 96, 160, 2, 3
SHARE = 0.1
"""Of an epoch, that mining may take."""

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


def bench() -> dict[str, Measurement]:
    """One thread for mining, where every picture is a query, and two for the steps of an epoch.

    The network that describes the pictures is not a part of what is called mining here.
    """
    vectors, labels = made()
    queries = np.arange(PICTURES)
    agree(vectors, labels, queries[:500])
    jobs: dict[str, Callable[[], object]] = {
        name: partial(make_miner(name).mine, vectors, labels, queries, np.random.default_rng(0))
        for name in ("hard", "semi_hard", "combination", "manifold")
    }
    jobs["numpy"] = partial(in_numpy, vectors, labels, queries)
    jobs["step"] = step_of_default()
    jobs["step"]()  # the first is slow
    with threadpool_limits(1, user_api="blas"):
        seconds = interleaved(jobs, repeats=REPEATS)
    found = {
        f"mining_{name}_vs_numpy": Measurement(
            seconds["numpy"] / seconds[name],
            None,
            f"{PICTURES:,} × {DIMENSIONS}, {CLASSES:,} classes, one thread: {seconds[name]:.1f} s; "
            f"hard negatives N1 by argpartition in NumPy {seconds['numpy']:.1f} s",
        )
        for name in jobs
        if name not in {"numpy", "step"}
    }
    mining, epoch = seconds["hard"], seconds["step"] * PICTURES / BATCH
    detail = (
        f"hard negatives N2 of {PICTURES:,} pictures {mining:.1f} s on one thread; an epoch of "
        f"relook_small, {PICTURES // BATCH} steps of {BATCH} pictures at {SIDE} px, {epoch:.0f} s "
        f"on {THREADS}: {100 * mining / epoch:.1f} %; the bar is {100 * SHARE:.0f} %"
    )
    found["mining_below_10%_of_an_epoch"] = Measurement(SHARE * epoch / mining, 1.0, detail)
    return found


def made() -> tuple[Float32, Int64]:
    """Views around the center of their class, so that neighbors are of either kind."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, PICTURES)
    rows = rng.standard_normal((CLASSES, DIMENSIONS), dtype=np.float32)[labels]
    rows += 1.5 * rng.standard_normal(rows.shape, dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True), labels


def in_numpy(vectors: Float32, labels: Int64, queries: Int64, *, block: int = 500) -> Int64:
    """``(Q, 5)`` N1, best first."""
    found = []
    for start in range(0, len(queries), block):
        rows = queries[start : start + block]
        scores = vectors[rows] @ vectors.T
        scores[labels[rows][:, None] == labels] = -np.inf
        best = np.argpartition(-scores, NEGATIVES, axis=1)[:, :NEGATIVES]
        order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
        found.append(np.take_along_axis(best, order, axis=1))
    return np.concatenate(found)


def agree(vectors: Float32, labels: Int64, queries: Int64) -> None:
    """Raise unless N1 is the same, but for what one float32 product cannot tell apart."""
    miner = make_miner("hard", negatives=NEGATIVES, one_per_class=False, alone="itself")
    ours = miner.mine(vectors, labels, queries, np.random.default_rng(0))
    for each, theirs in zip(ours, in_numpy(vectors, labels, queries), strict=True):
        query = vectors[each.query]
        if not np.allclose(vectors[list(each.negatives)] @ query, vectors[theirs] @ query):
            raise AssertionError(f"NumPy and relook disagree about picture {each.query}")


def step_of_default() -> Callable[[], object]:
    """A step of the default network in float32, without the reading of pictures."""
    try:
        import torch  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise Skipped('torch is not installed; pip install "relook[networks]"') from error
    from relook.networks.retrieval import RetrievalNetwork  # noqa: PLC0415
    from relook.networks.spec import NetworkSpec  # noqa: PLC0415

    torch.set_num_threads(THREADS)  # whatever the environment says for the other benchmarks
    torch.manual_seed(0)
    network = RetrievalNetwork(NetworkSpec(backbone="relook_small")).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4)
    pixels = torch.randint(0, 256, (BATCH, SIDE, SIDE, 3), dtype=torch.uint8)

    def step() -> None:
        optimizer.zero_grad()
        vectors = network(pixels)
        (vectors @ vectors.T).mean().backward()
        optimizer.step()

    return step
