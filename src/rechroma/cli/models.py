"""`rechroma models`: what can be given to `--model`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from rechroma.cli import options

if TYPE_CHECKING:
    from rechroma.colorizer import ModelCard

__all__ = ["models"]


@click.command()
@options.as_json
@options.quiet
@options.verbose
def models(*, as_json: bool) -> None:
    """List the models that are ready to use.

    \b
    Examples:
      rechroma models
      rechroma models --json
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)
    from rechroma.colorizer import DEFAULT_MODEL, MODELS, find_model, load_card

    for name in MODELS:
        card = load_card(name)
        megabytes = find_model(name).stat().st_size / 1e6
        default = name == DEFAULT_MODEL
        show = _as_json if as_json else _as_text
        click.echo(show(card, megabytes=megabytes, default=default))


def _as_json(card: ModelCard, *, megabytes: float, default: bool) -> str:
    return json.dumps(
        {
            "name": card.name,
            "version": card.version,
            "default": default,
            "megabytes": round(megabytes, 1),
            "license": card.license,
            "size": card.size,
            "hints": card.hints,
            "training_data": card.training_data,
            "scores": card.scores,
        }
    )


def _as_text(card: ModelCard, *, megabytes: float, default: bool) -> str:
    scores = ", ".join(f"{name} {value:g}" for name, value in card.scores.items())
    mark = " (default)" if default else ""
    return (
        f"{card.name}{mark}\n"
        f"  version  {card.version}\n"
        f"  size     {megabytes:.1f} MB\n"
        f"  license  {card.license}\n"
        f"  trained  on {card.training_data}" + (f"\n  scores   {scores}" if scores else "")
    )
