"""What files carry beside their pixels: out of every container and into it, as bytes."""

from rechroma.metadata.files import file_times, from_blocks, insert, is_marked, read_metadata
from rechroma.metadata.model import Mark, Metadata, Resolution
from rechroma.metadata.options import MetadataOptions
from rechroma.metadata.prepare import prepare

__all__ = [
    "Mark",
    "Metadata",
    "MetadataOptions",
    "Resolution",
    "file_times",
    "from_blocks",
    "insert",
    "is_marked",
    "prepare",
    "read_metadata",
]
