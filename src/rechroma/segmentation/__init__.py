"""Parts of a photograph that belong together, found from a few points.

No second network: what the colorizer holds for possible at each place, what its encoder sees there,
and the photograph's own edges tell things apart.
"""

from rechroma.segmentation.segmenter import Segment, Segmenter
from rechroma.segmentation.superpixels import Superpixels, find_superpixels

__all__ = ["Segment", "Segmenter", "Superpixels", "find_superpixels"]
