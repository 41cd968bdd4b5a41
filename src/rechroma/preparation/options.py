"""The options of making a print ready, declared once.

Loading this module loads no NumPy: the command line's `--help` reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from rechroma.errors import UsageError
from rechroma.options import CheckedOptions, option

__all__ = ["BorderChoice", "PrepareOptions", "PrintOptions"]

BorderChoice: TypeAlias = Literal["keep", "mask", "crop"]


@dataclass(frozen=True, kw_only=True)
class PrepareOptions(CheckedOptions):
    """What is looked for on a print, and what is done about it; see `rechroma.prepare`.

    Raises:
        UsageError: A value is none of the choices.

    Examples:
        >>> import rechroma
        >>> options = rechroma.PrepareOptions(border="crop", scratches=False)
        >>> rechroma.prepare("examples/louis-armstrong-1946.jpg", options).is_changed
        False
    """

    border: BorderChoice = option(  # noqa: RUF009 (this is how a field is declared)
        "mask",
        "A paper border or a mount: keep it as a part of the picture, mask it (it stays as it is, "
        "and the colorizer does not see it), or crop it.",
        choices=get_args(BorderChoice),
    )
    straighten: bool = option(
        True,  # noqa: FBT003 (its default)
        "Turn a print whose edges are slanted by a small angle.",
    )
    neutralize: bool = option(
        True,  # noqa: FBT003 (its default)
        "Make a toned, yellowed or stained black-and-white print gray.",
    )
    contrast: bool = option(
        True,  # noqa: FBT003 (its default)
        "Restore the contrast of a faded print, by what is inside of its border.",
    )
    scratches: bool = option(
        True,  # noqa: FBT003 (its default)
        "Fill light scratches, cracks and dust from what is around them.",
    )
    negative: bool = option(
        False,  # noqa: FBT003 (its default)
        "It is a negative: invert it, with its border. Without this it is only said that it looks "
        "like one.",
    )


@dataclass(frozen=True, kw_only=True)
class PrintOptions(CheckedOptions):
    """Whether the colorizer sees prints made ready."""

    prepare: bool = option(
        False,  # noqa: FBT003 (its default)
        "Show the colorizer the print made ready, as rechroma prepare does it; the result keeps "
        "the print's own lightness.",
    )
    prepared_lightness: bool = option(
        False,  # noqa: FBT003
        "With --prepare: the result has the lightness of the print made ready, too.",
    )

    def asked(self, preparing: PrepareOptions, flag: str = "--prepare") -> PrepareOptions | None:
        """Return how prints are made ready; None if they are not.

        Args:
            preparing: What is said about that.
            flag: What `prepare` is called where it is said.

        Raises:
            UsageError: Something is said about it, and not that it is to be done.
        """
        if self.prepare:
            return preparing
        if self.prepared_lightness or preparing != PrepareOptions():
            raise UsageError(f"options on making prints ready, without {flag}", f"add {flag}")
        return None
