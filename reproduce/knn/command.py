"""``python -m reproduce knn-votes``, ``mean-knn``, ``matrix-knn``, ``aggregate-knn``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from relook.cli.console import out, write_json
from relook.cli.progress import Report, progress_bar
from relook.cli.threads import hold_back_blas, limit_threads
from relook.datasets.gnd import load_gnd

if TYPE_CHECKING:
    from reproduce.knn.results import Section

__all__ = ["COMMANDS", "run"]

COMMANDS = {
    "knn-votes": "table 5.1 of a thesis on recognition: votes of neighbors",
    "mean-knn": "its table 5.2: means of neighbors, and of what is near them",
    "matrix-knn": "its table 5.5: similarity matrices of five scales",
    "aggregate-knn": "its table 5.6: sums of scales, and ideas that it leaves to be tried",
}


def run(name: str, arguments: Sequence[str]) -> None:
    """Describe, recognize, and show.

    Raises:
        RelookError: something is not on this disk, or does not go together.
    """
    options = _options(name, arguments)
    hold_back_blas()
    limit_threads(1)
    with progress_bar() as report:
        section = _measure(name, options, report)
    _show(section, options)


def _options(name: str, arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m reproduce {name}", description=COMMANDS[name])
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="a benchmark with gnd.json")
    add("--fit", type=Path, nargs="+", required=True, metavar="PHOTOS", help="other photos")
    add("--every", type=int, default=2, metavar="N", help="fit on every n-th photo only")
    add("--weights", default="mobilenet-v2", help="a name of relook weights list, or a file")
    add("--layer", default="features.14.conv.0", help="of the network; empty for the last")
    add("--p", type=float, default=2.0, help="of its GeM pooling")
    add("--longest", type=int, default=640, metavar="PIXELS", help="longer side of a picture")
    add("--backend", default="openvino", choices=["openvino", "onnx", "torch"])
    add("--threads", type=int, default=2, metavar="N")
    add("--workdir", type=Path, default=Path("build", "knn"), metavar="DIR", help="kept vectors")
    add("--out", type=Path, metavar="FILE", help="write between the marks of a page, and a plot")
    add("--json", action="store_true", help="write JSON to stdout, and nothing else")
    return parser.parse_args(arguments)


def _measure(name: str, options: argparse.Namespace, report: Report) -> Section:
    from relook.networks.weights import open_weights  # noqa: PLC0415 - they take a while
    from reproduce.knn.describing import Network  # noqa: PLC0415
    from reproduce.knn.pictures import Shot, photos_of  # noqa: PLC0415
    from reproduce.knn.study import Study  # noqa: PLC0415

    truth = load_gnd(options.data)
    photos = photos_of(options.fit, every=options.every)
    paths = {image.id: options.data / image.path for image in truth.images}
    shots = [Shot(paths[image.id]) for image in truth.database]
    shots += [Shot(paths[query.id], query.box) for query in truth.queries]
    options.workdir.mkdir(parents=True, exist_ok=True)
    network = Network(
        open_weights(options.weights), options.layer, options.p, options.longest,
        options.backend, options.workdir,
    )  # fmt: skip
    return Study(truth, shots, photos, network, options.threads, report).section(name)


def _show(section: Section, options: argparse.Namespace) -> None:
    from reproduce.knn.page import print_grid, to_markdown, write_section  # noqa: PLC0415
    from reproduce.knn.plot import draw  # noqa: PLC0415
    from reproduce.knn.report import grids_of, to_json  # noqa: PLC0415

    grids = grids_of(section)
    if options.out is not None:
        picture = draw(section.table, section.name)
        written = to_markdown(section.facts, grids)
        write_section(options.out, section.name, written, picture=picture)
    if options.json:
        write_json(to_json(section))
        return
    for words in section.facts:
        out().print(words, style="dim")
    for grid in grids:
        print_grid(grid)
