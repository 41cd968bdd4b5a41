"""The study's report: one Markdown text, and the same as one HTML file with its figures inside."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, cast

from markdown_it import MarkdownIt

from rechroma.evaluation.perceptual import METRIC_TITLES
from rechroma.evaluation.report import table
from rechroma.experiments import charts, tables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rechroma.experiments.measure import Cost, Measured

__all__ = ["Report", "write_report"]

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;font-size:.8rem;display:block;overflow-x:auto}"
    "td,th{border:1px solid #999;padding:.2rem .5rem}img{max-width:100%}"
)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a study found out.

    Attributes:
        metric: "lpips" or "st_lpips".
        size: At which the networks saw the pictures: the shorter side, pixels.
        answers: Every recipe's answers.
        cures: The variants of `rechroma.experiments.gamut.cures`.
        outside: Title → share of colors out of gamut, by band.
        costs: Title → what the training took.
        curves: Title → learning curve.
        sheet: The figure gray | answers | truth, PNG.
    """

    metric: str
    size: int
    answers: Sequence[Measured]
    cures: Sequence[Measured]
    outside: Mapping[str, Sequence[float]]
    costs: Mapping[str, Cost]
    curves: Mapping[str, Sequence[tuple[int, float]]]
    sheet: bytes


def write_report(report: Report, folder: Path) -> None:
    """Write `report.html` (self-contained), `report.md`, its figures, and `report.json`."""
    figures = {
        "pictures.png": report.sheet,
        "curves.png": charts.curve_chart(report.curves, METRIC_TITLES[report.metric]),
        "hues.png": charts.hue_chart(report.answers),
        "bands-a.png": charts.band_chart(report.answers, 0),
        "bands-b.png": charts.band_chart(report.answers, 1),
    }
    text = _markdown(report)
    for name, content in figures.items():
        (folder / name).write_bytes(content)
    (folder / "report.md").write_text(text, encoding="utf-8")
    (folder / "report.html").write_text(_html(text, figures), encoding="utf-8")
    (folder / "report.json").write_text(_json(report), encoding="utf-8")


def _markdown(report: Report) -> str:
    metric = METRIC_TITLES[report.metric]
    both = [*report.answers, *report.cures]
    sections = {
        "Scores": (
            f"PSNR (RGB) is of all pixels and channels of 8-bit sRGB, PSNR (ab) of a and b "
            f"normalized to 0…1; ± is half of the 95 % bootstrap interval over pictures. Every "
            f"network saw the pictures with a shorter side of {report.size} px. *Post-process*: "
            f"the prediction's a and b on the input's own L; a LAB network's answer is that "
            f"already.",
            table([entry.row for entry in report.answers], metric),
            "What the original reports, on other pictures:",
            tables.original_table(),
        ),
        "Pictures": ("![gray, each answer, truth](pictures.png)",),
        "What the trainings took": (
            tables.cost_table(report.costs),
            f"{metric} on the validation crops while training:",
            "![learning curves](curves.png)",
        ),
        "Edges and artifacts": (
            "High-frequency energy, prediction to truth: below 1 edges are lost, above 1 the "
            "prediction has what the truth has not. The periods are those at which the network "
            "enlarges its features: the error's power there, over the power beside it; 1 is "
            "none.",
            tables.edge_table(report.answers),
        ),
        "Paleness": (
            "Mean chroma, prediction to truth, by the hue of the truth.",
            tables.hue_table(report.answers),
            "![chroma by hue](hues.png)",
        ),
        "The top border": (
            "Mean errors by rows, from the top (0) to the bottom (1).",
            tables.band_table(both),
            "![error of a](bands-a.png)",
            "![error of b](bands-b.png)",
            "Colors that were predicted outside of sRGB, before any mapping:",
            tables.gamut_table(report.outside),
        ),
    }
    parts = ["# The study"]
    for title, paragraphs in sections.items():
        parts += [f"## {title}", *paragraphs]
    return "\n\n".join(parts) + "\n"


def _html(text: str, figures: Mapping[str, bytes]) -> str:
    body = MarkdownIt().enable("table").render(text)
    for name, content in figures.items():
        inside = base64.b64encode(content).decode("ascii")
        body = body.replace(f'src="{name}"', f'src="data:image/png;base64,{inside}"')
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>The study</title><style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )


def _json(report: Report) -> str:
    content = {
        "metric": report.metric,
        "size": report.size,
        "answers": [entry.to_json() for entry in report.answers],
        "cures": [entry.to_json() for entry in report.cures],
        "outside_of_srgb": report.outside,
        "costs": {title: asdict(cost) for title, cost in report.costs.items()},
        "curves": report.curves,
    }
    return json.dumps(_without_nan(content))


def _without_nan(value: object) -> object:
    """Return plain values with null for NaN, which JSON does not know."""
    match value:
        case Mapping():
            entries = cast("Mapping[object, object]", value)
            return {str(key): _without_nan(entry) for key, entry in entries.items()}
        case list() | tuple():
            return [_without_nan(entry) for entry in cast("Sequence[object]", value)]
        case float() if math.isnan(value):
            return None
        case _:
            return value
