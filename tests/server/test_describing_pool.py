"""Workers may crash, hang, or be asked too much; who asks gets a clear status, and others go on."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest

from relook.server.describing import DescribingPool, ToolsMaker
from relook.server.problems import ProblemError
from server.chores import Crash, CrashOnce, Fail, Say, Wait, WhoAreYou


@pytest.fixture(scope="module")
def pool():
    """One worker that all tests of this file share; nobody may close it."""
    pool = DescribingPool(ToolsMaker(), workers=1, queue=3, shown=8, seconds=1.0)
    pool.start()
    yield pool
    pool.close()


def status_of(awaitable):
    with pytest.raises(ProblemError) as caught:
        asyncio.run(awaitable)
    return caught.value


def test_a_task_is_done_in_another_process(pool) -> None:
    assert asyncio.run(pool.run(Say("hello"))) == "hello"
    assert asyncio.run(pool.run(WhoAreYou())) != os.getpid()


@pytest.mark.parametrize(
    ("kind", "status"),
    [("image", 415), ("size", 413), ("usage", 422), ("memory", 413), ("odd", 415)],
)
def test_whatever_a_picture_does_is_the_clients_mistake(pool, kind, status) -> None:
    process = asyncio.run(pool.run(WhoAreYou()))
    assert status_of(pool.run(Fail(kind))).status == status
    assert asyncio.run(pool.run(WhoAreYou())) == process


def test_a_crash_costs_the_request_that_caused_it_alone(pool) -> None:
    async def crowd():
        return await asyncio.gather(
            pool.run(Say("before")),
            pool.run(Crash()),
            pool.run(Say("after")),
            return_exceptions=True,
        )

    before, crashed, after = asyncio.run(crowd())
    assert (before, after) == ("before", "after")
    assert crashed.status == 415


def test_a_worker_that_was_killed_while_idle_costs_nothing(pool) -> None:
    os.kill(asyncio.run(pool.run(WhoAreYou())), signal.SIGKILL)
    time.sleep(0.1)
    assert asyncio.run(pool.run(Say("still here"))) == "still here"


def test_a_worker_that_was_killed_at_work_costs_time_alone(pool, tmp_path) -> None:
    assert asyncio.run(pool.run(CrashOnce(str(tmp_path / "mark")))) == "done"


def test_a_task_that_hangs_is_ended_and_its_process_replaced(pool) -> None:
    process = asyncio.run(pool.run(WhoAreYou()))
    assert status_of(pool.run(Wait(60))).status == 422
    assert asyncio.run(pool.run(WhoAreYou())) != process


def test_past_the_queue_a_request_is_refused_at_once(pool) -> None:
    async def crowd():
        first = asyncio.create_task(pool.run(Wait(0.5)))
        await asyncio.sleep(0.2)
        others = [asyncio.create_task(pool.run(Say("one"))) for _ in range(3)]
        await asyncio.sleep(0)
        started = time.monotonic()
        with pytest.raises(ProblemError) as caught:
            await pool.run(Say("too many"))
        assert time.monotonic() - started < 0.2
        await asyncio.gather(first, *others)
        return caught.value

    problem = asyncio.run(crowd())
    assert problem.status == 503
    assert int(problem.headers["Retry-After"]) > 0


def test_who_leaves_frees_a_place_in_the_queue(pool) -> None:
    async def crowd():
        first = asyncio.create_task(pool.run(Wait(0.3)))
        await asyncio.sleep(0.1)
        others = [asyncio.create_task(pool.run(Say("one"))) for _ in range(3)]
        await asyncio.sleep(0)
        assert pool.waiting == 3
        others[1].cancel()
        await asyncio.sleep(0)
        assert pool.waiting == 2
        last = asyncio.create_task(pool.run(Say("last")))
        assert await last == "last"
        await asyncio.gather(first, *others, return_exceptions=True)

    asyncio.run(crowd())


def test_a_long_task_that_nobody_waits_for_is_ended(tmp_path) -> None:
    pool = DescribingPool(ToolsMaker(), workers=1, queue=3, seconds=20.0)
    log = tmp_path / "log"

    async def leave():
        task = asyncio.create_task(pool.run(Wait(15, os.fspath(log))))
        await asyncio.to_thread(wait_until_taken, pool)
        task.cancel()
        started = time.monotonic()
        assert await pool.run(Say("next")) == "next"
        assert time.monotonic() - started < 12

    try:
        asyncio.run(leave())
    finally:
        pool.close()
    assert not log.exists()


def wait_until_taken(pool) -> None:
    until = time.monotonic() + 20
    while pool.waiting and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.1)


def test_neither_lane_starves_the_other(pool) -> None:
    order: list[str] = []

    async def one(word: str, lane: str) -> None:
        order.append(await pool.run(Say(word), lane=lane))

    async def crowd():
        first = asyncio.create_task(pool.run(Wait(0.3)))
        await asyncio.sleep(0.1)
        shown = [asyncio.create_task(one("show", "show")) for _ in range(8)]
        await asyncio.sleep(0)
        asked = [asyncio.create_task(one("ask", "ask")) for _ in range(3)]
        await asyncio.gather(first, *shown, *asked)

    asyncio.run(crowd())
    assert "ask" in order[:5]
    assert order[:4].count("show") >= 3
    assert len(order) == 11


def test_closing_answers_who_still_waits() -> None:
    pool = DescribingPool(ToolsMaker(), workers=1, queue=3, seconds=20.0)

    async def crowd():
        tasks = [asyncio.create_task(pool.run(Wait(15))) for _ in range(2)]
        await asyncio.sleep(0.1)
        await asyncio.to_thread(pool.close)
        return await asyncio.gather(*tasks, return_exceptions=True)

    assert all(isinstance(one, ProblemError) for one in asyncio.run(crowd()))
    assert status_of(pool.run(Say("too late"))).status == 503
