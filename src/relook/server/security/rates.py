"""How much one client may ask."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from relook.server.problems import send_problem
from relook.server.security.layer import API, Layer, client_of, is_api, path_of

__all__ = ["Buckets", "CrowdLayer", "RateLayer"]

_LIGHT = 20
"""Files of the page and thumbnails cost little, and a wall of pictures asks for many at once."""


class Buckets:
    """Token buckets by client, at most so many; whoever was not seen longest is forgotten.

    Not for several threads: layers run in the thread of the event loop.
    """

    def __init__(
        self,
        *,
        rate: float,
        burst: int,
        most: int = 4096,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._most = most
        self._clock = clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str) -> float:
        """Seconds until ``client`` may ask once more; 0 for now."""
        return max(0.0, (1.0 - self._level(client)) / self._rate)

    def take(self, client: str) -> float:
        """Count one request if it may be asked now; see :meth:`wait`."""
        seconds = self.wait(client)
        if seconds == 0.0:
            self._levels[client] = (self._level(client) - 1.0, self._clock())
            self._levels.move_to_end(client)
            while len(self._levels) > self._most:
                self._levels.popitem(last=False)
        return seconds

    def _level(self, client: str) -> float:
        level, seen = self._levels.get(client, (float(self._burst), 0.0))
        return min(float(self._burst), level + (self._clock() - seen) * self._rate)

    def __len__(self) -> int:
        return len(self._levels)


class RateLayer(Layer):
    """Answers 429 to a client that asks too much.

    Whoever is known is counted alone: behind a proxy all clients have one address, and a stranger
    there must not use up what the others may ask.
    """

    def __init__(
        self, app: ASGIApp, *, rate: float, burst: int, name_of: Callable[[Scope], str | None]
    ) -> None:
        super().__init__(app)
        self._name_of = name_of
        self._heavy = Buckets(rate=rate, burst=burst)
        self._light = Buckets(rate=_LIGHT * rate, burst=_LIGHT * burst)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        buckets = self._light if _is_light(scope) else self._heavy
        seconds = buckets.take(self._name_of(scope) or client_of(scope))
        if seconds > 0:
            await send_problem(
                send,
                429,
                "too many requests; ask again later, as Retry-After says",
                headers={"Retry-After": str(math.ceil(seconds))},
            )
        else:
            await self.app(scope, receive, send)


class CrowdLayer(Layer):
    """Answers 503 to what comes while too many requests are being answered."""

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        super().__init__(app)
        self._most = most
        self._now = 0

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        if self._now >= self._most:
            await send_problem(
                send,
                503,
                "the server is busy; ask again later, as Retry-After says",
                headers={"Retry-After": "1"},
            )
            return
        self._now += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._now -= 1


def _is_light(scope: Scope) -> bool:
    path = path_of(scope)
    return not is_api(scope) or path == f"{API}/health" or path.endswith("/thumbnail")
