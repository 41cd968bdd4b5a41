"""`/v1/films`: films that stay open while their shots are looked at, colored, and rendered."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Body, File, Query, Request, Response, UploadFile
from fastapi import Path as InPath
from fastapi.responses import FileResponse

from rechroma.web import film_jobs, preview_jobs
from rechroma.web.answer_schemas import OpenPicture
from rechroma.web.film import Film
from rechroma.web.film_kinds import FILM_HEAD, check_installed, film_media_type, missing_films
from rechroma.web.film_schemas import (
    FilmLimits,
    FilmOptions,
    FilmShot,
    FilmSupport,
    OpenFilm,
    film_controls,
)
from rechroma.web.problems import Problem
from rechroma.web.routes.parts import file_answer, problems
from rechroma.web.schemas import Edit
from rechroma.web.service import Service, ServiceHere, facts_of
from rechroma.web.uploads import UploadRoute
from rechroma.web.worker_state import Upload

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["films"], route_class=UploadRoute)

_Number = Annotated[int, InPath(ge=1, le=1_000_000, description="Of the shot, from 1.")]
_MEDIA = file_answer("video/mp4", "The film, or a part of it.", "video/x-matroska")
_PART = {206: {"description": "The part that the header Range asks for."}}
_Which = Literal["original", "result"]


@router.get("/films", responses=problems())
async def film_support(service: ServiceHere) -> FilmSupport:
    """Tell whether films can be colored here, and what they may be like."""
    missing, limits = missing_films(), service.settings.limits
    return FilmSupport(
        missing="" if missing is None else f"{missing.what}: {missing.mend}",
        limits=FilmLimits(
            bytes=min(limits.film_bytes, limits.stored_bytes), seconds=limits.film_seconds,
            pixels=limits.film_pixels,
        ),
        options=film_controls(),
    )  # fmt: skip


@router.post("/films", status_code=201, responses=problems(413, 415, 429, 501, 503))
async def open_film(
    request: Request,
    service: ServiceHere,
    film: Annotated[UploadFile, File(description="The film.")],
) -> OpenFilm:
    """Open a film; its id is the key to it. Its shots are looked for from now on."""
    check_installed()
    await service.films.check_room()
    upload, limits = await service.keep(film), service.settings.limits
    job = partial(
        film_jobs.look_at_film, upload=upload, pixels=limits.film_pixels,
        seconds=limits.film_seconds,
    )  # fmt: skip
    try:
        opened = service.films.add(upload, await service.do(request, job))
    except BaseException:
        service.store.drop(upload.path)
        raise
    return _state(service, opened)


@router.get("/films/{id}", responses=problems(404))
async def film_state(service: ServiceHere, id: str) -> OpenFilm:  # noqa: A002
    """Tell what is known of a film that is open, and how far the work on it is."""
    return _state(service, service.films.get(id))


@router.delete("/films/{id}", status_code=204, responses=problems())
async def close_film(service: ServiceHere, id: str) -> Response:  # noqa: A002
    """Close a film: everything that was kept of it, also its result, is gone."""
    await service.films.end(id)
    return Response(status_code=204)


@router.get("/films/{id}/shots", responses=problems(404))
async def film_shots(
    service: ServiceHere,
    id: str,  # noqa: A002
    after: Annotated[int, Query(ge=0, le=1_000_000, description="Those behind this one.")] = 0,
) -> list[FilmShot]:
    """Return the shots that were found so far."""
    return service.films.get(id).shots[after:]


@router.get(
    "/films/{id}/shots/{number}/preview",
    response_class=FileResponse,
    responses=file_answer("image/jpeg", "The frame that stands for the shot.") | problems(404),
)
async def shot_preview(
    service: ServiceHere,
    id: str,  # noqa: A002
    number: _Number,
    still: Annotated[bool, Query(description="As it was given back in color.")] = False,  # noqa: FBT002
) -> FileResponse:
    """Return a small picture of a shot."""
    film = service.films.get(id)
    shot = film.shot(number)
    if still and not shot.still:
        raise Problem(404, f"shot {number} has no still in color", "give it one first")
    return FileResponse(film.preview(number, still=still), media_type="image/jpeg")


@router.post(
    "/films/{id}/shots/{number}/open", status_code=201, responses=problems(404, 429, 503)
)  # fmt: skip
async def open_shot(
    request: Request,
    service: ServiceHere,
    id: str,  # noqa: A002
    number: _Number,
) -> OpenPicture:
    """Open the frame that stands for a shot as a picture, to be worked on as any other."""
    film, ticks = _place(service, id, number)
    service.sessions.check_room()
    job = partial(film_jobs.shot_picture, upload=film.upload, ticks=ticks)
    path = await service.do(request, job, key=film.id)
    upload = Upload(service.store.adopt(path), f"{Path(film.record.name).stem}-{number:04}.png")
    try:
        facts = await service.do(request, partial(preview_jobs.look_at, upload=upload))
    except BaseException:
        service.drop(upload)
        raise
    return facts_of(service, service.sessions.add(upload, facts))


@router.post("/films/{id}/shots/{number}/color", responses=problems(404, 429, 503))
async def color_shot(
    request: Request,
    service: ServiceHere,
    id: str,  # noqa: A002
    number: _Number,
    edit: Edit,
) -> FilmShot:
    """Color the frame that stands for a shot; its colors are followed through the shot."""
    film, ticks = _place(service, id, number)
    if edit.masks or edit.look or edit.version or edit.prepare:
        raise Problem(
            422, "a shot takes spots, a mood and numbers here, no masks, looks, versions or prints",
            "open its picture, color that, and give it back as a still",
        )  # fmt: skip
    job = partial(
        film_jobs.color_shot, upload=film.upload, ticks=ticks,
        color_request=service.color_request(None, edit), options=edit.options(),
    )  # fmt: skip
    made = await service.do(request, job, key=film.id)
    # A mood's id may not be there any more when the film is.
    return await service.films.keep_still(
        film, number, made, edit.model_copy(update={"mood": None})
    )


@router.post("/films/{id}/shots/{number}/still", responses=problems(404, 413, 415, 429, 503))
async def give_still(
    request: Request,
    service: ServiceHere,
    id: str,  # noqa: A002
    number: _Number,
    picture: Annotated[UploadFile, File(description="The frame in color, of any size.")],
) -> FilmShot:
    """Give back the frame that stands for a shot in color, as any program has made it."""
    film, _ = _place(service, id, number)
    upload = await service.keep(picture)
    try:
        made = await service.do(request, partial(film_jobs.take_still, upload=upload))
        return await service.films.keep_still(film, number, made, None)
    finally:
        # It was moved, if all went well.
        service.store.drop(upload.path)


@router.delete("/films/{id}/shots/{number}/still", responses=problems(404))
async def drop_still(service: ServiceHere, id: str, number: _Number) -> FilmShot:  # noqa: A002
    """Let a shot have the colors again that the network gives it."""
    film = service.films.get(id)
    await service.films.drop_still(film, number)
    return film.shot(number)


@router.post("/films/{id}/render", status_code=202, responses=problems(404, 409))
async def render_film(
    service: ServiceHere,
    id: str,  # noqa: A002
    options: Annotated[
        FilmOptions | None, Body(description="Nothing: as was wanted the last time.")
    ] = None,
) -> OpenFilm:
    """Begin to render a film, or go on with what was begun with the same options and stills."""
    film = service.films.get(id)
    mood = None
    if options is not None and options.mood is not None:
        mood = service.sessions.get(options.mood).upload
    service.films.render(film, options, mood)
    return _state(service, film)


@router.post("/films/{id}/cancel", responses=problems(404))
async def cancel_film(service: ServiceHere, id: str) -> OpenFilm:  # noqa: A002
    """Stop rendering a film; what is done of it is kept, and can be gone on with."""
    film = service.films.get(id)
    await service.films.cancel(film)
    return _state(service, film)


@router.get(
    "/media/{ticket}/{which}", response_class=FileResponse, responses=_MEDIA | _PART | problems(404)
)  # fmt: skip
async def film_media(
    service: ServiceHere,
    ticket: str,
    which: _Which,
    download: Annotated[bool, Query(description="To be saved, not shown.")] = False,  # noqa: FBT002
) -> FileResponse:
    """Return a film that was sent, or its result, to be played or saved: parts of it, too."""
    film = service.films.of_ticket(ticket)
    path = film.upload.path if which == "original" else film.result
    if path is None or not path.exists():
        raise Problem(404, f"{film.record.name} has no result yet", "render it first")
    name = film.record.name
    if which == "result":
        name = f"{Path(name).stem}.color{path.suffix}"
    head = await asyncio.to_thread(_head_of, path)
    return FileResponse(
        path, media_type=film_media_type(head) or "application/octet-stream", filename=name,
        content_disposition_type="attachment" if download else "inline",
    )  # fmt: skip


def _head_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(FILM_HEAD)


def _place(service: Service, key: str, number: int) -> tuple[Film, int]:
    """Return a film, and the time of the frame that stands for one of its shots."""
    film = service.films.get(key)
    film.shot(number)
    return film, film.record.ticks[number - 1]


def _state(service: Service, film: Film) -> OpenFilm:
    facts, media = film.record.facts, f"v1/media/{film.record.ticket}"
    options = film.record.options
    if options is not None:
        # Its picture is kept with the film; what it was opened as may not be there any more.
        options = options.model_copy(update={"mood": None})
    return OpenFilm(
        id=film.id, name=film.record.name, width=facts.width, height=facts.height,
        seconds=facts.seconds, frames=facts.frames, rate=facts.rate, in_color=facts.in_color,
        shots=len(film.shots), stills=sum(each.still for each in film.shots), state=film.state,
        options=options,
        original=f"{media}/original",
        result=None if film.result is None else f"{media}/result",
        expires_after=service.settings.limits.film_kept_seconds,
    )  # fmt: skip
