"""Malformed requests by the thousand at a real server: 4xx each, no growth, right answers after."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from server.malformed import ASKING, Malformed, malformed

LONG = bool(os.environ.get("RELOOK_LONG_TESTS"))
WARM_UP, COUNT = (150, 2000) if LONG else (15, 60)
MOST_GROWTH = 200e6
TOLD = re.compile(r"Traceback|site-packages|File \"")


@pytest.fixture
def server(directory: Path) -> Iterator[tuple[str, int]]:
    """Address and process id of a server over a collection of one's own."""
    command = [sys.executable, "-m", "relook", "serve", str(directory), "--port", "0"]
    process = subprocess.Popen(
        [*command, "--workers", "1"], stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        found = re.search(r"http://\S+(?=/)", line)
        assert found, line
        yield found.group(), process.pid
    finally:
        process.terminate()
        _, said = process.communicate(timeout=30)
        assert "Traceback" not in said, said[:5000]


def test_malformed_requests_change_nothing(
    server: tuple[str, int], directory: Path, queries: list[Path]
) -> None:
    address, pid = server
    with httpx.Client(base_url=address, timeout=300) as client:
        before = right_answer(client, queries[0])
        ask_once(client, queries[0])
        requests = list(malformed(WARM_UP + COUNT))
        for request in requests[:WARM_UP]:
            send(client, request)
        settle(client)
        at_first = memory(pid)
        statuses: Counter[int] = Counter()
        wrong: list[str] = []
        for request in requests[WARM_UP:]:
            answer = send(client, request)
            statuses[answer.status_code] += 1
            seen = f"{answer.status_code} {answer.headers} {answer.text}"
            if answer.status_code >= 500 or TOLD.search(seen) or str(directory.parent) in seen:
                wrong.append(f"{request.what}: {seen}")
        settle(client)
        growth = memory(pid) - at_first
        assert right_answer(client, queries[0]) == before
    assert not wrong, "\n".join(wrong[:20])
    assert sum(statuses[status] for status in (400, 413, 415, 422)) > COUNT / 2
    assert growth < MOST_GROWTH


def send(client: httpx.Client, request: Malformed) -> httpx.Response:
    """The answer; a server that is busy is asked again."""
    headers = {"Content-Type": request.content_type} if request.content_type else {}
    while True:
        answer = client.post(request.path, content=request.body, headers=headers)
        if answer.status_code not in {429, 503}:
            return answer
        assert answer.headers["retry-after"]
        time.sleep(0.5)


def ask_once(client: httpx.Client, query: Path) -> None:
    """Let the server load, and compile, what each question needs: that is no growth."""
    for name in ASKING:
        files = {"image": query.read_bytes()}
        answer = client.post(f"/api/v1/{name}", data={"result": "1"}, files=files)
        assert answer.status_code == 200, answer.text


def right_answer(client: httpx.Client, query: Path) -> list[str]:
    """What is verified to show the same as a query, the best first."""
    answer = client.post("/api/v1/search", files={"image": query.read_bytes()})
    found = [hit["image"]["name"] for hit in answer.json()["results"] if hit["verified"]]
    assert found
    return found


def settle(client: httpx.Client) -> None:
    """Wait until all jobs are over."""
    deadline = time.monotonic() + 300
    while any(job["state"] in {"waiting", "running"} for job in jobs(client)):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def jobs(client: httpx.Client) -> list[dict[str, str]]:
    found: list[dict[str, str]] = client.get("/api/v1/jobs").json()["jobs"]
    return found


def memory(pid: int) -> float:
    """Bytes that a process and those it started hold; 0 where the system does not say."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("utf-8")
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()
        for task in Path(f"/proc/{pid}/task").iterdir():
            if task.name != str(pid):
                children += (task / "children").read_text("utf-8").split()
    except OSError:
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+) kB", lines)
    own = 0.0 if found is None else 1024.0 * int(found[1])
    return own + sum(memory(int(child)) for child in children)
