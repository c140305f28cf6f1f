"""Thumbnails: made once per content and size, kept on the disk while there is room."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from relook.server.describing import DescribingPool
from relook.server.describing.tasks import Original, Show

__all__ = ["Thumbnails"]

Result = TypeVar("Result")
_END = b"\xff\xd9"
"""The last bytes of a JPEG."""


@dataclass(slots=True, eq=False)
class _Making:
    """A thumbnail under way, and how many wait for it."""

    task: asyncio.Task[bytes]
    waiters: int = 0


class Thumbnails:
    """JPEGs by content and size: from memory, from the disk, or made by a worker.

    Args:
        folder: where they are kept; it may vanish, be read-only or full.
        pool: makes them.
        disk_bytes: of all files; the ones that were not asked for longest go.
        memory_bytes: of those that are kept in memory.
    """

    def __init__(
        self,
        folder: Path,
        pool: DescribingPool,
        *,
        disk_bytes: int = 1 << 30,
        memory_bytes: int = 32 << 20,
    ) -> None:
        self._pool = pool
        self._memory = _Memory(memory_bytes)
        self._disk = _Disk(folder, disk_bytes)
        self._making: dict[str, _Making] = {}
        # A slow disk must not hold up what others read.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="relook-thumbnails")

    async def get(
        self, digest: bytes, *, longest: int, original: Callable[[], Awaitable[Original]]
    ) -> bytes:
        """A thumbnail of an indexed picture.

        Args:
            digest: SHA-256 of the picture.
            longest: its longer side in pixels, at most.
            original: finds its files, where it has to be made.

        Raises:
            ProblemError: no file shows the picture any more; or too many wait.
        """
        name = f"{digest.hex()}-{longest}.jpg"
        found = self._memory.get(name)
        if found is None:
            found = await self._on_disk(partial(self._disk.read, name))
            if found is None:
                found = await self._make_once(name, original, longest)
            self._memory.put(name, found)
        return found

    def forget(self, digest: bytes) -> None:
        """Remove all of a picture that nobody keeps any more: they show it still. Waits for it."""
        for name in self._disk.of(digest.hex()):
            self._disk.remove(name)
        self._memory.remove(digest.hex())

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _on_disk(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def _make_once(
        self, name: str, original: Callable[[], Awaitable[Original]], longest: int
    ) -> bytes:
        """Several may wait for the same one; it is given up when the last of them leaves."""
        making = self._making.get(name)
        if making is None:
            making = _Making(asyncio.create_task(self._make(name, original, longest)))
            self._making[name] = making
        making.waiters += 1
        try:
            return await asyncio.shield(making.task)
        finally:
            making.waiters -= 1
            if not making.waiters:
                making.task.cancel()
                if self._making.get(name) is making:
                    del self._making[name]

    async def _make(
        self, name: str, original: Callable[[], Awaitable[Original]], longest: int
    ) -> bytes:
        made: bytes = await self._pool.run(Show(await original(), longest), lane="show")
        await self._on_disk(partial(self._disk.write, name, made))
        return made


class _Memory:
    """The thumbnails that were asked for last. Threads may share it."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._lock = threading.Lock()
        self._bytes = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def get(self, name: str) -> bytes | None:
        with self._lock:
            found = self._kept.get(name)
            if found is not None:
                self._kept.move_to_end(name)
            return found

    def put(self, name: str, data: bytes) -> None:
        with self._lock:
            self._bytes += len(data) - len(self._kept.pop(name, b""))
            self._kept[name] = data
            while self._bytes > self._most:
                self._bytes -= len(self._kept.popitem(last=False)[1])

    def remove(self, beginning: str) -> None:
        with self._lock:
            for name in [name for name in self._kept if name.startswith(beginning)]:
                self._bytes -= len(self._kept.pop(name))


class _Disk:
    """Files, the least recently used first; what cannot be written is not kept."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder = folder
        self._most = most_bytes
        self._lock = threading.Lock()
        self._sizes: OrderedDict[str, int] | None = None
        self._bytes = 0

    def read(self, name: str) -> bytes | None:
        try:
            data = self._place(name).read_bytes()
        except OSError:
            return None
        if not data.endswith(_END):
            return None
        with self._lock:
            sizes = self._known()
            if name in sizes:
                sizes.move_to_end(name)
        with contextlib.suppress(OSError):
            os.utime(self._place(name))  # remembers the order for the next server
        return data

    def write(self, name: str, data: bytes) -> None:
        place = self._place(name)
        part = place.with_name(f".{name}.{os.getpid()}.part")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            # Not synced: what a power cut leaves of it does not end as a JPEG does.
            part.write_bytes(data)
            part.replace(place)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            return
        with self._lock:
            sizes = self._known()
            self._bytes += len(data) - sizes.pop(name, 0)
            sizes[name] = len(data)
            while self._bytes > self._most and len(sizes) > 1:
                oldest, size = sizes.popitem(last=False)
                self._bytes -= size
                with contextlib.suppress(OSError):
                    self._place(oldest).unlink()

    def of(self, beginning: str) -> list[str]:
        with self._lock:
            return [name for name in self._known() if name.startswith(beginning)]

    def remove(self, name: str) -> None:
        with self._lock:
            self._bytes -= self._known().pop(name, 0)
        with contextlib.suppress(OSError):
            self._place(name).unlink(missing_ok=True)

    def _place(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _known(self) -> OrderedDict[str, int]:
        """What is there already, by the time of its last use."""
        if self._sizes is None:
            found: list[tuple[float, str, int]] = []
            with contextlib.suppress(OSError):
                for file in self._folder.glob("??/*.jpg"):
                    with contextlib.suppress(OSError):
                        status = file.stat()
                        found.append((status.st_mtime, file.name, status.st_size))
            self._sizes = OrderedDict((name, size) for _, name, size in sorted(found))
            self._bytes = sum(self._sizes.values())
        return self._sizes
