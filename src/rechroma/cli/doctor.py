"""`rechroma doctor`: does everything work here, and what to do if not."""

from __future__ import annotations

import json
import platform
import re
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version

import click

from rechroma import __version__
from rechroma.cli import options
from rechroma.cli.console import Console
from rechroma.errors import ExitCode, ModelError, RechromaError

__all__ = ["PackageCheck", "check_packages", "doctor"]


@click.command()
@options.as_json
@options.quiet
@options.verbose
@click.make_pass_decorator(Console, ensure=True)
def doctor(console: Console, *, as_json: bool) -> int:
    """Check that everything works here: packages, devices, and the shipped model on a picture.

    \b
    Examples:
      rechroma doctor
      rechroma doctor --json

    The exit code is 4 if the model does not run, else 0.
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)
    packages = check_packages()
    problem = _model_problem()
    if as_json:
        click.echo(json.dumps(_as_object(packages, problem)))
    else:
        click.echo(_as_text(packages, problem))
    if problem is None:
        return ExitCode.OK
    console.error(problem)
    return ExitCode.MODEL


def _model_problem() -> RechromaError | None:
    """Colorize a small gray ramp with the shipped model."""
    try:
        # The packages themselves may be what is broken.
        import numpy as np

        from rechroma.colorizer import Colorizer

        ramp = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (48, 1))
        Colorizer().colorize(np.stack([ramp] * 3, axis=-1))
    except RechromaError as error:
        return error
    except ImportError as error:
        return ModelError(f"cannot import {error.name}: {error}", "run pip install rechroma again")
    return None


def _devices() -> list[str]:
    try:
        from rechroma.colorizer import available_devices
    except ImportError:
        return []
    return available_devices()


def _suffixes() -> dict[str, list[str]]:
    """Return the suffixes of what is read and of what is written, both in order."""
    try:
        from rechroma.photo import readable_suffixes, writable_suffixes
        from rechroma.video.kinds import film_suffixes
    except ImportError:
        return {"reads": [], "writes": []}
    return {
        "reads": sorted(readable_suffixes() | film_suffixes()),
        "writes": sorted(writable_suffixes()),
    }


def _as_object(packages: PackageCheck, problem: RechromaError | None) -> dict[str, object]:
    return {
        "rechroma": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        **asdict(packages),
        **_suffixes(),
        "devices": _devices(),
        "model_runs": problem is None,
        "problem": None if problem is None else {"what": problem.what, "mend": problem.mend},
    }


def _as_text(packages: PackageCheck, problem: RechromaError | None) -> str:
    lines = [
        f"rechroma {__version__}",
        f"python {platform.python_version()} on {platform.platform()}",
        *(f"{name} {version or 'is missing'}" for name, version in packages.versions.items()),
        *(f"{what}: {' '.join(known)}" for what, known in _suffixes().items()),
        f"devices: {', '.join(_devices()) or 'none'}",
        f"shipped model: {'runs' if problem is None else 'does not run'}",
    ]
    for extra, missing in packages.missing_of_extras.items():
        state = (
            f'not installed: {", ".join(missing)} (pip install "rechroma[{extra}]")'
            if missing
            else "installed"
        )
        lines.append(f"extra {extra}: {state}")
    return "\n".join(lines)


_NAME = re.compile(r"[\w.-]+")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([\w-]+)['"]""")
# For people who work on Rechroma itself; no user misses it.
_NOT_FOR_USERS = frozenset(("dev", "test"))


@dataclass(frozen=True, slots=True)
class PackageCheck:
    """What was found.

    Attributes:
        versions: Each package of the light set → its version, None if it is missing.
        missing_of_extras: Each optional extra → its packages that are missing.
    """

    versions: dict[str, str | None]
    missing_of_extras: dict[str, list[str]]


def check_packages() -> PackageCheck:
    """Look up every package in Rechroma's list of requirements."""
    check = PackageCheck({}, {})
    for requirement in _requirements():
        name = _NAME.match(requirement)
        extra = _EXTRA.search(requirement)
        if name is None or (extra and extra[1] in _NOT_FOR_USERS):
            continue
        found = _version(name[0])
        if extra is None:
            check.versions[name[0]] = found
        else:
            missing = check.missing_of_extras.setdefault(extra[1], [])
            missing.extend([] if found else [name[0]])
    return check


def _requirements() -> list[str]:
    try:
        return requires("rechroma") or []
    except PackageNotFoundError:  # run from a source tree that is not installed
        return []


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
