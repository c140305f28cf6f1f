"""VLAD and Fisher vectors of one image, against NumPy as one writes it down."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import Measurement, interleaved
from relook.encodings import FisherVector, Vlad

FEATURES, WIDTH, WORDS, IMAGES, REPEATS = 1000, 128, 256, 40, 61
COMPONENTS, INNER = 64, 64
BAR = 3.0

Float32 = NDArray[np.float32]


def bench() -> dict[str, Measurement]:
    """Ratios of the times of one image, whole vectors without reduction, one thread each."""
    random = np.random.default_rng(0)
    images = [made_up(random, WIDTH) for _ in range(IMAGES)]
    small = [rows[:, :INNER].copy() for rows in images]
    found = {}
    for words in (64, WORDS):
        vlad = Vlad.fit(images, words=words)
        found[f"vlad_{words}_vs_numpy"] = measured(
            f"VLAD of {FEATURES} descriptors of {WIDTH}-D, {words} words",
            images[0],
            vlad.encode_descriptors,
            {"NumPy": partial(vlad_in_numpy, encoder=vlad)},
        )
    fisher = FisherVector.fit(small, words=COMPONENTS)
    found["fisher_vs_numpy"] = measured(
        f"Fisher vector of {FEATURES} descriptors of {INNER}-D, {COMPONENTS} components",
        small[0],
        fisher.encode_descriptors,
        {
            "NumPy": partial(fisher_in_numpy, encoder=fisher),
            "NumPy by products": partial(fisher_by_products, encoder=fisher),
        },
    )
    return found


def measured(
    what: str,
    rows: Float32,
    ours: Callable[[Float32], Float32],
    others: dict[str, Callable[[Float32], Float32]],
) -> Measurement:
    """The first of the others is what the bar is against."""
    vector = ours(rows)  # also compiles
    for name, other in others.items():
        if not np.allclose(other(rows), vector, atol=1e-4):
            raise AssertionError(f"{name} and relook disagree about the {what}")
    contenders = {"relook": ours, **others}
    times = interleaved(
        {name: partial(contender, rows) for name, contender in contenders.items()},
        repeats=REPEATS,
    )
    said = ", ".join(
        f"{name} {times[name] * 1e3:.2f} ms ({times[name] / times['relook']:.1f} x)"
        for name in others
    )
    detail = f"{what}: {times['relook'] * 1e3:.2f} ms; {said}"
    return Measurement(times[next(iter(others))] / times["relook"], BAR, detail)


def made_up(random: np.random.Generator, width: int) -> Float32:
    """Descriptors of one image: not negative, sparse, of length 1."""
    rows = random.gamma(0.4, 1, (FEATURES, width)).astype(np.float32)
    rows[:, : width // 2] *= random.gamma(0.5, 2, (8, width // 2))[random.integers(0, 8, FEATURES)]
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def vlad_in_numpy(rows: Float32, encoder: Vlad) -> Float32:
    """Nearest words by one matrix product, then a loop over words."""
    centers = encoder.centers
    nearest = (rows @ centers.T - (centers**2).sum(1) / 2).argmax(1)
    sums = np.zeros_like(centers)
    for word in range(len(centers)):
        sums[word] = (rows[nearest == word] - centers[word]).sum(0)
    return normalized(sums.ravel())


def fisher_in_numpy(rows: Float32, encoder: FisherVector) -> Float32:
    """Dense posteriors of all differences, and einsum."""
    weights, means, variances = encoder.weights, encoder.means, encoder.variances
    away = (rows[:, None] - means) / np.sqrt(variances)
    squares = np.einsum("nkd,nkd->nk", away, away)
    logs = np.log(weights) - squares / 2 - np.log(2 * np.pi * variances).sum(1) / 2
    shares = np.exp(logs - logs.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    first = np.einsum("nk,nkd->kd", shares, away)
    second = np.einsum("nk,nkd->kd", shares, away**2) - shares.sum(0)[:, None]
    roots = np.sqrt(weights)[:, None]
    return normalized(np.concatenate([first / roots, second / (roots * np.sqrt(2))], axis=None))


def fisher_by_products(rows: Float32, encoder: FisherVector) -> Float32:
    """The same by matrix products, as one writes it who knows that they are faster."""
    weights, means, variances = encoder.weights, encoder.means, encoder.variances
    quadratic = rows**2 @ (1 / variances).T - 2 * rows @ (means / variances).T
    quadratic += (means**2 / variances + np.log(2 * np.pi * variances)).sum(1)
    logs = np.log(weights) - quadratic / 2
    shares = np.exp(logs - logs.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    mass, sums, squares = shares.sum(0)[:, None], shares.T @ rows, shares.T @ rows**2
    first = (sums - mass * means) / np.sqrt(variances)
    second = (squares - 2 * means * sums + means**2 * mass) / variances - mass
    roots = np.sqrt(weights)[:, None]
    return normalized(np.concatenate([first / roots, second / (roots * np.sqrt(2))], axis=None))


def normalized(vector: Float32) -> Float32:
    """Power-law, l2."""
    vector = np.sign(vector) * np.sqrt(np.abs(vector))
    return (vector / np.linalg.norm(vector)).astype(np.float32)
