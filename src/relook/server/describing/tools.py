"""What a worker process holds, and how it does one task."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from relook.collection.worker import Ask
from relook.core.errors import ImageError, RelookError, UsageError

if TYPE_CHECKING:
    from relook.search import Engine

__all__ = ["Answer", "Desk", "GoneError", "Refusal", "Task", "Tools", "ToolsMaker", "for_senders"]

_ENGINES = 4
"""Recipes that differ in their plan alone; each holds its codebook."""
_TOO_LARGE = "more than the limit of"
"""What is said of a picture with too many pixels."""


class GoneError(ImageError):
    """No file shows an indexed picture any more."""


class Task(Protocol):
    """One thing that a worker does. It is a small record, since it is pickled."""

    def run(self, tools: Tools) -> Any:
        """Do it; the answer is pickled, too."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A task was done."""

    value: Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """A task cannot be done.

    Attributes:
        status: of HTTP.
        detail: one line for the client.
    """

    status: int
    detail: str


def _open_engine(recipe: str) -> Engine:
    from relook.search import Recipe, make_engine  # noqa: PLC0415 - workers alone need it

    return make_engine(Recipe.from_json(recipe))


@dataclass(slots=True)
class Tools:
    """What tasks work with.

    Attributes:
        open_engine: turns a recipe (JSON) into an engine.
    """

    open_engine: Callable[[str], Engine] = _open_engine
    _engines: OrderedDict[str, Engine] = field(default_factory=OrderedDict)

    def engine(self, recipe: str) -> Engine:
        """The engine of a recipe (JSON); the last few are kept with all that they loaded."""
        if recipe not in self._engines:
            self._engines[recipe] = self.open_engine(recipe)
        self._engines.move_to_end(recipe)
        while len(self._engines) > _ENGINES:
            self._engines.popitem(last=False)
        return self._engines[recipe]


@dataclass(frozen=True, slots=True)
class ToolsMaker:
    """Makes a desk in a worker process; it can be pickled.

    Attributes:
        warm_up: done once before the worker says that it is ready; None for nothing.
        open_engine: see :class:`Tools`.
    """

    warm_up: Task | None = None
    open_engine: Callable[[str], Engine] = _open_engine

    def __call__(self) -> Desk:
        """Load what the first task would have to wait for."""
        tools = Tools(self.open_engine)
        if self.warm_up is not None:
            self.warm_up.run(tools)
        return Desk(tools)


@dataclass(frozen=True, slots=True)
class Desk:
    """Task → :class:`Answer` or :class:`Refusal`: nothing that a picture does ends the worker."""

    tools: Tools

    def __call__(self, task: Task, ask: Ask) -> Answer | Refusal:
        """Do one task."""
        del ask
        try:
            return Answer(task.run(self.tools))
        except Exception as error:  # noqa: BLE001 - decoders and hostile bytes raise anything
            return _refuse(error)


def _refuse(error: Exception) -> Refusal:
    """Whatever a picture does is its sender's mistake; weights that are gone are not."""
    match error:
        case GoneError():
            found = Refusal(404, str(error))
        case ImageError():
            found = _unreadable(str(error))
        case UsageError():
            found = Refusal(422, _line(str(error)))
        case MemoryError():
            found = Refusal(413, "there is not enough memory for this picture; send a smaller one")
        case RelookError():
            found = Refusal(500, f"the server cannot describe pictures ({type(error).__name__})")
        case _:
            found = Refusal(415, f"the picture cannot be used ({type(error).__name__})")
    return found


def _unreadable(reason: str) -> Refusal:
    return Refusal(413 if _TOO_LARGE in reason else 415, _line(for_senders(reason)))


def for_senders(reason: str) -> str:
    """Why a picture cannot be used, for people who cannot set the limits of the server."""
    if _TOO_LARGE not in reason:
        return reason
    return reason.partition(";")[0] + "; send a smaller one"


def _line(text: str) -> str:
    return " ".join(text.split())[:300]
