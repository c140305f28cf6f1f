"""Pictures in a line: begun in order, described in batches of one shape, done in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import ImageError, RelookError
from relook.core.records import Image
from relook.descriptors.flights import Flights, Landed
from relook.descriptors.vector import Shapes, VectorDescriber, Views, shapes

__all__ = ["Line"]

Float32 = NDArray[np.float32]
S = TypeVar("S")

_FLIGHTS = 4
"""Batches with the network: two that it may be at, and two that are ready."""
_WINDOW = 4
"""Batches' worth of pictures that are being decoded or wait for others of their shape."""
_LINE = 16
"""Batches' worth of pictures from the oldest that is not done to the newest that was begun."""


@dataclass(slots=True, eq=False)
class _Slot(Generic[S]):
    """A picture on its way: at first it has nothing, then views, then a result."""

    source: S
    views: Views | None = None
    result: Float32 | ImageError | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Decoded(Generic[S]):
    slot: _Slot[S]
    outcome: Views | ImageError


class Line(Generic[S]):
    """All pictures that are on their way; what the threads do arrives here as events.

    Args:
        describer: describes them.
        open_source: reads one, in a worker.
        workers: threads that read.
        batch: pictures that go through the network together.
    """

    def __init__(
        self,
        describer: VectorDescriber,
        open_source: Callable[[S], Image],
        *,
        workers: int,
        batch: int,
    ) -> None:
        self._describer = describer
        self._open = open_source
        self._batch = batch
        self._slots: deque[_Slot[S]] = deque()
        self._waiting: dict[Shapes, list[_Slot[S]]] = {}
        self._decoding = 0
        self._flying = 0
        self._events: SimpleQueue[_Decoded[S] | Landed[_Slot[S]]] = SimpleQueue()
        self._decoders = ThreadPoolExecutor(workers)
        self._flights = Flights(describer, self._events.put)

    def __enter__(self) -> Line[S]:
        return self

    def __exit__(self, *_: object) -> None:
        self._decoders.shutdown(wait=False, cancel_futures=True)
        self._flights.close()
        self._decoders.shutdown()

    def __len__(self) -> int:
        return len(self._slots)

    def has_room(self) -> bool:
        """Whether another picture may be begun."""
        held = self._decoding + self._count_waiting()
        return held < _WINDOW * self._batch and len(self._slots) < _LINE * self._batch

    def begin(self, source: S) -> None:
        """Let a worker read a picture."""
        slot = _Slot(source)
        self._slots.append(slot)
        self._decoding += 1
        self._decoders.submit(self._decode, slot)

    def finished(self) -> Generator[tuple[S, Float32 | ImageError]]:
        """Take the pictures from the head of the line that are done."""
        while self._slots and (result := self._slots[0].result) is not None:
            yield self._slots.popleft().source, result

    def advance(self) -> None:
        """Start the batches that are due, and wait until a picture or a batch is through."""
        while self._flying < _FLIGHTS and (slots := self._next_batch()):
            self._flights.launch(slots, [slot.views or () for slot in slots])
            self._flying += 1
            for slot in slots:
                slot.views = None  # their batch has a copy
        # Not while batches wait: the network would end what it is at, and begin with one stream.
        if self._flying and not self._decoding and not self._waiting:
            self._flights.flush()
        event = self._events.get()
        if isinstance(event, _Decoded):
            self._note_decoded(event.slot, event.outcome)
        else:
            self._note_landed(event)

    def _count_waiting(self) -> int:
        return sum(map(len, self._waiting.values()))

    def _next_batch(self) -> list[_Slot[S]]:
        """A full batch; a smaller one only where the network would have to wait for long."""
        if not self._waiting:
            return []
        largest = max(self._waiting, key=lambda key: len(self._waiting[key]))
        if len(self._waiting[largest]) >= self._batch:
            return self._take(largest)
        if self._decoding == 0:  # nothing comes that could fill a batch
            oldest = next(slot.views for slot in self._slots if slot.views is not None)
            return self._take(shapes(oldest))
        if not self._flying and 2 * self._count_waiting() >= _WINDOW * self._batch:
            return self._take(largest)
        return []

    def _take(self, key: Shapes) -> list[_Slot[S]]:
        slots = self._waiting.pop(key)
        if slots[self._batch :]:
            self._waiting[key] = slots[self._batch :]
        return slots[: self._batch]

    def _note_decoded(self, slot: _Slot[S], outcome: Views | ImageError) -> None:
        self._decoding -= 1
        if isinstance(outcome, ImageError):
            slot.result = outcome
        else:
            slot.views = outcome
            self._waiting.setdefault(shapes(outcome), []).append(slot)

    def _note_landed(self, landed: Landed[_Slot[S]]) -> None:
        self._flying -= 1
        if isinstance(landed.outcome, BaseException):
            raise landed.outcome
        for slot, result in zip(landed.tickets, landed.outcome, strict=True):
            slot.result = result

    def _decode(self, slot: _Slot[S]) -> None:
        """Runs in a worker."""
        outcome: Views | ImageError
        try:
            outcome = self._describer.views(self._open(slot.source))
        except ImageError as error:
            outcome = error
        except RelookError as error:  # such as a box that lies outside
            outcome = ImageError(str(error))
        except MemoryError:
            outcome = ImageError("there is not enough memory to decode it")
        except Exception as error:  # noqa: BLE001 - one picture must never stop a run
            outcome = ImageError(f"{type(error).__name__}: {error}")
        self._events.put(_Decoded(slot, outcome))
