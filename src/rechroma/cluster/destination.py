"""Where results go: beside the source, and nothing of somebody else's in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rechroma.cluster.store_errors import explained
from rechroma.cluster.stores import OUR_FOLDER, is_remote, open_store, parent_and_name
from rechroma.errors import UsageError

if TYPE_CHECKING:
    from rechroma.cluster.sources import Source
    from rechroma.cluster.stores import Store

__all__ = ["fetch", "open_destination"]


def open_destination(place: str, source: Source, *, overwrite: bool) -> Store:
    """Return the store of results.

    Raises:
        UsageError: It lies in the source, or the other way round; or it holds files that no run
            has made.
    """
    store = open_store(place)
    if source.folder is not None:
        ours, theirs = _plain(store.root), _plain(source.folder)
        if ours == theirs or ours.startswith(f"{theirs}/") or theirs.startswith(f"{ours}/"):
            raise UsageError(
                f"the destination {place} and the source {source.place} lie in each other",
                "choose a place beside the source",
            )
    if not overwrite and not _is_ours(store, place):
        raise UsageError(
            f"{place} holds files that no run of `rechroma bulk` has made",
            "choose another destination, or add --overwrite",
        )
    return store


def _plain(root: str) -> str:
    return root.replace("s3a://", "s3://") if is_remote(root) else os.path.realpath(root)


def _is_ours(store: Store, place: str) -> bool:
    """Tell whether a destination is empty, or the destination of an earlier run."""
    try:
        if any(True for _ in store.entries(OUR_FOLDER)):
            return True
    except FileNotFoundError:
        pass
    except Exception as error:
        raise explained(place, error, writing=True) from error
    try:
        return all(each.name.rpartition("/")[2].startswith(".") for each in store.entries())
    except FileNotFoundError:
        return True
    except Exception as error:
        raise explained(place, error, writing=True) from error


def fetch(place: str) -> tuple[str, bytes]:
    """Return a file's name and bytes, from a path or a URI.

    Raises:
        UnreadablePhotoError: It can't be read.
    """
    root, name = parent_and_name(place)
    try:
        return name, open_store(root).read(name)
    except Exception as error:
        raise explained(place, error) from error
