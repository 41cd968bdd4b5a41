"""`/v1/sessions/{id}/mood`: the mood of one open picture for another."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import StreamingResponse

from rechroma.web import mood_jobs
from rechroma.web.formats import notes_header
from rechroma.web.routes.parts import (
    RequestedFormat,
    Side,
    file_answer,
    picture_answer,
    problems,
)
from rechroma.web.schemas import SessionMood
from rechroma.web.service import ServiceHere

__all__ = ["router"]

router = APIRouter(prefix="/v1/sessions/{id}/mood", tags=["sessions"])

_Target = Annotated[str, Path(alias="id", description="The open picture that gets the mood.")]
_PREVIEW = picture_answer(["image/jpeg"])
_CUBE = file_answer("application/octet-stream", "A .cube file.")


@router.post(
    "/preview",
    response_class=Response,
    responses=_PREVIEW | problems(404, 429, 503),
    operation_id="mood_preview",
)
async def preview(
    request: Request, service: ServiceHere, target: _Target, mood: SessionMood, side: Side = 1600
) -> Response:
    """Return a preview of the target with the source's mood."""
    source, ours = service.sessions.get(mood.source), service.sessions.get(target)
    job = partial(
        mood_jobs.mood_preview, source=source.upload, target=ours.upload, options=mood.options(),
        side=side,
    )  # fmt: skip
    picture, notes = await service.do(request, job, key=target)
    return Response(picture, media_type="image/jpeg", headers=notes_header(notes))


@router.post(
    "/picture",
    response_class=StreamingResponse,
    responses=picture_answer() | problems(404, 406, 429, 503),
    operation_id="mood_picture",
)
async def picture(
    request: Request,
    service: ServiceHere,
    output: RequestedFormat,
    target: _Target,
    mood: SessionMood,
) -> StreamingResponse:
    """Return the whole target with the source's mood."""
    source, ours = service.sessions.get(mood.source), service.sessions.get(target)
    job = partial(
        mood_jobs.mood_picture, source=source.upload, target=ours.upload, options=mood.options(),
        output=output,
    )  # fmt: skip
    return await service.answer(request, job, ours.upload.name, "mood", key=target)


@router.post(
    "/look",
    response_class=StreamingResponse,
    responses=_CUBE | problems(404, 429, 503),
    operation_id="mood_look",
)
async def look(
    request: Request, service: ServiceHere, target: _Target, mood: SessionMood
) -> StreamingResponse:
    """Return the look that gives the target the source's mood, as a `.cube` file."""
    source, ours = service.sessions.get(mood.source), service.sessions.get(target)
    job = partial(
        mood_jobs.look_file, source=source.upload, target=ours.upload, options=mood.options()
    )
    return await service.answer(request, job, source.upload.name, "look", key=target)
