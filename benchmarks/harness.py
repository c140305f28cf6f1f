"""Run benchmarks one by one, keep their figures as JSON, show them as a table.

A benchmark is a module with a function ``bench()`` that gives measurements by name. It imports
nothing but the standard library and ``rich`` before the number of threads is set.
"""

from __future__ import annotations

import importlib
import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

__all__ = ["GROUPS", "THREADS", "Measurement", "Skipped", "interleaved", "run"]

GROUPS: dict[str, Sequence[str]] = {
    "main": ("index", "verification", "opening", "ingest", "minibench", "small_network"),
    "evaluation": ("evaluation",),
    "features": (
        "features",
        "recipes",
        "affine",
        "assignment",
        "bow",
        "aggregation",
        "minhash",
        "copies",
    ),
    "vectors": ("describing", "extracting", "vector_search", "diffusion"),
    "recognition": ("recognition", "recognizing"),
    "training": ("loading", "mining"),
    "serving": ("serving", "painting"),
}  # fmt: skip
"""Modules of this package by group."""

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure.

    Attributes:
        ratio: higher is better.
        bar: what the ratio should reach; None where nothing is promised.
        detail: the figures behind the ratio.
    """

    ratio: float
    bar: float | None
    detail: str

    @property
    def verdict(self) -> str:
        """Whether the bar is met, in a word."""
        if self.bar is None:
            return ""
        return "yes" if self.ratio >= self.bar else "NO"


class Skipped(Exception):  # noqa: N818 - nothing went wrong
    """A benchmark cannot run here; the message says what it lacks."""


Bench = Callable[[], Mapping[str, Measurement]]


def run(modules: Sequence[str], file: Path, *, console: Console | None = None) -> int:
    """Run benchmarks, write ``{name: {"ratio", "bar", "detail"}}`` and print a table.

    What fails or is skipped is in the table only, and stops nothing else.

    Returns:
        0, or 1 where a benchmark failed.
    """
    console = console or Console()
    found: dict[str, Measurement] = {}
    excuses: dict[str, tuple[str, str]] = {}
    for module in modules:
        console.print(f"[dim]{module} …[/]")
        started = time.perf_counter()
        try:
            bench: Bench = importlib.import_module(_full(module)).bench
            found.update(bench())
        except Skipped as reason:
            excuses[module] = ("skipped", str(reason))
        except Exception as error:  # noqa: BLE001 - one benchmark must not stop the others
            excuses[module] = ("failed", f"{type(error).__name__}: {error}")
        console.print(f"[dim]{module}: {time.perf_counter() - started:.0f} s[/]")
        # After each, so that what was measured survives an interruption.
        content = {name: asdict(figure) for name, figure in found.items()}
        file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    console.print(_table(found, excuses))
    return int(any(kind == "failed" for kind, _ in excuses.values()))


def interleaved(
    contenders: Mapping[str, Callable[[], object]], *, repeats: int
) -> dict[str, float]:
    """Median seconds of each contender, taken in turns so that a busy machine hurts all alike."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, contender in contenders.items():
            start = time.perf_counter()
            contender()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def _full(module: str) -> str:
    return module if "." in module else f"{__package__}.{module}"


def _table(found: Mapping[str, Measurement], excuses: Mapping[str, tuple[str, str]]) -> Table:
    table = Table("name", "ratio", "bar", "met?", "detail", show_lines=True)
    for name, figure in found.items():
        bar = "" if figure.bar is None else f"{figure.bar:g}"
        style = "red" if figure.verdict == "NO" else ""
        table.add_row(
            escape(name), f"{figure.ratio:.2f}", bar, figure.verdict, escape(figure.detail),
            style=style,
        )  # fmt: skip
    for module, (kind, reason) in excuses.items():
        style = "bold red" if kind == "failed" else "dim"
        table.add_row(escape(module), kind, "", "", escape(reason), style=style)
    return table
