"""What probes and other programs ask: models, health, readiness, metrics."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from rechroma.colorizer import MODELS
from rechroma.web.answer_schemas import Model, Models
from rechroma.web.drain import stopping
from rechroma.web.metrics import CONTENT_TYPE
from rechroma.web.problems import Problem, busy
from rechroma.web.routes.parts import problems
from rechroma.web.service import ServiceHere, card_of

__all__ = ["router"]

router = APIRouter(tags=["status"])


@router.get("/v1/models", responses=problems())
def models(service: ServiceHere) -> Models:
    """List the models; `current` is the one that answers here, and what it can do."""
    return Models(current=service.model(), models=[_entry(name) for name in MODELS])


@router.get("/healthz", responses=problems())
async def healthz() -> dict[str, str]:
    """Answer: the server is alive."""
    return {"status": "ok"}


@router.get("/readyz", responses=problems(503))
async def readyz(service: ServiceHere) -> dict[str, str]:
    """Answer if pictures can be worked on: the model is loaded, and the server is not stopping."""
    if service.drain.stopping:
        raise stopping()
    if service.pool.failure is not None and not service.pool.ready:
        raise Problem(503, service.pool.failure.what, service.pool.failure.mend, code="no-model")
    if not service.pool.ready:
        raise busy("the model is being loaded", status=503, code="model-loading")
    return {"status": "ready"}


@router.get("/metrics", response_class=Response, responses=problems())
async def metrics(request: Request) -> Response:
    """Return counters for Prometheus."""
    return Response(request.app.state.metrics.text(), media_type=CONTENT_TYPE)


def _entry(name: str) -> Model:
    card = card_of(name)
    return Model(name=card.name, version=card.version, license=card.license)
