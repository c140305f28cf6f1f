"""Stopping the work for a client that is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request

from relook.server.problems import ProblemError

__all__ = ["unless_gone"]

_GONE = 499
"""What nginx calls it; nobody is there to read it but the metrics."""

Result = TypeVar("Result")


async def unless_gone(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """The result of ``work``, which is cancelled when the client hangs up.

    Args:
        request: whose body was read.
        work: what to do for it.
    """
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        leaving.result()  # raises where the rest of the request did not arrive
        raise ProblemError(_GONE, "the client hung up")
    finally:
        working.cancel()
        leaving.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
