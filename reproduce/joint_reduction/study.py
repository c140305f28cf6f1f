"""Joined vocabularies of pictures, and what they are worth at 128 dimensions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from relook.cli.progress import Report
from relook.datasets.gnd import GroundTruth
from relook.encodings.joint import JointReduction
from relook.encodings.training_rows import draw
from relook.encodings.vector_encoders import make_vector_encoder_class
from relook.encodings.vocabularies import bundle, root_sifts
from relook.evaluation.metrics import judge, mean_average_precision
from relook.vectors import Pca, PcaWhitening, Projection
from relook.vectors.normalize import l2_normalize
from reproduce.joint_reduction.describing import Descriptors
from reproduce.joint_reduction.settings import (
    DIMENSIONS,
    FAMILIES,
    KEPT,
    OTHERS,
    Family,
    PcaSifts,
)  # fmt: skip

__all__ = ["Curve", "Material", "Results", "columns_of", "study"]

Float32 = NDArray[np.float32]
COUNTED = 200_000
"""Descriptors whose assignments are counted."""


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What is studied.

    Attributes:
        truth: of the benchmark.
        photos: that everything is fitted on.
        benchmark: its database, then its queries.
        folders: the folder of each photo.
        regions: photos and benchmark with five measurement regions; None leaves them out.
        words: of the largest vocabularies.
        jobs: threads.
        workdir: where joined vectors are kept.
        report: of progress.
    """

    truth: GroundTruth
    photos: Descriptors
    benchmark: Descriptors
    folders: Sequence[str]
    regions: tuple[Descriptors, Descriptors] | None
    words: int
    jobs: int
    workdir: Path
    report: Report


@dataclass(frozen=True, slots=True)
class Curve:
    """mAP by the number of vocabularies (from 1) of a family.

    Attributes:
        family: whose.
        sizes: of each vocabulary, or of a bundle.
        reduced: after PCA whitening to 128 dimensions, or as they are.
        scores: mAP.
    """

    family: str
    sizes: tuple[int, ...]
    reduced: bool
    scores: tuple[float, ...]


@dataclass(slots=True)
class Results:
    """All that was found."""

    curves: list[Curve] = field(default_factory=list)
    others: dict[str, float] = field(default_factory=dict)
    cells: dict[int, tuple[int, ...]] = field(default_factory=dict)
    facts: list[str] = field(default_factory=list)


def study(material: Material) -> Results:
    """Fit, encode, reduce and score everything."""
    results = Results(facts=_facts(material))
    pca = _pca_sifts(material)
    for place, family in enumerate(FAMILIES):
        material.report("vocabularies", place, len(FAMILIES))
        if family.regions and material.regions is None:
            continue
        results.curves += _curves(material, family, pca)
    material.report("vocabularies", len(FAMILIES), len(FAMILIES))
    for place, other in enumerate(OTHERS):
        made: type = make_vector_encoder_class(other.kind)
        fit: Callable[..., JointReduction] = made.fit  # type: ignore[attr-defined]
        encoder = fit(list(material.photos), dimensions=DIMENSIONS, **other.options)
        results.others[other.name] = _map(material, encoder.encode_images(material.benchmark))
        material.report("other encodings", place + 1, len(OTHERS))
    results.cells = _cells(material)
    return results


def _pca_sifts(material: Material) -> PcaSifts:
    """PCA-SIFT of all photos to 80, 64, 48 and 32, and of each folder to 80 dimensions."""

    def learn(images: Sequence[Float32]) -> Projection:
        sample = draw(images, words=KEPT[0], most=200_000, seed=0)
        return Pca(KEPT[0], normalize=False).fit(sample).as_projection()

    whole = learn(list(material.photos))
    names = sorted(set(material.folders))
    parts = [
        learn([material.photos[n] for n, one in enumerate(material.folders) if one == name])
        for name in names
    ]
    # With fewer folders than sets in the thesis, they are taken in turn.
    many = [parts[place % len(parts)] for place in range(len(KEPT))]
    return PcaSifts([whole.truncated(kept) for kept in KEPT], many)


def _curves(material: Material, family: Family, pca: PcaSifts) -> list[Curve]:
    sizes = bundle(material.words)
    photos, benchmark = _joined(material, family, pca)
    asked = [(sizes, True), ((sizes[0],), True), ((sizes[1],), True)]
    if family.name == FAMILIES[0].name:
        asked += [(one, False) for one, _ in asked]
    curves = []
    for chosen, reduced in asked:
        scores = []
        for count in range(1, len(family.labels) + 1):
            columns = columns_of(sizes, chosen, count)
            train, test = (rows[:, columns].astype(np.float32) for rows in (photos, benchmark))
            if reduced:
                test = (
                    PcaWhitening(DIMENSIONS).fit(l2_normalize(train)).transform(l2_normalize(test))
                )
            scores.append(_map(material, l2_normalize(test)))
        curves.append(Curve(family.name, chosen, reduced, tuple(scores)))
    return curves


def columns_of(sizes: Sequence[int], chosen: Sequence[int], count: int) -> NDArray[np.int64]:
    """Columns of the first vocabularies, of some sizes only."""
    starts = np.cumsum([0, *sizes])
    own = [
        np.arange(starts[place], starts[place + 1])
        for place, size in enumerate(sizes)
        if size in chosen
    ]
    return np.concatenate([np.concatenate(own) + starts[-1] * number for number in range(count)])


def _joined(
    material: Material, family: Family, pca: PcaSifts
) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
    """Joined vectors of photos and benchmark, before any reduction."""
    if family.regions and material.regions is not None:
        photos, benchmark = material.regions
    else:
        photos, benchmark = material.photos, material.benchmark
    plans = family.members(bundle(material.words), pca)
    said = [family.name, material.words, len(photos.rows), len(benchmark.rows), len(photos)]
    said += [float(one.rows[:: max(1, len(one.rows) // 1000)].sum()) for one in (photos, benchmark)]
    file = (
        material.workdir
        / f"{family.name}-{hashlib.sha256(repr(said).encode()).hexdigest()[:12]}.npz"
    )
    if not file.exists():
        blocks = len(family.labels) if family.regions else 1
        joint = JointReduction.fit(list(photos), vocabularies=plans, dimensions=None, blocks=blocks)
        vectors = [_encoded(joint, one, material.jobs) for one in (photos, benchmark)]
        unfinished = file.with_suffix(".part.npz")
        np.savez(unfinished, photos=vectors[0], benchmark=vectors[1])
        unfinished.replace(file)
    with np.load(file) as kept:
        return kept["photos"], kept["benchmark"]


def _encoded(joint: JointReduction, images: Descriptors, jobs: int) -> NDArray[np.float16]:
    with ThreadPoolExecutor(jobs) as pool:
        return np.array(list(pool.map(joint.encode_descriptors, images)), np.float16)


def _cells(material: Material) -> dict[int, tuple[int, ...]]:
    """How many combinations of words the descriptors of the benchmark have, by size and number."""
    rows = material.benchmark.rows
    chosen = np.sort(np.random.default_rng(0).choice(len(rows), min(COUNTED, len(rows)), False))
    sample = rows[chosen].astype(np.float32)
    counted = {}
    for size in bundle(material.words)[:2]:
        joint = JointReduction.fit(
            list(material.photos), vocabularies=root_sifts(size), dimensions=None
        )
        words = np.concatenate([joint.assign(part) for part in np.array_split(sample, 20)])
        cells = np.zeros(len(words), np.int64)
        counts = []
        for column in words.T:
            _, cells = np.unique(cells * size + column, return_inverse=True)
            counts.append(int(cells.max()) + 1)
        counted[size] = tuple(counts)
    return counted


def _map(material: Material, vectors: Float32) -> float:
    """MAP over all queries in the trapezoid form, as Oxford5k is scored."""
    truth = material.truth
    names = [image.id for image in truth.database]
    similar = vectors[len(names) :] @ vectors[: len(names)].T
    judged = (
        judge(names, query.positives, junk=query.junk, query=query.id, scores=scores)
        for query, scores in zip(truth.queries, similar, strict=True)
    )
    return mean_average_precision(judged, form="trapezoid")


def _facts(material: Material) -> list[str]:
    photos, benchmark = material.photos, material.benchmark
    described = (
        f"Benchmark: {material.truth.name}, {len(benchmark):,} pictures, "
        f"{len(benchmark.rows):,} descriptors; mAP by the trapezoid form."
    )
    fitted = (
        f"Vocabularies, PCA-SIFT and whitening fitted on {len(photos):,} other photos with "
        f"{len(photos.rows):,} descriptors; the largest vocabularies have {material.words:,} "
        "words, those of the thesis up to 32,768."
    )
    return [described, fitted]
