"""Tasks for workers that are no describing: they answer, crash, hang or wait. They are pickled."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from relook.core.errors import ImageError, UsageError


@dataclass(frozen=True)
class Say:
    word: str

    def run(self, tools):
        return self.word


@dataclass(frozen=True)
class WhoAreYou:
    def run(self, tools):
        return os.getpid()


@dataclass(frozen=True)
class Crash:
    def run(self, tools):
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class CrashOnce:
    mark: str

    def run(self, tools):
        if not Path(self.mark).exists():
            Path(self.mark).write_text("was here")
            os.kill(os.getpid(), signal.SIGKILL)
        return "done"


@dataclass(frozen=True)
class Wait:
    """Until there is a file, or for longer than anybody has patience."""

    gate: str = ""
    seconds: float = 60

    def run(self, tools):
        until = time.monotonic() + self.seconds
        while not (self.gate and Path(self.gate).exists()) and time.monotonic() < until:
            time.sleep(0.005)
        return "waited"


@dataclass(frozen=True)
class Fail:
    kind: str

    def run(self, tools):
        raise {
            "image": ImageError("truncated JPEG: the file ends before the picture does"),
            "size": ImageError("9 x 9 is 81 pixels, more than the limit of 80; set max_pixels"),
            "usage": UsageError("the box lies outside the picture"),
            "memory": MemoryError(),
            "odd": KeyError("anything"),
        }[self.kind]
