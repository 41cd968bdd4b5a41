"""What stands in for LPIPS where AlexNet can't be downloaded."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from rechroma.errors import MissingExtraError
from rechroma.evaluation.perceptual import load_perceptual

if TYPE_CHECKING:
    from rechroma.training.config import TrainConfig

__all__ = ["with_available_lpips"]

_logger = logging.getLogger("rechroma.training")


def with_available_lpips(config: TrainConfig) -> TrainConfig:
    """Return the config with ST-LPIPS in the place of LPIPS if that can't be had, and log it."""
    if "lpips" not in (*config.loss, config.validation.metric):
        return config
    try:
        load_perceptual("lpips")
    except MissingExtraError as error:
        _logger.warning("%s", error.what)
        _logger.warning("ST-LPIPS takes the place of LPIPS, in the loss and in the scores")
        terms = {("st_lpips" if n == "lpips" else n): weight for n, weight in config.loss.items()}
        validation = config.validation.model_copy(update={"metric": "st_lpips"})
        return config.model_copy(update={"loss": terms, "validation": validation})
    return config
