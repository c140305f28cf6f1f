"""Describe everything, then fit, score and time each setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from relook.cli.progress import Report
from relook.core.errors import UsageError
from relook.datasets.gnd import GroundTruth
from relook.networks.runtime import processor
from reproduce.global_descriptors.describing import Network, Vectors, describe
from reproduce.global_descriptors.fitting import Whitenings, apply
from reproduce.global_descriptors.measuring import Row, scores_of, search_time, time_describing
from reproduce.global_descriptors.pictures import Picture
from reproduce.global_descriptors.precisions import Precise, compare, series_in
from reproduce.global_descriptors.report import Results
from reproduce.global_descriptors.settings import Section, Setting, sections, series_of

__all__ = ["Subject", "study"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is studied.

    Attributes:
        truth: of the benchmark.
        pictures: its database, then its queries.
        photos: that all is fitted on.
        network: describes.
    """

    truth: GroundTruth
    pictures: Sequence[Picture]
    photos: Sequence[Picture]
    network: Network


def study(
    subject: Subject,
    *,
    layer: str,
    kept: tuple[int, ...],
    precisions: Sequence[str],
    threads: int,
    timed: int,
    report: Report,
) -> Results:
    """Measure all tables.

    Args:
        subject: what is studied.
        layer: an inner one.
        kept: dimensions below all, largest first.
        precisions: that the best setting is described in, beside f32.
        threads: that describe, a picture each.
        timed: pictures that describing is timed on.
        report: of progress.
    """
    if not layer or not kept or timed < 1:
        raise UsageError("name an inner layer, one or more dimensions, and pictures to time")
    tables = sections(layer, kept=kept)
    series = series_of(tables)
    found: dict[str, dict[str, Vectors]] = {}
    for what, pictures in (("photos", subject.photos), ("benchmark", subject.pictures)):
        progress = partial(_report, report, what, len(pictures))
        vectors = describe(pictures, series, subject.network, threads=threads, progress=progress)
        found[what] = {name: one for (name, _), one in vectors.items()}
    whitenings = Whitenings(found["photos"])
    rows = _rows(subject, tables, found["benchmark"], whitenings, timed=timed)
    best = max(rows.values(), key=lambda row: row.map).setting
    described = {"f32": found["benchmark"][best.layer]}
    for name in precisions:
        progress = partial(_report, report, name, len(subject.pictures))
        described[name] = describe(
            subject.pictures, series_in(best, name), subject.network,
            threads=threads, progress=progress,
        )[best.layer, name]  # fmt: skip
    compared = compare(subject.truth, best, whitenings.of(best), described)
    return Results(_facts(subject, layer, compared), tables, rows, compared)


def _rows(
    subject: Subject,
    tables: Sequence[Section],
    vectors: Mapping[str, Vectors],
    whitenings: Whitenings,
    *,
    timed: int,
) -> dict[Setting, Row]:
    settings = list(dict.fromkeys(row for table in tables for row in table.rows))
    step = max(1, len(subject.pictures) // timed)
    times = time_describing(subject.network, settings, subject.pictures[::step][:timed])
    rows = {}
    for setting in settings:
        plain = vectors[setting.layer].pooled(setting.pooling, setting.scales)[:, 0]
        ready = apply(whitenings.of(setting), plain)
        scores = scores_of(subject.truth, ready)
        rows[setting] = Row(
            setting,
            ready.shape[1],
            scores.overall.map,
            {name: score.map for name, score in scores.subsets.items()},
            times[setting.layer, setting.pooling, setting.scales],
            search_time(len(subject.truth.database), ready),
        )
    return rows


def _facts(subject: Subject, layer: str, compared: Sequence[Precise]) -> dict[str, str]:
    truth, photos, network = subject.truth, subject.photos, subject.network
    native = processor().native
    slow = [one.name for one in compared if one.name not in (*native, "f32", "int8")]
    machine = f"{processor().name} ({', '.join(processor().features)})"
    if slow:
        machine += f"; {', '.join(slow)} is emulated by it, exact in rounding and slow"
    return {
        "benchmark": (
            f"Benchmark: {truth.name}, {len(truth.images):,} photos, {len(truth.queries)} queries "
            f"among {len(truth.database):,} pictures; mAP is over all queries."
        ),
        "fitted": (
            f"Fitted on {len(photos):,} other photos with {photos[0].views} rendered views of each."
        ),
        "network": (
            f"Network: {network.weights.card.name}, longest side {network.longest} pixels; the "
            f"inner layer is {layer}."
        ),
        "machine": (
            f"Times: medians with one thread, one picture at a time, decoding included, on a "
            f"machine that others used too (compare, rather than count on them): {machine}."
        ),
    }


def _report(report: Report, what: str, total: int, done: int) -> None:
    report(what, done, total)
