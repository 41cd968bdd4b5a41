"""What is worked on, what is known of it, and what is told of it: an item, a job, a row."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from rechroma.cluster.stores import open_store, plain_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rechroma.errors import RechromaError

__all__ = ["DIGEST", "Item", "Job", "Known", "Row", "digest", "failed_row"]

# Bytes of a digest in the index: two of 10⁷ items share one with a probability below 1e-24.
DIGEST = 16


def digest(*parts: str) -> bytes:
    """Return what stands for some texts in the index."""
    joined = "\0".join(map(plain_text, parts))
    return hashlib.blake2b(joined.encode(), digest_size=DIGEST).digest()


@dataclass(frozen=True, slots=True)
class Item:
    """A picture to be worked on, wherever it lies.

    Attributes:
        root: The store that it lies in; see `stores.open_store`.
        name: The file's path in the store.
        output: The path of its result in the destination.
        version: As in `stores.Entry`; empty if whoever reads it has to ask.
        modified: As in `stores.Entry`.
        member: Its path in the file, if that is a shard.
        span: The positions of its first byte in the shard, and behind its last one.
        options: Its own options, as typed: of a manifest.
        beside: The paths of what has to be in the destination beside its result.
        problem: What keeps it from being worked on: of a manifest.
    """

    root: str
    name: str
    output: str
    version: str = ""
    modified: float = 0.0
    member: str = ""
    span: tuple[int, int] | None = None
    options: tuple[tuple[str, str], ...] = ()
    beside: tuple[str, ...] = ()
    problem: RechromaError | None = None

    @property
    def uri(self) -> str:
        """Where it is: of a member of a shard in fsspec's way, `tar://member::shard`."""
        where = open_store(self.root).uri(self.name)
        return f"tar://{self.member}::{where}" if self.member else where

    @property
    def key(self) -> bytes:
        """What tells it from all others: one picture may have several results."""
        return digest(self.root, self.name, self.member, self.output)

    def state(self, signature: str) -> bytes:
        """Return what the result depends on beside the picture.

        Args:
            signature: Of the operation, its options and its model.
        """
        return digest(signature, *(part for option in self.options for part in option))


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger says of an item whose result is there.

    Attributes:
        version: The digest of its version.
        content: The first bytes of the SHA-256 of its content.
        status: How it ended.
        size: Bytes of the result.
        output: Where the result is.
        result: The SHA-256 of its bytes.
    """

    version: bytes
    content: bytes
    status: str
    size: int
    output: str
    result: bytes


@dataclass(frozen=True, slots=True)
class Job:
    """An item that is not known to be done.

    Attributes:
        item: The item.
        known: What is known of a result that may still hold; see `worker.Worker`.
        replaces: The part of the ledger that has an older row of it; -1 if there is none.
    """

    item: Item
    known: Known | None = None
    replaces: int = -1


class Row(NamedTuple):
    """A line of the ledger; see the columns of `ledger.SCHEMA`."""

    uri: str
    item: bytes
    version: bytes
    input_hash: bytes
    status: str
    error: str = ""
    kind: str = ""
    mend: str = ""
    exit_code: int = 0
    output: str = ""
    output_name: str = ""
    bytes: int = 0
    output_hash: bytes = b""
    gray: str = ""
    seconds: float = 0.0
    tries: int = 1
    worker: str = ""
    model: str = ""
    notes: str = ""
    state: bytes = b""
    recorded: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether there is no result."""
        return self.status == "failed"


def failed_row(item: Item, error: RechromaError, more: Mapping[str, object] | None = None) -> Row:
    """Return the row of an item that has no result.

    Args:
        item: The item.
        error: Why.
        more: Further columns.
    """
    row = Row(
        uri=item.uri, item=item.key, version=digest(item.version), input_hash=b"", status="failed",
        error=error.what, kind=type(error).__name__, mend=error.mend,
        exit_code=int(error.exit_code), output_name=item.output,
    )  # fmt: skip
    return row._replace(**(more or {}))
