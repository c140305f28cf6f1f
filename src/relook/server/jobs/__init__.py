"""Work that takes longer than a request: one thread does it, one job after the other."""

from __future__ import annotations

from relook.server.jobs.queue import Jobs
from relook.server.jobs.records import Job, Report, StoppedError, Work

__all__ = ["Job", "Jobs", "Report", "StoppedError", "Work"]
