"""``python -m reproduce joint-reduction``: several vocabularies, reduced together."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from relook.cli.console import out, write_json
from relook.cli.progress import Report, progress_bar
from relook.cli.threads import hold_back_blas, limit_threads
from relook.core.protocols import Extractor
from relook.core.storage import write_whole
from relook.datasets.gnd import load_gnd
from relook.features import make_features
from reproduce.global_descriptors.page import to_markdown, write_page
from reproduce.global_descriptors.pictures import Picture, fitting_photos, pictures_of
from reproduce.joint_reduction.describing import Descriptors, describe
from reproduce.joint_reduction.plot import draw_all
from reproduce.joint_reduction.report import grids_of, to_json
from reproduce.joint_reduction.study import Material, Results, study
from reproduce.knn.page import print_grid
from reproduce.knn.results import Grid

__all__ = ["NAME", "run"]

NAME = "joint-reduction"
REGIONS = (0.5, 0.75, 1.0, 1.25, 1.5)
BEGIN = f"<!-- begin: written by `python -m reproduce {NAME}`; change it there -->"
END = f"<!-- end: written by `python -m reproduce {NAME}` -->"


def run(arguments: Sequence[str]) -> None:
    """Describe, fit, score, and show.

    Raises:
        RelookError: something is not on this disk, or does not go together.
    """
    options = _options(arguments)
    hold_back_blas()
    limit_threads(options.jobs)
    truth = load_gnd(options.data)
    fitting = fitting_photos(options.fit, every=options.every, views=1)
    benchmark = pictures_of(truth, options.data)
    with progress_bar() as report:
        sift = make_features("sift", features=options.features)
        photos = _described(fitting, sift, "photos", options, report)
        asked = _described(benchmark, sift, "benchmark", options, report)
        regions = None
        if not options.skip_regions:
            affine = make_features("hesaff", features=options.features, regions=REGIONS)
            regions = (
                _described(fitting, affine, "photos, affine", options, report),
                _described(benchmark, affine, "benchmark, affine", options, report),
            )
        material = Material(
            truth, photos, asked, [one.path.parent.name for one in fitting], regions,
            options.words, options.jobs, options.workdir, report,
        )  # fmt: skip
        results = study(material)
    _show(results, options)


def _described(
    pictures: Sequence[Picture],
    extractor: Extractor,
    what: str,
    options: argparse.Namespace,
    report: Report,
) -> Descriptors:
    progress: Callable[[int], None] = partial(_tell, report, what, len(pictures))
    folder = options.workdir / "descriptors"
    return describe(
        pictures, extractor, folder, longest=options.longest, jobs=options.jobs, progress=progress
    )


def _tell(report: Report, what: str, total: int, done: int) -> None:
    report(what, done, total)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m reproduce {NAME}", description=__doc__)
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="a benchmark with gnd.json")
    add("--fit", type=Path, nargs="+", required=True, metavar="PHOTOS", help="other photos")
    add("--every", type=int, default=2, metavar="N", help="fit on every n-th photo only")
    add("--words", type=int, default=1024, metavar="K", help="of the largest vocabularies")
    add("--features", type=int, default=1000, metavar="N", help="of a picture")
    add("--longest", type=int, default=1024, metavar="PIXELS", help="longer side of a picture")
    add("--skip-regions", action="store_true", help="leave out mMeasReg, whose features are slow")
    add("--jobs", type=int, default=2, metavar="N", help="processes, and threads")
    add("--workdir", type=Path, default=Path("build", NAME), metavar="DIR", help="what is kept")
    add("--page", type=Path, metavar="FILE", help="write between the marks of a page, and figures")
    add("--json", action="store_true", help="write JSON to stdout, and nothing else")
    return parser.parse_args(arguments)


def _show(results: Results, options: argparse.Namespace) -> None:
    grids, drawn = grids_of(results), draw_all(results)
    if options.page is not None:
        folder = options.page.parent / "pictures"
        folder.mkdir(parents=True, exist_ok=True)
        for name, picture in drawn.items():
            write_whole(folder / name, picture.encode())
        facts = "\n".join(f"- {words}" for words in results.facts)
        shown = "\n\n".join(f"![{name}](pictures/{name})" for name in drawn)
        written = f"{facts}\n\n{to_markdown(grids)}\n\n{shown}"
        write_page(options.page, written, begin=BEGIN, end=END)
    if options.json:
        write_json(to_json(results))
        return
    for words in results.facts:
        out().print(words, style="dim")
    for grid in grids:
        print_grid(Grid(grid.title, grid.words, grid.header, grid.rows, left=grid.left))
