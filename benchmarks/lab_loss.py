"""What the differentiable Lab→RGB conversion adds to a training step: LAB + L2 + LPIPS against it.

    python benchmarks/lab_loss.py
    python benchmarks/lab_loss.py --report study/report.json    (adds the gain in the study)

Four steps are timed in turns, in one process, on the same random crops: the whole step of
`train_base_lab_lpips`; the same with the conversion replaced by one that costs nothing (the three
channels L, a, b go into the perceptual network as they are); the step of `train_base_lab`, without
any perceptual loss; and the conversion alone, forward and backward. Medians of the repetitions.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from statistics import median

import torch

from rechroma.color import lab_torch
from rechroma.training import outputs
from rechroma.training.config import TrainConfig, load_config
from rechroma.training.loop import build_optimizer
from rechroma.training.losses import Criterion, with_available_lpips
from rechroma.training.model import ColorizerModel


class Step:
    """One training step of a recipe."""

    def __init__(self, recipe: str, width: int | None) -> None:
        overrides = [] if width is None else [f"NETWORK.WIDTH={width}"]
        config = with_available_lpips(load_config(Path(recipe), overrides))
        torch.manual_seed(0)
        self.config: TrainConfig = config
        self.model = ColorizerModel(config.network, pretrained=False).to(
            memory_format=torch.channels_last
        )
        self.criterion = Criterion(config.loss, self.model.output)
        self.optimizer = build_optimizer(self.model, config.optimizer)

    def __call__(self, batch: torch.Tensor) -> None:
        """Forward, backward, and the optimizer's step, on 8-bit crops (N, 3, H, W)."""
        truth = outputs.truth_of(batch)
        raw = self.model(truth.lightness.contiguous(memory_format=torch.channels_last))
        self.criterion(raw, truth)[0].backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)


def main() -> None:
    """Time everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=12)
    parser.add_argument("--width", type=int, help="of the network; the recipe's if left out")
    parser.add_argument("--report", type=Path, help="report.json of a study, for the gain")
    options = parser.parse_args()
    times = _times(options.repeats, options.width)
    whole, without = times["LAB + L2 + perceptual"], times["… without Lab→RGB"]
    print("| step | ms | of the whole |\n|---|--:|--:|")
    for name, seconds in times.items():
        print(f"| {name} | {seconds * 1e3:.0f} | {seconds / whole:.1%} |")
    print(f"\nLab→RGB, forward and backward, in a step: {(whole - without) / whole:.1%}")
    if options.report:
        print(_gain(json.loads(options.report.read_text())))


def _times(repeats: int, width: int | None) -> dict[str, float]:
    full, plain = Step("train_base_lab_lpips", width), Step("train_base_lab", width)
    side = full.config.data.crop
    batch = torch.randint(0, 256, (full.config.batch, 3, side, side), dtype=torch.uint8)
    lab = outputs.truth_of(batch).lab

    def conversion() -> None:
        lab_torch.lab_to_rgb(lab.clone().requires_grad_()).sum().backward()

    def unconverted() -> None:
        convert = lab_torch.lab_to_rgb
        lab_torch.lab_to_rgb = lambda values: values / 100
        try:
            full(batch)
        finally:
            lab_torch.lab_to_rgb = convert

    contenders = {
        "LAB + L2 + perceptual": lambda: full(batch),
        "… without Lab→RGB": unconverted,
        "LAB + L2": lambda: plain(batch),
        "Lab→RGB alone": conversion,
    }
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(repeats + 2):
        # In turns, so that whatever else the machine does meets all of them.
        for name, run in contenders.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return {name: median(values[2:]) for name, values in times.items()}


def _gain(report: dict) -> str:
    rows = {entry["name"]: entry for entry in report["answers"]}
    plain = rows["LAB + L2"]
    tuned = next(row for name, row in rows.items() if name.startswith("LAB + L2 + "))
    lines = [f"\n{report['metric']}: {plain['perceptual']['mean']:.4f} → "
             f"{tuned['perceptual']['mean']:.4f}"]  # fmt: skip
    ratio = "colorfulness_ratio"
    lines.append(f"colorfulness: {plain[ratio]['mean']:.3f} → {tuned[ratio]['mean']:.3f}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
