"""``python -m reproduce cleaning``: what is dropped of classes with wrong pictures, and boxes."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from relook.cli.console import write_json
from relook.cli.index import fill, open_or_create
from relook.cli.progress import progress_bar
from relook.cli.threads import limit_threads
from relook.core.errors import UsageError
from relook.core.records import Box
from relook.mapping.cleaning import Cleaning, CleaningSettings, clean
from relook.mapping.cleaning.boxes import find_boxes
from relook.mapping.cleaning.classes import classes_in_folder, classes_in_table
from relook.mapping.cleaning.pairs import Pair
from relook.mapping.median import geometric_median
from reproduce.cleaning.planted import PlantedClass, plant, read_subsets
from reproduce.cleaning.rendered import overlap_over_union, render
from reproduce.global_descriptors.page import Grid, to_markdown, write_page
from reproduce.pacs.report import print_grid

__all__ = ["BEGIN", "END", "NAME", "run"]

NAME = "cleaning"
BEGIN = "<!-- begin: written by `python -m reproduce cleaning`; change it there -->"
END = "<!-- end: written by `python -m reproduce cleaning` -->"
TURNS = (0.0, 20.0, 90.0)


def run(arguments: Sequence[str]) -> None:
    """Plant, clean, render, clean, and show.

    Raises:
        RelookError: something is not on this disk.
    """
    options = _options(arguments)
    limit_threads()
    options.workdir.mkdir(parents=True, exist_ok=True)
    drops = _drops(options)
    boxes = _boxes(options) if options.things is not None else {}
    grids = [_grid_of_drops(drops, options), *([_grid_of_boxes(boxes)] if boxes else [])]
    if options.page is not None:
        write_page(options.page, to_markdown(grids), begin=BEGIN, end=END)
    if options.json:
        write_json({"drops": drops, "boxes": boxes})
        return
    for grid in grids:
        print_grid(grid)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m reproduce {NAME}", description=__doc__)
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="a benchmark with gnd.json")
    add("--things", type=Path, metavar="DIR", help="pictures of flat things, for the boxes")
    add("--workdir", type=Path, default=Path("build", NAME), metavar="DIR", help="kept work")
    add("--strengths", type=float, nargs="+", default=[1.5, 3.0, 6.0, 12.0], metavar="S")
    add("--rate", type=float, default=0.4, metavar="R", help="planted per right picture")
    add("--seeds", type=int, default=3, metavar="N")
    add("--jobs", type=int, metavar="N", help="worker processes of the indexing")
    add("--page", type=Path, metavar="FILE", help="write the tables between the marks of a page")
    add("--json", action="store_true", help="write JSON to stdout, and nothing else")
    return parser.parse_args(arguments)


def _drops(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """By subset and strength: right pictures kept, planted ones dropped."""
    subsets, others = read_subsets(options.data)
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    with open_or_create(options.workdir / "benchmark", photos=[options.data]) as collection:
        fill(collection, [options.data], jobs=options.jobs)
        for seed in range(options.seeds):
            planted = plant(subsets, others, rate=options.rate, seed=seed)
            rows = [(options.data / path, one.name) for one in planted for path in one.paths]
            classes = classes_in_table(collection, rows)
            for strength in options.strengths:
                with progress_bar() as report:
                    found = clean(
                        collection,
                        classes,
                        settings=CleaningSettings(strength=strength),
                        progress=report,
                    )
                _count(counts, planted, found, f"{strength:g}")
    return {name: dict(tally) for name, tally in counts.items()}


def _count(
    counts: dict[str, dict[str, int]],
    planted: Iterable[PlantedClass],
    found: Cleaning,
    strength: str,
) -> None:
    by_name = {report.name: report for report in found.classes}
    for one in planted:
        report = by_name[one.name]
        wrong = {Path(path).as_posix() for path in one.wrong}
        for name in (one.subset, "all", "classes of 4 or more" if len(one.right) >= 4 else ""):
            tally = counts[f"{name}|{strength}"]
            tally["classes"] += 1
            tally["empty"] += not report.kept
            for picture in report.pictures:
                is_wrong = any(picture.path.endswith(path) for path in wrong)
                tally[
                    f"{'wrong' if is_wrong else 'right'} {'kept' if picture.kept else 'dropped'}"
                ] += 1
    for name in [name for name in counts if name.startswith("|")]:
        del counts[name]


def _grid_of_drops(drops: Mapping[str, Mapping[str, int]], options: argparse.Namespace) -> Grid:
    rows = []
    for key, tally in sorted(drops.items(), key=lambda item: _order(item[0])):
        subset, strength = key.split("|")
        kept, lost = tally.get("right kept", 0), tally.get("right dropped", 0)
        caught, missed = tally.get("wrong dropped", 0), tally.get("wrong kept", 0)
        rows.append(
            [
                subset, strength, f"{tally['classes']}", f"{caught + missed}",
                _percent(caught, caught + missed), _percent(caught, caught + lost),
                _percent(kept, kept + lost), _percent(kept, kept + missed),
                f"{tally.get('empty', 0)}",
            ]
        )  # fmt: skip
    draws = "one draw" if options.seeds == 1 else f"sums over {options.seeds} draws"
    words = (
        f"{options.rate:g} wrong pictures planted for each right one, {draws}. Recall and "
        "precision in percent of what is dropped; then how many right pictures stay, and how many "
        "of those that stay are right; last the classes that lose all."
    )
    header = ["subset", "strength", "classes", "planted", "recall", "precision", "right kept",
              "kept is right", "nothing left"]  # fmt: skip
    return Grid("Wrong pictures", words, header, rows, left=2)


def _order(key: str) -> tuple[bool, bool, str, float]:
    subset, strength = key.split("|")
    return subset == "all", subset.startswith("classes"), subset, float(strength)


def _boxes(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """By the largest turn: overlap of first and of settled boxes with the truth."""
    things = sorted(options.things.rglob("*.jpg"))
    _, others = read_subsets(options.data)
    if len(things) < 20:
        raise UsageError(f"{options.things} holds fewer than 20 .jpg pictures; name another folder")
    found = {}
    for turn in TURNS:
        folder = options.workdir / f"rendered-{turn:g}"
        truth = _render(folder, things, [options.data / path for path in others], turn=turn)
        with open_or_create(options.workdir / f"boxes-{turn:g}", photos=[folder]) as collection:
            fill(collection, [folder], jobs=options.jobs)
            classes, _ = classes_in_folder(collection, folder)
            with progress_bar() as report:
                cleaned = clean(collection, classes, progress=report)
        found[f"{turn:g}"] = _score_boxes(cleaned, truth)
    return found


def _render(
    folder: Path, things: Sequence[Path], others: Sequence[Path], *, turn: float
) -> dict[str, Sequence[float]]:
    rng = np.random.default_rng([7, round(turn)])
    truth = {}
    backgrounds = iter(rng.permutation(len(others)).tolist())
    for number, place in enumerate(rng.choice(len(things), 20, replace=False).tolist()):
        (folder / f"thing{number:02}").mkdir(parents=True, exist_ok=True)
        for view in range(8):
            pixels, box = render(things[place], others[next(backgrounds)], rng, turn=turn)
            path = f"thing{number:02}/{view}.jpg"
            Pillow.fromarray(pixels).save(folder / path, quality=88)
            truth[path] = box
    return truth


def _score_boxes(cleaned: Cleaning, truth: Mapping[str, Sequence[float]]) -> dict[str, float]:
    median, first, settled, whole = [], [], [], []
    for report in cleaned.classes:
        kept = {picture.id: picture for picture in report.kept if picture.id is not None}
        pairs = [pair for pair in report.pairs if pair.ids[0] in kept]
        sizes = {id_: picture.size for id_, picture in kept.items()}
        starts, medians = find_boxes(pairs, sizes, rounds=0), _medians(pairs)
        for id_, picture in kept.items():
            if picture.box is not None:
                right = truth[picture.path]
                median.append(overlap_over_union(medians[id_], right))
                first.append(overlap_over_union(starts[id_], right))
                settled.append(overlap_over_union(picture.box, right))
                whole.append(overlap_over_union((-0.5, -0.5, *picture.size), right))
    return {
        "pictures": cleaned.pictures,
        "with a box": len(settled),
        "median": float(np.mean(median)),
        "first": float(np.mean(first)),
        "settled": float(np.mean(settled)),
        "whole picture": float(np.mean(whole)),
        "settled, worst tenth": float(np.quantile(settled, 0.1)),
    }


def _medians(pairs: Sequence[Pair]) -> dict[int, Box]:
    """The geometric median of the rectangles around the matches of each picture."""
    seen: dict[int, list[NDArray[np.float64]]] = defaultdict(list)
    for pair in pairs:
        for id_, box in zip(pair.ids, pair.boxes, strict=True):
            seen[id_].append(box)
    found = {}
    for id_, boxes in seen.items():
        left, top, right, bottom = geometric_median(
            np.array(boxes), np.zeros(len(boxes), np.int64), count=1
        )[0].tolist()
        found[id_] = Box(left, top, right - left, bottom - top)
    return found


def _grid_of_boxes(boxes: Mapping[str, Mapping[str, float]]) -> Grid:
    rows = [
        [
            f"up to {turn}°", f"{found['with a box']:.0f} of {found['pictures']:.0f}",
            *(f"{100 * found[key]:.1f}" for key in
              ("whole picture", "median", "first", "settled", "settled, worst tenth")),
        ]
        for turn, found in boxes.items()
    ]  # fmt: skip
    words = (
        "20 flat things, each laid before 8 photos, tilted and turned; overlap over union with the "
        "true box, mean in percent: the whole picture; the median of the rectangles of its pairs "
        "(the first boxes of Gordo et al.); how far pairs and partners reach; our boxes once they "
        "agree."
    )
    header = ["turned", "with a box", "the whole picture", "median of pairs", "reach", "settled",
              "settled, worst tenth"]  # fmt: skip
    return Grid("Boxes", words, header, rows)


def _percent(part: int, whole: int) -> str:
    return "–" if not whole else f"{100 * part / whole:.1f}"
