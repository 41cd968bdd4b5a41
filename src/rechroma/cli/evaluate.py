"""`rechroma evaluate`: how good is a model, or a checkpoint, on color photographs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rechroma.cli import options, training_options
from rechroma.cli.console import Console
from rechroma.cli.operation_options import operation_options
from rechroma.cli.training_options import model_or_checkpoint, refuse_two_models
from rechroma.colorizer.options import ColorizeOptions
from rechroma.errors import UsageError

if TYPE_CHECKING:
    from rechroma.evaluation.report import Row

__all__ = ["evaluate"]


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@options.model
@training_options.cfg
@training_options.overrides
@training_options.ckpt_name
@operation_options(ColorizeOptions, to="how", without=("keep_color",))
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
@click.option("--baselines", is_flag=True, help="Also gray, mean chroma, and the ceiling.")
@click.option("--figure", type=click.Path(path_type=Path), metavar="FILE.png",
              help="Also write eight pictures: gray | predictions | truth.")  # fmt: skip
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
    ckpt_name: str | None,
    how: ColorizeOptions,
    size: int | None,
    limit: int | None,
    metric: str,
    kid_encoder: Path | None,
    baselines: bool,
    figure: Path | None,
    as_json: bool,
) -> None:
    """Colorize color photographs from their L alone, and compare with the truth.

    \b
    Examples:
      rechroma evaluate photos/val
      rechroma evaluate photos/val --model mine.onnx --baselines --json
      rechroma evaluate --cfg train_base_lab --ckpt_name ckpt_best   (on VAL_DIR)

    FOLDER holds pictures, .tar or .zip shards of them, or both; or it is one shard. Everything
    runs as `rechroma colorize` does, at the pictures' own size. A model that predicts RGB gets two
    rows: its own picture, and its colors on the photograph's own lightness. The second table tells
    which share of the pixels is neutral, and which of each hue.
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)
    refuse_two_models(cfg, overrides, ckpt_name)
    training_options.require_training()
    from rechroma.colorizer import Colorizer
    from rechroma.evaluation import predictions
    from rechroma.evaluation.figure import figure as sheet
    from rechroma.evaluation.kid import Lite0Features
    from rechroma.evaluation.perceptual import METRIC_TITLES, load_perceptual
    from rechroma.evaluation.report import evaluate as measure
    from rechroma.evaluation.report import hue_table, table
    from rechroma.photo import read, write
    from rechroma.training.sources import read_truths

    place = folder or _val_dir(cfg, overrides)
    with model_or_checkpoint(model, cfg, overrides, ckpt_name) as file:
        name = model if cfg is None else Path(file).stem
        truths, gray = read_truths(place, limit)
        if gray:
            console.note(
                f"{len(gray)} of {len(gray) + len(truths)} pictures are gray and left out, "
                f"such as {gray[0]}"
            )
        distance = load_perceptual("lpips" if metric == "lpips" else "st_lpips")
        features = Lite0Features(kid_encoder) if kid_encoder else None
        colorizer = Colorizer(file, size=size)
        answers = predictions.answers(colorizer, name, how)
        if figure:
            write(read(sheet(answers, truths)), figure, overwrite=True)
        if baselines:
            answers |= predictions.baselines(colorizer.card, truths)
        rows: list[Row] = []
        with console.progress("evaluating", len(answers)) as step:
            for title, answer in answers.items():
                results = [answer(photo).to_uint8() for photo in truths]
                rows.append(measure(title, results, truths, distance, features))
                step()
    if as_json:
        for row in rows:
            click.echo(json.dumps({"metric": metric, **row.to_json()}))
    else:
        click.echo(table(rows, METRIC_TITLES[metric]))
        click.echo("\n" + hue_table(rows))


def _val_dir(cfg: Path | None, overrides: tuple[str, ...]) -> Path:
    from rechroma.training.config import load_config

    place = None if cfg is None else load_config(cfg, list(overrides)).val_dir
    if place is None:
        raise UsageError("no folder of color photographs given", "name one, or give --cfg")
    return place
