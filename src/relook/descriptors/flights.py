"""The network in a thread of its own, with the next batch always at hand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import ImageError, ShapeError
from relook.descriptors.vector import VectorDescriber, Views

__all__ = ["Flights", "Landed"]

Float32 = NDArray[np.float32]
UInt8 = NDArray[np.uint8]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Landed(Generic[T]):
    """What became of a batch: a result for each of its tickets, or why there is none."""

    tickets: list[T]
    outcome: list[Float32 | ImageError] | BaseException


@dataclass(frozen=True, slots=True, eq=False)
class _Flight(Generic[T]):
    tickets: list[T]
    batches: list[UInt8]


class Flights(Generic[T]):
    """Batches on their way through the network.

    Args:
        describer: has the network.
        land: called with each :class:`Landed`, in the thread of the network.
    """

    def __init__(self, describer: VectorDescriber, land: Callable[[Landed[T]], object]) -> None:
        self._describer = describer
        self._land = land
        self._ready: SimpleQueue[_Flight[T] | None] = SimpleQueue()
        self._thread = ThreadPoolExecutor(1)
        self._started = self._closed = False

    def launch(self, tickets: list[T], views: Sequence[Views]) -> None:
        """Send pictures of the same shapes through the network."""
        self._ready.put(_Flight(tickets, self._describer.batches(views)))
        if not self._started:
            self._started = True
            self._thread.submit(self._work)

    def flush(self) -> None:
        """Say that nothing follows before something has landed; else the network waits for it."""
        self._ready.put(None)

    def close(self) -> None:
        """End the thread after what the network is at."""
        self._closed = True
        self.flush()
        self._thread.shutdown()

    def _work(self) -> None:
        while not self._closed:
            if (flight := self._ready.get()) is not None:
                self._fly(flight)

    def _fly(self, first: _Flight[T]) -> None:
        """Describe until nothing follows; the network may work on two batches at a time."""
        begun: deque[_Flight[T]] = deque()
        outputs: list[Float32] = []
        try:
            for vectors in self._describer.runtime.describe_all(self._begin(first, begun)):
                outputs.append(vectors)
                if len(outputs) == len(begun[0].batches):
                    results = self._describer.pooled(outputs)
                    self._land(Landed(begun.popleft().tickets, results))
                    outputs = []
        except ShapeError:  # of one picture, perhaps: the others must not suffer
            for flight in begun:
                self._land(Landed(flight.tickets, self._describe_alone(flight)))
        except BaseException as error:  # noqa: BLE001 - raised again where the caller waits
            self._land(Landed([], error))

    def _begin(self, first: _Flight[T], begun: deque[_Flight[T]]) -> Iterator[UInt8]:
        flight: _Flight[T] | None = first
        while flight is not None and not self._closed:
            begun.append(flight)
            yield from flight.batches
            flight = self._ready.get()

    def _describe_alone(self, flight: _Flight[T]) -> list[Float32 | ImageError] | BaseException:
        scales = len(self._describer.multiscale.scales)
        try:
            return self._describer.describe_views(list(zip(*flight.batches[:scales], strict=True)))
        except Exception as error:  # noqa: BLE001 - raised again where the caller waits
            return error
