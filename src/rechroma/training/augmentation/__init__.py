"""Training samples made in batches, in torch, on any device.

What one sample is made of by `training.data`, `training.degradation` and `training.data`
is made here for a whole batch at once, with the same distributions.
"""

from rechroma.training.augmentation.batch import SampleBatch, sample_batch
from rechroma.training.augmentation.crops import PictureStore
from rechroma.training.augmentation.draws import generator_at
from rechroma.training.augmentation.options import AugmentationOptions

__all__ = ["AugmentationOptions", "PictureStore", "SampleBatch", "generator_at", "sample_batch"]
