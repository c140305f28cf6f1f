"""What a server counts, for Prometheus."""

from __future__ import annotations

import math
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from relook.core.errors import RelookError

__all__ = ["Metrics"]

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Counters of one application, in a registry of its own.

    Attributes:
        requests: by method, template of the route, and status: 503 and 429 were turned away.
        seconds: from the head of a request to the end of its answer, by template of the route.
        upload_bytes: bodies that arrived.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self.requests = Counter(
            "relook_requests",
            "Requests that were answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "relook_request_seconds",
            "Seconds from the head of a request to the end of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.upload_bytes = Counter(
            "relook_upload_bytes", "Bytes of bodies that arrived.", registry=self.registry
        )

    def watch(self, name: str, description: str, read: Callable[[], float]) -> None:
        """Show a number that is read whenever somebody asks for the metrics.

        One that cannot be read is NaN, and does not hide the others.
        """

        def careful() -> float:
            try:
                return read()
            except (OSError, RelookError):
                return math.nan

        Gauge(name, description, registry=self.registry).set_function(careful)

    def text(self) -> bytes:
        """All numbers as Prometheus reads them (text format 0.0.4)."""
        return generate_latest(self.registry)
