"""A page about what the runs on a destination have done, from its ledger."""

from __future__ import annotations

import base64
import heapq
import html
import io
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rechroma.cluster.index import Index
from rechroma.cluster.ledger import Ledger
from rechroma.cluster.runs import past_runs
from rechroma.cluster.store_errors import explained
from rechroma.cluster.stores import open_store, parent_and_name
from rechroma.errors import RechromaError, UnreadablePhotoError
from rechroma.files import atomic_target

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Summary", "summarize", "write_report"]

_TEMPLATE = Path(__file__).with_name("report.html")
_COLUMNS = (
    "uri", "item", "status", "kind", "error", "mend", "output", "output_name", "bytes", "seconds",
    "tries", "model",
)  # fmt: skip
_EXAMPLES = 3
_MOST_SAMPLES = 500
_THUMBNAIL = 240


@dataclass
class _Kind:
    """Errors of one kind."""

    count: int = 0
    mend: str = ""
    examples: list[str] = field(default_factory=list[str])


@dataclass
class Summary:
    """What a ledger says.

    Attributes:
        items: Rows.
        statuses: Status → items.
        kinds: Kind of error → what it is about.
        bytes: Of all results.
        seconds: Of all items, from reading to writing, without the wait for a turn.
        retried: Items that took more than one try.
        models: Model → items.
        runs: What runs say of themselves, oldest first.
        price: Of a CPU's hour.
        sample: Items whose digests are the smallest: a sample that anybody draws again.
    """

    items: int = 0
    statuses: Counter[str] = field(default_factory=Counter[str])
    kinds: dict[str, _Kind] = field(default_factory=dict[str, _Kind])
    bytes: int = 0
    seconds: float = 0.0
    retried: int = 0
    models: Counter[str] = field(default_factory=Counter[str])
    runs: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    price: float = 0.0
    sample: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @property
    def made(self) -> int:
        """Items that were worked on in runs that came to their end."""
        return sum(sum(run.get("counts", {}).values()) for run in self.runs)

    @property
    def cpu_hours(self) -> float:
        """Hours of CPUs that those runs had to themselves, from their start to their end."""
        return sum(
            run.get("seconds", 0.0) * run.get("workers", 0) * run.get("threads", 1) / 3600
            for run in self.runs
        )

    @property
    def cost_per_thousand(self) -> float | None:
        """What 1,000 items cost at that price; None if no run has come to its end."""
        return 1000 * self.cpu_hours * self.price / self.made if self.made else None

    @property
    def items_per_second(self) -> float | None:
        """Items a second of these runs, with their starts and ends."""
        working = sum(run.get("seconds", 0.0) for run in self.runs if run.get("workers"))
        return self.made / working if working else None

    def as_json(self) -> dict[str, object]:
        """Return it for a program."""
        return {
            "items": self.items, "statuses": dict(self.statuses),
            "errors": {name: asdict(kind) for name, kind in self.kinds.items()},
            "bytes": self.bytes, "seconds": round(self.seconds, 3), "retried": self.retried,
            "models": dict(self.models), "runs": len(self.runs),
            "items_per_second": self.items_per_second, "cpu_hours": self.cpu_hours,
            "cost_per_thousand": self.cost_per_thousand,
        }  # fmt: skip


def summarize(destination: str, price: float) -> Summary:
    """Read a ledger part by part.

    Args:
        destination: As given to `rechroma bulk`.
        price: Of a CPU's hour.

    Raises:
        UnreadablePhotoError: There is no ledger, or it can't be read.
    """
    store = open_store(destination)
    summary = Summary(price=price)
    sample: list[tuple[int, dict[str, Any]]] = []
    try:
        with Index() as index:
            ledger = Ledger(store)
            index.load(ledger, store)
            for part in ledger.parts():
                for row in ledger.rows(part, _COLUMNS):
                    # A run that was killed may have left an older row beside the one that counts.
                    if index.part_of(row["item"]) == part:
                        _count(summary, row)
                        _draw(sample, row)
        summary.runs = past_runs(store)
    except RechromaError:
        raise
    except FileNotFoundError as error:
        raise _no_ledger(destination) from error
    except Exception as error:
        raise explained(destination, error) from error
    if not summary.items and not summary.runs:
        raise _no_ledger(destination)
    summary.sample = [row for _, row in sorted(sample, reverse=True)]
    return summary


def _draw(sample: list[tuple[int, dict[str, Any]]], row: dict[str, Any]) -> None:
    """Keep a row if it has a result, and one of the smallest digests."""
    if row["output"]:
        keep = heapq.heappush if len(sample) < _MOST_SAMPLES else heapq.heappushpop
        keep(sample, (-int.from_bytes(row["item"]), row))


def _no_ledger(destination: str) -> UnreadablePhotoError:
    return UnreadablePhotoError(
        f"{destination}: there is no ledger", "name the DST of a run of `rechroma bulk`"
    )


def _count(summary: Summary, row: dict[str, Any]) -> None:
    summary.items += 1
    summary.statuses[row["status"]] += 1
    summary.bytes += row["bytes"]
    summary.seconds += row["seconds"]
    summary.retried += row["tries"] > 1
    if row["model"]:
        summary.models[row["model"]] += 1
    if row["status"] == "failed":
        kind = summary.kinds.setdefault(row["kind"], _Kind(mend=row["mend"]))
        kind.count += 1
        if len(kind.examples) < _EXAMPLES:
            kind.examples.append(row["error"])


def write_report(
    summary: Summary, destination: str, target: Path, sample: int, *, overwrite: bool
) -> None:
    """Write the page: one file with its pictures in it.

    Args:
        summary: Of the ledger.
        destination: As for `summarize`.
        target: The HTML file.
        sample: Pictures on the contact sheet, at most.
        overwrite: Replace what stands there.

    Raises:
        UnwritableFileError: Something stands there, or the disk says no.
    """
    page = _TEMPLATE.read_text(encoding="utf-8")
    parts = {
        "WHERE": html.escape(destination),
        "WHEN": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "NUMBERS": _numbers(summary),
        "ERRORS": _errors(summary),
        "RUNS": _runs(summary),
        "SHEET": "".join(map(_figure, summary.sample[:sample])) or "<p>No results.</p>",
    }
    for name, text in parts.items():
        page = page.replace(f"<!--{name}-->", text)
    with atomic_target(target, overwrite=overwrite) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _numbers(summary: Summary) -> str:
    rate, cost = summary.items_per_second, summary.cost_per_thousand
    numbers = {
        "items": f"{summary.items:,}",
        **{name: f"{count:,}" for name, count in sorted(summary.statuses.items())},
        "tried more than once": f"{summary.retried:,}",
        "bytes of results": f"{summary.bytes:,}",
        "seconds an item": f"{summary.seconds / max(1, summary.items):.3f}",
        "items a second": "–" if rate is None else f"{rate:.2f}",
        "CPU hours": f"{summary.cpu_hours:.2f}",
        f"cost of 1,000 at {summary.price:g} a CPU hour": "–" if cost is None else f"{cost:.3f}",
        "models": ", ".join(summary.models) or "–",
    }
    return _table(list(numbers.items()))


def _errors(summary: Summary) -> str:
    if not summary.kinds:
        return "<p>None.</p>"
    found = sorted(summary.kinds.items(), key=lambda each: -each[1].count)
    rows = [(name, f"{kind.count:,}", kind.mend, "\n".join(kind.examples)) for name, kind in found]
    return _table([("kind", "items", "what can be done", "examples"), *rows], head=True)


def _runs(summary: Summary) -> str:
    rows = [
        (
            str(number),
            str(run.get("operation", "–")).partition(" ")[0],
            str(run.get("source", "–")),
            ", ".join(f"{count:,} {name}" for name, count in run.get("counts", {}).items()) or "–",
            f"{run.get('workers', 0)} × {run.get('threads', 1)}",
            f"{run['seconds']:.0f}" if "seconds" in run else "did not end",
        )
        for number, run in enumerate(summary.runs, start=1)
    ]
    head = ("run", "operation", "source", "items", "workers × CPUs", "seconds")
    return _table([head, *rows], head=True)


def _table(rows: Sequence[Sequence[str]], *, head: bool = False) -> str:
    lines = [
        "<tr>"
        + "".join(_cell(text, "th" if head and not index else "td") for text in row)
        + "</tr>"
        for index, row in enumerate(rows)
    ]
    return f"<table>{''.join(lines)}</table>"


def _cell(text: str, kind: str) -> str:
    return f"<{kind}>{html.escape(text).replace(chr(10), '<br>')}</{kind}>"


def _figure(row: dict[str, Any]) -> str:
    try:
        picture = f'<img alt="" src="data:image/jpeg;base64,{_thumbnail(row["output"])}">'
    except Exception as error:  # noqa: BLE001 (a sample without one picture is a sample)
        picture = f"<p>{html.escape(explained(row['output'], error).what)}</p>"
    return f"<figure>{picture}<figcaption>{html.escape(row['output_name'])}</figcaption></figure>"


def _thumbnail(output: str) -> str:
    from PIL import Image

    from rechroma.photo import read

    photo = read(_content(output))
    small = Image.fromarray(photo.to_uint8())
    small.thumbnail((_THUMBNAIL, _THUMBNAIL))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=80)
    return base64.b64encode(out.getvalue()).decode()


def _content(output: str) -> bytes:
    """Return a result's bytes, from a shard, too."""
    if not output.startswith("tar://"):
        root, name = parent_and_name(output)
        return open_store(root).read(name)
    import tarfile

    member, _, shard = output.removeprefix("tar://").rpartition("::")
    root, name = parent_and_name(shard)
    with open_store(root).open(name) as file, tarfile.open(fileobj=file, mode="r:") as archive:
        found = archive.extractfile(member)
        if found is None:
            raise FileNotFoundError(output)
        return found.read()
