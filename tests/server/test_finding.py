"""Searches wait in a bounded queue; a client that leaves stops its work."""

from __future__ import annotations

import asyncio
import threading

import pytest
from starlette.requests import Request

from relook.server.asking.finding import Finder
from relook.server.problems import ProblemError
from relook.server.requests.leaving import unless_gone


def test_past_the_queue_a_search_is_refused() -> None:
    async def crowd():
        finder, gate = Finder(threads=1, queue=2), threading.Event()
        waiting = [asyncio.create_task(finder.run(gate.wait)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(ProblemError) as caught:
            await finder.run(gate.wait)
        gate.set()
        assert await asyncio.gather(*waiting) == [True] * 3
        assert await finder.run(lambda: "again") == "again"
        finder.close()
        return caught.value

    problem = asyncio.run(crowd())
    assert problem.status == 503
    assert "Retry-After" in problem.headers


def test_who_leaves_before_their_turn_is_not_searched_for() -> None:
    async def leave():
        finder, gate, done = Finder(threads=1, queue=2), threading.Event(), []
        first = asyncio.create_task(finder.run(gate.wait))
        second = asyncio.create_task(finder.run(lambda: done.append(1)))
        await asyncio.sleep(0)
        assert finder.waiting == 2
        second.cancel()
        await asyncio.sleep(0)
        assert finder.waiting == 1
        gate.set()
        await first
        finder.close()
        return done

    assert asyncio.run(leave()) == []


def test_errors_of_a_search_arrive() -> None:
    async def fail():
        finder = Finder(threads=1, queue=2)
        try:
            await finder.run(lambda: 1 / 0)
        finally:
            finder.close()

    with pytest.raises(ZeroDivisionError):
        asyncio.run(fail())


def test_a_closed_finder_says_so() -> None:
    finder = Finder(threads=1, queue=2)
    finder.close()
    with pytest.raises(ProblemError) as caught:
        asyncio.run(finder.run(lambda: 1))
    assert caught.value.status == 503
    assert finder.waiting == 0


def request(*messages: str, gone: asyncio.Event) -> Request:
    """One whose client hangs up when ``gone`` is set."""
    left = list(messages)

    async def receive():
        if left:
            return {"type": left.pop(0)}
        await gone.wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http"}, receive)


def test_work_for_a_client_that_hung_up_is_cancelled() -> None:
    async def hang_up():
        gone, stopped = asyncio.Event(), asyncio.Event()

        async def work():
            try:
                await asyncio.sleep(60)
            finally:
                stopped.set()

        asked = asyncio.create_task(unless_gone(request("http.request", gone=gone), work()))
        await asyncio.sleep(0.01)
        gone.set()
        with pytest.raises(ProblemError):
            await asked
        await asyncio.wait_for(stopped.wait(), 60)

    asyncio.run(hang_up())


def test_work_for_a_client_that_stays_is_done() -> None:
    async def stay():
        async def work():
            return "done"

        return await unless_gone(request(gone=asyncio.Event()), work())

    assert asyncio.run(stay()) == "done"
