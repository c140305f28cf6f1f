"""The page's first paint in a real browser, each time with an empty cache."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

import relook
from benchmarks.data import photos
from benchmarks.harness import Measurement, Skipped
from benchmarks.serving import serve

PICTURES = 50
VISITS = 9
BAR_MS = 300.0
_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
          "--disable-background-networking", "--disable-component-update")  # fmt: skip
_PAINTED = (
    "performance.getEntriesByType('paint').find(one => one.name === 'first-contentful-paint')"
    "?.startTime ?? null"
)


def bench() -> dict[str, Measurement]:
    """A visit is a new profile: nothing is cached; the browser itself runs already."""
    browser = os.environ.get("RELOOK_CHROMIUM") or shutil.which("chromium")
    if browser is None:
        raise Skipped("no chromium; RELOOK_CHROMIUM may name one")
    files, _ = photos()
    with tempfile.TemporaryDirectory(prefix="relook-bench-", ignore_cleanup_errors=True) as folder:
        place = Path(folder) / "collection"
        with relook.create(place) as collection:
            collection.add(files[:PICTURES], jobs=2)
        with serve(place) as base:
            spent = _visits(base, browser)
    median = statistics.median(spent)
    return {
        "first_paint": Measurement(
            BAR_MS / median,
            1.0,
            f"{VISITS} visits: median {median:.0f} ms, {min(spent):.0f} to {max(spent):.0f} ms",
        )
    }


def _visits(base: str, browser: str) -> list[float]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - of the test extra

    with sync_playwright() as play, play.chromium.launch(
        executable_path=browser, args=list(_FLAGS)
    ) as chromium:  # fmt: skip
        return [_first_paint(chromium, base) for _ in range(VISITS + 1)][1:]


def _first_paint(chromium: Any, base: str) -> float:
    page = chromium.new_page()
    page.goto(base)
    painted = page.evaluate(_PAINTED)
    while painted is None:
        page.wait_for_timeout(20)
        painted = page.evaluate(_PAINTED)
    page.close()
    return float(painted)
