"""What all routes of one server share."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from relook.collection import Collection, Recognizer
from relook.server.counting import Counter
from relook.server.metrics import Metrics
from relook.server.security.sessions import Sessions
from relook.server.settings import ServerSettings

__all__ = ["Service", "make_service"]


@dataclass(slots=True)
class Service:
    """A collection at work behind a server.

    Attributes:
        collection: that is served; threads share it.
        settings: how.
        recognizer: names what pictures show.
        counter: how many pictures there are, by what is known of them.
        metrics: what the server did.
        sessions: who logged in.
        stopping: set when the server is asked to stop; endless answers end themselves then.
    """

    collection: Collection
    settings: ServerSettings
    recognizer: Recognizer
    counter: Counter
    metrics: Metrics
    sessions: Sessions
    stopping: threading.Event

    def start(self) -> None:
        """Start what works in the background; called once, from a thread that may wait."""

    def close(self) -> None:
        """Stop it again, in the reverse order; the collection stays open."""
        self.stopping.set()
        self.recognizer.close()


def make_service(collection: Collection, settings: ServerSettings) -> Service:
    """Put a service together; nothing runs before :meth:`Service.start`."""
    return Service(
        collection=collection,
        settings=settings,
        recognizer=Recognizer(collection),
        counter=Counter(collection),
        metrics=Metrics(),
        sessions=Sessions(),
        stopping=threading.Event(),
    )
