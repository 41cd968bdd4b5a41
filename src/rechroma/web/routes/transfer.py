"""`POST /v1/transfer` and `POST /v1/looks/apply`."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import Json

from rechroma.web import jobs
from rechroma.web.formats import answer_with
from rechroma.web.routes.parts import RequestedFormat, picture_answer, problems
from rechroma.web.schemas import TransferOptions
from rechroma.web.service import ServiceHere
from rechroma.web.store import name_of
from rechroma.web.worker_state import Upload

__all__ = ["router"]

router = APIRouter(tags=["pictures"])

_EXAMPLE = '{"method": "swatches", "strength": 0.8, "luminance": "keep"}'


@router.post(
    "/v1/transfer",
    response_class=StreamingResponse,
    responses=picture_answer() | problems(406, 413, 415, 429, 503),
)
async def transfer(
    request: Request,
    service: ServiceHere,
    output: RequestedFormat,
    source: Annotated[UploadFile, File(description="The picture that the mood comes from.")],
    target: Annotated[UploadFile, File(description="The picture that gets it.")],
    options: Annotated[
        Json[TransferOptions],
        Form(description="JSON.", default_factory=TransferOptions, examples=[_EXAMPLE]),
    ],
) -> StreamingResponse:
    """Give the target the mood of the source."""
    async with service.kept(source, target) as (theirs, ours):
        job = partial(
            jobs.transfer, source=theirs, target=ours, output=output, options=options.options()
        )
        made = await service.do(request, job)
    return answer_with(service.store, made, ours.name, "mood")


@router.post(
    "/v1/looks/apply",
    response_class=StreamingResponse,
    responses=picture_answer() | problems(406, 413, 415, 429, 503),
)
async def apply_look(
    request: Request,
    service: ServiceHere,
    output: RequestedFormat,
    picture: Annotated[UploadFile, File(description="The picture.")],
    look: Annotated[UploadFile, File(description="A .cube file.")],
) -> StreamingResponse:
    """Apply a look, a `.cube` file, to a picture."""
    async with service.kept(picture) as (ours,):
        table = Upload(await service.store.keep(look), name_of(look))
        try:
            job = partial(jobs.apply_look, upload=ours, look=table, output=output)
            made = await service.do(request, job)
        finally:
            service.store.drop(table.path)
    return answer_with(service.store, made, ours.name, "look")
