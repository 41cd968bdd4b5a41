"""Running a planned batch from the command line: what every command on pictures shares."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from threading import current_thread, main_thread
from typing import TYPE_CHECKING, TypeAlias

from rechroma.batch import (
    STANDARD,
    Outcome,
    Plan,
    Status,
    Task,
    Work,
    default_jobs,
    make_plan,
    run,
)
from rechroma.batch.task import failure
from rechroma.cli.results import BatchReport
from rechroma.errors import UsageError
from rechroma.limits import available_cores
from rechroma.photo.isolation import crash_proof_batch, end_busy_children
from rechroma.video.kinds import is_film

if TYPE_CHECKING:
    from rechroma.cli.console import Console
    from rechroma.cli.job_options import JobOptions

__all__ = ["MakeWork", "check_streams", "plan_job", "run_job"]

# Makes the work from the number of threads that each call of it may use.
MakeWork: TypeAlias = Callable[[int], Work]
# Takes a film's task to its end.
FilmWork: TypeAlias = Callable[[Task], Outcome]


def plan_job(
    inputs: Sequence[str],
    output: str | None,
    console: Console,
    *,
    beside: str,
    exclude: Sequence[str] = (),
    marked: bool = False,
    also_read: Sequence[str] = (),
) -> Plan:
    """Plan the batch; without an output results go beside the inputs, or from stdin to stdout.

    Args:
        inputs: As typed.
        output: As typed.
        console: Where people read.
        beside: The template for results beside their inputs.
        exclude: Patterns of what is passed over in a search.
        marked: Whether what says that we have made it is passed over in a search.
        also_read: As for `make_plan`.
    """
    if output is None:
        output = STANDARD if list(inputs) == [STANDARD] else beside
    plan = make_plan(inputs, output, exclude=exclude, marked=marked, also_read=also_read)
    if plan.passed_over:
        console.note(f"{len(plan.passed_over)} passed over: they are results of ours")
    if plan.unreadable:
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in sorted(plan.unreadable.items()))
        total = sum(plan.unreadable.values())
        console.note(f"{total} passed over: they can't be read as pictures ({kinds})")
    return plan


def run_job(
    plan: Plan,
    make_work: MakeWork,
    options: JobOptions,
    console: Console,
    *,
    verb: str,
    make_film_work: Callable[[], FilmWork] | None = None,
    kept: str | None = None,
    more: Callable[[Task], Mapping[str, object]] | None = None,
) -> int:
    """Run the plan, tell how it goes, and return the exit code.

    Args:
        plan: As made by `plan_job`.
        make_work: Called once, before the first picture, and not at all if every result is there.
        options: How to run it.
        console: Where people read.
        verb: What is done to the pictures, for the closing line: "colorized".
        make_film_work: Like `make_work`, of what is done to a film: films come after the pictures,
            one after the other.
        kept: What pictures that the work left as they are are called; None: in color already.
        more: See `BatchReport`.
    """
    check_streams(plan.tasks, as_json=options.as_json)
    present, waiting = _split(plan.tasks, overwrite=options.overwrite)
    films = [task for task in waiting if is_film(task.source)]
    if make_film_work is None and films:
        raise UsageError(f"{films[0].source}: a film", "this command is about photographs")
    waiting = [task for task in waiting if not is_film(task.source)]
    jobs = options.jobs or default_jobs(len(waiting))
    report = BatchReport(plan.tasks, console, verb=verb, as_json=options.as_json, more=more)
    if kept is not None:
        report.kept = kept
    # One at least: a film's stills and moods are pictures, too.
    with crash_proof_batch(max(1, min(jobs, len(waiting)))), _one_interrupt():
        return _run_waiting(
            report, present, waiting, films, make_work, make_film_work, jobs, options, console
        )


@contextmanager
def _one_interrupt() -> Generator[None]:
    """Let the first Ctrl-C alone be an exception: others only hurry the end that it has begun."""
    usual = signal.getsignal(signal.SIGINT)
    if usual is not signal.default_int_handler or current_thread() is not main_thread():
        yield
        return

    def hurry(*_: object) -> None:
        end_busy_children()

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGINT, hurry)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    yield
    if signal.getsignal(signal.SIGINT) is interrupt:
        signal.signal(signal.SIGINT, usual)


def _run_waiting(
    report: BatchReport,
    present: Sequence[Task],
    waiting: Sequence[Task],
    films: Sequence[Task],
    make_work: MakeWork,
    make_film_work: Callable[[], FilmWork] | None,
    jobs: int,
    options: JobOptions,
    console: Console,
) -> int:
    # Before anything is told: a model that is missing is one error, not one for each picture.
    work = make_work(max(1, available_cores() // jobs)) if waiting else None
    film_work = make_film_work() if films and make_film_work is not None else None
    for task in present:
        report.add(Outcome(task, Status.SKIPPED))
    try:
        if work is not None:
            _run(waiting, work, jobs, options, console, report)
        if film_work is not None:
            _run_films(films, film_work, report, fail_fast=options.fail_fast)
    except KeyboardInterrupt:
        return report.close(interrupted=True)
    return report.close()


def _split(tasks: Sequence[Task], *, overwrite: bool) -> tuple[list[Task], list[Task]]:
    """Tell the tasks whose result is there from those that wait to be done."""
    present: list[Task] = []
    waiting: list[Task] = []
    for task in tasks:
        (present if task.is_done and not overwrite else waiting).append(task)
    return present, waiting


def _run(
    tasks: Sequence[Task],
    work: Work,
    jobs: int,
    options: JobOptions,
    console: Console,
    report: BatchReport,
) -> None:
    outcomes = run(
        tasks,
        work,
        jobs=jobs,
        overwrite=options.overwrite,
        fail_fast=options.fail_fast,
        max_pixels=options.pixel_limit,
        quality=options.quality,
        metadata=options.metadata,
    )
    # JSON lines show the progress themselves, and a bar would run through them on a terminal.
    steps = 0 if options.as_json else len(tasks)
    with closing(outcomes), console.progress(report.verb, steps) as advance:
        for outcome in outcomes:
            report.add(outcome)
            advance()


def _run_films(
    films: Sequence[Task], work: FilmWork, report: BatchReport, *, fail_fast: bool
) -> None:
    for task in films:
        try:
            outcome = work(task)
        except Exception as error:  # noqa: BLE001 (one film stops no other)
            outcome = failure(task, error)
        report.add(outcome)
        if fail_fast and outcome.error is not None:
            return


def check_streams(tasks: Sequence[Task], *, as_json: bool) -> None:
    """Refuse what would mix two things on stdout, or wait for or write bytes on a terminal."""
    to_stdout = any(task.target == STANDARD for task in tasks)
    if to_stdout and as_json:
        raise UsageError("--json and -o - would both write to stdout", "give -o a file")
    if to_stdout and sys.stdout.isatty():
        raise UsageError(
            "a picture would be written to the terminal", "redirect stdout, or give -o a file"
        )
    if any(task.source == STANDARD for task in tasks) and sys.stdin.isatty():
        raise UsageError("standard input is a terminal", "pipe a picture into it, or name a file")
