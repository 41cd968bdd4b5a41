"""`rechroma bulk`: archives of millions of pictures, on this machine or on a cluster."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from rechroma.cli import options, training_options
from rechroma.cli.bulk_results import BulkReport, show_item
from rechroma.cli.console import Console
from rechroma.cli.operation_options import operation_options
from rechroma.cluster.options import BulkOptions, ClusterOptions
from rechroma.colorizer.options import MAX_VARIANTS, ColorizeOptions
from rechroma.errors import ModelError, UsageError
from rechroma.metadata.options import MetadataOptions
from rechroma.mood.options import TransferOptions
from rechroma.preparation.options import PrepareOptions, PrintOptions
from rechroma.video.options import FilmLookOptions, FilmOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rechroma.cluster.operation import Operation, Shared

__all__ = ["bulk"]

_Command: TypeAlias = Callable[..., Any]
_Files: TypeAlias = "Mapping[str, tuple[str, bytes]]"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What all of these commands are told.

    Attributes:
        source: Where pictures come from.
        destination: Where results go.
        bulk: How the run is run.
        metadata: What results keep of their inputs' metadata.
        exclude: Patterns of what is passed over in a search.
        max_pixels: The limit per picture; None for the default, 0 for none.
        quality: Of lossy outputs.
        as_json: Tell items as JSON on stdout.
        dry_run: Tell only what would be done.
    """

    source: str
    destination: str
    bulk: BulkOptions
    metadata: MetadataOptions
    exclude: tuple[str, ...]
    max_pixels: int | None
    quality: int | None
    as_json: bool
    dry_run: bool

    @property
    def shared(self) -> Shared:
        """What holds for all pictures."""
        from rechroma.batch.pictures import Saving
        from rechroma.cluster.operation import Shared
        from rechroma.photo import DEFAULT_MAX_PIXELS

        limit = DEFAULT_MAX_PIXELS if self.max_pixels is None else self.max_pixels or None
        return Shared(Saving(self.quality, overwrite=True, metadata=self.metadata), limit)


def _asked(command: _Command) -> _Command:
    """Give a command what all of them are told, as one object."""

    @wraps(command)
    def with_object(
        *console: object,
        source: str,
        destination: str,
        cluster: ClusterOptions,
        address: str | None,
        overwrite: bool,
        fail_fast: bool,
        metadata: MetadataOptions,
        exclude: tuple[str, ...],
        max_pixels: int | None,
        quality: int | None,
        as_json: bool,
        dry_run: bool,
        **own: object,
    ) -> object:
        how = BulkOptions(cluster, address, overwrite, fail_fast)
        asked = _Asked(
            source, destination, how, metadata, exclude, max_pixels, quality, as_json, dry_run
        )
        return command(*console, asked=asked, **own)

    address = click.option(
        "--address", metavar="auto|HOST:PORT|ray://HOST:PORT",
        help="Of a cluster that runs Ray.  [default: Ray is started on this machine]",
    )  # fmt: skip
    anew = click.option(
        "--overwrite", is_flag=True,
        help="Make every result anew; otherwise what is missing or changed is made.",
    )  # fmt: skip
    result: _Command = with_object
    for each in reversed((
        click.argument("source", metavar="SRC"), click.argument("destination", metavar="DST"),
        address, operation_options(ClusterOptions, to="cluster"),
        operation_options(MetadataOptions, to="metadata"), options.exclude, anew,
        options.max_pixels, options.quality, options.as_json, options.dry_run, options.fail_fast,
        options.quiet, options.verbose,
    )):  # fmt: skip
        result = each(result)
    return result


@click.group()
def bulk() -> None:
    """Work on archives of any size, on this machine or on a cluster (needs rechroma[cluster]).

    \b
    Examples:
      rechroma bulk colorize s3://archive/scans s3://archive/color
      rechroma bulk transfer scans/ warm/ --src sunset.jpg --address auto
      rechroma bulk apply film.cube list.parquet gs://results/film --workers 64
      rechroma bulk report s3://archive/color

    SRC is a folder, a bucket (s3://, gs://, az://, hf://), a .tar shard or a folder of them, or a
    manifest: a .csv or .parquet file with a column uri, and others for options of each picture.
    DST gets the results, and in _rechroma/ledger what happened to every picture. Running a command
    again does what is missing or changed, and nothing else.
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)


@bulk.command()
@options.model
@training_options.cfg
@training_options.overrides
@training_options.ckpt_name
@operation_options(ColorizeOptions, to="how", without=("recolor",))
@click.option("--recolor/--no-recolor", default=None,
              help="Color pictures that are in color already anew, or leave them alone.  [default: "
              "anew if a manifest tells their colors, alone otherwise]")  # fmt: skip
@click.option("--variants", type=click.IntRange(0, MAX_VARIANTS), default=0, metavar="N",
              help="Write N other plausible answers beside each result: new.1.png, ….")  # fmt: skip
@click.option("--versions", metavar="DIR",
              help="Write versions by name, with a sheet of them, into this folder of DST: "
              "DIR/old.jpg.warm.jpg, ….")  # fmt: skip
@options.size
@options.device
@click.option(
    "--mood", metavar="PHOTO", help="A color photograph that sets the tone; a path or a URI."
)
@operation_options(PrintOptions, to="prints")
@operation_options(PrepareOptions, to="preparing")
@click.option("--look", metavar="LOOK",
              help="A look for the results: a name, or a LUT file by path or URI.")  # fmt: skip
@click.option("--raw-output", is_flag=True,
              help="Of a model that predicts RGB: its picture as it is.")  # fmt: skip
@operation_options(FilmOptions, to="film")
@_asked
@click.make_pass_decorator(Console, ensure=True)
def colorize(
    console: Console,
    *,
    asked: _Asked,
    model: str,
    cfg: Path | None,
    overrides: tuple[str, ...],
    ckpt_name: str | None,
    how: ColorizeOptions,
    recolor: bool | None,
    variants: int,
    versions: str | None,
    size: int | None,
    device: str,
    mood: str | None,
    prints: PrintOptions,
    preparing: PrepareOptions,
    look: str | None,
    raw_output: bool,
    film: FilmOptions,
) -> int:
    """Give photographs their color back; options are those of `rechroma colorize`.

    \b
    Examples:
      rechroma bulk colorize scans/ color/
      rechroma bulk colorize s3://archive/scans s3://archive/color --address auto --shards 1000
      rechroma bulk colorize list.csv color/ --retry-failed     (columns uri, mood, strength)
      rechroma bulk colorize prints/ color/ --prepare --look golden-hour --versions versions
    """  # noqa: D301
    _require()
    from rechroma.batch import Plan, Task
    from rechroma.cli.bulk_work import ColorizeOperation
    from rechroma.cli.colorize_work import Extras, planned
    from rechroma.cluster.destination import fetch
    from rechroma.colorizer.registry import find_model

    training_options.refuse_two_models(cfg, overrides, ckpt_name)
    asked_preparing = prints.asked(preparing)
    named, look_files = _look_files(look)
    extras = Extras(
        raw_output, mood, named, variants=variants,
        versions=None if versions is None else _folder_in_destination(versions), recolor=recolor,
        preparing=asked_preparing,
        prepared_lightness=prints.prepared_lightness, max_pixels=asked.shared.max_pixels,
    )  # fmt: skip
    how = replace(how, recolor=bool(recolor))
    planned(Plan((Task(Path("a.png"), Path("b.png")),)), how, extras)  # refuses contradictions
    if asked.bulk.cluster.gpus and device == "auto":
        device = "cuda"
    if asked.bulk.address is None:
        _check_device(device, gpus=asked.bulk.cluster.gpus)
    operation = ColorizeOperation(how, extras, film, device, size, asked.shared)
    with ExitStack() as stack:
        chosen = training_options.model_or_checkpoint(model, cfg, overrides, ckpt_name)
        files = {"model": fetch(str(find_model(stack.enter_context(chosen)))), **look_files}
        if mood is not None:
            files["mood"] = fetch(mood)
    return _run(console, asked, operation, files, "colorized")


@bulk.command()
@click.option("--src", "--source", "sources", multiple=True, metavar="S",
              help="The photograph that the mood is taken FROM, a path or a URI; may be "
              "repeated. A manifest may name one for each picture.")  # fmt: skip
@operation_options(TransferOptions, to="how", without=("swatches",))
@operation_options(FilmLookOptions, to="film", without=("gap",))
@_asked
@click.make_pass_decorator(Console, ensure=True)
def transfer(
    console: Console,
    *,
    asked: _Asked,
    sources: tuple[str, ...],
    how: TransferOptions,
    film: FilmLookOptions,
) -> int:
    """Give photographs the mood of another; options are those of `rechroma transfer`.

    \b
    Examples:
      rechroma bulk transfer s3://archive/color s3://archive/warm --src sunset.jpg
      rechroma bulk transfer list.parquet warm/     (columns uri, src, strength)
    """  # noqa: D301
    _require()
    from rechroma.cli.bulk_work import TransferOperation
    from rechroma.cluster.destination import fetch

    if not sources and not asked.source.lower().endswith((".csv", ".parquet")):
        raise UsageError("no photograph to take the mood from", "add --src")
    files = {f"source {number}": fetch(place) for number, place in enumerate(sources)}
    operation = TransferOperation(how, tuple(files), film, asked.shared)
    return _run(console, asked, operation, files, "changed")


@bulk.command()
@click.argument("look")
@click.option("--strength", type=click.FloatRange(0.0, 1.0), default=1.0, show_default=True,
              help="0 changes nothing, 1 is the whole look.")  # fmt: skip
@operation_options(FilmOptions, to="film", without=("gap",))
@_asked
@click.make_pass_decorator(Console, ensure=True)
def apply(console: Console, *, asked: _Asked, look: str, strength: float, film: FilmOptions) -> int:
    """Apply a look to photographs; options are those of `rechroma apply`.

    \b
    Examples:
      rechroma bulk apply film.cube s3://archive/color s3://archive/film
      rechroma bulk apply evening list.csv evening/     (columns uri, look, strength)
    """  # noqa: D301
    _require()
    from rechroma.cli.bulk_work import ApplyOperation, ApplyOptions

    named, files = _look_files(look)
    operation = ApplyOperation(ApplyOptions(strength=strength), film, asked.shared, named or "")
    return _run(console, asked, operation, files, "changed")


@bulk.command()
@click.argument("destination", metavar="DST")
@click.option("-o", "--output", "--out", type=click.Path(path_type=Path),
              default=Path("report.html"), show_default=True, metavar="FILE.html",
              help="The page.")  # fmt: skip
@click.option("--price", type=click.FloatRange(min=0), default=0.05, show_default=True, metavar="P",
              help="What a CPU costs an hour, in any currency.")  # fmt: skip
@click.option("--sample", type=click.IntRange(0, 500), default=24, show_default=True, metavar="N",
              help="Pictures on the contact sheet.")  # fmt: skip
@options.overwrite
@options.as_json
@options.quiet
@options.verbose
@click.make_pass_decorator(Console, ensure=True)
def report(
    console: Console,
    *,
    destination: str,
    output: Path,
    price: float,
    sample: int,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Write a page about what the runs on DST have done: counts, errors, speed, cost, a sample.

    \b
    Examples:
      rechroma bulk report s3://archive/color -o report.html
      rechroma bulk report color/ --price 0.04 --overwrite
    """  # noqa: D301
    _require()
    from rechroma.cluster.report import summarize, write_report

    summary = summarize(destination, price)
    if as_json:
        click.echo(json.dumps(summary.as_json()))
        return 0
    write_report(summary, destination, output, sample, overwrite=overwrite)
    console.note(f"written: {output}")
    return 0


def _require() -> None:
    from rechroma.cluster.engine import require_cluster

    require_cluster()


def _check_device(device: str, *, gpus: int) -> None:
    """Refuse a device that ONNX Runtime has not on this machine, before Ray is started here.

    Raises:
        ModelError: It has not.
    """
    from rechroma.colorizer import available_devices

    if device == "auto" or device in (there := available_devices()):
        return
    asked = "--gpus" if gpus else f"--device {device}"
    raise ModelError(
        f"{asked}: ONNX Runtime has no {device!r} on this machine, but {', '.join(there)}",
        "pip install onnxruntime-gpu in place of onnxruntime, or leave it out",
    )


def _look_files(look: str | None) -> tuple[str | None, dict[str, tuple[str, bytes]]]:
    """Return a look's name if it is one of the package's, or its file.

    Raises:
        LookError: There is none, or it is broken: that is said before anything starts.
    """
    from rechroma.cluster.destination import fetch
    from rechroma.cluster.stores import is_remote
    from rechroma.mood import Look
    from rechroma.mood.library import find_look
    from rechroma.mood.named_looks import is_named_look

    if look is None or is_named_look(look):
        return look, {}
    place = look if is_remote(look) else str(find_look(look))
    if not is_remote(place):
        Look.load(place)
    return None, {"look": fetch(place)}


def _folder_in_destination(text: str) -> Path:
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or path.parts[:1] in ((), ("_rechroma",)):
        raise UsageError(
            f"--versions {text!r} is no folder of DST", "give a relative path, such as versions"
        )
    return Path(path)


def _run(console: Console, asked: _Asked, operation: Operation, files: _Files, verb: str) -> int:
    """Run it, tell how it goes, and return the exit code."""
    from rechroma.cluster.destination import open_destination
    from rechroma.cluster.driver import run_bulk
    from rechroma.cluster.feed import judged
    from rechroma.cluster.sources import open_source

    source = open_source(asked.source, exclude=asked.exclude, columns=operation.columns)
    source.beside = operation.beside
    store = open_destination(asked.destination, source, overwrite=asked.bulk.overwrite)
    signature = _signature(operation, files)
    if asked.dry_run:
        for item, verdict in judged(source, store, signature, asked.bulk):
            show_item(item.uri, store.uri(item.output), getattr(verdict, "value", "planned"),
                  as_json=asked.as_json)  # fmt: skip
        return 0
    told = BulkReport(console, verb, as_json=asked.as_json)
    facts = {
        "operation": operation.signature, "source": source.place,
        "files": {key: name for key, (name, _) in files.items()},
    }  # fmt: skip
    counts = run_bulk(source, store, operation, files, signature, asked.bulk, told, facts)
    if source.results:
        console.note(f"{source.results} passed over: they are results of ours")
    if source.unreadable:
        kinds = ", ".join(
            f"{count} {suffix}" for suffix, count in sorted(source.unreadable.items())
        )
        total = source.unreadable.total()
        console.note(f"{total} passed over: they can't be read as pictures ({kinds})")
    if not counts.total and not counts.interrupted and not source.results:
        raise UsageError(
            f"{asked.source} holds no picture", "name a place with pictures or .tar shards"
        )
    return told.close(counts, store.root)


def _signature(operation: Operation, files: _Files) -> str:
    """Return a text that differs where results may: by options, and by what is in files."""
    digests = {key: hashlib.sha256(content).hexdigest() for key, (_, content) in files.items()}
    return f"{operation.signature} {sorted(digests.items())}"
