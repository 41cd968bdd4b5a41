"""Training samples made in batches, in torch, on any device.

A sample is a random crop, L as the network sees it, which may be that of an old print or of a copy,
and hints and a mood as a user would give them.
"""

from rechroma.training.augmentation.batch import SampleBatch, sample_batch
from rechroma.training.augmentation.crops import PictureStore
from rechroma.training.augmentation.draws import SamplePlaces
from rechroma.training.augmentation.options import AugmentationOptions

__all__ = ["AugmentationOptions", "PictureStore", "SampleBatch", "SamplePlaces", "sample_batch"]
