"""``python -m reproduce pacs``: learn classes in some domains, say them in another."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from relook.cli.console import out, write_json
from relook.cli.progress import Report, progress_bar
from relook.cli.threads import limit_threads
from relook.datasets.registry import make_dataset
from relook.datasets.truth import GroundTruth
from relook.evaluation.classes import ClassesResult, evaluate_classes
from relook.recognition.folds import COSTS
from relook.recognition.linear import concatenate
from reproduce.global_descriptors.page import to_markdown, write_page
from reproduce.pacs.describing import LONGEST, SCALES, Channel, describe
from reproduce.pacs.report import grids_of, print_grid

__all__ = ["BEGIN", "END", "NAME", "run"]

NAME = "pacs"
BEGIN = "<!-- begin: written by `python -m reproduce pacs`; change it there -->"
END = "<!-- end: written by `python -m reproduce pacs` -->"
GEM = (("p", 3.0),)


def run(arguments: Sequence[str]) -> None:
    """Describe, train, test, and show.

    Raises:
        RelookError: something is not on this disk, or does not go together.
    """
    options = _options(arguments)
    limit_threads(1)
    truth = make_dataset("pacs").load(options.data)
    options.workdir.mkdir(parents=True, exist_ok=True)
    with progress_bar() as report:
        results = {
            name: _measure(name, channels, truth, options, report)
            for name, channels in _rows(*options.weights).items()
        }
    _show(truth, results, options)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m reproduce {NAME}", description=__doc__)
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="PACS: DOMAIN/CLASS/NAME.jpg")
    add("--weights", nargs=2, default=["mobilenet-v2", "mobilenet-v1-075"], metavar="NAME",
        help="two names of relook weights list, or files")  # fmt: skip
    add("--workdir", type=Path, default=Path("build", NAME), metavar="DIR", help="kept vectors")
    add("--threads", type=int, default=2, metavar="N")
    add("--page", type=Path, metavar="FILE", help="write the tables between the marks of a page")
    add("--json", action="store_true", help="write JSON to stdout, and nothing else")
    return parser.parse_args(arguments)


def _rows(first: str, second: str) -> Mapping[str, Sequence[Channel]]:
    picture, other = Channel(first, "gem", GEM), Channel(second, "gem", GEM)
    edges = Channel(first, "gem", GEM, edges=True)
    one, two = (Path(name).stem for name in (first, second))
    return {
        f"{one}, MAC, pictures": [Channel(first, "mac")],
        f"{one}, GeM, pictures": [picture],
        f"{two}, GeM, pictures": [other],
        f"{one}, GeM, edge maps": [edges],
        f"{one}, pictures + edge maps": [picture, edges],
        f"both, pictures + {one}, edge maps": [picture, other, edges],
    }


def _measure(
    name: str,
    channels: Sequence[Channel],
    truth: GroundTruth,
    options: argparse.Namespace,
    report: Report,
) -> ClassesResult:
    def described(channel: Channel) -> NDArray[np.float32]:
        return describe(
            truth, options.data, channel, cache=options.workdir, threads=options.threads,
            progress=lambda done: report(name, done, len(truth.images)),
        )  # fmt: skip

    vectors = concatenate(*map(described, channels))
    return evaluate_classes(
        truth, vectors, progress=lambda done, total: report(f"{name}: training", done, total)
    )


def _show(
    truth: GroundTruth, results: Mapping[str, ClassesResult], options: argparse.Namespace
) -> None:
    facts, grids = _facts(truth), grids_of(results)
    if options.page is not None:
        listed = "\n".join(f"- {words}" for words in facts)
        write_page(options.page, f"{listed}\n\n{to_markdown(grids)}", begin=BEGIN, end=END)
    if options.json:
        write_json({"facts": facts, **{name: one.to_json() for name, one in results.items()}})
        return
    for words in facts:
        out().print(words, style="dim")
    for grid in grids:
        print_grid(grid)


def _facts(truth: GroundTruth) -> list[str]:
    classes = {image.label for image in truth.images}
    domains = {image.part for image in truth.images}
    scales = ", ".join(f"{scale:.3g}" for scale in SCALES)
    return [
        (
            f"Here: {len(truth.images):,} pictures of PACS, {len(classes)} classes in "
            f"{len(domains)} domains; the thesis: all 9,991, other networks."
        ),
        (
            f"Described at {scales} times {LONGEST} pixels, each also mirrored; the mean of these, "
            "l2. Concatenated descriptors are l2-normalized each, then together."
        ),
        (
            "A linear support vector machine per class, one against the rest; its C of "
            f"{', '.join(f'{cost:g}' for cost in COSTS)} by five-fold cross-validation within the "
            "domains of the training."
        ),
    ]
