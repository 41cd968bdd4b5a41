"""`POST /v1/colorize`, `POST /v1/transfer` and `POST /v1/looks/apply`: a picture in, one out."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, File, Form, Path, Request, Response, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import Json

from rechroma.mood.library import saved_looks
from rechroma.mood.named_looks import NAMED_LOOKS
from rechroma.web import jobs
from rechroma.web.answer_schemas import NamedLook
from rechroma.web.problems import Problem
from rechroma.web.routes.parts import RequestedFormat, file_answer, picture_answer, problems
from rechroma.web.schemas import ColorizeOptions, MaskOptions, PrepareOptions, TransferOptions
from rechroma.web.service import ServiceHere, preparing_of
from rechroma.web.uploads import UploadRoute
from rechroma.web.worker_state import ColorRequest, Upload

__all__ = ["router"]

router = APIRouter(tags=["pictures"], route_class=UploadRoute)

_COLORIZE_EXAMPLE = '{"strength": 1.1, "hints": [{"x": 120, "y": 80, "color": "#c22b2b"}]}'
_TRANSFER_EXAMPLE = '{"method": "swatches", "strength": 0.8, "luminance": "keep"}'
_post = partial(
    router.post,
    response_class=StreamingResponse,
    responses=picture_answer() | problems(406, 413, 415, 429, 503),
)


@_post("/v1/colorize")
async def colorize(
    request: Request,
    service: ServiceHere,
    output: RequestedFormat,
    picture: Annotated[UploadFile, File(description="The picture.")],
    options: Annotated[
        Json[ColorizeOptions],
        Form(description="JSON.", default_factory=ColorizeOptions, examples=[_COLORIZE_EXAMPLE]),
    ],
    mood: Annotated[
        UploadFile | None, File(description="A color photograph that sets the tone.")
    ] = None,
    mask: Annotated[
        list[UploadFile],
        File(description="Pictures that are white in a part of the picture, as many as `masks`."),
    ] = [],  # noqa: B006 (FastAPI copies it, and documents a plain list)
    mask_mood: Annotated[
        list[UploadFile],
        File(description="Color photographs that `masks` name as their moods."),
    ] = [],  # noqa: B006
) -> StreamingResponse:
    """Give a picture its color back: same format, bit depth and metadata."""
    moods = [] if mood is None else [mood]
    if len(mask) != len(options.masks):
        raise Problem(
            422,
            f"{len(mask)} mask files, and {len(options.masks)} entries in options.masks",
            "say of each mask what shall become of its part of the picture, in their order",
        )
    if options.prepare is not None and mask:
        raise Problem(
            422,
            "masks are about the picture as it is, and prepare may crop and turn it",
            "make it ready first, with POST /v1/prepare, or open it: POST /v1/sessions",
        )
    async with service.kept(picture, *mask, *mask_mood, *moods) as kept:
        shown = kept[1 : 1 + len(mask)]
        named = {each.name: each for each in kept[1 + len(mask) :][: len(mask_mood)]}
        color_request = ColorRequest(
            tuple(each.hint() for each in options.hints), kept[-1] if moods else None,
            preparing=options.prepare and preparing_of(options.prepare),
        )  # fmt: skip
        parts = [
            _mask(service, each, said, named)
            for each, said in zip(shown, options.masks, strict=True)
        ]
        job = partial(
            jobs.colorize, upload=kept[0], output=output, color_request=color_request,
            options=options.options(), masks=parts, look=options.look, version=options.version,
        )  # fmt: skip
        return await service.answer(request, job, kept[0].name, "color")


def _mask(
    service: ServiceHere, shown: Upload, said: MaskOptions, named: dict[str, Upload]
) -> jobs.MaskUpload:
    """Return a mask as a worker's job takes it.

    Raises:
        Problem: Its mood was not sent, and is not open.
    """
    mood = None if said.mood is None else named.get(said.mood)
    if said.mood is not None and mood is None:
        try:
            mood = service.sessions.get(said.mood).upload
        except Problem:
            raise Problem(
                422,
                f"the mood {said.mood!r} of a mask is no file of mask_mood, and no open picture",
                "send it as mask_mood, and write its name",
            ) from None
    return jobs.MaskUpload(shown, said.mask(shown.path, mood and mood.path), mood)


@_post("/v1/prepare")
async def prepare(
    request: Request,
    service: ServiceHere,
    output: RequestedFormat,
    picture: Annotated[UploadFile, File(description="An old print.")],
    options: Annotated[
        Json[PrepareOptions],
        Form(description="JSON.", default_factory=PrepareOptions, examples=['{"border": "crop"}']),
    ],
) -> StreamingResponse:
    """Make an old print ready; the header `Rechroma-Notes` says what was found and done."""
    async with service.kept(picture) as (ours,):
        job = partial(jobs.make_ready, upload=ours, output=output, options=options.options())
        return await service.answer(request, job, ours.name, "prepared")


@router.post(
    "/v1/original",
    response_class=StreamingResponse,
    responses=file_answer("image/jpeg", "The gray JPEG.") | problems(413, 415, 429, 503),
)
async def original(
    request: Request,
    service: ServiceHere,
    picture: Annotated[UploadFile, File(description="A JPEG that was made of a gray one.")],
) -> StreamingResponse:
    """Give the gray JPEG back, byte for byte; the header `Rechroma-Gray` tells if it is another.

    It is `original`, or, of a picture that has no record of its gray file or was changed by another
    program, `copied` (its gray without loss) or `recompressed`.
    """
    async with service.kept(picture) as (ours,):
        job = partial(jobs.original, upload=ours)
        return await service.answer(request, job, ours.name, "gray")


@_post("/v1/transfer")
async def transfer(
    request: Request,
    service: ServiceHere,
    output: RequestedFormat,
    source: Annotated[UploadFile, File(description="The picture that the mood comes from.")],
    target: Annotated[UploadFile, File(description="The picture that gets it.")],
    options: Annotated[
        Json[TransferOptions],
        Form(description="JSON.", default_factory=TransferOptions, examples=[_TRANSFER_EXAMPLE]),
    ],
) -> StreamingResponse:
    """Give the target the mood of the source."""
    async with service.kept(source, target) as (theirs, ours):
        job = partial(
            jobs.transfer, source=theirs, target=ours, output=output, options=options.options()
        )
        return await service.answer(request, job, ours.name, "mood")


@_post("/v1/looks/apply")
async def apply_look(
    request: Request,
    service: ServiceHere,
    output: RequestedFormat,
    picture: Annotated[UploadFile, File(description="The picture.")],
    look: Annotated[UploadFile, File(description="A .cube file.")],
) -> StreamingResponse:
    """Apply a look, a `.cube` file, to a picture."""
    async with service.kept(picture, look) as (ours, table):
        job = partial(jobs.apply_look, upload=ours, look=table, output=output)
        return await service.answer(request, job, ours.name, "look")


@_post("/v1/looks/{name}/apply")
async def apply_named_look(
    request: Request,
    service: ServiceHere,
    output: RequestedFormat,
    name: Annotated[str, Path(max_length=64, description="See /v1/looks.")],
    picture: Annotated[UploadFile, File(description="The picture.")],
) -> StreamingResponse:
    """Apply a look that has a name here to a picture."""
    async with service.kept(picture) as (ours,):
        job = partial(jobs.apply_look, upload=ours, look=name, output=output)
        return await service.answer(request, job, ours.name, "look")


@router.get(
    "/v1/looks/{name}/table",
    response_class=Response,
    responses=file_answer("application/octet-stream", "The table.") | problems(404, 429, 503),
)
async def look_table(
    request: Request,
    service: ServiceHere,
    name: Annotated[str, Path(max_length=64, description="See /v1/looks.")],
) -> Response:
    """Return the table of a look that has a name here: N³ colors of uint16, little endian.

    Red, green and blue · 65535, for colors at equal steps of red, green and blue; those of blue
    are next to each other.
    """
    data = await service.do(request, partial(jobs.table_of_look, name=name))
    return Response(data, media_type="application/octet-stream")


@router.get("/v1/looks", responses=problems())
def looks() -> list[NamedLook]:
    """List the looks that have a name here: those of the package, and those that were saved."""
    package = {name: each.description for name, each in NAMED_LOOKS.items()}
    saved = dict.fromkeys(saved_looks(), "")
    found = sorted((package | saved).items())
    return [NamedLook(name=name, description=description) for name, description in found]
