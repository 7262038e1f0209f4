"""`GET /metrics`: what Prometheus reads of the centre; no names, phones or card numbers."""

from fastapi import APIRouter, Request, Response

from central.centre import Centre
from central.measures.service import metrics
from shared.runtime.metrics import CONTENT_TYPE

router = APIRouter(tags=["operation"])


@router.get("/metrics")
def get_metrics(request: Request) -> Response:
    """Write the centre's metrics."""
    centre: Centre = request.app.state.centre
    return Response(metrics(centre, centre.clock.now()), media_type=CONTENT_TYPE)
