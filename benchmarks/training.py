"""What a training step costs, whole and in its parts: pictures a second.

    python benchmarks/training.py
    python benchmarks/training.py --cfg colorizer_v3 --batch 32 --set TRAIN_DIR=photos

The parts are taken in turns, in one process, so that whatever else the machine does meets all of
them: the input alone (crops, CIELAB, old prints and hints, on the device), the network forward, the
losses, the backward pass through both, and the update (clip, AdamW, the moving average). Beside
them the whole step; the whole step without its input, on one batch; and forward and backward of the
bare network, without losses. "The input never waits" if the whole step makes at least 95 % of the
pictures that it makes without its input. Each number is the least of the repetitions, since what
else runs only adds; pictures are made up unless TRAIN_DIR is set. STEADY and validation are left
out.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from rechroma.color.bins import BINS
from rechroma.training.catalog import catalog
from rechroma.training.config import load_config
from rechroma.training.data import Batches
from rechroma.training.loop import accelerator_of, build_optimizer
from rechroma.training.losses import Criterion, with_available_lpips
from rechroma.training.model import ColorizerModel
from rechroma.training.networks import Conditioning
from rechroma.training.outputs import Truth
from rechroma.training.split import Split

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from rechroma.training.augmentation import SampleBatch
    from rechroma.training.config import TrainConfig

# Of pictures that are made up: how many, and their sides.
_COUNT, _HEIGHT, _WIDTH = 96, 200, 280


class Step:
    """A recipe's step, in parts; each can be repeated on what the one before it left."""

    def __init__(self, config: TrainConfig, folder: Path) -> None:
        config = with_available_lpips(config)
        torch.manual_seed(0)
        self.accelerator = accelerator_of(config)
        self.device = self.accelerator.device
        model = ColorizerModel(config.network, pretrained=False)
        model = model.to(memory_format=torch.channels_last)
        weights = np.ones(BINS) if config.network.output == "bins" else None
        criterion = Criterion(config.loss, model.output, weights, config.perceptual_share)
        self.criterion = criterion.to(self.device)
        self.averaged = AveragedModel(
            model, multi_avg_fn=get_ema_multi_avg_fn(config.ema), use_buffers=True
        ).to(self.device)
        self.conditioned = model.network.takes_conditioning
        optimizer = build_optimizer(model, config.optimizer)
        self.model, self.optimizer = self.accelerator.prepare(model, optimizer)
        self.clip = config.optimizer.clip
        pictures = catalog(config.train_dir, 2, folder / "pictures.json")
        split = Split(config.batch)
        batches = Batches(
            pictures, config.data, split, 0, self.device, conditioning=self.conditioned
        )
        self.batches = batches.begin(0)
        self.input()
        self.forward()

    def input(self) -> None:
        """Take the next batch."""
        self.batch: SampleBatch = next(self.batches)

    def forward(self) -> None:
        """Run the network."""
        batch = self.batch
        given = Conditioning(batch.hints, batch.mood) if self.conditioned else None
        seen = batch.seen.contiguous(memory_format=torch.channels_last)
        self.raw: Tensor = self.model(seen, given).float()

    def losses(self) -> None:
        """Compare its maps with the truth."""
        self.loss: Tensor = self.criterion(self.raw, Truth(self.batch.rgb, self.batch.lab))[0]

    def backward(self) -> None:
        """Take the gradient of the losses."""
        self.accelerator.backward(self.loss)

    def bare_backward(self) -> None:
        """Take the gradient of the maps' mean."""
        self.accelerator.backward(self.raw.mean())

    def update(self) -> None:
        """Change the weights and their average."""
        self.accelerator.clip_grad_norm_(self.model.parameters(), self.clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.averaged.update_parameters(self.accelerator.unwrap_model(self.model))

    def timed(self, *parts: Callable[[], None]) -> list[float]:
        """Run parts, and return the seconds that each took."""
        seconds: list[float] = []
        for part in parts:
            self._wait()
            start = time.perf_counter()
            part()
            self._wait()
            seconds.append(time.perf_counter() - start)
        return seconds

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def main() -> None:
    """Time everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cfg", type=Path, default=Path("colorizer_v3"))
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _draw(folder / "made")
        settings = [f"TRAIN_DIR={folder / 'made'}", f"OUTPUT_DIR={folder}", "DATA.MIN_CHROMA=0"]
        settings += ["PRECISION=auto", f"BATCH={options.batch}", *options.set]
        step = Step(load_config(options.cfg, settings), folder)
        _print(_times(step, options.repeats), options.batch, step)


def _draw(folder: Path) -> None:
    """Write pictures that are smooth, as photographs are."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(_COUNT):
        coarse = Image.fromarray(rng.integers(0, 256, (10, 14, 3), dtype=np.uint8))
        picture = coarse.resize((_WIDTH, _HEIGHT), Image.Resampling.BICUBIC)
        picture.save(folder / f"{number:03d}.jpg", quality=90)


def _times(step: Step, repeats: int) -> dict[str, float]:
    parts = {
        "input": step.input,
        "forward": step.forward,
        "losses": step.losses,
        "backward": step.backward,
        "update": step.update,
    }

    def run(*some: Callable[[], None]) -> Callable[[], None]:
        return lambda: [part() for part in some] and None

    learning = [part for name, part in parts.items() if name != "input"]
    whole, without = run(*parts.values()), run(*learning)
    times: dict[str, list[float]] = {}
    for _ in range(repeats + 2):
        found = dict(zip(parts, step.timed(*parts.values()), strict=True))
        found["whole step"], found["whole step without its input"] = step.timed(whole, without)
        found["bare forward + backward"] = sum(step.timed(step.forward, step.bare_backward))
        step.optimizer.zero_grad(set_to_none=True)
        for name, seconds in found.items():
            times.setdefault(name, []).append(seconds)
    return {name: min(values[2:]) for name, values in times.items()}


def _print(times: dict[str, float], batch: int, step: Step) -> None:
    precision = step.accelerator.mixed_precision
    print(f"batches of {batch} on {step.device.type}, precision {precision}")
    print("| | ms | pictures/s |\n|---|--:|--:|")
    for name, seconds in times.items():
        print(f"| {name} | {seconds * 1e3:.0f} | {batch / seconds:.1f} |")
    share = times["whole step without its input"] / times["whole step"]
    verdict = "the input never waits" if share >= 0.95 else "the input is waited for"
    print(f"\nwith its input the step has {share:.1%} of the speed without it: {verdict}")


if __name__ == "__main__":
    main()
