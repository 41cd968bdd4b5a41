"""The options that say how a batch is run: one object for every command on pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeAlias

from rechroma.cli import options
from rechroma.cli.operation_options import operation_options
from rechroma.metadata.options import MetadataOptions

if TYPE_CHECKING:
    from rechroma.batch.pictures import Saving

__all__ = ["JobOptions", "job_options"]

_Command: TypeAlias = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class JobOptions:
    """How a batch is run.

    Attributes:
        metadata: What results keep of their inputs' metadata.
        exclude: Patterns of what is passed over in a search.
        overwrite: Replace outputs that exist.
        jobs: Pictures at once; None for one per core, at most four.
        max_pixels: The limit per picture; None for the default, 0 for none.
        quality: Of lossy outputs, 1…100; None for the writer's default.
        as_json: Tell outcomes as JSON on stdout.
        dry_run: Tell what would be done, and do nothing.
        fail_fast: Stop at the first failure.
    """

    metadata: MetadataOptions
    exclude: tuple[str, ...]
    overwrite: bool
    jobs: int | None
    max_pixels: int | None
    quality: int | None
    as_json: bool
    dry_run: bool
    fail_fast: bool

    @property
    def pixel_limit(self) -> int | None:
        """The limit as `rechroma.photo.read` takes it."""
        from rechroma.photo import DEFAULT_MAX_PIXELS

        return DEFAULT_MAX_PIXELS if self.max_pixels is None else self.max_pixels or None

    @property
    def saving(self) -> Saving:
        """How results are written."""
        from rechroma.batch.pictures import Saving

        return Saving(self.quality, self.overwrite, self.metadata)


def job_options(command: _Command) -> _Command:
    """Give a command how its batch is run as one object, `job`; how much is told comes with it."""

    @wraps(command)
    def with_object(
        *console: object,
        metadata: MetadataOptions,
        exclude: tuple[str, ...],
        overwrite: bool,
        jobs: int | None,
        max_pixels: int | None,
        quality: int | None,
        as_json: bool,
        dry_run: bool,
        fail_fast: bool,
        **own: object,
    ) -> object:
        job = JobOptions(
            metadata, exclude, overwrite, jobs, max_pixels, quality, as_json, dry_run, fail_fast
        )
        return command(*console, job=job, **own)

    decorated: _Command = with_object
    for each in reversed((
        operation_options(MetadataOptions, to="metadata"), options.exclude, options.overwrite,
        options.jobs, options.max_pixels, options.quality, options.as_json, options.dry_run,
        options.fail_fast, options.quiet, options.verbose,
    )):  # fmt: skip
        decorated = each(decorated)
    return decorated
