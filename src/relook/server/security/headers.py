"""Headers that every answer has."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relook.server.security.layer import Layer, is_api

__all__ = ["CONTENT_POLICY", "HeadersLayer"]

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; media-src 'self' blob:; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""The page loads nothing from elsewhere, and runs no script but its own files."""

_ALWAYS = {
    "content-security-policy": CONTENT_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class HeadersLayer(Layer):
    """Adds them; what a route has set itself stays. Answers of the interface are not stored."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app)
        self._always = [(name.encode(), text.encode()) for name, text in _ALWAYS.items()]

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": self._complete(scope, message)}
            await send(message)

        await self.app(scope, receive, with_headers)

    def _complete(self, scope: Scope, message: Message) -> list[tuple[bytes, bytes]]:
        given = [pair for pair in message.get("headers", ()) if pair[0].lower() != b"server"]
        names = {name.lower() for name, _ in given}
        wanted = list(self._always)
        if is_api(scope):
            wanted.append((b"cache-control", b"no-store"))
        return given + [pair for pair in wanted if pair[0] not in names]
