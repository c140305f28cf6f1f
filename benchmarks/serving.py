"""A real server on loopback: a steady rate of searches, many clients, a writer beside them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import relook
from benchmarks.data import CACHE, photos, test_data
from benchmarks.harness import Measurement, Skipped
from relook.images import is_picture

__all__ = ["bench", "serve"]

ADDED = 200
RATE, SECONDS, CLIENTS = 20.0, 15.0, 50
BAR_MS = 150.0
TOP = 24
LOOKED_AT = 600
"""Pictures whose answers are known from a search in process."""
ANSWERED = {200, 429, 503}
"""What a search may be answered with, however many ask."""


@dataclass(slots=True)
class Tally:
    """What clients saw."""

    statuses: Counter[int] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    wrong: int = 0

    @property
    def failed(self) -> int:
        """Requests without an answer (0), or with one that no server should give."""
        return sum(count for status, count in self.statuses.items() if status not in ANSWERED)

    def quantile(self, share: float) -> float:
        """Milliseconds within which this share of the answers came."""
        spent = sorted(self.milliseconds)
        return spent[min(len(spent) - 1, int(share * len(spent)))]


def bench() -> dict[str, Measurement]:
    """Each answer is checked: against a search in process, or by the name of what was uploaded."""
    import httpx  # noqa: PLC0415 - of the test extra

    files, kind = _files()
    with tempfile.TemporaryDirectory(prefix="relook-bench-", ignore_cleanup_errors=True) as folder:
        place = _collection(files[:-ADDED], Path(folder))
        with relook.open(place) as collection:
            total = collection.count()
            last = int(collection.catalog.searchable()[-1])
            expected, alone = _expected(collection)
        with serve(place) as base:
            work = _Work(base, expected, last, files)
            steady = asyncio.run(work.steady(httpx))
            crowd = asyncio.run(work.crowd(httpx))
            beside, job = asyncio.run(work.beside_a_writer(httpx, files[-ADDED:]))
    count = f"{total:,} {kind}"
    return {
        "search_by_id": Measurement(
            BAR_MS / steady.quantile(0.95),
            1.0,
            f"{RATE:.0f}/s for {SECONDS:.0f} s among {count}: p50 {steady.quantile(0.5):.0f} ms, "
            f"p95 {steady.quantile(0.95):.0f} ms; {steady.failed} failed, {steady.wrong} wrong; "
            f"in process {alone:.0f} ms",
        ),
        "clients_at_once": Measurement(
            _all_well(crowd),
            1.0,
            f"{CLIENTS} clients, half of them with uploads: "
            f"{crowd.statuses[200] / SECONDS:.0f} answers/s, {_said(crowd)}",
        ),
        "beside_a_writer": Measurement(
            _all_well(beside),
            1.0,
            f"while {job['report'].get('added', 0)} of {ADDED} were added: {_said(beside)}, "
            f"p95 {beside.quantile(0.95):.0f} ms",
        ),
    }


def _all_well(tally: Tally) -> float:
    good = tally.statuses.total() - tally.failed - tally.wrong
    return good / tally.statuses.total()


def _said(tally: Tally) -> str:
    statuses = ", ".join(f"{count} × {status}" for status, count in sorted(tally.statuses.items()))
    return f"{statuses}; {tally.wrong} wrong"


class _Work:
    """What clients do."""

    def __init__(self, base: str, expected: dict[int, int], last: int, files: list[Path]) -> None:
        self.base = base
        self.expected = expected
        self.ids = list(expected)
        self.last = last
        self.files = files
        self.random = random.Random(0)

    async def steady(self, httpx: Any) -> Tally:
        """So many searches by an indexed picture a second, whether or not the last one is done."""
        tally = Tally()
        async with self._client(httpx) as client:
            for key in self.ids[:20]:
                await self._similar(client, Tally(), key)
            waiting = []
            start = time.perf_counter()
            for number in range(int(RATE * SECONDS)):
                await asyncio.sleep(max(0.0, start + number / RATE - time.perf_counter()))
                key = self.random.choice(self.ids)
                waiting.append(asyncio.create_task(self._similar(client, tally, key)))
            await asyncio.gather(*waiting)
        return tally

    async def crowd(self, httpx: Any) -> Tally:
        """Clients that ask as soon as they were answered; every second one uploads a photo."""
        tally = Tally()
        end = time.perf_counter() + SECONDS

        async def one(number: int) -> None:
            async with self._client(httpx) as client:
                while time.perf_counter() < end:
                    if number % 2:
                        await self._upload(client, tally)
                    else:
                        await self._similar(client, tally, self.random.choice(self.ids))

        await asyncio.gather(*(one(number) for number in range(CLIENTS)))
        return tally

    async def beside_a_writer(self, httpx: Any, new: list[Path]) -> tuple[Tally, dict[str, Any]]:
        """Four readers while the server adds pictures."""
        tally = Tally()
        done = asyncio.Event()
        async with self._client(httpx) as client:
            parts = [("images", (file.name, file.read_bytes())) for file in new]
            job = (await client.post("/api/v1/images", files=parts)).json()

            async def read() -> None:
                while not done.is_set():
                    await self._similar(client, tally, self.random.choice(self.ids))
                    await asyncio.sleep(0.1)

            readers = [asyncio.create_task(read()) for _ in range(4)]
            while job["state"] in ("waiting", "running"):
                await asyncio.sleep(0.5)
                job = (await client.get(f"/api/v1/jobs/{job['id']}")).json()
            done.set()
            await asyncio.gather(*readers)
        return tally, job

    async def _similar(self, client: Any, tally: Tally, key: int) -> None:
        url = f"/api/v1/images/{key}/similar?top={TOP}"
        answer = await _timed(tally, client.get(url))
        if answer is not None:
            first = answer["results"][0]["image"]["id"]
            # What was added meanwhile may be better still.
            tally.wrong += first != self.expected[key] and first <= self.last

    async def _upload(self, client: Any, tally: Tally) -> None:
        file = self.random.choice(self.files[:-ADDED])
        parts = {"image": (file.name, file.read_bytes())}
        answer = await _timed(tally, client.post("/api/v1/search", files=parts))
        if answer is not None and answer["results"][0]["image"]["name"] != file.name:
            tally.wrong += 1

    def _client(self, httpx: Any) -> Any:
        return httpx.AsyncClient(base_url=self.base, timeout=60.0)


async def _timed(tally: Tally, request: Awaitable[Any]) -> dict[str, Any] | None:
    start = time.perf_counter()
    try:
        response = await request
    except Exception:  # noqa: BLE001 - whatever it is, it is no answer
        tally.statuses[0] += 1
        return None
    tally.statuses[response.status_code] += 1
    if response.status_code != 200:
        await asyncio.sleep(float(response.headers.get("retry-after", 0)))
        return None
    tally.milliseconds.append(1e3 * (time.perf_counter() - start))
    found: dict[str, Any] = response.json()
    return found


def _expected(collection: Any) -> tuple[dict[int, int], float]:
    """The first result of pictures that have a verified one, and milliseconds of such a search."""
    found, spent = {}, []
    for picture in collection.browse(limit=100_000):
        start = time.perf_counter()
        query = collection.described(picture.id)
        first = collection.search(query, top=TOP, exclude_self=True).results[:1]
        spent.append(1e3 * (time.perf_counter() - start))
        if first and first[0].verified:
            found[picture.id] = first[0].id
        if len(spent) == LOOKED_AT:
            break
    return found, statistics.median(spent)


def _files() -> tuple[list[Path], str]:
    """Photos to serve; the last 200 are added later."""
    try:
        truth = json.loads((test_data("minibench") / "gnd.json").read_text("utf-8"))
    except Skipped:
        files, kind = photos()
        return files, kind
    top = test_data("minibench")
    chosen = [top / image["path"] for image in truth["images"]]
    return sorted(filter(is_picture, chosen))[: 1100 + ADDED], "real photos"


def _collection(files: list[Path], folder: Path) -> Path:
    """Indexed once and kept: what is measured is the server."""
    kept = CACHE / f"served-{len(files)}"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with relook.create(folder / "new") as collection:
            collection.add(files, jobs=2)
        shutil.move(folder / "new", kept)
    shutil.copytree(kept, folder / "collection")
    return folder / "collection"


@contextlib.contextmanager
def serve(place: Path) -> Iterator[str]:
    """``relook serve`` as a process of its own."""
    words = [sys.executable, "-m", "relook", "serve", str(place), "--port", "0", "--no-open"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield _url(process)
        finally:
            process.terminate()


def _url(process: subprocess.Popen[str]) -> str:
    lines = []
    for line in process.stderr or ():
        lines.append(line)
        found = re.search(r"http://[\d.]+:\d+", line)
        if found:
            return found[0]
    raise Skipped(f"the server did not start: {''.join(lines)[-300:]}")
