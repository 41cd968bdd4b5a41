"""`rechroma evaluate`: how good is a model, or a checkpoint, on colour photographs."""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rechroma.cli import options, training_options
from rechroma.cli.console import Console
from rechroma.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Generator

    from rechroma.evaluation.report import Row
    from rechroma.photo import Photo

__all__ = ["evaluate"]

_TITLES = {"lpips": "LPIPS-Alex", "st_lpips": "ST-LPIPS-Alex"}


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@options.model
@training_options.cfg
@training_options.overrides
@training_options.ckpt_name
@click.option("--strength", type=click.FloatRange(0.0, 1.5), default=1.0, show_default=True)
@options.size
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N pictures.")
@click.option(
    "--metric",
    type=click.Choice(["st_lpips", "lpips"]),
    default="st_lpips",
    show_default=True,
    help="The perceptual metric; lpips downloads AlexNet.",
)
@click.option("--kid-encoder", type=click.Path(path_type=Path), metavar="FILE",
              help="Weights of tf_efficientnet_lite0 for KID-lite0.")  # fmt: skip
@click.option("--baselines", is_flag=True, help="Also grey, mean chroma, and the ceiling.")
@options.as_json
@options.quiet
@options.verbose
@click.make_pass_decorator(Console, ensure=True)
def evaluate(
    console: Console,
    *,
    folder: Path | None,
    model: str,
    cfg: Path | None,
    overrides: tuple[str, ...],
    ckpt_name: str,
    strength: float,
    size: int | None,
    limit: int | None,
    metric: str,
    kid_encoder: Path | None,
    baselines: bool,
    as_json: bool,
) -> None:
    """Colorize colour photographs from their L alone, and compare with the truth.

    \b
    Examples:
      rechroma evaluate photos/val
      rechroma evaluate photos/val --model mine.onnx --baselines --json
      rechroma evaluate --cfg configs/train_base_lab.yaml --ckpt_name ckpt_best   (on VAL_DIR)

    Everything runs as `rechroma colorize` does, at the pictures' own size.
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)
    training_options.require_training()
    from rechroma.evaluation.kid import Lite0Features
    from rechroma.evaluation.perceptual import load_perceptual
    from rechroma.evaluation.report import evaluate as measure
    from rechroma.evaluation.report import load_truths, table

    with _subject(model, cfg, overrides, ckpt_name) as (name, path, default_folder):
        place = folder or default_folder
        if place is None:
            raise UsageError("no folder of colour photographs given", "name one, or give --cfg")
        truths = load_truths(place, limit)
        distance = load_perceptual("lpips" if metric == "lpips" else "st_lpips")
        features = Lite0Features(kid_encoder) if kid_encoder else None
        from rechroma.colorizer import Colorizer

        colorizer = Colorizer(path, size=size)
        subjects = {name: partial(colorizer.colorize, strength=strength)}
        if baselines:
            subjects |= _baselines(colorizer, truths)
        rows: list[Row] = []
        with console.progress("evaluating", len(subjects)) as step:
            for title, subject in subjects.items():
                rows.append(measure(title, subject, truths, distance, features))
                step()
    if as_json:
        for row in rows:
            click.echo(json.dumps({"metric": metric, **row.to_json()}))
    else:
        click.echo(table(rows, _TITLES[metric]))


def _baselines(colorizer: object, truths: list[Photo]) -> dict[str, partial[Photo]]:
    from rechroma.colorizer import Colorizer
    from rechroma.evaluation import baselines

    assert isinstance(colorizer, Colorizer)  # noqa: S101 - its type is imported late
    mean = baselines.mean_chroma(truths)
    return {
        "grey copy": partial(baselines.grey_copy),
        "constant mean chroma": partial(baselines.constant_chroma, chroma=mean),
        "truth's chroma at a quarter": partial(baselines.quarter_chroma(colorizer.card)),
    }


@contextmanager
def _subject(
    model: str, cfg: Path | None, overrides: tuple[str, ...], ckpt_name: str
) -> Generator[tuple[str, str, Path | None]]:
    """Yield the name, the ONNX file and the folder to use; a checkpoint is exported first."""
    if cfg is None:
        yield model, model, None
        return
    from rechroma.training.checkpoint import load_model
    from rechroma.training.config import load_config
    from rechroma.training.export import card_of, export_onnx

    config = load_config(cfg, list(overrides))
    checkpoint = config.output_dir / f"{ckpt_name}.safetensors"
    network, _ = load_model(checkpoint)
    with tempfile.TemporaryDirectory(prefix="rechroma-") as folder:
        file = Path(folder, "checkpoint.onnx")
        export_onnx(network, file, card_of(network, name=checkpoint.stem))
        yield str(checkpoint), str(file), config.val_dir
