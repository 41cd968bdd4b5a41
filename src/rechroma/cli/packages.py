"""Which of the packages that Rechroma asks for are here, by its own metadata."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version

__all__ = ["PackageCheck", "check_packages"]

_NAME = re.compile(r"[\w.-]+")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([\w-]+)['"]""")
# For people who work on Rechroma itself; no user misses it.
_NOT_FOR_USERS = "dev"


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
        if name is None or (extra and extra[1] == _NOT_FOR_USERS):
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
