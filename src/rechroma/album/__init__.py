"""Albums: a batch's pictures before and after, as pages that need no server."""

from rechroma.album.entries import Entry, find_entries
from rechroma.album.making import Made, make_album

__all__ = ["Entry", "Made", "find_entries", "make_album"]
