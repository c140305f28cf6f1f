"""Thumbnails: upright, made once, kept where there is room, and never of another picture."""

from __future__ import annotations

import asyncio
import io
import time

import numpy as np
import pytest
from PIL import Image as Pillow

from relook.server.asking.thumbnails import Thumbnails
from relook.server.describing.tasks import Original
from relook.server.problems import ProblemError

IMAGES = "/api/v1/images"


class FakePool:
    """Makes any thumbnail, and counts."""

    def __init__(self, size: int = 1000) -> None:
        self.made = 0
        self.size = size
        self.gate: asyncio.Event | None = None

    async def run(self, task, *, lane):
        self.made += 1
        if self.gate is not None:
            await self.gate.wait()
        return bytes(self.size - 2) + b"\xff\xd9"


async def nowhere() -> Original:
    return Original()


async def until(true) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.002)


def shown(thumbnails: Thumbnails, number: int):
    return thumbnails.get(number.to_bytes(32, "big"), longest=9, original=nowhere)


@pytest.fixture
def first(shared_client) -> int:
    return shared_client.get(IMAGES).json()["images"][0]["id"]


@pytest.mark.parametrize(("size", "longest"), [("small", 320), ("large", 1280)])
def test_a_thumbnail_is_a_jpeg_of_the_right_size(shared_client, first, size, longest) -> None:
    answer = shared_client.get(f"{IMAGES}/{first}/thumbnail", params={"size": size})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    whole = shared_client.get(f"{IMAGES}/{first}").json()
    with Pillow.open(io.BytesIO(answer.content)) as picture:
        assert picture.format == "JPEG"
        longer = max(whole["width"], whole["height"])
        assert max(picture.size) == min(longest, longer)
        assert picture.width / picture.height == pytest.approx(
            whole["width"] / whole["height"], rel=0.01
        )


def test_a_browser_keeps_it_for_good(shared_client, first) -> None:
    answer = shared_client.get(f"{IMAGES}/{first}/thumbnail")
    assert "immutable" in answer.headers["cache-control"]
    assert "private" in answer.headers["cache-control"]
    headers = {"If-None-Match": answer.headers["etag"]}
    again = shared_client.get(f"{IMAGES}/{first}/thumbnail", headers=headers)
    assert again.status_code == 304
    assert not again.content
    other = shared_client.get(f"{IMAGES}/{first}/thumbnail?size=large", headers=headers)
    assert other.status_code == 200


def test_an_unknown_size_is_refused(shared_client, first) -> None:
    assert shared_client.get(f"{IMAGES}/{first}/thumbnail?size=huge").status_code == 422


def test_it_stands_upright(tmp_path, collection, serve) -> None:
    pixels = np.zeros((200, 400, 3), np.uint8)
    pixels[:, :200] = (255, 0, 0)
    exif = Pillow.Exif()
    exif[0x0112] = 6  # turned clockwise to be shown
    Pillow.fromarray(pixels).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    collection.add([tmp_path / "turned.jpg"], jobs=1)
    number = max(picture.id for picture in collection.browse())
    answer = serve().get(f"{IMAGES}/{number}/thumbnail")
    with Pillow.open(io.BytesIO(answer.content)) as picture:
        assert picture.height > picture.width
        assert picture.getpixel((picture.width // 2, 10))[0] > 200
        assert picture.getpixel((picture.width // 2, picture.height - 10))[0] < 50


def test_a_file_that_changed_is_not_shown(tmp_path, collection, serve, queries) -> None:
    file = tmp_path / "mine.jpg"
    file.write_bytes(queries[0].read_bytes())
    collection.add([file], jobs=1)
    number = max(picture.id for picture in collection.browse())
    file.write_bytes(queries[1].read_bytes())
    client = serve()
    for _ in range(2):
        answer = client.get(f"{IMAGES}/{number}/thumbnail")
        assert answer.status_code == 404
        assert "its file is gone" in answer.json()["detail"]
        assert str(tmp_path) not in answer.text
    file.write_bytes(queries[0].read_bytes())
    assert client.get(f"{IMAGES}/{number}/thumbnail").status_code == 200
    file.unlink()
    assert client.get(f"{IMAGES}/{number}/thumbnail").status_code == 200  # made already


def test_an_upload_is_shown_to_browsers_that_cannot(shared_client, queries) -> None:
    tiff = io.BytesIO()
    with Pillow.open(queries[0]) as picture:
        picture.save(tiff, "TIFF")
    files = {"image": ("q.tiff", tiff.getvalue())}
    found = shared_client.post("/api/v1/search", files=files, data={"preview": "true"}).json()
    answer = shared_client.get(found["preview"])
    assert answer.status_code == 200
    with Pillow.open(io.BytesIO(answer.content)) as small:
        assert small.format == "JPEG"
        assert small.size == (found["query"]["width"], found["query"]["height"])
    assert shared_client.get("/api/v1/queries/unknown/picture").status_code == 404
    plain = shared_client.post("/api/v1/search", files=files).json()
    assert plain["preview"] is None


def test_one_is_made_for_all_who_ask_at_once(tmp_path) -> None:
    async def crowd():
        pool = FakePool()
        pool.gate = asyncio.Event()
        thumbnails = Thumbnails(tmp_path, pool)
        asked = [asyncio.create_task(shown(thumbnails, 1)) for _ in range(9)]
        await until(lambda: [one.waiters for one in thumbnails._making.values()] == [9])
        asked[0].cancel()
        await asyncio.sleep(0)
        pool.gate.set()
        found = await asyncio.gather(*asked[1:])
        assert len(set(found)) == 1
        return pool.made

    assert asyncio.run(crowd()) == 1


def test_it_is_given_up_when_everybody_left(tmp_path) -> None:
    async def leave():
        pool = FakePool()
        pool.gate = asyncio.Event()
        thumbnails = Thumbnails(tmp_path, pool)
        asked = asyncio.create_task(shown(thumbnails, 1))
        await until(lambda: pool.made == 1)
        asked.cancel()
        await until(lambda: not thumbnails._making)
        pool.gate.set()
        await shown(thumbnails, 1)
        return pool.made

    assert asyncio.run(leave()) == 2


def test_the_next_server_finds_them_on_the_disk(tmp_path) -> None:
    pool = FakePool()
    for _ in range(3):
        asyncio.run(shown(Thumbnails(tmp_path, pool), 1))
    assert pool.made == 1


def test_the_disk_holds_no_more_than_allowed(tmp_path) -> None:
    pool = FakePool(1000)

    async def fill():
        thumbnails = Thumbnails(tmp_path, pool, disk_bytes=3500, memory_bytes=0)
        for number in range(3):
            await shown(thumbnails, number)
        await shown(thumbnails, 0)
        await shown(thumbnails, 3)
        return pool.made

    assert asyncio.run(fill()) == 4
    kept = sorted(int(file.name.partition("-")[0], 16) for file in tmp_path.glob("*/*.jpg"))
    assert kept == [0, 2, 3]


def test_nothing_is_left_of_a_picture_that_is_forgotten(tmp_path) -> None:
    pool = FakePool()

    async def forget():
        thumbnails = Thumbnails(tmp_path, pool)
        for number in (1, 2):
            await shown(thumbnails, number)
        thumbnails.forget((1).to_bytes(32, "big"))
        left = [int(file.name.partition("-")[0], 16) for file in tmp_path.glob("*/*.jpg")]
        for number in (1, 2):
            await shown(thumbnails, number)
        return left

    assert asyncio.run(forget()) == [2]
    assert pool.made == 3


def test_a_cut_off_file_is_made_again(tmp_path) -> None:
    pool = FakePool()
    asyncio.run(shown(Thumbnails(tmp_path, pool), 1))
    file = next(tmp_path.glob("*/*.jpg"))
    file.write_bytes(file.read_bytes()[:100])
    asyncio.run(shown(Thumbnails(tmp_path, pool), 1))
    assert pool.made == 2


def test_a_disk_that_takes_nothing_costs_time_only(tmp_path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    pool = FakePool()

    async def twice():
        thumbnails = Thumbnails(blocked / "thumbnails", pool)
        return [await shown(thumbnails, 1) for _ in range(2)]

    assert len(set(asyncio.run(twice()))) == 1
    assert pool.made == 1


def test_what_cannot_be_made_is_not_kept(tmp_path) -> None:
    class Broken(FakePool):
        async def run(self, task, *, lane):
            await super().run(task, lane=lane)
            raise ProblemError(404, "its file is gone")

    pool = Broken()
    thumbnails = Thumbnails(tmp_path, pool)
    for _ in range(2):
        with pytest.raises(ProblemError):
            asyncio.run(shown(thumbnails, 1))
    assert pool.made == 2
    assert not list(tmp_path.iterdir())
