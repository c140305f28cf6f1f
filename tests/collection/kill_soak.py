"""Kill an index run, or one of its workers, again and again; then compare with a quiet run.

Run by hand with real photos and the installed command::

    python tests/collection/kill_soak.py PHOTOS --kills 100 --jobs 2
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Command = Callable[[Path], Sequence[str]]
Digest = Callable[[Path], str]
"""The digest of a sound collection; raises where it is not."""

RELOOK = (sys.executable, "-c", "from relook.cli import main; main()")


@dataclass
class Soak:
    """What happened so far."""

    parents: int = 0
    workers: int = 0
    finished: int = 0
    codes: list[int] = field(default_factory=list)

    @property
    def kills(self) -> int:
        return self.parents + self.workers


def soak(
    command: Command, digest: Digest, folder: Path, *, kills: int, seed: int, longest: float
) -> Soak:
    """Kill ``kills`` times, at a random moment up to ``longest`` times the length of a quiet run.

    A run that ends by itself has to agree with the quiet run, and the next begins from nothing.
    """
    chance, result = random.Random(seed), Soak()
    quiet = folder / "quiet"
    started = time.monotonic()
    _run_to_the_end(command(quiet))
    seconds = longest * (time.monotonic() - started)
    expected = digest(quiet)
    while result.kills < kills:
        target = folder / f"killed{result.finished}"
        process = _start(command(target))
        if chance.random() < 0.5:
            result.workers += _kill_a_worker(process, chance, seconds=seconds / 2)
        time.sleep(chance.uniform(0.0, seconds))
        if process.poll() is None:
            process.kill()
            result.parents += 1
            process.wait()
        elif process.returncode == 0:
            assert digest(target) == expected
            result.finished += 1
        else:
            result.codes.append(process.returncode)
    last = folder / f"killed{result.finished}"
    _run_to_the_end(command(last))
    assert digest(last) == expected
    result.finished += 1
    return result


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(list(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _run_to_the_end(command: Sequence[str]) -> None:
    subprocess.run(list(command), check=True, stdout=subprocess.DEVNULL)


def workers_of(parent: int) -> list[int]:
    """The describing processes of ``parent``."""
    children = list(Path(f"/proc/{parent}/task").glob("*/children"))
    if children:  # Linux says it at once; ps asks all processes there are
        return [pid for file in children for pid in _spawned(file)]
    listing = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 2) for line in listing.stdout.splitlines()]
    return [
        int(row[0])
        for row in rows
        if len(row) == 3 and int(row[1]) == parent and "spawn_main" in row[2]
    ]


def _spawned(children: Path) -> list[int]:
    try:
        pids = [int(pid) for pid in children.read_text().split()]
        return [pid for pid in pids if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    except OSError:  # they come and go
        return []


def _kill_a_worker(
    process: subprocess.Popen[bytes], chance: random.Random, *, seconds: float
) -> int:
    """Kill one describing process some time after the first has begun; 0 where there is none."""
    while process.poll() is None and not workers_of(process.pid):
        time.sleep(0.02)
    time.sleep(chance.uniform(0.0, seconds))
    workers = workers_of(process.pid)
    if not workers:
        return 0
    try:
        os.kill(chance.choice(workers), signal.SIGKILL)
    except ProcessLookupError:
        return 0
    return 1


def cli_digest(directory: Path) -> str:
    """The digest of a collection by the command; raises where it has problems."""
    done = subprocess.run(
        [*RELOOK, "check", str(directory), "--json"], capture_output=True, text=True, check=True
    )
    report = json.loads(done.stdout)
    if not report["ok"]:
        raise RuntimeError(report["problems"])
    return str(report["digest"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest", type=float, default=1.0, help="of a quiet run")
    options = parser.parse_args()
    index = [*RELOOK, "index", str(options.photos), "--jobs", str(options.jobs), "--into"]
    with tempfile.TemporaryDirectory() as folder:
        result = soak(
            lambda directory: [*index, str(directory)],
            cli_digest,
            Path(folder),
            kills=options.kills,
            seed=options.seed,
            longest=options.longest,
        )
    sys.stdout.write(f"{result}\n")


if __name__ == "__main__":
    main()
