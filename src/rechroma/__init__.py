"""Rechroma gives photographs their colour back."""

from rechroma._version import __version__

__all__ = ["__version__"]
