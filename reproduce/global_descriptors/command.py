"""``python -m reproduce global-descriptors``: what each step of one vector per picture is worth."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relook.cli.console import out, write_json
from relook.cli.progress import Report, progress_bar
from relook.cli.threads import limit_threads
from relook.core.errors import UsageError
from relook.datasets.gnd import GroundTruth, load_gnd
from reproduce.global_descriptors.page import Grid, to_markdown, write_page
from reproduce.global_descriptors.pictures import Picture, fitting_photos, pictures_of

if TYPE_CHECKING:
    from reproduce.global_descriptors.report import Results

__all__ = ["NAME", "run"]

NAME = "global-descriptors"
CALIBRATING = 32
"""Photos that int8 is calibrated on."""


def run(arguments: Sequence[str]) -> None:
    """Describe, fit, score, and show.

    Raises:
        RelookError: something is not on this disk, or does not go together.
    """
    options = _options(arguments)
    if find_spec("torch") is None:
        raise UsageError('torch pools the maps; pip install "relook[networks]"')
    limit_threads(1)
    truth = load_gnd(options.data)
    photos = fitting_photos(options.fit, every=options.every, views=options.views)
    with progress_bar() as report:
        results = _measure(options, truth, photos, report)
    _show(results, options)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m reproduce {NAME}", description=__doc__)
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="a benchmark with gnd.json")
    add("--fit", type=Path, nargs="+", required=True, metavar="PHOTOS", help="other photos")
    add("--every", type=int, default=2, metavar="N", help="fit on every n-th photo only")
    add("--views", type=int, default=2, metavar="N", help="rendered views of each photo")
    add("--weights", default="mobilenet-v2", help="a name of relook weights list, or a file")
    add("--layer", default="features.14.conv.0", help="the inner layer")
    add("--longest", type=int, default=640, metavar="PIXELS", help="longer side of a picture")
    add("--dimensions", type=int, nargs="+", default=[256, 128, 64], metavar="D")
    add("--backend", default="openvino", choices=["openvino", "onnx", "torch"])
    add("--precisions", nargs="*", default=["bf16", "int8"], help="compared with f32")
    add("--threads", type=int, default=2, metavar="N")
    add("--timed", type=int, default=15, metavar="N", help="pictures that describing is timed on")
    add("--cache", type=Path, default=Path("build", NAME), metavar="DIR", help="kept vectors")
    add("--page", type=Path, metavar="FILE", help="write the tables between the marks of a page")
    add("--json", action="store_true", help="write JSON to stdout, and nothing else")
    return parser.parse_args(arguments)


def _measure(
    options: argparse.Namespace, truth: GroundTruth, photos: list[Picture], report: Report
) -> Results:
    # These need torch.
    import torch  # noqa: PLC0415

    from relook.networks.weights import open_weights  # noqa: PLC0415
    from reproduce.global_descriptors import study  # noqa: PLC0415
    from reproduce.global_descriptors.describing import Network  # noqa: PLC0415

    torch.set_num_threads(1)
    options.cache.mkdir(parents=True, exist_ok=True)
    network = Network(
        open_weights(options.weights),
        options.longest,
        options.backend,
        options.cache,
        lambda: _calibration(photos, options.longest),
    )
    return study.study(
        study.Subject(truth, pictures_of(truth, options.data), photos, network),
        layer=options.layer,
        kept=tuple(sorted(options.dimensions, reverse=True)),
        precisions=options.precisions,
        threads=options.threads,
        timed=options.timed,
        report=report,
    )


def _calibration(photos: list[Picture], longest: int) -> Iterator[NDArray[np.uint8]]:
    for photo in photos[:: max(1, len(photos) // CALIBRATING)][:CALIBRATING]:
        yield photo.load(longest)[0].pixels[None]


def _show(results: Results, options: argparse.Namespace) -> None:
    from reproduce.global_descriptors.report import grids_of, to_json  # noqa: PLC0415

    grids = grids_of(results)
    if options.page is not None:
        facts = "\n".join(f"- {words}" for words in results.facts.values())
        write_page(options.page, f"{facts}\n\n{to_markdown(grids)}")
    if options.json:
        write_json(to_json(results))
        return
    for words in results.facts.values():
        out().print(words, style="dim")
    for grid in grids:
        _print(grid)


def _print(grid: Grid) -> None:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table: Any = Table(*grid.header, box=None, header_style="dim", pad_edge=False)
    for column in table.columns[grid.left :]:
        column.justify = "right"
    for number, row in enumerate(grid.rows):
        style = "bold" if number in grid.best else ""
        table.add_row(*(Text(cell, style=style) for cell in row))
    out().print(f"\n{grid.title}", style="bold")
    out().print(grid.words, style="dim")
    out().print(table)
