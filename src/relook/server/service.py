"""What all routes of one server share."""

from __future__ import annotations

from dataclasses import dataclass

from relook.collection import Collection, Recognizer
from relook.server.settings import ServerSettings

__all__ = ["Service"]


@dataclass(slots=True)
class Service:
    """A collection at work behind a server.

    Attributes:
        collection: that is served; threads share it.
        settings: how.
        recognizer: names what pictures show.
    """

    collection: Collection
    settings: ServerSettings
    recognizer: Recognizer
