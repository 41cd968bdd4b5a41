"""`rechroma export`: from a checkpoint to an ONNX file for `rechroma colorize --model`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from rechroma.cli import options, training_options
from rechroma.cli.console import Console
from rechroma.errors import UsageError
from rechroma.files import reason_of

__all__ = ["export"]


@click.command()
@click.argument(
    "checkpoints", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="CHECKPOINT..."
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE.onnx")
@click.option("--name", required=True, help="The model's name on its card.")
@click.option("--model-version", default="1", show_default=True, help="Its version.")
@click.option("--license", default="not stated", show_default=True, help="Of the weights (SPDX).")
@click.option("--training-data", default="not stated", show_default=True, help="In words.")
@click.option(
    "--size", type=click.IntRange(min=32), default=192, show_default=True,
    help="The shorter side that suits it.",
)  # fmt: skip
@click.option(
    "--chroma-gain", type=click.FloatRange(0.5, 2), default=1.0, show_default=True,
    help="Factor on a and b, built into the graph.",
)  # fmt: skip
@click.option(
    "--chroma-curve", type=click.FloatRange(0, 50), default=0.0, show_default=True, metavar="R",
    help="Chroma c becomes c · c² / (c² + R²), in the graph: grays stay gray. 0: no curve.",
)  # fmt: skip
@click.option(
    "--temperature", type=click.FloatRange(0.05, 2),
    help="Bins: T of the annealed mean; as in training if left out.",
)  # fmt: skip
@click.option(
    "--unweighed", type=click.FloatRange(0, 1), default=0.0, show_default=True,
    help="Bins: share of the class rebalancing that answers do without.",
)  # fmt: skip
@click.option("--scores", type=click.Path(path_type=Path), help="JSON file: metric name → value.")
@options.overwrite
@options.quiet
@options.verbose
@click.make_pass_decorator(Console, ensure=True)
def export(
    console: Console,
    *,
    checkpoints: tuple[Path, ...],
    output: Path,
    name: str,
    model_version: str,
    license: str,  # noqa: A002 (the option of that name)
    training_data: str,
    size: int,
    chroma_gain: float,
    chroma_curve: float,
    temperature: float | None,
    unweighed: float,
    scores: Path | None,
    overwrite: bool,
) -> None:
    """Write a checkpoint as ONNX, with float16 weights and its card inside.

    Of several checkpoints of one line of training, the mean of their weights is written.

    \b
    Example:
      rechroma export runs/train_base_lab/ckpt_best.safetensors -o mine.onnx --name mine
      rechroma colorize old.jpg --model mine.onnx
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)
    training_options.require_training()
    from rechroma.training.calibration import OperatingPoint, calibrate
    from rechroma.training.checkpoint import load_average
    from rechroma.training.export import card_of, export_onnx

    model, facts = load_average(checkpoints)
    point = OperatingPoint(temperature, unweighed, chroma_gain, chroma_curve)
    log_weights = calibrate(model, facts.get("log_weights", []), point)
    card = card_of(
        model,
        name=name,
        version=model_version,
        license=license,
        training_data=training_data,
        size=size,
        scores=_scores(scores) if scores else {},
        chroma_gain=point.chroma_gain,
        chroma_curve=point.chroma_curve,
        log_weights=log_weights,
    )
    export_onnx(model, output, card, overwrite=overwrite)
    console.note(f"{output}: {output.stat().st_size / 1e6:.1f} MB")


def _scores(path: Path) -> dict[str, float]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        mend = "check the path" if isinstance(error, OSError) else 'write {"psnr": 24.1, …}'
        raise UsageError(f"{path}: can't be read: {reason_of(error)}", mend) from error
