"""Small color photographs, and a config that trains on them within seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import yaml
from PIL import Image
from skimage import data

from rechroma.training.config import TrainConfig, load_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve crops of scikit-image's photographs, as PNG and JPEG, in two folders deep."""
    folder = tmp_path_factory.mktemp("photos")
    (folder / "deep").mkdir()
    sources = [data.astronaut(), data.coffee(), data.chelsea()]
    for number in range(12):
        picture = sources[number % 3]
        top, left = (number // 3) * 40, (number // 3) * 50
        crop = Image.fromarray(np.ascontiguousarray(picture[top : top + 100, left : left + 120]))
        name = f"{number:02d}.png" if number % 2 else f"deep/{number:02d}.jpg"
        crop.save(folder / name)
    return folder


@pytest.fixture
def make_config(photos: Path, tmp_path: Path) -> Callable[..., TrainConfig]:
    """Write a config with these overrides, and load it."""
    return config_maker(photos, tmp_path)


def config_maker(photos: Path, folder: Path) -> Callable[..., TrainConfig]:
    """Return what writes `config.yaml` into a folder, and loads it with overrides."""

    def make(*overrides: str) -> TrainConfig:
        content = {
            "TRAIN_DIR": str(photos),
            "HOLD_OUT": 3,
            "OUTPUT_DIR": str(folder / "run"),
            "STEPS": 6,
            "BATCH": 2,
            "LOG_EVERY": 2,
            "CHECKPOINT_EVERY": 2,
            "NETWORK": {"NAME": "base", "OUTPUT": "ab", "WIDTH": 4},
            "DATA": {"CROP": 64, "WORKERS": 0, "MIN_CHROMA": 1.0},
            "LOSS": {"l2": 1.0},
            "OPTIMIZER": {"WARMUP": 2},
            "VALIDATION": {"EVERY": 3, "SIZE": 64, "SAMPLES": 2},
        }
        file = folder / "config.yaml"
        file.write_text(yaml.safe_dump(content))
        return load_config(file, list(overrides))

    return make
