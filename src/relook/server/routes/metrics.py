"""Numbers for Prometheus."""

from __future__ import annotations

from fastapi import APIRouter, Response

from relook.server.requests.dependencies import ServiceDep

__all__ = ["router"]

_TYPE = "text/plain; version=0.0.4; charset=utf-8"

router = APIRouter(tags=["server"])


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(service: ServiceDep) -> Response:
    """Everything that is counted, in the text format of Prometheus."""
    return Response(service.metrics.text(), media_type=_TYPE)
