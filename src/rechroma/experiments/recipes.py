"""The recipes of the study, and their configs on somebody's own pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rechroma.training.config import TrainConfig, load_config
from rechroma.training.recipes import RECIPES

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["STUDY", "Recipe", "Study"]

# A run is validated about so many times: enough points for a learning curve.
_VALIDATIONS = 8


@dataclass(frozen=True, slots=True)
class Recipe:
    """One training of the study.

    Attributes:
        name: Of its config.
        title: For tables.
        original: What the original reports for it: PSNR in dB and LPIPS; None if it left it out.
    """

    name: str
    title: str
    original: tuple[float, float] | None = None


STUDY = (
    Recipe("train_base_l2", "RGB + L2", (32.22, 0.62)),
    Recipe("train_base", "RGB + LPIPS", (28.82, 0.37)),
    Recipe("train_base_lab", "LAB + L2", (36.06, 0.26)),
    Recipe("train_base_lab_lpips", "LAB + L2 + LPIPS"),
    Recipe("train_base_lab_bins", "LAB, classes"),
)


@dataclass(frozen=True, slots=True)
class Study:
    """Where a study's pictures are, and where it writes.

    Attributes:
        train: Pictures to train on.
        val: Pictures to validate and to report on.
        out: Gets a folder for each recipe, and the report.
        overrides: `KEY=value` for every config.
    """

    train: Path
    val: Path
    out: Path
    overrides: tuple[str, ...] = ()

    def config(self, recipe: Recipe, steps: int) -> TrainConfig:
        """Return a recipe's config on these pictures.

        Raises:
            ConfigError: An override does not hold.
        """
        own = [
            f"STEPS={steps}",
            f"VALIDATION.EVERY={max(1, steps // _VALIDATIONS)}",
            *self.overrides,
            f"TRAIN_DIR={self.train}",
            f"VAL_DIR={self.val}",
            f"OUTPUT_DIR={self.out / recipe.name}",
        ]
        return load_config(RECIPES[recipe.name], own)
