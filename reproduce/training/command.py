"""``python -m reproduce training``: one network fine-tuned in several ways, with one budget."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from relook.cli.console import out, write_json
from relook.cli.threads import limit_threads
from relook.cli.training_progress import watching
from relook.core.errors import UsageError
from relook.datasets.gnd import load_gnd
from reproduce.global_descriptors.page import to_markdown, write_page
from reproduce.global_descriptors.pictures import pictures_of
from reproduce.pacs.report import print_grid

__all__ = ["BEGIN", "END", "NAME", "run"]

NAME = "training"
BEGIN = "<!-- begin: written by `python -m reproduce training`; change it there -->"
END = "<!-- end: written by `python -m reproduce training` -->"
METHODS = Path(__file__).parent / "methods.toml"


def run(arguments: Sequence[str]) -> None:
    """Train, describe, whiten, score, and show.

    Raises:
        RelookError: something is not on this disk, or does not go together.
    """
    options = _options(arguments)
    if find_spec("torch") is None:
        raise UsageError('training needs torch; pip install "relook[train]"')
    limit_threads(options.threads)
    # These need torch.
    from reproduce.training.compare import Comparison  # noqa: PLC0415
    from reproduce.training.measuring import Describer  # noqa: PLC0415
    from reproduce.training.report import facts_of, grid_of  # noqa: PLC0415
    from reproduce.training.study import Budget, read_study  # noqa: PLC0415

    study = read_study(options.study)
    rows = study.chosen(options.methods)
    benchmark = options.benchmark or options.data / "minibench"
    truth = load_gnd(benchmark)
    pictures = pictures_of(truth, benchmark)
    describer = Describer(truth, pictures, options.longest, options.threads, options.backend)
    budget = Budget(
        pictures=options.pictures,
        threads=options.threads,
        workers=options.workers,
        device=options.device,
    )
    options.into.mkdir(parents=True, exist_ok=True)
    with watching() as watcher:
        comparison = Comparison(study, budget, describer, options.data, options.into, watcher)
        results = comparison.run(rows)
    grid, facts = grid_of(results), facts_of(comparison)
    if options.page is not None:
        listed = "\n".join(f"- {words}" for words in facts)
        write_page(options.page, f"{listed}\n\n{to_markdown([grid])}", begin=BEGIN, end=END)
    if options.json:
        write_json({"facts": facts, "rows": [json.loads(one.to_json()) for one in results]})
        return
    for words in facts:
        out().print(words, style="dim", markup=False)
    print_grid(grid)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m reproduce {NAME}", description=__doc__)
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="root of the training pictures")
    add("--benchmark", type=Path, metavar="DIR", help="with gnd.json; without it DATA/minibench")
    add("--methods", nargs="+", default=[], metavar="NAME", help="only these rows")
    add("--pictures", type=int, default=6_048, metavar="N", help="that the optimizer sees, per row")
    add("--longest", type=int, default=320, metavar="PIXELS", help="longer side in the benchmark")
    add("--into", type=Path, default=Path("build", NAME), metavar="DIR", help="kept runs; go on")
    add("--threads", type=int, default=1, metavar="N")
    add("--workers", type=int, default=1, metavar="N", help="processes that make batches")
    add("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"], help="to train on")
    add("--backend", default="openvino", choices=["openvino", "onnx", "torch"], help="to describe")
    add("--study", type=Path, default=METHODS, metavar="FILE", help="rows and their settings")
    add("--page", type=Path, metavar="FILE", help="write the table between the marks of a page")
    add("--json", action="store_true", help="write JSON to stdout, and nothing else")
    return parser.parse_args(arguments)
