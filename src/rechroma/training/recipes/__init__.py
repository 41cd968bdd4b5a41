"""The configs that come with the package: the study's recipes and the shipped model's."""

from __future__ import annotations

from pathlib import Path

__all__ = ["RECIPES", "find_config"]

RECIPES = {path.stem: path for path in sorted(Path(__file__).parent.glob("*.yaml"))}


def find_config(name: Path) -> Path:
    """Return the recipe of that name, or the path as it is.

    The original's `configs/train_base.yaml` is a recipe's name, too, unless there is such a file.
    """
    if name.parent == Path("configs") and name.suffix == ".yaml" and not name.exists():
        return RECIPES.get(name.stem, name)
    return RECIPES.get(str(name), name)
