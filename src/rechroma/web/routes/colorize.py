"""`POST /v1/colorize`."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import Json

from rechroma.web import jobs
from rechroma.web.formats import answer_with
from rechroma.web.routes.parts import RequestedFormat, picture_answer, problems
from rechroma.web.schemas import ColorizeOptions
from rechroma.web.service import ServiceHere
from rechroma.web.worker_state import ColorRequest

__all__ = ["router"]

router = APIRouter(tags=["pictures"])

_EXAMPLE = '{"strength": 1.1, "hints": [{"x": 120, "y": 80, "color": "#c22b2b"}]}'


@router.post(
    "/v1/colorize",
    response_class=StreamingResponse,
    responses=picture_answer() | problems(406, 413, 415, 429, 503),
)
async def colorize(
    request: Request,
    service: ServiceHere,
    output: RequestedFormat,
    picture: Annotated[UploadFile, File(description="The picture.")],
    options: Annotated[
        Json[ColorizeOptions],
        Form(description="JSON.", default_factory=ColorizeOptions, examples=[_EXAMPLE]),
    ],
    mood: Annotated[
        UploadFile | None, File(description="A color photograph that sets the tone.")
    ] = None,
) -> StreamingResponse:
    """Give a picture its color back: same format, bit depth and metadata."""
    uploads = [picture] if mood is None else [picture, mood]
    async with service.kept(*uploads) as kept:
        color_request = ColorRequest(
            tuple(each.hint() for each in options.hints), None if mood is None else kept[1]
        )
        job = partial(
            jobs.colorize, upload=kept[0], output=output, color_request=color_request,
            options=options.options(),
        )  # fmt: skip
        made = await service.do(request, job)
    return answer_with(service.store, made, kept[0].name, "color")
