"""`/v1/sessions`: pictures that stay open, so that changing one's mind needs no upload."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Annotated

from fastapi import APIRouter, File, Path, Query, Request, Response, UploadFile
from fastapi.responses import StreamingResponse

from rechroma.web import preview_jobs
from rechroma.web.answer_schemas import OpenPicture, Suggestion, Version
from rechroma.web.routes.parts import (
    RequestedBox,
    RequestedFormat,
    Side,
    file_answer,
    picture_answer,
    problems,
)
from rechroma.web.schemas import (
    Edit,
    LeaveOptions,
    LikelyOptions,
    MaskName,
    PrepareOptions,
    SegmentOptions,
)
from rechroma.web.service import ServiceHere, facts_of, preparing_of
from rechroma.web.uploads import UploadRoute

__all__ = ["router"]

router = APIRouter(prefix="/v1/sessions", tags=["sessions"], route_class=UploadRoute)

_SEEN = file_answer("image/jpeg", "The preview.", "image/png")
_CELLS = file_answer(
    "application/octet-stream",
    "Planes of float32, of the size in X-Width and X-Height; X-Extent: how many of their rows and "
    "columns the picture covers; X-Layers: of each mask the number of its further answer, or -1.",
)
_Exact = Annotated[bool, Query(description="As a PNG, with its transparency.")]
_Before = Annotated[bool, Query(description="As it was, as large and as straight.")]
_PLANES = file_answer(
    "application/octet-stream", "Planes of bytes, of the size in X-Width and X-Height."
)


@router.post("", status_code=201, responses=problems(413, 415, 429, 503))
async def open_picture(
    request: Request,
    service: ServiceHere,
    picture: Annotated[UploadFile, File(description="The picture.")],
) -> OpenPicture:
    """Open a picture; its id is the key to it."""
    service.sessions.check_room()
    upload = await service.keep(picture)
    try:
        facts = await service.do(request, partial(preview_jobs.look_at, upload=upload))
    except BaseException:
        service.drop(upload)
        raise
    return facts_of(service, service.sessions.add(upload, facts))


@router.post("/leave", status_code=204, responses=problems())
async def leave(service: ServiceHere, left: LeaveOptions) -> Response:
    """Say that a page is being closed: its pictures are forgotten, unless it comes back at once."""
    for key in left.ids:
        service.sessions.leave(key, service.settings.limits.left_seconds)
    return Response(status_code=204)


@router.get("/{id}", responses=problems(404))
async def picture_facts(service: ServiceHere, id: str) -> OpenPicture:  # noqa: A002
    """Tell what is known of a picture that is open."""
    return facts_of(service, service.sessions.claim(id))


@router.delete("/{id}", status_code=204, responses=problems())
async def close_picture(service: ServiceHere, id: str) -> Response:  # noqa: A002
    """Close a picture: everything that was kept of it is gone."""
    service.sessions.end(id)
    return Response(status_code=204)


@router.get("/{id}/original", response_class=Response, responses=_SEEN | problems(404, 429, 503))
async def original_preview(
    request: Request,
    service: ServiceHere,
    id: str,  # noqa: A002
    side: Annotated[int, Query(ge=16, le=4096, description="Of the longer side, at most.")] = 1600,
    box: RequestedBox = None,
    exact: _Exact = False,  # noqa: FBT002 (a query's parameter)
) -> Response:
    """Return the picture as it is, or a part of it, as a preview: a JPEG, or a PNG."""
    session = service.sessions.get(id)
    job = partial(preview_jobs.original, upload=session.upload, side=side, box=box, exact=exact)
    kind = "image/png" if exact else "image/jpeg"
    return Response(await service.do(request, job, key=id), media_type=kind)


@router.post("/{id}/cells", response_class=Response, responses=_CELLS | problems(404, 429, 503))
async def cells(
    request: Request,
    service: ServiceHere,
    id: str,  # noqa: A002
    edit: Edit,
) -> Response:
    """Return what the network says, from which the page makes colors of any size.

    Planes of float32, little endian, row by row: L as the network saw it, a, b; if the model tells
    how likely colors are, also a and b of vividness 0 and how sure it is, 0…1. They are enlarged as
    `rechroma.colorizer.guided` does. Masks with a color or a mood need further answers: behind them
    stand a and b of each, and a and b of vividness 0.
    """
    session = service.sessions.get(id)
    job = partial(
        preview_jobs.cells,
        upload=session.upload,
        color_request=service.color_request(session, edit),
    )
    found = await service.do(request, job, key=id)
    headers = {
        "X-Width": str(found.width), "X-Height": str(found.height),
        "X-Extent": " ".join(map(repr, found.extent)),
        "X-Layers": " ".join(map(str, found.layers)),
    }  # fmt: skip
    return Response(found.data, media_type="application/octet-stream", headers=headers)


@router.post("/{id}/planes", response_class=Response, responses=_PLANES | problems(404, 429, 503))
async def planes(
    request: Request,
    service: ServiceHere,
    id: str,  # noqa: A002
    edit: Edit,
    side: Side = 1600,
) -> Response:
    """Return a preview's L, a and b as bytes, from which any strength and vividness can be drawn.

    L · 2.55 (uint8), a, b (int8), each plane whole, row by row. If the model tells how likely
    colors are, also a and b of vividness 0 (int8) and how sure it is, 0…255 (uint8). Masks and
    temperature are in them; strength, vividness, a look and a version are not.
    """
    session = service.sessions.get(id)
    job = partial(
        preview_jobs.planes,
        upload=session.upload,
        color_request=service.color_request(session, edit),
        side=side,
        temperature=edit.options().temperature,
    )
    found = await service.do(request, job, key=id)
    headers = {"X-Width": str(found.width), "X-Height": str(found.height)}
    return Response(found.data, media_type="application/octet-stream", headers=headers)


@router.post("/{id}/likely", responses=problems(404, 429, 503))
async def likely(
    request: Request,
    service: ServiceHere,
    id: str,  # noqa: A002
    place: LikelyOptions,
) -> list[preview_jobs.LikelyColor]:
    """Return the colors that a place is likely to have, the likeliest first."""
    session = service.sessions.get(id)
    job = partial(
        preview_jobs.likely, upload=session.upload,
        color_request=service.color_request(session, place.edit), at=(place.x, place.y),
        count=place.count,
    )  # fmt: skip
    return await service.do(request, job, key=id)


@router.post(
    "/{id}/segment",
    response_class=Response,
    responses=file_answer("image/png", "White where it is.") | problems(404, 429, 503),
)
async def segment(
    request: Request,
    service: ServiceHere,
    id: str,  # noqa: A002
    places: SegmentOptions,
    side: Side = 1600,
) -> Response:
    """Return what belongs together with places, as a gray PNG; where the model can tell."""
    session = service.sessions.get(id)
    job = partial(
        preview_jobs.segment, upload=session.upload, inside=places.inside, outside=places.outside,
        side=side,
    )  # fmt: skip
    return Response(await service.do(request, job, key=id), media_type="image/png")


@router.post(
    "/{id}/picture",
    response_class=StreamingResponse,
    responses=picture_answer() | problems(404, 406, 429, 503),
)
async def picture(
    request: Request,
    service: ServiceHere,
    output: RequestedFormat,
    id: str,  # noqa: A002
    edit: Edit,
) -> StreamingResponse:
    """Return the whole picture in color: full size, original bit depth and metadata."""
    session = service.sessions.get(id)
    job = partial(
        preview_jobs.picture, upload=session.upload,
        color_request=service.color_request(session, edit), options=edit.options(), output=output,
        look=edit.look, version=edit.version,
    )  # fmt: skip
    return await service.answer(request, job, session.upload.name, "color", key=id)


@router.put("/{id}/masks/{name}", status_code=204, responses=problems(404, 413, 415, 429, 503))
async def put_mask(
    service: ServiceHere,
    id: str,  # noqa: A002
    name: Annotated[MaskName, Path(description="What edits call it.")],
    mask: Annotated[UploadFile, File(description="White in a part of the picture.")],
) -> Response:
    """Keep a mask of a picture for edits of it, in the place of another of its name.

    It may have any size, in the shape of the picture as it came.
    """
    service.sessions.get(id)
    upload = await service.keep(mask)
    try:
        # It may have been closed meanwhile.
        session = service.sessions.get(id)
    except BaseException:
        service.store.drop(upload.path)
        raise
    service.put_mask(session, name, upload)
    return Response(status_code=204)


@router.post("/{id}/versions", responses=problems(404, 429, 503))
async def versions(
    request: Request,
    service: ServiceHere,
    id: str,  # noqa: A002
    edit: Edit,
    side: Side = 240,
) -> list[Version]:
    """Return the versions of a picture, each with a small preview.

    An edit with the name of one as its `version` gets it whole, as one with its numbers and its
    answer does.
    """
    session = service.sessions.get(id)
    job = partial(
        preview_jobs.versions, upload=session.upload,
        color_request=service.color_request(session, edit), options=edit.options(), look=edit.look,
        side=side,
    )  # fmt: skip
    found = await service.do(request, job, key=id)
    return [Version(**asdict(each)) for each in found]


@router.post("/{id}/preparation", responses=problems(404, 429, 503))
async def suggest_preparation(
    request: Request,
    service: ServiceHere,
    id: str,  # noqa: A002
    prepare: PrepareOptions,
    side: Side = 480,
) -> Suggestion:
    """Return what making an old print ready would do, with previews; nothing is done.

    An edit with the same options as its `prepare` has it done.
    """
    session = service.sessions.get(id)
    job = partial(
        preview_jobs.suggest, upload=session.upload, preparing=preparing_of(prepare), side=side
    )
    return Suggestion(**asdict(await service.do(request, job, key=id)))


@router.post(
    "/{id}/preparation/preview",
    response_class=Response,
    responses=file_answer("image/png", "The print.") | problems(404, 429, 503),
)
async def preparation_preview(
    request: Request,
    service: ServiceHere,
    id: str,  # noqa: A002
    prepare: PrepareOptions,
    side: Annotated[int, Query(ge=16, le=4096, description="Of the longer side, at most.")] = 1600,
    box: RequestedBox = None,
    before: _Before = False,  # noqa: FBT002 (a query's parameter)
) -> Response:
    """Return a print made ready without colors, or a part of it, with the result's lightness."""
    session = service.sessions.get(id)
    job = partial(
        preview_jobs.print_picture, upload=session.upload, preparing=preparing_of(prepare),
        side=side, box=box, before=before,
    )  # fmt: skip
    return Response(await service.do(request, job, key=id), media_type="image/png")
