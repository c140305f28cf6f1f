"""What a server counts, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["Metrics"]

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Counters of one application, in a registry of its own.

    Attributes:
        requests: by method, template of the route, and status.
        seconds: from the head of a request to the end of its answer, by template of the route.
        upload_bytes: bodies that arrived.
        rejected: requests that found no free place, by what was busy (``what``).
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
        self.rejected = Counter(
            "relook_rejected",
            "Requests that found no free place.",
            ("what",),
            registry=self.registry,
        )

    def watch(self, name: str, description: str, read: Callable[[], float]) -> None:
        """Show a number that is read whenever somebody asks for the metrics."""
        Gauge(name, description, registry=self.registry).set_function(read)

    def text(self) -> bytes:
        """All numbers as Prometheus reads them (text format 0.0.4)."""
        return generate_latest(self.registry)
