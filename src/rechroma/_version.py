"""The version, written here alone, where every room can have it: the package imports them all."""

__version__ = "0.1.0"
