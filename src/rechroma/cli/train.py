"""`rechroma train`: one run of a recipe."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from rechroma.cli import options, training_options
from rechroma.cli.console import Console
from rechroma.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from rechroma.training.config import TrainConfig

__all__ = ["train"]


@click.command()
@training_options.cfg
@training_options.overrides
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), metavar="N",
              help="End after so many, with the rate fallen by then: --set MINUTES=N.")  # fmt: skip
@click.option("--accumulate", type=click.IntRange(min=1), metavar="N",
              help="Do each step in so many parts, where a batch is too large for the memory: "
              "--set ACCUMULATE=N.")  # fmt: skip
@click.option("--evaluate", is_flag=True,
              help="Train nothing; measure a checkpoint, as `rechroma evaluate` does.")  # fmt: skip
@training_options.ckpt_name
@options.quiet
@options.verbose
@click.make_pass_decorator(Console, ensure=True)
@click.pass_context
def train(
    context: click.Context,
    console: Console,
    *,
    cfg: Path | None,
    overrides: tuple[str, ...],
    minutes: float | None,
    accumulate: int | None,
    evaluate: bool,
    ckpt_name: str | None,
) -> None:
    """Train a colorizer, or go on with a run that was stopped.

    \b
    Examples:
      rechroma train --cfg train_base_lab
      rechroma train --cfg train_base --set TRAIN_DIR=photos --set STEPS=2000
      rechroma train --cfg train_base --evaluate --ckpt_name ckpt_best.pth.tar
      rechroma train --cfg colorizer_v3_classes --minutes 120
      rechroma train --cfg colorizer_v3 --set BATCH=256 --accumulate 8
      torchrun --nproc-per-node 4 -m rechroma train --cfg train_base    (four GPUs)

    The same command resumes a run: OUTPUT_DIR remembers where it stopped.
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)
    if cfg is None:
        raise UsageError("no config given", "add --cfg train_base_lab or your own")
    if minutes is not None:
        overrides = (*overrides, f"MINUTES={minutes}")
    if accumulate is not None:
        overrides = (*overrides, f"ACCUMULATE={accumulate}")
    if evaluate:
        from rechroma.cli.evaluate import evaluate as command

        context.invoke(command, cfg=cfg, overrides=overrides, ckpt_name=ckpt_name)
        return
    if ckpt_name is not None:
        raise UsageError("--ckpt_name names what --evaluate measures", "add --evaluate")
    training_options.require_training()
    from rechroma.training.config import load_config
    from rechroma.training.distributed import is_first_process
    from rechroma.training.train import train as run

    config = load_config(cfg, list(overrides))
    training_options.show_log(console)
    with training_options.told_once():
        folder = run(config)
    if not is_first_process():
        return
    console.note(f"done: {folder}")
    for words in _next_commands(cfg, overrides, config):
        console.note(words)


def _next_commands(cfg: Path, overrides: tuple[str, ...], config: TrainConfig) -> list[str]:
    """Return what to type to measure the run's best checkpoint, and to colorize with it.

    PHOTOS stands for what only the person knows.
    """
    photos = [] if config.val_dir else ["PHOTOS"]
    measured = _run_as_options(cfg, overrides, config, with_pictures=True)
    used = _run_as_options(cfg, overrides, config, with_pictures=False)
    commands = (["evaluate", *photos, *measured], ["colorize", "PHOTOS", *used])
    return [shlex.join(["rechroma", *command, "--ckpt_name", "ckpt_best"]) for command in commands]


def _run_as_options(
    cfg: Path, overrides: tuple[str, ...], config: TrainConfig, *, with_pictures: bool
) -> list[str]:
    """Return `--cfg` and those `--set` without which another checkpoint would be meant.

    An override can be left out if the config still holds and still says the same of the network,
    of the run's folder and, `with_pictures`, of those that it is measured on.
    """
    from rechroma.training.config import load_config

    def meant(some: TrainConfig) -> tuple[object, ...]:
        # Where the encoder's first weights came from is in no checkpoint.
        network = some.network.model_copy(update={"encoder_weights": None})
        return network, some.output_dir, some.val_dir if with_pictures else None

    needed = list(overrides)
    for override in overrides:
        fewer = needed.copy()
        fewer.remove(override)
        try:
            same = meant(load_config(cfg, fewer)) == meant(config)
        except ConfigError:
            continue
        needed = fewer if same else needed
    return ["--cfg", str(cfg), *(word for each in needed for word in ("--set", each))]
