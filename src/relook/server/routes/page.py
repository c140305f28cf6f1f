"""The page for people: the files that came with the package, and no others."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from starlette.convertors import Convertor, register_url_convertor

from relook.server.assets import Asset
from relook.server.problems import ProblemError

__all__ = ["router"]

_ICONS = ("icon.svg", "favicon.svg", "icons/icon.svg", "favicon.png")

router = APIRouter(include_in_schema=False)


class _Outside(Convertor[str]):
    """A path that is not of the interface, which has its own way to say what it lacks."""

    regex = "(?!api(?:/|$)).*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("outside", _Outside())


@router.api_route("/{path:outside}", methods=["GET", "HEAD"])
async def page(path: str, request: Request) -> Response:
    """A file of the page, by its name among those read at the start."""
    assets: Mapping[str, Asset] = request.app.state.assets
    asset = assets.get(path)
    if asset is None and path == "favicon.ico":
        asset = next((assets[name] for name in _ICONS if name in assets), None)
    if asset is None:
        raise ProblemError(404, "there is nothing here; the page is at /")
    return _answer(asset, request)


def _answer(asset: Asset, request: Request) -> Response:
    headers = {"ETag": asset.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    known = (tag.strip().removeprefix("W/") for tag in
             request.headers.get("if-none-match", "").split(","))  # fmt: skip
    if asset.etag in known:
        return Response(status_code=304, headers=headers)
    body = asset.content
    if asset.packed is not None and _takes_gzip(request.headers.get("accept-encoding", "")):
        body, headers["Content-Encoding"] = asset.packed, "gzip"
    answer = Response(body, headers=headers, media_type=asset.media_type)
    if request.method == "HEAD":
        answer.body = b""  # the length stays that of the whole
    return answer


def _takes_gzip(accepted: str) -> bool:
    for choice in accepted.lower().split(","):
        name, _, quality = choice.partition(";")
        if name.strip() in ("gzip", "*"):
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
