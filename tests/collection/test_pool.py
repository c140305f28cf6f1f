"""Workers that may die."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from collection import jobs as work
from relook.collection.pool import Outcome, Pool
from relook.core.errors import CollectionError

posix = pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
spawned = pytest.mark.usefixtures("spawned_workers")


def run(make: Callable[[], object], tasks: list[str], **options: object) -> list[Outcome[str]]:
    with Pool[str](make, **{"jobs": 2, **options}) as pool:  # type: ignore[arg-type]
        return [outcome for outcome in pool.run(tasks) if outcome is not None]


@spawned
def test_results_come_in_the_order_of_the_tasks() -> None:
    tasks = ["sleep 0.3", "a", "b", "sleep 0.1", "c"]
    outcomes = run(work.make_echo, tasks)
    assert [outcome.task for outcome in outcomes] == tasks
    assert [outcome.result for outcome in outcomes] == tasks


def test_no_tasks_start_no_workers() -> None:
    def never() -> work.Echo:
        raise AssertionError

    assert run(never, []) == []


@posix
@spawned
def test_a_picture_that_kills_its_worker_costs_only_itself() -> None:
    outcomes = run(work.make_echo, ["a", "signal 11", "b", "c", "exit 7", "d"])
    assert [outcome.result for outcome in outcomes] == ["a", None, "b", "c", None, "d"]
    assert outcomes[1].died == "the decoder died (signal 11, SIGSEGV, 3 times)"
    assert outcomes[4].died == "the decoder died (exit code 7, 3 times)"


@posix
def test_a_picture_whose_worker_died_by_accident_is_tried_again(tmp_path: Path) -> None:
    outcomes = run(work.make_echo, ["a", f"twice {tmp_path / 'deaths'}", "b"])
    assert [outcome.died for outcome in outcomes] == [None, None, None]
    assert (tmp_path / "deaths").read_text() == "xx"


def test_a_picture_that_hangs_is_given_up() -> None:
    outcomes = run(work.make_echo, ["a", "sleep 100", "b"], timeout=0.3)
    assert [outcome.result for outcome in outcomes] == ["a", None, "b"]
    assert outcomes[1].died == "the decoder hung (more than 0.3 s, 3 times)"


def test_a_suspect_is_tried_while_nothing_else_runs(tmp_path: Path) -> None:
    log = tmp_path / "log"
    outcomes = run(work.LogMaker(log), ["a", "exit 3", *"bcdefgh"], jobs=3)
    assert [outcome.died is not None for outcome in outcomes] == [False, True] + [False] * 7
    lines = log.read_text().splitlines()
    _, *again = [i for i, line in enumerate(lines) if line == "begin exit 3"]
    assert len(again) == 2
    for start in again:
        begun = sum(line.startswith("begin") for line in lines[:start] if "exit" not in line)
        ended = sum(line.startswith("end") for line in lines[:start])
        assert begun == ended
        assert lines[start + 1] == "leave exit 3"


def test_the_key_of_a_lost_picture_is_known() -> None:
    asked = []

    def answer(task: str, key: bytes) -> bool:
        asked.append((task, key))
        return True

    (outcome,) = run(work.make_echo, ["ask-then-exit"], answer=answer)
    assert outcome.key == b"ask-then-exit"
    assert len(asked) == 3


@spawned
def test_workers_that_cannot_start_say_why() -> None:
    with pytest.raises(CollectionError, match="FileNotFoundError: no codebook"):
        run(work.make_broken, ["a"])


@spawned
def test_workers_that_die_at_the_start_end_the_run() -> None:
    with pytest.raises(CollectionError, match=r"die while they start \(exit code 3\)"):
        run(work.make_dying, ["a", "b"])


def test_no_more_tasks_are_taken_than_the_window_holds() -> None:
    taken: list[int] = []

    def tasks() -> object:
        for number in range(100):
            taken.append(number)
            yield "sleep 0.5" if number == 0 else "a"

    with Pool[str](work.make_echo, jobs=2, window=8) as pool:
        outcomes = pool.run(tasks())  # type: ignore[arg-type]
        next(outcome for outcome in outcomes if outcome is not None)
        assert len(taken) <= 9
        assert sum(outcome is not None for outcome in outcomes) == 99


def test_a_waiting_consumer_hears_from_the_pool_now_and_then() -> None:
    with Pool[str](work.make_echo, jobs=1) as pool:
        outcomes = list(pool.run(["sleep 1.5"]))
    assert outcomes.count(None) >= 2


@spawned
def test_workers_use_one_thread_and_ignore_ctrl_c() -> None:
    (outcome,) = run(work.make_echo, ["environment"])
    assert outcome.result == {"OMP_NUM_THREADS": "1", "cv2": 1, "sigint": True, "main": False}
    assert os.environ.get("OMP_NUM_THREADS") in {None, "1"}


@posix
def test_workers_leave_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys; sys.path[:0] = [sys.argv[1]]\n"
        "from collection import jobs\n"
        "from relook.collection.pool import Pool\n"
        "import multiprocessing\n"
        "tasks = ['a', 'b', 'sleep 100', 'spin']\n"
        "for o in Pool(jobs.make_echo, jobs=2).run(tasks):\n"
        "    print(*[p.pid for p in multiprocessing.active_children()], flush=True)\n"
    )
    import subprocess

    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(Path(__file__).parents[1])],
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        time.sleep(0.3)  # now one sleeps and one is busy
        assert len(pids) == 2
        parent.kill()
    deadline = time.monotonic() + 60
    while any(map(is_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_alive, pids))


def is_alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    if status.parent.parent.joinpath("self").exists():
        try:
            return status.read_text().rsplit(")", 1)[1].split()[0] != "Z"
        except OSError:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_script_without_a_main_guard_can_index(tmp_path: Path) -> None:
    import subprocess

    script = tmp_path / "script.py"
    script.write_text(
        f"import sys; sys.path[:0] = [{str(Path(__file__).parents[1])!r}]\n"
        "from collection import jobs\n"
        "from relook.collection.pool import Pool\n"
        "with Pool(jobs.make_echo, jobs=1) as pool:\n"
        "    print([o.result for o in pool.run(['a']) if o])\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("['a']\n", "")


@posix
def test_ctrl_c_ends_all_workers() -> None:
    pids: list[int] = []
    main = threading.main_thread().ident or 0
    timer = threading.Timer(0.2, signal.pthread_kill, (main, signal.SIGINT))

    def consume() -> None:
        with Pool[str](work.make_echo, jobs=2) as pool:
            for outcome in pool.run(["pid", "pid", "sleep 100", "sleep 100"]):
                if outcome is not None:
                    pids.append(int(str(outcome.result)))
                    if len(pids) == 2:
                        timer.start()

    with pytest.raises(KeyboardInterrupt):
        consume()
    assert not any(is_alive(pid) for pid in pids[:2])
