"""Everything that Rechroma raises on purpose.

```
RechromaError                 1
├── UsageError                2  a wrong option, path or combination
│   └── ConfigError           2  a training config that does not hold
├── UnwritableFileError       1  the name is taken, or the folder or the disk says no
├── PhotoError                3
│   ├── UnreadablePhotoError  3  not a picture, truncated, empty, of an unknown kind
│   ├── PhotoTooLargeError    3  more pixels than the limit
│   └── UnwritablePhotoError  1  its format says no; an UnwritableFileError, too
├── ModelError                4  a model that is missing or that breaks its card
│   └── MissingExtraError     4  an optional part of the package is not installed
├── LookError                 3  a .cube file that is broken or of another kind
├── HintsError                3  a file of hints that is not there or is no JSON
├── TrainingError             1  a run that can't go on: NaN, a full disk
├── ClusterError              1  a cluster that does not answer, another run on the same place
└── OutOfMemoryError          5
```

The number is the exit code of the command line. Every message says what is wrong and where;
`mend` says how to put it right.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = [
    "ClusterError",
    "ConfigError",
    "ExitCode",
    "HintsError",
    "LookError",
    "MissingExtraError",
    "ModelError",
    "OutOfMemoryError",
    "PhotoError",
    "PhotoTooLargeError",
    "RechromaError",
    "TrainingError",
    "UnreadablePhotoError",
    "UnwritableFileError",
    "UnwritablePhotoError",
    "UsageError",
]


class ExitCode(IntEnum):
    """The exit codes of the command line: a contract, tested."""

    OK = 0
    SOME_FAILED = 1
    USAGE = 2
    UNREADABLE = 3
    MODEL = 4
    MEMORY = 5
    INTERRUPTED = 130


class RechromaError(Exception):
    """The root of the tree.

    Args:
        what: What is wrong, and where: one line without a full stop.
        mend: What the reader can do about it; empty when there is nothing to do.

    Examples:
        >>> import rechroma
        >>> try:
        ...     rechroma.colorize("nowhere.jpg")
        ... except rechroma.RechromaError as error:
        ...     print(error.what, "|", error.mend, "|", int(error.exit_code))
        nowhere.jpg: no such file | check the path | 3
    """

    exit_code = ExitCode.SOME_FAILED

    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(what, mend)
        self.what = what
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.what}: {self.mend}" if self.mend else self.what


class UsageError(RechromaError):
    """The caller asked for something that does not exist or does not fit together."""

    exit_code = ExitCode.USAGE


class ConfigError(UsageError):
    """A training config with an unknown key or a value out of range."""


class UnwritableFileError(RechromaError):
    """A file could not be written; what stood at its name is as it was."""


class PhotoError(RechromaError):
    """Something about one picture."""

    exit_code = ExitCode.UNREADABLE


class UnreadablePhotoError(PhotoError):
    """The bytes are not a picture that can be decoded."""


class PhotoTooLargeError(PhotoError):
    """The picture announces more pixels than the limit; nothing was decoded."""


class UnwritablePhotoError(PhotoError, UnwritableFileError):
    """The picture can't be written in this format; nothing was left at the target."""

    exit_code = ExitCode.SOME_FAILED


class ModelError(RechromaError):
    """The model is unknown, missing, or does not behave as its card says."""

    exit_code = ExitCode.MODEL


class MissingExtraError(ModelError):
    """An optional part of the package is needed and not installed."""


class HintsError(RechromaError):
    """A file of hints can't be read: it is not there, or it is no JSON."""

    exit_code = ExitCode.UNREADABLE


class LookError(RechromaError):
    """A look, a `.cube` file, can't be used."""

    exit_code = ExitCode.UNREADABLE


class TrainingError(RechromaError):
    """A training run can't go on; its last checkpoint is as it was."""


class ClusterError(RechromaError):
    """A run on a cluster can't start or go on; what is done already stays done."""


class OutOfMemoryError(RechromaError):
    """The work does not fit into memory; no picture was written."""

    exit_code = ExitCode.MEMORY
