"""How a server works: limits, who may do what; the defaults suit one person on one computer."""

from __future__ import annotations

import os
from dataclasses import dataclass

from relook.core.errors import UsageError

__all__ = ["ServerSettings"]

_TOKEN, _LETTERS = 16, 8
"""Characters of a token, and different ones among them: no rate of requests can guess it."""


def _workers() -> int:
    return max(1, min(4, (os.cpu_count() or 2) - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Settings of a server.

    Attributes:
        readonly: refuse everything that changes the collection.
        token: what a client has to know, 16 random characters or more; None asks for nothing.
        hosts: names by which the server may be called, besides loopback; protects from rebinding.
        workers: processes that describe uploads.
        queue: requests that may wait for one of them, before others get 503.
        threads: searches at a time.
        upload_bytes: of one picture.
        upload_pixels: of one picture.
        upload_files: pictures of one request.
        request_bytes: of all pictures of one request.
        upload_seconds: that so many bytes as one picture may have may take to arrive.
        describe_seconds: that decoding and describing one picture may take.
        rate: requests per second and client that are answered on average.
        burst: requests that a client may send at once.

    Raises:
        UsageError: the token could be guessed.
    """

    readonly: bool = False
    token: str | None = None
    hosts: tuple[str, ...] = ()
    workers: int = _workers()
    queue: int = 64
    threads: int = 2
    upload_bytes: int = 32 << 20
    upload_pixels: int = 100_000_000
    upload_files: int = 200
    request_bytes: int = 1 << 30
    upload_seconds: float = 60.0
    describe_seconds: float = 20.0
    rate: float = 50.0
    burst: int = 200

    def __post_init__(self) -> None:
        token = self.token
        if token is not None and (len(token) < _TOKEN or len(set(token)) < _LETTERS):
            raise UsageError(
                f"a token has {_TOKEN} random characters or more, {_LETTERS} different ones among "
                "them; make one with `python -c 'import secrets; print(secrets.token_urlsafe(32))'`"
            )
