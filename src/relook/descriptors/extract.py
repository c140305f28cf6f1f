"""Many pictures → vectors: threads decode, the network is never without a batch of one shape."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import ImageError, UsageError
from relook.core.records import Box, Image
from relook.descriptors.vector import Shapes, VectorDescriber, Views, shapes
from relook.images import crop, read

__all__ = ["Source", "extract"]

Float32 = NDArray[np.float32]
UInt8 = NDArray[np.uint8]

Source = Path | bytes | Image | tuple[Path, Box]
"""A file, what it holds, a picture that was read, or a box of a file that alone is described."""

S = TypeVar("S", bound=Source)
Progress = Callable[[int], object]

_FLIGHTS = 2
"""Batches with the network: one that runs and the next one, ready."""
_WINDOW = 4
"""Batches' worth of pictures that are being decoded or wait for others of their shape."""
_LINE = 16
"""Batches' worth of pictures that may have been begun after the oldest that is not done."""


def extract(
    sources: Iterable[S],
    describer: VectorDescriber,
    *,
    workers: int = 2,
    batch: int = 8,
    progress: Progress | None = None,
) -> Generator[tuple[S, Float32 | ImageError]]:
    """Describe pictures, in order, with bounded memory.

    A picture that cannot be used gives its error and stops nothing. (A decoder that crashes takes
    the process with it: a collection describes in processes of their own.) Closing the generator
    ends its threads.

    Args:
        sources: what to describe; read as far ahead as is needed.
        describer: how.
        workers: threads that read, decode and resize.
        batch: as many pictures of one shape go through the network together.
        progress: called with the number of pictures done, before each is handed out.

    Yields:
        Each source with its ``(D,)`` or ``(R, D)`` float32, or with its :class:`ImageError`.

    Raises:
        UsageError: ``workers`` or ``batch`` is below 1.
    """
    if min(workers, batch) < 1:
        raise UsageError("workers and batch must be at least 1")
    return _extract(sources, describer, workers, batch, progress)


def _extract(
    sources: Iterable[S],
    describer: VectorDescriber,
    workers: int,
    batch: int,
    progress: Progress | None,
) -> Generator[tuple[S, Float32 | ImageError]]:
    with ExitStack() as stack:
        decoders, runner = ThreadPoolExecutor(workers), ThreadPoolExecutor(1)
        for pool in (decoders, runner):
            stack.callback(pool.shutdown, cancel_futures=True)
        line = _Line[S](describer, decoders, runner, batch)
        upcoming = iter(sources)
        done = 0
        more = True
        while True:
            while more and line.has_room():
                source = next(upcoming, None)
                more = source is not None
                if source is not None:
                    line.add(source)
            for source, result in line.finished():
                done += 1
                if progress is not None:
                    progress(done)
                yield source, result
            if line:
                line.advance()
            elif not more:
                return


@dataclass(slots=True, eq=False)
class _Slot(Generic[S]):
    """A picture on its way: first it has views, then a result."""

    source: S
    views: Views | None = None
    result: Float32 | ImageError | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Decoded(Generic[S]):
    """What became of a file."""

    slot: _Slot[S]
    outcome: Views | ImageError


@dataclass(frozen=True, slots=True, eq=False)
class _Described(Generic[S]):
    """What became of a batch."""

    slots: list[_Slot[S]]
    outcome: list[Float32] | BaseException


class _Line(Generic[S]):
    """The pictures between the first that is not handed out and the last that was begun."""

    def __init__(
        self,
        describer: VectorDescriber,
        decoders: ThreadPoolExecutor,
        runner: ThreadPoolExecutor,
        batch: int,
    ) -> None:
        self._describer = describer
        self._decoders = decoders
        self._runner = runner
        self._batch = batch
        self._slots: deque[_Slot[S]] = deque()
        self._waiting: dict[Shapes, list[_Slot[S]]] = {}
        self._decoding = 0
        self._flights = 0
        self._events: SimpleQueue[_Decoded[S] | _Described[S]] = SimpleQueue()

    def __len__(self) -> int:
        return len(self._slots)

    def has_room(self) -> bool:
        """Whether another picture may be begun."""
        held = self._decoding + self._count_waiting()
        return held < _WINDOW * self._batch and len(self._slots) < _LINE * self._batch

    def add(self, source: S) -> None:
        """Begin a picture."""
        slot = _Slot(source)
        self._slots.append(slot)
        self._decoding += 1
        self._decoders.submit(self._decode, slot)

    def finished(self) -> Generator[tuple[S, Float32 | ImageError]]:
        """Take the pictures from the head of the line that are done."""
        while self._slots and self._slots[0].result is not None:
            slot = self._slots.popleft()
            if slot.result is not None:
                yield slot.source, slot.result

    def advance(self) -> None:
        """Start the batches that are due, and wait until a picture or a batch is through."""
        while self._flights < _FLIGHTS and (slots := self._next_batch()):
            self._launch(slots)
        event = self._events.get()
        if isinstance(event, _Decoded):
            self._note_decoded(event.slot, event.outcome)
        else:
            self._note_described(event.slots, event.outcome)

    def _count_waiting(self) -> int:
        return sum(map(len, self._waiting.values()))

    def _next_batch(self) -> list[_Slot[S]]:
        """A full batch; a smaller one only where the network would have to wait for long."""
        if not self._waiting:
            return []
        largest = max(self._waiting, key=lambda key: len(self._waiting[key]))
        if len(self._waiting[largest]) >= self._batch:
            return self._take(largest)
        if self._flights:
            return []
        if self._decoding == 0:
            oldest = next(slot for slot in self._slots if slot.views is not None)
            return self._take(shapes(oldest.views or ()))
        if 2 * self._count_waiting() >= _WINDOW * self._batch:
            return self._take(largest)
        return []

    def _take(self, key: Shapes) -> list[_Slot[S]]:
        slots = self._waiting.pop(key)
        if slots[self._batch :]:
            self._waiting[key] = slots[self._batch :]
        return slots[: self._batch]

    def _launch(self, slots: list[_Slot[S]]) -> None:
        batches = self._describer.batches([slot.views or () for slot in slots])
        for slot in slots:
            slot.views = None  # their memory is free, and they are not taken again
        self._flights += 1
        self._runner.submit(self._describe, slots, batches)

    def _note_decoded(self, slot: _Slot[S], outcome: Views | ImageError) -> None:
        self._decoding -= 1
        if isinstance(outcome, ImageError):
            slot.result = outcome
        else:
            slot.views = outcome
            self._waiting.setdefault(shapes(outcome), []).append(slot)

    def _note_described(
        self, slots: list[_Slot[S]], outcome: list[Float32] | BaseException
    ) -> None:
        self._flights -= 1
        if isinstance(outcome, BaseException):
            raise outcome
        for slot, result in zip(slots, self._describer.pooled(outcome), strict=True):
            slot.result = result

    def _decode(self, slot: _Slot[S]) -> None:
        """Runs in a worker."""
        outcome: Views | ImageError
        try:
            outcome = self._describer.views(_open(slot.source, self._describer.sizing.longest))
        except ImageError as error:
            outcome = error
        except MemoryError:
            outcome = ImageError("there is not enough memory to decode it")
        except Exception as error:  # noqa: BLE001 - one picture must never stop a run
            outcome = ImageError(f"{type(error).__name__}: {error}")
        self._events.put(_Decoded(slot, outcome))

    def _describe(self, slots: list[_Slot[S]], batches: list[UInt8]) -> None:
        """Runs in the thread of the network."""
        outcome: list[Float32] | BaseException
        try:
            outcome = [self._describer.runtime.describe(pixels) for pixels in batches]
        except BaseException as error:  # noqa: BLE001 - raised again where the caller waits
            outcome = error
        self._events.put(_Described(slots, outcome))


def _open(source: Source, longest: int) -> Image:
    if isinstance(source, Image):
        return source
    if isinstance(source, tuple):
        path, box = source
        return crop(read(path, longest=longest), box)
    return read(source, longest=longest)
