"""Errors as they go over the wire: application/problem+json (RFC 9457)."""

from __future__ import annotations

__all__ = ["ProblemError"]


class ProblemError(Exception):
    """An answer other than success.

    Attributes:
        status: of HTTP.
        detail: one line that says what to do next; never a path of the disk.
        headers: of the answer, such as Retry-After.
    """

    def __init__(self, status: int, detail: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}
