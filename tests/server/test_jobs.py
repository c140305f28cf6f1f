"""The queue of jobs: one after the other, told truly, cancellable, bounded."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from relook.core.errors import CollectionError, LockedError
from relook.server.jobs import Job, Jobs, StoppedError
from relook.server.jobs.events import Streams
from relook.server.jobs.turn import Turn
from relook.server.problems import ProblemError
from server.uploading import fake_collection


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    with fake_collection(tmp_path / "pictures") as collection:
        made = Jobs(collection)
        made.start()
        yield made
        made.close()


def until_over(jobs: Jobs, job: Job) -> Job:
    deadline = time.monotonic() + 60
    while not job.is_over:
        assert time.monotonic() < deadline, job
        time.sleep(0.005)
        job = jobs.get(job.id) or job
    return job


def test_jobs_are_done_in_order_by_one_thread(jobs) -> None:
    seen = []

    def work(number: int):
        def do(report, stop):
            report(1, 2, "half")
            seen.append((number, threading.current_thread().name))
            return {"number": number}

        return do

    submitted = [jobs.submit("add", work(number), total=2) for number in range(5)]
    over = [until_over(jobs, job) for job in submitted]
    assert [job.report for job in over] == [{"number": number} for number in range(5)]
    assert seen == [(number, "relook-jobs") for number in range(5)]
    assert [job.id for job in jobs.all()] == [job.id for job in reversed(submitted)]
    assert {(job.done, job.total, job.state) for job in over} == {(2, 2, "done")}


def test_an_error_is_told_without_paths_and_ends_only_its_job(jobs, tmp_path, caplog) -> None:
    def expected(report, stop):
        raise CollectionError(f"{tmp_path}/pictures/catalog.sqlite is damaged; restore a backup")

    def unexpected(report, stop):
        raise KeyError(str(tmp_path))

    first = until_over(jobs, jobs.submit("add", expected))
    second = until_over(jobs, jobs.submit("add", unexpected))
    assert (first.state, second.state) == ("failed", "failed")
    assert first.error == "catalog.sqlite is damaged; restore a backup"
    assert str(tmp_path) not in str(second.error)
    assert str(tmp_path) in caplog.text
    assert until_over(jobs, jobs.submit("add", lambda report, stop: {})).state == "done"


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "disk is full"), (errno.EROFS, "can be written")]
)
def test_a_job_says_what_is_wrong_with_the_disk(jobs, tmp_path, number, words) -> None:
    def work(report, stop):
        raise OSError(number, os.strerror(number), str(tmp_path))

    over = until_over(jobs, jobs.submit("duplicates", work))
    assert words in over.error
    assert str(tmp_path) not in over.error


def test_a_job_that_cannot_be_tidied_up_ends_no_other(jobs, caplog) -> None:
    def discard() -> None:
        raise CollectionError("the catalog is damaged; restore a backup")

    go = threading.Event()
    first = jobs.submit("add", lambda report, stop: {"went": go.wait(60)})
    second = jobs.submit("add", lambda report, stop: {}, discard=discard)
    jobs.cancel(second.id)
    go.set()
    assert until_over(jobs, first).state == "done"
    assert until_over(jobs, second).state == "cancelled"
    assert until_over(jobs, jobs.submit("add", lambda report, stop: {})).state == "done"
    assert "damaged" in caplog.text


def test_a_running_job_is_cancelled_with_what_it_did(jobs) -> None:
    def work(report, stop):
        assert stop.wait(60)
        report(3, 9, "not shown")
        return {"added": 3}

    job = jobs.submit("add", work, total=9)
    while jobs.get(job.id).state != "running":
        time.sleep(0.005)
    assert jobs.cancel(job.id).message == "stopping"
    over = until_over(jobs, job)
    assert (over.state, over.done, over.report) == ("cancelled", 3, {"added": 3})


def test_what_is_over_is_not_cancelled_any_more(jobs) -> None:
    go = threading.Event()
    job = jobs.submit("add", lambda report, stop: {"added": 3})
    jobs.submit("atlas", lambda report, stop: {"waited": go.wait(60)})
    over = until_over(jobs, job)
    with mock.patch.dict(jobs._tasks, {job.id: jobs._tasks[jobs.all()[0].id]}):
        assert jobs.cancel(job.id) == over  # its thread has not put it away yet
    assert jobs.get(job.id) == over
    go.set()


def test_work_may_say_that_it_was_stopped(jobs) -> None:
    def work(report, stop):
        raise StoppedError

    over = until_over(jobs, jobs.submit("atlas", work))
    assert (over.state, over.report) == ("cancelled", None)


def test_a_waiting_job_is_cancelled_at_once_and_discarded(jobs) -> None:
    go, discarded = threading.Event(), threading.Event()
    jobs.submit("atlas", lambda report, stop: {"waited": go.wait(60)})
    job = jobs.submit("add", lambda report, stop: {}, discard=discarded.set)
    assert jobs.cancel(job.id).state == "cancelled"
    assert not discarded.is_set()
    go.set()
    assert discarded.wait(60)
    assert jobs.get(job.id).report is None


def test_a_locked_collection_is_tried_again(jobs, monkeypatch) -> None:
    monkeypatch.setattr("relook.server.jobs.queue._AGAIN_SECONDS", 0.02)
    calls = []

    def work(report, stop):
        calls.append(1)
        if len(calls) < 3:
            raise LockedError("locked")
        return {"calls": len(calls)}

    assert until_over(jobs, jobs.submit("add", work)).report == {"calls": 3}


def test_a_job_that_waits_for_a_lock_can_be_cancelled(jobs) -> None:
    discarded = threading.Event()

    def work(report, stop):
        raise LockedError("locked")

    job = jobs.submit("add", work, discard=discarded.set)
    while "another program" not in jobs.get(job.id).message:
        time.sleep(0.005)
    jobs.cancel(job.id)
    assert until_over(jobs, job).state == "cancelled"
    assert discarded.wait(60)


def test_past_its_bound_the_queue_says_when_to_come_again(jobs) -> None:
    go = threading.Event()
    try:
        jobs.submit("atlas", lambda report, stop: {"waited": go.wait(60)})
        for _ in range(15):
            jobs.submit("add", lambda report, stop: {})
        while jobs.all()[-1].state == "waiting":
            time.sleep(0.005)
        jobs.submit("add", lambda report, stop: {})
        with pytest.raises(ProblemError) as refused:
            jobs.submit("add", lambda report, stop: {})
        assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "10"})
    finally:
        go.set()


def test_old_jobs_are_forgotten(jobs) -> None:
    first = until_over(jobs, jobs.submit("add", lambda report, stop: {}))
    for _ in range(120):
        until_over(jobs, jobs.submit("add", lambda report, stop: {}))
    assert jobs.get(first.id) is None
    assert 90 <= len(jobs.all()) <= 102


def test_events_are_throttled_and_end_with_the_newest_state(jobs) -> None:
    def work(report, stop):
        for number in range(2000):
            report(number + 1, 2000, f"picture {number}")
            time.sleep(0.0001)
        return {}

    async def follow() -> list[Job | None]:
        streams = Streams(jobs, threading.Event())
        job = jobs.submit("add", work, total=2000)
        return [event async for event in streams.follow(job.id)]

    started = time.monotonic()
    events = asyncio.run(follow())
    assert len(events) <= 10 * (time.monotonic() - started) + 3
    assert events[-1].is_over
    assert events[-1].done == 2000


def test_streams_are_bounded_and_end_with_the_server(jobs) -> None:
    stopping = threading.Event()
    streams = Streams(jobs, stopping)

    async def listen() -> None:
        job = jobs.submit("atlas", lambda report, stop: {"waited": stop.wait(60)})
        tasks = [asyncio.create_task(_drain(streams, job.id)) for _ in range(8)]
        await asyncio.sleep(0)
        with pytest.raises(ProblemError), streams.place(job.id):
            pass
        with streams.place("another"):
            pass
        stopping.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 60)
        with streams.place(job.id):
            pass

    asyncio.run(listen())


async def _drain(streams: Streams, key: str) -> None:
    with streams.place(key):
        async for _ in streams.follow(key):
            pass


def test_a_short_write_goes_before_a_long_one_that_waits() -> None:
    turn, order = Turn(), []
    late = threading.Event()

    def long() -> None:
        while not turn.wanted:
            time.sleep(0.001)
        late.set()
        with turn.long():
            order.append("long")

    def short() -> None:
        with turn.short(patience=60):
            order.append("short")

    threads = [threading.Thread(target=one) for one in (long, short)]
    with turn.long():
        for thread in threads:
            thread.start()
        assert late.wait(60)
        time.sleep(0.02)  # so that both stand there, most probably
    for thread in threads:
        thread.join()
    assert order == ["short", "long"]


def test_a_short_write_gives_up_after_its_patience() -> None:
    turn = Turn()
    with turn.long():
        with pytest.raises(LockedError), turn.short(patience=0.02):
            pass
        assert not turn.wanted
    with turn.short(patience=0.02):
        pass
