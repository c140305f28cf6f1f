"""What all routes of one server share."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from relook.collection import Collection, Recognizer
from relook.server.asking import Asking, make_asking
from relook.server.jobs import Jobs
from relook.server.jobs.adding import add_left_over
from relook.server.jobs.events import Streams
from relook.server.security.rates import Buckets
from relook.server.security.sessions import Sessions
from relook.server.security.tokens import make_attempts
from relook.server.settings import ServerSettings
from relook.server.uploads.folder import Uploads
from relook.server.watching.counting import Counter
from relook.server.watching.metrics import Metrics
from relook.server.watching.presence import Presence

__all__ = ["Service", "make_service"]


@dataclass(slots=True)
class Service:
    """A collection at work behind a server.

    Attributes:
        collection: that is served; threads share it.
        settings: how.
        recognizer: names what pictures show.
        asking: describes, keeps and answers what is asked.
        counter: how many pictures there are, by what is known of them.
        metrics: what the server did.
        presence: whether the collection is still there.
        sessions: who logged in.
        attempts: how often who was wrong about the token.
        jobs: that go on after a request.
        streams: of events of jobs.
        uploads: photos that came by the server.
        stopping: set when the server is asked to stop; endless answers end themselves then.
    """

    collection: Collection
    settings: ServerSettings
    recognizer: Recognizer
    asking: Asking
    counter: Counter
    metrics: Metrics
    presence: Presence
    sessions: Sessions
    attempts: Buckets
    jobs: Jobs
    streams: Streams
    uploads: Uploads
    stopping: threading.Event

    def start(self) -> None:
        """Start what works in the background; called once, from a thread that may wait."""
        self.asking.start()
        self.jobs.start()
        if not self.settings.readonly:
            add_left_over(
                collection=self.collection,
                uploads=self.uploads,
                jobs=self.jobs,
                settings=self.settings,
            )

    def close(self) -> None:
        """Stop it again, in the reverse order; the collection stays open."""
        self.stopping.set()
        self.jobs.close()
        self.asking.close()
        self.recognizer.close()


def make_service(collection: Collection, settings: ServerSettings) -> Service:
    """Put a service together; nothing runs before :meth:`Service.start`."""
    jobs, stopping = Jobs(collection), threading.Event()
    service = Service(
        collection=collection,
        settings=settings,
        recognizer=Recognizer(collection),
        asking=make_asking(collection, settings),
        counter=Counter(collection),
        metrics=Metrics(),
        presence=Presence(collection),
        sessions=Sessions(),
        attempts=make_attempts(),
        jobs=jobs,
        streams=Streams(jobs, stopping),
        uploads=Uploads(collection),
        stopping=stopping,
    )
    _watch(service)
    return service


def _watch(service: Service) -> None:
    """What the metrics show of the present."""
    watch, asking = service.metrics.watch, service.asking
    watch("relook_images", "Searchable pictures.", lambda: service.counter.counts().images)
    watch(
        "relook_describing_waiting", "Uploads that wait for a process.", lambda: asking.pool.waiting
    )
    watch("relook_searching_waiting", "Searches at work or waiting.", lambda: asking.finder.waiting)
    watch("relook_jobs_open", "Jobs that wait or run.", lambda: _open_jobs(service))


def _open_jobs(service: Service) -> int:
    return sum(job.state in ("waiting", "running") for job in service.jobs.all())
