"""Workers may crash, hang, or be asked too much; who asks gets a clear status, and others go on."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import asynccontextmanager

import pytest

from relook.server.describing import DescribingPool, ToolsMaker
from relook.server.problems import ProblemError
from server.chores import Crash, CrashOnce, Fail, Say, Wait, WhoAreYou

PATIENCE = 60.0


@pytest.fixture(scope="module")
def pool():
    """One worker that all tests of this file share; nobody may close it."""
    pool = DescribingPool(ToolsMaker(), workers=1, queue=3, shown=8, seconds=PATIENCE)
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


def test_a_process_that_cannot_start_is_said_once_to_whoever_runs_the_server(caplog) -> None:
    pool = DescribingPool(ToolsMaker(Fail("usage")), workers=1, queue=3, seconds=PATIENCE)
    try:
        problem = status_of(pool.run(Say("hello")))
    finally:
        pool.close()
    assert problem.status == 503
    assert [one.getMessage() for one in caplog.records if "cannot start" in one.getMessage()] == [
        "a describing process cannot start: UsageError: the box lies outside the picture"
    ]


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
    killed = asyncio.run(pool.run(WhoAreYou()))
    os.kill(killed, signal.SIGKILL)
    asyncio.run(until(lambda: not pool._hands[0]._process.is_alive()))
    assert asyncio.run(pool.run(WhoAreYou())) != killed


def test_a_worker_that_was_killed_at_work_costs_time_alone(pool, tmp_path) -> None:
    assert asyncio.run(pool.run(CrashOnce(str(tmp_path / "mark")))) == "done"


def test_a_task_that_hangs_is_ended_and_its_process_replaced(pool, monkeypatch) -> None:
    process = asyncio.run(pool.run(WhoAreYou()))
    with monkeypatch.context() as patch:
        patch.setattr(pool._hands[0], "_seconds", 0.1)
        assert status_of(pool.run(Wait())).status == 422
    assert asyncio.run(pool.run(WhoAreYou())) != process


async def until(true) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.002)


@asynccontextmanager
async def busy(pool, folder):
    """Meanwhile the worker is at a task that ends with the block."""
    gate = folder / "gate"
    first = asyncio.create_task(pool.run(Wait(os.fspath(gate))))
    await asyncio.sleep(0)
    await until(lambda: pool.waiting == 0)
    try:
        yield
    finally:
        gate.touch()
        assert await first == "waited"


def test_past_the_queue_a_request_is_refused_at_once(pool, tmp_path) -> None:
    async def crowd():
        async with busy(pool, tmp_path):
            others = [asyncio.create_task(pool.run(Say("one"))) for _ in range(3)]
            await asyncio.sleep(0)
            with pytest.raises(ProblemError) as caught:
                await pool.run(Say("too many"))
        assert await asyncio.gather(*others) == ["one"] * 3
        return caught.value

    problem = asyncio.run(crowd())
    assert problem.status == 503
    assert int(problem.headers["Retry-After"]) > 0


def test_who_leaves_frees_a_place_in_the_queue(pool, tmp_path) -> None:
    async def crowd():
        async with busy(pool, tmp_path):
            others = [asyncio.create_task(pool.run(Say("one"))) for _ in range(3)]
            await asyncio.sleep(0)
            assert pool.waiting == 3
            others[1].cancel()
            await asyncio.sleep(0)
            assert pool.waiting == 2
            last = asyncio.create_task(pool.run(Say("last")))
            await asyncio.sleep(0)
        assert await last == "last"
        await asyncio.gather(*others, return_exceptions=True)

    asyncio.run(crowd())


def test_a_long_task_that_nobody_waits_for_is_ended(pool, monkeypatch) -> None:
    monkeypatch.setattr("relook.server.describing.pool._GRACE", 0.05)

    async def leave():
        process = await pool.run(WhoAreYou())
        task = asyncio.create_task(pool.run(Wait(seconds=PATIENCE - 5)))
        await asyncio.sleep(0)
        await until(lambda: pool.waiting == 0)
        task.cancel()
        assert await pool.run(WhoAreYou()) != process  # this one would have lived

    asyncio.run(leave())


def test_neither_lane_starves_the_other(pool, tmp_path) -> None:
    order: list[str] = []

    async def one(word: str, lane: str) -> None:
        order.append(await pool.run(Say(word), lane=lane))

    async def crowd():
        async with busy(pool, tmp_path):
            shown = [asyncio.create_task(one("show", "show")) for _ in range(8)]
            await asyncio.sleep(0)
            asked = [asyncio.create_task(one("ask", "ask")) for _ in range(3)]
            await asyncio.sleep(0)
        await asyncio.gather(*shown, *asked)

    asyncio.run(crowd())
    assert "ask" in order[:5]
    assert order[:4].count("show") >= 3
    assert len(order) == 11


def test_closing_answers_who_still_waits() -> None:
    pool = DescribingPool(ToolsMaker(), workers=1, queue=3, seconds=PATIENCE)

    async def crowd():
        tasks = [asyncio.create_task(pool.run(Wait())) for _ in range(2)]
        await asyncio.sleep(0)
        await until(lambda: pool.waiting == 1)
        await asyncio.to_thread(pool.close)
        return await asyncio.gather(*tasks, return_exceptions=True)

    assert all(isinstance(one, ProblemError) for one in asyncio.run(crowd()))
    assert status_of(pool.run(Say("too late"))).status == 503
