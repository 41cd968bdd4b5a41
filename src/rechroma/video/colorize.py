"""Colorizing a film, from its file to a new one beside which nothing is lost."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.colorizer.options import ColorizeOptions
from rechroma.errors import PhotoError, UsageError
from rechroma.files import copy_file, make_folder, refuse_taken
from rechroma.mood.options import TransferOptions
from rechroma.photo import Photo, read
from rechroma.video.encoding import chosen_encoding
from rechroma.video.joining import check_container, join
from rechroma.video.network import FrameNetwork
from rechroma.video.options import FilmOptions
from rechroma.video.pictures import film_is_color
from rechroma.video.progress import FilmMeter, FilmProgress, FilmResult
from rechroma.video.source import Trouble, open_film
from rechroma.video.telling import FilmHint, Still, Teller
from rechroma.video.work import FilmWork
from rechroma.video.workfolder import WorkFolder

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from rechroma.colorizer.colorizer import PhotoLike
    from rechroma.video.encoding import Encoding
    from rechroma.video.options import Codec
    from rechroma.video.source import Film

__all__ = ["colorize_film", "colorize_film_with"]

# Another one whenever the same film with the same options gets other colors than before: what an
# older version has begun is then begun anew, and does not change its colors in the middle.
_FORMAT = 3
# Of the frames that a film says it has: what it says is often about right.
_WHOLE = 0.9


def colorize_film(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    hints: Sequence[FilmHint] = (),
    stills: Sequence[Still] = (),
    mood: PhotoLike | None = None,
    strength: float = ColorizeOptions.strength,
    vividness: float = ColorizeOptions.vividness,
    recolor: bool = False,
    codec: Codec = FilmOptions.codec,
    crf: int = FilmOptions.crf,
    preset: str = FilmOptions.preset,
    gap: int = FilmOptions.gap,
    start: str | None = FilmOptions.start,
    end: str | None = FilmOptions.end,
    model: str | os.PathLike[str] = "default",
    device: str = "auto",
    size: int | None = None,
    overwrite: bool = False,
    progress: Callable[[FilmProgress], None] | None = None,
) -> FilmResult:
    """Give a film its color back: steady, with its own luma bit for bit, and its sound untouched.

    A run that was ended goes on where it stopped when it is begun again with the same arguments.

    Args:
        source: The film.
        target: The result; its suffix says its container.
        hints: Colors of places at times.
        stills: Frames in color, which are followed through their shots.
        mood: A color photograph that sets the tone of the whole film.
        strength: See `rechroma.colorize`.
        vividness: See `rechroma.colorize`.
        recolor: Color a film that is in color already anew; otherwise it is copied as it is.
        codec: "x264", "x265", "prores" or "ffv1".
        crf: Quality of x264 and x265, 0…51; lower is better.
        preset: How long x264 and x265 may take.
        gap: The network looks at one frame in so many at least.
        start: Begin at this time, such as "00:01:23.5".
        end: End before this time.
        model: See `rechroma.Colorizer`.
        device: See `rechroma.Colorizer`.
        size: See `rechroma.Colorizer`.
        overwrite: Replace what stands at the target.
        progress: Is called after every frame; what it raises ends the run, which can be gone on
            with.

    Raises:
        PhotoError: The film or a picture can't be read.
        UsageError: Options that don't hold, for this film or this container.
        UnwritableFileError: The disk says no, or something stands at the target.
        ModelError: The model isn't there, or fails.
        MissingExtraError: `rechroma[video]` isn't installed.

    Examples:
        >>> import rechroma
        >>> rechroma.colorize_film("street.mp4", "street.color.mp4")  # doctest: +SKIP
    """
    how = FilmOptions(codec=codec, crf=crf, preset=preset, gap=gap, start=start, end=end)
    colors = ColorizeOptions(strength=strength, vividness=vividness, recolor=recolor)
    return colorize_film_with(
        Path(source), Path(target), how, colors,
        hints=hints, stills=stills, mood=mood, model=model, device=device, size=size,
        overwrite=overwrite, progress=progress,
    )  # fmt: skip


def colorize_film_with(
    source: Path,
    target: Path,
    how: FilmOptions,
    colors: ColorizeOptions,
    *,
    hints: Sequence[FilmHint] = (),
    stills: Sequence[Still] = (),
    mood: PhotoLike | None = None,
    transfer: TransferOptions | None = None,
    model: str | os.PathLike[str] = "default",
    device: str = "auto",
    size: int | None = None,
    overwrite: bool = False,
    progress: Callable[[FilmProgress], None] | None = None,
) -> FilmResult:
    """Color a film with options as objects; see `colorize_film`.

    Args:
        source: The film.
        target: The result.
        how: About the film.
        colors: About its colors.
        hints: See `colorize_film`.
        stills: See `colorize_film`.
        mood: See `colorize_film`.
        transfer: How the mood is brought; None for the defaults. The film keeps its own lightness.
        model: See `rechroma.Colorizer`.
        device: See `rechroma.Colorizer`.
        size: See `rechroma.Colorizer`.
        overwrite: Replace what stands at the target.
        progress: See `colorize_film`.
    """
    began = time.perf_counter()
    film = open_film(source)
    refuse_taken(target, overwrite=overwrite)
    make_folder(target.parent)
    encoding = chosen_encoding(film, how)
    if not colors.recolor and film_is_color(film, how.span):
        if target.parent.resolve() != source.parent.resolve():
            copy_file(source, target, overwrite=overwrite)
        note = "in color already: left as it is; --recolor colors it anew"
        return FilmResult(target, kept=True, notes=(note,))
    check_container(film, target, encoding.encoder)
    network = FrameNetwork.open(film.height, film.width, model=model, device=device, size=size)
    work = FilmWork(film, network, how, colors, encoding)
    bringing = transfer or TransferOptions()
    if mood is not None:
        work.set_mood(mood if isinstance(mood, Photo) else read(mood), bringing)
    folder = WorkFolder.beside(
        target, _key(film, how, colors, encoding, hints, stills, (mood, bringing), network)
    )
    teller = None
    if hints or stills:
        teller = Teller(film, network, hints, stills, work.conditioning.mood)
    trouble = Trouble()
    meter = FilmMeter(film, how, folder, progress)
    try:
        work.run(folder, teller, trouble, meter)
    except PhotoError:
        # Of the film itself: it can't be gone on with.
        folder.remove()
        raise
    if not folder.segments:
        folder.remove()
        raise UsageError(f"{source}: no frames between those times", "choose others")
    files = [folder.path / each.name for each in folder.segments]
    join(film, files, target, overwrite=overwrite, span=how.span)
    folder.remove()
    frames = sum(each.count for each in folder.segments)
    notes = [each for each in (encoding.note, str(trouble), _short(film, how, frames)) if each]
    return FilmResult(
        target,
        frames=frames,
        shots=len({each.shot for each in folder.segments}),
        looks=sum(each.looks for each in folder.segments),
        seconds=time.perf_counter() - began,
        notes=tuple(notes),
    )


def _short(film: Film, how: FilmOptions, frames: int) -> str:
    """Return what is to be said of a film that has fewer frames than it says."""
    said = film.expected_frames
    if how.start or how.end or frames >= _WHOLE * said:
        return ""
    return f"it ends after {frames} of about {said} frames: is the file whole?"


def _key(
    film: Film, how: FilmOptions, colors: ColorizeOptions, encoding: Encoding,
    hints: Sequence[FilmHint], stills: Sequence[Still], mood: tuple[object, TransferOptions],
    network: FrameNetwork,
) -> dict[str, Any]:  # fmt: skip
    """Return what decides about the frames of a result."""
    stat = film.path.stat()
    return {
        "film": [str(film.path.resolve()), stat.st_size, stat.st_mtime_ns],
        "options": asdict(how),
        "colors": asdict(colors),
        "encoding": asdict(encoding),
        "hints": [[each.seconds, each.hint.x, each.hint.y, each.hint.color] for each in hints],
        "stills": [[each.seconds, _named(each.picture)] for each in stills],
        "mood": [_named(mood[0]), mood[0] and asdict(mood[1])],
        "model": [network.session.card.name, network.session.card.version, *network.shape],
        "format": _FORMAT,
    }


def _named(picture: object) -> object:
    """Return what tells a picture from others."""
    if picture is None:
        return None
    if isinstance(picture, str | Path):
        path = Path(picture)
        stat = path.stat() if path.exists() else None
        return [str(path.resolve()), stat and stat.st_size, stat and stat.st_mtime_ns]
    if isinstance(picture, Photo):
        return [picture.name, list(picture.samples.shape), int(picture.samples.sum(dtype=np.int64))]
    return repr(picture)
